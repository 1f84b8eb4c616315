/* test_shape.c - reshape, permute, transpose and expand: values, views where strides allow, and
 * what does not fit. */
#include "tests/support/tape.h"

/* ---- reshape -------------------------------------------------------------------------------- */

/* True if some strides give x's elements in this shape, such as those between neighbours in
 * memory. */
static bool view_exists(const tg_tensor *x, int ndim, const int64_t *shape)
{
    int64_t stride[TG_MAX_NDIM] = {0}, step = 1;
    for (int a = ndim - 1; a >= 0; step *= shape[a--])
        if (shape[a] > 1) stride[a] = offset_at(x, step) - offset_at(x, 0);
    for (int64_t i = 0; i < x->size; i++) {
        int64_t at = offset_at(x, 0), rest = i;
        for (int a = ndim - 1; a >= 0; rest /= shape[a--]) at += rest % shape[a] * stride[a];
        if (at != offset_at(x, i)) return false;
    }
    return true;
}

static void check_reshape(tg_tensor *x, int ndim, const int64_t *shape)
{
    char text[TG_DESCRIBE_SIZE];
    const tg_tensor *y = tg_reshape(t, x, ndim, shape);
    assert_fine(t, "reshape");
    bool right = y->ndim == ndim;
    for (int a = 0; right && a < ndim; a++) right = y->shape[a] == shape[a];
    right = right && (y->data == x->data) == view_exists(x, ndim, shape);
    for (int64_t i = 0; right && i < x->size; i++) right = read_at(y, i) == read_at(x, i);
    if (!right)
        ck_abort_msg("to %s: wrong, or a copy where a view was possible",
                     tg_shape_describe(ndim, shape, text, sizeof text));
    tg_tape_reset(t);
}

/* All ways to write the size as a product of up to five numbers. */
static void check_reshapes(tg_tensor *x, int ndim, int64_t *shape, int64_t rest)
{
    if (rest == 1) check_reshape(x, ndim, shape);
    for (int64_t n = 1; n <= rest && ndim < 5; n++)
        if (rest % n == 0) {
            shape[ndim] = n;
            check_reshapes(x, ndim + 1, shape, rest / n);
        }
}

/* Views of every kind on 24 numbers, and some of 12 and 6. */
static const struct {
    int ndim;
    int64_t shape[4], strides[4], first;
} bases[] = {
    {1, {24}, {1}, 0},
    {1, {24}, {-1}, 23},
    {2, {4, 6}, {6, 1}, 0},
    {2, {4, 6}, {1, 4}, 0},
    {2, {4, 6}, {-6, 1}, 18},
    {2, {4, 3}, {6, 1}, 2},
    {2, {4, 6}, {0, 1}, 5},
    {2, {4, 6}, {1, 0}, 5},
    {2, {4, 3}, {0, 0}, 7},
    {2, {4, 3}, {6, 2}, 0},
    {3, {2, 3, 4}, {12, 4, 1}, 0},
    {3, {2, 3, 4}, {4, 8, 1}, 0},
    {3, {2, 3, 4}, {3, 1, 6}, 0},
    {3, {2, 1, 6}, {6, 99, 1}, 3},
    {3, {2, 2, 3}, {12, -6, 2}, 6},
    {4, {2, 1, 3, 2}, {12, 0, 4, 1}, 1},
    {4, {1, 1, 1, 1}, {5, 6, 7, 8}, 9},
    {0, {0}, {0}, 3},
};

START_TEST(reshape_is_a_view_where_one_exists)
{
    int64_t shape[5];
    tg_tensor *base = tensor_of(t, "i32[24]");
    base = keep(tg_tensor_view(base, bases[_i].ndim, bases[_i].shape, bases[_i].strides,
                               bases[_i].first, NULL));
    check_reshapes(base, 0, shape, base->size);
}
END_TEST

#define HUGE_SIZE "4611686018427387904"

static const op_row rows[] = {
    {"reshape", "shape=-1", {"f32[2,3]"}, "f32[6]", TG_OK},
    {"reshape", "shape=3,-1", {"f64[2,3]"}, "f64[3,2]", TG_OK},
    {"reshape", "shape=-1,6,1", {"u8[2,3]"}, "u8[1,6,1]", TG_OK},
    {"reshape", "shape=", {"i32[1,1]: 7"}, "i32[]: 7", TG_OK},
    {"reshape", "shape=-1", {"i32[]: 7"}, "i32[1]: 7", TG_OK},
    {"reshape", "shape=1,1,1,1,1,1,1,1", {"i32[]: 7"}, "i32[1,1,1,1,1,1,1,1]: 7", TG_OK},
    {"reshape", "shape=-1", {"f32[0,3]"}, "f32[0]", TG_OK},
    {"reshape", "shape=-1,3", {"f32[2,0]"}, "f32[0,3]", TG_OK},
    {"reshape", "shape=5,0,2", {"f32[0]"}, "f32[5,0,2]", TG_OK},
    {"reshape",
     "shape=4",
     {"f32[2,3]"},
     "reshape: f32[2,3] has 6 elements, which do not fit the shape [4]",
     TG_ESHAPE},
    {"reshape",
     "shape=4,-1",
     {"f32[2,3]"},
     "reshape: f32[2,3] has 6 elements, which do not fit the shape [4,-1]",
     TG_ESHAPE},
    {"reshape",
     "shape=-1,-1",
     {"f32[2,3]"},
     "reshape: f32[2,3] has 6 elements, which do not fit the shape [-1,-1]",
     TG_ESHAPE},
    {"reshape",
     "shape=-2,-3",
     {"f32[2,3]"},
     "reshape: f32[2,3] has 6 elements, which do not fit the shape [-2,-3]",
     TG_ESHAPE},
    {"reshape",
     "shape=0,-1",
     {"f32[0,3]"},
     "reshape: f32[0,3] has 0 elements, which do not fit the shape [0,-1]",
     TG_ESHAPE},
    {"reshape",
     "shape=",
     {"f32[0]"},
     "reshape: f32[0] has 0 elements, which do not fit the shape []",
     TG_ESHAPE},
    {"reshape",
     "shape=" HUGE_SIZE "," HUGE_SIZE ",-1",
     {"f32[]"},
     "reshape: f32[] has 1 elements, which do not fit the shape [" HUGE_SIZE "," HUGE_SIZE ",-1]",
     TG_ESHAPE},
    {"reshape",
     "shape=0," HUGE_SIZE ",16",
     {"f32[0]"},
     "reshape: f32[0] has 0 elements, which do not fit the shape [0," HUGE_SIZE ",16]",
     TG_ESHAPE},
    {"reshape",
     "shape=all",
     {"f32[6]"},
     "reshape: f32[6] has 6 elements, which do not fit the shape [?]",
     TG_ESHAPE},

    {"permute", "axes=1,0", {"f32[2,3]"}, "f32[3,2]: 0 3 1 4 2 5", TG_OK},
    {"permute", "axes=-1,0,1", {"i32[2,1,3]"}, "i32[3,2,1]: 0 3 1 4 2 5", TG_OK},
    {"permute", "axes=", {"i32[]: 7"}, "i32[]: 7", TG_OK},
    {"permute", "axes=1,0", {"f32[0,3]"}, "f32[3,0]", TG_OK},
    {"permute", "axes=0", {"f32[2,3]"}, "permute: 1 axes for f32[2,3]", TG_EAXIS},
    {"permute", "axes=all", {"f32[2,3]"}, "permute: 0 axes for f32[2,3]", TG_EAXIS},
    {"permute", "axes=0,0", {"f32[2,3]"}, "permute: axis 0 is given twice", TG_EAXIS},
    {"permute", "axes=1,-1", {"f32[2,3]"}, "permute: axis 1 is given twice", TG_EAXIS},
    {"permute",
     "axes=0,2",
     {"f32[2,3]"},
     "permute: axis 2 is out of range for 2 dimensions",
     TG_EAXIS},
    {"permute",
     "axes=-3,0",
     {"f32[2,3]"},
     "permute: axis -3 is out of range for 2 dimensions",
     TG_EAXIS},

    {"transpose", NULL, {"f32[2,3]"}, "f32[3,2]: 0 3 1 4 2 5", TG_OK},
    {"transpose", NULL, {"f32[2,2,2]"}, "f32[2,2,2]: 0 2 1 3 4 6 5 7", TG_OK},
    {"transpose", "axis1=0 axis2=0", {"f32[2,2]"}, "f32[2,2]", TG_OK},
    {"transpose",
     NULL,
     {"f32[3]"},
     "transpose: axis -2 is out of range for 1 dimensions",
     TG_EAXIS},
    {"transpose",
     "axis1=0 axis2=0",
     {"f32[]"},
     "transpose: axis 0 is out of range for 0 dimensions",
     TG_EAXIS},

    {"expand", "shape=2,3", {"f32[3]"}, "f32[2,3]: 0 1 2 0 1 2", TG_OK},
    {"expand", "shape=2,3", {"f32[2,1]"}, "f32[2,3]: 0 0 0 1 1 1", TG_OK},
    {"expand", "shape=2,2", {"u8[]: 7"}, "u8[2,2]: 7 7 7 7", TG_OK},
    {"expand", "shape=", {"u8[]: 7"}, "u8[]: 7", TG_OK},
    {"expand", "shape=0,3", {"f64[1,3]"}, "f64[0,3]", TG_OK},
    {"expand", "shape=2,0", {"f64[0]"}, "f64[2,0]", TG_OK},
    {"expand", "shape=3", {"f32[2]"}, "expand: f32[2] does not broadcast to [3]", TG_ESHAPE},
    {"expand", "shape=3", {"f32[1,3]"}, "expand: f32[1,3] does not broadcast to [3]", TG_ESHAPE},
    {"expand",
     "shape=1,3",
     {"f32[2,3]"},
     "expand: f32[2,3] does not broadcast to [1,3]",
     TG_ESHAPE},
    {"expand", "shape=2", {"f32[0]"}, "expand: f32[0] does not broadcast to [2]", TG_ESHAPE},
    {"expand", "shape=-1", {"f32[1]"}, "expand: size -1 of axis 0 is negative", TG_ESHAPE},
    {"expand", "shape=all", {"f32[1]"}, "expand: f32[1] does not broadcast to [?]", TG_ESHAPE},
    {"expand",
     "shape=" HUGE_SIZE "," HUGE_SIZE,
     {"f32[]"},
     "expand: the size of f32[" HUGE_SIZE "," HUGE_SIZE "] overflows",
     TG_ENOMEM},
};

START_TEST(rearranged_values_and_refusals) { run_row(&rows[_i]); }
END_TEST

/* ---- permute, transpose and expand are always views ----------------------------------------- */

START_TEST(every_permutation)
{
    tg_tensor *x = laid_out(tensor_of(t, "f32[2,3,4,5]"), _i);
    for (int p = 0; p < 256; p++) {
        const int axes[] = {p & 3, p >> 2 & 3, p >> 4 & 3, p >> 6},
                  sum = 1 << axes[0] | 1 << axes[1];
        if ((sum | 1 << axes[2] | 1 << axes[3]) != 15) continue;
        const tg_tensor *y = tg_permute(t, x, 4, axes);
        bool right = y && y->data == x->data;
        for (int k = 0; right && k < 4; k++)
            right = y->shape[k] == x->shape[axes[k]] && y->strides[k] == x->strides[axes[k]];
        if (!right) ck_abort_msg("%d %d %d %d", axes[0], axes[1], axes[2], axes[3]);
    }
    for (int a = -4; a < 4; a++)
        for (int b = -4; b < 4; b++) {
            const tg_tensor *y = tg_transpose(t, x, a, b);
            const int i = (a + 4) % 4, j = (b + 4) % 4;
            bool right = y && y->data == x->data;
            for (int k = 0; right && k < 4; k++)
                right = y->strides[k] == x->strides[k == i ? j : k == j ? i : k];
            if (!right) ck_abort_msg("transpose %d %d", a, b);
        }
    const tg_tensor *y = tg_expand(t, x, DIMS(7, 2, 3, 4, 5));
    ck_assert(y->data == x->data && y->strides[0] == 0 && y->strides[4] == x->strides[3]);
}
END_TEST

SUITE("shape", .with = {TAPE}, .timeout = 60,
      .tests = {
          {reshape_is_a_view_where_one_exists, COUNT(bases)},
          {rearranged_values_and_refusals, COUNT(rows)},
          {every_permutation, LAYOUTS},
      })
