/* plan.c - what a plan holds: its items, its outputs, and its end. */
#include "graph/plan/plan.h"
#include "graph/tape.h"
#include "tapegrad/alloc.h"

tgi_plan_watch tgi_plan_watched;

void tg_plan_free(tg_plan *p)
{
    if (!p) return;
    if (p->free_grads) p->free_grads(p->grads);
    tg_free(p->timings);
    for (int32_t i = 0; i < p->n_leaves; i++) {
        tg_tensor_free(p->leaves[i].tensor);
        tg_tensor_free(p->leaves[i].bound);
    }
    for (int32_t i = 0; i < p->n_outputs; i++) tg_tensor_free(p->written[i]);
    tgi_arena_free(&p->arena);
    tgi_arena_free(&p->block);
    tg_tape_free(p->home);
    tg_free(p);
}

tg_tensor *tg_plan_output(const tg_plan *p, int i)
{
    return p && i >= 0 && i < p->n_outputs ? p->written[i] : NULL;
}

tg_dict *tg_plan_grads(const tg_plan *p) { return p ? p->grads : NULL; }

tg_plan_numbers tg_plan_stats(const tg_plan *p) { return p ? p->numbers : (tg_plan_numbers){0}; }

/* ---- items ---------------------------------------------------------------------------------- */

void *tgi_plan_data(const tg_plan *p, int32_t i)
{
    const tgi_item *x = &p->items[i], *root = &p->items[x->root];
    char *data = root->tensor        ? root->tensor->data
                 : root->output >= 0 ? p->written[root->output]->data
                 : root->escapes     ? p->results + root->offset
                                     : NULL;
    return x->view && data && x->layout->size ? data + x->offset : data;
}

tg_tensor tgi_plan_tensor(const tg_plan *p, int32_t i)
{
    const tgi_item *x = &p->items[i];
    if (x->tensor) return *x->tensor;
    return (tg_tensor){.data = tgi_plan_data(p, i),
                       .shape = x->layout->dims,
                       .strides = x->layout->dims + x->layout->ndim,
                       .size = x->layout->size,
                       .ndim = x->layout->ndim,
                       .dtype = x->layout->dtype,
                       .id = -1,
                       .tape = p->home};
}

const tg_node *tgi_plan_node(const tg_plan *p, int32_t i, tgi_borrowed *room)
{
    const tgi_item *x = &p->items[i];
    if (x->tensor && x->tensor->node) return x->tensor->node;
    for (int k = 0; k < x->n_inputs; k++) { /* a map */
        room->tensors[k] = tgi_plan_tensor(p, p->inputs[x->in + k]);
        room->inputs[k] = &room->tensors[k];
    }
    room->tensors[x->n_inputs] = tgi_plan_tensor(p, i);
    room->node = (tg_node){.op = x->operation->op,
                           .attrs = x->operation->attrs,
                           .inputs = room->inputs,
                           .n_inputs = x->n_inputs,
                           .output = &room->tensors[x->n_inputs],
                           .scope = x->operation->scope,
                           .input_ids = p->inputs + x->in};
    return &room->node;
}
