/* upsample.c - images at another size: rows and columns are taken by computed indices. */
#include "ops/compose.h"
#include "src/nn/resize.h"
#include "tapegrad/conv.h"

bool tgi_resize_valid(tg_tape *t, const char *who, const tg_tensor *x, int axes, const int64_t *out)
{
    char text[TG_DESCRIBE_SIZE], shape[TG_DESCRIBE_SIZE];
    if (tg_tape_status(t)) return false;
    bool fits = x && x->ndim == axes + 2;
    for (int i = 0; fits && i < axes; i++)
        fits = out[i] >= 1 && out[i] <= TGI_RESIZE_MOST && x->shape[2 + i] >= 1 &&
               x->shape[2 + i] <= TGI_RESIZE_MOST;
    if (!fits) {
        (void)tg_tape_fail(t, x ? TG_ESHAPE : TG_EARG,
                           "%s: x is %s, must have %d dimensions, and its size and the new one %s "
                           "must be in 1..%d",
                           who, tg_tensor_describe(x, text, sizeof text), axes + 2,
                           tg_shape_describe(axes, out, shape, sizeof shape), TGI_RESIZE_MOST);
        return false;
    }
    if (tg_dtype_is_float(x->dtype)) return true;
    (void)tg_tape_fail(t, TG_EDTYPE, "%s: %s is not a float tensor (use tg_cast)", who,
                       tg_tensor_describe(x, text, sizeof text));
    return false;
}

tg_tensor *tgi_resize_source(tg_tape *t, int64_t n, double shift, int64_t in, int64_t out)
{
    tg_tensor *i = tg_cast(t, tg_arange(t, n), TG_F64);
    if (shift != 0) i = tg_add(t, i, tg_scalar(t, shift));
    return tg_div(t, tg_mul(t, i, tg_scalar(t, (double)in)), tg_scalar(t, (double)out));
}

/* Applies a function for rows (axis 2) to both axes. Columns are first made rows by a view,
 * because tg_take is faster for slices of more than one element. */
typedef tg_tensor *(*rows_fn)(tg_tape *t, tg_tensor *x, int64_t out, bool align_corners);

static tg_tensor *resize(tg_tape *t, tg_tensor *x, int64_t h, int64_t w, rows_fn rows,
                         bool align_corners)
{
    tg_tensor *y = x;
    if (x->shape[3] != w) {
        y = rows(t, tg_transpose(t, x, 2, 3), w, align_corners);
        y = tg_transpose(t, y, 2, 3);
    }
    if (y && y->shape[2] != h) y = rows(t, y, h, align_corners);
    return y == x ? tgi_unchanged(t, x) : y;
}

/* ---- nearest -------------------------------------------------------------------------------- */

static tg_tensor *nearest_rows(tg_tape *t, tg_tensor *x, int64_t out, bool align_corners)
{
    (void)align_corners;
    if (!x) return NULL;
    tg_tensor *s = tgi_resize_source(t, out, 0, x->shape[2], out);
    return tg_take(t, x, tg_cast(t, tg_floor(t, s), TG_I32), 2);
}

/* An integer factor: each element is repeated along both axes. */
static tg_tensor *repeat(tg_tape *t, tg_tensor *x, int64_t down, int64_t across)
{
    const int64_t *n = x->shape;
    const int64_t apart[6] = {n[0], n[1], n[2], 1, n[3], 1};
    const int64_t wide[6] = {n[0], n[1], n[2], down, n[3], across};
    const int64_t shape[4] = {n[0], n[1], n[2] * down, n[3] * across};
    return tg_reshape(t, tg_expand(t, tg_reshape(t, x, 6, apart), 6, wide), 4, shape);
}

tg_tensor *tg_upsample_nearest2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w)
{
    if (!tgi_resize_valid(t, "upsample_nearest2d", x, 2, (const int64_t[]){h, w})) return NULL;
    const int64_t *in = x->shape + 2;
    if (h % in[0] == 0 && w % in[1] == 0) return repeat(t, x, h / in[0], w / in[1]);
    return resize(t, x, h, w, nearest_rows, false);
}

/* ---- bilinear ------------------------------------------------------------------------------- */

/* The source position s of each output row, f64[out]. */
static tg_tensor *linear_source(tg_tape *t, int64_t in, int64_t out, bool align_corners)
{
    if (align_corners) return tgi_resize_source(t, out, 0, in - 1, out > 1 ? out - 1 : 1);
    tg_tensor *centre = tgi_resize_source(t, out, 0.5, in, out);
    return tg_maximum(t, tg_sub(t, centre, tg_scalar(t, 0.5)), tg_scalar(t, 0));
}

/* x[i] (1 - f) + x[i+1] f, where i and f are the integer and fractional parts of s. If f is 0,
 * x[i+1] does not matter, even if it is NaN. */
static tg_tensor *linear_rows(tg_tape *t, tg_tensor *x, int64_t out, bool align_corners)
{
    if (!x) return NULL;
    const int64_t last = x->shape[2] - 1;
    tg_tensor *s = linear_source(t, last + 1, out, align_corners);
    tg_tensor *whole = tg_floor(t, s);
    tg_tensor *next = tg_add(t, whole, tg_scalar(t, 1));
    next = tg_minimum(t, next, tg_scalar(t, (double)last));
    tg_tensor *f = tg_cast(t, tg_sub(t, s, whole), x->dtype);
    f = tg_reshape(t, f, 2, (const int64_t[]){out, 1});
    tg_tensor *low = tg_take(t, x, tg_cast(t, whole, TG_I32), 2);
    tg_tensor *high = tg_take(t, x, tg_cast(t, next, TG_I32), 2);
    tg_tensor *rest = tg_sub(t, tg_scalar(t, 1), f);
    return tg_add(t, tg_zmul(t, rest, low), tg_zmul(t, f, high));
}

tg_tensor *tg_upsample_bilinear2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w,
                                  bool align_corners)
{
    if (!tgi_resize_valid(t, "upsample_bilinear2d", x, 2, (const int64_t[]){h, w})) return NULL;
    return resize(t, x, h, w, linear_rows, align_corners);
}
