/* reduce_sum.c - sums: f32 and f64 in double, level upon level; i32 modulo 2^32. */
#include <string.h>

#include "graph/tape.h"
#include "ops/reduce.h"

#define FOLD_NAME sum_rows_f32
#define FOLD_X float
#define FOLD_ACC double
#define FOLD(a, b) ((a) + (b))
#include "ops/reduce_fold.inc"

#define FOLD_NAME sum_rows_f64
#define FOLD_X double
#define FOLD_ACC double
#define FOLD(a, b) ((a) + (b))
#define FOLD_LANES sum_lanes_f64
#include "ops/reduce_fold.inc"

#define FOLD_NAME sum_rows_i32
#define FOLD_X int32_t
#define FOLD_ACC uint32_t
#define FOLD(a, b) ((a) + (b))
#define FOLD_LANES sum_lanes_i32
#define FOLD_BLOCK sum_block_i32
#define FOLD_START 0
#include "ops/reduce_fold.inc"

/* ---- levels --------------------------------------------------------------------------------- */

enum { ROWS = 128, FAN_IN = 32 }; /* what level 0 holds, and each level above */

void tgi_total_begin(tgi_total *total, int width, tg_dtype dtype)
{
    total->fold = dtype == TG_F32 ? sum_rows_f32 : sum_rows_f64;
    total->x_size = tg_dtype_size(dtype);
    total->width = width;
    total->levels = 1;
    total->used[0] = 0;
    memset(total->sum[0], 0, (size_t)width * sizeof(double));
}

/* Empties the levels that are full into those above; the top one has no limit. */
static void carry(tgi_total *total)
{
    const size_t bytes = (size_t)total->width * sizeof(double);
    for (int k = 0; k + 1 < TGI_TOTAL_LEVELS; k++) {
        double *const from = total->sum[k], *const to = total->sum[k + 1];
        if (total->used[k] < (k == 0 ? ROWS : FAN_IN)) return;
        if (k + 1 == total->levels) {
            total->levels++;
            total->used[k + 1] = 0;
            memset(to, 0, bytes);
        }
        for (int j = 0; j < total->width; j++) to[j] += from[j];
        memset(from, 0, bytes);
        total->used[k] = 0;
        if (k + 2 < TGI_TOTAL_LEVELS) total->used[k + 1]++;
    }
}

void tgi_total_rows(void *acc, int64_t rows, int width, const void *x, int64_t row_step,
                    int64_t column_step)
{
    tgi_total *const total = acc;
    const int64_t row_bytes = row_step * (int64_t)total->x_size;
    for (int64_t r = 0; r < rows;) {
        const int64_t left = rows - r, room = ROWS - total->used[0];
        const int64_t take = left < room ? left : room;
        total->fold(total->sum[0], take, width, (const char *)x + r * row_bytes, row_step,
                    column_step);
        r += take;
        total->used[0] += (int)take;
        carry(total);
    }
}

void tgi_total_end(tgi_total *total, bool columns)
{
    double *const sum = total->sum[0];
    for (int k = 1; k < total->levels; k++)
        for (int j = 0; j < total->width; j++) sum[j] += total->sum[k][j];
    if (!columns) sum[0] = sum_lanes_f64(sum);
}

static void sum_block_float(const tgi_reduce *p, const void *x, void *y, int width)
{
    const int64_t step = tgi_reduce_y_step(p);
    const int outputs = p->columns ? width : 1;
    tgi_total total;
    tgi_total_begin(&total, width, p->dtype);
    tgi_reduce_walk(p, x, width, tgi_total_rows, &total);
    tgi_total_end(&total, p->columns);
    if (p->dtype == TG_F32)
        for (int j = 0; j < outputs; j++) ((float *)y)[j * step] = (float)total.sum[0][j];
    else
        for (int j = 0; j < outputs; j++) ((double *)y)[j * step] = total.sum[0][j];
}

/* ---- forward -------------------------------------------------------------------------------- */

static void sum_over(const tg_node *n, unsigned mask)
{
    static const tgi_reduce_block block[TG_DTYPE_COUNT] = {
        [TG_F32] = sum_block_float, [TG_F64] = sum_block_float, [TG_I32] = sum_block_i32};
    const tg_tensor *const x = n->inputs[0];
    tgi_reduce p;
    tgi_reduce_plan(&p, x, n->output, mask, false);
    tgi_reduce_run(&p, x->data, n->output->data, block[x->dtype]);
}

void tgi_sum_forward(const tg_node *n, void *work)
{
    const tgi_reduce_attrs *const a = n->attrs;
    (void)work;
    sum_over(n, tgi_reduce_mask(&a->axis, n->inputs[0]->ndim));
}

void tgi_sum_to_forward(const tg_node *n, void *work)
{
    const tgi_shape_attrs *const a = n->attrs;
    (void)work;
    sum_over(n, tgi_reduce_mask_to(&a->shape, n->inputs[0]));
}
