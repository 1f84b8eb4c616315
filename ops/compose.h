/* compose.h - checks of the operands and axes of compositions, before anything is recorded
 * (internal). */
#ifndef TG_OPS_COMPOSE_H
#define TG_OPS_COMPOSE_H

#include "graph/tape.h"
#include "ops/reduce/reduce.h"
#include "tapegrad/ops.h"

/* True if x can be read. False, with the failure on the tape, if it is NULL or belongs to another
 * tape. */
static inline bool tgi_operand(tg_tape *t, const char *who, const tg_tensor *x)
{
    if (!t || t->error->status) return false;
    if (x && tgi_tape_takes(t, x)) return true;
    if (!x)
        (void)tg_tape_fail(t, TG_EARG, "%s: an operand is NULL", who);
    else
        (void)tg_tape_fail(t, TG_ETAPE,
                           "%s: an operand belongs to another tape or was dropped by a reset", who);
    return false;
}

/* The result of a composition that has nothing to do. A recorded value is returned as it is. A
 * leaf, or a view of one, is copied, because it is no value of the tape and changes when it is
 * written. */
static inline tg_tensor *tgi_unchanged(tg_tape *t, tg_tensor *x)
{
    if (!x || x->weak || (x->tape && !x->storage)) return x;
    return tg_where(t, tg_full(t, TG_U8, 0, NULL, 1), x, x);
}

/* Makes the axis non-negative. False, with the failure on the tape, if ndim axes do not include
 * it. */
static inline bool tgi_axis(tg_tape *t, const char *who, int *axis, int ndim)
{
    int64_t a = *axis;
    tg_error err = TG_ERROR_INIT;
    if (tg_axis_normalise(who, &a, ndim, &err)) {
        (void)tg_tape_fail(t, err.status, "%s", err.text);
        return false;
    }
    *axis = (int)a;
    return true;
}

/* x as one row of all its elements. */
static inline tg_tensor *tgi_flatten(tg_tape *t, tg_tensor *x)
{
    return x ? tg_reshape(t, x, 1, &x->size) : NULL;
}

#endif
