/* run.c - the loops of unfold and fold.  Both walk the same matrix, one row after the other:
 * a row belongs to one element of the kernel, and its columns to the positions of the window. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/window/window.h"

enum {
    AXES = TGI_WINDOW_AXES,
    CHUNK = 1 << 15, /* elements of the matrix worth handing to a thread */
    MAX_CHUNKS = 64
};

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

tgi_windows tgi_windows_of(const tgi_window_attrs *a, const int64_t *size)
{
    tgi_windows w;
    for (int i = 0; i < AXES; i++) {
        const int k = i - (AXES - a->kernel.n);
        w.in[i] = k < 0 ? 1 : size[k];
        w.kernel[i] = k < 0 ? 1 : a->kernel.v[k];
        w.stride[i] = k < 0 ? 1 : a->stride.v[k];
        w.padding[i] = k < 0 ? 0 : a->padding.v[k];
        w.dilation[i] = k < 0 ? 1 : a->dilation.v[k];
        w.out[i] = tgi_window_count(w.in[i], w.kernel[i], w.stride[i], w.padding[i], w.dilation[i]);
    }
    return w;
}

tgi_span tgi_window_span(const tgi_windows *w, int axis, int64_t k)
{
    const int64_t step = w->stride[axis];
    tgi_span s = {.first = k * w->dilation[axis] - w->padding[axis]};
    const int64_t room = w->in[axis] - s.first;
    s.lo = s.first >= 0 ? 0 : (-s.first - 1) / step + 1;
    s.hi = room <= 0 ? 0 : (room - 1) / step + 1;
    if (s.hi > w->out[axis]) s.hi = w->out[axis];
    if (s.lo > s.hi) s.lo = s.hi;
    return s;
}

int64_t tgi_window_chunks(int64_t elements, int64_t planes)
{
    const int64_t worth = elements / CHUNK;
    const int64_t chunks = worth < 1 ? 1 : worth > MAX_CHUNKS ? MAX_CHUNKS : worth;
    return chunks < planes ? chunks : planes;
}

typedef struct plan {
    tgi_windows w;
    int64_t planes, channels, chunks;
    size_t width;
    char *image, *matrix;
    int64_t image_n, image_c, image_step[AXES]; /* all in bytes but the steps given to run */
    int64_t matrix_n, matrix_row, matrix_col;
    run_fn run;
} plan;

static plan make_plan(const tg_node *n, const tg_tensor *image, const tg_tensor *matrix)
{
    const tgi_window_attrs *a = n->attrs;
    const int64_t w = (int64_t)tg_dtype_size(image->dtype);
    const bool empty = image->size == 0; /* all is padding: no address of it is ever made */
    plan p = {.w = tgi_windows_of(a, image->shape + 2),
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

/* The element of the image that is met first at position (i, j, lo) of one row of the matrix. */
static char *met(const plan *p, char *image, const tgi_span *s, int64_t i, int64_t j)
{
    const int64_t *stride = p->w.stride;
    return image + (s[0].first + i * stride[0]) * p->image_step[0] +
           (s[1].first + j * stride[1]) * p->image_step[1] +
           (s[2].first + s[2].lo * stride[2]) * p->image_step[2];
}

/* One row of the matrix of unfold, which is contiguous. */
static void gather_row(const plan *p, const tgi_span *s, char *image, char *row)
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
            p->run(s[2].hi - s[2].lo, row + lo, 1, met(p, image, s, i, j), step);
            if (hi < bytes) memset(row + hi, 0, (size_t)(bytes - hi));
        }
}

/* One row of the matrix of fold into the image, which is contiguous. */
static void scatter_row(const plan *p, const tgi_span *s, char *image, const char *row)
{
    const int64_t w = (int64_t)p->width, step = p->w.stride[2] * p->image_step[2] / w;
    if (s[2].lo == s[2].hi) return;
    for (int64_t i = s[0].lo; i < s[0].hi; i++)
        for (int64_t j = s[1].lo; j < s[1].hi; j++)
            p->run(s[2].hi - s[2].lo, met(p, image, s, i, j), step,
                   row + ((i * p->w.out[1] + j) * p->w.out[2] + s[2].lo) * p->matrix_col,
                   p->matrix_col / w);
}

static void run_plane(const plan *p, int64_t plane, bool gather)
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
    const plan *p = user;
    const int64_t end = p->planes * (chunk + 1) / p->chunks;
    for (int64_t i = p->planes * chunk / p->chunks; i < end; i++) run_plane(p, i, true);
}

static void fold_chunk(void *user, int64_t chunk)
{
    const plan *p = user;
    const int64_t end = p->planes * (chunk + 1) / p->chunks;
    const size_t bytes = (size_t)(p->w.in[0] * p->w.in[1] * p->w.in[2]) * p->width;
    for (int64_t i = p->planes * chunk / p->chunks; i < end; i++) {
        memset(p->image + (size_t)i * bytes, 0, bytes);
        run_plane(p, i, false);
    }
}

void tgi_unfold_forward(const tg_node *n, void *work)
{
    (void)work;
    if (n->output->size == 0) return;
    plan p = make_plan(n, n->inputs[0], n->output);
    p.run = n->output->dtype == TG_F32 ? copy_f32 : copy_f64;
    tgi_parallel_for(p.chunks, unfold_chunk, &p);
}

void tgi_fold_forward(const tg_node *n, void *work)
{
    (void)work;
    if (n->output->size == 0) return;
    plan p = make_plan(n, n->output, n->inputs[0]);
    p.run = n->output->dtype == TG_F32 ? add_f32 : add_f64;
    tgi_parallel_for(p.chunks, fold_chunk, &p);
}
