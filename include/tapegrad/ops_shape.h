/* ops_shape.h - the elements of a tensor in another shape or order, for any dtype.
 *
 * The result is a view of x if strides can express it, otherwise a copy. A composition that has
 * nothing to do, such as a roll by 0, copies. */
#ifndef TAPEGRAD_OPS_SHAPE_H
#define TAPEGRAD_OPS_SHAPE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- axes ----------------------------------------------------------------------------------- */

/* The same elements in row-major order. One size may be -1: it follows from the others. */
tg_tensor *tg_reshape(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape);

/* Axis i of the result is axis axes[i] of x. */
tg_tensor *tg_permute(tg_tape *t, tg_tensor *x, int n, const int *axes);

/* Both swap two axes. */
tg_tensor *tg_transpose(tg_tape *t, tg_tensor *x, int axis1, int axis2);
tg_tensor *tg_swapaxes(tg_tape *t, tg_tensor *x, int axis1, int axis2);

/* Moves axis `from` to position `to`; the others keep their order. */
tg_tensor *tg_moveaxis(tg_tape *t, tg_tensor *x, int from, int to);

/* Broadcasts x to a shape without copying. */
tg_tensor *tg_expand(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape);

/* Removes an axis of size 1 (TG_ESHAPE if it has another size). TG_ALL removes all such axes. */
tg_tensor *tg_squeeze(tg_tape *t, tg_tensor *x, int axis);

/* Inserts an axis of size 1 at position axis, in -ndim-1..ndim. */
tg_tensor *tg_unsqueeze(tg_tape *t, tg_tensor *x, int axis);

/* ---- parts ---------------------------------------------------------------------------------- */

/* x[start:stop:step] along one axis, by NumPy's rules: negative positions count from the end, and
 * those out of range are clipped. TG_END as stop means to the end in the direction of step.
 * TG_EARG if step is 0. */
#define TG_END INT64_MAX
tg_tensor *tg_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step);

/* A copy of x in which x[start:stop:step] along axis, as in tg_slice, is replaced by value, which
 * broadcasts to it. x itself does not change. */
tg_tensor *tg_set_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop,
                        int64_t step, tg_tensor *value);

/* Cuts x along axis into n views and stores them in parts, an array of the caller's. parts[i] has
 * sizes[i] elements along axis; if sizes is NULL, all have the same number. TG_ESHAPE if they do
 * not add up to the size of the axis. Returns the status of the tape. On failure all parts are
 * NULL. */
tg_status tg_split(tg_tape *t, tg_tensor *x, int n, const int64_t *sizes, int axis,
                   tg_tensor **parts);

/* The diagonal x[i, i + offset] of two axes, as a view. It is the last axis of the result, behind
 * the axes that remain. */
tg_tensor *tg_diagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2);

/* Composition: the sum of that diagonal; not for u8. */
tg_tensor *tg_trace(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2);

/* Compositions on the last two axes: x where column - row <= offset (tril) or >= offset (triu), and
 * 0 elsewhere, even if x is NaN there. */
tg_tensor *tg_tril(tg_tape *t, tg_tensor *x, int64_t offset);
tg_tensor *tg_triu(tg_tape *t, tg_tensor *x, int64_t offset);

/* ---- joining and repeating ------------------------------------------------------------------ */

/* Joins n >= 1 operands of one dtype along axis. Their other sizes must be equal. */
tg_tensor *tg_concat(tg_tape *t, int n, tg_tensor *const *xs, int axis);

/* Joins n >= 1 operands of one shape along a new axis, in -ndim-1..ndim. Weak scalars take the
 * dtype of the others. */
tg_tensor *tg_stack(tg_tape *t, int n, tg_tensor *const *xs, int axis);

/* Repeats the whole of x times[i] times along axis i. If x has another number of axes than n, 1s
 * are put in front of the shorter of shape and times. */
tg_tensor *tg_tile(tg_tape *t, tg_tensor *x, int n, const int64_t *times);

/* Repeats each element along axis, so that its copies are neighbours. TG_ALL: flattens x first. */
tg_tensor *tg_repeat(tg_tape *t, tg_tensor *x, int64_t times, int axis);

/* Adds elements around x. widths holds 2 ndim numbers: how many before and after axis 0, then axis
 * 1, and so on. CONSTANT fills with value, which the other modes ignore. EDGE repeats the nearest
 * element; the axis must not be empty. REFLECT mirrors x without repeating its edge; the width
 * must be below the size. TG_EARG for a width that is negative or too large. */
typedef enum tg_pad_mode { TG_PAD_CONSTANT, TG_PAD_EDGE, TG_PAD_REFLECT } tg_pad_mode;
tg_tensor *tg_pad(tg_tape *t, tg_tensor *x, const int64_t *widths, tg_pad_mode mode, double value);

/* ---- order ---------------------------------------------------------------------------------- */

/* Reverses x along axis, as a view; TG_ALL: along every axis. For a 0-d x it copies. */
tg_tensor *tg_flip(tg_tape *t, tg_tensor *x, int axis);

/* y[(i + shift) mod n] = x[i] along axis. TG_ALL: rolls the flattened x and restores its shape. */
tg_tensor *tg_roll(tg_tape *t, tg_tensor *x, int64_t shift, int axis);

#ifdef __cplusplus
}
#endif
#endif
