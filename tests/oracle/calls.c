/* calls.c - the compositions that are compared with PyTorch, called by name. The table is
 * calls.inc. */
#include "oracle.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* ---- attributes ----------------------------------------------------------------------------- */

#define ATTR(name, kind, fallback)                                                                 \
    {                                                                                              \
#name, kind, offsetof(options, name), fallback                                             \
    }
static const tg_attr_def defs[] = {ATTR(axis, TG_ATTR_INTS, "-1"),
                                   ATTR(shape, TG_ATTR_INTS, ""),
                                   ATTR(kernel, TG_ATTR_INTS, "1,1,1"),
                                   ATTR(stride, TG_ATTR_INTS, "1,1,1"),
                                   ATTR(padding, TG_ATTR_INTS, "0,0,0"),
                                   ATTR(dilation, TG_ATTR_INTS, "1,1,1"),
                                   ATTR(output_padding, TG_ATTR_INTS, "0,0,0"),
                                   ATTR(p, TG_ATTR_FLOAT, "0"),
                                   ATTR(alpha, TG_ATTR_FLOAT, "0"),
                                   ATTR(beta, TG_ATTR_FLOAT, "0"),
                                   ATTR(value, TG_ATTR_FLOAT, "0"),
                                   ATTR(n, TG_ATTR_INT, "0"),
                                   ATTR(offset, TG_ATTR_INT, "0"),
                                   ATTR(start, TG_ATTR_INT, "0"),
                                   ATTR(stop, TG_ATTR_INT, "0"),
                                   ATTR(step, TG_ATTR_INT, "1"),
                                   ATTR(groups, TG_ATTR_INT, "1"),
                                   ATTR(ignore, TG_ATTR_INT, "-9223372036854775808"),
                                   ATTR(mode, TG_ATTR_INT, "0"),
                                   ATTR(keepdims, TG_ATTR_BOOL, "false"),
                                   ATTR(down, TG_ATTR_BOOL, "false"),
                                   ATTR(flag, TG_ATTR_BOOL, "false"),
                                   ATTR(equation, TG_ATTR_STRING, ""),
                                   {NULL, TG_ATTR_INT, 0, NULL}};

static int axis_of(const options *o) { return o->axis.n == TG_ALL ? TG_ALL : (int)o->axis.v[0]; }

/* The axes as the functions in _axes take them. */
typedef struct axes {
    int v[TG_MAX_NDIM];
} axes;

static axes axes_of(const options *o)
{
    axes a = {{0}};
    for (int i = 0; i < o->axis.n; i++) a.v[i] = (int)o->axis.v[i];
    return a;
}

static tg_conv_options conv_of(const options *o)
{
    tg_conv_options c = tg_conv_defaults();
    memcpy(c.stride, o->stride.v, sizeof c.stride);
    memcpy(c.padding, o->padding.v, sizeof c.padding);
    memcpy(c.dilation, o->dilation.v, sizeof c.dilation);
    memcpy(c.output_padding, o->output_padding.v, sizeof c.output_padding);
    c.groups = o->groups;
    return c;
}

/* flag: the average excludes the padding */
static tg_pool_options pool_of(const options *o)
{
    tg_pool_options c = tg_pool_defaults(1);
    memcpy(c.kernel, o->kernel.v, sizeof c.kernel);
    memcpy(c.stride, o->stride.v, sizeof c.stride);
    memcpy(c.padding, o->padding.v, sizeof c.padding);
    memcpy(c.dilation, o->dilation.v, sizeof c.dilation);
    c.count_padding = !o->flag;
    return c;
}

static tg_cross_entropy_options entropy_of(const options *o, tg_tensor *weights)
{
    tg_cross_entropy_options c = tg_cross_entropy_defaults();
    c.reduction = (tg_reduction)o->mode;
    c.label_smoothing = o->alpha;
    c.ignore_index = o->ignore;
    c.eps = o->beta;
    c.weights = weights;
    return c;
}

/* flag: PyTorch's options, else the book's. */
static tg_batch_norm_options norm_of(const options *o)
{
    return o->flag ? tg_batch_norm_torch() : tg_batch_norm_book();
}

/* ---- calls that take more than one expression ----------------------------------------------- */

/* All parts of a split along axis, joined again in reverse order. */
static tg_tensor *split_reversed(tg_tape *t, tg_tensor *x, const options *o)
{
    tg_tensor *parts[TG_MAX_NDIM], *turned[TG_MAX_NDIM];
    const int n = o->shape.n;
    if (tg_split(t, x, n, o->shape.v, axis_of(o), parts)) return NULL;
    for (int i = 0; i < n; i++) turned[i] = parts[n - 1 - i];
    return tg_concat(t, n, turned, axis_of(o));
}

static tg_tensor *topk_indices(tg_tape *t, tg_tensor *x, const options *o)
{
    tg_tensor *indices = NULL;
    (void)tg_topk(t, x, o->n, axis_of(o), !o->down, &indices);
    return indices;
}

/* The two running statistics after a training pass. */
static tg_tensor *running(tg_tape *t, tg_tensor *const *x, const options *o)
{
    const tg_batch_norm_options b = norm_of(o);
    (void)tg_batch_norm(t, x[0], x[1], x[2], x[3], x[4], &b, true);
    return tg_concat(t, 2, x + 3, 0);
}

/* Two weights and a bias, which does not count. */
static tg_tensor *penalty(tg_tape *t, tg_tensor *const *x, const options *o)
{
    tg_dict *d = tg_dict_new();
    tg_error *err = tg_tape_error(t);
    tg_tensor *y = NULL;
    if (!d) return tg_tape_fail(t, TG_ENOMEM, "out of memory");
    if (!tg_dict_set(d, "W1", x[0], err) && !tg_dict_set(d, "b1", x[1], err) &&
        !tg_dict_set(d, "W2", x[2], err))
        y = tg_l2_penalty(t, d, "W", o->alpha);
    tg_dict_free(d);
    return y;
}

/* softmax(q k' / sqrt(n)) v over the last two axes. */
static tg_tensor *attention(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *v, const options *o)
{
    tg_tensor *scores = tg_matmul(t, q, tg_transpose(t, k, -2, -1));
    scores = tg_mul(t, scores, tg_scalar(t, 1 / sqrt((double)o->n)));
    return tg_matmul(t, tg_softmax(t, scores, -1), v);
}

/* (x - mean) / sqrt(var + eps) gamma + beta over the last axis. */
static tg_tensor *layer_norm(tg_tape *t, tg_tensor *const *x, double eps)
{
    tg_tensor *centred = tg_sub(t, x[0], tg_mean(t, x[0], -1, true));
    tg_tensor *var = tg_add(t, tg_var(t, x[0], -1, 0, true), tg_scalar(t, eps));
    return tg_add(t, tg_mul(t, tg_mul(t, centred, tg_rsqrt(t, var)), x[1]), x[2]);
}

/* The loss of a network of two layers: x, labels, W1, b1, W2, b2. */
static tg_tensor *mlp_loss(tg_tape *t, tg_tensor *const *x)
{
    tg_tensor *h = tg_tanh(t, tg_affine(t, x[0], x[2], x[3]));
    return tg_cross_entropy(t, tg_affine(t, h, x[4], x[5]), x[1], NULL);
}

/* h = (1 - z) h + z tanh(x W + h U), z = sigmoid(x Wz + h Uz), over the rows of x (T, N, n). */
static tg_tensor *gated_recurrence(tg_tape *t, tg_tensor *const *x)
{
    tg_tensor *h = x[1];
    for (int64_t i = 0; h && i < x[0]->shape[0]; i++) {
        tg_tensor *now = tg_squeeze(t, tg_slice(t, x[0], 0, i, i + 1, 1), 0);
        tg_tensor *z = tg_add(t, tg_matmul(t, now, x[2]), tg_matmul(t, h, x[3]));
        tg_tensor *c = tg_add(t, tg_matmul(t, now, x[4]), tg_matmul(t, h, x[5]));
        h = tg_add(t, h, tg_mul(t, tg_sigmoid(t, z), tg_sub(t, tg_tanh(t, c), h)));
    }
    return h;
}

/* ---- the table ------------------------------------------------------------------------------ */

#define REDUCE(function)                                                                           \
    (o->axis.n == 1 || o->axis.n == TG_ALL                                                         \
         ? tg_##function(t, x[0], axis_of(o), o->keepdims)                                         \
         : tg_##function##_axes(t, x[0], o->axis.n, axes_of(o).v, o->keepdims))
#define SPREAD(function)                                                                           \
    (o->axis.n == 1 || o->axis.n == TG_ALL                                                         \
         ? tg_##function(t, x[0], axis_of(o), o->p, o->keepdims)                                   \
         : tg_##function##_axes(t, x[0], o->axis.n, axes_of(o).v, o->p, o->keepdims))
#define LOSS(function) tg_##function(t, x[0], x[1], (tg_reduction)o->mode)
#define CONV(function)                                                                             \
    tg_##function(t, x[0], x[1], n > 2 ? x[2] : NULL, (tg_conv_options[]){conv_of(o)})
#define POOL(function) tg_##function(t, x[0], (tg_pool_options[]){pool_of(o)})
#define ENTROPY(function, weights)                                                                 \
    tg_##function(t, x[0], x[1], (tg_cross_entropy_options[]){entropy_of(o, weights)})

#define CALL(name, value)                                                                          \
    static tg_tensor *call_##name(tg_tape *t, tg_tensor *const *x, int n, const options *o)        \
    {                                                                                              \
        (void)x, (void)n, (void)o;                                                                 \
        return value;                                                                              \
    }
#include "calls.inc"
#undef CALL

static const struct {
    const char *name;
    tg_tensor *(*call)(tg_tape *t, tg_tensor *const *x, int n, const options *o);
} calls[] = {
#define CALL(name, value) {#name, call_##name},
#include "calls.inc"
};

tg_tensor *oracle_call(tg_tape *t, const char *name, tg_tensor *const *x, int n, const char *attrs)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(name, calls[i].name) != 0) continue;
        const tg_op call = {.name = name, .attrs = defs, .attrs_size = sizeof(options)};
        options o;
        return tg_attrs_parse(t, &call, attrs, &o) ? NULL : calls[i].call(t, x, n, &o);
    }
    return tg_apply_text(t, name, x, n, attrs);
}
