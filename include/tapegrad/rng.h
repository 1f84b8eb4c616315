/* rng.h - random numbers with an explicit state: seed, stream and counter.
 *
 * The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): block number `counter` of a stream is a pure function of
 * (seed, stream, counter), so that a draw can be repeated, skipped to, or split over
 * threads.  Equal seeds give equal bits on every machine. */
#ifndef TAPEGRAD_RNG_H
#define TAPEGRAD_RNG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A generator is a value: copy it to draw the same numbers again. */
typedef struct tg_rng {
    uint64_t seed;
    uint64_t stream;  /* independent sequences under one seed */
    uint64_t counter; /* blocks of 128 bits used so far */
} tg_rng;

/* The generator of a seed and a stream, at counter 0. */
tg_rng tg_rng_make(uint64_t seed, uint64_t stream);

/* Block `counter` of a stream: 128 random bits. */
void tg_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4]);

/* The i-th 64-bit word after r's counter; r does not move.  Two words to a block. */
uint64_t tg_rng_word(const tg_rng *r, uint64_t i);

/* Moves r past n words, to the start of a block: what a draw of n numbers uses up. */
void tg_rng_skip(tg_rng *r, uint64_t n);

/* A word turned into a number.
 *   unit   [0, 1), the top 53 bits
 *   unit24 [0, 1), the top 24 bits: unit cut to what a float holds
 *   normal N(0, 1) by the inverse of its distribution function (Wichura, AS 241, 1988),
 *          built from + - * / and sqrt alone, so that the bits do not depend on a libm */
double tg_rng_unit(uint64_t word);
float tg_rng_unit24(uint64_t word);
double tg_rng_normal(uint64_t word);

/* One draw each; r moves on by one block.
 *   next_uniform [lo, hi), or (hi, lo] where lo > hi, lo where they are equal; for finite ends
 *   next_normal  N(mean, std^2)
 *   next_below   an integer in 0..n-1, without bias; 0 when n is 0 */
double tg_rng_next_uniform(tg_rng *r, double lo, double hi);
double tg_rng_next_normal(tg_rng *r, double mean, double std);
uint64_t tg_rng_next_below(tg_rng *r, uint64_t n);

/* Fisher-Yates: puts the n numbers of index in random order; nothing for n < 2. */
void tg_rng_shuffle(tg_rng *r, int64_t n, int32_t *index);

#ifdef __cplusplus
}
#endif
#endif
