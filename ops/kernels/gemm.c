/* gemm.c - matrix multiplication above the instruction set: blocks, packing and threads.
 *
 * C is cut into tiles of a few rows and panels of two vectors, k into blocks.  For each block
 * of k, A and B are packed in the order in which the tiles read them, unless they are used too
 * seldom for that to pay, and then every tile adds its part.  All cuts follow from the sizes
 * alone and each element of C is summed in one order, so its bits never depend on threads. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/kernels/kernels.h"

enum {
    MAX_ROWS = 1024,                /* of C at a time where A is packed */
    MAX_COLS = TGI_GEMM_WHOLE_ROWS, /* of C at a time */
    FINISH_BYTES = 1 << 16,         /* of C that are finished at a time, */
    FINISH_ROWS = 48,               /*   but no fewer rows */
    BAND_ROWS = 72,                 /* of A that stay in the second cache beside a panel of B */
    CHUNK = 1 << 18,                /* multiplications worth handing to a thread */
    DIRECT_ROWS = 36,               /* B is not packed for fewer rows, */
    DIRECT_PANELS = 8,              /*   nor A for as few panels, */
    DIRECT_ACROSS = 8,              /*   where its rows are not contiguous for as few */
    SLICED_SIZE = 8192,             /* a C no larger than this is computed in slices of k */
    SLICE_DEPTH = 2048,             /*   no shallower than this */
    MAX_SLICES = 16,
    ALIGN = 64
};

/* How one multiplication is cut. */
typedef struct plan {
    const tgi_gemm_kernel *kernel;
    const tgi_gemm *g;
    tgi_gemm_part part;        /* what all parts have in common */
    int64_t tiles, panels;     /* of C */
    int64_t depth, step;       /* of a block of k, and where it starts */
    int64_t bands, col_chunks; /* chunks of tiles and of panels; their product is the work */
    int64_t pack_chunks;
    int64_t row, col;        /* where C starts in the whole */
    bool finish_now;         /* the chunks of this block of k finish their parts of C */
    size_t a_bytes, b_bytes; /* scratch */
    char *a_packed, *b_packed;
} plan;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static size_t aligned(int64_t bytes) { return (size_t)ceil_div(bytes, ALIGN) * ALIGN; }

/* The size of the fewest equal pieces of n, of at most `most`. */
static int64_t balanced(int64_t n, int64_t most)
{
    return n <= most ? n : ceil_div(n, ceil_div(n, most));
}

static const char *at(const void *base, int64_t elements, const tgi_gemm_kernel *x)
{
    return (const char *)base + elements * x->size;
}

static bool packs_a(const tgi_gemm_kernel *x, const tgi_gemm *g, int64_t cols)
{
    if (g->a_row != 1 && g->a_col != 1) return true;
    return cols > x->panel * (g->a_col == 1 ? DIRECT_PANELS : DIRECT_ACROSS);
}

static plan make_plan(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    plan p = {.kernel = x, .g = g};
    p.tiles = ceil_div(g->m, x->tile);
    p.panels = ceil_div(g->n, x->panel);
    p.depth = balanced(g->k, x->depth);

    p.bands = p.col_chunks = p.pack_chunks = 1;
    if (g->m * g->n > CHUNK / p.depth) {
        const int64_t panel_work = x->panel * p.depth;
        const int64_t panels = min64(ceil_div(CHUNK, BAND_ROWS * panel_work), p.panels);
        p.col_chunks = ceil_div(p.panels, panels);
        p.bands = ceil_div(g->m, max64(BAND_ROWS, CHUNK / (panel_work * panels)));
        p.pack_chunks = max64(p.bands, min64(p.panels, 8));
    }

    const bool b_direct = g->b_col == 1 && g->m < DIRECT_ROWS;
    const int64_t b_cols = b_direct ? x->panel : ceil_div(g->n, x->lanes) * x->lanes;
    p.b_bytes = aligned(b_cols * p.depth * x->size);
    p.part = (tgi_gemm_part){.n = g->n,
                             .tile_rows = g->m / p.tiles,
                             .tile_extra = g->m % p.tiles,
                             .a_row = g->a_row,
                             .a_col = g->a_col,
                             .a_packed = packs_a(x, g, g->n),
                             .b_row = g->b_row,
                             .b_direct = b_direct ? g->b : NULL,
                             .c = g->c,
                             .c_row = g->c_row};
    if (p.part.a_packed) p.a_bytes = aligned(g->m * p.depth * x->size);
    return p;
}

static int64_t tile_start(const plan *p, int64_t tile)
{
    return tile * p->part.tile_rows + min64(tile, p->part.tile_extra);
}

/* Packs tiles of equal height of this block of k. */
static void pack_tiles(const plan *p, int64_t tile0, int64_t tile1, int64_t rows)
{
    const tgi_gemm *g = p->g;
    const int64_t row = tile_start(p, tile0);
    if (tile0 < tile1)
        p->kernel->pack(p->part.k, tile1 - tile0, rows, rows,
                        at(g->a, row * g->a_row + p->step * g->a_col, p->kernel), g->a_row,
                        g->a_col, p->a_packed + row * p->part.k * p->kernel->size);
}

/* Packs panels of equal width. */
static void pack_panels(const plan *p, int64_t panel0, int64_t panel1, int64_t cols)
{
    const tgi_gemm_kernel *x = p->kernel;
    const tgi_gemm *g = p->g;
    const int64_t whole = p->part.b_direct ? g->n / x->panel : 0, col = panel0 * x->panel;
    if (panel0 < panel1)
        x->pack(p->part.k, panel1 - panel0, cols, ceil_div(cols, x->lanes) * x->lanes,
                at(g->b, col * g->b_col + p->step * g->b_row, x), g->b_col, g->b_row,
                p->b_packed + (panel0 - whole) * x->panel * p->part.k * x->size);
}

/* Packs the c-th share of the tiles and of the panels of this block of k. */
static void pack_chunk(void *user, int64_t c)
{
    const plan *p = user;
    if (p->part.a_packed) {
        const int64_t tile0 = p->tiles * c / p->pack_chunks;
        const int64_t tile1 = p->tiles * (c + 1) / p->pack_chunks, extra = p->part.tile_extra;
        pack_tiles(p, tile0, min64(tile1, extra), p->part.tile_rows + 1);
        pack_tiles(p, max64(tile0, extra), tile1, p->part.tile_rows);
    }
    const int64_t panel = p->kernel->panel, whole = p->g->n / panel;
    const int64_t panel0 = p->panels * c / p->pack_chunks;
    const int64_t panel1 = p->panels * (c + 1) / p->pack_chunks;
    if (!p->part.b_direct) pack_panels(p, panel0, min64(panel1, whole), panel);
    pack_panels(p, max64(panel0, whole), panel1, p->g->n - whole * panel);
}

static void finish(const plan *p, int64_t tile0, int64_t tile1, int64_t panel0, int64_t panel1)
{
    const int64_t row = tile_start(p, tile0), col = panel0 * p->kernel->panel;
    const int64_t cols = min64(panel1 * p->kernel->panel, p->g->n) - col;
    p->g->finish(p->g->user, p->row + row, tile_start(p, tile1) - row, p->col + col, cols);
}

/* Chunks of one band follow each other, so that a thread stays with its rows of A and C. */
static void multiply_chunk(void *user, int64_t c)
{
    const plan *p = user;
    const int64_t band = c / p->col_chunks, col = c % p->col_chunks;
    const int64_t start = p->tiles * band / p->bands, end = p->tiles * (band + 1) / p->bands;
    tgi_gemm_part part = p->part;
    part.panel0 = p->panels * col / p->col_chunks;
    part.panel1 = p->panels * (col + 1) / p->col_chunks;
    int64_t step = end - start;
    if (p->finish_now) {
        const int64_t row_bytes = (part.panel1 - part.panel0) * p->kernel->panel * p->kernel->size;
        const int64_t rows = max64(FINISH_ROWS, FINISH_BYTES / row_bytes);
        step = balanced(step, ceil_div(rows, p->kernel->tile));
    }
    for (part.tile0 = start; part.tile0 < end; part.tile0 = part.tile1) {
        part.tile1 = min64(end, part.tile0 + step);
        p->kernel->multiply(&part);
        if (p->finish_now) finish(p, part.tile0, part.tile1, part.panel0, part.panel1);
    }
}

static void finish_band(void *user, int64_t band)
{
    const plan *p = user;
    finish(p, p->tiles * band / p->bands, p->tiles * (band + 1) / p->bands, 0, p->panels);
}

/* A multiplication whose C, which starts at (row, col) of the whole, is no larger than the limits.
 */
static void run_piece(const tgi_gemm_kernel *x, const tgi_gemm *g, int64_t row, int64_t col,
                      bool whole_rows, char *work)
{
    plan p = make_plan(x, g);
    p.row = row;
    p.col = col;
    p.b_packed = work;
    p.a_packed = work + p.b_bytes;
    for (p.step = 0; p.step < g->k; p.step += p.depth) {
        p.part.k = min64(p.depth, g->k - p.step);
        p.part.a = p.part.a_packed ? p.a_packed : at(g->a, p.step * g->a_col, x);
        p.part.b = p.b_packed;
        if (p.part.b_direct) p.part.b_direct = at(g->b, p.step * g->b_row, x);
        p.part.accumulate = g->accumulate || p.step > 0;
        const bool last = g->finish && p.step + p.depth >= g->k;
        p.finish_now = last && (p.col_chunks == 1 || !whole_rows);
        tgi_parallel_for(p.pack_chunks, pack_chunk, &p);
        tgi_parallel_for(p.bands * p.col_chunks, multiply_chunk, &p);
        if (last && !p.finish_now) tgi_parallel_for(p.bands, finish_band, &p);
    }
}

/* The rows and columns of C that are computed at a time. */
static int64_t piece_cols(const tgi_gemm *g) { return balanced(g->n, MAX_COLS); }
static int64_t piece_rows(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    return packs_a(x, g, piece_cols(g)) ? balanced(g->m, MAX_ROWS) : g->m;
}

static void run_pieces(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work)
{
    const int64_t rows = piece_rows(x, g), cols = piece_cols(g);
    for (int64_t j = 0; j < g->n; j += cols)
        for (int64_t i = 0; i < g->m; i += rows) {
            tgi_gemm piece = *g;
            piece.m = min64(rows, g->m - i);
            piece.n = min64(cols, g->n - j);
            piece.a = at(g->a, i * g->a_row, x);
            piece.b = at(g->b, j * g->b_col, x);
            piece.c = (char *)g->c + (i * g->c_row + j) * x->size;
            run_piece(x, &piece, i, j, g->n <= cols, work);
        }
}

/* ---- a small C with a large k: slices of k, each with a C of its own ------------------------ */

typedef struct slices {
    const tgi_gemm_kernel *kernel;
    const tgi_gemm *g;
    int64_t count;
    size_t work_bytes; /* scratch of one slice */
    char *parts, *work;
} slices;

static int64_t slice_count(const tgi_gemm *g)
{
    if (g->k < 2 * SLICE_DEPTH || g->m > SLICED_SIZE / g->n) return 1;
    return min64(g->k / SLICE_DEPTH, MAX_SLICES);
}

static void run_slice(void *user, int64_t s)
{
    const slices *all = user;
    const tgi_gemm_kernel *x = all->kernel;
    const tgi_gemm *g = all->g;
    const int64_t first = g->k * s / all->count;
    tgi_gemm slice = *g;
    slice.k = g->k * (s + 1) / all->count - first;
    slice.a = at(g->a, first * g->a_col, x);
    slice.b = at(g->b, first * g->b_row, x);
    slice.c = all->parts + s * g->m * g->n * x->size;
    slice.c_row = g->n;
    slice.accumulate = false;
    slice.finish = NULL;
    run_pieces(x, &slice, all->work + (size_t)s * all->work_bytes);
}

static size_t piece_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    tgi_gemm piece = *g;
    piece.n = piece_cols(g);
    piece.m = piece_rows(x, g);
    const plan p = make_plan(x, &piece);
    return p.a_bytes + p.b_bytes;
}

size_t tgi_gemm_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    if (g->m <= 0 || g->n <= 0 || g->k <= 0) return 0;
    const int64_t count = slice_count(g);
    if (count == 1) return piece_work(x, g) + ALIGN;
    return (size_t)count * piece_work(x, g) + aligned(count * g->m * g->n * x->size) + ALIGN;
}

static void finish_all(const tgi_gemm *g)
{
    if (g->finish) g->finish(g->user, 0, g->m, 0, g->n);
}

void tgi_gemm_run(const tgi_gemm_kernel *x, const tgi_gemm *g, void *work)
{
    if (g->m <= 0 || g->n <= 0) return;
    if (g->k <= 0) {
        for (int64_t i = 0; !g->accumulate && i < g->m; i++)
            memset((char *)g->c + i * g->c_row * x->size, 0, (size_t)(g->n * x->size));
        finish_all(g);
        return;
    }
    char *const start = (char *)work + (-(uintptr_t)work % ALIGN);
    slices all = {.kernel = x, .g = g, .count = slice_count(g), .work = start};
    if (all.count == 1) {
        run_pieces(x, g, start);
        return;
    }
    all.work_bytes = piece_work(x, g);
    all.parts = start + (size_t)all.count * all.work_bytes;
    tgi_parallel_for(all.count, run_slice, &all);
    x->sum(g, all.count, all.parts);
    finish_all(g);
}
