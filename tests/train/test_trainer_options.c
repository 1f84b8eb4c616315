/* test_trainer_options.c - the trainer's schedule, clipping and frozen parameters, against a loop
 * written out here. */
#include "tests/support/runs.h"

enum { STEPS = 12 };

/* The same loop with public functions: 12 updates of rows in the order that the trainer draws. */
static void by_hand(run *r, const tg_trainer_options *o, double lr)
{
    tg_batches_options b = tg_batches_defaults();
    tg_error err = TG_ERROR_INIT;
    b.batch = o->batch;
    tg_batches *batches = tg_batches_new(r->train.size, b, tg_rng_make(o->seed, 0), &err);
    tg_rng masks = tg_rng_make(o->seed, 1);
    tg_tape *t = tg_tape_new();
    for (int i = 0; i < STEPS; i++) {
        tg_tensor *rows = tg_batches_next(batches);
        const tg_pass pass = {.train = true, .rng = &masks};
        tg_tape_reset(t);
        tg_tensor *x = tg_dataset_inputs(t, &r->train, rows, TG_F32);
        tg_tensor *y = tg_model_forward(t, r->net, x, &pass);
        tg_tensor *loss = tg_model_loss(t, r->net, y, tg_dataset_labels(t, &r->train, rows));
        tg_dict *grads = tg_grad(t, loss, r->net->params);
        if (o->clip_norm > 0) grads = tg_clip_grad_norm(t, grads, o->clip_norm, NULL);
        tg_optimizer_set_lr(r->opt, lr * tg_schedule_factor(o->schedule, i));
        ck_assert_msg(tg_optimizer_update(r->opt, r->net->params, grads, &err) == TG_OK, "%s",
                      err.text);
    }
    tg_tape_free(t);
    tg_batches_free(batches);
}

static void assert_equal(const run *a, const run *b)
{
    for (int i = 0; i < tg_dict_size(a->net->params); i++) {
        const tg_tensor *x = tg_dict_at(a->net->params, i), *y = tg_dict_at(b->net->params, i);
        ck_assert_msg(memcmp(x->data, y->data, 4 * (size_t)x->size) == 0, "%s",
                      tg_dict_key(a->net->params, i));
    }
}

START_TEST(as_a_loop_by_hand)
{
    run a, b;
    tg_error err = TG_ERROR_INIT;
    tg_trainer_options o = run_options(NULL);
    o.steps = STEPS;
    o.clip_norm = _i & 1 ? 0.3 : 0;
    if (_i & 2) o.schedule = tg_schedule_exponential(0.5, 4);
    if (_i & 4) o.schedule.warmup = 5;
    run_parts(&a);
    run_parts(&b);
    run_start(&a, &o);
    ck_assert_msg(tg_trainer_fit(a.tr, &err) == TG_OK, "%s", err.text);
    by_hand(&b, &o, 0.001);
    assert_equal(&a, &b);
    ck_assert_double_eq(tg_optimizer_lr(a.opt), tg_optimizer_lr(b.opt));
    run_end(&a);
    run_end(&b);
}
END_TEST

/* Clipping changes the result, so the test above has something to compare. */
START_TEST(clipping_and_schedules_matter)
{
    run a, b;
    tg_trainer_options o = run_options(NULL);
    run_parts(&a);
    run_parts(&b);
    tg_optimizer_free(a.opt);
    tg_optimizer_free(b.opt);
    a.opt = tg_sgd((tg_sgd_options){tg_sgd_defaults().made, 0.1}, NULL);
    b.opt = tg_sgd((tg_sgd_options){tg_sgd_defaults().made, 0.1}, NULL);
    o.steps = 1;
    run_start(&a, &o);
    ck_assert_int_eq(tg_trainer_fit(a.tr, NULL), TG_OK);
    if (_i == 0) o.clip_norm = 0.01;
    if (_i == 1) o.schedule.warmup = 2;
    run_start(&b, &o);
    ck_assert_int_eq(tg_trainer_fit(b.tr, NULL), TG_OK);
    const tg_tensor *x = tg_dict_get(a.net->params, "W1"), *y = tg_dict_get(b.net->params, "W1");
    ck_assert_mem_ne(x->data, y->data, 4 * (size_t)x->size);
    run_end(&a);
    run_end(&b);
}
END_TEST

static bool thaw(void *user, const tg_trainer *tr)
{
    run *r = user;
    if (tg_trainer_steps(tr) == 6)
        ck_assert_int_eq(tg_optimizer_add_group(r->opt, "?1", tg_group_defaults(), NULL), TG_OK);
    return true;
}

/* Frozen until update 6, then trained; nothing else differs between two such runs. */
START_TEST(frozen_parameters_stay_and_thaw)
{
    run a, fresh;
    tg_group_options g = tg_group_defaults();
    tg_trainer_options o = run_options(NULL);
    g.frozen = true;
    run_parts(&fresh);
    run_parts(&a);
    ck_assert_int_eq(tg_optimizer_add_group(a.opt, "?1", g, NULL), TG_OK);
    o.steps = 6;
    run_start(&a, &o);
    ck_assert_int_eq(tg_trainer_fit(a.tr, NULL), TG_OK);
    for (int i = 0; i < tg_dict_size(a.net->params); i++) {
        const tg_tensor *x = tg_dict_at(a.net->params, i), *y = tg_dict_at(fresh.net->params, i);
        const char *key = tg_dict_key(a.net->params, i);
        const bool frozen = strlen(key) == 2 && key[1] == '1';
        ck_assert_msg((memcmp(x->data, y->data, 4 * (size_t)x->size) == 0) == frozen, "%s", key);
    }
    run_end(&a);
    run_parts(&a);
    ck_assert_int_eq(tg_optimizer_add_group(a.opt, "?1", g, NULL), TG_OK);
    o.steps = 8;
    o.callback = thaw;
    o.user = &a;
    run_start(&a, &o);
    ck_assert_int_eq(tg_trainer_fit(a.tr, NULL), TG_OK);
    const tg_tensor *x = tg_dict_get(a.net->params, "W1"),
                    *y = tg_dict_get(fresh.net->params, "W1");
    ck_assert_mem_ne(x->data, y->data, 4 * (size_t)x->size);
    run_end(&a);
    run_end(&fresh);
}
END_TEST

/* If everything is frozen, updates are counted and change nothing. */
START_TEST(all_frozen)
{
    run a, fresh;
    tg_error err = TG_ERROR_INIT;
    tg_trainer_options o = run_options(NULL);
    run_parts(&fresh);
    run_parts(&a);
    ck_assert_int_eq(
        tg_optimizer_add_group(
            a.opt, "*", (tg_group_options){.made = tg_group_defaults().made, .frozen = true}, NULL),
        TG_OK);
    run_start(&a, &o);
    ck_assert_msg(tg_trainer_fit(a.tr, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(tg_optimizer_steps(a.opt), 20);
    assert_equal(&a, &fresh);
    run_end(&a);
    run_end(&fresh);
}
END_TEST

SUITE("trainer_options", .timeout = 120,
      .tests = {
          {as_a_loop_by_hand, 8},
          {clipping_and_schedules_matter, 2},
          {frozen_parameters_stay_and_thaw},
          {all_frozen},
      })
