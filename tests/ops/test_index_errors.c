/* test_index_errors.c - indices out of range, and shapes and dtypes that do not fit an index. */
#include "tests/support/close.h"

#define OUT "is out of range for"
#define EIGHT "f32[1,1,1,1,1,1,1,1]"

static const op_row table[] = {
    /* one past either end; the first that is wrong is named */
    {"take", NULL, {"f32[3]", "i32[3]: 0 3 -9"}, "take: index 3 (element 1) " OUT " 3", TG_EINDEX},
    {"take", NULL, {"f32[3]", "i32[1]: -4"}, "take: index -4 (element 0) " OUT " 3", TG_EINDEX},
    {"take", NULL, {"f32[2,3]", "i32[]: 2"}, "take: index 2 (element 0) " OUT " 2", TG_EINDEX},
    {"take", NULL, {"f32[0,3]", "i32[1]: 0"}, "take: index 0 (element 0) " OUT " 0", TG_EINDEX},
    {"take", "axis=1", {"f32[0,3]", "i32[1]: 3"}, "take: index 3 (element 0) " OUT " 3", TG_EINDEX},
    {"take",
     NULL,
     {"f32[3]", "i32[1]: 2147483647"},
     "take: index 2147483647 (element 0) " OUT " 3",
     TG_EINDEX},
    {"segment_sum",
     "size=2",
     {"f32[2]", "i32[2]: -2 -2147483648"},
     "segment_sum: index -2147483648 (element 1) " OUT " 2",
     TG_EINDEX},
    {"segment_sum",
     "size=0",
     {"f32[1]", "i32[1]: 0"},
     "segment_sum: index 0 (element 0) " OUT " 0",
     TG_EINDEX},
    {"pick", NULL, {"f32[2,3]", "i32[2]: 0 3"}, "pick: index 3 (element 1) " OUT " 3", TG_EINDEX},
    {"pick", NULL, {"f32[2,0]", "i32[2]"}, "pick: index 0 (element 0) " OUT " 0", TG_EINDEX},
    {"pick", NULL, {"f32[2,3]", "i32[2]: -1 0"}, "pick: index -1 (element 0) " OUT " 3", TG_EINDEX},
    {"unpick",
     "n=2",
     {"f32[1]", "i32[1]: -1"},
     "unpick: index -1 (element 0) " OUT " 2",
     TG_EINDEX},
    {"one_hot", "depth=3", {"i32[2]: 0 -1"}, "one_hot: index -1 (element 1) " OUT " 3", TG_EINDEX},
    {"one_hot", "depth=3", {"i32[1]: 3"}, "one_hot: index 3 (element 0) " OUT " 3", TG_EINDEX},
    /* dtypes, axes and shapes */
    {"take", NULL, {"f32[3]", "f32[2]"}, "take: the index is f32[2], must be i32", TG_EDTYPE},
    {"take", NULL, {"f32[3]", "u8[2]"}, "take: the index is u8[2], must be i32", TG_EDTYPE},
    {"pick", NULL, {"f32[2,3]", "f64[2]"}, "pick: the index is f64[2], must be i32", TG_EDTYPE},
    {"one_hot", "depth=2", {"f32[2]"}, "one_hot: the index is f32[2], must be i32", TG_EDTYPE},
    {"segment_sum",
     "size=3",
     {"i32[2]", "i32[2]"},
     "segment_sum: i32[2] is not a float tensor (use tg_cast)",
     TG_EDTYPE},
    {"take", NULL, {"f32[]", "i32[2]"}, "take: axis 0 is out of range for 0 dimensions", TG_EAXIS},
    {"take",
     "axis=2",
     {"f32[2,3]", "i32[2]"},
     "take: axis 2 is out of range for 2 dimensions",
     TG_EAXIS},
    {"segment_sum",
     "axis=1 size=3",
     {"f32[2]", "i32[2]"},
     "segment_sum: axis 1 is out of range for 1 dimensions",
     TG_EAXIS},
    {"segment_sum",
     "size=3",
     {"f32[2]", "i32[3]"},
     "segment_sum: f32[2] does not match the index i32[3] from axis 0 on",
     TG_ESHAPE},
    {"segment_sum",
     "size=3",
     {"f32[2]", "i32[1,2]"},
     "segment_sum: f32[2] does not match the index i32[1,2] from axis 0 on",
     TG_ESHAPE},
    {"segment_sum",
     "size=-1",
     {"f32[0]", "i32[0]"},
     "segment_sum: size -1 of axis 0 is negative",
     TG_ESHAPE},
    {"pick", NULL, {"f32[]", "i32[]"}, "pick: a 0-d tensor has no rows", TG_ESHAPE},
    {"pick",
     NULL,
     {"f32[2,3]", "i32[3]"},
     "pick: the index i32[3] is not one number for each row of f32[2,3]",
     TG_ESHAPE},
    {"pick",
     NULL,
     {"f32[2,3]", "i32[2,1]"},
     "pick: the index i32[2,1] is not one number for each row of f32[2,3]",
     TG_ESHAPE},
    {"unpick",
     "n=3",
     {"f32[2]", "i32[]"},
     "unpick: the index i32[] is not one number for each row of f32[2]",
     TG_ESHAPE},
    {"unpick", "n=-3", {"f32[0]", "i32[0]"}, "unpick: size -3 of axis 1 is negative", TG_ESHAPE},
    {"one_hot", "depth=-1", {"i32[0]"}, "one_hot: size -1 of axis 1 is negative", TG_ESHAPE},
    /* a ninth dimension */
    {"take",
     NULL,
     {EIGHT, "i32[1,1]: 0"},
     "take: the result would have 9 dimensions, at most 8",
     TG_ESHAPE},
    {"segment_sum",
     "size=1",
     {EIGHT, "i32[]: 0"},
     "segment_sum: the result would have 9 dimensions, at most 8",
     TG_ESHAPE},
    {"unpick",
     "n=1",
     {EIGHT, "i32[1,1,1,1,1,1,1,1]"},
     "unpick: the result would have 9 dimensions",
     TG_ESHAPE},
    {"one_hot",
     "depth=1",
     {"i32[1,1,1,1,1,1,1,1]"},
     "one_hot: the result would have 9 dimensions",
     TG_ESHAPE},
    {"one_hot",
     "depth=9223372036854775807",
     {"i32[2]"},
     "one_hot: the size of f32[2,9223372036854775807] overflows",
     TG_ENOMEM},
};

START_TEST(refusals) { run_row(&table[_i]); }
END_TEST

/* The values of an index are checked before anything is computed, and are never used unchecked. */
START_TEST(an_index_that_changes)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = tensor_of(t, "f32[3]"), *index = tensor_of(t, "i32[2]: 1 2"), *dx;
    tg_tensor *y = tg_take(t, x, index, 0);
    assert_tensor(t, "take", y, "f32[2]: 1 2", 0);
    ck_assert_int_eq(tg_tensor_fill(index, 99, NULL), TG_OK);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_EGRAD);
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_take(t, x, index, 0));
    assert_error(t, TG_EINDEX, "take: index 99 (element 0) " OUT " 3");
    tg_tape_free(t);
    free_leaves();
}
END_TEST

SUITE("index_errors", .tests = {
                          {refusals, COUNT(table)},
                          {an_index_that_changes},
                      })
