/* schedule.c - the steps of a plan: decides which operations run as one loop, and when.
 *
 * A group is open while it may still grow. Elementwise operations on the same number of elements
 * join it. So do reductions of each row of what the group computes or reads, and operations on
 * their results, which have one element per row. A group is closed and becomes a step when an
 * operation outside it needs one of its results, or when a leaf that it reads is about to be
 * written. A reduction of everything that the group computes waits until then, because it would
 * close the group. Each open group has a mask of the open groups that must run before it, directly
 * or indirectly. */
#include "graph/plan/group.h"

/* ---- closing -------------------------------------------------------------------------------- */

static tgi_draft_step *add_step(tgi_draft *p, int32_t value, int32_t count)
{
    tgi_draft_step *step = &p->steps[p->n_steps++];
    *step = (tgi_draft_step){.value = value, .count = count, .place = -1};
    return step;
}

/* The grain of the waiting reduction v if the group's loop can supply its input, else 0. */
static int64_t grain_of(const tgi_schedule *s, const tgi_open_group *g, int32_t v)
{
    const tgi_value *values = s->p->values, *x = &values[v], *in = &values[x->in[0]];
    const tg_op_partial *partial = x->node.op->partial;
    if (!partial || in->tensor->size != g->size || !tg_tensor_is_contiguous(in->tensor) ||
        !tgi_value_is_map(&values[in->root]) || values[in->root].role != TGI_WIDE)
        return 0;
    return partial->grain(&x->node);
}

static bool may_fold(const tgi_schedule *s, const tgi_open_group *g)
{
    for (int i = 0; i < g->n_waiting; i++)
        if (grain_of(s, g, g->waiting[i]) > 0) return true;
    return false;
}

/* Some part of a reduction of all elements would begin inside a row. */
static bool cuts_rows(const tgi_open_group *g, int64_t grain, int64_t parts)
{
    const int64_t grains = (g->size + grain - 1) / grain;
    for (int64_t p = 1; g->row > 1 && p < parts; p++)
        if (grains * p / parts * grain % g->row != 0) return true;
    return false;
}

/* Adds the waiting reductions. Those whose input the loop can supply go into it, if they are cut
 * into the same parts as the first of them; the others become steps after it. */
static void add_waiting(tgi_schedule *s, tgi_open_group *g, tgi_draft_step *step)
{
    tgi_value *values = s->p->values;
    int64_t unit = g->row > 1 ? g->row : TGI_STEP, cut = 0, parts = 0;
    int after = 0;
    for (int i = 0; i < g->n_waiting; i++) {
        const int32_t v = g->waiting[i];
        tgi_value *x = &values[v];
        const tg_op_partial *partial = x->node.op->partial;
        const int64_t grain = grain_of(s, g, v);
        const int64_t more = grain > 0 ? tgi_slots_unit(unit, grain) : 0;
        const int64_t own = grain > 0 ? partial->parts(&x->node) : 0;
        x->role = TGI_PARTIAL;
        if (grain == 0 || (parts > 0 && (parts != own || cut != grain)) ||
            cuts_rows(g, grain, own) || more > TGI_BLOCK ||
            !tgi_slots_fit(s->p, g->first, v, g->row, more)) {
            x->role = TGI_WIDE;
            g->waiting[after++] = v;
            continue;
        }
        unit = more;
        cut = grain;
        parts = own;
        values[g->last].next = v;
        g->last = v;
        step->count++;
    }
    for (int i = 0; i < after; i++) (void)add_step(s->p, g->waiting[i], 1);
}

/* The group can run as the epilogue of the step before it: on each piece of that step's result, as
 * soon as the piece is final. */
static bool is_epilogue(const tgi_schedule *s, const tgi_open_group *g, const tgi_draft_step *head)
{
    const tgi_draft *p = s->p;
    const tgi_value *y = &p->values[head->value];
    if (head->count > 1 || !y->node.op->forward_then || y->node.op->check || y->node.op->verdict ||
        y->x.size != g->size || g->row > 1)
        return false;
    bool read = false;
    for (int32_t k = g->first; k >= 0; k = p->values[k].next)
        for (int i = 0; i < p->values[k].node.n_inputs; i++) {
            const tgi_value *in = &p->values[p->values[k].in[i]];
            if (in->root != head->value) continue;
            if (!tgi_value_is_plain(in, &p->values[k])) return false;
            read = true;
        }
    return read;
}

/* Makes a step of the group, and before it of all groups that must run first. */
static void close_group(tgi_schedule *s, int slot)
{
    tgi_draft *p = s->p;
    tgi_open_group *g = &s->open[slot];
    for (int i = 0; i < TGI_MOST_OPEN; i++)
        if (g->before >> i & 1) close_group(s, i);
    tgi_draft_step *step = p->n_steps > 0 ? &p->steps[p->n_steps - 1] : NULL;
    if (step && !may_fold(s, g) && is_epilogue(s, g, step)) {
        p->values[step->value].next = g->first;
        step->count += g->count;
        step->epilogue = true;
        for (int i = 0; i < g->n_waiting; i++) (void)add_step(p, g->waiting[i], 1);
    } else
        add_waiting(s, g, add_step(p, g->first, g->count));
    s->slot_of[g->number] = -1;
    g->count = 0;
    for (int i = 0; i < TGI_MOST_OPEN; i++) s->open[i].before &= ~(1u << slot);
}

/* If v is a reduction of a result of an open group, lets it wait until the group is closed. */
static bool wait_for_group(tgi_schedule *s, int32_t v)
{
    enum { SMALLER = 4 };
    tgi_value *x = &s->p->values[v];
    const tg_op *op = x->node.op;
    if (x->node.n_inputs != 1 || op->check || op->verdict ||
        (op->flags & (TG_OP_WRITES | TG_OP_RANDOM)) ||
        x->x.size > x->node.inputs[0]->size / SMALLER)
        return false;
    const int slot = tgi_plan_group_of(s, x->in[0]);
    if (slot < 0 || s->open[slot].n_waiting == TGI_MOST_WAITING) return false;
    x->group = s->open[slot].number;
    s->open[slot].waiting[s->open[slot].n_waiting++] = v;
    return true;
}

/* Closes the groups that read this alias set, which is about to be written. */
static void close_readers(tgi_schedule *s, int32_t set)
{
    const tgi_value *values = s->p->values;
    for (int slot = 0; slot < TGI_MOST_OPEN; slot++) {
        tgi_open_group *g = &s->open[slot];
        for (int i = 0; set >= 0 && g->count > 0 && i < g->n_reads; i++)
            if (values[values[g->reads[i]].root].written_set == set) close_group(s, slot);
    }
}

static void add_operation(tgi_schedule *s, int32_t v)
{
    tgi_draft *p = s->p;
    const tgi_value *x = &p->values[v];
    if (wait_for_group(s, v)) return;
    for (int i = 0; i < x->node.n_inputs; i++) {
        const int slot = tgi_plan_group_of(s, x->in[i]);
        if (slot >= 0) close_group(s, slot);
    }
    if (x->node.op->flags & TG_OP_WRITES)
        for (int i = 0; i < x->node.n_inputs; i++)
            close_readers(s, p->values[p->values[x->in[i]].root].written_set);
    (void)add_step(p, v, 1);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Opens a group in a free place; if there is none, the oldest group is closed. */
static int open_group(tgi_schedule *s, int32_t first, int64_t size)
{
    int slot = 0;
    for (int i = 0; i < TGI_MOST_OPEN; i++) {
        if (s->open[i].count == 0) {
            slot = i;
            break;
        }
        if (s->open[i].number < s->open[slot].number) slot = i;
    }
    if (s->open[slot].count > 0) close_group(s, slot);
    s->open[slot] = (tgi_open_group){
        .first = first, .last = first, .number = s->groups, .size = size, .row = 1};
    s->slot_of[s->groups++] = slot;
    return slot;
}

/* True if v could join an open group. */
static bool join_some(tgi_schedule *s, int32_t v)
{
    for (int slot = 0; slot < TGI_MOST_OPEN; slot++) {
        tgi_role role;
        int64_t row;
        if (!tgi_plan_group_can_join(s, slot, v, &role, &row)) continue;
        tgi_plan_group_join(s, slot, v, role, row);
        return true;
    }
    return false;
}

static void add_map(tgi_schedule *s, int32_t v)
{
    tgi_plan_group_merge_inputs(s, v);
    if (!join_some(s, v))
        tgi_plan_group_join(s, open_group(s, v, s->p->values[v].x.size), v, TGI_WIDE, 1);
}

/* A reduction of rows that can join no group opens one, so that other operations can join it. */
static void add_rows(tgi_schedule *s, int32_t v)
{
    const tgi_value *x = &s->p->values[v];
    const tgi_open_group alone = {.size = x->node.inputs[0]->size, .row = 1, .first = -1};
    tgi_role role;
    int64_t row;
    if (join_some(s, v)) return;
    if (tgi_plan_group_of(s, x->in[0]) < 0 && tgi_plan_group_role(x, &alone, &role, &row))
        tgi_plan_group_join(s, open_group(s, v, alone.size), v, role, row);
    else
        add_operation(s, v);
}

bool tgi_plan_schedule(tgi_draft *p)
{
    tgi_schedule s = {.p = p};
    int32_t results = 0;
    for (int32_t i = 0; i < p->n_values; i++)
        results += p->values[i].needed && p->values[i].kind == TGI_RESULT && !p->values[i].view;
    p->steps = tgi_arena_alloc(p->work, (size_t)results * sizeof *p->steps);
    s.slot_of = tgi_arena_alloc(p->work, (size_t)results * sizeof *s.slot_of);
    if (!p->steps || !s.slot_of) return false;
    for (int32_t i = 0; i < p->n_values; i++) {
        const tgi_value *v = &p->values[i];
        if (!v->needed || v->kind != TGI_RESULT || v->view) continue;
        if (tgi_value_is_map(v) && v->x.size > 0)
            add_map(&s, i);
        else if (tgi_value_row(v) > 0 && v->x.size > 0)
            add_rows(&s, i);
        else
            add_operation(&s, i);
    }
    for (;;) { /* the rest, oldest first */
        int oldest = -1;
        for (int i = 0; i < TGI_MOST_OPEN; i++)
            if (s.open[i].count > 0 && (oldest < 0 || s.open[i].number < s.open[oldest].number))
                oldest = i;
        if (oldest < 0) break;
        close_group(&s, oldest);
    }
    p->plan->numbers.nodes = results;
    return true;
}
