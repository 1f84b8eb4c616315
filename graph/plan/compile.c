/* compile.c - tg_compile, which calls the stages in order. */
#include "graph/plan/draft.h"
#include "graph/tape.h"
#include "tapegrad/alloc.h"

static bool arguments_fit(tg_tape *t, int n, tg_tensor *const *outputs, tg_error *err)
{
    if (!t) return tg_fail(err, TG_EARG, "compile: the tape is NULL") == TG_OK;
    if (tgi_tape_pass(t, err)) return false;
    if (n < 0) return tg_fail(err, TG_EARG, "compile: the number of outputs is negative") == TG_OK;
    if (n > 0 && !outputs)
        return tg_fail(err, TG_EARG, "compile: the list of outputs is NULL") == TG_OK;
    for (int i = 0; i < n; i++) {
        const tg_tensor *y = outputs[i];
        if (!y) return tg_fail(err, TG_EARG, "compile: outputs[%d] is NULL", i) == TG_OK;
        if (!y->tape || y->tape != t || tg_tape_value(t, y->id) != y)
            return tg_fail(err, TG_ETAPE, "compile: outputs[%d] is not a value of this tape",
                           i) == TG_OK;
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
    const bool fits = tgi_plan_simplify(d) && tgi_plan_schedule(d) && tgi_plan_place(d) &&
                      tgi_plan_pack(d) && tgi_plan_fuse(d);
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
