/* gemm.c - matrix multiplication: chooses how a product is computed.
 *
 * The choice and the division of the work follow from the sizes and steps alone, and each element
 * of C is summed in a fixed order. So the bits of C never depend on the number of threads. */
#include "ops/kernels/gemm.h"

#include <string.h>

#include "graph/parallel.h"

enum {
    SMALL_WORK = 1 << 16,    /* a product with no more multiplications is small, */
    TINY_WORK = 96,          /* a matrix times a vector with no more, too */
    SLICED_ROWS = 256,       /* a C with fewer rows */
    SLICED_COLS = 512,       /*   and columns than these, */
    SLICED_SIZE = 1 << 14,   /*   and no more elements, is computed in slices of k, */
    SLICE_DEPTH = 384,       /*   no shallower than this */
    SLICE_DEPTH_TINY = 4096, /*   and for a tiny C no shallower than this */
    MAX_SLICES = 16,
    LONG_DEPTH = 1 << 17, /* a longer k is summed in stretches, whose sums are added in double */
    SUM_CHUNK = 1 << 14   /* additions worth handing to a thread */
};

static const char *at(const void *base, int64_t elements, const tgi_gemm_kernel *x)
{
    return (const char *)base + elements * x->size;
}

/* A step along an axis of one element has no meaning, so it is set to a convenient value. */
static tgi_gemm with_plain_steps(const tgi_gemm *g)
{
    tgi_gemm plain = *g;
    if (g->m == 1) plain.a_row = 1;
    if (g->k == 1) plain.a_col = plain.b_row = 1;
    if (g->n == 1) plain.b_col = 1;
    return plain;
}

/* True if packing and threads do not pay and A can be read where it is. */
static bool is_small(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    if (g->m > SMALL_WORK || g->n > SMALL_WORK || g->k > x->small_depth) return false;
    const int64_t work = g->m * g->n * g->k;
    if (work > SMALL_WORK || (g->a_row != 1 && g->a_col != 1)) return false;
    return work <= TINY_WORK || !tgi_gemm_vector_takes(g);
}

/* ---- all of k at once ----------------------------------------------------------------------- */

static size_t whole_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    return tgi_gemm_vector_takes(g) ? tgi_gemm_vector_work(x, g) : tgi_gemm_blocked_work(x, g);
}

static void run_whole(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work)
{
    if (tgi_gemm_vector_takes(g))
        tgi_gemm_vector(x, g, work);
    else
        tgi_gemm_blocked(x, g, work);
}

/* ---- a small C with a large k: slices of k, all but one with a C of their own ---------------- */

typedef struct slices {
    const tgi_gemm_kernel *kernel;
    const tgi_gemm *g;
    int64_t count, sum_chunks;
    size_t work_bytes; /* scratch of one slice */
    char *parts, *work;
} slices;

static int64_t slice_count(const tgi_gemm *g)
{
    if (g->serial || g->k < 2 * SLICE_DEPTH || g->m >= SLICED_ROWS || g->n >= SLICED_COLS) return 1;
    const int64_t size = g->m * g->n;
    if (size > SLICED_SIZE) return 1;
    const int64_t worth = tgi_min(TGI_GEMM_CHUNK / size, SLICE_DEPTH_TINY);
    return tgi_max(1, tgi_min(g->k / tgi_max(SLICE_DEPTH, worth), MAX_SLICES));
}

static tgi_gemm slice_of(const slices *all, int64_t s)
{
    const tgi_gemm *g = all->g;
    const int64_t first = g->k * s / all->count;
    tgi_gemm slice = *g;
    slice.k = g->k * (s + 1) / all->count - first;
    slice.finish = NULL;
    slice.serial = true;
    slice.a = at(g->a, first * g->a_col, all->kernel);
    slice.b = at(g->b, first * g->b_row, all->kernel);
    if (s == 0) return slice;
    slice.c = all->parts + (s - 1) * g->m * g->n * all->kernel->size;
    slice.c_row = g->n;
    slice.accumulate = false;
    return slice;
}

/* Scratch bytes of a slice, for the larger of the two depths that slices have. */
static size_t slice_work(const tgi_gemm_kernel *x, const tgi_gemm *g, int64_t count)
{
    tgi_gemm slice = *g;
    slice.serial = slice.serial || count > 1;
    slice.k = g->k / count;
    const size_t less = whole_work(x, &slice);
    slice.k = tgi_ceil_div(g->k, count);
    const size_t more = whole_work(x, &slice);
    return less > more ? less : more;
}

static void run_slice(void *user, int64_t s)
{
    const slices *all = user;
    const tgi_gemm slice = slice_of(all, s);
    run_whole(all->kernel, &slice, all->work + (size_t)s * all->work_bytes);
}

static void sum_rows(void *user, int64_t c)
{
    const slices *all = user;
    const tgi_gemm *g = all->g;
    const int64_t row = g->m * c / all->sum_chunks;
    const int64_t rows = g->m * (c + 1) / all->sum_chunks - row;
    if (rows == 0) return;
    all->kernel->add(g, row, rows, all->count - 1, all->parts);
    if (g->finish) g->finish(g->user, row, rows, 0, g->n);
}

static void run_slices(const tgi_gemm_kernel *x, const tgi_gemm *g, int64_t count, char *work)
{
    slices all = {.kernel = x, .g = g, .count = count, .work = work};
    all.sum_chunks = tgi_max(1, tgi_min(g->m * g->n * count / SUM_CHUNK, MAX_SLICES));
    all.work_bytes = slice_work(x, g, count);
    all.parts = work + (size_t)count * all.work_bytes;
    tgi_parallel_for(count, run_slice, &all);
    tgi_parallel_for(all.sum_chunks, sum_rows, &all);
}

/* Scratch bytes of one stretch of k, computed in slices or at once. */
static size_t stretch_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    const int64_t count = slice_count(g);
    const size_t bytes = (size_t)count * slice_work(x, g, count);
    return count == 1 ? bytes : bytes + tgi_gemm_aligned((count - 1) * g->m * g->n * x->size);
}

static void run_stretch(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work)
{
    const int64_t count = slice_count(g);
    if (count == 1)
        run_whole(x, g, work);
    else
        run_slices(x, g, count, work);
}

/* ---- a very long k: stretches, so that no element is added to a sum of very many ------------- */

static tgi_gemm stretch_of(const tgi_gemm *g, int64_t k)
{
    tgi_gemm stretch = *g;
    stretch.k = k;
    stretch.c_row = g->n;
    stretch.finish = NULL;
    stretch.accumulate = false;
    return stretch;
}

/* Scratch bytes of the longest stretch, of what it computes, and of the totals. */
static size_t long_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    const int64_t depth = tgi_balanced(g->k, LONG_DEPTH),
                  last = g->k % depth ? g->k % depth : depth;
    const tgi_gemm most = stretch_of(g, depth), rest = stretch_of(g, last);
    const size_t a = stretch_work(x, &most), b = stretch_work(x, &rest);
    return tgi_gemm_aligned(g->m * g->n * (int64_t)sizeof(double)) +
           tgi_gemm_aligned(g->m * g->n * x->size) + (a > b ? a : b);
}

static void add_stretch(const tgi_gemm_kernel *x, int64_t n, const void *part, double *total)
{
    for (int64_t i = 0; i < n; i++)
        total[i] +=
            x->size == sizeof(float) ? (double)((const float *)part)[i] : ((const double *)part)[i];
}

static void store_totals(const tgi_gemm_kernel *x, const tgi_gemm *g, const double *total)
{
    for (int64_t i = 0; i < g->m; i++)
        for (int64_t j = 0; j < g->n; j++) {
            const int64_t to = i * g->c_row + j;
            float *const narrow = (float *)g->c + to;
            double *const wide = (double *)g->c + to, sum = total[i * g->n + j];
            if (x->size == sizeof(float))
                *narrow = (float)(g->accumulate ? sum + (double)*narrow : sum);
            else
                *wide = g->accumulate ? sum + *wide : sum;
        }
}

static void run_long(const tgi_gemm_kernel *x, const tgi_gemm *g, char *work)
{
    const int64_t depth = tgi_balanced(g->k, LONG_DEPTH), elements = g->m * g->n;
    double *const total = (double *)(void *)work;
    char *const part = work + tgi_gemm_aligned(elements * (int64_t)sizeof *total);
    memset(total, 0, (size_t)elements * sizeof *total);
    for (int64_t first = 0; first < g->k; first += depth) {
        tgi_gemm stretch = stretch_of(g, tgi_min(depth, g->k - first));
        stretch.a = at(g->a, first * g->a_col, x);
        stretch.b = at(g->b, first * g->b_row, x);
        stretch.c = part;
        run_stretch(x, &stretch, part + tgi_gemm_aligned(elements * x->size));
        add_stretch(x, elements, part, total);
    }
    store_totals(x, g, total);
    if (g->finish) g->finish(g->user, 0, g->m, 0, g->n);
}

/* ---- the two calls -------------------------------------------------------------------------- */

size_t tgi_gemm_work(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    if (g->m <= 0 || g->n <= 0 || g->k <= 0) return 0;
    const tgi_gemm plain = with_plain_steps(g);
    if (is_small(x, &plain)) return 0;
    const size_t bytes = g->k > LONG_DEPTH ? long_work(x, &plain) : stretch_work(x, &plain);
    return bytes ? bytes + TGI_GEMM_ALIGN : 0;
}

static void clear(const tgi_gemm_kernel *x, const tgi_gemm *g)
{
    for (int64_t i = 0; !g->accumulate && i < g->m; i++)
        memset((char *)g->c + i * g->c_row * x->size, 0, (size_t)(g->n * x->size));
}

void tgi_gemm_run(const tgi_gemm_kernel *x, const tgi_gemm *g, void *work)
{
    if (g->m <= 0 || g->n <= 0) return;
    const tgi_gemm plain = with_plain_steps(g);
    if (g->k <= 0 || is_small(x, &plain)) {
        if (g->k <= 0)
            clear(x, g);
        else
            x->small(&plain);
        if (g->finish) g->finish(g->user, 0, g->m, 0, g->n);
        return;
    }
    char nothing; /* if no memory is needed, offsets of 0 are still added to an address */
    char *const start = work ? (char *)work + (-(uintptr_t)work % TGI_GEMM_ALIGN) : &nothing;
    if (g->k > LONG_DEPTH)
        run_long(x, &plain, start);
    else
        run_stretch(x, &plain, start);
}
