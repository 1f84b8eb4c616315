/* losses.h - what is minimised: compositions of operations.  See nn.h for the softmax cross-entropy
 * of the book and for the L2 penalty.
 *
 * y is what the network says, target what it should say: of one float dtype, or one a tg_scalar.
 * One of them has the shape that both broadcast to; (n, 1) against (n), where both would be
 * repeated, is TG_ESHAPE, other than in PyTorch.  A loss is first computed for each element and
 * then reduced. */
#ifndef TAPEGRAD_LOSSES_H
#define TAPEGRAD_LOSSES_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_reduction {
    TG_REDUCE_MEAN, /* -> 0-d */
    TG_REDUCE_SUM,  /* -> 0-d */
    TG_REDUCE_NONE  /* one value for each element */
} tg_reduction;

tg_tensor *tg_mse(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r); /* (y - target)^2 */
tg_tensor *tg_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);  /* |y - target| */

/* With d = |y - target|: d^2/2 where d <= delta, delta (d - delta/2) beyond (Huber 1964); delta > 0
 * may be INFINITY.  smooth_l1 is that divided by its finite beta > 0 in the place of delta. */
tg_tensor *tg_huber(tg_tape *t, tg_tensor *y, tg_tensor *target, double delta, tg_reduction r);
tg_tensor *tg_smooth_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, double beta, tg_reduction r);

/* -(target ln p + (1 - target) ln(1 - p)).  bce takes the probability p = y in [0, 1] and bounds
 * each logarithm at -100, as PyTorch does, with derivative 0 there, where PyTorch bounds p (1 - p)
 * in the derivative by 1e-12; NaN beyond [0, 1].  with_logits takes y with p = sigmoid(y) and never
 * overflows; at y = +-Inf the side whose target is 0 is 0 (NaN in PyTorch). */
tg_tensor *tg_bce(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
tg_tensor *tg_bce_with_logits(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);

/* max(0, 1 - y target), target -1 or 1; derivative 0 at 0. */
tg_tensor *tg_hinge(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
/* target (ln target - y), y a log-probability; 0 where target is 0, with derivative 0, also beside
 * y = -Inf.  The mean is over all elements, as PyTorch's "mean", not its "batchmean". */
tg_tensor *tg_kl_div(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
/* e^y - target y, y the logarithm of the rate. */
tg_tensor *tg_poisson_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
/* (ln v + (y - target)^2 / v) / 2 with v = max(var, eps), eps > 0; 1e-6 in PyTorch, which holds the
 * bound fixed in the derivative as this does. */
tg_tensor *tg_gaussian_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_tensor *var, double eps,
                           tg_reduction r);

/* a . b / (max(|a|, eps) max(|b|, eps)) along an axis of the shape that both broadcast to, which is
 * dropped.  eps > 0; 1e-8 in PyTorch. */
tg_tensor *tg_cosine_similarity(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, double eps);

typedef struct tg_cross_entropy_options {
    uint32_t made;          /* by tg_cross_entropy_defaults(), see status.h */
    tg_reduction reduction; /* TG_REDUCE_MEAN: over the rows that count, by their weights; 0 where
                               no row counts (NaN in PyTorch), with derivative 0 */
    double label_smoothing; /* 0: share of each label that is spread over all classes, [0, 1] */
    tg_tensor *weights;     /* NULL: (C) of the dtype of the logits, a factor for each class */
    int64_t ignore_index;   /* -100: rows with this i32 label do not count */
} tg_cross_entropy_options;

tg_cross_entropy_options tg_cross_entropy_defaults(void);

/* -ln softmax(logits)[label].  logits (N, C); labels i32 (N), or the probabilities of the classes
 * (N, C) in the dtype of the logits, whose mean is over N.  TG_EINDEX for a label outside 0..C-1
 * that is not ignored.  nll takes log-probabilities in the place of logits.  options NULL:
 * defaults. */
tg_tensor *tg_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                            const tg_cross_entropy_options *options);
tg_tensor *tg_nll(tg_tape *t, tg_tensor *log_p, tg_tensor *labels,
                  const tg_cross_entropy_options *options);

#ifdef __cplusplus
}
#endif
#endif
