/* exponential.c - exponentials, logarithms, the S-shaped functions and the error function. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/families.h"

#define LN2 0.69314718055994530942
#define TWO_OVER_SQRT_PI 1.12837916709551257390

/* e^-|x| cannot overflow, and serves both sides. */
#define SIGMOID(e) ((x >= 0 ? (T)1 : (e)) / ((T)1 + (e)))

#define FAMILY exponential
#define UNARY(X)                                                                                   \
    X(exp, F(exp)(x), NULL, tg_mul(t, dy, y), "", "e^x", "dy y")                                   \
    X(exp2, F(exp2)(x), NULL, tg_mul(t, dy, times(t, LN2, y)), "", "2^x", "dy y ln 2")             \
    X(expm1, F(expm1)(x), NULL, tg_mul(t, dy, tg_add(t, y, tg_scalar(t, 1))), "", "e^x - 1",       \
      "dy (y + 1)")                                                                                \
    X(log, F(log)(x), NULL, tg_div(t, dy, x), ":0.3..3", "ln x", "dy / x")                         \
    X(log2, F(log2)(x), NULL, tg_div(t, dy, times(t, LN2, x)), ":0.3..3", "log2 x",                \
      "dy / (x ln 2)")                                                                             \
    X(log1p, F(log1p)(x), NULL, tg_div(t, dy, tg_add(t, x, tg_scalar(t, 1))), ":-0.5..2",          \
      "ln(1 + x)", "dy / (1 + x)")                                                                 \
    X(sinh, F(sinh)(x), NULL, tg_mul(t, dy, tg_cosh(t, x)), "", "sinh x", "dy cosh x")             \
    X(cosh, F(cosh)(x), NULL, tg_mul(t, dy, tg_sinh(t, x)), "", "cosh x", "dy sinh x")             \
    X(tanh, F(tanh)(x), NULL, tg_mul(t, dy, one_minus(t, tg_square(t, y))), "", "tanh x",          \
      "dy (1 - y^2)")                                                                              \
    X(sigmoid, SIGMOID(F(exp)(-F(fabs)(x))), NULL, tg_mul(t, dy, tg_mul(t, y, one_minus(t, y))),   \
      "", "1 / (1 + e^-x)", "dy y (1 - y)")                                                        \
    X(log_sigmoid, (x < 0 ? x : 0) - F(log1p)(F(exp)(-F(fabs)(x))), NULL,                          \
      tg_mul(t, dy, tg_sigmoid(t, tg_neg(t, x))), "", "-ln(1 + e^-x)", "dy sigmoid(-x)")           \
    X(softplus, F(log1p)(F(exp)(-F(fabs)(x))) + (x > 0 ? x : 0), NULL,                             \
      tg_mul(t, dy, tg_sigmoid(t, x)), "", "ln(1 + e^x)", "dy sigmoid(x)")                         \
    X(erf, F(erf)(x), NULL, tg_mul(t, dy, bell(t, TWO_OVER_SQRT_PI, x)), "",                       \
      "2/sqrt(pi) integral of e^-u^2 from 0 to x", "dy 2/sqrt(pi) e^-x^2")                         \
    X(erfc, F(erfc)(x), NULL, tg_mul(t, dy, bell(t, -TWO_OVER_SQRT_PI, x)), "", "1 - erf x",       \
      "-dy 2/sqrt(pi) e^-x^2")

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *one_minus(tg_tape *t, tg_tensor *x) { return tg_sub(t, tg_scalar(t, 1), x); }

/* c e^-x^2 */
static tg_tensor *bell(tg_tape *t, double c, tg_tensor *x)
{
    return times(t, c, tg_exp(t, tg_neg(t, tg_square(t, x))));
}

#include "ops/unary.inc"
