/* test_unary.c - elementwise operations of one operand against libm: every dtype, size and memory
 * layout, and the special values of the functions of mathematics. */
#include "tests/support/tape.h"

static void assert_recorded(const char *op, const tg_tensor *y, tg_dtype dtype)
{
    assert_fine(t, op);
    ck_assert(y && y->tape == t && tg_tape_value(t, y->id) == y);
    ck_assert(y->dtype == dtype && tg_tensor_is_contiguous(y) && !y->weak);
    ck_assert_str_eq(y->node->op->name, op);
}

static double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }
static double negative(double x) { return -x; }
static double square(double x) { return x * x; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return log1p(exp(x)); }
static double log_sigmoid(double x) { return -log1p(exp(-x)); }
static double reciprocal(double x) { return 1 / x; }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double relu(double x) { return x > 0 ? x : 0; }

static const struct {
    const char *name;
    tg_tensor *(*op)(tg_tape *, tg_tensor *);
    double (*f)(double);
    double lo, hi;
    bool i32;
} unary[] = {
    {"neg", tg_neg, negative, -9, 9, true},
    {"abs", tg_abs, fabs, -9, 9, true},
    {"sign", tg_sign, sign, -2, 2, false},
    {"exp", tg_exp, exp, -80, 80, false},
    {"log", tg_log, log, 1e-6, 50, false},
    {"sqrt", tg_sqrt, sqrt, 0, 50, false},
    {"square", tg_square, square, -9, 9, true},
    {"tanh", tg_tanh, tanh, -12, 12, false},
    {"sigmoid", tg_sigmoid, sigmoid, -40, 40, false},
    {"softplus", tg_softplus, softplus, -40, 40, false},
    {"relu", tg_relu, relu, -3, 3, false},
    {"reciprocal", tg_reciprocal, reciprocal, -9, 9, false},
    {"rsqrt", tg_rsqrt, rsqrt, 1e-6, 50, false},
    {"cbrt", tg_cbrt, cbrt, -50, 50, false},
    {"floor", tg_floor, floor, -9, 9, false},
    {"ceil", tg_ceil, ceil, -9, 9, false},
    {"round", tg_round, nearbyint, -9, 9, false},
    {"trunc", tg_trunc, trunc, -9, 9, false},
    {"exp2", tg_exp2, exp2, -99, 99, false},
    {"expm1", tg_expm1, expm1, -9, 9, false},
    {"log2", tg_log2, log2, 1e-6, 50, false},
    {"log1p", tg_log1p, log1p, -0.9, 9, false},
    {"sinh", tg_sinh, sinh, -20, 20, false},
    {"cosh", tg_cosh, cosh, -20, 20, false},
    {"log_sigmoid", tg_log_sigmoid, log_sigmoid, -40, 40, false},
    {"erf", tg_erf, erf, -4, 4, false},
    {"erfc", tg_erfc, erfc, -3, 8, false},
    {"sin", tg_sin, sin, -20, 20, false},
    {"cos", tg_cos, cos, -20, 20, false},
    {"tan", tg_tan, tan, -20, 20, false},
    {"asin", tg_asin, asin, -1, 1, false},
    {"acos", tg_acos, acos, -1, 1, false},
    {"atan", tg_atan, atan, -20, 20, false},
};

static void check_unary(int k, tg_tensor *x, uint64_t seed)
{
    const tg_tensor *y = unary[k].op(t, x);
    assert_recorded(unary[k].name, y, x->dtype);
    ck_assert(tg_tensor_same_shape(x, y));
    for (int64_t i = 0; i < y->size; i++)
        assert_close(unary[k].name, x->dtype, i, seed, read_at(y, i), unary[k].f(read_at(x, i)),
                     2 * tolerance_of(x->dtype), 0);
    tg_tape_reset(t);
}

static const struct {
    int ndim;
    int64_t shape[8];
} shapes[] = {{0, {0}},       {1, {0}},          {2, {0, 3}},
              {1, {1}},       {2, {7, 9}},       {3, {3, 1, 2}},
              {3, {4, 0, 2}}, {4, {2, 3, 4, 5}}, {8, {2, 1, 2, 1, 2, 1, 2, 3}}};

START_TEST(one_operand_of_every_shape)
{
    for (int d = TG_F32; d <= TG_I32; d++)
        for (int s = 0; s < COUNT(shapes) && (d != TG_I32 || unary[_i].i32); s++)
            for (int layout = 0; layout < LAYOUTS; layout++) {
                const uint64_t seed = (uint64_t)(s * 7 + layout);
                tg_tensor *x = random_leaf((tg_dtype)d, shapes[s].ndim, shapes[s].shape,
                                           unary[_i].lo, unary[_i].hi, seed);
                check_unary(_i, laid_out(x, layout), seed);
            }
}
END_TEST

/* Arrays of all small lengths, which end in the middle of some vector, from odd addresses. */
START_TEST(one_operand_of_every_length)
{
    for (int d = TG_F32; d <= TG_F64; d++) {
        tg_tensor *base = random_leaf((tg_dtype)d, DIMS(80), unary[_i].lo, unary[_i].hi, 5);
        for (int64_t n = 0; n <= 67; n++)
            check_unary(_i, keep(tg_tensor_view(base, DIMS(n), (int64_t[]){1}, 1 + n % 9, NULL)),
                        5);
    }
}
END_TEST

/* ---- special values of the functions of mathematics ------------------------------------------ */

static const op_row special[] = {
    {"reciprocal", NULL, {"f32[5]: 0 -0 inf -inf nan"}, "f32[5]: inf -inf +0 -0 nan", TG_OK},
    {"rsqrt", NULL, {"f64[4]: 0 4 inf -1"}, "f64[4]: inf 0.5 0 nan", TG_OK},
    {"cbrt", NULL, {"f64[5]: -8 -0 1e300 -inf nan"}, "f64[5]: -2 -0 1e100 -inf nan ~1e-15", TG_OK},
    {"floor",
     NULL,
     {"f32[6]: -0.5 1.5 -1.5 -inf nan 1e30"},
     "f32[6]: -1 1 -2 -inf nan 1e30",
     TG_OK},
    {"ceil", NULL, {"f32[5]: 0.5 1.5 -1.5 inf nan"}, "f32[5]: 1 2 -1 inf nan", TG_OK},
    {"round",
     NULL,
     {"f64[8]: 0.5 1.5 2.5 -0.5 -1.5 inf nan 0.49999999999999994"},
     "f64[8]: 0 2 2 -0 -2 inf nan 0",
     TG_OK},
    {"round", NULL, {"f32[4]: 0.5 1.5 2.5 8388609"}, "f32[4]: 0 2 2 8388609", TG_OK},
    {"trunc", NULL, {"f32[5]: 1.9 -1.9 -inf nan 1e30"}, "f32[5]: 1 -1 -inf nan 1e30", TG_OK},
    {"exp2", NULL, {"f32[5]: 127 128 -126 -inf nan"}, "f32[5]: 0x1p127 inf 0x1p-126 0 nan", TG_OK},
    {"expm1",
     NULL,
     {"f64[6]: 1e-300 -1e-17 -inf inf nan -0"},
     "f64[6]: 1e-300 -1e-17 -1 inf nan -0",
     TG_OK},
    {"log2", NULL, {"f64[5]: 0x1p-1022 0 -1 inf nan"}, "f64[5]: -1022 -inf nan inf nan", TG_OK},
    {"log1p",
     NULL,
     {"f64[6]: 1e-300 -1 -2 inf nan -0"},
     "f64[6]: 1e-300 -inf nan inf nan -0",
     TG_OK},
    {"log1p", NULL, {"f32[3]: 1e-30 -1 -1.5"}, "f32[3]: 1e-30 -inf nan", TG_OK},
    {"sinh", NULL, {"f64[4]: 1e4 -inf nan 1e-300"}, "f64[4]: inf -inf nan 1e-300", TG_OK},
    {"cosh", NULL, {"f64[3]: 1e4 -inf nan"}, "f64[3]: inf inf nan", TG_OK},
    {"log_sigmoid",
     NULL,
     {"f64[6]: 1e4 -1e4 inf -inf nan 0"},
     "f64[6]: 0 -1e4 0 -inf nan -0.6931471805599453 ~1e-15",
     TG_OK},
    {"log_sigmoid", NULL, {"f64[1]: 700"}, "f64[1]: -9.859676543759770e-305 ~1e-14", TG_OK},
    {"erf",
     NULL,
     {"f64[5]: inf -inf nan 30 1e-300"},
     "f64[5]: 1 -1 nan 1 1.1283791670955126e-300 ~1e-15",
     TG_OK},
    {"erfc",
     NULL,
     {"f64[5]: inf -inf nan 20 0"},
     "f64[5]: 0 2 nan 5.395865611607901e-176 1 ~1e-14",
     TG_OK},
    {"sin",
     NULL,
     {"f64[4]: inf nan 1e300 -0"},
     "f64[4]: nan nan -0.8178819121159085 -0 ~1e-15",
     TG_OK},
    {"cos", NULL, {"f32[3]: -inf nan 0"}, "f32[3]: nan nan 1", TG_OK},
    {"tan", NULL, {"f32[2]: inf 0"}, "f32[2]: nan 0", TG_OK},
    {"asin",
     NULL,
     {"f64[4]: 1 -1 1.0000001 nan"},
     "f64[4]: 1.5707963267948966 -1.5707963267948966 nan nan ~1e-15",
     TG_OK},
    {"acos", NULL, {"f64[3]: 1 -1 -1.5"}, "f64[3]: 0 3.141592653589793 nan ~1e-15", TG_OK},
    {"atan",
     NULL,
     {"f64[3]: inf -inf nan"},
     "f64[3]: 1.5707963267948966 -1.5707963267948966 nan ~1e-15",
     TG_OK},
    {"minimum",
     NULL,
     {"f32[6]: nan 1 nan inf -inf -inf", "f32[6]: 1 nan nan 1 1 -inf"},
     "f32[6]: nan nan nan 1 -inf -inf",
     TG_OK},
    {"minimum",
     NULL,
     {"i32[2]: -2147483648 7", "i32[2]: 2147483647 -7"},
     "i32[2]: -2147483648 -7",
     TG_OK},
    {"pow",
     NULL,
     {"f64[8]: 0 0 -8 -2 2 nan inf -2", "f64[8]: 0 -1 0.5 3 -1 0 -1 -3"},
     "f64[8]: 1 inf nan -8 0.5 1 0 -0.125",
     TG_OK},
    {"fmod",
     NULL,
     {"f64[6]: 5 -5 5 5 inf 1", "f64[6]: 3 3 -3 0 1 inf"},
     "f64[6]: 2 -2 2 nan nan 1",
     TG_OK},
    {"atan2",
     NULL,
     {"f64[4]: 0 0 -0 1", "f64[4]: 1 -1 -1 0"},
     "f64[4]: 0 3.141592653589793 -3.141592653589793 1.5707963267948966 ~1e-15",
     TG_OK},
    {"logical_not", NULL, {"f32[4]: 0 -0 nan 1"}, "u8[4]: 1 1 0 0", TG_OK},
    {"logical_not", NULL, {"u8[3]: 0 1 255"}, "u8[3]: 1 0 0", TG_OK},
    {"logical_not", NULL, {"i32[2]: -2147483648 0"}, "u8[2]: 0 1", TG_OK},
    {"logical_and", NULL, {"f32[2]: nan nan", "f32[2]: 1 0"}, "u8[2]: 1 0", TG_OK},
#ifndef __aarch64__ /* where denormal operands count as 0 */
    {"logical_not", NULL, {"f32[2]: 1e-45 -1e-45"}, "u8[2]: 0 0", TG_OK},
    {"logical_and", NULL, {"f32[1]: 1e-45", "f32[1]: -1"}, "u8[1]: 1", TG_OK},
#endif
    {"logical_or", NULL, {"f32[3]: nan 0 -0", "f32[3]: 0 -0 0"}, "u8[3]: 1 0 0", TG_OK},
    {"logical_xor", NULL, {"f64[3]: nan 2 0", "f64[3]: 0 3 nan"}, "u8[3]: 1 0 1", TG_OK},
    {"isnan", NULL, {"f32[4]: nan -nan inf 0"}, "u8[4]: 1 1 0 0", TG_OK},
    {"isinf", NULL, {"f64[4]: nan -inf inf 1e308"}, "u8[4]: 0 1 1 0", TG_OK},
    {"isfinite", NULL, {"f32[4]: nan -inf 3e38 1e-45"}, "u8[4]: 0 0 1 1", TG_OK},
    {"isnan", NULL, {"i32[2]: -2147483648 2147483647"}, "u8[2]: 0 0", TG_OK},
    {"isinf", NULL, {"u8[2]: 0 255"}, "u8[2]: 0 0", TG_OK},
    {"isfinite", NULL, {"i32[2]: -2147483648 2147483647"}, "u8[2]: 1 1", TG_OK},
    {"isfinite", NULL, {"nan"}, "u8[]: 0", TG_OK},
};

START_TEST(special_values) { run_row(&special[_i]); }
END_TEST

SUITE("unary", .with = {TAPE}, .timeout = 60,
      .tests = {
          {one_operand_of_every_shape, COUNT(unary)},
          {one_operand_of_every_length, COUNT(unary)},
          {special_values, COUNT(special)},
      })
