/* record.c - records an update as operations on a tape, so that a plan can repeat it.
 *
 *   update_begin(earlier updates)            begins an update
 *   update_norm(begin, grads...)             the scale of a group that clips by norm
 *   update(w, g, states..., begin or norm)   updates one parameter
 *
 * Their results are empty and only define the order, as operands of what comes later. They compute
 * nothing while they are recorded. When all of them are recorded, the update is made in one go,
 * which cannot fail. */
#include <string.h>

#include "graph/tape.h"
#include "src/dict.h"
#include "src/optim/optimizer.h"
#include "tapegrad/ops.h"

typedef struct begin_attrs {
    tg_optimizer *o;
    uint64_t generation;
} begin_attrs;

typedef struct norm_attrs {
    tg_optimizer *o;
    int64_t group;
} norm_attrs;

typedef struct update_attrs {
    const char *key;
    tg_optimizer *o;
    int64_t group; /* -1: none */
} update_attrs;

static tg_status infer_nothing(tg_infer *c)
{
    c->ndim = 1;
    c->shape[0] = 0;
    return TG_OK;
}

/* Whether the update is being recorded, or a region computed again. */
static bool is_idle(const tg_node *n, const tg_optimizer *o)
{
    return o->recording || n->output->tape->replay;
}

/* ---- the operations ------------------------------------------------------------------------- */

static tg_status begin_check(const tg_node *n, tg_error *err)
{
    const begin_attrs *a = n->attrs;
    if (a->generation != a->o->generation)
        return tg_fail(err, TG_EARG,
                       "update: the groups or states of %s have changed since it was recorded",
                       a->o->type->name);
    return tgi_optimizer_check_lr("update", a->o->lr, err);
}

static void begin_forward(const tg_node *n, void *work)
{
    const begin_attrs *a = n->attrs;
    (void)work;
    if (!is_idle(n, a->o)) tgi_optimizer_begin(a->o);
}

static double squares_of_inputs(const void *of, double unit)
{
    const tg_node *n = of;
    double sum = 0;
    for (int i = 1; i < n->n_inputs; i++) sum += tgi_sum_of_squares(n->inputs[i], unit);
    return sum;
}

static void norm_forward(const tg_node *n, void *work)
{
    const norm_attrs *a = n->attrs;
    tgi_group *group = &a->o->groups[a->group];
    (void)work;
    if (is_idle(n, a->o)) return;
    group->step.first.scale = tgi_clip_scale(group->options.clip_norm, squares_of_inputs, n);
}

static void update_forward(const tg_node *n, void *work)
{
    const update_attrs *a = n->attrs;
    tg_optimizer *o = a->o;
    tgi_entry e = {.group = a->group >= 0 ? &o->groups[a->group] : NULL};
    (void)work;
    if (is_idle(n, o)) return;
    for (int p = 0; p < TGI_FIRST_STATE + o->n_states; p++) e.x[p] = n->inputs[p];
    e.copies = tgi_optimizer_copies(o, &e);
    tgi_optimizer_update_one(o, &e);
    for (int p = 0; p < TGI_FIRST_STATE + o->n_states; p++)
        if (p != TGI_GRADIENT) tg_tensor_touch(e.x[p]);
}

static const tg_attr_def update_defs[] = {
    {"key", TG_ATTR_STRING, offsetof(update_attrs, key), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_op begin_op = {.name = "update_begin",
                               .min_inputs = 0,
                               .max_inputs = -1,
                               .flags = TG_OP_WRITES | TG_OP_OPAQUE | TG_OP_EARLY,
                               .attrs_size = sizeof(begin_attrs),
                               .infer = infer_nothing,
                               .check = begin_check,
                               .forward = begin_forward};
static const tg_op norm_op = {.name = "update_norm",
                              .min_inputs = 1,
                              .max_inputs = -1,
                              .flags = TG_OP_WRITES | TG_OP_OPAQUE | TG_OP_EARLY,
                              .attrs_size = sizeof(norm_attrs),
                              .infer = infer_nothing,
                              .forward = norm_forward};
static const tg_op update_op = {.name = "update",
                                .min_inputs = 3,
                                .max_inputs = 3 + TG_OPTIMIZER_STATES,
                                .flags = TG_OP_WRITES | TG_OP_OPAQUE | TG_OP_EARLY,
                                .attrs = update_defs,
                                .attrs_size = sizeof(update_attrs),
                                .infer = infer_nothing,
                                .forward = update_forward};

/* ---- recording ------------------------------------------------------------------------------ */

/* Comes after all earlier updates of o on t, so that a plan cannot mix them. */
static tg_tensor *record_begin(tg_tape *t, tg_optimizer *o)
{
    int n = 0;
    tg_tensor **before = tg_tape_alloc(t, (size_t)t->size * sizeof(tg_tensor *));
    if (!before) return NULL;
    for (int32_t i = 0; i < t->size; i++) {
        const tg_node *node = t->values[i]->node;
        if (node && node->op == &update_op && ((const update_attrs *)node->attrs)->o == o)
            before[n++] = t->values[i];
    }
    const begin_attrs a = {o, o->generation};
    return tg_record(t, &begin_op, before, n, &a);
}

/* NULL: the tape is poisoned. */
static tg_tensor *record_norm(tg_tape *t, tg_optimizer *o, int group, int n, tg_tensor *begin)
{
    int inputs = 0;
    tg_tensor **in = tg_tape_alloc(t, ((size_t)n + 1) * sizeof(tg_tensor *));
    if (!in) return NULL;
    in[inputs++] = begin;
    for (int i = 0; i < n; i++)
        if (o->entries[i].group == &o->groups[group]) in[inputs++] = o->entries[i].x[TGI_GRADIENT];
    const norm_attrs a = {o, group};
    return tg_record(t, &norm_op, in, inputs, &a);
}

static void record_update(tg_tape *t, tg_optimizer *o, const char *key, const tgi_entry *e,
                          tg_tensor *after)
{
    tg_tensor *in[TGI_ENTRY_TENSORS + 1];
    const int n = TGI_FIRST_STATE + o->n_states;
    const size_t bytes = strlen(key) + 1;
    char *text = tg_tape_alloc(t, bytes);
    if (!text) return;
    const update_attrs a = {memcpy(text, key, bytes), o, e->group ? e->group - o->groups : -1};
    memcpy(in, e->x, (size_t)n * sizeof(tg_tensor *));
    in[n] = after;
    (void)tg_record(t, &update_op, in, n + 1, &a);
}

static void record_all(tg_tape *t, tg_optimizer *o, const tg_dict *params)
{
    tg_tensor *begin = record_begin(t, o);
    tg_tensor **after = tg_tape_alloc(t, ((size_t)o->n_groups + 1) * sizeof(tg_tensor *));
    if (!begin || !after) return;
    for (int k = 0; k < o->n_groups; k++)
        after[k] = tgi_group_prologue(&o->groups[k], 0).scales
                       ? record_norm(t, o, k, params->n, begin)
                       : begin;
    for (int i = 0; i < params->n && !tg_tape_status(t); i++) {
        const tgi_entry *e = &o->entries[i];
        if (!e->x[TGI_GRADIENT] || e->x[TGI_PARAMETER]->size == 0) continue;
        record_update(t, o, params->keys[i], e, e->group ? after[e->group - o->groups] : begin);
    }
}

tg_status tg_optimizer_record(tg_tape *t, tg_optimizer *o, tg_dict *params, const tg_dict *grads)
{
    tg_error err = TG_ERROR_INIT;
    if (!t || tg_tape_status(t)) return tg_tape_status(t);
    if (tgi_optimizer_prepare(o, params, grads, &err)) {
        (void)tg_tape_fail(t, err.status, "%s", err.text);
        return err.status;
    }
    o->recording = true;
    record_all(t, o, params);
    o->recording = false;
    if (tg_tape_status(t)) return tg_tape_status(t);
    if (!t->replay) tgi_optimizer_step(o, params->n);
    return TG_OK;
}
