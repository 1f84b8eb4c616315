/* window.h - what the operations on windows share: attributes, and how often a window fits. */
#ifndef TG_OPS_WINDOW_H
#define TG_OPS_WINDOW_H

#include "tapegrad/op.h"

enum { TGI_WINDOW_AXES = 3 };

/* Sizes, steps and paddings are at most this, so that sums of two products do not overflow. */
#define TGI_WINDOW_MOST INT32_MAX

/* After the shape rule each has as many numbers as the window has axes. */
typedef struct tgi_window_attrs {
    tg_ints kernel, stride, padding, dilation;
    tg_ints size; /* of fold */
} tgi_window_attrs;

/* Positions of a window along an axis; 0 when it does not fit.  All within bounds. */
int64_t tgi_window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation);

void tgi_unfold_forward(const tg_node *n, void *work);
void tgi_fold_forward(const tg_node *n, void *work);

#endif
