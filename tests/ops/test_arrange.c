/* test_arrange.c - joining, splitting, reversing, repeating and padding, and rows by index. */
#include "tapegrad/plan.h"
#include "tests/support/composed.h"

#define PAIR(a, b)                                                                                 \
    (tg_tensor *[]) { a, b }
#define LIST(...)                                                                                  \
    (int64_t[]) { __VA_ARGS__ }

COMPOSED(concat0, tg_concat(t, 2, PAIR(x, x), 0))
COMPOSED(concat1, tg_concat(t, 2, PAIR(x, tg_slice(t, x, 1, 0, 1, 1)), -1))
COMPOSED(concat_wrong, tg_concat(t, 2, PAIR(x, tg_slice(t, x, 0, 0, 1, 1)), 1))
COMPOSED(concat_dtypes, tg_concat(t, 2, PAIR(x, tg_cast(t, x, TG_I32)), 0))
COMPOSED(concat_null, tg_concat(t, 2, PAIR(x, NULL), 0))
COMPOSED(concat_none, x ? tg_concat(t, 0, NULL, 0) : NULL)
COMPOSED(concat_no_list, x ? tg_concat(t, 2, NULL, 0) : NULL)
COMPOSED(stack0, tg_stack(t, 2, PAIR(x, x), 0))
COMPOSED(stack_last, tg_stack(t, 2, PAIR(x, tg_mul(t, x, x)), -1))
COMPOSED(stack_weak, tg_stack(t, 2, PAIR(tg_scalar(t, 4), x), 0))
COMPOSED(stack_wrong, tg_stack(t, 2, PAIR(x, tg_squeeze(t, x, 0)), 0))
COMPOSED(stack_axis, tg_stack(t, 1, &x, 2))
COMPOSED(squeeze, tg_squeeze(t, x, -2))
COMPOSED(squeeze_all, tg_squeeze(t, x, TG_ALL))
COMPOSED(unsqueeze, tg_unsqueeze(t, x, -1))
COMPOSED(unsqueeze0, tg_unsqueeze(t, x, 0))
COMPOSED(swapaxes, tg_swapaxes(t, x, 0, -1))
COMPOSED(moveaxis, tg_moveaxis(t, x, 0, -1))
COMPOSED(moveaxis_back, tg_moveaxis(t, x, -1, 0))
COMPOSED(flip, tg_flip(t, x, -1))
COMPOSED(flip_all, tg_flip(t, x, TG_ALL))
COMPOSED(roll, tg_roll(t, x, 1, -1))
COMPOSED(roll_back, tg_roll(t, x, -4, 1))
COMPOSED(roll_all, tg_roll(t, x, 2, TG_ALL))
COMPOSED(tile, tg_tile(t, x, 2, LIST(2, 2)))
COMPOSED(tile_last, tg_tile(t, x, 1, LIST(2)))
COMPOSED(tile_none, tg_tile(t, x, 1, LIST(0)))
COMPOSED(tile_negative, tg_tile(t, x, 2, LIST(1, -1)))
COMPOSED(repeat, tg_repeat(t, x, 2, 1))
COMPOSED(repeat0, tg_repeat(t, x, 2, 0))
COMPOSED(repeat_all, tg_repeat(t, x, 2, TG_ALL))
COMPOSED(repeat_negative, tg_repeat(t, x, -2, 0))
COMPOSED(repeat_much, tg_repeat(t, x, INT64_MAX, 0))
COMPOSED(set_row, tg_set_slice(t, x, 0, 1, 2, 1, tg_scalar(t, 9)))
COMPOSED(set_odd, tg_set_slice(t, x, -1, 1, TG_END, 2, tg_slice(t, x, 1, 0, 1, 1)))
COMPOSED(set_back, tg_set_slice(t, x, 1, -1, TG_END, -2, tensor_of(t, "i32[2]: 7 8")))
COMPOSED(set_far, tg_set_slice(t, x, 1, 9, 0, -1, tg_scalar(t, 5)))
COMPOSED(set_none, tg_set_slice(t, x, 1, 2, 1, 1, tg_scalar(t, 5)))
COMPOSED(set_wide, tg_set_slice(t, x, 1, 0, 2, 1, x))
COMPOSED(pad, tg_pad(t, x, LIST(0, 1, 1, 0), TG_PAD_CONSTANT, 7))
COMPOSED(pad_edge, tg_pad(t, x, LIST(1, 0, 1, 2), TG_PAD_EDGE, 0))
COMPOSED(pad_reflect, tg_pad(t, x, LIST(0, 1, 2, 1), TG_PAD_REFLECT, 0))
COMPOSED(pad_negative, tg_pad(t, x, LIST(0, 0, -1, 0), TG_PAD_CONSTANT, 0))
COMPOSED(pad_mode, tg_pad(t, x, LIST(0, 0), (tg_pad_mode)3, 0))
COMPOSED(take, tg_take(t, x, tensor_of(t, "i32[2]: -1 0"), 1))
COMPOSED(take_all, tg_take(t, x, tensor_of(t, "i32[1,3]: -1 0 4"), TG_ALL))
COMPOSED(embedding, tg_embedding(t, x, tensor_of(t, "i32[2,1]: 1 0")))

static const composed_row rows[] = {
    {"concat", concat0, "f32[1,2]", "f32[2,2]: 0 1 0 1", TG_OK},
    {"concat", concat1, "f64[2,2]", "f64[2,3]: 0 1 0 2 3 2", TG_OK},
    {"concat", concat1, "u8[0,2]", "u8[0,3]", TG_OK},
    {"concat", concat0, "i32[0]", "i32[0]", TG_OK},
    {"concat", concat0, "f32[]", "concat: axis 0 is out of range for 0 dimensions", TG_EAXIS},
    {"concat", concat_wrong, "f32[2,2]",
     "concat: f32[2,2] and f32[1,2] cannot be joined along axis 1", TG_ESHAPE},
    {"concat", concat_dtypes, "f32[2]",
     "concat: the dtypes of f32[2] and i32[2] differ (use tg_cast)", TG_EDTYPE},
    {"concat", concat_null, "f32[2]", "concat: operand 2 is NULL", TG_EARG},
    {"concat", concat_none, "f32[2]", "concat: 0 operands given, takes 1 or more", TG_EARG},
    {"concat", concat_no_list, "f32[2]", "concat: the list of operands is NULL", TG_EARG},
    {"stack", stack0, "f32[]: 3", "f32[2]: 3 3", TG_OK},
    {"stack", stack_last, "f32[3]", "f32[3,2]: 0 0 1 1 2 4", TG_OK},
    {"stack", stack_last, "i32[2,0]", "i32[2,0,2]", TG_OK},
    {"stack", stack_weak, "i32[]: 3", "i32[2]: 4 3", TG_OK},
    {"stack", stack_weak, "0.5", "f32[2]: 4 0.5", TG_OK},
    {"stack", stack_wrong, "f32[1]", "stack: the shapes of f32[1] and f32[] differ", TG_ESHAPE},
    {"stack", stack_axis, "f32[]", "stack: axis 2 is out of range for 1 dimensions", TG_EAXIS},
    {"stack", stack0, "NULL", "stack: an operand is NULL", TG_EARG},
    {"squeeze", squeeze, "f32[2,1,2]", "f32[2,2]", TG_OK},
    {"squeeze", squeeze, "f32[2,2]", "squeeze: the size of axis 0 of f32[2,2] is not 1", TG_ESHAPE},
    {"squeeze", squeeze_all, "u8[1,2,1,0]", "u8[2,0]", TG_OK},
    {"squeeze", squeeze_all, "f32[]", "f32[]", TG_OK},
    {"unsqueeze", unsqueeze, "f32[2]", "f32[2,1]", TG_OK},
    {"unsqueeze", unsqueeze0, "i32[]", "i32[1]", TG_OK},
    {"unsqueeze", unsqueeze0, "f32[1,1,1,1,1,1,1,1]",
     "unsqueeze: the operand has 8 dimensions already", TG_ESHAPE},
    {"swapaxes", swapaxes, "f32[2,1,3]", "f32[3,1,2]: 0 3 1 4 2 5", TG_OK},
    {"moveaxis", moveaxis, "f32[2,1,3]", "f32[1,3,2]: 0 3 1 4 2 5", TG_OK},
    {"moveaxis", moveaxis_back, "u8[2,1,3]", "u8[3,2,1]: 0 3 1 4 2 5", TG_OK},
    {"moveaxis", moveaxis, "f32[]", "moveaxis: axis 0 is out of range for 0 dimensions", TG_EAXIS},
    {"flip", flip, "f32[2,3]", "f32[2,3]: 2 1 0 5 4 3", TG_OK},
    {"flip", flip_all, "i32[2,3]", "i32[2,3]: 5 4 3 2 1 0", TG_OK},
    {"flip", flip_all, "f32[]", "f32[]", TG_OK},
    {"flip", flip, "f32[3,0]", "f32[3,0]", TG_OK},
    {"roll", roll, "f32[2,3]", "f32[2,3]: 2 0 1 5 3 4", TG_OK},
    {"roll", roll_back, "u8[2,3]", "u8[2,3]: 1 2 0 4 5 3", TG_OK},
    {"roll", roll_all, "f32[2,3]", "f32[2,3]: 4 5 0 1 2 3", TG_OK},
    {"roll", roll_all, "f32[]: 3", "f32[]: 3", TG_OK},
    {"roll", roll, "f32[2,0]", "f32[2,0]", TG_OK},
    {"tile", tile, "f32[2]", "f32[2,4]: 0 1 0 1 0 1 0 1", TG_OK},
    {"tile", tile_last, "i32[2,2]", "i32[2,4]: 0 1 0 1 2 3 2 3", TG_OK},
    {"tile", tile, "f32[]: 2", "f32[2,2]: 2 2 2 2", TG_OK},
    {"tile", tile, "f32[1,1,1,1,1,1,1,2]", "f32[1,1,1,1,1,1,2,4]: 0 1 0 1 0 1 0 1", TG_OK},
    {"tile", tile_none, "f32[2,2]", "f32[2,0]", TG_OK},
    {"tile", tile_negative, "f32[2]", "tile: repetition 1 is -1, must not be negative", TG_EARG},
    {"repeat", repeat, "f32[2,2]", "f32[2,4]: 0 0 1 1 2 2 3 3", TG_OK},
    {"repeat", repeat0, "u8[2,2]", "u8[4,2]: 0 1 0 1 2 3 2 3", TG_OK},
    {"repeat", repeat_all, "f32[2,2]", "f32[8]: 0 0 1 1 2 2 3 3", TG_OK},
    {"repeat", repeat_all, "f32[]: 2", "f32[2]: 2 2", TG_OK},
    {"repeat", repeat0, "f32[0,2]", "f32[0,2]", TG_OK},
    {"repeat", repeat_negative, "f32[2]", "repeat: -2 times, must not be negative", TG_EARG},
    {"repeat", repeat_much, "f32[2]", "repeat: the size of axis 0 overflows", TG_ENOMEM},
    {"set_slice", set_row, "f32[2,2]: 1 2 nan nan", "f32[2,2]: 1 2 9 9", TG_OK},
    {"set_slice", set_odd, "f32[2,4]", "f32[2,4]: 0 0 2 0 4 4 6 4", TG_OK},
    {"set_slice", set_back, "i32[1,4]", "i32[1,4]: 0 8 2 7", TG_OK},
    {"set_slice", set_far, "u8[1,4]", "u8[1,4]: 0 5 5 5", TG_OK},
    {"set_slice", set_none, "f32[1,4]", "f32[1,4]", TG_OK},
    {"set_slice", set_wide, "f32[1,3]", "set_slice: expand: f32[1,3] does not broadcast to [1,2]",
     TG_ESHAPE},
    {"pad", pad, "f32[1,2]", "f32[2,3]: 7 0 1 7 7 7", TG_OK},
    {"pad", pad, "u8[0,2]", "u8[1,3]: 7 7 7", TG_OK},
    {"pad", pad_edge, "f32[2,2]", "f32[3,5]: 0 0 1 1 1 0 0 1 1 1 2 2 3 3 3", TG_OK},
    {"pad", pad_edge, "f32[0,2]", "pad: cannot add 1 elements before axis 0 of f32[0,2]", TG_EARG},
    {"pad", pad_reflect, "i32[2,3]", "i32[3,6]: 2 1 0 1 2 1 5 4 3 4 5 4 2 1 0 1 2 1", TG_OK},
    {"pad", pad_reflect, "f64[2,3]", "f64[3,6]: 2 1 0 1 2 1 5 4 3 4 5 4 2 1 0 1 2 1", TG_OK},
    {"pad", pad_reflect, "f32[1,3]", "pad: cannot add 1 elements after axis 0 of f32[1,3]",
     TG_EARG},
    {"pad", pad_negative, "f32[2,2]", "pad: cannot add -1 elements before axis 1 of f32[2,2]",
     TG_EARG},
    {"pad", pad_mode, "f32[2]", "pad: there is no mode 3", TG_EARG},
    {"take", take, "f32[2,3]", "f32[2,2]: 2 0 5 3", TG_OK},
    {"take", take_all, "f32[2,3]", "f32[1,3]: 5 0 4", TG_OK},
    {"take", take_all, "f32[2]", "take: index 4 (element 2) is out of range for 2", TG_EINDEX},
    {"embedding", embedding, "f32[2,2]", "f32[2,1,2]: 2 3 0 1", TG_OK},
    {"embedding", embedding, "f32[2]", "embedding: the weight is f32[2], must have two axes",
     TG_ESHAPE},
};

START_TEST(compositions) { run_composed(&rows[_i]); }
END_TEST

START_TEST(split)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = tensor_of(t, "f32[2,3]"), *parts[3];
    ck_assert_int_eq(tg_split(t, x, 3, NULL, -1, parts), TG_OK);
    assert_tensor(t, "split", parts[1], "f32[2,1]: 1 4", 0);
    ck_assert_int_eq(tg_split(t, x, 3, LIST(0, 2, 1), 1, parts), TG_OK);
    assert_tensor(t, "split", parts[0], "f32[2,0]", 0);
    assert_tensor(t, "split", parts[1], "f32[2,2]: 0 1 3 4", 0);
    assert_tensor(t, "split", parts[2], "f32[2,1]: 2 5", 0);
    ck_assert_int_eq(tg_split(t, x, 2, NULL, 1, parts), TG_ESHAPE);
    assert_error(t, TG_ESHAPE, "split: axis 1 of f32[2,3] does not split into the 2 equal parts");
    ck_assert(!parts[0] && !parts[1]);
    tg_tape_reset(t);
    ck_assert_int_eq(tg_split(t, x, 2, LIST(4, -1), 1, parts), TG_ESHAPE);
    assert_error(t, TG_ESHAPE, "split: axis 1 of f32[2,3] does not split into the 2 sizes given");
    tg_tape_reset(t);
    ck_assert_int_eq(tg_split(t, x, 0, NULL, 1, parts), TG_EARG);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* More operands than a call keeps on its stack. Each gets its part of the gradient. */
START_TEST(many_operands)
{
    enum { N = 50 };
    tg_tape *t = tg_tape_new();
    tg_tensor *xs[N], *weights = random_leaf(TG_F32, DIMS(N), 0, 1, 1), *dx[N];
    for (int i = 0; i < N; i++) xs[i] = keep(tg_tensor_new(TG_F32, 0, NULL, NULL));
    tg_tensor *y = tg_sum(t, tg_mul(t, tg_stack(t, N, xs, 0), weights), TG_ALL, false);
    assert_fine(t, "stack");
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, N, xs, dx), TG_OK);
    for (int i = 0; i < N; i++) ck_assert(tg_item(dx[i]) == read_at(weights, i));
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* ---- nothing to do: still a value, that is not written with its leaf ------------------------ */

#define N(name, call)                                                                              \
    static tg_tensor *name(tg_tape *t, tg_tensor *x) { return call; }
N(flip_number, tg_flip(t, x, TG_ALL))
N(roll_by_0, tg_roll(t, x, 0, 1))
N(roll_by_size, tg_roll(t, x, 3, 1))
N(tile_number, tg_tile(t, x, 0, NULL))
N(tile_once, tg_tile(t, x, 2, (int64_t[]){1, 1}))
N(tile_more_axes, tg_tile(t, x, 3, (int64_t[]){1, 1, 1}))
N(repeat_once, tg_repeat(t, x, 1, 0))
N(repeat_row_once, tg_repeat(t, x, 1, TG_ALL))
N(pad_number, tg_pad(t, x, NULL, TG_PAD_EDGE, 0))
N(pad_by_0, tg_pad(t, x, (int64_t[]){0, 0, 0, 0}, TG_PAD_CONSTANT, 7))
N(einsum_number, tg_einsum(t, "->", 1, &x))
N(tensordot_number, tg_tensordot(t, x, tg_scalar(t, 1), 0, NULL, NULL))
N(sum_of_no_axes, tg_sum_axes(t, x, 0, NULL, false))
N(mean_of_no_axes, tg_mean_axes(t, x, 0, NULL, false))
N(max_of_no_axes, tg_max_axes(t, x, 0, NULL, false))
N(prod_of_no_axes, tg_prod_axes(t, x, 0, NULL, false))

static const struct {
    const char *name;
    tg_tensor *(*call)(tg_tape *t, tg_tensor *x);
    int ndim;
} idle[] = {
    {"flip", flip_number, 0},       {"roll by 0", roll_by_0, 2},
    {"roll by 3", roll_by_size, 2}, {"tile of 0-d", tile_number, 0},
    {"tile", tile_once, 2},         {"tile to 3-d", tile_more_axes, 2},
    {"repeat", repeat_once, 2},     {"repeat, flat", repeat_row_once, 2},
    {"pad of 0-d", pad_number, 0},  {"pad", pad_by_0, 2},
    {"einsum", einsum_number, 0},   {"tensordot", tensordot_number, 0},
    {"sum", sum_of_no_axes, 2},     {"mean", mean_of_no_axes, 2},
    {"max", max_of_no_axes, 2},     {"prod", prod_of_no_axes, 2},
};

START_TEST(what_has_nothing_to_do)
{
    tg_tape *t = tg_tape_new();
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = random_leaf(TG_F32, idle[_i].ndim, (int64_t[]){2, 3}, 1, 2, 1), *dx;
    tg_tensor *y = idle[_i].call(t, x);
    assert_fine(t, idle[_i].name);
    ck_assert_msg(y && y != x, "%s hands back its operand", idle[_i].name);
    ck_assert_msg(!tg_vjp(t, 1, &y, NULL, 1, &x, &dx), "%s: %s", idle[_i].name, tg_tape_message(t));
    for (int64_t i = 0; i < x->size; i++) ck_assert(read_at(dx, i) == 1);
    tg_plan *plan = tg_compile(t, 1, &y, &err);
    ck_assert_msg(plan, "%s: %s", idle[_i].name, err.text);
    const double before = tg_tensor_get(y, 0);
    ck_assert_int_eq(tg_tensor_set(x, 0, 9, &err), TG_OK);
    ck_assert_msg(tg_tensor_get(y, 0) == before, "%s is written with its leaf", idle[_i].name);
    tg_plan_free(plan);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

SUITE("arrange", .timeout = 60,
      .tests = {
          {compositions, COUNT(rows)},
          {what_has_nothing_to_do, COUNT(idle)},
          {split},
          {many_operands},
      })
