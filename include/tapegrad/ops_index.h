/* ops_index.h - selects elements by index, by mask or by order.
 *
 * An index is i32. It must be in -size..size-1 unless a comment says otherwise (TG_EINDEX). */
#ifndef TAPEGRAD_OPS_INDEX_H
#define TAPEGRAD_OPS_INDEX_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- by index ------------------------------------------------------------------------------- */

/* The slices of x along axis that index names. y has the shape of index in the place of that axis.
 * TG_ALL takes from the flattened x. */
tg_tensor *tg_take(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis);

/* The transpose of take, for floats: y starts as zeros, with `size` elements along axis, and then
 * y[index[j]] += x[j]. Repeated indices add up. */
tg_tensor *tg_segment_sum(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis, int64_t size);

/* Composition: rows index[...] of weight (n, d) -> (..., d). */
tg_tensor *tg_embedding(tg_tape *t, tg_tensor *weight, tg_tensor *index);

/* index (...) in 0..depth-1 -> y (..., depth), 1 at the index and 0 elsewhere. */
tg_tensor *tg_one_hot(tg_tape *t, tg_tensor *index, int64_t depth, tg_dtype dtype);

/* y[.., j, ..] = x[.., index[.., j, ..], ..]. index has the sizes of x except along axis. */
tg_tensor *tg_take_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis);

/* The transpose of take_along_axis, for floats: y starts as zeros, with `size` elements along axis,
 * and then y[index[j]] += x[j]. */
tg_tensor *tg_scatter_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis,
                                 int64_t size);

/* ---- by mask -------------------------------------------------------------------------------- */

/* i32 (count): the row-major indices at which a u8 mask is not 0, for tg_take with TG_ALL. The
 * count is fixed when the operation is recorded. */
tg_tensor *tg_nonzero(tg_tape *t, tg_tensor *mask);

/* Composition: the elements of x, as a vector, where mask, which has x's shape, is not 0. */
tg_tensor *tg_masked_select(tg_tape *t, tg_tensor *x, tg_tensor *mask);

/* ---- by order ------------------------------------------------------------------------------- */

/* i32: the indices that sort x, of any dtype, along axis; TG_ALL sorts the flattened x. Equal
 * elements keep their order. NaN comes last, also in descending order. */
tg_tensor *tg_argsort(tg_tape *t, tg_tensor *x, int axis, bool descending);

/* Composition: x itself, sorted in this way. */
tg_tensor *tg_sort(tg_tape *t, tg_tensor *x, int axis, bool descending);

/* Composition: the k largest, or smallest, elements along axis in sorted order; TG_ALL: of the
 * flattened x. NaN is taken only when nothing else is left. Stores their indices in *indices
 * unless that is NULL. */
tg_tensor *tg_topk(tg_tape *t, tg_tensor *x, int64_t k, int axis, bool largest,
                   tg_tensor **indices);

#ifdef __cplusplus
}
#endif
#endif
