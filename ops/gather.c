/* gather.c - rows by index along an axis, and the transpose of that, which adds them up. */
#include <string.h>

#include "graph/storage.h"
#include "ops/families.h"
#include "ops/index.h"
#include "tapegrad/ops.h"

typedef struct gather_attrs {
    int64_t axis;
    int64_t size; /* of scatter_add */
} gather_attrs;

static const tg_attr_def gather_defs[] = {{"axis", TG_ATTR_INT, offsetof(gather_attrs, axis), "0"},
                                          {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_attr_def scatter_defs[] = {
    {"axis", TG_ATTR_INT, offsetof(gather_attrs, axis), "0"},
    {"size", TG_ATTR_INT, offsetof(gather_attrs, size), NULL},
    {NULL, TG_ATTR_INT, 0, NULL}};

static gather_attrs *own(const tg_infer *c) { return (gather_attrs *)(uintptr_t)c->attrs; }

static tg_status gather_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0], *index = c->inputs[1];
    gather_attrs *a = own(c);
    tg_status status = tgi_index_dtype(c, index);
    if (!status) status = tg_axis_normalise("gather", &a->axis, x->ndim, c->err);
    if (status) return status;
    if (x->ndim - 1 + index->ndim > TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE, "gather: the result would have %d dimensions, at most %d",
                       x->ndim - 1 + index->ndim, TG_MAX_NDIM);
    for (int i = 0; i < x->ndim; i++) {
        if (i != a->axis)
            c->shape[c->ndim++] = x->shape[i];
        else
            for (int k = 0; k < index->ndim; k++) c->shape[c->ndim++] = index->shape[k];
    }
    return TG_OK;
}

static tg_status gather_check(const tg_node *n, tg_error *err)
{
    const gather_attrs *a = n->attrs;
    return tgi_index_range(n, n->inputs[1], n->inputs[0]->shape[a->axis], true, err);
}

/* x (outer, n, inner), index (j) -> y (outer, j, inner) */
static void gather_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1];
    const int axis = (int)((const gather_attrs *)n->attrs)->axis;
    const int inner_ndim = x->ndim - axis - 1;
    const int64_t *inner_shape = x->shape + axis + 1, *inner_strides = x->strides + axis + 1;
    const size_t width = tg_dtype_size(x->dtype);
    int64_t outer = 1, inner = 1, row_major[TG_MAX_NDIM];
    (void)work;
    if (n->output->size == 0) return;
    for (int i = 0; i < axis; i++) outer *= x->shape[i];
    for (int i = 0; i < inner_ndim; i++) inner *= inner_shape[i];
    tgi_row_major(inner_ndim, inner_shape, row_major);
    const int64_t block = x->shape[axis] * inner; /* elements of x per step of the outer axes */
    char *y = n->output->data;
    for (int64_t o = 0; o < outer; o++) {
        const char *base = (const char *)x->data + tgi_offset(x, o * block) * (int64_t)width;
        for (int64_t j = 0; j < index->size; j++, y += inner * (int64_t)width) {
            const int64_t k = tgi_index_at(index, j, x->shape[axis]);
            tgi_strided_copy(width, inner_ndim, inner_shape, y, row_major,
                             base + k * x->strides[axis] * (int64_t)width, inner_strides);
        }
    }
}

static tg_tensor *gather_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const gather_attrs *a = n->attrs;
    (void)i;
    return tg_scatter_add(t, dy, n->inputs[1], (int)a->axis, n->inputs[0]->shape[a->axis]);
}

static const tg_sample gather_samples[] = {{"f[4,3] i[5]:0..4", NULL},
                                           {"f[2,4] i[2,2]:-4..4", "axis=1"},
                                           {"f[2,3,2] i[]:0..3", "axis=-2"},
                                           {"f[4,0] i[3]:0..4", NULL},
                                           {"f[4,3] i[0]", NULL},
                                           {NULL, NULL}};

/* x (outer, shape of index, inner) -> y (outer, size, inner) */
static tg_status scatter_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0], *index = c->inputs[1];
    gather_attrs *a = own(c);
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    tg_status status = tgi_index_dtype(c, index);
    const int ndim = x->ndim - index->ndim + 1;
    bool fits = ndim >= 1;
    if (!status && ndim > TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE,
                       "scatter_add: the result would have %d dimensions, at most %d", ndim,
                       TG_MAX_NDIM);
    if (!status && fits) status = tg_axis_normalise("scatter_add", &a->axis, ndim, c->err);
    if (status) return status;
    for (int k = 0; fits && k < index->ndim; k++) fits = x->shape[a->axis + k] == index->shape[k];
    if (!fits)
        return tg_fail(c->err, TG_ESHAPE, "scatter_add: %s does not hold the index %s at axis %lld",
                       tg_tensor_describe(x, one, sizeof one),
                       tg_tensor_describe(index, two, sizeof two), (long long)a->axis);
    if (!tg_dtype_is_float(x->dtype))
        return tg_fail(c->err, TG_EDTYPE, "scatter_add: %s is not a float tensor (use tg_cast)",
                       tg_tensor_describe(x, one, sizeof one));
    c->ndim = ndim;
    for (int i = 0; i < ndim; i++)
        c->shape[i] = i < a->axis    ? x->shape[i]
                      : i == a->axis ? a->size
                                     : x->shape[i + index->ndim - 1];
    return TG_OK;
}

static tg_status scatter_check(const tg_node *n, tg_error *err)
{
    return tgi_index_range(n, n->inputs[1], ((const gather_attrs *)n->attrs)->size, true, err);
}

static void add_at(tg_dtype dtype, void *y, int64_t to, const void *x, int64_t from)
{
    if (dtype == TG_F32)
        ((float *)y)[to] += ((const float *)x)[from];
    else
        ((double *)y)[to] += ((const double *)x)[from];
}

static void scatter_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1], *y = n->output;
    const gather_attrs *a = n->attrs;
    int64_t outer = 1, inner = 1;
    (void)work;
    if (y->size > 0) memset(y->data, 0, (size_t)y->size * tg_dtype_size(y->dtype));
    if (x->size == 0) return;
    for (int i = 0; i < a->axis; i++) outer *= y->shape[i];
    for (int i = (int)a->axis + 1; i < y->ndim; i++) inner *= y->shape[i];
    const bool plain = tg_tensor_is_contiguous(x);
    for (int64_t o = 0, from = 0; o < outer; o++)
        for (int64_t j = 0; j < index->size; j++) {
            const int64_t to = (o * a->size + tgi_index_at(index, j, a->size)) * inner;
            for (int64_t i = 0; i < inner; i++, from++)
                add_at(y->dtype, y->data, to + i, x->data, plain ? from : tgi_offset(x, from));
        }
}

static tg_tensor *scatter_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return tg_gather(t, dy, n->inputs[1], (int)((const gather_attrs *)n->attrs)->axis);
}

static const tg_sample scatter_samples[] = {{"f[5,3] i[5]:0..4", "size=4"},
                                            {"f[2,2,2] i[2,2]:-3..3", "axis=1 size=3"},
                                            {"f[2,3] i[]:0..2", "axis=1 size=2"},
                                            {"f[0,3] i[0]", "size=2"},
                                            {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { GATHER, SCATTER_ADD };

const tg_op tgi_gather_ops[] = {
    [GATHER] = {.name = "gather",
                .formula = "x[index] along axis",
                .derivative = "scatter_add(dy, index)",
                .min_inputs = 2,
                .max_inputs = 2,
                .attrs = gather_defs,
                .attrs_size = sizeof(gather_attrs),
                .infer = gather_infer,
                .check = gather_check,
                .forward = gather_forward,
                .vjp = gather_vjp,
                .samples = gather_samples},
    [SCATTER_ADD] = {.name = "scatter_add",
                     .formula = "zeros, then y[index[j]] += x[j] along axis",
                     .derivative = "gather(dy, index)",
                     .min_inputs = 2,
                     .max_inputs = 2,
                     .attrs = scatter_defs,
                     .attrs_size = sizeof(gather_attrs),
                     .infer = scatter_infer,
                     .check = scatter_check,
                     .flops = tg_flops_per_input,
                     .forward = scatter_forward,
                     .vjp = scatter_vjp,
                     .samples = scatter_samples},
};
TGI_FAMILY_COUNT(gather);

tg_tensor *tg_gather(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis)
{
    return tg_record(t, &tgi_gather_ops[GATHER], (tg_tensor *[]){x, index}, 2,
                     &(gather_attrs){.axis = axis});
}

tg_tensor *tg_scatter_add(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis, int64_t size)
{
    return tg_record(t, &tgi_gather_ops[SCATTER_ADD], (tg_tensor *[]){x, index}, 2,
                     &(gather_attrs){axis, size});
}
