/* test_trainer_checkpoint.c - a run that is stopped at any point and continued by another trainer
 * ends with the same bits, with every setting of the options. */
#include <sys/stat.h>

#include "tests/support/runs.h"

static bool stop_at(void *user, const tg_trainer *tr)
{
    return tg_trainer_steps(tr) != *(int *)user;
}

static bool there(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

/* The settings, by bits of a number. */
static tg_trainer_options setting(run *r, int bits, const char *checkpoint)
{
    tg_group_options g = tg_group_defaults();
    tg_trainer_options o = run_options(checkpoint);
    o.replace = bits & 1;
    o.loss_after = bits & 2;
    if (bits & 4) {
        o.schedule = tg_schedule_cosine(0.1, 15);
        o.schedule.warmup = 4;
        o.clip_norm = 0.5;
    }
    if (bits & 8) {
        o.restore_best = true;
        o.patience = 100;
        g.frozen = true;
        ck_assert_int_eq(tg_optimizer_add_group(r->opt, "?1", g, NULL), TG_OK);
        g = tg_group_defaults();
        g.weight_decay = 0.01;
        g.lr_scale = 0.5;
        ck_assert_int_eq(tg_optimizer_add_group(r->opt, "W3", g, NULL), TG_OK);
    }
    return o;
}

typedef struct outcome {
    char csv[96], npz[96];
    double accuracy, best;
} outcome;

static outcome files_of(const char *csv, const char *npz)
{
    outcome o;
    (void)snprintf(o.csv, sizeof o.csv, "%s", path_of(csv));
    (void)snprintf(o.npz, sizeof o.npz, "%s", path_of(npz));
    return o;
}

/* A run from its checkpoint on, where there is one: until *stop updates are made or, with an
 * outcome, to its end. */
static void take_up(int bits, const char *checkpoint, int every, int *stop, outcome *end)
{
    const bool again = there(checkpoint);
    run r;
    tg_error err = TG_ERROR_INIT;
    run_parts(&r);
    tg_trainer_options o = setting(&r, bits, checkpoint);
    o.checkpoint_every = every;
    o.callback = stop ? stop_at : NULL;
    o.user = stop;
    run_start(&r, &o);
    ck_assert_int_eq(tg_history_add(r.history, "first", "m", 0, 1), TG_OK);
    if (again) /* a row that the checkpoint replaces */
        ck_assert_int_eq(tg_history_add(r.history, "a", "loss", 0, 77), TG_OK);
    const tg_status status = tg_trainer_fit(r.tr, &err);
    ck_assert_msg(status == (end ? TG_OK : TG_ESTOP), "%s", err.text);
    ck_assert_int_eq(tg_trainer_steps(r.tr), end ? o.steps : *stop);
    if (end) {
        run_write(&r, end->npz, end->csv);
        end->accuracy = tg_trainer_accuracy(r.tr, true);
        end->best = tg_trainer_best_accuracy(r.tr);
    }
    run_end(&r);
}

/* Stopped four times, with other rows in the history; and once more, when nothing is left to do. */
START_TEST(a_run_taken_up_again_ends_the_same)
{
    static int stops[] = {1, 4, 7, 19}, never = -1;          /* four batches are an epoch */
    const int bits = getenv("TG_TEST_QUICK") ? 15 * _i : _i; /* none and all, for valgrind */
    outcome want = files_of("a.csv", "a.npz"), got = files_of("b.csv", "b.npz");
    const char *whole = path_of("whole.npz"), *parts = path_of("parts.npz");
    take_up(bits, whole, 100, NULL, &want); /* a checkpoint at the end only */
    ck_assert(there(whole));
    for (int k = 0; k < COUNT(stops); k++) take_up(bits, parts, 3, &stops[k], NULL);
    take_up(bits, parts, 3, &never, &got);
    ck_assert_double_eq(got.accuracy, want.accuracy);
    if (want.best > 0) ck_assert_double_eq(got.best, want.best);
    assert_same_file(want.csv, got.csv);
    assert_same_file(want.npz, got.npz);
    assert_same_file(whole, parts);

    take_up(bits, parts, 1, NULL, &got);
    assert_same_file(want.csv, got.csv);
    assert_same_file(want.npz, got.npz);
    const char *const files[] = {want.csv, want.npz, got.csv, got.npz, whole, parts};
    for (int k = 0; k < COUNT(files); k++) ck_assert_int_eq(remove(files[k]), 0);
}
END_TEST

/* A callback that unfreezes parameters and changes the step size during training. Both are
 * restored. */
static bool meddle(void *user, const tg_trainer *tr)
{
    run *r = user;
    tg_group_options g = tg_group_defaults();
    if (tg_trainer_steps(tr) == 3) {
        tg_optimizer_set_lr(r->opt, 0.0123);
        (void)tg_optimizer_add_group(r->opt, "W1", g, NULL);
    }
    return true;
}

START_TEST(changes_made_on_the_way_are_kept)
{
    tg_error err = TG_ERROR_INIT;
    char last[2][96];
    for (int k = 0; k < 2; k++) {
        run r;
        tg_group_options g = tg_group_defaults();
        g.frozen = true;
        (void)snprintf(last[k], sizeof last[k], "%s", path_of(k ? "b.npz" : "a.npz"));
        for (int64_t steps = k ? 6 : 12; steps <= 12; steps += 6) {
            run_parts(&r);
            ck_assert_int_eq(tg_optimizer_add_group(r.opt, "W1", g, NULL), TG_OK);
            tg_trainer_options o = run_options(last[k]);
            o.steps = steps;
            o.callback = meddle;
            o.user = &r;
            run_start(&r, &o);
            ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
            ck_assert_double_eq(tg_optimizer_lr(r.opt), 0.0123);
            run_end(&r);
        }
    }
    assert_same_file(last[0], last[1]);
    for (int k = 0; k < 2; k++) ck_assert_int_eq(remove(last[k]), 0);
}
END_TEST

/* Called directly: back to an earlier point of the same trainer, and without a history. */
START_TEST(saved_and_loaded_by_hand)
{
    tg_error err = TG_ERROR_INIT;
    const char *mark = path_of("mark.npz"), *end[2] = {path_of("1.npz"), path_of("2.npz")};
    run r;
    run_parts(&r);
    tg_trainer_options o = run_options(NULL);
    r.tr = tg_trainer_new(r.net, r.opt, &r.train, NULL, &o, NULL, NULL, &err);
    ck_assert_msg(tg_trainer_step(r.tr, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_trainer_save(r.tr, mark, &err) == TG_OK, "%s", err.text);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 6; i++) ck_assert_int_eq(tg_trainer_step(r.tr, &err), TG_OK);
        ck_assert_int_eq(tg_trainer_save(r.tr, end[k], &err), TG_OK);
        ck_assert_msg(tg_trainer_load(r.tr, mark, &err) == TG_OK, "%s", err.text);
        ck_assert_int_eq(tg_trainer_steps(r.tr), 1);
    }
    assert_same_file(end[0], end[1]);
    ck_assert_int_eq(tg_trainer_save(NULL, mark, NULL), TG_EARG);
    ck_assert_int_eq(tg_trainer_save(r.tr, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_trainer_load(NULL, mark, NULL), TG_EARG);
    ck_assert_int_eq(tg_trainer_load(r.tr, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_trainer_save(r.tr, "no/such/folder/a.npz", NULL), TG_EIO);
    ck_assert_int_eq(remove(mark), 0);
    for (int k = 0; k < 2; k++) ck_assert_int_eq(remove(end[k]), 0);
    run_end(&r);
}
END_TEST

SUITE("trainer_checkpoint", .timeout = 120,
      .tests = {
          {a_run_taken_up_again_ends_the_same, getenv("TG_TEST_QUICK") ? 2 : 16},
          {changes_made_on_the_way_are_kept},
          {saved_and_loaded_by_hand},
      })
