/* logsumexp.c - ln sum e^x = m + ln sum e^(x-m), where m is the largest x.
 *
 * No term overflows, and the largest is exactly 1. A block stays in the cache for two passes: the
 * maximum, then the sum. If m is infinite or NaN, it is the result. */
#include <math.h>

#include "ops/reduce/reduce.h"

/* Stores y[i * step], computed from the tops, which have the dtype of x, and the sums, which it may
 * change. */
static void finish(tg_dtype dtype, int64_t n, const void *tops, double *sum, void *y, int64_t step)
{
    const tgi_map *const log_of_f64 = &tgi_kernels_get()->maps[TG_F64][TGI_MAP_log];
    if (dtype == TG_F32) {
        const float *top = tops;
        tgi_map_run(log_of_f64, n, sum, (const void *[]){sum}, (int64_t[]){1});
        for (int64_t i = 0; i < n; i++)
            ((float *)y)[i * step] = isfinite(top[i]) ? (float)((double)top[i] + sum[i]) : top[i];
    } else {
        const double *top = tops;
        for (int64_t i = 0; i < n; i++)
            ((double *)y)[i * step] = isfinite(top[i]) ? top[i] + log(sum[i]) : top[i];
    }
}

/* ---- lines ---------------------------------------------------------------------------------- */

enum { LONG_LINE = 8192, BLOCK = 1 << 15, MOST_LINES = 64 };

/* Adds up pieces of the line. Their sums are added in a total, which rounds little. */
static double long_sum(tg_dtype dtype, int64_t count, const char *x, const void *top)
{
    struct {
        tgi_total total;
        double levels[TGI_TOTAL_LEVELS];
    } state;
    const tgi_reduce_kernels *const kernels = &tgi_kernels_get()->reduce;
    const int64_t width = (int64_t)tg_dtype_size(dtype);
    tgi_total_begin(&state.total, kernels->fold[TGI_REDUCE_sum][TG_F64], 1);
    for (int64_t i = 0; i < count; i += LONG_LINE) {
        double sum;
        const int64_t n = count - i < LONG_LINE ? count - i : LONG_LINE;
        kernels->exp[dtype]->lines(1, n, x + i * width, 0, top, &sum);
        tgi_total_rows(&state.total, 1, 1, &sum, 0);
    }
    return *(double *)tgi_total_end(&state.total);
}

static void lse_lines(const tgi_fold_kernel *max, tg_dtype dtype, int64_t lines, int64_t count,
                      const void *x, int64_t step, void *y)
{
    const tgi_exp_kernel *const kernel = tgi_kernels_get()->reduce.exp[dtype];
    const int64_t width = (int64_t)tg_dtype_size(dtype), fit = BLOCK / count + 1;
    const int64_t most = fit < MOST_LINES ? fit : MOST_LINES;
    for (int64_t i = 0; i < lines; i += most) {
        const int64_t n = lines - i < most ? lines - i : most;
        const char *const from = (const char *)x + i * step * width;
        double top[MOST_LINES], sum[MOST_LINES];
        tgi_fold_lines(max, dtype, n, count, from, step, top);
        if (count <= LONG_LINE)
            kernel->lines(n, count, from, step, top, sum);
        else
            for (int64_t k = 0; k < n; k++)
                sum[k] = long_sum(dtype, count, from + k * step * width, (char *)top + k * width);
        finish(dtype, n, top, sum, (char *)y + i * width, 1);
    }
}

/* ---- blocks of strided inputs --------------------------------------------------------------- */

typedef struct tops {
    tg_dtype dtype;
    double top[TGI_REDUCE_WIDTH]; /* in that dtype */
} tops;

static void exps(const void *how, int64_t width, const void *x, void *e)
{
    const tops *const t = how;
    tgi_kernels_get()->reduce.exp[t->dtype]->exps(width, x, t->top, e);
}

/* Gives all lanes of a row the same top. */
static void spread_top(tg_dtype dtype, double *top)
{
    float *const narrow = (float *)(void *)top;
    for (int j = 1; j < TGI_REDUCE_LANES; j++)
        if (dtype == TG_F32)
            narrow[j] = narrow[0];
        else
            top[j] = top[0];
}

static void lse_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    const tgi_fold_kernel *const sum = tgi_kernels_get()->reduce.fold[TGI_REDUCE_sum][p->dtype];
    tgi_block_total total;
    tops t;
    t.dtype = p->dtype;
    p->kernel->start(t.top, width);
    tgi_reduce_walk(p, x, width, p->kernel->rows, t.top);
    if (!p->columns) {
        p->kernel->lanes(t.top);
        spread_top(p->dtype, t.top);
    }
    double *const sums = tgi_reduce_terms_sum(p, x, width, exps, &t, sum, &total);
    finish(p->dtype, p->columns ? width : 1, t.top, sums, y, tgi_reduce_y_step(p));
}

const tgi_reduce_way tgi_logsumexp_way = {.lines = lse_lines, .block = lse_block};
