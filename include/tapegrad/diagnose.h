/* diagnose.h - why a network does not learn: how its activations are distributed, which units are
 * dead, and which gradients vanish or explode.
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

#include "tapegrad/inspect.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- activations ---------------------------------------------------------------------------- */

typedef struct tg_activation_options {
    uint32_t made; /* by tg_activation_defaults(), see status.h */
    double lo, hi; /* ends of the histogram, both counted; 0 and 1 */
    int bins;      /* 30 */
    /* Elements below low or above high count as saturated. 0.05 and 0.95, which suits the sigmoid;
     * use -0.95 and 0.95 for tanh. */
    double low, high;
    /* The axis of units. 1, for (N, C) and (N, C, H, W); the last axis of a tensor of fewer
     * axes. */
    int axis;
} tg_activation_options;
tg_activation_options tg_activation_defaults(void);

/* All but size and not_finite are computed from the finite elements. Shares are relative to all
 * elements, and 0 if there are none. mean, std, min, median and max are NaN if no element is
 * finite. */
typedef struct tg_activation_stats {
    int64_t size, not_finite;
    double mean, std; /* std by n, as numpy.std */
    double min, median, max;
    double zeros;     /* share that is exactly 0 */
    double inside;    /* share in [lo, hi] */
    double saturated; /* share below low or above high */
    int64_t units;    /* size of the axis of units */
    int64_t dead;     /* units that are 0 in all rows; after a ReLU no gradient reaches them */
} tg_activation_stats;

/* Measures x (f32, f64), a leaf or a recorded value. counts receives how many elements lie in each
 * of `bins` equal parts of [lo, hi], as numpy.histogram does; it may be NULL. options NULL: the
 * defaults. TG_EARG (NULL, bins < 1, lo and hi not finite or not lo < hi), TG_EDTYPE,
 * TG_ENOMEM. */
tg_status tg_activation_measure(const tg_tensor *x, const tg_activation_options *options,
                                tg_activation_stats *stats, int64_t *counts, tg_error *err);

/* Prints one line for each value that tg_tape_find finds for op and scope: its scope, mean, std,
 * shares and dead units. TG_EARG, TG_EDTYPE, TG_ENOMEM, TG_EIO. */
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

/* The learning rate times |g| / |w| is the relative change of the weights in one step of SGD. At
 * the rate 0.01, a ratio of 1e-5 needs ten million steps to change them by their own size, and a
 * ratio of 100 needs one step. */
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
    /* |g| / |w|, or |g| / sqrt(n) for n weights that are all 0, such as biases at the start. These
     * count as weights of size 1. */
    double ratio;
    double mean_abs; /* mean of |g_i| */
    double max_abs;  /* largest |g_i| */
    tg_gradient_state state;
} tg_gradient_stats;

/* Fills one entry of stats for each key of params, in its order. params and grads must have the
 * same keys, shapes and dtypes: TG_EKEY, TG_ESHAPE, TG_EDTYPE. options NULL: the defaults. Any
 * other NULL is TG_EARG, so the result of tg_grad can be passed without checking it. */
tg_status tg_gradient_measure(const tg_dict *params, const tg_dict *grads,
                              const tg_gradient_options *options, tg_gradient_stats *stats,
                              tg_error *err);

/* Prints one line for each key. Errors as above, and TG_ENOMEM, TG_EIO. */
tg_status tg_gradient_print(const tg_dict *params, const tg_dict *grads,
                            const tg_gradient_options *options, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
