/* along.c - take_along_axis, which picks elements along an axis by an array of indices, and its
 * transpose scatter_along_axis, which adds elements up at the places that the indices name. */
#include <string.h>

#include "graph/parallel.h"
#include "graph/storage.h"
#include "ops/elementwise/families.h"
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

/* x and the index have the same shape; if `free` is true, their sizes along the axis may differ. */
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

/* take: x (outer, n, inner), index and y (outer, m, inner). scatter: x and index (outer, m, inner),
 * y (outer, n, inner). All are contiguous, except that the operand of take may be strided. */
typedef struct lines {
    const tg_tensor *strided; /* NULL: x is contiguous */
    const void *x;
    const int32_t *index;
    void *y;
    int64_t outer, n, m, inner, chunks;
    size_t width;
    tg_dtype dtype;
} lines;

static lines lines_of(const tg_node *n, int64_t size)
{
    const tg_tensor *index = n->inputs[1];
    const int axis = (int)((const along_attrs *)n->attrs)->axis;
    lines l = {.x = n->inputs[0]->data,
               .y = n->output->data,
               .outer = 1,
               .n = size,
               .m = index->shape[axis],
               .inner = 1,
               .width = tg_dtype_size(n->output->dtype),
               .dtype = n->output->dtype};
    for (int i = 0; i < axis; i++) l.outer *= index->shape[i];
    for (int i = axis + 1; i < index->ndim; i++) l.inner *= index->shape[i];
    const size_t bytes = (size_t)(index->size + n->output->size) * l.width;
    l.chunks = tgi_index_chunks(bytes, l.outer);
    return l;
}

#define TAKE_LINES(T)                                                                              \
    for (int64_t o = first; o < end; o++) {                                                        \
        const int32_t *const index = l->index + o * l->m * l->inner;                               \
        T *const y = (T *)l->y + o * l->m * l->inner;                                              \
        for (int64_t j = 0; j < l->m; j++)                                                         \
            for (int64_t i = 0; i < l->inner; i++) {                                               \
                const int64_t k = tgi_from_start(index[j * l->inner + i], l->n);                   \
                const int64_t at = (o * l->n + k) * l->inner + i;                                  \
                y[j * l->inner + i] =                                                              \
                    ((const T *)l->x)[l->strided ? tgi_offset(l->strided, at) : at];               \
            }                                                                                      \
    }

static void take_chunk(void *user, int64_t chunk)
{
    const lines *l = user;
    const int64_t first = l->outer * chunk / l->chunks, end = l->outer * (chunk + 1) / l->chunks;
    if (l->width == 1)
        TAKE_LINES(uint8_t)
    else if (l->width == 4)
        TAKE_LINES(uint32_t)
    else
        TAKE_LINES(uint64_t)
}

static size_t take_work(const tg_node *n) { return tgi_contiguous_work(n->inputs[1]); }

static void take_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0];
    if (n->output->size == 0) return;
    lines l = lines_of(n, x->shape[((const along_attrs *)n->attrs)->axis]);
    if (!tg_tensor_is_contiguous(x)) l.strided = x;
    l.index = tgi_contiguous(n->inputs[1], work);
    tgi_parallel_for(l.chunks, take_chunk, &l);
}

#define ADD_LINES(T)                                                                               \
    for (int64_t o = first; o < end; o++) {                                                        \
        const int32_t *const index = l->index + o * l->m * l->inner;                               \
        const T *const x = (const T *)l->x + o * l->m * l->inner;                                  \
        T *const y = (T *)l->y + o * l->n * l->inner;                                              \
        memset(y, 0, (size_t)(l->n * l->inner) * sizeof *y);                                       \
        for (int64_t j = 0; j < l->m * l->inner; j += l->inner)                                    \
            for (int64_t i = 0; i < l->inner; i++)                                                 \
                y[tgi_from_start(index[j + i], l->n) * l->inner + i] += x[j + i];                  \
    }

static void scatter_chunk(void *user, int64_t chunk)
{
    const lines *l = user;
    const int64_t first = l->outer * chunk / l->chunks, end = l->outer * (chunk + 1) / l->chunks;
    if (l->dtype == TG_F32)
        ADD_LINES(float)
    else
        ADD_LINES(double)
}

static size_t scatter_work(const tg_node *n)
{
    return tgi_contiguous_work(n->inputs[0]) + tgi_contiguous_work(n->inputs[1]);
}

static void scatter_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0];
    if (n->output->size == 0) return;
    lines l = lines_of(n, ((const along_attrs *)n->attrs)->size);
    l.x = tgi_contiguous(x, work);
    l.index = tgi_contiguous(n->inputs[1], work ? (char *)work + tgi_contiguous_work(x) : NULL);
    tgi_parallel_for(l.chunks, scatter_chunk, &l);
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
              .work_size = take_work,
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
                 .work_size = scatter_work,
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
