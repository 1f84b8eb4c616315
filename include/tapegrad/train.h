/* train.h - the training loop: passes minibatches through a model and an optimizer, evaluates,
 * stops early, keeps a history, and saves files from which a run can resume (checkpoints).
 *
 * It trains on images with integer labels (tg_dataset). For other data write a loop of your own,
 * as examples/first.c does. */
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
    uint32_t made; /* by tg_trainer_defaults(), see status.h */
    int64_t steps; /* updates that fit makes, 1000 */
    int64_t batch; /* rows per update, 100 */
    bool replace;  /* rows drawn with replacement, as in the book; false: shuffled epochs */
    uint64_t seed; /* of the batches and of the dropout masks, 1 */
    /* true: the loss in the history is that of the same batch after the update, in evaluation mode,
     * as in "Deep Learning from Scratch". false, the default: before it, in training mode. */
    bool loss_after;
    bool drop_last; /* leave out the short batch at the end of an epoch; false */
    /* Accuracies are measured before the first update, after updates eval_every, 2 eval_every, ...,
     * and after update `steps`.  0, the default: never. */
    int64_t eval_every;
    /* true: accuracies are measured after updates 1, eval_every + 1, 2 eval_every + 1, ... instead,
     * as in the loops of the book, which count from 0 and evaluate after the update. Updates after
     * the last of these are not evaluated. false */
    bool eval_as_book;
    int64_t eval_rows; /* rows of each set, from its start; 0, the default: all */
    bool stop_on_nan;  /* fit ends as soon as tg_trainer_diverged; false */

    /* A factor on the lr that the optimizer has at tg_trainer_new. A constant schedule, the
     * default, does not change the lr. */
    tg_schedule schedule;
    double clip_norm; /* as tg_clip_grad_norm, for all gradients together; 0, the default: none */

    /* Early stopping looks at the accuracy on test, which is then a validation set
     * (tg_dataset_split), and not at the loss. Needs test and eval_every. */
    int64_t patience;  /* evaluations without a better one after which fit ends; 0: never */
    double min_delta;  /* a better one is higher than the best by more than this, 0 */
    bool restore_best; /* fit ends with the parameters and state of the best evaluation; false */

    /* Checkpoints. If this file exists, fit resumes from it. fit writes it during training and at
     * the end. Remove it to start from the beginning. A run that is killed at any moment and
     * started again with the same program ends with the same bits as an uninterrupted one. A kill
     * may leave a file PATH.*.tmp beside it, which may be removed. */
    const char *checkpoint;   /* path, copied; NULL, the default: none */
    int64_t checkpoint_every; /* in updates; 0, the default: once an epoch */

    /* Updates are made by a plan (plan.h) once two in a row have recorded the same operations with
     * the same results; short batches and evaluations are still recorded each time. Set this to
     * false for a model that passes changing numbers to tg_scalar, or whose operations depend on
     * values that it reads (tg_item) or on anything else that is not recorded. true */
    bool plan;

    /* Called after each update. Returning false ends fit with TG_ESTOP. */
    bool (*callback)(void *user, const tg_trainer *tr);
    void *user;
} tg_trainer_options;

tg_trainer_options tg_trainer_defaults(void);

/* A trainer for these objects, which belong to the caller and must outlive it. test and history
 * may be NULL; options NULL stands for the defaults. No gradients are computed for parameters that
 * are frozen (tg_optimizer_add_group).
 *
 * The history receives rows under the given series, which is copied. The step of "loss" is the
 * number of updates made before its own. The step of "train_acc" and "test_acc" is the number of
 * updates made, or with eval_as_book the number of the evaluation from 0, which the book calls an
 * epoch.
 *
 * NULL on failure: TG_EARG, naming the argument or option at fault, also if the last batch has one
 * row and the model is an MLP with unbiased batch normalisation; the errors of tg_dataset_check for
 * train and test; TG_ENOMEM. */
tg_trainer *tg_trainer_new(tg_model *model, tg_optimizer *optimizer, const tg_dataset *train,
                           const tg_dataset *test, const tg_trainer_options *options,
                           tg_history *history, const char *series, tg_error *err);
void tg_trainer_free(tg_trainer *tr);

/* Makes one update, without calling the allocator once the shapes have been seen. An update that
 * fails changes nothing. If its evaluation fails, the update is made but not yet counted, and the
 * next step evaluates first. In both cases step, fit and save then continue to the same bits as if
 * nothing had failed. */
tg_status tg_trainer_step(tg_trainer *tr, tg_error *err);

/* Makes updates until there are options.steps of them. A loss that is not finite is no error: see
 * tg_trainer_diverged. With a checkpoint also the errors of tg_trainer_load and
 * tg_trainer_save. */
tg_status tg_trainer_fit(tg_trainer *tr, tg_error *err);

/* Why the last update was recorded instead of being made by a plan, "a batch of 20 rows, the plan
 * is for 100"; "" if a plan made it. */
const char *tg_trainer_plan_note(const tg_trainer *tr);

/* Writes a checkpoint: one .npz file with everything that the run depends on, which appears whole
 * or not at all. It has the parameters and state of the model, the state of the optimizer, the
 * order of the data, the generators, the rows of the series in the history, the best evaluation,
 * and the configuration as text. The model's tensors are named params/KEY and state/KEY; with
 * restore_best those of the best evaluation are named best/params/KEY and best/state/KEY.
 * tg_npz_load and numpy.load can read them. TG_EIO, TG_ENOMEM. */
tg_status tg_trainer_save(tg_trainer *tr, const char *path, tg_error *err);

/* Restores the state that a checkpoint holds; rows of the series in the history are replaced.
 * Nothing changes on failure: TG_EIO; TG_EFORMAT if the file is damaged or not a checkpoint;
 * TG_EARG, naming the first difference, if the configuration was another (optimizer, groups,
 * options, CRC-32 of the data); TG_EKEY, TG_ESHAPE, TG_EDTYPE for another model; TG_ENOMEM. The
 * number of steps, patience and min_delta may differ. A run that continues with more steps keeps
 * the evaluation that the shorter run made at its end. */
tg_status tg_trainer_load(tg_trainer *tr, const char *path, tg_error *err);

int64_t tg_trainer_steps(const tg_trainer *tr); /* updates made */
int64_t tg_trainer_total(const tg_trainer *tr); /* updates that fit makes */
double tg_trainer_loss(const tg_trainer *tr);   /* the last in the history; NaN before the first */
/* The accuracy of the last evaluation, even after restore_best; NaN if there was none. */
double tg_trainer_accuracy(const tg_trainer *tr, bool test);
double tg_trainer_best_accuracy(const tg_trainer *tr); /* highest on test; NaN: none yet */
int64_t tg_trainer_best_step(const tg_trainer *tr);    /* updates made when it was reached */
bool tg_trainer_stopped_early(const tg_trainer *tr);   /* patience ran out */

/* True if a loss was NaN or Inf, or if a parameter tensor held NaN or Inf or had a root mean square
 * above 10^6. Parameters are checked because a loss with an eps in its logarithm stays small even
 * if the network diverges. This is done at each evaluation, at the end of each epoch and after
 * update `steps`. */
bool tg_trainer_diverged(const tg_trainer *tr);

/* Share of the first `rows` rows (0: all) whose largest output is that of the label, in evaluation
 * mode. A row of NaN counts as class 0.  *accuracy is NaN on failure and if there are no rows.
 * Errors are those of tg_dataset_check and of the model, and TG_ENOMEM. */
tg_status tg_accuracy(const tg_model *model, const tg_dataset *data, int64_t rows, double *accuracy,
                      tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
