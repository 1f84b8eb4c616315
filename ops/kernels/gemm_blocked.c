/* gemm_blocked.c - matrix products by blocks: what is packed, and how threads share the work.
 *
 * C is cut into pieces, a piece into tiles of a few rows and panels of two vectors, and k into
 * blocks. For each block of k, A and B are packed in the order in which the tiles read them, unless
 * they are used too seldom for that to pay. Then every tile adds its part. */
#include "graph/parallel.h"
#include "ops/kernels/gemm.h"

enum {
    PIECE_ROWS = 1024,                /* of C at a time where A is packed */
    PIECE_COLS = TGI_GEMM_WHOLE_ROWS, /* of C at a time */
    BAND_ROWS = 144,                  /* of A that stay in L2 beside a panel of B */
    NARROW_ROWS = 48,                 /* of a band if there is little else to share */
    CHUNKS = 16,                      /* enough to keep all threads equally busy */
    WIDE_PANELS = 3,                  /* in a chunk, so that rows are read in longer runs */
    PACK_CHUNK = 1 << 13,             /* elements worth handing to a thread */
    DIRECT_ROWS = 36,                 /* B is not packed for fewer rows */
    PAGE = 4096, /* rows and columns a multiple of this apart compete for one place in the cache */
    /* A is not packed for at most this many columns of C, if its rows are contiguous, */
    DIRECT_COLS = 512,
    CROWDED_COLS = 128,     /* and if they compete; */
    DIRECT_ACROSS = 128,    /* if its columns are contiguous, */
    CROWDED_ACROSS = 32,    /* and if they are half a page apart. */
    DIRECT_BYTES = 3 << 13, /* Such columns of A and a panel are to fit into L1, */
    DIRECT_DEPTH = 64,      /* unless blocks of k would be less deep than this. */
    FINISH_BYTES = 1 << 16, /* of C that are finished at a time, */
    FINISH_ROWS = 48        /*   but no fewer rows */
};

/* How one piece is divided. */
typedef struct blocking {
    const tgi_gemm_kernel *kernel;
    const tgi_gemm *g;
    tgi_gemm_part part;        /* what all parts share */
    int64_t tiles, panels;     /* of C */
    int64_t depth, step;       /* of a block of k, and where it starts */
    int64_t bands, col_chunks; /* chunks of tiles and of panels; their product is the work */
    int64_t pack_chunks;
    int64_t row, col; /* where the piece starts in C */
    bool b_direct;    /* B is read in place, except for the last panel */
    bool b_shared;    /* B is packed before the tiles; else each chunk packs its panels */
    bool finish_now;  /* the chunks of this block of k finish their parts of C */
    size_t a_bytes, b_bytes;
    char *a_packed, *b_packed;
} blocking;

static const char *at(const void *base, int64_t elements, const tgi_gemm_kernel *x)
{
    return (const char *)base + elements * x->size;
}

/* ---- how a piece is cut --------------------------------------------------------------------- */

static bool packs_a(const tgi_gemm_kernel *x, const tgi_gemm *g, int64_t cols)
{
    const int64_t bytes = (g->a_col == 1 ? g->a_row : g->a_col) * x->size;
    if (g->a_col == 1) return cols > (bytes % PAGE ? DIRECT_COLS : CROWDED_COLS);
    if (g->a_row != 1 || bytes % PAGE == 0) return true;
    return cols > (bytes % (PAGE / 2) ? DIRECT_ACROSS : CROWDED_ACROSS);
}

static bool reads_b(const tgi_gemm *g) { return g->b_col == 1 && g->m < DIRECT_ROWS; }

static int64_t block_depth(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    int64_t depth = x->depth;
    if (g->a_col != 1 && !packs_a(x, g, g->n)) {
        const int64_t fit = DIRECT_BYTES / ((g->m + x->panel) * x->size);
        if (fit >= DIRECT_DEPTH) depth = tgi_min(depth, fit);
    }
    return tgi_balanced(g->k, depth);
}

/* If there are few rows, threads share the columns, and each chunk has a part of B to itself.
 * Otherwise they share the rows, in an even number of bands. */
static void cut_work(blocking *p)
{
    const tgi_gemm *g = p->g;
    const double worth = (double)g->m * (double)g->n * (double)p->depth / TGI_GEMM_CHUNK;
    const int64_t most = g->serial || worth < 2 ? 1 : worth > 1e6 ? 1000000 : (int64_t)worth;
    p->bands = tgi_ceil_div(g->m, BAND_ROWS);
    if (p->bands <= 2) p->bands = p->panels < 2 * WIDE_PANELS ? tgi_ceil_div(g->m, NARROW_ROWS) : 1;
    p->bands = tgi_min(p->bands, most);
    if (p->bands > 1) p->bands += p->bands % 2;
    p->col_chunks = 1;
    if (p->bands < CHUNKS) {
        const int64_t wanted = tgi_ceil_div(tgi_min(most, CHUNKS), p->bands);
        p->col_chunks = tgi_max(1, tgi_min(p->panels / WIDE_PANELS, wanted));
        if (p->col_chunks > 1) p->col_chunks -= p->col_chunks % 2;
    }
    p->b_shared = p->bands > 1;
    const int64_t packed = (p->part.a_packed ? g->m : 0) + (p->b_shared ? g->n : 0);
    p->pack_chunks = tgi_max(1, tgi_min(packed * p->depth / PACK_CHUNK, CHUNKS));
    if (g->serial) p->pack_chunks = 1;
}

static blocking make_blocking(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    blocking p = {.kernel = x, .g = g, .b_direct = reads_b(g)};
    p.tiles = tgi_ceil_div(g->m, x->tile);
    p.panels = tgi_ceil_div(g->n, x->panel);
    p.depth = block_depth(x, g);
    p.part = (tgi_gemm_part){.n = g->n,
                             .tile_rows = g->m / p.tiles,
                             .tile_extra = g->m % p.tiles,
                             .a_row = g->a_row,
                             .a_col = g->a_col,
                             .a_packed = packs_a(x, g, g->n),
                             .b_row = g->b_row,
                             .c = g->c,
                             .c_row = g->c_row};
    const int64_t b_cols = p.b_direct ? x->panel : tgi_ceil_div(g->n, x->lanes) * x->lanes;
    p.b_bytes = tgi_gemm_aligned(b_cols * p.depth * x->size);
    if (p.part.a_packed) p.a_bytes = tgi_gemm_aligned(g->m * p.depth * x->size);
    cut_work(&p);
    return p;
}

static int64_t tile_start(const blocking *p, int64_t tile)
{
    return tile * p->part.tile_rows + tgi_min(tile, p->part.tile_extra);
}

/* ---- packing -------------------------------------------------------------------------------- */

/* Packs tiles of equal height for the steps k0 <= p < k1 of this block. */
static void pack_tiles(const blocking *p, int64_t tile0, int64_t tile1, int64_t rows, int64_t k0,
                       int64_t k1)
{
    const tgi_gemm *g = p->g;
    const int64_t row = tile_start(p, tile0), k = p->part.k;
    if (tile0 < tile1)
        p->kernel->pack(k1 - k0, tile1 - tile0, rows, rows,
                        at(g->a, row * g->a_row + (p->step + k0) * g->a_col, p->kernel), g->a_row,
                        g->a_col, p->a_packed + (row * k + k0 * rows) * p->kernel->size, k * rows);
}

static void pack_a(const blocking *p, int64_t tile0, int64_t tile1, int64_t k0, int64_t k1)
{
    const int64_t extra = p->part.tile_extra, rows = p->part.tile_rows;
    pack_tiles(p, tile0, tgi_min(tile1, extra), rows + 1, k0, k1);
    pack_tiles(p, tgi_max(tile0, extra), tile1, rows, k0, k1);
}

/* Packs panels of equal width. All but the last are full. */
static void pack_panels(const blocking *p, int64_t panel0, int64_t panel1, int64_t cols, int64_t k0,
                        int64_t k1)
{
    const tgi_gemm_kernel *x = p->kernel;
    const tgi_gemm *g = p->g;
    const int64_t width = tgi_ceil_div(cols, x->lanes) * x->lanes, k = p->part.k;
    const int64_t first = p->b_direct ? 0 : panel0;
    if (panel0 < panel1)
        x->pack(k1 - k0, panel1 - panel0, cols, width,
                at(g->b, panel0 * x->panel * g->b_col + (p->step + k0) * g->b_row, x), g->b_col,
                g->b_row, p->b_packed + (first * x->panel * k + k0 * width) * x->size, k * width);
}

static void pack_b(const blocking *p, int64_t panel0, int64_t panel1, int64_t k0, int64_t k1)
{
    const int64_t panel = p->kernel->panel, whole = p->g->n / panel;
    if (!p->b_direct) pack_panels(p, panel0, tgi_min(panel1, whole), panel, k0, k1);
    pack_panels(p, tgi_max(panel0, whole), panel1, p->g->n - whole * panel, k0, k1);
}

/* Packs share c of this block of k: a share of its steps if these are contiguous, else of the tiles
 * and of the panels. */
static void pack_chunk(void *user, int64_t c)
{
    const blocking *p = user;
    const int64_t k = p->part.k, chunks = p->pack_chunks;
    const int64_t k0 = k * c / chunks, k1 = k * (c + 1) / chunks;
    if (p->part.a_packed && p->g->a_row == 1)
        pack_a(p, 0, p->tiles, k0, k1);
    else if (p->part.a_packed)
        pack_a(p, p->tiles * c / chunks, p->tiles * (c + 1) / chunks, 0, k);
    if (p->b_shared && p->g->b_col == 1)
        pack_b(p, 0, p->panels, k0, k1);
    else if (p->b_shared)
        pack_b(p, p->panels * c / chunks, p->panels * (c + 1) / chunks, 0, k);
}

/* ---- multiplying ---------------------------------------------------------------------------- */

static void finish(const blocking *p, int64_t tile0, int64_t tile1, int64_t panel0, int64_t panel1)
{
    const int64_t row = tile_start(p, tile0), col = panel0 * p->kernel->panel;
    const int64_t cols = tgi_min(panel1 * p->kernel->panel, p->g->n) - col;
    p->g->finish(p->g->user, p->row + row, tile_start(p, tile1) - row, p->col + col, cols);
}

/* The chunks of a band are consecutive, so that a thread stays with its rows of A and C. */
static void multiply_chunk(void *user, int64_t c)
{
    const blocking *p = user;
    const int64_t band = c / p->col_chunks, col = c % p->col_chunks;
    const int64_t start = p->tiles * band / p->bands, end = p->tiles * (band + 1) / p->bands;
    tgi_gemm_part part = p->part;
    part.panel0 = p->panels * col / p->col_chunks;
    part.panel1 = p->panels * (col + 1) / p->col_chunks;
    if (!p->b_shared) pack_b(p, part.panel0, part.panel1, 0, part.k);
    int64_t step = end - start;
    if (p->finish_now) {
        const int64_t row_bytes = (part.panel1 - part.panel0) * p->kernel->panel * p->kernel->size;
        const int64_t rows = tgi_max(FINISH_ROWS, FINISH_BYTES / row_bytes);
        step = tgi_balanced(step, tgi_ceil_div(rows, p->kernel->tile));
    }
    for (part.tile0 = start; part.tile0 < end; part.tile0 = part.tile1) {
        part.tile1 = tgi_min(end, part.tile0 + step);
        p->kernel->multiply(&part);
        if (p->finish_now) finish(p, part.tile0, part.tile1, part.panel0, part.panel1);
    }
}

static int64_t finish_chunks(const blocking *p)
{
    const int64_t bytes = p->g->m * p->g->n * p->kernel->size;
    return tgi_max(1, tgi_min(tgi_min(2 * bytes / FINISH_BYTES, p->tiles), CHUNKS));
}

static void finish_chunk(void *user, int64_t c)
{
    const blocking *p = user;
    const int64_t chunks = finish_chunks(p);
    finish(p, p->tiles * c / chunks, p->tiles * (c + 1) / chunks, 0, p->panels);
}

/* Computes the piece that starts at (row, col) of C. */
static void run_piece(const tgi_gemm_kernel *x, const tgi_gemm *g, int64_t row, int64_t col,
                      bool whole_rows, char *work)
{
    blocking p = make_blocking(x, g);
    p.row = row;
    p.col = col;
    p.b_packed = work;
    p.a_packed = work + p.b_bytes;
    for (p.step = 0; p.step < g->k; p.step += p.depth) {
        p.part.k = tgi_min(p.depth, g->k - p.step);
        p.part.a = p.part.a_packed ? p.a_packed : at(g->a, p.step * g->a_col, x);
        p.part.b = p.b_packed;
        if (p.b_direct) p.part.b_direct = at(g->b, p.step * g->b_row, x);
        p.part.accumulate = g->accumulate || p.step > 0;
        const bool last = g->finish && p.step + p.depth >= g->k;
        p.finish_now = last && (p.col_chunks == 1 || !whole_rows);
        if (p.part.a_packed || p.b_shared) tgi_parallel_for(p.pack_chunks, pack_chunk, &p);
        tgi_parallel_for(p.bands * p.col_chunks, multiply_chunk, &p);
        if (last && !p.finish_now) tgi_parallel_for(finish_chunks(&p), finish_chunk, &p);
    }
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* The rows and columns of C that are computed at a time. */
static int64_t piece_cols(const tgi_gemm *g) { return tgi_balanced(g->n, PIECE_COLS); }
static int64_t piece_rows(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    return packs_a(x, g, piece_cols(g)) ? tgi_balanced(g->m, PIECE_ROWS) : g->m;
}

size_t tgi_gemm_blocked_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    tgi_gemm piece = *g;
    piece.n = piece_cols(g);
    piece.m = piece_rows(x, g);
    const blocking p = make_blocking(x, &piece);
    return p.a_bytes + p.b_bytes;
}

void tgi_gemm_blocked(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work)
{
    const int64_t rows = piece_rows(x, g), cols = piece_cols(g);
    for (int64_t j = 0; j < g->n; j += cols)
        for (int64_t i = 0; i < g->m; i += rows) {
            tgi_gemm piece = *g;
            piece.m = tgi_min(rows, g->m - i);
            piece.n = tgi_min(cols, g->n - j);
            piece.a = at(g->a, i * g->a_row, x);
            piece.b = at(g->b, j * g->b_col, x);
            piece.c = (char *)g->c + (i * g->c_row + j) * x->size;
            run_piece(x, &piece, i, j, g->n <= cols, work);
        }
}
