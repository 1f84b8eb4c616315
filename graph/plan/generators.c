/* generators.c - the generators from which the operations of a plan draw random numbers. */
#include <string.h>

#include "graph/plan/draft.h"
#include "graph/tape.h"

/* ---- compiling ------------------------------------------------------------------------------ */

tgi_generator_attrs tgi_generators_attrs(const tg_op *op, const void *attrs)
{
    tgi_generator_attrs f = {NULL, NULL, NULL};
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        const uint64_t *field = (const uint64_t *)(const void *)((const char *)attrs + d->offset);
        if (d->kind == TG_ATTR_SEED) f.seed = field;
        if (d->kind == TG_ATTR_STREAM) f.stream = field;
        if (d->kind == TG_ATTR_COUNTER) f.counter = field;
    }
    return f;
}

static size_t slot_of(const tgi_draft *d, uint64_t seed, uint64_t stream)
{
    const uint64_t h = (seed * 0x9E3779B97F4A7C15u ^ stream) * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(h >> 24) & d->generator_mask;
    for (; d->generator_slots[at]; at = (at + 1) & d->generator_mask) {
        const tgi_generator *g = &d->generators[d->generator_slots[at] - 1];
        if (g->seed == seed && g->stream == stream) break;
    }
    return at;
}

int32_t tgi_generators_number(tgi_draft *d, const tg_node *n)
{
    const tgi_generator_attrs f = tgi_generators_attrs(n->op, n->attrs);
    if (!f.counter) return -1;
    const uint64_t blocks = (uint64_t)n->output->size / 2 + (uint64_t)n->output->size % 2;
    const tgi_generator g = {f.seed ? *f.seed : 0, f.stream ? *f.stream : 0, *f.counter,
                             *f.counter + blocks};
    const size_t at = slot_of(d, g.seed, g.stream);
    if (!d->generator_slots[at]) {
        d->generators[d->n_generators++] = g;
        d->generator_slots[at] = d->n_generators;
    }
    tgi_generator *there = &d->generators[d->generator_slots[at] - 1];
    if (g.first < there->first) there->first = g.first;
    if (g.end > there->end) there->end = g.end;
    return d->generator_slots[at] - 1;
}

static bool is_random(const tg_node *n) { return n && (n->op->flags & TG_OP_RANDOM); }

/* Draws that the outputs do not need count too, because the recorded loop makes them in each pass.
 */
bool tgi_generators_find(tgi_draft *d)
{
    const tg_tape *t = d->tape;
    size_t n = 0;
    for (int32_t i = 0; i < t->size; i++) n += is_random(t->values[i]->node);
    d->generator_mask = 1;
    while (d->generator_mask < 2 * n) d->generator_mask = 2 * d->generator_mask + 1;
    const size_t bytes = (d->generator_mask + 1) * sizeof *d->generator_slots;
    d->generators = tgi_arena_alloc(d->work, n * sizeof *d->generators);
    d->draws = tgi_arena_alloc(d->work, n * sizeof *d->draws);
    d->generator_slots = tgi_arena_alloc(d->work, bytes);
    if (!d->generators || !d->draws || !d->generator_slots) return false;
    memset(d->generator_slots, 0, bytes);
    for (int32_t i = 0; i < t->size; i++)
        if (is_random(t->values[i]->node)) (void)tgi_generators_number(d, t->values[i]->node);
    return true;
}

/* ---- running -------------------------------------------------------------------------------- */

void tgi_generators_set_counters(tg_plan *p)
{
    for (int32_t i = 0; i < p->n_draws; i++) {
        const tgi_draw *d = &p->draws[i];
        const tgi_generator *g = &p->generators[d->generator];
        *d->counter = d->recorded + p->run * (g->end - g->first);
    }
}

uint64_t tg_plan_draws(const tg_plan *p, const tg_rng *rng)
{
    for (int32_t i = 0; p && rng && i < p->n_generators; i++) {
        const tgi_generator *g = &p->generators[i];
        if (g->seed == rng->seed && g->stream == rng->stream) return g->end - g->first;
    }
    return 0;
}

void tg_plan_set_rng(tg_plan *p, const tg_rng *rng)
{
    for (int32_t i = 0; p && rng && i < p->n_generators; i++) {
        tgi_generator *g = &p->generators[i];
        if (g->seed != rng->seed || g->stream != rng->stream) continue;
        const uint64_t further = rng->counter - (g->first + p->run * (g->end - g->first));
        g->first += further;
        g->end += further;
        for (int32_t k = 0; k < p->n_draws; k++)
            if (p->draws[k].generator == i) p->draws[k].recorded += further;
    }
}
