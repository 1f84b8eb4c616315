/* reduce.h - the kernels of reductions: what they fold, and in which order.
 *
 * A kernel sees a matrix whose rows are contiguous and folds them, one after the other, into as
 * many accumulators as there are columns. A line of elements is such a matrix too: element i
 * goes to accumulator i % TGI_FOLD_LANES, and in the end the second half of the accumulators is
 * folded into the first, again and again, until one is left. */
#ifndef TAPEGRAD_OPS_KERNELS_REDUCE_H
#define TAPEGRAD_OPS_KERNELS_REDUCE_H

#include <stddef.h>
#include <stdint.h>

#include "ops/reduce/reductions.def"

enum {
    TGI_FOLD_LANES = 32,
    TGI_FOLD_SHORT = 16,  /* elements from which on a line is dealt out to the lanes */
    TGI_FOLD_STREAMS = 4, /* lines read at once: memory then gives more than from one place */
    TGI_FOLD_DTYPES = 3   /* TG_F32, TG_F64, TG_I32 */
};

#define X(name, ...) TGI_REDUCE_##name,
enum { TGI_REDUCTIONS(X) TGI_REDUCE_COUNT };
#undef X

#define X(name, ...) TGI_KERNEL_##name,
enum { TGI_SUM_KERNELS(X) TGI_MAX_KERNELS(X) TGI_KERNEL_COUNT };
#undef X

/* One operation on elements of one dtype; an instruction set has a table of them.
 * Steps are in elements. */
typedef struct tgi_fold_kernel {
    int64_t x_size, acc_size;           /* bytes of an element, of an accumulator */
    int64_t level;                      /* rows to fold at once; more are folded level upon level */
    const struct tgi_fold_kernel *join; /* folds accumulators into accumulators */

    /* acc[j] = what leaves any x unchanged, j < width. */
    void (*start)(void *acc, int64_t width);
    /* acc[j] = acc[j] o x[r * step + j] for r = 0, 1, ... rows-1, j < width. */
    void (*rows)(void *acc, int64_t rows, int64_t width, const void *x, int64_t step);
    /* Rows of TGI_FOLD_STREAMS lines: acc[s][j] = acc[s][j] o x[s][r * lanes + j], j < lanes. */
    void (*streams)(void *const *acc, int64_t rows, const void *const *x);
    /* Folds TGI_FOLD_LANES accumulators into acc[0]. */
    void (*lanes)(void *acc);
    /* y[j] = acc[j] in the dtype of x, j < width. */
    void (*store)(const void *acc, int64_t width, void *y);
    /* y[i] = all of x[i * step + j], j < count, for i < lines; 0 < count <= level * lanes. */
    void (*lines)(int64_t lines, int64_t count, const void *x, int64_t step, void *y);
} tgi_fold_kernel;

/* Exponentials of elements minus a top, the largest of those beside them: at most 1. What is so
 * far below the top that it vanishes beside it is not exact; NaN stands for anything. */
typedef struct tgi_exp_kernel {
    /* e[j] = exp(x[j] - top[j]), j < n. */
    void (*exps)(int64_t n, const void *x, const void *top, void *e);
    /* sum[i] = the sum of exp(x[i * step + j] - top[i]), 0 < count elements; i < lines. */
    void (*lines)(int64_t lines, int64_t count, const void *x, int64_t step, const void *top,
                  double *sum);
} tgi_exp_kernel;

/* Where the largest element stands: the first of them, or the first NaN. */
typedef struct tgi_argmax_kernel {
    int64_t index_size; /* bytes of an index of `rows` */
    /* Goes on from best[j], at index[j], with x[r * step + j], which is number first + r; j <
     * width, r = 0, 1, ... rows-1. */
    void (*rows)(void *best, void *index, int64_t first, int64_t rows, int64_t width, const void *x,
                 int64_t step);
    /* y[i] = the place among x[i * step + j], 0 < count elements; i < lines. */
    void (*lines)(int64_t lines, int64_t count, const void *x, int64_t step, int32_t *y);
} tgi_argmax_kernel;

/* sum[i] = the sum of (x[i * step + j] scale)^2, j < count, in double; i < lines. Element j goes
 * to sum j % TGI_SQUARE_LANES, and these are added up in halves as those of a line. The same bits
 * in each table. */
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
