/* steps.c - makes the steps of a plan from its draft: loops at their final size, and calls. */
#include <string.h>

#include "graph/plan/draft.h"

static int32_t item_of(const tgi_draft *d, const tgi_value *v) { return d->number[v - d->values]; }

static const tg_node *node_of(const tgi_draft *d, const tgi_value *v)
{
    return d->plan->items[item_of(d, v)].tensor->node;
}

static tgi_step *add_step(tgi_draft *d, int32_t s, tgi_step_kind kind)
{
    tg_plan *p = d->plan;
    tgi_step *step = &p->steps[p->n_steps++];
    *step = (tgi_step){d->number[d->steps[s].value], d->steps[s].count, kind, {NULL}};
    return step;
}

static tgi_operand packed(const tgi_draft *d, tgi_operand x)
{
    x.value = d->number[x.value];
    return x;
}

/* ---- loops ---------------------------------------------------------------------------------- */

static bool pack_instructions(tgi_draft *d, const tgi_draft_loop *l, tgi_loop *f)
{
    size_t bytes = 0;
    for (int i = 0; i < f->instructions; i++) bytes += tgi_instruction_size(l->instruction[i].n);
    tgi_instruction *c = f->instruction = tgi_arena_alloc(&d->plan->arena, bytes);
    for (int i = 0; c && i < f->instructions; i++, c = tgi_instruction_next(c)) {
        const tgi_draft_instruction *from = &l->instruction[i];
        *c = (tgi_instruction){.map = from->map,
                               .attrs = d->plan->items[item_of(d, from->value)].operation->attrs,
                               .node = from->map ? NULL : node_of(d, from->value),
                               .first_load = (int16_t)from->first_load,
                               .loads = (int16_t)from->loads,
                               .role = (uint8_t)from->value->role,
                               .n = (uint8_t)from->n,
                               .by_rows = from->by_rows,
                               .y = packed(d, from->y)};
        for (int k = 0; k < from->n; k++) c->x[k] = packed(d, from->x[k]);
    }
    return c != NULL;
}

static bool pack_tails(tgi_draft *d, const tgi_draft_loop *l, tgi_loop *f, char *states)
{
    f->tail = tgi_arena_alloc(&d->plan->arena, (size_t)f->tails * sizeof *f->tail);
    for (int i = 0; f->tail && i < f->tails; i++) {
        const tgi_value *v = l->tail[i];
        f->tail[i] = (tgi_tail){.node = node_of(d, v),
                                .x = packed(d, l->tail_x[i]),
                                .state_size = v->node.op->partial->state_size(&v->node),
                                .states = states};
        states += tgi_value_partial_bytes(v);
    }
    return f->tail != NULL;
}

static bool pack_loop(tgi_draft *d, const tgi_draft_loop *l, tgi_job *job)
{
    tgi_arena *arena = &d->plan->arena;
    tgi_loop *f = job->loop = tgi_arena_alloc(arena, sizeof *f);
    if (!f) return false;
    *f = l->f;
    f->load = tgi_arena_alloc(arena, (size_t)f->loads * sizeof *f->load);
    if (!f->load) return false;
    for (int i = 0; i < f->loads; i++) {
        f->load[i] = l->f.load[i];
        f->load[i].value = d->number[f->load[i].value];
    }
    return pack_instructions(d, l, f) && pack_tails(d, l, f, job->work);
}

bool tgi_steps_add_job(tgi_draft *d, int32_t s, const tgi_draft_loop *l)
{
    const tgi_draft_step *from = &d->steps[s];
    tgi_job *job = tgi_arena_alloc(&d->plan->arena, sizeof *job);
    if (!job) return false;
    *job = (tgi_job){.bytes = from->bytes};
    if (from->place >= 0) job->work = d->plan->results + from->place;
    if (!l || from->epilogue) job->node = node_of(d, &d->values[from->value]);
    if (l && !pack_loop(d, l, job)) return false;
    add_step(d, s, !l ? TGI_ALONE : from->epilogue ? TGI_EPILOGUE : TGI_LOOP)->is.job = job;
    return true;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static int64_t pitch_of(const tgi_draft_loop *l)
{
    return (l->f.n * (int64_t)l->width + 15) / 16 * 16;
}

/* The address of an operand. In scratch memory, which does not exist yet, it is the offset. */
static void *operand_at(const tgi_draft_loop *l, const tgi_operand *x, tgi_call *c, int bit)
{
    if (x->slot < 0) return x->data;
    c->in_scratch |= (uint16_t)(1 << bit);
    return (void *)(uintptr_t)(x->slot * pitch_of(l));
}

static void pack_call(tgi_draft *d, const tgi_draft_loop *l, const tgi_draft_instruction *from,
                      tgi_call *c)
{
    *c = (tgi_call){.map = from->map,
                    .attrs = d->plan->items[item_of(d, from->value)].operation->attrs,
                    .value = item_of(d, from->value),
                    .inner = from->inner ? item_of(d, from->inner) : -1,
                    .n = (uint8_t)from->n};
    c->y = operand_at(l, &from->y, c, from->n);
    for (int k = 0; k < from->n; k++) {
        c->x[k] = operand_at(l, &from->x[k], c, k);
        if (from->x[k].access != TGI_SCALAR) c->moves |= (uint8_t)(1 << k);
    }
}

bool tgi_steps_add_calls(tgi_draft *d, int32_t s, const tgi_draft_loop *l)
{
    size_t bytes = 0;
    for (int i = 0; i < l->f.instructions; i++) bytes += tgi_call_size(l->instruction[i].n);
    tgi_calls *calls = tgi_arena_alloc(&d->plan->arena, sizeof *calls);
    tgi_call *c = tgi_arena_alloc(&d->plan->arena, bytes);
    if (!calls || !c) return false;
    *calls = (tgi_calls){(int32_t)l->f.n, l->f.instructions, c};
    for (int i = 0; i < calls->count; i++, c = tgi_call_next(c))
        pack_call(d, l, &l->instruction[i], c);
    const size_t scratch = (size_t)(l->slots * pitch_of(l));
    if (scratch > d->scratch) d->scratch = scratch;
    add_step(d, s, TGI_CALLS)->is.calls = calls;
    return true;
}

bool tgi_steps_place_scratch(tgi_draft *d)
{
    const tg_plan *p = d->plan;
    char *scratch = tgi_arena_alloc(&d->plan->arena, d->scratch);
    if (!scratch) return false;
    for (int32_t s = 0; s < p->n_steps; s++) {
        if (p->steps[s].kind != TGI_CALLS) continue;
        tgi_call *c = p->steps[s].is.calls->first;
        for (int i = p->steps[s].is.calls->count; i > 0; i--, c = tgi_call_next(c)) {
            for (int k = 0; k < c->n; k++)
                if (c->in_scratch >> k & 1) c->x[k] = scratch + (uintptr_t)c->x[k];
            if (c->in_scratch >> c->n & 1) c->y = scratch + (uintptr_t)c->y;
        }
    }
    return true;
}
