/* reduce_argmax.c - where the largest element stands. */
#include <math.h>

#include "ops/reduce.h"

/* A double holds any element of any dtype. */
typedef struct leaders {
    int64_t row; /* number of the next row */
    double best[TGI_REDUCE_WIDTH];
    int32_t index[TGI_REDUCE_WIDTH];
} leaders;

/* The first of equals stays, and so does the first NaN. */
static inline bool passes(double v, double best) { return !(v <= best) && !isnan(best); }

/* For one column the leader is kept in a register. */
#define ARGMAX_ROWS(fn, T)                                                                         \
    static void fn(void *acc, int64_t rows, int64_t width, const void *xv, int64_t step)           \
    {                                                                                              \
        leaders *const l = acc;                                                                    \
        const T *const x = xv;                                                                     \
        const int64_t first = l->row;                                                              \
        double best = l->best[0];                                                                  \
        l->row += rows;                                                                            \
        for (int64_t r = 0; r < rows && width == 1; r++)                                           \
            if (passes((double)x[r * step], best)) {                                               \
                l->best[0] = best = (double)x[r * step];                                           \
                l->index[0] = (int32_t)(first + r);                                                \
            }                                                                                      \
        for (int64_t r = 0; r < rows && width > 1; r++)                                            \
            for (int64_t j = 0; j < width; j++) {                                                  \
                const double v = (double)x[r * step + j];                                          \
                if (!passes(v, l->best[j])) continue;                                              \
                l->best[j] = v;                                                                    \
                l->index[j] = (int32_t)(first + r);                                                \
            }                                                                                      \
    }
ARGMAX_ROWS(argmax_rows_f32, float)
ARGMAX_ROWS(argmax_rows_f64, double)
ARGMAX_ROWS(argmax_rows_i32, int32_t)
ARGMAX_ROWS(argmax_rows_u8, uint8_t)

static void argmax_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    static const tgi_reduce_rows fold[TG_DTYPE_COUNT] = {argmax_rows_f32, argmax_rows_f64,
                                                         argmax_rows_i32, argmax_rows_u8};
    const int64_t step = tgi_reduce_y_step(p);
    int32_t *const to = y;
    leaders l;
    l.row = 0;
    for (int j = 0; j < width; j++) {
        l.best[j] = -(double)INFINITY;
        l.index[j] = 0;
    }
    tgi_reduce_walk(p, x, width, fold[p->dtype], &l);
    for (int j = 0; j < width; j++) to[j * step] = l.index[j];
}

void tgi_argmax_forward(const tg_node *n, void *work)
{
    const tgi_reduce_attrs *const a = n->attrs;
    const tg_tensor *const x = n->inputs[0];
    tgi_reduce p;
    (void)work;
    tgi_reduce_plan(&p, x, n->output, tgi_reduce_mask(&a->axis, x->ndim), true);
    tgi_reduce_run(&p, x->data, n->output->data, argmax_block);
}
