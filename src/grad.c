/* grad.c - tg_grad: the gradients of a loss with respect to the tensors of a dict. */
#include "graph/tape.h"
#include "src/dict.h"

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
