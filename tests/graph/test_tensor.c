/* test_tensor.c - leaves: how they are made, refused, referenced and described. */
#include "tests/support/close.h"
#include "tests/support/error.h"

START_TEST(dtypes_have_sizes_and_names)
{
    static const struct {
        size_t size;
        const char *name;
        bool is_float;
    } want[TG_DTYPE_COUNT] = {
        {4, "f32", true}, {8, "f64", true}, {4, "i32", false}, {1, "u8", false}};
    for (int d = 0; d < TG_DTYPE_COUNT; d++) {
        ck_assert_uint_eq(tg_dtype_size((tg_dtype)d), want[d].size);
        ck_assert_str_eq(tg_dtype_name((tg_dtype)d), want[d].name);
        ck_assert_int_eq(tg_dtype_is_float((tg_dtype)d), want[d].is_float);
    }
    ck_assert_uint_eq(tg_dtype_size(TG_DTYPE_COUNT), 0);
    ck_assert_str_eq(tg_dtype_name(TG_DTYPE_COUNT), "?");
    ck_assert(!tg_dtype_is_float(TG_DTYPE_COUNT));
}
END_TEST

static const struct {
    int ndim;
    int64_t shape[8], strides[8], size;
} fresh[] = {
    {0, {0}, {0}, 1},
    {1, {0}, {1}, 0},
    {1, {5}, {1}, 5},
    {2, {2, 3}, {3, 1}, 6},
    {3, {4, 1, 3}, {3, 3, 1}, 12},
    {3, {2, 0, 3}, {3, 3, 1}, 0},
    {8, {1, 2, 1, 2, 1, 2, 1, 2}, {16, 8, 8, 4, 4, 2, 2, 1}, 16},
};

START_TEST(a_new_leaf_is_zero_and_row_major)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++) {
        tg_tensor *x = tg_tensor_new((tg_dtype)d, fresh[_i].ndim, fresh[_i].shape, &err);
        assert_err(TG_OK, "");
        ck_assert_int_eq(x->ndim, fresh[_i].ndim);
        ck_assert_int_eq(x->size, fresh[_i].size);
        ck_assert_int_eq(x->dtype, d);
        ck_assert(!x->tape && !x->node && !x->weak && x->id == -1);
        for (int a = 0; a < x->ndim; a++) {
            ck_assert_int_eq(x->shape[a], fresh[_i].shape[a]);
            ck_assert_int_eq(x->strides[a], fresh[_i].strides[a]);
        }
        for (int64_t i = 0; i < x->size; i++) ck_assert(read_at(x, i) == 0);
        ck_assert(tg_tensor_is_contiguous(x));
        tg_tensor_free(x);
    }
}
END_TEST

#define HUGE_SIZE ((int64_t)1 << 62)

static const struct {
    int dtype, ndim;
    int64_t shape[8];
    tg_status status;
    const char *text;
} refused[] = {
    {TG_F32, -1, {0}, TG_ESHAPE, "tensor: -1 dimensions, must be 0..8"},
    {TG_F32, 9, {0}, TG_ESHAPE, "tensor: 9 dimensions, must be 0..8"},
    {TG_F32, 2, {3, -1}, TG_ESHAPE, "tensor: size -1 of axis 1 is negative"},
    {TG_F32, 1, {INT64_MIN}, TG_ESHAPE, "tensor: size -9223372036854775808 of axis 0 is negative"},
    {TG_DTYPE_COUNT, 1, {3}, TG_EDTYPE, "tensor: 4 is not a dtype"},
    {TG_U8, 1, {INT64_MAX}, TG_ENOMEM, "tensor: the size of u8[9223372036854775807] overflows"},
    {TG_F64,
     1,
     {HUGE_SIZE / 4},
     TG_ENOMEM,
     "tensor: the size of f64[1152921504606846976] overflows"},
    {TG_U8,
     2,
     {HUGE_SIZE, 4},
     TG_ENOMEM,
     "tensor: the size of u8[4611686018427387904,4] overflows"},
    {TG_U8,
     3,
     {HUGE_SIZE, 4, 0},
     TG_ENOMEM,
     "tensor: the size of u8[4611686018427387904,4,0] overflows"},
    {TG_F32,
     4,
     {1 << 16, 1 << 16, 1 << 16, 1 << 16},
     TG_ENOMEM,
     "tensor: the size of f32[65536,65536,65536,65536] overflows"},
};

START_TEST(what_is_no_tensor_is_refused)
{
    ck_assert_ptr_null(
        tg_tensor_new((tg_dtype)refused[_i].dtype, refused[_i].ndim, refused[_i].shape, &err));
    assert_err(refused[_i].status, refused[_i].text);
    ck_assert_ptr_null(
        tg_tensor_new((tg_dtype)refused[_i].dtype, refused[_i].ndim, refused[_i].shape, NULL));
}
END_TEST

START_TEST(null_arguments_are_refused)
{
    ck_assert_ptr_null(tg_tensor_new(TG_F32, 1, NULL, &err));
    assert_err(TG_EARG, "tensor: shape is NULL");
    ck_assert_ptr_null(tg_tensor_from(TG_F32, DIMS(2), NULL, &err));
    assert_err(TG_EARG, "tensor: data is NULL");
    ck_assert_ptr_null(tg_tensor_like(NULL, &err));
    assert_err(TG_EARG, "tensor_like: the tensor is NULL");
    ck_assert_ptr_null(tg_tensor_clone(NULL, NULL));
    ck_assert_int_eq(tg_tensor_fill(NULL, 1, &err), TG_EARG);
    assert_err(TG_EARG, "fill: NULL cannot be written");
    ck_assert_int_eq(tg_tensor_copy(keep(tg_tensor_new(TG_F32, 0, NULL, NULL)), NULL, &err),
                     TG_EARG);
    assert_err(TG_EARG, "copy: the source is NULL");
    ck_assert(isnan(tg_item(NULL)) && isnan(tg_tensor_get(NULL, 0)));
    ck_assert(!tg_tensor_is_contiguous(NULL) && !tg_tensor_same_shape(NULL, NULL));
    ck_assert_ptr_null(tg_tensor_ref(NULL));
    tg_tensor_free(NULL);
    tg_tensor_touch(NULL);
    /* A tensor without elements is not read. */
    ck_assert_ptr_nonnull(keep(tg_tensor_from(TG_F32, DIMS(0), NULL, &err)));
    free_leaves();
}
END_TEST

START_TEST(references_and_views_keep_what_they_need)
{
    tg_tensor *x = tg_tensor_from(TG_F64, DIMS(3), (double[]){1, 2, 3}, NULL);
    tg_tensor *tail = tg_tensor_view(x, DIMS(2), (int64_t[]){-1}, 2, NULL);
    ck_assert_ptr_eq(tg_tensor_ref(x), x);
    tg_tensor_free(x);
    ck_assert(tg_tensor_get(x, 2) == 3);
    tg_tensor_free(x);
    tg_tensor *last = tg_tensor_view(tail, 0, NULL, (int64_t[]){0}, -1, NULL);
    ck_assert(tg_tensor_get(tail, 0) == 3 && tg_tensor_get(tail, 1) == 2);
    tg_tensor_free(tail);
    ck_assert(tg_item(last) == 2);
    tg_tensor_free(last);
}
END_TEST

static const struct {
    const char *x;
    int64_t strides[3];
    bool contiguous;
} rows[] = {
    {"f32[2,3]", {3, 1}, true},  {"f32[2,3]", {1, 2}, false},     {"f32[1,3]", {99, 1}, true},
    {"f32[3,1]", {1, -9}, true}, {"f32[2,2]", {3, 1}, false},     {"f32[2]", {-1}, false},
    {"f32[2]", {0}, false},      {"f32[2,0,3]", {0, 0, 0}, true}, {"f32[1,1,1]", {7, 8, 9}, true}};

START_TEST(contiguous_is_row_major_without_gaps)
{
    tg_tensor *x = tensor_of(NULL, rows[_i].x), *base = tensor_of(NULL, "f32[200]");
    x = keep(tg_tensor_view(base, x->ndim, x->shape, rows[_i].strides, 100, &err));
    ck_assert_int_eq(tg_tensor_is_contiguous(x), rows[_i].contiguous);
    free_leaves();
}
END_TEST

START_TEST(descriptions_are_cut_to_size)
{
    char text[TG_DESCRIBE_SIZE + 8];
    tg_tensor *x = tensor_of(NULL, "i32[12,0,345]");
    ck_assert_str_eq(tg_tensor_describe(x, text, sizeof text), "i32[12,0,345]");
    ck_assert_str_eq(tg_tensor_describe(tensor_of(NULL, "u8[]"), text, sizeof text), "u8[]");
    ck_assert_str_eq(tg_tensor_describe(NULL, text, sizeof text), "NULL");
    for (size_t n = 1; n < 16; n++) {
        memset(text, '#', sizeof text);
        ck_assert_ptr_eq(tg_tensor_describe(x, text, n), text);
        const size_t length = strlen("i32[12,0,345]"), kept = n - 1 < length ? n - 1 : length;
        ck_assert_uint_eq(strlen(text), kept);
        ck_assert_mem_eq(text, "i32[12,0,345]", kept);
        ck_assert_int_eq(text[n], '#');
        memset(text, '#', sizeof text);
        (void)tg_shape_describe(x->ndim, x->shape, text, n);
        ck_assert_mem_eq(text, "[12,0,345]", n - 1 < 10 ? n - 1 : 10);
        ck_assert_int_eq(text[n], '#');
    }
    text[0] = '#';
    (void)tg_tensor_describe(x, text, 0);
    (void)tg_shape_describe(x->ndim, x->shape, text, 0);
    ck_assert_int_eq(text[0], '#');
    int64_t most[8];
    for (int i = 0; i < 8; i++) most[i] = INT64_MIN;
    ck_assert_uint_eq(strlen(tg_shape_describe(8, most, text, TG_DESCRIBE_SIZE)), 8 * 20 + 9);
    for (int i = 0; i < 8; i++) most[i] = i;
    ck_assert_str_eq(tg_shape_describe(8, most, text, sizeof text), "[0,1,2,3,4,5,6,7]");
    /* A number of dimensions that no tensor has says so, and nothing is read. */
    ck_assert_str_eq(tg_shape_describe(9, most, text, sizeof text), "[0,1,2,3,4,5,6,7,...]");
    ck_assert_str_eq(tg_shape_describe(-1, NULL, text, sizeof text), "[?]");
    ck_assert_str_eq(tg_shape_describe(TG_ALL, NULL, text, sizeof text), "[?]");
    free_leaves();
}
END_TEST

SUITE("tensor", .with = {FRESH_ERROR},
      .tests = {
          {dtypes_have_sizes_and_names},
          {a_new_leaf_is_zero_and_row_major, COUNT(fresh)},
          {what_is_no_tensor_is_refused, COUNT(refused)},
          {null_arguments_are_refused},
          {references_and_views_keep_what_they_need},
          {contiguous_is_row_major_without_gaps, COUNT(rows)},
          {descriptions_are_cut_to_size},
      })
