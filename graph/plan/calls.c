/* calls.c - runs maps of few elements one after the other, without blocks or threads.  The address
 * of every operand is known in advance. */
#include "graph/plan/plan.h"

void tgi_calls_run(const tgi_calls *calls)
{
    const tgi_call *c = calls->first;
    const int64_t n = calls->n;
    for (int i = calls->count; i > 0; i--, c = tgi_call_next(c)) {
        int64_t stride[TGI_MOST_OPERANDS];
        for (int k = 0; k < c->n; k++) stride[k] = c->moves >> k & 1;
        c->map(n, c->y, (const void *const *)c->x, stride, c->attrs);
    }
}

int tgi_call_values(const tg_plan *p, const tgi_call *c, int32_t *values)
{
    int n = 0;
    for (int pass = c->inner < 0; pass < 2; pass++) {
        const tgi_item *y = &p->items[pass ? c->value : c->inner];
        for (int i = 0; i < y->n_inputs; i++) {
            const int32_t in = p->inputs[y->in + i];
            if (!pass || c->inner < 0 || p->items[in].root != c->inner) values[n++] = in;
        }
    }
    return n;
}
