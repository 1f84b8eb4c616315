/* compare.c - comparisons, logic and tests of single values: u8 masks of 0 and 1. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/families.h"

/* X(name, formula of a and b, as text) */
#define COMPARE(X)                                                                                 \
    X(equal, a == b, "a == b")                                                                     \
    X(not_equal, a != b, "a != b")                                                                 \
    X(less, a < b, "a < b")                                                                        \
    X(less_equal, a <= b, "a <= b")                                                                \
    X(greater, a > b, "a > b")                                                                     \
    X(greater_equal, a >= b, "a >= b")                                                             \
    X(logical_and, a != 0 && b != 0, "a and b, where 0 is false")                                  \
    X(logical_or, a != 0 || b != 0, "a or b, where 0 is false")                                    \
    X(logical_xor, (a != 0) != (b != 0), "either a or b, where 0 is false")

/* X(name, formula of x for floats, for integers, as text) */
#define TEST(X)                                                                                    \
    X(logical_not, x == 0, x == 0, "x == 0")                                                       \
    X(isnan, x != x, 0 * x, "x is NaN")                                                            \
    X(isinf, isinf(x) != 0, 0 * x, "x is Inf or -Inf")                                             \
    X(isfinite, isfinite(x) != 0, 1 + 0 * x, "x is neither NaN nor Inf nor -Inf")

#define X(name, formula, ...)                                                                      \
    TGI_MAP2(name##_f32, float, uint8_t, formula)                                                  \
    TGI_MAP2(name##_f64, double, uint8_t, formula)                                                 \
    TGI_MAP2(name##_i32, int32_t, uint8_t, formula)                                                \
    TGI_MAP2(name##_u8, uint8_t, uint8_t, formula)
COMPARE(X)
#undef X

#define X(name, formula, integer, ...)                                                             \
    TGI_MAP1(name##_f32, float, uint8_t, formula)                                                  \
    TGI_MAP1(name##_f64, double, uint8_t, formula)                                                 \
    TGI_MAP1(name##_i32, int32_t, uint8_t, integer)                                                \
    TGI_MAP1(name##_u8, uint8_t, uint8_t, integer)
TEST(X)
#undef X

static const tg_sample compare_samples[] = {{"f[2,3] f[3]", NULL},
                                            {"i[4] i[4]", NULL},
                                            {"b[4] b[]", NULL},
                                            {"f[0] f[1]", NULL},
                                            {NULL, NULL}};
static const tg_sample test_samples[] = {
    {"f[2,3]", NULL}, {"i[4]", NULL}, {"b[]", NULL}, {"f[0]", NULL}, {NULL, NULL}};

#define ROW(opname, text, operands, its_samples)                                                   \
    {.name = #opname,                                                                              \
     .formula = text,                                                                              \
     .min_inputs = operands,                                                                       \
     .max_inputs = operands,                                                                       \
     .flags = TG_OP_MASK,                                                                          \
     .infer = tg_infer_elementwise,                                                                \
     .map = {opname##_f32, opname##_f64, opname##_i32, opname##_u8},                               \
     .forward = tg_forward_elementwise,                                                            \
     .samples = its_samples},

const tg_op tgi_compare_ops[] = {
#define X(name, formula, text) ROW(name, text, 2, compare_samples)
    COMPARE(X)
#undef X
#define X(name, formula, integer, text) ROW(name, text, 1, test_samples)
        TEST(X)
#undef X
};
TGI_FAMILY_COUNT(compare);

enum {
#define X(name, ...) AT_##name,
    COMPARE(X) TEST(X)
#undef X
};

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *a, tg_tensor *b)                                   \
    {                                                                                              \
        return tg_record(t, &tgi_compare_ops[AT_##name], (tg_tensor *[]){a, b}, 2, NULL);          \
    }
COMPARE(X)
#undef X

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *x)                                                 \
    {                                                                                              \
        return tg_record(t, &tgi_compare_ops[AT_##name], &x, 1, NULL);                             \
    }
TEST(X)
#undef X
