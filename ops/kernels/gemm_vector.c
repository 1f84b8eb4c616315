/* gemm_vector.c - a matrix times a vector, by dot products with rows or by adding up rows,
 * whichever reads the matrix in memory order. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/kernels/gemm.h"

enum {
    CHUNK = 1 << 16, /* elements of the matrix worth handing to a thread */
    MAX_CHUNKS = 64,
    ADDED_COLS = 2048 /* columns at a time when rows are added up; their sums stay in L1 */
};

/* y (n) = the sum over p < k of x[p] b[p,j]. Every product is brought into this form, by
 * transposing if need be. */
typedef struct product {
    const tgi_gemm_kernel *kernel;
    const tgi_gemm *g;
    int64_t n, k, chunks;
    const char *x, *b;
    int64_t x_step, b_row, b_col;
    char *y;
    int64_t y_step;
    bool dots; /* b_row = 1, each y[j] is a dot product; else b_col = 1 */
} product;

static product make_product(const tgi_gemm_kernel *kernel, const tgi_gemm *g)
{
    product v = {.kernel = kernel, .g = g, .k = g->k, .y = g->c};
    if (g->m == 1) {
        v.n = g->n, v.y_step = 1;
        v.x = g->a, v.x_step = g->a_col;
        v.b = g->b, v.b_row = g->b_row, v.b_col = g->b_col;
    } else {
        v.n = g->m, v.y_step = g->c_row;
        v.x = g->b, v.x_step = g->b_row;
        v.b = g->a, v.b_row = g->a_col, v.b_col = g->a_row;
    }
    v.dots = v.b_row == 1 && !(v.k == 1 && v.b_col == 1);
    const int64_t per_chunk = tgi_max(1, CHUNK / v.k);
    v.chunks = g->serial ? 1 : tgi_max(1, tgi_min(v.n / per_chunk, MAX_CHUNKS));
    if (!v.dots) v.chunks = tgi_max(v.chunks, tgi_ceil_div(v.n, ADDED_COLS));
    return v;
}

bool tgi_gemm_vector_takes(const tgi_gemm *g)
{
    if (g->m == 1) return g->b_row == 1 || g->b_col == 1;
    if (g->n == 1) return g->a_col == 1 || (g->a_row == 1 && g->c_row == 1);
    return false;
}

/* Dot products need a contiguous x. */
static bool copies_x(const product *v) { return v->dots && v->x_step != 1 && v->k > 1; }

size_t tgi_gemm_vector_work(const tgi_gemm_kernel *kernel, const tgi_gemm *g)
{
    const product v = make_product(kernel, g);
    return copies_x(&v) ? tgi_gemm_aligned(v.k * kernel->size) : 0;
}

static void run_chunk(void *user, int64_t c)
{
    const product *v = user;
    const int64_t first = v->n * c / v->chunks, size = v->kernel->size;
    const int64_t count = v->n * (c + 1) / v->chunks - first;
    const char *b = v->b + first * v->b_col * size;
    char *y = v->y + first * v->y_step * size;
    const bool accumulate = v->g->accumulate;
    if (v->dots)
        v->kernel->dots(count, v->k, b, v->b_col, v->x, y, v->y_step, accumulate);
    else
        v->kernel->add_rows(count, v->k, b, v->b_row, v->x, v->x_step, y, accumulate);
    if (!v->g->finish) return;
    if (v->g->m > 1)
        v->g->finish(v->g->user, first, count, 0, 1);
    else if (v->g->n > TGI_GEMM_WHOLE_ROWS)
        v->g->finish(v->g->user, 0, 1, first, count);
}

void tgi_gemm_vector(const tgi_gemm_kernel *kernel, const tgi_gemm *g, char *work)
{
    product v = make_product(kernel, g);
    if (copies_x(&v)) {
        kernel->pack(v.k, 1, 1, 1, v.x, 1, v.x_step, work, v.k);
        v.x = work;
    }
    tgi_parallel_for(v.chunks, run_chunk, &v);
    if (g->finish && g->m == 1 && g->n <= TGI_GEMM_WHOLE_ROWS) g->finish(g->user, 0, 1, 0, g->n);
}
