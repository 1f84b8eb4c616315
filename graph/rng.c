/* rng.c - Philox4x32-10 and the numbers made from its words. */
#include "tapegrad/rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "graph/rng.h"

tg_rng tg_rng_make(uint64_t seed, uint64_t stream) { return (tg_rng){seed, stream, 0}; }

void tg_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4])
{
    if (!out) return;
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
    if (!r) return 0;
    tg_rng_block(r->seed, r->stream, r->counter + i / 2, b);
    return i % 2 ? (uint64_t)b[3] << 32 | b[2] : (uint64_t)b[1] << 32 | b[0];
}

void tg_rng_skip(tg_rng *r, uint64_t n)
{
    if (r) r->counter += n / 2 + n % 2;
}

double tg_rng_unit(uint64_t word) { return (double)(word >> 11) * 0x1p-53; }

float tg_rng_unit24(uint64_t word) { return (float)(word >> 40) * 0x1p-24f; }

#define D double
#define SIDE 1
#define B uint64_t
#define INLINE inline
#define UNROLL
#define EITHER(m, x, y) ((m) ? (x) : (y))
#define BITS_OF bits_of
#define WITH_BITS with_bits

static inline double alone(double product) { return product; } /* -ffp-contract=off */

static inline uint64_t bits_of(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static inline double with_bits(uint64_t b)
{
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

#include "graph/quantile.inc"

double tgi_rng_quantile(double p)
{
    const double q = p - 0.5, less = q < 0 ? p : 1 - p;
    double x, log;
    if (fabs(q) <= MIDDLE) {
        in_middle(&q, &x);
        return x;
    }
    exact_log(&less, &log);
    const double r = sqrt(-log);
    r <= 5 ? near_tail(&r, &x) : far_tail(&r, &x);
    return q < 0 ? -x : x;
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
    if (!r) return NAN;
    const double u = tg_rng_unit(next_word(r)), range = hi - lo;
    const double v = isinf(range) ? 2 * (lo / 2 + (hi / 2 - lo / 2) * u) : lo + range * u;
    return (lo < hi ? v < hi : v > hi) ? v : nextafter(hi, lo); /* rounding may reach hi */
}

double tg_rng_next_normal(tg_rng *r, double mean, double std)
{
    return r ? mean + std * tg_rng_normal(next_word(r)) : NAN;
}

uint64_t tg_rng_next_below(tg_rng *r, uint64_t n)
{
    if (!r || n == 0) return 0;
    const uint64_t rejected = (0 - n) % n; /* 2^64 mod n */
    uint64_t w;
    do w = next_word(r);
    while (w < rejected);
    return w % n;
}

void tg_rng_shuffle(tg_rng *r, int64_t n, int32_t *index)
{
    if (!r || !index) return;
    for (int64_t i = n > 1 ? n - 1 : 0; i > 0; i--) {
        const int64_t j = (int64_t)tg_rng_next_below(r, (uint64_t)i + 1);
        const int32_t held = index[i];
        index[i] = index[j];
        index[j] = held;
    }
}
