/* ops_scan.h - running sums and products along an axis. */
#ifndef TAPEGRAD_OPS_SCAN_H
#define TAPEGRAD_OPS_SCAN_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y_i = x_0 + ... + x_i, f32, f64 and i32, which wraps around; floats are carried in double.
 * reverse: from the end; exclusive: without the element itself.  TG_ALL: of x as one row. */
tg_tensor *tg_cumsum(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive);

/* The same with products.  The derivative takes O(n) and no division: right where x is 0, to any
 * order. */
tg_tensor *tg_cumprod(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive);

/* y_i = a_i + b_i y_(i-1), y_0 = a_0; a and b are floats of one shape, carried in double.  reverse:
 * from the end.  Not TG_ALL. */
tg_tensor *tg_linear_scan(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, bool reverse);

#ifdef __cplusplus
}
#endif
#endif
