/* test_weak.c - weak scalars: the dtype they take, where they stay weak, and what they refuse. */
#include "tests/support/tape.h"

static const op_row rows[] = {
    /* the dtype of the other operand, on either side, rounded once */
    {"add", NULL, {"f32[2]: 1 2", "0.5"}, "f32[2]: 1.5 2.5", TG_OK},
    {"sub", NULL, {"0.5", "f64[2]: 1 2"}, "f64[2]: -0.5 -1.5", TG_OK},
    {"mul", NULL, {"0.1", "f32[]: 1"}, "f32[]: 0.1", TG_OK},
    {"mul", NULL, {"0.1", "f64[]: 1"}, "f64[]: 0.1", TG_OK},
    {"mul", NULL, {"-3", "i32[2,1]: 1 2"}, "i32[2,1]: -3 -6", TG_OK},
    {"add", NULL, {"f32[0,2]", "1"}, "f32[0,2]", TG_OK},
    {"add", NULL, {"i32[]: 1", "2147483647"}, "i32[]: -2147483648", TG_OK},
    {"add", NULL, {"i32[]: 1", "-2147483648"}, "i32[]: -2147483647", TG_OK},
    {"equal", NULL, {"u8[3]: 0 255 7", "255"}, "u8[3]: 0 1 0", TG_OK},
    {"equal", NULL, {"u8[3]: 0 255 7", "0"}, "u8[3]: 1 0 0", TG_OK},
    {"less", NULL, {"1", "f32[2]: 1 2"}, "u8[2]: 0 1", TG_OK},
    {"equal", NULL, {"f32[]: 0.1", "0.1"}, "u8[]: 1", TG_OK},
    {"div", NULL, {"1", "f32[]: 0"}, "f32[]: inf", TG_OK},
    {"add", NULL, {"f32[]: 1e38", "1e300"}, "f32[]: inf", TG_OK},
    {"maximum", NULL, {"f32[2]: 1 nan", "nan"}, "f32[2]: nan nan", TG_OK},
    /* among themselves they are f64 */
    {"add", NULL, {"0.1", "0.2"}, "f64[]: 0.30000000000000004", TG_OK},
    {"exp", NULL, {"0"}, "f64[]: 1", TG_OK},
    {"less", NULL, {"0.1", "0.2"}, "u8[]: 1", TG_OK},
    /* where: its sides decide, f32 when both are weak */
    {"where", NULL, {"u8[2]: 1 0", "0.1", "0.2"}, "f32[2]: 0.1 0.2", TG_OK},
    {"where", NULL, {"u8[2]: 1 0", "0.1", "f64[]: 0.2"}, "f64[2]: 0.1 0.2", TG_OK},
    {"where", NULL, {"u8[2]: 1 0", "i32[2]: 7 8", "-1"}, "i32[2]: 7 -1", TG_OK},
    {"where", NULL, {"u8[2]: 1 0", "255", "u8[]: 3"}, "u8[2]: 255 3", TG_OK},
    {"where",
     NULL,
     {"u8[2]: 1 0", "0.5", "i32[]: 3"},
     "scalar: 0.5 cannot become i32 (use tg_cast)",
     TG_EDTYPE},
    /* an integer takes only what it can hold */
    {"add", NULL, {"i32[2]", "0.5"}, "scalar: 0.5 cannot become i32 (use tg_cast)", TG_EDTYPE},
    {"mul", NULL, {"1e10", "i32[]"}, "scalar: 1e+10 cannot become i32 (use tg_cast)", TG_EDTYPE},
    {"equal", NULL, {"i32[]", "inf"}, "scalar: inf cannot become i32 (use tg_cast)", TG_EDTYPE},
    {"equal", NULL, {"u8[]", "256"}, "scalar: 256 cannot become u8 (use tg_cast)", TG_EDTYPE},
    {"equal", NULL, {"u8[]", "-1"}, "scalar: -1 cannot become u8 (use tg_cast)", TG_EDTYPE},
    {"maximum", NULL, {"i32[]", "nan"}, "scalar: nan cannot become i32 (use tg_cast)", TG_EDTYPE},
    /* a weak index is no index */
    {"take", NULL, {"f32[3]", "1"}, "take: the index is f32[], must be i32", TG_EDTYPE},
    {"one_hot", "depth=2", {"1"}, "one_hot: the index is f64[], must be i32", TG_EDTYPE},
    /* a cast gives what was asked for */
    {"cast", "dtype=i32", {"0.5"}, "i32[]: 0", TG_OK},
    {"cast", "dtype=f64", {"0.5"}, "f64[]: 0.5", TG_OK},
    {"assign", NULL, {"f32[]", "0.1"}, "f32[]: 0.1", TG_OK},
    {"assign", NULL, {"f32[1]", "0.1"}, "assign: f32[] into f32[1]", TG_ESHAPE},
};

START_TEST(scalars_take_the_other_dtype) { run_row(&rows[_i]); }
END_TEST

START_TEST(weak_stays_weak)
{
    tg_tensor *half = tg_scalar(t, 0.5), *f32 = tensor_of(t, "f32[]: 1");
    tg_tensor *weak[] = {half, tg_neg(t, half), tg_mul(t, tg_add(t, half, half), tg_exp(t, half)),
                         tg_stop_gradient(t, half), tg_ones_like(t, half), tg_zeros_like(t, half),
                         /* what has nothing to do */
                         tg_flip(t, half, TG_ALL), tg_tile(t, half, 0, NULL),
                         tg_pad(t, half, NULL, TG_PAD_EDGE, 0), tg_einsum(t, "->", 1, &half)};
    for (int i = 0; i < COUNT(weak); i++) {
        ck_assert(weak[i]->weak && weak[i]->dtype == TG_F64 && weak[i]->ndim == 0);
        const tg_tensor *y = tg_add(t, f32, weak[i]);
        ck_assert(y && y->dtype == TG_F32 && !y->weak);
        ck_assert(tg_item(y) == (double)(float)(1 + (double)(float)tg_item(weak[i])));
    }
    tg_tensor *strong[] = {tg_add(t, half, f32),
                           tg_less(t, half, half),
                           tg_cast(t, half, TG_F32),
                           tg_cast(t, half, TG_F64),
                           tg_full(t, TG_F64, 0, NULL, 1),
                           tg_reshape(t, half, DIMS(1)),
                           tg_where(t, tensor_of(t, "u8[]: 1"), half, half)};
    for (int i = 0; i < COUNT(strong); i++) ck_assert(strong[i] && !strong[i]->weak);
    assert_fine(t, "weak");
    /* The result of a cast has a fixed dtype, which its neighbour no longer decides. */
    ck_assert_ptr_null(tg_add(t, f32, strong[3]));
    assert_error(t, TG_EDTYPE, "add: dtypes differ: f32[] and f64[] (use tg_cast)");
}
END_TEST

/* Compositions, which inspect their operands before an operation does. */
START_TEST(compositions_settle_scalars)
{
    tg_tensor *half = tg_scalar(t, 0.1), *seven = tg_scalar(t, 7), *i = tensor_of(t, "i32[2]: 7 8");
    for (int d = 0; d < 2; d++) {
        tg_tensor *x = tensor_of(t, d ? "f64[2]: 1 2" : "f32[2]: 1 2"),
                  *one = tg_sum(t, x, 0, false);
        const char *row = d ? "f64[1,2]: 0.1 0.2" : "f32[1,2]: 0.1 0.2",
                   *column = d ? "f64[2,1]: 0.1 0.2" : "f32[2,1]: 0.1 0.2",
                   *flat = d ? "f64[2]: 0.1 0.2" : "f32[2]: 0.1 0.2",
                   *picked = d ? "f64[2]: 3 0" : "f32[2]: 3 0";
        assert_tensor(t, "outer", tg_outer(t, half, x), row, 1e-7);
        assert_tensor(t, "outer", tg_outer(t, x, half), column, 1e-7);
        assert_tensor(t, "tensordot", tg_tensordot(t, x, half, 0, NULL, NULL), flat, 1e-7);
        assert_tensor(t, "tensordot", tg_tensordot(t, half, x, 0, NULL, NULL), flat, 1e-7);
        assert_tensor(t, "einsum", tg_einsum(t, ",i->i", 2, (tg_tensor *[]){half, x}), flat, 1e-7);
        assert_tensor(t, "einsum", tg_einsum(t, "i,->i", 2, (tg_tensor *[]){x, half}), flat, 1e-7);
        assert_tensor(t, "where_equal", tg_where_equal(t, i, seven, one), picked, 0);
        assert_tensor(t, "where_equal", tg_where_equal(t, seven, i, one), picked, 0);
        assert_tensor(t, "zeros_like", tg_mul(t, tg_zeros_like(t, half), x),
                      d ? "f64[2]: 0 0" : "f32[2]: 0 0", 0);
    }
    assert_tensor(t, "where_equal", tg_where_equal(t, i, seven, half), "f32[2]: 0.1 0", 0);
}
END_TEST

/* The first operand that is not weak decides, at any position. The scalars stay as they are. */
START_TEST(scalars_are_used_again)
{
    tg_tensor *third = tg_scalar(t, 1.0 / 3);
    for (int i = 0; i < 3; i++) {
        assert_tensor(t, "f32", tg_add(t, third, tensor_of(t, "f32[]: 0")),
                      "f32[]: 0.3333333333333333", 0);
        assert_tensor(t, "f64", tg_add(t, tensor_of(t, "f64[]: 0"), third),
                      "f64[]: 0.3333333333333333", 0);
    }
    ck_assert(third->weak && tg_item(third) == 1.0 / 3);
}
END_TEST

/* Every operation with a scalar uses a copy of it in another dtype. The derivative by the scalar
 * itself is refused or right, but never a wrong 0 that nobody notices. */
START_TEST(the_gradient_by_a_scalar)
{
    tg_tensor *x = tensor_of(t, "f32[2]: 3 4"), *s = tg_scalar(t, 2), *y = tg_mul(t, x, s), *ds;
    const tg_status status = tg_vjp(t, 1, &y, NULL, 1, &s, &ds);
    ck_assert(status != TG_OK || tg_item(ds) == 7);
    tg_tape_reset(t);
    tg_tensor *dx, *weak = tg_scalar(t, 2);
    x = tensor_of(t, "f32[]: 3");
    y = tg_square(t, x);
    ck_assert_int_eq(tg_vjp(t, 1, &y, &weak, 1, &x, &dx), TG_OK); /* a cotangent may be one */
    assert_tensor(t, "dx", dx, "f32[]: 12", 0);
}
END_TEST

SUITE("weak", .with = {TAPE},
      .tests = {
          {scalars_take_the_other_dtype, COUNT(rows)},
          {weak_stays_weak},
          {compositions_settle_scalars},
          {scalars_are_used_again},
          {the_gradient_by_a_scalar},
      })
