/* plan.c - decides when a trainer's updates are made by a plan, and notes why not. */
#include <stdarg.h>
#include <stdio.h>

#include "graph/plan/plan.h"
#include "graph/storage.h"
#include "graph/tape.h"
#include "graph/text.h"
#include "src/optim/optimizer.h"
#include "src/train/trainer.h"
#include "tapegrad/alloc.h"

enum { TRIES = 16 }; /* after so many updates that differ, no plan will be made */

static void note(tgi_step_plan *s, const char *format, ...) TG_PRINTF(2, 3);
static void note(tgi_step_plan *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)tgi_vformat(s->note, sizeof s->note, format, args);
    va_end(args);
}

const char *tg_trainer_plan_note(const tg_trainer *tr)
{
    if (!tr) return "";
    return tr->options.plan ? tr->step.note : "plans are turned off";
}

/* ---- what a plan was compiled for ----------------------------------------------------------- */

static int count_leaves(const tg_trainer *tr)
{
    return tg_dict_size(tr->model->params) + tg_dict_size(tr->model->state) + 2;
}

/* Number i of the tensors that a plan reads and that the program could replace. */
static const tg_tensor *leaf(const tg_trainer *tr, int i)
{
    const int params = tg_dict_size(tr->model->params);
    const int both = params + tg_dict_size(tr->model->state);
    if (i < params) return tg_dict_at(tr->model->params, i);
    if (i < both) return tg_dict_at(tr->model->state, i - params);
    return i == both ? tr->train->images : tr->train->labels;
}

static bool is_same_model(const tg_model *a, const tg_model *b)
{
    return a->params == b->params && a->state == b->state && a->dtype == b->dtype &&
           a->forward == b->forward && a->loss == b->loss && a->self == b->self;
}

/* Whether the model, the data and the optimizer have the same tensors as when the plan was
 * compiled. */
static bool is_valid(const tg_trainer *tr)
{
    const tgi_step_plan *s = &tr->step;
    if (!is_same_model(&s->model, tr->model) || s->n_leaves != count_leaves(tr) ||
        s->generation != tr->optimizer->generation)
        return false;
    for (int i = 0; i < s->n_leaves; i++)
        if (s->leaves[i] != leaf(tr, i)) return false;
    return true;
}

static void release_leaves(tgi_step_plan *s)
{
    for (int i = 0; i < s->n_seen; i++) tg_tensor_free(s->seen[i].x);
    tg_free(s->seen);
    s->seen = NULL;
    s->n_seen = 0;
}

void tgi_trainer_drop_plan(tg_trainer *tr)
{
    tgi_step_plan *s = &tr->step;
    release_leaves(s);
    tg_plan_free(s->plan);
    tg_free(s->leaves);
    *s = (tgi_step_plan){.off = s->off};
}

bool tgi_trainer_planned(tg_trainer *tr, const tg_tensor *rows)
{
    tgi_step_plan *s = &tr->step;
    if (!s->plan) return false;
    if (!is_valid(tr)) {
        tgi_trainer_drop_plan(tr);
        note(s, "the model, the data or the optimizer's groups have changed");
        return false;
    }
    if (rows == s->rows)
        s->note[0] = '\0';
    else
        note(s, "a batch of %lld rows, the plan is for %lld", (long long)rows->size,
             (long long)s->rows->size);
    return rows == s->rows;
}

tg_status tgi_trainer_run_plan(tg_trainer *tr, tg_error *err)
{
    tg_plan *p = tr->step.plan;
    tg_plan_set_rng(p, &tr->mask_rng);
    const tg_status status = tg_plan_run(p, err);
    if (status) return status;
    tr->mask_rng.counter += tg_plan_draws(p, &tr->mask_rng);
    tr->loss = tg_item(tg_plan_output(p, 0));
    return TG_OK;
}

/* ---- making one ----------------------------------------------------------------------------- */

/* Whether all random numbers of p come from the trainer's generator, and as many as it advanced. */
static bool draws_masks_only(const tg_plan *p, tg_rng before, tg_rng after)
{
    if (p->n_generators == 0) return after.counter == before.counter;
    const tgi_generator *g = &p->generators[0];
    return p->n_generators == 1 && g->seed == before.seed && g->stream == before.stream &&
           g->first == before.counter && g->end == after.counter;
}

static bool keep_leaves(tg_trainer *tr, const tg_tensor *rows)
{
    tgi_step_plan *s = &tr->step;
    s->n_leaves = count_leaves(tr);
    s->leaves = tg_realloc_array(NULL, (size_t)s->n_leaves, sizeof *s->leaves);
    if (!s->leaves) return false;
    for (int i = 0; i < s->n_leaves; i++) s->leaves[i] = leaf(tr, i);
    s->model = *tr->model;
    s->generation = tr->optimizer->generation;
    s->rows = rows;
    return true;
}

/* From now on the tape is used only for short batches and evaluations. A new tape frees the memory
 * of a whole update. */
static void renew_tape(tg_trainer *tr)
{
    tg_tape *t = tg_tape_new();
    if (!t) return;
    tg_tape_free(tr->t);
    tr->t = t;
}

static void compile(tg_trainer *tr, const tg_tensor *rows, tg_tensor *loss, tg_rng before)
{
    tgi_step_plan *s = &tr->step;
    tg_error err = TG_ERROR_INIT;
    note(s, "two updates are recorded before there is a plan");
    tg_plan *p = tr->t->hooks ? NULL : tg_compile(tr->t, 1, &loss, &err);
    s->off = true;
    if (tr->t->hooks)
        note(s, "a hook is called for some gradient");
    else if (!p)
        note(s, "%s", err.text);
    else if (!draws_masks_only(p, before, tr->mask_rng))
        note(s, "random numbers are drawn from another generator than the trainer's");
    else if (!keep_leaves(tr, rows))
        note(s, "compile: out of memory");
    else
        s->off = false;
    if (s->off) {
        tg_plan_free(p);
        return;
    }
    s->plan = p;
    renew_tape(tr);
}

/* ---- two updates that are the same ---------------------------------------------------------- */

/* Keeps references to the leaves of the tape, so that no other tensors can have their addresses. */
static bool see_leaves(tgi_step_plan *s, const tg_tape *t)
{
    release_leaves(s);
    s->seen = tg_realloc_array(NULL, (size_t)t->leaf_count, sizeof *s->seen);
    if (!s->seen) return false;
    for (int32_t i = 0; i < t->size; i++) {
        tg_tensor *x = t->values[i];
        if (!x->tape) s->seen[s->n_seen++] = (tgi_leaf_version){tg_tensor_ref(x), tgi_version(x)};
    }
    return true;
}

static bool is_written(const tg_tape *t, const tg_tensor *x)
{
    for (int32_t i = 0; i < t->size; i++) {
        const tg_node *n = t->values[i]->node;
        for (int k = 0; n && (n->op->flags & TG_OP_WRITES) && k < n->n_inputs; k++)
            if (n->inputs[k] == x) return true;
    }
    return false;
}

/* Whether a leaf has been written since it was seen, but not by an operation. Perhaps the model
 * writes it, which would not happen when a plan runs. */
static bool written_by_others(const tg_trainer *tr, const tg_tensor *rows)
{
    for (int i = 0; i < tr->step.n_seen; i++) {
        const tg_tensor *x = tr->step.seen[i].x;
        if (x != rows && x != tr->train->images && x != tr->train->labels &&
            tr->step.seen[i].version != tgi_version(x) && !is_written(tr->t, x))
            return true;
    }
    return false;
}

bool tgi_trainer_may_plan(const tg_trainer *tr, const tg_tensor *rows)
{
    const tgi_step_plan *s = &tr->step;
    return tr->options.plan && !s->off && !s->plan && !(s->rows && rows->size < s->rows->size);
}

void tgi_trainer_plan(tg_trainer *tr, const tg_tensor *rows, tg_tensor *loss, tg_rng before)
{
    tgi_step_plan *s = &tr->step;
    const uint64_t hash = tgi_tape_hash(tr->t);
    const bool repeated = s->n_seen > 0 && s->rows == rows && s->hash == hash;
    if (repeated && written_by_others(tr, rows)) {
        s->off = true;
        note(s, "a tensor is written between the updates");
    } else if (repeated) {
        compile(tr, rows, loss, before);
    } else if (s->tries == TRIES) {
        s->off = true;
        note(s, "no two of %d updates recorded the same operations", TRIES);
    } else {
        if (!s->note[0] || s->tries > 0)
            note(s, "%s",
                 s->tries > 0 ? "the update recorded other operations than the one before"
                              : "two updates are recorded before there is a plan");
        s->tries++;
        s->rows = rows;
        s->hash = hash;
        if (see_leaves(s, tr->t)) return;
    }
    release_leaves(s);
}
