/* checkpoint.h - less memory for more time: a region of a computation that keeps only its result
 * and is computed once more when its gradient is asked for (Chen et al. 2016). */
#ifndef TAPEGRAD_CHECKPOINT_H
#define TAPEGRAD_CHECKPOINT_H

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A part of a computation: from n values on t to one.  It draws random numbers only from rng, and
 * given equal inputs it computes the same. */
typedef tg_tensor *(*tg_region)(tg_tape *t, tg_tensor *const *xs, int n, tg_rng *rng, void *user);

/* fn(xs), without keeping what lies between on t.  A sweep computes the region once more, once for
 * all its inputs, with the same random numbers, so that values and gradients are those of a direct
 * call, to any order: the values bit for bit; a gradient that several parts of a computation add to
 * may be added up in another order, as the region's share is one number.
 *   xs    n values or leaves, n may be 0.  What the region needs of t must be among them;
 *         leaves (parameters, running statistics) it may also use directly.
 *   rng   moves on once, as in a direct call; NULL when the region draws nothing
 *   user  handed to fn; must stay what it is until the tape is reset
 * A leaf that the region writes by tg_assign is written once and has no gradient.  Regions may hold
 * regions.
 * TG_ETAPE when fn uses a value of t that is not among xs; TG_EGRAD, in the sweep, when an
 * input leads to the result only through operations without a derivative. */
tg_tensor *tg_checkpoint(tg_tape *t, tg_region fn, void *user, int n, tg_tensor *const *xs,
                         tg_rng *rng);

#ifdef __cplusplus
}
#endif
#endif
