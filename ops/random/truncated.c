/* truncated.c - normal numbers between two bounds, by the inverse of the conditional distribution
 * function.
 *
 * In units of std, with Phi the distribution function and u in (0, 1), the number is
 *   z = Phi^-1(Phi(a) + u (Phi(b) - Phi(a))).
 * It is computed in the lower tail, where Phi has its full precision, and mirrored if need be. Two
 * cases need another form. If both bounds are far out, Phi underflows. There z = a + d, and d
 * solves
 *   ln Q(a + d) - ln Q(a) = ln(1 - u (1 - Q(b) / Q(a))),  Q(x) = 1 - Phi(x) = phi(x) R(x)
 * with R, the Mills ratio, from its asymptotic series. If the bounds are close together, the
 * difference of the two Phi cancels. There the density is e^(-a d), with a small exponent. */
#include <float.h>
#include <math.h>

#include "graph/rng.h"
#include "ops/elementwise/families.h"
#include "ops/random/random.h"

#define FAR 30.0    /* from here on eight terms of the series give R to the last bit */
#define NARROW 1e-5 /* what the exponent omits is below the square of this */

typedef struct band {
    enum { WIDE, TAIL, SLIVER } kind;
    double start, step; /* y = start + step z, or start + step d */
    double a, width;    /* in units of std, a >= 0 but in a SLIVER; TAIL, SLIVER */
    double drop;        /* TAIL: Q(b) / Q(a) - 1 */
    double p, range;    /* WIDE: Phi(a), Phi(b) - Phi(a) */
} band;

static double lower(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }

/* x R(x) = 1 - 1/x^2 + 3/x^4 - 15/x^6 + ... */
static double mills(double x)
{
    const double v = 1 / (x * x);
    double sum = 1;
    for (int k = 15; k >= 1; k -= 2) sum = 1 - k * v * sum;
    return sum;
}

/* ln Q(a) - ln Q(a + d) */
static double decay(double a, double d)
{
    return d * (a + 0.5 * d) + log1p(d / a) - log(mills(a + d) / mills(a));
}

static band make_band(const tgi_random_attrs *r)
{
    const double a = (r->c - r->a) / r->b, b = (r->d - r->a) / r->b;
    const double width = (r->d - r->c) / r->b;
    const bool mirrored = a > 0;
    band s = {.a = a, .width = width, .start = r->c, .step = r->b};
    if (width * fmax(fmax(fabs(a), fabs(b)), 1) < NARROW) {
        s.kind = SLIVER;
    } else if (a > FAR || b < -FAR) {
        s.kind = TAIL;
        s.a = a > 0 ? a : -b;
        if (a < 0) {
            s.start = r->d;
            s.step = -r->b;
        }
        s.drop = isfinite(s.a) ? expm1(-decay(s.a, width)) : -1;
    } else {
        s.kind = WIDE;
        s.start = r->a;
        s.step = mirrored ? -r->b : r->b;
        s.p = lower(mirrored ? -b : a);
        s.range = lower(mirrored ? -a : b) - s.p;
    }
    return s;
}

/* Newton's method from the right. ln Q is concave and falls at least as fast as at a, so the first
 * guess lies beyond the root and so does every later one. */
static double in_tail(const band *s, double u)
{
    const double wanted = -log1p(u * s->drop);
    if (!isfinite(s->a)) return 0;
    double d = wanted / s->a;
    for (int k = 0; k < 4; k++) d -= (decay(s->a, d) - wanted) * mills(s->a + d) / (s->a + d);
    return d;
}

static double draw(const band *s, uint64_t word)
{
    const double u = tgi_rng_inside(word);
    double z;
    switch (s->kind) {
    case WIDE:
        z = tgi_rng_quantile(fmin(s->p + u * s->range, 1 - 0x1p-53)); /* the sum may round to 1 */
        break;
    case TAIL:
        z = in_tail(s, u);
        break;
    default:
        z = s->width * u * (1 - 0.5 * s->a * s->width * (1 - u));
    }
    return s->start + s->step * z;
}

static float within_f32(double y, float lo, float hi)
{
    return (float)y < lo ? lo : (float)y > hi ? hi : (float)y;
}

static double within_f64(double y, double lo, double hi) { return y < lo ? lo : y > hi ? hi : y; }

#define TRUNCATED_FILL(fn, T, within)                                                              \
    static void fn(const tgi_random_attrs *r, int64_t first, int64_t n, const uint32_t *high,      \
                   const uint32_t *low, void *yv)                                                  \
    {                                                                                              \
        const band s = make_band(r);                                                               \
        const T lo = (T)r->c, hi = (T)r->d;                                                        \
        T *const y = yv;                                                                           \
        (void)first;                                                                               \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = within(draw(&s, (uint64_t)high[i] << 32 | low[i]), lo, hi);                     \
    }
TRUNCATED_FILL(truncated_f32, float, within_f32)
TRUNCATED_FILL(truncated_f64, double, within_f64)

static void truncated_normal_forward(const tg_node *node, void *work)
{
    const tgi_random_attrs *r = node->attrs;
    (void)work;
    tgi_random_run(r, node->output->size, node->output->data,
                   r->dtype == TG_F32 ? truncated_f32 : truncated_f64);
}

static tg_status truncated_normal_infer(tg_infer *c)
{
    const tgi_random_attrs *r = c->attrs;
    const tg_status status = tgi_random_float_infer(c);
    if (status) return status;
    if (!isfinite(r->c) || !isfinite(r->d))
        return tg_fail(c->err, TG_EARG, "truncated_normal: %g and %g must be finite", r->c, r->d);
    if (!(r->b > 0))
        return tg_fail(c->err, TG_EARG, "truncated_normal: std is %g, must be positive", r->b);
    if (!(r->c < r->d))
        return tg_fail(c->err, TG_EARG, "truncated_normal: lo is %g, must be below hi, %g", r->c,
                       r->d);
    const double most = r->dtype == TG_F32 ? (double)FLT_MAX : DBL_MAX;
    if (!(fabs(r->c) <= most && fabs(r->d) <= most && r->d - r->c <= DBL_MAX))
        return tg_fail(c->err, TG_EARG, "truncated_normal: %g to %g is too wide for %s", r->c, r->d,
                       tg_dtype_name(r->dtype));
    return TG_OK;
}

static const tg_attr_def truncated_normal_defs[] =
    TGI_RANDOM_DEFS({"mean", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, a), "0"},
                    {"std", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, b), "1"},
                    {"lo", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, c), "-2"},
                    {"hi", TG_ATTR_FLOAT, offsetof(tgi_random_attrs, d), "2"});

static const tg_sample truncated_normal_samples[] = {
    {NULL, "seed=1 dtype=f64 shape=2,3 mean=1 std=0.5"},
    {NULL, "seed=1 shape=4 lo=40 hi=50"},
    {NULL, "seed=1 shape=4 dtype=f64 lo=1 hi=1.0000001"},
    {NULL, "seed=1 shape=0"},
    {NULL, NULL}};

const tg_op tgi_random_truncated_ops[] = {
    TGI_RANDOM_OP(truncated_normal, "mean + std z, z ~ N(0, 1), given that it is in [lo, hi]",
                  truncated_normal_infer)};
TGI_FAMILY_COUNT(random_truncated);

tg_tensor *tg_truncated_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim,
                               const int64_t *shape, double mean, double std, double lo, double hi)
{
    return tgi_random_draw(
        t, &tgi_random_truncated_ops[0], rng, ndim, shape,
        (tgi_random_attrs){.dtype = dtype, .a = mean, .b = std, .c = lo, .d = hi});
}
