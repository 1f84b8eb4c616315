/* compare.c - comparisons, logical operations, and tests for NaN and Inf. The results are u8 masks
 * of 0 and 1. */
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

#define X(name, formula, ...)                                                                      \
    TGI_MAP_KERNEL(name##_f32, name, TG_F32)                                                       \
    TGI_MAP_KERNEL(name##_f64, name, TG_F64)                                                       \
    TGI_MAP2(name##_i32, int32_t, uint8_t, formula)                                                \
    TGI_MAP2(name##_u8, uint8_t, uint8_t, formula)
COMPARE_ROWS(X)
#undef X

#define X(name, formula, integer, ...)                                                             \
    TGI_MAP_KERNEL(name##_f32, name, TG_F32)                                                       \
    TGI_MAP_KERNEL(name##_f64, name, TG_F64)                                                       \
    TGI_MAP1(name##_i32, int32_t, uint8_t, integer)                                                \
    TGI_MAP1(name##_u8, uint8_t, uint8_t, integer)
TEST_ROWS(X)
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
    COMPARE_ROWS(X)
#undef X
#define X(name, formula, integer, text) ROW(name, text, 1, test_samples)
        TEST_ROWS(X)
#undef X
};
TGI_FAMILY_COUNT(compare);

enum {
#define X(name, ...) AT_##name,
    COMPARE_ROWS(X) TEST_ROWS(X)
#undef X
};

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *a, tg_tensor *b)                                   \
    {                                                                                              \
        return tg_record(t, &tgi_compare_ops[AT_##name], (tg_tensor *[]){a, b}, 2, NULL);          \
    }
COMPARE_ROWS(X)
#undef X

#define X(name, ...)                                                                               \
    tg_tensor *tg_##name(tg_tape *t, tg_tensor *x)                                                 \
    {                                                                                              \
        return tg_record(t, &tgi_compare_ops[AT_##name], &x, 1, NULL);                             \
    }
TEST_ROWS(X)
#undef X
