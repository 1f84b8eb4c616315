/* activations.c - activation functions as compositions. */
#include "tapegrad/activations.h"

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *plus(tg_tape *t, double c, tg_tensor *x) { return tg_add(t, tg_scalar(t, c), x); }

static tg_tensor *positive(tg_tape *t, tg_tensor *x)
{
    return tg_stop_gradient(t, tg_greater(t, x, tg_scalar(t, 0)));
}

tg_tensor *tg_gelu(tg_tape *t, tg_tensor *x)
{
    return tg_mul(t, x, times(t, 0.5, plus(t, 1, tg_erf(t, times(t, 0.70710678118654752440, x)))));
}

tg_tensor *tg_gelu_tanh(tg_tape *t, tg_tensor *x)
{
    tg_tensor *cubic = tg_add(t, x, times(t, 0.044715, tg_mul(t, x, tg_square(t, x))));
    tg_tensor *bent = tg_tanh(t, times(t, 0.79788456080286535588, cubic));
    return tg_mul(t, x, times(t, 0.5, plus(t, 1, bent)));
}

tg_tensor *tg_silu(tg_tape *t, tg_tensor *x) { return tg_mul(t, x, tg_sigmoid(t, x)); }

tg_tensor *tg_mish(tg_tape *t, tg_tensor *x) { return tg_mul(t, x, tg_tanh(t, tg_softplus(t, x))); }

tg_tensor *tg_softsign(tg_tape *t, tg_tensor *x) { return tg_div(t, x, plus(t, 1, tg_abs(t, x))); }

/* The exponential sees only x <= 0: where hides a value, but not an overflow behind it. */
tg_tensor *tg_celu(tg_tape *t, tg_tensor *x, double alpha)
{
    tg_tensor *low = tg_minimum(t, x, tg_scalar(t, 0));
    return tg_where(t, positive(t, x), x, times(t, alpha, tg_expm1(t, times(t, 1 / alpha, low))));
}

tg_tensor *tg_elu(tg_tape *t, tg_tensor *x, double alpha)
{
    tg_tensor *low = tg_minimum(t, x, tg_scalar(t, 0));
    return tg_where(t, positive(t, x), x, times(t, alpha, tg_expm1(t, low)));
}

tg_tensor *tg_selu(tg_tape *t, tg_tensor *x)
{
    return times(t, 1.0507009873554804934193349852946,
                 tg_elu(t, x, 1.6732632423543772848170429916717));
}

tg_tensor *tg_leaky_relu(tg_tape *t, tg_tensor *x, double slope)
{
    return tg_prelu(t, x, tg_scalar(t, slope));
}

tg_tensor *tg_prelu(tg_tape *t, tg_tensor *x, tg_tensor *slope)
{
    return tg_where(t, positive(t, x), x, tg_mul(t, x, slope));
}

tg_tensor *tg_rrelu(tg_tape *t, tg_tensor *x, double lo, double hi, tg_rng *rng, bool train)
{
    if (!train || !x) return tg_leaky_relu(t, x, (lo + hi) / 2);
    return tg_prelu(t, x, tg_uniform(t, rng, x->dtype, x->ndim, x->shape, lo, hi));
}

tg_tensor *tg_hardtanh(tg_tape *t, tg_tensor *x) { return tg_clamp(t, x, -1, 1); }

tg_tensor *tg_hardsigmoid(tg_tape *t, tg_tensor *x)
{
    return tg_clamp(t, plus(t, 0.5, times(t, 1.0 / 6, x)), 0, 1);
}

tg_tensor *tg_hardswish(tg_tape *t, tg_tensor *x) { return tg_mul(t, x, tg_hardsigmoid(t, x)); }

tg_tensor *tg_threshold(tg_tape *t, tg_tensor *x, double limit, double value)
{
    tg_tensor *above = tg_stop_gradient(t, tg_greater(t, x, tg_scalar(t, limit)));
    return tg_where(t, above, x, tg_scalar(t, value));
}
