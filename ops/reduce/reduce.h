/* reduce.h - how a reduction walks over a strided tensor, and its kernels (internal).
 *
 * The axes of x are either kept or reduced. The work is cut into blocks, in one of two ways:
 *   columns  up to TGI_REDUCE_WIDTH outputs side by side, one accumulator for each
 *   row      one output, whose elements are dealt out to TGI_REDUCE_LANES accumulators
 * Either way a kernel sees a matrix of `width` columns and folds its rows into `width`
 * accumulators. The order in which elements meet depends on shape and strides alone. */
#ifndef TG_OPS_REDUCE_H
#define TG_OPS_REDUCE_H

#include "ops/kernels/kernels.h"
#include "tapegrad/op.h"

#define TGI_REDUCE_WIDTH 512
#define TGI_REDUCE_LANES TGI_FOLD_LANES

/* ---- attributes ----------------------------------------------------------------------------- */

typedef struct tgi_reduce_attrs {
    tg_ints axis; /* n = TG_ALL: all */
    bool keepdims;
} tgi_reduce_attrs;

/* Makes the axes non-negative and ascending. TG_EAXIS when one is out of x's range or twice. */
tg_status tgi_reduce_axes(const char *who, const tg_tensor *x, tg_ints *axis, tg_error *err);

/* Bit i set: axis i is reduced. axis as tgi_reduce_axes left it. */
unsigned tgi_reduce_mask(const tg_ints *axis, int ndim);

/* The axes that summing x to a shape reduces, for a shape that broadcasts to x's. */
unsigned tgi_reduce_mask_to(const tg_ints *shape, const tg_tensor *x);

/* TG_ESHAPE when an output of choosing over the axes of mask would have no element to choose. */
tg_status tgi_reduce_refuse_empty(const char *who, const tg_tensor *x, unsigned mask,
                                  tg_error *err);

/* The axes of a call as an attribute, TG_ALL for one that is TG_ALL; false with the tape poisoned
 * when n and axes are no list. */
bool tgi_axis_list(tg_tape *t, const char *who, int n, const int *axes, tg_ints *list);

/* The same as tgi_reduce_axes leaves them; false with the tape poisoned also when x does not have
 * them. */
bool tgi_axes(tg_tape *t, const char *who, const tg_tensor *x, int n, const int *axes,
              tg_ints *list);

/* ---- the plan and its walk ------------------------------------------------------------------ */

typedef struct tgi_reduce_axis {
    int64_t size;
    int64_t x_step, y_step; /* in elements; y_step 0 where reduced */
} tgi_reduce_axis;

/* y[i] = the reduction of x[i * step + j], j < count, for i < lines. */
typedef void (*tgi_reduce_lines)(const tgi_fold_kernel *kernel, tg_dtype dtype, int64_t lines,
                                 int64_t count, const void *x, int64_t step, void *y);

typedef struct tgi_reduce {
    tgi_reduce_axis kept[TG_MAX_NDIM];    /* outermost first; axes of size 1 are left out and */
    tgi_reduce_axis reduced[TG_MAX_NDIM]; /*   axes that run on in memory are joined */
    int n_kept;
    int n_reduced;   /* at least 1 */
    int64_t outputs; /* elements of y */
    int64_t count;   /* elements of x behind each */
    bool columns;
    int lanes;
    tg_dtype dtype;        /* of x */
    size_t x_size, y_size; /* bytes of one element */
    const tgi_fold_kernel *kernel;
    tgi_reduce_lines lines; /* for outputs with contiguous elements; NULL: blocks for all */
} tgi_reduce;

/* Leaves kernel and lines to the caller. ordered: the rows of a block come in x's row-major order,
 * and a block of one output has one lane; otherwise the axes are sorted by their steps in memory.
 */
void tgi_reduce_plan(tgi_reduce *p, const tg_tensor *x, const tg_tensor *y, unsigned mask,
                     bool ordered);

/* Computes the outputs of one block from x on: y[j * step], j < width, for columns, with step
 * as tgi_reduce_y_step gives it; y[0] alone for a row. */
typedef void (*tgi_reduce_block)(const tgi_reduce *p, const void *x, void *y, int width);

/* Calls block for every block of y, on several threads where there is much to do. */
void tgi_reduce_run(const tgi_reduce *p, const void *x, void *y, tgi_reduce_block block);

/* Folds x[r * step + j], r < rows, into accumulator j, for j < width. */
typedef void (*tgi_reduce_rows)(void *acc, int64_t rows, int64_t width, const void *x,
                                int64_t step);

/* Shows all elements of a block to fold; none when count is 0. In a row the last call may be
 * narrower than width. */
void tgi_reduce_walk(const tgi_reduce *p, const void *x, int width, tgi_reduce_rows fold,
                     void *acc);

/* Steps from one column of a block to the next; 0 for a row. */
int64_t tgi_reduce_x_step(const tgi_reduce *p);
int64_t tgi_reduce_y_step(const tgi_reduce *p);

/* ---- accumulators --------------------------------------------------------------------------- */

/* What sums that round keep in levels: level 0 takes kernel->level rows and is then added to
 * level 1; after 32 of those level 1 goes to level 2, and so on. So no element passes through
 * more than some 100 roundings to the precision of x, each of the size of the sum it is part of.
 * The accumulators follow the struct, level by level. */
enum {
    TGI_TOTAL_LEVELS = 6,
    TGI_TOTAL_COUNTED = TGI_TOTAL_LEVELS - 1, /* the top level takes whatever comes */
    TGI_TOTAL_HEAD = 64
};

typedef struct tgi_total {
    const tgi_fold_kernel *kernel;
    _Alignas(8) int64_t width;       /* also where pointers take 4 bytes */
    int64_t used[TGI_TOTAL_COUNTED]; /* rows or lower levels that each one holds */
    int64_t levels;
} tgi_total;

/* Bytes of a total that takes so many rows, a multiple of 64. */
size_t tgi_total_size(const tgi_fold_kernel *kernel, int64_t width, int64_t rows);
void tgi_total_begin(tgi_total *total, const tgi_fold_kernel *kernel, int64_t width);
/* A tgi_reduce_rows whose accumulator is a tgi_total. How rows are shared out to calls does not
 * change a bit. */
void tgi_total_rows(void *total, int64_t rows, int64_t width, const void *x, int64_t step);
/* Rows of TGI_FOLD_STREAMS lines at once, into totals that hold as many rows as each other. */
void tgi_total_streams(tgi_total *const *total, int64_t rows, const void *const *x);
/* All rows, in `width` accumulators. */
void *tgi_total_end(tgi_total *total);

/* The total of a block. */
typedef struct tgi_block_total {
    tgi_total total;
    double sum[TGI_TOTAL_LEVELS][TGI_REDUCE_WIDTH];
} tgi_block_total;

/* e[j] = what element j of a row is counted as, j < width, in the dtype that the kernel adds up. */
typedef void (*tgi_reduce_terms)(const void *how, int64_t width, const void *x, void *e);

/* Adds up the terms of a block by a kernel of sum, in total: one sum for each output. */
double *tgi_reduce_terms_sum(const tgi_reduce *p, const void *x, int width, tgi_reduce_terms terms,
                             const void *how, const tgi_fold_kernel *sum, tgi_block_total *total);

/* The outputs of a block from its accumulators by p->kernel, which it may change. */
void tgi_reduce_store(const tgi_reduce *p, void *acc, void *y, int width);

/* ---- contiguous inputs ---------------------------------------------------------------------- */

/* Lines of any length by one kernel. */
void tgi_fold_lines(const tgi_fold_kernel *kernel, tg_dtype dtype, int64_t lines, int64_t count,
                    const void *x, int64_t step, void *y);

/* Scratch bytes that tgi_reduce_forward needs. */
size_t tgi_reduce_work(const tg_node *n);

/* ---- ways ----------------------------------------------------------------------------------- */

/* How a reduction makes use of its kernel. */
typedef struct tgi_reduce_way {
    tgi_reduce_lines lines;
    tgi_reduce_block block;
    bool folds;   /* element by element: a line, and columns and planes, can be made in parts */
    bool ordered; /* elements are shown in row-major order */
    bool shares;  /* lines shares a long line out to threads by itself */
} tgi_reduce_way;

extern const tgi_reduce_way tgi_plain_way, tgi_argmax_way, tgi_logsumexp_way, tgi_norm2_way;

/* What a row of reductions.def says beside its descriptor. The descriptor's partial is the first
 * member, by which a node leads to its row. */
typedef struct tgi_reduce_row {
    tg_op_partial partial;
    int number;  /* TGI_REDUCE_NAME */
    bool shaped; /* the attributes are a shape to sum to, not axes */
    const tgi_reduce_way *way;
} tgi_reduce_row;

extern const tgi_reduce_row tgi_reduction_rows[];

/* The forward of every row. */
void tgi_reduce_forward(const tg_node *n, void *work);

#endif
