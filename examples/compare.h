/* compare.h - trains several networks side by side on equal batches and draws their losses, for
 * optimizer_compare_mnist, weight_init_compare and weight_init_symmetry. */
#ifndef EXAMPLES_COMPARE_H
#define EXAMPLES_COMPARE_H

#include "common.h"

enum { COMPARED = 8 }; /* at most */

typedef struct contender {
    const char *name; /* its series in the history; borrowed */
    tg_model *net;    /* the comparison owns these two as soon as they are here */
    tg_optimizer *opt;
    tg_trainer *trainer;
} contender;

typedef struct comparison {
    int n;
    contender of[COMPARED];
    tg_dataset train, test;
    tg_history *history;
    tg_figure *figure;
    tg_axes *ax;
} comparison;

/* Loads the data (images of them, 0: all) and makes an empty figure. */
tg_status compare_start(comparison *c, const options *o, int64_t images, const char *title,
                        tg_error *err);

/* The book's 784-100-100-100-100-10 with its k-th weights of the seed. */
tg_model *compare_net(const options *o, tg_init init, int k, tg_error *err);

/* Trains all networks for `steps` updates, on equal batches of 128 drawn with replacement. Prints
 * every hundredth loss of the batch after the update, then the test accuracies. The history gets
 * "loss", "smooth_loss", "mean_loss_100" and "test_acc", the figure gets the smoothed curves. */
tg_status compare_run(comparison *c, const options *o, int64_t steps, tg_error *err);

void compare_end(comparison *c);

#endif
