/* ops_window.h - windows that slide over an image, f32 and f64.
 *
 * A window slides along the n = 1, 2 or 3 axes after (N, C). Each list holds n numbers. NULL
 * means stride 1, padding 0, dilation 1. All numbers are at most 2^31 - 1 (TG_EARG). TG_ESHAPE if
 * the window does not fit. */
#ifndef TAPEGRAD_OPS_WINDOW_H
#define TAPEGRAD_OPS_WINDOW_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* x (N, C, in...) -> (N, C * prod(kernel), prod(out)). Each column holds the elements in the
 * window at one position, with 0 for padding.
 *   out = (in + 2 padding - dilation (kernel - 1) - 1) / stride + 1, floored. */
tg_tensor *tg_unfold(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel, const int64_t *stride,
                     const int64_t *padding, const int64_t *dilation);

/* The transpose of unfold: takes x in the form in which unfold returns it -> (N, C, size...),
 * adding up where windows overlap. */
tg_tensor *tg_fold(tg_tape *t, tg_tensor *x, int n, const int64_t *size, const int64_t *kernel,
                   const int64_t *stride, const int64_t *padding, const int64_t *dilation);

/* x (N, C, in...) -> (N, C, out...): the largest element in each window. NaN if any element is
 * NaN; -Inf if the window covers only padding. */
tg_tensor *tg_window_max(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel,
                         const int64_t *stride, const int64_t *padding, const int64_t *dilation);

#ifdef __cplusplus
}
#endif
#endif
