/* compile.c - tg_compile, which calls the stages in order, and tg_plan_run, which runs the
 * steps. */
#include "graph/plan/draft.h"

#include <string.h>

#include "graph/flush.h"
#include "graph/storage.h"
#include "graph/tape.h"
#include "tapegrad/alloc.h"

tgi_plan_watch tgi_plan_watched;

/* ---- compiling ------------------------------------------------------------------------------ */

static bool arguments_fit(tg_tape *t, int n, tg_tensor *const *outputs, tg_error *err)
{
    if (!t) return tg_fail(err, TG_EARG, "compile: the tape is NULL") == TG_OK;
    if (tgi_tape_pass(t, err)) return false;
    if (n < 0) return tg_fail(err, TG_EARG, "compile: %d outputs", n) == TG_OK;
    if (n > 0 && !outputs)
        return tg_fail(err, TG_EARG, "compile: the list of outputs is NULL") == TG_OK;
    for (int i = 0; i < n; i++) {
        const tg_tensor *y = outputs[i];
        if (!y) return tg_fail(err, TG_EARG, "compile: output %d is NULL", i + 1) == TG_OK;
        if (!y->tape || y->tape != t || tg_tape_value(t, y->id) != y)
            return tg_fail(err, TG_ETAPE, "compile: output %d is not a value of this tape",
                           i + 1) == TG_OK;
    }
    return true;
}

static bool make_outputs(tgi_draft *d, tg_tensor *const *outputs, tg_error *err)
{
    tg_plan *p = d->plan;
    const size_t n = (size_t)d->n_outputs;
    d->outputs = tgi_arena_alloc(d->work, n * sizeof *d->outputs);
    p->outputs = tgi_arena_alloc(&p->arena, n * sizeof *p->outputs);
    p->written = tgi_arena_alloc(&p->arena, n * sizeof(tg_tensor *));
    if (!d->outputs || !p->outputs || !p->written)
        return tg_fail(err, TG_ENOMEM, "compile: out of memory") == TG_OK;
    for (; p->n_outputs < d->n_outputs; p->n_outputs++) {
        const tg_tensor *y = outputs[p->n_outputs];
        tg_tensor *leaf = tg_tensor_new(y->dtype, y->ndim, y->shape, err);
        if (!leaf) return false;
        d->outputs[p->n_outputs] = y->id;
        p->written[p->n_outputs] = leaf;
        p->numbers.kept += (size_t)y->size * tg_dtype_size(y->dtype);
    }
    return true;
}

static bool compile(tgi_draft *d, tg_tensor *const *outputs, tg_error *err)
{
    tg_plan *p = d->plan;
    if (!make_outputs(d, outputs, err) || !tgi_plan_build(d, err)) return false;
    const size_t outputs_kept = p->numbers.kept;
    bool fits = tgi_plan_simplify(d);
    if (fits) tgi_plan_mark(d);
    fits =
        fits && tgi_plan_schedule(d) && tgi_plan_place(d) && tgi_plan_pack(d) && tgi_plan_fuse(d);
    p->numbers.steps = p->n_steps;
    p->numbers.bytes =
        sizeof *p + p->arena.bytes + p->block.bytes + outputs_kept + tg_tape_bytes(p->home);
    return fits || tg_fail(err, TG_ENOMEM, "compile: out of memory") == TG_OK;
}

tg_plan *tg_compile(tg_tape *t, int n, tg_tensor *const *outputs, tg_error *err)
{
    if (!arguments_fit(t, n, outputs, err)) return NULL;
    tg_plan *p = tg_calloc(1, sizeof *p);
    if (p) p->home = tgi_tape_new(&t->core, NULL);
    if (!p || !p->home) {
        (void)tg_fail(err, TG_ENOMEM, "compile: out of memory");
        tg_free(p);
        return NULL;
    }
    p->watch = tgi_plan_watched;
    p->arena.tight = p->block.tight = true;
    tgi_arena work = {0};
    tgi_draft d = {.plan = p, .tape = t, .work = &work, .n_outputs = n};
    const bool done = compile(&d, outputs, err);
    tgi_arena_free(&work);
    if (done) return p;
    tg_plan_free(p);
    return NULL;
}

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

/* ---- running -------------------------------------------------------------------------------- */

/* What the tape says of a failure, with the scope behind it. */
static tg_status failed(const tg_node *n, tg_status status, const tg_error *why, tg_error *err)
{
    char whole[2 * sizeof why->text];
    const char *text = why->status ? why->text : tg_status_text(status);
    (void)snprintf(whole, sizeof whole, "%s%s%s%s%s%s", why->status ? "" : n->op->name,
                   why->status ? "" : ": ", text, *n->scope ? " (in " : "", n->scope,
                   *n->scope ? ")" : "");
    return tg_fail(err, why->status ? why->status : status, "%s", whole);
}

static tg_status run_operation(const tg_node *n, void *work, tg_error *err)
{
    const tg_op *op = n->op;
    if (!op->check && !op->verdict) {
        op->forward(n, work);
        return TG_OK;
    }
    tg_error why = TG_ERROR_INIT;
    tg_status status = op->check ? op->check(n, &why) : TG_OK;
    if (status) return failed(n, status, &why, err);
    op->forward(n, work);
    status = op->verdict ? op->verdict(n, work, &why) : TG_OK;
    return status ? failed(n, status, &why, err) : TG_OK;
}

static tg_status run_step(const tgi_step *s, tg_error *err)
{
    if (s->way == TGI_CALLS) {
        tgi_calls_run(s->is.calls);
        return TG_OK;
    }
    const tgi_job *job = s->is.job;
    if (s->way == TGI_ALONE) return run_operation(job->node, job->work, err);
    if (s->way == TGI_HEADED)
        job->node->op->forward_then(job->node, job->work, tgi_fused_piece, job->fused);
    else
        tgi_fused_run(job->fused);
    return TG_OK;
}

static void set_counters(tg_plan *p)
{
    for (int32_t i = 0; i < p->n_draws; i++) {
        const tgi_draw *d = &p->draws[i];
        const tgi_generator *g = &p->generators[d->generator];
        *d->counter = d->recorded + p->run * (g->end - g->first);
    }
}

/* Outputs that are a view, a constant or the same as another one. */
static void finish_outputs(const tg_plan *p)
{
    for (int32_t i = 0; i < p->n_outputs; i++) {
        const tg_tensor *x = p->items[p->outputs[i]].tensor; /* NULL: computed where it belongs */
        tg_tensor *y = p->written[i];
        if (x && x->data != y->data && x->size > 0)
            tgi_strided_copy(tg_dtype_size(y->dtype), y->ndim, y->shape, y->data, y->strides,
                             x->data, x->strides);
        tg_tensor_touch(y);
    }
}

tg_status tg_plan_run(tg_plan *p, tg_error *err)
{
    if (!p) return tg_fail(err, TG_EARG, "plan_run: the plan is NULL");
    tg_status status = TG_OK;
    const uint64_t mode = tgi_flush_begin();
    set_counters(p);
    p->run++;
    if (p->watch.saw) p->watch.saw(p, -1);
    for (int32_t i = 0; i < p->n_steps && !status; i++) {
        const double start = p->timings ? tgi_plan_clock() : 0;
        status = run_step(&p->steps[i], err);
        if (p->timings) tgi_plan_took(p, i, start);
        if (p->watch.saw) p->watch.saw(p, i);
    }
    if (!status) finish_outputs(p);
    tgi_flush_end(mode);
    return status;
}

/* ---- what an item is ------------------------------------------------------------------------ */

void *tgi_plan_data(const tg_plan *p, int32_t i)
{
    const tgi_item *x = &p->items[i], *root = &p->items[x->root];
    char *data = root->tensor        ? root->tensor->data
                 : root->output >= 0 ? p->written[root->output]->data
                 : root->escapes     ? p->results + root->offset
                                     : NULL;
    return x->view && data && x->form->size ? data + x->offset : data;
}

tg_tensor tgi_plan_tensor(const tg_plan *p, int32_t i)
{
    const tgi_item *x = &p->items[i];
    if (x->tensor) return *x->tensor;
    return (tg_tensor){.data = tgi_plan_data(p, i),
                       .shape = x->form->dims,
                       .strides = x->form->dims + x->form->ndim,
                       .size = x->form->size,
                       .ndim = x->form->ndim,
                       .dtype = x->form->dtype,
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
    room->node = (tg_node){.op = x->act->op,
                           .attrs = x->act->attrs,
                           .inputs = room->inputs,
                           .n_inputs = x->n_inputs,
                           .output = &room->tensors[x->n_inputs],
                           .scope = x->act->scope,
                           .input_ids = p->inputs + x->in};
    return &room->node;
}

/* ---- what can be asked ---------------------------------------------------------------------- */

tg_tensor *tg_plan_output(const tg_plan *p, int i)
{
    return p && i >= 0 && i < p->n_outputs ? p->written[i] : NULL;
}

tg_dict *tg_plan_grads(const tg_plan *p) { return p ? p->grads : NULL; }

uint64_t tg_plan_runs(const tg_plan *p) { return p ? p->run : 0; }

void tg_plan_seek(tg_plan *p, uint64_t run)
{
    if (p) p->run = run;
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

tg_plan_numbers tg_plan_stats(const tg_plan *p) { return p ? p->numbers : (tg_plan_numbers){0}; }
