/* plan_fuse.c - the loop of a fused group: where each operand of each operation is. */
#include <string.h>

#include "graph/plan.h"

enum {
    STEP = 64, /* a block is a multiple of it */
    MOST_CHUNKS = 64,
    CHUNK = 1 << 17 /* operations on elements worth handing to a thread */
};

typedef struct maker {
    tg_plan *p;
    tgi_fused *f;
    int32_t member[TGI_SLOTS]; /* the values, in order */
    int32_t slot[TGI_SLOTS];   /* of a member: where it is kept; -1: in memory */
    bool taken[TGI_SLOTS];     /* slots in use at this point */
    int slots;                 /* most in use */
} maker;

/* ---- slots ---------------------------------------------------------------------------------- */

static int32_t take_slot(maker *m)
{
    int32_t s = 0;
    while (m->taken[s]) s++;
    m->taken[s] = true;
    if (s + 1 > m->slots) m->slots = s + 1;
    return s;
}

static int member_of(const maker *m, int32_t root)
{
    for (int i = 0; i < m->f->instructions; i++)
        if (m->member[i] == root) return i;
    return -1;
}

static bool used_after(const maker *m, int i, int32_t root)
{
    for (int k = 0; k < m->f->tails; k++)
        if (m->f->tail[k].value->in[0] == root) return true;
    for (int k = i + 1; k < m->f->instructions; k++) {
        const tgi_value *v = &m->p->values[m->member[k]];
        for (int j = 0; j < v->node.n_inputs; j++)
            if (m->p->values[v->in[j]].root == root) return true;
    }
    return false;
}

/* ---- operands from outside ------------------------------------------------------------------ */

/* The axes along which x is read for y, merged; in bytes. */
static void walk(tgi_load *l, const tg_tensor *x, const tg_tensor *y)
{
    l->width = tg_dtype_size(x->dtype);
    l->data = x->data;
    l->axes = 0;
    for (int a = 0; a < y->ndim; a++) {
        const int i = a - (y->ndim - x->ndim);
        const int64_t step = i < 0 || x->shape[i] == 1 ? 0 : x->strides[i] * (int64_t)l->width;
        const int64_t n = y->shape[a];
        if (n == 1) continue;
        if (l->axes > 0 && l->step[l->axes - 1] == step * n) {
            l->n[l->axes - 1] *= n;
            l->step[l->axes - 1] = step;
        } else {
            l->n[l->axes] = n;
            l->step[l->axes++] = step;
        }
    }
    if (l->axes == 0) {
        l->axes = 1;
        l->n[0] = 1;
        l->step[0] = 0;
    }
}

static bool same_walk(const tgi_load *a, const tgi_load *b)
{
    if (a->value != b->value || a->axes != b->axes) return false;
    const size_t bytes = (size_t)a->axes * sizeof *a->n;
    return memcmp(a->n, b->n, bytes) == 0 && memcmp(a->step, b->step, bytes) == 0;
}

static tgi_operand outside(maker *m, int at, int32_t value, int64_t *stride)
{
    tgi_fused *f = m->f;
    tgi_load l = {.value = value, .until = at};
    walk(&l, m->p->values[value].tensor, &m->p->values[m->member[at]].x);
    if (l.axes == 1 && (l.step[0] == 0 || l.step[0] == (int64_t)l.width)) {
        *stride = l.step[0] / (int64_t)l.width;
        return (tgi_operand){m->p->values[value].tensor->data, l.step[0], -1};
    }
    *stride = 1;
    for (int i = 0; i < f->loads; i++)
        if (same_walk(&f->load[i], &l)) {
            f->load[i].until = at;
            return (tgi_operand){NULL, 0, i}; /* the load's number, an address later */
        }
    f->load[f->loads] = l;
    f->instruction[at].loads++;
    return (tgi_operand){NULL, 0, f->loads++};
}

/* ---- the instructions ----------------------------------------------------------------------- */

/* The operands; those from outside before slots are given out, so that it is known how long each
 * is needed. */
static void make_instruction(maker *m, int at)
{
    tgi_instruction *c = &m->f->instruction[at];
    const tgi_value *v = &m->p->values[m->member[at]];
    const tg_node *n = &v->node;
    c->n = n->n_inputs;
    c->map = n->op->map[n->inputs[c->n - 1]->dtype];
    c->attrs = n->attrs;
    c->first_load = m->f->loads;
    c->loads = 0;
    for (int i = 0; i < c->n; i++)
        if (member_of(m, m->p->values[v->in[i]].root) < 0)
            c->x[i] = outside(m, at, v->in[i], &c->stride[i]);
}

static void give_slots(maker *m, int at)
{
    tgi_fused *f = m->f;
    tgi_instruction *c = &f->instruction[at];
    const tgi_value *v = &m->p->values[m->member[at]];
    for (int i = c->first_load; i < c->first_load + c->loads; i++) f->load[i].slot = take_slot(m);
    for (int i = 0; i < c->n; i++) {
        const int k = member_of(m, m->p->values[v->in[i]].root);
        if (k >= 0) {
            c->x[i] = f->instruction[k].y;
            c->stride[i] = 1;
        } else if (c->x[i].slot >= 0)
            c->x[i].slot = f->load[c->x[i].slot].slot;
    }
    m->slot[at] = v->escapes ? -1 : take_slot(m);
    c->y = (tgi_operand){v->x.data, (int64_t)tg_dtype_size(v->x.dtype), m->slot[at]};
    if (m->slot[at] >= 0) c->y.bytes = 0;
    for (int i = 0; i <= at; i++)
        if (m->slot[i] >= 0 && !used_after(m, at, m->member[i])) {
            m->taken[m->slot[i]] = false;
            m->slot[i] = -1;
        }
    for (int i = 0; i < f->loads; i++)
        if (f->load[i].until == at) m->taken[f->load[i].slot] = false;
}

static size_t widest(const maker *m)
{
    size_t width = 1;
    for (int i = 0; i < m->f->instructions; i++) {
        const tgi_value *v = &m->p->values[m->member[i]];
        for (int k = -1; k < v->node.n_inputs; k++) {
            const size_t w = tg_dtype_size(k < 0 ? v->x.dtype : v->node.inputs[k]->dtype);
            if (w > width) width = w;
        }
    }
    return width;
}

static bool make(maker *m, tgi_step *step)
{
    tgi_arena *arena = &m->p->arena;
    tgi_fused *f = tgi_arena_alloc(arena, sizeof *f);
    if (!f) return false;
    *f = (tgi_fused){.n = m->p->values[step->value].x.size};
    m->f = f;
    size_t operands = 0;
    f->tail = tgi_arena_alloc(arena, (size_t)step->count * sizeof *f->tail);
    if (!f->tail) return false;
    for (int32_t k = step->value; k >= 0; k = m->p->values[k].next) {
        const tgi_value *v = &m->p->values[k];
        if (tgi_plan_is_map(v))
            m->member[f->instructions++] = k;
        else
            f->tail[f->tails++] = (tgi_tail){.value = v, .row = tgi_plan_row(v)};
        operands += (size_t)v->node.n_inputs;
    }
    f->instruction = tgi_arena_alloc(arena, (size_t)f->instructions * sizeof *f->instruction);
    f->load = tgi_arena_alloc(arena, operands * sizeof *f->load);
    if (!f->instruction || !f->load) return false;
    for (int i = 0; i < f->instructions; i++) make_instruction(m, i);
    for (int i = 0; i < f->instructions; i++) give_slots(m, i);
    for (int i = 0; i < f->tails; i++)
        f->tail[i].x = f->instruction[member_of(m, f->tail[i].value->in[0])].y;
    const size_t width = widest(m), slots = m->slots ? (size_t)m->slots : 1;
    const int64_t unit = f->tails > 0 ? f->tail[0].row : STEP; /* rows stay whole */
    f->block = TGI_SCRATCH / (int64_t)(slots * width);
    if (f->block > TGI_BLOCK) f->block = TGI_BLOCK;
    f->block = f->block / unit * unit;
    f->slot_bytes = (size_t)f->block * width;
    const int64_t blocks = (f->n + f->block - 1) / f->block;
    f->chunks = f->n / ((CHUNK + f->instructions - 1) / f->instructions);
    f->chunks = f->chunks < 1 ? 1 : f->chunks > MOST_CHUNKS ? MOST_CHUNKS : f->chunks;
    if (f->chunks > blocks) f->chunks = blocks;
    step->fused = f;
    m->p->numbers.groups++;
    m->p->numbers.fused += f->instructions + f->tails;
    return true;
}

bool tgi_plan_fuse(tg_plan *p)
{
    for (int32_t s = 0; s < p->n_steps; s++) {
        maker m = {.p = p};
        if (p->steps[s].count > 1 && !make(&m, &p->steps[s])) return false;
    }
    return true;
}
