/* storage.h - the reference-counted block that holds the elements of leaves, and strided memory. */
#ifndef TG_GRAPH_STORAGE_H
#define TG_GRAPH_STORAGE_H

#include <stdatomic.h>

#include "tapegrad/tensor.h"

#define TGI_ALIGN 64

struct tg_storage {
    atomic_int refs;
    _Atomic uint64_t version; /* the number of writes that the library knows of */
    size_t bytes;
    char *data; /* aligned to TGI_ALIGN, inside this same allocation */
};

/* A storage of zeros with one reference; NULL when out of memory. */
struct tg_storage *tgi_storage_new(size_t bytes);

/* Drops a reference, and frees the storage if it was the last. NULL is allowed. */
void tgi_storage_free(struct tg_storage *s);

/* The first and the last element that a view reaches, relative to its element 0. False if one of
 * them overflows. */
bool tgi_storage_span(int ndim, const int64_t *shape, const int64_t *strides, int64_t *lo,
                      int64_t *hi);

/* a and b are in the same storage, and the ranges of their elements overlap. */
bool tgi_storage_overlap(const tg_tensor *a, const tg_tensor *b);

/* ---- shape.c and strided.c ------------------------------------------------------------------ */

/* Sets *size to the number of elements of a shape. TG_ESHAPE for a bad ndim or a negative size,
 * TG_ENOMEM when the bytes (zero sizes counted as one) overflow. */
tg_status tgi_shape_size(const char *who, int ndim, const int64_t *shape, tg_dtype dtype,
                         int64_t *size, tg_error *err);

/* Row-major strides of a shape. */
void tgi_row_major(int ndim, const int64_t *shape, int64_t *strides);

/* dst[...] = src[...] for elements of `width` bytes; strides in elements. The blocks do not
 * overlap. */
void tgi_strided_copy(size_t width, int ndim, const int64_t *shape, void *dst,
                      const int64_t *dst_strides, const void *src, const int64_t *src_strides);

/* The offset of element i in row-major order, in elements from data. */
int64_t tgi_offset(const tg_tensor *x, int64_t i);

/* ---- inline --------------------------------------------------------------------------------- */

/* The version of the storage of x; 0 if the elements are in an arena. */
static inline uint64_t tgi_version(const tg_tensor *x)
{
    return x->storage ? atomic_load(&x->storage->version) : 0;
}

static inline bool tgi_is_contiguous(const tg_tensor *x)
{
    int64_t step = 1;
    if (x->size == 0) return true;
    for (int i = x->ndim - 1; i >= 0; i--) {
        if (x->shape[i] != 1 && x->strides[i] != step) return false;
        step *= x->shape[i];
    }
    return true;
}

/* Like tg_dtype_is_float and tg_dtype_size, but only for valid dtypes. */
static inline bool tgi_is_float(tg_dtype dtype) { return dtype == TG_F32 || dtype == TG_F64; }

static inline size_t tgi_width(tg_dtype dtype)
{
    return dtype == TG_F64 ? sizeof(double) : dtype == TG_U8 ? sizeof(uint8_t) : sizeof(float);
}

#endif
