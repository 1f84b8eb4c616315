/* take.c - take, which picks rows along an axis by index, its transpose segment_sum, which adds
 * them up, and embedding, which is a take. */
#include <string.h>

#include "graph/parallel.h"
#include "graph/storage.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"
#include "ops/index.h"

enum { COLUMNS = 16 }; /* elements of a row that are worth a thread */

typedef struct take_attrs {
    int64_t axis;
    int64_t size; /* of segment_sum */
} take_attrs;

static const tg_attr_def take_defs[] = {{"axis", TG_ATTR_INT, offsetof(take_attrs, axis), "0"},
                                        {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_attr_def sum_defs[] = {{"axis", TG_ATTR_INT, offsetof(take_attrs, axis), "0"},
                                       {"size", TG_ATTR_INT, offsetof(take_attrs, size), NULL},
                                       {NULL, TG_ATTR_INT, 0, NULL}};

static take_attrs *attrs_of(const tg_infer *c) { return (take_attrs *)(uintptr_t)c->attrs; }

static tg_status take_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0], *index = c->inputs[1];
    take_attrs *a = attrs_of(c);
    tg_status status = tgi_index_dtype(c, index);
    if (!status) status = tg_axis_normalise("take", &a->axis, x->ndim, c->err);
    if (status) return status;
    if (x->ndim - 1 + index->ndim > TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE, "take: the result would have %d dimensions, at most %d",
                       x->ndim - 1 + index->ndim, TG_MAX_NDIM);
    for (int i = 0; i < x->ndim; i++) {
        if (i != a->axis)
            c->shape[c->ndim++] = x->shape[i];
        else
            for (int k = 0; k < index->ndim; k++) c->shape[c->ndim++] = index->shape[k];
    }
    return TG_OK;
}

static tg_status take_check(const tg_node *n, tg_error *err)
{
    const take_attrs *a = n->attrs;
    return tgi_index_range(n, n->inputs[1], n->inputs[0]->shape[a->axis], true, err);
}

/* x (outer, n, inner), index (m) -> y (outer, m, inner). Row (o, j) of y is number o m + j. */
typedef struct rows {
    const tg_tensor *x;
    const int32_t *index;
    int axis;
    int64_t n, m, inner, row, block; /* row: step of k in x; block: elements for each o */
    int64_t row_major[TG_MAX_NDIM];
    size_t width;
    int64_t count, chunks;
    char *y;
} rows;

/* Rows of a single element each. */
#define ELEMENTS(T)                                                                                \
    for (int64_t i = first; i < end; i++)                                                          \
    ((T *)y)[i - first] = ((const T *)base)[tgi_from_start(index[i], r->n) * r->row]

static void copy_elements(const rows *r, int64_t first, int64_t end, char *y, const char *base)
{
    const int32_t *index = r->index;
    if (r->width == 1)
        ELEMENTS(uint8_t);
    else if (r->width == 4)
        ELEMENTS(uint32_t);
    else
        ELEMENTS(uint64_t);
}

static void copy_rows(const rows *r, int64_t first, int64_t end, char *y, const char *base)
{
    const int axis = r->axis, inner = r->x->ndim - axis - 1;
    const int64_t *shape = r->x->shape + axis + 1, *strides = r->x->strides + axis + 1;
    const size_t bytes = (size_t)r->inner * r->width;
    bool plain = true;
    for (int i = 0; i < inner; i++)
        plain = plain && (shape[i] == 1 || strides[i] == r->row_major[i]);
    for (int64_t j = first; j < end; j++, y += bytes) {
        const char *from = base + tgi_from_start(r->index[j], r->n) * r->row * (int64_t)r->width;
        if (plain)
            memcpy(y, from, bytes);
        else
            tgi_strided_copy(r->width, inner, shape, y, r->row_major, from, strides);
    }
}

static void take_chunk(void *user, int64_t chunk)
{
    const rows *r = user;
    const int64_t last = r->count * (chunk + 1) / r->chunks;
    for (int64_t at = r->count * chunk / r->chunks, end; at < last; at = end) {
        const int64_t o = at / r->m, first = at - o * r->m;
        end = (o + 1) * r->m < last ? (o + 1) * r->m : last;
        const char *base =
            (const char *)r->x->data + tgi_offset(r->x, o * r->block) * (int64_t)r->width;
        char *y = r->y + (size_t)(at * r->inner) * r->width;
        if (r->inner == 1)
            copy_elements(r, first, first + end - at, y, base);
        else
            copy_rows(r, first, first + end - at, y, base);
    }
}

static size_t take_work(const tg_node *n) { return tgi_contiguous_work(n->inputs[1]); }

static void take_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *y = n->output;
    const int axis = (int)((const take_attrs *)n->attrs)->axis;
    if (y->size == 0) return;
    rows r = {.x = x,
              .index = tgi_contiguous(n->inputs[1], work),
              .axis = axis,
              .n = x->shape[axis],
              .m = n->inputs[1]->size,
              .inner = 1,
              .row = x->strides[axis],
              .width = tg_dtype_size(x->dtype),
              .y = y->data};
    for (int i = axis + 1; i < x->ndim; i++) r.inner *= x->shape[i];
    tgi_row_major(x->ndim - axis - 1, x->shape + axis + 1, r.row_major);
    r.block = r.n * r.inner;
    r.count = y->size / r.inner;
    r.chunks = tgi_index_chunks((size_t)y->size * r.width, r.count);
    tgi_parallel_for(r.chunks, take_chunk, &r);
}

static tg_tensor *take_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const take_attrs *a = n->attrs;
    (void)i;
    return tg_segment_sum(t, dy, n->inputs[1], (int)a->axis, n->inputs[0]->shape[a->axis]);
}

static const tg_sample take_samples[] = {{"f[4,3] i[5]:0..4", NULL},
                                         {"f[2,4] i[2,2]:-4..4", "axis=1"},
                                         {"f[2,3,2] i[]:0..3", "axis=-2"},
                                         {"f[4,0] i[3]:0..4", NULL},
                                         {"f[4,3] i[0]", NULL},
                                         {NULL, NULL}};

/* x (outer, shape of index, inner) -> y (outer, size, inner) */
static tg_status sum_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0], *index = c->inputs[1];
    take_attrs *a = attrs_of(c);
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    tg_status status = tgi_index_dtype(c, index);
    const int ndim = x->ndim - index->ndim + 1;
    bool fits = ndim >= 1;
    if (!status && ndim > TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE,
                       "segment_sum: the result would have %d dimensions, at most %d", ndim,
                       TG_MAX_NDIM);
    if (!status && fits) status = tg_axis_normalise("segment_sum", &a->axis, ndim, c->err);
    if (status) return status;
    for (int k = 0; fits && k < index->ndim; k++) fits = x->shape[a->axis + k] == index->shape[k];
    if (!fits)
        return tg_fail(c->err, TG_ESHAPE,
                       "segment_sum: %s does not match the index %s from axis %lld on",
                       tg_tensor_describe(x, one, sizeof one),
                       tg_tensor_describe(index, two, sizeof two), (long long)a->axis);
    if (!tg_dtype_is_float(x->dtype))
        return tg_fail(c->err, TG_EDTYPE, "segment_sum: %s is not a float tensor (use tg_cast)",
                       tg_tensor_describe(x, one, sizeof one));
    c->ndim = ndim;
    for (int i = 0; i < ndim; i++)
        c->shape[i] = i < a->axis    ? x->shape[i]
                      : i == a->axis ? a->size
                                     : x->shape[i + index->ndim - 1];
    return TG_OK;
}

static tg_status sum_check(const tg_node *n, tg_error *err)
{
    return tgi_index_range(n, n->inputs[1], ((const take_attrs *)n->attrs)->size, true, err);
}

/* x (outer, m, inner) is added into y (outer, n, inner). Whatever goes to one place is added in the
 * order of the index. So a chunk is some of the outer steps or, if there is only one, some of the
 * columns. */
typedef struct sums {
    const void *x;
    const int32_t *index;
    void *y;
    int64_t outer, m, n, inner, chunks;
    tg_dtype dtype;
} sums;

#define ADD_COLUMNS(T)                                                                             \
    do {                                                                                           \
        const T *x = (const T *)s->x + o * s->m * s->inner;                                        \
        T *const y = (T *)s->y + o * s->n * s->inner;                                              \
        for (int64_t k = 0; k < s->n; k++)                                                         \
            memset(y + k * s->inner + first, 0, (size_t)(end - first) * sizeof *y);                \
        for (int64_t j = 0; j < s->m; j++, x += s->inner) {                                        \
            T *const to = y + tgi_from_start(s->index[j], s->n) * s->inner;                        \
            for (int64_t i = first; i < end; i++) to[i] += x[i];                                   \
        }                                                                                          \
    } while (0)

static void add_columns(const sums *s, int64_t o, int64_t first, int64_t end)
{
    if (s->dtype == TG_F32)
        ADD_COLUMNS(float);
    else
        ADD_COLUMNS(double);
}

static void sum_chunk(void *user, int64_t chunk)
{
    const sums *s = user;
    const int64_t parts = s->outer > 1 ? s->outer : s->inner;
    const int64_t first = parts * chunk / s->chunks, end = parts * (chunk + 1) / s->chunks;
    if (s->outer == 1) {
        add_columns(s, 0, first, end);
        return;
    }
    for (int64_t o = first; o < end; o++) add_columns(s, o, 0, s->inner);
}

static size_t sum_work(const tg_node *n)
{
    return tgi_contiguous_work(n->inputs[0]) + tgi_contiguous_work(n->inputs[1]);
}

static void sum_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *y = n->output;
    const take_attrs *a = n->attrs;
    if (y->size == 0) return;
    sums s = {.x = tgi_contiguous(x, work),
              .y = y->data,
              .outer = 1,
              .inner = 1,
              .n = a->size,
              .m = x->size > 0 ? n->inputs[1]->size : 0,
              .dtype = y->dtype};
    s.index = tgi_contiguous(n->inputs[1], work ? (char *)work + tgi_contiguous_work(x) : NULL);
    for (int i = 0; i < a->axis; i++) s.outer *= y->shape[i];
    for (int i = (int)a->axis + 1; i < y->ndim; i++) s.inner *= y->shape[i];
    const size_t bytes = (size_t)(x->size + y->size) * tg_dtype_size(y->dtype);
    s.chunks = tgi_index_chunks(bytes, s.outer > 1 ? s.outer : s.inner / COLUMNS);
    tgi_parallel_for(s.chunks, sum_chunk, &s);
}

static tg_tensor *sum_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return tg_take(t, dy, n->inputs[1], (int)((const take_attrs *)n->attrs)->axis);
}

static const tg_sample sum_samples[] = {{"f[5,3] i[5]:0..4", "size=4"},
                                        {"f[2,2,2] i[2,2]:-3..3", "axis=1 size=3"},
                                        {"f[2,3] i[]:0..2", "axis=1 size=2"},
                                        {"f[0,3] i[0]", "size=2"},
                                        {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { TAKE, SEGMENT_SUM };

const tg_op tgi_take_ops[] = {
    [TAKE] = {.name = "take",
              .formula = "x[index] along axis",
              .derivative = "segment_sum(dy, index)",
              .min_inputs = 2,
              .max_inputs = 2,
              .attrs = take_defs,
              .attrs_size = sizeof(take_attrs),
              .infer = take_infer,
              .check = take_check,
              .work_size = take_work,
              .forward = take_forward,
              .vjp = take_vjp,
              .samples = take_samples},
    [SEGMENT_SUM] = {.name = "segment_sum",
                     .formula = "zeros, then y[index[j]] += x[j] along axis",
                     .derivative = "take(dy, index)",
                     .min_inputs = 2,
                     .max_inputs = 2,
                     .attrs = sum_defs,
                     .attrs_size = sizeof(take_attrs),
                     .infer = sum_infer,
                     .check = sum_check,
                     .work_size = sum_work,
                     .flops = tg_flops_per_input,
                     .forward = sum_forward,
                     .vjp = sum_vjp,
                     .samples = sum_samples},
};
TGI_FAMILY_COUNT(take);

tg_tensor *tg_take(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis)
{
    if (axis == TG_ALL) {
        if (!tgi_operand(t, "take", x)) return NULL;
        x = tgi_flatten(t, x);
        axis = 0;
    }
    return tg_record(t, &tgi_take_ops[TAKE], (tg_tensor *[]){x, index}, 2,
                     &(take_attrs){.axis = axis});
}

tg_tensor *tg_segment_sum(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis, int64_t size)
{
    return tg_record(t, &tgi_take_ops[SEGMENT_SUM], (tg_tensor *[]){x, index}, 2,
                     &(take_attrs){axis, size});
}

tg_tensor *tg_embedding(tg_tape *t, tg_tensor *weight, tg_tensor *index)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, "embedding", weight)) return NULL;
    if (weight->ndim != 2)
        return tg_tape_fail(t, TG_ESHAPE, "embedding: the weight is %s, must have two axes",
                            tg_tensor_describe(weight, text, sizeof text));
    const char *outer = tgi_enter(t, "embedding");
    return tgi_leave(t, outer, tg_take(t, weight, index, 0));
}
