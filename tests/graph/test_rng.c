/* test_rng.c - Philox against its published vectors, and the distributions of what is drawn. */
#include "tapegrad/rng.h"

#include <math.h>
#include <stdlib.h>

#include "tests/support/suite.h"

#define DRAWS 100000

/* From the known-answer file of the authors' Random123 library, philox4x32-10. */
static const struct {
    uint32_t counter[4], key[2], want[4];
} vectors[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static uint64_t join(uint32_t lo, uint32_t hi) { return (uint64_t)hi << 32 | lo; }

START_TEST(philox_gives_the_published_blocks)
{
    const uint32_t *c = vectors[_i].counter, *k = vectors[_i].key, *want = vectors[_i].want;
    uint32_t got[4];
    tg_rng_block(join(k[0], k[1]), join(c[2], c[3]), join(c[0], c[1]), got);
    for (int j = 0; j < 4; j++) ck_assert_uint_eq(got[j], want[j]);

    const tg_rng r = {join(k[0], k[1]), join(c[2], c[3]), join(c[0], c[1])};
    ck_assert_uint_eq(tg_rng_word(&r, 0), join(want[0], want[1]));
    ck_assert_uint_eq(tg_rng_word(&r, 1), join(want[2], want[3]));
}
END_TEST

START_TEST(words_are_numbered_and_skipped)
{
    tg_rng r = tg_rng_make(7, 3);
    ck_assert_uint_eq(r.counter, 0);
    const tg_rng start = r;
    uint64_t used = 0;
    for (uint64_t n = 0; n < 9; n++) {
        tg_rng_skip(&r, n);
        used += n + n % 2; /* whole blocks of two words */
        ck_assert_uint_eq(tg_rng_word(&r, 0), tg_rng_word(&start, used));
        ck_assert_uint_eq(tg_rng_word(&r, 5), tg_rng_word(&start, used + 5));
    }
    tg_rng copy = r;
    ck_assert(tg_rng_next_normal(&r, 0, 1) == tg_rng_next_normal(&copy, 0, 1));
    ck_assert_uint_eq(r.counter, copy.counter);
    ck_assert_uint_ne(tg_rng_word(&start, 0), tg_rng_word(&(tg_rng){7, 4, 0}, 0));
    ck_assert_uint_ne(tg_rng_word(&start, 0), tg_rng_word(&(tg_rng){8, 3, 0}, 0));
}
END_TEST

START_TEST(units_are_below_one)
{
    ck_assert(tg_rng_unit(0) == 0 && tg_rng_unit24(0) == 0);
    ck_assert(tg_rng_unit(UINT64_MAX) == 1 - 0x1p-53);
    ck_assert(tg_rng_unit24(UINT64_MAX) == 1 - 0x1p-24f);
    ck_assert(tg_rng_unit((uint64_t)1 << 63) == 0.5 && tg_rng_unit24((uint64_t)1 << 63) == 0.5f);
}
END_TEST

/* The distribution function of a result of tg_rng_normal must be the u from which it was made. Far
 * out in the tails an error of 1e-15 in x changes it by x^2 1e-15. */
static void check_inverse(uint64_t word)
{
    const double x = tg_rng_normal(word), u = ((double)(word >> 12) + 0.5) * 0x1p-52;
    const double p = u < 0.5 ? u : 1 - u, tail = u < 0.5 ? -x : x;
    const double back = (double)(0.5L * erfcl((long double)tail / sqrtl(2.0L)));
    const double allowed = fmax(1e-14, 1e-15 * x * x);
    /* The `if` saves time: each passing ck_assert writes to a file. */
    if (!(fabs(back / p - 1) <= allowed))
        ck_abort_msg("u = %.17g: x = %.17g, which belongs to %.17g", u, x,
                     u < 0.5 ? back : 1 - back);
    if (tg_rng_normal(~word) != -x) ck_abort_msg("u = %.17g: not symmetric", u);
}

START_TEST(normal_inverts_the_distribution_function)
{
    /* Powers of two into the tail, the borders between the three formulas, and random words. */
    static const double borders[] = {0.075,      0.0750001,  0.0749999, 1.3887943864964e-11,
                                     1.3887e-11, 1.3888e-11, 0.25,      0.4999,
                                     0.01,       1e-6};
    for (int e = 0; e < 52; e++)
        for (uint64_t m = 4; m < 8; m++) check_inverse(m << (61 - e) | 0xfff);
    for (size_t i = 0; i < sizeof borders / sizeof borders[0]; i++)
        check_inverse((uint64_t)(borders[i] * 0x1p52) << 12);
    check_inverse(0);
    const tg_rng r = tg_rng_make(11, 0);
    for (uint64_t i = 0; i < 20000; i++) check_inverse(tg_rng_word(&r, i));
}
END_TEST

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov-Smirnov: sqrt(n) times the largest gap between the distribution of the draws and
 * the one they should have; beyond 1.95 in one of 1000 samples. Sorts x. */
static double largest_gap(double *x, int n, double (*distribution)(double))
{
    double gap = 0;
    qsort(x, (size_t)n, sizeof *x, compare);
    for (int i = 0; i < n; i++) {
        const double f = distribution(x[i]);
        gap = fmax(gap, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return gap * sqrt(n);
}

static double normal_distribution(double x) { return 0.5 * erfc(-(x - 5) / 3 / sqrt(2)); }
static double uniform_distribution(double x) { return (x + 2) / 5; }

START_TEST(normal_draws_are_normal)
{
    double *x = malloc(DRAWS * sizeof *x), m[5] = {0};
    ck_assert_ptr_nonnull(x);
    tg_rng r = tg_rng_make(2024, (uint64_t)_i);
    for (int i = 0; i < DRAWS; i++) {
        x[i] = tg_rng_next_normal(&r, 5, 3);
        const double z = (x[i] - 5) / 3;
        m[1] += z / DRAWS;
        m[2] += z * z / DRAWS;
        m[3] += z * z * z / DRAWS;
        m[4] += z * z * z * z / DRAWS;
    }
    ck_assert_uint_eq(r.counter, DRAWS);
    /* Four standard deviations of each moment: the variances are 1, 2, 15 and 96 over n. */
    ck_assert_double_le(fabs(m[1]), 4 * sqrt(1.0 / DRAWS));
    ck_assert_double_le(fabs(m[2] - 1), 4 * sqrt(2.0 / DRAWS));
    ck_assert_double_le(fabs(m[3]), 4 * sqrt(15.0 / DRAWS));
    ck_assert_double_le(fabs(m[4] - 3), 4 * sqrt(96.0 / DRAWS));
    ck_assert_double_le(largest_gap(x, DRAWS, normal_distribution), 1.95);

    int outside = 0;
    for (int i = 0; i < DRAWS; i++) {
        x[i] = tg_rng_next_uniform(&r, -2, 3);
        outside += !(x[i] >= -2 && x[i] < 3);
    }
    ck_assert_int_eq(outside, 0);
    ck_assert_double_le(largest_gap(x, DRAWS, uniform_distribution), 1.95);
    free(x);
}
END_TEST

/* Numbers below n in `cells` equal cells. For 3 * 2^62 a plain w % n would put half of the
 * draws into the first third. */
static const struct {
    uint64_t n;
    int cells;
} ranges[] = {{2, 2}, {3, 3}, {7, 7}, {10, 10}, {1000, 100}, {(uint64_t)3 << 62, 3}};

START_TEST(integers_below_n_are_unbiased)
{
    const uint64_t n = ranges[_i].n, width = n / (uint64_t)ranges[_i].cells;
    const int cells = ranges[_i].cells;
    double count[100] = {0}, chi2 = 0;
    tg_rng r = tg_rng_make(99, (uint64_t)_i);
    for (int i = 0; i < DRAWS; i++) {
        const uint64_t v = tg_rng_next_below(&r, n);
        if (v >= n) ck_abort_msg("below %llu: %llu", (unsigned long long)n, (unsigned long long)v);
        count[v / width]++;
    }
    const double want = (double)DRAWS / cells;
    for (int c = 0; c < cells; c++) chi2 += (count[c] - want) * (count[c] - want) / want;
    /* Chi-square has mean d and variance 2d; 4.5 deviations leave room for its skew. */
    const double d = cells - 1;
    ck_assert_double_le(chi2, d + 4.5 * sqrt(2 * d));
}
END_TEST

START_TEST(below_one_or_zero_is_zero)
{
    tg_rng r = tg_rng_make(1, 1);
    for (int i = 0; i < 10; i++) ck_assert_uint_eq(tg_rng_next_below(&r, 1), 0);
    ck_assert_uint_eq(tg_rng_next_below(&r, 0), 0);
}
END_TEST

START_TEST(shuffle_is_a_fair_permutation)
{
    int32_t index[1000];
    int seen[1000] = {0};
    tg_rng r = tg_rng_make(5, 0), again = r;
    for (int32_t i = 0; i < 1000; i++) index[i] = i;
    tg_rng_shuffle(&r, 1000, index);
    int in_place = 0;
    for (int i = 0; i < 1000; i++) {
        ck_assert(index[i] >= 0 && index[i] < 1000);
        ck_assert_int_eq(seen[index[i]]++, 0);
        in_place += index[i] == i;
    }
    ck_assert_int_le(in_place, 10); /* one is expected */

    int32_t same[1000];
    for (int32_t i = 0; i < 1000; i++) same[i] = i;
    tg_rng_shuffle(&again, 1000, same);
    ck_assert_mem_eq(index, same, sizeof index);

    double count[27] = {0}, chi2 = 0; /* the six orders of three, by their base-3 number */
    for (int i = 0; i < 60000; i++) {
        int32_t p[3] = {0, 1, 2};
        tg_rng_shuffle(&r, 3, p);
        count[9 * p[0] + 3 * p[1] + p[2]]++;
    }
    int orders = 0;
    for (int c = 0; c < 27; c++)
        if (count[c] > 0) orders++, chi2 += (count[c] - 10000) * (count[c] - 10000) / 10000;
    ck_assert_int_eq(orders, 6);
    ck_assert_double_le(chi2, 5 + 4.5 * sqrt(10));

    tg_rng_shuffle(&r, 0, NULL);
    int32_t alone = 9;
    tg_rng_shuffle(&r, 1, &alone);
    ck_assert_int_eq(alone, 9);
}
END_TEST

SUITE("rng", .timeout = 60,
      .tests = {
          {philox_gives_the_published_blocks, 3},
          {words_are_numbered_and_skipped},
          {units_are_below_one},
          {normal_inverts_the_distribution_function},
          {normal_draws_are_normal, 3},
          {integers_below_n_are_unbiased, COUNT(ranges)},
          {below_one_or_zero_is_zero},
          {shuffle_is_a_fair_permutation},
      })
