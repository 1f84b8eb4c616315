/* test_search_errors.c - what a search refuses, how a failed trial ends it, and that a failed
 * allocation neither loses nor leaks anything. */
#define _POSIX_C_SOURCE 200809L
#include "tests/support/counting.h"
#include "tests/support/searches.h"

#include "tapegrad/data.h"
#include "tapegrad/threads.h"

#include <unistd.h>

/* ---- options -------------------------------------------------------------------------------- */

static const struct {
    tg_range range;
    const char *text;
} bad_ranges[] = {
    {{.name = "x", .lo = 2, .hi = 1},
     "search: range 'x': lo and hi must be finite, and lo at most hi"},
    {{.name = "x", .lo = 0, .hi = INFINITY},
     "search: range 'x': lo and hi must be finite, and lo at most hi"},
    {{.name = "x", .lo = NAN, .hi = 1},
     "search: range 'x': lo and hi must be finite, and lo at most hi"},
    {{.name = "x", .kind = TG_RANGE_LOG, .hi = 1},
     "search: range 'x': lo must be above 0 on a log scale"},
    {{.name = "x", .kind = TG_RANGE_INTEGER, .lo = 0.5, .hi = 1},
     "search: range 'x': lo and hi must be integers within 2^53"},
    {{.name = "x", .kind = TG_RANGE_INTEGER, .hi = 1e17},
     "search: range 'x': lo and hi must be integers within 2^53"},
    {{.name = "x", .kind = TG_RANGE_LOG_INTEGER, .hi = 4},
     "search: range 'x': lo must be at least 1 on a log scale"},
    {{.name = "x", .kind = TG_RANGE_CHOICE, .hi = 64},
     "search: range 'x': lo must be 0, and hi an integer up to 63"},
    {{.name = "x", .kind = TG_RANGE_CHOICE, .hi = 2, .without = 7},
     "search: range 'x': all choices are excluded"},
    {{.name = "x", .kind = (tg_range_kind)9}, "search: range 'x': there is no such kind"},
    {{.name = "a b"},
     "search: the name of a range is 'a b', must be of letters, digits, '_', '.', '-'"},
    {{.name = ""}, "search: the name of a range is '', must be of letters, digits, '_', '.', '-'"},
    {{.name = NULL},
     "search: the name of a range is 'NULL', must be of letters, digits, '_', '.', '-'"},
};

static void refused(const tg_search_options *o, const char *text)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_ptr_null(tg_search_new(o, &err));
    ck_assert_int_eq(err.status, TG_EARG);
    ck_assert_str_eq(err.text, text);
}

START_TEST(options)
{
    tg_search_options o = options_of(smooth);
    refused(NULL, "search: options is NULL");
    o.trial = NULL;
    refused(&o, "search: trial is NULL");
    o = options_of(smooth);
    o.n_ranges = 0;
    refused(&o, "search: there are no ranges");
    o = options_of(smooth);
    o.n_results = 0;
    refused(&o, "search: n_results is 0, budget 1, threads 1; must be at least 1, at least 1, and "
                "in 0..256");
    o = options_of(smooth);
    o.threads = TG_MAX_THREADS + 1;
    refused(&o, "search: n_results is 2, budget 1, threads 257; must be at least 1, at least 1, "
                "and in 0..256");
    o = options_of(smooth);
    o.label = "a;b";
    refused(&o, "search: the label has a ';' or a line break");
    o.label = NULL;
    for (int i = 0; i < COUNT(bad_ranges); i++) {
        const tg_range ranges[] = {space[0], bad_ranges[i].range};
        o.ranges = ranges;
        o.n_ranges = 2;
        refused(&o, bad_ranges[i].text);
    }
    const tg_range twice[] = {space[0], space[1], space[0]};
    o.ranges = twice;
    o.n_ranges = 3;
    refused(&o, "search: two ranges are called 'lr'");
}
END_TEST

START_TEST(calls)
{
    const tg_search_options o = options_of(smooth);
    tg_error err = TG_ERROR_INIT;
    tg_search *s = tg_search_new(&o, NULL);
    tg_bayes_options b = tg_bayes_defaults();
    ck_assert_int_eq(tg_search_random(NULL, 1, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_halving(NULL, 1, 3, 1, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_bayes(NULL, 1, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_random(s, 0, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_random(s, INT64_MAX, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_halving(s, 9, 1, 9, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_halving(s, 9, 3, 0, NULL), TG_EARG);
    b.batch = 0;
    ck_assert_int_eq(tg_search_bayes(s, 9, &b, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_size(s), 0);
    ck_assert_int_eq(tg_search_size(NULL), 0);
    ck_assert_int_eq(tg_search_random(s, 3, NULL), TG_OK);
    ck_assert_int_eq(tg_search_halving(s, 9, 3, 9, &err), TG_EARG);
    ck_assert_str_eq(err.text,
                     "search: began as 'random', cannot continue as 'halving of 9 by 3 to 9'");
    ck_assert_int_eq(tg_search_size(s), 3);
    tg_search_free(s);
    tg_search_free(NULL);
}
END_TEST

/* ---- failing trials ------------------------------------------------------------------------- */

static tg_status breaks(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    if (trial->number == 3) return tg_fail(err, TG_EIO, "the disk is gone");
    if (trial->number > 3) return TG_ENAN;
    return smooth(trial, results, user, err);
}

/* Several trials fail at once. The error is the one that a single thread would report. */
START_TEST(trials)
{
    tg_set_allocator(NULL); /* the counting allocator is for one thread */
    for (int threads = 1; threads < 5; threads++) {
        tg_error err = TG_ERROR_INIT;
        tg_search_options o = options_of(breaks);
        o.threads = threads;
        tg_search *s = tg_search_new(&o, NULL);
        ck_assert_int_eq(tg_search_random(s, 20, &err), TG_EIO);
        ck_assert_str_eq(err.text, "search: trial 3: the disk is gone");
        ck_assert_int_eq(tg_search_size(s), 3);
        tg_search_free(s);
    }
}
END_TEST

static tg_status no_status(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    const int numbers[] = {99, -1, TG_STATUS_COUNT};
    tg_status status = TG_OK;
    (void)results, (void)err;
    if (trial->number == 2) memcpy(&status, &numbers[*(const int *)user], sizeof status);
    return status;
}

START_TEST(what_is_no_status)
{
    for (int k = 0; k < 3; k++) {
        tg_error err = TG_ERROR_INIT;
        tg_search_options o = options_of(no_status);
        o.user = &k;
        tg_search *s = tg_search_new(&o, NULL);
        ck_assert_int_eq(tg_search_random(s, 5, &err), TG_EARG);
        ck_assert_int_eq(err.status, TG_EARG);
        ck_assert_ptr_nonnull(strstr(err.text, "search: trial 2 returned "));
        tg_search_free(s);
    }
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

static const char journal[] = "test_search_errors.tmp";

static tg_status small(int method, tg_error *err)
{
    tg_search_options o = options_of(smooth);
    tg_bayes_options b = {.made = tg_bayes_defaults().made,
                          .initial = 3,
                          .batch = 2,
                          .candidates = 8,
                          .fit_steps = 2};
    char path[64];
    (void)snprintf(path, sizeof path, "%s.%d.%ld", journal, method, (long)getpid());
    (void)unlink(path);
    o.journal = path;
    tg_search *s = tg_search_new(&o, err);
    tg_status status = err->status;
    if (s)
        status = method == RANDOM    ? tg_search_random(s, 4, err)
                 : method == HALVING ? tg_search_halving(s, 4, 2, 4, err)
                                     : tg_search_bayes(s, 6, &b, err);
    tg_search_free(s);
    (void)unlink(path);
    return status;
}

START_TEST(out_of_memory)
{
    ck_assert_int_eq(tg_set_num_threads(1), TG_OK);
    for (long n = 0;; n++) {
        tg_error err = TG_ERROR_INIT;
        allocations = 0;
        allowed = n;
        const tg_status status = small(_i, &err);
        allowed = -1;
        ck_assert_int_eq(alive, 0);
        if (status == TG_OK) break;
        ck_assert_msg(status == TG_ENOMEM, "allocation %ld: %s", n, err.text);
        ck_assert_int_eq(err.status, TG_ENOMEM);
    }
    ck_assert_int_gt(allocations, 10);
}
END_TEST

SUITE("search_errors", .with = {COUNTED}, .timeout = 300,
      .tests = {
          {options},
          {calls},
          {trials},
          {what_is_no_status},
          {out_of_memory, BAYES + 1},
      })
