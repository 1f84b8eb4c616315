/* calls.c - the functions by which a program calls the reductions, by name. */
#include "graph/tape.h"
#include "ops/elementwise/families.h"
#include "ops/reduce/reduce.h"
#include "tapegrad/ops.h"

static tg_tensor *reduce(tg_tape *t, int op, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tgi_reduce_attrs a = {.keepdims = keepdims};
    if (!tgi_axis_list(t, tgi_reduction_ops[op].name, n, axes, &a.axis)) return NULL;
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
