/* group.c - open groups: whether an operation may join one, and which of them are merged. */
#include "graph/plan/group.h"

int tgi_plan_group_of(const tgi_schedule *s, int32_t v)
{
    const tgi_value *root = &s->p->values[s->p->values[v].root];
    return root->kind == TGI_RESULT && root->group >= 0 ? s->slot_of[root->group] : -1;
}

static bool reads(const tgi_open_group *g, int32_t v)
{
    for (int i = 0; i < g->n_reads; i++)
        if (g->reads[i] == v) return true;
    return false;
}

bool tgi_plan_group_role(const tgi_value *v, const tgi_open_group *g, tgi_role *role, int64_t *row)
{
    *row = g->row;
    if (!tgi_value_is_map(v)) {
        *row = tgi_value_row(v);
        *role = TGI_ROWS;
        return *row > 0 && v->node.inputs[0]->size == g->size && (g->row == 1 || g->row == *row) &&
               tg_tensor_is_contiguous(v->node.inputs[0]);
    }
    *role = v->x.size == g->size ? TGI_WIDE : TGI_NARROW;
    return *role == TGI_WIDE || (g->row > 1 && v->x.size == g->size / g->row);
}

/* x can read operand `in`, a result of the group, in the loop: when x needs an element, a member
 * has computed it, in the same block. */
static bool is_member(const tgi_schedule *s, int32_t in, const tgi_value *x, tgi_role role,
                      int64_t row)
{
    const tgi_value *v = &s->p->values[in], *root = &s->p->values[v->root];
    if (!tgi_value_is_map(root) && root->role != TGI_ROWS) return false;
    if (role == TGI_ROWS)
        return root->role == TGI_WIDE && v->tensor->size == root->x.size &&
               tg_tensor_is_contiguous(v->tensor);
    if (root->role == TGI_WIDE) return role == TGI_WIDE && tgi_value_is_plain(v, x);
    if (role == TGI_NARROW) return tgi_value_is_plain(v, x);
    return v->root == in || v->offset == 0 ? tgi_access_of(v->tensor, &x->x, row) == TGI_PER_ROW
                                           : false;
}

/* With v in it the group still fits in scratch memory. A rough bound mostly suffices to see that.
 */
static bool fits(const tgi_schedule *s, const tgi_open_group *g, int32_t v, int64_t row)
{
    const int64_t unit = row > 1 ? row : TGI_STEP;
    const int most = g->count + g->loads + 1 + s->p->values[v].node.n_inputs;
    if (most > TGI_SLOTS) return false;
    return (int64_t)(sizeof(double) * (size_t)most) * unit <= TGI_SCRATCH ||
           tgi_slots_fit(s->p, g->first, v, row, unit);
}

bool tgi_plan_group_can_join(const tgi_schedule *s, int slot, int32_t v, tgi_role *role,
                             int64_t *row)
{
    const tgi_value *x = &s->p->values[v];
    const tgi_open_group *g = &s->open[slot];
    bool related = false;
    int more = 0;
    if (g->count == 0 || g->count == TGI_MOST_MEMBERS || !tgi_plan_group_role(x, g, role, row))
        return false;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int32_t in = x->in[i];
        const int from = tgi_plan_group_of(s, in);
        if (from == slot) {
            if (!is_member(s, in, x, *role, *row)) return false;
            related = true;
            continue;
        }
        if (from >= 0 && (s->open[from].before >> slot & 1)) return false;
        if (reads(g, in))
            related = true;
        else
            more++;
    }
    return related && g->n_reads + more <= TGI_MOST_READS && fits(s, g, v, *row);
}

void tgi_plan_group_join(tgi_schedule *s, int slot, int32_t v, tgi_role role, int64_t row)
{
    tgi_draft *p = s->p;
    tgi_value *x = &p->values[v];
    tgi_open_group *g = &s->open[slot];
    g->row = row;
    x->role = role;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int from = tgi_plan_group_of(s, x->in[i]);
        if (from == slot) continue;
        if (from >= 0) g->before |= 1u << from | s->open[from].before;
        if (!reads(g, x->in[i])) g->reads[g->n_reads++] = x->in[i];
        g->loads += !tgi_value_is_plain(&p->values[x->in[i]], x);
        const size_t width = tg_dtype_size(x->node.inputs[i]->dtype);
        if (g->width < width) g->width = width;
    }
    if (g->width < tg_dtype_size(x->x.dtype)) g->width = tg_dtype_size(x->x.dtype);
    for (int i = 0; i < TGI_MOST_OPEN; i++)
        if (s->open[i].count > 0 && (s->open[i].before >> slot & 1)) s->open[i].before |= g->before;
    x->group = g->number;
    if (g->count++ > 0) p->values[g->last].next = v;
    g->last = v;
}

/* The groups have the same size, neither must run before the other, and together they fit. */
static bool can_merge(const tgi_schedule *s, int a, int b)
{
    const tgi_open_group *x = &s->open[a], *y = &s->open[b];
    const int slots = x->count + y->count + x->loads + y->loads + TGI_MOST_OPERANDS;
    const int64_t row = x->row > 1 ? x->row : y->row, unit = row > 1 ? row : TGI_STEP;
    if (x->size != y->size || (x->before >> b & 1) || (y->before >> a & 1) ||
        (x->row != y->row && x->row > 1 && y->row > 1) || x->count + y->count >= TGI_MOST_MEMBERS ||
        x->n_waiting + y->n_waiting > TGI_MOST_WAITING ||
        x->n_reads + y->n_reads > TGI_MOST_READS - TGI_MOST_OPERANDS || slots >= TGI_SLOTS)
        return false;
    return (int64_t)(sizeof(double) * (size_t)slots) * unit <= TGI_SCRATCH ||
           tgi_slots_fit(s->p, x->first, y->first, row, unit);
}

/* Merges group b into a, with the members of both in the order of recording. */
static void merge(tgi_schedule *s, int a, int b)
{
    tgi_value *values = s->p->values;
    tgi_open_group *x = &s->open[a], *y = &s->open[b];
    int32_t i = x->first, j = y->first, last = -1;
    x->first = i < j ? i : j;
    while (i >= 0 || j >= 0) {
        int32_t *from = j < 0 || (i >= 0 && i < j) ? &i : &j;
        const int32_t v = *from;
        *from = values[v].next;
        values[v].group = x->number;
        if (last >= 0) values[last].next = v;
        last = v;
    }
    x->last = last;
    values[last].next = -1;
    for (int k = 0; k < y->n_reads; k++)
        if (!reads(x, y->reads[k])) x->reads[x->n_reads++] = y->reads[k];
    for (int k = 0; k < y->n_waiting; k++) x->waiting[x->n_waiting++] = y->waiting[k];
    for (int k = 0; k < x->n_waiting; k++) values[x->waiting[k]].group = x->number;
    x->count += y->count;
    x->loads += y->loads;
    if (x->row < y->row) x->row = y->row;
    if (x->width < y->width) x->width = y->width;
    x->before |= y->before;
    y->count = 0;
    s->slot_of[y->number] = -1;
    for (int k = 0; k < TGI_MOST_OPEN; k++) {
        tgi_open_group *g = &s->open[k];
        if (g->count > 0 && ((g->before >> a | g->before >> b) & 1)) {
            g->before &= ~(1u << b);
            g->before |= 1u << a | x->before;
        }
    }
}

void tgi_plan_group_merge_inputs(tgi_schedule *s, int32_t v)
{
    const tgi_value *x = &s->p->values[v];
    int into = -1;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int from = tgi_plan_group_of(s, x->in[i]);
        if (from < 0 || from == into || !is_member(s, x->in[i], x, TGI_WIDE, s->open[from].row))
            continue;
        if (into < 0)
            into = from;
        else if (can_merge(s, into, from))
            merge(s, into, from);
    }
}
