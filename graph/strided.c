/* strided.c - walking memory by strides. */
#include <string.h>

#include "graph/storage.h"

int64_t tgi_offset(const tg_tensor *x, int64_t i)
{
    int64_t offset = 0;
    for (int a = x->ndim - 1; a >= 0; a--) {
        offset += i % x->shape[a] * x->strides[a];
        i /= x->shape[a];
    }
    return offset;
}

/* One run of n elements; the widths spelled out let the compiler use plain moves. */
static void copy_run(size_t width, int64_t n, char *d, int64_t ds, const char *s, int64_t ss)
{
    const int64_t w = (int64_t)width;
    if (ds == 1 && ss == 1)
        memcpy(d, s, width * (size_t)n);
    else if (width == 4)
        for (int64_t i = 0; i < n; i++) memcpy(d + i * ds * 4, s + i * ss * 4, 4);
    else if (width == 8)
        for (int64_t i = 0; i < n; i++) memcpy(d + i * ds * 8, s + i * ss * 8, 8);
    else
        for (int64_t i = 0; i < n; i++) memcpy(d + i * ds * w, s + i * ss * w, width);
}

void tgi_strided_copy(size_t width, int ndim, const int64_t *shape, void *dst,
                      const int64_t *dst_strides, const void *src, const int64_t *src_strides)
{
    int64_t n[TG_MAX_NDIM], ds[TG_MAX_NDIM], ss[TG_MAX_NDIM], index[TG_MAX_NDIM] = {0};
    int last = 0; /* axes merged where both sides run on without a gap */
    n[0] = 1, ds[0] = ss[0] = 1;
    for (int i = 0; i < ndim; i++) {
        if (shape[i] == 0) return;
        if (shape[i] == 1) continue;
        if (n[last] == 1) {
            n[last] = shape[i], ds[last] = dst_strides[i], ss[last] = src_strides[i];
        } else if (ds[last] == shape[i] * dst_strides[i] && ss[last] == shape[i] * src_strides[i]) {
            n[last] *= shape[i], ds[last] = dst_strides[i], ss[last] = src_strides[i];
        } else {
            last++;
            n[last] = shape[i], ds[last] = dst_strides[i], ss[last] = src_strides[i];
        }
    }
    char *d = dst;
    const char *s = src;
    const int64_t w = (int64_t)width;
    for (;;) {
        copy_run(width, n[last], d, ds[last], s, ss[last]);
        int a = last - 1;
        for (; a >= 0; a--) {
            d += ds[a] * w, s += ss[a] * w;
            if (++index[a] < n[a]) break;
            d -= ds[a] * n[a] * w, s -= ss[a] * n[a] * w;
            index[a] = 0;
        }
        if (a < 0) return;
    }
}
