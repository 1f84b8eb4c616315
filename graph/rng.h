/* rng.h - the quantile of the normal distribution (internal). */
#ifndef TG_GRAPH_RNG_H
#define TG_GRAPH_RNG_H

/* x with P(N(0, 1) < x) = p, for 0 < p < 1 down to the smallest normal double, to about 1e-16 of
 * itself (Wichura, AS 241, 1988); from + - * / and sqrt alone. */
double tgi_rng_quantile(double p);

#endif
