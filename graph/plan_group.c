/* plan_group.c - the steps of a plan: which elementwise operations run as one loop, and when.
 *
 * Operations on as many elements join a group while it is open.  A group runs when something
 * outside it needs what it computes, or before a leaf that it reads is written; until then it may
 * grow.  A reduction of what a group computes waits for it, so that the group can grow on.  What
 * must run before a group is kept as a mask of the open groups, closed under "before". */
#include <string.h>

#include "graph/plan.h"

enum { OPEN = 16, MEMBERS = 48, READS = 24, WAITING = 8 };

typedef struct group {
    int32_t first, last, count, number;
    size_t width; /* bytes of its widest element */
    int loads;    /* operands from outside that are not read straight on */
    int64_t size; /* elements */
    uint32_t before;
    int32_t reads[READS]; /* values outside it */
    int n_reads;
    int32_t waiting[WAITING]; /* reductions that run right after it */
    int n_waiting;
} group;

typedef struct schedule {
    tg_plan *p;
    group open[OPEN]; /* count 0: free */
    int32_t groups;   /* made so far */
    int32_t *slot_of; /* of each group made: its place in open, -1 when it has run */
} schedule;

bool tgi_plan_is_map(const tgi_value *v)
{
    const tg_op *op = v->node.op;
    return v->kind == TGI_RESULT && !v->view && op->forward == tg_forward_elementwise &&
           v->node.n_inputs > 0 && v->node.n_inputs <= TGI_MAP_INPUTS && !op->check &&
           !op->verdict && !op->work_size && !(op->flags & (TG_OP_RANDOM | TG_OP_WRITES)) &&
           op->map[v->node.inputs[v->node.n_inputs - 1]->dtype];
}

bool tgi_plan_is_plain(const tgi_value *v, const tgi_value *y)
{
    return v->tensor->size == y->x.size && tg_tensor_is_contiguous(v->tensor);
}

/* The open group that computes the memory of value v, or after which it is computed; -1: none. */
static int group_of(const schedule *s, int32_t v)
{
    const tgi_value *root = &s->p->values[s->p->values[v].root];
    return root->kind == TGI_RESULT && root->group >= 0 ? s->slot_of[root->group] : -1;
}

/* ---- running -------------------------------------------------------------------------------- */

static void add_step(tg_plan *p, int32_t value, int32_t count)
{
    p->steps[p->n_steps++] = (tgi_step){.value = value, .count = count, .place = -1};
}

int64_t tgi_plan_row(const tgi_value *v)
{
    enum { SHORTEST = 16 };
    const tg_op *op = v->node.op;
    if (!(op->flags & TG_OP_ROWS) || (op->work_size && op->work_size(&v->node) > 0)) return 0;
    const tg_tensor *x = v->node.inputs[0];
    const tg_ints *axis = NULL;
    for (const tg_attr_def *d = v->node.op->attrs; d && d->name; d++)
        if (d->kind == TG_ATTR_INTS && strcmp(d->name, "axis") == 0)
            axis = (const tg_ints *)(const void *)((const char *)v->node.attrs + d->offset);
    if (!axis || axis->n != 1 || axis->v[0] != x->ndim - 1 || x->ndim == 0) return 0;
    const int64_t row = x->shape[x->ndim - 1];
    return row < SHORTEST || row > TGI_BLOCK ? 0 : row;
}

/* Reductions of rows go into the loop, where a block holds a row; the others run behind it. */
static void add_waiting(schedule *s, group *g)
{
    tgi_value *values = s->p->values;
    const int64_t most = TGI_SCRATCH / (int64_t)((size_t)(g->count + g->loads) * g->width);
    int64_t rows = 0;
    int behind = 0;
    tgi_step *step = &s->p->steps[s->p->n_steps++];
    *step = (tgi_step){.value = g->first, .count = g->count, .place = -1};
    for (int i = 0; i < g->n_waiting; i++) {
        const int32_t v = g->waiting[i], in = values[v].in[0];
        const int64_t row = tgi_plan_row(&values[v]);
        if (row == 0 || row > most || (rows > 0 && row != rows) || values[in].root != in ||
            !tgi_plan_is_map(&values[in])) {
            g->waiting[behind++] = v;
            continue;
        }
        rows = row;
        values[g->last].next = v;
        g->last = v;
        step->count++;
    }
    for (int i = 0; i < behind; i++) add_step(s->p, g->waiting[i], 1);
}

/* The group becomes a step, after all that must come before it. */
static void close_group(schedule *s, int slot)
{
    group *g = &s->open[slot];
    for (int i = 0; i < OPEN; i++)
        if (g->before >> i & 1) close_group(s, i);
    add_waiting(s, g);
    s->slot_of[g->number] = -1;
    g->count = 0;
    for (int i = 0; i < OPEN; i++) s->open[i].before &= ~(1u << slot);
}

/* A reduction of a group's result, which can wait for the group. */
static bool wait_for_group(schedule *s, int32_t v)
{
    enum { SMALLER = 4 };
    tgi_value *x = &s->p->values[v];
    const tg_op *op = x->node.op;
    if (x->node.n_inputs != 1 || op->check || op->verdict ||
        (op->flags & (TG_OP_WRITES | TG_OP_RANDOM)) ||
        x->x.size > x->node.inputs[0]->size / SMALLER)
        return false;
    const int slot = group_of(s, x->in[0]);
    if (slot < 0 || s->open[slot].n_waiting == WAITING) return false;
    x->group = s->open[slot].number;
    s->open[slot].waiting[s->open[slot].n_waiting++] = v;
    return true;
}

static void add_operation(schedule *s, int32_t v)
{
    tg_plan *p = s->p;
    const tgi_value *x = &p->values[v];
    if (wait_for_group(s, v)) return;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int slot = group_of(s, x->in[i]);
        if (slot >= 0) close_group(s, slot);
    }
    if (x->node.op->flags & TG_OP_WRITES) {
        const int32_t storage = p->values[p->values[x->in[0]].root].storage;
        for (int slot = 0; slot < OPEN; slot++) {
            group *g = &s->open[slot];
            for (int i = 0; storage >= 0 && g->count > 0 && i < g->n_reads; i++)
                if (p->values[p->values[g->reads[i]].root].storage == storage) close_group(s, slot);
        }
    }
    add_step(p, v, 1);
}

/* ---- joining -------------------------------------------------------------------------------- */

static bool reads(const group *g, int32_t v)
{
    for (int i = 0; i < g->n_reads; i++)
        if (g->reads[i] == v) return true;
    return false;
}

/* The operand is a member's result, element by element. */
static bool is_member(const schedule *s, int32_t in, const tgi_value *x)
{
    const tgi_value *v = &s->p->values[in];
    return tgi_plan_is_plain(v, x) && tgi_plan_is_map(&s->p->values[v->root]);
}

/* v has something to do with the open group, fits in it, and nothing that it needs comes after. */
static bool can_join(const schedule *s, int slot, int32_t v)
{
    const tgi_value *x = &s->p->values[v];
    const group *g = &s->open[slot];
    bool related = false;
    int more = 0;
    if (g->count == 0 || g->count == MEMBERS || g->size != x->x.size ||
        g->count + g->loads + 1 + x->node.n_inputs > TGI_SLOTS)
        return false;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int32_t in = x->in[i];
        const int from = group_of(s, in);
        if (from == slot) {
            if (!is_member(s, in, x)) return false;
            related = true;
            continue;
        }
        if (from >= 0 && (s->open[from].before >> slot & 1)) return false;
        if (reads(g, in))
            related = true;
        else
            more++;
    }
    return related && g->n_reads + more <= READS;
}

static void join(schedule *s, int slot, int32_t v)
{
    tg_plan *p = s->p;
    tgi_value *x = &p->values[v];
    group *g = &s->open[slot];
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int from = group_of(s, x->in[i]);
        if (from == slot) continue;
        if (from >= 0) g->before |= 1u << from | s->open[from].before;
        if (!reads(g, x->in[i])) g->reads[g->n_reads++] = x->in[i];
        g->loads += !tgi_plan_is_plain(&p->values[x->in[i]], x);
        const size_t width = tg_dtype_size(x->node.inputs[i]->dtype);
        if (g->width < width) g->width = width;
    }
    if (g->width < tg_dtype_size(x->x.dtype)) g->width = tg_dtype_size(x->x.dtype);
    for (int i = 0; i < OPEN; i++)
        if (s->open[i].count > 0 && (s->open[i].before >> slot & 1)) s->open[i].before |= g->before;
    x->group = g->number;
    if (g->count++ > 0) p->values[g->last].next = v;
    g->last = v;
}

/* Two groups of as many elements of which neither must run before the other. */
static bool can_merge(const schedule *s, int a, int b)
{
    const group *x = &s->open[a], *y = &s->open[b];
    return x->size == y->size && !(x->before >> b & 1) && !(y->before >> a & 1) &&
           x->count + y->count < MEMBERS && x->n_waiting + y->n_waiting <= WAITING &&
           x->n_reads + y->n_reads <= READS - TGI_MAP_INPUTS &&
           x->count + y->count + x->loads + y->loads + TGI_MAP_INPUTS < TGI_SLOTS;
}

/* The members of both in the order of recording, which is one that can be computed. */
static void merge(schedule *s, int a, int b)
{
    tgi_value *values = s->p->values;
    group *x = &s->open[a], *y = &s->open[b];
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
    if (x->width < y->width) x->width = y->width;
    x->before |= y->before;
    y->count = 0;
    s->slot_of[y->number] = -1;
    for (int k = 0; k < OPEN; k++) {
        group *g = &s->open[k];
        if (g->count > 0 && ((g->before >> a | g->before >> b) & 1)) {
            g->before &= ~(1u << b);
            g->before |= 1u << a | x->before;
        }
    }
}

/* Operands of v from different groups: one group, where that can be. */
static void merge_inputs(schedule *s, int32_t v)
{
    const tgi_value *x = &s->p->values[v];
    int into = -1;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int from = group_of(s, x->in[i]);
        if (from < 0 || from == into || !is_member(s, x->in[i], x)) continue;
        if (into < 0)
            into = from;
        else if (can_merge(s, into, from))
            merge(s, into, from);
    }
}

/* A free place, made by running the oldest group where there is none. */
static int open_group(schedule *s, int32_t first)
{
    int slot = 0;
    for (int i = 0; i < OPEN; i++) {
        if (s->open[i].count == 0) {
            slot = i;
            break;
        }
        if (s->open[i].number < s->open[slot].number) slot = i;
    }
    if (s->open[slot].count > 0) close_group(s, slot);
    s->open[slot] = (group){
        .first = first, .last = first, .number = s->groups, .size = s->p->values[first].x.size};
    s->slot_of[s->groups++] = slot;
    return slot;
}

static void add_map(schedule *s, int32_t v)
{
    merge_inputs(s, v);
    for (int slot = 0; slot < OPEN; slot++)
        if (can_join(s, slot, v)) {
            join(s, slot, v);
            return;
        }
    join(s, open_group(s, v), v);
}

bool tgi_plan_schedule(tg_plan *p)
{
    schedule s = {.p = p};
    int32_t results = 0;
    for (int32_t i = 0; i < p->n_values; i++)
        results += p->values[i].needed && p->values[i].kind == TGI_RESULT && !p->values[i].view;
    p->steps = tgi_arena_alloc(&p->arena, (size_t)results * sizeof *p->steps);
    s.slot_of = tgi_arena_alloc(&p->arena, (size_t)results * sizeof *s.slot_of);
    if (!p->steps || !s.slot_of) return false;
    for (int32_t i = 0; i < p->n_values; i++) {
        const tgi_value *v = &p->values[i];
        if (!v->needed || v->kind != TGI_RESULT || v->view) continue;
        if (tgi_plan_is_map(v) && v->x.size > 0)
            add_map(&s, i);
        else
            add_operation(&s, i);
    }
    for (;;) { /* the rest, oldest first */
        int oldest = -1;
        for (int i = 0; i < OPEN; i++)
            if (s.open[i].count > 0 && (oldest < 0 || s.open[i].number < s.open[oldest].number))
                oldest = i;
        if (oldest < 0) break;
        close_group(&s, oldest);
    }
    p->numbers.nodes = results;
    return true;
}
