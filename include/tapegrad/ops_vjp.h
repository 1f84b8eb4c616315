/* ops_vjp.h - what derivatives are made of, for those who write a VJP. */
#ifndef TAPEGRAD_OPS_VJP_H
#define TAPEGRAD_OPS_VJP_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* a b and a / b with a strong zero: 0 where a is 0, and in tg_zzmul where b is, whatever stands
 * beside it, Inf and NaN as well; floats.  The derivatives of elementwise operations are multiplied
 * so, with the cotangent as a. */
tg_tensor *tg_zmul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_zzmul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_zdiv(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a == b ? x : 0, elementwise, of i32 a and b and f32 or f64 x. */
tg_tensor *tg_where_equal(tg_tape *t, tg_tensor *a, tg_tensor *b, tg_tensor *x);

/* x (..., n), index (...) -> y (...) = x[..., index[...]]: one element from each row.  For labels:
 * index is i32 in 0..n-1 (TG_EINDEX), here and in unpick. */
tg_tensor *tg_pick(tg_tape *t, tg_tensor *x, tg_tensor *index);

/* The transpose of pick: y (..., n) is 0 but for y[..., index[...]] = x[...]. */
tg_tensor *tg_unpick(tg_tape *t, tg_tensor *x, tg_tensor *index, int64_t n);

/* The transpose of slice: 0, but y[start + j step] = x[j] along an axis of `size` elements. */
tg_tensor *tg_unslice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t step,
                      int64_t size);

/* The transpose of diagonal: 0, but y[i, i + offset] = x[i]; size1 and size2 are y's. */
tg_tensor *tg_undiagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2,
                         int64_t size1, int64_t size2);

/* The derivative of window_max: d (N, C, out...) -> (N, C, in...), each d in equal shares to the
 * elements that are the largest in its window. */
tg_tensor *tg_window_max_share(tg_tape *t, tg_tensor *x, tg_tensor *d, int n, const int64_t *kernel,
                               const int64_t *stride, const int64_t *padding,
                               const int64_t *dilation);

/* The transpose of that in d: g (N, C, in...) -> (N, C, out...), the mean of g over the places of
 * the largest elements of x in the window, 0 where there are none. */
tg_tensor *tg_window_max_mean(tg_tape *t, tg_tensor *x, tg_tensor *g, int n, const int64_t *kernel,
                              const int64_t *stride, const int64_t *padding,
                              const int64_t *dilation);

#ifdef __cplusplus
}
#endif
#endif
