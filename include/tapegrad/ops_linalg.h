/* ops_linalg.h - matrix products and linear algebra, f32 and f64.
 *
 * From tg_cholesky on, a is a matrix or a stack of matrices (..., n, n), and all computation is in
 * double. TG_ESHAPE if the matrices are not square. n = 0 and empty stacks are allowed. The time
 * is O(n^3) for each matrix. */
#ifndef TAPEGRAD_OPS_LINALG_H
#define TAPEGRAD_OPS_LINALG_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- products ------------------------------------------------------------------------------- */

/* (..., m, k) x (..., k, n) -> (..., m, n); leading axes broadcast. A 1-D operand counts as a row
 * on the left and as a column on the right, and the result lacks its axis, as in NumPy. */
tg_tensor *tg_matmul(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* Sums of products written with subscripts, by NumPy's rules: "ij,jk->ik", "bij->b", "ii",
 * "...i,i". A composition of matmul. Letters are axes, and sizes of 1 broadcast. Without "->" the
 * result has the letters that occur once, in alphabetical order. Operands are contracted from left
 * to right. */
tg_tensor *tg_einsum(tg_tape *t, const char *equation, int n, tg_tensor *const *xs);

/* Sums over n pairs of axes, a_axes[i] of a with b_axes[i] of b. The result has the remaining axes
 * of a, then those of b. */
tg_tensor *tg_tensordot(tg_tape *t, tg_tensor *a, tg_tensor *b, int n, const int *a_axes,
                        const int *b_axes);

/* y_ij = a_i b_j, with both operands flattened. */
tg_tensor *tg_outer(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* sum a_i b_i of two 1-D operands. */
tg_tensor *tg_dot(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ---- linear systems ------------------------------------------------------------------------- */

/* The lower triangular L with a positive diagonal for which L L^T = a, or L^T if upper is true. If
 * a is not symmetric, (a + a^T) / 2 is factored, so that the gradient is symmetric, as in PyTorch
 * and JAX (Murray 2016). TG_EARG, naming matrix and pivot, if that is not positive definite or
 * holds a NaN. */
tg_tensor *tg_cholesky(tg_tape *t, tg_tensor *a, bool upper);

/* Solves a x = b for b (..., n, k), or x a = b for b (..., k, n) if left is false. Leading axes
 * broadcast. Reads only the upper or the lower triangle of a. If unitriangular is true, the
 * diagonal counts as 1 and is not read. A 0 on the diagonal gives Inf or NaN. */
tg_tensor *tg_solve_triangular(tg_tape *t, tg_tensor *a, tg_tensor *b, bool upper, bool left,
                               bool unitriangular);

/* Solves a x = b. A 1-D b (n) is one vector; any other holds k columns, (..., n, k). Leading axes
 * broadcast. TG_EARG, naming matrix and pivot, if a pivot is exactly 0. A nearly singular a gives
 * large numbers, and NaN gives NaN. */
tg_tensor *tg_solve(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a^-1. A singular a is treated as in tg_solve. */
tg_tensor *tg_inv(tg_tape *t, tg_tensor *a);

/* ---- determinants --------------------------------------------------------------------------- */

/* The determinant, (...); 1 for n = 0. Derivatives of every order are right at singular matrices
 * too. Each order beyond the first costs n times as much. */
tg_tensor *tg_det(tg_tape *t, tg_tensor *a);

/* The derivative of det, (..., n, n): (-1)^(i+j) times the determinant of a without row i and
 * column j, which is det(a) a^-T if a is invertible. */
tg_tensor *tg_cofactor(tg_tape *t, tg_tensor *a);

/* ln |det|, which does not overflow, and the sign of det (-1, 0 or 1), which has derivative 0; both
 * (...). If a pivot is exactly 0, they are -Inf and 0, and the gradient of tg_logabsdet fails as
 * tg_inv does. */
tg_tensor *tg_logabsdet(tg_tape *t, tg_tensor *a);
tg_tensor *tg_signdet(tg_tape *t, tg_tensor *a);

/* Composition: returns tg_logabsdet, and stores tg_signdet in *sign unless sign is NULL. */
tg_tensor *tg_slogdet(tg_tape *t, tg_tensor *a, tg_tensor **sign);

#ifdef __cplusplus
}
#endif
#endif
