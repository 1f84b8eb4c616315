/* kernels.h - the inner loops, in one table for each instruction set, from which one is chosen at
 * the first call.
 *
 * The source of a loop is in a .inc file, and a file of a few lines compiles it for each
 * instruction set. What is the same for all of them (blocking, threads) is in gemm*.c. */
#ifndef TAPEGRAD_OPS_KERNELS_H
#define TAPEGRAD_OPS_KERNELS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ops/kernels/maps.h"
#include "ops/kernels/reduce.h"
#include "ops/kernels/updates.h"

/* ---- matrix multiplication ------------------------------------------------------------------ */

/* C (m,n) = A (m,k) B (k,n), or C += A B. Steps are in elements. Those of A and B may have any
 * value, 0 and negative ones included. The rows of C are contiguous, and C overlaps neither A nor
 * B. */
typedef struct tgi_gemm {
    int64_t m, n, k;
    const void *a;
    int64_t a_row, a_col; /* from one row and from one column of A to the next */
    const void *b;
    int64_t b_row, b_col;
    void *c;
    int64_t c_row;
    bool accumulate; /* C += A B */
    bool serial;     /* the caller has divided the work among threads already */
    /* Called, unless NULL, once for each part of C as soon as the part is final, by the thread that
     * computed it last, while it may still be in that thread's cache. Several threads may call it
     * at once. The parts cover C without overlap and follow from the sizes alone. They are whole
     * rows (col 0, cols n) if n is at most TGI_GEMM_WHOLE_ROWS. */
    void (*finish)(void *user, int64_t row, int64_t rows, int64_t col, int64_t cols);
    void *user;
} tgi_gemm;

enum { TGI_GEMM_WHOLE_ROWS = 1024 };

/* Part of a product: the tiles of C with tile0 <= row of tiles < tile1 and panel0 <= panel <
 * panel1, over k steps. Tile i is tile_rows + (i < tile_extra) rows high. A panel is `panel`
 * columns wide, except that the last has what remains. */
typedef struct tgi_gemm_part {
    int64_t k, n;
    int64_t tile0, tile1, tile_rows, tile_extra;
    int64_t panel0, panel1;
    const void *a; /* packed: tile after tile, each k x rows; else as in tgi_gemm */
    int64_t a_row, a_col;
    bool a_packed;
    const void *b; /* packed: panel after panel, each k x width, zeros after the last column */
    const void *b_direct; /* else as in tgi_gemm with b_col 1; then b starts with the last panel */
    int64_t b_row;
    void *c;
    int64_t c_row;
    bool accumulate;
} tgi_gemm_part;

/* What an instruction set provides for one dtype. None of it can fail. */
typedef struct tgi_gemm_kernel {
    int64_t size;        /* bytes of an element */
    int64_t tile, panel; /* rows of a tile, at most; columns of a panel */
    int64_t lanes;       /* of a vector; a panel is packed to a multiple of it */
    int64_t depth;       /* k is cut into blocks of at most this many steps */
    int64_t small_depth; /* steps of a small product, at most */

    /* Packs consecutive panels, k steps of each: panel x starts at from + x*width*across and to +
     * x*stride, where to[p*padded + j] = from[p*along + j*across] for p < k, j < width, and 0 for
     * width <= j < padded. */
    void (*pack)(int64_t k, int64_t panels, int64_t width, int64_t padded, const void *from,
                 int64_t across, int64_t along, void *to, int64_t stride);
    void (*multiply)(const tgi_gemm_part *part);
    /* A product with k at most small_depth and a_row or a_col 1, without scratch memory. */
    void (*small)(const tgi_gemm *g);
    /* Adds to rows of C the sum of `count` consecutive matrices (m,n), in that order. */
    void (*add)(const tgi_gemm *g, int64_t row, int64_t rows, int64_t count, const void *parts);

    /* y[i*y_step] [+]= the sum over p < k of a[i*a_row + p] x[p] for i < rows. */
    void (*dots)(int64_t rows, int64_t k, const void *a, int64_t a_row, const void *x, void *y,
                 int64_t y_step, bool accumulate);
    /* y[j] [+]= the sum over p < k of b[p*b_row + j] x[p*x_step] for j < n. */
    void (*add_rows)(int64_t n, int64_t k, const void *b, int64_t b_row, const void *x,
                     int64_t x_step, void *y, bool accumulate);
} tgi_gemm_kernel;

/* Scratch bytes that tgi_gemm_run needs. They depend on the sizes and steps of g only. */
size_t tgi_gemm_work(const tgi_gemm_kernel *kernel, const tgi_gemm *g);

/* Multiplies. k = 0 gives zeros (or leaves C as it is). m or n = 0 does nothing and finishes
 * nothing. Threads share large work, and the bits of C do not depend on their number. */
void tgi_gemm_run(const tgi_gemm_kernel *kernel, const tgi_gemm *g, void *work);

/* ---- windows that are two columns wide and stand side by side ------------------------------- */

/* `lines` lines of `n` windows of (rows, 2) elements. Line i begins at element i * rows * step of
 * an image whose rows are `step` elements apart, and at element i * n of a tensor that has one
 * element for each window. */
typedef struct tgi_window_pairs {
    int64_t lines, n, rows, step;
} tgi_window_pairs;

typedef struct tgi_window_pairs_kernel {
    /* y is the largest x in each window, NaN if any is NaN. */
    void (*largest)(const tgi_window_pairs *p, const void *x, void *y);
    /* dx is the window's d divided by the number of its largest x, at these x, and 0 times that
     * elsewhere. */
    void (*share)(const tgi_window_pairs *p, const void *x, const void *d, void *dx);
} tgi_window_pairs_kernel;

/* ---- the tables ----------------------------------------------------------------------------- */

enum { TGI_PHILOX = 8, TGI_NORMALS = 512 };

typedef struct tgi_kernels {
    const char *isa;         /* "generic", "sse" (any 16-byte vectors), "avx2", "avx512" */
    tgi_gemm_kernel gemm[2]; /* by dtype: TG_F32, TG_F64 */
    const tgi_map *maps[2];  /* likewise, by TGI_MAP_NAME */
    const tgi_map *pairs[2]; /* likewise, by TGI_PAIR_INNER_OUTER_POSITION */
    tgi_reduce_kernels reduce;
    tgi_window_pairs_kernel windows[2];
    const tgi_update *updates[2]; /* likewise, by TGI_UPDATE_NAME */
    /* Both words of the blocks counter, counter + 1, ... (tapegrad/rng.h), the upper halves to high
     * and the lower halves to low. `blocks` is rounded up to a multiple of TGI_PHILOX. */
    void (*philox)(uint64_t seed, uint64_t stream, uint64_t counter, int64_t blocks, uint32_t *high,
                   uint32_t *low);
    /* y[i] = mean + std * tg_rng_normal of the word whose halves are high[i] and low[i], with the
     * same bits in each table. n is at most TGI_NORMALS and is rounded up to a multiple of 2
     * TGI_PHILOX. */
    void (*normal[2])(int64_t n, const uint32_t *high, const uint32_t *low, double mean, double std,
                      void *y); /* by dtype */
} tgi_kernels;

extern _Atomic(const tgi_kernels *) tgi_kernels_chosen; /* NULL before the first call */
const tgi_kernels *tgi_kernels_choose(void);

/* The best table that this processor can run, limited by the environment variable TAPEGRAD_ISA at
 * the time of the first call. It holds one of the names above, any other value is ignored. */
static inline const tgi_kernels *tgi_kernels_get(void)
{
    const tgi_kernels *k = atomic_load_explicit(&tgi_kernels_chosen, memory_order_acquire);
    return k ? k : tgi_kernels_choose();
}

/* The tables that may have been built. Only kernels.c uses all of them. */
extern const tgi_kernels tgi_kernels_generic, tgi_kernels_sse, tgi_kernels_avx2, tgi_kernels_avx512;

/* The table with that name, or NULL if it was not built or cannot run here. */
const tgi_kernels *tgi_kernels_named(const char *isa);

#endif
