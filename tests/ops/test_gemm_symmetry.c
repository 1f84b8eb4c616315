/* test_gemm_symmetry.c - equal units stay equal: where A has equal rows and B equal columns, the
 * elements of C are equal to the bit, at any place of a tile, a panel or a vector. */
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/rng.h"
#include "tests/support/suite.h"

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

/* A matrix of `count` equal vectors of k numbers: each contiguous, or side by side. */
static void *equal_vectors(int64_t count, int64_t k, bool contiguous, bool f64, uint64_t seed)
{
    void *data = malloc((size_t)(count * k) * (f64 ? sizeof(double) : sizeof(float)));
    ck_assert_ptr_nonnull(data);
    tg_rng rng = tg_rng_make(seed, 0);
    for (int64_t p = 0; p < k; p++) {
        const double value = tg_rng_next_uniform(&rng, -1, 1);
        for (int64_t i = 0; i < count; i++) {
            const int64_t at = contiguous ? i * k + p : p * count + i;
            if (f64)
                ((double *)data)[at] = value;
            else
                ((float *)data)[at] = (float)value;
        }
    }
    return data;
}

static void assert_equal_elements(const char *isa, bool f64, const int *shape, int turn)
{
    const int64_t m = shape[0], n = shape[1], k = shape[2];
    const bool a_rows = turn & 1, b_cols = turn & 2, accumulate = turn & 4;
    const tgi_gemm_kernel *kernel = &tgi_kernels_named(isa)->gemm[f64];
    void *a = equal_vectors(m, k, a_rows, f64, 1), *b = equal_vectors(n, k, b_cols, f64, 2);
    char *c = equal_vectors(m * n, 1, true, f64, 3);
    const tgi_gemm g = {.m = m,
                        .n = n,
                        .k = k,
                        .a = a,
                        .a_row = a_rows ? k : 1,
                        .a_col = a_rows ? 1 : m,
                        .b = b,
                        .b_row = b_cols ? 1 : n,
                        .b_col = b_cols ? k : 1,
                        .c = c,
                        .c_row = n,
                        .accumulate = accumulate};
    void *work = malloc(tgi_gemm_work(kernel, &g) + 1);
    ck_assert_ptr_nonnull(work);
    tgi_gemm_run(kernel, &g, work);
    const size_t size = (size_t)kernel->size;
    for (int64_t i = 1; i < m * n; i++)
        if (memcmp(c, c + (size_t)i * size, size) != 0)
            ck_abort_msg("%s %s m=%d n=%d k=%d, %s %s%s: C[%d,%d] differs from C[0,0]", isa,
                         f64 ? "f64" : "f32", shape[0], shape[1], shape[2],
                         a_rows ? "rows" : "columns", b_cols ? "columns" : "rows",
                         accumulate ? ", added" : "", (int)(i / n), (int)(i % n));
    free(a), free(b), free(c), free(work);
}

START_TEST(test_equal_units)
{
    /* Tiny, small, vectors, blocks, slices. */
    const int shapes[][3] = {{1, 3, 5},     {2, 2, 2},      {3, 5, 7},      {6, 100, 11},
                             {6, 100, 100}, {13, 17, 33},   {1, 1000, 37},  {1, 37, 1000},
                             {37, 1, 1000}, {1000, 1, 37},  {30, 40, 600},  {100, 100, 128},
                             {67, 300, 90}, {784, 100, 64}, {1100, 140, 5}, {5, 7, 9000},
                             {130, 70, 33}, {40, 2100, 9},  {129, 10, 100}, {9, 300, 400}};
    const char *isa = isas[_i];
    const int step = getenv("TG_TEST_QUICK") ? 3 : 1;
    if (!tgi_kernels_named(isa)) return;
    for (int s = 0; s < COUNT(shapes); s++)
        for (int turn = s % step; turn < 8; turn += step)
            for (int f64 = 0; f64 < 2; f64++) assert_equal_elements(isa, f64, shapes[s], turn);
}
END_TEST

SUITE("gemm_symmetry", .timeout = 120, .tests = {{test_equal_units, COUNT(isas)}})
