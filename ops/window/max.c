/* max.c - the largest element in each position of a window, and the two operations of which its
 * derivatives are made.
 *
 * The window is that of unfold. w is one of its positions, p an element of x in it, M(w) the set of
 * elements in w that are equal to the largest, and |M(w)| their number:
 *   window_max        x (N, C, H, W) -> y (N, C, OH, OW), y[w] = max over p in w of x[p]
 *   window_max_share  x, d (N, C, OH, OW) -> (N, C, H, W), sum over w with p in M(w) of
 *                     d[w] / |M(w)|
 *   window_max_mean   x, g (N, C, H, W) -> (N, C, OH, OW), sum over p in M(w) of g[p] / |M(w)|
 * share and mean are linear in d and g, and each is the transpose of the other. */
#include "ops/elementwise/families.h"
#include "ops/window/window.h"
#include "tapegrad/ops.h"

static const tg_attr_def window_max_defs[] = {TGI_WINDOW_DEFS, {NULL, TG_ATTR_INT, 0, NULL}};

/* ---- shape rules ---------------------------------------------------------------------------- */

/* Completes the attributes and sets the shape to (N, C, positions...). */
static tg_status infer_positions(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    int64_t volume, positions;
    tg_status status = tgi_window_image(c);
    if (!status) status = tgi_window_measure(c, x->ndim - 2, x->shape + 2, &volume, &positions);
    if (status) return status;
    const tgi_window_attrs *a = c->attrs;
    c->ndim = x->ndim;
    for (int i = 0; i < x->ndim; i++)
        c->shape[i] = i < 2 ? x->shape[i]
                            : tgi_window_count(x->shape[i], a->kernel.v[i - 2], a->stride.v[i - 2],
                                               a->padding.v[i - 2], a->dilation.v[i - 2]);
    return TG_OK;
}

/* Operand 2 must have this shape and the dtype of x. */
static tg_status check_second(const tg_infer *c, int ndim, const int64_t *shape)
{
    const tg_tensor *z = c->inputs[1];
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    bool same = z->ndim == ndim;
    for (int i = 0; same && i < ndim; i++) same = z->shape[i] == shape[i];
    if (same && z->dtype == c->dtype) return TG_OK;
    (void)tg_tensor_describe(z, one, sizeof one);
    if (same)
        return tg_fail(c->err, TG_EDTYPE, "%s: the dtypes of %s and %s differ (use tg_cast)",
                       c->op->name, tg_tensor_describe(c->inputs[0], two, sizeof two), one);
    return tg_fail(c->err, TG_ESHAPE, "%s: operand 2 is %s, must be %s", c->op->name, one,
                   tg_shape_describe(ndim, shape, two, sizeof two));
}

static tg_status share_infer(tg_infer *c)
{
    tg_status status = infer_positions(c);
    if (!status) status = check_second(c, c->ndim, c->shape);
    return status ? status : tg_infer_same(c);
}

static tg_status mean_infer(tg_infer *c)
{
    const tg_status status = infer_positions(c);
    return status ? status : check_second(c, c->inputs[0]->ndim, c->inputs[0]->shape);
}

/* ---- derivatives ---------------------------------------------------------------------------- */

enum { LARGEST, SHARE, MEAN };

static tg_tensor *apply(tg_tape *t, int op, const tg_node *n, tg_tensor *z)
{
    return tg_record(t, &tgi_window_max_ops[op], (tg_tensor *[]){n->inputs[0], z}, 2, n->attrs);
}

static tg_tensor *largest_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return apply(t, SHARE, n, dy);
}

/* A small change of x does not change which elements are the largest. */
static tg_tensor *share_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return i == 1 ? apply(t, MEAN, n, dy) : NULL;
}

static tg_tensor *mean_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return i == 1 ? apply(t, SHARE, n, dy) : NULL;
}

/* ---- samples, table ------------------------------------------------------------------------- */

static const tg_sample largest_samples[] = {
    {"f[2,3,7]", "kernel=3"},
    {"f[2,2,4,6]", "kernel=2 stride=2"},
    {"f[1,2,5,4]", "kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,1,3,4,3]", "kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[0,2,3,3]", "kernel=2"},
    {"f[2,0,3]", "kernel=2"},
    {NULL, NULL}};

static const tg_sample share_samples[] = {
    {"f[2,3,7] f[2,3,5]", "kernel=3"},
    {"f[2,2,4,6] f[2,2,2,3]", "kernel=2 stride=2"},
    {"f[1,2,5,4] f[1,2,3,5]", "kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,1,3,4,3] f[1,1,3,1,4]", "kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[0,2,3,3] f[0,2,2,2]", "kernel=2"},
    {NULL, NULL}};

static const tg_sample mean_samples[] = {
    {"f[2,3,7] f[2,3,7]", "kernel=3"},
    {"f[2,2,4,6] f[2,2,4,6]", "kernel=2 stride=2"},
    {"f[1,2,5,4] f[1,2,5,4]", "kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,1,3,4,3] f[1,1,3,4,3]", "kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[2,0,3] f[2,0,3]", "kernel=2"},
    {NULL, NULL}};

#define WINDOW_MAX(prefix, operands)                                                               \
    .min_inputs = operands, .max_inputs = operands, .attrs = window_max_defs,                      \
    .attrs_size = sizeof(tgi_window_attrs), .work_size = tgi_window_max_work, .vjp = prefix##_vjp, \
    .samples = prefix##_samples

const tg_op tgi_window_max_ops[] = {
    [LARGEST] = {.name = "window_max",
                 .formula = "max over r of x[n, c, i stride - padding + r dilation]",
                 .derivative = "window_max_share(x, dy)",
                 .infer = infer_positions,
                 .flops = tg_flops_per_input,
                 .forward = tgi_window_max_forward,
                 WINDOW_MAX(largest, 1)},
    [SHARE] = {.name = "window_max_share",
               .formula = "zeros, then d[w] / |M| at the |M| largest x in each window w",
               .derivative = "0, window_max_mean(x, dy)",
               .infer = share_infer,
               .flops = tg_flops_per_input,
               .forward = tgi_window_max_share_forward,
               WINDOW_MAX(share, 2)},
    [MEAN] = {.name = "window_max_mean",
              .formula = "the mean of g over the places of the largest x in each window",
              .derivative = "0, window_max_share(x, dy)",
              .infer = mean_infer,
              .flops = tg_flops_per_input,
              .forward = tgi_window_max_mean_forward,
              WINDOW_MAX(mean, 2)},
};
TGI_FAMILY_COUNT(window_max);

/* ---- the calls ------------------------------------------------------------------------------ */

static tg_tensor *record(tg_tape *t, int op, tg_tensor *x, tg_tensor *z, int n,
                         const int64_t *kernel, const int64_t *stride, const int64_t *padding,
                         const int64_t *dilation)
{
    const tg_op *o = &tgi_window_max_ops[op];
    tgi_window_attrs a;
    if (!tgi_window_options(t, o->name, n, kernel, stride, padding, dilation, &a)) return NULL;
    return tg_record(t, o, (tg_tensor *[]){x, z}, o->min_inputs, &a);
}

tg_tensor *tg_window_max(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel,
                         const int64_t *stride, const int64_t *padding, const int64_t *dilation)
{
    return record(t, LARGEST, x, NULL, n, kernel, stride, padding, dilation);
}

tg_tensor *tg_window_max_share(tg_tape *t, tg_tensor *x, tg_tensor *d, int n, const int64_t *kernel,
                               const int64_t *stride, const int64_t *padding,
                               const int64_t *dilation)
{
    return record(t, SHARE, x, d, n, kernel, stride, padding, dilation);
}

tg_tensor *tg_window_max_mean(tg_tape *t, tg_tensor *x, tg_tensor *g, int n, const int64_t *kernel,
                              const int64_t *stride, const int64_t *padding,
                              const int64_t *dilation)
{
    return record(t, MEAN, x, g, n, kernel, stride, padding, dilation);
}
