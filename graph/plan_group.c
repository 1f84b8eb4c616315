/* plan_group.c - the steps of a plan: which operations run as one loop, and when.
 *
 * Elementwise operations on as many elements join a group while it is open, and so do reductions of
 * the rows of what it computes or reads, and what is computed from those, an element for each row.
 * A group runs when something outside it needs what it computes, or before a leaf that it reads is
 * written; until then it may grow.  A reduction over the rows waits for it, so that the group can
 * grow on.  What must run before a group is kept as a mask of the open groups, closed under
 * "before". */
#include "graph/plan.h"

enum { OPEN = 16, MEMBERS = 48, READS = 24, WAITING = 8, STEP = 64 };

typedef struct group {
    int32_t first, last, count, number;
    size_t width; /* bytes of its widest element */
    int loads;    /* operands from outside that are not read straight on */
    int64_t size; /* elements */
    int64_t row;  /* of its rows; 1: none of its members reduces any */
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

/* The open group that computes the memory of value v, or after which it is computed; -1: none. */
static int group_of(const schedule *s, int32_t v)
{
    const tgi_value *root = &s->p->values[s->p->values[v].root];
    return root->kind == TGI_RESULT && root->group >= 0 ? s->slot_of[root->group] : -1;
}

/* ---- running -------------------------------------------------------------------------------- */

static tgi_step *add_step(tg_plan *p, int32_t value, int32_t count)
{
    tgi_step *step = &p->steps[p->n_steps++];
    *step = (tgi_step){.value = value, .count = count, .place = -1};
    return step;
}

static int64_t units(int64_t a, int64_t b) { return a % b == 0 ? a : b % a == 0 ? b : a * b; }

/* The grain of reduction v, which waits, where it can be fed from the loop; else 0. */
static int64_t grain_of(const schedule *s, const group *g, int32_t v)
{
    const tgi_value *values = s->p->values, *x = &values[v], *in = &values[x->in[0]];
    const tg_op_fold *fold = x->node.op->fold;
    if (!fold || in->tensor->size != g->size || !tg_tensor_is_contiguous(in->tensor) ||
        !tgi_plan_is_map(&values[in->root]) || values[in->root].part != TGI_WIDE)
        return 0;
    return fold->grain(&x->node);
}

static bool may_fold(const schedule *s, const group *g)
{
    for (int i = 0; i < g->n_waiting; i++)
        if (grain_of(s, g, g->waiting[i]) > 0) return true;
    return false;
}

/* The reductions that can be fed from the loop go into it, all with the cuts of the first of them;
 * the others run behind. */
static void add_waiting(schedule *s, group *g, tgi_step *step)
{
    tgi_value *values = s->p->values;
    int64_t unit = g->row > 1 ? g->row : STEP, cut = 0, parts = 0;
    int behind = 0;
    for (int i = 0; i < g->n_waiting; i++) {
        const int32_t v = g->waiting[i];
        tgi_value *x = &values[v];
        const tg_op_fold *fold = x->node.op->fold;
        const int64_t grain = grain_of(s, g, v);
        const int64_t more = grain > 0 ? units(unit, grain) : 0;
        x->part = TGI_FOLD;
        if (grain == 0 || (parts > 0 && (parts != fold->parts(&x->node) || cut != grain)) ||
            more > TGI_BLOCK || !tgi_plan_fits(s->p, g->first, v, g->row, more)) {
            x->part = TGI_WIDE;
            g->waiting[behind++] = v;
            continue;
        }
        unit = more;
        cut = grain;
        parts = fold->parts(&x->node);
        values[g->last].next = v;
        g->last = v;
        step->count++;
    }
    for (int i = 0; i < behind; i++) (void)add_step(s->p, g->waiting[i], 1);
}

/* The step before the group's computes what one of its members reads, and can hand it over piece
 * by piece. */
static bool follows(const schedule *s, const group *g, const tgi_step *head)
{
    const tg_plan *p = s->p;
    const tgi_value *y = &p->values[head->value];
    if (head->count > 1 || !y->node.op->forward_then || y->node.op->check || y->node.op->verdict ||
        y->x.size != g->size || g->row > 1)
        return false;
    bool read = false;
    for (int32_t k = g->first; k >= 0; k = p->values[k].next)
        for (int i = 0; i < p->values[k].node.n_inputs; i++) {
            const tgi_value *in = &p->values[p->values[k].in[i]];
            if (in->root != head->value) continue;
            if (!tgi_plan_is_plain(in, &p->values[k])) return false;
            read = true;
        }
    return read;
}

/* The group becomes a step, after all that must come before it. */
static void close_group(schedule *s, int slot)
{
    tg_plan *p = s->p;
    group *g = &s->open[slot];
    for (int i = 0; i < OPEN; i++)
        if (g->before >> i & 1) close_group(s, i);
    tgi_step *step = p->n_steps > 0 ? &p->steps[p->n_steps - 1] : NULL;
    if (step && !may_fold(s, g) && follows(s, g, step)) {
        p->values[step->value].next = g->first;
        step->count += g->count;
        step->headed = true;
        for (int i = 0; i < g->n_waiting; i++) (void)add_step(p, g->waiting[i], 1);
    } else
        add_waiting(s, g, add_step(p, g->first, g->count));
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

/* Groups that read memory which is about to be written. */
static void close_readers(schedule *s, int32_t storage)
{
    const tgi_value *values = s->p->values;
    for (int slot = 0; slot < OPEN; slot++) {
        group *g = &s->open[slot];
        for (int i = 0; storage >= 0 && g->count > 0 && i < g->n_reads; i++)
            if (values[values[g->reads[i]].root].storage == storage) close_group(s, slot);
    }
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
    if (x->node.op->flags & TG_OP_WRITES)
        for (int i = 0; i < x->node.n_inputs; i++)
            close_readers(s, p->values[p->values[x->in[i]].root].storage);
    (void)add_step(p, v, 1);
}

/* ---- joining -------------------------------------------------------------------------------- */

static bool reads(const group *g, int32_t v)
{
    for (int i = 0; i < g->n_reads; i++)
        if (g->reads[i] == v) return true;
    return false;
}

/* What v would be in a group of `size` elements with these rows; false: it cannot be in it. */
static bool part_of(const tgi_value *v, const group *g, tgi_part *part, int64_t *row)
{
    *row = g->row;
    if (!tgi_plan_is_map(v)) {
        *row = tgi_plan_row(v);
        *part = TGI_ROWS;
        return *row > 0 && v->node.inputs[0]->size == g->size && (g->row == 1 || g->row == *row) &&
               tg_tensor_is_contiguous(v->node.inputs[0]);
    }
    *part = v->x.size == g->size ? TGI_WIDE : TGI_NARROW;
    return *part == TGI_WIDE || (g->row > 1 && v->x.size == g->size / g->row);
}

/* Operand `in` of x, which is to be this part, is what a member computes, where and when x needs
 * it. */
static bool is_member(const schedule *s, int32_t in, const tgi_value *x, tgi_part part, int64_t row)
{
    const tgi_value *v = &s->p->values[in], *root = &s->p->values[v->root];
    if (!tgi_plan_is_map(root) && root->part != TGI_ROWS) return false;
    if (part == TGI_ROWS)
        return root->part == TGI_WIDE && v->tensor->size == root->x.size &&
               tg_tensor_is_contiguous(v->tensor);
    if (root->part == TGI_WIDE) return part == TGI_WIDE && tgi_plan_is_plain(v, x);
    if (part == TGI_NARROW) return tgi_plan_is_plain(v, x);
    return v->root == in || v->offset == 0 ? tgi_plan_lie(v->tensor, &x->x, row) == TGI_BESIDE
                                           : false;
}

/* All operands' results fit in the scratch memory; the quick bound is mostly enough. */
static bool fits(const schedule *s, const group *g, int32_t v, int64_t row)
{
    const int64_t unit = row > 1 ? row : STEP;
    const int most = g->count + g->loads + 1 + s->p->values[v].node.n_inputs;
    if (most > TGI_SLOTS) return false;
    return (int64_t)(sizeof(double) * (size_t)most) * unit <= TGI_SCRATCH ||
           tgi_plan_fits(s->p, g->first, v, row, unit);
}

/* v has something to do with the open group, fits in it, and nothing that it needs comes after. */
static bool can_join(const schedule *s, int slot, int32_t v, tgi_part *part, int64_t *row)
{
    const tgi_value *x = &s->p->values[v];
    const group *g = &s->open[slot];
    bool related = false;
    int more = 0;
    if (g->count == 0 || g->count == MEMBERS || !part_of(x, g, part, row)) return false;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int32_t in = x->in[i];
        const int from = group_of(s, in);
        if (from == slot) {
            if (!is_member(s, in, x, *part, *row)) return false;
            related = true;
            continue;
        }
        if (from >= 0 && (s->open[from].before >> slot & 1)) return false;
        if (reads(g, in))
            related = true;
        else
            more++;
    }
    return related && g->n_reads + more <= READS && fits(s, g, v, *row);
}

static void join(schedule *s, int slot, int32_t v, tgi_part part, int64_t row)
{
    tg_plan *p = s->p;
    tgi_value *x = &p->values[v];
    group *g = &s->open[slot];
    g->row = row;
    x->part = part;
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
    const int slots = x->count + y->count + x->loads + y->loads + TGI_MAP_INPUTS;
    const int64_t row = x->row > 1 ? x->row : y->row, unit = row > 1 ? row : STEP;
    if (x->size != y->size || (x->before >> b & 1) || (y->before >> a & 1) ||
        (x->row != y->row && x->row > 1 && y->row > 1) || x->count + y->count >= MEMBERS ||
        x->n_waiting + y->n_waiting > WAITING ||
        x->n_reads + y->n_reads > READS - TGI_MAP_INPUTS || slots >= TGI_SLOTS)
        return false;
    return (int64_t)(sizeof(double) * (size_t)slots) * unit <= TGI_SCRATCH ||
           tgi_plan_fits(s->p, x->first, y->first, row, unit);
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
    if (x->row < y->row) x->row = y->row;
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
        if (from < 0 || from == into || !is_member(s, x->in[i], x, TGI_WIDE, s->open[from].row))
            continue;
        if (into < 0)
            into = from;
        else if (can_merge(s, into, from))
            merge(s, into, from);
    }
}

/* A free place, made by running the oldest group where there is none. */
static int open_group(schedule *s, int32_t first, int64_t size)
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
    s->open[slot] =
        (group){.first = first, .last = first, .number = s->groups, .size = size, .row = 1};
    s->slot_of[s->groups++] = slot;
    return slot;
}

/* True where v joined an open group. */
static bool join_some(schedule *s, int32_t v)
{
    for (int slot = 0; slot < OPEN; slot++) {
        tgi_part part;
        int64_t row;
        if (!can_join(s, slot, v, &part, &row)) continue;
        join(s, slot, v, part, row);
        return true;
    }
    return false;
}

static void add_map(schedule *s, int32_t v)
{
    merge_inputs(s, v);
    if (!join_some(s, v)) join(s, open_group(s, v, s->p->values[v].x.size), v, TGI_WIDE, 1);
}

/* A reduction of rows: in a group of its own where it cannot join one, so that others join it. */
static void add_rows(schedule *s, int32_t v)
{
    const tgi_value *x = &s->p->values[v];
    const group alone = {.size = x->node.inputs[0]->size, .row = 1, .first = -1};
    tgi_part part;
    int64_t row;
    if (join_some(s, v)) return;
    if (group_of(s, x->in[0]) < 0 && part_of(x, &alone, &part, &row))
        join(s, open_group(s, v, alone.size), v, part, row);
    else
        add_operation(s, v);
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
        else if (tgi_plan_row(v) > 0 && v->x.size > 0)
            add_rows(&s, i);
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
