/* dict_grad.c - the gradient of a loss with respect to every tensor of a dict. */
#include <string.h>

#include "graph/tape.h"
#include "src/dict.h"

/* Memory of the tape, so that a training loop that asks for gradients makes no call to the
 * allocator. */
tg_dict *tgi_dict_on_tape(tg_tape *t, const tg_dict *d)
{
    const size_t n = (size_t)d->n;
    size_t text_bytes = 0;
    for (size_t i = 0; i < n; i++) text_bytes += strlen(d->keys[i]) + 1;

    tg_dict *copy = tg_tape_alloc(t, sizeof *copy);
    if (!copy) return NULL;
    *copy = (tg_dict){.n = d->n, .capacity = d->n, .tape = t};
    if (n == 0) return copy;

    copy->keys = tg_tape_alloc(t, n * sizeof *copy->keys);
    copy->tensors = tg_tape_alloc(t, n * sizeof(tg_tensor *));
    copy->slots = tg_tape_alloc(t, d->n_slots * sizeof *copy->slots);
    copy->n_slots = d->n_slots;
    char *text = tg_tape_alloc(t, text_bytes);
    if (!copy->keys || !copy->tensors || !copy->slots || !text) return NULL;

    /* equal keys in equal order make an equal table */
    memcpy(copy->slots, d->slots, d->n_slots * sizeof *copy->slots);
    for (size_t i = 0; i < n; i++) {
        const size_t bytes = strlen(d->keys[i]) + 1;
        copy->keys[i] = memcpy(text, d->keys[i], bytes);
        text += bytes;
    }
    return copy;
}

static tg_status check(const tg_tensor *loss, const tg_dict *params, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    if (!loss) return tg_fail(err, TG_EARG, "grad: loss is NULL");
    if (!params) return tg_fail(err, TG_EARG, "grad: params is NULL");
    if (loss->size != 1)
        return tg_fail(err, TG_ESHAPE, "grad: loss is %s, must have one element",
                       tg_tensor_describe(loss, text, sizeof text));
    for (int i = 0; i < params->n; i++)
        if (!tg_dtype_is_float(params->tensors[i]->dtype))
            return tg_fail(err, TG_EDTYPE, "grad: parameter '%s' is %s, must be f32 or f64",
                           params->keys[i],
                           tg_tensor_describe(params->tensors[i], text, sizeof text));
    return TG_OK;
}

tg_dict *tg_grad(tg_tape *t, tg_tensor *loss, const tg_dict *params)
{
    if (!t || tg_tape_status(t) != TG_OK) return NULL;
    tg_error err = TG_ERROR_INIT;
    if (check(loss, params, &err) != TG_OK) {
        tg_tape_fail(t, err.status, "%s", err.text);
        return NULL;
    }
    tg_dict *grads = tgi_dict_on_tape(t, params);
    if (!grads) return NULL;
    const char *const *names = (const char *const *)grads->keys;
    if (tgi_vjp(t, 1, &loss, NULL, params->n, params->tensors, names, grads->tensors)) return NULL;
    return grads;
}
