/* ops_create.h - tensors made from numbers: constants and ranges. */
#ifndef TAPEGRAD_OPS_CREATE_H
#define TAPEGRAD_OPS_CREATE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A 0-d weak scalar: it takes the dtype of the operand beside it, or f64 if there is none. */
tg_tensor *tg_scalar(tg_tape *t, double value);

/* Every element is value, which an integer dtype truncates. TG_EARG if it does not fit that
 * dtype. */
tg_tensor *tg_full(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape, double value);
tg_tensor *tg_zeros(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape);
tg_tensor *tg_ones(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape);

/* The same with the dtype and the shape of x. The result is a weak scalar if x is one. */
tg_tensor *tg_full_like(tg_tape *t, tg_tensor *x, double value);
tg_tensor *tg_zeros_like(tg_tape *t, tg_tensor *x);
tg_tensor *tg_ones_like(tg_tape *t, tg_tensor *x);

/* i32 (n): 0, 1, ..., n - 1. TG_ESHAPE if n is negative or does not fit into i32. */
tg_tensor *tg_arange(tg_tape *t, int64_t n);

/* (n), f32 or f64: n evenly spaced numbers from exactly start to exactly stop; only start if n
 * is 1. */
tg_tensor *tg_linspace(tg_tape *t, tg_dtype dtype, double start, double stop, int64_t n);

/* (rows, columns): 1 where column - row == offset, 0 elsewhere. */
tg_tensor *tg_eye(tg_tape *t, tg_dtype dtype, int64_t rows, int64_t columns, int64_t offset);

#ifdef __cplusplus
}
#endif
#endif
