/* statistics.c - compositions over axes: smallest, any, all, variance, deviation, norm. */
#include <math.h>

#include "ops/compose.h"
#include "ops/elementwise/families.h"

static tg_tensor *not_a(tg_tape *t, const char *who, const tg_tensor *x, const char *what)
{
    char text[TG_DESCRIBE_SIZE];
    return tg_tape_fail(t, TG_EDTYPE, "%s: %s is not %s (use tg_cast)", who,
                        tg_tensor_describe(x, text, sizeof text), what);
}

/* True, with the tape poisoned, when some result has no element to choose from. */
static bool nothing_to_choose(tg_tape *t, const char *who, const tg_tensor *x, const tg_ints *axis)
{
    const unsigned mask = tgi_reduce_mask(axis, x->ndim);
    char text[TG_DESCRIBE_SIZE];
    int empty = -1;
    for (int i = x->ndim - 1; i >= 0; i--) {
        if (x->shape[i] > 0) continue;
        if (!(mask >> i & 1)) return false; /* there is no result */
        empty = i;
    }
    if (empty < 0) return false;
    (void)tg_tape_fail(t, TG_ESHAPE, "%s: axis %d of %s is empty", who, empty,
                       tg_tensor_describe(x, text, sizeof text));
    return true;
}

/* The same numbers in the opposite order: -x, or of integers -1 - x, which cannot overflow. */
static tg_tensor *opposite(tg_tape *t, tg_tensor *x)
{
    if (!x || tg_dtype_is_float(x->dtype)) return tg_neg(t, x);
    return tg_sub(t, tg_full(t, TG_I32, 0, NULL, -1), x);
}

tg_tensor *tg_min_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tg_ints list;
    if (!tgi_operand(t, "min", x) || !tgi_axes(t, "min", x, n, axes, &list)) return NULL;
    if (x->dtype == TG_U8) return not_a(t, "min", x, "f32, f64 or i32");
    if (nothing_to_choose(t, "min", x, &list)) return NULL;
    return opposite(t, tg_max_axes(t, opposite(t, x), n, axes, keepdims));
}

tg_tensor *tg_min(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    return tg_min_axes(t, x, 1, &axis, keepdims);
}

tg_tensor *tg_argmin(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    tg_ints list;
    if (!tgi_operand(t, "argmin", x) || !tgi_axes(t, "argmin", x, 1, &axis, &list) ||
        nothing_to_choose(t, "argmin", x, &list))
        return NULL;
    if (x->dtype == TG_U8) x = tg_cast(t, x, TG_I32);
    return tg_argmax(t, opposite(t, x), axis, keepdims);
}

/* How many of a mask, as f32: large counts are rounded, but never to 0, and do not wrap around. */
static tg_tensor *count(tg_tape *t, tg_tensor *mask, int axis, bool keepdims)
{
    return tg_sum(t, tg_cast(t, mask, TG_F32), axis, keepdims);
}

tg_tensor *tg_any(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    const char *outer = tgi_enter(t, "any");
    tg_tensor *const some = count(t, tg_logical_not(t, tg_logical_not(t, x)), axis, keepdims);
    return tgi_leave(t, outer, tg_not_equal(t, some, tg_scalar(t, 0)));
}

tg_tensor *tg_all(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    const char *outer = tgi_enter(t, "all");
    tg_tensor *const others = count(t, tg_logical_not(t, x), axis, keepdims);
    return tgi_leave(t, outer, tg_equal(t, others, tg_scalar(t, 0)));
}

static tg_tensor *root_of_squares(tg_tape *t, tg_tensor *x, const tg_ints *axes, bool keepdims)
{
    return tg_record(t, &tgi_reduction_ops[TGI_REDUCE_norm2], &x, 1,
                     &(tgi_reduce_attrs){*axes, keepdims});
}

/* x less its mean, by way of x less its first element: an offset that all elements share is gone
 * before anything is rounded, and equal elements give exactly 0.  The first counts as a constant,
 * on which the result does not depend. */
static tg_tensor *centred(tg_tape *t, tg_tensor *x, unsigned mask, int n, const int *axes)
{
    tg_tensor *first = x;
    for (int i = 0; first && i < x->ndim; i++)
        if (mask >> i & 1 && x->shape[i] > 1) first = tg_slice(t, first, i, 0, 1, 1);
    tg_tensor *const away = tg_sub(t, x, tg_stop_gradient(t, first));
    return tg_sub(t, away, tg_mean_axes(t, away, n, axes, true));
}

/* The variance, or its root. */
static tg_tensor *spread(tg_tape *t, const char *who, tg_tensor *x, int n, const int *axes,
                         double correction, bool keepdims, bool root)
{
    tg_ints list;
    double elements = 1;
    if (!tgi_operand(t, who, x) || !tgi_axes(t, who, x, n, axes, &list)) return NULL;
    if (!tg_dtype_is_float(x->dtype)) return not_a(t, who, x, "a float tensor");
    if (isnan(correction)) return tg_tape_fail(t, TG_EARG, "%s: correction is nan", who);
    const unsigned mask = tgi_reduce_mask(&list, x->ndim);
    for (int i = 0; i < x->ndim; i++)
        if (mask >> i & 1) elements *= (double)x->shape[i];
    const double degrees = elements - correction > 0 ? elements - correction : 0;
    tg_tensor *const away = centred(t, x, mask, n, axes);
    if (root)
        return tg_div(t, root_of_squares(t, away, &list, keepdims), tg_scalar(t, sqrt(degrees)));
    tg_tensor *const sum = tg_sum_axes(t, tg_square(t, away), n, axes, keepdims);
    return tg_div(t, sum, tg_scalar(t, degrees));
}

tg_tensor *tg_var_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, double correction,
                       bool keepdims)
{
    return spread(t, "var", x, n, axes, correction, keepdims, false);
}

tg_tensor *tg_var(tg_tape *t, tg_tensor *x, int axis, double correction, bool keepdims)
{
    return spread(t, "var", x, 1, &axis, correction, keepdims, false);
}

tg_tensor *tg_std_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, double correction,
                       bool keepdims)
{
    return spread(t, "std", x, n, axes, correction, keepdims, true);
}

tg_tensor *tg_std(tg_tape *t, tg_tensor *x, int axis, double correction, bool keepdims)
{
    return tg_std_axes(t, x, 1, &axis, correction, keepdims);
}

tg_tensor *tg_norm_axes(tg_tape *t, tg_tensor *x, double p, int n, const int *axes, bool keepdims)
{
    tg_ints list;
    if (!tgi_operand(t, "norm", x) || !tgi_axes(t, "norm", x, n, axes, &list)) return NULL;
    if (!tg_dtype_is_float(x->dtype)) return not_a(t, "norm", x, "a float tensor");
    if (p == 1) return tg_sum_axes(t, tg_abs(t, x), n, axes, keepdims);
    if (p == 2) return root_of_squares(t, x, &list, keepdims);
    if (p == INFINITY && nothing_to_choose(t, "norm", x, &list)) return NULL;
    if (p == INFINITY) return tg_max_axes(t, tg_abs(t, x), n, axes, keepdims);
    return tg_tape_fail(t, TG_EARG, "norm: p must be 1, 2 or INFINITY");
}

tg_tensor *tg_norm(tg_tape *t, tg_tensor *x, double p, int axis, bool keepdims)
{
    return tg_norm_axes(t, x, p, 1, &axis, keepdims);
}
