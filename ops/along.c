/* along.c - elements by an index of their own for each line along an axis, and the transpose of
 * that, which adds them up. */
#include <string.h>

#include "graph/storage.h"
#include "ops/families.h"
#include "ops/index.h"
#include "tapegrad/ops.h"

typedef struct along_attrs {
    int64_t axis;
    int64_t size; /* of scatter_along_axis */
} along_attrs;

static const tg_attr_def take_defs[] = {{"axis", TG_ATTR_INT, offsetof(along_attrs, axis), "-1"},
                                        {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_attr_def scatter_defs[] = {{"axis", TG_ATTR_INT, offsetof(along_attrs, axis), "-1"},
                                           {"size", TG_ATTR_INT, offsetof(along_attrs, size), NULL},
                                           {NULL, TG_ATTR_INT, 0, NULL}};

/* x and the index have the same sizes, but for the axis where free says so. */
static tg_status along_infer(tg_infer *c, bool free)
{
    const tg_tensor *x = c->inputs[0], *index = c->inputs[1];
    along_attrs *a = (along_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    tg_status status = tgi_index_dtype(c, index);
    if (!status) status = tg_axis_normalise(c->op->name, &a->axis, x->ndim, c->err);
    if (status) return status;
    bool fits = x->ndim == index->ndim;
    for (int i = 0; fits && i < x->ndim; i++)
        fits = x->shape[i] == index->shape[i] || (free && i == a->axis);
    if (!fits)
        return tg_fail(c->err, TG_ESHAPE, "%s: the index %s does not fit %s along axis %lld",
                       c->op->name, tg_tensor_describe(index, two, sizeof two),
                       tg_tensor_describe(x, one, sizeof one), (long long)a->axis);
    (void)tg_infer_same(c);
    return TG_OK;
}

static tg_status take_infer(tg_infer *c)
{
    const tg_status status = along_infer(c, true);
    if (status) return status;
    const int64_t axis = ((const along_attrs *)c->attrs)->axis;
    c->shape[axis] = c->inputs[1]->shape[axis];
    return TG_OK;
}

static tg_status scatter_infer(tg_infer *c)
{
    const along_attrs *a = c->attrs;
    char text[TG_DESCRIBE_SIZE];
    const tg_status status = along_infer(c, false);
    if (status) return status;
    if (!tg_dtype_is_float(c->dtype))
        return tg_fail(c->err, TG_EDTYPE,
                       "scatter_along_axis: %s is not a float tensor (use tg_cast)",
                       tg_tensor_describe(c->inputs[0], text, sizeof text));
    if (a->size < 0)
        return tg_fail(c->err, TG_ESHAPE, "scatter_along_axis: size %lld is negative",
                       (long long)a->size);
    c->shape[a->axis] = a->size;
    return TG_OK;
}

static tg_status take_check(const tg_node *n, tg_error *err)
{
    const along_attrs *a = n->attrs;
    return tgi_index_range(n, n->inputs[1], n->inputs[0]->shape[a->axis], true, err);
}

static tg_status scatter_check(const tg_node *n, tg_error *err)
{
    return tgi_index_range(n, n->inputs[1], ((const along_attrs *)n->attrs)->size, true, err);
}

/* Element k of the index as (outer, j, inner): where its row stands when the axis has n. */
static int64_t place(const tg_tensor *index, int64_t axis, int64_t inner, int64_t k, int64_t n)
{
    const int64_t outer = k / inner / index->shape[axis];
    return (outer * n + tgi_index_at(index, k, n)) * inner + k % inner;
}

static int64_t inner_of(const tg_tensor *x, int64_t axis)
{
    int64_t inner = 1;
    for (int i = (int)axis + 1; i < x->ndim; i++) inner *= x->shape[i];
    return inner;
}

static void take_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1], *y = n->output;
    const int64_t axis = ((const along_attrs *)n->attrs)->axis, inner = inner_of(x, axis);
    const size_t width = tg_dtype_size(y->dtype);
    (void)work;
    for (int64_t k = 0; k < y->size; k++) {
        const int64_t from = tgi_offset(x, place(index, axis, inner, k, x->shape[axis]));
        memcpy((char *)y->data + k * (int64_t)width, (const char *)x->data + from * (int64_t)width,
               width);
    }
}

static void scatter_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1], *y = n->output;
    const along_attrs *a = n->attrs;
    const int64_t inner = inner_of(x, a->axis);
    (void)work;
    if (y->size > 0) memset(y->data, 0, (size_t)y->size * tg_dtype_size(y->dtype));
    for (int64_t k = 0; k < x->size; k++) {
        const int64_t to = place(index, a->axis, inner, k, a->size), from = tgi_offset(x, k);
        if (y->dtype == TG_F32)
            ((float *)y->data)[to] += ((const float *)x->data)[from];
        else
            ((double *)y->data)[to] += ((const double *)x->data)[from];
    }
}

static tg_tensor *take_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const int64_t axis = ((const along_attrs *)n->attrs)->axis;
    return tg_scatter_along_axis(t, dy, n->inputs[1], (int)axis, n->inputs[i]->shape[axis]);
}

static tg_tensor *scatter_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return tg_take_along_axis(t, dy, n->inputs[1], (int)((const along_attrs *)n->attrs)->axis);
}

static const tg_sample take_samples[] = {{"f[4] i[6]:-4..4", NULL},
                                         {"f[2,4] i[2,3]:0..4", NULL},
                                         {"f[4,2,2] i[3,2,2]:-4..4", "axis=0"},
                                         {"f[2,0] i[2,0]", "axis=1"},
                                         {"f[0,3] i[0,2]", "axis=-1"},
                                         {"b[3] i[2]:0..3", NULL},
                                         {NULL, NULL}};
static const tg_sample scatter_samples[] = {{"f[5] i[5]:-3..3", "size=3"},
                                            {"f[2,3] i[2,3]:0..4", "size=4"},
                                            {"f[3,2,2] i[3,2,2]:-2..2", "axis=0 size=2"},
                                            {"f[2,0] i[2,0]", "axis=1 size=2"},
                                            {"f[0] i[0]", "size=0"},
                                            {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { TAKE, SCATTER };

const tg_op tgi_along_ops[] = {
    [TAKE] = {.name = "take_along_axis",
              .formula = "y[.., j, ..] = x[.., index[.., j, ..], ..]",
              .derivative = "scatter_along_axis(dy, index)",
              .min_inputs = 2,
              .max_inputs = 2,
              .attrs = take_defs,
              .attrs_size = sizeof(along_attrs),
              .infer = take_infer,
              .check = take_check,
              .forward = take_forward,
              .vjp = take_vjp,
              .samples = take_samples},
    [SCATTER] = {.name = "scatter_along_axis",
                 .formula = "zeros, then y[.., index[.., j, ..], ..] += x[.., j, ..]",
                 .derivative = "take_along_axis(dy, index)",
                 .min_inputs = 2,
                 .max_inputs = 2,
                 .attrs = scatter_defs,
                 .attrs_size = sizeof(along_attrs),
                 .infer = scatter_infer,
                 .check = scatter_check,
                 .flops = tg_flops_per_input,
                 .forward = scatter_forward,
                 .vjp = scatter_vjp,
                 .samples = scatter_samples},
};
TGI_FAMILY_COUNT(along);

tg_tensor *tg_take_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis)
{
    return tg_record(t, &tgi_along_ops[TAKE], (tg_tensor *[]){x, index}, 2,
                     &(along_attrs){.axis = axis});
}

tg_tensor *tg_scatter_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis, int64_t size)
{
    return tg_record(t, &tgi_along_ops[SCATTER], (tg_tensor *[]){x, index}, 2,
                     &(along_attrs){axis, size});
}
