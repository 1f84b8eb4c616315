/* join.c - concat and its compositions: stack, and split, which undoes it. */
#include <string.h>

#include "graph/storage.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"

typedef struct concat_attrs {
    int64_t axis;
} concat_attrs;

static const tg_attr_def concat_defs[] = {{"axis", TG_ATTR_INT, offsetof(concat_attrs, axis), "0"},
                                          {NULL, TG_ATTR_INT, 0, NULL}};

/* Input i must have the dtype of input 0 and its sizes, except along the axis. */
static tg_status fits(const tg_infer *c, int64_t axis, int i)
{
    const tg_tensor *x = c->inputs[0], *z = c->inputs[i];
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    bool same = x->ndim == z->ndim;
    for (int k = 0; same && k < x->ndim; k++) same = k == axis || x->shape[k] == z->shape[k];
    if (same && x->dtype == z->dtype) return TG_OK;
    (void)tg_tensor_describe(x, one, sizeof one);
    (void)tg_tensor_describe(z, two, sizeof two);
    if (x->dtype != z->dtype)
        return tg_fail(c->err, TG_EDTYPE, "concat: the dtypes of %s and %s differ (use tg_cast)",
                       one, two);
    return tg_fail(c->err, TG_ESHAPE, "concat: %s and %s cannot be joined along axis %lld", one,
                   two, (long long)axis);
}

static tg_status concat_infer(tg_infer *c)
{
    concat_attrs *a = (concat_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    tg_status status = tg_axis_normalise("concat", &a->axis, c->inputs[0]->ndim, c->err);
    int64_t total = 0;
    for (int i = 0; !status && i < c->n_inputs; i++) {
        status = fits(c, a->axis, i);
        if (status) break;
        const int64_t n = c->inputs[i]->shape[a->axis];
        if (n > INT64_MAX - total)
            return tg_fail(c->err, TG_ENOMEM, "concat: the size of axis %lld overflows",
                           (long long)a->axis);
        total += n;
    }
    if (status) return status;
    (void)tg_infer_same(c);
    c->shape[a->axis] = total;
    return TG_OK;
}

static void concat_forward(const tg_node *n, void *work)
{
    const tg_tensor *y = n->output;
    const int64_t axis = ((const concat_attrs *)n->attrs)->axis;
    const size_t width = tg_dtype_size(y->dtype);
    char *to = y->data;
    (void)work;
    for (int i = 0; i < n->n_inputs; i++) {
        const tg_tensor *x = n->inputs[i];
        if (x->size == 0) continue;
        tgi_strided_copy(width, x->ndim, x->shape, to, y->strides, x->data, x->strides);
        to += x->shape[axis] * y->strides[axis] * (int64_t)width;
    }
}

static tg_tensor *concat_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const int64_t axis = ((const concat_attrs *)n->attrs)->axis;
    int64_t before = 0;
    for (int k = 0; k < i; k++) before += n->inputs[k]->shape[axis];
    return tg_slice(t, dy, (int)axis, before, before + n->inputs[i]->shape[axis], 1);
}

static const tg_sample concat_samples[] = {
    {"f[2,3] f[1,3] f[2,3]", NULL},   {"f[2,3] f[2,0] f[2,1]", "axis=1"},
    {"f[2,1,2] f[2,2,2]", "axis=-2"}, {"f[3]", "axis=0"},
    {"f[0] f[0]", "axis=-1"},         {"i[2] i[3]:-5..5", NULL},
    {"b[2,1] b[2,2]", "axis=1"},      {NULL, NULL}};

const tg_op tgi_join_ops[] = {{.name = "concat",
                               .formula = "the operands one after the other along axis",
                               .derivative = "the slice of dy that came from the operand",
                               .min_inputs = 1,
                               .max_inputs = -1,
                               .attrs = concat_defs,
                               .attrs_size = sizeof(concat_attrs),
                               .infer = concat_infer,
                               .forward = concat_forward,
                               .vjp = concat_vjp,
                               .samples = concat_samples}};
TGI_FAMILY_COUNT(join);

tg_tensor *tg_concat(tg_tape *t, int n, tg_tensor *const *xs, int axis)
{
    if (n > 0 && !xs) return tg_tape_fail(t, TG_EARG, "concat: the list of operands is NULL");
    return tg_record(t, &tgi_join_ops[0], xs, n, &(concat_attrs){axis});
}

tg_tensor *tg_stack(tg_tape *t, int n, tg_tensor *const *xs, int axis)
{
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    if (n < 1 || !xs) return tg_tape_fail(t, TG_EARG, "stack: there are no operands");
    for (int i = 0; i < n; i++)
        if (!tgi_operand(t, "stack", xs[i])) return NULL;
    if (!tgi_axis(t, "stack", &axis, xs[0]->ndim + 1)) return NULL;
    tg_tensor **const parts = tg_tape_alloc(t, (size_t)n * sizeof *parts);
    if (!parts) return NULL;
    memcpy(parts, xs, (size_t)n * sizeof *parts);
    const bool strong = tgi_scalar_settle(t, n, parts);
    for (int i = 0; i < n; i++) {
        if (!tg_tensor_same_shape(xs[0], xs[i]))
            return tg_tape_fail(t, TG_ESHAPE, "stack: the shapes of %s and %s differ",
                                tg_tensor_describe(xs[0], one, sizeof one),
                                tg_tensor_describe(xs[i], two, sizeof two));
        if (!strong) parts[i] = tgi_scalar_cast(t, parts[i], TG_F32);
        parts[i] = tg_unsqueeze(t, parts[i], axis);
        if (!parts[i]) return NULL;
    }
    return tg_concat(t, n, parts, axis);
}

tg_status tg_split(tg_tape *t, tg_tensor *x, int n, const int64_t *sizes, int axis,
                   tg_tensor **parts)
{
    char text[TG_DESCRIBE_SIZE];
    for (int i = 0; parts && i < n; i++) parts[i] = NULL;
    if (!t) return TG_EARG;
    if (n < 1 || !parts) (void)tg_tape_fail(t, TG_EARG, "split: there must be at least one part");
    if (!tgi_operand(t, "split", x) || !tgi_axis(t, "split", &axis, x->ndim))
        return tg_tape_status(t);
    int64_t left = x->shape[axis];
    const int64_t equal = left / n;
    bool fits = true;
    for (int i = 0; i < n && fits; i++) {
        const int64_t size = sizes ? sizes[i] : equal;
        fits = size >= 0 && size <= left;
        left -= fits ? size : 0;
    }
    if (!fits || left != 0) {
        (void)tg_tape_fail(t, TG_ESHAPE, "split: axis %d of %s does not split into the %d %s", axis,
                           tg_tensor_describe(x, text, sizeof text), n,
                           sizes ? "sizes given" : "equal parts");
        return tg_tape_status(t);
    }
    for (int64_t i = 0, at = 0; i < n; i++) {
        const int64_t size = sizes ? sizes[i] : equal;
        parts[i] = tg_slice(t, x, axis, at, at + size, 1);
        at += size;
    }
    for (int i = 0; tg_tape_status(t) && i < n; i++) parts[i] = NULL;
    return tg_tape_status(t);
}
