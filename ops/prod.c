/* prod.c - the product over axes.
 *
 * It is the last element of a running product, so its derivative is that of cumprod (scan.c), which
 * divides by nothing and is right where elements are 0. */
#include "ops/compose.h"
#include "ops/reduce/reduce.h"

/* Moves the axes to the end and merges them into one, along which the product runs. */
tg_tensor *tg_prod_axes(tg_tape *t, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    tg_ints list;
    int order[TG_MAX_NDIM], kept = 0, last = 0;
    int64_t shape[TG_MAX_NDIM + 1], final[TG_MAX_NDIM], count = 1;
    int final_ndim = 0;
    if (!tgi_operand(t, "prod", x) || !tgi_axes(t, "prod", x, n, axes, &list)) return NULL;
    const unsigned mask = tgi_reduce_mask(&list, x->ndim);
    for (int i = 0; i < x->ndim; i++) {
        if (!(mask >> i & 1))
            order[kept] = i, shape[kept++] = x->shape[i];
        else
            count *= x->shape[i];
        if (!(mask >> i & 1) || keepdims) final[final_ndim++] = mask >> i & 1 ? 1 : x->shape[i];
    }
    last = kept;
    for (int i = 0; i < x->ndim; i++)
        if (mask >> i & 1) order[last++] = i;
    if (x->dtype != TG_U8 && count == 0) return tg_full(t, x->dtype, final_ndim, final, 1);
    const char *outer = tgi_enter(t, "prod");
    int64_t rows = 1;
    for (int i = 0; i < kept; i++) rows *= shape[i];
    tg_tensor *const matrix =
        tg_reshape(t, tg_permute(t, x, x->ndim, order), 2, (int64_t[]){rows, count});
    tg_tensor *const running = tg_cumprod(t, matrix, 1, false, false);
    tg_tensor *const product = tg_slice(t, running, 1, -1, TG_END, 1);
    return tgi_leave(t, outer, tg_reshape(t, product, final_ndim, final));
}

tg_tensor *tg_prod(tg_tape *t, tg_tensor *x, int axis, bool keepdims)
{
    return tg_prod_axes(t, x, 1, &axis, keepdims);
}
