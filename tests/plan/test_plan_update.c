/* test_plan_update.c - whole training steps by a plan, the update included, beside steps that are
 * recorded one by one: the same losses, parameters, states and masks to the last bit. */
#include <string.h>

#include "tests/support/nets.h"
#include "tests/support/optimizers.h"
#include "tests/plan/sides.h"

enum { FEATURES = 20, TREATMENTS = 3, STEPS = 50 };

static void add(side *s, const char *pattern, tg_group_options g)
{
    ck_assert_int_eq(tg_optimizer_add_group(s->opt, pattern, g, NULL), TG_OK);
}

static void start(side *s, int kind, int treatment, tg_dtype dtype)
{
    tg_mlp_options o = mlp_with(DIMS(FEATURES, 17, 9, CLASSES), true, 0.3, 0.01);
    tg_rng rng = tg_rng_make(3, 0);
    o.dtype = dtype;
    side_start(s, tg_mlp_new(&o, &rng, NULL), sample_optimizer(kind));
    if (treatment == 1) s->max_norm = 0.5;
    if (treatment != 2) return;
    add(s, "*",
        (tg_group_options){.made = tg_group_defaults().made, .lr_scale = 0.5, .clip_norm = 0.2});
    add(s, "W1",
        (tg_group_options){.made = tg_group_defaults().made,
                           .lr_scale = 2,
                           .weight_decay = 0.1,
                           .decoupled = true});
    add(s, "W2",
        (tg_group_options){.made = tg_group_defaults().made,
                           .lr_scale = 1,
                           .weight_decay = 0.1,
                           .clip_value = 1e-3});
    add(s, "b2", (tg_group_options){.made = tg_group_defaults().made, .frozen = true});
    add(s, "gamma*",
        (tg_group_options){.made = tg_group_defaults().made, .lr_scale = 1, .clip_norm = 0.1});
}

static void end(side *s)
{
    tg_model *m = s->model;
    side_end(s);
    tg_mlp_free(m);
}

/* planned: from the second step on by the plan that the first one left. */
static void step(side *s, bool planned)
{
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = s->t;
    tg_tensor *rows = tg_batches_next(s->batches), *loss[2];
    if (s->plan) {
        ck_assert_msg(!tg_plan_run(s->plan, &err), "%s", err.text);
        s->loss = tg_item(tg_plan_output(s->plan, 0));
        s->after = tg_item(tg_plan_output(s->plan, 1));
        s->masks.counter += tg_plan_draws(s->plan, &s->masks);
        return;
    }
    tg_tape_reset(t);
    loss[0] = side_loss(s, rows, true);
    tg_dict *trained = tg_optimizer_trainable(s->opt, s->model->params, NULL);
    tg_dict *grads = tg_grad(t, loss[0], trained);
    if (s->max_norm > 0) grads = tg_clip_grad_norm(t, grads, s->max_norm, NULL);
    const tg_status status = planned ? tg_optimizer_record(t, s->opt, s->model->params, grads)
                                     : tg_optimizer_update(s->opt, s->model->params, grads, &err);
    loss[1] = side_loss(s, rows, false);
    ck_assert_msg(!status && loss[1], "%s%s", err.text, tg_tape_message(t));
    s->loss = tg_item(loss[0]);
    s->after = tg_item(loss[1]);
    if (planned) {
        s->plan = compiled(t, 2, loss);
        tg_plan_seek(s->plan, 1);
        tg_tape_free(t);
        s->t = tg_tape_new();
    }
    tg_dict_free(trained);
}

/* Between two steps: another lr, and the optimizer's state of an earlier step. */
static void between(side *s, int i, tg_dict **saved)
{
    tg_error err = TG_ERROR_INIT;
    if (i % 7 == 3) tg_optimizer_set_lr(s->opt, 0.01 / (i + 1));
    if (i == 20) *saved = tg_optimizer_state_dict(s->opt, &err);
    if (i != 35) return;
    ck_assert_msg(!tg_optimizer_load_state_dict(s->opt, *saved, &err), "%s", err.text);
    tg_dict_free(*saved);
}

START_TEST(training)
{
    const int kind = _i / 2 / TREATMENTS, treatment = _i / 2 % TREATMENTS;
    const tg_dtype dtype = _i % 2 == 0 ? TG_F32 : TG_F64;
    side eager, planned;
    tg_dict *saved[2];
    draw_images(FEATURES);
    start(&eager, kind, treatment, dtype);
    start(&planned, kind, treatment, dtype);
    for (int i = 0; i < STEPS; i++) {
        step(&eager, false);
        step(&planned, true);
        ck_assert_msg(memcmp(&eager.loss, &planned.loss, sizeof(double)) == 0 &&
                          memcmp(&eager.after, &planned.after, sizeof(double)) == 0,
                      "step %d: %.17g, %.17g", i, eager.loss, planned.loss);
        ck_assert_uint_eq(eager.masks.counter, planned.masks.counter);
        between(&eager, i, &saved[0]);
        between(&planned, i, &saved[1]);
    }
    ck_assert(planned.plan && isfinite(planned.loss));
    ck_assert_int_eq(tg_optimizer_steps(planned.opt), tg_optimizer_steps(eager.opt));
    saved[0] = tg_optimizer_state_dict(eager.opt, NULL);
    saved[1] = tg_optimizer_state_dict(planned.opt, NULL);
    assert_dicts(saved[0], saved[1]);
    assert_dicts(eager.model->params, planned.model->params);
    assert_dicts(eager.model->state, planned.model->state);
    tg_dict_free(saved[0]);
    tg_dict_free(saved[1]);
    end(&eager);
    end(&planned);
    free_leaves();
}
END_TEST

/* ---- several updates in one plan ------------------------------------------------------------ */

static tg_dict *two(uint64_t seed)
{
    tg_dict *d = tg_dict_new();
    tg_rng rng = tg_rng_make(seed, 0);
    for (int k = 0; k < 2; k++) {
        tg_tensor *x = tg_tensor_new(TG_F64, 1, (int64_t[]){11}, NULL);
        for (int64_t i = 0; i < 11; i++)
            (void)tg_tensor_set(x, i, tg_rng_next_normal(&rng, 0, 1), NULL);
        (void)tg_dict_take(d, k ? "b" : "a", x, NULL);
    }
    return d;
}

static tg_tensor *bowl(tg_tape *t, const tg_dict *p)
{
    tg_tensor *a = tg_dict_at(p, 0), *b = tg_dict_at(p, 1);
    return tg_sum(t, tg_add(t, tg_square(t, tg_mul(t, a, b)), tg_square(t, a)), TG_ALL, false);
}

/* Two steps of one optimizer with one of another in between, on the same parameters. */
START_TEST(updates_keep_their_order)
{
    tg_dict *p[2] = {two(1), two(1)};
    tg_plan *plan = NULL;
    for (int k = 0; k < 2; k++) {
        tg_optimizer *adam = tg_adam(tg_adam_defaults(), NULL),
                     *sgd = tg_sgd(tg_sgd_defaults(), NULL);
        tg_tape *t = tg_tape_new();
        tg_tensor *loss = NULL;
        for (int i = 0; i < 10; i++) {
            if (plan) {
                run_plan(plan);
                continue;
            }
            tg_tape_reset(t);
            for (int j = 0; j < 3; j++) {
                loss = bowl(t, p[k]);
                (void)tg_optimizer_record(t, j == 1 ? sgd : adam, p[k], tg_grad(t, loss, p[k]));
            }
            assert_fine(t, "three updates");
            if (k == 0) continue;
            plan = compiled(t, 1, &loss);
            ck_assert_int_eq(tg_optimizer_steps(adam), 2);
        }
        ck_assert_int_eq(tg_optimizer_steps(adam), 20);
        ck_assert_int_eq(tg_optimizer_steps(sgd), 10);
        tg_plan_free(plan);
        tg_tape_free(t);
        tg_optimizer_free(adam);
        tg_optimizer_free(sgd);
    }
    assert_dicts(p[0], p[1]);
    tg_dict_free(p[0]);
    tg_dict_free(p[1]);
}
END_TEST

SUITE("plan_update", .timeout = 300,
      .tests = {
          {training, 2 * sample_count() * TREATMENTS},
          {updates_keep_their_order},
      })
