/* ops_shape.h - elements in another shape or order, any dtype.
 *
 * Views where strides allow.  A composition with nothing to do (a roll by 0) copies. */
#ifndef TAPEGRAD_OPS_SHAPE_H
#define TAPEGRAD_OPS_SHAPE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- axes ----------------------------------------------------------------------------------- */

/* The same elements in row-major order; one size may be -1. */
tg_tensor *tg_reshape(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape);

/* Axis i of y is axes[i] of x. */
tg_tensor *tg_permute(tg_tape *t, tg_tensor *x, int n, const int *axes);

/* Both swap two axes. */
tg_tensor *tg_transpose(tg_tape *t, tg_tensor *x, int axis1, int axis2);
tg_tensor *tg_swapaxes(tg_tape *t, tg_tensor *x, int axis1, int axis2);

/* One axis to another place; the others keep their order. */
tg_tensor *tg_moveaxis(tg_tape *t, tg_tensor *x, int from, int to);

/* Broadcasts x to a shape, without a copy. */
tg_tensor *tg_expand(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape);

/* Without an axis of size 1 (TG_ESHAPE when it has another), or without all of them: TG_ALL. */
tg_tensor *tg_squeeze(tg_tape *t, tg_tensor *x, int axis);

/* With a new axis of size 1, in -ndim-1..ndim. */
tg_tensor *tg_unsqueeze(tg_tape *t, tg_tensor *x, int axis);

/* ---- parts ---------------------------------------------------------------------------------- */

/* y = x[start:stop:step] along one axis, NumPy's rules: negative counts from the end, out of range
 * is clipped.  step is not 0.  TG_END as stop: to the end in the direction of step. */
#define TG_END INT64_MAX
tg_tensor *tg_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step);

/* x with x[start:stop:step] along axis replaced by value, which broadcasts to it; rules of
 * tg_slice.  x itself is not changed. */
tg_tensor *tg_set_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop,
                        int64_t step, tg_tensor *value);

/* x cut along axis into n views: parts[i] has sizes[i] elements, or all have the same number when
 * sizes is NULL.  They must add up to the axis (TG_ESHAPE).  parts is the caller's array of n, set
 * to NULL on failure; returns the status of the tape. */
tg_status tg_split(tg_tape *t, tg_tensor *x, int n, const int64_t *sizes, int axis,
                   tg_tensor **parts);

/* x[i, i + offset] of two axes: a view whose last axis is the diagonal, the others before it. */
tg_tensor *tg_diagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2);

/* The sum of that diagonal, a composition; not u8. */
tg_tensor *tg_trace(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2);

/* Compositions: x where column - row <= offset (tril) or >= offset (triu), and 0 elsewhere,
 * whatever x holds there; of the last two axes. */
tg_tensor *tg_tril(tg_tape *t, tg_tensor *x, int64_t offset);
tg_tensor *tg_triu(tg_tape *t, tg_tensor *x, int64_t offset);

/* ---- joining and repeating ------------------------------------------------------------------ */

/* n >= 1 operands of one dtype, one after the other along axis; their other sizes are equal. */
tg_tensor *tg_concat(tg_tape *t, int n, tg_tensor *const *xs, int axis);

/* n operands of one shape along a new axis, in -ndim-1..ndim; weak scalars take the dtype of the
 * others. */
tg_tensor *tg_stack(tg_tape *t, int n, tg_tensor *const *xs, int axis);

/* The whole x times[i] times along axis i; the shorter of shape and times gets 1s in front. */
tg_tensor *tg_tile(tg_tape *t, tg_tensor *x, int n, const int64_t *times);

/* Each element so many times in a row along axis; TG_ALL: of x as one row. */
tg_tensor *tg_repeat(tg_tape *t, tg_tensor *x, int64_t times, int axis);

/* More elements around x: widths holds 2 ndim numbers, before and behind axis 0, axis 1, ...
 * CONSTANT puts value there (the others ignore it), EDGE the nearest element (of an axis that is
 * not empty), REFLECT the mirror image without the edge itself (width < size).  TG_EARG else. */
typedef enum tg_pad_mode { TG_PAD_CONSTANT, TG_PAD_EDGE, TG_PAD_REFLECT } tg_pad_mode;
tg_tensor *tg_pad(tg_tape *t, tg_tensor *x, const int64_t *widths, tg_pad_mode mode, double value);

/* ---- order ---------------------------------------------------------------------------------- */

/* A view in reverse along axis; TG_ALL: along every axis; of 0-d a copy. */
tg_tensor *tg_flip(tg_tape *t, tg_tensor *x, int axis);

/* y[(i + shift) mod n] = x[i] along axis; TG_ALL: in row-major order, in x's shape. */
tg_tensor *tg_roll(tg_tape *t, tg_tensor *x, int64_t shift, int axis);

#ifdef __cplusplus
}
#endif
#endif
