/* linalg.h - what the operations on stacks of matrices share (internal).
 *
 * A stack is a tensor (..., rows, columns).  Its matrices are copied one by one to doubles in
 * row-major order, so that there is one computation for f32 and f64 and for all strides. */
#ifndef TG_OPS_LINALG_H
#define TG_OPS_LINALG_H

#include "tapegrad/op.h"

/* ---- shapes --------------------------------------------------------------------------------- */

/* TG_EDTYPE unless a is f32 or f64, TG_ESHAPE unless it is (..., n, n). */
tg_status tgi_square(const char *who, const tg_tensor *a, tg_error *err);

/* The same of a, and b has a's dtype and fits: its rows are n long (left: its columns), where
 * column says that a 1-D b stands for one. */
tg_status tgi_system(const char *who, const tg_tensor *a, const tg_tensor *b, bool left,
                     bool column, tg_error *err);

/* The shape rule of a system: leading axes broadcast, then the rows and columns of b. */
tg_status tgi_system_infer(tg_infer *c, bool left);

/* The number of matrices in a stack; their rows and columns. */
int64_t tgi_stack_count(const tg_tensor *x);
int64_t tgi_rows(const tg_tensor *x);
int64_t tgi_columns(const tg_tensor *x);

/* Which matrix of x meets matrix k of y, to whose leading axes those of x broadcast. */
int64_t tgi_stack_number(const tg_tensor *x, const tg_tensor *y, int64_t k);

/* For flops: rows^3 for each matrix of operand 0. */
double tgi_cubes(const tg_node *n);

/* ---- memory --------------------------------------------------------------------------------- */

/* The first matrix without a result; the head of the scratch memory of operations that can fail. */
typedef struct tgi_refused {
    int64_t matrix, pivot; /* matrix -1: none */
} tgi_refused;

/* Bytes for a head and so many doubles; SIZE_MAX, which nobody has, where they overflow. */
size_t tgi_linalg_work(double count);

/* Matrix k of a stack, or its transpose, to doubles, and back to y, which is contiguous. */
void tgi_matrix_read(const tg_tensor *x, int64_t k, bool transposed, double *m);
void tgi_matrix_write(tg_tensor *y, int64_t k, bool transposed, const double *m);

/* Matrix k of y has no result: fills it with NaN and notes the first. */
void tgi_refuse(tgi_refused *r, tg_tensor *y, int64_t k, int64_t matrix, int64_t pivot);

/* TG_EARG when one was refused: "solve: matrix 1 of f64[2,3,3] is singular (pivot 2 is 0)". */
tg_status tgi_verdict(const tg_node *n, const tgi_refused *r, const char *what, const char *why,
                      tg_error *err);

/* ---- elimination, on doubles in row-major order --------------------------------------------- */

/* y[i] -= f x[i] */
void tgi_subtract(int64_t n, double f, const double *x, double *y);

/* a (n, n) becomes its factors L (below the diagonal; 1 on it) and U: P a = L U, with partial
 * pivoting: step k swapped rows k and swaps[k].  The number of the first pivot that is 0, where
 * it stops; -1: none. */
int64_t tgi_lu(int64_t n, double *a, int64_t *swaps);

/* Swaps rows k and swaps[k] of x (n, columns) for k = 0, 1, ..., or backwards. */
void tgi_swap_rows(int64_t n, int64_t columns, const int64_t *swaps, bool backwards, double *x);
void tgi_swap(int64_t n, double *x, double *y);

/* x (n, columns) becomes T^-1 x, T the triangle of a whose rows are `stride` apart; unit: with a
 * diagonal of 1, whatever a holds there. */
void tgi_substitute(int64_t n, const double *a, int64_t stride, bool upper, bool unit,
                    int64_t columns, double *x);

#endif
