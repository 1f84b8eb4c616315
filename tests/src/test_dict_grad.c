/* test_dict_grad.c - the gradients of a dict. */
#include "tapegrad/dict.h"

#include "tapegrad/grad.h"
#include "tapegrad/ops.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"

/* sum(W * W * x) + sum(frozen): dW = 2 W x, du = 0. */
static tg_tensor *loss_of(tg_tape *t, const tg_dict *d, tg_tensor *x, tg_tensor *frozen)
{
    tg_tensor *W = tg_param(t, d, "W");
    tg_tensor *y = tg_sum(t, tg_mul(t, tg_mul(t, W, W), x), TG_ALL, false);
    return tg_add(t, y, tg_sum(t, tg_exp(t, frozen), TG_ALL, false));
}

START_TEST(grad_has_the_keys_of_params)
{
    const entry keys[] = {{"u", TG_F64, 1, 4}, {"W", TG_F64, 2, 3}};
    tg_dict *d = own(make(keys, 2)), *none = own(tg_dict_new());
    tg_tensor *x = ramp(TG_F64, 2, 3, 1), *frozen = ramp(TG_F64, 2, 2, 0);
    tg_tape *t = tg_tape_new();
    long first = 0;
    for (int step = 0; step < 3; step++) {
        tg_tape_reset(t);
        tg_dict *g = tg_grad(t, loss_of(t, d, x, frozen), d);
        ck_assert_msg(g != NULL, "%s", tg_tape_message(t));
        ck_assert_str_eq(layout(g), "u:f64[1,4] W:f64[2,3]");
        ck_assert_int_eq(tg_dict_find(g, "W"), 1);
        for (int64_t i = 0; i < 6; i++) {
            const double W = tg_tensor_get(tg_dict_get(d, "W"), i);
            ck_assert_double_eq(tg_tensor_get(tg_dict_get(g, "W"), i), 2 * W * (double)(i + 1));
        }
        ck_assert_double_eq(tg_tensor_get(tg_dict_get(g, "u"), 3), 0.0);
        if (step == 0) first = allocations;
    }
    ck_assert_int_eq(allocations, first); /* none after the first step */

    tg_dict *g = tg_grad(t, loss_of(t, d, x, frozen), d);
    tg_dict *kept = own(tg_dict_clone(g, NULL)), *again = NULL;
    again = tg_grad(t, tg_sum(t, tg_dict_get(g, "W"), TG_ALL, false), d); /* 2 x */
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(again, "W"), 5), 12.0);
    ck_assert_int_eq(tg_dict_size(tg_grad(t, loss_of(t, d, x, frozen), none)), 0);
    ck_assert_int_eq(tg_tape_status(t), TG_OK);
    tg_error err = TG_ERROR_INIT;
    ck_assert_int_eq(tg_dict_copy(g, kept, &err), TG_EARG);
    ck_assert_str_eq(err.text, "dict_copy: the destination belongs to a tape");
    tg_tape_free(t);
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(kept, "W"), 5), 2 * 15.0 * 6);
    tg_tensor_free(x);
    tg_tensor_free(frozen);
}
END_TEST

START_TEST(grad_says_what_is_wrong)
{
    const entry keys[] = {{"W", TG_F32, 2, 2}}, labels[] = {{"t", TG_I32, 1, 2}};
    tg_dict *d = own(make(keys, 1)), *ints = own(make(labels, 1));
    tg_tape *t = tg_tape_new();
    const struct {
        bool loss, sum;
        tg_dict *params;
        tg_status status;
        const char *text;
    } cases[] = {
        {false, false, d, TG_EARG, "grad: loss is NULL"},
        {true, true, NULL, TG_EARG, "grad: params is NULL"},
        {true, false, d, TG_ESHAPE, "grad: loss is f32[2,2], must have one element"},
        {true, true, ints, TG_EDTYPE, "grad: parameter 't' is i32[1,2], must be f32 or f64"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        tg_tape_reset(t);
        tg_tensor *y = tg_exp(t, tg_dict_get(d, "W"));
        if (cases[i].sum) y = tg_sum(t, y, TG_ALL, false);
        ck_assert_ptr_null(tg_grad(t, cases[i].loss ? y : NULL, cases[i].params));
        ck_assert_int_eq(tg_tape_status(t), cases[i].status);
        ck_assert_str_eq(tg_tape_message(t), cases[i].text);
        ck_assert_ptr_null(tg_grad(t, y, d)); /* keeps the first message */
        ck_assert_str_eq(tg_tape_message(t), cases[i].text);
    }
    ck_assert_ptr_null(tg_grad(NULL, NULL, d));
    tg_tape_free(t);
}
END_TEST

SUITE("dict_grad", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {grad_has_the_keys_of_params},
          {grad_says_what_is_wrong},
      })
