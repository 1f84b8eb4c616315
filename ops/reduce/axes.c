/* axes.c - the axes that a reduction is given: checked, put in order, and as a mask. */
#include "ops/reduce/reduce.h"

static tg_status fail_axis(const char *who, const tg_tensor *x, int64_t axis, const char *what,
                           tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    return tg_fail(err, TG_EAXIS, "%s: axis %lld is %s for %s", who, (long long)axis, what,
                   tg_tensor_describe(x, text, sizeof text));
}

tg_status tgi_reduce_axes(const char *who, const tg_tensor *x, tg_ints *axis, tg_error *err)
{
    if (axis->n == TG_ALL) return TG_OK;
    if (axis->n < 0 || axis->n > TG_MAX_NDIM)
        return tg_fail(err, TG_EAXIS, "%s: %d is not a number of axes", who, axis->n);
    unsigned seen = 0;
    for (int i = 0; i < axis->n; i++) {
        const int64_t given = axis->v[i], a = given < 0 ? given + x->ndim : given;
        if (a < 0 || a >= x->ndim) return fail_axis(who, x, given, "out of range", err);
        if (seen >> a & 1) return fail_axis(who, x, given, "given twice", err);
        seen |= 1u << a;
    }
    int n = 0;
    for (int a = 0; a < x->ndim; a++)
        if (seen >> a & 1) axis->v[n++] = a;
    return TG_OK;
}

unsigned tgi_reduce_mask(const tg_ints *axis, int ndim)
{
    if (axis->n == TG_ALL) return (1u << ndim) - 1;
    unsigned mask = 0;
    for (int i = 0; i < axis->n; i++) mask |= 1u << axis->v[i];
    return mask;
}

unsigned tgi_reduce_mask_to(const tg_ints *shape, const tg_tensor *x)
{
    const int lead = x->ndim - shape->n;
    unsigned mask = (1u << lead) - 1;
    for (int i = 0; i < shape->n; i++)
        if (shape->v[i] != x->shape[lead + i]) mask |= 1u << (lead + i);
    return mask;
}
