/* test_edges_windows.c - convolution, pooling and resizing at the edge: no batch, one pixel, the
 * same size, ties, windows in the padding, Inf and NaN. */
#include "tapegrad/conv.h"
#include "tests/support/edge_rows.h"

#define F(name, ...)                                                                               \
    static tg_tensor *name(tg_tape *t, tg_tensor *x) { return __VA_ARGS__; }

/* ---- convolution ---------------------------------------------------------------------------- */

static tg_conv_options padded(void)
{
    tg_conv_options o = tg_conv_defaults();
    for (int i = 0; i < 3; i++) o.padding[i] = 1;
    return o;
}

#define CONV(axes, kernel, kernel_t)                                                               \
    static tg_tensor *conv##axes##d(tg_tape *t, tg_tensor *x)                                      \
    {                                                                                              \
        return tg_conv##axes##d(t, x, beside(x, kernel), NULL, NULL);                              \
    }                                                                                              \
    static tg_tensor *conv##axes##d_padded(tg_tape *t, tg_tensor *x)                               \
    {                                                                                              \
        const tg_conv_options o = padded();                                                        \
        return tg_conv##axes##d(t, x, beside(x, kernel), beside(x, "[1]: 0.5"), &o);               \
    }                                                                                              \
    static tg_tensor *conv_transpose##axes##d(tg_tape *t, tg_tensor *x)                            \
    {                                                                                              \
        return tg_conv_transpose##axes##d(t, x, beside(x, kernel_t), NULL, NULL);                  \
    }
CONV(1, "[1,1,1]: 2", "[1,1,2]: 2 -1")
CONV(2, "[1,1,1,1]: 2", "[1,1,1,2]: 2 -1")
CONV(3, "[1,1,1,1,1]: 2", "[1,1,1,1,2]: 2 -1")

/* ---- pooling -------------------------------------------------------------------------------- */

static tg_pool_options window_of_two(int axes, bool count_padding)
{
    tg_pool_options o = tg_pool_defaults(1);
    o.kernel[axes - 1] = 2, o.padding[axes - 1] = 1, o.stride[axes - 1] = 2;
    o.count_padding = count_padding;
    return o;
}

#define POOL(axes)                                                                                 \
    static tg_tensor *max_pool##axes##d(tg_tape *t, tg_tensor *x)                                  \
    {                                                                                              \
        const tg_pool_options o = window_of_two(axes, true);                                       \
        return tg_max_pool##axes##d(t, x, &o);                                                     \
    }                                                                                              \
    static tg_tensor *avg_pool##axes##d(tg_tape *t, tg_tensor *x)                                  \
    {                                                                                              \
        const tg_pool_options o = window_of_two(axes, true);                                       \
        return tg_avg_pool##axes##d(t, x, &o);                                                     \
    }                                                                                              \
    static tg_tensor *avg_pool##axes##d_inside(tg_tape *t, tg_tensor *x)                           \
    {                                                                                              \
        const tg_pool_options o = window_of_two(axes, false);                                      \
        return tg_avg_pool##axes##d(t, x, &o);                                                     \
    }
POOL(1)
POOL(2)
POOL(3)

/* Elements that are two apart, so that a window may lie wholly in the padding. */
static tg_tensor *max_pool_apart(tg_tape *t, tg_tensor *x)
{
    tg_pool_options o = tg_pool_defaults(2);
    o.padding[0] = 1, o.dilation[0] = 2, o.stride[0] = 1;
    return tg_max_pool1d(t, x, &o);
}

F(adaptive_avg_pool1d, tg_adaptive_avg_pool1d(t, x, 2))
F(adaptive_avg_pool2d, tg_adaptive_avg_pool2d(t, x, 1, 2))
F(adaptive_max_pool1d, tg_adaptive_max_pool1d(t, x, 2))
F(adaptive_max_pool2d, tg_adaptive_max_pool2d(t, x, 1, 2))
F(adaptive_avg_same, tg_adaptive_avg_pool1d(t, x, 3))
F(adaptive_max_same, tg_adaptive_max_pool1d(t, x, 3))

/* ---- resizing ------------------------------------------------------------------------------- */

F(nearest, tg_upsample_nearest2d(t, x, 1, 2))
F(nearest_3, tg_upsample_nearest2d(t, x, 1, 3))
F(bilinear, tg_upsample_bilinear2d(t, x, 1, 2, false))
F(bilinear_3, tg_upsample_bilinear2d(t, x, 1, 3, true))
F(bilinear_1, tg_upsample_bilinear2d(t, x, 1, 1, true))

/* ---- the rows ------------------------------------------------------------------------------- */

/* The last axis is the only one of more than one element: the same numbers in each dimension. */
#define EACH(axes, n, ...)                                                                          \
    {"conv" #axes "d",                                                                              \
     conv##axes##d,                                                                                 \
     BOTH,                                                                                          \
     n "3]: 1 -0 3",                                                                                \
     n "3]: 2 0 6",                                                                                 \
     n "3]: 2 4 6",                                                                                 \
     NULL,                                                                                          \
     0,                                                                                             \
     0},                                                                                            \
        {"conv" #axes "d",                                                                          \
         conv##axes##d,                                                                             \
         BOTH,                                                                                      \
         n "3]: inf nan 3e38",                                                                      \
         n "3]: inf nan 6e38",                                                                      \
         NULL,                                                                                      \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"conv" #axes "d", conv##axes##d, BOTH, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, NULL, 0, 0}, \
        {"conv_transpose" #axes "d",                                                                \
         conv_transpose##axes##d,                                                                   \
         BOTH,                                                                                      \
         n "2]: 1 10",                                                                              \
         n "3]: 2 19 -10",                                                                          \
         n "2]: 0 1",                                                                               \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"conv_transpose" #axes "d",                                                                \
         conv_transpose##axes##d,                                                                   \
         BOTH,                                                                                      \
         n "2]: 1 inf",                                                                             \
         n "3]: 2 inf -inf",                                                                        \
         NULL,                                                                                      \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"max_pool" #axes "d",                                                                      \
         max_pool##axes##d,                                                                         \
         BOTH,                                                                                      \
         n "3]: 1 2 2",                                                                             \
         n "2]: 1 2",                                                                               \
         n "3]: 1 1 1",                                                                             \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"max_pool" #axes "d",                                                                      \
         max_pool##axes##d,                                                                         \
         BOTH,                                                                                      \
         n "3]: -inf nan 2",                                                                        \
         n "2]: -inf nan",                                                                          \
         NULL,                                                                                      \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"max_pool" #axes "d",                                                                      \
         max_pool##axes##d,                                                                         \
         BOTH,                                                                                      \
         n "1]: -3e38",                                                                             \
         n "1]: -3e38",                                                                             \
         n "1]: 1",                                                                                 \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"max_pool" #axes "d",                                                                      \
         max_pool##axes##d,                                                                         \
         BOTH,                                                                                      \
         n "3]: -0 -1e-30 -1e30",                                                                   \
         n "2]: 0 -1e-30",                                                                          \
         n "3]: 1 2 0",                                                                             \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"avg_pool" #axes "d",                                                                      \
         avg_pool##axes##d,                                                                         \
         BOTH,                                                                                      \
         n "3]: 1 2 4",                                                                             \
         n "2]: 0.5 3",                                                                             \
         n "3]: 0.5 1 1",                                                                           \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
        {"avg_pool" #axes "d",                                                                      \
         avg_pool##axes##d_inside,                                                                  \
         BOTH,                                                                                      \
         n "3]: 1 2 4",                                                                             \
         n "2]: 1 3",                                                                               \
         n "3]: 1 1 1",                                                                             \
         NULL,                                                                                      \
         0,                                                                                         \
         0},                                                                                        \
    {                                                                                               \
        "avg_pool" #axes "d", avg_pool##axes##d, BOTH, n "3]: inf 2 nan", n "2]: inf nan", NULL,    \
            NULL, 0, 0                                                                              \
    }

static const edge_row rows[] = {
    EACH(1, "[1,1,", "[0,1,2]"),
    EACH(2, "[1,1,1,", "[0,1,1,2]"),
    EACH(3, "[1,1,1,1,", "[0,1,1,1,2]"),
    {"conv1d", conv1d_padded, BOTH, "[1,1,1]: 3", "[1,1,3]: 0.5 6.5 0.5", "[1,1,1]: 4", NULL, 0, 0},
    {"conv2d", conv2d_padded, BOTH, "[1,1,1,1]: 3", "[1,1,3,3]: .5 .5 .5 .5 6.5 .5 .5 .5 .5",
     "[1,1,1,1]: 10", NULL, 0, 0},
    {"conv3d", conv3d_padded, BOTH, "[1,1,1,1,1]: 3", NULL, "[1,1,1,1,1]: 28", NULL, 0, 0},
    {"max_pool1d", max_pool_apart, BOTH, "[1,1,1]: 5", "[1,1,1]: -inf", "[1,1,1]: 0", NULL, 0, 0},
    {"adaptive_avg_pool1d", adaptive_avg_pool1d, BOTH, "[1,1,3]: 1 2 4", "[1,1,2]: 1.5 3",
     "[1,1,3]: .5 1.5 1", NULL, 0, 0},
    {"adaptive_avg_pool1d", adaptive_avg_same, BOTH, "[1,1,3]: 1 inf 4", "[1,1,3]: 1 inf 4",
     "[1,1,3]: 1 2 3", NULL, 0, 0},
    {"adaptive_avg_pool1d", adaptive_avg_pool1d, BOTH, "[1,1,1]: 7", "[1,1,2]: 7 7", "[1,1,1]: 3",
     NULL, 0, 0},
    {"adaptive_avg_pool2d", adaptive_avg_pool2d, BOTH, "[1,1,1,3]: 1 nan 4", "[1,1,1,2]: nan nan",
     NULL, NULL, 0, 0},
    {"adaptive_avg_pool2d", adaptive_avg_pool2d, BOTH, "[1,1,2,2]: 1 2 3 4", "[1,1,1,2]: 2 3",
     "[1,1,2,2]: .5 1 .5 1", NULL, 0, 0},
    {"adaptive_max_pool1d", adaptive_max_pool1d, BOTH, "[1,1,3]: 1 4 4", "[1,1,2]: 4 4",
     "[1,1,3]: 0 2 1", NULL, 0, 0},
    {"adaptive_max_pool1d", adaptive_max_same, BOTH, "[1,1,3]: -inf inf nan",
     "[1,1,3]: -inf inf nan", NULL, NULL, 0, 0},
    {"adaptive_max_pool2d", adaptive_max_pool2d, BOTH, "[1,1,2,2]: 1 -inf 3 -inf",
     "[1,1,1,2]: 3 -inf", NULL, NULL, 0, 0},
    {"adaptive_max_pool2d", adaptive_max_pool2d, BOTH, "[0,2,2,2]", "[0,2,1,2]", "[0,2,2,2]", NULL,
     0, 0},
    {"upsample_nearest2d", nearest, BOTH, "[1,1,1,2]: inf -0", "[1,1,1,2]: inf 0", "[1,1,1,2]: 1 2",
     NULL, 0, 0},
    {"upsample_nearest2d", nearest_3, BOTH, "[1,1,1,2]: 5 nan", "[1,1,1,3]: 5 5 nan",
     "[1,1,1,2]: 3 3", NULL, 0, 0},
    {"upsample_nearest2d", nearest_3, BOTH, "[1,1,1,1]: 7", "[1,1,1,3]: 7 7 7", "[1,1,1,1]: 6",
     NULL, 0, 0},
    {"upsample_bilinear2d", bilinear, BOTH, "[1,1,1,2]: inf nan", "[1,1,1,2]: inf nan",
     "[1,1,1,2]: 1 2", NULL, 0, 0},
    {"upsample_bilinear2d", bilinear_3, BOTH, "[1,1,1,2]: 1 2", "[1,1,1,3]: 1 1.5 2",
     "[1,1,1,2]: 2 4", NULL, 0, 0},
    {"upsample_bilinear2d", bilinear_3, BOTH, "[1,1,1,2]: 2e38 3e38", "[1,1,1,3]: 2e38 2.5e38 3e38",
     "[1,1,1,2]: 2 4", NULL, 0, 0},
    {"upsample_bilinear2d", bilinear_3, BOTH, "[1,1,1,1]: 7", "[1,1,1,3]: 7 7 7", "[1,1,1,1]: 6",
     NULL, 0, 0},
    {"upsample_bilinear2d", bilinear_1, BOTH, "[1,1,1,3]: 7 8 9", "[1,1,1,1]: 7",
     "[1,1,1,3]: 1 0 0", NULL, 0, 0},
    {"upsample_bilinear2d", bilinear_1, BOTH, "[1,1,1,3]: 7 inf nan", "[1,1,1,1]: 7", NULL, NULL, 0,
     0},
};

START_TEST(at_the_edge) { check_edge_row(&rows[_i / 2], _i % 2 ? TG_F64 : TG_F32); }
END_TEST

static bool has_row(const char *name)
{
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return true;
    return strcmp(name, "conv_defaults") == 0 || strcmp(name, "pool_defaults") == 0;
}

START_TEST(none_is_left_out) { ck_assert_int_eq(functions_without("conv.h", has_row), 0); }
END_TEST

SUITE("edges_windows", .tests = {
                           {at_the_edge, 2 * COUNT(rows)},
                           {none_is_left_out},
                       })
