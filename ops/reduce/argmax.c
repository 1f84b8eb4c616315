/* argmax.c - finds the index of the largest element. */
#include <string.h>

#include "ops/reduce/reduce.h"

/* ---- bytes ---------------------------------------------------------------------------------- */

static void u8_rows(void *bests, void *index, int64_t first, int64_t rows, int64_t width,
                    const void *from, int64_t step)
{
    const uint8_t *x = from;
    uint8_t *best = bests;
    for (int64_t r = 0; r < rows; r++, x += step)
        for (int64_t j = 0; j < width; j++)
            if (x[j] > best[j]) {
                best[j] = x[j];
                ((int32_t *)index)[j] = (int32_t)(first + r);
            }
}

static void u8_lines(int64_t lines, int64_t count, const void *from, int64_t step, int32_t *y)
{
    const uint8_t *x = from;
    for (int64_t i = 0; i < lines; i++, x += step) {
        uint8_t best = x[0];
        y[i] = 0;
        u8_rows(&best, &y[i], 1, count - 1, 1, x + 1, 1);
    }
}

static const tgi_argmax_kernel u8_kernel = {sizeof(int32_t), u8_rows, u8_lines};

static const tgi_argmax_kernel *kernel_of(tg_dtype dtype)
{
    return dtype == TG_U8 ? &u8_kernel : tgi_kernels_get()->reduce.argmax[dtype];
}

/* ---- lines and blocks ----------------------------------------------------------------------- */

static void argmax_lines(const tgi_fold_kernel *max, tg_dtype dtype, int64_t lines, int64_t count,
                         const void *x, int64_t step, void *y)
{
    (void)max;
    kernel_of(dtype)->lines(lines, count, x, step, y);
}

typedef struct leaders {
    const tgi_argmax_kernel *kernel;
    size_t x_size;
    int64_t rows; /* seen so far */
    double best[TGI_REDUCE_WIDTH];
    int64_t index[TGI_REDUCE_WIDTH];
} leaders;

/* At first the elements of the first row are the largest. */
static void argmax_rows(void *acc, int64_t rows, int64_t width, const void *x, int64_t step)
{
    leaders *const l = acc;
    if (l->rows == 0) {
        memcpy(l->best, x, (size_t)width * l->x_size);
        memset(l->index, 0, (size_t)width * sizeof *l->index);
    }
    l->kernel->rows(l->best, l->index, l->rows, rows, width, x, step);
    l->rows += rows;
}

static void argmax_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    const int64_t step = tgi_reduce_y_step(p);
    int32_t *const to = y;
    leaders l;
    l.kernel = kernel_of(p->dtype);
    l.x_size = p->x_size;
    l.rows = 0;
    tgi_reduce_walk(p, x, width, argmax_rows, &l);
    for (int j = 0; j < width; j++)
        to[j * step] = l.kernel->index_size == sizeof(int64_t)
                           ? (int32_t)l.index[j]
                           : ((const int32_t *)(const void *)l.index)[j];
}

const tgi_reduce_way tgi_argmax_way = {
    .lines = argmax_lines, .block = argmax_block, .ordered = true};
