/* scalar.c - weak scalars, which take the dtype of the operand beside them, and constants of one
 * element. */
#include <float.h>
#include <math.h>

#include "graph/tape.h"

/* Scalars are half of what short tapes record, so they skip what tg_record does for a shape. */
tg_tensor *tgi_scalar(tg_tape *t, double value, tg_dtype dtype)
{
    const tgi_full_attrs attrs = {.value = value, .dtype = dtype};
    const bool denormal = value != 0 && fabs(value) < FLT_MIN;
    if (!t || t->error->status || denormal || !tgi_is_float(dtype) || t->anomaly)
        return tg_record(t, t ? t->core.full : NULL, NULL, 0, &attrs);
    tg_node *node;
    tg_tensor *x = tgi_record_value(t, t->core.full, NULL, 0, &attrs, &node);
    if (x) x->data = tgi_arena_alloc(&t->arena, sizeof(double));
    if (!x || !x->data) return tgi_tape_out_of_memory(t, t->core.full->name);
    x->dtype = dtype;
    x->size = 1;
    t->core.full->forward(node, NULL);
    x->id = tgi_tape_append(t, x);
    return x->id < 0 ? NULL : x;
}

tg_tensor *tgi_scalar_for(tg_tape *t, const tg_tensor *x, double value)
{
    if (x && !x->weak && tgi_is_float(x->dtype)) return tgi_scalar(t, value, x->dtype);
    tg_tensor *y = tgi_scalar(t, value, TG_F64);
    if (y) y->weak = true;
    return y;
}

tg_tensor *tgi_scalar_cast(tg_tape *t, const tg_tensor *weak, tg_dtype dtype)
{
    const double value = tg_item(weak);
    if (!tgi_is_float(dtype) &&
        !(value == floor(value) && value >= (dtype == TG_U8 ? 0.0 : -2147483648.0) &&
          value <= (dtype == TG_U8 ? 255.0 : 2147483647.0)))
        return tg_tape_fail(t, TG_EDTYPE, "scalar: %g cannot become %s (use tg_cast)", value,
                            tg_dtype_name(dtype));
    return tgi_scalar(t, value, dtype);
}

bool tgi_scalar_settle(tg_tape *t, int n, tg_tensor **xs)
{
    const tg_tensor *strong = NULL;
    for (int i = 0; i < n; i++)
        if (!xs[i]->weak && (!strong || tgi_is_float(xs[i]->dtype))) strong = xs[i];
    for (int i = 0; strong && i < n; i++)
        if (xs[i]->weak) xs[i] = tgi_scalar_cast(t, xs[i], strong->dtype);
    return strong != NULL;
}
