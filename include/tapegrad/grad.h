/* grad.h - gradients: one sweep back over the tape.
 *
 * The sweep visits only the nodes between the requested tensors and the outputs, without recursion,
 * and records what it computes on the same tape. A gradient is therefore a value like any other
 * and can be differentiated again. */
#ifndef TAPEGRAD_GRAD_H
#define TAPEGRAD_GRAD_H

#include "tapegrad/dict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* grads[k] = d loss / d params[k] for every key, with the same keys and shapes; zeros if loss does
 * not depend on params[k]. loss has one element. Parameters that are left out of params are frozen:
 * nothing is computed for them. The dict and its tensors belong to the tape, until its reset. On
 * failure poisons the tape and returns NULL. */
tg_dict *tg_grad(tg_tape *t, tg_tensor *loss, const tg_dict *params);

/* Vector-Jacobian product: dxs[j] = sum over i of dys[i] . d ys[i] / d xs[j].
 *   ys   ny recorded values, f32 or f64
 *   dys  a cotangent of the shape and dtype of each y; NULL, or an entry NULL: ones
 *   xs   nx leaves or recorded values, f32 or f64, of which the gradient is wanted
 *   dxs  receives nx recorded values with the shapes of xs; zeros where ys do not depend on x
 * TG_EGRAD if some x reaches the ys only through operations without a derivative (argmax,
 * comparisons, a cast to integer), or if a leaf was written after it was recorded, even if its old
 * value is not needed. TG_EARG for NULL, a negative count or a weak scalar; TG_ETAPE for a tensor
 * that is not on t; TG_EDTYPE for one that is not float; TG_EDTYPE or TG_ESHAPE for a cotangent
 * that does not match its y. */
tg_status tg_vjp(tg_tape *t, int ny, tg_tensor *const *ys, tg_tensor *const *dys, int nx,
                 tg_tensor *const *xs, tg_tensor **dxs);

/* A hook. The sweep calls it with the complete gradient g of x, before it continues to the
 * operands of x. The hook returns a replacement with g's shape and dtype, or NULL to keep g. It
 * may record operations on t, which can be differentiated like any others. */
typedef tg_tensor *(*tg_hook)(tg_tape *t, tg_tensor *x, tg_tensor *g, void *user);

/* Makes every later sweep, until the reset, call fn when a gradient flows through x, a leaf or a
 * recorded value: to scale, clip, print or collect gradients. Several hooks of one x are called in
 * the order of their registration. user remains the caller's. TG_EARG, TG_ETAPE and TG_EDTYPE as
 * for tg_vjp. */
tg_status tg_register_hook(tg_tape *t, tg_tensor *x, tg_hook fn, void *user);

/* The number of VJPs that the last sweep on this tape called. Frozen parameters cost none. */
int64_t tg_tape_visited(const tg_tape *t);

#ifdef __cplusplus
}
#endif
#endif
