/* total.c - accumulators for many rows: those of sums that round are kept in levels (reduce.h). */
#include "ops/reduce/reduce.h"

enum { FAN_IN = 32 }; /* lower levels that one above the first takes */

_Static_assert(sizeof(tgi_total) == TGI_TOTAL_HEAD, "the accumulators follow");

static char *level(tgi_total *total, int k)
{
    return (char *)(total + 1) + k * total->width * total->kernel->acc_size;
}

static int levels_of(const tgi_fold_kernel *kernel, int64_t rows)
{
    int levels = 1;
    for (; rows >= kernel->level && levels < TGI_TOTAL_LEVELS; rows /= FAN_IN) levels++;
    return levels;
}

size_t tgi_total_size(const tgi_fold_kernel *kernel, int64_t width, int64_t rows)
{
    const int64_t bytes = levels_of(kernel, rows) * width * kernel->acc_size;
    return TGI_TOTAL_HEAD + (size_t)(bytes + 63) / 64 * 64;
}

void tgi_total_begin(tgi_total *total, const tgi_fold_kernel *kernel, int64_t width)
{
    total->kernel = kernel;
    total->width = width;
    total->levels = 1;
    total->used[0] = 0;
    kernel->start(level(total, 0), width);
}

/* to[j] += from[j], or what the kernel does in place of adding. */
static void join(const tgi_total *total, void *to, const void *from)
{
    total->kernel->join->rows(to, 1, total->width, from, 0);
}

/* Adds level k to the one above it, which may be new, and empties level k. */
static void raise(tgi_total *total, int k)
{
    if (k + 1 == total->levels) {
        total->levels++;
        total->kernel->start(level(total, k + 1), total->width);
        if (k + 1 < TGI_TOTAL_COUNTED) total->used[k + 1] = 0;
    }
    join(total, level(total, k + 1), level(total, k));
    total->kernel->start(level(total, k), total->width);
    total->used[k] = 0;
    if (k + 1 < TGI_TOTAL_COUNTED) total->used[k + 1]++;
}

/* Empties each full level into the one above it. The top level has no limit. */
static void carry(tgi_total *total)
{
    int64_t limit = total->kernel->level;
    for (int k = 0; k < TGI_TOTAL_COUNTED && total->used[k] == limit; k++, limit = FAN_IN)
        raise(total, k);
}

void tgi_total_rows(void *acc, int64_t rows, int64_t width, const void *x, int64_t step)
{
    tgi_total *const total = acc;
    const tgi_fold_kernel *const kernel = total->kernel;
    for (int64_t r = 0; r < rows;) {
        const int64_t left = rows - r, room = kernel->level - total->used[0];
        const int64_t take = left < room ? left : room;
        kernel->rows(level(total, 0), take, width, (const char *)x + r * step * kernel->x_size,
                     step);
        r += take;
        total->used[0] += take;
        carry(total);
    }
}

void tgi_total_streams(tgi_total *const *total, int64_t rows, const void *const *x)
{
    const tgi_fold_kernel *const kernel = total[0]->kernel;
    void *acc[TGI_FOLD_STREAMS];
    const void *at[TGI_FOLD_STREAMS];
    for (int s = 0; s < TGI_FOLD_STREAMS; s++) acc[s] = level(total[s], 0);
    for (int64_t r = 0; r < rows;) {
        const int64_t left = rows - r, room = kernel->level - total[0]->used[0];
        const int64_t take = left < room ? left : room;
        for (int s = 0; s < TGI_FOLD_STREAMS; s++)
            at[s] = (const char *)x[s] + r * TGI_FOLD_LANES * kernel->x_size;
        kernel->streams(acc, take, at);
        r += take;
        for (int s = 0; s < TGI_FOLD_STREAMS; s++) {
            total[s]->used[0] += take;
            carry(total[s]);
        }
    }
}

void *tgi_total_end(tgi_total *total)
{
    for (int k = 1; k < total->levels; k++) join(total, level(total, 0), level(total, k));
    return level(total, 0);
}
