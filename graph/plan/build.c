/* build.c - finds on the tape the operations and leaves that a plan needs. */
#include "graph/plan/draft.h"
#include "graph/tape.h"

static bool no_memory(tg_error *err)
{
    return tg_fail(err, TG_ENOMEM, "compile: out of memory") == TG_OK;
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
    if ((op->flags & TG_OP_RANDOM) && !tgi_generators_attrs(op, n->attrs).counter)
        return tg_fail(err, TG_EARG,
                       "compile: %s%s%s cannot be run again: no attribute is its counter, so it "
                       "would draw the same numbers each time",
                       op->name, in, n->scope) == TG_OK;
    return true;
}

/* ---- one value ------------------------------------------------------------------------------ */

/* Shape, strides and attributes stay on the tape, which outlives the draft. */
static void set_tensor(tgi_draft *d, tgi_value *v)
{
    v->x = *v->from;
    v->x.data = NULL;
    v->x.storage = NULL;
    v->x.tape = d->plan->home;
    v->x.node = &v->node;
    v->x.weak = false;
    v->x.id = -1;
    v->tensor = &v->x;
}

/* v is a view of its first input: of a leaf's storage, or of the data of a recorded value. */
static bool is_view(const tgi_draft *p, const tgi_value *v)
{
    if (!v->node.op->forward) return true;
    if (v->from->size == 0 || v->node.n_inputs == 0) return false;
    if (v->from->storage) return true;
    const tg_tensor *x = p->values[p->values[v->in[0]].root].from;
    if (x->storage) return false;
    const size_t bytes = (size_t)x->size * tg_dtype_size(x->dtype);
    return (uintptr_t)v->from->data - (uintptr_t)x->data < bytes;
}

static bool set_node(tgi_draft *p, tgi_value *v, const int32_t *number, tg_error *err)
{
    const tg_node *n = v->from->node;
    const size_t inputs = (size_t)n->n_inputs;
    const int32_t self = (int32_t)(v - p->values);
    if (!can_plan(n, err)) return false;
    tg_tensor **in = tgi_arena_alloc(p->work, inputs * sizeof *in);
    v->in = tgi_arena_alloc(p->work, inputs * sizeof *v->in);
    if (!in || !v->in) return no_memory(err);
    v->node = (tg_node){.op = n->op,
                        .attrs = n->op->attrs_size ? n->attrs : NULL,
                        .inputs = in,
                        .n_inputs = n->n_inputs,
                        .output = &v->x,
                        .scope = n->scope,
                        .input_ids = v->in};
    set_tensor(p, v);
    v->kind = n->op->flags & (TG_OP_RANDOM | TG_OP_WRITES) ? TGI_RESULT : TGI_CONSTANT;
    for (int i = 0; i < n->n_inputs; i++) {
        v->in[i] = number[n->input_ids[i]];
        in[i] = p->values[v->in[i]].tensor;
        if (p->values[v->in[i]].kind != TGI_CONSTANT) v->kind = TGI_RESULT;
    }
    v->view = is_view(p, v);
    if (v->view) {
        v->root = p->values[v->in[0]].root;
        v->offset = (int64_t)((uintptr_t)v->from->data - (uintptr_t)p->values[v->root].from->data);
    }
    if (n->op->flags & TG_OP_RANDOM)
        p->draws[p->n_draws++] = (tgi_draft_draw){self, tgi_generators_number(p, n)};
    v->root = v->view ? v->root : self;
    return true;
}

/* ---- all values ----------------------------------------------------------------------------- */

/* Gives the number 0 to all that outputs, which have it already, and writes depend on. */
static void mark(const tg_tape *t, int32_t *number)
{
    for (int32_t i = t->size - 1; i >= 0; i--) {
        const tg_node *n = t->values[i]->node;
        if (n && (n->op->flags & TG_OP_WRITES)) number[i] = 0;
        for (int k = 0; n && number[i] == 0 && k < n->n_inputs; k++) number[n->input_ids[k]] = 0;
    }
}

/* Numbers the alias sets that are written: only for these does it matter when a leaf is read. */
static bool number_written_sets(tgi_draft *p, const int32_t *ids, const int32_t *alias,
                                int32_t aliases)
{
    int32_t *set = tgi_arena_alloc(p->work, ((size_t)aliases + 1) * sizeof *set);
    if (!set) return false;
    for (int32_t r = 0; r < aliases; r++) set[r] = -1;
    for (int32_t i = 0; i < p->n_values; i++) {
        const tgi_value *v = &p->values[i];
        if (v->kind == TGI_LEAF || !(v->node.op->flags & TG_OP_WRITES)) continue;
        for (int k = 0; k < v->node.n_inputs; k++) {
            if (p->values[v->in[k]].kind != TGI_LEAF) continue;
            int32_t *s = &set[alias[ids[v->in[k]]]];
            if (*s < 0) *s = p->written_sets++;
        }
    }
    for (int32_t i = 0; i < p->n_leaves; i++)
        p->plan->leaves[i].written_set = p->values[i].written_set = set[alias[ids[i]]];
    return true;
}

/* Takes a reference to a leaf. All leaves come before the operations. */
static void hold_leaf(tgi_draft *d, tgi_value *v)
{
    v->tensor = tg_tensor_ref((tg_tensor *)(uintptr_t)v->from);
    d->plan->leaves[d->plan->n_leaves++] = (tgi_plan_leaf){.tensor = v->tensor, .written_set = -1};
    d->n_leaves++;
}

static bool set_values(tgi_draft *d, int32_t n, const int32_t *ids, int32_t *number, tg_error *err)
{
    const tg_tape *t = d->tape;
    tg_plan_numbers *numbers = &d->plan->numbers;
    size_t leaves = 0;
    for (int32_t i = 0; i < t->size; i++) numbers->recorded += t->values[i]->node != NULL;
    for (int32_t i = 0; i < n; i++) leaves += !t->values[ids[i]]->node;
    if ((size_t)n > SIZE_MAX / 2 / sizeof *d->values) return no_memory(err);
    d->values = tgi_arena_alloc(d->work, (size_t)n * sizeof *d->values);
    d->plan->leaves = tgi_arena_alloc(&d->plan->arena, leaves * sizeof *d->plan->leaves);
    if (!d->values || !d->plan->leaves) return no_memory(err);
    for (; d->n_values < n; d->n_values++) {
        const int32_t self = d->n_values;
        tgi_value *v = &d->values[self];
        number[ids[self]] = self;
        *v = (tgi_value){.from = t->values[ids[self]],
                         .root = self,
                         .same = self,
                         .written_set = -1,
                         .group = -1,
                         .next = -1,
                         .last = -1,
                         .output = -1};
        if (!v->from->node)
            hold_leaf(d, v);
        else if (!set_node(d, v, number, err))
            return false;
        else if (!v->view)
            numbers->eager += (size_t)v->x.size * tg_dtype_size(v->x.dtype);
    }
    return true;
}

bool tgi_plan_build(tgi_draft *d, tg_error *err)
{
    const size_t size = (size_t)d->tape->size;
    int32_t n, aliases;
    int32_t *number = tgi_arena_alloc(d->work, size * sizeof *number);
    int32_t *alias = tgi_arena_alloc(d->work, size * sizeof *alias);
    int32_t *ids = tgi_arena_alloc(d->work, size * sizeof *ids);
    if (!number || !alias || !ids) return no_memory(err);
    for (size_t i = 0; i < size; i++) number[i] = -1;
    for (int32_t i = 0; i < d->n_outputs; i++) number[d->outputs[i]] = 0;
    mark(d->tape, number);
    if (!tgi_plan_aliases(d->work, d->tape, number, alias, &aliases) ||
        !tgi_plan_order(d->work, d->tape, number, alias, aliases, ids, &n) ||
        !tgi_generators_find(d))
        return no_memory(err);
    if (!set_values(d, n, ids, number, err)) return false;
    for (int32_t i = 0; i < d->n_outputs; i++) d->outputs[i] = number[d->outputs[i]];
    return number_written_sets(d, ids, alias, aliases) || no_memory(err);
}
