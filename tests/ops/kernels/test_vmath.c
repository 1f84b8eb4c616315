/* test_vmath.c - the mathematical functions of every instruction set against libm in a wider type:
 * at most 2 units in the last place, over all of f32 and samples of all of f64. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/rng.h"
#include "tests/support/suite.h"

#ifndef F32_STEP
#define F32_STEP 9973 /* the step through all 2^32 bit patterns */
#endif
#ifndef F64_BATCHES
#define F64_BATCHES 20
#endif
enum { BATCH = 1 << 12 };

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

static long double sigmoid(long double x) { return 1 / (1 + expl(-x)); }
static long double softplus(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}
static long double log_sigmoid(long double x) { return -softplus(-x); }
static double sigmoid_f64(double x) { return 1 / (1 + exp(-x)); }
static double softplus_f64(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
static double log_sigmoid_f64(double x) { return -softplus_f64(-x); }

/* lo .. hi: binary exponents of the arguments that are drawn in addition to those from all of
 * f64 */
static const struct {
    const char *name;
    int map;
    double (*f64)(double); /* for f32 */
    long double (*f)(long double);
    int lo, hi;
} table[] = {
    {"exp", TGI_MAP_exp, exp, expl, -30, 10},
    {"exp2", TGI_MAP_exp2, exp2, exp2l, -30, 11},
    {"expm1", TGI_MAP_expm1, expm1, expm1l, -60, 10},
    {"log", TGI_MAP_log, log, logl, -3, 3},
    {"log2", TGI_MAP_log2, log2, log2l, -3, 3},
    {"log1p", TGI_MAP_log1p, log1p, log1pl, -60, 5},
    {"tanh", TGI_MAP_tanh, tanh, tanhl, -30, 5},
    {"sigmoid", TGI_MAP_sigmoid, sigmoid_f64, sigmoid, -30, 10},
    {"softplus", TGI_MAP_softplus, softplus_f64, softplus, -30, 10},
    {"log_sigmoid", TGI_MAP_log_sigmoid, log_sigmoid_f64, log_sigmoid, -30, 10},
    {"erf", TGI_MAP_erf, erf, erfl, -30, 3},
    {"erfc", TGI_MAP_erfc, erfc, erfcl, -10, 5},
    {"sin", TGI_MAP_sin, sin, sinl, -30, 22},
    {"cos", TGI_MAP_cos, cos, cosl, -30, 22},
};

/* |got - want| in units of the last place of want. Two NaNs and equal infinities are 0 apart, and
 * so is, or nearly, a result that rounds to infinity. */
static double apart(double got, long double want, const int digits, const int least, const int most)
{
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got) ? 0 : INFINITY;
    const long double top = ldexpl(1, most);
    if (fabsl(want) > top) want = want > 0 ? top : -top;
    long double value = got;
    if (isinf(got)) value = got > 0 ? top : -top;
    if (value == want) return 0;
    int e;
    (void)frexpl(want, &e);
    if (want == 0 || e < least) e = least;
    return (double)(fabsl(value - want) / ldexpl(1, e - digits));
}

static void try(const char *isa, int row, bool f64, const void *x, int n, double *worst, double *at)
{
    const tgi_map *map = &tgi_kernels_named(isa)->maps[f64][table[row].map];
    static double y[BATCH];
    tgi_map_run(map, n, y, (const void *[]){x}, (const int64_t[]){1});
    for (int i = 0; i < n; i++) {
        const double in = f64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
        const double out = f64 ? y[i] : (double)((const float *)y)[i];
        const double error = f64 ? apart(out, table[row].f(in), 53, DBL_MIN_EXP, DBL_MAX_EXP)
                                 : apart(out, table[row].f64(in), 24, FLT_MIN_EXP, FLT_MAX_EXP);
        if (error > *worst) *worst = error, *at = in;
    }
}

static void verdict(const char *isa, int row, bool f64, double worst, double at)
{
    if (worst > 0 && getenv("TG_TEST_SHOW"))
        printf("%-8s %-11s %s: %.3f ulp at %.17g\n", isa, table[row].name, f64 ? "f64" : "f32",
               worst, at);
    if (worst > 2)
        ck_abort_msg("%s %s %s: %g units in the last place at %.17g = %a", isa, table[row].name,
                     f64 ? "f64" : "f32", worst, at, at);
}

START_TEST(f32_everywhere)
{
    static float x[BATCH];
    for (int k = 1; k < COUNT(isas); k++) {
        double worst = 0, at = 0;
        if (!tgi_kernels_named(isas[k])) continue;
        for (uint64_t bits = 0; bits >> 32 == 0;) {
            int n = 0;
            for (; n < BATCH && bits >> 32 == 0; bits += F32_STEP) {
                const uint32_t word = (uint32_t)bits;
                memcpy(&x[n++], &word, sizeof word);
            }
            try(isas[k], _i, false, x, n, &worst, &at);
        }
        verdict(isas[k], _i, false, worst, at);
    }
}
END_TEST

START_TEST(f64_samples)
{
    static double x[BATCH];
    if (LDBL_MANT_DIG < 64) return; /* nothing to compare with */
    for (int k = 1; k < COUNT(isas); k++) {
        double worst = 0, at = 0;
        tg_rng rng = tg_rng_make(7, 0);
        if (!tgi_kernels_named(isas[k])) continue;
        for (int b = 0; b < F64_BATCHES; b++) {
            for (int i = 0; i < BATCH; i++) {
                const uint64_t bits = tg_rng_next_below(&rng, UINT64_C(1) << 32) << 32 |
                                      tg_rng_next_below(&rng, UINT64_C(1) << 32);
                memcpy(&x[i], &bits, sizeof bits);
                const double e = tg_rng_next_uniform(&rng, table[_i].lo, table[_i].hi);
                if (b % 4) x[i] = copysign(exp2(e), x[i]);
            }
            try(isas[k], _i, true, x, BATCH, &worst, &at);
        }
        verdict(isas[k], _i, true, worst, at);
    }
}
END_TEST

/* ---- special values, and where the pieces of the functions meet ------------------------------ */

START_TEST(edge_cases)
{
    static const double edges[] = {
        0,      -0.0,    INFINITY, -INFINITY, NAN,    1,       -1,     0.5,    -0.5,   0x1p-149,
        5e-324, -5e-324, 1e-310,   0x1p-126,  1e-40,  0x1p-25, -1e-17, 88.72,  88.73,  89,
        -87.33, -103.97, -104,     709.78,    709.79, 710,     -745.1, -745.2, -708.4, 128,
        127.99, -149,    -150,     1024,      -1074,  -1075,   9,      -9.01,  20,     -22,
        0.55,   -0.55,   0.25,     -0.25,     26.5,   27.2,    27.3,   10.05,  -6,     3.9,
        1e6,    1e30,    -1e300,   0.7072,    1.4142, -0.2929, 0.4142, 1.5708, 3.1416, 999999.9,
        -1.5,   DBL_MAX, DBL_MIN,  FLT_MAX,   FLT_MIN};
    for (int k = 0; k < COUNT(isas); k++)
        for (int i = 0; i < COUNT(edges) && tgi_kernels_named(isas[k]); i++)
            for (int f64 = 0; f64 < 2; f64++) {
                const float narrow = (float)edges[i];
                double worst = 0, at = 0;
                if (f64 && LDBL_MANT_DIG < 64) continue;
                try(isas[k], _i, f64, f64 ? (const void *)&edges[i] : &narrow, 1, &worst, &at);
                if (k > 0 || worst > 8) verdict(isas[k], _i, f64, worst, at);
            }
}
END_TEST

/* Odd functions, and those close to x near 0, keep the sign of a zero. */
START_TEST(signed_zeros)
{
    static const int maps[] = {TGI_MAP_expm1, TGI_MAP_log1p, TGI_MAP_tanh, TGI_MAP_erf,
                               TGI_MAP_sin,   TGI_MAP_floor, TGI_MAP_ceil, TGI_MAP_round,
                               TGI_MAP_trunc, TGI_MAP_sqrt};
    const double zeros[] = {0, -0.0};
    const float narrow[] = {0, -0.0f};
    for (int k = 0; k < COUNT(isas); k++)
        for (int m = 0; m < COUNT(maps) && tgi_kernels_named(isas[k]); m++) {
            const tgi_kernels *kernels = tgi_kernels_named(isas[k]);
            double y[2];
            float z[2];
            const int64_t one[] = {1};
            tgi_map_run(&kernels->maps[1][maps[m]], 2, y, (const void *[]){zeros}, one);
            tgi_map_run(&kernels->maps[0][maps[m]], 2, z, (const void *[]){narrow}, one);
            ck_assert_msg(memcmp(y, zeros, sizeof y) == 0 && memcmp(z, narrow, sizeof z) == 0,
                          "%s, kernel %d", isas[k], maps[m]);
        }
}
END_TEST

/* ---- pow ------------------------------------------------------------------------------------- */

enum { BITS, PLAIN, NEAR_1, LIMITS, COMMON, NEGATIVE, DRAWS };
static const char *const drawn[] = {"of bits",     "plain",         "with x near 1",
                                    "near limits", "of common use", "of x < 0"};

/* Two operands as numbers of f32 or f64. */
static void draw(tg_rng *rng, int kind, bool f64, double *x, double *y)
{
    static const double common[] = {2, 0.5, -0.5, 3};
    const double top = f64 ? DBL_MAX_EXP : FLT_MAX_EXP, u = tg_rng_next_uniform(rng, -1, 1);
    const double v = tg_rng_next_uniform(rng, -1, 1);
    const bool odd = tg_rng_next_below(rng, 2);
    uint64_t bits[2];
    for (int i = 0; i < 2; i++)
        bits[i] = tg_rng_next_below(rng, UINT64_C(1) << 32) << 32 |
                  tg_rng_next_below(rng, UINT64_C(1) << 32);
    if (kind == BITS && f64) {
        memcpy(x, &bits[0], sizeof *x);
        memcpy(y, &bits[1], sizeof *y);
    } else if (kind == BITS) {
        float narrow[2];
        memcpy(narrow, (const uint32_t[]){(uint32_t)bits[0], (uint32_t)bits[1]}, sizeof narrow);
        *x = (double)narrow[0], *y = (double)narrow[1];
    }
    if (kind == PLAIN) *x = exp2(10 * u), *y = 20 * v;
    if (kind == NEAR_1) *x = 1 + copysign(exp2((f64 ? 52 : 23) * -fabs(u)), u);
    if (kind == LIMITS) *x = exp2(top * u);
    if (!f64) *x = (double)(float)*x;
    if (kind == NEAR_1) *y = top * v / log2(*x);
    if (kind == LIMITS) *y = copysign(top + 60 * fabs(v) - 5, v) / log2(*x);
    if (kind == COMMON) *x = copysign(exp2(top * u / 3.2), odd ? v : 1), *y = common[bits[0] % 4];
    if (kind == NEGATIVE) *x = -exp2(20 * u), *y = rint(60 * v);
    if (!f64) *x = (double)(float)*x, *y = (double)(float)*y;
}

static void run_pow(const char *isa, bool f64, int n, const double *x, const double *y, double *z)
{
    const tgi_map *map = &tgi_kernels_named(isa)->maps[f64][TGI_MAP_pow];
    static float in[2][BATCH], out[BATCH];
    if (f64) {
        tgi_map_run(map, n, z, (const void *[]){x, y}, (const int64_t[]){1, 1});
        return;
    }
    for (int i = 0; i < n; i++) in[0][i] = (float)x[i], in[1][i] = (float)y[i];
    tgi_map_run(map, n, out, (const void *[]){in[0], in[1]}, (const int64_t[]){1, 1});
    for (int i = 0; i < n; i++) z[i] = (double)out[i];
}

/* musl's powl gives Inf where it overflows to -Inf, its pow does not. */
static long double exact_pow(double x, double y)
{
    const long double z = powl(x, y);
    return isinf(z) ? copysignl(z, pow(x, y)) : z;
}

START_TEST(pow_samples)
{
    static double x[BATCH], y[BATCH], z[BATCH];
    const int kind = _i % DRAWS, f64 = _i / DRAWS;
    if (f64 && LDBL_MANT_DIG < 64) return;
    for (int k = 1; k < COUNT(isas); k++) {
        double worst = 0;
        tg_rng rng = tg_rng_make(11, 0);
        for (int b = 0; b < F64_BATCHES && tgi_kernels_named(isas[k]); b++) {
            for (int i = 0; i < BATCH; i++) draw(&rng, kind, f64, &x[i], &y[i]);
            run_pow(isas[k], f64, BATCH, x, y, z);
            for (int i = 0; i < BATCH; i++) {
                const double error =
                    f64 ? apart(z[i], exact_pow(x[i], y[i]), 53, DBL_MIN_EXP, DBL_MAX_EXP)
                        : apart(z[i], pow(x[i], y[i]), 24, FLT_MIN_EXP, FLT_MAX_EXP);
                if (error > worst) worst = error;
                ck_assert_msg(error <= (kind == COMMON ? 1 : 2),
                              "%s pow f%d %s: %g units in the last place at %a, %a", isas[k],
                              f64 ? 64 : 32, drawn[kind], error, x[i], y[i]);
            }
        }
        if (getenv("TG_TEST_SHOW"))
            printf("%-8s pow %-13s f%d: %.3f ulp\n", isas[k], drawn[kind], f64 ? 64 : 32, worst);
    }
}
END_TEST

/* Every pair of them gives what C gives, in a vector with others and alone. */
START_TEST(pow_special_values)
{
    static const double edges[] = {
        0,           -0.0,       1,          -1,       2,           -2,          3,
        -3,          4,          0.5,        -0.5,     1.5,         -2.5,        NAN,
        INFINITY,    -INFINITY,  0x1p23,     0x1.8p23, -0x1p24,     0x1p23 + 1,  0x1p23 - 1,
        0x1p52,      0x1p52 + 1, 0x1p53 - 1, 0x1p53,   0x1p-30,     1e30,        -1e30,
        FLT_MAX,     -FLT_MAX,   FLT_MIN,    -FLT_MIN, 0x1p-149,    -0x1p-149,   DBL_MAX,
        -DBL_MAX,    DBL_MIN,    5e-324,     -5e-324,  1 - 0x1p-24, 1 + 0x1p-23, 1 + 0x1p-52,
        -1 - 0x1p-23};
    enum { EDGES = COUNT(edges), PAIRS = EDGES * EDGES };
    static double x[PAIRS], y[PAIRS], z[PAIRS];
    for (int k = 0; k < COUNT(isas); k++)
        for (int f64 = 0; f64 < 2 && tgi_kernels_named(isas[k]); f64++) {
            for (int i = 0; i < PAIRS; i++) {
                x[i] = edges[i / EDGES], y[i] = edges[i % EDGES];
                if (!f64) x[i] = (double)(float)x[i], y[i] = (double)(float)y[i];
            }
            run_pow(isas[k], f64, PAIRS, x, y, z);
            for (int i = 0; i < PAIRS; i++) {
                const double want = f64 ? pow(x[i], y[i]) : (double)powf((float)x[i], (float)y[i]);
                double alone;
                run_pow(isas[k], f64, 1, &x[i], &y[i], &alone);
                const double error = f64 ? apart(z[i], want, 53, DBL_MIN_EXP, DBL_MAX_EXP)
                                         : apart(z[i], want, 24, FLT_MIN_EXP, FLT_MAX_EXP);
                const bool same = isinf(want) || want == 0 ? z[i] == want : error <= 2;
                ck_assert_msg(same && (isnan(want) || !signbit(z[i]) == !signbit(want)),
                              "%s pow f%d: %a, %a: %a, not %a", isas[k], f64 ? 64 : 32, x[i], y[i],
                              z[i], want);
                ck_assert(memcmp(&alone, &z[i], sizeof alone) == 0 || isnan(want));
            }
        }
}
END_TEST

/* There is nothing to compare with if long double computes like double, as it does under
 * valgrind. */
static void skip_unless_wider(void)
{
    volatile long double one = 1, more = one + ldexpl(1, -60);
    if (more != one) return;
    puts("test_vmath: skipped: long double is no wider than double here");
    exit(77);
}

SUITE("vmath", .before = skip_unless_wider, .timeout = 300,
      .tests = {
          {f32_everywhere, COUNT(table)},
          {f64_samples, COUNT(table)},
          {edge_cases, COUNT(table)},
          {signed_zeros},
          {pow_samples, 2 * DRAWS},
          {pow_special_values},
      })
