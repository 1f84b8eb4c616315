/* softmax.c - softmax and its logarithm. */
#include "src/nn/softmax.h"

#include "ops/compose.h"
#include "tapegrad/nn.h"

tg_tensor *tgi_top(tg_tape *t, tg_tensor *x, int axis)
{
    if (x && x->size == 0) return tg_scalar(t, 0);
    return tg_stop_gradient(t, tg_max(t, x, axis, true));
}

tg_tensor *tgi_pick_below(tg_tape *t, tg_tensor *x, tg_tensor *labels, tg_tensor *top)
{
    if (top && top->ndim > 0) top = tg_squeeze(t, top, -1);
    return tg_sub(t, tg_pick(t, x, labels), top);
}

tg_tensor *tg_softmax(tg_tape *t, tg_tensor *x, int axis)
{
    const char *outer = tgi_enter(t, "softmax");
    tg_tensor *e = tg_exp(t, tg_sub(t, x, tgi_top(t, x, axis)));
    return tgi_leave(t, outer, tg_div(t, e, tg_sum(t, e, axis, true)));
}

tg_tensor *tg_log_softmax(tg_tape *t, tg_tensor *x, int axis)
{
    const char *outer = tgi_enter(t, "log_softmax");
    tg_tensor *z = tg_sub(t, x, tgi_top(t, x, axis));
    return tgi_leave(t, outer, tg_sub(t, z, tg_logsumexp(t, z, axis, true)));
}
