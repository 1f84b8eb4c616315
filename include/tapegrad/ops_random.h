/* ops_random.h - random tensors.
 *
 * Element j comes from word j of the generator, which moves on (tg_rng_skip), so that f32 and f64
 * draw the same numbers but for rounding.  NULL rng is TG_EARG, and so is NaN or Inf among the
 * numbers given.  The node keeps the generator's state: run again, it draws the same.  To draw the
 * same in another node hand over a copy of the generator as it was, or tg_rng_make(seed, stream)
 * anew; for fresh numbers the generator as it is now, or another stream. */
#ifndef TAPEGRAD_OPS_RANDOM_H
#define TAPEGRAD_OPS_RANDOM_H

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Uniform in [lo, hi), f32 or f64; lo where both are equal.  lo <= hi. */
tg_tensor *tg_uniform(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                      double lo, double hi);

/* Normal numbers, f32 or f64.  std >= 0, mean and std so that no number overflows. */
tg_tensor *tg_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                     double mean, double std);

/* 1 with probability p, else 0; any dtype. */
tg_tensor *tg_bernoulli(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim, const int64_t *shape,
                        double p);

/* i32, each of low..high-1 equally likely, to the last bit; TG_EARG where low >= high, or where
 * they do not fit into i32 (high may be 2^31).  Cast it for another dtype. */
tg_tensor *tg_randint(tg_tape *t, tg_rng *rng, int ndim, const int64_t *shape, int64_t low,
                      int64_t high);

/* i32 (n): 0..n-1 in random order. */
tg_tensor *tg_permutation(tg_tape *t, tg_rng *rng, int64_t n);

/* Normal numbers given that they are in [lo, hi] (bounds rounded to dtype, f32 or f64), also far in
 * the tail; lo < hi, std > 0.  By the inverse distribution function, with erfc, log and exp of the
 * C library, so that the last bits may differ from one machine to another. */
tg_tensor *tg_truncated_normal(tg_tape *t, tg_rng *rng, tg_dtype dtype, int ndim,
                               const int64_t *shape, double mean, double std, double lo, double hi);

#ifdef __cplusplus
}
#endif
#endif
