/* test_reduce_kernels.c - the kernels of reductions of every instruction set, against plain loops
 * in the order that ops/kernels/reduce.h promises, and against long double. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/rng.h"
#include "tapegrad/tensor.h"
#include "tests/support/suite.h"

enum { MOST = 67, ROWS = 19, ROOM = 64 << 10, FILL = 0x5a };

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};
static const tgi_reduce_kernels *kernels; /* of the instruction set under test */

static bool begin(int i)
{
    const tgi_kernels *k = tgi_kernels_named(isas[i]);
    kernels = k ? &k->reduce : NULL;
    return k;
}

static const double specials[] = {0,      -0.0,  NAN,    INFINITY, -INFINITY,
                                  5e-324, 1e-40, -3e-39, 1e30,     -1e30};

/* special: how many of ten elements. */
static void fill(tg_dtype dtype, void *x, int64_t n, int special, tg_rng *rng)
{
    for (int64_t i = 0; i < n; i++) {
        const double v = (int)tg_rng_next_below(rng, 10) < special
                             ? specials[tg_rng_next_below(rng, COUNT(specials))]
                             : tg_rng_next_uniform(rng, -9, 9);
        if (dtype == TG_F32) ((float *)x)[i] = (float)v;
        if (dtype == TG_F64) ((double *)x)[i] = v;
        if (dtype == TG_I32) ((uint32_t *)x)[i] = (uint32_t)tg_rng_next_below(rng, UINT32_MAX);
    }
}

static double at(tg_dtype dtype, const void *x, int64_t i)
{
    return dtype == TG_F32   ? (double)((const float *)x)[i]
           : dtype == TG_F64 ? ((const double *)x)[i]
                             : ((const int32_t *)x)[i];
}

/* ---- folds ---------------------------------------------------------------------------------- */

/* The names of the kernels, by row. */
#define X(name, kernel, ...) #kernel,
static const char *const kernel_names[] = {TGI_REDUCTIONS(X)};
#undef X

static bool is(int op, const char *kernel) { return strcmp(kernel_names[op], kernel) == 0; }

/* Rows that share a kernel are looked at once. */
static bool is_new(int op)
{
    for (int i = 0; i < op; i++)
        if (is(i, kernel_names[op])) return false;
    return true;
}

/* a o b of two accumulators; of integers the sum modulo 2^32. */
static double joined(int op, tg_dtype dtype, double a, double b)
{
    if (is(op, "max")) return isnan(a) || a >= b ? a : b;
    if (!is(op, "sum") && !is(op, "nansum") && !is(op, "norm1"))
        ck_abort_msg("what %s does is not spelled out here", kernel_names[op]);
    if (dtype != TG_I32) return a + b;
    return (double)(int32_t)((uint32_t)(int32_t)a + (uint32_t)(int32_t)b);
}

/* a o b of an accumulator and an element. */
static double plain(int op, tg_dtype dtype, double a, double b)
{
    if (is(op, "nansum") && isnan(b)) return a;
    const bool wraps = dtype == TG_I32 && b <= INT32_MIN;
    return joined(op, dtype, a, is(op, "norm1") && !wraps ? fabs(b) : b);
}

static double nothing(int op, tg_dtype dtype)
{
    return !is(op, "max") ? 0 : dtype == TG_I32 ? (double)INT32_MIN : -(double)INFINITY;
}

static double acc_at(int op, tg_dtype dtype, const void *acc, int64_t j)
{
    return at(!is(op, "max") && dtype == TG_F32 ? TG_F64 : dtype, acc, j);
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void try_rows(int op, tg_dtype dtype, int64_t rows, int64_t width, int64_t turn, tg_rng *rng)
{
    const tgi_fold_kernel *k = kernels->fold[op][dtype];
    static char room[ROOM], acc[(MOST + 40) * 8];
    const int64_t step = turn % 3 == 0 ? width : turn % 3 == 1 ? width + 5 : 0;
    char *const x = room + turn % 5 * k->x_size, *const to = acc + turn % 4 * k->acc_size;
    fill(dtype, x, rows * (width + 5), turn % 2 ? 2 : 0, rng);
    memset(acc, FILL, sizeof acc);
    k->start(to, width);
    const int64_t half = rows / 2; /* two calls go on from each other */
    k->rows(to, half, width, x, step);
    k->rows(to, rows - half, width, x + half * step * k->x_size, step);
    for (int64_t j = 0; j < width; j++) {
        double want = nothing(op, dtype);
        for (int64_t r = 0; r < rows; r++)
            want = plain(op, dtype, want, at(dtype, x, r * step + j));
        if (!same(acc_at(op, dtype, to, j), want))
            ck_abort_msg("fold %d of dtype %d, %d x %d: column %d is %.17g, not %.17g", op, dtype,
                         (int)rows, (int)width, (int)j, acc_at(op, dtype, to, j), want);
    }
    for (const char *p = acc; p < acc + sizeof acc; p++)
        if ((p < to || p >= to + width * k->acc_size) && *p != FILL)
            ck_abort_msg("fold %d of dtype %d, width %d: a byte beside the result", op, dtype,
                         (int)width);
}

START_TEST(rows_of_every_width)
{
    tg_rng rng = tg_rng_make(1, 0);
    int64_t turn = 0;
    for (int op = 0; op < TGI_REDUCE_COUNT && begin(_i); op++)
        for (int d = 0; d < TGI_FOLD_DTYPES && is_new(op); d++)
            for (int64_t width = 0; width <= MOST; width++)
                for (int64_t rows = 0; rows <= ROWS; rows += 1 + rows / 3, turn++)
                    try_rows(op, (tg_dtype)d, rows, width, turn, &rng);
}
END_TEST

/* The order of reduce.h, spelled out. */
static double plain_line(int op, tg_dtype dtype, int64_t count, const void *x, int64_t from)
{
    double lane[TGI_FOLD_LANES];
    const int64_t lanes = count < TGI_FOLD_SHORT ? 1 : TGI_FOLD_LANES;
    for (int j = 0; j < TGI_FOLD_LANES; j++) lane[j] = nothing(op, dtype);
    for (int64_t j = 0; j < count; j++)
        lane[j % lanes] = plain(op, dtype, lane[j % lanes], at(dtype, x, from + j));
    for (int64_t half = lanes / 2; half > 0; half /= 2)
        for (int64_t j = 0; j < half; j++) lane[j] = joined(op, dtype, lane[j], lane[j + half]);
    return lane[0];
}

static void try_lines(int op, tg_dtype dtype, int64_t lines, int64_t count, int64_t turn,
                      tg_rng *rng)
{
    const tgi_fold_kernel *k = kernels->fold[op][dtype];
    static char room[512 << 10], y[100 * 8];
    const int64_t step = turn % 2 ? count : count + 3;
    char *const x = room + turn % 5 * k->x_size, *const to = y + turn % 3 * k->x_size;
    fill(dtype, x, lines * step, turn % 3 == 0, rng);
    memset(y, FILL, sizeof y);
    k->lines(lines, count, x, step, to);
    for (int64_t i = 0; i < lines; i++) {
        double want = plain_line(op, dtype, count, x, i * step);
        if (dtype == TG_F32) want = (double)(float)want;
        if (!same(at(dtype, to, i), want))
            ck_abort_msg("fold %d of dtype %d, line %d of %d, %d elements: %.17g, not %.17g", op,
                         dtype, (int)i, (int)lines, (int)count, at(dtype, to, i), want);
    }
    for (const char *p = y; p < y + sizeof y; p++)
        if ((p < to || p >= to + lines * k->x_size) && *p != FILL)
            ck_abort_msg("fold %d of dtype %d, %d lines: a byte beside the result", op, dtype,
                         (int)lines);
}

START_TEST(lines_of_every_length)
{
    static const int64_t many[] = {1, 2, 3, 4, 5, 8, 11, 33, 70};
    tg_rng rng = tg_rng_make(2, 0);
    int64_t turn = 0;
    for (int op = 0; op < TGI_REDUCE_COUNT && begin(_i); op++)
        for (int d = 0; d < TGI_FOLD_DTYPES && is_new(op); d++)
            for (int64_t n = 1; n <= MOST + 3; n++, turn++)
                try_lines(op, (tg_dtype)d, many[turn % COUNT(many)],
                          n <= MOST ? n : 300 * (n - MOST), turn, &rng);
}
END_TEST

/* ---- squares -------------------------------------------------------------------------------- */

/* Not fused, in the order of reduce.h. */
static double plain_squares(tg_dtype dtype, int64_t count, const void *x, int64_t from,
                            double scale)
{
    double lane[TGI_SQUARE_LANES] = {0};
    for (int64_t j = 0; j < count; j++) {
        const double v = at(dtype, x, from + j) * scale;
        const volatile double square = v * v;
        lane[j % TGI_SQUARE_LANES] += square;
    }
    for (int half = TGI_SQUARE_LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

START_TEST(sums_of_squares)
{
    static double x[9 * 4200], sum[10];
    static const int64_t counts[] = {255, 256, 1000, 4096};
    tg_rng rng = tg_rng_make(7, 0);
    for (int d = 0; d < 2 && begin(_i); d++)
        for (int64_t k = 0; k <= MOST + COUNT(counts); k++) {
            const int64_t count = k <= MOST ? k : counts[k - MOST - 1], lines = 1 + k % 9;
            const int64_t step = count + k % 3;
            const double scale = d == TG_F64 && k % 2 ? 0x1p-3 : 1;
            fill((tg_dtype)d, x, lines * step, k % 5 == 0, &rng);
            memset(sum, FILL, sizeof sum);
            kernels->squares[d](lines, count, x, step, scale, sum);
            for (int64_t i = 0; i < lines; i++) {
                const double want = plain_squares((tg_dtype)d, count, x, i * step, scale);
                if (!same(sum[i], want))
                    ck_abort_msg("%s, dtype %d, %d elements: %.17g, not %.17g", isas[_i], d,
                                 (int)count, sum[i], want);
            }
            ck_assert_int_eq(((char *)(sum + lines))[0], FILL);
        }
}
END_TEST

/* ---- exponentials --------------------------------------------------------------------------- */

static void put(tg_dtype dtype, void *x, int64_t i, double v)
{
    if (dtype == TG_F32)
        ((float *)x)[i] = (float)v;
    else
        ((double *)x)[i] = v;
}

START_TEST(exponentials_below_their_top)
{
    static double x[MOST + 5], top[MOST + 5], e[MOST + 5];
    tg_rng rng = tg_rng_make(3, 0);
    for (int d = 0; d < 2 && begin(_i); d++)
        for (int64_t n = 0; n <= MOST; n++) {
            const double eps = d ? DBL_EPSILON : (double)FLT_EPSILON, least = d ? 1e-300 : 1e-37;
            for (int64_t j = 0; j < n; j++) {
                put((tg_dtype)d, top, j, tg_rng_next_uniform(&rng, -50, 50));
                put((tg_dtype)d, x, j, at((tg_dtype)d, top, j) - tg_rng_next_uniform(&rng, 0, 60));
                if (j % 11 == 3) put((tg_dtype)d, x, j, at((tg_dtype)d, top, j));
                if (j % 11 == 5) put((tg_dtype)d, x, j, -(double)INFINITY);
                if (j % 11 == 7) put((tg_dtype)d, x, j, -(double)FLT_MAX);
            }
            memset(e, FILL, sizeof e);
            kernels->exp[d]->exps(n, x, top, e);
            for (int64_t j = 0; j < n; j++) {
                const double less =
                    d ? x[j] - top[j] : (double)(((float *)x)[j] - ((float *)top)[j]);
                const double want = (double)expl((long double)less), got = at((tg_dtype)d, e, j);
                if (!(fabs(got - want) <= 1.5 * eps * want + least))
                    ck_abort_msg("%s, dtype %d: exp(%g) is %.17g, not %.17g", isas[_i], d, less,
                                 got, want);
            }
            ck_assert_int_eq(((char *)e)[n * (d ? 8 : 4)], FILL);
        }
}
END_TEST

START_TEST(sums_of_exponentials)
{
    static double x[9 * 3100], top[9], sum[10];
    static const int64_t counts[] = {255, 256, 257, 290, 1000, 3000};
    tg_rng rng = tg_rng_make(4, 0);
    for (int d = 0; d < 2 && begin(_i); d++)
        for (int64_t k = 1; k <= MOST + COUNT(counts); k++) {
            const int64_t count = k <= MOST ? k : counts[k - MOST - 1], lines = 1 + k % 9;
            const int64_t step = count + k % 3;
            fill((tg_dtype)d, x, lines * step, 0, &rng);
            for (int64_t i = 0; i < lines; i++) put((tg_dtype)d, top, i, 9);
            put((tg_dtype)d, x, 0, -(double)INFINITY);
            memset(sum, FILL, sizeof sum);
            kernels->exp[d]->lines(lines, count, x, step, top, sum);
            for (int64_t i = 0; i < lines; i++) {
                long double want = 0;
                for (int64_t j = 0; j < count; j++)
                    want += expl((long double)at((tg_dtype)d, x, i * step + j) - 9);
                const double eps = d ? DBL_EPSILON : (double)FLT_EPSILON;
                /* x - top is rounded as well, to half a unit of a number below 32. */
                if (!(fabsl((long double)sum[i] - want) <= 10 * (long double)eps * want + 1e-37L))
                    ck_abort_msg("%s, dtype %d, %d elements: %.17g, not %.17Lg", isas[_i], d,
                                 (int)count, sum[i], want);
            }
            ck_assert_int_eq(((char *)(sum + lines))[0], FILL);
        }
}
END_TEST

/* ---- places --------------------------------------------------------------------------------- */

static int64_t plain_place(tg_dtype dtype, int64_t n, const void *x, int64_t from, int64_t step)
{
    int64_t best = 0;
    for (int64_t j = 1; j < n; j++) {
        const double v = at(dtype, x, from + j * step), most = at(dtype, x, from + best * step);
        if (v > most || (isnan(v) && !isnan(most))) best = j;
    }
    return best;
}

START_TEST(places_in_lines)
{
    static char room[70 * 3100 * 8];
    static int32_t y[71];
    static const int64_t counts[] = {1023, 1024, 1025, 2048, 3000};
    tg_rng rng = tg_rng_make(5, 0);
    for (int d = 0; d < TGI_FOLD_DTYPES && begin(_i); d++)
        for (int64_t k = 1; k <= MOST + COUNT(counts); k++) {
            const int64_t count = k <= MOST ? k : counts[k - MOST - 1], lines = k * 13 % 70 + 1;
            char *const x = room + k % 3 * (d == TG_F64 ? 8 : 4);
            fill((tg_dtype)d, x, lines * (count + 2), (int)(k % 3), &rng);
            y[lines] = FILL;
            kernels->argmax[d]->lines(lines, count, x, count + 2, y);
            for (int64_t i = 0; i < lines; i++)
                if (y[i] != plain_place((tg_dtype)d, count, x, i * (count + 2), 1))
                    ck_abort_msg("%s, dtype %d, line %d of %d elements: %d", isas[_i], d, (int)i,
                                 (int)count, y[i]);
            ck_assert_int_eq(y[lines], FILL);
        }
}
END_TEST

START_TEST(places_in_columns)
{
    static char room[ROOM];
    static double best[MOST + 1];
    static int64_t index[MOST + 1];
    tg_rng rng = tg_rng_make(6, 0);
    for (int d = 0; d < TGI_FOLD_DTYPES && begin(_i); d++)
        for (int64_t width = 1; width <= MOST; width++) {
            const tgi_argmax_kernel *k = kernels->argmax[d];
            const int64_t rows = width * 7 % ROWS + 1, size = d == TG_F64 ? 8 : 4;
            char *const x = room + width % 3 * size;
            fill((tg_dtype)d, x, rows * (width + 1), (int)(width % 3), &rng);
            memcpy(best, x, (size_t)(width * size));
            memset(index, 0, sizeof index);
            k->rows(best, index, 1, rows / 2, width, x + (width + 1) * size, width + 1);
            k->rows(best, index, 1 + rows / 2, rows - 1 - rows / 2, width,
                    x + (1 + rows / 2) * (width + 1) * size, width + 1);
            for (int64_t j = 0; j < width; j++) {
                const int64_t got = k->index_size == 8 ? index[j] : ((int32_t *)(void *)index)[j];
                if (got != plain_place((tg_dtype)d, rows, x, j, width + 1))
                    ck_abort_msg("%s, dtype %d, %d x %d, column %d: %d", isas[_i], d, (int)rows,
                                 (int)width, (int)j, (int)got);
            }
        }
}
END_TEST

SUITE("reduce_kernels", .timeout = 300,
      .tests = {
          {rows_of_every_width, COUNT(isas)},
          {lines_of_every_length, COUNT(isas)},
          {sums_of_squares, COUNT(isas)},
          {exponentials_below_their_top, COUNT(isas)},
          {sums_of_exponentials, COUNT(isas)},
          {places_in_lines, COUNT(isas)},
          {places_in_columns, COUNT(isas)},
      })
