/* train.h - the training loop: minibatches through a model and an optimizer, with its history. */
#ifndef TAPEGRAD_TRAIN_H
#define TAPEGRAD_TRAIN_H

#include "tapegrad/data.h"
#include "tapegrad/history.h"
#include "tapegrad/model.h"
#include "tapegrad/optim.h"
#include "tapegrad/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_trainer tg_trainer;

typedef struct tg_trainer_options {
    uint32_t made;      /* by tg_trainer_defaults(), see status.h */
    int64_t steps;      /* updates that fit makes, 1000 */
    int64_t batch;      /* rows per update, 100 */
    bool replace;       /* rows drawn with replacement, as in the book; false: shuffled epochs */
    uint64_t seed;      /* of the batches and of the dropout masks, 1 */
    bool loss_after;    /* the loss kept is that of the same batch after the update, in evaluation
                           mode, as in the book; false: before it, in training mode */
    bool drop_last;     /* the short batch at the end of an epoch is left out; false */
    int64_t eval_every; /* accuracies before the first update, after updates eval_every,
                           2 eval_every, ..., and after update `steps`; 0, the default: never */
    bool eval_as_book;  /* after updates 1, eval_every + 1, 2 eval_every + 1, ... in their place, as
                           loops do that count from 0 and evaluate after the update ("Deep Learning
                           from Scratch"); what follows the last of them is never evaluated; false */
    int64_t eval_rows;  /* of each set, from its start; 0, the default: all */
    bool stop_on_nan;   /* fit ends as soon as tg_trainer_diverged; false */

    tg_schedule schedule; /* factor on the lr that the optimizer has at tg_trainer_new; constant,
                             the default, leaves the lr alone */
    double clip_norm;     /* as tg_clip_grad_norm, all gradients together; 0, the default: not */

    /* Early stopping, by the accuracy on test, which is then a validation set (tg_dataset_split).
     * Needs test and eval_every. */
    int64_t patience;  /* evaluations without a better one after which fit ends; 0: never */
    double min_delta;  /* a better one is higher than the best by more than this, 0 */
    bool restore_best; /* fit leaves the parameters and state of the best evaluation; false */

    /* Checkpoints: fit goes on from this file where it is there, writes it as it goes, and at its
     * end; removing the file starts afresh.  A run that is killed anywhere, and started again with
     * the same program, ends with the same bits as one that is not.  A kill may leave a file
     * PATH.*.tmp beside it, which may be removed. */
    const char *checkpoint;   /* path, copied; NULL, the default: none */
    int64_t checkpoint_every; /* updates; 0, the default: once an epoch */

    /* Updates are made by a plan (plan.h) once two in a row have recorded the same operations, with
     * the same results.  To be turned off for a model that hands tg_scalar a number that changes
     * later, that decides by what it reads (tg_item), or by what is not recorded.  true */
    bool plan;

    /* Called after each update; false ends fit with TG_ESTOP. */
    bool (*callback)(void *user, const tg_trainer *tr);
    void *user;
} tg_trainer_options;

tg_trainer_options tg_trainer_defaults(void);

/* Ties the parts together; they stay the caller's and outlive the trainer.  test and history may be
 * NULL.  Parameters that the optimizer has frozen (tg_optimizer_add_group) cost no gradient.  The
 * history receives, under the series given (copied), "loss" with the number of updates made before
 * its own, and "train_acc", "test_acc" with the number of updates made; with eval_as_book these
 * with the number of the evaluation from 0, the book's epochs.
 *
 * NULL on failure: TG_EARG naming the part or option at fault, and for a last batch of one row
 * where the model is an MLP with unbiased batch normalisation; what tg_dataset_check says of train
 * and test; TG_ENOMEM. */
tg_trainer *tg_trainer_new(tg_model *model, tg_optimizer *optimizer, const tg_dataset *train,
                           const tg_dataset *test, const tg_trainer_options *options,
                           tg_history *history, const char *series, tg_error *err);
void tg_trainer_free(tg_trainer *tr);

/* One update.  Makes no call to the allocator once the shapes have been seen.  One that fails
 * changes nothing; where its evaluation fails, the update is made but not yet counted, and the next
 * step evaluates before anything else.  Either way step, fit and save go on to the same bits as if
 * nothing had failed. */
tg_status tg_trainer_step(tg_trainer *tr, tg_error *err);

/* Updates until options.steps are made.  A loss that is not finite is no error: tg_trainer_diverged
 * tells.  With a checkpoint also the errors of tg_trainer_load and tg_trainer_save. */
tg_status tg_trainer_fit(tg_trainer *tr, tg_error *err);

/* Why the last update was recorded and not made by a plan; "" where it was: "a batch of 20 rows,
 * the plan is for 100". */
const char *tg_trainer_plan_note(const tg_trainer *tr);

/* Writes all that a run depends on as one .npz file, which appears whole or not at all: parameters
 * and state of the model, state of the optimizer, order of the data, generators, the series'
 * rows in the history, the best evaluation, and the configuration as text.  The tensors of the
 * model are in it as params/KEY and state/KEY, those of the best evaluation, which restore_best
 * keeps, as best/params/KEY and best/state/KEY, for tg_npz_load or numpy.load.  TG_EIO, TG_ENOMEM.
 */
tg_status tg_trainer_save(tg_trainer *tr, const char *path, tg_error *err);

/* Goes back, or on, to where tr was saved; rows of its series in the history are replaced.  Nothing
 * is changed on failure: TG_EIO; TG_EFORMAT for a damaged file or no checkpoint; TG_EARG when the
 * configuration (optimizer, groups, options, data by its CRC-32) was another, naming the first
 * difference; TG_EKEY, TG_ESHAPE, TG_EDTYPE for another model; TG_ENOMEM.  The number of steps,
 * patience and min_delta may differ; a run that goes on for more steps keeps the evaluation that
 * the shorter one made at its end. */
tg_status tg_trainer_load(tg_trainer *tr, const char *path, tg_error *err);

int64_t tg_trainer_steps(const tg_trainer *tr); /* updates made */
int64_t tg_trainer_total(const tg_trainer *tr); /* updates that fit makes */
double tg_trainer_loss(const tg_trainer *tr);   /* last one kept; NaN before the first */
/* Of the last evaluation, also after restore_best; NaN where there is none. */
double tg_trainer_accuracy(const tg_trainer *tr, bool test);
double tg_trainer_best_accuracy(const tg_trainer *tr); /* highest on test; NaN: none yet */
int64_t tg_trainer_best_step(const tg_trainer *tr);    /* updates made when it was reached */
bool tg_trainer_stopped_early(const tg_trainer *tr);   /* patience ran out */

/* Some loss was NaN or Inf, or some parameter tensor was, or had a root mean square beyond 10^6: a
 * loss with an eps in its logarithm cannot grow, whatever becomes of the network.  The parameters
 * are looked at with each evaluation, at the end of each epoch and after update `steps`. */
bool tg_trainer_diverged(const tg_trainer *tr);

/* Share of the first `rows` rows (0: all) whose largest output is at the label, in evaluation
 * mode; a row of NaN counts as class 0.  *accuracy is NaN on failure and for no rows.  The errors
 * of tg_dataset_check. */
tg_status tg_accuracy(const tg_model *model, const tg_dataset *data, int64_t rows, double *accuracy,
                      tg_error *err);

/* The book's smooth_curve: y convolved with a Kaiser window of 11 points, beta 2, its ends
 * mirrored.  n values into out, which is not y.  TG_ESHAPE for n < 11. */
tg_status tg_smooth_curve(size_t n, const double *y, double *out, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
