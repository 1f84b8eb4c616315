/* tensor.h - an n-dimensional array: dtype, shape, strides and a view of storage.
 *
 * There are two kinds. A *leaf* (parameter, input, state) lives on the heap, has a reference
 * count, and may be written. A *recorded value* is the result of an operation: it belongs to its
 * tape, lives until tg_tape_reset, and is never written again. */
#ifndef TAPEGRAD_TENSOR_H
#define TAPEGRAD_TENSOR_H

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_MAX_NDIM 8
#define TG_ALL (-2147483647 - 1) /* as an axis: all of them */

typedef enum tg_dtype {
    TG_F32, /* float, the default everywhere */
    TG_F64, /* double */
    TG_I32, /* int32_t: labels and indices */
    TG_U8,  /* uint8_t: masks (0 or 1) and image bytes */
    TG_DTYPE_COUNT
} tg_dtype;

size_t tg_dtype_size(tg_dtype dtype);      /* bytes of one element; 0 for no dtype */
const char *tg_dtype_name(tg_dtype dtype); /* "f32", "f64", "i32", "u8"; "?" for no dtype */
bool tg_dtype_is_float(tg_dtype dtype);

/* Read these fields, but do not write them. Element (i, j, ...) is data[i*strides[0] +
 * j*strides[1] + ...]. */
typedef struct tg_tensor {
    void *data;           /* the first element; unspecified where size is 0 */
    const int64_t *shape; /* ndim sizes, each >= 0 */
    /* ndim steps, in elements; 0 for a repeated axis, negative for a reversed one. */
    const int64_t *strides;
    int64_t size; /* number of elements: the product of shape, 1 for ndim 0 */
    int ndim;     /* 0 .. TG_MAX_NDIM */
    tg_dtype dtype;
    bool weak;                  /* a tg_scalar: takes the dtype of the operand beside it */
    int32_t id;                 /* the number of a recorded value on its tape; -1 for a leaf */
    struct tg_tape *tape;       /* NULL for a leaf */
    const struct tg_node *node; /* the operation that made it; NULL for a leaf */
    /* The heap block that holds the elements; NULL if they are in the tape's arena. */
    struct tg_storage *storage;
} tg_tensor;

/* A leaf of zeros, in row-major order. The caller frees it. NULL on failure: TG_ESHAPE
 * (ndim, a negative size), TG_EDTYPE, TG_ENOMEM (also where the size overflows). */
tg_tensor *tg_tensor_new(tg_dtype dtype, int ndim, const int64_t *shape, tg_error *err);

/* A leaf filled with a copy of row-major data of the same dtype. */
tg_tensor *tg_tensor_from(tg_dtype dtype, int ndim, const int64_t *shape, const void *data,
                          tg_error *err);

/* A leaf of zeros with x's dtype and shape; a leaf that is a row-major copy of x. */
tg_tensor *tg_tensor_like(const tg_tensor *x, tg_error *err);
tg_tensor *tg_tensor_clone(const tg_tensor *x, tg_error *err);

/* A leaf that is a view of leaf x's storage. Its first element is `offset` elements after x->data,
 * and strides are in elements. TG_EINDEX if it would reach outside the storage. */
tg_tensor *tg_tensor_view(const tg_tensor *x, int ndim, const int64_t *shape,
                          const int64_t *strides, int64_t offset, tg_error *err);

/* ref adds a reference to a leaf and returns it; free drops one, and dropping the last frees the
 * leaf. Both may be called from any thread. They do nothing for NULL and for recorded values. */
tg_tensor *tg_tensor_ref(tg_tensor *x);
void tg_tensor_free(tg_tensor *x);

/* Copies the elements of src to the leaf dst; any strides. TG_ESHAPE or TG_EDTYPE if the two
 * differ, TG_EARG if dst is a recorded value. */
tg_status tg_tensor_copy(tg_tensor *dst, const tg_tensor *src, tg_error *err);

/* Sets every element of a leaf to value, rounded to the leaf's dtype; beyond the range of f32 that
 * is Inf. TG_EARG if value is out of the range of i32 or u8, or if x is not a leaf. */
tg_status tg_tensor_fill(tg_tensor *x, double value, tg_error *err);

/* get returns element i in row-major order as a double, or NaN if there is no such element. set
 * writes it in a leaf: TG_EINDEX if there is no such element, TG_EARG as for tg_tensor_fill. */
double tg_tensor_get(const tg_tensor *x, int64_t i);
tg_status tg_tensor_set(tg_tensor *x, int64_t i, double value, tg_error *err);

/* The value of a tensor of one element; NaN for NULL or any other size. */
double tg_item(const tg_tensor *x);

/* Call this after writing to a leaf through x->data. Gradients through values that were recorded
 * before are then refused instead of being wrong. Writes by the library do this themselves. */
void tg_tensor_touch(tg_tensor *x);

bool tg_tensor_is_contiguous(const tg_tensor *x); /* row-major, without gaps */
bool tg_tensor_same_shape(const tg_tensor *a, const tg_tensor *b);

/* Writes "f32[128,784]", "i32[]" or "NULL" to text, cut to size; returns text. */
char *tg_tensor_describe(const tg_tensor *x, char *text, size_t size);
/* Writes "[128,784]", likewise. */
char *tg_shape_describe(int ndim, const int64_t *shape, char *text, size_t size);
#define TG_DESCRIBE_SIZE 192 /* holds any of them whole */

#ifdef __cplusplus
}
#endif
#endif
