/* plan_bind.c - another tensor in the place of a leaf: every address that came from the leaf. */
#include <string.h>

#include "graph/plan.h"
#include "graph/storage.h"

/* ---- what can be bound ---------------------------------------------------------------------- */

static int32_t number_of(const tg_plan *p, const tg_tensor *leaf)
{
    for (int32_t i = 0; i < p->n_values; i++)
        if (p->values[i].kind == TGI_LEAF && p->values[i].tensor == leaf) return i;
    return -1;
}

static bool is_written(const tg_plan *p, const tg_tensor *x)
{
    for (int32_t i = 0; i < p->n_values; i++)
        if (p->values[i].kind == TGI_LEAF && p->values[i].storage >= 0 &&
            tgi_overlap(p->values[i].tensor, x))
            return true;
    for (int32_t i = 0; i < p->n_outputs; i++)
        if (tgi_overlap(p->leaves[i], x)) return true;
    return false;
}

static tg_status lies_otherwise(const tg_tensor *leaf, const tg_tensor *x, tg_error *err)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    if (x->dtype != leaf->dtype || !tg_tensor_same_shape(x, leaf))
        return tg_fail(err, x->dtype != leaf->dtype ? TG_EDTYPE : TG_ESHAPE,
                       "plan_bind: %s in the place of %s", tg_tensor_describe(x, a, sizeof a),
                       tg_tensor_describe(leaf, b, sizeof b));
    if (x->ndim > 0 && memcmp(x->strides, leaf->strides, (size_t)x->ndim * sizeof *x->strides) != 0)
        return tg_fail(err, TG_ESHAPE, "plan_bind: %s has other strides than the leaf",
                       tg_tensor_describe(x, a, sizeof a));
    return TG_OK;
}

/* ---- the addresses -------------------------------------------------------------------------- */

tg_tensor *tgi_plan_reads(tgi_value *v) { return v->bound ? &v->x : v->tensor; }

/* Views of it, in the order of the plan: each after what it looks at; and the operands of all. */
static void move_values(tg_plan *p, int32_t leaf)
{
    const tg_tensor *now = tgi_plan_reads(&p->values[leaf]);
    for (int32_t i = 0; i < p->n_values; i++) {
        tgi_value *v = &p->values[i];
        if (v->kind == TGI_LEAF) continue;
        tg_tensor **in = (tg_tensor **)(uintptr_t)v->node.inputs; /* the plan's own */
        for (int k = 0; k < v->node.n_inputs; k++)
            if (v->in[k] == leaf) in[k] = tgi_plan_reads(&p->values[leaf]);
        if (!v->view || v->root != leaf) continue;
        v->x.data = v->x.size && now->data ? (char *)now->data + v->offset : now->data;
        v->x.storage = now->storage;
    }
}

static void move_loop(tg_plan *p, tgi_fused *f, int32_t leaf)
{
    for (int i = 0; i < f->instructions; i++)
        for (int k = 0; k < f->instruction[i].n; k++) {
            tgi_operand *x = &f->instruction[i].x[k];
            if (x->slot < 0 && p->values[x->value].root == leaf)
                x->data = tgi_plan_reads(&p->values[x->value])->data;
        }
    for (int i = 0; i < f->loads; i++)
        if (p->values[f->load[i].value].root == leaf)
            f->load[i].data = tgi_plan_reads(&p->values[f->load[i].value])->data;
}

tg_status tg_plan_bind(tg_plan *p, const tg_tensor *leaf, tg_tensor *x, tg_error *err)
{
    if (!p || !leaf || !x)
        return tg_fail(err, TG_EARG, "plan_bind: the %s is NULL",
                       !p      ? "plan"
                       : !leaf ? "leaf"
                               : "tensor to be bound");
    if (x->tape) return tg_fail(err, TG_EARG, "plan_bind: a recorded value is not a leaf");
    const int32_t number = number_of(p, leaf);
    if (number < 0) return tg_fail(err, TG_EARG, "plan_bind: the plan does not read this leaf");
    tgi_value *v = &p->values[number];
    if (v->storage >= 0) return tg_fail(err, TG_EARG, "plan_bind: the plan writes this leaf");
    const tg_status status = lies_otherwise(leaf, x, err);
    if (status) return status;
    if (is_written(p, x))
        return tg_fail(err, TG_EARG, "plan_bind: the plan writes memory of the tensor to be bound");
    tg_tensor *before = v->bound;
    v->bound = x == leaf ? NULL : tg_tensor_ref(x);
    if (v->bound) v->x = *x;
    move_values(p, number);
    for (int32_t s = 0; s < p->n_steps; s++)
        if (p->steps[s].fused) move_loop(p, p->steps[s].fused, number);
    tg_tensor_free(before);
    return TG_OK;
}
