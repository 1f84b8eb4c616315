/* walk.c - reduces a strided input: sorts its axes by their steps in memory, cuts the work into
 * blocks, and passes the elements of a block to a kernel as rows. */
#include "ops/reduce/reduce.h"

#include "graph/parallel.h"

/* ---- the plan ------------------------------------------------------------------------------- */

/* The smaller, the further in an axis should be. A repeated axis (step 0) costs least outside. */
static int64_t distance(const tgi_reduce_axis *a)
{
    return a->x_step == 0 ? INT64_MAX : a->x_step < 0 ? -a->x_step : a->x_step;
}

static void sort_axes(tgi_reduce_axis *axes, int n)
{
    for (int i = 1; i < n; i++) {
        const tgi_reduce_axis a = axes[i];
        int j = i;
        for (; j > 0 && distance(&axes[j - 1]) < distance(&a); j--) axes[j] = axes[j - 1];
        axes[j] = a;
    }
}

/* Joins neighbours that one loop can walk; returns how many are left. */
static int join_axes(tgi_reduce_axis *axes, int n)
{
    int last = 0;
    for (int i = 1; i < n; i++) {
        tgi_reduce_axis *const a = &axes[last];
        const tgi_reduce_axis b = axes[i];
        if (a->x_step == b.size * b.x_step && a->y_step == b.size * b.y_step)
            *a = (tgi_reduce_axis){a->size * b.size, b.x_step, b.y_step};
        else
            axes[++last] = b;
    }
    return n > 0 ? last + 1 : 0;
}

/* Whether to work by columns: if outputs lie closer together than the elements of one output, or if
 * a row would be too short for its lanes; but not if there are only a few outputs. */
static bool prefer_columns(const tgi_reduce *p, bool ordered)
{
    if (p->n_kept == 0) return false;
    const tgi_reduce_axis *const kept = &p->kept[p->n_kept - 1];
    const tgi_reduce_axis *const reduced = &p->reduced[p->n_reduced - 1];
    return kept->size >= 4 &&
           (distance(kept) < distance(reduced) || (!ordered && reduced->size < TGI_FOLD_SHORT));
}

void tgi_reduce_plan(tgi_reduce *p, const tg_tensor *x, const tg_tensor *y, unsigned mask,
                     bool ordered)
{
    p->n_kept = p->n_reduced = 0;
    p->outputs = p->count = 1;
    for (int i = 0; i < x->ndim; i++) *(mask >> i & 1 ? &p->count : &p->outputs) *= x->shape[i];
    int64_t y_step = p->outputs;
    for (int i = 0; i < x->ndim && p->outputs > 0; i++) {
        const int64_t size = x->shape[i];
        if (size == 1) continue;
        if (mask >> i & 1) {
            p->reduced[p->n_reduced++] = (tgi_reduce_axis){size, x->strides[i], 0};
        } else {
            y_step /= size;
            /* If x has no elements, it has no address to step from. */
            const int64_t x_step = p->count > 0 ? x->strides[i] : 0;
            p->kept[p->n_kept++] = (tgi_reduce_axis){size, x_step, y_step};
        }
    }
    if (p->n_reduced == 0) p->reduced[p->n_reduced++] = (tgi_reduce_axis){1, 0, 0};
    sort_axes(p->kept, p->n_kept);
    if (!ordered) sort_axes(p->reduced, p->n_reduced);
    p->n_kept = join_axes(p->kept, p->n_kept);
    p->n_reduced = join_axes(p->reduced, p->n_reduced);
    p->columns = prefer_columns(p, ordered);
    p->lanes = ordered ? 1 : TGI_REDUCE_LANES;
    p->dtype = x->dtype;
    p->x_size = tg_dtype_size(x->dtype);
    p->y_size = tg_dtype_size(y->dtype);
}

/* ---- the walk ------------------------------------------------------------------------------- */

typedef struct position {
    int64_t index[TG_MAX_NDIM];
    int64_t x, y; /* in elements */
} position;

/* Moves to the next index of the first n axes; false after the last. */
static bool advance(position *at, const tgi_reduce_axis *axes, int n)
{
    for (int i = n; i-- > 0;) {
        at->x += axes[i].x_step;
        at->y += axes[i].y_step;
        if (++at->index[i] < axes[i].size) return true;
        at->x -= axes[i].size * axes[i].x_step;
        at->y -= axes[i].size * axes[i].y_step;
        at->index[i] = 0;
    }
    return false;
}

static const void *x_at(const tgi_reduce *p, const void *x, int64_t i)
{
    return (const char *)x + i * (int64_t)p->x_size;
}

static void *y_at(const tgi_reduce *p, void *y, int64_t i)
{
    return (char *)y + i * (int64_t)p->y_size;
}

int64_t tgi_reduce_x_step(const tgi_reduce *p)
{
    return p->columns ? p->kept[p->n_kept - 1].x_step : 0;
}

int64_t tgi_reduce_y_step(const tgi_reduce *p)
{
    return p->columns ? p->kept[p->n_kept - 1].y_step : 0;
}

/* ---- blocks --------------------------------------------------------------------------------- */

typedef struct job {
    const tgi_reduce *p;
    const void *x;
    void *y;
    tgi_reduce_block block;
    bool lines;     /* blocks of lines */
    int outer;      /* kept axes that are walked from block to block */
    int64_t pieces; /* blocks side by side along the last kept axis, at most `most` long */
    int64_t most, blocks, chunks;
} job;

static position position_of(const tgi_reduce_axis *axes, int n, int64_t at)
{
    position p = {{0}, 0, 0};
    for (int i = n; i-- > 0; at /= axes[i].size) {
        p.index[i] = at % axes[i].size;
        p.x += p.index[i] * axes[i].x_step;
        p.y += p.index[i] * axes[i].y_step;
    }
    return p;
}

static void scatter(size_t size, int64_t n, const void *from, void *to, int64_t step)
{
    if (size == 4)
        for (int64_t j = 0; j < n; j++) ((uint32_t *)to)[j * step] = ((const uint32_t *)from)[j];
    else
        for (int64_t j = 0; j < n; j++) ((uint64_t *)to)[j * step] = ((const uint64_t *)from)[j];
}

static void run_lines(const tgi_reduce *p, const void *x, void *y, int64_t n,
                      const tgi_reduce_axis *along)
{
    double room[TGI_REDUCE_WIDTH];
    p->lines(p->kernel, p->dtype, n, p->count, x, along->x_step, along->y_step == 1 ? y : room);
    if (along->y_step != 1) scatter(p->y_size, n, room, y, along->y_step);
}

static void run_piece(const job *j, const void *x, void *y, int64_t piece)
{
    const tgi_reduce *p = j->p;
    const tgi_reduce_axis *along = &p->kept[j->outer];
    const int64_t c = piece * j->most, left = along->size - c, n = left < j->most ? left : j->most;
    x = x_at(p, x, c * along->x_step);
    y = y_at(p, y, c * along->y_step);
    if (j->lines)
        run_lines(p, x, y, n, along);
    else
        j->block(p, x, y, (int)n);
}

static void run_blocks(void *user, int64_t chunk)
{
    static const tgi_reduce_axis alone = {1, 0, 1};
    const job *j = user;
    const tgi_reduce *p = j->p;
    const int64_t first = j->blocks * chunk / j->chunks;
    int64_t left = j->blocks * (chunk + 1) / j->chunks - first, piece = first % j->pieces;
    position at = position_of(p->kept, j->outer, first / j->pieces);
    for (; left > 0; (void)advance(&at, p->kept, j->outer), piece = 0) {
        const void *const x = x_at(p, j->x, at.x);
        void *const y = y_at(p, j->y, at.y);
        if (j->outer < p->n_kept) {
            for (; piece < j->pieces && left > 0; piece++, left--) run_piece(j, x, y, piece);
        } else {
            if (j->lines)
                run_lines(p, x, y, 1, &alone);
            else
                j->block(p, x, y, p->lanes);
            left--;
        }
    }
}

/* The longer the lines, the fewer: threads can divide long ones. */
static int64_t lines_of_block(int64_t count)
{
    enum { LEAST = 4, MOST = 64, SIZE = 1 << 14 };
    const int64_t lines = SIZE / count;
    return lines < LEAST ? LEAST : lines < MOST ? lines : MOST;
}

void tgi_reduce_run(const tgi_reduce *p, const void *x, void *y, tgi_reduce_block block)
{
    enum { CHUNK = 1 << 15 }; /* elements worth handing to a thread */
    if (p->outputs == 0) return;
    /* If x has no elements, any address but NULL will do. */
    job j = {.p = p, .x = p->count > 0 ? x : y, .y = y, .block = block};
    j.lines = p->lines && p->n_reduced == 1 && p->reduced[0].x_step == 1 && p->count > 0;
    j.outer = p->n_kept - (p->n_kept > 0 && (j.lines || p->columns));
    j.most = j.lines ? lines_of_block(p->count) : TGI_REDUCE_WIDTH;
    j.pieces = j.outer < p->n_kept ? (p->kept[j.outer].size + j.most - 1) / j.most : 1;
    j.blocks = j.pieces;
    for (int i = 0; i < j.outer; i++) j.blocks *= p->kept[i].size;
    const int64_t chunks = p->count > 0 ? p->outputs / (CHUNK / p->count + 1) : 1;
    j.chunks = chunks < 1 ? 1 : chunks < j.blocks ? chunks : j.blocks;
    tgi_parallel_for(j.chunks, run_blocks, &j);
}

/* ---- the elements of a block ---------------------------------------------------------------- */

#define GATHER(T)                                                                                  \
    for (int64_t r = 0; r < rows; r++, to += width * (int64_t)sizeof(T))                           \
        for (int64_t i = 0; i < width; i++)                                                        \
            ((T *)(void *)to)[i] = ((const T *)x)[r * row_step + i * column_step];

static void gather(size_t size, int64_t rows, int64_t width, const void *x, int64_t row_step,
                   int64_t column_step, char *to)
{
    if (size == 4)
        GATHER(uint32_t)
    else if (size == 8)
        GATHER(uint64_t)
    else
        GATHER(uint8_t)
}

/* Kernels read contiguous rows; others are copied first. */
static void pass_rows(const tgi_reduce *p, tgi_reduce_rows fold, void *acc, int64_t rows,
                      int64_t width, const void *x, int64_t row_step, int64_t column_step)
{
    enum { ROOM = 2 * TGI_REDUCE_WIDTH };
    if (column_step == 1 || width == 1) {
        fold(acc, rows, width, x, row_step);
        return;
    }
    _Alignas(64) char room[ROOM * sizeof(double)];
    const int64_t most = ROOM / width;
    for (int64_t r = 0; r < rows; r += most) {
        const int64_t take = rows - r < most ? rows - r : most;
        gather(p->x_size, take, width, x_at(p, x, r * row_step), row_step, column_step, room);
        fold(acc, take, width, room, width);
    }
}

void tgi_reduce_walk(const tgi_reduce *p, const void *x, int width, tgi_reduce_rows fold, void *acc)
{
    if (p->count == 0) return;
    const int outer = p->n_reduced - 1;
    const int64_t n = p->reduced[outer].size, step = p->reduced[outer].x_step;
    const int64_t lanes = p->lanes;
    /* Dividing by the constant matters: by a variable it costs as much as a short row. */
    const int64_t rows = lanes == 1 ? n : n / TGI_REDUCE_LANES, rest = n - rows * lanes;
    position at = {{0}, 0, 0};
    do {
        const void *const run = x_at(p, x, at.x);
        if (p->columns) {
            pass_rows(p, fold, acc, n, width, run, step, tgi_reduce_x_step(p));
            continue;
        }
        if (rows > 0) pass_rows(p, fold, acc, rows, lanes, run, lanes * step, step);
        if (rest > 0) pass_rows(p, fold, acc, 1, rest, x_at(p, run, rows * lanes * step), 0, step);
    } while (advance(&at, p->reduced, outer));
}

typedef struct term_rows {
    tgi_reduce_terms terms;
    const void *how;
    int64_t x_size;
    tgi_total *total;
} term_rows;

static void add_terms(void *acc, int64_t rows, int64_t width, const void *x, int64_t step)
{
    const term_rows *const a = acc;
    double e[TGI_REDUCE_WIDTH];
    for (int64_t r = 0; r < rows; r++) {
        a->terms(a->how, width, (const char *)x + r * step * a->x_size, e);
        tgi_total_rows(a->total, 1, width, e, 0);
    }
}

double *tgi_reduce_terms_sum(const tgi_reduce *p, const void *x, int width, tgi_reduce_terms terms,
                             const void *how, const tgi_fold_kernel *sum, tgi_block_total *total)
{
    term_rows a = {terms, how, (int64_t)p->x_size, &total->total};
    tgi_total_begin(&total->total, sum, width);
    tgi_reduce_walk(p, x, width, add_terms, &a);
    double *const sums = tgi_total_end(&total->total);
    if (!p->columns) sum->join->lanes(sums);
    return sums;
}

void tgi_reduce_store(const tgi_reduce *p, void *acc, void *y, int width)
{
    const int64_t step = tgi_reduce_y_step(p);
    _Alignas(64) char room[TGI_REDUCE_WIDTH * sizeof(double)];
    if (!p->columns) p->kernel->join->lanes(acc);
    if (!p->columns || step == 1) {
        p->kernel->store(acc, p->columns ? width : 1, y);
        return;
    }
    p->kernel->store(acc, width, room);
    scatter(p->y_size, width, room, y, step);
}
