/* normalise.c - layer, RMS, group and instance norm as compositions. */
#include "tapegrad/normalise.h"

#include <math.h>

#include "ops/compose.h"

static bool eps_valid(tg_tape *t, const char *who, double eps)
{
    if (eps >= 0 && isfinite(eps)) return true;
    (void)tg_tape_fail(t, TG_EARG, "%s: eps is %g, must be 0 or more", who, eps);
    return false;
}

/* w is NULL or has the shape of the n given sizes. */
static bool fits(tg_tape *t, const char *who, const char *name, const tg_tensor *w, int n,
                 const int64_t *shape)
{
    char got[TG_DESCRIBE_SIZE], want[TG_DESCRIBE_SIZE];
    if (!w) return true;
    if (!tgi_operand(t, who, w)) return false;
    bool same = w->ndim == n;
    for (int i = 0; i < n && same; i++) same = w->shape[i] == shape[i];
    if (!same)
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: %s is %s, must be of shape %s", who, name,
                           tg_tensor_describe(w, got, sizeof got),
                           tg_shape_describe(n, shape, want, sizeof want));
    return same;
}

/* The list of axes first .. ndim - 1. */
static int trailing(int first, int ndim, int axes[TG_MAX_NDIM])
{
    for (int i = first; i < ndim; i++) axes[i - first] = i;
    return ndim - first;
}

/* x / sqrt(mean(x^2) + eps) over the axes from `first` on. No square overflows or vanishes: the
 * root of the mean is computed as a norm, and before norm^2 + eps is formed, both roots are divided
 * by the larger one, a constant on which the result does not depend. */
static tg_tensor *unit(tg_tape *t, tg_tensor *x, int first, double eps)
{
    int axes[TG_MAX_NDIM];
    double count = 1;
    const int n = x ? trailing(first, x->ndim, axes) : 0;
    for (int i = first; x && i < x->ndim; i++) count *= (double)x->shape[i];
    tg_tensor *root = tg_scalar(t, sqrt(eps)), *share = tg_scalar(t, 1 / sqrt(count));
    tg_tensor *rms = tg_mul(t, tg_norm_axes(t, x, 2, n, axes, true), share);
    tg_tensor *scale = tg_stop_gradient(t, tg_maximum(t, rms, root));
    tg_tensor *square = tg_square(t, tg_div(t, rms, scale));
    square = tg_add(t, square, tg_square(t, tg_div(t, root, scale)));
    return tg_mul(t, x, tg_div(t, tg_rsqrt(t, square), scale));
}

static tg_tensor *centre(tg_tape *t, tg_tensor *x, int first)
{
    int axes[TG_MAX_NDIM];
    const int n = x ? trailing(first, x->ndim, axes) : 0;
    return tg_sub(t, x, tg_mean_axes(t, x, n, axes, true));
}

static tg_tensor *scale_and_shift(tg_tape *t, tg_tensor *y, tg_tensor *weight, tg_tensor *bias)
{
    if (weight) y = tg_mul(t, y, weight);
    return bias ? tg_add(t, y, bias) : y;
}

/* ---- over the last axes --------------------------------------------------------------------- */

static bool last_axes_valid(tg_tape *t, const char *who, const tg_tensor *x, int n, double eps)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, who, x) || !eps_valid(t, who, eps)) return false;
    if (n >= 1 && n <= x->ndim) return true;
    (void)tg_tape_fail(t, TG_ESHAPE, "%s: the last %d axes of %s", who, n,
                       tg_tensor_describe(x, text, sizeof text));
    return false;
}

tg_tensor *tg_layer_norm(tg_tape *t, tg_tensor *x, int n, tg_tensor *weight, tg_tensor *bias,
                         double eps)
{
    if (!last_axes_valid(t, "layer_norm", x, n, eps)) return NULL;
    const int first = x->ndim - n;
    if (!fits(t, "layer_norm", "weight", weight, n, x->shape + first) ||
        !fits(t, "layer_norm", "bias", bias, n, x->shape + first))
        return NULL;
    const char *outer = tgi_enter(t, "layer_norm");
    tg_tensor *y = unit(t, centre(t, x, first), first, eps);
    return tgi_leave(t, outer, scale_and_shift(t, y, weight, bias));
}

tg_tensor *tg_rms_norm(tg_tape *t, tg_tensor *x, int n, tg_tensor *weight, double eps)
{
    if (!last_axes_valid(t, "rms_norm", x, n, eps)) return NULL;
    const int first = x->ndim - n;
    if (!fits(t, "rms_norm", "weight", weight, n, x->shape + first)) return NULL;
    const char *outer = tgi_enter(t, "rms_norm");
    return tgi_leave(t, outer, scale_and_shift(t, unit(t, x, first, eps), weight, NULL));
}

/* ---- over channels -------------------------------------------------------------------------- */

static bool channels_valid(tg_tape *t, const char *who, const tg_tensor *x, int least, int most,
                           const tg_tensor *weight, const tg_tensor *bias, double eps)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, who, x) || !eps_valid(t, who, eps)) return false;
    if (x->ndim < least || x->ndim > most) {
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: x is %s, must have %d..%d axes", who,
                           tg_tensor_describe(x, text, sizeof text), least, most);
        return false;
    }
    return fits(t, who, "weight", weight, 1, x->shape + 1) &&
           fits(t, who, "bias", bias, 1, x->shape + 1);
}

/* w (C) -> (C, 1, ...), beside y (N, C, ...) */
static tg_tensor *by_channel(tg_tape *t, tg_tensor *w, const tg_tensor *y)
{
    int64_t shape[TG_MAX_NDIM] = {w ? w->size : 0, 1, 1, 1, 1, 1, 1, 1};
    return w && y ? tg_reshape(t, w, y->ndim - 1, shape) : NULL;
}

tg_tensor *tg_group_norm(tg_tape *t, tg_tensor *x, int64_t groups, tg_tensor *weight,
                         tg_tensor *bias, double eps)
{
    if (!channels_valid(t, "group_norm", x, 2, TG_MAX_NDIM - 1, weight, bias, eps)) return NULL;
    const int64_t C = x->shape[1];
    if (groups < 1 || C % groups != 0)
        return tg_tape_fail(t, TG_EARG, "group_norm: %lld groups of %lld channels",
                            (long long)groups, (long long)C);
    int64_t cut[TG_MAX_NDIM] = {x->shape[0], groups, C / groups};
    for (int i = 2; i < x->ndim; i++) cut[i + 1] = x->shape[i];
    const char *outer = tgi_enter(t, "group_norm");
    tg_tensor *y = centre(t, tg_reshape(t, x, x->ndim + 1, cut), 2);
    y = tg_reshape(t, unit(t, y, 2, eps), x->ndim, x->shape);
    y = scale_and_shift(t, y, by_channel(t, weight, y), by_channel(t, bias, y));
    return tgi_leave(t, outer, y);
}

tg_tensor *tg_instance_norm(tg_tape *t, tg_tensor *x, tg_tensor *weight, tg_tensor *bias,
                            double eps)
{
    if (!channels_valid(t, "instance_norm", x, 3, TG_MAX_NDIM, weight, bias, eps)) return NULL;
    const char *outer = tgi_enter(t, "instance_norm");
    tg_tensor *y = unit(t, centre(t, x, 2), 2, eps);
    y = scale_and_shift(t, y, by_channel(t, weight, y), by_channel(t, bias, y));
    return tgi_leave(t, outer, y);
}
