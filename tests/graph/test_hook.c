/* test_hook.c - hooks, which the sweep calls with the gradient of a value. */
#include "tests/support/tape.h"

static tg_tensor *number(double value)
{
    return keep(tg_tensor_from(TG_F64, 0, NULL, &value, NULL));
}

static tg_tensor *grad1(tg_tensor *y, tg_tensor *x)
{
    tg_tensor *g = NULL;
    (void)tg_vjp(t, 1, &y, NULL, 1, &x, &g);
    return g;
}

/* What a hook was called with. */
typedef struct seen {
    int calls;
    double value;
} seen;

static tg_tensor *look(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    seen *s = user;
    (void)tape, (void)x;
    s->calls++;
    s->value = tg_item(g);
    return NULL;
}

static tg_tensor *triple(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)x, (void)user;
    return tg_mul(tape, g, tg_scalar(tape, 3));
}

static tg_tensor *minus_one(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)x, (void)user;
    return tg_sub(tape, g, tg_scalar(tape, 1));
}

/* y = u^2 + 5 u, u = 2 x: the hook of u sees the sum 2 u + 5, once. */
START_TEST(sees_the_whole_gradient)
{
    seen s = {0}, leaf = {0}, top = {0};
    tg_tensor *x = number(3), *u = tg_mul(t, x, tg_scalar(t, 2));
    tg_tensor *y = tg_add(t, tg_square(t, u), tg_mul(t, u, tg_scalar(t, 5)));
    ck_assert_int_eq(tg_register_hook(t, u, look, &s), TG_OK);
    ck_assert_int_eq(tg_register_hook(t, x, look, &leaf), TG_OK);
    ck_assert_int_eq(tg_register_hook(t, y, look, &top), TG_OK);
    ck_assert_double_eq(tg_item(grad1(y, x)), 34);
    ck_assert(s.calls == 1 && s.value == 17 && leaf.calls == 1 && leaf.value == 34);
    ck_assert(top.calls == 1 && top.value == 1);
    (void)grad1(y, x);
    ck_assert_int_eq(s.calls, 2);
}
END_TEST

START_TEST(replaces_it_in_order)
{
    tg_tensor *x = number(3), *u = tg_square(t, x), *y = tg_mul(t, u, tg_scalar(t, 10));
    ck_assert_int_eq(tg_register_hook(t, u, triple, NULL), TG_OK);
    ck_assert_int_eq(tg_register_hook(t, u, minus_one, NULL), TG_OK);
    ck_assert_double_eq(tg_item(grad1(y, x)), (10 * 3 - 1) * 6);
    ck_assert_int_eq(tg_register_hook(t, x, triple, NULL), TG_OK);
    ck_assert_double_eq(tg_item(grad1(y, x)), 3 * (10 * 3 - 1) * 6);
}
END_TEST

/* y = x^3 with the gradient tripled at x: 9 x^2, and of that 3 * 18 x. */
START_TEST(is_differentiated)
{
    tg_tensor *x = number(2), *y = tg_mul(t, tg_square(t, x), x);
    ck_assert_int_eq(tg_register_hook(t, x, triple, NULL), TG_OK);
    tg_tensor *g = grad1(y, x);
    ck_assert_double_eq(tg_item(g), 36);
    ck_assert_double_eq(tg_item(grad1(g, x)), 3 * 36);
}
END_TEST

/* Not called where no gradient flows, nor after a reset. */
START_TEST(is_left_alone)
{
    seen s = {0};
    tg_tensor *x = number(1), *other = number(2), *u = tg_exp(t, other),
              *y = tg_mul(t, tg_sin(t, x), u);
    ck_assert_int_eq(tg_register_hook(t, u, look, &s), TG_OK);
    (void)grad1(y, x);
    ck_assert_int_eq(s.calls, 0);
    ck_assert_int_eq(tg_register_hook(t, x, look, &s), TG_OK);
    tg_tape_reset(t);
    (void)grad1(tg_sin(t, x), x);
    ck_assert_int_eq(s.calls, 0);
}
END_TEST

/* Before its first use a leaf may have a hook. */
START_TEST(comes_before_the_leaf_is_used)
{
    tg_tensor *x = number(1);
    ck_assert_int_eq(tg_register_hook(t, x, triple, NULL), TG_OK);
    ck_assert_double_eq(tg_item(grad1(tg_square(t, x), x)), 6);
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------- */

static tg_tensor *vector(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)x, (void)g, (void)user;
    return tg_full(tape, TG_F64, DIMS(2), 1);
}

static tg_tensor *single(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)x, (void)user;
    return tg_cast(tape, g, TG_F32);
}

static tg_tensor *weak_one(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)x, (void)g, (void)user;
    return tg_scalar(tape, 1);
}

static tg_tensor *foreign(tg_tape *tape, tg_tensor *x, tg_tensor *g, void *user)
{
    (void)tape, (void)x, (void)g;
    return user;
}

START_TEST(what_does_not_fit_is_refused)
{
    tg_tape *other = tg_tape_new();
    const struct {
        tg_hook fn;
        tg_status status;
        const char *message;
    } rows[] = {{vector, TG_ESHAPE, "hook: returns f64[2] for the gradient f64[]"},
                {single, TG_EDTYPE, "hook: returns f32[] for the gradient f64[]"},
                {foreign, TG_ETAPE, "hook: the tensor returned is not on this tape"},
                {weak_one, TG_OK, ""}};
    for (int i = 0; i < COUNT(rows); i++) {
        tg_tape_reset(t);
        tg_tensor *x = number(1), *y = tg_square(t, x);
        (void)tg_register_hook(t, x, rows[i].fn, tg_full(other, TG_F64, 0, NULL, 1));
        (void)grad1(y, x);
        assert_error(t, rows[i].status, rows[i].message);
    }
    tg_tape_free(other);
}
END_TEST

START_TEST(wrong_arguments)
{
    tg_tensor *x = number(1);
    ck_assert_int_eq(tg_register_hook(NULL, x, look, NULL), TG_EARG);
    ck_assert_int_eq(tg_register_hook(t, NULL, look, NULL), TG_EARG);
    assert_error(t, TG_EARG, "register_hook: the tensor is NULL");
    ck_assert_int_eq(tg_register_hook(t, x, look, NULL), TG_EARG);
    tg_tape_reset(t);
    ck_assert_int_eq(tg_register_hook(t, x, NULL, NULL), TG_EARG);
    tg_tape_reset(t);
    ck_assert_int_eq(tg_register_hook(t, tensor_of(t, "i32[2]"), look, NULL), TG_EDTYPE);
    tg_tape_reset(t);
    ck_assert_int_eq(tg_register_hook(t, tg_scalar(t, 1), look, NULL), TG_EARG);
    assert_error(t, TG_EARG, "register_hook: the tensor is a weak scalar (use tg_full)");
}
END_TEST

SUITE("hook", .with = {TAPE},
      .tests = {
          {sees_the_whole_gradient},
          {replaces_it_in_order},
          {is_differentiated},
          {is_left_alone},
          {comes_before_the_leaf_is_used},
          {what_does_not_fit_is_refused},
          {wrong_arguments},
      })
