/* test_reduce_levels.c - sums so long that they reach the last level of ops/reduce/total.c, and
 * other loops that go deeper with the logarithm of a size. Views that repeat one element need no
 * memory; TG_TEST_LONG=1 adds the sizes at which f32 reaches the last level, half a minute. */
#include "ops/reduce/reduce.h"
#include "tests/support/tape.h"

/* ---- the total itself, with a first level of one row ---------------------------------------- */

enum { WIDTH = 4, GUARD = 0x5a };

typedef struct guarded_total {
    tgi_total total;
    double levels[TGI_TOTAL_LEVELS][WIDTH];
    unsigned char guard[64];
} guarded_total;

static const tg_dtype rounding[] = {TG_F32, TG_F64};

/* The levels that so many rows reach, one row and then 32 of the level below. */
static int64_t levels_reached(int64_t rows)
{
    int64_t levels = 1, holds = 1;
    for (; rows >= holds && levels < TGI_TOTAL_LEVELS; holds *= 32) levels++;
    return levels;
}

static void check_rows(const tgi_fold_kernel *kernel, int64_t rows, bool in_pieces)
{
    static const float f32[WIDTH] = {1, 2, -3, 0.5F};
    static const double f64[WIDTH] = {1, 2, -3, 0.5};
    const void *const x = kernel->x_size == 4 ? (const void *)f32 : f64;
    guarded_total g;
    memset(&g, GUARD, sizeof g);
    tgi_total_begin(&g.total, kernel, WIDTH);
    for (int64_t r = 0, take = rows; r < rows; r += take) {
        take = !in_pieces ? rows : rows - r < 1000 ? rows - r : 1000;
        tgi_total_rows(&g.total, take, WIDTH, x, 0);
    }
    ck_assert_int_eq(g.total.levels, levels_reached(rows));
    ck_assert_uint_eq(tgi_total_size(kernel, WIDTH, rows),
                      TGI_TOTAL_HEAD +
                          (size_t)(g.total.levels * WIDTH * kernel->acc_size + 63) / 64 * 64);
    const void *const sum = tgi_total_end(&g.total);
    for (int j = 0; j < WIDTH; j++)
        ck_assert_double_eq(kernel->acc_size == 4 ? (double)((const float *)sum)[j]
                                                  : ((const double *)sum)[j],
                            (double)rows * f64[j]);
    for (size_t i = 0; i < sizeof g.guard; i++) ck_assert_uint_eq(g.guard[i], GUARD);
}

START_TEST(a_total_of_any_depth)
{
    tgi_fold_kernel kernel = *tgi_kernels_get()->reduce.fold[TGI_REDUCE_sum][rounding[_i]];
    kernel.level = 1;
    for (int64_t full = 1; full <= 1 << 20; full *= 32)
        for (int64_t rows = full - 1; rows <= full + 1; rows++) {
            check_rows(&kernel, rows, false);
            check_rows(&kernel, rows, true);
        }
    check_rows(&kernel, 3 * (1 << 20) + 33, true);
}
END_TEST

/* ---- at real sizes -------------------------------------------------------------------------- */

/* One row or element, repeated. */
static tg_tensor *repeated(tg_dtype dtype, int64_t rows, int64_t columns, double value)
{
    const int64_t shape[] = {rows, columns}, one[] = {1, columns};
    return tg_expand(t, tg_full(t, dtype, 2, one, value), 2, shape);
}

static void expect(const char *what, const tg_tensor *y, double want, double relative)
{
    ck_assert_msg(y != NULL, "%s: %s", what, tg_tape_message(t));
    for (int64_t i = 0; i < y->size; i++)
        ck_assert_msg(is_close(read_at(y, i), want, relative, 0), "%s[%lld]: %.17g for %.17g", what,
                      (long long)i, read_at(y, i), want);
}

static const struct {
    tg_dtype dtype;
    int rows_log2;
    int64_t columns;
    bool is_long;
} sizes[] = {
    {TG_F64, 25, 4, false}, {TG_F64, 25, 1, false}, {TG_F64, 26, 4, true},
    {TG_F32, 28, 4, true},  {TG_F64, 30, 1, true},  {TG_F32, 30, 1, true},
};

START_TEST(sums_of_very_many_rows)
{
    const int64_t n = ((int64_t)1 << sizes[_i].rows_log2) + 1, columns = sizes[_i].columns;
    const double tolerance = sizes[_i].dtype == TG_F32 ? 1e-7 : 1e-15;
    if (sizes[_i].is_long && !getenv("TG_TEST_LONG")) return;
    tg_tensor *x = repeated(sizes[_i].dtype, n, columns, 0.75);
    expect("sum", tg_sum(t, x, 0, false), 0.75 * (double)n, tolerance);
    expect("mean", tg_mean(t, x, 0, false), 0.75, tolerance);
    expect("sum_to", tg_sum_to(t, x, DIMS(1, columns)), 0.75 * (double)n, tolerance);
    expect("max", tg_max(t, x, 0, false), 0.75, 0);
    expect("logsumexp", tg_logsumexp(t, x, 0, false), 0.75 + log((double)n), tolerance);
    if (columns == 1)
        expect("sum of all", tg_sum(t, x, TG_ALL, false), 0.75 * (double)n, tolerance);
}
END_TEST

/* The cotangent of an operand that was broadcast is summed over as many rows. */
START_TEST(gradients_over_very_many_rows)
{
    const int64_t n = 1 << 25;
    tg_tensor *w = tensor_of(t, "f64[4]: 1 2 3 4"), *dw = NULL;
    tg_tensor *y = tg_expand(t, w, DIMS(n, 4));
    tg_tensor *dy = repeated(TG_F64, n, 4, 0.75);
    ck_assert_int_eq(tg_vjp(t, 1, &y, &dy, 1, &w, &dw), TG_OK);
    expect("gradient", dw, 0.75 * (double)n, 1e-15);
}
END_TEST

SUITE("reduce_levels", .with = {TAPE}, .timeout = 600,
      .tests = {
          {a_total_of_any_depth, COUNT(rounding)},
          {sums_of_very_many_rows, COUNT(sizes)},
          {gradients_over_very_many_rows},
      })
