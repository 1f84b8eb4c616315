/* plan_fuse.c - the loop of a fused group: where each operand of each operation is. */
#include <string.h>

#include "graph/plan.h"

enum {
    STEP = 64, /* a block is a multiple of it where there are no rows */
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

size_t tgi_fold_bytes(const tgi_value *v)
{
    const tg_folding *fold = v->node.op->fold;
    return (size_t)fold->parts(&v->node) * fold->state_size(&v->node);
}

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
        if (m->p->values[m->f->tail[k].value->in[0]].root == root) return true;
    for (int k = i + 1; k < m->f->instructions; k++) {
        const tgi_value *v = &m->p->values[m->member[k]];
        for (int j = 0; j < v->node.n_inputs; j++)
            if (m->p->values[v->in[j]].root == root) return true;
    }
    return false;
}

/* ---- operands from outside ------------------------------------------------------------------ */

static bool same_walk(const tgi_load *a, const tgi_load *b)
{
    if (a->value != b->value || a->axes != b->axes || a->narrow != b->narrow) return false;
    const size_t bytes = (size_t)a->axes * sizeof *a->n;
    return memcmp(a->n, b->n, bytes) == 0 && memcmp(a->step, b->step, bytes) == 0;
}

/* The number of the load that copies value for member `at`. */
static int32_t load_of(maker *m, int at, int32_t value)
{
    tgi_fused *f = m->f;
    const tgi_value *y = &m->p->values[m->member[at]];
    const tg_tensor *x = m->p->values[value].tensor;
    tgi_load l = {.value = value, .until = at, .narrow = y->part == TGI_NARROW};
    l.width = tg_dtype_size(x->dtype);
    l.data = x->data;
    l.axes = tgi_plan_walk(x, &y->x, l.n, l.step);
    for (int i = 0; i < f->loads; i++)
        if (same_walk(&f->load[i], &l)) {
            f->load[i].until = at;
            return i;
        }
    f->load[f->loads] = l;
    f->instruction[at].loads++;
    return f->loads++;
}

/* How far an operand moves from row to row, and from element to element within one. */
static void set_steps(const tgi_fused *f, tgi_instruction *c, int i)
{
    tgi_operand *x = &c->x[i];
    const bool moves = x->lie == TGI_ALONG || x->lie == TGI_REPEAT || x->lie == TGI_APART;
    c->stride[i] = moves;
    x->row = x->lie == TGI_ALONG || x->lie == TGI_APART ? f->row * x->width
             : x->lie == TGI_BESIDE                     ? x->width
                                                        : 0;
    c->by_rows = c->by_rows || x->lie == TGI_BESIDE || x->lie == TGI_REPEAT;
}

/* ---- the instructions ----------------------------------------------------------------------- */

/* The operands; those from outside before slots are given out, so that it is known how long each
 * is needed. */
static void make_instruction(maker *m, int at)
{
    tgi_instruction *c = &m->f->instruction[at];
    const tgi_value *v = &m->p->values[m->member[at]];
    const tg_node *n = &v->node;
    *c = (tgi_instruction){.value = v, .part = v->part, .attrs = n->attrs, .n = n->n_inputs};
    c->first_load = m->f->loads;
    if (v->part != TGI_ROWS) c->map = n->op->map[n->inputs[c->n - 1]->dtype];
    for (int i = 0; i < c->n; i++) {
        const tgi_value *in = &m->p->values[v->in[i]];
        c->x[i] = (tgi_operand){in->tensor->data, (int64_t)tg_dtype_size(in->tensor->dtype), 0, -1,
                                TGI_ALONG};
        if (v->part == TGI_ROWS) continue;
        c->x[i].lie = tgi_plan_lie(in->tensor, &v->x, v->part == TGI_NARROW ? 1 : m->f->row);
        const bool inside = member_of(m, in->root) >= 0;
        if (inside && c->x[i].lie == TGI_STILL) c->x[i].lie = TGI_ALONG; /* of one element */
        if (!inside && c->x[i].lie == TGI_APART) c->x[i].slot = load_of(m, at, v->in[i]);
        set_steps(m->f, c, i);
    }
}

static void give_slots(maker *m, int at)
{
    tgi_fused *f = m->f;
    tgi_instruction *c = &f->instruction[at];
    const tgi_value *v = &m->p->values[m->member[at]];
    for (int i = c->first_load; i < c->first_load + c->loads; i++) f->load[i].slot = take_slot(m);
    for (int i = 0; i < c->n; i++) {
        const int k = member_of(m, m->p->values[v->in[i]].root);
        if (k >= 0)
            c->x[i].slot = f->instruction[k].y.slot;
        else if (c->x[i].slot >= 0)
            c->x[i].slot = f->load[c->x[i].slot].slot;
    }
    m->slot[at] = v->escapes ? -1 : take_slot(m);
    c->y = (tgi_operand){.data = v->x.data,
                         .width = (int64_t)tg_dtype_size(v->x.dtype),
                         .slot = m->slot[at],
                         .lie = TGI_ALONG};
    c->y.row = f->row * c->y.width;
    for (int i = 0; i <= at; i++)
        if (m->slot[i] >= 0 && !used_after(m, at, m->member[i])) {
            m->taken[m->slot[i]] = false;
            m->slot[i] = -1;
        }
    for (int i = 0; i < f->loads; i++)
        if (f->load[i].until == at) m->taken[f->load[i].slot] = false;
}

/* ---- blocks and chunks ---------------------------------------------------------------------- */

static size_t widest(const maker *m)
{
    size_t width = 1;
    for (int i = 0; i < m->f->instructions; i++) {
        const tgi_instruction *c = &m->f->instruction[i];
        if ((size_t)c->y.width > width) width = (size_t)c->y.width;
        for (int k = 0; k < c->n; k++)
            if ((size_t)c->x[k].width > width) width = (size_t)c->x[k].width;
    }
    return width;
}

static int64_t common(int64_t a, int64_t b) { return a % b == 0 ? a : b % a == 0 ? b : a * b; }

static void cut(maker *m)
{
    tgi_fused *f = m->f;
    const size_t width = widest(m), slots = m->slots ? (size_t)m->slots : 1;
    int64_t unit = f->row > 1 ? f->row : STEP;
    for (int i = 0; i < f->tails; i++) {
        const tg_node *n = &f->tail[i].value->node;
        f->grain = n->op->fold->grain(n);
        f->chunks = n->op->fold->parts(n);
        unit = common(unit, f->grain);
    }
    f->block = TGI_SCRATCH / (int64_t)(slots * width);
    if (f->block > TGI_BLOCK) f->block = TGI_BLOCK;
    f->block = f->block / unit * unit;
    f->slot_bytes = (size_t)f->block * width;
    if (f->tails > 0) return;
    const int64_t blocks = (f->n + f->block - 1) / f->block;
    f->grain = f->block;
    f->chunks = f->n / ((CHUNK + f->instructions - 1) / f->instructions);
    f->chunks = f->chunks < 1 ? 1 : f->chunks > MOST_CHUNKS ? MOST_CHUNKS : f->chunks;
    if (f->chunks > blocks) f->chunks = blocks;
}

/* ---- the group ------------------------------------------------------------------------------ */

static void set_tails(maker *m, char *states)
{
    tgi_fused *f = m->f;
    for (int i = 0; i < f->tails; i++) {
        tgi_tail *l = &f->tail[i];
        const tgi_value *v = l->value;
        l->x = f->instruction[member_of(m, m->p->values[v->in[0]].root)].y;
        l->state_size = v->node.op->fold->state_size(&v->node);
        l->states = states;
        states += tgi_fold_bytes(v);
    }
}

static bool make(maker *m, tgi_step *step)
{
    tgi_arena *arena = &m->p->arena;
    tgi_fused *f = tgi_arena_alloc(arena, sizeof *f);
    if (!f) return false;
    *f = (tgi_fused){.row = 1};
    m->f = f;
    size_t operands = 0;
    f->tail = tgi_arena_alloc(arena, (size_t)step->count * sizeof *f->tail);
    if (!f->tail) return false;
    const int32_t first = step->headed ? m->p->values[step->value].next : step->value;
    for (int32_t k = first; k >= 0; k = m->p->values[k].next) {
        const tgi_value *v = &m->p->values[k];
        if (v->part == TGI_FOLD)
            f->tail[f->tails++].value = v;
        else
            m->member[f->instructions++] = k;
        if (v->part == TGI_WIDE) f->n = v->x.size;
        if (v->part == TGI_ROWS) {
            f->n = v->node.inputs[0]->size;
            f->row = tgi_plan_row(v);
        }
        operands += (size_t)v->node.n_inputs;
    }
    f->instruction = tgi_arena_alloc(arena, (size_t)f->instructions * sizeof *f->instruction);
    f->load = tgi_arena_alloc(arena, operands * sizeof *f->load);
    if (!f->instruction || !f->load) return false;
    for (int i = 0; i < f->instructions; i++) make_instruction(m, i);
    for (int i = 0; i < f->instructions; i++) give_slots(m, i);
    set_tails(m, step->headed ? NULL : step->work);
    cut(m);
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
