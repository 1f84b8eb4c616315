/* access.c - how an operand is read to compute a result that it broadcasts to. */
#include "graph/plan/draft.h"

int tgi_access_axes(const tg_tensor *x, const tg_tensor *y, int64_t *n, int64_t *step)
{
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    int axes = 0;
    for (int a = 0; a < y->ndim; a++) {
        const int i = a - (y->ndim - x->ndim);
        const int64_t s = i < 0 || x->shape[i] == 1 ? 0 : x->strides[i] * width;
        const int64_t size = y->shape[a];
        if (size == 1) continue;
        if (axes > 0 && step[axes - 1] == s * size) {
            n[axes - 1] *= size;
            step[axes - 1] = s;
        } else {
            n[axes] = size;
            step[axes++] = s;
        }
    }
    if (axes > 0) return axes;
    n[0] = 1;
    step[0] = 0;
    return 1;
}

tgi_access tgi_access_of(const tg_tensor *x, const tg_tensor *y, int64_t row)
{
    int64_t n[TG_MAX_NDIM], step[TG_MAX_NDIM];
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    const int axes = tgi_access_axes(x, y, n, step);
    if (axes == 1)
        return step[0] == 0 ? TGI_SCALAR : step[0] == width ? TGI_CONTIGUOUS : TGI_STRIDED;
    if (axes != 2 || n[1] != row) return TGI_STRIDED;
    if (step[0] == width && step[1] == 0) return TGI_PER_ROW;
    return step[0] == 0 && step[1] == width ? TGI_SAME_ROW : TGI_STRIDED;
}
