/* activations.h - the named activation functions, as compositions of operations. All are
 * elementwise and keep x's shape and dtype; a NaN in x is a NaN in the result. relu, sigmoid,
 * tanh, softplus and log_sigmoid are operations: see ops.h. */
#ifndef TAPEGRAD_ACTIVATIONS_H
#define TAPEGRAD_ACTIVATIONS_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* At x = -Inf, gelu, gelu_tanh, silu, mish and hardswish are 0, which is their limit, and so are
 * their derivatives; PyTorch gives NaN there. Far below 0 they are as exact as elsewhere.
 *   gelu       x Phi(x), with Phi computed by erfc (Hendrycks and Gimpel 2016)
 *   gelu_tanh  x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
tg_tensor *tg_gelu(tg_tape *t, tg_tensor *x);
tg_tensor *tg_gelu_tanh(tg_tape *t, tg_tensor *x);
tg_tensor *tg_silu(tg_tape *t, tg_tensor *x);     /* x sigmoid(x) */
tg_tensor *tg_mish(tg_tape *t, tg_tensor *x);     /* x tanh(softplus(x)) */
tg_tensor *tg_softsign(tg_tape *t, tg_tensor *x); /* x / (1 + |x|); NaN at +-Inf */

/* x where x > 0. Elsewhere elu is alpha (e^x - 1) and celu is alpha (e^(x/alpha) - 1). selu is
 * elu, scaled so that mean 0 and variance 1 are preserved (Klambauer et al. 2017). The derivative
 * at 0 is the one from below. */
tg_tensor *tg_elu(tg_tape *t, tg_tensor *x, double alpha);
tg_tensor *tg_celu(tg_tape *t, tg_tensor *x, double alpha); /* TG_EARG for alpha 0 */
tg_tensor *tg_selu(tg_tape *t, tg_tensor *x);

/* x where x > 0, slope x elsewhere. For prelu the slope is a tensor that broadcasts to x. For
 * rrelu it is drawn from [lo, hi) for each element in training, and is (lo + hi) / 2 in
 * evaluation. */
tg_tensor *tg_leaky_relu(tg_tape *t, tg_tensor *x, double slope);
tg_tensor *tg_prelu(tg_tape *t, tg_tensor *x, tg_tensor *slope);
tg_tensor *tg_rrelu(tg_tape *t, tg_tensor *x, double lo, double hi, tg_rng *rng, bool train);

/* The derivative at the bounds, +-1 and +-3, is the one from inside. In PyTorch that of hardtanh
 * and hardsigmoid is 0 there. */
tg_tensor *tg_hardtanh(tg_tape *t, tg_tensor *x);    /* clamp(x, -1, 1) */
tg_tensor *tg_hardsigmoid(tg_tape *t, tg_tensor *x); /* clamp(x / 6 + 1/2, 0, 1) */
tg_tensor *tg_hardswish(tg_tape *t, tg_tensor *x);   /* x hardsigmoid(x) */
/* value where x <= limit, x elsewhere. */
tg_tensor *tg_threshold(tg_tape *t, tg_tensor *x, double limit, double value);

#ifdef __cplusplus
}
#endif
#endif
