/* test_dict_slab.c - whole dicts: slabs, comparing and copying, and memory that runs out. */
#include "tapegrad/dict.h"

#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/suite.h"

static const entry mixed[] = {{"W", TG_F32, 2, 3}, {"n", TG_I32, 1, 5}, {"b", TG_F32, 1, 3},
                              {"e", TG_F32, 4, 0}, {"d", TG_F64, 3, 3}, {"m", TG_U8, 1, 1},
                              {"z", TG_F64, 2, 1}};

START_TEST(like_and_clone_are_slabs)
{
    tg_dict *d = make(mixed, COUNT(mixed));
    tg_tensor *whole = tg_dict_get(d, "W"); /* a transposed view becomes row-major */
    tg_tensor *turned = tg_tensor_view(whole, 2, (int64_t[]){3, 2}, (int64_t[]){1, 3}, 0, NULL);
    ck_assert_int_eq(tg_dict_take(d, "W", turned, NULL), TG_OK);
    ck_assert_int_eq(tg_dict_take(d, "s", tg_tensor_new(TG_F32, 0, NULL, NULL), NULL), TG_OK);
    tg_dict *like = tg_dict_like(d, NULL), *clone = tg_dict_clone(d, NULL);
    ck_assert_str_eq(layout(like), layout(d));
    ck_assert_str_eq(layout(clone), "W:f32[3,2] n:i32[1,5] b:f32[1,3] e:f32[4,0] d:f64[3,3] "
                                    "m:u8[1,1] z:f64[2,1] s:f32[]");
    for (int i = 0; i < tg_dict_size(d); i++) {
        const tg_tensor *x = tg_dict_at(d, i), *zero = tg_dict_at(like, i);
        const tg_tensor *copy = tg_dict_at(clone, i);
        ck_assert(tg_tensor_is_contiguous(copy));
        ck_assert_uint_eq((uintptr_t)copy->data % 64, 0);
        for (int64_t k = 0; k < x->size; k++) {
            ck_assert_double_eq(tg_tensor_get(zero, k), 0.0);
            ck_assert_double_eq(tg_tensor_get(copy, k), tg_tensor_get(x, k));
        }
        for (int j = 0; j < i; j++) /* one block per dtype, entries in order */
            if (tg_dict_at(clone, j)->dtype == copy->dtype) {
                ck_assert_ptr_eq(tg_dict_at(clone, j)->storage, copy->storage);
                ck_assert(copy->size == 0 || tg_dict_at(clone, j)->data < copy->data);
            }
    }
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(clone, "W"), 1), 3.0);
    tg_dict_free(d);
    tg_dict_free(like);
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(clone, "d"), 8), 48.0);
    tg_dict_free(clone);

    tg_error err = TG_ERROR_INIT;
    ck_assert_ptr_null(tg_dict_clone(NULL, &err));
    ck_assert_str_eq(err.text, "dict_like: dict is NULL");
    tg_dict *none = tg_dict_new(), *empty = tg_dict_clone(none, NULL);
    ck_assert_int_eq(tg_dict_size(empty), 0);
    tg_dict_free(none);
    tg_dict_free(empty);
}
END_TEST

static const entry base[] = {{"W", TG_F32, 2, 3}, {"b", TG_F32, 1, 3}};

static const struct {
    entry other[3];
    int n;
    tg_status status;
    const char *match, *copy; /* copy: from other to base; NULL where it succeeds */
} pairs[] = {
    {{{"W", TG_F32, 2, 3}, {"b", TG_F32, 1, 3}}, 2, TG_OK, "", NULL},
    {{{"b", TG_F32, 1, 3}, {"W", TG_F32, 2, 3}}, 2, TG_OK, "", NULL},
    {{{"W", TG_F32, 2, 3}, {"b", TG_F32, 1, 3}, {"c", TG_F32, 1, 1}},
     3,
     TG_EKEY,
     "'c' is in grads but not in params",
     NULL},
    {{{"W", TG_F32, 2, 3}},
     1,
     TG_EKEY,
     "'b' is in params but not in grads",
     "dict_copy: the source has no 'b'"},
    {{{"W", TG_F32, 2, 3}, {"b", TG_F32, 3, 1}},
     2,
     TG_ESHAPE,
     "'b' is f32[1,3] in params but f32[3,1] in grads",
     "dict_copy: 'b' is f32[1,3] in the destination but f32[3,1] in the source"},
    {{{"W", TG_F32, 2, 3}, {"b", TG_F64, 1, 3}},
     2,
     TG_EDTYPE,
     "'b' is f32[1,3] in params but f64[1,3] in grads",
     "dict_copy: 'b' is f32[1,3] in the destination but f64[1,3] in the source"},
};

START_TEST(match_and_copy)
{
    tg_dict *d = make(base, COUNT(base)), *other = make(pairs[_i].other, pairs[_i].n);
    (void)tg_tensor_fill(tg_dict_get(other, "W"), -7, NULL);
    tg_error err = TG_ERROR_INIT, copy_err = TG_ERROR_INIT;
    ck_assert_int_eq(tg_dict_match(d, "params", other, "grads", &err), pairs[_i].status);
    ck_assert_str_eq(err.text, pairs[_i].match);
    const bool fine = !pairs[_i].copy;
    ck_assert_int_eq(tg_dict_copy(d, other, &copy_err), fine ? TG_OK : pairs[_i].status);
    ck_assert_str_eq(copy_err.text, fine ? "" : pairs[_i].copy);
    /* W comes first and would be copied, but for the check of all keys before */
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(d, "W"), 5), fine ? -7.0 : 5.0);
    ck_assert_int_eq(tg_dict_match(NULL, "a", NULL, NULL, NULL), TG_OK);
    ck_assert_int_eq(tg_dict_copy(d, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_dict_copy(NULL, d, NULL), TG_EARG);
    tg_dict_free(d);
    tg_dict_free(other);
}
END_TEST

/* Any number of granted allocations gives an error without a leak, until it suffices. */
START_TEST(out_of_memory_is_an_error)
{
    bool done = false;
    long limit = 0;
    for (; !done; limit++) {
        allocations = 0;
        allowed = limit;
        tg_error err = TG_ERROR_INIT;
        tg_dict *d = tg_dict_new(), *clone = NULL;
        tg_status status = d ? TG_OK : tg_fail(&err, TG_ENOMEM, "new");
        char key[] = "a";
        for (; status == TG_OK && key[0] <= 'k'; key[0]++) /* one more than the first capacity */
            status = tg_dict_take(d, key, tg_tensor_new(TG_F32, 0, NULL, &err), &err);
        if (status == TG_OK && !(clone = tg_dict_clone(d, &err))) status = err.status;
        ck_assert_int_eq(status, err.status);
        ck_assert(status == TG_OK || status == TG_ENOMEM);
        done = status == TG_OK;
        tg_dict_free(d);
        tg_dict_free(clone);
        ck_assert_int_eq(alive, 0);
    }
    ck_assert_int_gt(limit, 20);
}
END_TEST

SUITE("dict_slab", .with = {COUNTED}, .timeout = 60,
      .tests = {
          {like_and_clone_are_slabs},
          {match_and_copy, COUNT(pairs)},
          {out_of_memory_is_an_error},
      })
