/* shape.c - shapes: their size, strides and text, and the shape to which two of them broadcast. */
#include <stdio.h>

#include "graph/storage.h"
#include "tapegrad/op.h"

tg_status tgi_shape_size(const char *who, int ndim, const int64_t *shape, tg_dtype dtype,
                         int64_t *size, tg_error *err)
{
    const int64_t width = (int64_t)tg_dtype_size(dtype);
    if (width == 0) return tg_fail(err, TG_EDTYPE, "%s: %d is not a dtype", who, (int)dtype);
    if (ndim < 0 || ndim > TG_MAX_NDIM)
        return tg_fail(err, TG_ESHAPE, "%s: %d dimensions, must be 0..%d", who, ndim, TG_MAX_NDIM);
    if (ndim > 0 && !shape) return tg_fail(err, TG_EARG, "%s: shape is NULL", who);
    int64_t product = 1;
    bool empty = false;
    for (int i = 0; i < ndim; i++) {
        const int64_t n = shape[i];
        if (n < 0)
            return tg_fail(err, TG_ESHAPE, "%s: size %lld of axis %d is negative", who,
                           (long long)n, i);
        if (n == 0)
            empty = true;
        else if ((product | n) >> 28 && /* saves most divisions */
                 product > (INT64_MAX >> 1) / width / n) {
            char text[TG_DESCRIBE_SIZE];
            return tg_fail(err, TG_ENOMEM, "%s: the size of %s%s overflows", who,
                           tg_dtype_name(dtype), tg_shape_describe(ndim, shape, text, sizeof text));
        } else
            product *= n;
    }
    *size = empty ? 0 : product;
    return TG_OK;
}

void tgi_row_major(int ndim, const int64_t *shape, int64_t *strides)
{
    int64_t step = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        strides[i] = step;
        step *= shape[i] > 0 ? shape[i] : 1;
    }
}

tg_status tg_broadcast_shapes(const char *who, int na, const int64_t *a, int nb, const int64_t *b,
                              int *ndim, int64_t *shape, tg_error *err)
{
    const int n = na > nb ? na : nb;
    if (!who) who = "broadcast_shapes";
    if (!ndim || (n > 0 && !shape) || (na > 0 && !a) || (nb > 0 && !b))
        return tg_fail(err, TG_EARG, "%s: %s is NULL", who,
                       na > 0 && !a   ? "a"
                       : nb > 0 && !b ? "b"
                       : !ndim        ? "ndim"
                                      : "shape");
    if (na < 0 || nb < 0 || n > TG_MAX_NDIM)
        return tg_fail(err, TG_ESHAPE, "%s: a shape cannot have %d dimensions", who,
                       na < 0   ? na
                       : nb < 0 ? nb
                                : n);
    for (int i = 1; i <= n; i++) {
        const int64_t x = i <= na ? a[na - i] : 1, y = i <= nb ? b[nb - i] : 1;
        if (x != y && x != 1 && y != 1) {
            char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
            return tg_fail(err, TG_ESHAPE, "%s: shapes do not broadcast: %s and %s", who,
                           tg_shape_describe(na, a, one, sizeof one),
                           tg_shape_describe(nb, b, two, sizeof two));
        }
        shape[n - i] = x == 1 ? y : x;
    }
    *ndim = n;
    return TG_OK;
}

tg_status tg_axis_normalise(const char *who, int64_t *axis, int ndim, tg_error *err)
{
    if (!who) who = "axis_normalise";
    if (!axis) return tg_fail(err, TG_EARG, "%s: axis is NULL", who);
    if (ndim < 0 || *axis < -ndim || *axis >= ndim)
        return tg_fail(err, TG_EAXIS, "%s: axis %lld is out of range for %d dimensions", who,
                       (long long)*axis, ndim);
    if (*axis < 0) *axis += ndim;
    return TG_OK;
}

char *tg_shape_describe(int ndim, const int64_t *shape, char *text, size_t size)
{
    size_t used = 0;
    if (!text || size == 0) return text;
    if (ndim > 0 && !shape) ndim = -1;
    if (ndim < 0) (void)snprintf(text, size, "[?]"); /* and the loop is skipped */
    for (int i = 0; i <= ndim && i <= TG_MAX_NDIM && used < size; i++) {
        const int n = i == ndim || i == TG_MAX_NDIM ? snprintf(text + used, size - used, "%s]",
                                                               i < ndim ? ",..."
                                                               : i      ? ""
                                                                        : "[")
                                                    : snprintf(text + used, size - used, "%s%lld",
                                                               i ? "," : "[", (long long)shape[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    text[size - 1] = '\0';
    return text;
}
