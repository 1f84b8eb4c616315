/* activations.c - activation functions as compositions. */
#include "tapegrad/activations.h"

#include "graph/tape.h"

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *plus(tg_tape *t, double c, tg_tensor *x) { return tg_add(t, tg_scalar(t, c), x); }

static tg_tensor *positive(tg_tape *t, tg_tensor *x)
{
    return tg_stop_gradient(t, tg_greater(t, x, tg_scalar(t, 0)));
}

/* x * share, which is 0 where share is 0, even if x is -Inf. */
static tg_tensor *share_of(tg_tape *t, tg_tensor *x, tg_tensor *share)
{
    return tg_zmul(t, share, x);
}

/* Calls f(x). An error inside begins with the name of the activation. */
static tg_tensor *named(tg_tape *t, const char *name, tg_tensor *(*f)(tg_tape *, tg_tensor *),
                        tg_tensor *x)
{
    const char *outer = tgi_enter(t, name);
    return tgi_leave(t, outer, f(t, x));
}

/* ---- smooth --------------------------------------------------------------------------------- */

/* 2 Phi(x) = erfc(-x / sqrt 2) stays accurate where 1 + erf(x / sqrt 2) would cancel. */
static tg_tensor *gelu(tg_tape *t, tg_tensor *x)
{
    tg_tensor *twice = tg_erfc(t, times(t, -0.70710678118654752440, x));
    return share_of(t, x, times(t, 0.5, twice));
}

/* (1 + tanh u) / 2 = sigmoid(2 u) stays accurate where the sum would cancel. From |x| = 30 on it
 * is exactly 0 or 1, so x is clamped there, which keeps u's derivative finite. */
static tg_tensor *gelu_tanh(tg_tape *t, tg_tensor *x)
{
    tg_tensor *bounded = tg_minimum(t, tg_square(t, x), tg_scalar(t, 900));
    tg_tensor *factor = plus(t, 1.5957691216057307117, times(t, 0.071354816272600260175, bounded));
    return share_of(t, x, tg_sigmoid(t, tg_mul(t, x, factor)));
}

static tg_tensor *silu(tg_tape *t, tg_tensor *x) { return share_of(t, x, tg_sigmoid(t, x)); }

static tg_tensor *mish(tg_tape *t, tg_tensor *x)
{
    return share_of(t, x, tg_tanh(t, tg_softplus(t, x)));
}

static tg_tensor *softsign(tg_tape *t, tg_tensor *x)
{
    return tg_div(t, x, plus(t, 1, tg_abs(t, x)));
}

tg_tensor *tg_gelu(tg_tape *t, tg_tensor *x) { return named(t, "gelu", gelu, x); }

tg_tensor *tg_gelu_tanh(tg_tape *t, tg_tensor *x) { return named(t, "gelu_tanh", gelu_tanh, x); }

tg_tensor *tg_silu(tg_tape *t, tg_tensor *x) { return named(t, "silu", silu, x); }

tg_tensor *tg_mish(tg_tape *t, tg_tensor *x) { return named(t, "mish", mish, x); }

tg_tensor *tg_softsign(tg_tape *t, tg_tensor *x) { return named(t, "softsign", softsign, x); }

/* ---- different on the two sides of 0 -------------------------------------------------------- */

/* The exponential is given only x <= 0, because tg_where would not hide an overflow. */
tg_tensor *tg_celu(tg_tape *t, tg_tensor *x, double alpha)
{
    if (!(alpha < 0 || alpha > 0))
        return tg_tape_fail(t, TG_EARG, "celu: alpha is %g, must not be 0", alpha);
    const char *outer = tgi_enter(t, "celu");
    tg_tensor *low = tg_minimum(t, x, tg_scalar(t, 0));
    tg_tensor *y =
        tg_where(t, positive(t, x), x, times(t, alpha, tg_expm1(t, times(t, 1 / alpha, low))));
    return tgi_leave(t, outer, y);
}

tg_tensor *tg_elu(tg_tape *t, tg_tensor *x, double alpha)
{
    const char *outer = tgi_enter(t, "elu");
    tg_tensor *low = tg_minimum(t, x, tg_scalar(t, 0));
    tg_tensor *y = tg_where(t, positive(t, x), x, times(t, alpha, tg_expm1(t, low)));
    return tgi_leave(t, outer, y);
}

static tg_tensor *selu(tg_tape *t, tg_tensor *x)
{
    return times(t, 1.0507009873554804934193349852946,
                 tg_elu(t, x, 1.6732632423543772848170429916717));
}

tg_tensor *tg_selu(tg_tape *t, tg_tensor *x) { return named(t, "selu", selu, x); }

/* x where x > 0, slope * x elsewhere. */
static tg_tensor *leaky(tg_tape *t, const char *who, tg_tensor *x, tg_tensor *slope)
{
    const char *outer = tgi_enter(t, who);
    return tgi_leave(t, outer, tg_where(t, positive(t, x), x, tg_mul(t, x, slope)));
}

tg_tensor *tg_leaky_relu(tg_tape *t, tg_tensor *x, double slope)
{
    return leaky(t, "leaky_relu", x, tg_scalar(t, slope));
}

tg_tensor *tg_prelu(tg_tape *t, tg_tensor *x, tg_tensor *slope)
{
    return leaky(t, "prelu", x, slope);
}

tg_tensor *tg_rrelu(tg_tape *t, tg_tensor *x, double lo, double hi, tg_rng *rng, bool train)
{
    if (!(lo <= hi))
        return tg_tape_fail(t, TG_EARG, "rrelu: lo is %g, must not be above hi, %g", lo, hi);
    const char *outer = tgi_enter(t, "rrelu");
    tg_tensor *slope = train && x ? tg_uniform(t, rng, x->dtype, x->ndim, x->shape, lo, hi)
                                  : tg_scalar(t, (lo + hi) / 2);
    return tgi_leave(t, outer, leaky(t, "rrelu", x, slope));
}

/* ---- piecewise ------------------------------------------------------------------------------ */

static tg_tensor *hardtanh(tg_tape *t, tg_tensor *x) { return tg_clamp(t, x, -1, 1); }

static tg_tensor *hardsigmoid(tg_tape *t, tg_tensor *x)
{
    return tg_clamp(t, plus(t, 0.5, times(t, 1.0 / 6, x)), 0, 1);
}

static tg_tensor *hardswish(tg_tape *t, tg_tensor *x) { return share_of(t, x, hardsigmoid(t, x)); }

tg_tensor *tg_hardtanh(tg_tape *t, tg_tensor *x) { return named(t, "hardtanh", hardtanh, x); }

tg_tensor *tg_hardsigmoid(tg_tape *t, tg_tensor *x)
{
    return named(t, "hardsigmoid", hardsigmoid, x);
}

tg_tensor *tg_hardswish(tg_tape *t, tg_tensor *x) { return named(t, "hardswish", hardswish, x); }

tg_tensor *tg_threshold(tg_tape *t, tg_tensor *x, double limit, double value)
{
    const char *outer = tgi_enter(t, "threshold");
    tg_tensor *low = tg_stop_gradient(t, tg_less_equal(t, x, tg_scalar(t, limit)));
    return tgi_leave(t, outer, tg_where(t, low, tg_scalar(t, value), x));
}
