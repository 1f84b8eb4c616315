/* random.h - what the random operations share: their attributes, the loop over the words and the
 * door (internal). */
#ifndef TG_OPS_RANDOM_H
#define TG_OPS_RANDOM_H

#include "tapegrad/ops.h"

/* The state is that of the generator when the op was recorded; a to d and low, high are what the
 * operation's own attributes say. */
typedef struct tgi_random_attrs {
    uint64_t seed, stream, counter;
    double a, b, c, d;
    int64_t low, high;
    tg_dtype dtype;
    tg_ints shape;
} tgi_random_attrs;

/* The state, then the operation's own attributes, then the end of the list. */
#define TGI_RANDOM_STATE                                                                           \
    {"seed", TG_ATTR_U64, offsetof(tgi_random_attrs, seed), NULL},                                 \
        {"stream", TG_ATTR_U64, offsetof(tgi_random_attrs, stream), "0"},                          \
    {                                                                                              \
        "counter", TG_ATTR_U64, offsetof(tgi_random_attrs, counter), "0"                           \
    }
#define TGI_RANDOM_DEFS(...)                                                                       \
    {                                                                                              \
        TGI_RANDOM_STATE, {"dtype", TG_ATTR_DTYPE, offsetof(tgi_random_attrs, dtype), "f32"},      \
            {"shape", TG_ATTR_INTS, offsetof(tgi_random_attrs, shape), ""}, __VA_ARGS__,           \
        {                                                                                          \
            NULL, TG_ATTR_INT, 0, NULL                                                             \
        }                                                                                          \
    }

#define TGI_RANDOM_OP(opname, text, rule)                                                          \
    {                                                                                              \
        .name = #opname, .formula = text, .flags = TG_OP_RANDOM | TG_OP_ZERO_GRAD,                 \
        .attrs = opname##_defs, .attrs_size = sizeof(tgi_random_attrs), .infer = rule,             \
        .forward = opname##_forward, .samples = opname##_samples                                   \
    }

/* y[i] = formula of `word`, the i-th after the counter, two to a block. */
#define TGI_DRAW(T, formula)                                                                       \
    for (int64_t i = 0; i < n; i += 2) {                                                           \
        uint32_t w[4];                                                                             \
        tg_rng_block(r->seed, r->stream, r->counter + (uint64_t)i / 2, w);                         \
        for (int64_t k = 0; k < 2 && i + k < n; k++) {                                             \
            const uint64_t word = (uint64_t)w[2 * k + 1] << 32 | w[2 * k];                         \
            ((T *)y)[i + k] = (T)(formula);                                                        \
        }                                                                                          \
    }

/* Shape rules: any dtype, and f32 or f64 with finite a and b. */
tg_status tgi_random_infer(tg_infer *c);
tg_status tgi_random_float_infer(tg_infer *c);

/* Records op with the state of rng, which moves past the words used. */
tg_tensor *tgi_random_draw(tg_tape *t, const tg_op *op, tg_rng *rng, int ndim, const int64_t *shape,
                           tgi_random_attrs r);

#endif
