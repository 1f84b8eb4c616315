/* conv.c - convolution and its transpose: unfold, then a matrix product, and the reverse.
 *
 * With g groups, V elements in the kernel and L positions:
 *   conv:       w (g, K/g, C/g V) times unfold(x) (N, g, C/g V, L) -> (N, g, K/g, L)
 *   transposed: w^T (g, K/g V, C/g) times x (N, g, C/g, L) -> (N, g, K/g V, L), then fold. */
#include "tapegrad/conv.h"

#include "graph/tape.h"
#include "ops/window/window.h"
#include "src/options.h"

tg_conv_options tg_conv_defaults(void)
{
    return (tg_conv_options){
        .made = TGI_MADE_CONV, .stride = {1, 1, 1}, .dilation = {1, 1, 1}, .groups = 1};
}

/* ---- shared by both ------------------------------------------------------------------------- */

typedef struct conv {
    const char *who;
    int axes;
    tg_tensor *x, *w, *b;
    tg_conv_options o;
    int64_t channels_out, volume; /* K, V */
} conv;

static bool option_valid(tg_tape *t, const conv *c, const char *name, const int64_t *v,
                         int64_t least)
{
    for (int i = 0; i < c->axes; i++)
        if (v[i] < least || v[i] > TGI_WINDOW_MOST) {
            (void)tg_tape_fail(t, TG_EARG, "%s: %s is %lld, must be in %lld..%lld", c->who, name,
                               (long long)v[i], (long long)least, (long long)TGI_WINDOW_MOST);
            return false;
        }
    return true;
}

static bool shapes_fit(tg_tape *t, const conv *c, bool transposed)
{
    const tg_tensor *x = c->x, *w = c->w;
    const int64_t g = c->o.groups;
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    (void)tg_tensor_describe(x, one, sizeof one);
    (void)tg_tensor_describe(w, two, sizeof two);
    if (x->ndim != c->axes + 2 || w->ndim != c->axes + 2) {
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: x is %s and w is %s, both must have %d dimensions",
                           c->who, one, two, c->axes + 2);
        return false;
    }
    if (g < 1 || (g > 1 && g > x->shape[1]) || x->shape[1] % g != 0 || w->shape[0] % g != 0) {
        (void)tg_tape_fail(t, g < 1 ? TG_EARG : TG_ESHAPE,
                           "%s: %lld groups do not divide the channels of x %s and w %s", c->who,
                           (long long)g, one, two);
        return false;
    }
    const int64_t want = transposed ? x->shape[1] : x->shape[1] / g;
    if (w->shape[transposed ? 0 : 1] != want) {
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: the channels of x %s and w %s differ (%lld groups)",
                           c->who, one, two, (long long)g);
        return false;
    }
    if (c->b && (c->b->ndim != 1 || c->b->shape[0] != c->channels_out)) {
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: b is %s, must be (%lld)", c->who,
                           tg_tensor_describe(c->b, one, sizeof one), (long long)c->channels_out);
        return false;
    }
    return true;
}

static bool conv_start(tg_tape *t, conv *c, const tg_conv_options *options, bool transposed)
{
    if (tg_tape_status(t)) return false;
    if (!c->x || !c->w) {
        (void)tg_tape_fail(t, TG_EARG, "%s: %s is NULL", c->who, c->x ? "w" : "x");
        return false;
    }
    c->o = options ? *options : tg_conv_defaults();
    if (!tgi_options_recorded(t, c->who, c->o.made, TGI_MADE_CONV)) return false;
    c->channels_out = 0;
    if (c->w->ndim >= 2) c->channels_out = c->w->shape[0];
    if (c->w->ndim >= 2 && transposed) {
        const int64_t each = c->w->shape[1], g = c->o.groups;
        c->channels_out = g > 0 && each <= INT64_MAX / g ? each * g : -1;
    }
    c->volume = 1;
    if (!shapes_fit(t, c, transposed) || !option_valid(t, c, "stride", c->o.stride, 1) ||
        !option_valid(t, c, "padding", c->o.padding, 0) ||
        !option_valid(t, c, "dilation", c->o.dilation, 1) ||
        !option_valid(t, c, "size of the kernel", c->w->shape + 2, 1) ||
        !option_valid(t, c, "size of x", c->x->shape + 2, 0))
        return false;
    for (int i = 0; i < c->axes; i++) c->volume *= c->w->shape[2 + i];
    return true;
}

/* y (N, K, ...) + b */
static tg_tensor *add_bias(tg_tape *t, const conv *c, tg_tensor *y)
{
    const int64_t shape[4] = {c->channels_out, 1, 1, 1};
    return c->b ? tg_add(t, y, tg_reshape(t, c->b, 1 + c->axes, shape)) : y;
}

/* ---- convolution ---------------------------------------------------------------------------- */

/* A 1x1 kernel with stride 1 and no padding needs no unfolding: its windows are x itself. */
static bool is_pointwise(const conv *c)
{
    bool yes = c->volume == 1;
    for (int i = 0; i < c->axes; i++)
        yes = yes && c->o.stride[i] == 1 && c->o.padding[i] == 0 && c->x->shape[2 + i] > 0;
    return yes;
}

static tg_tensor *convolve(tg_tape *t, conv c, const tg_conv_options *options)
{
    int64_t shape[5], positions = 1;
    if (!conv_start(t, &c, options, false)) return NULL;
    const char *outer = tgi_enter(t, c.who);
    const int64_t g = c.o.groups, N = c.x->shape[0], C = c.x->shape[1], K = c.channels_out;
    tg_tensor *u = c.x;
    if (!is_pointwise(&c))
        u = tg_unfold(t, c.x, c.axes, c.w->shape + 2, c.o.stride, c.o.padding, c.o.dilation);
    if (!u) return tgi_leave(t, outer, NULL);
    shape[0] = N, shape[1] = K;
    for (int i = 0; i < c.axes; i++) {
        shape[2 + i] = tgi_window_count(c.x->shape[2 + i], c.w->shape[2 + i], c.o.stride[i],
                                        c.o.padding[i], c.o.dilation[i]);
        positions *= shape[2 + i];
    }
    const int64_t rows = C / g * c.volume;
    u = tg_reshape(t, u, 4, (const int64_t[]){N, g, rows, positions});
    tg_tensor *w = tg_reshape(t, c.w, 3, (const int64_t[]){g, K / g, rows});
    tg_tensor *y = tg_reshape(t, tg_matmul(t, w, u), 2 + c.axes, shape);
    return tgi_leave(t, outer, add_bias(t, &c, y));
}

tg_tensor *tg_conv1d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                     const tg_conv_options *options)
{
    return convolve(t, (conv){.who = "conv1d", .axes = 1, .x = x, .w = w, .b = b}, options);
}

tg_tensor *tg_conv2d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                     const tg_conv_options *options)
{
    return convolve(t, (conv){.who = "conv2d", .axes = 2, .x = x, .w = w, .b = b}, options);
}

tg_tensor *tg_conv3d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                     const tg_conv_options *options)
{
    return convolve(t, (conv){.who = "conv3d", .axes = 3, .x = x, .w = w, .b = b}, options);
}

/* ---- transposed convolution ----------------------------------------------------------------- */

/* H' of each axis; the products are below 2^62. */
static bool transposed_size(tg_tape *t, const conv *c, int64_t *size)
{
    const tg_conv_options *o = &c->o;
    for (int i = 0; i < c->axes; i++) {
        if (o->output_padding[i] < 0 || o->output_padding[i] >= o->stride[i]) {
            (void)tg_tape_fail(
                t, TG_EARG, "%s: output_padding is %lld, must be in 0..%lld, below the stride",
                c->who, (long long)o->output_padding[i], (long long)o->stride[i] - 1);
            return false;
        }
        size[i] = (c->x->shape[2 + i] - 1) * o->stride[i] - 2 * o->padding[i] +
                  o->dilation[i] * (c->w->shape[2 + i] - 1) + 1 + o->output_padding[i];
        if (c->x->shape[2 + i] < 1 || size[i] < 1) {
            (void)tg_tape_fail(t, TG_ESHAPE, "%s: axis %d of the result would have size %lld",
                               c->who, 2 + i, (long long)size[i]);
            return false;
        }
    }
    return true;
}

static tg_tensor *transpose_convolve(tg_tape *t, conv c, const tg_conv_options *options)
{
    int64_t size[3], positions = 1;
    if (!conv_start(t, &c, options, true) || !transposed_size(t, &c, size)) return NULL;
    const char *outer = tgi_enter(t, c.who);
    const int64_t g = c.o.groups, N = c.x->shape[0], C = c.x->shape[1], K = c.channels_out;
    for (int i = 0; i < c.axes; i++) positions *= c.x->shape[2 + i];
    tg_tensor *x = tg_reshape(t, c.x, 4, (const int64_t[]){N, g, C / g, positions});
    tg_tensor *w = tg_reshape(t, c.w, 3, (const int64_t[]){g, C / g, K / g * c.volume});
    tg_tensor *u = tg_matmul(t, tg_transpose(t, w, 1, 2), x);
    u = tg_reshape(t, u, 3, (const int64_t[]){N, K * c.volume, positions});
    tg_tensor *y =
        tg_fold(t, u, c.axes, size, c.w->shape + 2, c.o.stride, c.o.padding, c.o.dilation);
    return tgi_leave(t, outer, add_bias(t, &c, y));
}

tg_tensor *tg_conv_transpose1d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                               const tg_conv_options *options)
{
    return transpose_convolve(
        t, (conv){.who = "conv_transpose1d", .axes = 1, .x = x, .w = w, .b = b}, options);
}

tg_tensor *tg_conv_transpose2d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                               const tg_conv_options *options)
{
    return transpose_convolve(
        t, (conv){.who = "conv_transpose2d", .axes = 2, .x = x, .w = w, .b = b}, options);
}

tg_tensor *tg_conv_transpose3d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                               const tg_conv_options *options)
{
    return transpose_convolve(
        t, (conv){.who = "conv_transpose3d", .axes = 3, .x = x, .w = w, .b = b}, options);
}
