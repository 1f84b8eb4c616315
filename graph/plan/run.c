/* run.c - runs the steps of a plan. */
#include <stdio.h>

#include "graph/flush.h"
#include "graph/plan/plan.h"
#include "graph/storage.h"

/* Fails with the sentence that a tape would give, which ends with the scope. */
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

/* Maps of few elements, one after the other, without blocks or threads: the addresses of all
 * operands are known in advance. */
static void run_calls(const tgi_calls *calls)
{
    const tgi_call *c = calls->first;
    const int64_t n = calls->n;
    for (int i = calls->count; i > 0; i--, c = tgi_call_next(c)) {
        int64_t stride[TGI_MOST_OPERANDS];
        for (int k = 0; k < c->n; k++) stride[k] = c->moves >> k & 1;
        c->map(n, c->y, (const void *const *)c->x, stride, c->attrs);
    }
}

static tg_status run_step(const tgi_step *s, tg_error *err)
{
    if (s->kind == TGI_CALLS) {
        run_calls(s->is.calls);
        return TG_OK;
    }
    const tgi_job *job = s->is.job;
    if (s->kind == TGI_ALONE) return run_operation(job->node, job->work, err);
    if (s->kind == TGI_EPILOGUE)
        job->node->op->forward_then(job->node, job->work, tgi_loop_piece, job->loop);
    else
        tgi_loop_run(job->loop);
    return TG_OK;
}

/* Copies the outputs that are a view, a constant or the same as another one. */
static void finish_outputs(const tg_plan *p)
{
    for (int32_t i = 0; i < p->n_outputs; i++) {
        const tg_tensor *x = p->items[p->outputs[i]].tensor; /* NULL: computed into the output */
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
    tgi_generators_set_counters(p);
    p->run++;
    if (p->watch.saw) p->watch.saw(p, -1);
    for (int32_t i = 0; i < p->n_steps && !status; i++) {
        const double start = p->timings ? tgi_profile_clock() : 0;
        status = run_step(&p->steps[i], err);
        if (p->timings) tgi_profile_add(p, i, start);
        if (p->watch.saw) p->watch.saw(p, i);
    }
    if (!status) finish_outputs(p);
    tgi_flush_end(mode);
    return status;
}

uint64_t tg_plan_runs(const tg_plan *p) { return p ? p->run : 0; }

void tg_plan_seek(tg_plan *p, uint64_t run)
{
    if (p) p->run = run;
}
