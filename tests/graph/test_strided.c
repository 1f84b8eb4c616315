/* test_strided.c - copies between any two layouts, compared with a loop over the elements, on any
 * number of threads. Nothing beside the destination is written. */
#include <stdlib.h>
#include <string.h>

#include "graph/storage.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"
#include "tests/support/suite.h"

enum { FILL = 0x5a };

typedef struct layout {
    int64_t strides[TG_MAX_NDIM], first, room; /* in elements */
} layout;

static tg_rng rng;

static int64_t below(int64_t n) { return (int64_t)tg_rng_next_below(&rng, (uint64_t)n); }

/* The axes in any order and direction, with gaps; with `repeats` some have a step of 0. */
static layout draw_layout(int ndim, const int64_t *shape, bool repeats)
{
    layout l = {.room = 1};
    int order[TG_MAX_NDIM];
    const bool plain = below(3) == 0;
    for (int i = 0; i < ndim; i++) {
        const int j = plain ? i : (int)below(i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (int k = ndim - 1; k >= 0; k--) {
        const int a = order[k];
        const bool back = !plain && below(4) == 0;
        if (repeats && below(6) == 0) {
            l.strides[a] = 0;
            continue;
        }
        l.strides[a] = back ? -l.room : l.room;
        if (back && shape[a] > 0) l.first += (shape[a] - 1) * l.room;
        l.room *= shape[a] + (plain || below(3) ? 0 : below(3));
        if (l.room < 1) l.room = 1;
    }
    return l;
}

static int64_t place(int ndim, const int64_t *shape, const layout *l, int64_t i)
{
    int64_t at = l->first;
    for (int a = ndim - 1; a >= 0; i /= shape[a--]) at += i % shape[a] * l->strides[a];
    return at;
}

/* Each byte is the number of its place, so that no two neighbours are equal. */
static void try_copy(size_t width, int ndim, const int64_t *shape)
{
    const layout to = draw_layout(ndim, shape, false), from = draw_layout(ndim, shape, true);
    const size_t d_bytes = (size_t)to.room * width, s_bytes = (size_t)from.room * width;
    unsigned char *d = malloc(d_bytes), *want = malloc(d_bytes), *s = malloc(s_bytes);
    int64_t size = 1;
    ck_assert(d && want && s);
    for (int a = 0; a < ndim; a++) size *= shape[a];
    for (size_t i = 0; i < s_bytes; i++) s[i] = (unsigned char)(i * 167 / 5);
    memset(d, FILL, d_bytes);
    memset(want, FILL, d_bytes);
    for (int64_t i = 0; i < size; i++)
        memcpy(want + (size_t)place(ndim, shape, &to, i) * width,
               s + (size_t)place(ndim, shape, &from, i) * width, width);
    tgi_strided_copy(width, ndim, shape, d + (size_t)to.first * width, to.strides,
                     s + (size_t)from.first * width, from.strides);
    for (size_t i = 0; i < d_bytes; i++)
        if (d[i] != want[i])
            ck_abort_msg("width %d, %d axes (%lld, %lld, ...): byte %d", (int)width, ndim,
                         (long long)shape[0], (long long)shape[1], (int)i);
    free(d);
    free(want);
    free(s);
}

static const size_t widths[] = {1, 4, 8};

START_TEST(any_layout)
{
    rng = tg_rng_make(1, (uint64_t)_i);
    for (int k = 0; k < 1500; k++) {
        int64_t shape[TG_MAX_NDIM] = {1, 1};
        const int ndim = (int)below(6);
        for (int a = 0; a < ndim; a++) shape[a] = below(20) == 0 ? below(40) : 1 + below(5);
        try_copy(widths[_i], ndim, shape);
    }
}
END_TEST

/* Transposes of every size around the squares. */
START_TEST(rows_and_columns)
{
    rng = tg_rng_make(2, (uint64_t)_i);
    for (int64_t n = 0; n <= 67; n++)
        for (int k = 0; k < 4; k++) try_copy(widths[_i], 2, (int64_t[]){n, 1 + below(67)});
}
END_TEST

START_TEST(by_threads)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    static const int64_t shapes[][4] = {
        {600, 501, 1, 1}, {1, 150000, 1, 1}, {3, 2, 30001, 1}, {30, 31, 11, 13}, {2, 3, 70, 299}};
    rng = tg_rng_make(3, (uint64_t)_i);
    for (int k = 0; k < COUNT(threads); k++) {
        ck_assert_int_eq(tg_set_num_threads(threads[k]), TG_OK);
        for (int i = 0; i < COUNT(shapes); i++) try_copy(widths[_i], 4, shapes[i]);
    }
    (void)tg_set_num_threads(0);
}
END_TEST

SUITE("strided", .timeout = 120,
      .tests = {
          {any_layout, COUNT(widths)},
          {rows_and_columns, COUNT(widths)},
          {by_threads, COUNT(widths)},
      })
