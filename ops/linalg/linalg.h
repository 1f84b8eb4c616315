/* linalg.h - what the operations on stacks of matrices share (internal).
 *
 * A stack is a tensor (..., rows, columns). Its matrices are copied one by one to doubles in
 * row-major order, so that one computation serves f32, f64 and all strides. */
#ifndef TG_OPS_LINALG_H
#define TG_OPS_LINALG_H

#include "tapegrad/op.h"

/* ---- shapes --------------------------------------------------------------------------------- */

/* TG_EDTYPE unless a is f32 or f64, TG_ESHAPE unless it is (..., n, n). */
tg_status tgi_square(const char *who, const tg_tensor *a, tg_error *err);

/* The same for a. b must have the dtype of a and fit: its columns have n elements (left) or its
 * rows do. `column` allows a 1-D b, which stands for one column. */
tg_status tgi_system(const char *who, const tg_tensor *a, const tg_tensor *b, bool left,
                     bool column, tg_error *err);

/* The shape rule of a system: broadcast leading axes, then the rows and columns of b. */
tg_status tgi_system_infer(tg_infer *c, bool left);

/* The number of matrices in a stack; their rows and columns. */
int64_t tgi_stack_count(const tg_tensor *x);
int64_t tgi_rows(const tg_tensor *x);
int64_t tgi_columns(const tg_tensor *x);

/* The number of the matrix of x that belongs to matrix k of y. The leading axes of x broadcast to
 * those of y. */
int64_t tgi_stack_number(const tg_tensor *x, const tg_tensor *y, int64_t k);

/* For flops: rows^3 for each matrix of operand 0. */
double tgi_cubes(const tg_node *n);

/* ---- memory --------------------------------------------------------------------------------- */

/* The first matrix that has no result. Stands at the head of the scratch memory of operations that
 * can fail. */
typedef struct tgi_failure {
    int64_t matrix, pivot; /* matrix -1: none */
} tgi_failure;

/* The bytes of a tgi_failure and `count` doubles; SIZE_MAX on overflow, which no allocation can
 * serve. */
size_t tgi_linalg_work(double count);

/* Copies matrix k of a stack, or its transpose, to doubles; and back to y, which is contiguous. */
void tgi_matrix_read(const tg_tensor *x, int64_t k, bool transposed, double *m);
void tgi_matrix_write(tg_tensor *y, int64_t k, bool transposed, const double *m);

/* Fills matrix k of y, which has no result, with NaN, and notes it if it is the first. */
void tgi_fail_matrix(tgi_failure *r, tg_tensor *y, int64_t k, int64_t matrix, int64_t pivot);

/* TG_EARG if a matrix has no result: "solve: matrix 1 of f64[2,3,3] is singular (pivot 2 is 0)". */
tg_status tgi_linalg_verdict(const tg_node *n, const tgi_failure *r, const char *what,
                             const char *why, tg_error *err);

/* ---- elimination, on doubles in row-major order --------------------------------------------- */

/* y[i] -= f x[i] */
void tgi_subtract(int64_t n, double f, const double *x, double *y);

/* Turns a (n, n) into its factors L (below the diagonal, which is 1) and U, with P a = L U, by
 * partial pivoting. Step k swaps rows k and swaps[k]. Stops at the first pivot that is 0 and
 * returns its number, or -1. */
int64_t tgi_lu(int64_t n, double *a, int64_t *swaps);

/* Swaps rows k and swaps[k] of x (n, columns) for k = 0, 1, ..., or backwards. */
void tgi_swap_rows(int64_t n, int64_t columns, const int64_t *swaps, bool backwards, double *x);
void tgi_swap(int64_t n, double *x, double *y);

/* Sets x (n, columns) to T^-1 x, where T is the upper or lower triangle of a, whose rows are
 * `stride` apart. With `unit` the diagonal counts as 1, whatever a holds there. */
void tgi_substitute(int64_t n, const double *a, int64_t stride, bool upper, bool unit,
                    int64_t columns, double *x);

#endif
