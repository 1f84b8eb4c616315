/* reduce.h - the kernels of reductions: what they fold, and in which order.
 *
 * A kernel reads a matrix with contiguous rows and folds the rows, in order, into one accumulator
 * per column. A line of elements is such a matrix, too: element i goes to accumulator
 * i % TGI_FOLD_LANES. In the end the second half of the accumulators is folded into the first half,
 * again and again, until one is left. */
#ifndef TAPEGRAD_OPS_KERNELS_REDUCE_H
#define TAPEGRAD_OPS_KERNELS_REDUCE_H

#include <stddef.h>
#include <stdint.h>

#include "ops/reduce/reductions.def"

enum {
    TGI_FOLD_LANES = 32,
    TGI_FOLD_SHORT = 16,  /* a line of fewer elements has one lane */
    TGI_FOLD_STREAMS = 4, /* lines read at once, which is faster than one from memory */
    TGI_FOLD_DTYPES = 3   /* TG_F32, TG_F64, TG_I32 */
};

#define X(name, ...) TGI_REDUCE_##name,
enum { TGI_REDUCTIONS(X) TGI_REDUCE_COUNT };
#undef X

#define X(name, ...) TGI_KERNEL_##name,
enum { TGI_SUM_KERNELS(X) TGI_MAX_KERNELS(X) TGI_KERNEL_COUNT };
#undef X

/* A kernel for one dtype. Each instruction set has a table of them. Steps are in elements. */
typedef struct tgi_fold_kernel {
    int64_t x_size, acc_size;           /* bytes of an element, of an accumulator */
    int64_t level;                      /* rows to fold at once; tgi_total takes more */
    const struct tgi_fold_kernel *join; /* folds accumulators into accumulators */

    /* acc[j] = what leaves any x unchanged, j < width. */
    void (*start)(void *acc, int64_t width);
    /* acc[j] = acc[j] o the term of x[r * step + j] for r = 0, 1, ... rows-1, j < width. */
    void (*rows)(void *acc, int64_t rows, int64_t width, const void *x, int64_t step);
    /* The same for rows of TGI_FOLD_STREAMS lines: acc[s][j] from x[s][r * lanes + j], j < lanes.
     */
    void (*streams)(void *const *acc, int64_t rows, const void *const *x);
    /* Folds TGI_FOLD_LANES accumulators into acc[0]. */
    void (*lanes)(void *acc);
    /* y[j] = acc[j] in the dtype of x, j < width. */
    void (*store)(const void *acc, int64_t width, void *y);
    /* y[i] = all of x[i * step + j], j < count, for i < lines; 0 < count <= level * lanes. */
    void (*lines)(int64_t lines, int64_t count, const void *x, int64_t step, void *y);
} tgi_fold_kernel;

/* Exponentials of elements minus their top, the largest element of the same output; at most 1. They
 * are not exact for elements so far below the top that they vanish in the sum. A NaN among the
 * elements may give any result. */
typedef struct tgi_exp_kernel {
    /* e[j] = exp(x[j] - top[j]), j < n. */
    void (*exps)(int64_t n, const void *x, const void *top, void *e);
    /* sum[i] = the sum of exp(x[i * step + j] - top[i]), j < count, for i < lines; count > 0. */
    void (*lines)(int64_t lines, int64_t count, const void *x, int64_t step, const void *top,
                  double *sum);
} tgi_exp_kernel;

/* The index of the largest element: the first of equal ones, or the first NaN. */
typedef struct tgi_argmax_kernel {
    int64_t index_size; /* bytes of an index of `rows` */
    /* Compares best[j], which was found at index[j], with x[r * step + j], whose index is
     * first + r, for r = 0, 1, ... rows-1 and j < width. */
    void (*rows)(void *best, void *index, int64_t first, int64_t rows, int64_t width, const void *x,
                 int64_t step);
    /* y[i] = the index j of the largest x[i * step + j], j < count, for i < lines; count > 0. */
    void (*lines)(int64_t lines, int64_t count, const void *x, int64_t step, int32_t *y);
} tgi_argmax_kernel;

/* sum[i] = the sum of (x[i * step + j] scale)^2, j < count, in double; i < lines. Element j goes
 * to sum j % TGI_SQUARE_LANES, and these are added up in halves, as for a line. Every instruction
 * set gives the same bits. */
enum { TGI_SQUARE_LANES = 16 };
typedef void (*tgi_squares_fn)(int64_t lines, int64_t count, const void *x, int64_t step,
                               double scale, double *sum);

typedef struct tgi_reduce_kernels {
    const tgi_fold_kernel *fold[TGI_REDUCE_COUNT][TGI_FOLD_DTYPES];
    const tgi_exp_kernel *exp[2]; /* TG_F32, TG_F64 */
    tgi_squares_fn squares[2];    /* likewise */
    const tgi_argmax_kernel *argmax[TGI_FOLD_DTYPES];
} tgi_reduce_kernels;

#endif
