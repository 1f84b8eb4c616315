/* test_index.c - take, segment_sum, pick, unpick and one_hot against plain loops. */
#include "tests/support/tape.h"

/* x is (outer, n, inner), the index has any shape. */
static const struct {
    int xn;
    int64_t x[4];
    int axis, in;
    int64_t index[3];
} cases[] = {
    {1, {4}, 0, 0, {0}},          {1, {4}, 0, 1, {6}},          {1, {4}, -1, 2, {2, 3}},
    {2, {4, 3}, 0, 1, {5}},       {2, {4, 3}, 1, 1, {5}},       {2, {4, 3}, -2, 0, {0}},
    {3, {2, 3, 4}, 0, 1, {3}},    {3, {2, 3, 4}, 1, 2, {2, 2}}, {3, {2, 3, 4}, 2, 3, {1, 2, 3}},
    {4, {2, 3, 1, 2}, 1, 1, {1}}, {4, {2, 1, 3, 2}, 2, 1, {4}}, {2, {0, 3}, 1, 1, {2}},
    {2, {3, 0}, 0, 1, {2}},       {2, {3, 2}, 0, 1, {0}},       {2, {0, 2}, 0, 1, {0}},
    {3, {2, 3, 2}, 1, 2, {0, 4}}, {1, {1}, 0, 2, {3, 1}},
};

static int64_t product(int n, const int64_t *v)
{
    int64_t p = 1;
    for (int i = 0; i < n; i++) p *= v[i];
    return p;
}

/* Rows of x in the form for take, and the same shape the other way round for segment_sum. */
static void check_rows(int k, tg_dtype dtype, int layout)
{
    const int xn = cases[k].xn, in = cases[k].in, axis = (cases[k].axis + xn) % xn;
    const int64_t *xs = cases[k].x, n = xs[axis], m = product(in, cases[k].index);
    const int64_t outer = product(axis, xs), inner = product(xn - axis - 1, xs + axis + 1);
    tg_tensor *x = laid_out(random_leaf(dtype, xn, xs, 0, 200, 1), layout);
    tg_tensor *index = random_leaf(TG_I32, in, cases[k].index, (double)-n, (double)n, 2);
    index = laid_out(index, (layout + 1) % LAYOUTS);
    int64_t at[16];
    for (int64_t j = 0; j < m; j++) {
        at[j] = (int64_t)read_at(index, j);
        if (at[j] < 0) at[j] += n;
    }
    tg_tensor *y = tg_take(t, x, index, cases[k].axis);
    assert_fine(t, "take");
    ck_assert(y->ndim == xn - 1 + in && y->dtype == dtype && y->size == outer * m * inner);
    for (int i = 0; i < in; i++) ck_assert_int_eq(y->shape[axis + i], index->shape[i]);
    for (int64_t i = 0; i < y->size; i++) {
        const int64_t from = (i / (m * inner) * n + at[i / inner % m]) * inner + i % inner;
        assert_close("take", dtype, i, 1, read_at(y, i), read_at(x, from), 0, 0);
    }
    if (!tg_dtype_is_float(dtype)) return;
    /* Backwards: what was taken from one place is summed there, once for each time it was taken. */
    const tg_tensor *z = tg_segment_sum(t, y, index, cases[k].axis, n);
    assert_fine(t, "segment_sum");
    ck_assert(tg_tensor_same_shape(z, x) && z->dtype == dtype);
    for (int64_t i = 0; i < z->size; i++) {
        double want = 0;
        for (int64_t j = 0; j < m; j++)
            if (at[j] == i / inner % n) want += read_at(x, i);
        assert_close("segment_sum", dtype, i, 1, read_at(z, i), want, 4 * tolerance_of(dtype), 0);
    }
}

START_TEST(rows_along_every_axis)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        for (int layout = 0; layout < LAYOUTS; layout++, tg_tape_reset(t))
            check_rows(_i, (tg_dtype)d, layout);
}
END_TEST

/* segment_sum reads its operand through strides too. */
START_TEST(segment_sum_of_every_layout)
{
    tg_tensor *x = laid_out(tensor_of(t, "f32[2,3,2]"), _i),
              *index = tensor_of(t, "i32[3]: 1 -2 1");
    assert_tensor(t, "segment_sum", tg_segment_sum(t, x, laid_out(index, _i), 1, 2),
                  "f32[2,2,2]: 2 3 4 6 8 9 16 18", 0);
}
END_TEST

static const struct {
    int ndim;
    int64_t full[3]; /* the rows, and how long each is */
} rows[] = {{0, {3}},       {1, {1, 3}}, {1, {5, 4}}, {2, {2, 3, 3}},
            {2, {0, 3, 2}}, {1, {7, 1}}, {1, {0, 2}}};

/* x (..., n), index (...): one of each row, and put back. */
static void check_picks(int k, tg_dtype dtype, int layout)
{
    const int ndim = rows[k].ndim;
    const int64_t n = rows[k].full[ndim];
    tg_tensor *x = laid_out(random_leaf(dtype, ndim + 1, rows[k].full, 0, 200, 1), layout);
    tg_tensor *index = random_leaf(TG_I32, ndim, rows[k].full, 0, (double)n, 3);
    index = laid_out(index, (layout + 2) % LAYOUTS);
    tg_tensor *y = tg_pick(t, x, index);
    assert_fine(t, "pick");
    ck_assert(tg_tensor_same_shape(y, index) && y->dtype == x->dtype);
    y = laid_out(keep(tg_tensor_clone(y, NULL)), layout);
    const tg_tensor *z = tg_unpick(t, y, index, n),
                    *h = tg_one_hot(t, tg_cast(t, tg_less(t, index, index), TG_I32), n, dtype);
    assert_fine(t, "unpick");
    ck_assert(tg_tensor_same_shape(z, x) && z->dtype == x->dtype);
    ck_assert(tg_tensor_same_shape(h, x) && h->dtype == x->dtype);
    for (int64_t i = 0; i < x->size; i++) {
        const int64_t at = (int64_t)read_at(index, i / n), row = at < 0 ? at + n : at;
        const double want = i % n == row ? read_at(x, i) : 0;
        if (i % n == row) assert_close("pick", dtype, i, 1, read_at(y, i / n), want, 0, 0);
        assert_close("unpick", dtype, i, 1, read_at(z, i), want, 0, 0);
        assert_close("one_hot", dtype, i, 1, read_at(h, i), i % n == 0, 0, 0);
    }
}

START_TEST(one_of_each_row)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        for (int layout = 0; layout < LAYOUTS; layout++, tg_tape_reset(t))
            check_picks(_i, (tg_dtype)d, layout);
}
END_TEST

/* Every combination of operands with step 1 and step 0, for every length. */
START_TEST(where_equal_of_every_length)
{
    for (int64_t n = 0; n <= 67; n++, tg_tape_reset(t))
        for (int still = 0; still < 8; still++)
            for (int d = TG_F32; d <= TG_F64; d++) {
                const int64_t one = 1;
                tg_tensor *x[3];
                for (int i = 0; i < 3; i++)
                    x[i] = random_leaf(i < 2 ? TG_I32 : (tg_dtype)d, 1, still >> i & 1 ? &one : &n,
                                       -1, 2, (uint64_t)(n + i));
                const tg_tensor *y = tg_where_equal(t, x[0], x[1], x[2]);
                assert_fine(t, "where_equal");
                ck_assert(y->dtype == (tg_dtype)d && (still == 7 || y->size == n));
                for (int64_t j = 0; j < y->size; j++) {
                    double v[3];
                    for (int i = 0; i < 3; i++) v[i] = read_at(x[i], still >> i & 1 ? 0 : j);
                    assert_close("where_equal", y->dtype, j, (uint64_t)n, read_at(y, j),
                                 v[0] == v[1] ? v[2] : 0, 0, 0);
                }
                free_leaves();
            }
}
END_TEST

static const op_row table[] = {
    {"take", NULL, {"f32[3]: 5 6 7", "i32[4]: -1 0 -3 2"}, "f32[4]: 7 5 5 7", TG_OK},
    {"take", "axis=1", {"u8[2,3]", "i32[]: -1"}, "u8[2]: 2 5", TG_OK},
    {"take", "axis=7", {"f32[1,1,1,1,1,1,1,1]", "i32[1]: 0"}, "f32[1,1,1,1,1,1,1,1]", TG_OK},
    {"segment_sum", "size=4", {"f64[3]: 1 2 4", "i32[3]: 1 -1 1"}, "f64[4]: 0 5 0 2", TG_OK},
    {"segment_sum", "axis=1 size=2", {"f32[2]: 5 6", "i32[]: 1"}, "f32[2,2]: 0 5 0 6", TG_OK},
    {"segment_sum", "size=0", {"f32[0,2]", "i32[0]"}, "f32[0,2]", TG_OK},
    {"pick", NULL, {"f32[2,3]", "i32[2]: 2 0"}, "f32[2]: 2 3", TG_OK},
    {"pick", NULL, {"i32[3]", "i32[]: 1"}, "i32[]: 1", TG_OK},
    {"where_equal",
     NULL,
     {"i32[3]", "i32[2,1]: 1 -1", "f32[2,1]: 5 6"},
     "f32[2,3]: 0 5 0 0 0 0",
     TG_OK},
    {"where_equal", NULL, {"i32[]: 2", "i32[3]", "f64[3]: nan inf 7"}, "f64[3]: 0 0 7", TG_OK},
    {"where_equal",
     NULL,
     {"i32[2]", "f32[2]", "f32[2]"},
     "where_equal: operand 2 is f32[2], must be i32",
     TG_EDTYPE},
    {"where_equal",
     NULL,
     {"i32[2]", "i32[2]", "u8[2]"},
     "where_equal: operand 3 is u8[2], must be f32 or f64",
     TG_EDTYPE},
    {"where_equal",
     NULL,
     {"i32[2]", "i32[3]", "f32[2]"},
     "where_equal: shapes do not broadcast: [2] and [3]",
     TG_ESHAPE},
    {"unpick", "n=3", {"f32[2]: 5 6", "i32[2]: 2 0"}, "f32[2,3]: 0 0 5 6 0 0", TG_OK},
    {"one_hot", "depth=3", {"i32[2]: 2 0"}, "f32[2,3]: 0 0 1 1 0 0", TG_OK},
    {"one_hot", "depth=2 dtype=u8", {"i32[]: 1"}, "u8[2]: 0 1", TG_OK},
    {"one_hot", "depth=2 dtype=i32", {"i32[1,2]: 0 1"}, "i32[1,2,2]: 1 0 0 1", TG_OK},
    {"one_hot", "depth=0 dtype=f64", {"i32[2,0]"}, "f64[2,0,0]", TG_OK},
};

START_TEST(small_values) { run_row(&table[_i]); }
END_TEST

SUITE("index", .with = {TAPE}, .timeout = 60,
      .tests = {
          {rows_along_every_axis, COUNT(cases)},
          {segment_sum_of_every_layout, LAYOUTS},
          {one_of_each_row, COUNT(rows)},
          {where_equal_of_every_length},
          {small_values, COUNT(table)},
      })
