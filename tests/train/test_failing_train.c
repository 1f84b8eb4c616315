/* test_failing_train.c - memory runs out at any place of a training run, which is then started
 * again: it ends with the same checkpoint and history to the last byte. */
#include "tests/support/failing.h"
#include "tests/support/runs.h"

static run parts; /* of the scene under way; its data is shared by all */
static char npz[96];

static tg_trainer_options setting(int64_t k)
{
    tg_trainer_options o = run_options(NULL);
    o.steps = 6;
    o.batch = 28; /* batches of 28, 28 and 4 of 60 rows */
    o.eval_every = 2;
    o.plan = k != 1;
    o.loss_after = k == 2 || k == 1;
    o.replace = k == 3;
    o.restore_best = k == 4;
    if (k == 5) o.checkpoint = npz, o.checkpoint_every = 5;
    if (k == 5) o.schedule = tg_schedule_cosine(0.1, 6);
    return o;
}

static void begin(world *w)
{
    const tg_trainer_options o = setting(w->number);
    const tg_mlp_options net = mlp_with(DIMS(784, 5, 4, 10), true, 0.1, 0);
    tg_rng rng = tg_rng_make(5, 0);
    (void)remove(npz);
    parts.history = tg_history_new();
    parts.net = tg_mlp_new(&net, &rng, NULL);
    parts.opt = tg_adam(tg_adam_defaults(), NULL);
    run_start(&parts, &o);
}

static void end(world *w)
{
    const tg_dataset train = parts.train, test = parts.test;
    (void)w;
    parts.train = parts.test = (tg_dataset){0};
    run_end(&parts);
    parts.train = train;
    parts.test = test;
}

static uint64_t mix_run(uint64_t sum)
{
    tg_history_row row;
    for (size_t i = 0; tg_history_get(parts.history, i, &row) == TG_OK; i++) {
        sum = mix_text(mix_text(sum, row.series), row.metric);
        sum = mix(mix(sum, &row.step, sizeof row.step), &row.value, sizeof row.value);
    }
    const int64_t counts[] = {tg_trainer_steps(parts.tr), tg_trainer_best_step(parts.tr)};
    sum = mix(sum, counts, sizeof counts);
    return mix_dict(mix_dict(sum, parts.net->params), parts.net->state);
}

/* With the state of the optimizer, for which memory is needed. */
static uint64_t mix_all(uint64_t sum)
{
    const long asked = memory.asked, failed = memory.failed;
    memory_fails(0, -1);
    tg_dict *state = tg_optimizer_state_dict(parts.opt, NULL);
    ck_assert_ptr_nonnull(state);
    sum = mix_dict(mix_run(sum), state);
    tg_dict_free(state);
    memory.asked = asked;
    memory.failed = failed;
    return sum;
}

static tg_status fit(world *w, tg_error *err)
{
    const tg_status status = tg_trainer_fit(parts.tr, err);
    if (!status) w->sum = mix_file(mix_all(w->sum), npz);
    return status;
}

/* Step by step. Each step is tried again until it succeeds. */
static tg_status steps(world *w, tg_error *err)
{
    const tg_status status =
        tg_trainer_steps(parts.tr) < 6 ? tg_trainer_step(parts.tr, err) : TG_OK;
    return status ? status : tg_trainer_steps(parts.tr) < 6 ? steps(w, err) : fit(w, err);
}

static tg_status make(world *w, tg_error *err)
{
    (void)w;
    const tg_trainer_options o = setting(5);
    tg_trainer *tr = tg_trainer_new(parts.net, parts.opt, &parts.train, &parts.test, &o,
                                    parts.history, "b", err);
    tg_trainer_free(tr);
    return tr ? TG_OK : err->status;
}

static uint64_t look(const world *w)
{
    (void)w;
    return mix_file(mix_run(0), npz);
}

static tg_status save(world *w, tg_error *err)
{
    const tg_status status = tg_trainer_save(parts.tr, npz, err);
    if (!status) w->sum = mix_file(w->sum, npz);
    return status;
}

static void begin_load(world *w)
{
    begin(w);
    ck_assert_int_eq(tg_trainer_step(parts.tr, NULL), TG_OK);
    ck_assert_int_eq(tg_trainer_step(parts.tr, NULL), TG_OK);
    ck_assert_int_eq(tg_trainer_save(parts.tr, npz, NULL), TG_OK);
    ck_assert_int_eq(tg_trainer_step(parts.tr, NULL), TG_OK);
}

static tg_status load(world *w, tg_error *err)
{
    const tg_status status = tg_trainer_load(parts.tr, npz, err);
    if (!status) w->sum = mix_all(w->sum);
    return status;
}

static const scene scenes[] = {
    {"tg_trainer_fit", begin, fit, NULL, end, 0},
    {"tg_trainer_fit without a plan", begin, fit, NULL, end, 1},
    {"tg_trainer_fit with loss_after", begin, fit, NULL, end, 2},
    {"tg_trainer_fit with replace", begin, fit, NULL, end, 3},
    {"tg_trainer_fit with restore_best", begin, fit, NULL, end, 4},
    {"tg_trainer_fit with a checkpoint", begin, fit, NULL, end, 5},
    {"tg_trainer_step", begin, steps, NULL, end, 0},
    {"tg_trainer_step without a plan", begin, steps, NULL, end, 1},
    {"tg_trainer_new", begin, make, look, end, 0},
    {"tg_trainer_save", begin, save, look, end, 0},
    {"tg_trainer_load", begin_load, load, look, end, 0},
};

static void setup(void)
{
    (void)snprintf(npz, sizeof npz, "%s", path_of("failing.npz"));
    ck_assert_int_eq(tg_digits_load(1, 60, 30, &parts.train, &parts.test, NULL), TG_OK);
}

static void teardown(void)
{
    tg_dataset_free(&parts.train);
    tg_dataset_free(&parts.test);
    (void)remove(npz);
}

START_TEST(walk) { failing_tell(scenes[_i].name, scene_walk(&scenes[_i])); }
END_TEST

SUITE("failing_train", .with = {FAILING}, .setup = setup, .teardown = teardown, .timeout = 120,
      .tests = {{walk, COUNT(scenes)}})
