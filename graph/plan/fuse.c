/* fuse.c - builds the loop of a fused group and decides where it finds each operand. */
#include <string.h>

#include "graph/plan/draft.h"

enum {
    MOST_CHUNKS = 64,
    CHUNK = 1 << 17 /* operations on elements worth handing to a thread */
};

/* An operand of a member. */
typedef struct reference {
    const tgi_value *y; /* the member */
    int32_t in;
    int index;
} reference;

/* ---- slots ---------------------------------------------------------------------------------- */

static int32_t take_slot(tgi_loop_builder *m)
{
    int32_t s = 0;
    while (m->taken[s]) s++;
    m->taken[s] = true;
    if (s + 1 > m->l->slots) m->l->slots = s + 1;
    return s;
}

static int instruction_of(const tgi_loop_builder *m, int32_t root)
{
    for (int i = 0; i < m->f->instructions; i++)
        if (m->member[m->of[i]] == root) return i;
    return -1;
}

/* Lists what instruction c reads, in the order of its operands. Returns how many there are. */
static int references(const tgi_loop_builder *m, int c, reference *r)
{
    const int outer = m->of[c], inner = m->inner[outer];
    int n = 0;
    for (int pass = inner < 0; pass < 2; pass++) {
        const tgi_value *y = tgi_member(m, pass ? outer : inner);
        for (int i = 0; i < y->node.n_inputs; i++)
            if (!pass || inner < 0 || m->p->values[y->in[i]].root != m->member[inner])
                r[n++] = (reference){y, y->in[i], i};
    }
    return n;
}

static bool used_after(const tgi_loop_builder *m, int i, int32_t root)
{
    reference r[TGI_MOST_OPERANDS];
    for (int k = 0; k < m->f->tails; k++)
        if (m->p->values[m->l->tail[k]->in[0]].root == root) return true;
    for (int k = i + 1; k < m->f->instructions; k++)
        for (int j = references(m, k, r) - 1; j >= 0; j--)
            if (m->p->values[r[j].in].root == root) return true;
    return false;
}

/* ---- operands from outside ------------------------------------------------------------------ */

static bool same_axes(const tgi_load *a, const tgi_load *b)
{
    if (a->value != b->value || a->axes != b->axes || a->narrow != b->narrow) return false;
    const size_t bytes = (size_t)a->axes * sizeof *a->n;
    return memcmp(a->n, b->n, bytes) == 0 && memcmp(a->step, b->step, bytes) == 0;
}

/* The number of the load that copies an operand of instruction `at`. */
static int16_t load_of(tgi_loop_builder *m, int at, const reference *r)
{
    tgi_loop *f = m->f;
    const tgi_value *y = r->y;
    const tg_tensor *x = m->p->values[r->in].tensor;
    tgi_load l = {.value = r->in, .until = at, .narrow = y->role == TGI_NARROW};
    l.width = tg_dtype_size(x->dtype);
    l.data = x->data;
    l.axes = tgi_access_axes(x, &y->x, l.n, l.step);
    for (int i = 0; i < f->loads; i++)
        if (same_axes(&f->load[i], &l)) {
            f->load[i].until = at;
            return (int16_t)i;
        }
    f->load[f->loads] = l;
    m->l->instruction[at].loads++;
    return (int16_t)f->loads++;
}

/* ---- the instructions ----------------------------------------------------------------------- */

static tg_map_fn map_of(const tgi_loop_builder *m, int member)
{
    const tgi_value *y = tgi_member(m, member);
    const tg_node *n = &y->node;
    if (y->role == TGI_ROWS) return NULL;
    if (m->inner[member] < 0) return n->op->map[n->inputs[n->n_inputs - 1]->dtype];
    const tgi_value *x = tgi_member(m, m->inner[member]);
    int k = 0;
    while (m->p->values[y->in[k]].root != m->member[m->inner[member]]) k++;
    return tgi_pairs_map(y, x, k);
}

static tgi_operand in_memory(const tgi_loop_builder *m, int32_t value)
{
    const tg_tensor *x = m->p->values[value].tensor;
    return (tgi_operand){x->data, value, -1, (uint8_t)tg_dtype_size(x->dtype), TGI_CONTIGUOUS};
}

/* Sets map and operands. This comes before the instructions get their slots, so that it is known
 * until when each copied operand needs its slot. */
static void make_instruction(tgi_loop_builder *m, int at)
{
    tgi_draft_instruction *c = &m->l->instruction[at];
    const int member = m->of[at];
    const tgi_value *v = tgi_member(m, member);
    reference r[TGI_MOST_OPERANDS];
    c->value = v;
    c->inner = m->inner[member] >= 0 ? tgi_member(m, m->inner[member]) : NULL;
    c->map = map_of(m, member);
    c->by_rows = false;
    c->n = references(m, at, r);
    c->first_load = m->f->loads;
    c->loads = 0;
    for (int i = 0; i < c->n; i++) {
        const tgi_value *in = &m->p->values[r[i].in];
        c->x[i] = in_memory(m, r[i].in);
        if (v->role == TGI_ROWS) continue;
        tgi_access access =
            tgi_access_of(in->tensor, &r[i].y->x, v->role == TGI_NARROW ? 1 : m->f->row);
        const bool inside = tgi_member_of(m, in->root) >= 0;
        if (inside && access == TGI_SCALAR) access = TGI_CONTIGUOUS; /* a group of one element */
        if (!inside && access == TGI_STRIDED) c->x[i].slot = load_of(m, at, &r[i]);
        c->x[i].access = (uint8_t)access;
        c->by_rows = c->by_rows || access == TGI_PER_ROW || access == TGI_SAME_ROW;
    }
}

/* Gives back the slot of instruction i if nothing after `at` reads it. */
static void free_slot(tgi_loop_builder *m, int at, int i)
{
    if (m->slot[i] < 0 || used_after(m, at, m->member[m->of[i]])) return;
    m->taken[m->slot[i]] = false;
    m->slot[i] = -1;
}

/* Instruction `at` may overwrite the result of i: both work element by element, and their elements
 * have the same width. */
static bool in_place(const tgi_loop_builder *m, int at, int i)
{
    const tgi_value *x = tgi_member(m, m->of[i]), *y = tgi_member(m, m->of[at]);
    return x->role == TGI_WIDE && y->role == TGI_WIDE && m->l->instruction[at].map &&
           tg_dtype_size(x->x.dtype) == tg_dtype_size(y->x.dtype);
}

static void give_slots(tgi_loop_builder *m, int at)
{
    tgi_loop *f = m->f;
    tgi_draft_instruction *c = &m->l->instruction[at];
    const tgi_value *v = c->value;
    reference r[TGI_MOST_OPERANDS];
    (void)references(m, at, r);
    for (int i = c->first_load; i < c->first_load + c->loads; i++) f->load[i].slot = take_slot(m);
    for (int i = 0; i < c->n; i++) {
        const int k = instruction_of(m, m->p->values[r[i].in].root);
        if (k >= 0)
            c->x[i].slot = m->l->instruction[k].y.slot;
        else if (c->x[i].slot >= 0)
            c->x[i].slot = (int16_t)f->load[c->x[i].slot].slot;
    }
    for (int i = 0; i < at; i++) /* the result may overwrite an operand */
        if (in_place(m, at, i)) free_slot(m, at, i);
    m->slot[at] = v->escapes ? -1 : take_slot(m);
    c->y = in_memory(m, m->member[m->of[at]]);
    c->y.slot = (int16_t)m->slot[at];
    for (int i = 0; i <= at; i++) free_slot(m, at, i);
    for (int i = 0; i < f->loads; i++)
        if (f->load[i].until == at) m->taken[f->load[i].slot] = false;
}

static void make_instructions(tgi_loop_builder *m)
{
    tgi_loop *f = m->f;
    f->instructions = f->loads = m->l->slots = 0;
    memset(m->taken, 0, sizeof m->taken);
    for (int i = 0; i < m->members; i++)
        if (!m->absorbed[i]) m->of[f->instructions++] = i;
    for (int i = 0; i < f->instructions; i++) make_instruction(m, i);
    for (int i = 0; i < f->instructions; i++) give_slots(m, i);
}

/* ---- blocks and chunks ---------------------------------------------------------------------- */

static size_t widest(const tgi_loop_builder *m)
{
    size_t width = 1;
    for (int i = 0; i < m->f->instructions; i++) {
        const tgi_draft_instruction *c = &m->l->instruction[i];
        if (c->y.width > width) width = c->y.width;
        for (int k = 0; k < c->n; k++)
            if (c->x[k].width > width) width = c->x[k].width;
    }
    return width;
}

static void cut(tgi_loop_builder *m)
{
    tgi_loop *f = m->f;
    const size_t width = widest(m), slots = m->l->slots ? (size_t)m->l->slots : 1;
    int64_t unit = f->row > 1 ? f->row : TGI_STEP;
    for (int i = 0; i < f->tails; i++) {
        const tg_node *n = &m->l->tail[i]->node;
        f->grain = n->op->partial->grain(n);
        f->chunks = n->op->partial->parts(n);
        unit = tgi_slots_unit(unit, f->grain);
    }
    f->block = TGI_SCRATCH / (int64_t)(slots * width);
    if (f->block > TGI_BLOCK) f->block = TGI_BLOCK;
    f->block = f->block / unit * unit;
    f->slot_bytes = (size_t)f->block * width;
    m->l->width = width;
    f->alone = f->n < (2 * CHUNK + f->instructions - 1) / f->instructions;
    if (f->tails > 0 || f->block == 0) return;
    const int64_t blocks = (f->n + f->block - 1) / f->block;
    f->grain = f->block;
    f->chunks = f->n / ((CHUNK + f->instructions - 1) / f->instructions);
    f->chunks = f->chunks < 1 ? 1 : f->chunks > MOST_CHUNKS ? MOST_CHUNKS : f->chunks;
    if (f->chunks > blocks) f->chunks = blocks;
}

/* ---- the group ------------------------------------------------------------------------------ */

/* Collects the members in order, the partial reductions, and the size of the group. Returns how
 * many operands they have. */
static size_t collect(tgi_loop_builder *m, const tgi_draft_step *step)
{
    tgi_loop *f = m->f;
    size_t operands = 0;
    const int32_t first = step->epilogue ? m->p->values[step->value].next : step->value;
    for (int32_t k = first; k >= 0; k = m->p->values[k].next) {
        const tgi_value *v = &m->p->values[k];
        if (v->role == TGI_PARTIAL)
            m->l->tail[f->tails++] = v;
        else {
            m->inner[m->members] = -1;
            m->absorbed[m->members] = false;
            m->member[m->members++] = k;
        }
        if (v->role == TGI_WIDE) f->n = v->x.size;
        if (v->role == TGI_ROWS) {
            f->n = v->node.inputs[0]->size;
            f->row = tgi_value_row(v);
        }
        operands += (size_t)v->node.n_inputs;
    }
    return operands;
}

static bool make_loop(tgi_loop_builder *m, const tgi_draft_step *step)
{
    tgi_loop *f = m->f;
    *f = (tgi_loop){.row = 1};
    const size_t operands = collect(m, step);
    f->load = tgi_arena_alloc(m->p->work, operands * sizeof *f->load);
    if (!f->load) return false;
    tgi_pairs_find(m);
    make_instructions(m);
    cut(m);
    if (f->block == 0) { /* pairs need more slots at a time than their members */
        memset(m->absorbed, 0, sizeof m->absorbed);
        for (int i = 0; i < m->members; i++) m->inner[i] = -1;
        make_instructions(m);
        cut(m);
    }
    for (int i = 0; i < f->tails; i++) {
        const int32_t root = m->p->values[m->l->tail[i]->in[0]].root;
        m->l->tail_x[i] = m->l->instruction[instruction_of(m, root)].y;
    }
    return f->block > 0; /* as tgi_slots_fit has made sure */
}

static bool make_step(tgi_draft *d, int32_t s, tgi_draft_loop *l)
{
    const tgi_draft_step *step = &d->steps[s];
    if (step->count == 1 && !tgi_value_is_call(&d->values[step->value]))
        return tgi_steps_add_job(d, s, NULL);
    const tgi_mark mark = tgi_arena_mark(d->work);
    tgi_loop_builder m = {.p = d, .l = l, .f = &l->f};
    if (!make_loop(&m, step)) return false;
    const tgi_loop *f = &l->f;
    const bool calls = !step->epilogue && !f->tails && !f->loads && f->row == 1 && f->n <= TGI_FEW;
    if (!(calls ? tgi_steps_add_calls(d, s, l) : tgi_steps_add_job(d, s, l))) return false;
    tgi_arena_rewind(d->work, mark);
    if (step->count == 1) return true;
    d->plan->numbers.groups++;
    d->plan->numbers.fused += m.members + f->tails;
    return true;
}

bool tgi_plan_fuse(tgi_draft *d)
{
    tgi_draft_loop *l = tgi_arena_alloc(d->work, sizeof *l);
    if (!l) return false;
    for (int32_t s = 0; s < d->n_steps; s++)
        if (!make_step(d, s, l)) return false;
    return tgi_steps_place_scratch(d);
}
