/* test_early_stopping.c - when fit ends before its last update, and which parameters it leaves. */
#include <math.h>

#include "tests/support/runs.h"

enum { MOST = 100 };

/* The result of each evaluation of a run without patience, and the parameters then. */
typedef struct record {
    run *r;
    int n;
    double accuracy[MOST];
    tg_dict *params[MOST], *state[MOST];
} record;

static void keep(record *k)
{
    k->params[k->n] = tg_dict_clone(k->r->net->params, NULL);
    k->state[k->n++] = tg_dict_clone(k->r->net->state, NULL);
}

static bool look(void *user, const tg_trainer *tr)
{
    record *k = user;
    if (tg_trainer_steps(tr) % 3 == 0) keep(k);
    k->accuracy[k->n - 1] = tg_trainer_accuracy(tr, true);
    return true;
}

static void assert_equal(const tg_dict *a, const tg_dict *b)
{
    ck_assert_int_eq(tg_dict_match(a, NULL, b, NULL, NULL), TG_OK);
    for (int i = 0; i < tg_dict_size(a); i++)
        ck_assert_mem_eq(tg_dict_at(a, i)->data, tg_dict_at(b, i)->data,
                         (size_t)tg_dict_at(a, i)->size * 4);
}

static tg_trainer_options options(record *k)
{
    tg_trainer_options o = run_options(NULL);
    o.steps = 90;
    o.callback = look;
    o.user = k;
    return o;
}

static void drop(record *k)
{
    for (int i = 0; i < k->n; i++) {
        tg_dict_free(k->params[i]);
        tg_dict_free(k->state[i]);
    }
    k->n = 0;
}

/* The evaluation at which a run with this patience stops, or -1, and the best one until then. */
static int end_of(const record *whole, int patience, double delta, int *best)
{
    int stale = 0;
    *best = 0;
    for (int i = 1; i < whole->n; i++) {
        const bool better = whole->accuracy[i] > whole->accuracy[*best] + delta;
        if (better) *best = i;
        stale = better ? 0 : stale + 1;
        if (stale == patience) return i;
    }
    return -1;
}

/* A run that records all, then runs with each patience: they end where its record says. */
START_TEST(it_ends_when_patience_runs_out)
{
    static const double deltas[] = {0, 0.05, 0.2};
    const double delta = deltas[_i];
    record whole = {0}, part = {0};
    run r;
    tg_error err = TG_ERROR_INIT;
    whole.r = part.r = &r;
    run_parts(&r);
    tg_trainer_options o = options(&whole);
    run_start(&r, &o);
    keep(&whole); /* the evaluation before the first update */
    ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
    ck_assert(!tg_trainer_stopped_early(r.tr));
    ck_assert_int_eq(whole.n, 31);
    run_end(&r);

    const int most = getenv("TG_TEST_QUICK") ? 1 : 6; /* for valgrind */
    for (int patience = 1; patience <= most; patience++) {
        int best;
        const int last = end_of(&whole, patience, delta, &best);
        const bool early = last >= 0;
        run_parts(&r);
        o = options(&part);
        o.patience = patience;
        o.min_delta = delta;
        o.restore_best = patience % 2;
        run_start(&r, &o);
        keep(&part);
        ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
        ck_assert_int_eq(tg_trainer_stopped_early(r.tr), early);
        ck_assert_int_eq(tg_trainer_steps(r.tr), early ? 3 * last : 90);
        ck_assert_int_eq(tg_trainer_best_step(r.tr), 3 * best);
        ck_assert_double_eq(tg_trainer_best_accuracy(r.tr), whole.accuracy[best]);
        if (o.restore_best) {
            assert_equal(r.net->params, whole.params[best]);
            assert_equal(r.net->state, whole.state[best]);
        } else if (early)
            assert_equal(r.net->params, whole.params[last]);
        run_end(&r);
        drop(&part);
    }
    drop(&whole);
}
END_TEST

/* When patience has run out, the checkpoint says so. With more patience the run continues from
 * there. */
START_TEST(more_patience_goes_on)
{
    char path[96];
    int64_t ended = 0;
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(path, sizeof path, "%s", path_of("early.npz"));
    for (int k = 0; k < 3; k++) {
        run r;
        run_parts(&r);
        tg_trainer_options o = run_options(path);
        o.steps = 90;
        o.patience = k < 2 ? 2 : 3;
        o.min_delta = 0.9; /* nothing is better than the first */
        run_start(&r, &o);
        ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
        ck_assert(tg_trainer_stopped_early(r.tr));
        if (k == 0) ended = tg_trainer_steps(r.tr);
        ck_assert_int_eq(ended, 6);
        ck_assert_int_eq(tg_trainer_steps(r.tr), k < 2 ? 6 : 9);
        run_end(&r);
    }
    ck_assert_int_eq(remove(path), 0);
}
END_TEST

START_TEST(options_out_of_range)
{
    const struct {
        tg_trainer_options o;
        bool test;
        const char *text;
    } rows[] = {
        {{.patience = 1}, true, "trainer: patience needs a test set, and eval_every above 0"},
        {{.patience = 1, .eval_every = 1},
         false,
         "trainer: patience needs a test set, and eval_every above 0"},
        {{.restore_best = true},
         true,
         "trainer: restore_best needs a test set, and eval_every above 0"},
        {{.patience = -1}, true, "trainer: patience is negative"},
        {{.checkpoint_every = -1}, true, "trainer: checkpoint_every is negative"},
        {{.min_delta = -1}, true, "trainer: min_delta is -1, must be at least 0"},
        {{.min_delta = NAN}, true, "trainer: min_delta is nan, must be at least 0"},
        {{.clip_norm = NAN}, true, "trainer: clip_norm is nan, must be at least 0 and finite"},
        {{.clip_norm = -1}, true, "trainer: clip_norm is -1, must be at least 0 and finite"},
        {{.schedule = {TG_SCHEDULE_STEP, 0.5, 0, 0}},
         true,
         "trainer: the length of the schedule is out of range"},
        {{.schedule = {TG_SCHEDULE_COSINE, 1.5, 10, 0}},
         true,
         "trainer: the rate of the schedule is out of range"},
        {{.schedule = {TG_SCHEDULE_INVERSE, NAN, 0, 0}},
         true,
         "trainer: the rate of the schedule is out of range"},
        {{.schedule = {TG_SCHEDULE_CONSTANT, 0, 0, -1}},
         true,
         "trainer: the warm-up of the schedule is out of range"},
        {{.schedule = {(tg_schedule_kind)9, 0, 0, 0}},
         true,
         "trainer: the kind of the schedule is out of range"},
    };
    run r;
    run_parts(&r);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        tg_error err = TG_ERROR_INIT;
        tg_trainer_options o = rows[k].o;
        o.made = tg_trainer_defaults().made;
        o.batch = 10;
        ck_assert_ptr_null(tg_trainer_new(r.net, r.opt, &r.train, rows[k].test ? &r.test : NULL, &o,
                                          NULL, NULL, &err));
        ck_assert_str_eq(err.text, rows[k].text);
    }
    run_end(&r);
}
END_TEST

SUITE("early_stopping", .timeout = 120,
      .tests = {
          {it_ends_when_patience_runs_out, getenv("TG_TEST_QUICK") ? 1 : 3},
          {more_patience_goes_on},
          {options_out_of_range},
      })
