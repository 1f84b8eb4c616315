/* window.h - what the operations on windows share: their attributes, how many positions a window
 * has, and where they are. */
#ifndef TG_OPS_WINDOW_H
#define TG_OPS_WINDOW_H

#include "tapegrad/op.h"

enum { TGI_WINDOW_AXES = 3 };

/* The limit of sizes, strides, paddings and dilations, so that sums of two products do not
 * overflow. */
#define TGI_WINDOW_MOST INT32_MAX

/* After the shape rule each list has one number for each axis of the window. */
typedef struct tgi_window_attrs {
    tg_ints kernel, stride, padding, dilation;
    tg_ints size; /* of fold only */
} tgi_window_attrs;

/* The attributes kernel, stride, padding and dilation. */
#define TGI_WINDOW_DEFS                                                                            \
    {"kernel", TG_ATTR_INTS, offsetof(tgi_window_attrs, kernel), NULL},                            \
        {"stride", TG_ATTR_INTS, offsetof(tgi_window_attrs, stride), "1"},                         \
        {"padding", TG_ATTR_INTS, offsetof(tgi_window_attrs, padding), "0"},                       \
    {                                                                                              \
        "dilation", TG_ATTR_INTS, offsetof(tgi_window_attrs, dilation), "1"                        \
    }

/* The number of positions of a window along an axis, 0 if it does not fit. All arguments are within
 * their bounds. */
int64_t tgi_window_count(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation);

/* A list of n numbers, or where v is NULL the one number `otherwise`. */
tg_ints tgi_window_ints(int n, const int64_t *v, int64_t otherwise);

/* Repeats a single number for every axis. TG_EARG when the list has another length or a number is
 * below `least` or above TGI_WINDOW_MOST. */
tg_status tgi_window_numbers(const char *who, const char *name, tg_ints *a, int axes, int64_t least,
                             tg_error *err);

/* *product *= factor; false, and nothing done, on overflow. Neither is negative. */
bool tgi_window_times(int64_t *product, int64_t factor);

/* Completes the attributes for an image of `axes` sizes, and counts the elements of the kernel
 * (volume) and its positions. Fails like tg_unfold with TG_EARG, TG_ESHAPE or TG_ENOMEM. */
tg_status tgi_window_measure(const tg_infer *c, int axes, const int64_t *size, int64_t *volume,
                             int64_t *positions);

/* TG_EDTYPE when input 0 is not float, TG_ESHAPE when shape_fits is false; `must` says what the
 * shape must be. */
tg_status tgi_window_input(const tg_infer *c, bool shape_fits, const char *must);

/* TG_EDTYPE when input 0 is not float, TG_ESHAPE unless it is (N, C, 1 to 3 axes). */
tg_status tgi_window_image(const tg_infer *c);

/* Sets the attributes of a call of the operation `name`; NULL stands for the defaults. False, with
 * the failure on the tape, if n is out of range or kernel is NULL. */
bool tgi_window_options(tg_tape *t, const char *name, int n, const int64_t *kernel,
                        const int64_t *stride, const int64_t *padding, const int64_t *dilation,
                        tgi_window_attrs *a);

/* ---- the walk ------------------------------------------------------------------------------- */

/* A window with three axes. Missing axes come first and have size 1. */
typedef struct tgi_windows {
    int64_t in[TGI_WINDOW_AXES], out[TGI_WINDOW_AXES], kernel[TGI_WINDOW_AXES];
    int64_t stride[TGI_WINDOW_AXES], padding[TGI_WINDOW_AXES], dilation[TGI_WINDOW_AXES];
} tgi_windows;

/* `size` is that of the image, without N and C. */
tgi_windows tgi_windows_of(const tgi_window_attrs *a, const int64_t *size);

/* `first` is the place of element k of the kernel on the axis when the window is at position 0.
 * lo..hi-1 are the positions at which the element lies inside the image. */
typedef struct tgi_span {
    int64_t first, lo, hi;
} tgi_span;

tgi_span tgi_window_span(const tgi_windows *w, int axis, int64_t k);

/* The number of chunks in which threads share `elements` elements in `planes` planes. */
int64_t tgi_window_chunks(int64_t elements, int64_t planes);

/* ---- forward functions of max.c ------------------------------------------------------------- */

size_t tgi_window_max_work(const tg_node *n);
void tgi_window_max_forward(const tg_node *n, void *work);
void tgi_window_max_share_forward(const tg_node *n, void *work);
void tgi_window_max_mean_forward(const tg_node *n, void *work);

#endif
