/* rng.h - random numbers with an explicit state: seed, stream and counter.
 *
 * The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011). Block number `counter` of a stream is a pure function of (seed, stream, counter), so
 * draws can be repeated, skipped, or divided among threads. Equal seeds give equal bits on every
 * machine. */
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

/* The i-th 64-bit word after r's counter; r does not move. Two words to a block. */
uint64_t tg_rng_word(const tg_rng *r, uint64_t i);

/* Advances r past n words, to the start of a block, as a draw of n numbers does. */
void tg_rng_skip(tg_rng *r, uint64_t n);

/* Convert a word to a number.
 *   unit    [0, 1), from the top 53 bits
 *   unit24  [0, 1), from the top 24 bits, which a float can hold
 *   normal  N(0, 1), by the inverse of its distribution function (Wichura, AS 241, 1988)
 * normal uses only + - * / and sqrt, so its bits do not depend on a libm. */
double tg_rng_unit(uint64_t word);
float tg_rng_unit24(uint64_t word);
double tg_rng_normal(uint64_t word);

/* Draw one number; r advances by one block.
 *   next_uniform  in [lo, hi), or in (hi, lo] if lo > hi, or lo if both are equal
 *   next_normal   from N(mean, std^2)
 *   next_below    an integer in 0..n-1, without bias; 0 if n is 0
 * lo and hi must be finite. */
double tg_rng_next_uniform(tg_rng *r, double lo, double hi);
double tg_rng_next_normal(tg_rng *r, double mean, double std);
uint64_t tg_rng_next_below(tg_rng *r, uint64_t n);

/* Puts the n numbers of index in random order (Fisher and Yates); does nothing for n < 2. */
void tg_rng_shuffle(tg_rng *r, int64_t n, int32_t *index);

#ifdef __cplusplus
}
#endif
#endif
