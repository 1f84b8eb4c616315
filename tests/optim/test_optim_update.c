/* test_optim_update.c - what an update does to memory, and custom optimizers. */
#include "tapegrad/optim.h"

#include <math.h>

#include "tests/support/counting.h"
#include "tests/support/optimizers.h"
#include "tests/support/owned.h"
#include "tests/optim/params.h"
#include "tests/support/suite.h"

/* ---- memory --------------------------------------------------------------------------------- */

/* A 2x3 view of a 3x4 leaf (its middle columns transposed) must move as its contiguous copy does,
 * whatever the strides of the gradient. Nothing beside it may move. */
START_TEST(strided_tensors_and_no_malloc)
{
    const int64_t shape[] = {2, 3};
    const int64_t of_g[][3] = {{3, 1, 0}, {1, 2, 0}, {0, 0, 4}, {-3, 1, 3}}; /* strides, offset */
    const tg_dtype dtype = _i % 2 ? TG_F32 : TG_F64;
    tg_tensor *whole = tg_tensor_new(dtype, 2, (int64_t[]){3, 4}, NULL);
    tg_tensor *six = tg_tensor_new(dtype, 2, shape, NULL);
    for (int64_t i = 0; i < 12; i++) (void)tg_tensor_set(whole, i, (double)i + 0.5, NULL);
    for (int64_t i = 0; i < 6; i++) (void)tg_tensor_set(six, i, 0.25 * (double)i - 1, NULL);
    tg_tensor *w = tg_tensor_view(whole, 2, shape, (int64_t[]){1, 4}, 1, NULL);
    tg_dict *params = own(tg_dict_new()), *grads[4], *grads_copy[4];
    (void)tg_dict_take(params, "w", w, NULL);
    (void)tg_dict_take(params, "none", tg_tensor_new(dtype, 1, (int64_t[]){0}, NULL), NULL);
    tg_dict *copy = own(tg_dict_clone(params, NULL));
    for (int k = 0; k < 4; k++) {
        tg_tensor *g = tg_tensor_view(six, 2, shape, of_g[k], of_g[k][2], NULL);
        grads[k] = tg_dict_new();
        (void)tg_dict_take(grads[k], "none", tg_tensor_like(tg_dict_get(params, "none"), NULL),
                           NULL);
        (void)tg_dict_take(grads[k], "w", g, NULL);
        grads_copy[k] = tg_dict_clone(grads[k], NULL);
    }
    tg_optimizer *o = own(sample_optimizer(_i / 2)), *o_copy = own(sample_optimizer(_i / 2));
    tg_optimizer_set_lr(o, 0.01);
    tg_optimizer_set_lr(o_copy, 0.01);
    long first = 0;
    for (int t = 0; t < 8; t++) {
        ck_assert_int_eq(tg_optimizer_update(o, params, grads[(t + 1) % 4], NULL), TG_OK);
        ck_assert_int_eq(tg_optimizer_update(o_copy, copy, grads_copy[(t + 1) % 4], NULL), TG_OK);
        if (t == 0) first = allocations;
        for (int64_t i = 0; i < 6; i++)
            ck_assert_double_eq(tg_tensor_get(w, i), tg_tensor_get(tg_dict_get(copy, "w"), i));
    }
    ck_assert_int_eq(allocations, first);
    for (int64_t i = 0; i < 12; i++) {
        const bool inside = i % 4 == 1 || i % 4 == 2;
        ck_assert(inside == (tg_tensor_get(whole, i) != (double)i + 0.5));
    }
    for (int k = 0; k < 4; k++) {
        tg_dict_free(grads[k]);
        tg_dict_free(grads_copy[k]);
    }
    tg_tensor_free(whole);
    tg_tensor_free(six);
}
END_TEST

START_TEST(out_of_memory_changes_nothing)
{
    tg_status status = TG_ENOMEM;
    for (long limit = 0; status != TG_OK; limit++) {
        tg_dict *params = point(TG_F32, -7, 2), *grads = point(TG_F32, 1, 1);
        tg_tensor *wide = tg_tensor_new(TG_F32, 1, (int64_t[]){4}, NULL);
        const int64_t two[] = {2};
        (void)tg_dict_take(params, "w", tg_tensor_view(wide, 1, two, two, 0, NULL), NULL);
        (void)tg_dict_take(grads, "w", tg_tensor_new(TG_F32, 1, two, NULL), NULL);
        tg_error err = TG_ERROR_INIT;
        allocations = 0;
        allowed = limit;
        tg_optimizer *o = tg_adam(tg_adam_defaults(), &err);
        status = o ? tg_optimizer_update(o, params, grads, &err) : err.status;
        allowed = -1;
        ck_assert_int_eq(status, limit == 0 ? TG_ENOMEM : err.status);
        ck_assert((at(params, "x") != -7.0) == (status == TG_OK));
        ck_assert_int_eq((int)tg_optimizer_steps(o), status == TG_OK);
        ck_assert((tg_optimizer_state(o, "m") != NULL) == (status == TG_OK));
        tg_optimizer_free(o);
        tg_tensor_free(wide);
        tg_dict_free(params);
        tg_dict_free(grads);
        ck_assert_int_eq(alive, 0);
    }
}
END_TEST

/* A tensor under two keys, and gradients in the memory of parameters: the keys are updated in
 * order. */
START_TEST(shared_memory_goes_in_order)
{
    const int64_t n = 100000, half = n / 2, one = 1;
    tg_tensor *whole = tg_tensor_new(TG_F32, 1, &n, NULL),
              *want = tg_tensor_new(TG_F32, 1, &n, NULL);
    tg_tensor *low = tg_tensor_view(whole, 1, &half, &one, 0, NULL);
    tg_tensor *high = tg_tensor_view(whole, 1, &half, &one, half, NULL);
    tg_dict *params = own(tg_dict_new()), *grads = own(tg_dict_new());
    for (int64_t i = 0; i < n; i++) ((float *)want->data)[i] = (float)(i % 13) - 6;
    ck_assert_int_eq(tg_tensor_copy(whole, want, NULL), TG_OK);
    (void)tg_dict_set(params, "a", low, NULL);
    (void)tg_dict_set(params, "b", high, NULL);
    (void)tg_dict_set(params, "c", low, NULL);
    (void)tg_dict_set(grads, "a", high, NULL);
    (void)tg_dict_set(grads, "b", low, NULL); /* as the first key left it */
    (void)tg_dict_set(grads, "c", low, NULL);
    tg_optimizer *o = own(tg_sgd((tg_sgd_options){tg_sgd_defaults().made, 0.5}, NULL));
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK);
        for (int64_t i = 0; i < half; i++) {
            float *a = (float *)want->data + i, *b = a + half;
            *a -= 0.5F * *b;
            *b -= 0.5F * *a;
            *a -= 0.5F * *a;
            ck_assert_float_eq(*a, ((float *)whole->data)[i]);
            ck_assert_float_eq(*b, ((float *)whole->data)[i + half]);
        }
    }
    tg_tensor_free(low);
    tg_tensor_free(high);
    tg_tensor_free(whole);
    tg_tensor_free(want);
}
END_TEST

/* ---- one's own ------------------------------------------------------------------------------ */

static void sign_update(const tg_update *u)
{
    double *w = u->w, *flips = u->state[0], limit = *(const double *)u->options;
    const double *g = u->g;
    for (int64_t i = 0; i < u->n; i++) {
        w[i] -= fmin(limit, u->lr * (double)u->step) * (g[i] > 0 ? 1 : -1);
        flips[i] += g[i] > 0;
    }
}

START_TEST(ones_own_optimizer)
{
    static const tg_optimizer_type type = {.name = "sign",
                                           .states = {"flips"},
                                           .options_size = sizeof(double),
                                           .update_f64 = sign_update};
    const double limit = 0.15;
    const vector w[] = {{"w", TG_F64, 2}, {.key = NULL}},
                 single[] = {{"w", TG_F32, 2}, {.key = NULL}};
    tg_dict *params = own(threes(w)), *grads = own(threes(w)), *floats = own(threes(single));
    tg_optimizer *o = own(tg_optimizer_new(&type, &limit, 0.1, NULL));
    ck_assert_ptr_null(tg_optimizer_state(o, "flips"));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK);
    ck_assert_double_eq_tol(tg_tensor_get(tg_dict_get(params, "w"), 1), 3 - 0.1 - 0.15, 1e-15);
    ck_assert_double_eq(tg_tensor_get(tg_dict_at(tg_optimizer_state(o, "flips"), 0), 1), 2.0);
    ck_assert_ptr_null(tg_optimizer_state(o, "v"));
    ck_assert_double_eq(tg_optimizer_lr(o), 0.1);

    tg_error err = TG_ERROR_INIT;
    ck_assert_int_eq(tg_optimizer_update(o, floats, floats, &err), TG_EDTYPE);
    ck_assert_str_eq(err.text, "update: sign does not support f32, the dtype of 'w'");
    tg_optimizer_free(NULL);
}
END_TEST

SUITE("optim_update", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {strided_tensors_and_no_malloc, 2 * sample_count()},
          {out_of_memory_changes_nothing},
          {shared_memory_goes_in_order},
          {ones_own_optimizer},
      })
