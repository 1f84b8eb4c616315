/* clip_grad.c - gradients that are too large, made smaller: operations over a dict. */
#include <math.h>

#include "src/dict.h"
#include "tapegrad/ops.h"
#include "tapegrad/optim.h"

/* An empty copy of grads' keys on t; NULL where there is nothing to do or the limit is none. */
static tg_dict *begin(tg_tape *t, const char *who, const tg_dict *grads, double limit)
{
    if (!t || tg_tape_status(t)) return NULL;
    if (grads && limit >= 0 && isfinite(limit)) return tgi_dict_on_tape(t, grads);
    if (!grads)
        (void)tg_tape_fail(t, TG_EARG, "%s: grads is NULL", who);
    else
        (void)tg_tape_fail(t, TG_EARG, "%s: the limit must be in [0, inf)", who);
    return NULL;
}

/* sqrt(sum of all squares) as f64: the norm of each tensor in its own dtype, of these in f64. */
static tg_tensor *total_norm(tg_tape *t, const tg_dict *grads)
{
    tg_tensor **norms = tg_tape_alloc(t, (size_t)grads->n * sizeof(tg_tensor *));
    if (!norms) return NULL;
    if (grads->n == 0) return tg_full(t, TG_F64, 0, NULL, 0);
    for (int i = 0; i < grads->n; i++)
        norms[i] = tg_cast(t, tg_norm(t, grads->tensors[i], 2, TG_ALL, false), TG_F64);
    return tg_norm(t, tg_stack(t, grads->n, norms, 0), 2, TG_ALL, false);
}

tg_dict *tg_clip_grad_norm(tg_tape *t, const tg_dict *grads, double max_norm, tg_tensor **norm)
{
    if (norm) *norm = NULL;
    tg_dict *clipped = begin(t, "clip_grad_norm", grads, max_norm);
    if (!clipped) return NULL;
    tg_tensor *total = total_norm(t, grads);
    tg_tensor *scale = tg_div(t, tg_scalar(t, max_norm), tg_add(t, total, tg_scalar(t, 1e-6)));
    scale = tg_minimum(t, scale, tg_scalar(t, 1));
    for (int i = 0; i < grads->n; i++) {
        tg_tensor *g = grads->tensors[i];
        clipped->tensors[i] = tg_mul(t, g, tg_cast(t, scale, g->dtype));
    }
    if (tg_tape_status(t)) return NULL;
    if (norm) *norm = total;
    return clipped;
}

tg_dict *tg_clip_grad_value(tg_tape *t, const tg_dict *grads, double limit)
{
    tg_dict *clipped = begin(t, "clip_grad_value", grads, limit);
    if (!clipped) return NULL;
    for (int i = 0; i < grads->n; i++)
        clipped->tensors[i] = tg_minimum(t, tg_maximum(t, grads->tensors[i], tg_scalar(t, -limit)),
                                         tg_scalar(t, limit));
    return tg_tape_status(t) ? NULL : clipped;
}
