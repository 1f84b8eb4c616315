/* test_plan_train.c - training by a plan beside training by recording each step: the same losses,
 * parameters, running statistics and dropout masks to the last bit. */
#include "tests/support/nets.h"
#include "tests/plan/sides.h"

enum { FEATURES = 36 };

static tg_model *mlp(tg_dtype dtype, tg_rng *rng)
{
    tg_mlp_options o = mlp_with(DIMS(FEATURES, 17, 64, 9, CLASSES), true, 0.3, 0.01);
    o.dtype = dtype;
    o.dropout_form = TG_DROPOUT_INVERTED;
    return tg_mlp_new(&o, rng, NULL);
}

static tg_model *convnet(tg_dtype dtype, tg_rng *rng)
{
    tg_simple_convnet_options o = tg_simple_convnet_defaults();
    o.height = o.width = 6;
    o.filters = 3;
    o.kernel = 3;
    o.hidden = 8;
    o.outputs = CLASSES;
    o.dtype = dtype;
    o.weight_decay = 0.01;
    return tg_simple_convnet_new(&o, rng, NULL);
}

static void start(side *s, bool conv, tg_dtype dtype)
{
    tg_rng rng = tg_rng_make(3, 0);
    side_start(s, (conv ? convnet : mlp)(dtype, &rng), tg_adam(tg_adam_defaults(), NULL));
}

static void end(side *s, bool conv)
{
    tg_model *m = s->model;
    side_end(s);
    (conv ? tg_simple_convnet_free : tg_mlp_free)(m);
}

/* planned: from the second step on by the plan that the first one left. */
static void step(side *s, bool planned)
{
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = s->t;
    tg_dict *params = s->model->params;
    tg_tensor *rows = tg_batches_next(s->batches);
    if (s->plan) {
        ck_assert_msg(!tg_plan_run(s->plan, &err) &&
                          !tg_optimizer_update(s->opt, params, tg_plan_grads(s->plan), &err),
                      "%s", err.text);
        s->loss = tg_item(tg_plan_output(s->plan, 0));
        s->masks.counter += tg_plan_draws(s->plan, &s->masks);
        return;
    }
    tg_tape_reset(t);
    tg_tensor *loss = side_loss(s, rows, true);
    const tg_dict *grads = tg_grad(t, loss, params);
    assert_fine(t, "step");
    s->loss = tg_item(loss);
    if (planned) {
        s->plan = tg_compile_grads(t, loss, grads, &err);
        ck_assert_msg(s->plan, "%s", err.text);
        tg_plan_seek(s->plan, 1);
    }
    ck_assert(!tg_optimizer_update(s->opt, params, grads, &err));
    tg_tape_free(t);
    s->t = tg_tape_new();
}

START_TEST(training)
{
    const bool conv = _i / 2 == 1;
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    side eager, planned;
    draw_images(FEATURES);
    start(&eager, conv, dtype);
    start(&planned, conv, dtype);
    for (int i = 0; i < 50; i++) {
        step(&eager, false);
        step(&planned, true);
        ck_assert_msg(memcmp(&eager.loss, &planned.loss, sizeof(double)) == 0,
                      "step %d: %.17g, %.17g", i, eager.loss, planned.loss);
        ck_assert_uint_eq(eager.masks.counter, planned.masks.counter);
    }
    ck_assert_uint_eq(tg_plan_runs(planned.plan), 50);
    assert_dicts(eager.model->params, planned.model->params);
    assert_dicts(eager.model->state, planned.model->state);
    end(&eager, conv);
    end(&planned, conv);
    free_leaves();
}
END_TEST

/* A run can be repeated, and another one draws other numbers. */
START_TEST(runs_by_number)
{
    tg_tape *t = tg_tape_new();
    tg_rng rng = tg_rng_make(9, 3), other = tg_rng_make(9, 4), start = rng;
    tg_tensor *y[3];
    y[0] = tg_normal(t, &rng, TG_F64, DIMS(5), 0, 1);
    (void)tg_uniform(t, &rng, TG_F32, DIMS(3), 0, 1); /* nothing needs it, but it is drawn */
    y[1] = tg_bernoulli(t, &rng, TG_F32, DIMS(2, 3), 0.5);
    y[2] = tg_normal(t, &other, TG_F32, DIMS(4), 0, 1);
    tg_plan *p = compiled(t, 3, y);
    ck_assert_uint_eq(tg_plan_draws(p, &start), rng.counter);
    ck_assert_uint_eq(tg_plan_draws(p, &other), 2);
    ck_assert_uint_eq(tg_plan_draws(p, &(tg_rng){.seed = 9, .stream = 5}), 0);
    for (uint64_t k = 0; k < 6; k++) {
        const uint64_t run = k == 4 ? 1 : k == 5 ? 70 : k; /* there and back */
        rng = (tg_rng){9, 3, run * tg_plan_draws(p, &start)};
        if (run != k) tg_plan_seek(p, run);
        run_plan(p);
        ck_assert_uint_eq(tg_plan_runs(p), run + 1);
        tg_tape_reset(t);
        assert_bits("normal", tg_normal(t, &rng, TG_F64, DIMS(5), 0, 1), tg_plan_output(p, 0));
        tg_rng_skip(&rng, 3);
        assert_bits("mask", tg_bernoulli(t, &rng, TG_F32, DIMS(2, 3), 0.5), tg_plan_output(p, 1));
        other = (tg_rng){9, 4, run * 2};
        assert_bits("other", tg_normal(t, &other, TG_F32, DIMS(4), 0, 1), tg_plan_output(p, 2));
    }
    tg_plan_free(p);
    tg_tape_free(t);
}
END_TEST

/* Attention with a causal mask, and its gradients, on other inputs. */
START_TEST(attention)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x[3], *out[4];
    tg_plan *p = NULL;
    for (int i = 0; i < 3; i++) x[i] = random_leaf(TG_F32, DIMS(2, 3, 8, 16), -2, 2, (uint64_t)i);
    for (int k = 0; k < 4; k++) {
        tg_tape_reset(t);
        out[0] = tg_attention(t, x[0], x[1], x[2], NULL, true);
        tg_tensor *loss = tg_sum(t, tg_square(t, out[0]), TG_ALL, false);
        (void)tg_vjp(t, 1, &loss, NULL, 3, x, out + 1);
        assert_fine(t, "attention");
        if (!p) p = compiled(t, 4, out);
        run_plan(p);
        for (int i = 0; i < 4; i++) assert_bits("attention", out[i], tg_plan_output(p, i));
        for (int i = 0; i < 3; i++)
            for (int64_t j = 0; j < x[i]->size; j++)
                write_at(x[i], j, sin((double)(j * (k + 2) + i)));
    }
    tg_plan_free(p);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

SUITE("plan_train", .timeout = 300,
      .tests = {
          {training, 4},
          {runs_by_number},
          {attention},
      })
