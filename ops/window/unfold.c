/* unfold.c - unfold, which makes a matrix whose columns are the positions of a window that moves
 * over 1, 2 or 3 axes, and its transpose fold, which adds the columns up.
 *
 * unfold: x (N, C, H, W), kernel (R, S) -> y (N, C R S, OH OW) with
 *     y[n, (c R + r) S + s, i OW + j] = x[n, c, i stride - padding + r dilation, ...],
 * 0 outside x; OH = (H + 2 padding - dilation (R - 1) - 1) / stride + 1, rounded down. fold: x (N,
 * C R S, OH OW), size (H, W) -> y (N, C, H, W), zeros, then
 *     y[n, c, i stride - padding + r dilation, ...] += x[n, (c R + r) S + s, i OW + j]. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/elementwise/families.h"
#include "ops/window/window.h"
#include "tapegrad/ops.h"

enum { AXES = TGI_WINDOW_AXES };

typedef tgi_window_attrs window_attrs;

static const tg_attr_def unfold_defs[] = {TGI_WINDOW_DEFS, {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_attr_def fold_defs[] = {TGI_WINDOW_DEFS,
                                        {"size", TG_ATTR_INTS, offsetof(window_attrs, size), NULL},
                                        {NULL, TG_ATTR_INT, 0, NULL}};

/* ---- shape rules ---------------------------------------------------------------------------- */

static tg_status unfold_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    int64_t volume, positions;
    tg_status status = tgi_window_image(c);
    if (!status) status = tgi_window_measure(c, x->ndim - 2, x->shape + 2, &volume, &positions);
    if (status) return status;
    c->ndim = 3;
    c->shape[0] = x->shape[0];
    c->shape[1] = x->shape[1];
    c->shape[2] = positions;
    if (tgi_window_times(&c->shape[1], volume)) return TG_OK;
    return tg_fail(c->err, TG_ENOMEM, "unfold: the result is too large");
}

static tg_status fold_infer(tg_infer *c)
{
    window_attrs *a = (window_attrs *)(uintptr_t)c->attrs;
    const tg_tensor *x = c->inputs[0];
    const int axes = a->size.n;
    char text[TG_DESCRIBE_SIZE];
    int64_t volume, positions;
    tg_status status = tgi_window_input(c, x->ndim == 3, "(N, rows, positions)");
    if (!status && (axes < 1 || axes > AXES))
        status = tg_fail(c->err, TG_EARG, "fold: size has %d numbers, must have 1, 2 or 3", axes);
    if (!status) status = tgi_window_numbers("fold", "size", &a->size, axes, 0, c->err);
    if (!status) status = tgi_window_measure(c, axes, a->size.v, &volume, &positions);
    if (status) return status;
    if (x->shape[1] % volume != 0 || x->shape[2] != positions)
        return tg_fail(c->err, TG_ESHAPE,
                       "fold: x is %s, must be (N, a multiple of %lld, %lld) for this window",
                       tg_tensor_describe(x, text, sizeof text), (long long)volume,
                       (long long)positions);
    c->ndim = 2 + axes;
    c->shape[0] = x->shape[0];
    c->shape[1] = x->shape[1] / volume;
    memcpy(c->shape + 2, a->size.v, (size_t)axes * sizeof *c->shape);
    return TG_OK;
}

/* ---- the loops ------------------------------------------------------------------------------ */

/* Both go through the same matrix row by row. A row belongs to one element of the kernel, its
 * columns to the positions of the window. */

/* to[i * to_step] = or += from[i * from_step] */
typedef void (*run_fn)(int64_t n, void *to, int64_t to_step, const void *from, int64_t from_step);

#define RUNS(copy, add, T)                                                                         \
    static void copy(int64_t n, void *to, int64_t to_step, const void *from, int64_t from_step)    \
    {                                                                                              \
        T *restrict const y = to;                                                                  \
        const T *restrict const x = from;                                                          \
        if (to_step == 1 && from_step == 1)                                                        \
            memcpy(y, x, (size_t)n * sizeof *y);                                                   \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) y[i * to_step] = x[i * from_step];                     \
    }                                                                                              \
    static void add(int64_t n, void *to, int64_t to_step, const void *from, int64_t from_step)     \
    {                                                                                              \
        T *restrict const y = to;                                                                  \
        const T *restrict const x = from;                                                          \
        if (to_step == 1 && from_step == 1)                                                        \
            for (int64_t i = 0; i < n; i++) y[i] += x[i];                                          \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) y[i * to_step] += x[i * from_step];                    \
    }
RUNS(copy_f32, add_f32, float)
RUNS(copy_f64, add_f64, double)

typedef struct walk {
    tgi_windows w;
    int64_t planes, channels, chunks;
    size_t width;
    char *image, *matrix;
    int64_t image_n, image_c, image_step[AXES]; /* in bytes */
    int64_t matrix_n, matrix_row, matrix_col;
    run_fn run;
} walk;

static walk make_walk(const tg_node *n, const tg_tensor *image, const tg_tensor *matrix)
{
    const tgi_window_attrs *a = n->attrs;
    const int64_t w = (int64_t)tg_dtype_size(image->dtype);
    const bool empty =
        image->size == 0; /* everything is padding, and no address in it is computed */
    walk p = {.w = tgi_windows_of(a, image->shape + 2),
              .planes = image->shape[0] * image->shape[1],
              .channels = image->shape[1],
              .width = (size_t)w,
              .image = image->data,
              .matrix = matrix->data,
              .image_n = empty ? 0 : image->strides[0] * w,
              .image_c = empty ? 0 : image->strides[1] * w,
              .matrix_n = matrix->strides[0] * w,
              .matrix_row = matrix->strides[1] * w,
              .matrix_col = matrix->strides[2] * w};
    for (int i = 0; i < AXES; i++) {
        const int k = i - (AXES - a->kernel.n);
        p.image_step[i] = k < 0 ? 0 : image->strides[2 + k] * w;
    }
    p.chunks = tgi_window_chunks(matrix->size, p.planes);
    return p;
}

static bool inside(const tgi_span *s, int64_t i) { return i >= s->lo && i < s->hi; }

/* The address in the image of position (i, j, lo) of one row of the matrix. */
static char *address_of(const walk *p, char *image, const tgi_span *s, int64_t i, int64_t j)
{
    const int64_t *stride = p->w.stride;
    return image + (s[0].first + i * stride[0]) * p->image_step[0] +
           (s[1].first + j * stride[1]) * p->image_step[1] +
           (s[2].first + s[2].lo * stride[2]) * p->image_step[2];
}

/* Copies one row of the matrix of unfold, which is contiguous, from the image. */
static void gather_row(const walk *p, const tgi_span *s, char *image, char *row)
{
    const int64_t w = (int64_t)p->width, bytes = p->w.out[2] * w;
    const int64_t lo = s[2].lo * w, hi = s[2].hi * w, step = p->w.stride[2] * p->image_step[2] / w;
    for (int64_t i = 0; i < p->w.out[0]; i++)
        for (int64_t j = 0; j < p->w.out[1]; j++, row += bytes) {
            if (lo == hi || !inside(&s[0], i) || !inside(&s[1], j)) {
                memset(row, 0, (size_t)bytes);
                continue;
            }
            if (lo > 0) memset(row, 0, (size_t)lo);
            p->run(s[2].hi - s[2].lo, row + lo, 1, address_of(p, image, s, i, j), step);
            if (hi < bytes) memset(row + hi, 0, (size_t)(bytes - hi));
        }
}

/* Adds one row of the matrix of fold to the image, which is contiguous. */
static void scatter_row(const walk *p, const tgi_span *s, char *image, const char *row)
{
    const int64_t w = (int64_t)p->width, step = p->w.stride[2] * p->image_step[2] / w;
    if (s[2].lo == s[2].hi) return;
    for (int64_t i = s[0].lo; i < s[0].hi; i++)
        for (int64_t j = s[1].lo; j < s[1].hi; j++)
            p->run(s[2].hi - s[2].lo, address_of(p, image, s, i, j), step,
                   row + ((i * p->w.out[1] + j) * p->w.out[2] + s[2].lo) * p->matrix_col,
                   p->matrix_col / w);
}

static void run_plane(const walk *p, int64_t plane, bool gather)
{
    const int64_t n = plane / p->channels, c = plane % p->channels;
    const int64_t volume = p->w.kernel[0] * p->w.kernel[1] * p->w.kernel[2];
    char *const image = p->image + n * p->image_n + c * p->image_c;
    char *row = p->matrix + n * p->matrix_n + c * volume * p->matrix_row;
    tgi_span s[AXES];
    for (int64_t i = 0; i < p->w.kernel[0]; i++) {
        s[0] = tgi_window_span(&p->w, 0, i);
        for (int64_t j = 0; j < p->w.kernel[1]; j++) {
            s[1] = tgi_window_span(&p->w, 1, j);
            for (int64_t k = 0; k < p->w.kernel[2]; k++, row += p->matrix_row) {
                s[2] = tgi_window_span(&p->w, 2, k);
                if (gather)
                    gather_row(p, s, image, row);
                else
                    scatter_row(p, s, image, row);
            }
        }
    }
}

static void unfold_chunk(void *user, int64_t chunk)
{
    const walk *p = user;
    const int64_t end = p->planes * (chunk + 1) / p->chunks;
    for (int64_t i = p->planes * chunk / p->chunks; i < end; i++) run_plane(p, i, true);
}

static void fold_chunk(void *user, int64_t chunk)
{
    const walk *p = user;
    const int64_t end = p->planes * (chunk + 1) / p->chunks;
    const size_t bytes = (size_t)(p->w.in[0] * p->w.in[1] * p->w.in[2]) * p->width;
    for (int64_t i = p->planes * chunk / p->chunks; i < end; i++) {
        memset(p->image + (size_t)i * bytes, 0, bytes);
        run_plane(p, i, false);
    }
}

static void unfold_forward(const tg_node *n, void *work)
{
    (void)work;
    if (n->output->size == 0) return;
    walk p = make_walk(n, n->inputs[0], n->output);
    p.run = n->output->dtype == TG_F32 ? copy_f32 : copy_f64;
    tgi_parallel_for(p.chunks, unfold_chunk, &p);
}

static void fold_forward(const tg_node *n, void *work)
{
    (void)work;
    if (n->output->size == 0) return;
    walk p = make_walk(n, n->output, n->inputs[0]);
    p.run = n->output->dtype == TG_F32 ? add_f32 : add_f64;
    tgi_parallel_for(p.chunks, fold_chunk, &p);
}

/* ---- derivatives, samples, table ------------------------------------------------------------ */

static tg_tensor *unfold_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const window_attrs *a = n->attrs;
    return tg_fold(t, dy, a->kernel.n, n->inputs[i]->shape + 2, a->kernel.v, a->stride.v,
                   a->padding.v, a->dilation.v);
}

static tg_tensor *fold_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const window_attrs *a = n->attrs;
    (void)i;
    return tg_unfold(t, dy, a->kernel.n, a->kernel.v, a->stride.v, a->padding.v, a->dilation.v);
}

static const tg_sample unfold_samples[] = {
    {"f[2,3,7]", "kernel=3"},
    {"f[1,2,8]", "kernel=3 stride=2 padding=2 dilation=2"},
    {"f[2,2,4,5]", "kernel=2,3"},
    {"f[1,2,5,4]", "kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,1,3,4,3]", "kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[1,1,1,1]", "kernel=2 padding=3 stride=3"},
    {"f[0,2,3,3]", "kernel=2"},
    {"f[2,0,3]", "kernel=2"},
    {"f[1,1,0]", "kernel=2 padding=1"},
    {NULL, NULL}};

static const tg_sample fold_samples[] = {
    {"f[2,9,5]", "size=7 kernel=3"},
    {"f[1,6,4]", "size=8 kernel=3 stride=2 padding=2 dilation=2"},
    {"f[2,12,9]", "size=4,5 kernel=2,3"},
    {"f[1,12,15]", "size=5,4 kernel=3,2 stride=2,1 padding=1,2 dilation=1,3"},
    {"f[1,12,12]", "size=3,4,3 kernel=2,3,2 stride=1,2,1 padding=1,0,1 dilation=2,1,1"},
    {"f[1,4,4]", "size=1,1 kernel=2 padding=3 stride=4"},
    {"f[0,8,4]", "size=3,3 kernel=2"},
    {"f[2,0,2]", "size=3 kernel=2"},
    {NULL, NULL}};

enum { UNFOLD, FOLD };

const tg_op tgi_unfold_ops[] = {
    [UNFOLD] = {.name = "unfold",
                .formula = "y[n, (c, r), i] = x[n, c, i stride - padding + r dilation], 0 outside",
                .derivative = "fold(dy)",
                .min_inputs = 1,
                .max_inputs = 1,
                .attrs = unfold_defs,
                .attrs_size = sizeof(window_attrs),
                .infer = unfold_infer,
                .forward = unfold_forward,
                .vjp = unfold_vjp,
                .samples = unfold_samples},
    [FOLD] = {.name = "fold",
              .formula = "zeros, then y[n, c, i stride - padding + r dilation] += x[n, (c, r), i]",
              .derivative = "unfold(dy)",
              .min_inputs = 1,
              .max_inputs = 1,
              .attrs = fold_defs,
              .attrs_size = sizeof(window_attrs),
              .infer = fold_infer,
              .flops = tg_flops_per_input,
              .forward = fold_forward,
              .vjp = fold_vjp,
              .samples = fold_samples},
};
TGI_FAMILY_COUNT(unfold);

/* ---- the calls ------------------------------------------------------------------------------ */

tg_tensor *tg_unfold(tg_tape *t, tg_tensor *x, int n, const int64_t *kernel, const int64_t *stride,
                     const int64_t *padding, const int64_t *dilation)
{
    window_attrs a;
    if (!tgi_window_options(t, "unfold", n, kernel, stride, padding, dilation, &a)) return NULL;
    return tg_record(t, &tgi_unfold_ops[UNFOLD], &x, 1, &a);
}

tg_tensor *tg_fold(tg_tape *t, tg_tensor *x, int n, const int64_t *size, const int64_t *kernel,
                   const int64_t *stride, const int64_t *padding, const int64_t *dilation)
{
    window_attrs a;
    if (!tgi_window_options(t, "fold", n, kernel, stride, padding, dilation, &a)) return NULL;
    if (!size) return tg_tape_fail(t, TG_EARG, "fold: size is NULL");
    a.size = tgi_window_ints(n, size, 0);
    return tg_record(t, &tgi_unfold_ops[FOLD], &x, 1, &a);
}
