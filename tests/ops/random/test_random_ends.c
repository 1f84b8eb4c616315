/* test_random_ends.c - the promises on random numbers, tested at the words that give the smallest
 * and the largest. A block of Philox is a one-to-one function of counter and stream, so the rounds
 * can be run backwards to find a generator whose next words are given. */
#include <float.h>

#include "src/search/search.h"
#include "tapegrad/init.h"
#include "tapegrad/rng.h"
#include "tests/support/tape.h"

/* ---- a generator with given words ----------------------------------------------------------- */

/* v with v m = 1 modulo 2^32, m odd. */
static uint32_t inverse_of(uint32_t m)
{
    uint32_t v = m;
    for (int i = 0; i < 5; i++) v *= 2 - m * v;
    return v;
}

static tg_rng generator_of(uint64_t seed, uint64_t first, uint64_t second)
{
    const uint32_t m0 = 0xD2511F53u, m2 = 0xCD9E8D57u;
    uint32_t x0 = (uint32_t)first, x1 = (uint32_t)(first >> 32);
    uint32_t x2 = (uint32_t)second, x3 = (uint32_t)(second >> 32);
    for (uint32_t round = 10; round-- > 0;) {
        const uint32_t k0 = (uint32_t)seed + round * 0x9E3779B9u;
        const uint32_t k1 = (uint32_t)(seed >> 32) + round * 0xBB67AE85u;
        const uint32_t was0 = x3 * inverse_of(m0), was2 = x1 * inverse_of(m2);
        const uint32_t was1 = x0 ^ (uint32_t)((uint64_t)m2 * was2 >> 32) ^ k0;
        const uint32_t was3 = x2 ^ (uint32_t)((uint64_t)m0 * was0 >> 32) ^ k1;
        x0 = was0, x1 = was1, x2 = was2, x3 = was3;
    }
    return (tg_rng){seed, (uint64_t)x3 << 32 | x2, (uint64_t)x1 << 32 | x0};
}

static const uint64_t words[] = {0,
                                 UINT64_MAX,
                                 UINT64_MAX << 11,
                                 UINT64_MAX << 12,
                                 UINT64_MAX << 40,
                                 1,
                                 (UINT64_C(1) << 11) - 1,
                                 UINT64_C(1) << 11,
                                 UINT64_C(1) << 63,
                                 (UINT64_C(1) << 63) - 1};

static tg_rng extreme(int i)
{
    const tg_rng r = generator_of(5, words[i], ~words[i]);
    ck_assert_uint_eq(tg_rng_word(&r, 0), words[i]);
    ck_assert_uint_eq(tg_rng_word(&r, 1), ~words[i]);
    return r;
}

/* ---- uniform -------------------------------------------------------------------------------- */

static const double ranges[][2] = {{0, 1},
                                   {1, 2},
                                   {-1, 1},
                                   {1, 1 + 0x1p-52},
                                   {1, 1 + 0x1p-23},
                                   {16777216, 16777218},
                                   {0x1p53, 0x1p53 + 2},
                                   {-3e38, 0},
                                   {2e-38, 3e-38},
                                   {0.1, 0.3},
                                   {-2, -1},
                                   {0, 5e-324},
                                   {-0x1p-1074, 0x1p-1074},
                                   {-1e308, 0.7e308},
                                   {1e-300, 1},
                                   {3, 3}};

static void check_inside(const char *what, double v, double lo, double hi)
{
    ck_assert_msg(v >= lo && (v < hi || lo == hi), "%s: %.17g is not in [%.17g, %.17g)", what, v,
                  lo, hi);
}

START_TEST(uniform_numbers_stay_below_their_end)
{
    for (int k = 0; k < COUNT(ranges); k++) {
        const double lo = ranges[k][0], hi = ranges[k][1];
        tg_rng r = extreme(_i), back = r;
        check_inside("next_uniform", tg_rng_next_uniform(&r, lo, hi), lo, hi);
        check_inside("next_uniform, turned", -tg_rng_next_uniform(&back, hi, lo), -hi, -lo);
        for (int d = TG_F32; d <= TG_F64; d++) {
            tg_rng own = extreme(_i);
            const double most = d == TG_F32 ? (double)FLT_MAX : DBL_MAX;
            if (!(fabs(lo) <= most && hi - lo <= most)) continue;
            const tg_tensor *y = tg_uniform(t, &own, (tg_dtype)d, DIMS(2), lo, hi);
            ck_assert_msg(y != NULL, "%s", tg_tape_message(t));
            const double lowest = d == TG_F32 ? (double)(float)lo : lo;
            const double end = d == TG_F32 ? (double)(float)hi : hi;
            for (int64_t i = 0; i < 2; i++) check_inside("uniform", read_at(y, i), lowest, end);
        }
    }
}
END_TEST

/* Ranges so wide that hi - lo overflows, as tg_rng_next_uniform cannot refuse them. */
START_TEST(wide_ranges)
{
    tg_rng r = extreme(_i);
    check_inside("next_uniform", tg_rng_next_uniform(&r, -DBL_MAX, DBL_MAX), -DBL_MAX, DBL_MAX);
    r = extreme(_i);
    ck_assert(isfinite(tg_rng_next_uniform(&r, DBL_MAX, -1e308)));
}
END_TEST

/* ---- the others ----------------------------------------------------------------------------- */

static const struct {
    double mean, std, lo, hi;
} bands[] = {
    {0, 1, -2, 2},
    {0, 1, 40, 50},
    {0, 1, -50, -40},
    {0, 1, 1, 1.0000001},
    {0, 1, 29.9, 31},
    {0, 1, -9, 9},
    {0, 1e-30, -1e30, 1},
    {5, 1e30, -1, 1},
    {0, 1, 0, DBL_MIN},
    {0, 1e-308, 3, 4},
    {-1e308, 1, 1e308, 1.1e308},
    {0, 1, 8, 9},
    {0, 1, -1e300, 8},
    {1e10, 1e-10, 0, 1},
};

START_TEST(truncated_numbers_stay_between_their_ends)
{
    for (int k = 0; k < COUNT(bands); k++)
        for (int d = TG_F32; d <= TG_F64; d++) {
            tg_rng r = extreme(_i);
            const double lo = bands[k].lo, hi = bands[k].hi;
            if (d == TG_F32 && fmax(fabs(lo), fabs(hi)) > (double)FLT_MAX) continue;
            const tg_tensor *y = tg_truncated_normal(t, &r, (tg_dtype)d, DIMS(2), bands[k].mean,
                                                     bands[k].std, lo, hi);
            ck_assert_msg(y != NULL, "%s", tg_tape_message(t));
            for (int64_t i = 0; i < 2; i++) {
                const double v = read_at(y, i);
                ck_assert_msg(d == TG_F32 ? v >= (double)(float)lo && v <= (double)(float)hi
                                          : v >= lo && v <= hi,
                              "%.17g is not in [%g, %g]", v, lo, hi);
            }
        }
}
END_TEST

START_TEST(normal_numbers_are_finite)
{
    for (int d = TG_F32; d <= TG_F64; d++) {
        const double std = d == TG_F32 ? 3.7e37 : 1.9e307;
        tg_rng r = extreme(_i), same = r;
        const tg_tensor *y = tg_normal(t, &r, (tg_dtype)d, DIMS(2), 0, std);
        ck_assert_msg(y != NULL, "%s", tg_tape_message(t));
        for (int64_t i = 0; i < 2; i++) ck_assert(fabs(read_at(y, i)) < 8.3 * std);
        ck_assert(fabs(tg_rng_next_normal(&same, 0, 1)) < 8.3);
    }
}
END_TEST

static const double chances[] = {0, 5e-324, 0x1p-53, 0x1p-54, 0.5, 1 - 0x1p-53, 1};

START_TEST(chances_of_0_and_1_are_certain)
{
    for (int k = 0; k < COUNT(chances); k++)
        for (int d = 0; d < TG_DTYPE_COUNT; d++) {
            tg_rng r = extreme(_i);
            const tg_tensor *y = tg_bernoulli(t, &r, (tg_dtype)d, DIMS(2), chances[k]);
            ck_assert_msg(y != NULL, "%s", tg_tape_message(t));
            ck_assert(read_at(y, 0) == (tg_rng_unit(words[_i]) < chances[k]));
            ck_assert(read_at(y, 1) == (tg_rng_unit(~words[_i]) < chances[k]));
        }
}
END_TEST

START_TEST(integers_stay_in_their_range)
{
    static const int64_t ends[][2] = {{0, 1},
                                      {INT32_MIN, (int64_t)INT32_MAX + 1},
                                      {INT32_MAX, (int64_t)INT32_MAX + 1},
                                      {INT32_MIN, INT32_MIN + 3},
                                      {-1, 1}};
    for (int k = 0; k < COUNT(ends); k++) {
        tg_rng r = extreme(_i);
        const tg_tensor *y = tg_randint(t, &r, DIMS(2), ends[k][0], ends[k][1]);
        ck_assert_msg(y != NULL, "%s", tg_tape_message(t));
        for (int64_t i = 0; i < 2; i++)
            ck_assert(read_at(y, i) >= (double)ends[k][0] && read_at(y, i) < (double)ends[k][1]);
    }
    for (uint64_t n = UINT64_MAX; n > 0; n /= 3) {
        tg_rng r = extreme(_i);
        ck_assert(tg_rng_next_below(&r, n) < n);
    }
}
END_TEST

/* sqrt(3) std to both sides. */
START_TEST(weights_stay_within_their_bounds)
{
    for (int d = TG_F32; d <= TG_F64; d++) {
        tg_tensor *w = keep(tg_tensor_new((tg_dtype)d, DIMS(2, 1), NULL));
        tg_rng r = extreme(_i);
        tg_init init = tg_init_normal(0.1);
        init.uniform = true;
        ck_assert_int_eq(tg_init_fill(w, init, &r, NULL), TG_OK);
        const double half = sqrt(3) * 0.1, end = d == TG_F32 ? (double)(float)half : half;
        for (int64_t i = 0; i < 2; i++) ck_assert(fabs(read_at(w, i)) <= end);
    }
}
END_TEST

START_TEST(values_of_a_search_stay_in_their_ranges)
{
    static const tg_range all[] = {{"a", TG_RANGE_LINEAR, -DBL_MAX, DBL_MAX, 0},
                                   {"b", TG_RANGE_LINEAR, 0.1, 0.3, 0},
                                   {"c", TG_RANGE_LOG, 1e-6, 0.1, 0},
                                   {"d", TG_RANGE_LOG, 5e-324, DBL_MAX, 0},
                                   {"e", TG_RANGE_INTEGER, -9007199254740992, 9007199254740992, 0},
                                   {"f", TG_RANGE_LOG_INTEGER, 1, 9007199254740992, 0},
                                   {"g", TG_RANGE_CHOICE, 0, 63, 0}};
    for (int k = 0; k < COUNT(all); k++) {
        const double v = tg_range_value(&all[k], tg_rng_unit(words[_i]));
        ck_assert_msg(tgi_range_holds(&all[k], v), "%s: %.17g", all[k].name, v);
    }
}
END_TEST

SUITE("random_ends", .with = {TAPE},
      .tests = {
          {uniform_numbers_stay_below_their_end, COUNT(words)},
          {wide_ranges, COUNT(words)},
          {truncated_numbers_stay_between_their_ends, COUNT(words)},
          {normal_numbers_are_finite, COUNT(words)},
          {chances_of_0_and_1_are_certain, COUNT(words)},
          {integers_stay_in_their_range, COUNT(words)},
          {weights_stay_within_their_bounds, COUNT(words)},
          {values_of_a_search_stay_in_their_ranges, COUNT(words)},
      })
