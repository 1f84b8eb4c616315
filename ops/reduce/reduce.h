/* reduce.h - what the files of ops/reduce share (internal).
 *
 * The axes of x are either kept or reduced. Work on a strided x is cut into blocks of two kinds:
 *   columns  up to TGI_REDUCE_WIDTH outputs side by side, with one accumulator each
 *   row      one output, whose elements are dealt out to TGI_REDUCE_LANES accumulators
 * Either way a kernel sees a matrix of `width` columns and folds its rows into `width`
 * accumulators. The order in which elements are combined depends on shape and strides alone. */
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

/* Makes the axes non-negative and ascending. TG_EAXIS if one is out of range for x or repeated. */
tg_status tgi_reduce_axes(const char *who, const tg_tensor *x, tg_ints *axis, tg_error *err);

/* Bit i is set if axis i is reduced. Takes an axis that tgi_reduce_axes has put in order. */
unsigned tgi_reduce_mask(const tg_ints *axis, int ndim);

/* The same for summing x to a shape, which must broadcast to that of x. */
unsigned tgi_reduce_mask_to(const tg_ints *shape, const tg_tensor *x);

/* TG_ESHAPE if an axis of mask is empty, so that an output would have no element to choose from. */
tg_status tgi_reduce_refuse_empty(const char *who, const tg_tensor *x, unsigned mask,
                                  tg_error *err);

/* Makes an attribute of the axes of a call; of the one axis TG_ALL it makes n = TG_ALL. Returns
 * false and poisons the tape if n and axes are not a list. */
bool tgi_axis_list(tg_tape *t, const char *who, int n, const int *axes, tg_ints *list);

/* The same, followed by tgi_reduce_axes: it also fails if x does not have the axes. */
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
    tgi_reduce_axis kept[TG_MAX_NDIM];    /* outermost first, without axes of size 1; axes */
    tgi_reduce_axis reduced[TG_MAX_NDIM]; /*   that one loop can walk are joined */
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

/* Sets everything but kernel and lines. If ordered, the rows of a block come in the row-major order
 * of x, and a block of one output has one lane. If not, the axes are sorted by their steps. */
void tgi_reduce_plan(tgi_reduce *p, const tg_tensor *x, const tg_tensor *y, unsigned mask,
                     bool ordered);

/* Computes the outputs of the block that begins at x: for columns y[j * step], j < width, with the
 * step of tgi_reduce_y_step; for a row y[0] alone. */
typedef void (*tgi_reduce_block)(const tgi_reduce *p, const void *x, void *y, int width);

/* Calls block for every block of y, on several threads if there is enough work. */
void tgi_reduce_run(const tgi_reduce *p, const void *x, void *y, tgi_reduce_block block);

/* Folds x[r * step + j], r < rows, into accumulator j, for j < width. */
typedef void (*tgi_reduce_rows)(void *acc, int64_t rows, int64_t width, const void *x,
                                int64_t step);

/* Calls fold on all elements of a block, or not at all if count is 0. The last call for a row may
 * be narrower than width. */
void tgi_reduce_walk(const tgi_reduce *p, const void *x, int width, tgi_reduce_rows fold,
                     void *acc);

/* Steps from one column of a block to the next; 0 for a row. */
int64_t tgi_reduce_x_step(const tgi_reduce *p);
int64_t tgi_reduce_y_step(const tgi_reduce *p);

/* ---- accumulators --------------------------------------------------------------------------- */

/* Sums that round have accumulators in levels: level 0 takes kernel->level rows and is then added
 * to level 1; after 32 of these, level 1 is added to level 2, and so on. So no element takes part
 * in more than about 100 roundings to the precision of x, each relative to the sum so far. The
 * accumulators follow the struct, level by level. */
enum {
    TGI_TOTAL_LEVELS = 6,
    TGI_TOTAL_COUNTED = TGI_TOTAL_LEVELS - 1, /* the top level has no limit */
    TGI_TOTAL_HEAD = 64
};

typedef struct tgi_total {
    const tgi_fold_kernel *kernel;
    _Alignas(8) int64_t width;       /* also where pointers take 4 bytes */
    int64_t used[TGI_TOTAL_COUNTED]; /* rows, or lower levels, that each has taken */
    int64_t levels;
} tgi_total;

/* Bytes of a total that can take so many rows; a multiple of 64. */
size_t tgi_total_size(const tgi_fold_kernel *kernel, int64_t width, int64_t rows);
void tgi_total_begin(tgi_total *total, const tgi_fold_kernel *kernel, int64_t width);
/* A tgi_reduce_rows that adds to a tgi_total. Dividing the rows among several calls does not change
 * the bits. */
void tgi_total_rows(void *total, int64_t rows, int64_t width, const void *x, int64_t step);
/* Adds rows of TGI_FOLD_STREAMS lines at once, to totals that hold equally many rows. */
void tgi_total_streams(tgi_total *const *total, int64_t rows, const void *const *x);
/* The sum of all levels: `width` accumulators. */
void *tgi_total_end(tgi_total *total);

/* A total with room for any block. */
typedef struct tgi_block_total {
    tgi_total total;
    double sum[TGI_TOTAL_LEVELS][TGI_REDUCE_WIDTH];
} tgi_block_total;

/* e[j] = the term of element x[j], j < width, in the dtype that the kernel of the sum takes. */
typedef void (*tgi_reduce_terms)(const void *how, int64_t width, const void *x, void *e);

/* Adds up the terms of a block by a kernel of sum, using total, and returns a sum per output. */
double *tgi_reduce_terms_sum(const tgi_reduce *p, const void *x, int width, tgi_reduce_terms terms,
                             const void *how, const tgi_fold_kernel *sum, tgi_block_total *total);

/* Stores the outputs of a block by p->kernel. It may change the accumulators. */
void tgi_reduce_store(const tgi_reduce *p, void *acc, void *y, int width);

/* ---- contiguous inputs ---------------------------------------------------------------------- */

/* Reduces lines of any length by one kernel. */
void tgi_fold_lines(const tgi_fold_kernel *kernel, tg_dtype dtype, int64_t lines, int64_t count,
                    const void *x, int64_t step, void *y);

/* Scratch bytes that tgi_reduce_forward needs. */
size_t tgi_reduce_work(const tg_node *n);

/* ---- ways ----------------------------------------------------------------------------------- */

/* How a reduction makes use of its kernel. */
typedef struct tgi_reduce_way {
    tgi_reduce_lines lines;
    tgi_reduce_block block;
    bool folds;   /* by the kernel alone, so one line, columns and planes can be cut into parts */
    bool ordered; /* needs the elements in row-major order */
    bool shares;  /* its `lines` divides a long line among threads */
} tgi_reduce_way;

extern const tgi_reduce_way tgi_plain_way, tgi_argmax_way, tgi_logsumexp_way, tgi_norm2_way;

/* What a row of reductions.def says that its descriptor does not hold. tg_op.partial points to the
 * first member, which is how the row of a node is found. */
typedef struct tgi_reduce_row {
    tg_op_partial partial;
    int number;  /* TGI_REDUCE_name */
    bool shaped; /* the attributes are a shape to sum to, not axes */
    const tgi_reduce_way *way;
} tgi_reduce_row;

extern const tgi_reduce_row tgi_reduction_rows[];

/* The forward of every row. */
void tgi_reduce_forward(const tg_node *n, void *work);

#endif
