/* test_training.c - training must not mislead: when accuracies are measured, whether a network is
 * reported as diverged, and which data and batches are refused before they do harm. */
#include <math.h>

#include "tests/support/runs.h"

/* ---- evaluations ---------------------------------------------------------------------------- */

static const struct schedule {
    int64_t steps, every;
    bool book;
    int n;
    int64_t updates[6];
} schedules[] = {
    {100, 25, false, 5, {0, 25, 50, 75, 100}},
    {10, 4, false, 4, {0, 4, 8, 10}},
    {3, 5, false, 2, {0, 3}},
    {100, 25, true, 4, {1, 26, 51, 76}},
    {5, 1, false, 6, {0, 1, 2, 3, 4, 5}},
    {3, 1, true, 3, {1, 2, 3}},
    {0, 1, false, 0, {0}},
};

typedef struct seen {
    const run *r;
    double accuracy[101]; /* on test, by updates made */
} seen;

static void measure(seen *s, int64_t updates)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_int_eq(tg_accuracy(s->r->net, &s->r->test, 0, &s->accuracy[updates], &err), TG_OK);
}

static bool look(void *user, const tg_trainer *tr)
{
    measure(user, tg_trainer_steps(tr));
    return true;
}

/* The history holds what a measurement from outside gives at these updates, and nothing else. */
static void compare(const run *r, const seen *s, const struct schedule *w)
{
    tg_curve c;
    tg_error err = TG_ERROR_INIT;
    const tg_status status = tg_history_curve(r->history, "a", "test_acc", &c, &err);
    ck_assert_int_eq(status, w->n > 0 ? TG_OK : TG_EKEY);
    ck_assert_uint_eq(c.n, (size_t)w->n);
    for (int i = 0; i < w->n; i++) {
        ck_assert_double_eq(c.x[i], w->book ? i : (double)w->updates[i]);
        ck_assert_double_eq(c.y[i], s->accuracy[w->updates[i]]);
    }
    tg_curve_free(&c);
}

START_TEST(accuracies_are_taken_after_these_updates)
{
    const struct schedule *w = &schedules[_i];
    run r;
    tg_error err = TG_ERROR_INIT;
    run_parts(&r);
    seen s = {.r = &r};
    tg_trainer_options o = run_options(NULL);
    o.steps = w->steps, o.eval_every = w->every, o.eval_as_book = w->book;
    o.restore_best = true;
    o.callback = look, o.user = &s;
    run_start(&r, &o);
    measure(&s, 0);
    ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
    compare(&r, &s, w);
    double best = -1, now;
    for (int i = 0; i < w->n; i++) best = fmax(best, s.accuracy[w->updates[i]]);
    ck_assert_int_eq(tg_accuracy(r.net, &r.test, 0, &now, &err), TG_OK);
    if (w->n > 0) ck_assert_double_eq(now, best);
    if (w->n > 0) ck_assert_double_eq(s.accuracy[tg_trainer_best_step(r.tr)], best);
    run_end(&r);
}
END_TEST

/* A run that ends after `cut` updates and continues from its checkpoint has the bits of an
 * uninterrupted run, even if only the evaluation before the first update is in it. */
START_TEST(evaluations_are_resumed)
{
    char path[96], ends[2][96], rows[2][96];
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(path, sizeof path, "%s", path_of("cut.npz"));
    for (int k = 0; k < 2; k++) {
        (void)snprintf(ends[k], sizeof ends[k], "%s", path_of(k ? "b.npz" : "a.npz"));
        (void)snprintf(rows[k], sizeof rows[k], "%s", path_of(k ? "b.csv" : "a.csv"));
        for (int part = 0; part <= k; part++) {
            run r;
            run_parts(&r);
            tg_trainer_options o = run_options(NULL);
            o.steps = 10, o.eval_every = 4;
            run_start(&r, &o);
            if (part) ck_assert_msg(tg_trainer_load(r.tr, path, &err) == TG_OK, "%s", err.text);
            for (int i = 0; k && !part && i < _i; i++)
                ck_assert_int_eq(tg_trainer_step(r.tr, &err), TG_OK);
            if (k && !part)
                ck_assert_int_eq(tg_trainer_save(r.tr, path, &err), TG_OK);
            else
                ck_assert_int_eq(tg_trainer_fit(r.tr, &err), TG_OK);
            if (part == k) run_write(&r, ends[k], rows[k]);
            run_end(&r);
        }
    }
    assert_same_file(ends[0], ends[1]);
    assert_same_file(rows[0], rows[1]);
    for (int k = 0; k < 2; k++) (void)remove(ends[k]), (void)remove(rows[k]);
    ck_assert_int_eq(remove(path), 0);
}
END_TEST

/* ---- divergence ----------------------------------------------------------------------------- */

static const struct {
    double lr, eps;
    bool batch_norm, adam, diverges;
} rates[] = {
    {1e6, 1e-7, false, true, true},   {1e6, 1e-7, true, false, true},
    {1e6, 0, true, false, true},      {1e6, 1e-7, true, true, true},
    {1e30, 1e-7, false, false, true}, {0.001, 1e-7, false, true, false},
    {0.1, 1e-7, true, false, false},  {1, 1e-7, false, true, false},
};

START_TEST(a_network_that_is_lost_is_said_to_be)
{
    static const int64_t sizes[] = {784, 20, 20, 10};
    run r;
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(1, 0);
    run_parts(&r);
    tg_mlp_free(r.net);
    tg_optimizer_free(r.opt);
    tg_mlp_options net = tg_mlp_defaults();
    net.sizes = sizes, net.n_sizes = 4;
    net.batch_norm = rates[_i].batch_norm, net.loss_eps = rates[_i].eps;
    r.net = tg_mlp_new(&net, &rng, &err);
    tg_adam_options adam = tg_adam_defaults();
    tg_sgd_options sgd = tg_sgd_defaults();
    adam.lr = sgd.lr = rates[_i].lr;
    r.opt = rates[_i].adam ? tg_adam(adam, &err) : tg_sgd(sgd, &err);
    tg_trainer_options o = run_options(NULL);
    o.steps = 40, o.eval_every = 0, o.stop_on_nan = true;
    run_start(&r, &o);
    ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(tg_trainer_diverged(r.tr), rates[_i].diverges);
    ck_assert_int_eq(tg_trainer_steps(r.tr) < 40, rates[_i].diverges);
    run_end(&r);
}
END_TEST

/* ---- batches -------------------------------------------------------------------------------- */

static const struct {
    int64_t batch;
    bool replace, drop_last, unbiased;
    const char *text; /* NULL: it trains */
} batches[] = {
    {59, false, false, true,
     "trainer: 60 rows in batches of 59 leave a batch of one row, which has no unbiased variance "
     "for batch norm: set drop_last or another batch"},
    {1, true, false, true,
     "trainer: 60 rows in batches of 1 leave a batch of one row, which has no unbiased variance "
     "for batch norm: set another batch"},
    {59, false, true, true, NULL},
    {59, true, false, true, NULL},
    {59, false, false, false, NULL},
    {58, false, false, true, NULL},
};

START_TEST(a_last_batch_of_one_row_does_no_harm)
{
    static const int64_t sizes[] = {784, 5, 10};
    run r;
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(1, 0);
    run_parts(&r);
    tg_mlp_free(r.net);
    tg_mlp_options net = tg_mlp_defaults();
    net.sizes = sizes, net.n_sizes = 3, net.batch_norm = true;
    if (batches[_i].unbiased) net.bn = tg_batch_norm_torch();
    r.net = tg_mlp_new(&net, &rng, &err);
    tg_trainer_options o = run_options(NULL);
    o.batch = batches[_i].batch, o.replace = batches[_i].replace;
    o.drop_last = batches[_i].drop_last;
    o.steps = 4, o.eval_every = 0;
    r.tr = tg_trainer_new(r.net, r.opt, &r.train, NULL, &o, NULL, NULL, &err);
    ck_assert_str_eq(err.text, batches[_i].text ? batches[_i].text : "");
    ck_assert_int_eq(r.tr == NULL, batches[_i].text != NULL);
    if (r.tr) ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
    const tg_tensor *var = tg_dict_get(r.net->state, "running_var1");
    for (int64_t i = 0; i < var->size; i++) ck_assert(isfinite(tg_tensor_get(var, i)));
    run_end(&r);
}
END_TEST

/* ---- data ----------------------------------------------------------------------------------- */

enum { ROWS = 20, WIDTH = 6 };

/* A custom data set, valid except for what the cases below change. */
static tg_dataset small(tg_dtype images, tg_dtype labels, int64_t rows)
{
    tg_error err = TG_ERROR_INIT;
    tg_dataset d = {.images = tg_tensor_new(images, 2, (int64_t[]){ROWS, WIDTH}, &err),
                    .labels = tg_tensor_new(labels, 1, &rows, &err),
                    .size = ROWS,
                    .classes = 10};
    ck_assert(d.images && d.labels);
    for (int64_t i = 0; i < d.images->size; i++)
        (void)tg_tensor_set(d.images, i, (double)(i % 7), NULL);
    for (int64_t i = 0; i < rows; i++) (void)tg_tensor_set(d.labels, i, (double)(i % 10), NULL);
    return d;
}

static const struct {
    tg_dtype images, labels;
    int64_t rows;
    int row, label;
    int64_t size;
    int classes;
    tg_status status;
    const char *text;
} data[] = {
    {TG_U8, TG_I32, ROWS, 0, 0, ROWS, 10, TG_OK, ""},
    {TG_F64, TG_I32, ROWS, 19, 9, ROWS, 10, TG_OK, ""},
    {TG_F32, TG_I32, ROWS, 17, 10, ROWS, 10, TG_EINDEX, "row 17: label 10, must be in 0..9"},
    {TG_U8, TG_I32, ROWS, 3, -1, ROWS, 10, TG_EINDEX, "row 3: label -1, must be in 0..9"},
    {TG_U8, TG_I32, ROWS, 0, 0, ROWS, 9, TG_EINDEX, "row 9: label 9, must be in 0..8"},
    {TG_U8, TG_I32, ROWS, 0, 0, ROWS, 0, TG_EARG, "classes is 0, must be at least 1"},
    {TG_I32, TG_I32, ROWS, 0, 0, ROWS, 10, TG_EDTYPE, "images are i32, must be u8, f32 or f64"},
    {TG_U8, TG_F32, ROWS, 0, 0, ROWS, 10, TG_EDTYPE, "labels are f32, must be i32"},
    {TG_U8, TG_I32, ROWS, 0, 0, INT64_MAX, 10, TG_ESHAPE,
     "images are u8[20,6], must have 9223372036854775807 rows, the size"},
    {TG_U8, TG_I32, 19, 0, 0, ROWS, 10, TG_ESHAPE,
     "labels are i32[19], must be a vector of 20, the size"},
};

START_TEST(data_sets_are_looked_at_before_training)
{
    const int64_t sizes[] = {WIDTH, 10};
    tg_dataset d = small(data[_i].images, data[_i].labels, data[_i].rows);
    tg_dataset fine = small(TG_U8, TG_I32, ROWS);
    (void)tg_tensor_set(d.labels, data[_i].row, data[_i].label, NULL);
    d.size = data[_i].size, d.classes = data[_i].classes;
    tg_rng rng = tg_rng_make(1, 0);
    tg_mlp_options net = tg_mlp_defaults();
    net.sizes = sizes, net.n_sizes = 2;
    tg_model *m = tg_mlp_new(&net, &rng, NULL);
    tg_optimizer *sgd = tg_sgd(tg_sgd_defaults(), NULL);
    static const char *const who[] = {
        "dataset: ", "trainer: train: ", "trainer: test: ", "accuracy: "};
    for (int k = 0; k < 4; k++) {
        char text[256];
        double accuracy = 0;
        tg_error err = TG_ERROR_INIT;
        if (k == 0) (void)tg_dataset_check(&d, &err);
        if (k == 1) tg_trainer_free(tg_trainer_new(m, sgd, &d, NULL, NULL, NULL, NULL, &err));
        if (k == 2) tg_trainer_free(tg_trainer_new(m, sgd, &fine, &d, NULL, NULL, NULL, &err));
        if (k == 3) (void)tg_accuracy(m, &d, 0, &accuracy, &err);
        (void)snprintf(text, sizeof text, "%s%s", who[k], data[_i].text);
        ck_assert_int_eq(err.status, data[_i].status);
        ck_assert_str_eq(err.text, data[_i].status ? text : "");
    }
    tg_dataset_free(&d);
    tg_dataset_free(&fine);
    tg_optimizer_free(sgd);
    tg_mlp_free(m);
}
END_TEST

/* u8 becomes x / 255; f32 and f64 stay unchanged. */
START_TEST(only_bytes_are_scaled)
{
    static const tg_dtype held[] = {TG_U8, TG_F32, TG_F64};
    for (int k = 0; k < 3; k++)
        for (int to = 0; to < 2; to++) {
            tg_tape *t = tg_tape_new();
            tg_dataset d = small(held[k], TG_I32, ROWS);
            tg_tensor *x = tg_dataset_inputs(t, &d, NULL, to ? TG_F64 : TG_F32);
            ck_assert_msg(x && x->dtype == (to ? TG_F64 : TG_F32), "%s", tg_tape_message(t));
            for (int64_t i = 0; i < x->size; i++)
                ck_assert_double_eq(tg_tensor_get(x, i),
                                    k ? (double)(i % 7) : (double)((float)(i % 7) / 255));
            tg_tape_free(t);
            tg_dataset_free(&d);
        }
}
END_TEST

SUITE("training", .timeout = 120,
      .tests = {
          {accuracies_are_taken_after_these_updates, COUNT(schedules)},
          {evaluations_are_resumed, 11},
          {a_network_that_is_lost_is_said_to_be, COUNT(rates)},
          {a_last_batch_of_one_row_does_no_harm, COUNT(batches)},
          {data_sets_are_looked_at_before_training, COUNT(data)},
          {only_bytes_are_scaled},
      })
