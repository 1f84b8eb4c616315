/* random.h - what the random operations share: their attributes, the loop over the words, and the
 * function that records them (internal). */
#ifndef TG_OPS_RANDOM_H
#define TG_OPS_RANDOM_H

#include "tapegrad/op.h"
#include "tapegrad/ops.h"

/* seed, stream and counter are the state of the generator when the operation was recorded. Each
 * operation gives its own meaning to a, b, c, d, low and high. */
typedef struct tgi_random_attrs {
    uint64_t seed, stream, counter;
    double a, b, c, d;
    int64_t low, high;
    tg_dtype dtype;
    tg_ints shape;
} tgi_random_attrs;

/* The state, the operation's own attributes, and the end of the list. */
#define TGI_RANDOM_STATE                                                                           \
    {"seed", TG_ATTR_SEED, offsetof(tgi_random_attrs, seed), NULL},                                \
        {"stream", TG_ATTR_STREAM, offsetof(tgi_random_attrs, stream), "0"},                       \
    {                                                                                              \
        "counter", TG_ATTR_COUNTER, offsetof(tgi_random_attrs, counter), "0"                       \
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

/* Fills y[0..n-1] from the words first .. first + n - 1 after the counter. high and low hold the
 * halves of these words. Several threads call it at once, for parts of one result. */
typedef void (*tgi_random_fill)(const tgi_random_attrs *r, int64_t first, int64_t n,
                                const uint32_t *high, const uint32_t *low, void *y);

/* Computes the n elements of dtype r->dtype at y. */
void tgi_random_run(const tgi_random_attrs *r, int64_t n, void *y, tgi_random_fill fill);

/* The fill functions of mean + std z, by dtype. */
extern const tgi_random_fill tgi_random_normal[TG_DTYPE_COUNT];

/* TG_EARG unless std >= 0 and every number that can be drawn is finite in the dtype. */
tg_status tgi_random_normal_check(const char *who, tg_dtype dtype, double mean, double std,
                                  tg_error *err);

/* Defines a tgi_random_fill. The formula gives an element of type T from `word`, number i of this
 * part. */
#define TGI_RANDOM_FILL(fn, T, formula)                                                            \
    static void fn(const tgi_random_attrs *r, int64_t first, int64_t n, const uint32_t *high,      \
                   const uint32_t *low, void *yv)                                                  \
    {                                                                                              \
        T *const y = yv;                                                                           \
        (void)r, (void)first;                                                                      \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const uint64_t word = (uint64_t)high[i] << 32 | low[i];                                \
            y[i] = (T)(formula);                                                                   \
        }                                                                                          \
    }

/* Shape rules: the first for any dtype, the second for f32 or f64 with finite a and b. */
tg_status tgi_random_infer(tg_infer *c);
tg_status tgi_random_float_infer(tg_infer *c);

/* Records op with the state of rng, which advances by the words used. */
tg_tensor *tgi_random_draw(tg_tape *t, const tg_op *op, tg_rng *rng, int ndim, const int64_t *shape,
                           tgi_random_attrs r);

#endif
