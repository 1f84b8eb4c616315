/* axes.c - checks the axes that a reduction is given, puts them in order and makes a mask of them.
 */
#include "ops/reduce/reduce.h"

#include "tapegrad/tape.h"

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
        return tg_fail(err, TG_EAXIS, "%s: the number of axes is %d", who, axis->n);
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

tg_status tgi_reduce_refuse_empty(const char *who, const tg_tensor *x, unsigned mask, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    int empty = -1;
    for (int i = x->ndim - 1; i >= 0; i--) {
        if (x->shape[i] > 0) continue;
        if (!(mask >> i & 1)) return TG_OK; /* there is no output */
        empty = i;
    }
    if (empty < 0) return TG_OK;
    return tg_fail(err, TG_ESHAPE, "%s: axis %d of %s is empty", who, empty,
                   tg_tensor_describe(x, text, sizeof text));
}

bool tgi_axis_list(tg_tape *t, const char *who, int n, const int *axes, tg_ints *list)
{
    *list = (tg_ints){.n = n == 1 && axes && axes[0] == TG_ALL ? TG_ALL : n};
    if (list->n == TG_ALL) return true;
    if (n >= 0 && n <= TG_MAX_NDIM && (n == 0 || axes)) {
        for (int i = 0; i < n; i++) list->v[i] = axes[i];
        return true;
    }
    if (n < 0)
        (void)tg_tape_fail(t, TG_EARG, "%s: the number of axes is %d", who, n);
    else if (!axes)
        (void)tg_tape_fail(t, TG_EARG, "%s: the list of axes is NULL", who);
    else
        (void)tg_tape_fail(t, TG_EAXIS, "%s: %d axes, but no tensor has more than %d", who, n,
                           TG_MAX_NDIM);
    return false;
}

bool tgi_axes(tg_tape *t, const char *who, const tg_tensor *x, int n, const int *axes,
              tg_ints *list)
{
    tg_error err = TG_ERROR_INIT;
    if (!tgi_axis_list(t, who, n, axes, list)) return false;
    if (!tgi_reduce_axes(who, x, list, &err)) return true;
    (void)tg_tape_fail(t, err.status, "%s", err.text);
    return false;
}
