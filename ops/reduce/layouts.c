/* layouts.c - reduces a contiguous input in parts: one line, many lines, columns, or planes. The
 * parts depend on the shape alone, so neither threads nor plans change the bits. */
#include "ops/reduce/layouts.h"

#include <string.h>

enum {
    HEAD = 64,       /* bytes of a state that say how much of the part has been added */
    LEAST_ROWS = 32, /* least rows of a part of columns, if there are several */
    LEAST_RUN = 1024 /* least elements of an output in a part of planes, likewise */
};

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* At most so many parts, and no more than are worth it for the size. */
static int64_t parts_up_to(const tgi_reduction *r, int64_t most)
{
    const int64_t parts = min64(min64(r->outputs * r->count / TGI_PART, TGI_MOST_PARTS), most);
    return parts < 1 ? 1 : parts;
}

static tgi_total *total_at(char *states, size_t at) { return (tgi_total *)(void *)(states + at); }

/* ---- one line ------------------------------------------------------------------------------- */

static int64_t line_grain(const tgi_reduction *r)
{
    (void)r;
    return TGI_FOLD_LANES;
}

static int64_t line_parts(const tgi_reduction *r) { return tgi_line_parts(r->count); }

static size_t line_state_size(const tgi_reduction *r)
{
    const int64_t rows = ceil_div(r->count, TGI_FOLD_LANES);
    return tgi_total_size(r->kernel, TGI_FOLD_LANES, ceil_div(rows, line_parts(r)));
}

static void line_begin(const tgi_reduction *r, void *state)
{
    tgi_total_begin(state, r->kernel, TGI_FOLD_LANES);
}

static void line_add(const tgi_reduction *r, void *state, const void *x, int64_t count)
{
    (void)r;
    tgi_line_add(state, x, count);
}

static void line_end(const tgi_reduction *r, int64_t parts, char *states, size_t size, void *y)
{
    double results[TGI_MOST_PARTS];
    for (int64_t p = 0; p < parts; p++)
        tgi_line_end(total_at(states, (size_t)p * size), (char *)results + p * r->kernel->acc_size);
    tgi_line_join(r->kernel, parts, results, y);
}

const tgi_layout tgi_layout_line = {line_grain, line_parts, line_state_size,
                                    line_begin, line_add,   line_end};

/* ---- lines: the state holds how many are done, and their results ---------------------------- */

static int64_t lines_grain(const tgi_reduction *r) { return r->count; }
static int64_t lines_parts(const tgi_reduction *r) { return parts_up_to(r, r->outputs); }

static size_t lines_state_size(const tgi_reduction *r)
{
    const size_t bytes = (size_t)ceil_div(r->outputs, lines_parts(r)) * r->y_size;
    return HEAD + (bytes + HEAD - 1) / HEAD * HEAD;
}

static void lines_begin(const tgi_reduction *r, void *state)
{
    (void)r;
    *(int64_t *)state = 0;
}

static void lines_add(const tgi_reduction *r, void *state, const void *x, int64_t count)
{
    int64_t *const done = state;
    r->way->lines(r->kernel, r->dtype, count / r->count, r->count, x, r->count,
                  (char *)state + HEAD + (size_t)*done * r->y_size);
    *done += count / r->count;
}

static void lines_end(const tgi_reduction *r, int64_t parts, char *states, size_t size, void *y)
{
    char *to = y;
    for (int64_t p = 0; p < parts; p++, states += size) {
        const size_t bytes = (size_t)(*(int64_t *)(void *)states) * r->y_size;
        memcpy(to, states + HEAD, bytes);
        to += bytes;
    }
}

const tgi_layout tgi_layout_lines = {lines_grain, lines_parts, lines_state_size,
                                     lines_begin, lines_add,   lines_end};

/* ---- columns -------------------------------------------------------------------------------- */

/* How many narrow rows are folded as if they were one. */
static int64_t joined(const tgi_reduction *r)
{
    return r->outputs < TGI_FOLD_LANES ? TGI_FOLD_LANES / r->outputs : 1;
}

static int64_t columns_grain(const tgi_reduction *r) { return joined(r) * r->outputs; }

static int64_t columns_parts(const tgi_reduction *r)
{
    return parts_up_to(r, r->count / joined(r) / LEAST_ROWS);
}

static size_t columns_state_size(const tgi_reduction *r)
{
    const int64_t rows = ceil_div(ceil_div(r->count, joined(r)), columns_parts(r));
    return tgi_total_size(r->kernel, columns_grain(r), rows);
}

static void columns_begin(const tgi_reduction *r, void *state)
{
    tgi_total_begin(state, r->kernel, columns_grain(r));
}

static void columns_add(const tgi_reduction *r, void *state, const void *x, int64_t count)
{
    const int64_t width = columns_grain(r), rest = count % width;
    tgi_total_rows(state, count / width, width, x, width);
    if (rest > 0)
        tgi_total_rows(state, 1, rest, (const char *)x + (count - rest) * r->kernel->x_size, 0);
}

static void columns_end(const tgi_reduction *r, int64_t parts, char *states, size_t size, void *y)
{
    const tgi_fold_kernel *const join = r->kernel->join;
    char *const acc = tgi_total_end(total_at(states, 0));
    for (int64_t p = 1; p < parts; p++)
        join->rows(acc, 1, columns_grain(r), tgi_total_end(total_at(states, (size_t)p * size)), 0);
    join->rows(acc, joined(r) - 1, r->outputs, acc + r->outputs * join->x_size, r->outputs);
    r->kernel->store(acc, r->outputs, y);
}

const tgi_layout tgi_layout_columns = {columns_grain, columns_parts, columns_state_size,
                                       columns_begin, columns_add,   columns_end};

/* ---- planes: a total for the lines of each output ------------------------------------------- */

static int64_t planes_grain(const tgi_reduction *r) { return r->count / r->outer; }

/* Every part has the same number of whole planes. */
static int64_t planes_parts(const tgi_reduction *r)
{
    int64_t parts = parts_up_to(r, min64(r->outer, r->count / LEAST_RUN));
    while (r->outer % parts != 0) parts--;
    return parts;
}

static size_t planes_total_size(const tgi_reduction *r)
{
    const int64_t rows = ceil_div(planes_grain(r), TGI_FOLD_LANES);
    return tgi_total_size(r->kernel, TGI_FOLD_LANES, rows * (r->outer / planes_parts(r)));
}

static size_t planes_state_size(const tgi_reduction *r)
{
    return HEAD + (size_t)r->outputs * planes_total_size(r);
}

static void planes_begin(const tgi_reduction *r, void *state)
{
    const size_t size = planes_total_size(r);
    *(int64_t *)state = 0;
    for (int64_t i = 0; i < r->outputs; i++)
        tgi_total_begin(total_at(state, HEAD + (size_t)i * size), r->kernel, TGI_FOLD_LANES);
}

static void planes_add(const tgi_reduction *r, void *state, const void *x, int64_t count)
{
    int64_t *const next = state; /* the output whose line comes next */
    const int64_t run = planes_grain(r);
    const size_t size = planes_total_size(r);
    for (int64_t i = 0; i < count; i += run) {
        tgi_line_add(total_at(state, HEAD + (size_t)*next * size),
                     (const char *)x + i * r->kernel->x_size, run);
        *next = *next + 1 < r->outputs ? *next + 1 : 0;
    }
}

static void planes_end(const tgi_reduction *r, int64_t parts, char *states, size_t size, void *y)
{
    const size_t total_size = planes_total_size(r);
    double results[TGI_MOST_PARTS];
    for (int64_t i = 0; i < r->outputs; i++) {
        for (int64_t p = 0; p < parts; p++)
            tgi_line_end(total_at(states, (size_t)p * size + HEAD + (size_t)i * total_size),
                         (char *)results + p * r->kernel->acc_size);
        tgi_line_join(r->kernel, parts, results, (char *)y + (size_t)i * r->y_size);
    }
}

const tgi_layout tgi_layout_planes = {planes_grain, planes_parts, planes_state_size,
                                      planes_begin, planes_add,   planes_end};
