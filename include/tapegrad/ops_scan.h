/* ops_scan.h - cumulative sums and products along an axis. */
#ifndef TAPEGRAD_OPS_SCAN_H
#define TAPEGRAD_OPS_SCAN_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y_i = x_0 + ... + x_i for f32, f64 and i32, which wraps around; floats are accumulated in double.
 * reverse: starts at the end. exclusive: leaves out x_i itself. TG_ALL: of the flattened x. */
tg_tensor *tg_cumsum(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive);

/* The same with products. The derivative takes time O(n) and divides by nothing, so it is right
 * where x is 0, to any order. */
tg_tensor *tg_cumprod(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive);

/* y_i = a_i + b_i y_(i-1) with y_0 = a_0, for floats a and b of the same dtype and shape,
 * accumulated in double. reverse: starts at the end. axis cannot be TG_ALL. */
tg_tensor *tg_linear_scan(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, bool reverse);

#ifdef __cplusplus
}
#endif
#endif
