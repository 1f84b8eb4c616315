/* binary.c - arithmetic of two operands. */
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

static tg_tensor *chosen(tg_tape *t, tg_tensor *condition, tg_tensor *yes, tg_tensor *no)
{
    return tg_where(t, condition, yes ? yes : tg_scalar(t, 0), no ? no : tg_scalar(t, 0));
}

/* The mask a < b. It is constant except at the kink, so its derivative is 0. */
static tg_tensor *below(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    return tg_stop_gradient(t, tg_less(t, a, b));
}

/* g summed to the shape of x if x was broadcast, so that what follows works on fewer elements. */
static tg_tensor *summed(tg_tape *t, tg_tensor *g, const tg_tensor *x)
{
    return g && !tg_tensor_same_shape(g, x) ? tg_sum_to(t, g, x->ndim, x->shape) : g;
}

/* trunc(a / b), computed from the remainder y, because a / b may round up to the next whole
 * number. */
static tg_tensor *quotient(tg_tape *t, tg_tensor *a, tg_tensor *b, tg_tensor *y)
{
    return tg_round(t, tg_div(t, tg_sub(t, a, y), b));
}

/* a / (a^2 + b^2), or b / (a^2 + b^2), such that no square overflows or underflows. With L the
 * larger and S the smaller of a and b, and r = S / L, they are 1 / (L (1 + r^2)) and r times
 * that. */
static tg_tensor *over_square(tg_tape *t, bool of_a, tg_tensor *a, tg_tensor *b)
{
    tg_tensor *steep = below(t, tg_abs(t, b), tg_abs(t, a));
    tg_tensor *large = tg_where(t, steep, a, b), *r = tg_div(t, tg_where(t, steep, b, a), large);
    tg_tensor *sum = tg_add(t, tg_square(t, r), tg_scalar(t, 1));
    tg_tensor *one = tg_reciprocal(t, tg_mul(t, large, sum)), *other = tg_zmul(t, r, one);
    return tg_where(t, steep, of_a ? one : other, of_a ? other : one);
}

/* sigmoid(a - b), the share of e^a in e^a + e^b; equal infinities share alike. */
static tg_tensor *share(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    tg_tensor *alike = tg_logical_and(t, tg_isinf(t, a), tg_equal(t, a, b));
    return tg_sigmoid(t, tg_where(t, alike, tg_scalar(t, 0), tg_sub(t, a, b)));
}

#define X(name, ...)                                                                               \
    TGI_MAP_KERNEL(name##_f32, name, TG_F32)                                                       \
    TGI_MAP_KERNEL(name##_f64, name, TG_F64)
BINARY_ROWS(X)
X(pow, )
#undef X

/* Unsigned arithmetic wraps around, where signed overflow would be undefined. */
TGI_MAP2(add_i32, int32_t, int32_t, (uint32_t)a + (uint32_t)b)
TGI_MAP2(sub_i32, int32_t, int32_t, (uint32_t)a - (uint32_t)b)
TGI_MAP2(mul_i32, int32_t, int32_t, (uint32_t)a *(uint32_t)b)
TGI_MAP2(maximum_i32, int32_t, int32_t, a < b ? b : a)
TGI_MAP2(minimum_i32, int32_t, int32_t, a > b ? b : a)

#define X(name, formula, i32, range, text, da, da_text, db, ...)                                   \
    static tg_tensor *name##_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)               \
    {                                                                                              \
        tg_tensor *a = n->inputs[0], *b = n->inputs[1], *y = n->output;                            \
        (void)t, (void)a, (void)b, (void)y;                                                        \
        return i == 0 ? da : db;                                                                   \
    }
BINARY_ROWS(X)
#undef X

/* ---- pow ------------------------------------------------------------------------------------ */

/* The derivative of a^b by a is b a^(b-1), and 0 where b is 0. By b it is a^b ln a, and 0 where a
 * is 0 and b >= 0. */
static tg_tensor *pow_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *a = n->inputs[0], *b = n->inputs[1];
    if (i == 0) {
        tg_tensor *power = tg_pow(t, a, tg_sub(t, b, tg_scalar(t, 1)));
        return tg_zzmul(t, dy, tg_zzmul(t, b, power));
    }
    tg_tensor *zero = tg_scalar(t, 0), *one = tg_scalar(t, 1);
    tg_tensor *none = tg_logical_and(t, tg_equal(t, a, zero), tg_greater_equal(t, b, zero));
    tg_tensor *log_a = tg_log(t, tg_where(t, tg_stop_gradient(t, none), one, a));
    return tg_zzmul(t, dy, tg_zzmul(t, n->output, log_a));
}

static const tg_sample pow_samples[] = {{"f[2,3]:0.5..2 f[2,3]", NULL},
                                        {"f[2,3]:0.5..2 f[3]", NULL},
                                        {"f[]:0.5..2 f[2]", NULL},
                                        {"f[0,3]:0.5..2 f[]", NULL},
                                        {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

#define X(name, formula, i32, range, ...)                                                          \
    static const tg_sample name##_samples[] = {{"f[2,3] f[2,3]" range, NULL},                      \
                                               {"f[2,3] f[3]" range, NULL},                        \
                                               {"f[3,1] f[2,1,4]" range, NULL},                    \
                                               {"f[] f[2]" range, NULL},                           \
                                               {"f[] f[]" range, NULL},                            \
                                               {"f[0,3] f[1,3]" range, NULL},                      \
                                               {NULL, NULL}};
BINARY_ROWS(X)
#undef X

#define PLAIN .flags = 0
#define NORMAL .flags = TG_OP_NORMAL
#define NEUTRAL(a, b) .flags = TG_OP_NORMAL, .neutral = {a, b}
#define NONE {0}
#define IS(x) {true, x}

const tg_op tgi_binary_ops[] = {
#define X(opname, formula_, i32, range, text, da, da_text, db, db_text, traits)                    \
    {.name = #opname,                                                                              \
     .formula = text,                                                                              \
     .derivative = da_text ", " db_text,                                                           \
     .min_inputs = 2,                                                                              \
     .max_inputs = 2,                                                                              \
     .infer = tg_infer_elementwise,                                                                \
     .map = {[TG_F32] = opname##_f32, [TG_F64] = opname##_f64, [TG_I32] = i32},                    \
     .forward = tg_forward_elementwise,                                                            \
     .vjp = opname##_vjp,                                                                          \
     .samples = opname##_samples,                                                                  \
     .pair = tgi_map_pair,                                                                         \
     traits},
    BINARY_ROWS(X)
#undef X
        {.name = "pow",
         .formula = "a^b",
         .derivative = "dy b a^(b-1), dy y ln a",
         .min_inputs = 2,
         .max_inputs = 2,
         .infer = tg_infer_elementwise,
         .map = {[TG_F32] = pow_f32, [TG_F64] = pow_f64},
         .forward = tg_forward_elementwise,
         .vjp = pow_vjp,
         .samples = pow_samples},
};
TGI_FAMILY_COUNT(binary);

enum {
#define X(name, ...) AT_##name,
    BINARY_ROWS(X)
#undef X
        AT_pow
};

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *a, tg_tensor *b)                                   \
    {                                                                                              \
        return tg_record(t, &tgi_binary_ops[AT_##name], (tg_tensor *[]){a, b}, 2, NULL);           \
    }
BINARY_ROWS(X)
X(pow, )
#undef X
