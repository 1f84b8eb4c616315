/* test_random.c - random operations: word by word from the generator, the same in every dtype,
 * and distributed as they say. */
#include "tests/support/tape.h"

enum { MANY = 20000 };

/* ---- from the generator --------------------------------------------------------------------- */

START_TEST(element_j_comes_from_word_j)
{
    static const int64_t shapes[][3] = {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 2, 0},
                                        {1, 7, 0}, {2, 3, 3}, {2, 0, 5}};
    for (int k = 0; k < COUNT(shapes); k++)
        for (uint64_t seed = 1; seed < 5; seed++) {
            const tg_rng start = {seed, seed * 3, seed << 40};
            tg_rng r[4] = {start, start, start, start}, after = start;
            const int n = (int)shapes[k][0];
            const int64_t *shape = shapes[k] + 1;
            const tg_tensor *u = tg_uniform(t, &r[0], TG_F64, n, shape, -3, 5);
            const tg_tensor *v = tg_uniform(t, &r[1], TG_F32, n, shape, -3, 5);
            const tg_tensor *z = tg_normal(t, &r[2], TG_F64, n, shape, 2, 0.5);
            const tg_tensor *w = tg_normal(t, &r[3], TG_F32, n, shape, 2, 0.5);
            assert_fine(t, "random");
            tg_rng_skip(&after, (uint64_t)u->size);
            for (int i = 0; i < 4; i++)
                ck_assert(r[i].counter == after.counter && r[i].seed == seed &&
                          r[i].stream == seed * 3);
            for (int64_t j = 0; j < u->size; j++) {
                const uint64_t word = tg_rng_word(&start, (uint64_t)j);
                const double x = -3 + 8 * tg_rng_unit(word), y = 2 + 0.5 * tg_rng_normal(word);
                assert_close("uniform", TG_F64, j, seed, read_at(u, j), x, 0, 0);
                assert_close("uniform", TG_F32, j, seed, read_at(v, j), x, 0, 8 * 0x1p-23);
                assert_close("normal", TG_F64, j, seed, read_at(z, j), y, 0, 0);
                assert_close("normal", TG_F32, j, seed, read_at(w, j), (double)(float)y, 0, 0);
            }
        }
}
END_TEST

START_TEST(bernoulli_is_the_same_in_every_dtype)
{
    const double p[] = {0, 0x1p-60, 0.25, 0.5, 0.9, 1 - 0x1p-53, 1};
    for (int k = 0; k < COUNT(p); k++) {
        const tg_rng start = tg_rng_make(9, (uint64_t)k);
        int64_t ones = 0;
        for (int d = 0; d < TG_DTYPE_COUNT; d++) {
            tg_rng r = start;
            const tg_tensor *y = tg_bernoulli(t, &r, (tg_dtype)d, DIMS(MANY / 2, 2), p[k]);
            assert_fine(t, "bernoulli");
            ck_assert(y->dtype == (tg_dtype)d && r.counter == MANY / 2);
            for (int64_t j = 0; j < MANY; j++) {
                const bool one = tg_rng_unit(tg_rng_word(&start, (uint64_t)j)) < p[k];
                assert_close("bernoulli", y->dtype, j, 9, read_at(y, j), one, 0, 0);
                ones += d == 0 && one;
            }
        }
        if (p[k] == 0) ck_assert_int_eq(ones, 0);
        if (p[k] == 1) ck_assert_int_eq(ones, MANY);
        ck_assert(fabs((double)ones - MANY * p[k]) <= 4 * sqrt(MANY * p[k] * (1 - p[k])) + 1e-6);
        tg_tape_reset(t);
    }
}
END_TEST

/* A draw continues where the last one ended, at the next whole block. */
START_TEST(draws_do_not_overlap)
{
    tg_rng r = tg_rng_make(4, 0), copy = r, once = r;
    const tg_tensor *a = tg_uniform(t, &r, TG_F64, DIMS(3), 0, 1);
    const tg_tensor *b = tg_uniform(t, &r, TG_F64, DIMS(3), 0, 1);
    const tg_tensor *whole = tg_uniform(t, &once, TG_F64, DIMS(7), 0, 1);
    for (int64_t j = 0; j < 3; j++) {
        ck_assert(read_at(a, j) == read_at(whole, j) && read_at(b, j) == read_at(whole, j + 4));
        ck_assert(read_at(a, j) != read_at(b, j));
    }
    const tg_tensor *other = tg_uniform(t, &(tg_rng){5, 0, 0}, TG_F64, DIMS(7), 0, 1);
    const tg_tensor *stream = tg_uniform(t, &(tg_rng){4, 1, 0}, TG_F64, DIMS(7), 0, 1);
    const tg_tensor *again = tg_uniform(t, &copy, TG_F64, DIMS(7), 0, 1);
    for (int64_t j = 0; j < 7; j++) {
        ck_assert(read_at(again, j) == read_at(whole, j) && read_at(other, j) != read_at(whole, j));
        ck_assert(read_at(stream, j) != read_at(whole, j));
    }
}
END_TEST

/* The first word from here on has its top 24 bits set, so that lo + (hi - lo) u rounds to hi in
 * many ranges. hi itself must not occur. */
START_TEST(uniform_stays_below_its_end)
{
    static const double ranges[][2] = {{0, 1},     {1, 2},         {-1, 1},    {16777216, 16777218},
                                       {-3e38, 0}, {2e-38, 3e-38}, {0.1, 0.3}, {1, 1 + 0x1p-52},
                                       {-2, -1}};
    for (int k = 0; k < COUNT(ranges); k++)
        for (int d = TG_F32; d <= TG_F64; d++) {
            tg_rng r = {1, 0, 6318945};
            const tg_tensor *y =
                tg_uniform(t, &r, (tg_dtype)d, DIMS(1000), ranges[k][0], ranges[k][1]);
            assert_fine(t, "uniform");
            const double lo = d == TG_F64 ? ranges[k][0] : (double)(float)ranges[k][0];
            const double hi = d == TG_F64 ? ranges[k][1] : (double)(float)ranges[k][1];
            for (int64_t j = 0; j < y->size && lo < hi; j++)
                if (!(read_at(y, j) >= lo && read_at(y, j) < hi))
                    ck_abort_msg("%.17g is not in [%g, %g)", read_at(y, j), lo, hi);
        }
    tg_rng r = tg_rng_make(1, 0);
    ck_assert(tg_item(tg_uniform(t, &r, TG_F32, 0, NULL, 3, 3)) == 3);
    ck_assert(tg_item(tg_normal(t, &r, TG_F64, 0, NULL, 3, 0)) == 3);
}
END_TEST

/* ---- distributions -------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double normal_below(double x) { return 0.5 * erfc(-(x - 2) / 0.5 / sqrt(2)); }
static double uniform_below(double x) { return (x + 3) / 8; }

/* Kolmogorov and Smirnov: the largest distance between the two distribution functions; above
 * 1.95 / sqrt(n) once in a thousand seeds. */
static void assert_distributed(const tg_tensor *y, double (*below)(double))
{
    static double v[MANY];
    double worst = 0;
    for (int64_t i = 0; i < MANY; i++) v[i] = read_at(y, i);
    qsort(v, MANY, sizeof *v, ascending);
    for (int i = 0; i < MANY; i++)
        worst =
            fmax(worst, fmax(below(v[i]) - (double)i / MANY, (double)(i + 1) / MANY - below(v[i])));
    ck_assert_msg(worst * sqrt(MANY) < 1.95, "%s: %g", tg_dtype_name(y->dtype), worst * sqrt(MANY));
    ck_assert_msg(worst * sqrt(MANY) > 0.3, "too good to be random: %g", worst * sqrt(MANY));
}

START_TEST(distributions)
{
    tg_rng r = tg_rng_make((uint64_t)_i, 0);
    for (int d = TG_F32; d <= TG_F64; d++) {
        assert_distributed(tg_normal(t, &r, (tg_dtype)d, DIMS(200, 100), 2, 0.5), normal_below);
        assert_distributed(tg_uniform(t, &r, (tg_dtype)d, DIMS(100, 200), -3, 5), uniform_below);
    }
}
END_TEST

/* ---- by name, and refusals ------------------------------------------------------------------ */

START_TEST(by_name_and_by_function)
{
    tg_rng r = {7, 8, 9};
    const tg_tensor *y =
        tg_apply_text(t, "normal", NULL, 0, "seed=7 stream=8 counter=9 shape=5 std=2 mean=-1");
    const tg_tensor *z = tg_normal(t, &r, TG_F32, DIMS(5), -1, 2);
    assert_fine(t, "normal");
    for (int64_t i = 0; i < 5; i++) ck_assert(read_at(y, i) == read_at(z, i));
    ck_assert(tg_apply_text(t, "bernoulli", NULL, 0, "seed=18446744073709551615")->dtype == TG_F32);
}
END_TEST

static const op_row errors[] = {
    {"uniform", NULL, {NULL}, "uniform: attribute 'seed' is missing", TG_EKEY},
    {"uniform", "seed=1 dtype=i32", {NULL}, "uniform: dtype i32, must be f32 or f64", TG_EDTYPE},
    {"normal", "seed=1 dtype=u8", {NULL}, "normal: dtype u8, must be f32 or f64", TG_EDTYPE},
    {"uniform", "seed=1 hi=inf", {NULL}, "uniform: 0 and inf must be finite", TG_EARG},
    {"uniform", "seed=1 lo=nan", {NULL}, "uniform: nan and 1 must be finite", TG_EARG},
    {"normal", "seed=1 std=nan", {NULL}, "normal: 0 and nan must be finite", TG_EARG},
    {"uniform",
     "seed=1 dtype=f64 lo=-1e308 hi=1e308",
     {NULL},
     "uniform: -1e+308 to 1e+308 is too wide for f64",
     TG_EARG},
    {"uniform",
     "seed=1 lo=-3e38 hi=3e38",
     {NULL},
     "uniform: -3e+38 to 3e+38 is too wide for f32",
     TG_EARG},
    {"uniform",
     "seed=1 lo=1e39 hi=1e39",
     {NULL},
     "uniform: 1e+39 to 1e+39 is too wide for f32",
     TG_EARG},
    {"uniform",
     "seed=1 lo=3e38 hi=5e38",
     {NULL},
     "uniform: 3e+38 to 5e+38 is too wide for f32",
     TG_EARG},
    {"uniform", "seed=1 lo=2", {NULL}, "uniform: lo is 2, must not be above hi, 1", TG_EARG},
    {"normal", "seed=1 std=-1", {NULL}, "normal: std is -1, must be 0 or more", TG_EARG},
    {"normal",
     "seed=1 std=1e38",
     {NULL},
     "normal: mean 0 and std 1e+38 are too large for f32",
     TG_EARG},
    {"normal",
     "seed=1 mean=-1e39",
     {NULL},
     "normal: mean -1e+39 and std 1 are too large for f32",
     TG_EARG},
    {"normal",
     "seed=1 dtype=f64 std=1e308",
     {NULL},
     "normal: mean 0 and std 1e+308 are too large for f64",
     TG_EARG},
    {"bernoulli", "seed=1 p=1.5", {NULL}, "bernoulli: p is 1.5, must be in [0, 1]", TG_EARG},
    {"bernoulli", "seed=1 p=-0.5", {NULL}, "bernoulli: p is -0.5, must be in [0, 1]", TG_EARG},
    {"bernoulli", "seed=1 p=nan", {NULL}, "bernoulli: p is nan, must be in [0, 1]", TG_EARG},
    {"normal", "seed=1 shape=2,-1", {NULL}, "normal: size -1 of axis 1 is negative", TG_ESHAPE},
    {"bernoulli",
     "seed=1 shape=4611686018427387904,4",
     {NULL},
     "bernoulli: the size of f32[4611686018427387904,4] overflows",
     TG_ENOMEM},
};

START_TEST(refusals) { run_row(&errors[_i]); }
END_TEST

/* A refused call uses up no numbers. */
START_TEST(errors_leave_the_generator_alone)
{
    tg_rng r = tg_rng_make(1, 2);
    ck_assert_ptr_null(tg_normal(t, &r, TG_F32, DIMS(-1), 0, 1));
    assert_error(t, TG_ESHAPE, "normal: size -1 of axis 0 is negative");
    ck_assert_ptr_null(tg_uniform(t, &r, TG_F32, DIMS(4), 0, 1)); /* poisoned */
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_bernoulli(t, NULL, TG_F32, DIMS(4), 0.5));
    assert_error(t, TG_EARG, "bernoulli: the generator is NULL");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_uniform(t, &r, TG_F32, 2, NULL, 0, 1));
    assert_error(t, TG_EARG, "uniform: the shape is NULL");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_bernoulli(t, &r, TG_DTYPE_COUNT, DIMS(4), 0.5));
    assert_error(t, TG_EDTYPE, "bernoulli: 4 is not a dtype");
    ck_assert(r.counter == 0 && r.seed == 1 && r.stream == 2);
}
END_TEST

SUITE("random", .with = {TAPE}, .timeout = 60,
      .tests = {
          {element_j_comes_from_word_j},
          {bernoulli_is_the_same_in_every_dtype},
          {draws_do_not_overlap},
          {uniform_stays_below_its_end},
          {distributions, 6, .first = 1},
          {by_name_and_by_function},
          {refusals, COUNT(errors)},
          {errors_leave_the_generator_alone},
      })
