/* test_index_rows.c - the operations that take an index, for rows of every length and for many of
 * them: against plain loops, and the same bits on any number of threads. */
#include "tapegrad/threads.h"
#include "tests/support/close.h"

enum { TAKE, SEGMENT_SUM, TAKE_ALONG, SCATTER_ALONG, PICK, UNPICK, OPS };

static const char *const names[OPS] = {
    "take", "segment_sum", "take_along_axis", "scatter_along_axis", "pick", "unpick"};

/* (outer, n, inner), m numbers of an index in -n..n-1 for each outer step, or for all. */
typedef struct sizes {
    int64_t outer, n, m, inner;
} sizes;

static bool takes(int op) { return op == TAKE || op == TAKE_ALONG || op == PICK; }

/* The operand and the index of op. */
static void operands(const sizes *s, int op, tg_dtype dtype, tg_tensor **x, tg_tensor **index)
{
    const int64_t whole[] = {s->outer, s->n, s->inner}, taken[] = {s->outer, s->m, s->inner};
    const int64_t rows[] = {s->outer, s->inner, s->n};
    const double n = (double)s->n;
    if (op == PICK || op == UNPICK) {
        *x = random_leaf(dtype, takes(op) ? 3 : 2, rows, 0, 250, 1);
        *index = random_leaf(TG_I32, 2, rows, 0, n, 2);
        return;
    }
    *x = random_leaf(dtype, 3, takes(op) ? whole : taken, 0, 250, 1);
    *index = op == TAKE || op == SEGMENT_SUM ? random_leaf(TG_I32, 1, &s->m, -n, n, 2)
                                             : random_leaf(TG_I32, 3, taken, -n, n, 2);
}

static tg_tensor *apply(tg_tape *t, const sizes *s, int op, tg_tensor *x, tg_tensor *index)
{
    switch (op) {
    case TAKE:
        return tg_take(t, x, index, 1);
    case SEGMENT_SUM:
        return tg_segment_sum(t, x, index, 1, s->n);
    case TAKE_ALONG:
        return tg_take_along_axis(t, x, index, 1);
    case SCATTER_ALONG:
        return tg_scatter_along_axis(t, x, index, 1, s->n);
    case PICK:
        return tg_pick(t, x, index);
    default:
        return tg_unpick(t, x, index, s->n);
    }
}

/* Adds x at `from` to y at `to`, both as numbers of elements, for all that the index says. */
static void by_loops(const sizes *s, int op, const tg_tensor *x, const tg_tensor *index, double *y)
{
    const bool each = op == TAKE_ALONG || op == SCATTER_ALONG, picks = op == PICK || op == UNPICK;
    for (int64_t o = 0; o < s->outer; o++)
        for (int64_t j = 0; j < (picks ? 1 : s->m); j++)
            for (int64_t i = 0; i < s->inner; i++) {
                const int64_t small = (o * (picks ? 1 : s->m) + j) * s->inner + i;
                int64_t k = (int64_t)read_at(index, each || picks ? small : j);
                if (k < 0) k += s->n;
                const int64_t large =
                    picks ? (o * s->inner + i) * s->n + k : (o * s->n + k) * s->inner + i;
                y[takes(op) ? small : large] += read_at(x, takes(op) ? large : small);
            }
}

static void compare(const sizes *s, int op, tg_dtype dtype, int layout)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x, *index;
    operands(s, op, dtype, &x, &index);
    for (int64_t i = 0; i < x->size; i++) write_at(x, i, floor(read_at(x, i))); /* exact sums */
    x = laid_out(x, layout);
    index = laid_out(index, layout * 3 % LAYOUTS);
    const tg_tensor *y = apply(t, s, op, x, index);
    assert_fine(t, names[op]);
    ck_assert(y->dtype == dtype);
    double *want = calloc((size_t)y->size + 1, sizeof *want);
    ck_assert_ptr_nonnull(want);
    by_loops(s, op, x, index, want);
    for (int64_t i = 0; i < y->size; i++)
        assert_close(names[op], dtype, i, 0, read_at(y, i), want[i], 0, 0);
    free(want);
    tg_tape_free(t);
    free_leaves();
}

static tg_dtype dtype_for(int op, int64_t i)
{
    if (op == SEGMENT_SUM || op == SCATTER_ALONG) return i % 2 ? TG_F32 : TG_F64;
    return (tg_dtype)(i % TG_DTYPE_COUNT);
}

START_TEST(every_length)
{
    for (int64_t i = 0; i <= 67; i++) {
        const sizes all[] = {
            {2, 5, 3, i}, {1, 4, i, 3}, {i, 3, 2, 1}, {3, 1 + i, 4, 2}, {1, 9, i, 1}};
        for (int k = 0; k < COUNT(all); k++)
            compare(&all[k], _i, dtype_for(_i, i + k), (int)(i + 2 * k) % LAYOUTS);
    }
}
END_TEST

static const sizes large[] = {{1, 40, 1500, 70}, {300, 17, 9, 31}, {1, 3000, 60000, 1},
                              {4096, 30, 3, 1},  {1, 7, 31000, 2}, {5, 11, 5, 5003}};

START_TEST(many_rows)
{
    for (int k = 0; k < COUNT(large); k++) {
        compare(&large[k], _i, dtype_for(_i, k), PLAIN);
        compare(&large[k], _i, dtype_for(_i, k + 1), PADDED);
    }
}
END_TEST

START_TEST(threads_change_no_bit)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    for (int k = 0; k < COUNT(large); k++) {
        tg_tensor *x, *index, *first = NULL;
        operands(&large[k], _i, TG_F32, &x, &index);
        for (int64_t i = 0; i < x->size; i++) write_at(x, i, read_at(x, i) / 7); /* sums round */
        for (int i = 0; i < COUNT(threads); i++) {
            tg_tape *t = tg_tape_new();
            ck_assert_int_eq(tg_set_num_threads(threads[i]), TG_OK);
            tg_tensor *y = apply(t, &large[k], _i, x, index);
            assert_fine(t, names[_i]);
            if (!first) first = keep(tg_tensor_clone(y, NULL));
            ck_assert(memcmp(first->data, y->data, (size_t)y->size * sizeof(float)) == 0);
            tg_tape_free(t);
        }
        free_leaves();
    }
    (void)tg_set_num_threads(0);
}
END_TEST

/* If one of many numbers is wrong, the error names it. */
START_TEST(one_number_out_of_range)
{
    static const int64_t at[] = {0, 1, 31, 66};
    for (int k = 0; k < COUNT(at); k++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            tg_tape *t = tg_tape_new();
            char want[100];
            tg_tensor *index = random_leaf(TG_I32, 1, (int64_t[]){67}, -5, 5, 1);
            const int wrong = k % 2 ? 5 : -6;
            write_at(index, at[k], wrong);
            (void)snprintf(want, sizeof want, "take: index %d (element %lld) is out of range for 5",
                           wrong, (long long)at[k]);
            ck_assert_ptr_null(tg_take(t, tensor_of(t, "f32[5]"), laid_out(index, layout), 0));
            assert_error(t, TG_EINDEX, want);
            tg_tape_free(t);
            free_leaves();
        }
}
END_TEST

SUITE("index_rows", .timeout = 120,
      .tests = {
          {every_length, OPS},
          {many_rows, OPS},
          {threads_change_no_bit, OPS},
          {one_number_out_of_range},
      })
