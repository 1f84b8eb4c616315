/* tensor.c - dtypes, leaves and single elements. */
#include "tapegrad/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "graph/storage.h"
#include "tapegrad/alloc.h"

/* A leaf with its counter and its dimensions in one allocation. */
struct leaf {
    tg_tensor x;
    atomic_int refs;
    int64_t dims[2 * TG_MAX_NDIM];
};

static const struct {
    const char *name;
    size_t size;
} dtypes[TG_DTYPE_COUNT] = {[TG_F32] = {"f32", sizeof(float)},
                            [TG_F64] = {"f64", sizeof(double)},
                            [TG_I32] = {"i32", sizeof(int32_t)},
                            [TG_U8] = {"u8", sizeof(uint8_t)}};

static bool known(tg_dtype dtype) { return (int)dtype >= 0 && (int)dtype < TG_DTYPE_COUNT; }

size_t tg_dtype_size(tg_dtype dtype) { return known(dtype) ? dtypes[dtype].size : 0; }

const char *tg_dtype_name(tg_dtype dtype) { return known(dtype) ? dtypes[dtype].name : "?"; }

bool tg_dtype_is_float(tg_dtype dtype) { return dtype == TG_F32 || dtype == TG_F64; }

/* Takes over the reference to storage. */
static tg_tensor *leaf_new(tg_dtype dtype, int ndim, const int64_t *shape, const int64_t *strides,
                           int64_t size, struct tg_storage *storage, void *data)
{
    struct leaf *l = tg_malloc(sizeof *l);
    if (!l) {
        tgi_storage_free(storage);
        return NULL;
    }
    for (int i = 0; i < ndim; i++) {
        l->dims[i] = shape[i];
        l->dims[TG_MAX_NDIM + i] = strides[i];
    }
    l->x = (tg_tensor){.data = data,
                       .shape = l->dims,
                       .strides = l->dims + TG_MAX_NDIM,
                       .size = size,
                       .ndim = ndim,
                       .dtype = dtype,
                       .id = -1,
                       .storage = storage};
    atomic_init(&l->refs, 1);
    return &l->x;
}

static tg_tensor *out_of_memory(tg_dtype dtype, int ndim, const int64_t *shape, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    (void)tg_fail(err, TG_ENOMEM, "tensor: out of memory for %s%s", tg_dtype_name(dtype),
                  tg_shape_describe(ndim, shape, text, sizeof text));
    return NULL;
}

tg_tensor *tg_tensor_new(tg_dtype dtype, int ndim, const int64_t *shape, tg_error *err)
{
    int64_t size, strides[TG_MAX_NDIM];
    if (tgi_shape_size("tensor", ndim, shape, dtype, &size, err)) return NULL;
    if ((uint64_t)size > SIZE_MAX / dtypes[dtype].size)
        return out_of_memory(dtype, ndim, shape, err);
    tgi_row_major(ndim, shape, strides);
    struct tg_storage *s = tgi_storage_new((size_t)size * dtypes[dtype].size);
    tg_tensor *x = s ? leaf_new(dtype, ndim, shape, strides, size, s, s->data) : NULL;
    return x ? x : out_of_memory(dtype, ndim, shape, err);
}

tg_tensor *tg_tensor_from(tg_dtype dtype, int ndim, const int64_t *shape, const void *data,
                          tg_error *err)
{
    tg_tensor *x = tg_tensor_new(dtype, ndim, shape, err);
    if (!x || x->size == 0) return x;
    if (!data) {
        tg_tensor_free(x);
        (void)tg_fail(err, TG_EARG, "tensor: data is NULL");
        return NULL;
    }
    memcpy(x->data, data, x->storage->bytes);
    return x;
}

tg_tensor *tg_tensor_like(const tg_tensor *x, tg_error *err)
{
    if (x) return tg_tensor_new(x->dtype, x->ndim, x->shape, err);
    (void)tg_fail(err, TG_EARG, "tensor_like: the tensor is NULL");
    return NULL;
}

tg_tensor *tg_tensor_clone(const tg_tensor *x, tg_error *err)
{
    if (!x) (void)tg_fail(err, TG_EARG, "clone: the tensor is NULL");
    tg_tensor *y = x ? tg_tensor_like(x, err) : NULL;
    if (y) (void)tg_tensor_copy(y, x, err);
    return y;
}

tg_tensor *tg_tensor_view(const tg_tensor *x, int ndim, const int64_t *shape,
                          const int64_t *strides, int64_t offset, tg_error *err)
{
    if (!x || x->tape || (ndim > 0 && !strides)) {
        (void)tg_fail(err, TG_EARG, "view: needs a leaf and strides");
        return NULL;
    }
    int64_t size, lo, hi;
    if (tgi_shape_size("view", ndim, shape, x->dtype, &size, err)) return NULL;
    const int64_t width = (int64_t)dtypes[x->dtype].size;
    const int64_t first = ((const char *)x->data - x->storage->data) / width;
    const int64_t last = (int64_t)x->storage->bytes / width - 1;
    const bool inside = size == 0 || (tgi_storage_span(ndim, shape, strides, &lo, &hi) &&
                                      offset >= -(first + lo) && offset <= last - first - hi);
    if (!inside) {
        char text[TG_DESCRIBE_SIZE];
        (void)tg_fail(err, TG_EINDEX, "view: %s at offset %lld reaches outside the storage",
                      tg_shape_describe(ndim, shape, text, sizeof text), (long long)offset);
        return NULL;
    }
    atomic_fetch_add(&x->storage->refs, 1);
    void *data = size ? (char *)x->data + offset * width : x->data;
    int64_t plain[TG_MAX_NDIM]; /* for an empty view, whose strides are not checked */
    tgi_row_major(ndim, shape, plain);
    tg_tensor *y = leaf_new(x->dtype, ndim, shape, size ? strides : plain, size, x->storage, data);
    return y ? y : out_of_memory(x->dtype, ndim, shape, err);
}

tg_tensor *tg_tensor_ref(tg_tensor *x)
{
    if (x && !x->tape) atomic_fetch_add(&((struct leaf *)x)->refs, 1);
    return x;
}

void tg_tensor_free(tg_tensor *x)
{
    if (!x || x->tape || atomic_fetch_sub(&((struct leaf *)x)->refs, 1) != 1) return;
    tgi_storage_free(x->storage);
    tg_free(x);
}

static tg_status writable(const char *who, const tg_tensor *x, tg_error *err)
{
    if (x && !x->tape) return TG_OK;
    return tg_fail(err, TG_EARG, "%s: %s cannot be written", who,
                   x ? "a value recorded on a tape" : "NULL");
}

tg_status tg_tensor_copy(tg_tensor *dst, const tg_tensor *src, tg_error *err)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const tg_status status = writable("copy", dst, err);
    if (status) return status;
    if (!src) return tg_fail(err, TG_EARG, "copy: the source is NULL");
    if (dst->dtype != src->dtype || !tg_tensor_same_shape(dst, src))
        return tg_fail(err, dst->dtype != src->dtype ? TG_EDTYPE : TG_ESHAPE,
                       "copy: cannot copy %s to %s", tg_tensor_describe(src, a, sizeof a),
                       tg_tensor_describe(dst, b, sizeof b));
    tg_tensor *held = NULL;
    if (tgi_storage_overlap(dst, src)) {
        held = tg_tensor_clone(src, err);
        if (!held) return TG_ENOMEM;
        src = held;
    }
    tgi_strided_copy(dtypes[dst->dtype].size, dst->ndim, dst->shape, dst->data, dst->strides,
                     src->data, src->strides);
    tg_tensor_free(held);
    tg_tensor_touch(dst);
    return TG_OK;
}

static void put(tg_tensor *x, int64_t offset, double value)
{
    switch (x->dtype) {
    case TG_F32:
        ((float *)x->data)[offset] = (float)value;
        break;
    case TG_F64:
        ((double *)x->data)[offset] = value;
        break;
    case TG_I32:
        ((int32_t *)x->data)[offset] = (int32_t)value;
        break;
    case TG_U8:
        ((uint8_t *)x->data)[offset] = (uint8_t)value;
        break;
    default:
        break;
    }
}

static tg_status fits(const char *who, const tg_tensor *x, double value, tg_error *err)
{
    const bool fine = x->dtype == TG_I32  ? value > -2147483649.0 && value < 2147483648.0
                      : x->dtype == TG_U8 ? value > -1.0 && value < 256.0
                                          : true;
    return fine
               ? TG_OK
               : tg_fail(err, TG_EARG, "%s: %g does not fit %s", who, value, dtypes[x->dtype].name);
}

tg_status tg_tensor_fill(tg_tensor *x, double value, tg_error *err)
{
    tg_status status = writable("fill", x, err);
    if (!status) status = fits("fill", x, value, err);
    if (status) return status;
    for (int64_t i = 0; i < x->size; i++) put(x, tgi_offset(x, i), value);
    tg_tensor_touch(x);
    return TG_OK;
}

double tg_tensor_get(const tg_tensor *x, int64_t i)
{
    if (!x || i < 0 || i >= x->size) return NAN;
    const int64_t at = tgi_offset(x, i);
    switch (x->dtype) {
    case TG_F32:
        return (double)((const float *)x->data)[at];
    case TG_F64:
        return ((const double *)x->data)[at];
    case TG_I32:
        return ((const int32_t *)x->data)[at];
    case TG_U8:
        return ((const uint8_t *)x->data)[at];
    default:
        return NAN;
    }
}

tg_status tg_tensor_set(tg_tensor *x, int64_t i, double value, tg_error *err)
{
    tg_status status = writable("set", x, err);
    if (!status) status = fits("set", x, value, err);
    if (status) return status;
    if (i < 0 || i >= x->size)
        return tg_fail(err, TG_EINDEX, "set: there is no element %lld, the size is %lld",
                       (long long)i, (long long)x->size);
    put(x, tgi_offset(x, i), value);
    tg_tensor_touch(x);
    return TG_OK;
}

double tg_item(const tg_tensor *x) { return x && x->size == 1 ? tg_tensor_get(x, 0) : NAN; }

void tg_tensor_touch(tg_tensor *x)
{
    if (x && x->storage) atomic_fetch_add(&x->storage->version, 1);
}

bool tg_tensor_is_contiguous(const tg_tensor *x) { return x && tgi_is_contiguous(x); }

bool tg_tensor_same_shape(const tg_tensor *a, const tg_tensor *b)
{
    if (!a || !b || a->ndim != b->ndim) return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] != b->shape[i]) return false;
    return true;
}

char *tg_tensor_describe(const tg_tensor *x, char *text, size_t size)
{
    if (!text || size == 0) return text;
    const int n = snprintf(text, size, "%s", x ? tg_dtype_name(x->dtype) : "NULL");
    if (x && n > 0 && (size_t)n < size)
        (void)tg_shape_describe(x->ndim, x->shape, text + n, size - (size_t)n);
    return text;
}
