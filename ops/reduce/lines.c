/* lines.c - reduces contiguous lines by a kernel alone, as sum and max do. A long line is cut into
 * parts, whose number depends on its length alone; they are read side by side and by threads. */
#include <string.h>

#include "graph/parallel.h"
#include "ops/reduce/layouts.h"

int64_t tgi_line_parts(int64_t count)
{
    const int64_t parts = count / TGI_PART;
    return parts < 1 ? 1 : parts < TGI_MOST_PARTS ? parts : TGI_MOST_PARTS;
}

void tgi_line_add(tgi_total *total, const void *x, int64_t count)
{
    const int64_t rows = count / TGI_FOLD_LANES, rest = count % TGI_FOLD_LANES;
    const char *const last = (const char *)x + (count - rest) * total->kernel->x_size;
    tgi_total_rows(total, rows, TGI_FOLD_LANES, x, TGI_FOLD_LANES);
    if (rest > 0) tgi_total_rows(total, 1, rest, last, 0);
}

void tgi_line_end(tgi_total *total, void *result)
{
    const tgi_fold_kernel *const join = total->kernel->join;
    void *const acc = tgi_total_end(total);
    join->lanes(acc);
    memcpy(result, acc, (size_t)join->x_size);
}

void tgi_line_join(const tgi_fold_kernel *kernel, int64_t parts, const void *results, void *y)
{
    double acc; /* the largest type of an accumulator */
    kernel->join->lines(1, parts, results, 0, &acc);
    kernel->store(&acc, 1, y);
}

/* ---- one long line -------------------------------------------------------------------------- */

typedef struct line {
    const tgi_fold_kernel *kernel;
    int64_t count, parts, turns;
    const char *x;
    double results[TGI_MOST_PARTS];
} line;

typedef struct line_total {
    tgi_total total;
    double levels[TGI_TOTAL_LEVELS][TGI_FOLD_LANES];
} line_total;

static const char *part_of(const line *l, int64_t p)
{
    return l->x + tgi_part_start(l->count, TGI_FOLD_LANES, l->parts, p) * l->kernel->x_size;
}

/* Reduces up to TGI_FOLD_STREAMS parts; so many at once, as far as all are equally long. */
static void run_turn(void *user, int64_t turn)
{
    line *const l = user;
    const int64_t first = l->parts * turn / l->turns, size = l->kernel->x_size;
    const int64_t n = l->parts * (turn + 1) / l->turns - first;
    line_total state[TGI_FOLD_STREAMS];
    tgi_total *total[TGI_FOLD_STREAMS];
    const void *x[TGI_FOLD_STREAMS];
    int64_t rows = INT64_MAX;
    for (int64_t s = 0; s < n; s++) {
        const int64_t more = (part_of(l, first + s + 1) - part_of(l, first + s)) / size;
        rows = more / TGI_FOLD_LANES < rows ? more / TGI_FOLD_LANES : rows;
        total[s] = &state[s].total;
        x[s] = part_of(l, first + s);
        tgi_total_begin(total[s], l->kernel, TGI_FOLD_LANES);
    }
    if (n < TGI_FOLD_STREAMS) rows = 0;
    if (rows > 0) tgi_total_streams(total, rows, x);
    for (int64_t s = 0; s < n; s++) {
        const char *const from = (const char *)x[s] + rows * TGI_FOLD_LANES * size;
        tgi_line_add(total[s], from, (part_of(l, first + s + 1) - from) / size);
        tgi_line_end(total[s], (char *)l->results + (first + s) * l->kernel->acc_size);
    }
}

static void long_line(const tgi_fold_kernel *kernel, int64_t count, const char *x, void *y)
{
    enum { SERIAL = 1 << 16 }; /* fewer elements are not worth a second thread */
    line l = {.kernel = kernel, .count = count, .x = x};
    l.parts = tgi_line_parts(count);
    l.turns = (l.parts + TGI_FOLD_STREAMS - 1) / TGI_FOLD_STREAMS;
    if (count < SERIAL)
        for (int64_t turn = 0; turn < l.turns; turn++) run_turn(&l, turn);
    else
        tgi_parallel_for(l.turns, run_turn, &l);
    tgi_line_join(kernel, l.parts, l.results, y);
}

bool tgi_line_is_long(const tgi_fold_kernel *kernel, int64_t count)
{
    return tgi_line_parts(count) > 1 || count > kernel->level * TGI_FOLD_LANES;
}

void tgi_fold_lines(const tgi_fold_kernel *kernel, tg_dtype dtype, int64_t lines, int64_t count,
                    const void *x, int64_t step, void *y)
{
    (void)dtype;
    if (!tgi_line_is_long(kernel, count)) {
        kernel->lines(lines, count, x, step, y);
        return;
    }
    for (int64_t i = 0; i < lines; i++)
        long_line(kernel, count, (const char *)x + i * step * kernel->x_size,
                  (char *)y + i * kernel->x_size);
}

/* ---- blocks of strided inputs --------------------------------------------------------------- */

static void fold_block(const tgi_reduce *p, const void *x, void *y, int width)
{
    tgi_block_total b;
    tgi_total_begin(&b.total, p->kernel, width);
    tgi_reduce_walk(p, x, width, tgi_total_rows, &b.total);
    tgi_reduce_store(p, tgi_total_end(&b.total), y, width);
}

const tgi_reduce_way tgi_plain_way = {
    .lines = tgi_fold_lines, .block = fold_block, .folds = true, .shares = true};
