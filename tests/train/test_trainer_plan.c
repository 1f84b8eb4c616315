/* test_trainer_plan.c - the trainer with plans beside the trainer without: the same files to the
 * last byte, and its notes where it cannot plan. */
#include "tapegrad/checkpoint.h"
#include "tests/support/runs.h"

#define TWO_FIRST "two updates are recorded before there is a plan"

enum { SETTINGS = 8 };

/* Setting k of all settings that a trainer has. */
static tg_trainer_options setting(int k, run *r)
{
    tg_trainer_options o = run_options(NULL);
    tg_group_options g = tg_group_defaults();
    o.steps = 23; /* batches of 16 of 60 rows: the last one of an epoch has 12 */
    o.loss_after = k & 1;
    o.replace = k == 2;
    o.restore_best = k == 3;
    o.patience = k == 4 ? 3 : 0;
    o.clip_norm = k == 5 || k == 1 ? 0.3 : 0;
    o.batch = k == 7 ? 100 : 16; /* more than there are rows */
    if (k == 5) o.schedule = tg_schedule_cosine(0.1, 20);
    if (k == 5) o.schedule.warmup = 4;
    if (k != 6) return o;
    g.clip_norm = 0.5;
    g.weight_decay = 0.01;
    (void)tg_optimizer_add_group(r->opt, "W*", g, NULL);
    g.frozen = true;
    (void)tg_optimizer_add_group(r->opt, "b1", g, NULL);
    return o;
}

START_TEST(same_bytes)
{
    char npz[2][96], csv[2][96];
    for (int plan = 0; plan < 2; plan++) {
        run r;
        tg_error err = TG_ERROR_INIT;
        run_parts(&r);
        tg_trainer_options o = setting(_i, &r);
        o.plan = plan;
        run_start(&r, &o);
        ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
        (void)snprintf(npz[plan], sizeof npz[0], "%s", path_of(plan ? "plan.npz" : "eager.npz"));
        (void)snprintf(csv[plan], sizeof csv[0], "%s", path_of(plan ? "plan.csv" : "eager.csv"));
        run_write(&r, npz[plan], csv[plan]);
        ck_assert_str_eq(tg_trainer_plan_note(r.tr), plan ? "" : "plans are turned off");
        run_end(&r);
    }
    assert_same_file(npz[0], npz[1]);
    assert_same_file(csv[0], csv[1]);
    for (int plan = 0; plan < 2; plan++) (void)remove(npz[plan]), (void)remove(csv[plan]);
}
END_TEST

START_TEST(says_why_not)
{
    static const char *const notes[] = {TWO_FIRST, TWO_FIRST, "",
                                        "a batch of 12 rows, the plan is for 16", ""};
    run r;
    run_parts(&r);
    tg_trainer_options o = run_options(NULL);
    run_start(&r, &o);
    ck_assert_str_eq(tg_trainer_plan_note(r.tr), "");
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(tg_trainer_step(r.tr, NULL), TG_OK);
        ck_assert_str_eq(tg_trainer_plan_note(r.tr), notes[i]);
    }
    ck_assert_str_eq(tg_trainer_plan_note(NULL), "");
    run_end(&r);
}
END_TEST

/* ---- changes while it runs ------------------------------------------------------------------ */

/* Interferes at update 8, in the way that `user` points to. A global gives the callback the run. */
static run *running;

static bool change(void *user, const tg_trainer *tr)
{
    const int kind = *(const int *)user;
    if (tg_trainer_steps(tr) != 8) return true;
    tg_group_options g = tg_group_defaults();
    g.frozen = true;
    if (kind == 0) (void)tg_optimizer_add_group(running->opt, "W2", g, NULL);
    if (kind == 1) { /* another tensor of the same numbers */
        tg_tensor *x = tg_tensor_clone(tg_dict_get(running->net->params, "W2"), NULL);
        (void)tg_dict_take(running->net->params, "W2", x, NULL);
    }
    if (kind == 2) (void)tg_tensor_fill(tg_dict_get(running->net->params, "b2"), 0.25, NULL);
    if (kind == 3) tg_optimizer_set_lr(running->opt, 0.01);
    if (kind == 4) { /* to the start again */
        tg_optimizer *fresh = tg_adam(tg_adam_defaults(), NULL);
        tg_dict *state = tg_optimizer_state_dict(fresh, NULL);
        (void)tg_optimizer_load_state_dict(running->opt, state, NULL);
        tg_dict_free(state);
        tg_optimizer_free(fresh);
    }
    if (kind == 5) (void)tg_tensor_fill(running->train.labels, 3, NULL);
    return true;
}

START_TEST(changes_are_seen)
{
    char path[2][96];
    int kind = _i;
    for (int plan = 0; plan < 2; plan++) {
        run r;
        tg_error err = TG_ERROR_INIT;
        run_parts(&r);
        running = &r;
        tg_trainer_options o = run_options(NULL);
        o.plan = plan;
        o.callback = change;
        o.user = &kind;
        o.steps = 8;
        run_start(&r, &o);
        ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
        for (int i = 0; i < 12; i++) {
            ck_assert_msg(tg_trainer_step(r.tr, &err) == TG_OK, "%s", err.text);
            const char *note = tg_trainer_plan_note(r.tr);
            const bool dropped = kind == 0 || kind == 1 || kind == 4;
            if (plan && i == 0 && dropped)
                ck_assert_str_eq(note,
                                 "the model, the data or the optimizer's groups have changed");
            if (plan && (i == 2 || (i == 0 && !dropped))) ck_assert_str_eq(note, "");
        }
        (void)snprintf(path[plan], sizeof path[0], "%s", path_of(plan ? "plan.npz" : "eager.npz"));
        tg_dict *all = tg_optimizer_state_dict(r.opt, NULL);
        for (int i = 0; i < tg_dict_size(r.net->params); i++)
            (void)tg_dict_set(all, tg_dict_key(r.net->params, i), tg_dict_at(r.net->params, i),
                              NULL);
        ck_assert_int_eq(tg_npz_save(path[plan], all, &err), TG_OK);
        tg_dict_free(all);
        run_end(&r);
    }
    assert_same_file(path[0], path[1]);
    (void)remove(path[0]);
    (void)remove(path[1]);
}
END_TEST

/* ---- models of one's own -------------------------------------------------------------------- */

typedef struct strange {
    int kind, calls;
    const tg_model *net;
    tg_tensor *noise;
    tg_rng rng;
} strange;

static tg_tensor *twice(tg_tape *t, tg_tensor *const *x, int n, tg_rng *rng, void *user)
{
    (void)n, (void)rng, (void)user;
    return tg_add(t, x[0], x[0]);
}

static tg_tensor *watch(tg_tape *t, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)t, (void)x, (void)g;
    ++*(int *)user;
    return NULL;
}

static tg_tensor *strange_forward(tg_tape *t, const tg_model *m, tg_tensor *x, const tg_pass *pass)
{
    strange *s = (strange *)(uintptr_t)m->self;
    const double noise = ++s->calls;
    x = s->net->forward(t, s->net, x, pass);
    switch (s->kind) {
    case 0: /* a number that changes each time */
        return tg_mul(t, x, tg_scalar(t, 1 + 1 / noise));
    case 1: /* a tensor written by the model */
        (void)tg_tensor_fill(s->noise, noise, NULL);
        return tg_add(t, x, s->noise);
    case 2: /* another tensor each time, perhaps where the last one was */
        tg_tensor_free(s->noise);
        s->noise = tg_tensor_from(TG_F32, 0, NULL, &(float){(float)noise}, NULL);
        return tg_add(t, x, s->noise);
    case 3:
        return pass->train ? tg_add(t, x, tg_normal(t, &s->rng, TG_F32, 0, NULL, 0, 1)) : x;
    case 4:
        return tg_checkpoint(t, twice, NULL, 1, &x, NULL);
    case 5:
        (void)tg_register_hook(t, x, watch, &s->calls);
        return x;
    default: /* nothing strange */
        return tg_add(t, x, tg_scalar(t, 1));
    }
}

static tg_tensor *strange_loss(tg_tape *t, const tg_model *m, tg_tensor *y, tg_tensor *labels)
{
    const strange *s = m->self;
    return s->net->loss(t, s->net, y, labels);
}

static const char *const reasons[] = {
    "no two of 16 updates recorded the same operations",
    "a tensor is written between the updates",
    "no two of 16 updates recorded the same operations",
    "random numbers are drawn from another generator than the trainer's",
    "compile: checkpoint cannot be run again: its attributes are not described",
    "a hook is called for some gradient",
    ""};

START_TEST(models_of_ones_own)
{
    double loss[2];
    int calls[2];
    for (int plan = 0; plan < 2; plan++) {
        run r;
        tg_error err = TG_ERROR_INIT;
        run_parts(&r);
        strange s = {_i, 0, r.net, tg_tensor_new(TG_F32, 0, NULL, NULL), tg_rng_make(1, 9)};
        tg_model m = *r.net;
        m.forward = strange_forward;
        m.loss = strange_loss;
        m.self = &s;
        tg_trainer_options o = run_options(NULL);
        o.plan = plan;
        o.eval_every = 0;
        o.steps = 25;
        o.replace = true;
        tg_trainer *tr = tg_trainer_new(&m, r.opt, &r.train, NULL, &o, r.history, "a", &err);
        ck_assert_msg(tr && tg_trainer_fit(tr, &err) == TG_OK, "%s", err.text);
        if (plan) ck_assert_str_eq(tg_trainer_plan_note(tr), reasons[_i]);
        loss[plan] = tg_trainer_loss(tr);
        calls[plan] = s.calls;
        tg_trainer_free(tr);
        tg_tensor_free(s.noise);
        run_end(&r);
    }
    ck_assert_double_eq(loss[0], loss[1]);
    ck_assert_int_eq(calls[1], _i == 6 ? 2 : calls[0]); /* two are recorded, then it is a plan */
}
END_TEST

/* ---- failures ------------------------------------------------------------------------------- */

/* An invalid label: the same words, and the update is not made. */
START_TEST(refused_data)
{
    char text[2][256];
    for (int plan = 0; plan < 2; plan++) {
        run r;
        tg_error err = TG_ERROR_INIT;
        run_parts(&r);
        tg_trainer_options o = run_options(NULL);
        o.plan = plan;
        o.replace = true;
        run_start(&r, &o);
        for (int i = 0; i < 5; i++) ck_assert_int_eq(tg_trainer_step(r.tr, &err), TG_OK);
        (void)tg_tensor_fill(r.train.labels, 11, NULL);
        ck_assert_int_eq(tg_trainer_step(r.tr, &err), TG_EINDEX);
        (void)snprintf(text[plan], sizeof text[0], "%s", err.text);
        ck_assert_int_eq(tg_optimizer_steps(r.opt), 5);
        ck_assert_int_eq(tg_trainer_steps(r.tr), 5);
        (void)tg_tensor_fill(r.train.labels, 2, NULL);
        ck_assert_int_eq(tg_trainer_step(r.tr, &err), TG_OK);
        run_end(&r);
    }
    ck_assert_str_eq(text[0], text[1]);
}
END_TEST

SUITE("trainer_plan", .timeout = 120,
      .tests = {
          {same_bytes, SETTINGS},
          {says_why_not},
          {changes_are_seen, 6},
          {models_of_ones_own, COUNT(reasons)},
          {refused_data},
      })
