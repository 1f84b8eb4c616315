/* diagnose.h - why a network does not learn: how its activations are spread, which units are dead,
 * and which gradients vanish or explode.
 *
 *     int32_t i = -1;                            // after a forward pass recorded on t
 *     while ((i = tg_tape_find(t, "relu", NULL, i + 1)) >= 0) {
 *         tg_activation_stats s;
 *         tg_activation_measure(tg_tape_value(t, i), NULL, &s, NULL, &err);
 *     }
 *     tg_gradient_print(params, tg_grad(t, loss, params), NULL, stdout); */
#ifndef TAPEGRAD_DIAGNOSE_H
#define TAPEGRAD_DIAGNOSE_H

#include <stdio.h>

#include "tapegrad/dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The number of the first value on t from number `from` on that operation `op` made within `scope`,
 * or -1.  NULL stands for any.  Scope "layer1" holds "layer1/batch_norm" as well. */
int32_t tg_tape_find(const tg_tape *t, const char *op, const char *scope, int32_t from);

/* ---- activations ---------------------------------------------------------------------------- */

typedef struct tg_activation_options {
    uint32_t made;    /* by tg_activation_defaults(), see status.h */
    double lo, hi;    /* ends of the histogram, both counted; 0 and 1 */
    int bins;         /* 30 */
    double low, high; /* saturated is what lies below low or above high: 0.05 and 0.95, for the
                         sigmoid; -0.95 and 0.95 for tanh */
    int axis;         /* that numbers the units: 1, for (N, C) and (N, C, H, W); a tensor of
                         fewer axes takes its last */
} tg_activation_options;
tg_activation_options tg_activation_defaults(void);

/* Of finite elements, but for size and not_finite.  Shares are of all elements; 0 where there are
 * none.  The others are NaN where no element is finite. */
typedef struct tg_activation_stats {
    int64_t size, not_finite;
    double mean, std; /* std by n, as numpy.std */
    double min, median, max;
    double zeros;     /* share that is exactly 0 */
    double inside;    /* share in [lo, hi] */
    double saturated; /* share below low or above high */
    int64_t units;    /* size of the axis that numbers them */
    int64_t dead;     /* units that are 0 in all rows: behind a ReLU no gradient reaches them */
} tg_activation_stats;

/* Measures x (f32, f64), a leaf or a recorded value.  counts, or NULL, receives the `bins` numbers
 * of elements in equal parts of [lo, hi], as numpy.histogram.  options NULL: the defaults.  TG_EARG
 * (NULL, bins < 1, lo < hi not so, or not finite), TG_EDTYPE, TG_ENOMEM. */
tg_status tg_activation_measure(const tg_tensor *x, const tg_activation_options *options,
                                tg_activation_stats *stats, int64_t *counts, tg_error *err);

/* One line for each value that tg_tape_find gives for op and scope: its scope, mean, std, shares
 * and dead units.  TG_EARG, TG_EDTYPE, TG_ENOMEM, TG_EIO. */
tg_status tg_activation_print(const tg_tape *t, const char *op, const char *scope,
                              const tg_activation_options *options, FILE *out);

/* ---- gradients ------------------------------------------------------------------------------ */

typedef enum tg_gradient_state {
    TG_GRADIENT_FINE,
    TG_GRADIENT_ZERO,      /* every element is exactly 0: nothing flows here */
    TG_GRADIENT_VANISHING, /* ratio below options.vanishing */
    TG_GRADIENT_EXPLODING, /* ratio above options.exploding */
    TG_GRADIENT_NOT_FINITE /* a gradient or a weight is NaN or Inf */
} tg_gradient_state;

/* "fine", "zero", "vanishing", "exploding", "not finite"; "?" for another number. */
const char *tg_gradient_state_name(tg_gradient_state state);

/* The ratio |g| / |w| times the learning rate is how much one step of SGD moves the weights.  At
 * the rate 0.01 a ratio of 1e-5 needs ten million steps to renew them; one of 100 does it in one.
 */
typedef struct tg_gradient_options {
    uint32_t made;    /* by tg_gradient_defaults(), see status.h */
    double vanishing; /* 1e-5 */
    double exploding; /* 100 */
} tg_gradient_options;
tg_gradient_options tg_gradient_defaults(void);

typedef struct tg_gradient_stats {
    const char *key;    /* borrowed from params */
    double norm;        /* |g|, the root of the sum of squares */
    double weight_norm; /* |w| */
    double ratio;       /* |g| / |w|; |g| / sqrt(n) for n weights that are all 0, as biases at the
                           start: they are taken for weights of size 1 */
    double mean_abs;    /* mean of |g_i| */
    double max_abs;     /* largest |g_i| */
    tg_gradient_state state;
} tg_gradient_stats;

/* stats receives one entry for each key of params, in its order.  params and grads agree in keys,
 * shapes and dtypes: TG_EKEY, TG_ESHAPE, TG_EDTYPE.  options NULL: the defaults.  TG_EARG for
 * another NULL, so that the result of tg_grad can be passed on unseen. */
tg_status tg_gradient_measure(const tg_dict *params, const tg_dict *grads,
                              const tg_gradient_options *options, tg_gradient_stats *stats,
                              tg_error *err);

/* One line for each key.  As above, and TG_ENOMEM, TG_EIO. */
tg_status tg_gradient_print(const tg_dict *params, const tg_dict *grads,
                            const tg_gradient_options *options, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
