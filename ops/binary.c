/* binary.c - elementwise operations of two operands, comparisons, and the choice between two. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/families.h"

/* X(name, formula of a and b, loop for i32 or NULL, derivatives by a, b, y and dy, range of the
 *   second sample operand, formula and derivative as text) */
#define BINARY(X)                                                                                  \
    X(add, a + b, add_i32, dy, dy, "", "a + b", "dy, dy")                                          \
    X(sub, a - b, sub_i32, dy, tg_neg(t, dy), "", "a - b", "dy, -dy")                              \
    X(mul, a *b, mul_i32, tg_mul(t, dy, b), tg_mul(t, dy, a), "", "a b", "dy b, dy a")             \
    X(div, a / b, NULL, tg_div(t, dy, b), tg_neg(t, tg_mul(t, dy, tg_div(t, y, b))), ":~0.5..2",   \
      "a / b", "dy / b, -dy y / b")                                                                \
    X(maximum, !(a < b) && !(b != b) ? a : b, maximum_i32, chosen(t, smaller(t, a, b), NULL, dy),  \
      chosen(t, smaller(t, a, b), dy, NULL), "", "max(a, b)", "dy where a >= b, dy where a < b")

#define COMPARE(X)                                                                                 \
    X(equal, a == b, "a == b")                                                                     \
    X(not_equal, a != b, "a != b")                                                                 \
    X(less, a < b, "a < b")                                                                        \
    X(less_equal, a <= b, "a <= b")                                                                \
    X(greater, a > b, "a > b")                                                                     \
    X(greater_equal, a >= b, "a >= b")

/* a < b as a mask that is constant off the kink, so that its own derivative is 0. */
static tg_tensor *smaller(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    return tg_stop_gradient(t, tg_less(t, a, b));
}

/* condition ? yes : no, where NULL stands for 0. */
static tg_tensor *chosen(tg_tape *t, tg_tensor *condition, tg_tensor *yes, tg_tensor *no)
{
    return tg_where(t, condition, yes ? yes : tg_scalar(t, 0), no ? no : tg_scalar(t, 0));
}

#define X(name, formula, ...)                                                                      \
    TGI_MAP2(name##_f32, float, float, formula)                                                    \
    TGI_MAP2(name##_f64, double, double, formula)
BINARY(X)
#undef X

/* Unsigned arithmetic wraps around. */
TGI_MAP2(add_i32, int32_t, int32_t, (uint32_t)a + (uint32_t)b)
TGI_MAP2(sub_i32, int32_t, int32_t, (uint32_t)a - (uint32_t)b)
TGI_MAP2(mul_i32, int32_t, int32_t, (uint32_t)a *(uint32_t)b)
TGI_MAP2(maximum_i32, int32_t, int32_t, a < b ? b : a)

#define X(name, formula, ...)                                                                      \
    TGI_MAP2(name##_f32, float, uint8_t, formula)                                                  \
    TGI_MAP2(name##_f64, double, uint8_t, formula)                                                 \
    TGI_MAP2(name##_i32, int32_t, uint8_t, formula)                                                \
    TGI_MAP2(name##_u8, uint8_t, uint8_t, formula)
COMPARE(X)
#undef X

#define X(name, formula, i32, da, db, ...)                                                         \
    static tg_tensor *name##_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)               \
    {                                                                                              \
        tg_tensor *a = n->inputs[0], *b = n->inputs[1], *y = n->output;                            \
        (void)t, (void)a, (void)b, (void)y;                                                        \
        return i == 0 ? da : db;                                                                   \
    }
BINARY(X)
#undef X

/* ---- where ---------------------------------------------------------------------------------- */

#define WHERE(fn, T)                                                                               \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        T *y = yv;                                                                                 \
        const uint8_t *c = xv[0];                                                                  \
        const T *a = xv[1], *b = xv[2];                                                            \
        (void)attrs;                                                                               \
        if (s[0] == 1 && s[1] == 1 && s[2] == 1)                                                   \
            for (int64_t i = 0; i < n; i++) y[i] = c[i] ? a[i] : b[i];                             \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) y[i] = c[i * s[0]] ? a[i * s[1]] : b[i * s[2]];        \
    }
WHERE(where_f32, float)
WHERE(where_f64, double)
WHERE(where_i32, int32_t)
WHERE(where_u8, uint8_t)

static tg_status where_infer(tg_infer *c)
{
    char text[TG_DESCRIBE_SIZE];
    if (c->inputs[0]->dtype != TG_U8)
        return tg_fail(c->err, TG_EDTYPE, "where: the condition is %s, must be a u8 mask",
                       tg_tensor_describe(c->inputs[0], text, sizeof text));
    return tg_infer_elementwise(c);
}

static tg_tensor *where_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return chosen(t, n->inputs[0], i == 1 ? dy : NULL, i == 2 ? dy : NULL);
}

static const tg_sample where_samples[] = {{"b[2,3] f[2,3] f[2,3]", NULL},
                                          {"b[2,1] f[3] f[2,3]", NULL},
                                          {"b[] f[] f[]", NULL},
                                          {"b[0,3] f[0,3] f[3]", NULL},
                                          {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

#define X(name, formula, i32, da, db, range, ...)                                                  \
    static const tg_sample name##_samples[] = {{"f[2,3] f[2,3]" range, NULL},                      \
                                               {"f[2,3] f[3]" range, NULL},                        \
                                               {"f[3,1] f[2,1,4]" range, NULL},                    \
                                               {"f[] f[2]" range, NULL},                           \
                                               {"f[] f[]" range, NULL},                            \
                                               {"f[0,3] f[1,3]" range, NULL},                      \
                                               {NULL, NULL}};
BINARY(X)
#undef X

static const tg_sample compare_samples[] = {{"f[2,3] f[3]", NULL},
                                            {"i[4] i[4]", NULL},
                                            {"b[4] b[]", NULL},
                                            {"f[0] f[1]", NULL},
                                            {NULL, NULL}};

const tg_op tgi_binary_ops[] = {
#define X(opname, formula_, i32, da, db, range, text, derivative_text)                             \
    {.name = #opname,                                                                              \
     .formula = text,                                                                              \
     .derivative = derivative_text,                                                                \
     .min_inputs = 2,                                                                              \
     .max_inputs = 2,                                                                              \
     .infer = tg_infer_elementwise,                                                                \
     .map = {[TG_F32] = opname##_f32, [TG_F64] = opname##_f64, [TG_I32] = i32},                    \
     .forward = tg_forward_elementwise,                                                            \
     .vjp = opname##_vjp,                                                                          \
     .samples = opname##_samples},
    BINARY(X)
#undef X
#define X(opname, formula_, text)                                                                  \
    {.name = #opname,                                                                              \
     .formula = text,                                                                              \
     .min_inputs = 2,                                                                              \
     .max_inputs = 2,                                                                              \
     .flags = TG_OP_MASK,                                                                          \
     .infer = tg_infer_elementwise,                                                                \
     .map = {opname##_f32, opname##_f64, opname##_i32, opname##_u8},                               \
     .forward = tg_forward_elementwise,                                                            \
     .samples = compare_samples},
        COMPARE(X)
#undef X
            {.name = "where",
             .formula = "condition ? a : b",
             .derivative = "dy where condition, dy where not",
             .min_inputs = 3,
             .max_inputs = 3,
             .infer = where_infer,
             .map = {where_f32, where_f64, where_i32, where_u8},
             .forward = tg_forward_elementwise,
             .vjp = where_vjp,
             .samples = where_samples},
};
TGI_FAMILY_COUNT(binary);

enum {
#define X(name, ...) AT_##name,
    BINARY(X) COMPARE(X)
#undef X
        AT_where
};

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *a, tg_tensor *b)                                   \
    {                                                                                              \
        return tg_record(t, &tgi_binary_ops[AT_##name], (tg_tensor *[]){a, b}, 2, NULL);           \
    }
BINARY(X)
COMPARE(X)
#undef X

tg_tensor *tg_where(tg_tape *t, tg_tensor *condition, tg_tensor *a, tg_tensor *b)
{
    return tg_record(t, &tgi_binary_ops[AT_where], (tg_tensor *[]){condition, a, b}, 3, NULL);
}
