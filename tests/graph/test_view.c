/* test_view.c - views of leaves: a view that reaches outside the storage is refused, any other
 * shows the right elements. */
#include "tests/support/tape.h"

/* Where views are taken from: the whole of 6 elements, its last 4, and its first 5 backwards. */
static const struct {
    int64_t size, stride, first; /* the element of the storage where it starts */
} origins[] = {{6, 1, 0}, {4, 1, 2}, {5, -1, 4}};

static tg_tensor *origin(int i)
{
    tg_tensor *x = tensor_of(NULL, "i32[6]");
    return keep(tg_tensor_view(x, 1, &origins[i].size, &origins[i].stride, origins[i].first, NULL));
}

static void try_view(const tg_tensor *x, int64_t first, int ndim, const int64_t *shape,
                     const int64_t *strides, int64_t offset)
{
    int64_t index[2], size = 1;
    bool inside = true;
    for (int a = 0; a < ndim; a++) size *= shape[a];
    for (int64_t i = 0; i < size; i++) {
        int64_t at = first + offset, rest = i;
        for (int a = ndim - 1; a >= 0; rest /= shape[a--]) {
            index[a] = rest % shape[a];
            at += index[a] * strides[a];
        }
        inside = inside && at >= 0 && at < 6;
    }
    tg_tensor *y = tg_tensor_view(x, ndim, shape, strides, offset, NULL);
    bool right = (y != NULL) == inside;
    for (int64_t i = 0; right && y && i < size; i++) {
        int64_t at = first + offset, rest = i;
        for (int a = ndim - 1; a >= 0; rest /= shape[a--]) at += rest % shape[a] * strides[a];
        right = tg_tensor_get(y, i) == (double)at;
    }
    if (!right)
        ck_abort_msg("%d-d, shape %d %d, strides %d %d, offset %d from %d", ndim, (int)shape[0],
                     (int)shape[1], (int)strides[0], (int)strides[1], (int)offset, (int)first);
    tg_tensor_free(y);
}

START_TEST(every_small_view)
{
    tg_tensor *x = origin(_i);
    int64_t n[2] = {0}, s[2] = {0};
    for (int64_t offset = -8; offset <= 8; offset++) {
        try_view(x, origins[_i].first, 0, n, s, offset);
        for (n[0] = 0; n[0] <= 4; n[0]++)
            for (s[0] = -3; s[0] <= 3; s[0]++) {
                try_view(x, origins[_i].first, 1, n, s, offset);
                for (n[1] = 0; n[1] <= 3; n[1]++)
                    for (s[1] = -3; s[1] <= 3; s[1]++)
                        try_view(x, origins[_i].first, 2, n, s, offset);
            }
    }
}
END_TEST

#define MOST INT64_MAX
#define LEAST INT64_MIN

static const struct {
    int ndim;
    int64_t shape[8], strides[8], offset;
    tg_status status;
    const char *text;
} outside[] = {
    {0, {0}, {0}, MOST, TG_EINDEX, "view: [] at offset 9223372036854775807 reaches outside"},
    {0, {0}, {0}, LEAST, TG_EINDEX, "view: [] at offset -9223372036854775808 reaches outside"},
    {1, {2}, {MOST}, 0, TG_EINDEX, "view: [2] at offset 0 reaches outside"},
    {1, {2}, {LEAST}, 0, TG_EINDEX, "view: [2] at offset 0 reaches outside"},
    {1, {2}, {-MOST}, MOST, TG_EINDEX, "view: [2] at offset 9223372036854775807 reaches outside"},
    {1, {2}, {-MOST}, -MOST, TG_EINDEX, "view: [2] at offset -9223372036854775807 reaches"},
    {1, {3}, {MOST / 2 + 1}, 0, TG_EINDEX, "view: [3] at offset 0 reaches outside"},
    {1, {5}, {MOST / 4 + 1}, 0, TG_EINDEX, "view: [5] at offset 0 reaches outside"},
    {2, {3, 3}, {MOST / 2, MOST / 2}, 0, TG_EINDEX, "view: [3,3] at offset 0 reaches outside"},
    {2, {2, 2}, {MOST, -MOST}, 3, TG_EINDEX, "view: [2,2] at offset 3 reaches outside"},
    {8,
     {2, 2, 2, 2, 2, 2, 2, 2},
     {MOST / 8, MOST / 8, MOST / 8, MOST / 8, MOST / 8, MOST / 8, MOST / 8, MOST / 8},
     0,
     TG_EINDEX,
     "view: [2,2,2,2,2,2,2,2] at offset 0 reaches outside"},
    {2, {2, 2}, {MOST / 32, MOST / 32}, -(MOST / 16), TG_EINDEX, "view: [2,2] at offset"},
    {1, {(int64_t)1 << 40}, {1}, 0, TG_EINDEX, "view: [1099511627776] at offset 0 reaches"},
    {1, {(int64_t)1 << 40}, {(int64_t)1 << 40}, 0, TG_EINDEX, "view: [1099511627776] at offset 0"},
    {1, {MOST}, {0}, 0, TG_ENOMEM, "view: the size of f32[9223372036854775807] overflows"},
    {2, {(int64_t)1 << 32, (int64_t)1 << 32}, {0, 0}, 0, TG_ENOMEM, "view: the size of f32[42949"},
    {1, {-1}, {1}, 0, TG_ESHAPE, "view: size -1 of axis 0 is negative"},
    {9, {1}, {1}, 0, TG_ESHAPE, "view: 9 dimensions, must be 0..8"},
    {-1, {1}, {1}, 0, TG_ESHAPE, "view: -1 dimensions, must be 0..8"},
};

START_TEST(sizes_that_overflow)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tensor_of(NULL, "f32[10]");
    ck_assert_ptr_null(tg_tensor_view(x, outside[_i].ndim, outside[_i].shape, outside[_i].strides,
                                      outside[_i].offset, &err));
    ck_assert_msg(strncmp(err.text, outside[_i].text, strlen(outside[_i].text)) == 0, "%s",
                  err.text);
    ck_assert_int_eq(err.status, outside[_i].status);
}
END_TEST

START_TEST(what_is_no_leaf)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tensor_of(NULL, "f32[3]");
    ck_assert_ptr_null(tg_tensor_view(tg_neg(t, x), DIMS(1), (int64_t[]){1}, 0, &err));
    ck_assert_str_eq(err.text, "view: needs a leaf and strides");
    ck_assert_int_eq(err.status, TG_EARG);
    ck_assert_ptr_null(tg_tensor_view(NULL, DIMS(1), (int64_t[]){1}, 0, NULL));
    ck_assert_ptr_null(tg_tensor_view(x, DIMS(1), NULL, 0, NULL));
    ck_assert_ptr_null(tg_tensor_view(x, 1, NULL, (int64_t[]){1}, 0, NULL));
}
END_TEST

/* A view without elements reaches nowhere, but its strides must do no harm later. */
START_TEST(views_of_nothing)
{
    tg_tensor *x = tensor_of(NULL, "f32[3]"), *none = tensor_of(NULL, "f32[0]");
    tg_tensor *y = keep(tg_tensor_view(none, DIMS(0, 4), (int64_t[]){5, 6}, 7, NULL));
    ck_assert_int_eq(y->size, 0);
    ck_assert_ptr_null(tg_tensor_view(none, DIMS(1), (int64_t[]){1}, 0, NULL));
    const int64_t strides[] = {MOST, LEAST, MOST};
    y = keep(tg_tensor_view(x, DIMS(5, 0, 5), strides, LEAST, NULL));
    ck_assert_ptr_nonnull(keep(tg_tensor_clone(y, NULL)));
    assert_tensor(t, "slice", tg_slice(t, y, 2, 4, TG_END, -3), "f32[5,0,2]", 0);
    assert_tensor(t, "slice", tg_slice(t, y, 0, 3, TG_END, 1), "f32[2,0,5]", 0);
    assert_tensor(t, "neg", tg_neg(t, tg_permute(t, y, 3, (int[]){2, 0, 1})), "f32[5,5,0]", 0);
    assert_tensor(t, "reshape", tg_reshape(t, y, DIMS(25, 0)), "f32[25,0]", 0);
    assert_tensor(t, "take", tg_take(t, y, tensor_of(t, "i32[2]: 4 0"), 0), "f32[2,0,5]", 0);
    assert_tensor(t, "cast", tg_cast(t, y, TG_I32), "i32[5,0,5]", 0);
    assert_tensor(t, "sum", tg_sum(t, y, 1, false),
                  "f32[5,5]: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
                  "0 0 0 0 0 0 0 0",
                  0);
}
END_TEST

/* An axis of one element may have any stride, because no step is ever taken. */
START_TEST(strides_of_single_elements)
{
    const int64_t strides[] = {MOST, 1, -MOST};
    tg_tensor *x = keep(tg_tensor_view(tensor_of(NULL, "f32[3]"), DIMS(1, 3, 1), strides, 0, NULL));
    assert_tensor(t, "clone", keep(tg_tensor_clone(x, NULL)), "f32[1,3,1]", 0);
    assert_tensor(t, "neg", tg_neg(t, tg_transpose(t, x, 0, 1)), "f32[3,1,1]: 0 -1 -2", 0);
    assert_tensor(t, "slice", tg_slice(t, x, 0, -1, TG_END, -1), "f32[1,3,1]", 0);
    assert_tensor(t, "reshape", tg_reshape(t, x, DIMS(3)), "f32[3]", 0);
    assert_tensor(t, "expand", tg_neg(t, tg_expand(t, x, DIMS(2, 3, 1))),
                  "f32[2,3,1]: 0 -1 -2 0 -1 -2", 0);
    assert_tensor(t, "sum", tg_sum(t, x, TG_ALL, false), "f32[]: 3", 0);
    assert_tensor(t, "add", tg_add(t, x, x), "f32[1,3,1]: 0 2 4", 0);
    tg_tensor *y = tg_square(t, x), *dx;
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "vjp", dx, "f32[1,3,1]: 0 2 4", 0);
}
END_TEST

/* A stride of 0 repeats an element: 2^40 of them take no memory. */
START_TEST(repeated_elements)
{
    tg_tensor *x = tensor_of(NULL, "f32[3]: 5 6 7");
    const int64_t none[] = {0}, most = INT64_MAX / 2 / 4; /* of f32, in half of what int64 counts */
    ck_assert_ptr_nonnull(keep(tg_tensor_view(x, DIMS(most), none, 2, NULL)));
    ck_assert_ptr_null(tg_tensor_view(x, DIMS(most + 1), none, 2, NULL));
    x = keep(tg_tensor_view(x, DIMS((int64_t)1 << 40, 2), (int64_t[]){0, 1}, 1, NULL));
    ck_assert(tg_tensor_get(x, ((int64_t)1 << 41) - 1) == 7);
    tg_tensor *y = tg_slice(t, tg_transpose(t, x, 0, 1), 1, -2, TG_END, 1);
    assert_tensor(t, "slice", y, "f32[2,2]: 6 6 7 7", 0);
}
END_TEST

SUITE("view", .with = {TAPE}, .timeout = 60,
      .tests = {
          {every_small_view, COUNT(origins)},
          {sizes_that_overflow, COUNT(outside)},
          {what_is_no_leaf},
          {views_of_nothing},
          {strides_of_single_elements},
          {repeated_elements},
      })
