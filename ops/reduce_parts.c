/* reduce_parts.c - reductions of contiguous inputs, which are lines or columns, in parts: for
 * threads, and for plans, which feed the parts from fused loops (tg_op_fold).  The cuts follow from
 * shapes alone, so that both give the same bits. */
#include <string.h>

#include "graph/parallel.h"
#include "graph/tape.h"
#include "ops/reduce.h"

enum {
    PART = 1 << 13, /* elements, at least, of one of several parts */
    MOST_PARTS = 64,
    COLUMN_ROWS = 32, /* rows, at least, of one of several parts of columns */
    CHUNK = 1 << 15,  /* elements worth handing to a thread */
    SHORT_LINE = 64,  /* a line that is added whole */
    HEAD = 64         /* of the state of lines: how many are done */
};

/* What a reduction of a contiguous input consists of. */
typedef struct reduction {
    enum { ANYHOW, LINES, COLUMNS } form;
    int64_t outputs, count; /* elements of the result, and of x behind each */
    const tgi_fold_kernel *kernel;
    bool only_lines; /* and those only whole */
    tgi_reduce_lines lines;
} reduction;

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Axes of size 1 do not count.  Those that are kept must come first, or last. */
static void find_form(reduction *r, const tg_tensor *x, unsigned mask)
{
    int changes = 0, first = -1, last = -1;
    r->outputs = r->count = 1;
    for (int i = 0; i < x->ndim; i++) {
        const int reduced = mask >> i & 1;
        if (x->shape[i] == 1) continue;
        *(reduced ? &r->count : &r->outputs) *= x->shape[i];
        if (first < 0) first = reduced;
        changes += last >= 0 && last != reduced;
        last = reduced;
    }
    r->form = x->size == 0 || changes > 1 ? ANYHOW : changes == 1 && first ? COLUMNS : LINES;
    if (r->form == COLUMNS && r->only_lines) r->form = ANYHOW;
}

static reduction reduction_of(const tg_node *n)
{
    const tg_tensor *const x = n->inputs[0];
    reduction r = {.kernel = NULL};
    const bool shaped = n->op->forward == tgi_sum_to_forward;
    const unsigned mask =
        shaped ? tgi_reduce_mask_to(&((const tgi_shape_attrs *)n->attrs)->shape, x)
               : tgi_reduce_mask(&((const tgi_reduce_attrs *)n->attrs)->axis, x->ndim);
    const bool sums = shaped || n->op->forward == tgi_sum_forward;
    r.kernel = x->dtype != TG_U8
                   ? tgi_kernels_get()->reduce.fold[sums ? TGI_FOLD_SUM : TGI_FOLD_MAX][x->dtype]
                   : NULL;
    r.lines = n->op->forward == tgi_logsumexp_forward ? tgi_logsumexp_lines
              : n->op->forward == tgi_argmax_forward  ? tgi_argmax_lines
                                                      : tgi_fold_lines;
    r.only_lines = r.lines != tgi_fold_lines;
    find_form(&r, x, mask);
    return r;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static int64_t parts_of_line(int64_t count) { return min64(max64(count / PART, 1), MOST_PARTS); }

/* Where part p of parts starts: at a multiple of grain, or at the end. */
static int64_t part_start(int64_t size, int64_t grain, int64_t parts, int64_t p)
{
    return min64(ceil_div(size, grain) * p / parts * grain, size);
}

static int64_t most_of_part(int64_t size, int64_t grain, int64_t parts)
{
    return ceil_div(ceil_div(size, grain), parts);
}

static void add_to_line(tgi_total *total, const void *x, int64_t count)
{
    const int64_t rows = count / TGI_FOLD_LANES, rest = count % TGI_FOLD_LANES;
    tgi_total_rows(total, rows, TGI_FOLD_LANES, x, TGI_FOLD_LANES);
    if (rest > 0)
        tgi_total_rows(total, 1, rest, (const char *)x + (count - rest) * total->kernel->x_size, 0);
}

/* What the parts of a line come to, and together: no accumulator is larger than a double. */
typedef struct part_results {
    double room[MOST_PARTS];
    int64_t n;
} part_results;

static void add_part(part_results *s, tgi_total *total)
{
    const tgi_fold_kernel *const join = total->kernel->join;
    void *const acc = tgi_total_end(total);
    join->lanes(acc);
    memcpy((char *)s->room + s->n++ * join->x_size, acc, (size_t)join->x_size);
}

static void join_parts(part_results *s, const tgi_fold_kernel *kernel, void *y)
{
    double acc;
    kernel->join->lines(1, s->n, s->room, 0, &acc);
    kernel->store(&acc, 1, y);
}

static void long_line(const tgi_fold_kernel *kernel, int64_t count, const char *x, void *y)
{
    struct {
        tgi_total total;
        double levels[TGI_TOTAL_LEVELS][TGI_FOLD_LANES];
    } state;
    const int64_t parts = parts_of_line(count);
    part_results results;
    results.n = 0;
    for (int64_t p = 0; p < parts; p++) {
        const int64_t from = part_start(count, TGI_FOLD_LANES, parts, p);
        const int64_t to = part_start(count, TGI_FOLD_LANES, parts, p + 1);
        tgi_total_begin(&state.total, kernel, TGI_FOLD_LANES);
        add_to_line(&state.total, x + from * kernel->x_size, to - from);
        add_part(&results, &state.total);
    }
    join_parts(&results, kernel, y);
}

void tgi_fold_lines(const tgi_fold_kernel *kernel, tg_dtype dtype, int64_t lines, int64_t count,
                    const void *x, int64_t step, void *y)
{
    (void)dtype;
    if (count < 2 * PART && count <= kernel->level * TGI_FOLD_LANES) {
        kernel->lines(lines, count, x, step, y);
        return;
    }
    for (int64_t i = 0; i < lines; i++)
        long_line(kernel, count, (const char *)x + i * step * kernel->x_size,
                  (char *)y + i * kernel->x_size);
}

/* ---- in parts ------------------------------------------------------------------------------- */

/* One line is cut within. */
static bool is_cut(const reduction *r)
{
    return r->form == LINES && !r->only_lines && r->outputs == 1 && r->count > SHORT_LINE;
}

static int64_t grain_of(const reduction *r)
{
    if (r->form == ANYHOW || r->count == 1) return 0;
    return is_cut(r) ? TGI_FOLD_LANES : r->form == LINES ? r->count : r->outputs;
}

static int64_t parts_of(const reduction *r)
{
    if (is_cut(r)) return parts_of_line(r->count);
    const int64_t most = r->form == LINES ? r->outputs : r->count / COLUMN_ROWS;
    return max64(min64(min64(r->outputs * r->count / PART, MOST_PARTS), most), 1);
}

static size_t state_size(const reduction *r, const tg_node *n)
{
    const int64_t size = r->outputs * r->count,
                  grains = most_of_part(size, grain_of(r), parts_of(r));
    const size_t width = tg_dtype_size(n->output->dtype);
    if (is_cut(r)) return tgi_total_size(r->kernel, TGI_FOLD_LANES, grains);
    if (r->form == COLUMNS) return tgi_total_size(r->kernel, r->outputs, grains);
    return HEAD + ((size_t)grains * width + HEAD - 1) / HEAD * HEAD;
}

static int64_t fold_grain(const tg_node *n)
{
    const reduction r = reduction_of(n);
    return grain_of(&r);
}

static int64_t fold_parts(const tg_node *n)
{
    const reduction r = reduction_of(n);
    return parts_of(&r);
}

static size_t fold_state_size(const tg_node *n)
{
    const reduction r = reduction_of(n);
    return state_size(&r, n);
}

static void begin(const reduction *r, void *state)
{
    if (is_cut(r) || r->form == COLUMNS)
        tgi_total_begin(state, r->kernel, is_cut(r) ? TGI_FOLD_LANES : r->outputs);
    else
        *(int64_t *)state = 0;
}

static void add(const reduction *r, const tg_node *n, void *state, const void *x, int64_t count)
{
    if (is_cut(r)) {
        add_to_line(state, x, count);
    } else if (r->form == COLUMNS) {
        tgi_total_rows(state, count / r->outputs, r->outputs, x, r->outputs);
    } else {
        const int64_t lines = count / r->count, width = (int64_t)tg_dtype_size(n->output->dtype);
        int64_t *const done = state;
        r->lines(r->kernel, n->inputs[0]->dtype, lines, r->count, x, r->count,
                 (char *)state + HEAD + *done * width);
        *done += lines;
    }
}

static void end(const reduction *r, const tg_node *n, int64_t parts, char *states, void *y)
{
    const size_t size = state_size(r, n);
    if (is_cut(r)) {
        part_results results;
        results.n = 0;
        for (int64_t p = 0; p < parts; p++)
            add_part(&results, (tgi_total *)(void *)(states + (size_t)p * size));
        join_parts(&results, r->kernel, y);
    } else if (r->form == COLUMNS) {
        void *const acc = tgi_total_end((tgi_total *)(void *)states);
        for (int64_t p = 1; p < parts; p++) {
            void *const more = tgi_total_end((tgi_total *)(void *)(states + (size_t)p * size));
            r->kernel->join->rows(acc, 1, r->outputs, more, 0);
        }
        r->kernel->store(acc, r->outputs, y);
    } else {
        char *to = y;
        for (int64_t p = 0; p < parts; p++) {
            const char *const state = states + (size_t)p * size;
            const size_t bytes =
                (size_t) * (const int64_t *)(const void *)state * tg_dtype_size(n->output->dtype);
            memcpy(to, state + HEAD, bytes);
            to += bytes;
        }
    }
}

static void fold_begin(const tg_node *n, void *state)
{
    const reduction r = reduction_of(n);
    begin(&r, state);
}

static void fold_add(const tg_node *n, void *state, const void *x, int64_t count)
{
    const reduction r = reduction_of(n);
    add(&r, n, state, x, count);
}

static void fold_end(const tg_node *n, int64_t parts, void *states)
{
    const reduction r = reduction_of(n);
    end(&r, n, parts, states, n->output->data);
}

const tg_op_fold tgi_reduce_fold = {.grain = fold_grain,
                                    .parts = fold_parts,
                                    .state_size = fold_state_size,
                                    .begin = fold_begin,
                                    .add = fold_add,
                                    .end = fold_end};

/* ---- forward -------------------------------------------------------------------------------- */

/* A reduction at work: of the input of n, or of one of its lines. */
typedef struct job {
    const reduction *r;
    const tg_node *n;
    const char *x;
    char *y, *states;
    int64_t x_size, y_size, parts, grain;
    int64_t turn; /* parts at once */
    size_t state_size;
} job;

static const char *part_at(const job *j, int64_t p)
{
    const int64_t size = j->r->outputs * j->r->count;
    return j->x + part_start(size, j->grain, j->parts, p) * j->x_size;
}

static void run_part(const job *j, int64_t p, int64_t done)
{
    const char *const from = part_at(j, p) + done * j->x_size;
    add(j->r, j->n, j->states + (size_t)p * j->state_size, from,
        (part_at(j, p + 1) - from) / j->x_size);
}

/* Some parts of a line, all at once as far as they are equally long. */
static int64_t run_streams(const job *j, int64_t p)
{
    tgi_total *total[TGI_FOLD_STREAMS];
    const void *x[TGI_FOLD_STREAMS];
    int64_t rows = INT64_MAX;
    for (int s = 0; s < TGI_FOLD_STREAMS; s++) {
        total[s] = (tgi_total *)(void *)(j->states + (size_t)(p + s) * j->state_size);
        x[s] = part_at(j, p + s);
        rows = min64(rows, (part_at(j, p + s + 1) - part_at(j, p + s)) / j->x_size);
    }
    rows /= TGI_FOLD_LANES;
    tgi_total_streams(total, rows, x);
    return rows * TGI_FOLD_LANES;
}

static void run_turn(void *user, int64_t c)
{
    const job *j = user;
    const int64_t first = c * j->turn, end = min64(first + j->turn, j->parts);
    for (int64_t p = first; p < end; p++) begin(j->r, j->states + (size_t)p * j->state_size);
    const int64_t done = end - first == TGI_FOLD_STREAMS ? run_streams(j, first) : 0;
    for (int64_t p = first; p < end; p++) run_part(j, p, done);
}

/* Few elements are not worth a thread, though the parts are the same. */
static void run_parts(job *j)
{
    const int64_t size = j->r->outputs * j->r->count;
    j->parts = parts_of(j->r);
    j->grain = grain_of(j->r);
    j->state_size = state_size(j->r, j->n);
    j->turn = is_cut(j->r) && j->parts >= 4 * TGI_FOLD_STREAMS ? TGI_FOLD_STREAMS : 1;
    const int64_t turns = ceil_div(j->parts, j->turn);
    if (size >= 2 * CHUNK)
        tgi_parallel_for(turns, run_turn, j);
    else
        for (int64_t c = 0; c < turns; c++) run_turn(j, c);
    end(j->r, j->n, j->parts, j->states, j->y);
}

static void run_lines(void *user, int64_t c)
{
    const job *j = user;
    const reduction *r = j->r;
    const int64_t from = r->outputs * c / j->parts, to = r->outputs * (c + 1) / j->parts;
    r->lines(r->kernel, j->n->inputs[0]->dtype, to - from, r->count,
             j->x + from * r->count * j->x_size, r->count, j->y + from * j->y_size);
}

/* Fewer lines than there may be threads, each worth several: one by one, in parts. */
static bool line_by_line(const reduction *r)
{
    enum { FEW = 8 };
    return r->form == LINES && !r->only_lines && r->outputs < FEW && r->count >= 2 * CHUNK;
}

size_t tgi_reduce_work(const tg_node *n)
{
    if (!tg_tensor_is_contiguous(n->inputs[0])) return 0;
    reduction r = reduction_of(n);
    if (line_by_line(&r))
        r.outputs = 1;
    else if (r.form != COLUMNS)
        return 0;
    return (size_t)parts_of(&r) * state_size(&r, n);
}

bool tgi_reduce_contiguous(const tg_node *n, void *work)
{
    const tg_tensor *const x = n->inputs[0];
    if (!tg_tensor_is_contiguous(x)) return false;
    const reduction r = reduction_of(n);
    job j = {.r = &r, .n = n, .x = x->data, .y = n->output->data, .states = work};
    j.x_size = (int64_t)tg_dtype_size(x->dtype);
    j.y_size = (int64_t)tg_dtype_size(n->output->dtype);
    if (r.form == ANYHOW) return false;
    if (r.form == COLUMNS) {
        run_parts(&j);
    } else if (line_by_line(&r)) {
        reduction line = r;
        line.outputs = 1;
        j.r = &line;
        for (int64_t i = 0; i < r.outputs; i++, j.x += r.count * j.x_size, j.y += j.y_size)
            run_parts(&j);
    } else {
        j.parts = min64(max64(r.outputs * r.count / CHUNK, 1), r.outputs);
        tgi_parallel_for(j.parts, run_lines, &j);
    }
    return true;
}
