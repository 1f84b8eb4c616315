/* ops_index.h - elements by indices, and the indices of elements.
 *
 * An index is i32 and checked (TG_EINDEX): in -size..size-1, where a line says nothing else. */
#ifndef TAPEGRAD_OPS_INDEX_H
#define TAPEGRAD_OPS_INDEX_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- by index ------------------------------------------------------------------------------- */

/* Rows of x along axis: y has index's shape in the place of that axis; TG_ALL: of x as one row. */
tg_tensor *tg_take(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis);

/* The transpose of take, floats: zeros of size `size` along axis, y[index[j]] += x[j]; repeats add
 * up. */
tg_tensor *tg_segment_sum(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis, int64_t size);

/* Composition: row index[...] of weight (n, d); result (..., d). */
tg_tensor *tg_embedding(tg_tape *t, tg_tensor *weight, tg_tensor *index);

/* index (...) -> y (..., depth) of 0 and 1; index in 0..depth-1. */
tg_tensor *tg_one_hot(tg_tape *t, tg_tensor *index, int64_t depth, tg_dtype dtype);

/* y[.., j, ..] = x[.., index[.., j, ..], ..]; the index has x's sizes but for the axis. */
tg_tensor *tg_take_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis);

/* The transpose of take_along_axis, floats: `size` zeros along axis, y[index[j]] += x[j]. */
tg_tensor *tg_scatter_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis,
                                 int64_t size);

/* ---- by mask -------------------------------------------------------------------------------- */

/* i32 (count): where a u8 mask is not 0, as row-major indices, for tg_take with TG_ALL.  Its size
 * is settled when it is recorded. */
tg_tensor *tg_nonzero(tg_tape *t, tg_tensor *mask);

/* Composition: the elements of x where the mask, of x's shape, is not 0. */
tg_tensor *tg_masked_select(tg_tape *t, tg_tensor *x, tg_tensor *mask);

/* ---- by order ------------------------------------------------------------------------------- */

/* i32: the indices that sort x along axis, TG_ALL: as one row; any dtype.  Equals keep their order,
 * NaN comes last, also when descending. */
tg_tensor *tg_argsort(tg_tape *t, tg_tensor *x, int axis, bool descending);

/* Composition: x in that order. */
tg_tensor *tg_sort(tg_tape *t, tg_tensor *x, int axis, bool descending);

/* Composition: the k largest (or smallest) along axis, TG_ALL: of x as one row, in order, NaN only
 * when nothing else is left; their indices to *indices, unless that is NULL. */
tg_tensor *tg_topk(tg_tape *t, tg_tensor *x, int64_t k, int axis, bool largest,
                   tg_tensor **indices);

#ifdef __cplusplus
}
#endif
#endif
