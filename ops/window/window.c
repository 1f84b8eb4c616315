/* window.c - all positions of a window that moves over 1, 2 or 3 axes, as the columns of a matrix,
 * and the transpose of that, which adds them up.
 *
 * unfold: x (N, C, H, W), kernel (R, S) -> y (N, C R S, OH OW) with
 *     y[n, (c R + r) S + s, i OW + j] = x[n, c, i stride - padding + r dilation, ...],
 * 0 where that is outside of x; OH = (H + 2 padding - dilation (R - 1) - 1) / stride + 1, floored.
 * fold: x (N, C R S, OH OW), size (H, W) -> y (N, C, H, W), zeros, then
 *     y[n, c, i stride - padding + r dilation, ...] += x[n, (c R + r) S + s, i OW + j]. */
#include "ops/window/window.h"

#include <string.h>

#include "ops/elementwise/families.h"
#include "tapegrad/ops.h"

enum { AXES = TGI_WINDOW_AXES };

typedef tgi_window_attrs window_attrs;

static const tg_attr_def unfold_defs[] = {TGI_WINDOW_DEFS, {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_attr_def fold_defs[] = {TGI_WINDOW_DEFS,
                                        {"size", TG_ATTR_INTS, offsetof(window_attrs, size), NULL},
                                        {NULL, TG_ATTR_INT, 0, NULL}};

/* ---- shape rules ---------------------------------------------------------------------------- */

int64_t tgi_window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation)
{
    const int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

/* One number stands for all axes. */
static tg_status settle(const char *who, const char *name, tg_ints *a, int axes, int64_t least,
                        tg_error *err)
{
    if (a->n == 1)
        for (a->n = axes; axes > 1; axes--) a->v[axes - 1] = a->v[0];
    else if (a->n != axes)
        return tg_fail(err, TG_EARG, "%s: %s has %d numbers, must have 1 or %d", who, name, a->n,
                       axes);
    for (int i = 0; i < a->n; i++)
        if (a->v[i] < least || a->v[i] > TGI_WINDOW_MOST)
            return tg_fail(err, TG_EARG, "%s: %s is %lld, must be in %lld..%lld", who, name,
                           (long long)a->v[i], (long long)least, (long long)TGI_WINDOW_MOST);
    return TG_OK;
}

static bool times(int64_t *product, int64_t factor)
{
    if (factor != 0 && *product > INT64_MAX / factor) return false;
    *product *= factor;
    return true;
}

static tg_status does_not_fit(const tg_infer *c, const window_attrs *a, const int64_t *size)
{
    char kernel[TG_DESCRIBE_SIZE], dilation[TG_DESCRIBE_SIZE], padding[TG_DESCRIBE_SIZE],
        image[TG_DESCRIBE_SIZE];
    return tg_fail(c->err, TG_ESHAPE,
                   "%s: kernel %s with dilation %s does not fit %s with padding %s", c->op->name,
                   tg_shape_describe(a->kernel.n, a->kernel.v, kernel, sizeof kernel),
                   tg_shape_describe(a->dilation.n, a->dilation.v, dilation, sizeof dilation),
                   tg_shape_describe(a->kernel.n, size, image, sizeof image),
                   tg_shape_describe(a->padding.n, a->padding.v, padding, sizeof padding));
}

tg_status tgi_window_measure(const tg_infer *c, int axes, const int64_t *size, int64_t *volume,
                             int64_t *positions)
{
    window_attrs *a = (window_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    tg_status status = settle(c->op->name, "kernel", &a->kernel, axes, 1, c->err);
    if (!status) status = settle(c->op->name, "stride", &a->stride, axes, 1, c->err);
    if (!status) status = settle(c->op->name, "padding", &a->padding, axes, 0, c->err);
    if (!status) status = settle(c->op->name, "dilation", &a->dilation, axes, 1, c->err);
    if (status) return status;
    *volume = *positions = 1;
    for (int i = 0; i < axes; i++) {
        if (size[i] > TGI_WINDOW_MOST)
            return tg_fail(c->err, TG_ESHAPE, "%s: an axis of %lld elements is too long",
                           c->op->name, (long long)size[i]);
        const int64_t count = tgi_window_count(size[i], a->kernel.v[i], a->stride.v[i],
                                               a->padding.v[i], a->dilation.v[i]);
        if (count < 1) return does_not_fit(c, a, size);
        if (!times(volume, a->kernel.v[i]) || !times(positions, count))
            return tg_fail(c->err, TG_ENOMEM, "%s: the result is too large", c->op->name);
    }
    return TG_OK;
}

static tg_status check_input(const tg_infer *c, bool shape_fits, const char *must)
{
    char text[TG_DESCRIBE_SIZE];
    const tg_tensor *x = c->inputs[0];
    if (!tg_dtype_is_float(x->dtype))
        return tg_fail(c->err, TG_EDTYPE, "%s: %s is not a float tensor (use tg_cast)", c->op->name,
                       tg_tensor_describe(x, text, sizeof text));
    if (shape_fits) return TG_OK;
    return tg_fail(c->err, TG_ESHAPE, "%s: x is %s, must be %s", c->op->name,
                   tg_tensor_describe(x, text, sizeof text), must);
}

tg_status tgi_window_image(const tg_infer *c)
{
    const int axes = c->inputs[0]->ndim - 2;
    return check_input(c, axes >= 1 && axes <= AXES, "(N, C, ...) with 1, 2 or 3 axes more");
}

static tg_status unfold_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    int64_t volume, positions;
    tg_status status = tgi_window_image(c);
    if (!status) status = tgi_window_measure(c, x->ndim - 2, x->shape + 2, &volume, &positions);
    if (status) return status;
    c->ndim = 3;
    c->shape[0] = x->shape[0];
    c->shape[1] = x->shape[1];
    c->shape[2] = positions;
    if (times(&c->shape[1], volume)) return TG_OK;
    return tg_fail(c->err, TG_ENOMEM, "unfold: the result is too large");
}

static tg_status fold_infer(tg_infer *c)
{
    window_attrs *a = (window_attrs *)(uintptr_t)c->attrs;
    const tg_tensor *x = c->inputs[0];
    const int axes = a->size.n;
    char text[TG_DESCRIBE_SIZE];
    int64_t volume, positions;
    tg_status status = check_input(c, x->ndim == 3, "(N, rows, positions)");
    if (!status && (axes < 1 || axes > AXES))
        status = tg_fail(c->err, TG_EARG, "fold: size has %d numbers, must have 1, 2 or 3", axes);
    if (!status) status = settle("fold", "size", &a->size, axes, 0, c->err);
    if (!status) status = tgi_window_measure(c, axes, a->size.v, &volume, &positions);
    if (status) return status;
    if (x->shape[1] % volume != 0 || x->shape[2] != positions)
        return tg_fail(c->err, TG_ESHAPE,
                       "fold: x is %s, must be (N, a multiple of %lld, %lld) for this window",
                       tg_tensor_describe(x, text, sizeof text), (long long)volume,
                       (long long)positions);
    c->ndim = 2 + axes;
    c->shape[0] = x->shape[0];
    c->shape[1] = x->shape[1] / volume;
    memcpy(c->shape + 2, a->size.v, (size_t)axes * sizeof *c->shape);
    return TG_OK;
}

/* ---- derivatives, samples, table ------------------------------------------------------------ */

static tg_tensor *unfold_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const window_attrs *a = n->attrs;
    return tg_fold(t, dy, a->kernel.n, n->inputs[i]->shape + 2, a->kernel.v, a->stride.v,
                   a->padding.v, a->dilation.v);
}

static tg_tensor *fold_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const window_attrs *a = n->attrs;
    (void)i;
    return tg_unfold(t, dy, a->kernel.n, a->kernel.v, a->stride.v, a->padding.v, a->dilation.v);
}

static const tg_sample unfold_samples[] = {
    {"f[2,3,7]", "kernel=3"},
    {"f[1,2,8]", "kernel=3 stride=2 padding=2 dilation=2"},
    {"f[2,2,4,5]", "kernel=2,3"},
    {"f[1,2,5,4]", "kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,1,3,4,3]", "kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[1,1,1,1]", "kernel=2 padding=3 stride=3"},
    {"f[0,2,3,3]", "kernel=2"},
    {"f[2,0,3]", "kernel=2"},
    {"f[1,1,0]", "kernel=2 padding=1"},
    {NULL, NULL}};

static const tg_sample fold_samples[] = {
    {"f[2,9,5]", "size=7 kernel=3"},
    {"f[1,6,4]", "size=8 kernel=3 stride=2 padding=2 dilation=2"},
    {"f[2,12,9]", "size=4,5 kernel=2,3"},
    {"f[1,12,15]", "size=5,4 kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,12,12]", "size=3,4,3 kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[1,4,4]", "size=1,1 kernel=2 padding=3 stride=4"},
    {"f[0,8,4]", "size=3,3 kernel=2"},
    {"f[2,0,2]", "size=3 kernel=2"},
    {NULL, NULL}};

enum { UNFOLD, FOLD };

const tg_op tgi_window_ops[] = {
    [UNFOLD] = {.name = "unfold",
                .formula = "y[n, (c, r), i] = x[n, c, i stride - padding + r dilation], 0 outside",
                .derivative = "fold(dy)",
                .min_inputs = 1,
                .max_inputs = 1,
                .attrs = unfold_defs,
                .attrs_size = sizeof(window_attrs),
                .infer = unfold_infer,
                .forward = tgi_unfold_forward,
                .vjp = unfold_vjp,
                .samples = unfold_samples},
    [FOLD] = {.name = "fold",
              .formula = "zeros, then y[n, c, i stride - padding + r dilation] += x[n, (c, r), i]",
              .derivative = "unfold(dy)",
              .min_inputs = 1,
              .max_inputs = 1,
              .attrs = fold_defs,
              .attrs_size = sizeof(window_attrs),
              .infer = fold_infer,
              .flops = tg_flops_per_input,
              .forward = tgi_fold_forward,
              .vjp = fold_vjp,
              .samples = fold_samples},
};
TGI_FAMILY_COUNT(window);

/* ---- the calls ------------------------------------------------------------------------------ */

static tg_ints ints_of(int n, const int64_t *v, int64_t otherwise)
{
    tg_ints a = {.n = v ? n : 1, .v = {otherwise}};
    for (int i = 0; v && i < n && i < AXES; i++) a.v[i] = v[i];
    return a;
}

bool tgi_window_options(tg_tape *t, const char *name, int n, const int64_t *kernel,
                        const int64_t *stride, const int64_t *padding, const int64_t *dilation,
                        tgi_window_attrs *a)
{
    if (n < 1 || n > AXES || !kernel) {
        (void)tg_tape_fail(t, TG_EARG, "%s: %s", name,
                           kernel ? "the window must have 1, 2 or 3 axes" : "kernel is NULL");
        return false;
    }
    *a = (window_attrs){.kernel = ints_of(n, kernel, 1),
                        .stride = ints_of(n, stride, 1),
                        .padding = ints_of(n, padding, 0),
                        .dilation = ints_of(n, dilation, 1)};
    return true;
}

tg_tensor *tg_unfold(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel, const int64_t *stride,
                     const int64_t *padding, const int64_t *dilation)
{
    window_attrs a;
    if (!tgi_window_options(t, "unfold", n, kernel, stride, padding, dilation, &a)) return NULL;
    return tg_record(t, &tgi_window_ops[UNFOLD], &x, 1, &a);
}

tg_tensor *tg_fold(tg_tape *t, tg_tensor *x, int n, const int64_t *size, const int64_t *kernel,
                   const int64_t *stride, const int64_t *padding, const int64_t *dilation)
{
    window_attrs a;
    if (!tgi_window_options(t, "fold", n, kernel, stride, padding, dilation, &a)) return NULL;
    if (!size) return tg_tape_fail(t, TG_EARG, "fold: size is NULL");
    a.size = ints_of(n, size, 0);
    return tg_record(t, &tgi_window_ops[FOLD], &x, 1, &a);
}
