/* test_train.c - the training loop: it learns, is repeatable, allocates nothing, and says why it
 * stopped. */
#include <math.h>
#include <stdlib.h>

#include "tapegrad.h"
#include "tests/support/memory.h"
#include "tests/support/nets.h"
#include "tests/support/suite.h"

typedef struct setting {
    tg_dataset train, test;
    tg_model *net;
    tg_optimizer *opt;
} setting;

static void start(setting *s, tg_dtype dtype, bool extend)
{
    tg_error err = TG_ERROR_INIT;
    tg_mlp_options o = mlp_with(DIMS(784, 30, 20, 10), extend, extend ? 0.1 : 0, extend ? 1e-4 : 0);
    tg_rng rng = tg_rng_make(5, 0);
    o.dtype = dtype;
    ck_assert_msg(tg_digits_load(1, 600, 200, &s->train, &s->test, &err) == TG_OK, "%s", err.text);
    s->net = tg_mlp_new(&o, &rng, &err);
    s->opt = tg_adam(tg_adam_defaults(), &err);
    ck_assert_msg(s->net && s->opt, "%s", err.text);
}

static void end(setting *s)
{
    tg_mlp_free(s->net);
    tg_optimizer_free(s->opt);
    tg_dataset_free(&s->train);
    tg_dataset_free(&s->test);
}

/* Batch normalisation, dropout, penalty, Adam, loss after the update: no malloc from the tenth
 * iteration on, by a plan, with a short batch at the end of each epoch, and without plans. */
START_TEST(test_no_malloc)
{
    setting s;
    tg_error err = TG_ERROR_INIT;
    memory_setup();
    start(&s, TG_F32, true);
    tg_trainer_options o = tg_trainer_defaults();
    o.loss_after = true;
    o.replace = _i == 1;
    o.plan = _i < 3;
    if (_i == 2) o.batch = 130; /* of 600 rows */
    tg_trainer *tr = tg_trainer_new(s.net, s.opt, &s.train, NULL, &o, NULL, NULL, &err);
    for (int i = 0; i < 10; i++) ck_assert_int_eq(tg_trainer_step(tr, &err), TG_OK);
    const long asked = memory.asked, alive = memory.alive;
    for (int i = 0; i < (getenv("TG_TEST_QUICK") ? 3 : 30); i++)
        ck_assert_int_eq(tg_trainer_step(tr, &err), TG_OK);
    ck_assert(memory.asked == asked && memory.alive == alive);
    if (_i < 2) ck_assert_str_eq(tg_trainer_plan_note(tr), "");
    tg_trainer_free(tr);
    end(&s);
    memory_teardown();
}
END_TEST

/* Under TG_TEST_QUICK, for valgrind, only that it repeats. */
START_TEST(test_learns_and_repeats)
{
    const bool quick = getenv("TG_TEST_QUICK") != NULL;
    double last[2], accuracy[2];
    for (int k = 0; k < 2; k++) {
        setting s;
        tg_error err = TG_ERROR_INIT;
        start(&s, _i ? TG_F64 : TG_F32, false);
        tg_history *history = tg_history_new();
        tg_trainer_options o = tg_trainer_defaults();
        o.steps = quick ? 12 : 120;
        o.batch = 50;
        o.eval_every = 12;
        tg_trainer *tr = tg_trainer_new(s.net, s.opt, &s.train, &s.test, &o, history, "a", &err);
        ck_assert_msg(tg_trainer_fit(tr, &err) == TG_OK, "%s", err.text);
        ck_assert_uint_eq(tg_history_size(history), quick ? 12 + 2 * 2 : 120 + 2 * 11);
        ck_assert(!tg_trainer_diverged(tr));
        last[k] = tg_trainer_loss(tr);
        ck_assert_int_eq(tg_accuracy(s.net, &s.train, 0, &accuracy[k], &err), TG_OK);
        if (!quick) ck_assert_double_ge(tg_trainer_accuracy(tr, true), 0.5);
        tg_trainer_free(tr);
        tg_history_free(history);
        end(&s);
    }
    if (!quick) ck_assert_double_ge(accuracy[0], 0.8);
    ck_assert_double_eq(last[0], last[1]);
    ck_assert_double_eq(accuracy[0], accuracy[1]);
}
END_TEST

static bool stop_at_three(void *user, const tg_trainer *tr)
{
    (*(int *)user)++;
    return tg_trainer_steps(tr) < 3;
}

START_TEST(test_stops)
{
    setting s;
    int seen = 0;
    tg_error err = TG_ERROR_INIT;
    start(&s, TG_F32, false);
    tg_trainer_options o = tg_trainer_defaults();
    o.callback = stop_at_three;
    o.user = &seen;
    tg_trainer *tr = tg_trainer_new(s.net, s.opt, &s.train, NULL, &o, NULL, NULL, &err);
    ck_assert_int_eq(tg_trainer_fit(tr, &err), TG_ESTOP);
    ck_assert_int_eq(seen, 3);
    ck_assert_str_eq(err.text, "trainer: stopped after 3 updates by the callback");
    tg_trainer_free(tr);
    end(&s);
}
END_TEST

/* A step size of 1e30 makes training diverge, which is reported and is no error. */
START_TEST(test_diverges)
{
    setting s;
    tg_error err = TG_ERROR_INIT;
    start(&s, TG_F32, false);
    tg_optimizer_free(s.opt);
    s.opt = tg_sgd((tg_sgd_options){.made = tg_sgd_defaults().made, .lr = 1e30}, &err);
    tg_trainer_options o = tg_trainer_defaults();
    o.stop_on_nan = true;
    tg_trainer *tr = tg_trainer_new(s.net, s.opt, &s.train, NULL, &o, NULL, NULL, &err);
    ck_assert_msg(tg_trainer_fit(tr, &err) == TG_OK, "%s", err.text);
    ck_assert(tg_trainer_diverged(tr));
    ck_assert_int_lt(tg_trainer_steps(tr), 20);
    tg_trainer_free(tr);
    end(&s);
}
END_TEST

/* Values of the book's smooth_curve for y = i^2 mod 7, by numpy. */
START_TEST(test_smooth_curve)
{
    const double want[] = {2.164827016891044, 2.051085220947952, 1.969521587938903,
                           1.896979682667623, 1.896979682667623, 1.969521587938903,
                           2.051085220947952, 2.164827016891044, 2.051085220947952,
                           1.969521587938903, 1.844534508719017, 1.666549980125272,
                           1.763351354688715, 1.815278668267213, 1.807265170867405};
    double y[15], out[15];
    tg_error err = TG_ERROR_INIT;
    for (int i = 0; i < 15; i++) y[i] = i * i % 7;
    ck_assert_int_eq(tg_smooth_curve(15, y, out, &err), TG_OK);
    for (int i = 0; i < 15; i++) ck_assert_double_eq_tol(out[i], want[i], 1e-12);
    ck_assert_int_eq(tg_smooth_curve(10, y, out, &err), TG_ESHAPE);
}
END_TEST

START_TEST(test_mlp_refusals)
{
    const int64_t sizes[] = {4, 0, 2}, fine[] = {4, 3, 2};
    tg_rng rng = tg_rng_make(1, 0);
    const struct {
        int n;
        const int64_t *sizes;
        double dropout, decay;
        tg_dtype dtype;
        const char *text;
    } rows[] = {
        {1, fine, 0, 0, TG_F32, "mlp: sizes must hold at least 2 numbers, inputs and outputs"},
        {3, sizes, 0, 0, TG_F32, "mlp: size 1 is 0, must be at least 1"},
        {3, fine, 1, 0, TG_F32, "mlp: dropout is 1, must be in [0, 1)"},
        {3, fine, 0, -1, TG_F32, "mlp: weight_decay is -1, must be at least 0"},
        {3, fine, 0, 0, TG_I32, "mlp: dtype is i32, must be f32 or f64"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tg_error err = TG_ERROR_INIT;
        tg_mlp_options o = tg_mlp_defaults();
        o.n_sizes = rows[i].n;
        o.sizes = rows[i].sizes;
        o.dropout = rows[i].dropout;
        o.weight_decay = rows[i].decay;
        o.dtype = rows[i].dtype;
        ck_assert_ptr_null(tg_mlp_new(&o, &rng, &err));
        ck_assert_str_eq(err.text, rows[i].text);
    }
}
END_TEST

SUITE("train", .timeout = 120,
      .tests = {
          {test_no_malloc, 4},
          {test_learns_and_repeats, 2},
          {test_stops},
          {test_diverges},
          {test_smooth_curve},
          {test_mlp_refusals},
      })
