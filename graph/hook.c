/* hook.c - functions that a sweep calls with the gradient of a value. */
#include "graph/tape.h"

tg_status tg_register_hook(tg_tape *t, tg_tensor *x, tg_hook fn, void *user)
{
    char text[TG_DESCRIBE_SIZE];
    if (!t) return TG_EARG;
    if (t->error->status) return t->error->status;
    if (!x || !fn)
        (void)tg_tape_fail(t, TG_EARG, "register_hook: the %s is NULL", x ? "function" : "tensor");
    else if (!tgi_tape_takes(t, x))
        (void)tg_tape_fail(t, TG_ETAPE, "register_hook: the tensor is not on this tape");
    else if (!tg_dtype_is_float(x->dtype))
        (void)tg_tape_fail(t, TG_EDTYPE,
                           "register_hook: the tensor is %s, but only f32 and f64 have gradients",
                           tg_tensor_describe(x, text, sizeof text));
    else if (x->weak) /* the operations that used it read a copy in another dtype */
        (void)tg_tape_fail(t, TG_EARG, "register_hook: the tensor is a weak scalar (use tg_full)");
    if (t->error->status || tgi_tape_number(t, x) < 0) return t->error->status;
    tgi_hook *h = tg_tape_alloc(t, sizeof *h), **last = &t->hooks;
    if (!h) return t->error->status;
    *h = (tgi_hook){.x = x, .fn = fn, .user = user};
    while (*last) last = &(*last)->next;
    *last = h;
    return TG_OK;
}

tg_tensor *tgi_hooks_call(tg_tape *t, tg_tensor *x, tg_tensor *g)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    for (const tgi_hook *h = t->hooks; h; h = h->next) {
        if (h->x != x) continue;
        tg_tensor *r = h->fn(t, x, g, h->user);
        if (t->error->status) return NULL;
        if (r && !tgi_tape_takes(t, r))
            return tg_tape_fail(t, TG_ETAPE, "hook: the tensor returned is not on this tape");
        if (r && r->weak) r = tgi_scalar_cast(t, r, x->dtype);
        if (r && (r->dtype != g->dtype || !tg_tensor_same_shape(r, g)))
            return tg_tape_fail(t, r->dtype != g->dtype ? TG_EDTYPE : TG_ESHAPE,
                                "hook: returns %s for the gradient %s",
                                tg_tensor_describe(r, a, sizeof a),
                                tg_tensor_describe(g, b, sizeof b));
        if (r) g = r;
    }
    return g;
}
