/* bind.c - replaces a leaf by another tensor, wherever the plan holds an address in that leaf. */
#include <string.h>

#include "graph/plan/plan.h"
#include "graph/storage.h"

/* ---- what can be bound ---------------------------------------------------------------------- */

static int32_t number_of(const tg_plan *p, const tg_tensor *leaf)
{
    for (int32_t i = 0; i < p->n_leaves; i++)
        if (p->leaves[i].tensor == leaf) return i;
    return -1;
}

static bool is_written(const tg_plan *p, const tg_tensor *x)
{
    for (int32_t i = 0; i < p->n_leaves; i++)
        if (p->leaves[i].written_set >= 0 && tgi_storage_overlap(p->leaves[i].tensor, x))
            return true;
    for (int32_t i = 0; i < p->n_outputs; i++)
        if (tgi_storage_overlap(p->written[i], x)) return true;
    return false;
}

static tg_status check_layout(const tg_tensor *leaf, const tg_tensor *x, tg_error *err)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    if (x->dtype != leaf->dtype || !tg_tensor_same_shape(x, leaf))
        return tg_fail(err, x->dtype != leaf->dtype ? TG_EDTYPE : TG_ESHAPE,
                       "plan_bind: %s cannot replace %s", tg_tensor_describe(x, a, sizeof a),
                       tg_tensor_describe(leaf, b, sizeof b));
    if (x->ndim > 0 && memcmp(x->strides, leaf->strides, (size_t)x->ndim * sizeof *x->strides) != 0)
        return tg_fail(err, TG_ESHAPE, "plan_bind: the strides of %s are not those of the leaf",
                       tg_tensor_describe(x, a, sizeof a));
    return TG_OK;
}

/* ---- the addresses -------------------------------------------------------------------------- */

/* Lets views of the leaf, and nodes that read it, use its new memory. */
static void move_items(tg_plan *p, int32_t leaf)
{
    tg_tensor *now = p->items[leaf].tensor;
    for (int32_t i = p->n_leaves; i < p->n_items; i++) {
        tg_tensor *x = p->items[i].tensor;
        if (!x) continue;
        if (p->items[i].root == leaf) {
            x->data = tgi_plan_data(p, i);
            x->storage = now->storage;
        }
        if (!x->node) continue;
        tg_tensor **in = (tg_tensor **)(uintptr_t)x->node->inputs; /* in the plan's memory */
        for (int k = 0; k < x->node->n_inputs; k++)
            if (p->inputs[p->items[i].in + k] == leaf) in[k] = now;
    }
}

static void move_loop(tg_plan *p, tgi_loop *f, int32_t leaf)
{
    tgi_instruction *c = f->instruction;
    for (int i = 0; i < f->instructions; i++, c = tgi_instruction_next(c))
        for (int k = 0; k < c->n; k++) {
            tgi_operand *x = &c->x[k];
            if (x->slot < 0 && p->items[x->value].root == leaf)
                x->data = tgi_plan_data(p, x->value);
        }
    for (int i = 0; i < f->loads; i++)
        if (p->items[f->load[i].value].root == leaf)
            f->load[i].data = tgi_plan_data(p, f->load[i].value);
}

/* The items that the operands of a call are; returns how many. */
static int operands_of(const tg_plan *p, const tgi_call *c, int32_t *values)
{
    int n = 0;
    for (int pass = c->inner < 0; pass < 2; pass++) {
        const tgi_item *y = &p->items[pass ? c->value : c->inner];
        for (int i = 0; i < y->n_inputs; i++) {
            const int32_t in = p->inputs[y->in + i];
            if (!pass || c->inner < 0 || p->items[in].root != c->inner) values[n++] = in;
        }
    }
    return n;
}

static void move_calls(tg_plan *p, tgi_calls *calls, int32_t leaf)
{
    tgi_call *c = calls->first;
    for (int i = 0; i < calls->count; i++, c = tgi_call_next(c)) {
        int32_t values[TGI_MOST_OPERANDS];
        const int n = operands_of(p, c, values);
        for (int k = 0; k < n; k++)
            if (p->items[values[k]].root == leaf) c->x[k] = tgi_plan_data(p, values[k]);
    }
}

tg_status tg_plan_bind(tg_plan *p, const tg_tensor *leaf, tg_tensor *x, tg_error *err)
{
    if (!p || !leaf || !x)
        return tg_fail(err, TG_EARG, "plan_bind: the %s is NULL",
                       !p      ? "plan"
                       : !leaf ? "leaf"
                               : "tensor to be bound");
    if (x->tape)
        return tg_fail(err, TG_EARG,
                       "plan_bind: the tensor to be bound is a recorded value, not a leaf");
    const int32_t number = number_of(p, leaf);
    if (number < 0) return tg_fail(err, TG_EARG, "plan_bind: the plan does not read this leaf");
    tgi_plan_leaf *v = &p->leaves[number];
    if (v->written_set >= 0) return tg_fail(err, TG_EARG, "plan_bind: the plan writes this leaf");
    const tg_status status = check_layout(leaf, x, err);
    if (status) return status;
    if (is_written(p, x))
        return tg_fail(err, TG_EARG, "plan_bind: the plan writes memory of the tensor to be bound");
    tg_tensor *before = v->bound;
    v->bound = x == leaf ? NULL : tg_tensor_ref(x);
    if (v->bound) v->now = *x;
    p->items[number].tensor = v->bound ? &v->now : v->tensor;
    move_items(p, number);
    for (int32_t s = 0; s < p->n_steps; s++) {
        tgi_step *step = &p->steps[s];
        if (step->kind == TGI_CALLS)
            move_calls(p, step->is.calls, number);
        else if (step->is.job->loop)
            move_loop(p, step->is.job->loop, number);
    }
    tg_tensor_free(before);
    return TG_OK;
}
