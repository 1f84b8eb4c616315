/* rng.h - the quantile of the normal distribution (internal). */
#ifndef TG_GRAPH_RNG_H
#define TG_GRAPH_RNG_H

#include <stdint.h>

/* The x with P(N(0, 1) < x) = p, where 0 < p < 1 and p is not denormal. The relative error is
 * about 1e-16 (Wichura, AS 241, 1988). Uses only + - * / and sqrt. */
double tgi_rng_quantile(double p);

/* A word as a number in (0, 1), from its top 52 bits. */
static inline double tgi_rng_inside(uint64_t word)
{
    return ((double)(int64_t)(word >> 12) + 0.5) * 0x1p-52;
}

#endif
