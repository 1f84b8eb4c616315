/* test_special.c - elementwise operations on NaN, Inf, signed zeros and the ends of i32, and their
 * refusals word for word. */
#include "tests/support/tape.h"

static const op_row values[] = {
    /* one operand */
    {"neg", NULL, {"f32[5]: 0 -0 inf nan -1"}, "f32[5]: -0 +0 -inf nan 1", TG_OK},
    {"abs", NULL, {"f64[5]: +0 -0 -inf nan -2"}, "f64[5]: +0 +0 inf nan 2", TG_OK},
    {"sign", NULL, {"f32[5]: 0 -0 inf -inf nan"}, "f32[5]: 0 0 1 -1 nan", TG_OK},
#ifndef __aarch64__ /* where denormal operands count as 0 */
    {"sign", NULL, {"f32[2]: 1e-45 -1e-45"}, "f32[2]: 1 -1", TG_OK},
    {"sign", NULL, {"f64[3]: 5e-324 -5e-324 nan"}, "f64[3]: 1 -1 nan", TG_OK},
    {"relu", NULL, {"f64[2]: 5e-324 -5e-324"}, "f64[2]: 5e-324 0", TG_OK},
#endif
    {"exp", NULL, {"f32[6]: 0 -inf inf nan 1e4 -1e4"}, "f32[6]: 1 0 inf nan inf 0", TG_OK},
    {"exp", NULL, {"f64[6]: 0 -inf inf nan 1e4 -1e4"}, "f64[6]: 1 0 inf nan inf 0", TG_OK},
    {"log", NULL, {"f32[6]: 0 -0 1 inf nan -1"}, "f32[6]: -inf -inf 0 inf nan nan", TG_OK},
    {"log", NULL, {"f64[6]: 0 -0 1 inf nan -1"}, "f64[6]: -inf -inf 0 inf nan nan", TG_OK},
    {"sqrt", NULL, {"f32[5]: 0 4 inf nan -1"}, "f32[5]: 0 2 inf nan nan", TG_OK},
    {"square", NULL, {"f32[5]: -3 1e30 -inf nan -0"}, "f32[5]: 9 inf inf nan +0", TG_OK},
    {"tanh", NULL, {"f32[7]: 1e4 -1e4 inf -inf nan 0 -0"}, "f32[7]: 1 -1 1 -1 nan +0 -0", TG_OK},
    {"tanh", NULL, {"f64[7]: 1e4 -1e4 inf -inf nan 0 -0"}, "f64[7]: 1 -1 1 -1 nan +0 -0", TG_OK},
    {"sigmoid", NULL, {"f32[7]: 1e4 -1e4 inf -inf nan 0 -0"}, "f32[7]: 1 0 1 0 nan 0.5 0.5", TG_OK},
    {"sigmoid", NULL, {"f64[7]: 1e4 -1e4 inf -inf nan 0 -0"}, "f64[7]: 1 0 1 0 nan 0.5 0.5", TG_OK},
    /* The small tail is not rounded to 0: it is e^x itself, far below the last bit of 1. */
    {"sigmoid",
     NULL,
     {"f64[2]: -100 -700"},
     "f64[2]: 3.720075976020836e-44 "
     "9.859676543759770e-305 ~1e-14",
     TG_OK},
    {"sigmoid", NULL, {"f32[1]: -80"}, "f32[1]: 1.8048513878454153e-35 ~1e-6", TG_OK},
    {"softplus",
     NULL,
     {"f32[6]: 1e4 -1e4 inf -inf nan -0"},
     "f32[6]: 1e4 0 inf 0 nan 0.6931471805599453 ~1e-7",
     TG_OK},
    {"softplus",
     NULL,
     {"f64[3]: 1e4 -700 0"},
     "f64[3]: 1e4 9.859676543759770e-305 0.6931471805599453 ~1e-14",
     TG_OK},
    {"relu", NULL, {"f32[6]: nan -inf inf -0 0 -1e-45"}, "f32[6]: nan 0 inf 0 0 0", TG_OK},
    {"relu", NULL, {"f64[5]: nan -inf inf -0 0"}, "f64[5]: nan 0 inf 0 0", TG_OK},
    /* i32 wraps around */
    {"neg", NULL, {"i32[3]: -2147483648 2147483647 0"}, "i32[3]: -2147483648 -2147483647 0", TG_OK},
    {"abs", NULL, {"i32[3]: -2147483648 -2147483647 5"}, "i32[3]: -2147483648 2147483647 5", TG_OK},
    {"square",
     NULL,
     {"i32[4]: 65536 46341 -2147483648 2147483647"},
     "i32[4]: 0 -2147479015 0 1",
     TG_OK},
    {"add",
     NULL,
     {"i32[2]: 2147483647 -2147483648", "i32[2]: 1 -1"},
     "i32[2]: -2147483648 2147483647",
     TG_OK},
    {"sub",
     NULL,
     {"i32[2]: -2147483648 0", "i32[2]: 1 -2147483648"},
     "i32[2]: 2147483647 -2147483648",
     TG_OK},
    {"mul",
     NULL,
     {"i32[3]: 65536 -2147483648 2147483647", "i32[3]: 65537 -1 2147483647"},
     "i32[3]: 65536 -2147483648 1",
     TG_OK},
    {"maximum",
     NULL,
     {"i32[2]: -2147483648 7", "i32[2]: 2147483647 -7"},
     "i32[2]: 2147483647 7",
     TG_OK},
    /* two operands */
    {"add", NULL, {"f32[3]: inf nan -0", "f32[3]: -inf 1 -0"}, "f32[3]: nan nan -0", TG_OK},
    {"mul", NULL, {"f32[3]: inf nan -1", "f32[3]: 0 0 0"}, "f32[3]: nan nan -0", TG_OK},
    {"zmul",
     NULL,
     {"f32[8]: 0 -0 0 nan inf 2 1 1", "f32[8]: inf nan -inf 0 0 inf nan -0"},
     "f32[8]: +0 +0 +0 nan nan inf nan -0",
     TG_OK},
    {"zzmul",
     NULL,
     {"f32[7]: 0 -0 0 nan inf 2 1", "f32[7]: inf nan -inf 0 0 inf nan"},
     "f32[7]: +0 +0 +0 +0 +0 inf nan",
     TG_OK},
    {"zdiv",
     NULL,
     {"f64[6]: 0 -0 0 nan 1 1", "f64[6]: 0 nan inf 0 0 nan"},
     "f64[6]: +0 +0 +0 nan inf nan",
     TG_OK},
    {"div",
     NULL,
     {"f32[5]: 1 -1 0 1 1e-30", "f32[5]: 0 0 0 -inf 1e30"},
     "f32[5]: inf -inf nan -0 +0",
     TG_OK},
    {"maximum",
     NULL,
     {"f32[6]: nan 1 nan inf -inf -inf", "f32[6]: 1 nan nan 1 1 -inf"},
     "f32[6]: nan nan nan inf 1 -inf",
     TG_OK},
    {"maximum",
     NULL,
     {"f64[6]: nan 1 nan inf -inf -inf", "f64[6]: 1 nan nan 1 1 -inf"},
     "f64[6]: nan nan nan inf 1 -inf",
     TG_OK},
    {"maximum", NULL, {"f64[2]: nan -inf", "f64[]: nan"}, "f64[2]: nan nan", TG_OK},
#define COMPARED "f32[7]: nan 1 nan inf -0 1 2", "f32[7]: 1 nan nan inf 0 2 1"
    {"equal", NULL, {COMPARED}, "u8[7]: 0 0 0 1 1 0 0", TG_OK},
    {"not_equal", NULL, {COMPARED}, "u8[7]: 1 1 1 0 0 1 1", TG_OK},
    {"less", NULL, {COMPARED}, "u8[7]: 0 0 0 0 0 1 0", TG_OK},
    {"less_equal", NULL, {COMPARED}, "u8[7]: 0 0 0 1 1 1 0", TG_OK},
    {"greater", NULL, {COMPARED}, "u8[7]: 0 0 0 0 0 0 1", TG_OK},
    {"greater_equal", NULL, {COMPARED}, "u8[7]: 0 0 0 1 1 0 1", TG_OK},
    {"less", NULL, {"i32[2]: -2147483648 0", "i32[2]: 2147483647 -1"}, "u8[2]: 1 0", TG_OK},
    {"greater", NULL, {"u8[2]: 255 0", "u8[2]: 0 255"}, "u8[2]: 1 0", TG_OK},
    /* where: any number but 0 is true, and the other side is not read */
    {"where", NULL, {"u8[4]: 0 1 2 255", "f32[]: 1", "f32[]: 0"}, "f32[4]: 0 1 1 1", TG_OK},
    {"where", NULL, {"u8[2]: 1 0", "f32[2]: 1 nan", "f32[2]: nan 2"}, "f32[2]: 1 2", TG_OK},
    {"where", NULL, {"u8[2]: 0 1", "f64[2]: 1 nan", "f64[]: inf"}, "f64[2]: inf nan", TG_OK},
};

START_TEST(special_values) { run_row(&values[_i]); }
END_TEST

#define NOT_F "is not supported, takes f32 f64 (use tg_cast)"

static const op_row errors[] = {
    {"add", NULL, {"f32[2,3]", "f32[2]"}, "add: shapes do not broadcast: [2,3] and [2]", TG_ESHAPE},
    {"mul", NULL, {"f32[0]", "f32[2]"}, "mul: shapes do not broadcast: [0] and [2]", TG_ESHAPE},
    {"less",
     NULL,
     {"u8[4,1,3]", "u8[2,2]"},
     "less: shapes do not broadcast: [4,1,3] and [2,2]",
     TG_ESHAPE},
    {"where",
     NULL,
     {"u8[3]", "f32[2,3]", "f32[4,1,2]"},
     "where: shapes do not broadcast: [2,3] and [4,1,2]",
     TG_ESHAPE},
    {"add",
     NULL,
     {"f32[2]", "f64[2]"},
     "add: dtypes differ: f32[2] and f64[2] (use tg_cast)",
     TG_EDTYPE},
    {"div",
     NULL,
     {"i32[]", "f64[0,2]"},
     "div: dtypes differ: i32[] and f64[0,2] (use tg_cast)",
     TG_EDTYPE},
    {"equal",
     NULL,
     {"u8[2]", "i32[2]"},
     "equal: dtypes differ: u8[2] and i32[2] (use tg_cast)",
     TG_EDTYPE},
    {"where",
     NULL,
     {"u8[2]", "f32[2]", "f64[2]"},
     "where: dtypes differ: f32[2] and f64[2] (use tg_cast)",
     TG_EDTYPE},
    {"where",
     NULL,
     {"f32[2]", "f32[2]", "f32[2]"},
     "where: the condition is f32[2], must be a u8 mask",
     TG_EDTYPE},
    {"where",
     NULL,
     {"1", "f32[2]", "f32[2]"},
     "where: the condition is f32[], must be a u8 mask",
     TG_EDTYPE},
    {"exp", NULL, {"i32[2]"}, "exp: i32[2] " NOT_F, TG_EDTYPE},
    {"relu", NULL, {"u8[2]"}, "relu: u8[2] " NOT_F, TG_EDTYPE},
    {"sign", NULL, {"i32[]"}, "sign: i32[] " NOT_F, TG_EDTYPE},
    {"div", NULL, {"i32[2]", "i32[2]"}, "div: i32[2] " NOT_F, TG_EDTYPE},
    {"neg",
     NULL,
     {"u8[2]"},
     "neg: u8[2] is not supported, takes f32 f64 i32 (use tg_cast)",
     TG_EDTYPE},
    {"add",
     NULL,
     {"u8[2]", "u8[2]"},
     "add: u8[2] is not supported, takes f32 f64 i32 (use tg_cast)",
     TG_EDTYPE},
    {"neg", NULL, {"NULL"}, "neg: operand 1 is NULL", TG_EARG},
    {"add", NULL, {"f32[2]", "NULL"}, "add: operand 2 is NULL", TG_EARG},
    {"where", NULL, {"u8[2]", "NULL", "NULL"}, "where: operand 2 is NULL", TG_EARG},
    {"add", NULL, {"f32[2]"}, "add: 1 operands given, takes 2", TG_EARG},
    {"exp", NULL, {"f32[2]", "f32[2]"}, "exp: 2 operands given, takes 1", TG_EARG},
};

START_TEST(refusals) { run_row(&errors[_i]); }
END_TEST

/* Two repeated rows make 2^80 elements, which are refused before memory is requested. */
START_TEST(a_broadcast_that_overflows)
{
    tg_tensor *x = tensor_of(t, "f32[1]");
    const int64_t n = (int64_t)1 << 40;
    tg_tensor *a = keep(tg_tensor_view(x, DIMS(n, 1), (int64_t[]){0, 0}, 0, NULL));
    tg_tensor *b = keep(tg_tensor_view(x, DIMS(1, n), (int64_t[]){0, 0}, 0, NULL));
    ck_assert_ptr_null(tg_add(t, a, b));
    assert_error(t, TG_ENOMEM, "add: the size of f32[1099511627776,1099511627776] overflows");
}
END_TEST

/* A NaN or an infinite slope on the side that is not chosen reaches neither value nor gradient. */
START_TEST(the_side_not_chosen_has_no_gradient)
{
    tg_tensor *x = tensor_of(t, "f32[4]: -1 0 4 nan"), *dx, *dy = tensor_of(t, "f32[4]: 1 1 1 nan");
    tg_tensor *safe = tg_greater(t, x, tg_scalar(t, 0));
    tg_tensor *y = tg_where(t, safe, x, tg_scalar(t, NAN)), *dz;
    dy = tg_where(t, safe, tensor_of(t, "f32[4]: 1 1 1 1"), tg_scalar(t, 0));
    ck_assert_int_eq(tg_vjp(t, 1, &y, &dy, 1, &x, &dx), TG_OK);
    assert_tensor(t, "dx", dx, "f32[4]: 0 0 1 0", 0);
    tg_tensor *a = tensor_of(t, "f32[3]: 1 2 3"), *b = tensor_of(t, "f32[3]: nan inf 5");
    tg_tensor *z = tg_where(t, tensor_of(t, "u8[3]: 1 1 0"), a, b);
    dy = tensor_of(t, "f32[3]: 1 nan inf");
    ck_assert_int_eq(tg_vjp(t, 1, &z, &dy, 1, &a, &dz), TG_OK);
    assert_tensor(t, "da", dz, "f32[3]: 1 nan 0", 0);
    ck_assert_int_eq(tg_vjp(t, 1, &z, &dy, 1, &b, &dz), TG_OK);
    assert_tensor(t, "db", dz, "f32[3]: 0 0 inf", 0);
}
END_TEST

SUITE("special", .with = {TAPE},
      .tests = {
          {special_values, COUNT(values)},
          {refusals, COUNT(errors)},
          {a_broadcast_that_overflows},
          {the_side_not_chosen_has_no_gradient},
      })
