/* test_convert.c - cast, stop_gradient and assign. */
#include "tests/support/tape.h"

/* ---- cast ----------------------------------------------------------------------------------- */

#define EDGES "2147483647 2147483648 -2147483648 -2147483649 4e9 -4e9"

static const op_row casts[] = {
    {"cast",
     "dtype=i32",
     {"f64[9]: 0 -0 0.9 -0.9 2.5 -2.5 nan inf -inf"},
     "i32[9]: 0 0 0 0 2 -2 0 2147483647 -2147483648",
     TG_OK},
    {"cast",
     "dtype=i32",
     {"f32[9]: 0 -0 0.9 -0.9 2.5 -2.5 nan inf -inf"},
     "i32[9]: 0 0 0 0 2 -2 0 2147483647 -2147483648",
     TG_OK},
    {"cast",
     "dtype=i32",
     {"f64[6]: " EDGES},
     "i32[6]: 2147483647 2147483647 -2147483648 -2147483648 2147483647 -2147483648",
     TG_OK},
    {"cast",
     "dtype=i32",
     {"f64[4]: 2147483646.5 -2147483647.5 1e300 -1e300"},
     "i32[4]: 2147483646 -2147483647 2147483647 -2147483648",
     TG_OK},
    {"cast",
     "dtype=i32",
     {"f32[4]: 2147483520 -2147483520 2147483648 -2147483648"},
     "i32[4]: 2147483520 -2147483520 2147483647 -2147483648",
     TG_OK},
    {"cast",
     "dtype=u8",
     {"f32[9]: nan inf -inf -1 -0.5 0.99 255 255.5 256"},
     "u8[9]: 0 255 0 0 0 0 255 255 255",
     TG_OK},
    {"cast",
     "dtype=u8",
     {"f64[6]: 254.999 254.5 1 1e300 -1e300 -0"},
     "u8[6]: 254 254 1 255 0 0",
     TG_OK},
    {"cast",
     "dtype=u8",
     {"i32[6]: -1 256 255 0 -2147483648 2147483647"},
     "u8[6]: 0 255 255 0 0 255",
     TG_OK},
    {"cast",
     "dtype=f32",
     {"f64[6]: 0.1 1e300 -1e300 nan 1e-300 16777217"},
     "f32[6]: 0.1 inf -inf nan 0 16777216",
     TG_OK},
    {"cast",
     "dtype=f64",
     {"f32[4]: 0.1 inf nan -0"},
     "f64[4]: 0.10000000149011612 inf nan -0",
     TG_OK},
    {"cast",
     "dtype=f32",
     {"i32[3]: 16777217 2147483647 -2147483648"},
     "f32[3]: 16777216 2147483648 -2147483648",
     TG_OK},
    {"cast",
     "dtype=f64",
     {"i32[2]: 2147483647 -2147483648"},
     "f64[2]: 2147483647 -2147483648",
     TG_OK},
    {"cast", "dtype=f64", {"u8[2]: 0 255"}, "f64[2]: 0 255", TG_OK},
    {"cast", "dtype=i32", {"u8[2]: 0 255"}, "i32[2]: 0 255", TG_OK},
    {"cast", "dtype=u8", {"u8[2]: 0 255"}, "u8[2]: 0 255", TG_OK},
    {"cast", "dtype=f32", {"f32[2,0]"}, "f32[2,0]", TG_OK},
    {"cast", "dtype=i32", {"f32[]: 7.9"}, "i32[]: 7", TG_OK},
    {"cast", "dtype=f64", {"NULL"}, "cast: operand 1 is NULL", TG_EARG},
    {"cast", NULL, {"f32[2]"}, "cast: attribute 'dtype' is missing", TG_EKEY},
};

START_TEST(special_values) { run_row(&casts[_i]); }
END_TEST

/* Every pair of dtypes, on every layout of shapes whose rows are long and short. */
START_TEST(every_pair)
{
    static const struct {
        int ndim;
        int64_t shape[3];
    } shapes[] = {{0, {0}},       {1, {0}},       {1, {67}},     {2, {5, 7}},
                  {3, {4, 3, 2}}, {3, {2, 0, 3}}, {3, {9, 1, 1}}};
    for (int from = 0; from < TG_DTYPE_COUNT; from++)
        for (int to = 0; to < TG_DTYPE_COUNT; to++)
            for (int k = 0; k < COUNT(shapes); k++) {
                const double lo = from == TG_U8 ? 0 : -300;
                tg_tensor *x = random_leaf((tg_dtype)from, shapes[k].ndim, shapes[k].shape, lo,
                                           from == TG_U8 ? 256 : 600, 1);
                const tg_tensor *y = tg_cast(t, laid_out(x, _i), (tg_dtype)to);
                assert_fine(t, "cast");
                ck_assert((int)y->dtype == to && tg_tensor_same_shape(x, y) && y->tape == t);
                for (int64_t i = 0; i < x->size; i++) {
                    const double v = read_at(x, i);
                    const double want = to == TG_F64   ? v
                                        : to == TG_F32 ? (double)(float)v
                                        : to == TG_I32 ? trunc(v)
                                                       : fmin(fmax(trunc(v), 0), 255);
                    assert_close("cast", (tg_dtype)from, i, 1, read_at(y, i), want, 0, 0);
                }
            }
}
END_TEST

START_TEST(casts_that_are_none)
{
    tg_tensor *x = tensor_of(t, "f32[2]");
    ck_assert_ptr_null(tg_cast(t, x, TG_DTYPE_COUNT));
    assert_error(t, TG_EDTYPE, "cast: 4 is not a dtype");
    ck_assert_ptr_null(tg_cast(t, x, TG_F32)); /* there is nothing to do, but the tape has failed */
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_cast(t, NULL, TG_F32));
    assert_error(t, TG_EARG, "cast: operand 1 is NULL");
    tg_tape_reset(t);
    tg_tensor *y = tg_cast(t, x, TG_F32);
    ck_assert(y != x && y->tape == t); /* a value of the tape, which lives as long as all others */
}
END_TEST

START_TEST(gradients_pass_through_floats_only)
{
    tg_tensor *x = tensor_of(t, "f32[2]: 3 4"), *dx;
    tg_tensor *y = tg_square(t, tg_cast(t, tg_cast(t, x, TG_F64), TG_F64));
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "dx", dx, "f32[2]: 6 8", 0);
    y = tg_mul(t, tg_stop_gradient(t, x), x);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "dx", dx, "f32[2]: 3 4", 0);
    y = tg_square(t, tg_stop_gradient(t, x));
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "dx", dx, "f32[2]: 0 0", 0);
    y = tg_cast(t, tg_cast(t, x, TG_I32), TG_F32);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_EGRAD);
    assert_error(t, TG_EGRAD,
                 "grad: tensor 1, f32[2], reaches the result only through cast, "
                 "which has no derivative");
}
END_TEST

/* ---- assign --------------------------------------------------------------------------------- */

START_TEST(assign_writes_every_layout)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        for (int from = 0; from < LAYOUTS; from++) {
            tg_tensor *value = laid_out(random_leaf((tg_dtype)d, DIMS(3, 4, 2), 0, 200, 1), from);
            tg_tensor *leaf = laid_out(random_leaf((tg_dtype)d, DIMS(3, 4, 2), 0, 200, 2), _i);
            const tg_tensor *y = tg_assign(t, leaf, value);
            assert_fine(t, "assign");
            ck_assert(y->tape == t && y->dtype == value->dtype && tg_tensor_same_shape(y, value));
            for (int64_t i = 0; i < value->size; i++)
                ck_assert(read_at(y, i) == read_at(value, i) &&
                          read_at(leaf, i) == read_at(value, i));
            ck_assert_int_eq(tg_tensor_fill(leaf, 1, NULL), TG_OK); /* y is a value of the tape */
            ck_assert(read_at(y, 23) == read_at(value, 23));
        }
    ck_assert_ptr_nonnull(tg_assign(t, tensor_of(t, "f32[0,2]"), tensor_of(t, "f32[0,2]")));
    ck_assert_ptr_nonnull(tg_assign(t, tensor_of(t, "f32[]"), tg_scalar(t, 2)));
}
END_TEST

/* The value may be a view of the leaf itself, in any order. */
START_TEST(assign_from_itself)
{
    tg_tensor *x = tensor_of(t, "i32[2,3]");
    ck_assert_ptr_nonnull(tg_assign(t, x, x));
    assert_tensor(t, "itself", x, "i32[2,3]", 0);
    tg_tensor *back = tg_slice(t, tg_slice(t, x, 1, -1, TG_END, -1), 0, -1, TG_END, -1);
    assert_tensor(t, "assign", tg_assign(t, x, back), "i32[2,3]: 5 4 3 2 1 0", 0);
    assert_tensor(t, "leaf", x, "i32[2,3]: 5 4 3 2 1 0", 0);
    tg_tensor *row = keep(tg_tensor_view(x, DIMS(5), (int64_t[]){1}, 0, NULL));
    tg_tensor *next = keep(tg_tensor_view(x, DIMS(5), (int64_t[]){1}, 1, NULL));
    ck_assert_ptr_nonnull(tg_assign(t, next, row));
    assert_tensor(t, "shifted", x, "i32[2,3]: 5 5 4 3 2 1", 0);
}
END_TEST

static const op_row assigns[] = {
    {"assign", NULL, {"f32[2]", "f64[2]"}, "assign: f64[2] into f32[2]", TG_EDTYPE},
    {"assign", NULL, {"f32[2]", "f32[2,1]"}, "assign: f32[2,1] into f32[2]", TG_ESHAPE},
    {"assign", NULL, {"f32[2]", "f32[]"}, "assign: f32[] into f32[2]", TG_ESHAPE},
    {"assign",
     NULL,
     {"0.5", "f32[]"},
     "assign: the target is a recorded value, must be a leaf",
     TG_EARG},
    {"assign", NULL, {"NULL", "f32[2]"}, "assign: operand 1 is NULL", TG_EARG},
    {"assign", NULL, {"f32[2]", "NULL"}, "assign: operand 2 is NULL", TG_EARG},
};

START_TEST(assign_refusals) { run_row(&assigns[_i]); }
END_TEST

START_TEST(what_fails_writes_nothing)
{
    tg_tensor *x = tensor_of(t, "f32[2]: 5 6"), *y = tensor_of(t, "f32[2]"), *dy;
    tg_tensor *view = tg_stop_gradient(t, x);
    ck_assert_ptr_null(tg_assign(t, view, y));
    assert_error(t, TG_EARG, "assign: the target is a recorded value, must be a leaf");
    ck_assert_ptr_null(tg_assign(t, x, y)); /* poisoned */
    assert_tensor(NULL, "leaf", x, "f32[2]: 5 6", 0);
    tg_tape_reset(t);
    /* The gradient passes to the value. */
    tg_tensor *z = tg_square(t, tg_assign(t, x, tg_mul(t, y, tg_scalar(t, 3))));
    ck_assert_int_eq(tg_vjp(t, 1, &z, NULL, 1, &y, &dy), TG_OK);
    assert_tensor(t, "dy", dy, "f32[2]: 0 18", 0);
}
END_TEST

SUITE("convert", .with = {TAPE},
      .tests = {
          {special_values, COUNT(casts)},
          {every_pair, LAYOUTS},
          {casts_that_are_none},
          {gradients_pass_through_floats_only},
          {assign_writes_every_layout, LAYOUTS},
          {assign_from_itself},
          {assign_refusals, COUNT(assigns)},
          {what_fails_writes_nothing},
      })
