/* ops_elementwise.h - each element of y comes from the elements in its place. */
#ifndef TAPEGRAD_OPS_ELEMENTWISE_H
#define TAPEGRAD_OPS_ELEMENTWISE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one operand ---------------------------------------------------------------------------- */

/* f32 and f64; three also of i32, which wraps around. */
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

/* max(x, 0); NaN stays NaN; derivative 0 at 0 and at NaN. */
tg_tensor *tg_relu(tg_tape *t, tg_tensor *x);

/* NaN outside -1..1, and an infinite derivative at the ends. */
tg_tensor *tg_asin(tg_tape *t, tg_tensor *x);
tg_tensor *tg_acos(tg_tape *t, tg_tensor *x);

/* To i32 or u8: truncates toward 0, clamps to the range, also Inf; NaN gives 0; no derivative.  To
 * f32: beyond its range Inf. */
tg_tensor *tg_cast(tg_tape *t, tg_tensor *x, tg_dtype dtype);

/* x, with derivative 0. */
tg_tensor *tg_stop_gradient(tg_tape *t, tg_tensor *x);

/* Writes value into leaf, of the same shape and dtype, and returns value. */
tg_tensor *tg_assign(tg_tape *t, tg_tensor *leaf, tg_tensor *value);

/* ---- two operands --------------------------------------------------------------------------- */

/* f32, f64 and i32, which wraps around; div: no i32. */
tg_tensor *tg_add(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_sub(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_mul(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_div(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* f32, f64, i32.  NaN if either is; at a tie a takes the whole gradient (in PyTorch each takes
 * half). */
tg_tensor *tg_maximum(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_minimum(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* a^b, floats; 1 where b is 0 or a is 1, also with NaN.  As in PyTorch the derivative by a is 0
 * where b is 0, that by b where a is 0 and b >= 0, and NaN where a < 0. */
tg_tensor *tg_pow(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* The sign is that of a; floats; derivatives 1 and -trunc(a / b), also at its jumps. */
tg_tensor *tg_fmod(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* The angle of the point (b, a); floats; derivative NaN at the origin. */
tg_tensor *tg_atan2(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ln(e^a + e^b) without overflow; floats.  Two equal infinities give it again, with derivative 1/2
 * each. */
tg_tensor *tg_logaddexp(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* ---- masks ---------------------------------------------------------------------------------- */

/* u8 of 0 and 1, of any dtype; false where either is NaN, but for not_equal, which is true; no
 * derivative. */
tg_tensor *tg_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_not_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_less(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_less_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_greater(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_greater_equal(tg_tape *t, tg_tensor *a, tg_tensor *b);

/* u8 of 0 and 1, of any dtype: 0 is false, NaN is true; no derivative. */
tg_tensor *tg_logical_and(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_or(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_xor(tg_tape *t, tg_tensor *a, tg_tensor *b);
tg_tensor *tg_logical_not(tg_tape *t, tg_tensor *x);

/* u8 of 0 and 1, of any dtype; no derivative. */
tg_tensor *tg_isnan(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isinf(tg_tape *t, tg_tensor *x);
tg_tensor *tg_isfinite(tg_tape *t, tg_tensor *x);

/* ---- choice --------------------------------------------------------------------------------- */

/* condition (u8) ? a : b, elementwise, any dtype.  The side not chosen never contributes,
 * not even a NaN, to the value or, through elementwise operations, reductions and scans, to the
 * gradient of any order: the derivative of where(x > 0, sqrt(x), x) is right on both sides of 0. */
tg_tensor *tg_where(tg_tape *t, tg_tensor *condition, tg_tensor *a, tg_tensor *b);

/* Composition: min(max(x, lo), hi), derivative 1 at the bounds; NaN stays NaN. */
tg_tensor *tg_clamp(tg_tape *t, tg_tensor *x, double lo, double hi);

/* Composition: value where mask, whatever x holds there, and x elsewhere. */
tg_tensor *tg_masked_fill(tg_tape *t, tg_tensor *x, tg_tensor *mask, double value);

#ifdef __cplusplus
}
#endif
#endif
