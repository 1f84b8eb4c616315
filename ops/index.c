/* index.c - checks integer indices, and makes strided operands contiguous for the loops. */
#include "ops/index.h"

#include "graph/storage.h"

tg_status tgi_index_dtype(const tg_infer *c, const tg_tensor *index)
{
    char text[TG_DESCRIBE_SIZE];
    if (index->dtype == TG_I32) return TG_OK;
    return tg_fail(c->err, TG_EDTYPE, "%s: the index is %s, must be i32", c->op->name,
                   tg_tensor_describe(index, text, sizeof text));
}

/* The loop has no branch, so that the compiler can vectorize it. */
static bool all_within(const int32_t *k, int64_t size, int32_t lo, int32_t hi)
{
    int beyond = 0;
    for (int64_t i = 0; i < size; i++) beyond |= (k[i] < lo) | (k[i] > hi);
    return !beyond;
}

tg_status tgi_index_range(const tg_node *node, const tg_tensor *index, int64_t n, bool negative,
                          tg_error *err)
{
    const int64_t least = negative ? -n : 0;
    if (n > 0 && tg_tensor_is_contiguous(index) &&
        all_within(index->data, index->size, least < INT32_MIN ? INT32_MIN : (int32_t)least,
                   n > INT32_MAX ? INT32_MAX : (int32_t)(n - 1)))
        return TG_OK;
    for (int64_t i = 0; i < index->size; i++) {
        const int64_t k = ((const int32_t *)index->data)[tgi_offset(index, i)];
        if (k < least || k >= n)
            return tg_fail(err, TG_EINDEX, "%s: index %lld (element %lld) is out of range for %lld",
                           node->op->name, (long long)k, (long long)i, (long long)n);
    }
    return TG_OK;
}

size_t tgi_contiguous_work(const tg_tensor *x)
{
    return x->size == 0 || tg_tensor_is_contiguous(x)
               ? 0
               : ((size_t)x->size * tg_dtype_size(x->dtype) + TGI_ALIGN - 1) / TGI_ALIGN *
                     TGI_ALIGN;
}

const void *tgi_contiguous(const tg_tensor *x, void *work)
{
    if (tgi_contiguous_work(x) == 0) return x->data;
    int64_t row_major[TG_MAX_NDIM];
    tgi_row_major(x->ndim, x->shape, row_major);
    tgi_strided_copy(tg_dtype_size(x->dtype), x->ndim, x->shape, work, row_major, x->data,
                     x->strides);
    return work;
}

int64_t tgi_index_chunks(size_t bytes, int64_t parts)
{
    enum { CHUNK = 1 << 16, MOST = 64 };
    const int64_t worth = bytes / CHUNK > MOST ? MOST : (int64_t)(bytes / CHUNK);
    return worth < 1 || parts < 1 ? 1 : worth < parts ? worth : parts;
}
