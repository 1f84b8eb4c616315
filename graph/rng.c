/* rng.c - Philox4x32-10 and the numbers made from its words. */
#include "tapegrad/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "graph/rng.h"

enum { PART = 128 };

tg_rng tg_rng_make(uint64_t seed, uint64_t stream) { return (tg_rng){seed, stream, 0}; }

void tg_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4])
{
    uint32_t x0 = (uint32_t)counter, x1 = (uint32_t)(counter >> 32);
    uint32_t x2 = (uint32_t)stream, x3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t p = (uint64_t)0xD2511F53u * x0;
        const uint64_t q = (uint64_t)0xCD9E8D57u * x2;
        x0 = (uint32_t)(q >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)q;
        x2 = (uint32_t)(p >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

uint64_t tg_rng_word(const tg_rng *r, uint64_t i)
{
    uint32_t b[4];
    tg_rng_block(r->seed, r->stream, r->counter + i / 2, b);
    return i % 2 ? (uint64_t)b[3] << 32 | b[2] : (uint64_t)b[1] << 32 | b[0];
}

void tg_rng_skip(tg_rng *r, uint64_t n) { r->counter += n / 2 + n % 2; }

double tg_rng_unit(uint64_t word) { return (double)(word >> 11) * 0x1p-53; }

float tg_rng_unit24(uint64_t word) { return (float)(word >> 40) * 0x1p-24f; }

/* ln x for 0 < x <= 1/2 and not subnormal, from its exponent and the series of
 * 2 artanh((m-1)/(m+1)). */
static double exact_log(double x)
{
    static const double series[12] = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
                                      1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
    uint64_t bits;
    double m;
    memcpy(&bits, &x, sizeof bits);
    int e = (int)(bits >> 52) - 1022;
    bits = (bits & (UINT64_MAX >> 12)) | UINT64_C(1022) << 52;
    memcpy(&m, &bits, sizeof m);                  /* 1/2 <= m < 1 */
    const int small = m < 0.70710678118654752440; /* no branch: it is as often as not */
    m *= 1 + small;
    e -= small;
    const double s = (m - 1) / (m + 1), z = s * s;
    double sum = 0;
    for (int k = 0; k < 12; k++) sum = sum * z + series[k];
    return 2 * s * sum + e * 0.69314718055994530942;
}

/* Polynomials of degree 7; written out, so that loops over it run in vectors. */
static inline double horner(const double c[8], double r)
{
    const double upper = ((c[7] * r + c[6]) * r + c[5]) * r + c[4];
    return (((upper * r + c[3]) * r + c[2]) * r + c[1]) * r + c[0];
}

static inline double ratio(const double num[8], const double den[8], double r)
{
    return horner(num, r) / horner(den, r);
}

#define MIDDLE 0.425 /* the first polynomials hold for |p - 1/2| up to here */

static inline double in_middle(double q)
{
    static const double num[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                  1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                  4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                  3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double den[8] = {1.0,
                                  4.2313330701600911252e+1,
                                  6.8718700749205790830e+2,
                                  5.3941960214247511077e+3,
                                  2.1213794301586595867e+4,
                                  3.9307895800092710610e+4,
                                  2.8729085735721942674e+4,
                                  5.2264952788528545610e+3};
    return q * ratio(num, den, 0.180625 - q * q);
}

static double in_tail(double p)
{
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                5.76949722146069140550e0,  3.64784832476320460504e0,
                                1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double f[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double g[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    const bool left = p < 0.5;
    const double r = sqrt(-exact_log(left ? p : 1 - p));
    const double x = r <= 5 ? ratio(c, d, r - 1.6) : ratio(f, g, r - 5);
    return left ? -x : x;
}

double tgi_rng_quantile(double p)
{
    const double q = p - 0.5;
    return fabs(q) <= MIDDLE ? in_middle(q) : in_tail(p);
}

/* First all as if they were in the middle, in vectors; then those that are not, of which a list is
 * made without branches. */
static void quantiles(int n, const double *p, double *x)
{
    int tails[PART], count = 0;
    for (int i = 0; i < n; i++) x[i] = in_middle(p[i] - 0.5);
    for (int i = 0; i < n; i++) {
        tails[count] = i;
        count += !(fabs(p[i] - 0.5) <= MIDDLE);
    }
    for (int k = 0; k < count; k++) x[tails[k]] = in_tail(p[tails[k]]);
}

void tgi_rng_quantiles(int64_t n, const double *p, double *x)
{
    for (int64_t i = 0; i < n; i += PART)
        quantiles(n - i < PART ? (int)(n - i) : PART, p + i, x + i);
}

double tg_rng_normal(uint64_t word) { return tgi_rng_quantile(tgi_rng_inside(word)); }

static uint64_t next_word(tg_rng *r)
{
    const uint64_t w = tg_rng_word(r, 0);
    tg_rng_skip(r, 1);
    return w;
}

double tg_rng_next_uniform(tg_rng *r, double lo, double hi)
{
    return lo + (hi - lo) * tg_rng_unit(next_word(r));
}

double tg_rng_next_normal(tg_rng *r, double mean, double std)
{
    return mean + std * tg_rng_normal(next_word(r));
}

uint64_t tg_rng_next_below(tg_rng *r, uint64_t n)
{
    if (n == 0) return 0;
    const uint64_t rejected = (0 - n) % n; /* 2^64 mod n */
    uint64_t w;
    do w = next_word(r);
    while (w < rejected);
    return w % n;
}

void tg_rng_shuffle(tg_rng *r, int64_t n, int32_t *index)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)tg_rng_next_below(r, (uint64_t)i + 1);
        const int32_t held = index[i];
        index[i] = index[j];
        index[j] = held;
    }
}
