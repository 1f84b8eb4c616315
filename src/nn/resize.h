/* resize.h - what adaptive pooling and upsampling share. */
#ifndef TG_SRC_RESIZE_H
#define TG_SRC_RESIZE_H

#include "tapegrad/ops.h"

/* Sizes up to this: i H / h is then exact enough in a double for floor and ceil to be right. */
#define TGI_RESIZE_MOST (1 << 26)

/* x is (N, C) and `axes` axes more, and all sizes are in 1..TGI_RESIZE_MOST; else the tape fails.
 */
bool tgi_resize_valid(tg_tape *t, const char *who, const tg_tensor *x, int axes,
                      const int64_t *out);

/* (i + shift) in / out for i = 0 .. n-1, as f64[n]. */
tg_tensor *tgi_resize_source(tg_tape *t, int64_t n, double shift, int64_t in, int64_t out);

#endif
