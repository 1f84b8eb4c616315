/* unary.c - arithmetic of one operand, roundings and the rectifier. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/families.h"

#define FAMILY unary
#define UNARY(X)                                                                                   \
    X(neg, -x, neg_i32, tg_neg(t, dy), "", "-x", "-dy")                                            \
    X(abs, F(fabs)(x), abs_i32, tg_mul(t, dy, tg_sign(t, x)), ":~0.2..2", "|x|", "dy sign(x)")     \
    X(sign, x > 0 ? 1 : x < 0 ? -1 : x * 0, NULL, NULL, ":~0.2..2", "-1, 0 or 1", "0")             \
    X(reciprocal, 1 / x, NULL, tg_neg(t, tg_mul(t, dy, tg_square(t, y))), ":~0.5..2", "1 / x",     \
      "-dy y^2")                                                                                   \
    X(square, x *x, square_i32, tg_mul(t, dy, times(t, 2, x)), "", "x^2", "2 x dy")                \
    X(sqrt, F(sqrt)(x), NULL, tg_div(t, dy, times(t, 2, y)), ":0.3..3", "sqrt(x)", "dy / (2 y)")   \
    X(rsqrt, 1 / F(sqrt)(x), NULL, tg_mul(t, dy, times(t, -0.5, tg_mul(t, y, tg_square(t, y)))),   \
      ":0.5..3", "1 / sqrt(x)", "-dy y^3 / 2")                                                     \
    X(cbrt, F(cbrt)(x), NULL, tg_div(t, dy, times(t, 3, tg_square(t, y))), ":~0.3..3",             \
      "cube root of x", "dy / (3 y^2)")                                                            \
    X(floor, F(floor)(x), NULL, NULL, ":0.1..0.9", "largest integer <= x", "0")                    \
    X(ceil, F(ceil)(x), NULL, NULL, ":0.1..0.9", "smallest integer >= x", "0")                     \
    X(round, F(rint)(x), NULL, NULL, ":0.6..1.4", "nearest integer, half to even", "0")            \
    X(trunc, F(trunc)(x), NULL, NULL, ":0.1..0.9", "x without its fraction", "0")                  \
    X(relu, !(x <= 0) ? x : 0, NULL, tg_where(t, positive(t, x), dy, tg_scalar(t, 0)), ":~0.2..2", \
      "max(x, 0)", "dy where x > 0, else 0")

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

/* The slope is constant on either side of the kink, so its own derivative is 0. */
static tg_tensor *positive(tg_tape *t, tg_tensor *x)
{
    return tg_stop_gradient(t, tg_greater(t, x, tg_scalar(t, 0)));
}

/* Unsigned arithmetic wraps around. */
TGI_MAP1(neg_i32, int32_t, int32_t, 0u - (uint32_t)x)
TGI_MAP1(abs_i32, int32_t, int32_t, x < 0 ? 0u - (uint32_t)x : (uint32_t)x)
TGI_MAP1(square_i32, int32_t, int32_t, (uint32_t)x *(uint32_t)x)

#include "ops/unary.inc"
