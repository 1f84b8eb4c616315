/* test_normalise.c - layer, RMS, group and instance norm against plain loops and differences. */
#include "tapegrad/gradcheck.h"
#include "tapegrad/normalise.h"
#include "tests/support/tape.h"

typedef enum kind { LAYER, RMS, GROUP, INSTANCE } kind;

/* `number` is the number of last axes or of groups. The rows that are normalised together are
 * consecutive in row-major order and have `row` elements each. Element i of x has weight i / inner
 * % n. */
typedef struct norm_case {
    const char *name;
    kind kind;
    int ndim;
    int64_t shape[4];
    int number;
    int64_t row;
    int weight_ndim;
    int64_t weight_shape[3], inner;
    double eps;
} norm_case;

static const norm_case cases[] = {
    {"layer", LAYER, 2, {3, 5}, 1, 5, 1, {5}, 1, 1e-5},
    {"layer 2", LAYER, 3, {2, 3, 4}, 2, 12, 2, {3, 4}, 1, 1e-5},
    {"layer all", LAYER, 2, {2, 3}, 2, 6, 2, {2, 3}, 1, 0.1},
    {"rms", RMS, 3, {2, 2, 4}, 1, 4, 1, {4}, 1, 1e-6},
    {"rms 2", RMS, 3, {2, 2, 3}, 2, 6, 2, {2, 3}, 1, 0.5},
    {"group", GROUP, 4, {2, 4, 2, 3}, 2, 12, 1, {4}, 6, 1e-5},
    {"group of all", GROUP, 3, {2, 3, 2}, 1, 6, 1, {3}, 2, 1e-5},
    {"group of channels", GROUP, 2, {3, 6}, 3, 2, 1, {6}, 1, 1e-2},
    {"instance", INSTANCE, 4, {2, 3, 2, 2}, 0, 4, 1, {3}, 4, 1e-5},
    {"instance 1d", INSTANCE, 3, {2, 2, 5}, 0, 5, 1, {2}, 5, 1e-5},
};

static tg_tensor *apply(tg_tape *tape, const norm_case *c, tg_tensor *x, tg_tensor *w, tg_tensor *b)
{
    switch (c->kind) {
    case LAYER:
        return tg_layer_norm(tape, x, c->number, w, b, c->eps);
    case RMS:
        return tg_rms_norm(tape, x, c->number, w, c->eps);
    case GROUP:
        return tg_group_norm(tape, x, c->number, w, b, c->eps);
    default:
        return tg_instance_norm(tape, x, w, b, c->eps);
    }
}

/* Element i of the result, by two passes over its row. */
static double plain(const norm_case *c, const tg_tensor *x, int64_t i)
{
    const int64_t first = i / c->row * c->row;
    double mean = 0, power = 0;
    for (int64_t j = first; j < first + c->row && c->kind != RMS; j++) mean += read_at(x, j);
    mean /= (double)c->row;
    for (int64_t j = first; j < first + c->row; j++)
        power += (read_at(x, j) - mean) * (read_at(x, j) - mean);
    return (read_at(x, i) - mean) / sqrt(power / (double)c->row + c->eps);
}

START_TEST(values)
{
    const norm_case *c = &cases[_i];
    for (int how = 0; how < 4 * LAYOUTS; how++, tg_tape_reset(t)) {
        const tg_dtype dtype = how % 2 ? TG_F32 : TG_F64;
        const bool affine = how % 4 < 2, shifted = affine && c->kind != RMS;
        tg_tensor *x = laid_out(random_leaf(dtype, c->ndim, c->shape, -2, 5, 3), how / 4);
        tg_tensor *w = random_leaf(dtype, c->weight_ndim, c->weight_shape, -2, 2, 4);
        tg_tensor *b = random_leaf(dtype, c->weight_ndim, c->weight_shape, -2, 2, 5);
        const tg_tensor *y = apply(t, c, x, affine ? w : NULL, shifted ? b : NULL);
        assert_fine(t, c->name);
        ck_assert(y->dtype == dtype && tg_tensor_same_shape(x, y));
        for (int64_t i = 0; i < y->size; i++) {
            const int64_t k = i / c->inner % w->size;
            const double want =
                plain(c, x, i) * (affine ? read_at(w, k) : 1) + (shifted ? read_at(b, k) : 0);
            assert_close(c->name, dtype, i, 3, read_at(y, i), want, 16 * tolerance_of(dtype),
                         16 * tolerance_of(dtype));
        }
    }
}
END_TEST

static tg_tensor *of_dict(tg_tape *tape, const tg_dict *d, void *user)
{
    return apply(tape, user, tg_dict_get(d, "x"), tg_dict_get(d, "w"), tg_dict_get(d, "b"));
}

START_TEST(gradients)
{
    norm_case c = cases[_i];
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = tg_dict_new();
    (void)tg_dict_set(d, "x", random_leaf(TG_F64, c.ndim, c.shape, -2, 2, 6), &err);
    (void)tg_dict_set(d, "w", random_leaf(TG_F64, c.weight_ndim, c.weight_shape, 1, 2, 7), &err);
    if (c.kind != RMS)
        (void)tg_dict_set(d, "b", random_leaf(TG_F64, c.weight_ndim, c.weight_shape, 1, 2, 8),
                          &err);
    if (tg_gradcheck(of_dict, &c, d, NULL, NULL, &err) ||
        tg_gradgradcheck(of_dict, &c, d, NULL, NULL, &err))
        ck_abort_msg("%s: %s", c.name, err.text);
    tg_dict_free(d);
}
END_TEST

/* The purpose of a norm: x and a x + b give the same result, and for RMS x and a x do. */
START_TEST(invariance)
{
    const norm_case *c = &cases[_i];
    tg_tensor *x = random_leaf(TG_F64, c->ndim, c->shape, -1, 1, 9);
    tg_tensor *moved = tg_mul(t, x, tg_scalar(t, 1e6));
    if (c->kind != RMS) moved = tg_add(t, moved, tg_scalar(t, 3e6));
    norm_case exact = *c;
    exact.eps = 0;
    const tg_tensor *y = apply(t, &exact, x, NULL, NULL), *z = apply(t, &exact, moved, NULL, NULL);
    assert_fine(t, c->name);
    for (int64_t i = 0; i < y->size; i++)
        assert_close(c->name, TG_F64, i, 9, read_at(z, i), read_at(y, i), 1e-12, 1e-12);
}
END_TEST

START_TEST(nothing_and_constants)
{
    tg_tensor *flat = tensor_of(t, "f32[2,2]: 3 3 3 3");
    assert_tensor(t, "constant", tg_layer_norm(t, flat, 1, NULL, NULL, 1e-5), "f32[2,2]: 0 0 0 0",
                  0);
    assert_tensor(t, "no rows", tg_layer_norm(t, tensor_of(t, "f32[0,3]"), 1, NULL, NULL, 1e-5),
                  "f32[0,3]", 0);
    assert_tensor(t, "no columns", tg_rms_norm(t, tensor_of(t, "f64[2,0]"), 1, NULL, 0), "f64[2,0]",
                  0);
    assert_tensor(t, "no pixels", tg_group_norm(t, tensor_of(t, "f64[2,4,0]"), 2, NULL, NULL, 1e-5),
                  "f64[2,4,0]", 0);
}
END_TEST

static const struct {
    kind kind;
    int number;
    const char *x, *w, *b;
    double eps;
    tg_status status;
    const char *message;
} refused[] = {
    {LAYER, 1, "NULL", "NULL", "NULL", 1, TG_EARG, "layer_norm: an operand is NULL"},
    {LAYER, 3, "f32[2,3]", "NULL", "NULL", 1, TG_ESHAPE, "layer_norm: the last 3 axes of f32[2,3]"},
    {LAYER, 0, "f32[2,3]", "NULL", "NULL", 1, TG_ESHAPE, "layer_norm: the last 0 axes of f32[2,3]"},
    {LAYER, 1, "f32[2,3]", "f32[2]", "NULL", 1, TG_ESHAPE,
     "layer_norm: weight is f32[2], must be of shape [3]"},
    {LAYER, 2, "f32[2,3]", "f32[2,3]", "f32[3]", 1, TG_ESHAPE,
     "layer_norm: bias is f32[3], must be of shape [2,3]"},
    {LAYER, 1, "f32[2,3]", "NULL", "NULL", -1, TG_EARG, "layer_norm: eps is -1, must be 0 or more"},
    {LAYER, 1, "i32[2,3]", "NULL", "NULL", 1, TG_EDTYPE,
     "layer_norm: mean: i32[2,3] is not a float tensor (use tg_cast)"},
    {RMS, 1, "f32[3]", "f32[1]", "NULL", 1, TG_ESHAPE,
     "rms_norm: weight is f32[1], must be of shape [3]"},
    {GROUP, 3, "f32[2,4,1]", "NULL", "NULL", 1, TG_EARG, "group_norm: 3 groups of 4 channels"},
    {GROUP, 0, "f32[2,4,1]", "NULL", "NULL", 1, TG_EARG, "group_norm: 0 groups of 4 channels"},
    {GROUP, 1, "f32[4]", "NULL", "NULL", 1, TG_ESHAPE,
     "group_norm: x is f32[4], must have 2..7 axes"},
    {GROUP, 2, "f32[2,4,1]", "f32[2]", "NULL", 1, TG_ESHAPE,
     "group_norm: weight is f32[2], must be of shape [4]"},
    {INSTANCE, 0, "f32[2,4]", "NULL", "NULL", 1, TG_ESHAPE,
     "instance_norm: x is f32[2,4], must have 3..8 axes"},
    {INSTANCE, 0, "f32[2,4,1]", "NULL", "f32[1]", 1, TG_ESHAPE,
     "instance_norm: bias is f32[1], must be of shape [4]"},
};

START_TEST(refusals)
{
    norm_case c = {.kind = refused[_i].kind, .number = refused[_i].number, .eps = refused[_i].eps};
    ck_assert_ptr_null(apply(t, &c, tensor_of(t, refused[_i].x), tensor_of(t, refused[_i].w),
                             tensor_of(t, refused[_i].b)));
    assert_error(t, refused[_i].status, refused[_i].message);
}
END_TEST

SUITE("normalise", .with = {TAPE}, .timeout = 60,
      .tests = {
          {values, COUNT(cases)},
          {gradients, COUNT(cases)},
          {invariance, COUNT(cases)},
          {nothing_and_constants},
          {refusals, COUNT(refused)},
      })
