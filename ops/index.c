/* index.c - checks and reading of integer indices. */
#include "ops/index.h"

#include "graph/storage.h"

tg_status tgi_index_dtype(const tg_infer *c, const tg_tensor *index)
{
    char text[TG_DESCRIBE_SIZE];
    if (index->dtype == TG_I32) return TG_OK;
    return tg_fail(c->err, TG_EDTYPE, "%s: the index is %s, must be i32", c->op->name,
                   tg_tensor_describe(index, text, sizeof text));
}

tg_status tgi_index_range(const tg_node *node, const tg_tensor *index, int64_t n, bool negative,
                          tg_error *err)
{
    for (int64_t i = 0; i < index->size; i++) {
        const int64_t k = ((const int32_t *)index->data)[tgi_offset(index, i)];
        if (k < (negative ? -n : 0) || k >= n)
            return tg_fail(err, TG_EINDEX, "%s: index %lld (element %lld) is out of range for %lld",
                           node->op->name, (long long)k, (long long)i, (long long)n);
    }
    return TG_OK;
}

int64_t tgi_index_at(const tg_tensor *index, int64_t i, int64_t n)
{
    const int64_t k = ((const int32_t *)index->data)[tgi_offset(index, i)];
    return k < 0 ? k + n : k;
}
