/* test_random_run.c - random numbers in bulk: the same bits as one by one, from every instruction
 * set, for every length and on any number of threads. */
#include "ops/kernels/kernels.h"
#include "tapegrad/init.h"
#include "tapegrad/threads.h"
#include "tests/support/close.h"

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

/* Also where the counter passes 2^32 and 2^64. */
START_TEST(blocks_are_those_of_the_generator)
{
    enum { MOST = 67, ROOM = 2 * MOST + 2 * TGI_PHILOX };
    static const uint64_t counters[] = {0, 5, UINT32_MAX - 30ull, UINT64_MAX - 30};
    const tgi_kernels *k = tgi_kernels_named(isas[_i]);
    for (int c = 0; k && c < COUNT(counters); c++)
        for (int64_t n = 0; n <= MOST; n++) {
            uint32_t high[ROOM + 1], low[ROOM + 1], want[4];
            const uint64_t seed = 0xa4093822299f31d0 * (uint64_t)n, stream = ~seed * 3;
            k->philox(seed, stream, counters[c], n, high + n % 2, low + n % 2);
            for (int64_t i = 0; i < n; i++) {
                const int64_t at = 2 * i + n % 2;
                tg_rng_block(seed, stream, counters[c] + (uint64_t)i, want);
                ck_assert_msg(low[at] == want[0] && high[at] == want[1] && low[at + 1] == want[2] &&
                                  high[at + 1] == want[3],
                              "%s: block %lld of %lld", isas[_i], (long long)i, (long long)n);
            }
        }
}
END_TEST

/* ---- what is made of them ------------------------------------------------------------------- */

enum { UNIFORM, NORMAL, BERNOULLI, RANDINT, TRUNCATED, KINDS };

static tg_tensor *draw(tg_tape *t, int kind, tg_dtype dtype, tg_rng *rng, int64_t n)
{
    switch (kind) {
    case UNIFORM:
        return tg_uniform(t, rng, dtype, 1, &n, -1.5, 2);
    case NORMAL:
        return tg_normal(t, rng, dtype, 1, &n, 0.5, 3);
    case BERNOULLI:
        return tg_bernoulli(t, rng, dtype, 1, &n, 0.3);
    case RANDINT:
        return tg_randint(t, rng, 1, &n, -7, 1000);
    default:
        return tg_truncated_normal(t, rng, dtype, 1, &n, 0, 1, -1, 3);
    }
}

/* By the functions for one number. */
static double number(int kind, tg_dtype dtype, uint64_t word)
{
    const bool f32 = dtype == TG_F32;
    if (kind == UNIFORM)
        return f32 ? (double)(-1.5f + 3.5f * tg_rng_unit24(word)) : -1.5 + 3.5 * tg_rng_unit(word);
    if (kind == BERNOULLI) return tg_rng_unit(word) < 0.3;
    const double z = 0.5 + 3 * tg_rng_normal(word);
    return f32 ? (double)(float)z : z;
}

START_TEST(every_length)
{
    static const int64_t lengths[] = {1023, 1024, 1025, 16384, 32767, 32768, 32769, 49155, 70000};
    for (int k = 0; k < 68 + COUNT(lengths); k++)
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            const int64_t n = k < 68 ? k : lengths[k - 68];
            tg_rng rng = {9, 4, UINT32_MAX - 100ull};
            const tg_rng start = rng;
            tg_tape *t = tg_tape_new();
            const tg_tensor *y = draw(t, _i, (tg_dtype)dtype, &rng, n);
            assert_fine(t, "random");
            ck_assert_int_eq(y->size, n);
            for (int64_t i = 0; i < n; i++)
                assert_close("random", y->dtype, i, 0, read_at(y, i),
                             number(_i, y->dtype, tg_rng_word(&start, (uint64_t)i)), 0, 0);
            ck_assert_uint_eq(rng.counter, start.counter + (uint64_t)(n + 1) / 2);
            tg_tape_free(t);
        }
}
END_TEST

/* p at the ends and next to a word: the word itself is not below p, but one more is. */
START_TEST(bernoulli_to_the_last_bit)
{
    const tg_rng start = tg_rng_make(3, 3);
    const int64_t n = 8;
    for (int j = 0; j < n; j++) {
        const double u = tg_rng_unit(tg_rng_word(&start, (uint64_t)j));
        const double all[] = {u, nextafter(u, 1), nextafter(u, 0), 0, 1, 5e-324, 1 - 0x1p-53};
        for (int k = 0; k < COUNT(all); k++)
            for (int dtype = 0; dtype < TG_DTYPE_COUNT; dtype++) {
                tg_rng rng = start;
                tg_tape *t = tg_tape_new();
                const tg_tensor *y = tg_bernoulli(t, &rng, (tg_dtype)dtype, 1, &n, all[k]);
                assert_fine(t, "bernoulli");
                for (int64_t i = 0; i < n; i++) {
                    const double v = tg_rng_unit(tg_rng_word(&start, (uint64_t)i));
                    ck_assert_int_eq((int)read_at(y, i), v < all[k]);
                }
                tg_tape_free(t);
            }
    }
}
END_TEST

START_TEST(threads_change_no_bit)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    tg_tensor *first = NULL;
    for (int k = 0; k < COUNT(threads); k++) {
        tg_tape *t = tg_tape_new();
        tg_rng rng = tg_rng_make(1, 2);
        ck_assert_int_eq(tg_set_num_threads(threads[k]), TG_OK);
        tg_tensor *y = draw(t, _i, TG_F32, &rng, 150001);
        assert_fine(t, "random");
        if (!first) first = keep(tg_tensor_clone(y, NULL));
        ck_assert(memcmp(first->data, y->data, (size_t)y->size * 4) == 0);
        tg_tape_free(t);
    }
    (void)tg_set_num_threads(0);
    free_leaves();
}
END_TEST

/* Words on both sides of the bounds between the formulas: |p - 1/2| = 0.425, and sqrt(-ln p) = 5.
 */
static uint64_t word_near(int i, const tg_rng *rng)
{
    static const double bounds[] = {0.075, 0.925, 1.3887943864964021e-11,
                                    1 - 1.3887943864964021e-11};
    const uint64_t random = tg_rng_word(rng, (uint64_t)i);
    if (i < 64) return UINT64_MAX >> i;
    if (i < 128) return UINT64_MAX << (i - 64);
    if (i < 192) return (uint64_t)(i % 2) - 1;
    if (i >= 1024 || i % 3) return random;
    const uint64_t middle = (uint64_t)(bounds[i % COUNT(bounds)] * 0x1p64);
    const uint64_t far = random >> (12 + i % 50);
    return i % 2 ? middle + far : middle - far;
}

START_TEST(normal_numbers_have_the_bits_of_one)
{
    enum { ALL = 1 << 16, ROOM = TGI_NORMALS + 2 * TGI_PHILOX };
    static uint32_t high[ALL + ROOM], low[ALL + ROOM];
    const tgi_kernels *k = tgi_kernels_named(isas[_i]);
    const tg_rng rng = tg_rng_make(6, 0);
    for (int i = 0; i < ALL + ROOM; i++) {
        const uint64_t word = word_near(i, &rng);
        high[i] = (uint32_t)(word >> 32), low[i] = (uint32_t)word;
    }
    int64_t n = 0;
    for (int at = 0; k && at < ALL; at += (int)n) {
        float y[ROOM];
        double z[ROOM];
        n = at < 2048 ? 1 + at % 67 : TGI_NORMALS;
        k->normal[TG_F32](n, high + at, low + at, 0.5, 3, y);
        k->normal[TG_F64](n, high + at, low + at, 0.5, 3, z);
        for (int i = 0; i < n; i++) {
            const uint64_t word = (uint64_t)high[at + i] << 32 | low[at + i];
            const double want = 0.5 + 3 * tg_rng_normal(word);
            ck_assert_msg(z[i] == want && y[i] == (float)want, "%s: %llx gives %a, not %a",
                          isas[_i], (unsigned long long)word, z[i], want);
        }
    }
}
END_TEST

/* Weights come from the same words whether they lie one behind the other or not. */
START_TEST(weights)
{
    const bool uniform = _i;
    const double std = sqrt(2.0 / 37);
    tg_init init = tg_init_he();
    init.uniform = uniform;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            tg_rng rng = tg_rng_make(2, 1);
            tg_tensor *w =
                laid_out(random_leaf((tg_dtype)dtype, 2, (int64_t[]){37, 41}, 0, 1, 1), layout);
            ck_assert_int_eq(tg_init_fill(w, init, &rng, NULL), TG_OK);
            const tg_rng start = tg_rng_make(2, 1);
            for (int64_t i = 0; i < w->size; i++) {
                const uint64_t word = tg_rng_word(&start, (uint64_t)i);
                const double z = uniform ? sqrt(3.0) * std * (2 * tg_rng_unit(word) - 1)
                                         : std * tg_rng_normal(word);
                ck_assert(read_at(w, i) == (dtype == TG_F32 ? (double)(float)z : z));
            }
            ck_assert_uint_eq(rng.counter, (37 * 41 + 1) / 2);
            free_leaves();
        }
}
END_TEST

SUITE("random_run", .timeout = 120,
      .tests = {
          {blocks_are_those_of_the_generator, COUNT(isas)},
          {every_length, RANDINT},
          {bernoulli_to_the_last_bit},
          {threads_change_no_bit, KINDS},
          {normal_numbers_have_the_bits_of_one, COUNT(isas)},
          {weights, 2},
      })
