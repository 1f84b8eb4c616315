/* ops_reduce.h - many elements along axes become one.
 *
 * axis may be TG_ALL, and keepdims leaves an axis of size 1; the functions that end in _axes reduce
 * over n axes at once. f32 and f64, where a line does not say otherwise. */
#ifndef TAPEGRAD_OPS_REDUCE_H
#define TAPEGRAD_OPS_REDUCE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sums ----------------------------------------------------------------------------------- */

/* Also i32, which wraps around; 0 where there are no elements. */
tg_tensor *tg_sum(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_sum_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* The sum of the elements that are not NaN; the others get a gradient of 0. Also i32; 0
 * where there are none. */
tg_tensor *tg_nansum(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_nansum_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* Undoes a broadcast: sums x over the axes that broadcasting to x's shape had repeated. */
tg_tensor *tg_sum_to(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape);

/* The product, a composition; also i32; 1 where there are no elements. */
tg_tensor *tg_prod(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_prod_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* ln sum e^x, no overflow; Inf where one is Inf and none NaN; -Inf where all are -Inf or
 * there are none. */
tg_tensor *tg_logsumexp(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_logsumexp_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* p = 1: sum |x|; 2: sqrt(sum x^2), with derivative 0 where it is 0, right even if a square
 * would overflow or underflow; INFINITY: max |x|. NaN if any element is, else Inf if any is.
 * TG_EARG for any other p. */
tg_tensor *tg_norm(tg_tape *t, tg_tensor *x, double p, int axis, bool keepdims);
tg_tensor *tg_norm_axes(tg_tape *t, tg_tensor *x, double p, int n, const int *axes, bool keepdims);

/* tg_norm with p = 1, without a tensor of |x|; also i32, which wraps around. */
tg_tensor *tg_norm1(tg_tape *t, tg_tensor *x, int axis, bool keepdims);

/* tg_norm with p = 2. */
tg_tensor *tg_norm2(tg_tape *t, tg_tensor *x, int axis, bool keepdims);

/* ---- statistics ----------------------------------------------------------------------------- */

/* NaN where there are no elements. */
tg_tensor *tg_mean(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_mean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* The mean of the elements that are not NaN, a composition; NaN where there is none. */
tg_tensor *tg_nanmean(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_nanmean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* sum (x - mean)^2 / max(n - correction, 0), and its root, with derivative 0 where it is 0.
 * correction 0: of a population, 1: estimated from a sample. NaN where there are no elements. */
tg_tensor *tg_var(tg_tape *t, tg_tensor *x, int axis, double correction, bool keepdims);
tg_tensor *tg_var_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, double correction,
                       bool keepdims);
tg_tensor *tg_std(tg_tape *t, tg_tensor *x, int axis, double correction, bool keepdims);
tg_tensor *tg_std_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, double correction,
                       bool keepdims);

/* ---- the largest and the smallest ----------------------------------------------------------- */

/* NaN if any element is; also i32; TG_ESHAPE where there are no elements. Ties share the gradient
 * equally, as in PyTorch's amax; for the first of them alone: tg_take_along_axis at tg_argmax. */
tg_tensor *tg_max(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_max_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);
tg_tensor *tg_min(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_min_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* i32; the first of equals; a NaN counts as the largest, as in NumPy; TG_ALL: the index in
 * row-major order; TG_ESHAPE where there are no elements. */
tg_tensor *tg_argmax(tg_tape *t, tg_tensor *x, int axis, bool keepdims);

/* As tg_argmax; a NaN counts as the smallest. */
tg_tensor *tg_argmin(tg_tape *t, tg_tensor *x, int axis, bool keepdims);

/* ---- masks ---------------------------------------------------------------------------------- */

/* u8, of any dtype. any: 1 if some element is not 0 (NaN is not), else 0. all: 1 if every element
 * is not 0, also where there are none, else 0. */
tg_tensor *tg_any(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_all(tg_tape *t, tg_tensor *x, int axis, bool keepdims);

#ifdef __cplusplus
}
#endif
#endif
