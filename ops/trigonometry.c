/* trigonometry.c - circular functions and their inverses; angles in radians. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/families.h"

#define FAMILY trigonometry
#define UNARY(X)                                                                                   \
    X(sin, F(sin)(x), NULL, tg_mul(t, dy, tg_cos(t, x)), "", "sin x", "dy cos x")                  \
    X(cos, F(cos)(x), NULL, tg_neg(t, tg_mul(t, dy, tg_sin(t, x))), "", "cos x", "-dy sin x")      \
    X(tan, F(tan)(x), NULL, tg_mul(t, dy, one_plus_square(t, y)), ":-1..1", "tan x",               \
      "dy (1 + y^2)")                                                                              \
    X(asin, F(asin)(x), NULL, tg_mul(t, dy, tg_rsqrt(t, one_minus_square(t, x))), ":-0.8..0.8",    \
      "asin x", "dy / sqrt(1 - x^2)")                                                              \
    X(acos, F(acos)(x), NULL, tg_neg(t, tg_mul(t, dy, tg_rsqrt(t, one_minus_square(t, x)))),       \
      ":-0.8..0.8", "acos x", "-dy / sqrt(1 - x^2)")                                               \
    X(atan, F(atan)(x), NULL, tg_div(t, dy, one_plus_square(t, x)), "", "atan x", "dy / (1 + x^2)")

static tg_tensor *one_plus_square(tg_tape *t, tg_tensor *x)
{
    return tg_add(t, tg_scalar(t, 1), tg_square(t, x));
}

static tg_tensor *one_minus_square(tg_tape *t, tg_tensor *x)
{
    return tg_sub(t, tg_scalar(t, 1), tg_square(t, x));
}

#include "ops/unary.inc"
