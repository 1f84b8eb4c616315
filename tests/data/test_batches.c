/* test_batches.c - minibatches: which rows they draw and in which order, and how they are
 * continued. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/storage.h"
#include "tapegrad/alloc.h"
#include "tapegrad/data.h"
#include "tests/support/memory.h"
#include "tests/support/suite.h"

static tg_batches *batches(int64_t n, int64_t batch, bool replace, bool drop_last, uint64_t seed)
{
    tg_batches_options o = tg_batches_defaults();
    tg_error err = TG_ERROR_INIT;
    o.batch = batch;
    o.replace = replace;
    o.drop_last = drop_last;
    tg_batches *b = tg_batches_new(n, o, tg_rng_make(seed, 2), &err);
    ck_assert_msg(b != NULL, "%s", err.text);
    return b;
}

static const struct {
    int n, batch;
    bool drop_last;
    int per_epoch, last; /* batches, and rows of the last of them */
} cases[] = {{10, 4, false, 3, 2}, {10, 4, true, 2, 4},     {12, 4, false, 3, 4},
             {12, 4, true, 3, 4},  {5, 100, false, 1, 5},   {5, 5, true, 1, 5},
             {1, 1, false, 1, 1},  {1000, 7, false, 143, 6}};

/* Each epoch draws every row once (except dropped ones), in a new order. */
START_TEST(an_epoch_is_a_permutation)
{
    const int n = cases[_i].n, kept = (cases[_i].per_epoch - 1) * cases[_i].batch + cases[_i].last;
    int32_t first[1000] = {0};
    tg_batches *b = batches(n, cases[_i].batch, false, cases[_i].drop_last, 1);
    ck_assert_int_eq(tg_batches_per_epoch(b), cases[_i].per_epoch);
    for (int epoch = 0; epoch < 3; epoch++) {
        bool seen[1000] = {false};
        int drawn = 0, equal = 0;
        for (int k = 0; k < cases[_i].per_epoch; k++) {
            ck_assert_int_eq(tg_batches_epoch(b), epoch);
            const tg_tensor *rows = tg_batches_next(b);
            ck_assert_int_eq(rows->ndim, 1);
            ck_assert_int_eq(rows->dtype, TG_I32);
            ck_assert_int_eq(rows->size,
                             k < cases[_i].per_epoch - 1 ? cases[_i].batch : cases[_i].last);
            for (int64_t i = 0; i < rows->size; i++, drawn++) {
                const int32_t row = ((const int32_t *)rows->data)[i];
                ck_assert_msg(row >= 0 && row < n && !seen[row], "row %d", (int)row);
                seen[row] = true;
                if (epoch == 0) first[drawn] = row;
                equal += first[drawn] == row;
            }
        }
        ck_assert_int_eq(drawn, kept);
        ck_assert_msg(epoch == 0 || n < 10 || equal < drawn, "epoch %d repeats the first", epoch);
    }
    ck_assert_int_eq(tg_batches_epoch(b), 3);
    tg_batches_free(b);
}
END_TEST

/* The order is the documented one, so that others can repeat it. */
START_TEST(the_order_is_as_documented)
{
    int32_t order[10];
    tg_batches *b = batches(10, 4, false, false, 5);
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        tg_rng rng = tg_rng_make(5, 2);
        rng.counter += epoch << 32;
        for (int32_t i = 0; i < 10; i++) order[i] = i;
        tg_rng_shuffle(&rng, 10, order);
        for (int at = 0; at < 10;) {
            const tg_tensor *rows = tg_batches_next(b);
            ck_assert_mem_eq(rows->data, order + at, sizeof *order * (size_t)rows->size);
            at += (int)rows->size;
        }
    }
    tg_batches_free(b);
    tg_rng rng = tg_rng_make(6, 2);
    b = batches(10, 100, true, false, 6);
    const int32_t *row = tg_batches_next(b)->data;
    ck_assert_int_eq(tg_batches_per_epoch(b), 1);
    ck_assert_int_eq(tg_batches_epoch(b), 1);
    for (int i = 0; i < 100; i++) ck_assert_int_eq(row[i], (int32_t)tg_rng_next_below(&rng, 10));
    tg_batches_free(b);
}
END_TEST

/* Every row is in every place equally often, with and without replacement: chi-square. */
START_TEST(draws_are_uniform)
{
    enum { N = 10, BATCH = 5, DRAWS = 20000 };
    static int count[BATCH][N];
    memset(count, 0, sizeof count);
    tg_batches *b = batches(N, BATCH, _i, false, 7);
    int repeats = 0;
    for (int k = 0; k < DRAWS; k++) {
        const int32_t *row = tg_batches_next(b)->data;
        for (int i = 0; i < BATCH; i++) count[i][row[i]]++;
        repeats += row[0] == row[1];
    }
    tg_batches_free(b);
    for (int i = 0; i < BATCH; i++) {
        const double expected = DRAWS / (double)N;
        double chi2 = 0;
        for (int r = 0; r < N; r++) chi2 += pow(count[i][r] - expected, 2) / expected;
        ck_assert_msg(chi2 < 27.9, "place %d: chi-square %g", i, chi2); /* p = 0.001, 9 degrees */
        ck_assert_msg(chi2 > 0.5, "place %d: chi-square %g, too even", i, chi2);
    }
    /* independent draws agree one time in ten */
    ck_assert_int_ge(repeats, _i ? DRAWS / 10 - 200 : 0);
    ck_assert_int_le(repeats, _i ? DRAWS / 10 + 200 : 0);
}
END_TEST

/* A run that is continued at any batch draws what the first run drew. */
START_TEST(a_restored_run_goes_on)
{
    enum { BATCHES = 11 };
    const bool replace = _i;
    int32_t drawn[BATCHES][4] = {{0}};
    tg_batches_state states[BATCHES];
    tg_error err = TG_ERROR_INIT;
    tg_batches *b = batches(10, 4, replace, false, 8), *other = batches(10, 4, replace, false, 99);
    for (int k = 0; k < BATCHES; k++) {
        states[k] = tg_batches_get_state(b);
        const tg_tensor *rows = tg_batches_next(b);
        memcpy(drawn[k], rows->data, sizeof **drawn * (size_t)rows->size);
    }
    (void)tg_batches_next(other); /* another order, which restoring must replace */
    for (int start = 0; start < BATCHES; start++) {
        ck_assert_int_eq(tg_batches_set_state(other, states[start], &err), TG_OK);
        for (int k = start; k < BATCHES; k++) {
            ck_assert_int_eq(tg_batches_epoch(other), states[k].epoch);
            const tg_tensor *rows = tg_batches_next(other);
            ck_assert_mem_eq(rows->data, drawn[k], sizeof **drawn * (size_t)rows->size);
        }
    }
    tg_batches_state bad = states[0];
    bad.position = tg_batches_per_epoch(b);
    ck_assert_int_eq(tg_batches_set_state(other, bad, &err), TG_EARG);
    ck_assert_str_eq(err.text,
                     replace ? "batches_set_state: epoch 0 and position 2 of 2 are out of range"
                             : "batches_set_state: epoch 0 and position 3 of 3 are out of range");
    bad.position = 0;
    bad.epoch = -1;
    ck_assert_int_eq(tg_batches_set_state(other, bad, NULL), TG_EARG);
    ck_assert_int_eq(tg_batches_set_state(NULL, states[0], NULL), TG_EARG);
    tg_batches_free(other);
    tg_batches_free(b);
}
END_TEST

START_TEST(allocations_at_the_start_only)
{
    memory_setup();
    tg_batches *b = batches(1000, 7, _i, false, 1);
    const void *full = tg_batches_next(b)->data;
    const long before = memory.asked;
    int allowed = 0;
    for (int k = 0; k < 1000; k++) {
        const tg_tensor *rows = tg_batches_next(b);
        ck_assert_ptr_eq(rows->data, full);
        ck_assert_uint_eq(tgi_version(rows), (uint64_t)k + 2); /* each batch counts as written */
    }
    ck_assert_int_eq(memory.asked, before);
    tg_batches_free(b);
    for (b = NULL; !b; allowed++) { /* each allocation that can fail, fails */
        tg_error err = TG_ERROR_INIT;
        tg_batches_options o = tg_batches_defaults();
        o.replace = _i;
        memory_fails(allowed, LONG_MAX);
        b = tg_batches_new(1050, o, tg_rng_make(1, 1), &err);
        ck_assert_int_eq(err.status, b ? TG_OK : TG_ENOMEM);
    }
    ck_assert_int_gt(allowed, 3);
    tg_batches_free(b);
    memory_teardown();
}
END_TEST

START_TEST(arguments)
{
    static const struct {
        int64_t n, batch;
        const char *text;
    } bad[] = {
        {0, 1, "batches: 0 rows in batches of 1; both must be in 1..2^31-1"},
        {1, 0, "batches: 1 rows in batches of 0; both must be in 1..2^31-1"},
        {INT64_C(1) << 31, 1,
         "batches: 2147483648 rows in batches of 1; both must be in 1..2^31-1"},
        {5, 6, "batches: drop_last leaves no batch, because batch is 6 for 5 rows"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tg_error err = TG_ERROR_INIT;
        const tg_batches_options o = {
            .made = tg_batches_defaults().made, .batch = bad[i].batch, .drop_last = true};
        ck_assert_ptr_null(tg_batches_new(bad[i].n, o, tg_rng_make(1, 1), &err));
        ck_assert_int_eq(err.status, TG_EARG);
        ck_assert_str_eq(err.text, bad[i].text);
    }
    ck_assert_ptr_null(tg_batches_next(NULL));
    tg_batches_free(NULL);
    ck_assert_int_eq(tg_batches_defaults().batch, 100);
    ck_assert(!tg_batches_defaults().replace && !tg_batches_defaults().drop_last);
}
END_TEST

SUITE("batches", .timeout = 300,
      .tests = {
          {an_epoch_is_a_permutation, COUNT(cases)},
          {the_order_is_as_documented},
          {draws_are_uniform, 2},
          {a_restored_run_goes_on, 2},
          {allocations_at_the_start_only, 2},
          {arguments},
      })
