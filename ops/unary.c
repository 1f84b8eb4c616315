/* unary.c - elementwise operations of one operand, one row each: loop, derivative, domain. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/families.h"

/* e^-|x| cannot overflow, and serves both sides. */
#define SIGMOID(e) ((x >= 0 ? (T)1 : (e)) / ((T)1 + (e)))

/* X(name, formula of x in type T, f(F) picks the float or double function of libm, loop for i32 or
 *   NULL, derivative by x, y and dy, range of the samples, formula and derivative as text) */
#define UNARY(X)                                                                                   \
    X(neg, -x, neg_i32, tg_neg(t, dy), "", "-x", "-dy")                                            \
    X(abs, F(fabs)(x), abs_i32, tg_mul(t, dy, tg_sign(t, x)), ":~0.2..2", "|x|", "dy sign(x)")     \
    X(sign, x > 0 ? 1 : x < 0 ? -1 : x * 0, NULL, NULL, ":~0.2..2", "-1, 0 or 1", "0")             \
    X(exp, F(exp)(x), NULL, tg_mul(t, dy, y), "", "e^x", "dy y")                                   \
    X(log, F(log)(x), NULL, tg_div(t, dy, x), ":0.3..3", "ln x", "dy / x")                         \
    X(sqrt, F(sqrt)(x), NULL, tg_div(t, dy, times(t, 2, y)), ":0.3..3", "sqrt(x)", "dy / (2 y)")   \
    X(square, x *x, square_i32, tg_mul(t, dy, times(t, 2, x)), "", "x^2", "2 x dy")                \
    X(tanh, F(tanh)(x), NULL, tg_mul(t, dy, one_minus(t, tg_square(t, y))), "", "tanh x",          \
      "dy (1 - y^2)")                                                                              \
    X(sigmoid, SIGMOID(F(exp)(-F(fabs)(x))), NULL, tg_mul(t, dy, tg_mul(t, y, one_minus(t, y))),   \
      "", "1 / (1 + e^-x)", "dy y (1 - y)")                                                        \
    X(softplus, F(log1p)(F(exp)(-F(fabs)(x))) + (x > 0 ? x : 0), NULL,                             \
      tg_mul(t, dy, tg_sigmoid(t, x)), "", "ln(1 + e^x)", "dy sigmoid(x)")                         \
    X(relu, !(x <= 0) ? x : 0, NULL, tg_where(t, positive(t, x), dy, zero(t)), ":~0.2..2",         \
      "max(x, 0)", "dy where x > 0, else 0")

static tg_tensor *zero(tg_tape *t) { return tg_scalar(t, 0); }

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *one_minus(tg_tape *t, tg_tensor *x) { return tg_sub(t, tg_scalar(t, 1), x); }

/* The slope is constant on either side of the kink, so its own derivative is 0. */
static tg_tensor *positive(tg_tape *t, tg_tensor *x)
{
    return tg_stop_gradient(t, tg_greater(t, x, zero(t)));
}

#define F(name) name##f
#define T float
#define X(name, formula, ...) TGI_MAP1(name##_f32, T, T, formula)
UNARY(X)
#undef X
#undef T
#undef F

#define F(name) name
#define T double
#define X(name, formula, ...) TGI_MAP1(name##_f64, T, T, formula)
UNARY(X)
#undef X
#undef T
#undef F

/* Unsigned arithmetic wraps around. */
TGI_MAP1(neg_i32, int32_t, int32_t, 0u - (uint32_t)x)
TGI_MAP1(abs_i32, int32_t, int32_t, x < 0 ? 0u - (uint32_t)x : (uint32_t)x)
TGI_MAP1(square_i32, int32_t, int32_t, (uint32_t)x *(uint32_t)x)

#define X(name, formula, i32, derivative, ...)                                                     \
    static tg_tensor *name##_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)               \
    {                                                                                              \
        tg_tensor *x = n->inputs[0], *y = n->output;                                               \
        (void)t, (void)i, (void)x, (void)y, (void)dy;                                              \
        return derivative;                                                                         \
    }
UNARY(X)
#undef X

#define X(name, formula, i32, derivative, range, ...)                                              \
    static const tg_sample name##_samples[] = {                                                    \
        {"f[2,3]" range, NULL}, {"f[]" range, NULL}, {"f[0,3]" range, NULL}, {NULL, NULL}};
UNARY(X)
#undef X

const tg_op tgi_unary_ops[] = {
#define X(opname, formula_, i32, derivative_, range, text, derivative_text)                        \
    {.name = #opname,                                                                              \
     .formula = text,                                                                              \
     .derivative = derivative_text,                                                                \
     .min_inputs = 1,                                                                              \
     .max_inputs = 1,                                                                              \
     .infer = tg_infer_elementwise,                                                                \
     .map = {[TG_F32] = opname##_f32, [TG_F64] = opname##_f64, [TG_I32] = i32},                    \
     .forward = tg_forward_elementwise,                                                            \
     .vjp = opname##_vjp,                                                                          \
     .samples = opname##_samples},
    UNARY(X)
#undef X
};
TGI_FAMILY_COUNT(unary);

enum {
#define X(name, ...) AT_##name,
    UNARY(X)
#undef X
};

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *x)                                                 \
    {                                                                                              \
        return tg_record(t, &tgi_unary_ops[AT_##name], &x, 1, NULL);                               \
    }
UNARY(X)
#undef X
