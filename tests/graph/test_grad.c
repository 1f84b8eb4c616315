/* test_grad.c - the sweep: shapes of graphs, frozen branches, higher orders, refusals. */
#include <math.h>
#include <string.h>

#include "tapegrad.h"
#include "tests/support/suite.h"

static tg_tensor *leaf(double value)
{
    tg_tensor *x = tg_tensor_new(TG_F64, 0, NULL, NULL);
    (void)tg_tensor_fill(x, value, NULL);
    return x;
}

static tg_tensor *grad1(tg_tape *t, tg_tensor *y, tg_tensor *x)
{
    tg_tensor *g = NULL;
    ck_assert_msg(tg_vjp(t, 1, &y, NULL, 1, &x, &g) == TG_OK, "%s", tg_tape_message(t));
    return g;
}

/* y = 0.999999 x applied a million times over; dy/dx is the product. */
START_TEST(test_deep_chain)
{
    enum { DEPTH = 1000000 };
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(2), *y = x, *c = tg_full(t, TG_F64, 0, NULL, 0.999999);
    for (int i = 0; i < DEPTH; i++) y = tg_mul(t, y, c);
    ck_assert_ptr_nonnull(y);
    const size_t forward = tg_tape_bytes(t);
    tg_tensor *g = grad1(t, y, x);
    ck_assert_double_eq_tol(tg_item(g), pow(0.999999, DEPTH), 1e-9);
    ck_assert_int_eq(tg_tape_visited(t), DEPTH);
    ck_assert_uint_lt(tg_tape_bytes(t), 8 * forward);
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

/* Twice the length costs about twice the memory, at any length. */
START_TEST(test_memory_is_linear)
{
    size_t bytes[2];
    for (int k = 0; k < 2; k++) {
        tg_tape *t = tg_tape_new();
        tg_tensor *x = leaf(1), *y = x;
        for (int i = 0; i < 50000 * (k + 1); i++) y = tg_neg(t, y);
        (void)grad1(t, y, x);
        bytes[k] = tg_tape_bytes(t);
        tg_tape_free(t);
        tg_tensor_free(x);
    }
    ck_assert_uint_le(bytes[1], 4 * bytes[0]);
}
END_TEST

/* 2^60 paths through 60 diamonds, each visited once. */
START_TEST(test_diamonds)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(1), *y = x;
    for (int i = 0; i < 60; i++) y = tg_add(t, y, y);
    ck_assert_double_eq(tg_item(grad1(t, y, x)), 0x1p60);
    ck_assert_int_eq(tg_tape_visited(t), 120);
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

/* d^n/dx^n of x^5 by the square and product rules, up to the sixth. */
START_TEST(test_higher_orders)
{
    const double want[] = {32, 80, 160, 240, 240, 120, 0};
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(2), *y = tg_mul(t, tg_square(t, tg_square(t, x)), x);
    for (int n = 0; n <= 6; n++) {
        ck_assert_double_eq_tol(tg_item(y), want[n], 1e-9);
        y = grad1(t, y, x);
    }
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

START_TEST(test_twice_is_equal)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(0.3), *y = tg_exp(t, tg_tanh(t, x));
    ck_assert_double_eq(tg_item(grad1(t, y, x)), tg_item(grad1(t, y, x)));
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

/* Ten layers, of which only the last one's gradient is wanted: it takes one VJP. */
START_TEST(test_frozen_costs_nothing)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *w[10], *y = tg_full(t, TG_F64, 0, NULL, 1.5);
    for (int i = 0; i < 10; i++) y = tg_mul(t, y, w[i] = leaf(1.1));
    (void)grad1(t, y, w[9]);
    ck_assert_int_eq(tg_tape_visited(t), 1);
    (void)grad1(t, y, w[0]);
    ck_assert_int_eq(tg_tape_visited(t), 10);
    tg_tape_free(t);
    for (int i = 0; i < 10; i++) tg_tensor_free(w[i]);
}
END_TEST

START_TEST(test_intermediate_and_cotangents)
{
    tg_tape *t = tg_tape_new();
    const double v[] = {1, 2, 3};
    tg_tensor *x = tg_tensor_from(TG_F64, 1, (int64_t[]){3}, v, NULL);
    tg_tensor *h = tg_square(t, x), *y = tg_exp(t, tg_mul(t, h, tg_scalar(t, 0.1)));
    tg_tensor *dy = tg_full(t, TG_F64, 1, (int64_t[]){3}, 2), *g[2];
    ck_assert_int_eq(tg_vjp(t, 1, &y, &dy, 2, (tg_tensor *[]){h, x}, g), TG_OK);
    for (int i = 0; i < 3; i++) {
        const double dh = 2 * 0.1 * exp(0.1 * v[i] * v[i]);
        ck_assert_double_eq_tol(tg_tensor_get(g[0], i), dh, 1e-12);
        ck_assert_double_eq_tol(tg_tensor_get(g[1], i), dh * 2 * v[i], 1e-12);
    }
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

START_TEST(test_several_outputs)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(3), *unused = leaf(1);
    tg_tensor *ys[] = {tg_square(t, x), tg_neg(t, x), x}, *g[2];
    ck_assert_int_eq(tg_vjp(t, 3, ys, NULL, 2, (tg_tensor *[]){x, unused}, g), TG_OK);
    ck_assert_double_eq(tg_item(g[0]), 6 - 1 + 1);
    ck_assert_double_eq(tg_item(g[1]), 0);
    tg_tape_free(t);
    tg_tensor_free(x);
    tg_tensor_free(unused);
}
END_TEST

/* x reaches y only through the operation named: an error, or 0 where the mathematics says 0. */
static tg_tensor *through_argmax(tg_tape *t, tg_tensor *x)
{
    return tg_cast(t, tg_argmax(t, x, TG_ALL, false), TG_F64);
}
static tg_tensor *through_greater(tg_tape *t, tg_tensor *x)
{
    return tg_cast(t, tg_greater(t, x, tg_scalar(t, 0)), TG_F64);
}
static tg_tensor *through_cast(tg_tape *t, tg_tensor *x)
{
    return tg_one_hot(t, tg_cast(t, x, TG_I32), 4, TG_F64);
}
static tg_tensor *through_stop(tg_tape *t, tg_tensor *x) { return tg_stop_gradient(t, x); }
static tg_tensor *through_sign(tg_tape *t, tg_tensor *x) { return tg_sign(t, x); }
static tg_tensor *both_ways(tg_tape *t, tg_tensor *x)
{
    return tg_add(t, through_greater(t, x), tg_mul(t, x, tg_scalar(t, 7)));
}

static const struct {
    tg_tensor *(*f)(tg_tape *t, tg_tensor *x);
    const char *name; /* in the message; NULL: there is a gradient */
    double gradient;
} ways[] = {{through_argmax, "argmax", 0}, {through_greater, "greater", 0},
            {through_cast, "cast", 0},     {through_stop, NULL, 0},
            {through_sign, NULL, 0},       {both_ways, NULL, 7}};

/* The derivative of x + 0 passes the cotangent on unchanged. Nevertheless the gradient is a value
 * of the tape: it can be an output, and it outlives the caller's reference. */
START_TEST(test_gradient_is_recorded)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(2), *dy = leaf(3), *v = leaf(5), *g = NULL, *h[2];
    tg_tensor *y = tg_add(t, x, tg_scalar(t, 0));
    ck_assert_int_eq(tg_vjp(t, 1, &y, &dy, 1, &x, &g), TG_OK);
    ck_assert(g->tape == t && tg_tape_value(t, g->id) == g);
    ck_assert_double_eq(tg_item(g), 3);
    tg_tensor *xs[] = {x, dy};
    ck_assert_msg(tg_vjp(t, 1, &g, &v, 2, xs, h) == TG_OK, "%s", tg_tape_message(t));
    ck_assert_double_eq(tg_item(h[0]), 0);
    ck_assert_double_eq(tg_item(h[1]), 5);
    ck_assert(h[0]->tape == t && h[1]->tape == t);
    tg_tensor_free(x), tg_tensor_free(dy), tg_tensor_free(v);
    ck_assert_double_eq(tg_item(h[1]), 5);
    tg_tape_free(t);
}
END_TEST

START_TEST(test_no_derivative)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(2), *y = ways[_i].f(t, x), *g = NULL;
    const tg_status status = tg_vjp(t, 1, &y, NULL, 1, &x, &g);
    if (ways[_i].name) {
        ck_assert_int_eq(status, TG_EGRAD);
        ck_assert_ptr_nonnull(strstr(tg_tape_message(t), ways[_i].name));
    } else {
        ck_assert_int_eq(status, TG_OK);
        ck_assert_double_eq(tg_item(g), ways[_i].gradient);
    }
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

/* tg_grad names the parameter. */
START_TEST(test_no_derivative_by_name)
{
    tg_tape *t = tg_tape_new();
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "W1", leaf(2), NULL);
    ck_assert_ptr_null(tg_grad(t, through_argmax(t, tg_param(t, p, "W1")), p));
    ck_assert_str_eq(tg_tape_message(t), "grad: 'W1', f64[], reaches the result only through "
                                         "argmax, which has no derivative");
    tg_tape_free(t);
    tg_dict_free(p);
}
END_TEST

START_TEST(test_written_leaf_is_refused)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = leaf(2), *y = tg_square(t, x), *g;
    (void)tg_tensor_fill(x, 5, NULL);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &g), TG_EGRAD);
    ck_assert_str_eq(tg_tape_message(t), "grad: an operand of square has changed since it was "
                                         "recorded (by an optimizer, assign or tg_tensor_touch); "
                                         "reset the tape and record again");
    tg_tape_free(t);
    tg_tensor_free(x);
}
END_TEST

START_TEST(test_bad_arguments)
{
    tg_tape *t = tg_tape_new(), *other = tg_tape_new();
    tg_tensor *x = leaf(2), *y = tg_square(t, x), *g;
    tg_tensor *foreign = tg_square(other, x), *index = tg_tensor_new(TG_I32, 0, NULL, NULL);
    const struct {
        tg_tensor *y, *x;
        tg_status status;
    } rows[] = {{NULL, x, TG_EARG},    {y, NULL, TG_EARG},     {foreign, x, TG_ETAPE},
                {y, index, TG_EDTYPE}, {y, foreign, TG_ETAPE}, {x, x, TG_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_int_eq(tg_vjp(t, 1, &rows[i].y, NULL, 1, &rows[i].x, &g), rows[i].status);
        tg_tape_reset(t);
        y = tg_square(t, x);
        (void)y;
    }
    tg_tape_free(t);
    tg_tape_free(other);
    tg_tensor_free(x);
    tg_tensor_free(index);
}
END_TEST

SUITE("grad", .timeout = 120,
      .tests = {
          {test_deep_chain},
          {test_memory_is_linear},
          {test_diamonds},
          {test_higher_orders},
          {test_twice_is_equal},
          {test_frozen_costs_nothing},
          {test_intermediate_and_cotangents},
          {test_several_outputs},
          {test_gradient_is_recorded},
          {test_no_derivative, COUNT(ways)},
          {test_no_derivative_by_name},
          {test_written_leaf_is_refused},
          {test_bad_arguments},
      })
