/* ops_vjp.h - operations that the VJPs of others are composed of. */
#ifndef TAPEGRAD_OPS_VJP_H
#define TAPEGRAD_OPS_VJP_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* a b and a / b with a strong zero, for floats: the result is 0 where a is 0, and in tg_zzmul also
 * where b is 0, even if the other operand is Inf or NaN. The VJPs of elementwise operations
 * multiply in this way, with the cotangent as a. */
tg_tensor *tg_zmul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_zzmul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_zdiv(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a == b ? x : 0, elementwise, for i32 a and b and f32 or f64 x. */
tg_tensor *tg_where_equal(tg_tape *t, tg_tensor *a, tg_tensor *b, tg_tensor *x);

/* x (..., n), index (...) -> y (...) = x[..., index[...]]: one element of each row, such as that of
 * its label. Here and in tg_unpick index is i32 in 0..n-1 (TG_EINDEX). */
tg_tensor *tg_pick(tg_tape *t, tg_tensor *x, tg_tensor *index);

/* The transpose of pick: y (..., n) is 0 except for y[..., index[...]] = x[...]. */
tg_tensor *tg_unpick(tg_tape *t, tg_tensor *x, tg_tensor *index, int64_t n);

/* The transpose of slice: y has `size` elements along axis and is 0 except for
 * y[start + j step] = x[j]. */
tg_tensor *tg_unslice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t step,
                      int64_t size);

/* The transpose of diagonal: y has size1 elements along axis1 and size2 along axis2, and is 0
 * except for y[i, i + offset] = x[i]. */
tg_tensor *tg_undiagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2,
                         int64_t size1, int64_t size2);

/* The derivative of window_max: d (N, C, out...) -> (N, C, in...). Each element of d is divided
 * equally among the largest elements of its window. */
tg_tensor *tg_window_max_share(tg_tape *t, tg_tensor *x, tg_tensor *d, int n, const int64_t *kernel,
                               const int64_t *stride, const int64_t *padding,
                               const int64_t *dilation);

/* The transpose of that as a function of d: g (N, C, in...) -> (N, C, out...), for each window the
 * mean of g over the positions of its largest elements, or 0 if it has none. */
tg_tensor *tg_window_max_mean(tg_tape *t, tg_tensor *x, tg_tensor *g, int n, const int64_t *kernel,
                              const int64_t *stride, const int64_t *padding,
                              const int64_t *dilation);

#ifdef __cplusplus
}
#endif
#endif
