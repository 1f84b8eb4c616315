/* pool.c - maximum and average pooling: unfold, then a reduction over each window. */
#include "graph/tape.h"
#include "ops/window/window.h"
#include "src/options.h"
#include "tapegrad/conv.h"

tg_pool_options tg_pool_defaults(int64_t kernel)
{
    return (tg_pool_options){.made = TGI_MADE_POOL,
                             .kernel = {kernel, kernel, kernel},
                             .dilation = {1, 1, 1},
                             .count_padding = true};
}

typedef struct pool {
    const char *who;
    int axes;
    tg_tensor *x;
    tg_pool_options o;
} pool;

/* Fills in the options and checks what unfold does not check. */
static bool pool_start(tg_tape *t, pool *p, const tg_pool_options *options)
{
    char text[TG_DESCRIBE_SIZE];
    if (tg_tape_status(t)) return false;
    if (!p->x || !options) {
        (void)tg_tape_fail(t, TG_EARG, "%s: %s is NULL", p->who, p->x ? "options" : "x");
        return false;
    }
    if (!tgi_options_recorded(t, p->who, options->made, TGI_MADE_POOL)) return false;
    if (p->x->ndim != p->axes + 2) {
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: x is %s, must have %d dimensions", p->who,
                           tg_tensor_describe(p->x, text, sizeof text), p->axes + 2);
        return false;
    }
    p->o = *options;
    for (int i = 0; i < p->axes; i++) {
        const int64_t kernel = p->o.kernel[i], padding = p->o.padding[i];
        if (p->o.stride[i] == 0) p->o.stride[i] = kernel;
        if (padding >= 0 && padding <= kernel / 2) continue;
        (void)tg_tape_fail(t, TG_EARG,
                           "%s: padding is %lld, must be in 0..%lld, half of the kernel", p->who,
                           (long long)padding, (long long)kernel / 2);
        return false;
    }
    return true;
}

/* x (N, C, ...) -> (N, C, volume of the kernel, positions) */
static tg_tensor *windows(tg_tape *t, const pool *p, tg_tensor *x)
{
    const tg_pool_options *o = &p->o;
    int64_t volume = 1;
    tg_tensor *u = tg_unfold(t, x, p->axes, o->kernel, o->stride, o->padding, o->dilation);
    if (!u) return NULL;
    for (int i = 0; i < p->axes; i++) volume *= o->kernel[i];
    return tg_reshape(t, u, 4, (const int64_t[]){x->shape[0], x->shape[1], volume, u->shape[2]});
}

/* y (N, C, positions) -> (N, C, ...) */
static tg_tensor *spread(tg_tape *t, const pool *p, tg_tensor *y)
{
    const tg_pool_options *o = &p->o;
    int64_t shape[5] = {p->x->shape[0], p->x->shape[1]};
    if (!y) return NULL;
    for (int i = 0; i < p->axes; i++)
        shape[2 + i] = tgi_window_count(p->x->shape[2 + i], o->kernel[i], o->stride[i],
                                        o->padding[i], o->dilation[i]);
    return tg_reshape(t, y, 2 + p->axes, shape);
}

static bool is_padded(const pool *p)
{
    bool yes = false;
    for (int i = 0; i < p->axes; i++) yes = yes || p->o.padding[i] > 0;
    return yes;
}

/* (1, 1, volume, positions): 1 where the window covers x, 0 in the padding. */
static tg_tensor *inside(tg_tape *t, const pool *p)
{
    int64_t shape[5] = {1, 1};
    for (int i = 0; i < p->axes; i++) shape[2 + i] = p->x->shape[2 + i];
    tg_tensor *ones = tg_full(t, p->x->dtype, 2 + p->axes, shape, 1);
    return ones ? windows(t, p, ones) : NULL;
}

/* ---- maximum -------------------------------------------------------------------------------- */

static tg_tensor *max_pool(tg_tape *t, pool p, const tg_pool_options *options)
{
    const tg_pool_options *o = &p.o;
    if (!pool_start(t, &p, options)) return NULL;
    const char *outer = tgi_enter(t, p.who);
    tg_tensor *y = tg_window_max(t, p.x, p.axes, o->kernel, o->stride, o->padding, o->dilation);
    return tgi_leave(t, outer, y);
}

tg_tensor *tg_max_pool1d(tg_tape *t, tg_tensor *x, const tg_pool_options *options)
{
    return max_pool(t, (pool){.who = "max_pool1d", .axes = 1, .x = x}, options);
}

tg_tensor *tg_max_pool2d(tg_tape *t, tg_tensor *x, const tg_pool_options *options)
{
    return max_pool(t, (pool){.who = "max_pool2d", .axes = 2, .x = x}, options);
}

tg_tensor *tg_max_pool3d(tg_tape *t, tg_tensor *x, const tg_pool_options *options)
{
    return max_pool(t, (pool){.who = "max_pool3d", .axes = 3, .x = x}, options);
}

/* ---- average -------------------------------------------------------------------------------- */

static tg_tensor *avg_pool(tg_tape *t, pool p, const tg_pool_options *options)
{
    if (!pool_start(t, &p, options)) return NULL;
    const char *outer = tgi_enter(t, p.who);
    tg_tensor *u = windows(t, &p, p.x);
    if (p.o.count_padding || !is_padded(&p))
        return tgi_leave(t, outer, spread(t, &p, tg_mean(t, u, 2, false)));
    tg_tensor *count = tg_sum(t, inside(t, &p), 2, false);
    return tgi_leave(t, outer, spread(t, &p, tg_div(t, tg_sum(t, u, 2, false), count)));
}

tg_tensor *tg_avg_pool1d(tg_tape *t, tg_tensor *x, const tg_pool_options *options)
{
    return avg_pool(t, (pool){.who = "avg_pool1d", .axes = 1, .x = x}, options);
}

tg_tensor *tg_avg_pool2d(tg_tape *t, tg_tensor *x, const tg_pool_options *options)
{
    return avg_pool(t, (pool){.who = "avg_pool2d", .axes = 2, .x = x}, options);
}

tg_tensor *tg_avg_pool3d(tg_tape *t, tg_tensor *x, const tg_pool_options *options)
{
    return avg_pool(t, (pool){.who = "avg_pool3d", .axes = 3, .x = x}, options);
}
