/* pick.c - one element of each row by index, its transpose, and one_hot. */
#include <string.h>

#include "graph/storage.h"
#include "ops/families.h"
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
    return tgi_index_range(n, n->inputs[1], x->shape[x->ndim - 1], true, err);
}

static void pick_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1];
    const int64_t columns = x->shape[x->ndim - 1];
    const size_t width = tg_dtype_size(x->dtype);
    char *y = n->output->data;
    (void)work;
    for (int64_t i = 0; i < index->size; i++, y += width) {
        const int64_t from = tgi_offset(x, i * columns + tgi_index_at(index, i, columns));
        memcpy(y, (const char *)x->data + from * (int64_t)width, width);
    }
}

/* unpick(dy, index), element by element, so that a plan can do it on the way to what it is added
 * to.  Where the rows are short, unpick itself is faster. */
static tg_tensor *pick_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    enum { SHORT = 64 };
    const int last = n->inputs[i]->ndim - 1;
    const int64_t columns = n->inputs[i]->shape[last];
    tg_tensor *index = n->inputs[1], *none = tg_scalar(t, 0);
    if (columns < SHORT) return tg_unpick(t, dy, index, columns);
    tg_tensor *turned = tg_add(t, index, tg_scalar(t, (double)columns));
    index = tg_where(t, tg_less(t, index, none), turned, index);
    tg_tensor *here = tg_equal(t, tg_iota(t, columns), tg_unsqueeze(t, index, last));
    return tg_where(t, here, tg_unsqueeze(t, dy, last), none);
}

static const tg_sample pick_samples[] = {{"f[4,3] i[4]:0..3", NULL},
                                         {"f[2,2,3] i[2,2]:-3..3", NULL},
                                         {"f[3] i[]:0..3", NULL},
                                         {"f[0,3] i[0]", NULL},
                                         {"f[2,65] i[2]:-65..65", NULL},
                                         {NULL, NULL}};

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
    return tgi_index_range(n, n->inputs[1], ((const pick_attrs *)n->attrs)->n, true, err);
}

static void unpick_forward(const tg_node *n, void *work)
{
    const tg_tensor *x = n->inputs[0], *index = n->inputs[1], *y = n->output;
    const int64_t columns = ((const pick_attrs *)n->attrs)->n;
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    (void)work;
    if (y->size > 0) memset(y->data, 0, (size_t)(y->size * width));
    for (int64_t i = 0; i < index->size; i++)
        memcpy((char *)y->data + (i * columns + tgi_index_at(index, i, columns)) * width,
               (const char *)x->data + tgi_offset(x, i) * width, (size_t)width);
}

static tg_tensor *unpick_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return tg_pick(t, dy, n->inputs[1]);
}

static const tg_sample unpick_samples[] = {{"f[4] i[4]:0..3", "n=3"},
                                           {"f[2,2] i[2,2]:-3..3", "n=3"},
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

static void one_hot_forward(const tg_node *n, void *work)
{
    const tg_tensor *index = n->inputs[0], *y = n->output;
    const int64_t depth = ((const one_hot_attrs *)n->attrs)->depth;
    (void)work;
    if (y->size > 0) memset(y->data, 0, (size_t)y->size * tg_dtype_size(y->dtype));
    for (int64_t i = 0; i < index->size; i++) {
        const int64_t at = i * depth + tgi_index_at(index, i, depth);
        switch (y->dtype) {
        case TG_F32:
            ((float *)y->data)[at] = 1;
            break;
        case TG_F64:
            ((double *)y->data)[at] = 1;
            break;
        case TG_I32:
            ((int32_t *)y->data)[at] = 1;
            break;
        default:
            ((uint8_t *)y->data)[at] = 1;
            break;
        }
    }
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
              .derivative = "unpick(dy, index)",
              .min_inputs = 2,
              .max_inputs = 2,
              .infer = pick_infer,
              .check = pick_check,
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
