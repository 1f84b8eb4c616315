/* plan_build.c - the values of a plan, copied from the tape: operations, leaves, random numbers. */
#include <string.h>

#include "graph/plan.h"
#include "graph/tape.h"

static bool no_memory(tg_error *err)
{
    return tg_fail(err, TG_ENOMEM, "compile: out of memory") == TG_OK;
}

/* ---- random numbers ------------------------------------------------------------------------- */

static uint64_t *field(const tg_op *op, const void *attrs, const char *name)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++)
        if (d->kind == TG_ATTR_U64 && strcmp(d->name, name) == 0)
            return (uint64_t *)(void *)((char *)(uintptr_t)attrs + d->offset);
    return NULL;
}

/* The generator that a node draws from, which is made to reach as far; -1 when it has none. */
static int32_t generator_of(tg_plan *p, const tg_node *n)
{
    const uint64_t *seed = field(n->op, n->attrs, "seed"),
                   *stream = field(n->op, n->attrs, "stream"),
                   *counter = field(n->op, n->attrs, "counter");
    if (!counter) return -1;
    const uint64_t blocks = (uint64_t)n->output->size / 2 + (uint64_t)n->output->size % 2;
    const tgi_generator g = {seed ? *seed : 0, stream ? *stream : 0, *counter, *counter + blocks};
    int32_t i = p->n_generators - 1;
    while (i >= 0 && (p->generators[i].seed != g.seed || p->generators[i].stream != g.stream)) i--;
    if (i < 0) {
        i = p->n_generators++;
        p->generators[i] = g;
    }
    if (g.first < p->generators[i].first) p->generators[i].first = g.first;
    if (g.end > p->generators[i].end) p->generators[i].end = g.end;
    return i;
}

/* All that the tape drew counts, also what the outputs do not need: the next pass draws it too. */
static bool find_generators(tg_plan *p, const tg_tape *t, tg_error *err)
{
    size_t n = 0;
    for (int32_t i = 0; i < t->size; i++) {
        const tg_node *node = t->values[i]->node;
        if (node && (node->op->flags & TG_OP_RANDOM)) n++;
    }
    p->generators = tgi_arena_alloc(&p->arena, n * sizeof *p->generators);
    p->draws = tgi_arena_alloc(&p->arena, n * sizeof *p->draws);
    if (!p->generators || !p->draws) return no_memory(err);
    for (int32_t i = 0; i < t->size; i++) {
        const tg_node *node = t->values[i]->node;
        if (node && (node->op->flags & TG_OP_RANDOM)) (void)generator_of(p, node);
    }
    return true;
}

/* ---- what can be planned -------------------------------------------------------------------- */

static bool can_plan(const tg_node *n, tg_error *err)
{
    const tg_op *op = n->op;
    const char *in = *n->scope ? " in " : "";
    if (op->attrs_size && !op->attrs && !(op->flags & TG_OP_OPAQUE))
        return tg_fail(err, TG_EARG,
                       "compile: %s%s%s cannot be run again: its attributes are not described",
                       op->name, in, n->scope) == TG_OK;
    if ((op->flags & TG_OP_RANDOM) && !field(op, n->attrs, "counter"))
        return tg_fail(err, TG_EARG,
                       "compile: %s%s%s cannot be run again: it has no attribute 'counter' to draw "
                       "other numbers by",
                       op->name, in, n->scope) == TG_OK;
    return true;
}

/* ---- one value ------------------------------------------------------------------------------ */

static void *copied(tg_plan *p, const void *from, size_t bytes)
{
    void *to = tgi_arena_alloc(&p->arena, bytes);
    if (to && bytes) memcpy(to, from, bytes);
    return to;
}

/* The struct and the texts that it points to. */
static bool copy_attrs(tg_plan *p, const tg_node *n, const void **attrs)
{
    *attrs = NULL;
    if (!n->op->attrs_size || !n->attrs) return true;
    char *copy = copied(p, n->attrs, n->op->attrs_size);
    for (const tg_attr_def *d = n->op->attrs; copy && d && d->name; d++) {
        if (d->kind != TG_ATTR_STRING) continue;
        const char **text = (const char **)(void *)(copy + d->offset);
        if (*text && !(*text = copied(p, *text, strlen(*text) + 1))) return false;
    }
    *attrs = copy;
    return copy != NULL;
}

static bool copy_tensor(tg_plan *p, tgi_value *v)
{
    const tg_tensor *x = v->from;
    const size_t bytes = (size_t)x->ndim * sizeof *x->shape;
    v->x = (tg_tensor){.size = x->size, .ndim = x->ndim, .dtype = x->dtype, .id = -1};
    v->x.tape = p->home;
    v->x.node = &v->node;
    v->tensor = &v->x;
    if (x->ndim == 0) return true;
    v->x.shape = copied(p, x->shape, bytes);
    v->x.strides = copied(p, x->strides, bytes);
    return v->x.shape && v->x.strides;
}

/* A value of the tape that looks at the memory of its first input: of what a leaf holds, or within
 * the data of a recorded value. */
static bool looks_at(const tg_plan *p, const tgi_value *v)
{
    if (!v->node.op->forward) return true;
    if (v->from->size == 0 || v->node.n_inputs == 0) return false;
    if (v->from->storage) return true;
    const tg_tensor *x = p->values[p->values[v->in[0]].root].from;
    const size_t bytes = (size_t)x->size * tg_dtype_size(x->dtype);
    return (uintptr_t)v->from->data - (uintptr_t)x->data < bytes;
}

static bool copy_node(tg_plan *p, tgi_value *v, const int32_t *number, tg_error *err)
{
    const tg_node *n = v->from->node;
    const size_t inputs = (size_t)n->n_inputs;
    const int32_t self = (int32_t)(v - p->values);
    if (!can_plan(n, err)) return false;
    tg_tensor **in = tgi_arena_alloc(&p->arena, inputs * sizeof *in);
    v->in = tgi_arena_alloc(&p->arena, inputs * sizeof *v->in);
    v->node = (tg_node){.op = n->op, .inputs = in, .n_inputs = n->n_inputs, .output = &v->x};
    v->node.scope = *n->scope ? copied(p, n->scope, strlen(n->scope) + 1) : "";
    v->node.input_ids = v->in;
    if (!in || !v->in || !v->node.scope || !copy_attrs(p, n, &v->node.attrs) || !copy_tensor(p, v))
        return no_memory(err);
    v->kind = n->op->flags & (TG_OP_RANDOM | TG_OP_WRITES) ? TGI_RESULT : TGI_CONSTANT;
    for (int i = 0; i < n->n_inputs; i++) {
        v->in[i] = number[n->input_ids[i]];
        in[i] = p->values[v->in[i]].tensor;
        if (p->values[v->in[i]].kind != TGI_CONSTANT) v->kind = TGI_RESULT;
    }
    v->view = looks_at(p, v);
    if (v->view) {
        v->root = p->values[v->in[0]].root;
        v->offset = (int64_t)((uintptr_t)v->from->data - (uintptr_t)p->values[v->root].from->data);
    }
    if (n->op->flags & TG_OP_RANDOM)
        p->draws[p->n_draws++] =
            (tgi_draw){field(n->op, v->node.attrs, "counter"),
                       *field(n->op, v->node.attrs, "counter"), generator_of(p, n)};
    v->root = v->view ? v->root : self;
    return true;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void mark(const tg_tape *t, int32_t *number)
{
    for (int32_t i = t->size - 1; i >= 0; i--) {
        const tg_node *n = t->values[i]->node;
        if (n && (n->op->flags & TG_OP_WRITES)) number[i] = 0;
        for (int k = 0; n && number[i] == 0 && k < n->n_inputs; k++) number[n->input_ids[k]] = 0;
    }
}

/* Numbers the regions of memory that are written: only there does it matter when a leaf is read. */
static bool number_storages(tg_plan *p, tgi_arena *work, const int32_t *ids, const int32_t *region,
                            int32_t regions)
{
    int32_t *storage = tgi_arena_alloc(work, ((size_t)regions + 1) * sizeof *storage);
    if (!storage) return false;
    for (int32_t r = 0; r < regions; r++) storage[r] = -1;
    for (int32_t i = 0; i < p->n_values; i++) {
        const tgi_value *v = &p->values[i];
        if (v->kind == TGI_LEAF || !(v->node.op->flags & TG_OP_WRITES)) continue;
        for (int k = 0; k < v->node.n_inputs; k++) {
            if (p->values[v->in[k]].kind != TGI_LEAF) continue;
            int32_t *s = &storage[region[ids[v->in[k]]]];
            if (*s < 0) *s = p->storages++;
        }
    }
    for (int32_t i = 0; i < p->n_values; i++)
        if (p->values[i].kind == TGI_LEAF) p->values[i].storage = storage[region[ids[i]]];
    return true;
}

static bool copy_values(tg_plan *p, const tg_tape *t, int32_t n, const int32_t *ids,
                        int32_t *number, tg_error *err)
{
    p->values = tgi_arena_alloc(&p->arena, (size_t)n * sizeof *p->values);
    if (!p->values) return no_memory(err);
    for (int32_t i = 0; i < t->size; i++) p->numbers.recorded += t->values[i]->node != NULL;
    for (int32_t self = 0; self < n; self++) {
        tgi_value *v = &p->values[self];
        number[ids[self]] = self;
        *v = (tgi_value){.from = t->values[ids[self]],
                         .root = self,
                         .same = self,
                         .storage = -1,
                         .group = -1,
                         .next = -1,
                         .last = -1,
                         .output = -1};
        if (v->from->node) {
            if (!copy_node(p, v, number, err)) return false;
            if (!v->view) p->numbers.eager += (size_t)v->x.size * tg_dtype_size(v->x.dtype);
        } else
            v->tensor = tg_tensor_ref(t->values[ids[self]]);
        p->n_values++; /* of a leaf, the plan now holds a reference */
    }
    return true;
}

bool tgi_plan_build(tg_plan *p, const tg_tape *t, tgi_arena *work, tg_error *err)
{
    const size_t size = (size_t)t->size;
    int32_t n, regions;
    int32_t *number = tgi_arena_alloc(work, size * sizeof *number);
    int32_t *region = tgi_arena_alloc(work, size * sizeof *region);
    int32_t *ids = tgi_arena_alloc(work, size * sizeof *ids);
    if (!number || !region || !ids) return no_memory(err);
    for (size_t i = 0; i < size; i++) number[i] = -1;
    for (int32_t i = 0; i < p->n_outputs; i++) number[p->outputs[i]] = 0;
    mark(t, number);
    if (!tgi_plan_regions(work, t, number, region, &regions) ||
        !tgi_plan_order(work, t, number, region, regions, ids, &n))
        return no_memory(err);
    if (!find_generators(p, t, err) || !copy_values(p, t, n, ids, number, err)) return false;
    for (int32_t i = 0; i < p->n_outputs; i++) p->outputs[i] = number[p->outputs[i]];
    return number_storages(p, work, ids, region, regions) || no_memory(err);
}
