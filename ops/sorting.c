/* sorting.c - argsort and nonzero, and the compositions that use them: sort, topk and
 * masked_select. */
#include <math.h>

#include "graph/storage.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"

/* ---- argsort -------------------------------------------------------------------------------- */

typedef struct sort_attrs {
    int64_t axis;
    bool descending;
} sort_attrs;

static const tg_attr_def sort_defs[] = {
    {"axis", TG_ATTR_INT, offsetof(sort_attrs, axis), "-1"},
    {"descending", TG_ATTR_BOOL, offsetof(sort_attrs, descending), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status argsort_infer(tg_infer *c)
{
    sort_attrs *a = (sort_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    const tg_tensor *x = c->inputs[0];
    char text[TG_DESCRIBE_SIZE];
    const tg_status status = tg_axis_normalise("argsort", &a->axis, x->ndim, c->err);
    if (status) return status;
    if (x->shape[a->axis] > INT32_MAX)
        return tg_fail(c->err, TG_ESHAPE, "argsort: the indices of %s do not fit into i32",
                       tg_tensor_describe(x, text, sizeof text));
    (void)tg_infer_same(c);
    c->dtype = TG_I32;
    return TG_OK;
}

/* The keys of one line and two lists of indices. */
static size_t argsort_work(const tg_node *n)
{
    const int64_t axis = ((const sort_attrs *)n->attrs)->axis;
    return (size_t)n->output->shape[axis] * (sizeof(double) + 2 * sizeof(int32_t));
}

/* Every dtype fits exactly into a double. */
static double key_at(const tg_tensor *x, int64_t at)
{
    switch (x->dtype) {
    case TG_F32:
        return (double)((const float *)x->data)[at];
    case TG_F64:
        return ((const double *)x->data)[at];
    case TG_I32:
        return ((const int32_t *)x->data)[at];
    default:
        return ((const uint8_t *)x->data)[at];
    }
}

/* NaN comes last in either order. */
static bool comes_before(double a, double b, bool descending)
{
    if (isnan(a)) return false;
    return isnan(b) || (descending ? a > b : a < b);
}

/* Merges two sorted runs, from..middle and middle..end. Equal elements keep their order. */
static void merge(const double *key, bool descending, const int32_t *in, int32_t *out, int64_t from,
                  int64_t middle, int64_t end)
{
    int64_t i = from, j = middle;
    for (int64_t k = from; k < end; k++) {
        const bool second =
            i == middle || (j < end && comes_before(key[in[j]], key[in[i]], descending));
        out[k] = second ? in[j++] : in[i++];
    }
}

/* Merges runs of 1, 2, 4, ... between the two lists; returns the one with the result. */
static const int32_t *sort_line(const double *key, bool descending, int64_t n, int32_t *a,
                                int32_t *b)
{
    for (int64_t i = 0; i < n; i++) a[i] = (int32_t)i;
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t from = 0; from < n; from += 2 * width) {
            const int64_t middle = from + width < n ? from + width : n;
            const int64_t end = middle + width < n ? middle + width : n;
            merge(key, descending, a, b, from, middle, end);
        }
        int32_t *const other = a;
        a = b;
        b = other;
    }
    return a;
}

static void argsort_forward(const tg_node *n, void *work)
{
    const sort_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[0], *y = n->output;
    if (y->size == 0) return;
    const int64_t size = y->shape[a->axis], inner = y->strides[a->axis];
    double *const key = work;
    int32_t *const one = (int32_t *)(void *)(key + size), *const two = one + size;
    for (int64_t k = 0; k < y->size / size; k++) {
        const int64_t first = k / inner * size * inner + k % inner, at = tgi_offset(x, first);
        for (int64_t i = 0; i < size; i++) key[i] = key_at(x, at + i * x->strides[a->axis]);
        const int32_t *const order = sort_line(key, a->descending, size, one, two);
        for (int64_t i = 0; i < size; i++) ((int32_t *)y->data)[first + i * inner] = order[i];
    }
}

static const tg_sample argsort_samples[] = {
    {"f[6]", NULL},          {"f[5,3]", "axis=0 descending=true"},
    {"f[2,4,2]", "axis=-2"}, {"f[0,3]", "axis=0"},
    {"f[1]", NULL},          {"i[2,7]:-3..3", "descending=true"},
    {"b[9]:0..255", NULL},   {NULL, NULL}};

/* ---- nonzero: the shape of the result depends on the values of the mask --------------------- */

static int64_t count_set(const tg_tensor *mask)
{
    int64_t count = 0;
    for (int64_t i = 0; i < mask->size; i++)
        count += ((const uint8_t *)mask->data)[tgi_offset(mask, i)] != 0;
    return count;
}

static tg_status nonzero_infer(tg_infer *c)
{
    const tg_tensor *mask = c->inputs[0];
    char text[TG_DESCRIBE_SIZE];
    if (mask->dtype != TG_U8)
        return tg_fail(c->err, TG_EDTYPE, "nonzero: %s is not a u8 mask",
                       tg_tensor_describe(mask, text, sizeof text));
    if (mask->size > INT32_MAX)
        return tg_fail(c->err, TG_ESHAPE, "nonzero: the indices of %s do not fit into i32",
                       tg_tensor_describe(mask, text, sizeof text));
    c->dtype = TG_I32;
    c->ndim = 1;
    c->shape[0] = count_set(mask);
    return TG_OK;
}

static tg_status nonzero_check(const tg_node *n, tg_error *err)
{
    if (count_set(n->inputs[0]) == n->output->size) return TG_OK;
    return tg_fail(err, TG_ESHAPE, "nonzero: the mask no longer has %lld elements set",
                   (long long)n->output->size);
}

static void nonzero_forward(const tg_node *n, void *work)
{
    const tg_tensor *mask = n->inputs[0];
    int32_t *y = n->output->data;
    (void)work;
    for (int64_t i = 0; i < mask->size; i++)
        if (((const uint8_t *)mask->data)[tgi_offset(mask, i)]) *y++ = (int32_t)i;
}

static const tg_sample nonzero_samples[] = {
    {"b[3,4]", NULL}, {"b[]:1..2", NULL}, {"b[0,2]", NULL}, {"b[3]:0..1", NULL}, {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { ARGSORT, NONZERO };

const tg_op tgi_sorting_ops[] = {
    [ARGSORT] = {.name = "argsort",
                 .formula = "the indices that sort x along axis",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .attrs = sort_defs,
                 .attrs_size = sizeof(sort_attrs),
                 .infer = argsort_infer,
                 .work_size = argsort_work,
                 .forward = argsort_forward,
                 .samples = argsort_samples},
    [NONZERO] = {.name = "nonzero",
                 .formula = "the row-major indices where the mask is not 0",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .infer = nonzero_infer,
                 .check = nonzero_check,
                 .forward = nonzero_forward,
                 .samples = nonzero_samples},
};
TGI_FAMILY_COUNT(sorting);

tg_tensor *tg_argsort(tg_tape *t, tg_tensor *x, int axis, bool descending)
{
    const bool flat = axis == TG_ALL;
    if (flat && !tgi_operand(t, "argsort", x)) return NULL;
    if (flat) x = tgi_flatten(t, x);
    return tg_record(t, &tgi_sorting_ops[ARGSORT], &x, 1,
                     &(sort_attrs){flat ? 0 : axis, descending});
}

tg_tensor *tg_nonzero(tg_tape *t, tg_tensor *mask)
{
    return tg_record(t, &tgi_sorting_ops[NONZERO], &mask, 1, NULL);
}

/* ---- compositions --------------------------------------------------------------------------- */

/* The order is constant except where two elements are equal, so its derivative is 0 and not
 * missing. */
static tg_tensor *order_of(tg_tape *t, tg_tensor *x, int axis, bool descending)
{
    return tg_argsort(t, tg_stop_gradient(t, x), axis, descending);
}

tg_tensor *tg_sort(tg_tape *t, tg_tensor *x, int axis, bool descending)
{
    if (!tgi_operand(t, "sort", x)) return NULL;
    if (axis == TG_ALL) x = tgi_flatten(t, x), axis = 0;
    const char *outer = tgi_enter(t, "sort");
    tg_tensor *const order = order_of(t, x, axis, descending);
    return tgi_leave(t, outer, tg_take_along_axis(t, x, order, axis));
}

tg_tensor *tg_topk(tg_tape *t, tg_tensor *x, int64_t k, int axis, bool largest, tg_tensor **indices)
{
    char text[TG_DESCRIBE_SIZE];
    if (indices) *indices = NULL;
    if (!tgi_operand(t, "topk", x)) return NULL;
    if (axis == TG_ALL) x = tgi_flatten(t, x), axis = 0;
    if (!x || !tgi_axis(t, "topk", &axis, x->ndim)) return NULL;
    if (k < 0 || k > x->shape[axis])
        return tg_tape_fail(t, TG_EARG, "topk: axis %d of %s does not have %lld elements", axis,
                            tg_tensor_describe(x, text, sizeof text), (long long)k);
    tg_tensor *const order = tg_slice(t, order_of(t, x, axis, largest), axis, 0, k, 1);
    tg_tensor *const y = tg_take_along_axis(t, x, order, axis);
    if (indices && y) *indices = order;
    return y;
}

tg_tensor *tg_masked_select(tg_tape *t, tg_tensor *x, tg_tensor *mask)
{
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, "masked_select", x) || !tgi_operand(t, "masked_select", mask)) return NULL;
    if (!tg_tensor_same_shape(x, mask))
        return tg_tape_fail(t, TG_ESHAPE, "masked_select: the shapes of %s and the mask %s differ",
                            tg_tensor_describe(x, one, sizeof one),
                            tg_tensor_describe(mask, two, sizeof two));
    const char *outer = tgi_enter(t, "masked_select");
    tg_tensor *places = tg_nonzero(t, tg_stop_gradient(t, mask));
    return tgi_leave(t, outer, tg_take(t, x, places, TG_ALL));
}
