/* test_truncated.c - truncated normal numbers against the integral of their density, from the
 * middle to far out in the tail. */
#include "tests/support/tape.h"

enum { MANY = 24000 };

/* ---- truncated normal numbers --------------------------------------------------------------- */

static const struct {
    double mean, std, lo, hi;
    bool mirrored, f64; /* u counts from hi; too narrow a band for f32 */
} bands[] = {
    {0, 1, -2, 2, false, false},        {2, 0.5, 1.9, 2.7, false, false},
    {0, 1, 0.5, 1e6, true, false},      {1, 2, -10, 0, false, false},
    {0, 1, -100, 100, false, false},    {0, 1, 5, 5.5, true, false},
    {0, 1, -9, -8, false, false},       {0, 1, 29.9, 31, true, false},
    {0, 1, 30.1, 31, false, false},     {0, 1, -31, -30.1, true, false},
    {-3, 2, 77, 1e4, false, false},     {0, 1, -1e3, -100, true, false},
    {0, 1, 1e6, 1e7, false, true},      {5, 0.1, 5, 5 + 1e-8, false, true},
    {0, 1, 3, 3.000003, false, true},   {0, 1, 3, 3.00001, true, true},
    {0, 1, -40.00001, -40, true, true}, {0, 1, -1000.000000001, -1000, false, true},
};

/* The integral of e^(-(x^2 - near^2) / 2) from x to x + h, by Simpson's rule. */
static double mass(double near, double x, double h)
{
    const int steps = 4 + (int)(50 * h * fmax(1, fabs(near)));
    double sum = 0;
    for (int i = 0; i <= 2 * steps; i++) {
        const double d = x + h * i / (2.0 * steps) - near;
        const double f = exp(-d * (near + 0.5 * d));
        sum += (i == 0 || i == 2 * steps ? 1 : i % 2 ? 4 : 2) * f;
    }
    return sum * h / (6.0 * steps);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Replaces n ascending numbers by the shares of the distribution below them. */
static void shares(int band, int n, double *v)
{
    const double mean = bands[band].mean, std = bands[band].std;
    const double a = (bands[band].lo - mean) / std, b = (bands[band].hi - mean) / std;
    const double near = a > 0 ? a : b < 0 ? b : 0;
    const double reach = 40 / fmax(1, fabs(near)); /* nothing is beyond: e^-40 */
    const double first = fmax(a, near - reach), last = fmin(b, near + reach);
    double below = 0, x = first;
    for (int i = 0; i < n; i++) {
        const double next = fmin(fmax((v[i] - mean) / std, first), last);
        below += mass(near, x, next - x);
        v[i] = below;
        x = next;
    }
    below += mass(near, x, last - x);
    for (int i = 0; i < n; i++) v[i] /= below;
}

START_TEST(truncated)
{
    static double v[MANY], u[MANY];
    const double lo = bands[_i].lo, hi = bands[_i].hi;
    for (int d = bands[_i].f64 ? TG_F64 : TG_F32; d <= TG_F64; d++) {
        tg_rng r = tg_rng_make(11, (uint64_t)_i), start = r;
        const tg_tensor *y = tg_truncated_normal(t, &r, (tg_dtype)d, DIMS(MANY / 4, 4),
                                                 bands[_i].mean, bands[_i].std, lo, hi);
        assert_fine(t, "truncated_normal");
        ck_assert(r.counter == MANY / 2);
        for (int64_t i = 0; i < MANY; i++) {
            const double unit = ((double)(tg_rng_word(&start, (uint64_t)i) >> 12) + 0.5) * 0x1p-52;
            v[i] = read_at(y, i);
            u[i] = bands[_i].mirrored ? 1 - unit : unit;
            const bool in = d == TG_F32 ? (float)v[i] >= (float)lo && (float)v[i] <= (float)hi
                                        : v[i] >= lo && v[i] <= hi;
            if (!in) ck_abort_msg("%.17g is not in [%g, %g]", v[i], lo, hi);
        }
        qsort(v, MANY, sizeof *v, ascending);
        qsort(u, MANY, sizeof *u, ascending);
        shares(_i, MANY, v);
        /* The inverse is monotone, so the j-th smallest number belongs to the j-th smallest u.
         * Where the band is narrow or steep, rounding a number matters more: at -100 in f32 it is
         * 4e-6, while the density falls by a factor of e within 1e-2. */
        double worst = 0, ks = 0;
        for (int i = 0; i < MANY; i++) {
            worst = fmax(worst, fabs(v[i] - u[i]));
            ks = fmax(ks, fmax(v[i] - (double)i / MANY, (double)(i + 1) / MANY - v[i]));
        }
        const double most = d == TG_F32 ? 1e-3 : bands[_i].f64 ? 2e-4 : 1e-9;
        ck_assert_msg(worst < most, "band %d %s: off by %g", _i, tg_dtype_name((tg_dtype)d), worst);
        ck_assert_msg(ks * sqrt(MANY) > 0.3 && ks * sqrt(MANY) < 1.95, "band %d: %g", _i,
                      ks * sqrt(MANY));
    }
}
END_TEST

START_TEST(truncated_is_the_same_in_either_dtype)
{
    for (int k = 0; k < COUNT(bands); k++) {
        tg_rng r = tg_rng_make(2, (uint64_t)k), s = r;
        const float lo = (float)bands[k].lo, hi = (float)bands[k].hi;
        const tg_tensor *x = tg_truncated_normal(t, &r, TG_F32, DIMS(501), bands[k].mean,
                                                 bands[k].std, bands[k].lo, bands[k].hi);
        const tg_tensor *y = tg_truncated_normal(t, &s, TG_F64, DIMS(501), bands[k].mean,
                                                 bands[k].std, bands[k].lo, bands[k].hi);
        assert_fine(t, "truncated_normal");
        ck_assert(r.counter == 251 && s.counter == 251);
        for (int64_t i = 0; i < 501; i++)
            ck_assert((float)read_at(x, i) == fminf(fmaxf((float)read_at(y, i), lo), hi));
    }
}
END_TEST

/* Bounds so far out that they are infinite in units of std: every number is at the near one. */
START_TEST(truncated_beyond_all_bounds)
{
    tg_rng r = tg_rng_make(1, 0);
    const tg_tensor *x = tg_truncated_normal(t, &r, TG_F64, DIMS(9), -1e308, 1, 1e308, 1.1e308);
    const tg_tensor *y = tg_truncated_normal(t, &r, TG_F64, DIMS(9), 0, 1e-308, -4e9, -3e9);
    const tg_tensor *z = tg_truncated_normal(t, &r, TG_F32, DIMS(9), 3, 1e-30, -1e30, 1e30);
    const tg_tensor *e = tg_truncated_normal(t, &r, TG_F32, DIMS(2, 0), 0, 1, -1, 1);
    assert_fine(t, "truncated_normal");
    ck_assert(e->size == 0);
    for (int64_t i = 0; i < 9; i++)
        ck_assert(read_at(x, i) == 1e308 && read_at(y, i) == -3e9 && read_at(z, i) == 3);
}
END_TEST

#define TRUNCATED(attrs, text)                                                                     \
    {                                                                                              \
        "truncated_normal", "seed=1 " attrs, {NULL}, text, TG_EARG                                 \
    }

static const op_row errors[] = {
    {"truncated_normal",
     "seed=1 dtype=i32",
     {NULL},
     "truncated_normal: dtype i32, must be f32 or f64",
     TG_EDTYPE},
    TRUNCATED("mean=nan", "truncated_normal: nan and 1 must be finite"),
    TRUNCATED("std=inf", "truncated_normal: 0 and inf must be finite"),
    TRUNCATED("lo=nan", "truncated_normal: nan and 2 must be finite"),
    TRUNCATED("hi=inf", "truncated_normal: -2 and inf must be finite"),
    TRUNCATED("std=0", "truncated_normal: std is 0, must be positive"),
    TRUNCATED("std=-1", "truncated_normal: std is -1, must be positive"),
    TRUNCATED("lo=2", "truncated_normal: lo is 2, must be below hi, 2"),
    TRUNCATED("lo=3", "truncated_normal: lo is 3, must be below hi, 2"),
    TRUNCATED("hi=1e39", "truncated_normal: -2 to 1e+39 is too wide for f32"),
    TRUNCATED("lo=-1e308 hi=1e308 dtype=f64",
              "truncated_normal: -1e+308 to 1e+308 is too wide for f64"),
};

START_TEST(refusals) { run_row(&errors[_i]); }
END_TEST

START_TEST(refusals_leave_the_generator_alone)
{
    tg_rng r = tg_rng_make(1, 2);
    ck_assert_ptr_null(tg_truncated_normal(t, NULL, TG_F32, DIMS(2), 0, 1, -1, 1));
    assert_error(t, TG_EARG, "truncated_normal: the generator is NULL");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_truncated_normal(t, &r, TG_F32, DIMS(2), 0, 1, 1, -1));
    assert_error(t, TG_EARG, "truncated_normal: lo is 1, must be below hi, -1");
    ck_assert(r.counter == 0 && r.seed == 1 && r.stream == 2);
}
END_TEST

SUITE("truncated", .with = {TAPE}, .timeout = 60,
      .tests = {
          {truncated, COUNT(bands)},
          {truncated_is_the_same_in_either_dtype},
          {truncated_beyond_all_bounds},
          {refusals, COUNT(errors)},
          {refusals_leave_the_generator_alone},
      })
