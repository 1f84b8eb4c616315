/* pairs.c - finds the loop of a pair of elementwise operations. */
#include "graph/pairs.h"

#include <string.h>

#include "ops/elementwise.h"

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
    const char *inner, *outer;
    int position;
    tg_map_fn map[2];
} pairs[TGI_PAIRS] = {
#define X(inner, outer, position, ...)                                                             \
    {#inner,                                                                                       \
     #outer,                                                                                       \
     position,                                                                                     \
     {inner##_##outer##_##position##_f32, inner##_##outer##_##position##_f64}},
    TGI_EACH_PAIR(X)
#undef X
};

static bool is(const tg_op *op, const char *name)
{
    return strcmp(op->name, name) == 0 && tg_op_find(name) == op;
}

tg_map_fn tgi_map_pair(const tg_op *inner, const tg_op *outer, int position, tg_dtype dtype)
{
    if (dtype > TG_F64 || position < 0 || position >= outer->max_inputs) return NULL;
    const bool either = is(outer, "add") || is(outer, "mul") || is(outer, "zmul");
    for (int i = 0; i < TGI_PAIRS; i++)
        if ((pairs[i].position == position || either) && is(inner, pairs[i].inner) &&
            is(outer, pairs[i].outer))
            return pairs[i].map[dtype];
    return NULL;
}
