/* grad.h - gradients: one sweep back over the tape.
 *
 * The sweep is iterative, visits only what lies between the requested tensors and the
 * outputs, and records what it computes on the same tape: a gradient is a value like any
 * other and can be differentiated again. */
#ifndef TAPEGRAD_GRAD_H
#define TAPEGRAD_GRAD_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Vector-Jacobian product: dxs[j] = sum over i of dys[i] . d ys[i] / d xs[j].
 *   ys   ny recorded values, f32 or f64
 *   dys  a cotangent of the shape and dtype of each y; NULL, or an entry NULL: ones
 *   xs   nx leaves or recorded values, f32 or f64, of which the gradient is wanted
 *   dxs  receives nx recorded values with the shapes of xs; zeros where ys do not depend on x
 * TG_EGRAD when some x reaches the ys only through operations without a derivative (argmax,
 * comparisons, a cast to integer), or when a leaf was written after it was recorded. */
tg_status tg_vjp(tg_tape *t, int ny, tg_tensor *const *ys, tg_tensor *const *dys, int nx,
                 tg_tensor *const *xs, tg_tensor **dxs);

/* Called by a sweep with the whole gradient g of x, before it goes on to what x was made from.
 * Returns what to go on with in its place, of g's shape and dtype, or NULL to keep g; may record
 * on t, which is then differentiated like all else. */
typedef tg_tensor *(*tg_hook)(tg_tape *t, tg_tensor *x, tg_tensor *g, void *user);

/* Calls fn in every later sweep in which a gradient flows through x, a leaf or a recorded value,
 * until the reset.  Several hooks of one x are called in the order they came.  To scale, clip,
 * print or collect gradients.  user stays the caller's.  TG_EARG, TG_ETAPE, TG_EDTYPE as tg_vjp. */
tg_status tg_register_hook(tg_tape *t, tg_tensor *x, tg_hook fn, void *user);

/* How many VJPs the last sweep on this tape called: nothing is spent on frozen parameters. */
int64_t tg_tape_visited(const tg_tape *t);

#ifdef __cplusplus
}
#endif
#endif
