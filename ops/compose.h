/* compose.h - what compositions look at before they record: their operands and axes (internal). */
#ifndef TG_OPS_COMPOSE_H
#define TG_OPS_COMPOSE_H

#include "graph/tape.h"
#include "ops/reduce/reduce.h"
#include "tapegrad/ops.h"

/* x can be read; false with the tape poisoned when it is NULL or of another tape. */
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

/* What a composition that has nothing to do hands back: of a leaf and of a view of one a copy, because a
 * leaf is no value of the tape, and both change when it is written; any other value itself. */
static inline tg_tensor *tgi_unchanged(tg_tape *t, tg_tensor *x)
{
    if (!x || x->weak || (x->tape && !x->storage)) return x;
    return tg_where(t, tg_full(t, TG_U8, 0, NULL, 1), x, x);
}

/* axis made non-negative; false with the tape poisoned when ndim axes do not have it. */
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

/* The axes of a reduction of x, as tgi_reduce_axes leaves them; false with the tape poisoned when
 * n axes are no list or x does not have them. */
static inline bool tgi_axes(tg_tape *t, const char *who, const tg_tensor *x, int n, const int *axes,
                            tg_ints *list)
{
    tg_error err = TG_ERROR_INIT;
    *list = (tg_ints){.n = n == 1 && axes && axes[0] == TG_ALL ? TG_ALL : n};
    if (n < 0 || n > TG_MAX_NDIM || (n > 0 && !axes)) {
        (void)tg_tape_fail(t, TG_EARG, "%s: the list of axes is missing or too long", who);
        return false;
    }
    for (int i = 0; i < list->n; i++) list->v[i] = axes[i];
    if (tgi_reduce_axes(who, x, list, &err)) {
        (void)tg_tape_fail(t, err.status, "%s", err.text);
        return false;
    }
    return true;
}

/* x as one row of all its elements. */
static inline tg_tensor *tgi_flatten(tg_tape *t, tg_tensor *x)
{
    return x ? tg_reshape(t, x, 1, &x->size) : NULL;
}

#endif
