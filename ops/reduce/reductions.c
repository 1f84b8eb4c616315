/* reductions.c - the shape rules, derivatives and samples that rows of reductions.def name, and
 * what is made from the rows: descriptors, and the functions that record them. */
#include <float.h>
#include <string.h>

#include "graph/tape.h"
#include "ops/elementwise/families.h"
#include "ops/reduce/reduce.h"
#include "tapegrad/ops.h"

/* ---- shape rules ---------------------------------------------------------------------------- */

enum {
    FLOATS = 1 << TG_F32 | 1 << TG_F64,
    NUMBERS = FLOATS | 1 << TG_I32,
    ANY = NUMBERS | 1 << TG_U8
};

static tg_status check_dtype(const char *who, const tg_tensor *x, int allowed, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    if (allowed >> x->dtype & 1) return TG_OK;
    return tg_fail(err, TG_EDTYPE, "%s: %s is not %s (use tg_cast)", who,
                   tg_tensor_describe(x, text, sizeof text),
                   allowed == FLOATS ? "a float tensor" : "f32, f64 or i32");
}

/* The shape of x without the axes, or with 1 in their places. */
static tg_status reduce_infer(tg_infer *c, int allowed)
{
    const tg_tensor *const x = c->inputs[0];
    tgi_reduce_attrs *const a = (void *)c->attrs;
    tg_status status = check_dtype(c->op->name, x, allowed, c->err);
    if (!status) status = tgi_reduce_axes(c->op->name, x, &a->axis, c->err);
    if (status) return status;
    const unsigned mask = tgi_reduce_mask(&a->axis, x->ndim);
    for (int i = 0; i < x->ndim; i++) {
        if (!(mask >> i & 1))
            c->shape[c->ndim++] = x->shape[i];
        else if (a->keepdims)
            c->shape[c->ndim++] = 1;
    }
    return TG_OK;
}

static tg_status numbers_infer(tg_infer *c) { return reduce_infer(c, NUMBERS); }

static tg_status floats_infer(tg_infer *c) { return reduce_infer(c, FLOATS); }

/* Every output needs an element to choose. */
static tg_status refuse_empty(const tg_infer *c)
{
    const tgi_reduce_attrs *const a = c->attrs;
    const tg_tensor *const x = c->inputs[0];
    return tgi_reduce_refuse_empty(c->op->name, x, tgi_reduce_mask(&a->axis, x->ndim), c->err);
}

static tg_status choices_infer(tg_infer *c)
{
    const tg_status status = reduce_infer(c, NUMBERS);
    return status ? status : refuse_empty(c);
}

static tg_status places_infer(tg_infer *c)
{
    const tgi_reduce_attrs *const a = c->attrs;
    const tg_tensor *const x = c->inputs[0];
    tg_status status = reduce_infer(c, ANY);
    if (!status && a->axis.n != TG_ALL && a->axis.n != 1)
        status = tg_fail(c->err, TG_EAXIS, "argmax: takes one axis or all, not %d", a->axis.n);
    if (!status) status = refuse_empty(c);
    if (status) return status;
    const int64_t count = a->axis.n == 1 ? x->shape[a->axis.v[0]] : x->size;
    char text[TG_DESCRIBE_SIZE];
    if (count > INT32_MAX)
        return tg_fail(c->err, TG_ESHAPE, "argmax: the indices of %s do not fit into i32",
                       tg_tensor_describe(x, text, sizeof text));
    c->dtype = TG_I32;
    return TG_OK;
}

static tg_status shape_infer(tg_infer *c)
{
    const tg_tensor *const x = c->inputs[0];
    const tgi_shape_attrs *const a = c->attrs;
    const int n = a->shape.n;
    const tg_status status = check_dtype("sum_to", x, NUMBERS, c->err);
    if (status) return status;
    if (n < 0 || n > TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE, "sum_to: a shape cannot have %d dimensions", n);
    bool fits = n <= x->ndim;
    for (int i = 0; i < n && fits; i++) {
        const int64_t to = a->shape.v[i], from = x->shape[x->ndim - n + i];
        fits = to == from || to == 1;
    }
    if (!fits) {
        char text[TG_DESCRIBE_SIZE], shape[TG_DESCRIBE_SIZE];
        return tg_fail(c->err, TG_ESHAPE, "sum_to: %s does not broadcast to %s",
                       tg_shape_describe(n, a->shape.v, shape, sizeof shape),
                       tg_tensor_describe(x, text, sizeof text));
    }
    c->ndim = n;
    memcpy(c->shape, a->shape.v, (size_t)n * sizeof *c->shape);
    return TG_OK;
}

/* ---- derivatives ---------------------------------------------------------------------------- */

/* Gives v, which has the shape of the output, an axis of size 1 for each one that was reduced. If
 * all of these come first, broadcasting does so by itself. */
static tg_tensor *restore_axes(tg_tape *t, const tg_node *n, tg_tensor *v)
{
    const tgi_reduce_attrs *const a = n->attrs;
    const tg_tensor *const x = n->inputs[0];
    const unsigned mask = tgi_reduce_mask(&a->axis, x->ndim);
    int64_t shape[TG_MAX_NDIM];
    if (a->keepdims || !(mask & (mask + 1))) return v;
    for (int i = 0; i < x->ndim; i++) shape[i] = mask >> i & 1 ? 1 : x->shape[i];
    return tg_reshape(t, v, x->ndim, shape);
}

static tg_tensor *sum_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const tg_tensor *const x = n->inputs[i];
    return tg_expand(t, restore_axes(t, n, dy), x->ndim, x->shape);
}

static tg_tensor *sum_to_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return tg_expand(t, dy, n->inputs[i]->ndim, n->inputs[i]->shape);
}

/* The mask of NaN does not change with x, as in max. */
static tg_tensor *nansum_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *const x = tg_stop_gradient(t, n->inputs[i]);
    return tg_where(t, tg_isnan(t, x), tgi_scalar_for(t, dy, 0), restore_axes(t, n, dy));
}

/* The mask does not change with x, hence stop_gradient: its derivative is 0, not missing. */
static tg_tensor *max_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const tgi_reduce_attrs *const a = n->attrs;
    const tgi_reduce_attrs keep = {a->axis, true};
    tg_tensor *const x = n->inputs[i];
    tg_tensor *mask = tg_equal(t, x, restore_axes(t, n, n->output));
    mask = tg_stop_gradient(t, tg_cast(t, mask, x->dtype));
    tg_tensor *const ties = tg_record(t, &tgi_reduction_ops[TGI_REDUCE_sum], &mask, 1, &keep);
    return tg_mul(t, tg_zdiv(t, restore_axes(t, n, dy), ties), mask);
}

/* dy e^(x-y). If all elements are -Inf, the least finite number replaces y, so that their weights
 * are 0. The weight of an element that is +Inf is NaN, as in PyTorch; its loss is Inf anyway. */
static tg_tensor *logsumexp_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *const x = n->inputs[i];
    const double least = x->dtype == TG_F32 ? (double)-FLT_MAX : -DBL_MAX;
    tg_tensor *const y = tg_maximum(t, restore_axes(t, n, n->output), tg_scalar(t, least));
    return tg_zmul(t, restore_axes(t, n, dy), tg_exp(t, tg_sub(t, x, y)));
}

static tg_tensor *norm1_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return tg_zmul(t, restore_axes(t, n, dy), tg_sign(t, n->inputs[i]));
}

/* dy (x / y): x / y cannot overflow. Where all x are 0, derivatives of every order are 0. */
static tg_tensor *norm2_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *const y = restore_axes(t, n, n->output);
    tg_tensor *const zero = y ? tg_equal(t, y, tg_scalar(t, 0)) : NULL;
    tg_tensor *const slope = tg_masked_fill(t, restore_axes(t, n, dy), zero, 0);
    return tg_zmul(t, slope, tg_div(t, n->inputs[i], tg_masked_fill(t, y, zero, 1)));
}

/* ---- samples -------------------------------------------------------------------------------- */

/* clang-format off */
#define S(input, attrs) {input, attrs}
#define AXIS_SAMPLES                                                                               \
    S("f[2,3]", "axis=0"), S("f[2,3]", "axis=1 keepdims=true"), S("f[3,2]", "axis=-1"),            \
    S("f[2,3]", "axis=all"), S("f[2,3]", "axis=all keepdims=true"), S("f[]", NULL),                \
    S("f[2,0]", "axis=0"), S("f[1]", "axis=0"), S("f[5,20]", "axis=1"), S("f[20,5]", "axis=0")
#define AXES_SAMPLES S("f[2,3,4]", "axis=0,2"), S("f[3,1,4]", "axis=-2,0 keepdims=true")
#define END S(NULL, NULL)

static const tg_sample numbers_samples[] = {AXIS_SAMPLES, AXES_SAMPLES, S("f[0,3]", "axis=0"),
                                            S("i[2,3]:-5..5", "axis=1"), END};
static const tg_sample choices_samples[] = {AXIS_SAMPLES, AXES_SAMPLES,
                                            S("i[2,3]:-5..5", "axis=1"), END};
static const tg_sample floats_samples[] = {AXIS_SAMPLES, AXES_SAMPLES, S("f[0,3]", "axis=0"), END};
static const tg_sample places_samples[] = {AXIS_SAMPLES, S("f[2,3,4]", "axis=1"),
                                           S("i[2,3]:-5..5", "axis=1"),
                                           S("b[2,3]:0..255", "axis=0"), END};
static const tg_sample shape_samples[] = {
    S("f[2,3]", "shape=3"), S("f[2,3]", "shape=2,1"), S("f[2,3]", "shape=1,1"),
    S("f[2,3]", "shape="), S("f[2,3]", "shape=2,3"), S("f[4,2,3]", "shape=1,3"), S("f[]", "shape="),
    S("f[0,3]", "shape=3"), S("f[1]", "shape=1"), S("i[2,3]:-5..5", "shape=3"), END};
#undef S
#undef END
/* clang-format on */

/* ---- the table ------------------------------------------------------------------------------ */

static const tg_attr_def axis_attrs[] = {
    {"axis", TG_ATTR_INTS, offsetof(tgi_reduce_attrs, axis), "all"},
    {"keepdims", TG_ATTR_BOOL, offsetof(tgi_reduce_attrs, keepdims), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static const tg_attr_def shape_attrs[] = {
    {"shape", TG_ATTR_INTS, offsetof(tgi_shape_attrs, shape), NULL}, {NULL, TG_ATTR_INT, 0, NULL}};

#define flops_1 tg_flops_per_input
static double flops_2(const tg_node *n) { return 2 * (double)n->inputs[0]->size; }

#define DESCRIPTOR(NAME, kernel, way, over, takes, FLAGS, FLOPS, VJP, FORMULA, DERIVATIVE)         \
    [TGI_REDUCE_##NAME] = {.name = #NAME,                                                          \
                           .formula = FORMULA,                                                     \
                           .derivative = DERIVATIVE,                                               \
                           .min_inputs = 1,                                                        \
                           .max_inputs = 1,                                                        \
                           OVER_##over,                                                            \
                           .flags = FLAGS,                                                         \
                           .infer = takes##_infer,                                                 \
                           .flops = flops_##FLOPS,                                                 \
                           .work_size = tgi_reduce_work,                                           \
                           .forward = tgi_reduce_forward,                                          \
                           .partial = &tgi_reduction_rows[TGI_REDUCE_##NAME].partial,              \
                           .vjp = VJP,                                                             \
                           .samples = takes##_samples},
#define OVER_AXES .attrs = axis_attrs, .attrs_size = sizeof(tgi_reduce_attrs)
#define OVER_AXIS OVER_AXES
#define OVER_SHAPE .attrs = shape_attrs, .attrs_size = sizeof(tgi_shape_attrs)
const tg_op tgi_reduction_ops[] = {TGI_REDUCTIONS(DESCRIPTOR)};
TGI_FAMILY_COUNT(reduction);

/* ---- calls ---------------------------------------------------------------------------------- */

static tg_tensor *reduce(tg_tape *t, int op, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tgi_reduce_attrs a = {.keepdims = keepdims};
    if (!tgi_axis_list(t, tgi_reduction_ops[op].name, n, axes, &a.axis)) return NULL;
    return tg_record(t, &tgi_reduction_ops[op], &x, 1, &a);
}

#define CALL_AXIS(name)                                                                            \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *x, int axis, bool keepdims)                        \
    {                                                                                              \
        return reduce(t, TGI_REDUCE_##name, x, 1, &axis, keepdims);                                \
    }
#define CALL_AXES(name)                                                                            \
    CALL_AXIS(name)                                                                                \
    tg_tensor *tg_##name##_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)   \
    {                                                                                              \
        return reduce(t, TGI_REDUCE_##name, x, n, axes, keepdims);                                 \
    }
#define CALL_SHAPE(name)
#define CALLS(name, kernel, way, over, ...) CALL_##over(name)
TGI_REDUCTIONS(CALLS)

tg_tensor *tg_sum_to(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape)
{
    tgi_shape_attrs a = {.shape = {.n = ndim}};
    if (ndim > 0 && !shape) return tg_tape_fail(t, TG_EARG, "sum_to: the shape is NULL");
    for (int i = 0; i < ndim && i < TG_MAX_NDIM; i++) a.shape.v[i] = shape[i];
    if (t && x && tgi_tape_takes(t, x) && tg_tape_status(t) == TG_OK && ndim == x->ndim &&
        tgi_reduce_mask_to(&a.shape, x) == 0)
        return tg_cast(t, x, x->dtype);
    return tg_record(t, &tgi_reduction_ops[TGI_REDUCE_sum_to], &x, 1, &a);
}
