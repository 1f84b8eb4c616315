/* elementwise.c - the shape rule and the driver of all elementwise operations: broadcasting,
 * merging of axes, and one call of the op's loop per run. */
#include "ops/elementwise.h"

#include <string.h>

enum { MOST_INPUTS = 8 };

tg_status tg_broadcast_shapes(const char *who, int na, const int64_t *a, int nb, const int64_t *b,
                              int *ndim, int64_t *shape, tg_error *err)
{
    const int n = na > nb ? na : nb;
    for (int i = 1; i <= n; i++) {
        const int64_t x = i <= na ? a[na - i] : 1, y = i <= nb ? b[nb - i] : 1;
        if (x != y && x != 1 && y != 1) {
            char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
            return tg_fail(err, TG_ESHAPE, "%s: shapes do not broadcast: %s and %s", who,
                           tg_shape_describe(na, a, one, sizeof one),
                           tg_shape_describe(nb, b, two, sizeof two));
        }
        shape[n - i] = x == 1 ? y : x;
    }
    *ndim = n;
    return TG_OK;
}

tg_status tg_axis_normalise(const char *who, int64_t *axis, int ndim, tg_error *err)
{
    if (*axis < -ndim || *axis >= ndim)
        return tg_fail(err, TG_EAXIS, "%s: axis %lld is out of range for %d dimensions", who,
                       (long long)*axis, ndim);
    if (*axis < 0) *axis += ndim;
    return TG_OK;
}

tg_status tg_infer_same(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    c->ndim = x->ndim;
    if (x->ndim > 0) memcpy(c->shape, x->shape, (size_t)x->ndim * sizeof *c->shape);
    return TG_OK;
}

double tg_flops_per_input(const tg_node *n) { return (double)n->inputs[0]->size; }

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

tg_status tg_infer_elementwise(tg_infer *c)
{
    const int n = c->n_inputs;
    if (n < 1 || n > MOST_INPUTS)
        return tg_fail(c->err, TG_EARG, "%s: elementwise operations take 1 to %d operands",
                       c->op->name, MOST_INPUTS);
    const tg_tensor *last = c->inputs[n - 1];
    const int first = n == 3 && c->inputs[0]->dtype == TG_U8 ? 1 : 0; /* a condition */
    for (int i = first; i < n - 1; i++)
        if (c->inputs[i]->dtype != last->dtype) return different(c, c->inputs[i], last);
    if (!c->op->map[last->dtype]) return unsupported(c, last);
    c->dtype = c->op->flags & TG_OP_MASK ? TG_U8 : last->dtype;
    for (int i = 0; i < n; i++) {
        int64_t shape[TG_MAX_NDIM];
        const tg_tensor *x = c->inputs[i];
        const tg_status status = tg_broadcast_shapes(c->op->name, c->ndim, c->shape, x->ndim,
                                                     x->shape, &c->ndim, shape, c->err);
        if (status) return status;
        memcpy(c->shape, shape, sizeof shape);
    }
    return TG_OK;
}

/* ---- the driver ----------------------------------------------------------------------------- */

/* The axes of the output, merged where every input runs on; the last one is the run. */
typedef struct loop {
    int axes;
    int64_t n[TG_MAX_NDIM];
    int64_t step[TG_MAX_NDIM][MOST_INPUTS]; /* in elements */
} loop;

static int64_t broadcast_stride(const tg_tensor *x, int axis, int ndim)
{
    const int i = axis - (ndim - x->ndim);
    return i < 0 || x->shape[i] == 1 ? 0 : x->strides[i];
}

static void loop_plan(loop *l, const tg_node *node)
{
    const tg_tensor *y = node->output;
    l->axes = 0;
    for (int a = 0; a < y->ndim; a++) {
        if (y->shape[a] == 1) continue;
        int64_t step[MOST_INPUTS];
        bool merge = l->axes > 0;
        for (int i = 0; i < node->n_inputs; i++) {
            step[i] = broadcast_stride(node->inputs[i], a, y->ndim);
            merge = merge && l->step[l->axes - 1][i] == step[i] * y->shape[a];
        }
        if (!merge) l->n[l->axes++] = 1;
        l->n[l->axes - 1] *= y->shape[a];
        for (int i = 0; i < node->n_inputs; i++) l->step[l->axes - 1][i] = step[i];
    }
    if (l->axes == 0) {
        l->axes = 1;
        l->n[0] = 1;
        for (int i = 0; i < node->n_inputs; i++) l->step[0][i] = 0;
    }
}

static bool all_plain(const tg_node *node)
{
    for (int i = 0; i < node->n_inputs; i++)
        if (!tg_tensor_same_shape(node->inputs[i], node->output) ||
            !tg_tensor_is_contiguous(node->inputs[i]))
            return false;
    return true;
}

void tg_forward_elementwise(const tg_node *node, void *work)
{
    static const int64_t ones[MOST_INPUTS] = {1, 1, 1, 1, 1, 1, 1, 1};
    const int inputs = node->n_inputs;
    const tg_tensor *y = node->output;
    const tg_map_fn map = node->op->map[node->inputs[inputs - 1]->dtype];
    const void *x[MOST_INPUTS];
    int64_t width[MOST_INPUTS], index[TG_MAX_NDIM] = {0};
    loop l;
    (void)work;
    if (y->size == 0) return;
    for (int i = 0; i < inputs; i++) x[i] = node->inputs[i]->data;
    if (all_plain(node)) {
        map(y->size, y->data, x, ones, node->attrs);
        return;
    }
    for (int i = 0; i < inputs; i++) width[i] = (int64_t)tg_dtype_size(node->inputs[i]->dtype);
    loop_plan(&l, node);
    const int last = l.axes - 1;
    const int64_t run = l.n[last], run_bytes = run * (int64_t)tg_dtype_size(y->dtype);
    for (char *out = y->data;; out += run_bytes) {
        map(run, out, x, l.step[last], node->attrs);
        int a = last - 1;
        for (; a >= 0; a--) {
            const bool carry = ++index[a] == l.n[a];
            const int64_t steps = carry ? 1 - l.n[a] : 1;
            for (int i = 0; i < inputs; i++)
                x[i] = (const char *)x[i] + steps * l.step[a][i] * width[i];
            if (!carry) break;
            index[a] = 0;
        }
        if (a < 0) return;
    }
}
