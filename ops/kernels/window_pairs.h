/* window_pairs.h - the kernels of windows that are two columns wide and stand side by side. */
#ifndef TAPEGRAD_OPS_KERNELS_WINDOW_PAIRS_H
#define TAPEGRAD_OPS_KERNELS_WINDOW_PAIRS_H

#include <stdint.h>

/* `lines` lines of `n` windows of (rows, 2) elements.  Line i begins at element i * rows * step of
 * an image whose rows are `step` elements apart, and at element i * n of what has one element
 * for each window. */
typedef struct tgi_window_pairs {
    int64_t lines, n, rows, step;
} tgi_window_pairs;

typedef struct tgi_window_pairs_kernel {
    /* y: the largest of x in each window, NaN if any is. */
    void (*largest)(const tgi_window_pairs *p, const void *x, void *y);
    /* dx: the window's d over the number of its largest x, at those; 0 times that elsewhere. */
    void (*share)(const tgi_window_pairs *p, const void *x, const void *d, void *dx);
} tgi_window_pairs_kernel;

#endif
