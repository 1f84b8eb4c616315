/* ops_elementwise.h - operations that compute each element of the result from the elements of the
 * operands at the same position. */
#ifndef TAPEGRAD_OPS_ELEMENTWISE_H
#define TAPEGRAD_OPS_ELEMENTWISE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one operand ---------------------------------------------------------------------------- */

/* f32 and f64. Those marked "also i32" wrap around. */
/* clang-format off */
tg_tensor *tg_neg(tg_tape *t, tg_tensor *x);         /* -x; also i32 */
tg_tensor *tg_abs(tg_tape *t, tg_tensor *x);         /* |x|; derivative 0 at 0; also i32 */
tg_tensor *tg_sign(tg_tape *t, tg_tensor *x);        /* -1, 0 or 1; NaN stays NaN; derivative 0 */
tg_tensor *tg_reciprocal(tg_tape *t, tg_tensor *x);  /* 1 / x */
tg_tensor *tg_square(tg_tape *t, tg_tensor *x);      /* x^2; also i32 */
tg_tensor *tg_sqrt(tg_tape *t, tg_tensor *x);        /* NaN below 0; derivative +-Inf at +-0 */
tg_tensor *tg_rsqrt(tg_tape *t, tg_tensor *x);       /* 1 / sqrt(x) */
tg_tensor *tg_cbrt(tg_tape *t, tg_tensor *x);        /* cube root; derivative Inf at 0 */
tg_tensor *tg_floor(tg_tape *t, tg_tensor *x);       /* derivative 0 */
tg_tensor *tg_ceil(tg_tape *t, tg_tensor *x);        /* derivative 0 */
tg_tensor *tg_round(tg_tape *t, tg_tensor *x);       /* half to even, as in NumPy; derivative 0 */
tg_tensor *tg_trunc(tg_tape *t, tg_tensor *x);       /* towards 0; derivative 0 */
tg_tensor *tg_exp(tg_tape *t, tg_tensor *x);         /* e^x */
tg_tensor *tg_exp2(tg_tape *t, tg_tensor *x);        /* 2^x */
tg_tensor *tg_expm1(tg_tape *t, tg_tensor *x);       /* e^x - 1, exact near 0 */
tg_tensor *tg_log(tg_tape *t, tg_tensor *x);         /* ln x; -Inf at 0, NaN below */
tg_tensor *tg_log2(tg_tape *t, tg_tensor *x);        /* to base 2; -Inf at 0, NaN below */
tg_tensor *tg_log1p(tg_tape *t, tg_tensor *x);       /* ln(1 + x), exact near 0; -Inf at -1 */
tg_tensor *tg_sinh(tg_tape *t, tg_tensor *x);        /* (e^x - e^-x) / 2 */
tg_tensor *tg_cosh(tg_tape *t, tg_tensor *x);        /* (e^x + e^-x) / 2 */
tg_tensor *tg_tanh(tg_tape *t, tg_tensor *x);        /* never overflows */
tg_tensor *tg_sigmoid(tg_tape *t, tg_tensor *x);     /* 1 / (1 + e^-x), never overflows */
tg_tensor *tg_log_sigmoid(tg_tape *t, tg_tensor *x); /* -ln(1 + e^-x), never overflows */
tg_tensor *tg_softplus(tg_tape *t, tg_tensor *x);    /* ln(1 + e^x), never overflows */
tg_tensor *tg_erf(tg_tape *t, tg_tensor *x);         /* 2/sqrt(pi) integral of e^-u^2, 0 to x */
tg_tensor *tg_erfc(tg_tape *t, tg_tensor *x);        /* 1 - erf(x), exact for large x */
tg_tensor *tg_sin(tg_tape *t, tg_tensor *x);         /* x in radians */
tg_tensor *tg_cos(tg_tape *t, tg_tensor *x);         /* x in radians */
tg_tensor *tg_tan(tg_tape *t, tg_tensor *x);         /* x in radians */
tg_tensor *tg_atan(tg_tape *t, tg_tensor *x);        /* -pi/2 .. pi/2 */
/* clang-format on */

/* max(x, 0). NaN stays NaN. The derivative at 0 and at NaN is 0. */
tg_tensor *tg_relu(tg_tape *t, tg_tensor *x);

/* NaN outside -1..1. The derivative is infinite at -1 and 1. */
tg_tensor *tg_asin(tg_tape *t, tg_tensor *x);
tg_tensor *tg_acos(tg_tape *t, tg_tensor *x);

/* Converts x to dtype. To i32 or u8 it truncates towards 0 and clamps to the range, Inf included;
 * NaN becomes 0, and there is no derivative. To f32, numbers beyond its range become Inf. */
tg_tensor *tg_cast(tg_tape *t, tg_tensor *x, tg_dtype dtype);

/* x, but with derivative 0. */
tg_tensor *tg_stop_gradient(tg_tape *t, tg_tensor *x);

/* Writes value into leaf, which has the same shape and dtype, and returns value. */
tg_tensor *tg_assign(tg_tape *t, tg_tensor *leaf, tg_tensor *value);

/* ---- two operands --------------------------------------------------------------------------- */

/* f32, f64 and, except for div, i32, which wraps around. */
tg_tensor *tg_add(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_sub(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_mul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_div(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* f32, f64 and i32. NaN if either operand is NaN. If both are equal, a gets the whole gradient
 * (in PyTorch each gets half). */
tg_tensor *tg_maximum(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_minimum(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a^b, for floats. It is 1 where b is 0 or a is 1, even if the other is NaN. As in PyTorch, the
 * derivative with respect to a is 0 where b is 0, and the derivative with respect to b is 0 where a
 * is 0 and b >= 0, and NaN where a < 0. */
tg_tensor *tg_pow(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a - b trunc(a / b), with the sign of a, for floats. The derivatives are 1 and -trunc(a / b),
 * even where the result jumps. */
tg_tensor *tg_fmod(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* The angle of the point (b, a), for floats. The derivative is NaN at the origin. */
tg_tensor *tg_atan2(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ln(e^a + e^b) without overflow, for floats. Two equal infinities give the same infinity, and
 * each gets the derivative 1/2. */
tg_tensor *tg_logaddexp(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ---- masks ---------------------------------------------------------------------------------- */

/* Compare operands of any dtype and give u8: 1 for true, 0 for false. A comparison with NaN is
 * false, except not_equal, which is true. There is no derivative. */
tg_tensor *tg_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_not_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_less(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_less_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_greater(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_greater_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* Take any dtype, in which 0 is false and all else, NaN too, is true, and give u8: 1 for true, 0
 * for false. There is no derivative. */
tg_tensor *tg_logical_and(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_or(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_xor(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_not(tg_tape *t, tg_tensor *x);

/* Take any dtype and give u8: 1 for true, 0 for false. There is no derivative. */
tg_tensor *tg_isnan(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isinf(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isfinite(tg_tape *t, tg_tensor *x);

/* ---- choice --------------------------------------------------------------------------------- */

/* condition (u8) ? a : b, for any dtype. The operand that is not chosen contributes nothing, not
 * even a NaN, to the value. Nor does it to gradients of any order that pass through elementwise
 * operations, reductions and scans: the derivative of where(x > 0, sqrt(x), x) is right on both
 * sides of 0. */
tg_tensor *tg_where(tg_tape *t, tg_tensor *condition, tg_tensor *a, tg_tensor *b);

/* Composition: min(max(x, lo), hi), with derivative 1 at the bounds. NaN stays NaN. */
tg_tensor *tg_clamp(tg_tape *t, tg_tensor *x, double lo, double hi);

/* Composition: value where mask is not 0, even if x is NaN there, and x elsewhere. */
tg_tensor *tg_masked_fill(tg_tape *t, tg_tensor *x, tg_tensor *mask, double value);

#ifdef __cplusplus
}
#endif
#endif
