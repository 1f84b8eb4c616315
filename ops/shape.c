/* shape.c - reshape, permute, transpose and expand: views, where strides allow it. */
#include <string.h>

#include "graph/storage.h"
#include "graph/tape.h"
#include "ops/elementwise/families.h"
#include "tapegrad/ops.h"

static tg_ints ints_of(int n, const int64_t *v)
{
    tg_ints a = {.n = n};
    for (int i = 0; i < n && i < TG_MAX_NDIM; i++) a.v[i] = v[i];
    return a;
}

/* ---- reshape -------------------------------------------------------------------------------- */

typedef tgi_shape_attrs shape_attrs;

static const tg_attr_def shape_defs[] = {
    {"shape", TG_ATTR_INTS, offsetof(shape_attrs, shape), NULL}, {NULL, TG_ATTR_INT, 0, NULL}};

/* Replaces one size of -1, in the tape's copy of the attributes. */
static void complete_shape(tg_ints *shape, int64_t size)
{
    int64_t known = 1;
    int open = -1;
    for (int i = 0; i < shape->n && i < TG_MAX_NDIM; i++) {
        if (shape->v[i] == -1 && open < 0)
            open = i;
        else if (shape->v[i] <= 0 || known > INT64_MAX / shape->v[i])
            return;
        else
            known *= shape->v[i];
    }
    if (open >= 0 && size % known == 0) shape->v[open] = size / known;
}

/* Strides that give x's memory the new shape. Axes of x that are contiguous with each other form
 * groups, and each group can be divided in another way. False if a new axis would span two
 * groups. */
static bool reshape_strides(const tg_tensor *x, int ndim, const int64_t *shape, int64_t *strides)
{
    int64_t xs[TG_MAX_NDIM], xn[TG_MAX_NDIM];
    int axes = 0;
    for (int i = 0; i < x->ndim; i++)
        if (x->shape[i] != 1) xn[axes] = x->shape[i], xs[axes++] = x->strides[i];
    int i = 0, j = 0;
    while (i < axes && j < ndim) {
        int64_t from = xn[i], to = shape[j];
        int i_end = i + 1, j_end = j + 1;
        while (from != to) {
            if (from < to) {
                if (i_end == axes) return false;
                from *= xn[i_end++];
            } else {
                if (j_end == ndim) return false;
                to *= shape[j_end++];
            }
        }
        for (int k = i; k < i_end - 1; k++)
            if (xs[k] != xn[k + 1] * xs[k + 1]) return false;
        int64_t step = xs[i_end - 1];
        for (int k = j_end - 1; k >= j; k--) {
            strides[k] = step;
            step *= shape[k];
        }
        i = i_end;
        j = j_end;
    }
    for (; j < ndim; j++) strides[j] = 1; /* only sizes of 1 are left */
    return i == axes;
}

static tg_status reshape_infer(tg_infer *c)
{
    tg_ints *shape = &((shape_attrs *)(uintptr_t)c->attrs)->shape; /* the tape's own copy */
    const tg_tensor *x = c->inputs[0];
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const tg_ints asked = *shape;
    int64_t size;
    complete_shape(shape, x->size);
    const bool valid =
        tgi_shape_size("reshape", shape->n, shape->v, x->dtype, &size, NULL) == TG_OK;
    if (!valid || size != x->size)
        return tg_fail(c->err, TG_ESHAPE,
                       "reshape: %s has %lld elements, which do not fit the shape %s",
                       tg_tensor_describe(x, a, sizeof a), (long long)x->size,
                       tg_shape_describe(asked.n, asked.v, b, sizeof b));
    c->ndim = shape->n;
    memcpy(c->shape, shape->v, sizeof c->shape);
    if (size == 0) {
        c->view = true;
        tgi_row_major(c->ndim, c->shape, c->strides);
    } else
        c->view = reshape_strides(x, c->ndim, c->shape, c->strides);
    return TG_OK;
}

static void reshape_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0];
    int64_t strides[TG_MAX_NDIM];
    (void)work;
    tgi_row_major(x->ndim, x->shape, strides);
    tgi_strided_copy(tg_dtype_size(x->dtype), x->ndim, x->shape, n->output->data, strides, x->data,
                     x->strides);
}

static tg_tensor *reshape_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return tg_reshape(t, dy, n->inputs[i]->ndim, n->inputs[i]->shape);
}

static const tg_sample reshape_samples[] = {{"f[2,6]", "shape=3,4"},      {"f[2,6]", "shape=-1"},
                                            {"f[4,3]", "shape=2,1,-1,3"}, {"f[]", "shape=1,1"},
                                            {"f[0,3]", "shape=3,0"},      {NULL, NULL}};

/* ---- permute and transpose ------------------------------------------------------------------ */

typedef struct permute_attrs {
    tg_ints axes;
} permute_attrs;

static const tg_attr_def permute_defs[] = {
    {"axes", TG_ATTR_INTS, offsetof(permute_attrs, axes), NULL}, {NULL, TG_ATTR_INT, 0, NULL}};

static void permute_view(tg_infer *c, const int64_t *axes)
{
    const tg_tensor *x = c->inputs[0];
    c->view = true;
    c->ndim = x->ndim;
    for (int i = 0; i < x->ndim; i++) {
        c->shape[i] = x->shape[axes[i]];
        c->strides[i] = x->strides[axes[i]];
    }
}

static tg_status permute_infer(tg_infer *c)
{
    tg_ints *axes = &((permute_attrs *)(uintptr_t)c->attrs)->axes;
    const tg_tensor *x = c->inputs[0];
    bool seen[TG_MAX_NDIM] = {false};
    char text[TG_DESCRIBE_SIZE];
    if (axes->n != x->ndim)
        return tg_fail(c->err, TG_EAXIS, "permute: %d axes for %s", axes->n == TG_ALL ? 0 : axes->n,
                       tg_tensor_describe(x, text, sizeof text));
    for (int i = 0; i < axes->n; i++) {
        const tg_status status = tg_axis_normalise("permute", &axes->v[i], x->ndim, c->err);
        if (status) return status;
        if (seen[axes->v[i]])
            return tg_fail(c->err, TG_EAXIS, "permute: axis %d is given twice", (int)axes->v[i]);
        seen[axes->v[i]] = true;
    }
    permute_view(c, axes->v);
    return TG_OK;
}

static tg_tensor *permute_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const tg_ints *axes = &((const permute_attrs *)n->attrs)->axes;
    int inverse[TG_MAX_NDIM];
    (void)i;
    for (int k = 0; k < axes->n; k++) inverse[axes->v[k]] = k;
    return tg_permute(t, dy, axes->n, inverse);
}

static const tg_sample permute_samples[] = {{"f[2,3,4]", "axes=2,0,1"},
                                            {"f[2,3]", "axes=-1,0"},
                                            {"f[]", "axes="},
                                            {"f[0,3]", "axes=1,0"},
                                            {NULL, NULL}};

typedef struct transpose_attrs {
    int64_t axis1, axis2;
} transpose_attrs;

static const tg_attr_def transpose_defs[] = {
    {"axis1", TG_ATTR_INT, offsetof(transpose_attrs, axis1), "-2"},
    {"axis2", TG_ATTR_INT, offsetof(transpose_attrs, axis2), "-1"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status transpose_infer(tg_infer *c)
{
    const transpose_attrs *a = c->attrs;
    int64_t axes[TG_MAX_NDIM], one = a->axis1, two = a->axis2;
    const int ndim = c->inputs[0]->ndim;
    tg_status status = tg_axis_normalise("transpose", &one, ndim, c->err);
    if (!status) status = tg_axis_normalise("transpose", &two, ndim, c->err);
    if (status) return status;
    for (int i = 0; i < ndim; i++) axes[i] = i == one ? two : i == two ? one : i;
    permute_view(c, axes);
    return TG_OK;
}

static tg_tensor *transpose_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const transpose_attrs *a = n->attrs;
    (void)i;
    return tg_transpose(t, dy, (int)a->axis1, (int)a->axis2);
}

static const tg_sample transpose_samples[] = {
    {"f[2,3]", NULL}, {"f[2,3,4]", "axis1=0 axis2=-1"}, {"f[0,3]", NULL}, {NULL, NULL}};

/* ---- expand --------------------------------------------------------------------------------- */

static tg_status expand_infer(tg_infer *c)
{
    const tg_ints *to = &((const shape_attrs *)c->attrs)->shape;
    const tg_tensor *x = c->inputs[0];
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    bool fits = to->n >= x->ndim && to->n <= TG_MAX_NDIM;
    for (int i = 0; fits && i < x->ndim; i++) {
        const int64_t n = to->v[to->n - x->ndim + i];
        fits = x->shape[i] == n || x->shape[i] == 1;
    }
    if (!fits)
        return tg_fail(c->err, TG_ESHAPE, "expand: %s does not broadcast to %s",
                       tg_tensor_describe(x, a, sizeof a),
                       tg_shape_describe(to->n, to->v, b, sizeof b));
    c->view = true;
    c->ndim = to->n;
    for (int i = 0; i < to->n; i++) {
        const int k = i - (to->n - x->ndim);
        c->shape[i] = to->v[i];
        c->strides[i] = k < 0 || x->shape[k] != to->v[i] ? 0 : x->strides[k];
    }
    return TG_OK;
}

/* The sweep sums dy over the repeated axes. */
static tg_tensor *expand_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)t, (void)n, (void)i;
    return dy;
}

static const tg_sample expand_samples[] = {{"f[3]", "shape=2,3"}, {"f[2,1,3]", "shape=2,4,3"},
                                           {"f[]", "shape=2,2"},  {"f[1,3]", "shape=0,3"},
                                           {"f[2]", "shape=2"},   {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { RESHAPE, PERMUTE, TRANSPOSE, EXPAND };

const tg_op tgi_shape_ops[] = {
    [RESHAPE] = {.name = "reshape",
                 .formula = "the elements of x in row-major order",
                 .derivative = "dy reshaped back",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .attrs = shape_defs,
                 .attrs_size = sizeof(shape_attrs),
                 .infer = reshape_infer,
                 .forward = reshape_forward,
                 .vjp = reshape_vjp,
                 .samples = reshape_samples},
    [PERMUTE] = {.name = "permute",
                 .formula = "axis i of y is axis axes[i] of x",
                 .derivative = "dy permuted back",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .attrs = permute_defs,
                 .attrs_size = sizeof(permute_attrs),
                 .infer = permute_infer,
                 .vjp = permute_vjp,
                 .samples = permute_samples},
    [TRANSPOSE] = {.name = "transpose",
                   .formula = "x with two axes swapped",
                   .derivative = "dy with the same axes swapped",
                   .min_inputs = 1,
                   .max_inputs = 1,
                   .attrs = transpose_defs,
                   .attrs_size = sizeof(transpose_attrs),
                   .infer = transpose_infer,
                   .vjp = transpose_vjp,
                   .samples = transpose_samples},
    [EXPAND] = {.name = "expand",
                .formula = "x repeated to a shape it broadcasts to",
                .derivative = "dy summed over the repetitions",
                .min_inputs = 1,
                .max_inputs = 1,
                .attrs = shape_defs,
                .attrs_size = sizeof(shape_attrs),
                .infer = expand_infer,
                .vjp = expand_vjp,
                .samples = expand_samples},
};
TGI_FAMILY_COUNT(shape);

tg_tensor *tg_reshape(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape)
{
    if (ndim > 0 && !shape) return tg_tape_fail(t, TG_EARG, "reshape: the shape is NULL");
    return tg_record(t, &tgi_shape_ops[RESHAPE], &x, 1, &(shape_attrs){ints_of(ndim, shape)});
}

tg_tensor *tg_permute(tg_tape *t, tg_tensor *x, int n, const int *axes)
{
    permute_attrs a = {.axes = {.n = n}};
    if (n > 0 && !axes) return tg_tape_fail(t, TG_EARG, "permute: the axes are NULL");
    for (int i = 0; i < n && i < TG_MAX_NDIM; i++) a.axes.v[i] = axes[i];
    return tg_record(t, &tgi_shape_ops[PERMUTE], &x, 1, &a);
}

tg_tensor *tg_transpose(tg_tape *t, tg_tensor *x, int axis1, int axis2)
{
    return tg_record(t, &tgi_shape_ops[TRANSPOSE], &x, 1, &(transpose_attrs){axis1, axis2});
}

tg_tensor *tg_expand(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape)
{
    if (ndim > 0 && !shape) return tg_tape_fail(t, TG_EARG, "expand: the shape is NULL");
    return tg_record(t, &tgi_shape_ops[EXPAND], &x, 1, &(shape_attrs){ints_of(ndim, shape)});
}
