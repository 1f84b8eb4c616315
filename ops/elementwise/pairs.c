/* pairs.c - finds the loop that computes a pair of elementwise operations in one pass. */
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

#define PAIR_KERNEL(fn, pair, dtype)                                                               \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        (void)attrs;                                                                               \
        tgi_map_run(&tgi_kernels_get()->pairs[dtype][pair], n, yv, xv, s);                         \
    }
#define X(inner, outer, position, ...)                                                             \
    PAIR_KERNEL(inner##_##outer##_##position##_f32, TGI_PAIR_##inner##_##outer##_##position,       \
                TG_F32)                                                                            \
    PAIR_KERNEL(inner##_##outer##_##position##_f64, TGI_PAIR_##inner##_##outer##_##position, TG_F64)
TGI_EACH_PAIR(X)
#undef X

static const struct {
    int inner, outer, position;
    tg_map_fn map[2];
} pairs[TGI_PAIRS] = {
#define X(inner, outer, position, ...)                                                             \
    {TGI_MAP_##inner,                                                                              \
     TGI_MAP_##outer,                                                                              \
     position,                                                                                     \
     {inner##_##outer##_##position##_f32, inner##_##outer##_##position##_f64}},
    TGI_EACH_PAIR(X)
#undef X
};

/* The families with pairs, each in the order of its kernels. */
enum {
#define X(name, ...) +1
    UNARIES = 0 UNARY_ROWS(X),
    EXPONENTIALS = 0 EXPONENTIAL_ROWS(X),
    TRIGONOMETRY = 0 TRIGONOMETRY_ROWS(X),
    BINARIES = 0 BINARY_ROWS(X)
#undef X
};

static const struct {
    const tg_op *ops;
    int count, first;
} families[] = {{tgi_unary_ops, UNARIES, 0},
                {tgi_exponential_ops, EXPONENTIALS, UNARIES},
                {tgi_binary_ops, BINARIES, UNARIES + EXPONENTIALS + TRIGONOMETRY}};

/* The kernel number of op, or -1 if op is not in one of these families. */
static int kernel_of(const tg_op *op)
{
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        const uintptr_t at = (uintptr_t)op - (uintptr_t)families[f].ops;
        if (at < (size_t)families[f].count * sizeof *op)
            return families[f].first + (int)(at / sizeof *op);
    }
    return -1;
}

tg_map_fn tgi_map_pair(const tg_op *op, const tg_op *inner, int position, tg_dtype dtype)
{
    if (dtype > TG_F64 || position < 0 || position >= op->max_inputs) return NULL;
    const int a = kernel_of(inner), b = kernel_of(op);
    const bool either = b == TGI_MAP_add || b == TGI_MAP_mul;
    for (int i = 0; i < TGI_PAIRS && a >= 0 && b >= 0; i++)
        if ((pairs[i].position == position || either) && pairs[i].inner == a && pairs[i].outer == b)
            return pairs[i].map[dtype];
    return NULL;
}
