/* test_search_run.c - how searches run: halving, the same for any number of threads, stopped and
 * continued. */
#define _POSIX_C_SOURCE 200809L
#include "tapegrad/ops.h"
#include "tapegrad/threads.h"
#include "tests/support/searches.h"

/* High numbers are best, except that low ones are best in rung 1. */
static tg_status late(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    (void)user, (void)err;
    ck_assert_int_eq(trial->budget, trial->rung == 0 ? 2 : trial->rung == 1 ? 6 : 18);
    results[0] = (double)(trial->rung == 1 ? -trial->number : trial->number);
    return TG_OK;
}

/* 20 trials: 14..19 go on, of which 14 and 15 are best in rung 1; rung 3 would cost 54. */
START_TEST(halving)
{
    static const int64_t order[] = {15, 14, 16, 17, 18, 19, 13, 12};
    tg_search_options o = options_of(late);
    o.budget = 2;
    o.threads = 3;
    tg_search *s = tg_search_new(&o, NULL);
    ck_assert_int_eq(tg_search_halving(s, 20, 3, 53, NULL), TG_OK);
    ck_assert_int_eq(tg_search_size(s), 20);
    for (int k = 0; k < COUNT(order); k++) {
        tg_trial t;
        ck_assert_int_eq(tg_search_ranked(s, k, &t), TG_OK);
        ck_assert_int_eq(t.number, order[k]);
        ck_assert_int_eq(t.rung, k < 2 ? 2 : k < 6 ? 1 : 0);
        ck_assert_int_eq(t.budget, k < 2 ? 18 : k < 6 ? 6 : 2);
    }
    tg_search_free(s);
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

/* Like smooth, with a tape whose operations use the thread pool from several trials at once. */
static tg_status on_a_tape(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    tg_tape *t = tg_tape_new();
    tg_rng rng = tg_rng_make(7, (uint64_t)trial->number);
    const int64_t n = getenv("TG_TEST_QUICK") ? 16 : 160;
    tg_tensor *x = tg_uniform(t, &rng, TG_F32, 2, (int64_t[]){n, n}, -1, 1);
    const double sum = tg_item(tg_sum(t, tg_matmul(t, x, x), TG_ALL, false));
    const tg_status status = smooth(trial, results, user, err);
    ck_assert(isfinite(sum));
    results[1] = sum;
    tg_tape_free(t);
    return status;
}

START_TEST(any_number_of_threads)
{
    static const int threads[] = {1, 3, 2, 7, 0};
    const int counts = getenv("TG_TEST_QUICK") ? 2 : COUNT(threads);
    char *first = NULL;
    ck_assert_int_eq(tg_set_num_threads(counts > 2 ? 2 : 1), TG_OK); /* slow under valgrind */
    for (int k = 0; k < counts; k++) {
        tg_error err = TG_ERROR_INIT;
        tg_search_options o = options_of(on_a_tape);
        o.threads = threads[k];
        tg_search *s = tg_search_new(&o, &err);
        ck_assert_msg(run_method(s, _i, &err) == TG_OK, "%s", err.text);
        char *text = outcome(s);
        if (first) ck_assert_str_eq(text, first);
        if (first)
            free(text);
        else
            first = text;
        tg_search_free(s);
    }
    free(first);
}
END_TEST

/* ---- progress, stopping and going on -------------------------------------------------------- */

typedef struct watch {
    int64_t calls, done, stop_at, total;
    double best;
} watch;

static bool look(void *user, const tg_search_progress *p)
{
    watch *w = user;
    w->calls++;
    ck_assert_int_eq(p->done, ++w->done);
    ck_assert_int_eq(p->total, w->total);
    if (isfinite(p->best.score)) {
        ck_assert(p->best.rung > 0 || p->best.score >= w->best);
        w->best = p->best.score;
    }
    return w->done != w->stop_at;
}

START_TEST(stopped_and_continued)
{
    tg_search_options o = options_of(smooth);
    watch w = {.total = _i == HALVING ? 40 + 13 + 4 : _i == RANDOM ? TRIALS : BAYES_TRIALS};
    tg_search *whole = tg_search_new(&o, NULL);
    ck_assert_int_eq(run_method(whole, _i, NULL), TG_OK);
    char *want = outcome(whole);
    o.callback = look;
    o.user = &w;
    w.best = -INFINITY;
    tg_search *s = tg_search_new(&o, NULL);
    for (tg_status status = TG_ESTOP; status;) {
        tg_error err = TG_ERROR_INIT;
        w.stop_at += 6;
        status = run_method(s, _i, &err);
        char text[100];
        snprintf(text, sizeof text, "search: the callback stopped it after %d of %d trials",
                 (int)w.done, (int)w.total);
        ck_assert_str_eq(err.text, status ? text : "");
        ck_assert_int_eq(status, w.done < w.total ? TG_ESTOP : TG_OK);
    }
    ck_assert_int_eq(w.calls, w.total);
    char *got = outcome(s);
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
    tg_search_free(s);
    tg_search_free(whole);
}
END_TEST

START_TEST(more_trials_later)
{
    tg_search_options o = options_of(smooth);
    tg_search *s = tg_search_new(&o, NULL), *once = tg_search_new(&o, NULL);
    ck_assert_int_eq(tg_search_random(s, 7, NULL), TG_OK);
    ck_assert_int_eq(tg_search_random(s, TRIALS, NULL), TG_OK);
    ck_assert_int_eq(tg_search_random(once, TRIALS, NULL), TG_OK);
    char *got = outcome(s), *want = outcome(once);
    ck_assert_str_eq(got, want);
    free(got);
    free(want);
    tg_search_free(s);
    tg_search_free(once);
}
END_TEST

SUITE("search_run", .timeout = 300,
      .tests = {
          {halving},
          {any_number_of_threads, METHODS},
          {stopped_and_continued, METHODS},
          {more_trials_later},
      })
