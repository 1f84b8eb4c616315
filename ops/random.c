/* random.c - random values: each is a pure function of the generator's state in its attributes. */
#include <float.h>
#include <math.h>

#include "ops/families.h"
#include "ops/random.h"

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

static tg_status uniform_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    const tg_status status = tgi_random_float_infer(c);
    const double most = r->dtype == TG_F32 ? (double)FLT_MAX : DBL_MAX;
    if (!status && (!(fabs(r->a) <= most) || !(fabs(r->b - r->a) <= most)))
        return tg_fail(c->err, TG_EARG, "uniform: %g to %g is too wide for %s", r->a, r->b,
                       tg_dtype_name(r->dtype));
    return status;
}

static tg_status bernoulli_infer(tg_infer *c)
{
    const double p = ((const tgi_random_attrs *)c->attrs)->a;
    if (!(p >= 0 && p <= 1))
        return tg_fail(c->err, TG_EARG, "bernoulli: p is %g, must be in [0, 1]", p);
    return tgi_random_infer(c);
}

/* Rounding may reach hi, which [lo, hi) leaves out. */
static float below_f32(float y, float lo, float hi)
{
    return y >= hi && lo < hi ? nextafterf(hi, lo) : y;
}

static double below_f64(double y, double lo, double hi)
{
    return y >= hi && lo < hi ? nextafter(hi, lo) : y;
}

static void uniform_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    const int64_t n = node->output->size;
    void *y = node->output->data;
    const double a = r->a, width = r->b - r->a;
    (void)work;
    if (r->dtype == TG_F32) {
        const float lo = (float)a, step = (float)width, hi = (float)r->b;
        TGI_DRAW(float, below_f32(lo + step * tg_rng_unit24(word), lo, hi))
    } else {
        TGI_DRAW(double, below_f64(a + width * tg_rng_unit(word), a, r->b))
    }
}

static void normal_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    const int64_t n = node->output->size;
    void *y = node->output->data;
    (void)work;
    if (r->dtype == TG_F32) {
        TGI_DRAW(float, r->a + r->b * tg_rng_normal(word))
    } else {
        TGI_DRAW(double, r->a + r->b * tg_rng_normal(word))
    }
}

static void bernoulli_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    const int64_t n = node->output->size;
    void *y = node->output->data;
    const double p = r->a;
    (void)work;
    switch (r->dtype) {
    case TG_F32:
        TGI_DRAW(float, tg_rng_unit(word) < p) break;
    case TG_F64:
        TGI_DRAW(double, tg_rng_unit(word) < p) break;
    case TG_I32:
        TGI_DRAW(int32_t, tg_rng_unit(word) < p) break;
    default:
        TGI_DRAW(uint8_t, tg_rng_unit(word) < p) break;
    }
}

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
    [NORMAL] = TGI_RANDOM_OP(normal, "mean + std z, z ~ N(0, 1)", tgi_random_float_infer),
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
