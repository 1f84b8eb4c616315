/* ops_random.h - random tensors.
 *
 * Element j comes from word j of the generator, so f32 and f64 draw the same numbers except for
 * rounding. Afterwards the generator has advanced (tg_rng_skip). TG_EARG if rng is NULL or if a
 * parameter is NaN or Inf.
 *
 * The node keeps the state that the generator had, so it draws the same numbers whenever it runs
 * again. To draw the same numbers in another node, pass a copy of the generator made before the
 * first call, or a new tg_rng_make(seed, stream). For new numbers pass the generator as it is now,
 * or one with another stream. */
#ifndef TAPEGRAD_OPS_RANDOM_H
#define TAPEGRAD_OPS_RANDOM_H

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Uniform in [lo, hi), f32 or f64; lo if both are equal. TG_EARG unless lo <= hi and the dtype can
 * hold both and their difference. */
tg_tensor *tg_uniform(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                      double lo, double hi);

/* Normal, f32 or f64. TG_EARG if std < 0, or if mean and std are so large that a number could
 * overflow. */
tg_tensor *tg_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                     double mean, double std);

/* 1 with probability p, otherwise 0; any dtype. TG_EARG unless 0 <= p <= 1. */
tg_tensor *tg_bernoulli(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                        double p);

/* i32: each of low..high-1 with exactly the same probability. TG_EARG if low >= high or if low or
 * high-1 does not fit into i32. For another dtype use tg_cast. */
tg_tensor *tg_randint(tg_tape *t, tg_rng *rng, int ndim, const int64_t *shape, int64_t low,
                      int64_t high);

/* i32 (n): 0..n-1 in random order. TG_ESHAPE if n is negative or does not fit into i32. */
tg_tensor *tg_permutation(tg_tape *t, tg_rng *rng, int64_t n);

/* The normal distribution restricted to [lo, hi], f32 or f64; the bounds are rounded to the dtype
 * and may lie far in the tail. TG_EARG unless lo < hi and std > 0. It uses the inverse
 * distribution function with erfc, log and exp of the C library, so the last bits may differ
 * between machines. */
tg_tensor *tg_truncated_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim,
                               const int64_t *shape, double mean, double std, double lo, double hi);

#ifdef __cplusplus
}
#endif
#endif
