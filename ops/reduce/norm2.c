/* norm2.c - sqrt(sum x^2), summed in double by the kernel that joins the accumulators of sum.
 *
 * Squares of f64 may overflow or vanish though the norm does not. A sum outside LEAST..MOST is
 * computed again from x 2^-e, where e is the exponent of the largest |x|. */
#include <math.h>

#include "graph/parallel.h"
#include "ops/reduce/layouts.h"

enum {
    PIECE = TGI_REDUCE_WIDTH,
    SHORT = 4096, /* a kernel adds up lines of at most so many elements, */
    TOGETHER = 64 /*   so many lines at once */
};

static const double LEAST = 0x1p-900, MOST = 0x1p1000;

/* e[i] = (x[i] scale)^2 */
static void squares(tg_dtype dtype, int64_t n, const void *x, double scale, double *e)
{
    if (dtype == TG_F32)
        for (int64_t i = 0; i < n; i++) {
            const double v = (double)((const float *)x)[i];
            e[i] = v * v;
        }
    else
        for (int64_t i = 0; i < n; i++) {
            const double v = ((const double *)x)[i] * scale;
            e[i] = v * v;
        }
}

/* Whether the sum must be computed again, unless an element is not finite or all are 0. */
static bool is_lost(tg_dtype dtype, double sum)
{
    return dtype == TG_F64 && (sum < LEAST || sum > MOST);
}

/* The exponent to scale by, limited so that 2^-e is a double; 0 if top is not finite. */
static int exponent(double top)
{
    int e = 0;
    if (isfinite(top)) (void)frexp(top, &e);
    return e < -1000 ? -1000 : e > 1000 ? 1000 : e;
}

static void put(tg_dtype dtype, void *y, int64_t i, double norm)
{
    if (dtype == TG_F32)
        ((float *)y)[i] = (float)norm;
    else
        ((double *)y)[i] = norm;
}

/* ---- lines ---------------------------------------------------------------------------------- */

typedef struct line {
    const tgi_fold_kernel *sum;
    tg_dtype dtype;
    int64_t count, parts;
    const char *x;
    double scale;
    double sums[TGI_MOST_PARTS];
} line;

static void run_part(void *user, int64_t p)
{
    line *const l = user;
    const int64_t to = tgi_part_start(l->count, TGI_FOLD_LANES, l->parts, p + 1);
    struct {
        tgi_total total;
        double levels[TGI_TOTAL_LEVELS];
    } state;
    double e[PIECE], piece;
    tgi_total_begin(&state.total, l->sum, 1);
    for (int64_t i = tgi_part_start(l->count, TGI_FOLD_LANES, l->parts, p); i < to; i += PIECE) {
        const int64_t n = to - i < PIECE ? to - i : PIECE;
        squares(l->dtype, n, l->x + i * (int64_t)tg_dtype_size(l->dtype), l->scale, e);
        l->sum->lines(1, n, e, 0, &piece);
        tgi_total_rows(&state.total, 1, 1, &piece, 0);
    }
    l->sums[p] = *(double *)tgi_total_end(&state.total);
}

/* The sums of n lines; of one line if it is long. */
static void line_sums(line *l, int64_t n, int64_t step, double scale, double *sum)
{
    if (l->count <= SHORT) {
        tgi_kernels_get()->reduce.squares[l->dtype](n, l->count, l->x, step, scale, sum);
        return;
    }
    l->scale = scale;
    tgi_parallel_for(l->parts, run_part, l);
    l->sum->join->lines(1, l->parts, l->sums, 0, sum);
}

/* The norm of a line from its sum, which is_lost may reject. */
static double line_norm(line *l, double sum)
{
    double top = 0;
    if (!is_lost(l->dtype, sum)) return sqrt(sum);
    for (int64_t i = 0; i < l->count; i++)
        top = fmax(top, fabs(((const double *)(const void *)l->x)[i]));
    const int e = exponent(top);
    if (e != 0) line_sums(l, 1, 0, ldexp(1, -e), &sum);
    return ldexp(sqrt(sum), e);
}

static void norm_lines(const tgi_fold_kernel *sum_of_x, tg_dtype dtype, int64_t lines,
                       int64_t count, const void *x, int64_t step, void *y)
{
    line l = {
        .sum = sum_of_x->join, .dtype = dtype, .count = count, .parts = tgi_line_parts(count)};
    const int64_t size = step * (int64_t)tg_dtype_size(dtype), most = count <= SHORT ? TOGETHER : 1;
    for (int64_t i = 0; i < lines; i += most) {
        const int64_t n = lines - i < most ? lines - i : most;
        double sum[TOGETHER];
        l.x = (const char *)x + i * size;
        line_sums(&l, n, step, 1, sum);
        for (int64_t k = 0; k < n; k++, l.x += size) put(dtype, y, i + k, line_norm(&l, sum[k]));
    }
}

/* ---- blocks of strided inputs --------------------------------------------------------------- */

typedef struct scaling {
    tg_dtype dtype;
    const double *scale; /* for each output; NULL: 1 for all. For f64 alone */
} scaling;

static void square_terms(const void *how, int64_t width, const void *x, void *e)
{
    const scaling *const s = how;
    if (!s->scale) {
        squares(s->dtype, width, x, 1, e);
        return;
    }
    for (int64_t j = 0; j < width; j++) {
        const double v = ((const double *)x)[j] * s->scale[j];
        ((double *)e)[j] = v * v;
    }
}

static void top_rows(void *acc, int64_t rows, int64_t width, const void *x, int64_t step)
{
    double *const top = acc;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < width; j++)
            top[j] = fmax(top[j], fabs(((const double *)x)[r * step + j]));
}

/* Finds the exponent e of each output and scale = 2^-e, which its elements are multiplied by. */
static void find_scales(const tgi_reduce *p, const void *x, int width, int *e, double *scale)
{
    double top[TGI_REDUCE_WIDTH] = {0};
    tgi_reduce_walk(p, x, width, top_rows, top);
    for (int j = 1; j < width && !p->columns; j++) top[0] = fmax(top[0], top[j]);
    for (int j = 0; j < width; j++) {
        e[j] = exponent(top[p->columns ? j : 0]);
        scale[j] = ldexp(1, -e[j]);
    }
}

static void norm_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    const tgi_fold_kernel *const kernel = p->kernel->join;
    const int64_t step = tgi_reduce_y_step(p);
    const int n = p->columns ? width : 1;
    int e[TGI_REDUCE_WIDTH] = {0};
    double scale[TGI_REDUCE_WIDTH];
    bool lost = false;
    tgi_block_total total;
    scaling how = {p->dtype, NULL};
    const double *sum = tgi_reduce_terms_sum(p, x, width, square_terms, &how, kernel, &total);
    for (int j = 0; j < n; j++) lost = lost || is_lost(p->dtype, sum[j]);
    if (lost) {
        find_scales(p, x, width, e, scale);
        how.scale = scale;
        sum = tgi_reduce_terms_sum(p, x, width, square_terms, &how, kernel, &total);
    }
    for (int j = 0; j < n; j++) put(p->dtype, y, j * step, ldexp(sqrt(sum[j]), e[j]));
}

const tgi_reduce_way tgi_norm2_way = {.lines = norm_lines, .block = norm_block, .shares = true};
