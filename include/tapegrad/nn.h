/* nn.h - layers: functions composed of operations, without backward passes of their own.
 *
 * A layer takes the tape, its input and its parameters. State that a layer keeps (the running
 * statistics of batch normalisation) is passed as leaves, as parameters are. An argument says
 * whether the layer is used in training or in evaluation. */
#ifndef TAPEGRAD_NN_H
#define TAPEGRAD_NN_H

#include "tapegrad/dict.h"
#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x (..., in) W (in, out) + b (out) -> (..., out); b may be NULL: no bias. */
tg_tensor *tg_affine(tg_tape *t, tg_tensor *x, tg_tensor *W, tg_tensor *b);

/* e^x / sum e^x, and its logarithm, along an axis; neither overflows. */
tg_tensor *tg_softmax(tg_tape *t, tg_tensor *x, int axis);
tg_tensor *tg_log_softmax(tg_tape *t, tg_tensor *x, int axis);

/* a sigmoid(b), where a and b are the two halves of x along an axis (Dauphin et al. 2017).
 * TG_ESHAPE if its size is odd. */
tg_tensor *tg_glu(tg_tape *t, tg_tensor *x, int axis);

/* ---- batch normalisation (Ioffe and Szegedy 2015) ------------------------------------------- */

typedef struct tg_batch_norm_options {
    uint32_t made; /* by tg_batch_norm_book() or tg_batch_norm_torch(), see status.h */
    double keep;   /* running = keep * running + (1 - keep) * batch: 1 - PyTorch's momentum */
    double eps;    /* added to the variance, inside the root */
    bool unbiased; /* running variance by n-1; the batch's own is always by n */
    double running_var_start; /* initial running variance; the running mean starts at 0 */
} tg_batch_norm_options;

/* The book: keep 0.9, eps 10e-7 = 1e-6, biased, from 0.
 * PyTorch: keep 0.9 (its "momentum" 0.1), eps 1e-5, unbiased, from 1. */
tg_batch_norm_options tg_batch_norm_book(void);
tg_batch_norm_options tg_batch_norm_torch(void);

/* x (N, C), gamma, beta, running_mean, running_var (C) -> (N, C); reshape images to (N, C) first.
 * gamma (x - mean) / sqrt(var + eps) + beta. In training, mean and var are those of the batch, the
 * gradient goes through both, and the running statistics, which are leaves, are written. In
 * evaluation, mean and var are the running statistics and nothing is written. TG_ESHAPE for a
 * training batch without rows, and for one of a single row if options say unbiased, which divides
 * by n - 1. */
tg_tensor *tg_batch_norm(tg_tape *t, tg_tensor *x, tg_tensor *gamma, tg_tensor *beta,
                         tg_tensor *running_mean, tg_tensor *running_var,
                         const tg_batch_norm_options *options, bool train);

/* ---- dropout (Srivastava et al. 2014) ------------------------------------------------------- */

typedef enum tg_dropout_form {
    TG_DROPOUT_INVERTED, /* train: x mask / (1 - p); else x */
    TG_DROPOUT_BOOK      /* train: x mask; else x (1 - p) */
} tg_dropout_form;

/* Drops each element with probability p, 0 <= p < 1. rng is needed in training. */
tg_tensor *tg_dropout(tg_tape *t, tg_tensor *x, double p, tg_dropout_form form, tg_rng *rng,
                      bool train);

/* The training form with a given mask of x's shape and dtype, in which 1 keeps and 0 drops. */
tg_tensor *tg_dropout_mask(tg_tape *t, tg_tensor *x, tg_tensor *mask, double p,
                           tg_dropout_form form);

#ifdef __cplusplus
}
#endif
#endif
