/* pick.c - pick, which takes one element of each row by an index, its transpose unpick, and
 * one_hot.
 *
 * The indices are labels: negative ones do not count from the end. */
#include <string.h>

#include "graph/parallel.h"
#include "graph/storage.h"
#include "ops/elementwise/families.h"
#include "ops/index.h"
#include "tapegrad/ops.h"

/* ---- pick and unpick: one element of each row ----------------------------------------------- */

typedef struct pick_attrs {
    int64_t n; /* of unpick */
} pick_attrs;

static const tg_attr_def unpick_defs[] = {{"n", TG_ATTR_INT, offsetof(pick_attrs, n), NULL},
                                          {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status rows_agree(const tg_infer *c, int rows)
{
    const tg_tensor *x = c->inputs[0], *index = c->inputs[1];
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    bool fits = index->ndim == rows;
    for (int i = 0; fits && i < rows; i++) fits = x->shape[i] == index->shape[i];
    if (fits) return tgi_index_dtype(c, index);
    return tg_fail(c->err, TG_ESHAPE, "%s: the index %s is not one number for each row of %s",
                   c->op->name, tg_tensor_describe(index, two, sizeof two),
                   tg_tensor_describe(x, one, sizeof one));
}

static tg_status pick_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    if (x->ndim == 0) return tg_fail(c->err, TG_ESHAPE, "pick: a 0-d tensor has no rows");
    const tg_status status = rows_agree(c, x->ndim - 1);
    (void)tg_infer_same(c);
    c->ndim--;
    return status;
}

static tg_status pick_check(const tg_node *n, tg_error *err)
{
    const tg_tensor *x = n->inputs[0];
    return tgi_index_range(n, n->inputs[1], x->shape[x->ndim - 1], false, err);
}

/* The rows first .. end-1, and the index of one element in each. */
typedef struct rows {
    const tg_tensor *x; /* the rows, or the elements that go into them */
    const int32_t *index;
    void *y;
    int64_t count, columns, chunks;
    size_t width;
    bool plain; /* x is contiguous */
} rows;

static rows rows_of(const tg_node *n, const tg_tensor *index, int64_t columns, size_t bytes,
                    void *work)
{
    const tg_tensor *x = n->n_inputs > 1 ? n->inputs[0] : NULL;
    return (rows){.x = x,
                  .index = tgi_contiguous(index, work),
                  .y = n->output->data,
                  .count = index->size,
                  .columns = columns,
                  .chunks = tgi_index_chunks(bytes, index->size),
                  .width = tg_dtype_size(n->output->dtype),
                  .plain = x && tg_tensor_is_contiguous(x)};
}

/* The last operand is the index. */
static size_t index_work(const tg_node *n)
{
    return tgi_contiguous_work(n->inputs[n->n_inputs - 1]);
}

#define PICK(T)                                                                                    \
    for (int64_t i = first; i < end; i++) {                                                        \
        const int64_t at = i * r->columns + r->index[i];                                           \
        ((T *)r->y)[i] = ((const T *)r->x->data)[r->plain ? at : tgi_offset(r->x, at)];            \
    }

static void pick_chunk(void *user, int64_t chunk)
{
    const rows *r = user;
    const int64_t first = r->count * chunk / r->chunks, end = r->count * (chunk + 1) / r->chunks;
    if (r->width == 1)
        PICK(uint8_t)
    else if (r->width == 4)
        PICK(uint32_t)
    else
        PICK(uint64_t)
}

static void pick_forward(const tg_node *n, void *work)
{
    enum { LINE = 64 }; /* bytes of the cache line that is read for one element */
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1];
    if (index->size == 0) return;
    rows r = rows_of(n, index, x->shape[x->ndim - 1], (size_t)index->size * LINE, work);
    tgi_parallel_for(r.chunks, pick_chunk, &r);
}

/* unpick(dy, index), written as an elementwise operation, so that a plan can fuse it with the
 * addition that follows. For short rows unpick itself is faster. */
static tg_tensor *pick_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    enum { SHORT = 64 };
    const int last = n->inputs[i]->ndim - 1;
    const int64_t columns = n->inputs[i]->shape[last];
    tg_tensor *index = n->inputs[1];
    if (columns < SHORT || columns > INT32_MAX) return tg_unpick(t, dy, index, columns);
    return tg_where_equal(t, tg_arange(t, columns), tg_unsqueeze(t, index, last),
                          tg_unsqueeze(t, dy, last));
}

static const tg_sample pick_samples[] = {
    {"f[4,3] i[4]:0..3", NULL}, {"f[2,2,3] i[2,2]:0..3", NULL}, {"f[3] i[]:0..3", NULL},
    {"f[0,3] i[0]", NULL},      {"f[2,65] i[2]:0..65", NULL},   {NULL, NULL}};

static tg_status unpick_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    if (x->ndim == TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE, "%s: the result would have %d dimensions", c->op->name,
                       TG_MAX_NDIM + 1);
    const tg_status status = rows_agree(c, x->ndim);
    (void)tg_infer_same(c);
    c->shape[c->ndim++] = ((const pick_attrs *)c->attrs)->n;
    return status;
}

static tg_status unpick_check(const tg_node *n, tg_error *err)
{
    return tgi_index_range(n, n->inputs[1], ((const pick_attrs *)n->attrs)->n, false, err);
}

static void clear(const rows *r, int64_t first, int64_t end)
{
    const size_t row = (size_t)r->columns * r->width;
    memset((char *)r->y + (size_t)first * row, 0, (size_t)(end - first) * row);
}

#define UNPICK(T)                                                                                  \
    for (int64_t i = first; i < end; i++)                                                          \
    ((T *)r->y)[i * r->columns + r->index[i]] =                                                    \
        ((const T *)r->x->data)[r->plain ? i : tgi_offset(r->x, i)]

static void unpick_chunk(void *user, int64_t chunk)
{
    const rows *r = user;
    const int64_t first = r->count * chunk / r->chunks, end = r->count * (chunk + 1) / r->chunks;
    clear(r, first, end);
    if (r->width == 1)
        UNPICK(uint8_t);
    else if (r->width == 4)
        UNPICK(uint32_t);
    else
        UNPICK(uint64_t);
}

static void unpick_forward(const tg_node *n, void *work)
{
    const tg_tensor *y = n->output;
    if (y->size == 0) return;
    rows r = rows_of(n, n->inputs[1], ((const pick_attrs *)n->attrs)->n,
                     (size_t)y->size * tg_dtype_size(y->dtype), work);
    tgi_parallel_for(r.chunks, unpick_chunk, &r);
}

static tg_tensor *unpick_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return tg_pick(t, dy, n->inputs[1]);
}

static const tg_sample unpick_samples[] = {{"f[4] i[4]:0..3", "n=3"},
                                           {"f[2,2] i[2,2]:0..3", "n=3"},
                                           {"f[] i[]:0..3", "n=3"},
                                           {"f[0] i[0]", "n=2"},
                                           {NULL, NULL}};

/* ---- one_hot -------------------------------------------------------------------------------- */

typedef struct one_hot_attrs {
    int64_t depth;
    tg_dtype dtype;
} one_hot_attrs;

static const tg_attr_def one_hot_defs[] = {
    {"depth", TG_ATTR_INT, offsetof(one_hot_attrs, depth), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(one_hot_attrs, dtype), "f32"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status one_hot_infer(tg_infer *c)
{
    const one_hot_attrs *a = c->attrs;
    const tg_tensor *index = c->inputs[0];
    const tg_status status = tgi_index_dtype(c, index);
    if (status) return status;
    if (index->ndim == TG_MAX_NDIM)
        return tg_fail(c->err, TG_ESHAPE, "one_hot: the result would have %d dimensions",
                       TG_MAX_NDIM + 1);
    (void)tg_infer_same(c);
    c->shape[c->ndim++] = a->depth;
    c->dtype = a->dtype;
    return TG_OK;
}

static tg_status one_hot_check(const tg_node *n, tg_error *err)
{
    return tgi_index_range(n, n->inputs[0], ((const one_hot_attrs *)n->attrs)->depth, false, err);
}

#define MARK(T)                                                                                    \
    for (int64_t i = first; i < end; i++) ((T *)r->y)[i * r->columns + r->index[i]] = 1

static void one_hot_chunk(const rows *r, tg_dtype dtype, int64_t first, int64_t end)
{
    clear(r, first, end);
    switch (dtype) {
    case TG_F32:
        MARK(float);
        break;
    case TG_F64:
        MARK(double);
        break;
    case TG_I32:
        MARK(int32_t);
        break;
    default:
        MARK(uint8_t);
        break;
    }
}

static void one_hot_forward(const tg_node *n, void *work)
{
    const tg_tensor *y = n->output;
    if (y->size == 0) return;
    const rows r = rows_of(n, n->inputs[0], ((const one_hot_attrs *)n->attrs)->depth, 0, work);
    one_hot_chunk(&r, y->dtype, 0, r.count);
}

static const tg_sample one_hot_samples[] = {{"i[4]:0..3", "depth=3"},
                                            {"i[2,2]:0..3", "depth=3 dtype=f64"},
                                            {"i[]:0..2", "depth=2 dtype=u8"},
                                            {"i[0]", "depth=2 dtype=i32"},
                                            {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { PICK, UNPICK, ONE_HOT };

const tg_op tgi_pick_ops[] = {
    [PICK] = {.name = "pick",
              .formula = "x[..., index[...]]",
              .derivative = "dy where the column is index, else 0",
              .min_inputs = 2,
              .max_inputs = 2,
              .infer = pick_infer,
              .check = pick_check,
              .work_size = index_work,
              .forward = pick_forward,
              .vjp = pick_vjp,
              .samples = pick_samples},
    [UNPICK] = {.name = "unpick",
                .formula = "0, but y[..., index[...]] = x[...]",
                .derivative = "pick(dy, index)",
                .min_inputs = 2,
                .max_inputs = 2,
                .attrs = unpick_defs,
                .attrs_size = sizeof(pick_attrs),
                .infer = unpick_infer,
                .check = unpick_check,
                .work_size = index_work,
                .forward = unpick_forward,
                .vjp = unpick_vjp,
                .samples = unpick_samples},
    [ONE_HOT] = {.name = "one_hot",
                 .formula = "1 at index, 0 elsewhere, along a new last axis",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .attrs = one_hot_defs,
                 .attrs_size = sizeof(one_hot_attrs),
                 .infer = one_hot_infer,
                 .check = one_hot_check,
                 .work_size = index_work,
                 .forward = one_hot_forward,
                 .samples = one_hot_samples},
};
TGI_FAMILY_COUNT(pick);

tg_tensor *tg_pick(tg_tape *t, tg_tensor *x, tg_tensor *index)
{
    return tg_record(t, &tgi_pick_ops[PICK], (tg_tensor *[]){x, index}, 2, NULL);
}

tg_tensor *tg_unpick(tg_tape *t, tg_tensor *x, tg_tensor *index, int64_t n)
{
    return tg_record(t, &tgi_pick_ops[UNPICK], (tg_tensor *[]){x, index}, 2, &(pick_attrs){n});
}

tg_tensor *tg_one_hot(tg_tape *t, tg_tensor *index, int64_t depth, tg_dtype dtype)
{
    return tg_record(t, &tgi_pick_ops[ONE_HOT], &index, 1, &(one_hot_attrs){depth, dtype});
}
