/* storage.c - the block behind leaves: its life, and which part of it a view reaches. */
#include "graph/storage.h"

#include <string.h>

#include "graph/arena.h"
#include "tapegrad/alloc.h"

struct tg_storage *tgi_storage_new(size_t bytes)
{
    const size_t head = sizeof(struct tg_storage);
    if (bytes > SIZE_MAX - head - TGI_ALIGN) return NULL;
    struct tg_storage *s = tg_malloc(head + bytes + TGI_ALIGN);
    if (!s) return NULL;
    const uintptr_t first = (uintptr_t)(s + 1);
    s->data = (char *)(s + 1) + (TGI_ALIGN - first % TGI_ALIGN) % TGI_ALIGN;
    s->bytes = bytes;
    atomic_init(&s->refs, 1);
    atomic_init(&s->version, 0);
    tgi_pages_wanted(s->data, bytes);
    memset(s->data, 0, bytes);
    return s;
}

void tgi_storage_free(struct tg_storage *s)
{
    if (s && atomic_fetch_sub(&s->refs, 1) == 1) tg_free(s);
}

bool tgi_storage_span(int ndim, const int64_t *shape, const int64_t *strides, int64_t *lo,
                      int64_t *hi)
{
    *lo = *hi = 0;
    for (int i = 0; i < ndim; i++) {
        const int64_t steps = shape[i] - 1, s = strides[i], limit = INT64_MAX / 32;
        if (s == INT64_MIN || (s != 0 && steps > limit / (s < 0 ? -s : s))) return false;
        if (s < 0)
            *lo += steps * s;
        else
            *hi += steps * s;
    }
    return true;
}

bool tgi_storage_overlap(const tg_tensor *a, const tg_tensor *b)
{
    int64_t a_lo, a_hi, b_lo, b_hi;
    if (!a->storage || a->storage != b->storage || a->size == 0) return false;
    if (!tgi_storage_span(a->ndim, a->shape, a->strides, &a_lo, &a_hi) ||
        !tgi_storage_span(b->ndim, b->shape, b->strides, &b_lo, &b_hi))
        return true;
    const int64_t width = (int64_t)tg_dtype_size(a->dtype);
    const int64_t from = ((const char *)b->data - (const char *)a->data) / width;
    return a_lo <= from + b_hi && from + b_lo <= a_hi;
}
