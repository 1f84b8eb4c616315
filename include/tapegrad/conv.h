/* conv.h - convolution, pooling and upsampling, all composed with tg_unfold and tg_fold.
 *
 * The number in a name says how many axes follow (N, C): 1 (W), 2 (H, W) or 3 (D, H, W). Arrays in
 * options have one entry per axis, in that order; further entries are not read. Inputs are f32 or
 * f64. N and C may be 0. NULL options stand for the defaults, if there are defaults. */
#ifndef TAPEGRAD_CONV_H
#define TAPEGRAD_CONV_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- convolution ---------------------------------------------------------------------------- */

typedef struct tg_conv_options {
    uint32_t made;             /* by tg_conv_defaults(), see status.h */
    int64_t stride[3];         /* 1 */
    int64_t padding[3];        /* zeros on both sides, 0 */
    int64_t dilation[3];       /* from one element of the kernel to the next, 1 */
    int64_t output_padding[3]; /* transposed only: rows added at the end, fewer than stride; 0 */
    int64_t groups;            /* independent groups of channels, 1 */
} tg_conv_options;

tg_conv_options tg_conv_defaults(void);

/* x (N, C, H, W), w (K, C/groups, R, S), b (K) or NULL -> (N, K, H', W'),
 * H' = (H + 2 padding - dilation (R-1) - 1) / stride + 1, floored:
 *   y[n, k, i, j] = b[k] + sum over c, r, s of
 *                   w[k, c, r, s] x[n, c, i stride - padding + r dilation, ...],
 * with the kernel not reversed, as is usual in deep learning.
 * TG_ESHAPE if the channels differ, the groups do not divide them or the kernel does not fit;
 * TG_EARG for an option out of range. */
tg_tensor *tg_conv1d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                     const tg_conv_options *options);
tg_tensor *tg_conv2d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                     const tg_conv_options *options);
tg_tensor *tg_conv3d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                     const tg_conv_options *options);

/* The transpose of tg_conv2d as a linear map of x, which goes from its H' back to its H.
 * x (N, C, H, W), w (C, K/groups, R, S), b (K) or NULL -> (N, K, H', W'),
 * H' = (H - 1) stride - 2 padding + dilation (R-1) + 1 + output_padding. Errors as above. */
tg_tensor *tg_conv_transpose1d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                               const tg_conv_options *options);
tg_tensor *tg_conv_transpose2d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                               const tg_conv_options *options);
tg_tensor *tg_conv_transpose3d(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                               const tg_conv_options *options);

/* ---- pooling -------------------------------------------------------------------------------- */

typedef struct tg_pool_options {
    uint32_t made; /* by tg_pool_defaults(), see status.h */
    int64_t kernel[3];
    int64_t stride[3];   /* 0, the default: same as kernel */
    int64_t padding[3];  /* on both sides, at most half of kernel, 0 */
    int64_t dilation[3]; /* 1 */
    bool count_padding;  /* true, the default: averages count padding as zeros; false: not at all */
} tg_pool_options;

/* The defaults, with the same kernel size along all axes. */
tg_pool_options tg_pool_defaults(int64_t kernel);

/* x (N, C, H, W) -> (N, C, H', W'), H' as in tg_conv2d: the largest element of x in each window.
 * Equal elements share the gradient. NaN if any element is NaN.  -Inf if the window covers only
 * padding, which can happen with a dilation. TG_ESHAPE if the kernel does not fit; TG_EARG if an
 * option is out of range or options is NULL. */
tg_tensor *tg_max_pool1d(tg_tape *t, tg_tensor *x, const tg_pool_options *options);
tg_tensor *tg_max_pool2d(tg_tape *t, tg_tensor *x, const tg_pool_options *options);
tg_tensor *tg_max_pool3d(tg_tape *t, tg_tensor *x, const tg_pool_options *options);

/* The mean of each window. */
tg_tensor *tg_avg_pool1d(tg_tape *t, tg_tensor *x, const tg_pool_options *options);
tg_tensor *tg_avg_pool2d(tg_tape *t, tg_tensor *x, const tg_pool_options *options);
tg_tensor *tg_avg_pool3d(tg_tape *t, tg_tensor *x, const tg_pool_options *options);

/* x (N, C, H, W) -> (N, C, h, w), whatever H and W are: element i is the mean, or the largest, of
 * x's elements floor(i H/h) .. ceil((i+1) H/h) - 1. h = w = 1 pools over the whole image.
 * TG_ESHAPE if H, W, h or w is outside 1..2^26. */
tg_tensor *tg_adaptive_avg_pool1d(tg_tape *t, tg_tensor *x, int64_t w);
tg_tensor *tg_adaptive_avg_pool2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w);
tg_tensor *tg_adaptive_max_pool1d(tg_tape *t, tg_tensor *x, int64_t w);
tg_tensor *tg_adaptive_max_pool2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w);

/* ---- upsampling, also downsampling without a filter ----------------------------------------- */

/* x (N, C, H, W) -> (N, C, h, w): element i is x's element floor(i H/h), and likewise along W.
 * TG_ESHAPE as above. */
tg_tensor *tg_upsample_nearest2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w);

/* The same, but interpolates linearly between the two elements of x next to position s.
 * s = i (H-1)/(h-1) with align_corners, which leaves the corners in place (0 for h = 1), and
 * s = max((i + 1/2) H/h - 1/2, 0) without. */
tg_tensor *tg_upsample_bilinear2d(tg_tape *t, tg_tensor *x, int64_t h, int64_t w,
                                  bool align_corners);

#ifdef __cplusplus
}
#endif
#endif
