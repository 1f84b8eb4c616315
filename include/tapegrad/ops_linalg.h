/* ops_linalg.h - products of matrices and linear algebra, f32 and f64.
 *
 * From tg_cholesky on they are computed in double, on stacks of matrices (..., n, n): TG_ESHAPE
 * where one is not square.  n = 0 and empty stacks are legal.  O(n^3) a matrix. */
#ifndef TAPEGRAD_OPS_LINALG_H
#define TAPEGRAD_OPS_LINALG_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- products ------------------------------------------------------------------------------- */

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

/* a_i b_j of the flattened operands. */
tg_tensor *tg_outer(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* sum a_i b_i, both 1-D. */
tg_tensor *tg_dot(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ---- systems -------------------------------------------------------------------------------- */

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
 * large numbers, NaN gives NaN. */
tg_tensor *tg_solve(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a^-1; a singular a as in tg_solve. */
tg_tensor *tg_inv(tg_tape *t, tg_tensor *a);

/* ---- determinants --------------------------------------------------------------------------- */

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

#ifdef __cplusplus
}
#endif
#endif
