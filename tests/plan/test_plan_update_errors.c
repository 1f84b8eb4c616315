/* test_plan_update_errors.c - recorded updates with difficulties: reads and refusals beside them,
 * groups that change, failures, memory. */
#include <string.h>

#include "tapegrad.h"
#include "tests/support/counting.h"
#include "tests/support/error.h"
#include "tests/support/nets.h"
#include "tests/support/owned.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

static tg_dict *numbers(int n, const int64_t *sizes)
{
    tg_dict *d = tg_dict_new();
    tg_rng rng = tg_rng_make(8, 0);
    for (int k = 0; k < n; k++) {
        tg_tensor *x = tg_tensor_new(TG_F32, 1, &sizes[k], NULL);
        for (int64_t i = 0; i < sizes[k]; i++)
            (void)tg_tensor_set(x, i, tg_rng_next_normal(&rng, 0, 1), NULL);
        (void)tg_dict_take(d, (const char *[]){"a", "b", "c"}[k], x, NULL);
    }
    return d;
}

static tg_tensor *squares(const tg_dict *p)
{
    tg_tensor *sum = tg_scalar(t, 0);
    for (int i = 0; i < tg_dict_size(p); i++)
        sum = tg_add(t, sum, tg_sum(t, tg_square(t, tg_dict_at(p, i)), TG_ALL, false));
    return sum;
}

/* ---- what stands beside an update ----------------------------------------------------------- */

/* Operations recorded before the update see the old parameter, those after it the new one. w' = 0.5
 * w for lr 0.25 and the loss sum w^2. */
START_TEST(readers_on_both_sides)
{
    tg_dict *p = own(numbers(2, (const int64_t[]){7, 20000}));
    tg_tensor *a = tg_dict_at(p, 0), *b = tg_dict_at(p, 1), *out[6];
    tg_optimizer *o =
        own(tg_sgd((tg_sgd_options){.made = tg_sgd_defaults().made, .lr = 0.25}, NULL));
    tg_dict *grads = tg_grad(t, squares(p), p);
    tg_tensor *view = tg_slice(t, a, 0, 2, 5, 1);
    out[0] = tg_neg(t, a);
    out[1] = tg_sum(t, b, TG_ALL, false);
    out[2] = tg_exp(t, view);
    ck_assert_int_eq(tg_optimizer_record(t, o, p, grads), TG_OK);
    out[3] = tg_neg(t, a);
    out[4] = tg_exp(t, view);
    (void)tg_assign(t, a, tg_add(t, out[3], tg_scalar(t, 2)));
    out[5] = tg_add(t, a, tg_scalar(t, 0));
    assert_fine(t, "readers");
    tg_plan *plan = compiled(t, 6, out);
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        tg_tensor *old = tg_tensor_clone(a, NULL);
        for (int64_t i = 0; i < b->size; i++) sum += tg_tensor_get(b, i);
        run_plan(plan);
        ck_assert_double_eq_tol(tg_item(tg_plan_output(plan, 1)), sum, 1e-2);
        for (int i = 0; i < 7; i++) {
            const double w = tg_tensor_get(old, i);
            ck_assert_double_eq(tg_tensor_get(tg_plan_output(plan, 0), i), -w);
            ck_assert_double_eq(tg_tensor_get(tg_plan_output(plan, 3), i), -0.5 * w);
            ck_assert_double_eq(tg_tensor_get(a, i), (float)(2 - 0.5 * w));
            ck_assert_double_eq(tg_tensor_get(tg_plan_output(plan, 5), i), (float)(2 - 0.5 * w));
            if (i < 2 || i >= 5) continue;
            ck_assert_double_eq_tol(tg_tensor_get(tg_plan_output(plan, 2), i - 2), exp(w), 1e-4);
            ck_assert_double_eq_tol(tg_tensor_get(tg_plan_output(plan, 4), i - 2), exp(0.5 * w),
                                    1e-4);
        }
        tg_tensor_free(old);
    }
    ck_assert_int_eq(tg_optimizer_steps(o), 4);
    tg_plan_free(plan);
}
END_TEST

/* An index out of range, before the update or after it. As when recording, nothing is updated
 * before the failure. */
START_TEST(refusals_come_first)
{
    tg_dict *p = own(numbers(1, (const int64_t[]){5}));
    tg_tensor *rows = random_leaf(TG_I32, DIMS(3), 0, 5, 1), *a = tg_dict_at(p, 0), *taken[2];
    tg_optimizer *o = own(tg_adam(tg_adam_defaults(), NULL));
    tg_tensor *loss = squares(p);
    const tg_dict *grads = tg_grad(t, loss, p);
    if (_i == 0) taken[0] = tg_take(t, random_leaf(TG_F32, DIMS(5), 0, 1, 2), rows, 0);
    (void)tg_optimizer_record(t, o, p, grads);
    if (_i == 1) taken[0] = tg_take(t, random_leaf(TG_F32, DIMS(5), 0, 1, 2), rows, 0);
    taken[1] = loss;
    tg_plan *plan = compiled(t, 2, taken);
    run_plan(plan);
    tg_tensor *before = tg_tensor_clone(a, NULL);
    ((int32_t *)rows->data)[1] = 5;
    ck_assert_int_eq(tg_plan_run(plan, &err), TG_EINDEX);
    ck_assert_msg(strstr(err.text, "take"), "%s", err.text);
    ck_assert_int_eq(tg_optimizer_steps(o), 2 + _i);
    ck_assert((memcmp(before->data, a->data, 20) == 0) == (_i == 0));
    tg_tensor_free(before);
    tg_plan_free(plan);
}
END_TEST

START_TEST(changed_groups)
{
    tg_dict *p = own(numbers(2, (const int64_t[]){5, 3}));
    tg_optimizer *o = own(tg_adam(tg_adam_defaults(), NULL)),
                 *fresh = own(tg_adam(tg_adam_defaults(), NULL));
    tg_tensor *loss = squares(p);
    (void)tg_optimizer_record(t, o, p, tg_grad(t, loss, p));
    tg_plan *plan = compiled(t, 1, &loss);
    run_plan(plan);
    tg_dict *state = own(tg_optimizer_state_dict(o, NULL)),
            *none = own(tg_optimizer_state_dict(fresh, NULL));
    ck_assert_int_eq(tg_optimizer_load_state_dict(o, state, &err), TG_OK);
    run_plan(plan); /* the same groups and states */
    tg_optimizer_set_lr(o, INFINITY);
    ck_assert_int_eq(tg_plan_run(plan, &err), TG_EARG);
    ck_assert_str_eq(err.text, "update: lr is inf, must be in [0, inf)");
    tg_optimizer_set_lr(o, 0.1);
    tg_tensor *before = tg_tensor_clone(tg_dict_at(p, 0), NULL);
    for (int k = 0; k < 2; k++) {
        if (k == 0)
            (void)tg_optimizer_add_group(
                o, "b", (tg_group_options){.made = tg_group_defaults().made, .frozen = true}, NULL);
        else
            ck_assert_int_eq(tg_optimizer_load_state_dict(o, none, NULL), TG_OK);
        err = (tg_error)TG_ERROR_INIT;
        ck_assert_int_eq(tg_plan_run(plan, &err), TG_EARG);
        ck_assert_str_eq(err.text, "update: the groups or states of Adam have changed since "
                                   "it was recorded");
        ck_assert_mem_eq(before->data, tg_dict_at(p, 0)->data, 20);
        ck_assert_int_eq(tg_optimizer_steps(o), k == 0 ? 3 : 0);
    }
    tg_tensor_free(before);
    tg_plan_free(plan);
}
END_TEST

/* ---- recording ------------------------------------------------------------------------------ */

START_TEST(refused_when_recorded)
{
    tg_dict *p = own(numbers(1, (const int64_t[]){5})),
            *q = own(numbers(2, (const int64_t[]){5, 3}));
    tg_tape *other = tg_tape_new();
    tg_optimizer *o = own(tg_adam(tg_adam_defaults(), NULL));
    tg_tensor *before = tg_tensor_clone(tg_dict_at(p, 0), NULL);
    const tg_dict *grads = tg_grad(t, squares(p), p);
    ck_assert_int_eq(tg_optimizer_record(NULL, o, p, grads), TG_EARG);
    ck_assert_int_eq(tg_optimizer_record(other, o, p, grads), TG_ETAPE);
    tg_tape_reset(other);
    ck_assert_int_eq(tg_optimizer_record(other, o, q, grads), TG_EKEY);
    ck_assert_str_eq(tg_tape_message(other), "update: parameter 'b' has no gradient");
    ck_assert_int_eq(tg_optimizer_record(other, o, p, NULL), TG_EKEY); /* the first sticks */
    tg_tape_reset(other);
    ck_assert_int_eq(tg_optimizer_record(other, o, p, NULL), TG_EARG);
    ck_assert_int_eq(tg_optimizer_steps(o), 0);
    ck_assert_mem_eq(before->data, tg_dict_at(p, 0)->data, 20);
    tg_tape_reset(other);
    ck_assert_int_eq(tg_optimizer_record(other, o, p, p), TG_OK); /* leaves, on an empty tape */
    ck_assert_int_eq(tg_optimizer_steps(o), 1);
    ck_assert(memcmp(before->data, tg_dict_at(p, 0)->data, 20) != 0);
    tg_tensor *loss = squares(p);
    (void)tg_optimizer_record(t, o, p, tg_grad(t, loss, p));
    ck_assert_ptr_null(tg_grad(t, loss, p));
    ck_assert_int_eq(tg_tape_status(t), TG_EGRAD);
    tg_tape_free(other);
    tg_tensor_free(before);
}
END_TEST

START_TEST(out_of_memory_changes_nothing)
{
    tg_status status = TG_ENOMEM;
    for (long limit = 0; status != TG_OK; limit++) {
        tg_dict *p = numbers(2, (const int64_t[]){5, 3});
        tg_tape *fresh = tg_tape_new();
        tg_optimizer *o = tg_adam(tg_adam_defaults(), NULL);
        const float first = ((float *)tg_dict_at(p, 0)->data)[0];
        tg_plan *plan = NULL;
        allocations = 0;
        allowed = limit;
        status = tg_optimizer_record(fresh, o, p, p);
        ck_assert_int_eq(tg_optimizer_steps(o), status == TG_OK);
        ck_assert((((float *)tg_dict_at(p, 0)->data)[0] != first) == (status == TG_OK));
        if (!status) plan = tg_compile(fresh, 0, NULL, &err);
        if (!status && !plan) status = TG_ENOMEM;
        allowed = -1;
        if (plan) run_plan(plan);
        tg_plan_free(plan);
        tg_optimizer_free(o);
        tg_tape_free(fresh);
        tg_dict_free(p);
    }
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

/* Gradients reuse the memory that updates free: less than half of the memory of keeping all of
 * them. */
START_TEST(gradients_share_memory)
{
    enum { LAYERS = 12, WIDTH = 128, ROWS = 4 };
    int64_t sizes[LAYERS + 1];
    const tg_mlp_options o = mlp_with(LAYERS + 1, sizes, false, 0, 0);
    tg_rng rng = tg_rng_make(1, 0);
    for (int i = 0; i <= LAYERS; i++) sizes[i] = WIDTH;
    tg_model *m = tg_mlp_new(&o, &rng, NULL);
    tg_optimizer *opt = own(tg_adam(tg_adam_defaults(), NULL));
    tg_tensor *y = tg_model_forward(t, m, random_leaf(TG_F32, DIMS(ROWS, WIDTH), 0, 1, 1), NULL);
    tg_tensor *loss = tg_model_loss(t, m, y, random_leaf(TG_I32, DIMS(ROWS), 0, WIDTH, 2));
    (void)tg_optimizer_record(t, opt, m->params, tg_grad(t, loss, m->params));
    tg_plan *plan = compiled(t, 1, &loss);
    const tg_plan_numbers n = tg_plan_stats(plan);
    const size_t grads = (size_t)tg_dict_count(m->params) * sizeof(float);
    ck_assert_msg(n.block + n.kept < grads / 2, "%zu bytes, the gradients alone are %zu", n.block,
                  grads);
    const long before = allocations;
    for (int i = 0; i < 5; i++) run_plan(plan);
    ck_assert_int_eq(allocations, before);
    tg_plan_free(plan);
    tg_mlp_free(m);
}
END_TEST

/* ---- one's own, and strided ----------------------------------------------------------------- */

static void halve(const tg_update *u)
{
    float *w = u->w, *seen = u->state[0];
    const float *g = u->g;
    for (int64_t i = 0; i < u->n; i++) {
        w[i] = 0.5F * w[i] - (float)u->lr * g[i];
        seen[i] += (float)u->step;
    }
}

START_TEST(ones_own_and_strided)
{
    const tg_optimizer_type type = {.name = "halve", .states = {"seen"}, .update_f32 = halve};
    tg_dict *p[2];
    tg_plan *plan = NULL;
    for (int k = 0; k < 2; k++) {
        tg_tensor *whole = random_leaf(TG_F32, DIMS(3, 4), -1, 1, 5);
        tg_optimizer *o = tg_optimizer_new(&type, NULL, 0.1, NULL);
        p[k] = tg_dict_new();
        (void)tg_dict_take(p[k], "w",
                           tg_tensor_view(whole, 2, (int64_t[]){2, 3}, (int64_t[]){1, 4}, 1, NULL),
                           NULL);
        (void)tg_optimizer_add_group(o, "w",
                                     (tg_group_options){.made = tg_group_defaults().made,
                                                        .lr_scale = 1,
                                                        .clip_norm = 0.3,
                                                        .weight_decay = 0.1},
                                     NULL);
        for (int i = 0; i < 6; i++) {
            if (plan) {
                run_plan(plan);
                continue;
            }
            tg_tape_reset(t);
            tg_tensor *loss = squares(p[k]);
            const tg_dict *grads = tg_grad(t, loss, p[k]);
            if (k == 0) {
                ck_assert_int_eq(tg_optimizer_update(o, p[k], grads, &err), TG_OK);
                continue;
            }
            ck_assert_int_eq(tg_optimizer_record(t, o, p[k], grads), TG_OK);
            plan = compiled(t, 1, &loss);
        }
        assert_bits("seen", tg_dict_at(tg_optimizer_state(o, "seen"), 0),
                    tg_dict_at(tg_optimizer_state(o, "seen"), 0));
        ck_assert_double_eq(tg_tensor_get(tg_dict_at(tg_optimizer_state(o, "seen"), 0), 3), 21);
        tg_plan_free(plan);
        tg_optimizer_free(o);
    }
    assert_bits("w", tg_dict_at(p[0], 0), tg_dict_at(p[1], 0));
    tg_dict_free(p[0]);
    tg_dict_free(p[1]);
}
END_TEST

SUITE("plan_update_errors", .with = {COUNTED, TAPE, FRESH_ERROR, OWNED}, .timeout = 120,
      .tests = {
          {readers_on_both_sides},
          {refusals_come_first, 2},
          {changed_groups},
          {refused_when_recorded},
          {out_of_memory_changes_nothing},
          {gradients_share_memory},
          {ones_own_and_strided},
      })
