/* pairs.c - finds pairs of members that can be computed in one pass over memory. */
#include "graph/plan/draft.h"

/* How often the members and the partial reductions read what member i computes. */
static int uses(const tgi_loop_builder *m, int i)
{
    int n = 0;
    for (int k = 0; k < m->f->tails; k++)
        n += m->p->values[m->l->tail[k]->in[0]].root == m->member[i];
    for (int k = i + 1; k < m->members; k++)
        for (int j = 0; j < tgi_member(m, k)->node.n_inputs; j++)
            n += m->p->values[tgi_member(m, k)->in[j]].root == m->member[i];
    return n;
}

/* A member between i and j overwrites something that i reads. */
static bool overwritten(const tgi_loop_builder *m, int i, int j)
{
    for (int k = i + 1; k < j; k++)
        for (int l = 0; l < tgi_member(m, i)->node.n_inputs; l++)
            if (tgi_member(m, k)->escapes &&
                m->p->values[m->p->values[tgi_member(m, i)->in[l]].root].tensor->data ==
                    tgi_member(m, k)->x.data)
                return true;
    return false;
}

static bool same_dtypes(const tgi_value *v)
{
    bool same = true;
    for (int i = 0; i < v->node.n_inputs; i++)
        same = same && v->node.inputs[i]->dtype == v->x.dtype;
    return same;
}

tg_map_fn tgi_pairs_map(const tgi_value *y, const tgi_value *x, int k)
{
    const tg_op *op = y->node.op, *inner = x->node.op;
    if (!op->pair || inner->attrs_size ||
        x->node.n_inputs + y->node.n_inputs > TGI_MOST_OPERANDS + 1)
        return NULL;
    return op->pair(op, inner, k, y->x.dtype);
}

/* The map that computes member j together with *inner, the member that computes its operand k; NULL
 * if there is none. */
static tg_map_fn pair_of(const tgi_loop_builder *m, int j, int k, int *inner)
{
    const tgi_value *y = tgi_member(m, j), *x;
    *inner = tgi_member_of(m, m->p->values[y->in[k]].root);
    if (*inner < 0 || m->absorbed[*inner] || m->inner[*inner] >= 0) return NULL;
    x = tgi_member(m, *inner);
    if (x->escapes || x->role != y->role || !same_dtypes(x) || !same_dtypes(y) ||
        x->x.dtype != y->x.dtype || uses(m, *inner) != 1 || overwritten(m, *inner, j))
        return NULL;
    return tgi_pairs_map(y, x, k);
}

void tgi_pairs_find(tgi_loop_builder *m)
{
    for (int j = 0; j < m->members; j++) {
        const tgi_value *y = tgi_member(m, j);
        for (int k = 0; k < y->node.n_inputs && m->inner[j] < 0 && y->role != TGI_ROWS; k++) {
            int inner;
            if (!pair_of(m, j, k, &inner)) continue;
            m->inner[j] = inner;
            m->absorbed[inner] = true;
        }
    }
}
