/* ops_window.h - what a window shows while it moves over an image, f32 and f64.
 *
 * It moves over the n = 1, 2 or 3 axes after (N, C).  Each list holds n numbers; NULL: stride 1,
 * padding 0, dilation 1; all are at most 2^31 - 1 (TG_EARG).  TG_ESHAPE when the window does not
 * fit. */
#ifndef TAPEGRAD_OPS_WINDOW_H
#define TAPEGRAD_OPS_WINDOW_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x (N, C, in...) -> (N, C * prod(kernel), prod(out)): a column holds what the window shows at one
 * position, 0 in the padding; out = (in + 2 padding - dilation (kernel - 1) - 1) / stride + 1. */
tg_tensor *tg_unfold(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel, const int64_t *stride,
                     const int64_t *padding, const int64_t *dilation);

/* The transpose of unfold: x as unfold gives it -> (N, C, size...); what overlaps adds up. */
tg_tensor *tg_fold(tg_tape *t, tg_tensor *x, int n, const int64_t *size, const int64_t *kernel,
                   const int64_t *stride, const int64_t *padding, const int64_t *dilation);

/* x (N, C, in...) -> (N, C, out...): the largest element that the window shows at each position,
 * NaN if any is; -Inf where it shows nothing but padding. */
tg_tensor *tg_window_max(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel,
                         const int64_t *stride, const int64_t *padding, const int64_t *dilation);

#ifdef __cplusplus
}
#endif
#endif
