/* pack.c - makes the items of a plan from its draft. They hold only what running, binding,
 * printing and profiling need. */
#include <string.h>

#include "graph/attrs.h"
#include "graph/plan/draft.h"

/* What becomes of a value. */
enum {
    KEPT = 1,
    TENSOR = 2, /* a node reads or fills it, or an output is copied from it */
    NODE = 4    /* it runs through its descriptor */
};

static bool step_has_nodes(const tgi_draft *d, const tgi_draft_step *s, int32_t k)
{
    const tgi_value *v = &d->values[k];
    if (s->count == 1) return !tgi_value_is_call(v);
    return v->role == TGI_ROWS || v->role == TGI_PARTIAL || (s->epilogue && k == s->value);
}

static void mark_step(const tgi_draft *d, const tgi_draft_step *s, unsigned char *mark)
{
    for (int32_t k = s->value; k >= 0; k = d->values[k].next) {
        const tgi_value *v = &d->values[k];
        const bool node = step_has_nodes(d, s, k);
        mark[k] |= node ? KEPT | TENSOR | NODE : KEPT;
        for (int i = 0; i < v->node.n_inputs; i++) {
            mark[v->in[i]] |= node ? KEPT | TENSOR : KEPT;
            mark[d->values[v->in[i]].root] |= KEPT;
        }
    }
}

static void mark_values(const tgi_draft *d, unsigned char *mark)
{
    memset(mark, 0, (size_t)d->n_values);
    memset(mark, KEPT, (size_t)d->n_leaves);
    for (int32_t s = 0; s < d->n_steps; s++) mark_step(d, &d->steps[s], mark);
    for (int32_t i = 0; i < d->n_outputs; i++) {
        const tgi_value *v = &d->values[d->outputs[i]];
        mark[d->outputs[i]] |= v->output == i ? KEPT : KEPT | TENSOR;
        mark[v->root] |= KEPT;
    }
}

/* ---- what is shared ------------------------------------------------------------------------- */

static const tgi_layout *layout_of(tgi_draft *d, const tg_tensor *x)
{
    const size_t head = offsetof(tgi_layout, dims), bytes = (size_t)x->ndim * sizeof *x->shape;
    const tgi_layout layout = {.size = x->size, .ndim = x->ndim, .dtype = x->dtype};
    char all[offsetof(tgi_layout, dims) + 2 * TG_MAX_NDIM * sizeof(int64_t)];
    memcpy(all, &layout, head);
    if (bytes) memcpy(all + head, x->shape, bytes);
    if (bytes) memcpy(all + head + bytes, x->strides, bytes);
    return tgi_plan_intern(d, all, head + 2 * bytes);
}

/* The struct points to nothing and no run writes it, so that equal ones can be shared. */
static bool can_share(const tg_op *op)
{
    bool plain = !(op->flags & (TG_OP_RANDOM | TG_OP_WRITES | TG_OP_OPAQUE));
    for (const tg_attr_def *a = op->attrs; plain && a && a->name; a++)
        plain = a->kind != TG_ATTR_STRING;
    return plain;
}

static bool share_attrs(tgi_draft *d, const tg_node *n, const void **attrs)
{
    enum { ROOM = 64 };
    uint64_t room[ROOM];
    const size_t bytes = n->op->attrs_size;
    void *clean = bytes <= sizeof room ? room : tgi_arena_alloc(d->work, bytes);
    if (!clean) return false;
    tgi_attrs_copy(n->op, n->attrs, clean);
    *attrs = tgi_plan_intern(d, clean, bytes);
    return *attrs != NULL;
}

/* Copies the struct and the strings that it points to. */
static bool copy_attrs(tgi_draft *d, const tg_node *n, const void **attrs)
{
    *attrs = NULL;
    if (!n->op->attrs_size || !n->attrs) return true;
    if (can_share(n->op)) return share_attrs(d, n, attrs);
    char *copy = tgi_arena_alloc(&d->plan->arena, n->op->attrs_size);
    if (!copy) return false;
    memcpy(copy, n->attrs, n->op->attrs_size);
    for (const tg_attr_def *a = n->op->attrs; a && a->name; a++) {
        if (a->kind != TG_ATTR_STRING) continue;
        const char **text = (const char **)(void *)(copy + a->offset);
        if (*text && !(*text = tgi_plan_intern(d, *text, strlen(*text) + 1))) return false;
    }
    *attrs = copy;
    return true;
}

static const tgi_operation *operation_of(tgi_draft *d, const tg_node *n)
{
    tgi_operation operation;
    memset(&operation, 0, sizeof operation);
    operation.op = n->op;
    operation.scope = *n->scope ? tgi_plan_intern(d, n->scope, strlen(n->scope) + 1) : "";
    if (!operation.scope || !copy_attrs(d, n, &operation.attrs)) return NULL;
    return tgi_plan_intern(d, &operation, sizeof operation);
}

/* ---- tensors and nodes ---------------------------------------------------------------------- */

static bool pack_tensor(tgi_draft *d, const tgi_value *v, tgi_item *item)
{
    if (v->kind == TGI_LEAF) return true;
    item->tensor = tgi_arena_alloc(&d->plan->arena, sizeof *item->tensor);
    if (!item->tensor) return false;
    *item->tensor = v->x;
    item->tensor->shape = v->x.ndim ? item->layout->dims : NULL;
    item->tensor->strides = v->x.ndim ? item->layout->dims + v->x.ndim : NULL;
    item->tensor->node = NULL;
    return true;
}

static bool pack_node(tgi_draft *d, tgi_item *item)
{
    tg_plan *p = d->plan;
    tg_node *node = tgi_arena_alloc(&p->arena, sizeof *node);
    tg_tensor **in = tgi_arena_alloc(&p->arena, (size_t)item->n_inputs * sizeof *in);
    if (!node || !in) return false;
    for (int i = 0; i < item->n_inputs; i++) in[i] = p->items[p->inputs[item->in + i]].tensor;
    *node = (tg_node){.op = item->operation->op,
                      .attrs = item->operation->attrs,
                      .inputs = in,
                      .n_inputs = item->n_inputs,
                      .output = item->tensor,
                      .scope = item->operation->scope,
                      .input_ids = p->inputs + item->in};
    item->tensor->node = node;
    return true;
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool pack_item(tgi_draft *d, int32_t i, unsigned mark, int32_t *inputs)
{
    tg_plan *p = d->plan;
    const tgi_value *v = &d->values[i];
    tgi_item *item = &p->items[d->number[i]];
    *item = (tgi_item){.root = d->number[v->root],
                       .offset = v->offset,
                       .next = -1,
                       .output = v->output,
                       .kind = (uint8_t)v->kind,
                       .role = (uint8_t)v->role,
                       .view = v->view,
                       .escapes = v->escapes};
    item->tensor = v->kind == TGI_LEAF ? v->tensor : NULL;
    if (v->kind == TGI_LEAF) return true;
    if (!(item->layout = layout_of(d, &v->x))) return false;
    if ((mark & TENSOR) && !pack_tensor(d, v, item)) return false;
    if (v->kind == TGI_CONSTANT || v->view) return true;
    if (!(item->operation = operation_of(d, &v->node))) return false;
    item->next = v->next >= 0 ? d->number[v->next] : -1;
    item->in = *inputs;
    item->n_inputs = v->node.n_inputs;
    for (int k = 0; k < v->node.n_inputs; k++) p->inputs[(*inputs)++] = d->number[v->in[k]];
    return true;
}

static bool pack_draws(tgi_draft *d)
{
    tg_plan *p = d->plan;
    int32_t n = 0;
    for (int32_t i = 0; i < d->n_draws; i++) n += d->number[d->draws[i].value] >= 0;
    p->generators = tgi_arena_alloc(&p->arena, (size_t)d->n_generators * sizeof *p->generators);
    p->draws = tgi_arena_alloc(&p->arena, (size_t)n * sizeof *p->draws);
    if (!p->generators || !p->draws) return false;
    p->n_generators = d->n_generators;
    if (d->n_generators)
        memcpy(p->generators, d->generators, (size_t)d->n_generators * sizeof *p->generators);
    for (int32_t i = 0; i < d->n_draws; i++) {
        const int32_t k = d->number[d->draws[i].value];
        if (k < 0) continue;
        const tgi_operation *operation = p->items[k].operation;
        uint64_t *counter =
            (uint64_t *)(uintptr_t)tgi_generators_attrs(operation->op, operation->attrs).counter;
        p->draws[p->n_draws++] = (tgi_draw){counter, *counter, d->draws[i].generator};
    }
    return true;
}

/* Numbers the values that are kept, and allocates their items and the list of their inputs. */
static bool make_room(tgi_draft *d, const unsigned char *mark)
{
    tg_plan *p = d->plan;
    size_t inputs = 0;
    int32_t n = 0;
    for (int32_t i = 0; i < d->n_values; i++) {
        const tgi_value *v = &d->values[i];
        d->number[i] = mark[i] ? n++ : -1;
        if (mark[i] && v->kind == TGI_RESULT && !v->view) inputs += (size_t)v->node.n_inputs;
    }
    if (inputs > INT32_MAX) return false;
    p->items = tgi_arena_alloc(&p->arena, (size_t)n * sizeof *p->items);
    p->inputs = tgi_arena_alloc(&p->arena, inputs * sizeof *p->inputs);
    p->steps = tgi_arena_alloc(&p->arena, (size_t)d->n_steps * sizeof *p->steps);
    p->n_items = n;
    return p->items && p->inputs && p->steps;
}

bool tgi_plan_pack(tgi_draft *d)
{
    tg_plan *p = d->plan;
    int32_t inputs = 0;
    const size_t n = (size_t)d->n_values;
    unsigned char *mark = tgi_arena_alloc(d->work, n);
    d->number = tgi_arena_alloc(d->work, n * sizeof *d->number);
    if (!mark || !d->number) return false;
    mark_values(d, mark);
    if (!make_room(d, mark)) return false;
    for (int32_t i = 0; i < d->n_values; i++)
        if (mark[i] && !pack_item(d, i, mark[i], &inputs)) return false;
    for (int32_t i = 0; i < d->n_values; i++)
        if ((mark[i] & NODE) && !pack_node(d, &p->items[d->number[i]])) return false;
    for (int32_t i = 0; i < d->n_outputs; i++) p->outputs[i] = d->number[d->outputs[i]];
    return pack_draws(d);
}
