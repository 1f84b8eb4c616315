/* adaptive_pool.c - pooling to a given size: each axis cut into segments that may overlap.
 *
 * Segments of equal length are a reshape. Otherwise they are gathered as (out, longest); shorter
 * segments are padded, and the padding is masked before the reduction. */
#include <math.h>

#include "src/nn/resize.h"
#include "tapegrad/conv.h"

enum { AXES = 2 };

static int64_t segment_start(int64_t i, int64_t in, int64_t out) { return i * in / out; }

static int64_t segment_end(int64_t i, int64_t in, int64_t out)
{
    return ((i + 1) * in - 1) / out + 1;
}

static int64_t longest_segment(int64_t in, int64_t out)
{
    int64_t longest = 1;
    for (int64_t i = 0; i < out; i++) {
        const int64_t length = segment_end(i, in, out) - segment_start(i, in, out);
        if (length > longest) longest = length;
    }
    return longest;
}

/* The segments along one axis. */
typedef struct segments {
    tg_tensor *index;   /* i32 (out, longest) */
    tg_tensor *outside; /* u8 (out, longest), 1 for padding */
    tg_tensor *length;  /* f64 (out) */
} segments;

static segments cut(tg_tape *t, int64_t in, int64_t out)
{
    const int64_t column[] = {out, 1};
    segments s;
    tg_tensor *start = tg_floor(t, tgi_resize_source(t, out, 0, in, out));
    tg_tensor *end = tg_ceil(t, tgi_resize_source(t, out, 1, in, out));
    s.length = tg_sub(t, end, start);
    tg_tensor *step = tg_cast(t, tg_arange(t, longest_segment(in, out)), TG_F64);
    tg_tensor *at = tg_add(t, tg_reshape(t, start, 2, column), step);
    s.outside = tg_greater_equal(t, at, tg_reshape(t, end, 2, column));
    s.index = tg_cast(t, tg_minimum(t, at, tg_scalar(t, (double)(in - 1))), TG_I32);
    return s;
}

/* Views v (a) or (a, b) with its axes at positions `at` and `at` + 1 of ndim dimensions. */
static tg_tensor *stand(tg_tape *t, tg_tensor *v, int at, int ndim)
{
    int64_t shape[TG_MAX_NDIM];
    if (!v) return NULL;
    for (int i = 0; i < ndim; i++) shape[i] = i >= at && i < at + v->ndim ? v->shape[i - at] : 1;
    return tg_reshape(t, v, ndim, shape);
}

/* Segments of equal length: (N, C, h, H/h, w, W/w). */
static tg_tensor *even(tg_tape *t, tg_tensor *x, int axes, const int64_t *out, bool largest)
{
    static const int reduced[AXES] = {3, 5};
    int64_t shape[2 + 2 * AXES] = {x->shape[0], x->shape[1]};
    for (int i = 0; i < axes; i++) {
        shape[2 + 2 * i] = out[i];
        shape[3 + 2 * i] = x->shape[2 + i] / out[i];
    }
    tg_tensor *u = tg_reshape(t, x, 2 + 2 * axes, shape);
    return largest ? tg_max_axes(t, u, axes, reduced, false)
                   : tg_mean_axes(t, u, axes, reduced, false);
}

static tg_tensor *uneven(tg_tape *t, tg_tensor *x, int axes, const int64_t *out, bool largest)
{
    static const int reduced[AXES] = {3, 5};
    const int64_t *in = x->shape + 2;
    const tg_dtype dtype = x->dtype;
    const double fill = largest ? -(double)INFINITY : 0;
    segments s[AXES];
    tg_tensor *u = x;
    for (int i = 0; i < axes; i++) {
        s[i] = cut(t, in[i], out[i]);
        u = tg_take(t, u, s[i].index, 2 + 2 * i);
    }
    for (int i = 0; i < axes; i++)
        u = tg_where(t, stand(t, s[i].outside, 2 + 2 * i, 2 + 2 * axes), tg_scalar(t, fill), u);
    if (largest) return tg_max_axes(t, u, axes, reduced, false);
    tg_tensor *y = tg_sum_axes(t, u, axes, reduced, false);
    for (int i = 0; i < axes; i++)
        y = tg_div(t, y, tg_cast(t, stand(t, s[i].length, 2 + i, 2 + axes), dtype));
    return y;
}

static tg_tensor *adaptive(tg_tape *t, const char *who, tg_tensor *x, int axes, const int64_t *out,
                           bool largest)
{
    if (!tgi_resize_valid(t, who, x, axes, out)) return NULL;
    bool equal = true;
    for (int i = 0; i < axes; i++) equal = equal && x->shape[2 + i] % out[i] == 0;
    return equal ? even(t, x, axes, out, largest) : uneven(t, x, axes, out, largest);
}

tg_tensor *tg_adaptive_avg_pool1d(tg_tape *t, tg_tensor *x, int64_t w)
{
    return adaptive(t, "adaptive_avg_pool1d", x, 1, &w, false);
}

tg_tensor *tg_adaptive_avg_pool2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w)
{
    return adaptive(t, "adaptive_avg_pool2d", x, 2, (const int64_t[]){h, w}, false);
}

tg_tensor *tg_adaptive_max_pool1d(tg_tape *t, tg_tensor *x, int64_t w)
{
    return adaptive(t, "adaptive_max_pool1d", x, 1, &w, true);
}

tg_tensor *tg_adaptive_max_pool2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w)
{
    return adaptive(t, "adaptive_max_pool2d", x, 2, (const int64_t[]){h, w}, true);
}
