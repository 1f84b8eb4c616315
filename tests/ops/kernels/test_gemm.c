/* test_gemm.c - matrix multiplication of every instruction set against three plain loops. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"
#include "tests/support/suite.h"

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};
static const int sizes[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  12, 13, 14, 15,
                            16, 17, 18, 19, 31, 32, 33, 35, 36, 37, 63, 64, 65, 67};
static const int depths[] = {0, 1, 2, 3, 4, 5, 8, 17, 33, 67};

/* ---- one matrix with given steps, in a block of exactly its extent -------------------------- */

typedef enum layout { ROWS, COLUMNS, REVERSED, SPREAD, SAME_ROWS, SAME_COLUMNS, LAYOUTS } layout;

typedef struct matrix {
    void *block, *first; /* element (0,0) */
    int64_t row, col;
} matrix;

static double get(const void *data, int64_t i, bool f64)
{
    return f64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static void set(void *data, int64_t i, bool f64, double value)
{
    if (f64)
        ((double *)data)[i] = value;
    else
        ((float *)data)[i] = (float)value;
}

/* One extra element in front, so that the data has no alignment beyond that of an element. */
static matrix matrix_new(int64_t rows, int64_t cols, layout how, bool f64, tg_rng *rng)
{
    matrix x = {.row = cols, .col = 1};
    if (how == COLUMNS) x.row = 1, x.col = rows;
    if (how == REVERSED) x.row = -cols, x.col = -1;
    if (how == SPREAD) x.row = 3 * cols + 2, x.col = 3;
    if (how == SAME_ROWS) x.row = 0;
    if (how == SAME_COLUMNS) x.row = 1, x.col = 0;
    const bool none = rows == 0 || cols == 0;
    const int64_t last = none ? -1 : llabs(x.row) * (rows - 1) + llabs(x.col) * (cols - 1);
    const size_t width = f64 ? 8 : 4;
    x.block = malloc((size_t)(last + 2) * width);
    ck_assert_ptr_nonnull(x.block);
    for (int64_t i = 0; i <= last + 1; i++) set(x.block, i, f64, tg_rng_next_uniform(rng, -1, 1));
    x.first = (char *)x.block + (size_t)(1 + (how == REVERSED ? last : 0)) * width;
    return x;
}

/* ---- what is told of parts of C that are final ---------------------------------------------- */

/* Elements for which finish was called, and their values then. The rows of C are consecutive
 * there. */
typedef struct told {
    const tgi_gemm *g;
    size_t width;
    unsigned char *times;
    char *seen;
} told;

/* Called by several threads, each for other elements. */
static void tell(void *user, int64_t row, int64_t rows, int64_t col, int64_t cols)
{
    const told *x = user;
    const tgi_gemm *g = x->g;
    const bool inside =
        row >= 0 && rows > 0 && row + rows <= g->m && col >= 0 && cols > 0 && col + cols <= g->n;
    const bool whole = cols == g->n || g->n > TGI_GEMM_WHOLE_ROWS;
    for (int64_t i = row; inside && i < row + rows; i++) {
        for (int64_t j = col; j < col + cols; j++)
            x->times[i * g->n + j] = (unsigned char)(x->times[i * g->n + j] + (whole ? 1 : 100));
        memcpy(x->seen + (size_t)(i * g->n + col) * x->width,
               (const char *)g->c + (size_t)(i * g->c_row + col) * x->width,
               (size_t)cols * x->width);
    }
}

/* Multiplies. finish must be called once for every element, in whole rows, with the final value. */
static void multiply(const tgi_gemm_kernel *kernel, const tgi_gemm *without, void *work,
                     const char *isa)
{
    tgi_gemm g = *without;
    const size_t elements = (size_t)(g.m * g.n), width = (size_t)kernel->size;
    told x = {&g, width, calloc(elements + 1, 1), malloc(elements * width + 1)};
    ck_assert(x.times && x.seen);
    g.finish = tell;
    g.user = &x;
    tgi_gemm_run(kernel, &g, work);
    for (int64_t i = 0; i < g.m; i++)
        for (int64_t j = 0; j < g.n; j++)
            if (x.times[i * g.n + j] != 1 ||
                memcmp(x.seen + (size_t)(i * g.n + j) * width,
                       (char *)g.c + (size_t)(i * g.c_row + j) * width, width) != 0)
                ck_abort_msg("%s m=%d n=%d k=%d: C[%d,%d] was told of %d times, or early", isa,
                             (int)g.m, (int)g.n, (int)g.k, (int)i, (int)j, x.times[i * g.n + j]);
    free(x.times), free(x.seen);
}

/* C = A B, of m rows and n columns. */
static tgi_gemm product(int64_t m, int64_t n, int64_t k, matrix a, matrix b, matrix c)
{
    return (tgi_gemm){.m = m,
                      .n = n,
                      .k = k,
                      .a = a.first,
                      .a_row = a.row,
                      .a_col = a.col,
                      .b = b.first,
                      .b_row = b.row,
                      .b_col = b.col,
                      .c = c.first,
                      .c_row = c.row};
}

/* ---- one multiplication --------------------------------------------------------------------- */

typedef struct trial {
    const char *isa;
    bool f64, accumulate, serial;
    int64_t m, n, k;
    layout a, b;
} trial;

static void assert_product(const trial *c, const tgi_gemm *g, const void *before)
{
    const double eps = c->f64 ? DBL_EPSILON : FLT_EPSILON;
    for (int64_t i = 0; i < c->m; i++)
        for (int64_t j = 0; j < g->c_row; j++) {
            const double old = get(before, i * g->c_row + j, c->f64);
            double want = c->accumulate || j >= c->n ? old : 0, size = fabs(want);
            for (int64_t p = 0; p < c->k && j < c->n; p++) {
                const double term = get(g->a, i * g->a_row + p * g->a_col, c->f64) *
                                    get(g->b, p * g->b_row + j * g->b_col, c->f64);
                want += term;
                size += fabs(term);
            }
            const double got = get(g->c, i * g->c_row + j, c->f64);
            if (j < c->n ? !(fabs(got - want) <= (double)(c->k + 2) * eps * size) : got != want)
                ck_abort_msg("%s %s m=%d n=%d k=%d layouts %d %d, accumulate %d: C[%d,%d] = %.9g, "
                             "expected %.9g",
                             c->isa, c->f64 ? "f64" : "f32", (int)c->m, (int)c->n, (int)c->k, c->a,
                             c->b, c->accumulate, (int)i, (int)j, got, want);
        }
}

/* C has three columns too many, which must stay as they are. */
static void try(const trial *c)
{
    const tgi_gemm_kernel *kernel = &tgi_kernels_named(c->isa)->gemm[c->f64];
    tg_rng rng = tg_rng_make((uint64_t)(c->m + 100 * c->n + 10000 * c->k), 0);
    const matrix a = matrix_new(c->m, c->k, c->a, c->f64, &rng);
    const matrix b = matrix_new(c->k, c->n, c->b, c->f64, &rng);
    const matrix y = matrix_new(c->m, c->n + 3, ROWS, c->f64, &rng);
    const size_t bytes = (size_t)(c->m * (c->n + 3) * kernel->size);
    void *before = malloc(bytes + 1);
    tgi_gemm g = product(c->m, c->n, c->k, a, b, y);
    g.accumulate = c->accumulate;
    g.serial = c->serial;
    void *work = malloc(tgi_gemm_work(kernel, &g) + 1);
    ck_assert(before && work);
    memcpy(before, y.first, bytes);
    tgi_gemm_run(kernel, &g, work);
    assert_product(c, &g, before);
    memcpy(y.first, before, bytes);
    multiply(kernel, &g, work, c->isa);
    assert_product(c, &g, before);
    free(a.block), free(b.block), free(y.block), free(before), free(work);
}

START_TEST(test_sizes)
{
    const char *isa = isas[_i];
    const int step = getenv("TG_TEST_QUICK") ? 3 : 1; /* for valgrind */
    if (!tgi_kernels_named(isa)) return;
    for (int i = 0; i < COUNT(sizes); i++)
        for (int j = i % step; j < COUNT(sizes); j += step)
            for (int f64 = 0; f64 < 2; f64++) {
                const int turn = i * COUNT(sizes) + j,
                          k = depths[(i + 3 * j + f64) % COUNT(depths)];
                const trial c = {.isa = isa,
                                 .f64 = f64,
                                 .accumulate = turn / 5 % 2,
                                 .m = sizes[i],
                                 .n = sizes[j],
                                 .k = k,
                                 .a = (layout)(turn % LAYOUTS),
                                 .b = (layout)(turn / LAYOUTS % LAYOUTS)};
                try(&c);
            }
}
END_TEST

/* Several blocks of k, of rows and of columns; slices and stretches of k; packed or not; every way
 * of reading. */
START_TEST(test_blocks)
{
    const int shapes[][3] = {{30, 40, 600},  {67, 300, 400}, {1100, 140, 20}, {3, 1100, 300},
                             {40, 2100, 9},  {5, 7, 9000},   {1, 1, 70000},   {1, 200, 100},
                             {200, 1, 100},  {20, 140, 33},  {150, 10, 300},  {1, 3000, 40},
                             {3000, 1, 40},  {1, 9, 5000},   {9, 1, 5000},    {90, 70, 800},
                             {130, 520, 90}, {300, 140, 70}, {1030, 600, 5},  {50, 1200, 300},
                             {1, 1, 300000}, {3, 5, 131073}, {17, 2, 140000}};
    const char *isa = isas[_i];
    const int step = getenv("TG_TEST_QUICK") ? 4 : 1;
    if (!tgi_kernels_named(isa)) return;
    for (int i = 0; i < COUNT(shapes); i++)
        for (int turn = i % step; turn < 4; turn += step) {
            const trial c = {.isa = isa,
                             .f64 = turn & 1,
                             .accumulate = turn >= 2,
                             .serial = turn == 3,
                             .m = shapes[i][0],
                             .n = shapes[i][1],
                             .k = shapes[i][2],
                             .a = (layout)turn,
                             .b = (layout)((i + turn) % 3)};
            try(&c);
        }
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

START_TEST(test_bits_do_not_depend_on_threads)
{
    const int shapes[][3] = {{128, 100, 784}, {784, 100, 128}, {25, 30, 9000},  {300, 520, 65},
                             {4000, 30, 25},  {1, 3000, 200},  {20, 1024, 500}, {40, 1025, 500},
                             {900, 300, 2},   {3, 5, 140000}};
    const int threads[] = {1, 2, 3, 4, 7};
    const char *isa = isas[_i];
    if (!tgi_kernels_named(isa)) return;
    for (int s = 0; s < COUNT(shapes); s++)
        for (int f64 = 0; f64 < 2; f64++) {
            const int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
            const tgi_gemm_kernel *kernel = &tgi_kernels_named(isa)->gemm[f64];
            tg_rng rng = tg_rng_make(5, 0);
            const matrix a = matrix_new(m, k, s % 2 ? COLUMNS : ROWS, f64, &rng);
            const matrix b = matrix_new(k, n, s % 3 ? ROWS : COLUMNS, f64, &rng);
            const matrix y = matrix_new(m, n, ROWS, f64, &rng);
            const tgi_gemm g = product(m, n, k, a, b, y);
            const size_t bytes = (size_t)(m * n * kernel->size);
            void *work = malloc(tgi_gemm_work(kernel, &g)), *first = malloc(bytes);
            ck_assert(work && first);
            for (int i = 0; i < COUNT(threads); i += getenv("TG_TEST_QUICK") ? 3 : 1) {
                ck_assert_int_eq(tg_set_num_threads(threads[i]), TG_OK);
                if (i % 2)
                    multiply(kernel, &g, work, isa);
                else
                    tgi_gemm_run(kernel, &g, work);
                if (i == 0) memcpy(first, y.first, bytes);
                ck_assert_msg(memcmp(first, y.first, bytes) == 0, "%s, shape %d, %d threads", isa,
                              s, threads[i]);
            }
            free(a.block), free(b.block), free(y.block), free(work), free(first);
        }
    (void)tg_set_num_threads(0);
}
END_TEST

START_TEST(test_tables)
{
    const tgi_kernels *best = tgi_kernels_get();
    ck_assert_ptr_nonnull(tgi_kernels_named("generic"));
    ck_assert_ptr_null(tgi_kernels_named("nonsense"));
    ck_assert_ptr_eq(best, tgi_kernels_named(best->isa));
    /* The best one, or the best one up to what the environment allows. */
    const char *cap = getenv("TAPEGRAD_ISA");
    const tgi_kernels *want = NULL;
    for (int i = 0; i < COUNT(isas); i++) {
        if (tgi_kernels_named(isas[i])) want = tgi_kernels_named(isas[i]);
        if (cap && strcmp(cap, isas[i]) == 0) break;
    }
    ck_assert_str_eq(best->isa, want->isa);
    ck_assert_str_eq(tg_instruction_set(), want->isa);
}
END_TEST

/* What TAPEGRAD_ISA may hold, and what is used then; NULL: the widest. */
START_TEST(test_isa_of_the_environment)
{
    static const char *const rows[][2] = {
        {"", NULL},   {"nonsense", NULL}, {"AVX2", NULL},         {"avx2 ", NULL}, {"avx", NULL},
        {"-1", NULL}, {"sse,avx2", NULL}, {"generic", "generic"}, {"sse", "sse"},
    };
    (void)unsetenv("TAPEGRAD_ISA");
    const tgi_kernels *widest = tgi_kernels_choose();
    for (int i = 0; i < COUNT(rows); i++) {
        (void)setenv("TAPEGRAD_ISA", rows[i][0], 1);
        const char *want = rows[i][1] ? rows[i][1] : widest->isa;
        ck_assert_msg(strcmp(tgi_kernels_choose()->isa, want) == 0, "'%s' is taken for %s",
                      rows[i][0], tg_instruction_set());
    }
}
END_TEST

SUITE("gemm", .timeout = 300,
      .tests = {
          {test_sizes, COUNT(isas)},
          {test_blocks, COUNT(isas)},
          {test_bits_do_not_depend_on_threads, COUNT(isas)},
          {test_tables, .group = "tables"},
          {test_isa_of_the_environment}, /* the last: it changes what is used */
      })
