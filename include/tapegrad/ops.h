/* ops.h - the vocabulary: every primitive operation, one line each.
 *
 * All take the tape first and return a value recorded on it, or NULL with the tape poisoned;
 * a NULL operand gives NULL.  Inputs broadcast as in NumPy.  Both operands of a binary
 * operation have the same dtype; a tg_scalar takes the dtype of the other.  axis may be
 * negative; TG_ALL means all axes.
 * NaN and Inf are values like any other.  NaN makes NaN of every element that depends on it, and
 * Inf follows IEEE 754 (Inf - Inf and 0 Inf are NaN, also inside a sum or a product of matrices),
 * unless the line says otherwise; an operation with the name of a function of math.h is that
 * function at NaN, Inf and -0.
 * In the gradients of elementwise operations a cotangent of 0 gives 0, also where the derivative is
 * Inf or NaN, and a derivative of 0 gives 0 for every cotangent; what remains follows the rule
 * above: NaN stays NaN (in PyTorch 0 Inf is NaN there, too).  A result that would be denormal is 0.
 */
#ifndef TAPEGRAD_OPS_H
#define TAPEGRAD_OPS_H

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef TG_ALL
#define TG_ALL (-2147483647 - 1)
#endif

/* ---- constants ------------------------------------------------------------------------------ */
tg_tensor *tg_scalar(tg_tape *t, double value); /* weak 0-d: takes the other operand's dtype */
tg_tensor *tg_full(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape, double value);
tg_tensor *tg_zeros(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape);
tg_tensor *tg_ones(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape);
/* With the dtype and the shape of x; weak where x is. */
tg_tensor *tg_full_like(tg_tape *t, tg_tensor *x, double value);
tg_tensor *tg_zeros_like(tg_tape *t, tg_tensor *x);
tg_tensor *tg_ones_like(tg_tape *t, tg_tensor *x);
/* (n), f32 or f64: n numbers at equal distances, the first start and the last stop, both exactly;
 * start alone where n is 1. */
tg_tensor *tg_linspace(tg_tape *t, tg_dtype dtype, double start, double stop, int64_t n);

/* ---- elementwise, one operand (f32, f64; neg abs square also i32) --------------------------- */
tg_tensor *tg_neg(tg_tape *t, tg_tensor *x);        /* -x */
tg_tensor *tg_abs(tg_tape *t, tg_tensor *x);        /* |x|; derivative 0 at 0 */
tg_tensor *tg_sign(tg_tape *t, tg_tensor *x);       /* -1, 0 or 1; NaN stays NaN; derivative 0 */
tg_tensor *tg_reciprocal(tg_tape *t, tg_tensor *x); /* 1 / x */
tg_tensor *tg_square(tg_tape *t, tg_tensor *x);     /* x^2 */
tg_tensor *tg_sqrt(tg_tape *t, tg_tensor *x);       /* derivative Inf at 0, -Inf at -0, NaN below */
tg_tensor *tg_rsqrt(tg_tape *t, tg_tensor *x);      /* 1 / sqrt(x) */
tg_tensor *tg_cbrt(tg_tape *t, tg_tensor *x);       /* cube root; derivative Inf at 0 */
tg_tensor *tg_floor(tg_tape *t, tg_tensor *x);      /* these four: derivative 0 everywhere */
tg_tensor *tg_ceil(tg_tape *t, tg_tensor *x);
tg_tensor *tg_round(tg_tape *t, tg_tensor *x); /* half to even, as in NumPy */
tg_tensor *tg_trunc(tg_tape *t, tg_tensor *x); /* towards 0 */
tg_tensor *tg_relu(tg_tape *t, tg_tensor *x);  /* max(x, 0); derivative 0 at 0, NaN; NaN stays */
tg_tensor *tg_exp(tg_tape *t, tg_tensor *x);   /* e^x */
tg_tensor *tg_exp2(tg_tape *t, tg_tensor *x);  /* 2^x */
tg_tensor *tg_expm1(tg_tape *t, tg_tensor *x); /* e^x - 1, exact near 0 */
tg_tensor *tg_log(tg_tape *t, tg_tensor *x);   /* ln x; -Inf at 0, NaN below */
tg_tensor *tg_log2(tg_tape *t, tg_tensor *x);  /* likewise to base 2 */
tg_tensor *tg_log1p(tg_tape *t, tg_tensor *x); /* ln(1 + x), exact near 0; -Inf at -1 */
tg_tensor *tg_sinh(tg_tape *t, tg_tensor *x);
tg_tensor *tg_cosh(tg_tape *t, tg_tensor *x);
tg_tensor *tg_tanh(tg_tape *t, tg_tensor *x);        /* never overflows */
tg_tensor *tg_sigmoid(tg_tape *t, tg_tensor *x);     /* 1 / (1 + e^-x), never overflows */
tg_tensor *tg_log_sigmoid(tg_tape *t, tg_tensor *x); /* -ln(1 + e^-x), never overflows */
tg_tensor *tg_softplus(tg_tape *t, tg_tensor *x);    /* ln(1 + e^x), never overflows */
tg_tensor *tg_erf(tg_tape *t, tg_tensor *x);         /* 2/sqrt(pi) integral of e^-u^2, 0 to x */
tg_tensor *tg_erfc(tg_tape *t, tg_tensor *x);        /* 1 - erf(x), exact for large x */
tg_tensor *tg_sin(tg_tape *t, tg_tensor *x);         /* radians, in all of these */
tg_tensor *tg_cos(tg_tape *t, tg_tensor *x);
tg_tensor *tg_tan(tg_tape *t, tg_tensor *x);
tg_tensor *tg_asin(tg_tape *t, tg_tensor *x); /* NaN outside -1..1, derivative Inf at the ends */
tg_tensor *tg_acos(tg_tape *t, tg_tensor *x); /* likewise */
tg_tensor *tg_atan(tg_tape *t, tg_tensor *x);

/* ---- elementwise, two operands (f32, f64, i32; i32 wraps around; no i32 division) ----------- */
tg_tensor *tg_add(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_sub(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_mul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_div(tg_tape *t, tg_tensor *a, tg_tensor *b);
/* a b and a / b with a strong zero: 0 where a is 0, and in tg_zzmul where b is, whatever stands
 * beside it, Inf and NaN as well; floats.  The derivatives of elementwise operations are multiplied
 * so, with the cotangent as a. */
tg_tensor *tg_zmul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_zzmul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_zdiv(tg_tape *t, tg_tensor *a, tg_tensor *b);
/* These two: NaN if either is; at a tie a takes the whole gradient (in PyTorch each takes half). */
tg_tensor *tg_maximum(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_minimum(tg_tape *t, tg_tensor *a, tg_tensor *b);
/* a^b, floats; 1 where b is 0 or a is 1, also with NaN.  As in PyTorch the derivative by a is 0
 * where b is 0, that by b where a is 0 and b >= 0, and NaN where a < 0. */
tg_tensor *tg_pow(tg_tape *t, tg_tensor *a, tg_tensor *b);
/* The sign is that of a; floats; derivatives 1 and -trunc(a / b), also at its jumps. */
tg_tensor *tg_fmod(tg_tape *t, tg_tensor *a, tg_tensor *b);
/* The angle of the point (b, a); floats; derivative NaN at the origin. */
tg_tensor *tg_atan2(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ---- comparisons: u8 masks of 0 and 1, any dtype; false where either is NaN, but for
 *      not_equal, which is true; no derivative ---------------------------------------------- */
tg_tensor *tg_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_not_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_less(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_less_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_greater(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_greater_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* Of any dtype; 0 is false, NaN is true. */
tg_tensor *tg_logical_and(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_or(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_xor(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_not(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isnan(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isinf(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isfinite(tg_tape *t, tg_tensor *x);

/* condition (u8) ? a : b, elementwise, any dtype.  The side not chosen never contributes,
 * not even a NaN, to the value or, through elementwise operations, reductions and scans, to the
 * gradient of any order: the derivative of where(x > 0, sqrt(x), x) is right on both sides of 0. */
tg_tensor *tg_where(tg_tape *t, tg_tensor *condition, tg_tensor *a, tg_tensor *b);
/* a == b ? x : 0, elementwise, of i32 a and b and f32 or f64 x. */
tg_tensor *tg_where_equal(tg_tape *t, tg_tensor *a, tg_tensor *b, tg_tensor *x);
/* Compositions: min(max(x, lo), hi), derivative 1 at the bounds, NaN stays NaN; value where mask,
 * whatever x holds there, and x elsewhere. */
tg_tensor *tg_clamp(tg_tape *t, tg_tensor *x, double lo, double hi);
tg_tensor *tg_masked_fill(tg_tape *t, tg_tensor *x, tg_tensor *mask, double value);

/* ---- dtype and graph ------------------------------------------------------------------------ */
tg_tensor *tg_cast(tg_tape *t, tg_tensor *x, tg_dtype dtype); /* to i32, u8: truncates toward 0,
                                          clamps to the range, also Inf, NaN gives 0, and has no
                                          derivative; to f32: beyond its range Inf */
tg_tensor *tg_stop_gradient(tg_tape *t, tg_tensor *x);        /* x, with derivative 0 */
tg_tensor *tg_assign(tg_tape *t, tg_tensor *leaf, tg_tensor *value); /* writes value into leaf, of
                                          the same shape and dtype, and returns value */

/* ---- reductions over an axis (f32, f64).  keepdims leaves an axis of size 1.  The reduction of
 *      nothing is 0 for sum, NaN for mean, -Inf for logsumexp, TG_ESHAPE for max and argmax ---- */
tg_tensor *tg_sum(tg_tape *t, tg_tensor *x, int axis, bool keepdims); /* also i32, wraps around */
tg_tensor *tg_mean(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
/* Ties share the gradient equally, as in PyTorch's amax; for the first of them alone:
 * tg_take_along_axis at tg_argmax.  NaN if any element is; also i32. */
tg_tensor *tg_max(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
/* ln sum e^x, no overflow; Inf where one is Inf and none NaN, -Inf where all are -Inf */
tg_tensor *tg_logsumexp(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_norm2(tg_tape *t, tg_tensor *x, int axis, bool keepdims); /* tg_norm with p = 2 */
/* i32; the first of equals; a NaN counts as the largest, as in NumPy; TG_ALL: the index in
 * row-major order. */
tg_tensor *tg_argmax(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
/* The same over several axes at once. */
tg_tensor *tg_sum_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);
tg_tensor *tg_mean_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);
tg_tensor *tg_max_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);
tg_tensor *tg_logsumexp_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);
/* Undoes a broadcast: sums x over the axes that broadcasting to x's shape had repeated. */
tg_tensor *tg_sum_to(tg_tape *t, tg_tensor *x, int ndim, const int64_t *shape);

/* ---- contraction ---------------------------------------------------------------------------- */
/* (..., m, k) x (..., k, n) -> (..., m, n), leading axes broadcast.  A 1-D operand is a row on the
 * left, a column on the right, and its axis is dropped from the result, as in NumPy. */
tg_tensor *tg_matmul(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* Sums of products by subscripts, a composition of matmul: "ij,jk->ik", "bij->b", "ii", "...i,i",
 * NumPy's rules.  Letters are axes; sizes of 1 broadcast; without "->" the result has the labels
 * that stand once, in alphabetical order.  Operands are contracted from the left. */
tg_tensor *tg_einsum(tg_tape *t, const char *equation, int n, tg_tensor *const *xs);
/* Sums over n pairs of axes, a_axes[i] of a with b_axes[i] of b; what is left of a, then of b. */
tg_tensor *tg_tensordot(tg_tape *t, tg_tensor *a, tg_tensor *b, int n, const int *a_axes,
                        const int *b_axes);
tg_tensor *tg_outer(tg_tape *t, tg_tensor *a, tg_tensor *b); /* a_i b_j of the flattened operands */
tg_tensor *tg_dot(tg_tape *t, tg_tensor *a, tg_tensor *b);   /* sum a_i b_i, both 1-D */

/* ---- linear algebra (f32, f64; computed in double) on stacks of matrices (..., n, n): TG_ESHAPE
 *      where one is not square.  n = 0 and empty stacks are legal.  O(n^3) a matrix ------------ */
/* The lower L with a positive diagonal and L L^T = a; upper: L^T.  Of a not symmetric it takes
 * (a + a^T) / 2, so that the gradient is symmetric, as in PyTorch and JAX (Murray 2016).  TG_EARG,
 * naming matrix and pivot, where that is not positive definite or has a NaN. */
tg_tensor *tg_cholesky(tg_tape *t, tg_tensor *a, bool upper);
/* x with a x = b, b (..., n, k), or with left false x a = b, b (..., k, n); leading axes broadcast.
 * Uses the upper or the lower triangle of a and nothing else of it; unitriangular: its diagonal
 * counts as 1.  A 0 on the diagonal gives Inf or NaN. */
tg_tensor *tg_solve_triangular(tg_tape *t, tg_tensor *a, tg_tensor *b, bool upper, bool left,
                               bool unitriangular);
/* x with a x = b: b (n) is one vector, any other (..., n, k) columns; leading axes broadcast.
 * TG_EARG, naming matrix and pivot, where a pivot is exactly 0; what is close to singular gives
 * large numbers, NaN gives NaN.  inv: a^-1 likewise. */
tg_tensor *tg_solve(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_inv(tg_tape *t, tg_tensor *a);
/* (...): the determinant; 1 for n = 0.  Every derivative is right at singular matrices, too, at n
 * times the cost for each order beyond the first. */
tg_tensor *tg_det(tg_tape *t, tg_tensor *a);
/* The derivative of det, (..., n, n): (-1)^(i+j) times the determinant of a without row i and
 * column j.  Where a is regular det(a) a^-T. */
tg_tensor *tg_cofactor(tg_tape *t, tg_tensor *a);
/* (...): ln |det|, which does not overflow, and the sign of det, -1, 0 or 1, with derivative 0.
 * -Inf and 0 where a pivot is exactly 0; there the gradient is tg_inv's error. */
tg_tensor *tg_logabsdet(tg_tape *t, tg_tensor *a);
tg_tensor *tg_signdet(tg_tape *t, tg_tensor *a);
/* Composition: logabsdet, and signdet to *sign unless that is NULL. */
tg_tensor *tg_slogdet(tg_tape *t, tg_tensor *a, tg_tensor **sign);

/* ---- shape: views where strides allow ------------------------------------------------------- */
tg_tensor *tg_reshape(tg_tape *t, tg_tensor *x, int ndim,
                      const int64_t *shape); /* one size may be -1 */
tg_tensor *tg_permute(tg_tape *t, tg_tensor *x, int n,
                      const int *axes); /* axis i of y is axes[i] of x */
tg_tensor *tg_transpose(tg_tape *t, tg_tensor *x, int axis1, int axis2); /* swaps two axes */
tg_tensor *tg_expand(tg_tape *t, tg_tensor *x, int ndim,
                     const int64_t *shape); /* broadcasts; no copy */
/* y = x[start:stop:step] along one axis, NumPy's rules: negative counts from the end, out of range
 * is clipped.  step is not 0.  TG_END as stop: to the end in the direction of step. */
#define TG_END INT64_MAX
tg_tensor *tg_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop, int64_t step);
/* The transpose of slice: 0, but y[start + j step] = x[j] along an axis of `size` elements. */
tg_tensor *tg_unslice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t step,
                      int64_t size);

/* ---- indexing: index is i32, in -size..size-1, checked (TG_EINDEX) -------------------------- */
/* Rows of x along axis: y has index's shape in the place of that axis; TG_ALL: of x as one row. */
tg_tensor *tg_take(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis);
/* The transpose of take: zeros of size `size` along axis, y[index[j]] += x[j]; repeats add up. */
tg_tensor *tg_segment_sum(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis, int64_t size);
/* x (..., n), index (...) -> y (...) = x[..., index[...]]: one element from each row.  For labels:
 * index in 0..n-1, here and in unpick. */
tg_tensor *tg_pick(tg_tape *t, tg_tensor *x, tg_tensor *index);
/* The transpose of pick: y (..., n) is 0 but for y[..., index[...]] = x[...]. */
tg_tensor *tg_unpick(tg_tape *t, tg_tensor *x, tg_tensor *index, int64_t n);
/* index (...) -> y (..., depth) of 0 and 1; index in 0..depth-1. */
tg_tensor *tg_one_hot(tg_tape *t, tg_tensor *index, int64_t depth, tg_dtype dtype);

/* ---- windows (f32, f64) over the n = 1, 2 or 3 axes after (N, C), n numbers each; NULL: stride 1,
 *      padding 0, dilation 1; all at most 2^31 - 1 (TG_EARG); TG_ESHAPE when it does not fit -- */
/* x (N, C, in...) -> (N, C * prod(kernel), prod(out)): a column holds what the window shows at one
 * position, 0 in the padding; out = (in + 2 padding - dilation (kernel - 1) - 1) / stride + 1. */
tg_tensor *tg_unfold(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel, const int64_t *stride,
                     const int64_t *padding, const int64_t *dilation);
/* The transpose of unfold: x as unfold gives it -> (N, C, size...); what overlaps adds up. */
tg_tensor *tg_fold(tg_tape *t, tg_tensor *x, int n, const int64_t *size, const int64_t *kernel,
                   const int64_t *stride, const int64_t *padding, const int64_t *dilation);
/* x (N, C, in...) -> (N, C, out...): the largest element that the window shows at each position,
 * NaN if any is; -Inf where it shows nothing but padding. */
tg_tensor *tg_window_max(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel,
                         const int64_t *stride, const int64_t *padding, const int64_t *dilation);
/* Its derivative: d (N, C, out...) -> (N, C, in...), each d in equal shares to the elements that
 * are the largest in its window. */
tg_tensor *tg_window_max_share(tg_tape *t, tg_tensor *x, tg_tensor *d, int n, const int64_t *kernel,
                               const int64_t *stride, const int64_t *padding,
                               const int64_t *dilation);
/* The transpose of that in d: g (N, C, in...) -> (N, C, out...), the mean of g over the places of
 * the largest elements of x in the window, 0 where there are none. */
tg_tensor *tg_window_max_mean(tg_tape *t, tg_tensor *x, tg_tensor *g, int n, const int64_t *kernel,
                              const int64_t *stride, const int64_t *padding,
                              const int64_t *dilation);

/* ---- random: element j comes from word j of the generator, which moves on (tg_rng_skip), so
 *      that f32 and f64 draw the same numbers but for rounding.  NULL rng is TG_EARG, and so is
 *      NaN or Inf among the numbers given.  The node keeps the generator's state: run again, it
 *      draws the same.  To draw the same in another node hand over a copy of the generator as it
 *      was, or tg_rng_make(seed, stream) anew; for fresh numbers the generator as it is now, or
 *      another stream ------------------------------------------------------------------------ */
tg_tensor *tg_uniform(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                      double lo, double hi); /* [lo, hi); lo where both are equal, lo <= hi */
tg_tensor *tg_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                     double mean, double std); /* std >= 0; both so that no number overflows */
tg_tensor *tg_bernoulli(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                        double p); /* 1 with probability p, else 0; any dtype */
/* i32, each of low..high-1 equally likely, to the last bit; TG_EARG where low >= high, or where
 * they do not fit into i32 (high may be 2^31).  Cast it for another dtype. */
tg_tensor *tg_randint(tg_tape *t, tg_rng *rng, int ndim, const int64_t *shape, int64_t low,
                      int64_t high);
tg_tensor *tg_permutation(tg_tape *t, tg_rng *rng, int64_t n); /* i32: 0..n-1 in random order */
/* Normal numbers given that they are in [lo, hi] (bounds rounded to dtype), also far in the tail;
 * lo < hi, std > 0.  By the inverse distribution function, with erfc, log and exp of the C
 * library, so that the last bits may differ from one machine to another. */
tg_tensor *tg_truncated_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim,
                               const int64_t *shape, double mean, double std, double lo, double hi);

/* ---- joining -------------------------------------------------------------------------------- */
/* n >= 1 operands of one dtype, one after the other along axis; their other sizes are equal. */
tg_tensor *tg_concat(tg_tape *t, int n, tg_tensor *const *xs, int axis);

/* ---- compositions: arrangement, any dtype; TG_ALL as axis where it is named.  With nothing to do
 *      (a roll by 0, a tile of once) they copy --------------------------------------------------
 */
/* n operands of one shape along a new axis, in -ndim-1..ndim; weak scalars take the dtype of the
 * others. */
tg_tensor *tg_stack(tg_tape *t, int n, tg_tensor *const *xs, int axis);
/* x cut along axis into n views: parts[i] has sizes[i] elements, or all have the same number when
 * sizes is NULL.  They must add up to the axis (TG_ESHAPE).  parts is the caller's array of n, set
 * to NULL on failure; returns the status of the tape. */
tg_status tg_split(tg_tape *t, tg_tensor *x, int n, const int64_t *sizes, int axis,
                   tg_tensor **parts);
/* Without an axis of size 1 (TG_ESHAPE when it has another), or without all of them: TG_ALL. */
tg_tensor *tg_squeeze(tg_tape *t, tg_tensor *x, int axis);
tg_tensor *tg_unsqueeze(tg_tape *t, tg_tensor *x, int axis); /* new axis, in -ndim-1..ndim */
tg_tensor *tg_swapaxes(tg_tape *t, tg_tensor *x, int axis1, int axis2); /* as tg_transpose */
/* One axis to another place; the others keep their order. */
tg_tensor *tg_moveaxis(tg_tape *t, tg_tensor *x, int from, int to);
/* A view; TG_ALL: reverses every axis; of 0-d a copy. */
tg_tensor *tg_flip(tg_tape *t, tg_tensor *x, int axis);
/* y[(i + shift) mod n] = x[i] along axis; TG_ALL: in row-major order, in x's shape. */
tg_tensor *tg_roll(tg_tape *t, tg_tensor *x, int64_t shift, int axis);
/* The whole x times[i] times along axis i; the shorter of shape and times gets 1s in front. */
tg_tensor *tg_tile(tg_tape *t, tg_tensor *x, int n, const int64_t *times);
/* Each element so many times in a row along axis; TG_ALL: of x as one row. */
tg_tensor *tg_repeat(tg_tape *t, tg_tensor *x, int64_t times, int axis);
/* x with x[start:stop:step] along axis replaced by value, which broadcasts to it; rules of
 * tg_slice.  x itself is not changed. */
tg_tensor *tg_set_slice(tg_tape *t, tg_tensor *x, int axis, int64_t start, int64_t stop,
                        int64_t step, tg_tensor *value);
/* More elements around x: widths holds 2 ndim numbers, before and behind axis 0, axis 1, ...
 * CONSTANT puts value there (the others ignore it), EDGE the nearest element (of an axis that is
 * not empty), REFLECT the mirror image without the edge itself (width < size).  TG_EARG else. */
typedef enum tg_pad_mode { TG_PAD_CONSTANT, TG_PAD_EDGE, TG_PAD_REFLECT } tg_pad_mode;
tg_tensor *tg_pad(tg_tape *t, tg_tensor *x, const int64_t *widths, tg_pad_mode mode, double value);
/* Row index[...] of weight (n, d); result (..., d). */
tg_tensor *tg_embedding(tg_tape *t, tg_tensor *weight, tg_tensor *index);

/* ---- diagonals and index tensors, any dtype ------------------------------------------------- */
tg_tensor *tg_arange(tg_tape *t, int64_t n); /* i32: 0, 1, ..., n - 1 */
/* x[i, i + offset] of two axes: a view whose last axis is the diagonal, the others before it. */
tg_tensor *tg_diagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2);
/* The transpose of diagonal: 0, but y[i, i + offset] = x[i]; size1 and size2 are y's. */
tg_tensor *tg_undiagonal(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2,
                         int64_t size1, int64_t size2);
/* Compositions.  x where column - row <= offset (tril) or >= offset (triu), and 0 elsewhere,
 * whatever x holds there; of the last two axes. */
tg_tensor *tg_tril(tg_tape *t, tg_tensor *x, int64_t offset);
tg_tensor *tg_triu(tg_tape *t, tg_tensor *x, int64_t offset);
tg_tensor *tg_trace(tg_tape *t, tg_tensor *x, int64_t offset, int axis1, int axis2); /* not u8 */
tg_tensor *tg_eye(tg_tape *t, tg_dtype dtype, int64_t rows, int64_t columns, int64_t offset);

/* ---- scans along an axis (f32, f64, i32; i32 wraps around; floats are carried in double).
 *      reverse: from the end; exclusive: without the element itself.  TG_ALL: of x as one row - */
tg_tensor *tg_cumsum(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive);
/* Its derivative takes O(n) and no division: right where x is 0, to any order. */
tg_tensor *tg_cumprod(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive);
/* y_i = a_i + b_i y_(i-1), y_0 = a_0; a and b are floats of one shape; not TG_ALL. */
tg_tensor *tg_linear_scan(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, bool reverse);
/* Compositions: the product over an axis, over several; 1 for that of nothing. */
tg_tensor *tg_prod(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_prod_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);

/* ---- order along an axis, any dtype; TG_ALL (argsort, sort, topk): of x as one row ---------- */
/* i32: the indices that sort x; equals keep their order, NaN comes last, also when descending. */
tg_tensor *tg_argsort(tg_tape *t, tg_tensor *x, int axis, bool descending);
/* y[.., j, ..] = x[.., index[.., j, ..], ..]; the index (i32) has x's sizes but for the axis. */
tg_tensor *tg_take_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis);
/* The transpose of take_along_axis (floats): `size` zeros along axis, y[index[j]] += x[j]. */
tg_tensor *tg_scatter_along_axis(tg_tape *t, tg_tensor *x, tg_tensor *index, int axis,
                                 int64_t size);
/* i32 (count): where a u8 mask is not 0, as row-major indices, for tg_take with TG_ALL.  Its size
 * is settled when it is recorded. */
tg_tensor *tg_nonzero(tg_tape *t, tg_tensor *mask);
/* Compositions.  topk: the k largest (or smallest) in order, NaN only when nothing else is left;
 * their indices to *indices, unless that is NULL.  masked_select: the elements of x where the mask,
 * of x's shape, is not 0. */
tg_tensor *tg_sort(tg_tape *t, tg_tensor *x, int axis, bool descending);
tg_tensor *tg_topk(tg_tape *t, tg_tensor *x, int64_t k, int axis, bool largest,
                   tg_tensor **indices);
tg_tensor *tg_masked_select(tg_tape *t, tg_tensor *x, tg_tensor *mask);

/* ---- compositions: reductions over an axis, TG_ALL or several (_axes) ----------------------- */
tg_tensor *tg_min(tg_tape *t, tg_tensor *x, int axis, bool keepdims); /* as tg_max */
tg_tensor *tg_min_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims);
/* As tg_argmax; a NaN counts as the smallest. */
tg_tensor *tg_argmin(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
/* u8, of any dtype: some, every element is not 0 (NaN is not 0); of nothing 0 and 1. */
tg_tensor *tg_any(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
tg_tensor *tg_all(tg_tape *t, tg_tensor *x, int axis, bool keepdims);
/* sum (x - mean)^2 / max(n - correction, 0), and its root, with derivative 0 where it is 0.
 * correction 0: of a population, 1: estimated from a sample.  NaN of nothing. */
tg_tensor *tg_var(tg_tape *t, tg_tensor *x, int axis, double correction, bool keepdims);
tg_tensor *tg_var_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, double correction,
                       bool keepdims);
tg_tensor *tg_std(tg_tape *t, tg_tensor *x, int axis, double correction, bool keepdims);
tg_tensor *tg_std_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, double correction,
                       bool keepdims);
/* p = 1: sum |x|; 2: sqrt(sum x^2), with derivative 0 where it is 0, though a square may
 * overflow or vanish; INFINITY: max |x|.  NaN if any element is, else Inf if any is.  TG_EARG for
 * any other p. */
tg_tensor *tg_norm(tg_tape *t, tg_tensor *x, double p, int axis, bool keepdims);
tg_tensor *tg_norm_axes(tg_tape *t, tg_tensor *x, double p, int n, const int *axes, bool keepdims);

#ifdef __cplusplus
}
#endif
#endif
