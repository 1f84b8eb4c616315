/* random.c - uniform, normal and bernoulli, and what all random operations share. Each result is a
 * pure function of the generator's state in the attributes. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/parallel.h"
#include "ops/elementwise/families.h"
#include "ops/kernels/kernels.h"
#include "ops/random/random.h"

static const tg_attr_def uniform_defs[] =
    TGI_RANDOM_DEFS({"lo", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, a), "0"},
                    {"hi", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, b), "1"});
static const tg_attr_def normal_defs[] =
    TGI_RANDOM_DEFS({"mean", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, a), "0"},
                    {"std", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, b), "1"});
static const tg_attr_def bernoulli_defs[] =
    TGI_RANDOM_DEFS({"p", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, a), "0.5"});

tg_status tgi_random_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    c->dtype = r->dtype;
    c->ndim = r->shape.n;
    for (int i = 0; i < r->shape.n && i < TG_MAX_NDIM; i++) c->shape[i] = r->shape.v[i];
    return TG_OK;
}

tg_status tgi_random_float_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    if (!tg_dtype_is_float(r->dtype))
        return tg_fail(c->err, TG_EDTYPE, "%s: dtype %s, must be f32 or f64", c->op->name,
                       tg_dtype_name(r->dtype));
    if (!isfinite(r->a) || !isfinite(r->b))
        return tg_fail(c->err, TG_EARG, "%s: %g and %g must be finite", c->op->name, r->a, r->b);
    return tgi_random_infer(c);
}

static double largest(tg_dtype dtype) { return dtype == TG_F32 ? (double)FLT_MAX : DBL_MAX; }

static tg_status uniform_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    const tg_status status = tgi_random_float_infer(c);
    if (status) return status;
    if (r->a > r->b)
        return tg_fail(c->err, TG_EARG, "uniform: lo is %g, must not be above hi, %g", r->a, r->b);
    const double most = largest(r->dtype);
    if (!(fabs(r->a) <= most && fabs(r->b) <= most && r->b - r->a <= most))
        return tg_fail(c->err, TG_EARG, "uniform: %g to %g is too wide for %s", r->a, r->b,
                       tg_dtype_name(r->dtype));
    return TG_OK;
}

tg_status tgi_random_normal_check(const char *who, tg_dtype dtype, double mean, double std,
                                  tg_error *err)
{
    enum { FARTHEST = 9 }; /* no number drawn is this many std away from the mean */
    if (!(std >= 0)) return tg_fail(err, TG_EARG, "%s: std is %g, must be 0 or more", who, std);
    if (!(fabs(mean) + FARTHEST * std <= largest(dtype)))
        return tg_fail(err, TG_EARG, "%s: mean %g and std %g are too large for %s", who, mean, std,
                       tg_dtype_name(dtype));
    return TG_OK;
}

static tg_status normal_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    const tg_status status = tgi_random_float_infer(c);
    return status ? status : tgi_random_normal_check("normal", r->dtype, r->a, r->b, c->err);
}

static tg_status bernoulli_infer(tg_infer *c)
{
    const double p = ((const tgi_random_attrs *)c->attrs)->a;
    if (!(p >= 0 && p <= 1))
        return tg_fail(c->err, TG_EARG, "bernoulli: p is %g, must be in [0, 1]", p);
    return tgi_random_infer(c);
}

/* ---- the loop over the words ----------------------------------------------------------------- */

enum {
    BLOCK = 1024,   /* words at a time, whose halves fit in L1 */
    CHUNK = 1 << 14 /* words worth handing to a thread; even, because a block is two words */
};

typedef struct job {
    const tgi_random_attrs *r;
    tgi_random_fill fill;
    int64_t n, chunks;
    char *y;
} job;

static void run_chunk(void *user, int64_t chunk)
{
    const job *j = user;
    const tgi_random_attrs *r = j->r;
    const tgi_kernels *k = tgi_kernels_get();
    const int64_t width = (int64_t)tg_dtype_size(r->dtype);
    const int64_t end = chunk == j->chunks - 1 ? j->n : (chunk + 1) * CHUNK;
    _Alignas(64) uint32_t high[BLOCK + 2 * TGI_PHILOX], low[BLOCK + 2 * TGI_PHILOX];
    for (int64_t at = chunk * CHUNK; at < end; at += BLOCK) {
        const int64_t n = end - at < BLOCK ? end - at : BLOCK;
        k->philox(r->seed, r->stream, r->counter + (uint64_t)at / 2, (n + 1) / 2, high, low);
        j->fill(r, at, n, high, low, j->y + at * width);
    }
}

void tgi_random_run(const tgi_random_attrs *r, int64_t n, void *y, tgi_random_fill fill)
{
    const job j = {r, fill, n, n < 2 * CHUNK ? 1 : n / CHUNK, y};
    if (n > 0) tgi_parallel_for(j.chunks, run_chunk, (void *)(uintptr_t)&j);
}

/* ---- uniform -------------------------------------------------------------------------------- */

/* Rounding may give hi, which [lo, hi) excludes. `most` is the largest number below it. */
static void uniform_f32(const tgi_random_attrs *r, int64_t first, int64_t n, const uint32_t *high,
                        const uint32_t *low, void *yv)
{
    const float lo = (float)r->a, hi = (float)r->b, step = (float)(r->b - r->a);
    const float most = lo < hi ? nextafterf(hi, lo) : INFINITY;
    float *const y = yv;
    (void)first, (void)low;
    for (int64_t i = 0; i < n; i++) {
        const float v = lo + step * ((float)(int32_t)(high[i] >> 8) * 0x1p-24f);
        y[i] = v > most ? most : v;
    }
}

static void uniform_f64(const tgi_random_attrs *r, int64_t first, int64_t n, const uint32_t *high,
                        const uint32_t *low, void *yv)
{
    const double lo = r->a, hi = r->b, step = r->b - r->a;
    const double most = lo < hi ? nextafter(hi, lo) : (double)INFINITY;
    double *const y = yv;
    (void)first;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t word = (uint64_t)high[i] << 32 | low[i];
        const double v = lo + step * ((double)(int64_t)(word >> 11) * 0x1p-53);
        y[i] = v > most ? most : v;
    }
}

static void uniform_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    (void)work;
    tgi_random_run(r, node->output->size, node->output->data,
                   r->dtype == TG_F32 ? uniform_f32 : uniform_f64);
}

/* ---- normal --------------------------------------------------------------------------------- */

static void normal_fill(const tgi_random_attrs *r, int64_t first, int64_t n, const uint32_t *high,
                        const uint32_t *low, void *yv)
{
    const size_t width = tg_dtype_size(r->dtype);
    char *y = yv;
    (void)first;
    for (int64_t part; n > 0; n -= part, high += part, low += part, y += (size_t)part * width) {
        part = n < TGI_NORMALS ? n : TGI_NORMALS;
        double room[TGI_NORMALS]; /* for the last part, whose length is rounded up */
        void *const to = part < TGI_NORMALS ? room : (void *)y;
        tgi_kernels_get()->normal[r->dtype](part, high, low, r->a, r->b, to);
        if (to == room) memcpy(y, room, (size_t)part * width);
    }
}

const tgi_random_fill tgi_random_normal[TG_DTYPE_COUNT] = {
    [TG_F32] = normal_fill, [TG_F64] = normal_fill};

static void normal_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    (void)work;
    tgi_random_run(r, node->output->size, node->output->data, tgi_random_normal[r->dtype]);
}

/* ---- bernoulli ------------------------------------------------------------------------------ */

/* tg_rng_unit(word) < p in integers: the top 53 bits of the word are below p 2^53, rounded up. */
#define BERNOULLI_FILL(fn, T)                                                                      \
    static void fn(const tgi_random_attrs *r, int64_t first, int64_t n, const uint32_t *high,      \
                   const uint32_t *low, void *yv)                                                  \
    {                                                                                              \
        const uint64_t end = (uint64_t)ceil(r->a * 0x1p53);                                        \
        const uint32_t end_high = (uint32_t)(end >> 21), end_low = (uint32_t)(end << 11);          \
        T *const y = yv;                                                                           \
        (void)first;                                                                               \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = (T)((high[i] < end_high) | ((high[i] == end_high) & (low[i] < end_low)));       \
        for (int64_t i = 0; i < n && end >> 53; i++) y[i] = 1; /* p is 1 */                        \
    }
BERNOULLI_FILL(bernoulli_f32, float)
BERNOULLI_FILL(bernoulli_f64, double)
BERNOULLI_FILL(bernoulli_i32, int32_t)
BERNOULLI_FILL(bernoulli_u8, uint8_t)

static void bernoulli_forward(const tg_node *node, void *work)
{
    static const tgi_random_fill fill[TG_DTYPE_COUNT] = {[TG_F32] = bernoulli_f32,
                                                         [TG_F64] = bernoulli_f64,
                                                         [TG_I32] = bernoulli_i32,
                                                         [TG_U8] = bernoulli_u8};
    const tgi_random_attrs *r = node->attrs;
    (void)work;
    tgi_random_run(r, node->output->size, node->output->data, fill[r->dtype]);
}

/* ---- the table ------------------------------------------------------------------------------ */

static const tg_sample uniform_samples[] = {{NULL, "seed=1 dtype=f64 shape=2,3 lo=-1 hi=2"},
                                            {NULL, "seed=1 counter=7 shape=5"},
                                            {NULL, "seed=2 stream=3 shape=0,2"},
                                            {NULL, NULL}};
static const tg_sample normal_samples[] = {
    {NULL, "seed=1 dtype=f64 shape=2,3 mean=1 std=0.5"}, {NULL, "seed=1"}, {NULL, NULL}};
static const tg_sample bernoulli_samples[] = {
    {NULL, "seed=1 dtype=f64 shape=2,3 p=0.3"}, {NULL, "seed=1 dtype=u8 shape=4"}, {NULL, NULL}};

enum { UNIFORM, NORMAL, BERNOULLI };

const tg_op tgi_random_ops[] = {
    [UNIFORM] = TGI_RANDOM_OP(uniform, "lo + (hi - lo) u, u in [0, 1)", uniform_infer),
    [NORMAL] = TGI_RANDOM_OP(normal, "mean + std z, z ~ N(0, 1)", normal_infer),
    [BERNOULLI] = TGI_RANDOM_OP(bernoulli, "1 with probability p, else 0", bernoulli_infer),
};
TGI_FAMILY_COUNT(random);

tg_tensor *tgi_random_draw(tg_tape *t, const tg_op *op, tg_rng *rng, int ndim, const int64_t *shape,
                           tgi_random_attrs r)
{
    if (!rng) return tg_tape_fail(t, TG_EARG, "%s: the generator is NULL", op->name);
    if (ndim > 0 && !shape) return tg_tape_fail(t, TG_EARG, "%s: the shape is NULL", op->name);
    r.seed = rng->seed;
    r.stream = rng->stream;
    r.counter = rng->counter;
    r.shape.n = ndim;
    for (int i = 0; i < ndim && i < TG_MAX_NDIM; i++) r.shape.v[i] = shape[i];
    tg_tensor *y = tg_record(t, op, NULL, 0, &r);
    if (y) tg_rng_skip(rng, (uint64_t)y->size);
    return y;
}

tg_tensor *tg_uniform(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                      double lo, double hi)
{
    return tgi_random_draw(t, &tgi_random_ops[UNIFORM], rng, ndim, shape,
                           (tgi_random_attrs){.dtype = dtype, .a = lo, .b = hi});
}

tg_tensor *tg_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                     double mean, double std)
{
    return tgi_random_draw(t, &tgi_random_ops[NORMAL], rng, ndim, shape,
                           (tgi_random_attrs){.dtype = dtype, .a = mean, .b = std});
}

tg_tensor *tg_bernoulli(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                        double p)
{
    return tgi_random_draw(t, &tgi_random_ops[BERNOULLI], rng, ndim, shape,
                           (tgi_random_attrs){.dtype = dtype, .a = p});
}
