/* test_tape.c - the tape: what it lists, its first error and anomaly mode. */
#include "tests/support/tape.h"

START_TEST(no_tape_is_an_error_and_no_crash)
{
    tg_tensor *x = tensor_of(t, "f32[2]");
    tg_tape_free(NULL);
    tg_tape_reset(NULL);
    tg_tape_set_anomaly(NULL, true);
    tg_scope_push(NULL, "a");
    tg_scope_pop(NULL);
    ck_assert_int_eq(tg_tape_status(NULL), TG_EARG);
    ck_assert_str_eq(tg_tape_message(NULL), "the tape is NULL");
    ck_assert(!tg_tape_error(NULL) && !tg_tape_fail(NULL, TG_EIO, "?") && !tg_tape_alloc(NULL, 8));
    ck_assert(tg_tape_size(NULL) == 0 && !tg_tape_value(NULL, 0) && tg_tape_bytes(NULL) == 0);
    ck_assert(!tg_neg(NULL, x) && !tg_add(NULL, x, x) && !tg_cast(NULL, x, TG_F32));
    ck_assert(!tg_scalar(NULL, 1) && !tg_zeros_like(NULL, x) && !tg_zeros_like(NULL, NULL));
    ck_assert(!tg_apply_text(NULL, "neg", &x, 1, NULL));
    ck_assert_int_eq(tg_vjp(NULL, 1, &x, NULL, 1, &x, NULL), TG_EARG);
}
END_TEST

START_TEST(values_are_listed_in_order)
{
    tg_tensor *a = tensor_of(t, "f32[2]"), *b = tensor_of(t, "f32[2]");
    ck_assert(tg_tape_status(t) == TG_OK && tg_tape_message(t)[0] == '\0' && tg_tape_size(t) == 0);
    tg_tensor *c = tg_add(t, b, a), *d = tg_mul(t, c, a), *e = tg_reshape(t, b, DIMS(2, 1));
    tg_tensor *want[] = {b, a, c, d, e}; /* a leaf where it was first used */
    ck_assert_int_eq(tg_tape_size(t), COUNT(want));
    for (int i = 0; i < COUNT(want); i++) {
        ck_assert_ptr_eq(tg_tape_value(t, i), want[i]);
        ck_assert_int_eq(want[i]->id, want[i]->tape ? i : -1);
    }
    ck_assert(!tg_tape_value(t, -1) && !tg_tape_value(t, COUNT(want)) &&
              !tg_tape_value(t, INT32_MIN));
    const tg_node *n = d->node;
    ck_assert(n->op == tg_op_find("mul") && n->n_inputs == 2 && n->output == d && !n->attrs);
    ck_assert(n->inputs[0] == c && n->inputs[1] == a && n->input_ids[0] == 2 &&
              n->input_ids[1] == 1);
    ck_assert_str_eq(n->scope, "");
    tg_tape_reset(t);
    ck_assert(tg_tape_size(t) == 0 && !tg_tape_value(t, 0));
}
END_TEST

/* More leaves than any table starts with. Each keeps its number, and a second tape has its own
 * numbers. */
START_TEST(many_leaves_on_two_tapes)
{
    enum { N = 1500 };
    tg_tape *other = tg_tape_new();
    for (int i = 0; i < N; i++) (void)keep(tg_tensor_new(TG_I32, 0, NULL, NULL));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            ck_assert(tg_neg(t, close_leaves[i]) && tg_neg(other, close_leaves[N - 1 - i]));
        ck_assert_int_eq(tg_tape_size(t), round == 0 ? 2 * N : 2 * N + N * (round % 2));
        if (round == 1) tg_tape_reset(t), tg_tape_reset(other);
        for (int i = 0; i < N && round == 0; i++)
            ck_assert(tg_tape_value(t, 2 * i) == close_leaves[i] &&
                      tg_tape_value(other, 2 * i) == close_leaves[N - 1 - i]);
    }
    tg_tape_free(other);
}
END_TEST

START_TEST(the_first_error_sticks)
{
    tg_tensor *a = tensor_of(t, "f32[2,3]"), *b = tensor_of(t, "f32[4]"), *out = NULL;
    tg_tensor *fine = tg_neg(t, a);
    const char *first = "add: shapes do not broadcast: [2,3] and [4]";
    ck_assert_ptr_null(tg_add(t, a, b));
    const int32_t size = tg_tape_size(t);
    tg_rng rng = tg_rng_make(1, 0);
    tg_tensor *later[] = {tg_neg(t, fine),
                          tg_add(t, a, NULL),
                          tg_neg(t, NULL),
                          tg_cast(t, a, TG_F32),
                          tg_scalar(t, 1),
                          tg_zeros_like(t, NULL),
                          tg_reshape(t, a, DIMS(7)),
                          tg_take(t, a, b, 9),
                          tg_uniform(t, &rng, TG_F32, DIMS(3), 0, 1),
                          tg_normal(t, NULL, TG_F32, 0, NULL, 0, 1),
                          tg_apply_text(t, "nothing", NULL, 0, NULL),
                          tg_apply(t, NULL, &a, 1, NULL),
                          tg_assign(t, a, fine),
                          tg_tape_fail(t, TG_EIO, "mine")};
    for (int i = 0; i < COUNT(later); i++) ck_assert_msg(!later[i], "%d went on", i);
    ck_assert_int_eq(tg_vjp(t, 1, &fine, NULL, 1, &a, &out), TG_ESHAPE);
    char attrs[64];
    ck_assert_int_eq(tg_attrs_parse(t, tg_op_find("cast"), "dtype=?", attrs), TG_ESHAPE);
    ck_assert_ptr_null(out);
    ck_assert(rng.counter == 0 && read_at(a, 1) == 1);
    ck_assert_int_eq(tg_tape_size(t), size);
    assert_error(t, TG_ESHAPE, first);
    ck_assert_str_eq(tg_tape_error(t)->text, first);
    tg_tape_reset(t);
    assert_tensor(t, "after reset", tg_neg(t, b), "f32[4]: 0 -1 -2 -3", 0);
}
END_TEST

START_TEST(errors_of_ones_own)
{
    tg_scope_push(t, "block");
    ck_assert_ptr_null(tg_tape_fail(t, TG_ESTOP, "gru: %d steps for %s", 3, "me"));
    assert_error(t, TG_ESTOP, "gru: 3 steps for me (in block)");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_tensor_new(TG_F32, DIMS(-1), tg_tape_error(t)));
    assert_error(t, TG_ESHAPE, "tensor: size -1 of axis 0 is negative");
    ck_assert_ptr_null(tg_scalar(t, 1));
    /* Longer than the message can be: cut, with or without a scope. */
    for (int n = 230; n < 300; n++) {
        tg_tape_reset(t);
        tg_scope_push(t, "abc");
        (void)tg_tape_fail(t, TG_EARG, "%0*d", n, 7);
        const size_t length = strlen(tg_tape_message(t));
        ck_assert_uint_eq(length, n + 9 > 255 ? 255 : (size_t)n + 9);
    }
}
END_TEST

START_TEST(a_tape_on_the_callers_error)
{
    tg_error err = TG_ERROR_INIT;
    tg_tape *on = tg_tape_new_on(&err);
    tg_tensor *a = tensor_of(t, "f32[2]"), *b = tensor_of(t, "f32[3]");
    const char *first = "add: shapes do not broadcast: [2] and [3] (in layer1)";
    ck_assert_ptr_eq(tg_tape_error(on), &err);
    tg_scope_push(on, "layer1");
    ck_assert(!tg_add(on, a, b) && err.status == TG_ESHAPE);
    ck_assert_str_eq(err.text, first);
    tg_tape_reset(on);
    ck_assert_ptr_null(tg_neg(on, a));
    ck_assert_int_eq(tg_tensor_fill(NULL, 1, &err), TG_EARG); /* and keeps the first */
    assert_error(on, TG_ESHAPE, first);
    err = (tg_error)TG_ERROR_INIT;
    assert_tensor(on, "cleared", tg_neg(on, a), "f32[2]: 0 -1", 0);
    ck_assert_ptr_null(tg_tensor_new(TG_F32, DIMS(-1), &err)); /* no call of the tape */
    ck_assert_ptr_null(tg_neg(on, a));
    assert_error(on, TG_ESHAPE, "tensor: size -1 of axis 0 is negative");
    tg_tape *late = tg_tape_new_on(&err);
    ck_assert_ptr_null(tg_neg(late, a));
    tg_tape_free(late);
    tg_tape_free(on);
    ck_assert_int_eq(err.status, TG_ESHAPE);
}
END_TEST

START_TEST(a_tape_on_no_error_has_its_own)
{
    tg_tape *on = tg_tape_new_on(NULL);
    ck_assert_ptr_null(tg_neg(on, NULL));
    ck_assert_int_eq(tg_tape_status(on), TG_EARG);
    tg_tape_reset(on);
    ck_assert_int_eq(tg_tape_status(on), TG_OK);
    tg_tape_free(on);
}
END_TEST

static const struct {
    const char *op, *x, *text; /* NULL: no anomaly */
} anomalies[] = {
    {"log", "f32[3]: 1 0 2", "log: the result holds NaN or Inf"},
    {"sqrt", "f64[]: -1", "sqrt: the result holds NaN or Inf"},
    {"square", "f32[2]: 1e30 0", "square: the result holds NaN or Inf"},
    {"neg", "f32[2]: nan 0", "neg: the result holds NaN or Inf, as do its operands"},
    {"stop_gradient", "f32[]: inf",
     "stop_gradient: the result holds NaN or Inf, as do its operands"},
    {"sigmoid", "f32[2]: inf -inf", NULL},
    {"cast", "f32[2]: nan inf", NULL},
    {"square", "i32[]: 65536", NULL},
    {"log", "f32[0]", NULL},
};

START_TEST(anomaly_mode_names_the_first)
{
    const char *attrs = strcmp(anomalies[_i].op, "cast") == 0 ? "dtype=i32" : NULL;
    tg_tensor *x = tensor_of(t, anomalies[_i].x);
    ck_assert_ptr_nonnull(tg_apply_text(t, anomalies[_i].op, &x, 1, attrs)); /* off by default */
    tg_tape_set_anomaly(t, true);
    for (int round = 0; round < 2; round++) {
        tg_tape_reset(t); /* which keeps the mode */
        const tg_tensor *y = tg_apply_text(t, anomalies[_i].op, &x, 1, attrs);
        ck_assert_int_eq(y == NULL, anomalies[_i].text != NULL);
        if (!y) assert_error(t, TG_ENAN, anomalies[_i].text);
    }
    tg_tape_set_anomaly(t, false);
    tg_tape_reset(t);
    ck_assert_ptr_nonnull(tg_apply_text(t, anomalies[_i].op, &x, 1, attrs));
}
END_TEST

START_TEST(memory_of_the_tape_is_aligned)
{
    const size_t bytes = tg_tape_bytes(t);
    for (size_t n = 0; n < 300; n++) {
        char *p = tg_tape_alloc(t, n);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % (n >= 64 ? 64 : 16), 0);
        memset(p, 0x5A, n);
    }
    ck_assert_uint_gt(tg_tape_bytes(t), bytes);
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 64, SIZE_MAX / 2 + 1};
    for (int i = 0; i < COUNT(sizes); i++, tg_tape_reset(t)) {
        ck_assert_ptr_null(tg_tape_alloc(t, sizes[i]));
        assert_error(t, TG_ENOMEM, "tape: out of memory");
    }
}
END_TEST

SUITE("tape", .with = {TAPE}, .timeout = 60,
      .tests = {
          {no_tape_is_an_error_and_no_crash},
          {values_are_listed_in_order},
          {many_leaves_on_two_tapes},
          {the_first_error_sticks},
          {errors_of_ones_own},
          {a_tape_on_the_callers_error},
          {a_tape_on_no_error_has_its_own},
          {anomaly_mode_names_the_first, COUNT(anomalies)},
          {memory_of_the_tape_is_aligned},
      })
