/* reduce_lse.c - logsumexp: ln sum e^x = m + ln sum e^(x-m) with m the largest x.
 *
 * No term overflows, and the largest is exactly 1.  Two passes over each block: the maximum,
 * then the sum.  Where m is infinite or NaN it is the result itself. */
#include <math.h>

#include "ops/reduce.h"

/* The maximum, in double for both dtypes. */
#define FOLD_NAME top_rows_f32
#define FOLD_X float
#define FOLD_ACC double
#define FOLD tgi_larger_f64
#include "ops/reduce_fold.inc"

#define FOLD_NAME top_rows_f64
#define FOLD_X double
#define FOLD_ACC double
#define FOLD tgi_larger_f64
#define FOLD_LANES top_lanes
#include "ops/reduce_fold.inc"

enum { CHUNK = 512 }; /* exponentials made at a time */
_Static_assert(CHUNK >= TGI_REDUCE_WIDTH, "a chunk holds at least one row of a block");

typedef struct exp_sum {
    double top[TGI_REDUCE_WIDTH];
    tgi_block_total total;
} exp_sum;

static void exp_f32(int64_t n, float *x)
{
    for (int64_t i = 0; i < n; i++) x[i] = expf(x[i]);
}

static void exp_f64(int64_t n, double *x)
{
    for (int64_t i = 0; i < n; i++) x[i] = exp(x[i]);
}

/* Adds up e^(x - top), with the exponentials made in chunks that lie side by side. */
static void exp_rows_f32(void *acc, int64_t rows, int64_t width, const void *xv, int64_t step)
{
    exp_sum *const s = acc;
    const float *const x = xv;
    float e[CHUNK];
    const int64_t most = CHUNK / width;
    for (int64_t r = 0; r < rows; r += most) {
        const int64_t take = rows - r < most ? rows - r : most;
        for (int64_t i = 0; i < take; i++)
            for (int64_t j = 0; j < width; j++)
                e[i * width + j] = x[(r + i) * step + j] - (float)s->top[j];
        exp_f32(take * width, e);
        tgi_total_rows(&s->total.total, take, width, e, width);
    }
}

static void exp_rows_f64(void *acc, int64_t rows, int64_t width, const void *xv, int64_t step)
{
    exp_sum *const s = acc;
    const double *const x = xv;
    double e[CHUNK];
    const int64_t most = CHUNK / width;
    for (int64_t r = 0; r < rows; r += most) {
        const int64_t take = rows - r < most ? rows - r : most;
        for (int64_t i = 0; i < take; i++)
            for (int64_t j = 0; j < width; j++)
                e[i * width + j] = x[(r + i) * step + j] - s->top[j];
        exp_f64(take * width, e);
        tgi_total_rows(&s->total.total, take, width, e, width);
    }
}

static void lse_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    const bool narrow = p->dtype == TG_F32;
    const int64_t step = tgi_reduce_y_step(p);
    const int outputs = p->columns ? width : 1;
    exp_sum s;
    for (int j = 0; j < width; j++) s.top[j] = -(double)INFINITY;
    tgi_reduce_walk(p, x, width, narrow ? top_rows_f32 : top_rows_f64, s.top);
    if (!p->columns) {
        s.top[0] = top_lanes(s.top);
        for (int j = 1; j < width; j++) s.top[j] = s.top[0];
    }
    const tgi_fold_kernel *const sum = tgi_kernels_get()->fold[TGI_FOLD_SUM][p->dtype];
    tgi_total_begin(&s.total.total, sum, width);
    tgi_reduce_walk(p, x, width, narrow ? exp_rows_f32 : exp_rows_f64, &s);
    double *const total = tgi_total_end(&s.total.total);
    if (!p->columns) sum->join->lanes(total);
    for (int j = 0; j < outputs; j++) {
        const double top = s.top[j];
        const double value = isfinite(top) ? top + log(total[j]) : top;
        if (narrow)
            ((float *)y)[j * step] = (float)value;
        else
            ((double *)y)[j * step] = value;
    }
}

void tgi_logsumexp_forward(const tg_node *n, void *work)
{
    const tgi_reduce_attrs *const a = n->attrs;
    const tg_tensor *const x = n->inputs[0];
    tgi_reduce p;
    (void)work;
    tgi_reduce_plan(&p, x, n->output, tgi_reduce_mask(&a->axis, x->ndim), false);
    tgi_reduce_run(&p, x->data, n->output->data, lse_block);
}
