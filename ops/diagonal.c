/* diagonal.c - diagonal, a view of the diagonals of matrices, and its transpose undiagonal; then
 * compositions of them: tril, triu, trace and eye. */
#include <string.h>

#include "graph/storage.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"

typedef struct diagonal_attrs {
    int64_t offset, axis1, axis2;
    int64_t size1, size2; /* of undiagonal */
} diagonal_attrs;

#define PLACE                                                                                      \
    {"offset", TG_ATTR_INT, offsetof(diagonal_attrs, offset), "0"},                                \
        {"axis1", TG_ATTR_INT, offsetof(diagonal_attrs, axis1), "-2"},                             \
    {                                                                                              \
        "axis2", TG_ATTR_INT, offsetof(diagonal_attrs, axis2), "-1"                                \
    }
static const tg_attr_def diagonal_defs[] = {PLACE, {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_attr_def undiagonal_defs[] = {
    PLACE,
    {"size1", TG_ATTR_INT, offsetof(diagonal_attrs, size1), NULL},
    {"size2", TG_ATTR_INT, offsetof(diagonal_attrs, size2), NULL},
    {NULL, TG_ATTR_INT, 0, NULL}};
#undef PLACE

/* Makes the axes non-negative, in the tape's copy of the attributes. */
static tg_status two_axes(tg_infer *c, int ndim)
{
    diagonal_attrs *a = (diagonal_attrs *)(uintptr_t)c->attrs;
    tg_status status = tg_axis_normalise(c->op->name, &a->axis1, ndim, c->err);
    if (!status) status = tg_axis_normalise(c->op->name, &a->axis2, ndim, c->err);
    if (!status && a->axis1 == a->axis2)
        status = tg_fail(c->err, TG_EAXIS, "%s: both axes are axis %lld", c->op->name,
                         (long long)a->axis1);
    return status;
}

/* The length of the diagonal of an n1 by n2 matrix. Sets the row and column at which it begins. */
static int64_t line(int64_t offset, int64_t n1, int64_t n2, int64_t *row, int64_t *column)
{
    *row = *column = 0;
    if (offset >= n2 || offset <= -n1) return 0;
    *row = offset < 0 ? -offset : 0;
    *column = offset > 0 ? offset : 0;
    return n1 - *row < n2 - *column ? n1 - *row : n2 - *column;
}

/* x (..., n1, ..., n2, ...) -> y (..., ..., ..., length) */
static tg_status diagonal_infer(tg_infer *c)
{
    const diagonal_attrs *a = c->attrs;
    const tg_tensor *x = c->inputs[0];
    const tg_status status = two_axes(c, x->ndim);
    int64_t row, column;
    if (status) return status;
    const int64_t length = line(a->offset, x->shape[a->axis1], x->shape[a->axis2], &row, &column);
    c->view = true;
    for (int i = 0; i < x->ndim; i++) {
        if (i == a->axis1 || i == a->axis2) continue;
        c->shape[c->ndim] = x->shape[i];
        c->strides[c->ndim++] = x->strides[i];
    }
    c->offset = row * x->strides[a->axis1] + column * x->strides[a->axis2];
    c->shape[c->ndim] = length;
    c->strides[c->ndim++] = x->strides[a->axis1] + x->strides[a->axis2];
    return TG_OK;
}

static tg_tensor *diagonal_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const diagonal_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[i];
    return tg_undiagonal(t, dy, a->offset, (int)a->axis1, (int)a->axis2, x->shape[a->axis1],
                         x->shape[a->axis2]);
}

static const tg_sample diagonal_samples[] = {{"f[3,3]", NULL},
                                             {"f[2,4]", "offset=1"},
                                             {"f[4,2]", "offset=-3"},
                                             {"f[2,3,4]", "offset=-1 axis1=2 axis2=0"},
                                             {"f[2,3]", "offset=7"},
                                             {"f[0,3]", NULL},
                                             {"f[3,2,0]", "axis1=0 axis2=1"},
                                             {"i[2,2]:-5..5", NULL},
                                             {NULL, NULL}};

/* x (..., length) -> y (..., size1, ..., size2, ...) */
static tg_status undiagonal_infer(tg_infer *c)
{
    const diagonal_attrs *a = c->attrs;
    const tg_tensor *x = c->inputs[0];
    const int ndim = x->ndim + 1;
    char text[TG_DESCRIBE_SIZE];
    int64_t row, column;
    if (x->ndim == 0 || ndim > TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE, "undiagonal: the operand is %s, must have 1..%d axes",
                       tg_tensor_describe(x, text, sizeof text), TG_MAX_NDIM - 1);
    const tg_status status = two_axes(c, ndim);
    if (status) return status;
    if (a->size1 < 0 || a->size2 < 0 ||
        line(a->offset, a->size1, a->size2, &row, &column) != x->shape[x->ndim - 1])
        return tg_fail(c->err, TG_ESHAPE, "undiagonal: %s is not diagonal %lld of [%lld,%lld]",
                       tg_tensor_describe(x, text, sizeof text), (long long)a->offset,
                       (long long)a->size1, (long long)a->size2);
    c->ndim = ndim;
    for (int i = 0, k = 0; i < ndim; i++)
        c->shape[i] = i == a->axis1 ? a->size1 : i == a->axis2 ? a->size2 : x->shape[k++];
    return TG_OK;
}

static void undiagonal_forward(const tg_node *n, void *work)
{
    const diagonal_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[0], *y = n->output;
    const size_t width = tg_dtype_size(y->dtype);
    int64_t strides[TG_MAX_NDIM], row, column;
    int k = 0;
    (void)work;
    if (y->size > 0) memset(y->data, 0, (size_t)y->size * width);
    if (x->size == 0) return;
    (void)line(a->offset, a->size1, a->size2, &row, &column);
    for (int i = 0; i < y->ndim; i++)
        if (i != a->axis1 && i != a->axis2) strides[k++] = y->strides[i];
    strides[k] = y->strides[a->axis1] + y->strides[a->axis2];
    const int64_t first = row * y->strides[a->axis1] + column * y->strides[a->axis2];
    tgi_strided_copy(width, x->ndim, x->shape, (char *)y->data + first * (int64_t)width, strides,
                     x->data, x->strides);
}

static tg_tensor *undiagonal_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const diagonal_attrs *a = n->attrs;
    (void)i;
    return tg_diagonal(t, dy, a->offset, (int)a->axis1, (int)a->axis2);
}

static const tg_sample undiagonal_samples[] = {
    {"f[3]", "size1=3 size2=3"},
    {"f[2]", "offset=1 size1=2 size2=4"},
    {"f[2,3]", "offset=-1 axis1=2 axis2=0 size1=4 size2=3"},
    {"f[0]", "size1=0 size2=3"},
    {"f[2,0]", "offset=3 size1=2 size2=2"},
    {"b[2]", "size1=2 size2=2"},
    {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { DIAGONAL, UNDIAGONAL };

const tg_op tgi_diagonal_ops[] = {
    [DIAGONAL] = {.name = "diagonal",
                  .formula = "x[i, i + offset] of axis1 and axis2, as the last axis",
                  .derivative = "undiagonal(dy)",
                  .min_inputs = 1,
                  .max_inputs = 1,
                  .attrs = diagonal_defs,
                  .attrs_size = sizeof(diagonal_attrs),
                  .infer = diagonal_infer,
                  .vjp = diagonal_vjp,
                  .samples = diagonal_samples},
    [UNDIAGONAL] = {.name = "undiagonal",
                    .formula = "0, but y[i, i + offset] = x[i] for axis1 and axis2",
                    .derivative = "diagonal(dy)",
                    .min_inputs = 1,
                    .max_inputs = 1,
                    .attrs = undiagonal_defs,
                    .attrs_size = sizeof(diagonal_attrs),
                    .infer = undiagonal_infer,
                    .forward = undiagonal_forward,
                    .vjp = undiagonal_vjp,
                    .samples = undiagonal_samples},
};
TGI_FAMILY_COUNT(diagonal);

tg_tensor *tg_diagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2)
{
    return tg_record(t, &tgi_diagonal_ops[DIAGONAL], &x, 1,
                     &(diagonal_attrs){.offset = offset, .axis1 = axis1, .axis2 = axis2});
}

tg_tensor *tg_undiagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2,
                         int64_t size1, int64_t size2)
{
    return tg_record(t, &tgi_diagonal_ops[UNDIAGONAL], &x, 1,
                     &(diagonal_attrs){offset, axis1, axis2, size1, size2});
}

/* ---- compositions --------------------------------------------------------------------------- */

/* x where column - row <= offset (lower) or column - row >= offset (upper), else 0. */
static tg_tensor *triangle(tg_tape *t, const char *who, tg_tensor *x, int64_t offset, bool lower)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, who, x)) return NULL;
    if (x->ndim < 2)
        return tg_tape_fail(t, TG_EAXIS, "%s: %s has fewer than 2 axes", who,
                            tg_tensor_describe(x, text, sizeof text));
    const int64_t n1 = x->shape[x->ndim - 2], n2 = x->shape[x->ndim - 1];
    if (n1 > INT32_MAX / 2 || n2 > INT32_MAX / 2)
        return tg_tape_fail(t, TG_ESHAPE, "%s: the indices of %s do not fit into i32", who,
                            tg_tensor_describe(x, text, sizeof text));
    const int64_t k = offset < -n1 ? -n1 : offset > n2 ? n2 : offset;
    tg_tensor *const row = tg_add(t, tg_unsqueeze(t, tg_arange(t, n1), 1), tg_scalar(t, (double)k));
    tg_tensor *const column = tg_arange(t, n2);
    tg_tensor *const inside =
        lower ? tg_less_equal(t, column, row) : tg_greater_equal(t, column, row);
    return tg_where(t, inside, x, tg_full(t, x->dtype, 0, NULL, 0));
}

tg_tensor *tg_tril(tg_tape *t, tg_tensor *x, int64_t offset)
{
    return triangle(t, "tril", x, offset, true);
}

tg_tensor *tg_triu(tg_tape *t, tg_tensor *x, int64_t offset)
{
    return triangle(t, "triu", x, offset, false);
}

tg_tensor *tg_trace(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2)
{
    const char *outer = tgi_enter(t, "trace");
    return tgi_leave(t, outer, tg_sum(t, tg_diagonal(t, x, offset, axis1, axis2), -1, false));
}

tg_tensor *tg_eye(tg_tape *t, tg_dtype dtype, int64_t rows, int64_t columns, int64_t offset)
{
    int64_t row, column;
    if (rows < 0 || columns < 0)
        return tg_tape_fail(t, TG_ESHAPE, "eye: %lld rows and %lld columns", (long long)rows,
                            (long long)columns);
    const int64_t length = line(offset, rows, columns, &row, &column);
    const char *outer = tgi_enter(t, "eye");
    tg_tensor *ones = tg_full(t, dtype, 1, &length, 1);
    return tgi_leave(t, outer, tg_undiagonal(t, ones, offset, 0, 1, rows, columns));
}
