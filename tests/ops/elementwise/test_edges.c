/* test_edges.c - every elementwise operation of floats at the edge: zeros of both signs, denormals,
 * kinks, tails, the largest and smallest numbers, Inf and NaN. For two operands, on a grid of
 * them. */
#include "tests/support/edges.h"

#define LN2 0.693147180559945309417232121458L
#define PI 3.141592653589793238462643383280L

/* ---- one operand: value, first and second derivative ---------------------------------------- */

#define UNARY(X)                                                                                   \
    X(neg, RELATIVE, -x, -1, 0)                                                                    \
    X(abs, RELATIVE, fabsl(x), sign_of(x), 0)                                                      \
    X(sign, RELATIVE, sign_of(x), 0, 0)                                                            \
    X(reciprocal, RELATIVE, 1 / x, -1 / x / x, 2 / x / x / x)                                      \
    X(square, RELATIVE, x *x, 2 * x, 2)                                                            \
    X(sqrt, RELATIVE, sqrtl(x), 0.5L / sqrtl(x), -0.25L / sqrtl(x) / fabsl(x))                     \
    X(rsqrt, RELATIVE, 1 / sqrtl(x), -0.5L * cube(1 / sqrtl(x)),                                   \
      0.75L * cube(1 / sqrtl(x)) / sqrtl(x) / sqrtl(x))                                            \
    X(cbrt, RELATIVE, cbrtl(x), 1 / (3 * cbrtl(x) * cbrtl(x)), cbrt_bend(x))                       \
    X(floor, RELATIVE, floorl(x), 0, 0)                                                            \
    X(ceil, RELATIVE, ceill(x), 0, 0)                                                              \
    X(round, RELATIVE, rintl(x), 0, 0)                                                             \
    X(trunc, RELATIVE, truncl(x), 0, 0)                                                            \
    X(relu, RELATIVE, x <= 0 ? 0 : x, x > 0, 0)                                                    \
    X(exp, RELATIVE, expl(x), expl(x), expl(x))                                                    \
    X(exp2, RELATIVE, exp2l(x), LN2 *exp2l(x), LN2 *LN2 *exp2l(x))                                 \
    X(expm1, ABSOLUTE, expm1l(x), expl(x), expl(x))                                                \
    X(log, RELATIVE, logl(x), 1 / x, -1 / x / x)                                                   \
    X(log2, RELATIVE, log2l(x), 1 / (x * LN2), -1 / x / x / LN2)                                   \
    X(log1p, RELATIVE, log1pl(x), 1 / (1 + x), -1 / ((1 + x) * (1 + x)))                           \
    X(sinh, RELATIVE, sinhl(x), coshl(x), sinhl(x))                                                \
    X(cosh, RELATIVE, coshl(x), sinhl(x), coshl(x))                                                \
    X(tanh, ABSOLUTE, tanhl(x), square(1 / coshl(x)), -2 * tanhl(x) * square(1 / coshl(x)))        \
    X(sigmoid, ABSOLUTE, half(x), half(x) * half(-x), half(x) * half(-x) * (half(-x) - half(x)))   \
    X(log_sigmoid, RELATIVE, -bent(-x), half(-x), -half(x) * half(-x))                             \
    X(softplus, RELATIVE, bent(x), half(x), half(x) * half(-x))                                    \
    X(erf, RELATIVE, erfl(x), bell(x), times(-2 * x, bell(x)))                                     \
    X(erfc, RELATIVE, erfcl(x), -bell(x), times(2 * x, bell(x)))                                   \
    X(sin, RELATIVE, sinl(x), cosl(x), -sinl(x))                                                   \
    X(cos, RELATIVE, cosl(x), -sinl(x), -cosl(x))                                                  \
    X(tan, RELATIVE, tanl(x), 1 + square(tanl(x)), 2 * tanl(x) * (1 + square(tanl(x))))            \
    X(asin, RELATIVE, asinl(x), 1 / slope(x), x / cube(slope(x)))                                  \
    X(acos, RELATIVE, acosl(x), -1 / slope(x), -x / cube(slope(x)))                                \
    X(atan, RELATIVE, atanl(x), 1 / (1 + x * x), isinf(x) ? 0 : -2 * x / (1 + x * x) / (1 + x * x))

static real sign_of(real x) { return x > 0 ? 1 : x < 0 ? -1 : x * 0; }
static real square(real x) { return x * x; }
static real cube(real x) { return x * x * x; }
/* At 0 there is none. */
static real cbrt_bend(real x) { return x == 0 ? 0 : -2 / (9 * x * cbrtl(x) * cbrtl(x)); }
static real half(real x) { return 1 / (1 + expl(-x)); }
static real bent(real x) { return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x)); }
static real bell(real x) { return 2 / sqrtl(PI) * expl(-x * x); }
static real slope(real x) { return sqrtl((1 - x) * (1 + x)); }

#define X(name, tails, value, first, second)                                                       \
    static tg_tensor *name##_op(tg_tape *t, tg_tensor *a, tg_tensor *b)                            \
    {                                                                                              \
        (void)b;                                                                                   \
        return tg_##name(t, a);                                                                    \
    }                                                                                              \
    static jet true_##name(jet a, jet b)                                                           \
    {                                                                                              \
        const real x = a.v;                                                                        \
        (void)b;                                                                                   \
        return chain(a, value, first, second);                                                     \
    }
UNARY(X)
#undef X

/* ---- two operands: value, d/da, d/db, and the second derivatives aa, ab, bb ------------------ */

#define BINARY(X)                                                                                  \
    X(add, everywhere, a + b, 1, 1, 0, 0, 0)                                                       \
    X(sub, everywhere, a - b, 1, -1, 0, 0, 0)                                                      \
    X(mul, everywhere, a *b, b, a, 0, 1, 0)                                                        \
    X(div, everywhere, a / b, 1 / b, -a / b / b, 0, -1 / b / b, 2 * a / b / b / b)                 \
    X(zmul, everywhere, a == 0 ? 0 : a * b, b, a, 0, 1, 0)                                         \
    X(zzmul, everywhere, a == 0 || b == 0 ? 0 : a * b, b, a, 0, 1, 0)                              \
    X(zdiv, everywhere, a == 0 ? 0 : a / b, 1 / b, a == 0 ? 0 : -a / b / b, 0, -1 / b / b,         \
      a == 0 ? 0 : 2 * a / b / b / b)                                                              \
    X(fmod, normal, fmodl(a, b), 1, isinf(b) ? 0 : -(a - fmodl(a, b)) / b, 0, 0, 0)                \
    X(maximum, everywhere, a < b || b != b ? b : a, !(a < b), a < b, 0, 0, 0)                      \
    X(minimum, everywhere, a > b || b != b ? b : a, !(a > b), a > b, 0, 0, 0)                      \
    X(atan2, finite, atan2l(a, b), b / norm2(a, b), -a / norm2(a, b),                              \
      -2 * a / norm2(a, b) * b / norm2(a, b), (a * a - b * b) / norm2(a, b) / norm2(a, b),         \
      2 * a / norm2(a, b) * b / norm2(a, b))                                                       \
    X(logaddexp, everywhere, log_add_exp(a, b), share(a, b), share(b, a), spread(a, b),            \
      -spread(a, b), spread(a, b))                                                                 \
    X(pow, in_range, powl(a, b), times(b, powl(a, b - 1)), times(powl(a, b), log_or_0(a, b)),      \
      times(times(b, b - 1), powl(a, b - 2)), power_cross(a, b),                                   \
      times(times(powl(a, b), log_or_0(a, b)), log_or_0(a, b)))

static real norm2(real a, real b) { return a * a + b * b; }
static real log_add_exp(real a, real b)
{
    return isinf(a) && a == b ? a : fmaxl(a, b) + log1pl(expl(-fabsl(a - b)));
}
static real share(real a, real b) { return a == b ? 0.5L : 1 / (1 + expl(b - a)); }
static real spread(real a, real b) { return isinf(a) && a == b ? 0 : share(a, b) * share(b, a); }
static real log_or_0(real a, real b) { return a == 0 && b >= 0 ? 0 : logl(a); }
static real power_cross(real a, real b)
{
    return powl(a, b - 1) + (b == 0 ? 0 : times(times(b, powl(a, b - 1)), log_or_0(a, b - 1)));
}

/* Which pairs of the grid are tested. */
static bool everywhere(double a, double b) { return a == a && b == b; }
/* A denormal part of a counts as 0. */
static bool normal(double a, double b)
{
    return everywhere(a, b) && (a == 0 || fabs(a) > 1e-30) && (b == 0 || fabs(b) > 1e-30);
}
/* At 0 the angle has no derivative, and nearby the second derivatives are out of range. */
static bool finite(double a, double b)
{
    return isfinite(a) && isfinite(b) && fabs(a) + fabs(b) > 1e-9 && normal(a, b);
}
/* Where the power is in the range of f32. Near a = 0 its second derivatives have limits. Where it
 * underflows for a < 0, 0 replaces a logarithm that is NaN. */
static bool in_range(double a, double b)
{
    return isfinite(a) && isfinite(b) && (fabs(a) > 1e-6 || b > 2) &&
           (a == 0 || b == 0 || fabs(b * log10(fabs(a))) < 37);
}

#define X(name, where, value, by_a, by_b, aa, ab, bb)                                              \
    static jet true_##name(jet x, jet z)                                                           \
    {                                                                                              \
        const real a = x.v, b = z.v;                                                               \
        return (jet){.v = value, .d = {by_a, by_b}, .h = {aa, ab, bb}};                            \
    }
BINARY(X)
#undef X

/* ---- where they are looked at --------------------------------------------------------------- */

static const double line[] = {
    0.0,      -0.0,      5e-324, -5e-324, 1e-310, -1e-310, 1e-45,   -1e-45,   1e-40,    -1e-40,
    2e-38,    -2e-38,    1e-20,  -1e-20,  6e-8,   -6e-8,   1e-3,    -1e-3,    0.3,      -0.3,
    0.5,      -0.5,      0.99,   -0.99,   1,      -1,      1.5,     -1.5,     2,        -2,
    2.5,      -2.5,      5,      -5,      10,     -10,     20,      -20,      40,       -40,
    88,       -88,       100,    -100,    700,    -700,    1e4,     -1e4,     16777217, -16777217,
    1e20,     -1e20,     3e38,   -3e38,   1e200,  -1e200,  DBL_MAX, -DBL_MAX, FLT_MAX,  -FLT_MAX,
    INFINITY, -INFINITY, NAN,    END};

static const double axis[] = {0.0,  -0.0, 1e-310, 1e-40,    -1e-20,    0.1, -0.5,
                              1,    -1,   2,      3,        -7,        23,  -1e4,
                              1e20, 3e38, -1e200, INFINITY, -INFINITY, NAN};
enum { PAIRS = COUNT(axis) * COUNT(axis) };

#define X(name, ...) static double pairs_##name[2 * PAIRS + 1];
BINARY(X)
#undef X

static void fill(double *pairs, bool (*takes)(double a, double b))
{
    for (int i = 0; i < COUNT(axis); i++)
        for (int k = 0; k < COUNT(axis); k++)
            if (takes(axis[i], axis[k]) && takes((float)axis[i], (float)axis[k])) {
                *pairs++ = axis[i];
                *pairs++ = axis[k];
            }
    *pairs = END;
}

static const pointwise rows[] = {
#define X(name, tails, ...) {#name, 1, name##_op, true_##name, line, tails},
    UNARY(X)
#undef X
#define X(name, ...) {#name, 2, tg_##name, true_##name, pairs_##name, RELATIVE},
        BINARY(X)
#undef X
};

START_TEST(at_the_edge)
{
    const pointwise *p = &rows[_i / 2];
    check_pointwise(p, _i % 2 ? TG_F64 : TG_F32);
}
END_TEST

/* A plan omits a product with 1, but a denormal result of the product is 0. */
START_TEST(products_with_one)
{
    const pointwise *p = &rows[_i / 2];
    const int64_t n = count_points(p);
    tg_tape *t = tg_tape_new();
    tg_tensor *x[2] = {NULL};
    for (int i = 0; i < p->n; i++) {
        x[i] = keep(tg_tensor_new(_i % 2 ? TG_F64 : TG_F32, 1, &n, NULL));
        for (int64_t k = 0; k < n; k++) write_at(x[i], k, p->points[k * p->n + i]);
    }
    tg_tensor *y = p->f(t, x[0], x[1]), *one = tg_scalar(t, 1);
    tg_tensor *products[] = {tg_mul(t, y, one),    tg_mul(t, one, y),
                             tg_zmul(t, y, one),   tg_zmul(t, one, y),
                             tg_zzmul(t, y, one),  tg_zzmul(t, one, x[0]),
                             tg_div(t, y, one),    tg_zdiv(t, y, one),
                             tg_mul(t, x[0], one), tg_sub(t, x[0], tg_scalar(t, 0))};
    assert_fine(t, p->name);
    check_plan(p->name, t, products, COUNT(products));
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* Near 1, where 1 - x^2 would lose the digits of x; and at Inf, where there is no second
 * derivative. */
START_TEST(steep_and_far_slopes)
{
    static const struct {
        tg_tensor *(*f)(tg_tape *t, tg_tensor *a, tg_tensor *b);
        const char *a, *b, *by_a;
    } slopes[] = {
        {asin_op, "f32[2]: 0.99999994039535522 -0.99999994039535522", NULL,
         "f32[2]: 2896.30942127 2896.30942127"},
        {acos_op, "f32[2]: 0.99999994039535522 -0.99999994039535522", NULL,
         "f32[2]: -2896.30942127 -2896.30942127"},
        {asin_op, "f64[1]: 0.99999999999999988898", NULL, "f64[1]: 67108864.0000000018626"},
        {acos_op, "f64[1]: -0.99999999999999988898", NULL, "f64[1]: -67108864.0000000018626"},
        {tg_atan2, "f32[2]: 1e-30 -1e-30", "f32[2]: 1e-30 1e-30", "f32[2]: 5e29 5e29"},
        {tg_atan2, "f32[2]: 1e30 -3e38", "f32[2]: 1e30 3e38", "f32[2]: 5e-31 0"},
        {tg_atan2, "f32[4]: inf -inf 1 0", "f32[4]: 1 0 inf -inf", "f32[4]: 0 0 0 0"},
        {tg_pow, "f64[4]: inf inf nan 0", "f64[4]: 0 2 0 -1", "f64[4]: 0 inf 0 -inf"},
    };
    tg_tape *t = tg_tape_new();
    for (int i = 0; i < COUNT(slopes); i++) {
        tg_tensor *a = tensor_of(t, slopes[i].a), *dx;
        tg_tensor *y = slopes[i].f(t, a, slopes[i].b ? tensor_of(t, slopes[i].b) : NULL);
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &a, &dx), TG_OK);
        assert_tensor(t, slopes[i].a, dx, slopes[i].by_a, a->dtype == TG_F32 ? 4e-7 : 1e-15);
    }
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* ---- masks: C's own comparisons on the grid ------------------------------------------------- */

#define MASKS(X)                                                                                   \
    X(equal, 2, a == b)                                                                            \
    X(not_equal, 2, a != b)                                                                        \
    X(less, 2, a < b)                                                                              \
    X(less_equal, 2, a <= b)                                                                       \
    X(greater, 2, a > b)                                                                           \
    X(greater_equal, 2, a >= b)                                                                    \
    X(logical_and, 2, a != 0 && b != 0)                                                            \
    X(logical_or, 2, a != 0 || b != 0)                                                             \
    X(logical_xor, 2, (a != 0) != (b != 0))                                                        \
    X(logical_not, 1, a == 0)                                                                      \
    X(isnan, 1, isnan(a))                                                                          \
    X(isinf, 1, isinf(a))                                                                          \
    X(isfinite, 1, isfinite(a))

#define X(name, n, formula)                                                                        \
    static bool mask_##name(double a, double b)                                                    \
    {                                                                                              \
        (void)b;                                                                                   \
        return formula;                                                                            \
    }
MASKS(X)
#undef X

static const struct {
    const char *name;
    int n;
    bool (*truth)(double a, double b);
} masks[] = {
#define X(name, n, ...) {#name, n, mask_##name},
    MASKS(X)
#undef X
};

START_TEST(masks_at_the_edge)
{
    const int64_t n = PAIRS;
    tg_tape *t = tg_tape_new();
    for (int d = TG_F32; d <= TG_F64; d++) {
        tg_tensor *x[2];
        for (int i = 0; i < 2; i++) x[i] = keep(tg_tensor_new((tg_dtype)d, 1, &n, NULL));
        for (int k = 0; k < PAIRS; k++) {
            write_at(x[0], k, axis[k / COUNT(axis)]);
            write_at(x[1], k, axis[k % COUNT(axis)]);
        }
        tg_tensor *y = tg_apply_text(t, masks[_i].name, x, masks[_i].n, NULL);
        assert_fine(t, masks[_i].name);
        for (int k = 0; k < PAIRS; k++) {
            const double a = read_at(x[0], k), b = read_at(x[1], k);
            ck_assert_msg(read_at(y, k) == masks[_i].truth(a, b), "%s of %g and %g", masks[_i].name,
                          a, b);
        }
        check_plan(masks[_i].name, t, &y, 1);
    }
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* ---- no operation is left out (the others: test_edges_structured) --------------------------- */

static bool has_row(const char *name)
{
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return true;
    for (int i = 0; i < COUNT(masks); i++)
        if (strcmp(masks[i].name, name) == 0) return true;
    return false;
}

START_TEST(none_is_left_out)
{
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        if (op->infer == tg_infer_elementwise)
            ck_assert_msg(has_row(op->name), "%s has no row", op->name);
    }
}
END_TEST

static void fill_pairs(void)
{
#define X(name, where, ...) fill(pairs_##name, where);
    BINARY(X)
#undef X
}

SUITE("edges", .before = fill_pairs,
      .tests = {
          {at_the_edge, 2 * COUNT(rows)},
          {products_with_one, 2 * COUNT(rows)},
          {steep_and_far_slopes},
          {masks_at_the_edge, COUNT(masks)},
          {none_is_left_out},
      })
