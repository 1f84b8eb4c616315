/* test_failing.c - memory runs out at any place in functions that make, save and load things. */
#include "tests/support/searches.h"

#include <unistd.h>

#include "tests/support/failing.h"
#include "tests/support/nets.h"

static char path[96], journal[96];

/* ---- files, dicts, data, models ------------------------------------------------------------- */

static void begin_files(world *w)
{
    begin_tape(w);
    static char scope[300001]; /* longer than a piece of an arena */
    memset(scope, 'a', sizeof scope - 1);
    if (w->number == 1) tg_scope_push(w->t, scope);
    tg_tensor *y = tg_sum(w->t, tg_exp(w->t, w->x), TG_ALL, false);
    ck_assert_int_eq(tg_npz_save(path, w->dict, NULL), TG_OK);
    if (w->number == 1)
        ck_assert_int_eq(tg_graph_save(path, w->t, NULL, w->dict, 1, &y, NULL, NULL), TG_OK);
    if (w->number == 2) ck_assert_int_eq(tg_npy_save(path, w->x, NULL), TG_OK);
    w->b = y;
}

static tg_status load_any(world *w, tg_error *err)
{
    tg_graph *g = NULL;
    tg_dict *d = NULL;
    tg_tensor *x = NULL;
    if (w->number == 1) g = tg_graph_load(path, 0, NULL, err);
    if (w->number == 2) x = tg_npy_load(path, err);
    if (w->number == 3) d = tg_npz_load(path, err);
    if (!g && !x && !d) return err->status;
    w->sum = mix_tensor(mix_dict(mix_dict(w->sum, d), tg_graph_params(g)), x);
    tg_graph_free(g);
    tg_dict_free(d);
    tg_tensor_free(x);
    return TG_OK;
}

static uint64_t look_file(const world *w) { return mix_file(look_tape(w), path); }

static tg_status save_any(world *w, tg_error *err)
{
    tg_tensor *y = w->b;
    const tg_status status = w->number == 4
                                 ? tg_graph_save(path, w->t, NULL, w->dict, 1, &y, NULL, err)
                             : w->number == 5 ? tg_npy_save(path, w->x, err)
                                              : tg_npz_save(path, w->dict, err);
    if (!status) w->sum = mix_file(w->sum, path);
    return status;
}

static tg_status dicts(world *w, tg_error *err)
{
    tg_dict *a = tg_dict_clone(w->dict, err), *b = a ? tg_dict_like(a, err) : NULL,
            *c = b ? tg_dict_select(b, "*", err) : NULL, *d = c ? tg_dict_new() : NULL;
    if (c && !d) (void)tg_fail(err, TG_ENOMEM, "no dict");
    for (int i = 0; d && i < 20 && !err->status; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key%d", i);
        (void)tg_dict_take(d, key, tg_tensor_clone(w->x, err), err);
    }
    if (!err->status) w->sum = mix_dict(mix_dict(mix_dict(w->sum, a), c), d);
    tg_dict_free(a);
    tg_dict_free(b);
    tg_dict_free(c);
    tg_dict_free(d);
    return err->status;
}

static uint64_t look_rng(const world *w) { return ((const tg_rng *)w->a)->counter; }

static tg_status models(world *w, tg_error *err)
{
    const tg_mlp_options o = mlp_with(DIMS(5, 4, 3), true, 0, 0);
    tg_rng *rng = w->a, start = *rng;
    tg_simple_convnet_options c = tg_simple_convnet_defaults();
    c.filters = 2;
    c.hidden = 3;
    tg_model *m = w->number == 0 ? tg_mlp_new(&o, rng, err) : tg_simple_convnet_new(&c, rng, err);
    if (!m) return err->status;
    w->sum = mix(mix_dict(mix_dict(w->sum, m->params), m->state), rng, sizeof *rng);
    w->number == 0 ? tg_mlp_free(m) : tg_simple_convnet_free(m);
    *rng = start;
    return TG_OK;
}

static tg_status data(world *w, tg_error *err)
{
    tg_dataset train, test, a, b;
    tg_rng *rng = w->a, start = *rng;
    tg_status status = tg_digits_load(1, 9, 3, &train, &test, err);
    if (!status) status = tg_dataset_split(&train, 6, rng, &a, &b, err);
    if (!status) {
        w->sum = mix(mix_tensor(mix_tensor(w->sum, a.images), b.labels), rng, sizeof *rng);
        tg_dataset_free(&a);
        tg_dataset_free(&b);
        *rng = start;
    }
    tg_dataset_free(&train);
    tg_dataset_free(&test);
    return status;
}

/* ---- optimizers, plans, histories, figures, searches ---------------------------------------- */

static void begin_optimizer(world *w)
{
    begin_tape(w);
    w->b = tg_adam(tg_adam_defaults(), NULL);
}

static void end_optimizer(world *w)
{
    tg_optimizer_free(w->b);
    end_tape(w);
}

static uint64_t look_optimizer(const world *w)
{
    return look_tape(w) + (uint64_t)tg_optimizer_steps(w->b);
}

static tg_status optimize(world *w, tg_error *err)
{
    tg_tape_reset(w->t);
    tg_tensor *loss = tg_sum(w->t, tg_square(w->t, w->x), TG_ALL, false);
    tg_dict *grads = tg_grad(w->t, loss, w->dict);
    tg_status status = told(w, err);
    if (!status && w->number == 0) status = tg_optimizer_update(w->b, w->dict, grads, err);
    if (!status && w->number == 1 && tg_optimizer_record(w->t, w->b, w->dict, grads))
        status = told(w, err);
    if (!status) w->sum = mix_dict(w->sum, w->dict);
    return status;
}

static tg_status state_dict(world *w, tg_error *err)
{
    tg_dict *s = tg_optimizer_state_dict(w->b, err);
    const tg_status status = s ? tg_optimizer_load_state_dict(w->b, s, err) : err->status;
    if (!status) w->sum = mix_dict(w->sum, s);
    tg_dict_free(s);
    return status;
}

static tg_status compile(world *w, tg_error *err)
{
    tg_tape_reset(w->t);
    tg_tensor *loss = tg_sum(w->t, tg_tanh(w->t, tg_matmul(w->t, w->x, w->x)), TG_ALL, false);
    tg_dict *grads = tg_grad(w->t, loss, w->dict);
    tg_status status = told(w, err);
    if (status) return status;
    tg_plan *p = tg_compile_grads(w->t, loss, grads, err);
    if (!p) return err->status;
    status = tg_plan_profile(p, true, err);
    if (!status) status = tg_plan_run(p, err);
    if (!status) w->sum = mix_dict(w->sum, tg_plan_grads(p));
    tg_plan_free(p);
    return status;
}

static tg_status history(world *w, tg_error *err)
{
    tg_history *h = tg_history_new();
    tg_curve c = {0};
    tg_status status = h ? TG_OK : tg_fail(err, TG_ENOMEM, "no history");
    for (int i = 0; !status && i < 300; i++) {
        status = tg_history_add(h, i % 2 ? "a" : "b", "loss", i, i);
        if (status) (void)tg_fail(err, status, "no row");
    }
    if (!status) status = tg_history_curve(h, "a", "loss", &c, err);
    if (!status) status = tg_history_write_csv(h, path, err);
    if (!status) w->sum = mix_file(mix(w->sum, c.y, c.n * sizeof *c.y), path);
    tg_curve_free(&c);
    tg_history_free(h);
    return status;
}

static tg_status figure(world *w, tg_error *err)
{
    static const double x[] = {0, 1, 2}, y[] = {1, 4, 2}, z[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    tg_figure *f = tg_figure_new(1, 2);
    tg_axes *ax = tg_figure_axes(f, 0, 0);
    if (!f) return tg_fail(err, TG_ENOMEM, "no figure");
    (void)tg_figure_title(f, "title");
    (void)tg_axes_line(ax, "line", 3, x, y, NULL);
    (void)tg_axes_contour(ax, 3, 3, x, x, z, 2, x + 1, NULL);
    (void)tg_axes_arrows(ax, 3, x, y, y, x, 0, NULL);
    (void)tg_axes_hist(tg_figure_axes(f, 0, 1), "hist", 3, y, 2, 0, 5, NULL);
    (void)tg_axes_text(ax, 1, 1, "text");
    const tg_status status = tg_figure_write_svg(f, path, err);
    if (!status) w->sum = mix_file(w->sum, path);
    tg_figure_free(f);
    return status;
}

static tg_status run_search(world *w, tg_error *err)
{
    tg_search_options o = options_of(smooth);
    tg_bayes_options b = tg_bayes_defaults();
    b.initial = 3, b.candidates = 8, b.fit_steps = 2;
    o.journal = journal; /* goes on where it was */
    tg_search *s = tg_search_new(&o, err);
    tg_trial best;
    tg_status status = !s                     ? err->status
                       : w->number == RANDOM  ? tg_search_random(s, 3, err)
                       : w->number == HALVING ? tg_search_halving(s, 4, 2, 4, err)
                                              : tg_search_bayes(s, 5, &b, err);
    if (!status) status = tg_search_ranked(s, 0, &best);
    if (!status) w->sum = mix(w->sum, best.values, RANGES * sizeof(double));
    tg_search_free(s);
    return status;
}

static void begin_search(world *w)
{
    (void)w;
    (void)remove(journal);
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* A tape on the error itself. */
static tg_status tape_on(world *w, tg_error *err)
{
    tg_tape *t = tg_tape_new_on(err);
    const tg_tensor *y = tg_softmax(t, tg_matmul(t, w->x, w->x), -1);
    if (y) w->sum = mix_tensor(w->sum, y);
    tg_tape_free(t);
    return err->status;
}

static const scene scenes[] = {
    {"tg_graph_load", begin_files, load_any, look_file, end_tape, 1},
    {"tg_npy_load", begin_files, load_any, look_file, end_tape, 2},
    {"tg_npz_load", begin_files, load_any, look_file, end_tape, 3},
    {"tg_graph_save", begin_files, save_any, look_file, end_tape, 4},
    {"tg_npy_save", begin_files, save_any, look_file, end_tape, 5},
    {"tg_npz_save", begin_files, save_any, look_file, end_tape, 6},
    {"tg_dict_*, tg_tensor_*", begin_tape, dicts, look_tape, end_tape, 0},
    {"tg_tape_new_on", begin_tape, tape_on, look_tape, end_tape, 0},
    {"tg_mlp_new", begin_tape, models, look_rng, end_tape, 0},
    {"tg_simple_convnet_new", begin_tape, models, look_rng, end_tape, 1},
    {"tg_digits_load, tg_dataset_split", begin_tape, data, look_rng, end_tape, 0},
    {"tg_optimizer_update", begin_optimizer, optimize, look_optimizer, end_optimizer, 0},
    {"tg_optimizer_record", begin_optimizer, optimize, look_optimizer, end_optimizer, 1},
    {"tg_optimizer_state_dict", begin_optimizer, state_dict, look_optimizer, end_optimizer, 0},
    {"tg_compile_grads, tg_plan_*", begin_tape, compile, look_tape, end_tape, 0},
    {"tg_history_*, tg_curve", NULL, history, NULL, NULL, 0},
    {"tg_figure_*, tg_axes_*", NULL, figure, NULL, NULL, 0},
    {"tg_search_random", begin_search, run_search, NULL, NULL, RANDOM},
    {"tg_search_halving", begin_search, run_search, NULL, NULL, HALVING},
    {"tg_search_bayes", begin_search, run_search, NULL, NULL, BAYES},
};

static void setup(void)
{
    (void)snprintf(path, sizeof path, "test_failing.%ld.tmp", (long)getpid());
    (void)snprintf(journal, sizeof journal, "test_failing.%ld.journal.tmp", (long)getpid());
}

static void teardown(void)
{
    (void)remove(path);
    (void)remove(journal);
}

START_TEST(things) { failing_tell(scenes[_i].name, scene_walk(&scenes[_i])); }
END_TEST

SUITE("failing", .with = {FAILING}, .setup = setup, .teardown = teardown, .timeout = 300,
      .tests = {{things, COUNT(scenes)}})
