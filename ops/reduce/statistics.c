/* statistics.c - compositions over axes: the smallest, masks, means, variance, deviation, norms. */
#include <math.h>

#include "ops/compose.h"
#include "ops/elementwise/families.h"

/* Returns ok; if it is false, the tape is poisoned: x is not `what`. */
static bool dtype_is(tg_tape *t, const char *who, const tg_tensor *x, bool ok, const char *what)
{
    char text[TG_DESCRIBE_SIZE];
    if (!ok)
        (void)tg_tape_fail(t, TG_EDTYPE, "%s: %s is not %s (use tg_cast)", who,
                           tg_tensor_describe(x, text, sizeof text), what);
    return ok;
}

static bool floats(tg_tape *t, const char *who, const tg_tensor *x)
{
    return dtype_is(t, who, x, tg_dtype_is_float(x->dtype), "a float tensor");
}

/* Returns true and poisons the tape if an output has no element to choose from. */
static bool nothing_to_choose(tg_tape *t, const char *who, const tg_tensor *x, const tg_ints *axis)
{
    tg_error err = TG_ERROR_INIT;
    if (!tgi_reduce_refuse_empty(who, x, tgi_reduce_mask(axis, x->ndim), &err)) return false;
    (void)tg_tape_fail(t, err.status, "%s", err.text);
    return true;
}

/* How many elements of x each element of the output is computed from. */
static double elements_of(const tg_tensor *x, const tg_ints *axis)
{
    const unsigned mask = tgi_reduce_mask(axis, x->ndim);
    double elements = 1;
    for (int i = 0; i < x->ndim; i++)
        if (mask >> i & 1) elements *= (double)x->shape[i];
    return elements;
}

/* ---- the smallest --------------------------------------------------------------------------- */

/* Turns the order of numbers around: -x, or for integers -1 - x, which cannot overflow. */
static tg_tensor *opposite(tg_tape *t, tg_tensor *x)
{
    if (!x || tg_dtype_is_float(x->dtype)) return tg_neg(t, x);
    return tg_sub(t, tg_full(t, TG_I32, 0, NULL, -1), x);
}

tg_tensor *tg_min_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tg_ints list;
    if (!tgi_operand(t, "min", x) || !tgi_axes(t, "min", x, n, axes, &list)) return NULL;
    if (!dtype_is(t, "min", x, x->dtype != TG_U8, "f32, f64 or i32")) return NULL;
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

/* ---- masks ---------------------------------------------------------------------------------- */

/* Counts a mask in f32, where large counts are rounded, but never to 0, and do not wrap around. */
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

/* ---- means ---------------------------------------------------------------------------------- */

/* Divides the sum, and does not multiply it by 1/n, so that the mean of equal numbers is that
 * number. The mean of nothing is 0 / 0, which is NaN. */
tg_tensor *tg_mean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tg_ints list;
    if (!tgi_operand(t, "mean", x) || !tgi_axes(t, "mean", x, n, axes, &list) ||
        !floats(t, "mean", x))
        return NULL;
    const char *outer = tgi_enter(t, "mean");
    tg_tensor *const sum = tg_sum_axes(t, x, n, axes, keepdims);
    return tgi_leave(t, outer, tg_div(t, sum, tgi_scalar_for(t, sum, elements_of(x, &list))));
}

tg_tensor *tg_mean(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    return tg_mean_axes(t, x, 1, &axis, keepdims);
}

/* If no element is a number, the count is 0 and the mean NaN. */
tg_tensor *tg_nanmean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    if (!tgi_operand(t, "nanmean", x) || !floats(t, "nanmean", x)) return NULL;
    const char *outer = tgi_enter(t, "nanmean");
    tg_tensor *const sum = tg_nansum_axes(t, x, n, axes, keepdims);
    tg_tensor *const fixed = tg_stop_gradient(t, x);
    tg_tensor *const is_number = sum ? tg_cast(t, tg_equal(t, fixed, fixed), sum->dtype) : NULL;
    tg_tensor *const numbers = tg_sum_axes(t, is_number, n, axes, keepdims);
    return tgi_leave(t, outer, tg_div(t, sum, numbers));
}

tg_tensor *tg_nanmean(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    return tg_nanmean_axes(t, x, 1, &axis, keepdims);
}

/* ---- norms and deviations ------------------------------------------------------------------- */

/* op is norm1 or norm2. */
static tg_tensor *norm_by(tg_tape *t, int op, tg_tensor *x, const tg_ints *axes, bool keepdims)
{
    return tg_record(t, &tgi_reduction_ops[op], &x, 1, &(tgi_reduce_attrs){*axes, keepdims});
}

/* x - mean(x), computed from x - first element: this removes an offset that all elements share
 * before anything is rounded, and equal elements give exactly 0. The first element is taken as a
 * constant, because the result does not depend on it. */
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
    if (!tgi_operand(t, who, x) || !tgi_axes(t, who, x, n, axes, &list) || !floats(t, who, x))
        return NULL;
    if (isnan(correction)) return tg_tape_fail(t, TG_EARG, "%s: correction is nan", who);
    const unsigned mask = tgi_reduce_mask(&list, x->ndim);
    const double n_elements = elements_of(x, &list);
    const double degrees = n_elements > 0 ? fmax(n_elements - correction, 0) : 0;
    tg_tensor *const away = centred(t, x, mask, n, axes);
    if (root)
        return tg_div(t, norm_by(t, TGI_REDUCE_norm2, away, &list, keepdims),
                      tg_scalar(t, sqrt(degrees)));
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
    if (!tgi_operand(t, "norm", x) || !tgi_axes(t, "norm", x, n, axes, &list) ||
        !floats(t, "norm", x))
        return NULL;
    if (p == 1) return norm_by(t, TGI_REDUCE_norm1, x, &list, keepdims);
    if (p == 2) return norm_by(t, TGI_REDUCE_norm2, x, &list, keepdims);
    if (p == INFINITY && nothing_to_choose(t, "norm", x, &list)) return NULL;
    if (p == INFINITY) return tg_max_axes(t, tg_abs(t, x), n, axes, keepdims);
    return tg_tape_fail(t, TG_EARG, "norm: p must be 1, 2 or INFINITY");
}

tg_tensor *tg_norm(tg_tape *t, tg_tensor *x, double p, int axis, bool keepdims)
{
    return tg_norm_axes(t, x, p, 1, &axis, keepdims);
}
