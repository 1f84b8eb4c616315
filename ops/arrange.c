/* arrange.c - compositions that reorder, repeat or pad the elements of a tensor. */
#include <stddef.h>
#include <string.h>

#include "ops/compose.h"

/* ---- axes ----------------------------------------------------------------------------------- */

tg_tensor *tg_squeeze(tg_tape *t, tg_tensor *x, int axis)
{
    int64_t shape[TG_MAX_NDIM];
    char text[TG_DESCRIBE_SIZE];
    int n = 0;
    if (!tgi_operand(t, "squeeze", x)) return NULL;
    if (axis != TG_ALL && !tgi_axis(t, "squeeze", &axis, x->ndim)) return NULL;
    if (axis != TG_ALL && x->shape[axis] != 1)
        return tg_tape_fail(t, TG_ESHAPE, "squeeze: the size of axis %d of %s is not 1", axis,
                            tg_tensor_describe(x, text, sizeof text));
    for (int i = 0; i < x->ndim; i++)
        if (axis == TG_ALL ? x->shape[i] != 1 : i != axis) shape[n++] = x->shape[i];
    return tg_reshape(t, x, n, shape);
}

tg_tensor *tg_unsqueeze(tg_tape *t, tg_tensor *x, int axis)
{
    int64_t shape[TG_MAX_NDIM + 1];
    if (!tgi_operand(t, "unsqueeze", x) || !tgi_axis(t, "unsqueeze", &axis, x->ndim + 1))
        return NULL;
    if (x->ndim == TG_MAX_NDIM)
        return tg_tape_fail(t, TG_ESHAPE, "unsqueeze: the operand has %d dimensions already",
                            TG_MAX_NDIM);
    for (int i = 0; i <= x->ndim; i++)
        shape[i] = i < axis ? x->shape[i] : i == axis ? 1 : x->shape[i - 1];
    return tg_reshape(t, x, x->ndim + 1, shape);
}

tg_tensor *tg_swapaxes(tg_tape *t, tg_tensor *x, int axis1, int axis2)
{
    const char *outer = tgi_enter(t, "swapaxes");
    return tgi_leave(t, outer, tg_transpose(t, x, axis1, axis2));
}

tg_tensor *tg_moveaxis(tg_tape *t, tg_tensor *x, int from, int to)
{
    int axes[TG_MAX_NDIM];
    if (!tgi_operand(t, "moveaxis", x) || !tgi_axis(t, "moveaxis", &from, x->ndim) ||
        !tgi_axis(t, "moveaxis", &to, x->ndim))
        return NULL;
    for (int i = 0, k = 0; i < x->ndim; i++) {
        if (k == from) k++;
        axes[i] = i == to ? from : k++;
    }
    return tg_permute(t, x, x->ndim, axes);
}

/* ---- order ---------------------------------------------------------------------------------- */

tg_tensor *tg_flip(tg_tape *t, tg_tensor *x, int axis)
{
    if (!tgi_operand(t, "flip", x)) return NULL;
    if (axis != TG_ALL) {
        if (!tgi_axis(t, "flip", &axis, x->ndim)) return NULL;
        return tg_slice(t, x, axis, -1, TG_END, -1);
    }
    tg_tensor *y = x;
    for (int i = 0; y && i < x->ndim; i++) y = tg_slice(t, y, i, -1, TG_END, -1);
    return y == x ? tgi_unchanged(t, x) : y;
}

tg_tensor *tg_roll(tg_tape *t, tg_tensor *x, int64_t shift, int axis)
{
    if (!tgi_operand(t, "roll", x)) return NULL;
    if (axis == TG_ALL) {
        tg_tensor *y = tg_roll(t, tgi_flatten(t, x), shift, 0);
        return y ? tg_reshape(t, y, x->ndim, x->shape) : NULL;
    }
    if (!tgi_axis(t, "roll", &axis, x->ndim)) return NULL;
    const int64_t n = x->shape[axis];
    int64_t cut = n > 0 ? shift % n : 0;
    if (cut < 0) cut += n;
    if (cut == 0) return tgi_unchanged(t, x);
    tg_tensor *parts[] = {tg_slice(t, x, axis, n - cut, TG_END, 1),
                          tg_slice(t, x, axis, 0, n - cut, 1)};
    return tg_concat(t, 2, parts, axis);
}

/* ---- repetition ----------------------------------------------------------------------------- */

/* Repeats an axis n times: puts a new axis of size n beside it, expands that and merges the two.
 * The new axis stands outside for tile, which repeats the whole axis, and inside for repeat, which
 * repeats each of its elements. */
static tg_tensor *multiply_axis(tg_tape *t, tg_tensor *x, int axis, int64_t n, bool outside)
{
    int64_t shape[TG_MAX_NDIM + 1];
    if (!x) return NULL;
    if (n == 1) return x;
    if (n > 0 && x->shape[axis] > INT64_MAX / n)
        return tg_tape_fail(t, TG_ENOMEM, "%s: the size of axis %d overflows",
                            outside ? "tile" : "repeat", axis);
    const char *outer = tgi_enter(t, outside ? "tile" : "repeat");
    /* As (before, axis, behind), because a tensor of eight axes has no room for a ninth. */
    int64_t before = 1, behind = 1;
    for (int i = 0; i < axis; i++) before *= x->shape[i];
    for (int i = axis + 1; i < x->ndim; i++) behind *= x->shape[i];
    const int64_t size = x->shape[axis];
    tg_tensor *y = outside ? tg_reshape(t, x, 4, (int64_t[]){before, 1, size, behind})
                           : tg_reshape(t, x, 4, (int64_t[]){before, size, 1, behind});
    y = outside ? tg_expand(t, y, 4, (int64_t[]){before, n, size, behind})
                : tg_expand(t, y, 4, (int64_t[]){before, size, n, behind});
    for (int i = 0; i < x->ndim; i++) shape[i] = i == axis ? size * n : x->shape[i];
    return tgi_leave(t, outer, tg_reshape(t, y, x->ndim, shape));
}

tg_tensor *tg_tile(tg_tape *t, tg_tensor *x, int n, const int64_t *times)
{
    if (!tgi_operand(t, "tile", x)) return NULL;
    if (n < 0 || n > TG_MAX_NDIM || (n > 0 && !times))
        return tg_tape_fail(t, TG_EARG, "tile: the list of %d repetitions is missing or too long",
                            n);
    for (int i = 0; i < n; i++)
        if (times[i] < 0)
            return tg_tape_fail(t, TG_EARG, "tile: repetition %d is %lld, must not be negative", i,
                                (long long)times[i]);
    tg_tensor *y = x;
    bool once = true;
    while (y && y->ndim < n) y = tg_unsqueeze(t, y, 0);
    for (int i = 0; y && i < n; i++) {
        once = once && times[i] == 1;
        y = multiply_axis(t, y, y->ndim - n + i, times[i], true);
    }
    return once ? tgi_unchanged(t, y) : y;
}

tg_tensor *tg_repeat(tg_tape *t, tg_tensor *x, int64_t times, int axis)
{
    if (!tgi_operand(t, "repeat", x)) return NULL;
    if (times < 0)
        return tg_tape_fail(t, TG_EARG, "repeat: %lld times, must not be negative",
                            (long long)times);
    if (axis == TG_ALL) {
        x = tgi_flatten(t, x);
        axis = 0;
    } else if (!tgi_axis(t, "repeat", &axis, x->ndim))
        return NULL;
    return times == 1 ? tgi_unchanged(t, x) : multiply_axis(t, x, axis, times, false);
}

/* ---- padding -------------------------------------------------------------------------------- */

/* The n elements that pad one side of an axis. Only constant padding accepts an empty axis. */
static tg_tensor *border(tg_tape *t, tg_tensor *x, int axis, bool front, int64_t n,
                         tg_pad_mode mode, double value)
{
    const int64_t size = x->shape[axis];
    int64_t shape[TG_MAX_NDIM];
    memcpy(shape, x->shape, (size_t)x->ndim * sizeof *shape);
    shape[axis] = n;
    if (mode == TG_PAD_CONSTANT) return tg_full(t, x->dtype, x->ndim, shape, value);
    if (mode == TG_PAD_EDGE) {
        tg_tensor *const edge =
            front ? tg_slice(t, x, axis, 0, 1, 1) : tg_slice(t, x, axis, size - 1, TG_END, 1);
        return tg_expand(t, edge, x->ndim, shape);
    }
    return tg_flip(t,
                   front ? tg_slice(t, x, axis, 1, 1 + n, 1)
                         : tg_slice(t, x, axis, size - 1 - n, size - 1, 1),
                   axis);
}

tg_tensor *tg_pad(tg_tape *t, tg_tensor *x, const int64_t *widths, tg_pad_mode mode, double value)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, "pad", x)) return NULL;
    if (x->ndim > 0 && !widths) return tg_tape_fail(t, TG_EARG, "pad: the widths are NULL");
    if ((int)mode < TG_PAD_CONSTANT || mode > TG_PAD_REFLECT)
        return tg_tape_fail(t, TG_EARG, "pad: there is no mode %d", (int)mode);
    tg_tensor *y = x;
    for (int i = 0; i < x->ndim; i++) {
        const int64_t *const w = widths + (ptrdiff_t)2 * i, n = x->shape[i];
        const int64_t most = mode == TG_PAD_REFLECT          ? n - 1
                             : mode == TG_PAD_EDGE && n == 0 ? 0
                                                             : INT64_MAX;
        for (int side = 0; side < 2; side++)
            if (w[side] < 0 || w[side] > (most < 0 ? 0 : most))
                return tg_tape_fail(t, TG_EARG, "pad: cannot add %lld elements %s axis %d of %s",
                                    (long long)w[side], side ? "after" : "before", i,
                                    tg_tensor_describe(x, text, sizeof text));
        if (w[0] == 0 && w[1] == 0) continue;
        const char *outer = tgi_enter(t, "pad");
        tg_tensor *parts[3];
        int count = 0;
        if (w[0] > 0) parts[count++] = border(t, y, i, true, w[0], mode, value);
        parts[count++] = y;
        if (w[1] > 0) parts[count++] = border(t, y, i, false, w[1], mode, value);
        y = tgi_leave(t, outer, tg_concat(t, count, parts, i));
        if (!y) return NULL;
    }
    return y == x ? tgi_unchanged(t, x) : y;
}
