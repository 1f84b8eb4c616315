/* derivatives.h - Jacobian-vector and Hessian-vector products, Jacobians and Hessians.
 *
 * All of them are built on tg_vjp and record what they compute, so their results belong to the tape
 * and can be differentiated again. Errors poison the tape and are those of grad.h: TG_EGRAD if an
 * x reaches the results only through operations without a derivative. If it does not reach them at
 * all, the derivative is 0. */
#ifndef TAPEGRAD_DERIVATIVES_H
#define TAPEGRAD_DERIVATIVES_H

#include "tapegrad/grad.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Jacobian-vector product: dys[i] = sum over j of d ys[i] / d xs[j] . dxs[j].
 *   ys   ny recorded values, f32 or f64
 *   xs   nx leaves or recorded values, f32 or f64
 *   dxs  a tangent of the shape and dtype of each x; NULL, or an entry NULL: ones
 *   dys  receives ny recorded values with the shapes of ys
 * Costs two sweeps, whatever nx and ny: J^T u is linear in u, so differentiating it by a u of zeros
 * gives J. The VJP of an operation of your own must therefore be composed of recorded operations
 * and be linear in dy. */
tg_status tg_jvp(tg_tape *t, int ny, tg_tensor *const *ys, int nx, tg_tensor *const *xs,
                 tg_tensor *const *dxs, tg_tensor **dys);

/* Hessian-vector product: result[k] = sum over l of d2 loss / d params[k] d params[l] . v[l].
 * loss has one element; v has the keys, shapes and dtypes of params (TG_EKEY, TG_ESHAPE,
 * TG_EDTYPE), in any order. The dict and its tensors belong to the tape, until its reset.
 * Costs two sweeps: the gradient, and the gradient of <gradient, v>. NULL on failure. */
tg_dict *tg_hvp(tg_tape *t, tg_tensor *loss, const tg_dict *params, const tg_dict *v);

/* d y / d x as a matrix (m, n) of the dtype of x, for y of m elements and x of n, both taken in
 * row-major order. Costs m sweeps over the tape below y, or n + 1 if that is less, and the
 * memory of all of them until the reset. NULL on failure. */
tg_tensor *tg_jacobian(tg_tape *t, tg_tensor *y, tg_tensor *x);

/* d2 loss / d x d x as a matrix (n, n), for a loss of one element and x of n. Costs n + 1
 * sweeps. It is symmetric but for rounding. NULL on failure. */
tg_tensor *tg_hessian(tg_tape *t, tg_tensor *loss, tg_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
