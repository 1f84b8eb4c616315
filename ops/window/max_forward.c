/* max_forward.c - the forward functions of max.c, plane by plane. A kernel computes windows that
 * are two columns wide and do not overlap, plain loops all others. */
#include <math.h>
#include <string.h>

#include "graph/parallel.h"
#include "graph/storage.h"
#include "ops/kernels/kernels.h"
#include "ops/window/window.h"

/* ---- any window ----------------------------------------------------------------------------- */

/* One element k of the kernel. For window j of a line, lo <= j < hi, it lies at at + j * stride of
 * the plane. */
typedef struct tap {
    int64_t k[TGI_WINDOW_AXES], at, lo, hi;
} tap;

static const tap first_tap = {.k = {0, 0, -1}};

static bool step_tap(const tgi_windows *w, tap *t)
{
    for (int a = TGI_WINDOW_AXES - 1; a >= 0; a--) {
        if (++t->k[a] < w->kernel[a]) return true;
        t->k[a] = 0;
    }
    return false;
}

/* Goes to the next element that lies inside the plane for some window. False after the last. */
static bool next_tap(const tgi_windows *w, const int64_t *o, tap *t)
{
    while (step_tap(w, t)) {
        const int64_t i = o[0] * w->stride[0] - w->padding[0] + t->k[0] * w->dilation[0];
        const int64_t j = o[1] * w->stride[1] - w->padding[1] + t->k[1] * w->dilation[1];
        if (i < 0 || i >= w->in[0] || j < 0 || j >= w->in[1]) continue;
        const tgi_span s = tgi_window_span(w, 2, t->k[2]);
        t->at = (i * w->in[1] + j) * w->in[2] + s.first;
        t->lo = s.lo;
        t->hi = s.hi;
        if (s.lo < s.hi) return true;
    }
    return false;
}

#define T float
#define NAME(x) x##_f32
#include "ops/window/max.inc"
#undef T
#undef NAME

#define T double
#define NAME(x) x##_f64
#include "ops/window/max.inc"
#undef T
#undef NAME

/* ---- all planes ----------------------------------------------------------------------------- */

typedef void (*plane_fn)(const tgi_windows *w, const void *x, const void *z, void *y, void *work);

typedef struct job {
    tgi_windows w;
    const tg_node *node;
    int64_t planes, chunks;
    size_t width;
    plane_fn run;
    void (*pairs)(const struct job *j, const void *x, const void *z, void *y); /* or NULL */
    size_t copy[2], lines; /* scratch bytes of a chunk: a plane of each operand, and two lines */
    char *work;
} job;

/* True if each plane is contiguous. */
static bool has_plain_planes(const tg_tensor *x)
{
    int64_t step = 1;
    for (int a = x->ndim - 1; a >= 2; a--) {
        if (x->shape[a] != 1 && x->strides[a] != step) return false;
        step *= x->shape[a];
    }
    return true;
}

static int64_t plane_size(const tg_tensor *x)
{
    int64_t size = 1;
    for (int a = 2; a < x->ndim; a++) size *= x->shape[a];
    return size;
}

static job make_job(const tg_node *n)
{
    const tg_tensor *x = n->inputs[0];
    job j = {.node = n,
             .w = tgi_windows_of(n->attrs, x->shape + 2),
             .planes = x->shape[0] * x->shape[1],
             .width = tg_dtype_size(x->dtype)};
    for (int i = 0; i < n->n_inputs; i++)
        if (!has_plain_planes(n->inputs[i])) j.copy[i] = (size_t)plane_size(n->inputs[i]) * j.width;
    j.lines = 2 * (size_t)j.w.out[2] * j.width;
    j.chunks = tgi_window_chunks(x->size, j.planes);
    return j;
}

static size_t work_of(const job *j)
{
    const size_t bytes = j->copy[0] + j->copy[1] + j->lines;
    return (bytes + TGI_ALIGN - 1) / TGI_ALIGN * TGI_ALIGN;
}

size_t tgi_window_max_work(const tg_node *n)
{
    if (n->output->size == 0) return 0;
    const job j = make_job(n);
    return (size_t)j.chunks * work_of(&j);
}

/* Plane i of x, copied if it is not contiguous. */
static const char *plane_of(const tg_tensor *x, int64_t i, char *copy)
{
    const int64_t channels = x->shape[1];
    if (x->size == 0) return copy; /* everything is padding */
    const int64_t at = i / channels * x->strides[0] + i % channels * x->strides[1];
    const char *from = (const char *)x->data + at * (int64_t)tg_dtype_size(x->dtype);
    if (has_plain_planes(x)) return from;
    int64_t row_major[TG_MAX_NDIM];
    tgi_row_major(x->ndim - 2, x->shape + 2, row_major);
    tgi_strided_copy(tg_dtype_size(x->dtype), x->ndim - 2, x->shape + 2, copy, row_major, from,
                     x->strides + 2);
    return copy;
}

static void run_chunk(void *user, int64_t chunk)
{
    const job *j = user;
    const tg_node *n = j->node;
    char *const work = j->work + (size_t)chunk * work_of(j);
    char *const second = work + j->copy[0], *const lines = second + j->copy[1];
    const size_t bytes = (size_t)plane_size(n->output) * j->width;
    const int64_t end = j->planes * (chunk + 1) / j->chunks;
    for (int64_t i = j->planes * chunk / j->chunks; i < end; i++) {
        const void *x = plane_of(n->inputs[0], i, work);
        const void *z = n->n_inputs > 1 ? plane_of(n->inputs[1], i, second) : NULL;
        char *const y = (char *)n->output->data + (size_t)i * bytes;
        if (j->pairs)
            j->pairs(j, x, z, y);
        else
            j->run(&j->w, x, z, y, lines);
    }
}

/* ---- pairs ---------------------------------------------------------------------------------- */

static bool is_pairs(const tgi_windows *w)
{
    return w->kernel[2] == 2 && w->stride[2] == 2 && w->dilation[2] == 1 && w->padding[2] == 0 &&
           w->kernel[1] == w->stride[1] && w->dilation[1] == 1 && w->padding[1] == 0 &&
           w->in[0] == 1 && w->kernel[0] == 1 && w->padding[0] == 0;
}

static tgi_window_pairs pairs_of(const tgi_windows *w)
{
    return (tgi_window_pairs){w->out[1], w->out[2], w->kernel[1], w->in[2]};
}

static void largest_pairs(const job *j, const void *x, const void *z, void *y)
{
    const tgi_window_pairs p = pairs_of(&j->w);
    (void)z;
    tgi_kernels_get()->windows[j->node->output->dtype].largest(&p, x, y);
}

/* Elements outside every window get 0. */
static void share_pairs(const job *j, const void *x, const void *d, void *dx)
{
    const tgi_windows *w = &j->w;
    const tgi_window_pairs p = pairs_of(w);
    if (p.lines * p.rows < w->in[1] || 2 * p.n < w->in[2])
        memset(dx, 0, (size_t)(w->in[1] * w->in[2]) * j->width);
    tgi_kernels_get()->windows[j->node->output->dtype].share(&p, x, d, dx);
}

/* ---- forward functions ---------------------------------------------------------------------- */

static void run(const tg_node *n, void *work, const plane_fn *by_dtype,
                void (*pairs)(const job *j, const void *x, const void *z, void *y))
{
    if (n->output->size == 0) return;
    job j = make_job(n);
    j.run = by_dtype[n->output->dtype];
    j.pairs = is_pairs(&j.w) ? pairs : NULL;
    j.work = work;
    tgi_parallel_for(j.chunks, run_chunk, &j);
}

void tgi_window_max_forward(const tg_node *n, void *work)
{
    static const plane_fn largest[] = {[TG_F32] = largest_f32, [TG_F64] = largest_f64};
    run(n, work, largest, largest_pairs);
}

void tgi_window_max_share_forward(const tg_node *n, void *work)
{
    static const plane_fn share[] = {[TG_F32] = share_f32, [TG_F64] = share_f64};
    run(n, work, share, share_pairs);
}

void tgi_window_max_mean_forward(const tg_node *n, void *work)
{
    static const plane_fn mean[] = {[TG_F32] = mean_f32, [TG_F64] = mean_f64};
    run(n, work, mean, NULL);
}
