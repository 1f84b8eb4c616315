/* checkpoint.h - saves memory at the cost of time: a region of a computation keeps only its result
 * and is computed again when its gradient is needed (Chen et al. 2016). tg_checkpoint has
 * PyTorch's name. Everywhere else a checkpoint is a file from which a training run resumes: see
 * train.h. */
#ifndef TAPEGRAD_CHECKPOINT_H
#define TAPEGRAD_CHECKPOINT_H

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A function from n values on t to one. It must draw random numbers only from rng, and must
 * compute the same result whenever its inputs are the same. */
typedef tg_tensor *(*tg_region)(tg_tape *t, tg_tensor *const *xs, int n, tg_rng *rng, void *user);

/* Records fn(xs) on t without keeping its intermediate values. A sweep computes the region again,
 * once for all its inputs and with the same random numbers, so that gradients of any order are
 * those of a direct call. Values have the same bits as in a direct call. Gradients may differ in
 * the last digits, because everything that the region adds to a gradient is summed first.
 *   xs    n values or leaves; n may be 0. They must include every value of t that fn uses. Leaves
 *         (parameters, running statistics) may also be used directly.
 *   rng   advances as in a direct call; NULL if fn draws nothing
 *   user  passed to fn; must not change until the tape is reset
 * A leaf that the region writes by tg_assign is written once and has no gradient. Regions may be
 * nested.
 * TG_ETAPE if fn uses a value of t that is not among xs. The sweep fails with TG_EGRAD if an input
 * leads to the result only through operations without a derivative. */
tg_tensor *tg_checkpoint(tg_tape *t, tg_region fn, void *user, int n, tg_tensor *const *xs,
                         tg_rng *rng);

#ifdef __cplusplus
}
#endif
#endif
