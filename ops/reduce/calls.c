/* calls.c - the functions by which a program calls the reductions, and the mean. */
#include "graph/tape.h"
#include "ops/elementwise/families.h"
#include "ops/reduce/reduce.h"
#include "tapegrad/ops.h"

/* False, with the tape poisoned, when n and axes are no list. */
static bool list_axes(tg_tape *t, const char *who, int n, const int *axes, tg_ints *list)
{
    *list = (tg_ints){.n = n};
    if (n == 1 && axes && axes[0] == TG_ALL) list->n = TG_ALL;
    if (list->n == TG_ALL) return true;
    if (n < 0 || (n > 0 && !axes)) {
        (void)(n < 0 ? tg_tape_fail(t, TG_EARG, "%s: %d axes", who, n)
                     : tg_tape_fail(t, TG_EARG, "%s: the list of axes is NULL", who));
        return false;
    }
    if (n > TG_MAX_NDIM) {
        (void)tg_tape_fail(t, TG_EAXIS, "%s: %d axes, but no tensor has more than %d", who, n,
                           TG_MAX_NDIM);
        return false;
    }
    for (int i = 0; i < n; i++) list->v[i] = axes[i];
    return true;
}

static tg_tensor *reduce(tg_tape *t, int op, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tgi_reduce_attrs a = {.keepdims = keepdims};
    if (!list_axes(t, tgi_reduction_ops[op].name, n, axes, &a.axis)) return NULL;
    return tg_record(t, &tgi_reduction_ops[op], &x, 1, &a);
}

/* x can be read; what is wrong with it otherwise is for tg_record to say. */
static bool usable(const tg_tape *t, const tg_tensor *x)
{
    return t && x && (!x->tape || (x->tape == t && tg_tape_value(t, x->id) == x));
}

#define OVER_ONE(name)                                                                             \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *x, int axis, bool keepdims)                        \
    {                                                                                              \
        return reduce(t, TGI_REDUCE_##name, x, 1, &axis, keepdims);                                \
    }
#define OVER_SEVERAL(name)                                                                         \
    tg_tensor *tg_##name##_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)   \
    {                                                                                              \
        return reduce(t, TGI_REDUCE_##name, x, n, axes, keepdims);                                 \
    }
OVER_ONE(sum)
OVER_SEVERAL(sum)
OVER_ONE(nansum)
OVER_SEVERAL(nansum)
OVER_ONE(max)
OVER_SEVERAL(max)
OVER_ONE(logsumexp)
OVER_SEVERAL(logsumexp)
OVER_ONE(norm2)
OVER_ONE(argmax)

tg_tensor *tg_sum_to(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape)
{
    tgi_shape_attrs a = {.shape = {.n = ndim}};
    if (ndim > 0 && !shape) return tg_tape_fail(t, TG_EARG, "sum_to: the shape is NULL");
    for (int i = 0; i < ndim && i < TG_MAX_NDIM; i++) a.shape.v[i] = shape[i];
    if (usable(t, x) && tg_tape_status(t) == TG_OK && ndim == x->ndim &&
        tgi_reduce_mask_to(&a.shape, x) == 0)
        return tg_cast(t, x, x->dtype);
    return tg_record(t, &tgi_reduction_ops[TGI_REDUCE_sum_to], &x, 1, &a);
}

/* ---- means ---------------------------------------------------------------------------------- */

/* The sum is divided, not multiplied by 1/n, so that the mean of equal numbers is that number.
 * 0 / 0 makes the mean of nothing NaN. */
tg_tensor *tg_mean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tgi_reduce_attrs a = {.keepdims = keepdims};
    tg_error err = TG_ERROR_INIT;
    char text[TG_DESCRIBE_SIZE];
    double count = 1;
    if (!list_axes(t, "mean", n, axes, &a.axis)) return NULL;
    if (usable(t, x)) {
        if (!tg_dtype_is_float(x->dtype))
            return tg_tape_fail(t, TG_EDTYPE, "mean: %s is not a float tensor (use tg_cast)",
                                tg_tensor_describe(x, text, sizeof text));
        if (tgi_reduce_axes("mean", x, &a.axis, &err))
            return tg_tape_fail(t, err.status, "%s", err.text);
        const unsigned mask = tgi_reduce_mask(&a.axis, x->ndim);
        for (int i = 0; i < x->ndim; i++)
            if (mask >> i & 1) count *= (double)x->shape[i];
    }
    const char *outer = tgi_enter(t, "mean");
    tg_tensor *const sum = tg_record(t, &tgi_reduction_ops[TGI_REDUCE_sum], &x, 1, &a);
    return tgi_leave(t, outer, tg_div(t, sum, tgi_scalar_for(t, sum, count)));
}

tg_tensor *tg_mean(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    return tg_mean_axes(t, x, 1, &axis, keepdims);
}

/* The count is 0, and the mean NaN, where no element is a number. */
tg_tensor *tg_nanmean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    char text[TG_DESCRIBE_SIZE];
    tg_ints list;
    if (!list_axes(t, "nanmean", n, axes, &list)) return NULL;
    if (usable(t, x) && !tg_dtype_is_float(x->dtype))
        return tg_tape_fail(t, TG_EDTYPE, "nanmean: %s is not a float tensor (use tg_cast)",
                            tg_tensor_describe(x, text, sizeof text));
    const char *outer = tgi_enter(t, "nanmean");
    tg_tensor *const sum = tg_nansum_axes(t, x, n, axes, keepdims);
    tg_tensor *const fixed = tg_stop_gradient(t, x);
    tg_tensor *const is_number = sum ? tg_cast(t, tg_equal(t, fixed, fixed), sum->dtype) : NULL;
    tg_tensor *const count = tg_sum_axes(t, is_number, n, axes, keepdims);
    return tgi_leave(t, outer, tg_div(t, sum, count));
}

tg_tensor *tg_nanmean(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    return tg_nanmean_axes(t, x, 1, &axis, keepdims);
}
