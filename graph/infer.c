/* infer.c - ready-made parts of descriptors: shape rules, and a count of operations. */
#include <string.h>

#include "graph/elementwise.h"

tg_status tg_infer_same(tg_infer *c)
{
    if (!c) return TG_EARG;
    const tg_tensor *x = c->inputs[0];
    c->ndim = x->ndim;
    for (int i = 0; i < x->ndim; i++) c->shape[i] = x->shape[i];
    return TG_OK;
}

double tg_flops_per_input(const tg_node *n) { return n ? (double)n->inputs[0]->size : 0; }

static tg_status unsupported(const tg_infer *c, const tg_tensor *x)
{
    char text[TG_DESCRIBE_SIZE], list[32] = "";
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        if (c->op->map[d]) {
            if (*list) strncat(list, " ", sizeof list - strlen(list) - 1);
            strncat(list, tg_dtype_name((tg_dtype)d), sizeof list - strlen(list) - 1);
        }
    return tg_fail(c->err, TG_EDTYPE, "%s: %s is not supported, takes %s (use tg_cast)",
                   c->op->name, tg_tensor_describe(x, text, sizeof text), list);
}

static tg_status different(const tg_infer *c, const tg_tensor *a, const tg_tensor *b)
{
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    return tg_fail(c->err, TG_EDTYPE, "%s: dtypes differ: %s and %s (use tg_cast)", c->op->name,
                   tg_tensor_describe(a, one, sizeof one), tg_tensor_describe(b, two, sizeof two));
}

/* x is not a scalar and does not have the shape found so far. */
static bool has_another_shape(const tg_infer *c, const tg_tensor *x)
{
    bool same = x->ndim == c->ndim;
    for (int i = 0; same && i < x->ndim; i++) same = x->shape[i] == c->shape[i];
    return !same && x->ndim > 0;
}

tg_status tg_infer_elementwise(tg_infer *c)
{
    if (!c) return TG_EARG;
    const int n = c->n_inputs;
    if (n < 1 || n > TGI_MOST_OPERANDS)
        return tg_fail(c->err, TG_EARG, "%s: elementwise operations take 1 to %d operands",
                       c->op->name, TGI_MOST_OPERANDS);
    const tg_tensor *last = c->inputs[n - 1];
    const int first = n == 3 && c->inputs[0]->dtype == TG_U8 ? 1 : 0; /* a condition */
    for (int i = first; i < n - 1; i++)
        if (c->inputs[i]->dtype != last->dtype) return different(c, c->inputs[i], last);
    if (!c->op->map[last->dtype]) return unsupported(c, last);
    c->dtype = c->op->flags & TG_OP_MASK ? TG_U8 : last->dtype;
    (void)tg_infer_same(c);
    for (int i = 1; i < n; i++) {
        int64_t shape[TG_MAX_NDIM];
        const tg_tensor *x = c->inputs[i];
        if (!has_another_shape(c, x)) continue;
        const tg_status status = tg_broadcast_shapes(c->op->name, c->ndim, c->shape, x->ndim,
                                                     x->shape, &c->ndim, shape, c->err);
        if (status) return status;
        memcpy(c->shape, shape, (size_t)c->ndim * sizeof *shape);
    }
    return TG_OK;
}
