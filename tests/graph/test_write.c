/* test_write.c - elements of leaves: written, read and copied through any strides. */
#include "tests/support/error.h"
#include "tests/support/tape.h"

static const struct {
    int ndim;
    int64_t shape[8];
} shapes[] = {{0, {0}},       {1, {0}},       {1, {5}},       {2, {2, 3}},
              {3, {4, 1, 3}}, {3, {2, 0, 3}}, {3, {3, 2, 4}}, {8, {1, 2, 1, 2, 3, 2, 1, 2}}};

START_TEST(clones_are_row_major_in_every_layout)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        for (int s = 0; s < COUNT(shapes); s++) {
            tg_tensor *x = random_leaf((tg_dtype)d, shapes[s].ndim, shapes[s].shape, 0, 99, 3);
            x = laid_out(x, _i);
            tg_tensor *y = keep(tg_tensor_clone(x, &err)), *z = laid_out(x, (_i + 1) % LAYOUTS);
            ck_assert(tg_tensor_is_contiguous(y) && tg_tensor_same_shape(x, y));
            ck_assert_int_eq(tg_tensor_fill(z, 1, &err), TG_OK);
            for (int64_t i = 0; i < x->size; i++)
                if (read_at(y, i) != read_at(x, i) || tg_tensor_get(x, i) != read_at(x, i) ||
                    read_at(z, i) != 1)
                    ck_abort_msg("dtype %d, shape %d, element %d", d, s, (int)i);
            ck_assert_int_eq(tg_tensor_copy(z, x, &err), TG_OK);
            for (int64_t i = 0; i < x->size; i++)
                if (read_at(z, i) != read_at(x, i)) ck_abort_msg("copy: %d %d %d", d, s, (int)i);
        }
}
END_TEST

/* Writing through strides leaves the elements between them alone. */
START_TEST(gaps_are_not_written)
{
    static const char *const bases[] = {"f32[12]", "f64[12]", "i32[12]", "u8[12]"};
    static const int after_fill[] = {0, 9, 2, 9, 4, 5, 6, 9, 8, 9, 10, 11};
    static const int after_copy[] = {0, 3, 2, 4, 4, 5, 6, 1, 8, 2, 10, 11};
    tg_tensor *x = tensor_of(NULL, bases[_i]);
    tg_tensor *every = keep(tg_tensor_view(x, DIMS(2, 2), (int64_t[]){-6, 2}, 7, NULL)), *four;
    ck_assert_int_eq(tg_tensor_fill(every, 9, &err), TG_OK);
    for (int i = 0; i < 12; i++) ck_assert(read_at(x, i) == after_fill[i]);
    ck_assert_int_eq(tg_tensor_set(every, 1, 50, &err), TG_OK);
    ck_assert(read_at(x, 9) == 50 && read_at(x, 7) == 9);
    four = keep(tg_tensor_new(x->dtype, DIMS(2, 2), NULL));
    for (int i = 0; i < 4; i++) write_at(four, i, i + 1);
    ck_assert_int_eq(tg_tensor_copy(every, four, &err), TG_OK);
    for (int i = 0; i < 12; i++) ck_assert(read_at(x, i) == after_copy[i]);
}
END_TEST

static const struct {
    const char *x;
    double value, want; /* what is stored; unused where it does not fit */
    const char *text;   /* of the error of fill, after its name; NULL: it fits */
} stored[] = {
    {"f32[]", 0.1, (double)0.1f, NULL},
    {"f64[]", 0.1, 0.1, NULL},
    {"f64[]", NAN, NAN, NULL},
    {"f32[]", -INFINITY, -INFINITY, NULL},
    {"i32[]", -2.9, -2, NULL},
    {"i32[]", 2147483647.9, 2147483647, NULL},
    {"i32[]", -2147483648.9, -2147483648.0, NULL},
    {"u8[]", 255.9, 255, NULL},
    {"u8[]", -0.9, 0, NULL},
    {"i32[]", 2147483648.0, 0, "2.14748e+09 does not fit i32"},
    {"i32[]", -2147483649.0, 0, "-2.14748e+09 does not fit i32"},
    {"i32[]", NAN, 0, "nan does not fit i32"},
    {"i32[]", INFINITY, 0, "inf does not fit i32"},
    {"u8[]", 256, 0, "256 does not fit u8"},
    {"u8[]", -1, 0, "-1 does not fit u8"},
    {"u8[]", NAN, 0, "nan does not fit u8"},
};

START_TEST(values_are_rounded_or_refused)
{
    char text[64];
    const char *why = stored[_i].text;
    for (int k = 0; k < 2; k++) {
        tg_tensor *x = tensor_of(NULL, stored[_i].x);
        const tg_status status = k ? tg_tensor_set(x, 0, stored[_i].value, &err)
                                   : tg_tensor_fill(x, stored[_i].value, &err);
        ck_assert_int_eq(status, why ? TG_EARG : TG_OK);
        (void)snprintf(text, sizeof text, "%s: %s", k ? "set" : "fill", why ? why : "");
        assert_err(status, why ? text : "");
        assert_close("stored", x->dtype, 0, 0, tg_item(x), why ? 0 : stored[_i].want, 0, 0);
    }
}
END_TEST

START_TEST(elements_that_are_not_there)
{
    tg_tensor *x = tensor_of(NULL, "f32[2,3]"), *none = tensor_of(NULL, "f32[0,3]");
    const int64_t outside[] = {-1, 6, INT64_MAX, INT64_MIN};
    for (int i = 0; i < COUNT(outside); i++) {
        ck_assert(isnan(tg_tensor_get(x, outside[i])));
        ck_assert_int_eq(tg_tensor_set(x, outside[i], 1, NULL), TG_EINDEX);
    }
    ck_assert_int_eq(tg_tensor_set(none, 0, 1, &err), TG_EINDEX);
    assert_err(TG_EINDEX, "set: there is no element 0, the size is 0");
    ck_assert(isnan(tg_tensor_get(none, 0)) && isnan(tg_item(none)) && isnan(tg_item(x)));
    ck_assert_int_eq(tg_tensor_fill(none, 7, &err), TG_OK);
    ck_assert_int_eq(tg_tensor_copy(none, tensor_of(NULL, "f32[0,3]"), &err), TG_OK);
    ck_assert_int_eq(tg_tensor_copy(x, none, &err), TG_ESHAPE);
    assert_err(TG_ESHAPE, "copy: cannot copy f32[0,3] to f32[2,3]");
    ck_assert_int_eq(tg_tensor_copy(x, tensor_of(NULL, "f64[3]"), &err), TG_EDTYPE);
    assert_err(TG_EDTYPE, "copy: cannot copy f64[3] to f32[2,3]");
}
END_TEST

/* The values copied are those before the copy, even if source and target overlap. */
START_TEST(a_copy_may_overlap)
{
    tg_tensor *x = tensor_of(NULL, "i32[6]");
    tg_tensor *head = keep(tg_tensor_view(x, DIMS(5), (int64_t[]){1}, 0, NULL));
    tg_tensor *tail = keep(tg_tensor_view(x, DIMS(5), (int64_t[]){1}, 1, NULL));
    tg_tensor *back = keep(tg_tensor_view(x, DIMS(6), (int64_t[]){-1}, 5, NULL));
    ck_assert_int_eq(tg_tensor_copy(tail, head, &err), TG_OK);
    assert_tensor(NULL, "up", x, "i32[6]: 0 0 1 2 3 4", 0);
    ck_assert_int_eq(tg_tensor_copy(head, tail, &err), TG_OK);
    assert_tensor(NULL, "down", x, "i32[6]: 0 1 2 3 4 4", 0);
    ck_assert_int_eq(tg_tensor_copy(x, back, &err), TG_OK);
    assert_tensor(NULL, "back", x, "i32[6]: 4 4 3 2 1 0", 0);
    ck_assert_int_eq(tg_tensor_copy(x, x, &err), TG_OK);
    ck_assert_int_eq(tg_tensor_copy(x, tg_slice(t, x, 0, -1, TG_END, -1), &err), TG_OK);
    assert_tensor(NULL, "recorded", x, "i32[6]: 0 1 2 3 4 4", 0);
}
END_TEST

START_TEST(recorded_values_are_not_written)
{
    tg_tensor *x = tensor_of(NULL, "f32[2]: 1 2"), *y = tg_neg(t, x),
              *view = tg_stop_gradient(t, x);
    tg_tensor *recorded[] = {y, view};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tg_tensor_fill(recorded[i], 1, &err), TG_EARG);
        assert_err(TG_EARG, "fill: a value recorded on a tape cannot be written");
        ck_assert_int_eq(tg_tensor_set(recorded[i], 0, 1, &err), TG_EARG);
        assert_err(TG_EARG, "set: a value recorded on a tape cannot be written");
        ck_assert_int_eq(tg_tensor_copy(recorded[i], x, &err), TG_EARG);
        assert_err(TG_EARG, "copy: a value recorded on a tape cannot be written");
        ck_assert_ptr_eq(tg_tensor_ref(recorded[i]), recorded[i]);
        tg_tensor_free(recorded[i]);
        tg_tensor_free(recorded[i]);
    }
    assert_tensor(t, "neg", y, "f32[2]: -1 -2", 0);
    ck_assert_int_eq(tg_tensor_copy(x, y, &err), TG_OK); /* the other way round is fine */
    assert_tensor(t, "copy", x, "f32[2]: -1 -2", 0);
}
END_TEST

SUITE("write", .with = {TAPE, FRESH_ERROR},
      .tests = {
          {clones_are_row_major_in_every_layout, LAYOUTS},
          {gaps_are_not_written, TG_DTYPE_COUNT},
          {values_are_rounded_or_refused, COUNT(stored)},
          {elements_that_are_not_there},
          {a_copy_may_overlap},
          {recorded_values_are_not_written},
      })
