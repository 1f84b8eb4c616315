/* test_window.c - unfold and fold by hand, and what they and their compositions refuse. */
#include "tapegrad/conv.h"
#include "tests/support/close.h"

static const op_row op_rows[] = {
    {"unfold", "kernel=2", {"f64[1,1,4]"}, "f64[1,2,3]: 0 1 2 1 2 3", TG_OK},
    {"unfold", "kernel=2 stride=2 padding=1", {"f32[1,1,4]"}, "f32[1,2,3]: 0 1 3 0 2 0", TG_OK},
    {"unfold", "kernel=1,2", {"f64[1,2,2,2]"}, "f64[1,4,2]: 0 2 1 3 4 6 5 7", TG_OK},
    {"fold", "size=4 kernel=2", {"f64[1,2,3]"}, "f64[1,1,4]: 0 4 6 5", TG_OK},
    {"unfold",
     "kernel=5 dilation=2,1",
     {"f32[1,1,8,8]"},
     "unfold: kernel [5,5] with dilation [2,1] does not fit [8,8] with padding [0,0]",
     TG_ESHAPE},
    {"unfold",
     "kernel=3",
     {"i32[1,1,4]"},
     "unfold: i32[1,1,4] is not a float tensor (use tg_cast)",
     TG_EDTYPE},
    {"unfold",
     "kernel=3",
     {"f32[4,4]"},
     "unfold: x is f32[4,4], must be (N, C, ...) with 1 to 3 further axes",
     TG_ESHAPE},
    {"unfold",
     "kernel=0",
     {"f32[1,1,4]"},
     "unfold: kernel is 0, must be in 1..2147483647",
     TG_EARG},
    {"unfold", "kernel=1,1", {"f32[1,1,4]"}, "unfold: kernel has 2 numbers, must have 1", TG_EARG},
    {"fold",
     "kernel=2 size=4",
     {"f32[1,2,4]"},
     "fold: x is f32[1,2,4], must be (N, a multiple of 2, 3) for this window",
     TG_ESHAPE},
    {"fold",
     "kernel=2 size=",
     {"f32[1,2,4]"},
     "fold: size has 0 numbers, must have 1, 2 or 3",
     TG_EARG},
    {"unfold",
     "kernel=2147483647 padding=2147483647",
     {"f32[1,1,1,1,1]"},
     "unfold: the result is too large",
     TG_ENOMEM},
};

START_TEST(test_op) { run_row(&op_rows[_i]); }
END_TEST

static const struct {
    const char *x, *w, *b, *says;
    int64_t stride, groups, output_padding;
    tg_status status;
    int transposed;
} refused[] = {
    {"f32[2,3,4]", "f32[2,3,2,2]", "NULL",
     "conv2d: x is f32[2,3,4] and w is f32[2,3,2,2], both must have 4 dimensions", 1, 1, 0,
     TG_ESHAPE, 0},
    {"f32[2,3,4,4]", "f32[2,4,2,2]", "NULL",
     "conv2d: the channels of x f32[2,3,4,4] and w f32[2,4,2,2] differ (1 groups)", 1, 1, 0,
     TG_ESHAPE, 0},
    {"f32[2,3,4,4]", "f32[2,1,2,2]", "NULL",
     "conv2d: 2 groups do not divide the channels of x f32[2,3,4,4] and w f32[2,1,2,2]", 1, 2, 0,
     TG_ESHAPE, 0},
    {"f32[2,3,4,4]", "f32[2,3,2,2]", "f32[3]", "conv2d: b is f32[3], must be (2)", 1, 1, 0,
     TG_ESHAPE, 0},
    {"f32[2,3,4,4]", "f32[2,3,2,2]", "NULL", "conv2d: stride is 0, must be in 1..2147483647", 0, 1,
     0, TG_EARG, 0},
    {"f32[2,3,4,4]", "f32[2,3,5,2]", "NULL",
     "conv2d: unfold: kernel [5,2] with dilation [1,1] does not fit [4,4] with padding [0,0]", 1, 1,
     0, TG_ESHAPE, 0},
    {"f32[2,3,4,4]", "f32[3,2,2,2]", "NULL",
     "conv_transpose2d: output_padding is 1, must be in 0..0, below the stride", 1, 1, 1, TG_EARG,
     1},
    {"f32[2,3,0,4]", "f32[3,2,2,2]", "NULL",
     "conv_transpose2d: axis 2 of the result would have size 1", 1, 1, 0, TG_ESHAPE, 1},
};

START_TEST(test_refused)
{
    tg_tape *t = tg_tape_new();
    tg_conv_options o = tg_conv_defaults();
    o.stride[0] = refused[_i].stride;
    o.groups = refused[_i].groups;
    o.output_padding[0] = refused[_i].output_padding;
    ck_assert_ptr_null((refused[_i].transposed ? tg_conv_transpose2d : tg_conv2d)(
        t, tensor_of(t, refused[_i].x), tensor_of(t, refused[_i].w), tensor_of(t, refused[_i].b),
        &o));
    assert_error(t, refused[_i].status, refused[_i].says);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

typedef tg_tensor *(*pool_fn)(tg_tape *t, tg_tensor *x, const tg_pool_options *options);
typedef tg_tensor *(*resize_fn)(tg_tape *t, tg_tensor *x, int64_t h, int64_t w);

static tg_tensor *bilinear(tg_tape *t, tg_tensor *x, int64_t h, int64_t w)
{
    return tg_upsample_bilinear2d(t, x, h, w, false);
}

/* One of the two functions; number is the kernel, or the new size. */
static const struct {
    pool_fn pool;
    resize_fn resize;
    int64_t number, padding;
    const char *x, *says;
    tg_status status;
} pools_refused[] = {
    {tg_max_pool2d, NULL, 2, 2, "f32[1,1,4,4]",
     "max_pool2d: padding is 2, must be in 0..1, half of the kernel", TG_EARG},
    {tg_max_pool2d, NULL, 5, 0, "f32[1,1,4,4]",
     "max_pool2d: window_max: kernel [5,5] with dilation [1,1] does not fit [4,4] with padding "
     "[0,0]",
     TG_ESHAPE},
    {tg_avg_pool2d, NULL, 2, 0, "f32[1,4,4]", "avg_pool2d: x is f32[1,4,4], must have 4 dimensions",
     TG_ESHAPE},
    {tg_avg_pool1d, NULL, 2, 1, "i32[1,4,4]",
     "avg_pool1d: unfold: i32[1,4,4] is not a float tensor (use tg_cast)", TG_EDTYPE},
    {tg_avg_pool1d, NULL, 2, 1, "NULL", "avg_pool1d: x is NULL", TG_EARG},
    {NULL, tg_adaptive_avg_pool2d, 0, 0, "f32[1,1,4,4]",
     "adaptive_avg_pool2d: x is f32[1,1,4,4], must have 4 dimensions, and its size and the new one "
     "[0,0] must be in 1..67108864",
     TG_ESHAPE},
    {NULL, bilinear, 2, 0, "u8[1,1,4,4]",
     "upsample_bilinear2d: u8[1,1,4,4] is not a float tensor (use tg_cast)", TG_EDTYPE},
    {NULL, tg_upsample_nearest2d, 2, 0, "NULL",
     "upsample_nearest2d: x is NULL, must have 4 dimensions, and its size and the new one [2,2] "
     "must be in 1..67108864",
     TG_EARG},
};

START_TEST(test_pools_refused)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = tensor_of(t, pools_refused[_i].x);
    const int64_t number = pools_refused[_i].number;
    tg_pool_options o = tg_pool_defaults(number);
    for (int a = 0; a < 3; a++) o.padding[a] = pools_refused[_i].padding;
    ck_assert_ptr_null(pools_refused[_i].pool ? pools_refused[_i].pool(t, x, &o)
                                              : pools_refused[_i].resize(t, x, number, number));
    assert_error(t, pools_refused[_i].status, pools_refused[_i].says);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

SUITE("window", .tests = {
                    {test_op, COUNT(op_rows)},
                    {test_refused, COUNT(refused)},
                    {test_pools_refused, COUNT(pools_refused)},
                })
