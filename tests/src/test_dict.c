/* test_dict.c - the entries of a dict: order, references, errors. */
#include "tapegrad/dict.h"

#include "tapegrad/grad.h"
#include "tapegrad/ops.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"

#define KEYS 100000

START_TEST(order_replace_and_missing_keys)
{
    tg_dict *d = tg_dict_new();
    tg_tensor *x = ramp(TG_F32, 1, 2, 0), *y = ramp(TG_F64, 3, 1, 0);
    ck_assert_int_eq(tg_dict_size(d), 0);
    ck_assert_ptr_null(tg_dict_get(d, "b"));
    ck_assert_int_eq(tg_dict_set(d, "b", x, NULL), TG_OK);
    ck_assert_int_eq(tg_dict_set(d, "a", x, NULL), TG_OK); /* one tensor twice */
    ck_assert_int_eq(tg_dict_set(d, "", y, NULL), TG_OK);  /* an odd key */
    ck_assert_str_eq(layout(d), "b:f32[1,2] a:f32[1,2] :f64[3,1]");
    ck_assert_int_eq((int)tg_dict_count(d), 7);

    ck_assert_int_eq(tg_dict_set(d, "b", y, NULL), TG_OK); /* keeps its place */
    ck_assert_int_eq(tg_dict_set(d, "b", y, NULL), TG_OK); /* the same again */
    ck_assert_str_eq(layout(d), "b:f64[3,1] a:f32[1,2] :f64[3,1]");
    tg_tensor_free(x);
    tg_tensor_free(y);
    ck_assert_int_eq(tg_dict_set(d, "a", tg_dict_get(d, "a"), NULL), TG_OK); /* now its only one */
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(d, "a"), 1), 1.0);         /* held by the dict */

    ck_assert_int_eq(tg_dict_find(d, "a"), 1);
    ck_assert_int_eq(tg_dict_find(d, "A"), -1);
    ck_assert_int_eq(tg_dict_find(d, NULL), -1);
    ck_assert_ptr_eq(tg_dict_at(d, 1), tg_dict_get(d, "a"));
    ck_assert_ptr_null(tg_dict_at(d, 3));
    ck_assert_ptr_null(tg_dict_key(d, -1));
    tg_dict_free(d);
    tg_dict_free(NULL);
    ck_assert_int_eq(tg_dict_size(NULL), 0);
    ck_assert_int_eq(tg_dict_find(NULL, "a"), -1);
    ck_assert_ptr_null(tg_dict_key(NULL, 0));
}
END_TEST

START_TEST(set_and_take_say_what_is_wrong)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = ramp(TG_F32, 1, 1, 0), *recorded = tg_neg(t, x);
    tg_dict *d = own(tg_dict_new()), *grads = NULL;
    ck_assert_int_eq(tg_dict_set(d, "x", x, NULL), TG_OK);
    grads = tg_grad(t, recorded, d);
    ck_assert_ptr_nonnull(grads);
    const struct {
        tg_dict *d;
        const char *key;
        tg_tensor *x;
        const char *text;
    } cases[] = {
        {NULL, "W", x, "dict_set: dict is NULL"},
        {d, NULL, x, "dict_set: key is NULL"},
        {d, "W", NULL, "dict_set: 'W': tensor is NULL"},
        {d, "W", recorded, "dict_set: 'W': the tensor belongs to a tape (use tg_tensor_clone)"},
        {grads, "W", x, "dict_set: 'W': the dict belongs to a tape"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        tg_error err = TG_ERROR_INIT;
        ck_assert_int_eq(tg_dict_set(cases[i].d, cases[i].key, cases[i].x, &err), TG_EARG);
        ck_assert_str_eq(err.text, cases[i].text);
    }
    ck_assert_str_eq(layout(d), "x:f32[1,1]");

    tg_error err = TG_ERROR_INIT;
    const int64_t bad[] = {-1};
    ck_assert_int_eq(tg_dict_take(d, "W", tg_tensor_new(TG_F32, 1, bad, &err), &err), TG_ESHAPE);
    ck_assert_int_eq(err.status, TG_ESHAPE); /* the error it came with */
    ck_assert_int_eq(tg_dict_take(d, "W", NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_dict_take(NULL, "W", x, NULL), TG_EARG); /* x is released all the same */
    tg_dict_free(grads);                                         /* left alone */
    ck_assert_str_eq(layout(grads), "x:f32[1,1]");
    tg_tape_free(t);
}
END_TEST

/* The message for a missing key: the nearest keys, and as many as there is room for. */
START_TEST(param_names_the_nearest_key)
{
    static const entry few[] = {{"W1", TG_F32, 1, 1},
                                {"b1", TG_F32, 1, 1},
                                {"gamma1", TG_F32, 1, 1},
                                {"running_mean1", TG_F32, 1, 1}};
    static const char *const rows[][2] = {
        {"w1", "W1"}, {"B1", "b1"}, {"gama1", "gamma1"}, {"Running_Mean1", "running_mean1"},
        {"", "W1"},   {"W2", "W1"}, {"gamma", "gamma1"}};
    tg_dict *d = own(make(few, 4)), *none = own(tg_dict_new()), *many = own(tg_dict_new());
    tg_tape *t = tg_tape_new();
    char text[256], key[80];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(
            text, sizeof text,
            "param: there is no '%s'; did you mean '%s'?  The keys are W1 b1 gamma1 running_mean1",
            rows[i][0], rows[i][1]);
        ck_assert_ptr_null(tg_param(t, d, rows[i][0]));
        ck_assert_str_eq(tg_tape_message(t), text);
        tg_tape_reset(t);
    }
    ck_assert_ptr_null(tg_param(t, none, "W1"));
    ck_assert_str_eq(tg_tape_message(t), "param: there is no 'W1': the dict is empty");
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof key, "%02d%060d", i, 0);
        (void)tg_dict_set(many, key, tg_dict_get(d, "W1"), NULL);
    }
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_param(t, many, "49"));
    ck_assert_uint_le(strlen(tg_tape_message(t)), 240);
    ck_assert_str_eq(tg_tape_message(t) + strlen(tg_tape_message(t)) - 4, " ...");
    tg_tape_free(t);
}
END_TEST

START_TEST(param_poisons_the_tape)
{
    const entry one[] = {{"W1", TG_F32, 1, 1}};
    tg_dict *d = own(make(one, 1));
    tg_tape *t = tg_tape_new();
    ck_assert_ptr_eq(tg_param(t, d, "W1"), tg_dict_get(d, "W1"));
    ck_assert_int_eq(tg_tape_status(t), TG_OK);
    ck_assert_ptr_null(tg_param(t, d, "W9"));
    ck_assert_int_eq(tg_tape_status(t), TG_EKEY);
    ck_assert_str_eq(tg_tape_message(t),
                     "param: there is no 'W9'; did you mean 'W1'?  The keys are W1");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_param(t, NULL, "W9"));
    ck_assert_str_eq(tg_tape_message(t), "param: 'W9': dict is NULL");
    ck_assert_int_eq(tg_tape_status(t), TG_EARG);
    tg_tape_free(t);
}
END_TEST

/* With a linear search this would take minutes; ck_assert is as slow. */
START_TEST(many_keys_are_fast)
{
    tg_dict *d = own(tg_dict_new());
    tg_tensor *x = ramp(TG_F32, 1, 1, 0);
    char key[32];
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof key, "layer%d/W", i);
        if (tg_dict_set(d, key, x, NULL)) ck_abort_msg("%s was not taken", key);
    }
    ck_assert_int_eq(tg_dict_size(d), KEYS);
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof key, "layer%d/W", i);
        if (tg_dict_find(d, key) != i) ck_abort_msg("%s is not found", key);
        (void)snprintf(key, sizeof key, "layer%d/b", i);
        if (tg_dict_find(d, key) != -1) ck_abort_msg("%s is found", key);
    }
    tg_tensor_free(x);
}
END_TEST

SUITE("dict", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {order_replace_and_missing_keys},
          {set_and_take_say_what_is_wrong},
          {param_names_the_nearest_key},
          {param_poisons_the_tape},
          {many_keys_are_fast},
      })
