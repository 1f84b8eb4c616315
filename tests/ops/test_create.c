/* test_create.c - constants and ranges, and invalid lists of sizes or axes. */
#include <float.h>

#include "tests/support/tape.h"

static const op_row rows[] = {
    {"full", "value=0.1", {NULL}, "f32[]: 0.1", TG_OK},
    {"full", "value=0.1 dtype=f64 shape=2,1", {NULL}, "f64[2,1]: 0.1 0.1", TG_OK},
    {"full", "value=nan shape=2", {NULL}, "f32[2]: nan nan", TG_OK},
    {"full", "value=-inf shape=0,3 dtype=f64", {NULL}, "f64[0,3]", TG_OK},
    {"full", "value=-0 shape=1", {NULL}, "f32[1]: -0", TG_OK},
    {"full", "value=-2.9 dtype=i32 shape=1", {NULL}, "i32[1]: -2", TG_OK},
    {"full", "value=2147483647.5 dtype=i32", {NULL}, "i32[]: 2147483647", TG_OK},
    {"full", "value=-2147483648.5 dtype=i32", {NULL}, "i32[]: -2147483648", TG_OK},
    {"full", "value=255.9 dtype=u8", {NULL}, "u8[]: 255", TG_OK},
    {"full", "value=-0.9 dtype=u8", {NULL}, "u8[]: 0", TG_OK},
    {"full", "value=2147483648 dtype=i32", {NULL}, "full: 2.14748e+09 does not fit i32", TG_EARG},
    {"full", "value=256 dtype=u8 shape=0", {NULL}, "full: 256 does not fit u8", TG_EARG},
    {"full", "value=-1 dtype=u8", {NULL}, "full: -1 does not fit u8", TG_EARG},
    {"full", "value=1 shape=2,-1", {NULL}, "full: size -1 of axis 1 is negative", TG_ESHAPE},
    {"full", "value=1 shape=all", {NULL}, "full: -2147483648 dimensions, must be 0..8", TG_ESHAPE},
    {"full",
     "value=1 shape=4611686018427387904,4",
     {NULL},
     "full: the size of f32[4611686018427387904,4] overflows",
     TG_ENOMEM},
    {"full", "value=1", {"f32[]"}, "full: 1 operands given, takes 0", TG_EARG},
    {"linspace", "start=0 stop=1 n=5", {NULL}, "f32[5]: 0 0.25 0.5 0.75 1", TG_OK},
    {"linspace", "start=2 stop=-1 n=3 dtype=f64", {NULL}, "f64[3]: 2 0.5 -1", TG_OK},
    {"linspace", "start=-0 stop=7 n=2", {NULL}, "f32[2]: -0 7", TG_OK},
    {"linspace", "start=3 stop=3 n=3", {NULL}, "f32[3]: 3 3 3", TG_OK},
    {"linspace", "start=3 stop=7 n=1", {NULL}, "f32[1]: 3", TG_OK},
    {"linspace", "start=3 stop=7 n=0 dtype=f64", {NULL}, "f64[0]", TG_OK},
    {"linspace", "start=1 stop=nan n=3", {NULL}, "f32[3]: 1 nan nan", TG_OK},
    {"linspace", "start=1 stop=inf n=3", {NULL}, "f32[3]: 1 inf inf", TG_OK},
    {"linspace", "start=-inf stop=1 n=3", {NULL}, "f32[3]: -inf nan 1", TG_OK},
    {"linspace",
     "start=0 stop=1 n=-1",
     {NULL},
     "linspace: -1 numbers, must be at least 0",
     TG_ESHAPE},
    {"linspace",
     "start=0 stop=1 n=3 dtype=i32",
     {NULL},
     "linspace: i32 is not a float dtype",
     TG_EDTYPE},
    {"linspace", "start=0 stop=1 n=3", {"f32[]"}, "linspace: 1 operands given, takes 0", TG_EARG},
};

START_TEST(constants) { run_row(&rows[_i]); }
END_TEST

START_TEST(constants_like_others)
{
    static const char *const likes[] = {"f32[2,3]", "f64[]", "i32[0,2]", "u8[4]"};
    for (int i = 0; i < COUNT(likes); i++) {
        tg_tensor *x = laid_out(tensor_of(t, likes[i]), i);
        const tg_tensor *zero = tg_zeros_like(t, x), *one = tg_ones_like(t, x);
        ck_assert(zero->dtype == x->dtype && tg_tensor_same_shape(zero, x) && !zero->weak);
        ck_assert(one->dtype == x->dtype && tg_tensor_same_shape(one, x));
        for (int64_t k = 0; k < x->size; k++)
            ck_assert(read_at(zero, k) == 0 && read_at(one, k) == 1);
    }
    const tg_tensor *s = tg_scalar(t, 0.1);
    assert_tensor(t, "full_like", tg_full_like(t, tensor_of(t, "u8[2]"), 7.5), "u8[2]: 7 7", 0);
    assert_tensor(t, "zeros", tg_zeros(t, TG_I32, DIMS(2, 1)), "i32[2,1]: 0 0", 0);
    assert_tensor(t, "ones", tg_ones(t, TG_F64, 0, NULL), "f64[]: 1", 0);
    assert_fine(t, "constants");
    ck_assert(tg_full_like(t, tg_scalar(t, 3), 2)->weak);
    ck_assert(s->weak && s->dtype == TG_F64 && s->ndim == 0 && tg_item(s) == 0.1);
    ck_assert(tg_ones_like(t, tg_scalar(t, 3))->weak && tg_zeros_like(t, tg_scalar(t, 3))->weak);
}
END_TEST

/* Both ends are exact, and between them the numbers are those of NumPy, also where the distance of
 * the ends overflows or a step would be denormal. */
START_TEST(ranges_to_the_last_bit)
{
    static const struct {
        double start, stop;
        int64_t n;
    } r[] = {{0, 1, 11},         {-1, 1.1, 50},          {0.1, 0.3, 1001},
             {1e300, -1e300, 7}, {-DBL_MAX, DBL_MAX, 5}, {0, 1e-305, 1001},
             {5, 5, 4}};
    for (int k = 0; k < COUNT(r); k++) {
        const tg_tensor *y = tg_linspace(t, TG_F64, r[k].start, r[k].stop, r[k].n);
        const tg_tensor *z = tg_linspace(t, TG_F32, r[k].start, r[k].stop, r[k].n);
        const double last = (double)(r[k].n - 1);
        assert_fine(t, "linspace");
        ck_assert(read_at(y, 0) == r[k].start && read_at(y, r[k].n - 1) == r[k].stop);
        for (int64_t i = 0; i < r[k].n; i++) {
            const long double at = (long double)i / last;
            const double v = read_at(y, i);
            const long double want = r[k].start * (1 - at) + r[k].stop * at;
            if (fabsl(want) < DBL_MIN) continue;
            ck_assert_msg(is_close(v, (double)want, 4e-16, 4e-16 * fabs(r[k].start)),
                          "row %d, element %lld: %.17g", k, (long long)i, v);
            ck_assert(read_at(z, i) == (fabs(v) < FLT_MIN ? 0 : (float)v));
        }
        for (int64_t i = 1; k < 4 && i < r[k].n - 1; i++)
            ck_assert(read_at(y, i) == r[k].start + (r[k].stop - r[k].start) / last * (double)i);
    }
}
END_TEST

START_TEST(lists_that_are_none)
{
    tg_tensor *x = tensor_of(t, "f32[2]");
    const int64_t nine[9] = {2, 1, 1, 1, 1, 1, 1, 1, 1};
    const int axes[9] = {0};
#define REFUSED(call, status, text)                                                                \
    ck_assert(!(call)), assert_error(t, status, text), tg_tape_reset(t)
    REFUSED(tg_reshape(t, x, 1, NULL), TG_EARG, "reshape: the shape is NULL");
    REFUSED(tg_expand(t, x, 1, NULL), TG_EARG, "expand: the shape is NULL");
    REFUSED(tg_permute(t, x, 1, NULL), TG_EARG, "permute: the axes are NULL");
    REFUSED(tg_full(t, TG_F32, 1, NULL, 0), TG_EARG, "full: the shape is NULL");
    REFUSED(tg_reshape(t, x, 9, nine), TG_ESHAPE,
            "reshape: f32[2] has 2 elements, which do not fit the shape [2,1,1,1,1,1,1,1,...]");
    REFUSED(tg_reshape(t, x, -1, nine), TG_ESHAPE,
            "reshape: f32[2] has 2 elements, which do not fit the shape [?]");
    REFUSED(tg_expand(t, x, 9, nine), TG_ESHAPE,
            "expand: f32[2] does not broadcast to [2,1,1,1,1,1,1,1,...]");
    REFUSED(tg_permute(t, x, 9, axes), TG_EAXIS, "permute: 9 axes for f32[2]");
    REFUSED(tg_permute(t, x, -1, axes), TG_EAXIS, "permute: -1 axes for f32[2]");
    REFUSED(tg_full(t, TG_F32, 9, nine, 0), TG_ESHAPE, "full: 9 dimensions, must be 0..8");
    REFUSED(tg_full(t, TG_F32, -1, nine, 0), TG_ESHAPE, "full: -1 dimensions, must be 0..8");
    REFUSED(tg_full(t, TG_F32, DIMS(-2), 0), TG_ESHAPE, "full: size -2 of axis 0 is negative");
    REFUSED(tg_full(t, TG_DTYPE_COUNT, DIMS(2), 0), TG_EDTYPE, "full: 4 is not a dtype");
    REFUSED(tg_full(t, TG_U8, DIMS(2), 256), TG_EARG, "full: 256 does not fit u8");
    REFUSED(tg_full(t, TG_I32, DIMS(2), NAN), TG_EARG, "full: nan does not fit i32");
    REFUSED(tg_zeros_like(t, NULL), TG_EARG, "zeros_like: x is NULL");
    REFUSED(tg_full_like(t, NULL, 0), TG_EARG, "full_like: x is NULL");
    REFUSED(tg_zeros(t, TG_F32, 1, NULL), TG_EARG, "zeros: full: the shape is NULL");
    REFUSED(tg_ones(t, TG_F32, DIMS(-1)), TG_ESHAPE, "ones: full: size -1 of axis 0 is negative");
    REFUSED(tg_linspace(t, TG_DTYPE_COUNT, 0, 1, 3), TG_EDTYPE, "linspace: 4 is not a dtype");
}
END_TEST

SUITE("create", .with = {TAPE},
      .tests = {
          {constants, COUNT(rows)},
          {constants_like_others},
          {ranges_to_the_last_bit},
          {lists_that_are_none},
      })
