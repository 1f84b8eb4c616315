/* train.h - the training loop: minibatches through a model and an optimizer, with its history. */
#ifndef TAPEGRAD_TRAIN_H
#define TAPEGRAD_TRAIN_H

#include "tapegrad/history.h"
#include "tapegrad/data.h"
#include "tapegrad/model.h"
#include "tapegrad/optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_trainer tg_trainer;

typedef struct tg_trainer_options {
    int64_t steps;      /* updates that fit makes, 1000 */
    int64_t batch;      /* rows per update, 100 */
    bool replace;       /* rows drawn with replacement, as in the book; false: shuffled epochs */
    uint64_t seed;      /* of the batches and of the dropout masks, 1 */
    bool loss_after;    /* the loss kept is that of the same batch after the update, in evaluation
                           mode, as in the book; false: before it, in training mode */
    int64_t eval_every; /* accuracies at update 0, eval_every, ...; 0, the default: never */
    int64_t eval_rows;  /* of each set, from its start; 0, the default: all */
    bool stop_on_nan;   /* fit ends at the first loss that is NaN or Inf; false */

    /* Called after each update; false ends fit with TG_ESTOP. */
    bool (*callback)(void *user, const tg_trainer *tr);
    void *user;
} tg_trainer_options;

tg_trainer_options tg_trainer_defaults(void);

/* Ties the parts together; they stay the caller's and outlive the trainer.  test and history may be
 * NULL.  The history receives, under the series given (copied), "loss" with the number of the update
 * from 0, and "train_acc", "test_acc" with the number of the evaluation from 0. */
tg_trainer *tg_trainer_new(tg_model *model, tg_optimizer *optimizer, const tg_dataset *train,
                           const tg_dataset *test, const tg_trainer_options *options, tg_history *history,
                           const char *series, tg_error *err);
void tg_trainer_free(tg_trainer *tr);

/* One update.  Makes no call to the allocator once the shapes have been seen. */
tg_status tg_trainer_step(tg_trainer *tr, tg_error *err);

/* Updates until options.steps are made.  A loss that is not finite is no error: tg_trainer_diverged
 * tells. */
tg_status tg_trainer_fit(tg_trainer *tr, tg_error *err);

int64_t tg_trainer_steps(const tg_trainer *tr); /* updates made */
int64_t tg_trainer_total(const tg_trainer *tr); /* updates that fit makes */
double tg_trainer_loss(const tg_trainer *tr);   /* last one kept; NaN before the first */
double tg_trainer_accuracy(const tg_trainer *tr, bool test); /* last one; NaN where there is none */
bool tg_trainer_diverged(const tg_trainer *tr);              /* some loss was NaN or Inf */

/* Share of the first `rows` rows (0: all) whose largest output is at the label, in evaluation
 * mode; a row of NaN counts as class 0.  *accuracy is NaN on failure and for no rows. */
tg_status tg_accuracy(const tg_model *model, const tg_dataset *data, int64_t rows, double *accuracy,
                      tg_error *err);

/* The book's smooth_curve: y convolved with a Kaiser window of 11 points, beta 2, its ends
 * mirrored.  n values into out, which is not y.  TG_ESHAPE for n < 11. */
tg_status tg_smooth_curve(size_t n, const double *y, double *out, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
