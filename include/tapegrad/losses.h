/* losses.h - loss functions, composed of operations, and the L2 penalty.
 *
 * y is the output of the network and target what it should be. Both have one float dtype, or one
 * of them is a tg_scalar. One of them must have the shape to which both broadcast: (n, 1) against
 * (n), where both would broadcast, is TG_ESHAPE, unlike in PyTorch. A loss is computed for each
 * element and then reduced. */
#ifndef TAPEGRAD_LOSSES_H
#define TAPEGRAD_LOSSES_H

#include "tapegrad/dict.h"
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

/* With d = |y - target|: d^2/2 where d <= delta, delta (d - delta/2) elsewhere (Huber 1964); delta
 * > 0 may be INFINITY. smooth_l1 is huber with delta = beta, divided by beta; beta > 0 is
 * finite. */
tg_tensor *tg_huber(tg_tape *t, tg_tensor *y, tg_tensor *target, double delta, tg_reduction r);
tg_tensor *tg_smooth_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, double beta, tg_reduction r);

/* -(target ln p + (1 - target) ln(1 - p)).
 * bce takes the probability p = y in [0, 1]; outside it is NaN. Like PyTorch it bounds each
 * logarithm at -100. The derivative is 0 there, while PyTorch bounds p (1 - p) in the derivative
 * by 1e-12. bce_with_logits takes y with p = sigmoid(y) and never overflows. At y = +-Inf the
 * term whose factor is 0 is 0 (NaN in PyTorch). */
tg_tensor *tg_bce(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
tg_tensor *tg_bce_with_logits(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);

/* max(0, 1 - y target), target -1 or 1; derivative 0 at 0. */
tg_tensor *tg_hinge(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
/* target (ln target - y), where y is a log-probability. 0 with derivative 0 where target is 0,
 * even if y is -Inf. The mean is over all elements, like PyTorch's "mean" and unlike its
 * "batchmean". */
tg_tensor *tg_kl_div(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
/* e^y - target y, where y is the logarithm of the rate. */
tg_tensor *tg_poisson_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r);
/* (ln v + (y - target)^2 / v) / 2 with v = max(var, eps), eps > 0. PyTorch's eps is 1e-6. As in
 * PyTorch the bound counts as a constant in the derivative. */
tg_tensor *tg_gaussian_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_tensor *var, double eps,
                           tg_reduction r);

/* a . b / (max(|a|, eps) max(|b|, eps)) along an axis of the shape to which both broadcast. The
 * result lacks that axis. eps > 0; PyTorch's is 1e-8. */
tg_tensor *tg_cosine_similarity(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, double eps);

#define TG_IGNORE_NONE INT64_MIN

typedef struct tg_cross_entropy_options {
    uint32_t made; /* by tg_cross_entropy_defaults(), see status.h */
    /* TG_REDUCE_MEAN, the default, is the weighted mean over the rows that count. If none does, it
     * is 0 with derivative 0 (NaN in PyTorch). */
    tg_reduction reduction;
    double label_smoothing; /* in [0, 1]: share of each label that is spread over all classes; 0 */
    tg_tensor *weights;     /* (C), of the dtype of the logits: a factor for each class; NULL: 1 */
    /* Rows with this i32 label do not count, whatever their logits; -100, as in PyTorch. With
     * TG_IGNORE_NONE each row counts, which saves a few operations. */
    int64_t ignore_index;
    /* The value is that of -ln(p + eps) in the place of -ln p, the derivative that of eps = 0, or 0
     * where p is 0. "Deep Learning from Scratch" has 1e-7; 0. */
    double eps;
} tg_cross_entropy_options;

tg_cross_entropy_options tg_cross_entropy_defaults(void);

/* -ln p[label] where p = softmax(logits). logits (N, C) float; labels i32 (N) in 0..C-1, or class
 * probabilities (N, C) of the dtype of the logits, for which the mean is over N.  -> 0-d, or (N)
 * with TG_REDUCE_NONE. It never overflows and loses no digits when all logits share a large
 * offset. TG_EINDEX for a label out of range. options NULL: the defaults. nll takes ln p in the
 * place of logits. */
tg_tensor *tg_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                            const tg_cross_entropy_options *options);
tg_tensor *tg_nll(tg_tape *t, tg_tensor *log_p, tg_tensor *labels,
                  const tg_cross_entropy_options *options);

/* 1/2 lambda sum of w^2 over the entries of params whose key begins with prefix -> 0-d. Prefix "W"
 * selects the weights and leaves out the biases. TG_EKEY if no key begins with it. */
tg_tensor *tg_l2_penalty(tg_tape *t, const tg_dict *params, const char *prefix, double lambda);

#ifdef __cplusplus
}
#endif
#endif
