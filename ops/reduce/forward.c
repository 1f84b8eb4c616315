/* forward.c - the forward of every reduction. A contiguous input is reduced by its layout, on
 * several threads, and any other by the blocks of walk.c. Plans use the same layouts for partial
 * reductions (tg_op_partial), which their loops feed part by part. */
#include "graph/parallel.h"
#include "graph/tape.h"
#include "ops/reduce/layouts.h"

enum {
    CHUNK = 1 << 15,      /* elements worth handing to a thread */
    SMALL = 256,          /* elements; so few have one part with one level of sums, */
    SMALL_BYTES = 64 * 64 /*   whose state is on the stack */
};

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* ---- the layout ----------------------------------------------------------------------------- */

static void find_layout(tgi_reduction *r, const tg_tensor *x, unsigned mask)
{
    enum { SHORT_LINE = 64, SHORT_RUN = 16 };
    int changes = 0, first = -1, last = -1; /* of the axes: 1 if reduced, 0 if kept */
    r->outputs = r->count = r->outer = 1;
    for (int i = 0; i < x->ndim; i++) {
        const int reduced = mask >> i & 1;
        if (x->shape[i] == 1) continue;
        *(reduced ? &r->count : &r->outputs) *= x->shape[i];
        if (first < 0) first = reduced;
        changes += last >= 0 && last != reduced;
        if (changes == 0 && reduced) r->outer = r->count;
        last = reduced;
    }
    if (x->size == 0 || changes > 2 || (changes > 0 && first && !r->way->folds)) return;
    if (changes == 2 && first && r->count / r->outer >= SHORT_RUN) r->layout = &tgi_layout_planes;
    if (changes == 1 && first) r->layout = &tgi_layout_columns;
    if (changes == 0 || (changes == 1 && !first)) r->layout = &tgi_layout_lines;
    if (r->way->folds && r->outputs == 1 && r->count > SHORT_LINE) r->layout = &tgi_layout_line;
}

static const tgi_reduce_row *row_of(const tg_node *n)
{
    return (const tgi_reduce_row *)n->op->partial;
}

static unsigned mask_of(const tg_node *n)
{
    const tg_tensor *const x = n->inputs[0];
    const tgi_shape_attrs *const to = n->attrs;
    const tgi_reduce_attrs *const over = n->attrs;
    return row_of(n)->shaped ? tgi_reduce_mask_to(&to->shape, x)
                             : tgi_reduce_mask(&over->axis, x->ndim);
}

/* NULL for u8, which only argmax takes; it has a kernel of its own for it. */
static const tgi_fold_kernel *kernel_of(const tg_node *n)
{
    const tg_dtype dtype = n->inputs[0]->dtype;
    return dtype == TG_U8 ? NULL : tgi_kernels_get()->reduce.fold[row_of(n)->number][dtype];
}

static tgi_reduction reduction_of(const tg_node *n)
{
    const tg_tensor *const x = n->inputs[0];
    tgi_reduction r = {.y_size = tg_dtype_size(n->output->dtype),
                       .dtype = x->dtype,
                       .kernel = kernel_of(n),
                       .way = row_of(n)->way};
    find_layout(&r, x, mask_of(n));
    return r;
}

/* ---- in parts ------------------------------------------------------------------------------- */

static int64_t fold_grain(const tg_node *n)
{
    const tgi_reduction r = reduction_of(n);
    return r.layout && r.count > 1 ? r.layout->grain(&r) : 0;
}

static int64_t fold_parts(const tg_node *n)
{
    const tgi_reduction r = reduction_of(n);
    return r.layout->parts(&r);
}

/* Each state begins with the tgi_reduction, because finding it takes longer than a short input. */
enum { KEPT = (sizeof(tgi_reduction) + 63) / 64 * 64 };

static size_t fold_state_size(const tg_node *n)
{
    const tgi_reduction r = reduction_of(n);
    return KEPT + r.layout->state_size(&r);
}

static void fold_begin(const tg_node *n, void *state)
{
    tgi_reduction *const r = state;
    *r = reduction_of(n);
    r->layout->begin(r, (char *)state + KEPT);
}

static void fold_add(const tg_node *n, void *state, const void *x, int64_t count)
{
    const tgi_reduction *const r = state;
    (void)n;
    r->layout->add(r, (char *)state + KEPT, x, count);
}

static void fold_end(const tg_node *n, int64_t parts, void *states)
{
    const tgi_reduction *const r = states;
    const size_t size = KEPT + r->layout->state_size(r);
    r->layout->end(r, parts, (char *)states + KEPT, size, n->output->data);
}

#define PARTS                                                                                      \
    {                                                                                              \
        fold_grain, fold_parts, fold_state_size, fold_begin, fold_add, fold_end                    \
    }
#define OVER_AXES false
#define OVER_AXIS false
#define OVER_SHAPE true
#define X(name, kernel, way, over, ...)                                                            \
    [TGI_REDUCE_##name] = {PARTS, TGI_REDUCE_##name, OVER_##over, &tgi_##way##_way},
const tgi_reduce_row tgi_reduction_rows[] = {TGI_REDUCTIONS(X)};
#undef X

/* ---- forward -------------------------------------------------------------------------------- */

typedef struct job {
    const tgi_reduction *r;
    const char *x;
    char *y, *states;
    int64_t x_size, parts, grain;
    size_t state_size;
} job;

static void run_part(void *user, int64_t p)
{
    const job *j = user;
    const tgi_reduction *r = j->r;
    const int64_t size = r->outputs * r->count;
    const bool all = j->parts == 1;
    const int64_t from = all ? 0 : tgi_part_start(size, j->grain, j->parts, p);
    const int64_t to = all ? size : tgi_part_start(size, j->grain, j->parts, p + 1);
    void *const state = j->states + (size_t)p * j->state_size;
    r->layout->begin(r, state);
    r->layout->add(r, state, j->x + from * j->x_size, to - from);
}

/* A few elements are not worth a thread. Their parts are the same. */
static void run_parts(job *j)
{
    const tgi_reduction *r = j->r;
    if (r->outputs * r->count >= 2 * CHUNK)
        tgi_parallel_for(j->parts, run_part, j);
    else
        for (int64_t p = 0; p < j->parts; p++) run_part(j, p);
    r->layout->end(r, j->parts, j->states, j->state_size, j->y);
}

/* The results of lines are written to y directly. */
static void run_lines(void *user, int64_t c)
{
    const job *j = user;
    const tgi_reduction *r = j->r;
    const int64_t from = r->outputs * c / j->parts, to = r->outputs * (c + 1) / j->parts;
    r->way->lines(r->kernel, r->dtype, to - from, r->count, j->x + from * r->count * j->x_size,
                  r->count, j->y + (size_t)from * r->y_size);
}

/* One chunk for a few long lines: each is divided among threads by itself. */
static int64_t chunks_of_lines(const tgi_reduction *r)
{
    enum { FEW = 8 };
    if (r->way->shares && r->outputs < FEW && r->count >= 2 * CHUNK) return 1;
    return min64(max64(r->outputs * r->count / CHUNK, 1), r->outputs);
}

static bool is_lines(const tgi_reduction *r)
{
    return r->layout == &tgi_layout_line || r->layout == &tgi_layout_lines;
}

size_t tgi_reduce_work(const tg_node *n)
{
    if (n->inputs[0]->size <= SMALL || !tgi_is_contiguous(n->inputs[0])) return 0;
    const tgi_reduction r = reduction_of(n);
    return !r.layout || is_lines(&r) ? 0 : (size_t)r.layout->parts(&r) * r.layout->state_size(&r);
}

/* False where the input is not contiguous, or has none of the layouts. */
static bool run_layout(const tg_node *n, void *work)
{
    const tg_tensor *const x = n->inputs[0];
    if (!tgi_is_contiguous(x)) return false;
    const tgi_reduction r = reduction_of(n);
    _Alignas(64) char few[SMALL_BYTES];
    job j = {.r = &r, .x = x->data, .y = n->output->data, .states = work ? work : few};
    j.x_size = (int64_t)tg_dtype_size(x->dtype);
    if (!r.layout) return false;
    if (is_lines(&r)) {
        j.parts = chunks_of_lines(&r);
        tgi_parallel_for(j.parts, run_lines, &j);
        return true;
    }
    j.parts = r.layout->parts(&r);
    j.grain = r.layout->grain(&r);
    j.state_size = r.layout->state_size(&r);
    if (!work && (size_t)j.parts * j.state_size > sizeof few) return false;
    run_parts(&j);
    return true;
}

void tgi_reduce_forward(const tg_node *n, void *work)
{
    const tg_tensor *const x = n->inputs[0];
    const tgi_reduce_way *const way = row_of(n)->way;
    tgi_reduce p;
    if (run_layout(n, work)) return;
    tgi_reduce_plan(&p, x, n->output, mask_of(n), way->ordered);
    p.kernel = kernel_of(n);
    p.lines = way->lines;
    tgi_reduce_run(&p, x->data, n->output->data, way->block);
}
