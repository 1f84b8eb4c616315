/* ops_create.h - tensors out of numbers. */
#ifndef TAPEGRAD_OPS_CREATE_H
#define TAPEGRAD_OPS_CREATE_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 0-d and weak: takes the dtype of the operand beside it, f64 where there is none. */
tg_tensor *tg_scalar(tg_tape *t, double value);

/* value everywhere.  TG_EARG where it does not fit an integer dtype, which truncates it. */
tg_tensor *tg_full(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape, double value);
tg_tensor *tg_zeros(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape);
tg_tensor *tg_ones(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape);

/* The same with the dtype and the shape of x; weak where x is. */
tg_tensor *tg_full_like(tg_tape *t, tg_tensor *x, double value);
tg_tensor *tg_zeros_like(tg_tape *t, tg_tensor *x);
tg_tensor *tg_ones_like(tg_tape *t, tg_tensor *x);

/* i32 (n): 0, 1, ..., n - 1.  TG_ESHAPE where n is negative or does not fit into i32. */
tg_tensor *tg_arange(tg_tape *t, int64_t n);

/* (n), f32 or f64: n numbers at equal distances, the first start and the last stop, both exactly;
 * start alone where n is 1. */
tg_tensor *tg_linspace(tg_tape *t, tg_dtype dtype, double start, double stop, int64_t n);

/* (rows, columns): 1 where column - row is offset, 0 elsewhere. */
tg_tensor *tg_eye(tg_tape *t, tg_dtype dtype, int64_t rows, int64_t columns, int64_t offset);

#ifdef __cplusplus
}
#endif
#endif
