/* value.c - what a value of a draft can be: a map, a call, a reduction of rows or a partial one. */
#include "graph/plan/draft.h"

bool tgi_value_is_map(const tgi_value *v)
{
    const tg_op *op = v->node.op;
    return v->kind == TGI_RESULT && !v->view && tgi_is_elementwise(op) && v->node.n_inputs > 0 &&
           v->node.n_inputs <= TGI_MOST_OPERANDS && !op->check && !op->verdict && !op->work_size &&
           !(op->flags & (TG_OP_RANDOM | TG_OP_WRITES)) &&
           op->map[v->node.inputs[v->node.n_inputs - 1]->dtype];
}

static bool is_simple(tgi_access access)
{
    return access == TGI_CONTIGUOUS || access == TGI_SCALAR;
}

bool tgi_value_is_call(const tgi_value *v)
{
    if (v->x.size == 0 || v->x.size > TGI_FEW || !tgi_value_is_map(v)) return false;
    for (int i = 0; i < v->node.n_inputs; i++)
        if (!is_simple(tgi_access_of(v->node.inputs[i], &v->x, 1))) return false;
    return true;
}

bool tgi_value_is_plain(const tgi_value *v, const tgi_value *y)
{
    return v->tensor->size == y->x.size && tg_tensor_is_contiguous(v->tensor);
}

int64_t tgi_value_row(const tgi_value *v)
{
    enum { SHORTEST = 16 };
    const tg_op *op = v->node.op;
    if (v->kind != TGI_RESULT || v->view || !(op->flags & TG_OP_ROWS) ||
        (op->work_size && op->work_size(&v->node) > 0))
        return 0;
    const tg_tensor *x = v->node.inputs[0];
    const tg_attr_def *d = op->attrs;
    while (d && d->name && d->kind != TG_ATTR_INTS) d++;
    if (!d || !d->name) return 0;
    const tg_ints *axis = (const tg_ints *)(const void *)((const char *)v->node.attrs + d->offset);
    if (axis->n != 1 || axis->v[0] != x->ndim - 1 || x->ndim == 0) return 0;
    const int64_t row = x->shape[x->ndim - 1];
    return row < SHORTEST || row > TGI_BLOCK ? 0 : row;
}

size_t tgi_value_partial_bytes(const tgi_value *v)
{
    const tg_op_partial *partial = v->node.op->partial;
    return (size_t)partial->parts(&v->node) * partial->state_size(&v->node);
}
