/* compile_grads.c - compiles a training step to a plan that has its gradients as a dict. */
#include "graph/plan/plan.h"
#include "graph/tape.h"
#include "src/dict.h"
#include "tapegrad/alloc.h"

static tg_dict *named(const tg_plan *p, const tg_dict *grads, tg_error *err)
{
    tg_dict *d = tg_dict_new();
    if (!d) (void)tg_fail(err, TG_ENOMEM, "compile: out of memory");
    for (int i = 0; d && i < grads->n; i++)
        if (tg_dict_set(d, grads->keys[i], tg_plan_output(p, i + 1), err)) {
            tg_dict_free(d);
            return NULL;
        }
    return d;
}

tg_plan *tg_compile_grads(tg_tape *t, tg_tensor *loss, const tg_dict *grads, tg_error *err)
{
    if (t && tgi_tape_pass(t, err)) return NULL;
    if (!grads) {
        (void)tg_fail(err, TG_EARG,
                      "compile: grads is NULL; if tg_grad failed, tg_tape_message says why");
        return NULL;
    }
    tg_tensor **outputs = tg_realloc_array(NULL, (size_t)grads->n + 1, sizeof(tg_tensor *));
    if (!outputs) {
        (void)tg_fail(err, TG_ENOMEM, "compile: out of memory");
        return NULL;
    }
    outputs[0] = loss;
    for (int i = 0; i < grads->n; i++) outputs[i + 1] = grads->tensors[i];
    tg_plan *p = tg_compile(t, grads->n + 1, outputs, err);
    tg_free(outputs);
    if (!p) return NULL;
    p->free_grads = tg_dict_free;
    if ((p->grads = named(p, grads, err))) return p;
    tg_plan_free(p);
    return NULL;
}
