/* test_reduce_errors.c - what reductions refuse, and what they say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tests/support/tape.h"

static const struct {
    const char *op;
    tg_dtype dtype;
    int ndim;
    int64_t shape[2];
    const char *attrs;
    tg_status status;
    const char *text; /* after "OP: " */
} wrong[] = {
    {"sum", TG_F32, 2, {2, 3}, "axis=3", TG_EAXIS, "axis 3 is out of range for f32[2,3]"},
    {"max", TG_F64, 2, {2, 3}, "axis=0,-3", TG_EAXIS, "axis -3 is out of range for f64[2,3]"},
    {"sum", TG_F32, 2, {2, 3}, "axis=1,-1", TG_EAXIS, "axis -1 is given twice for f32[2,3]"},
    {"logsumexp", TG_F32, 0, {0}, "axis=0", TG_EAXIS, "axis 0 is out of range for f32[]"},
    {"argmax", TG_F32, 0, {0}, "axis=-1", TG_EAXIS, "axis -1 is out of range for f32[]"},
    {"argmax", TG_F32, 2, {2, 3}, "axis=0,1", TG_EAXIS, "takes one axis or all, not 2"},
    {"max", TG_F32, 2, {2, 0}, "axis=1", TG_ESHAPE, "axis 1 of f32[2,0] is empty"},
    {"argmax", TG_U8, 2, {0, 3}, "", TG_ESHAPE, "axis 0 of u8[0,3] is empty"},
    {"sum", TG_U8, 1, {3}, "", TG_EDTYPE, "u8[3] is not f32, f64 or i32 (use tg_cast)"},
    {"max", TG_U8, 1, {3}, "", TG_EDTYPE, "u8[3] is not f32, f64 or i32 (use tg_cast)"},
    {"logsumexp", TG_I32, 1, {3}, "", TG_EDTYPE, "i32[3] is not a float tensor (use tg_cast)"},
    {"sum_to", TG_F32, 2, {4, 3}, "shape=2,3", TG_ESHAPE, "[2,3] does not broadcast to f32[4,3]"},
    {"sum_to", TG_F32, 1, {3}, "shape=1,3", TG_ESHAPE, "[1,3] does not broadcast to f32[3]"},
    {"sum_to", TG_F32, 1, {1}, "shape=-1", TG_ESHAPE, "[-1] does not broadcast to f32[1]"},
    {"mean", TG_F32, 2, {2, 3}, "2", TG_EAXIS, "axis 2 is out of range for f32[2,3]"},
    {"mean", TG_I32, 1, {3}, "0", TG_EDTYPE, "i32[3] is not a float tensor (use tg_cast)"},
};

START_TEST(errors_name_what_is_wrong)
{
    char text[256];
    tg_tensor *x = tg_tensor_new(wrong[_i].dtype, wrong[_i].ndim, wrong[_i].shape, NULL);
    if (strcmp(wrong[_i].op, "mean") == 0)
        ck_assert_ptr_null(tg_mean(t, x, atoi(wrong[_i].attrs), false));
    else
        ck_assert_ptr_null(tg_apply_text(t, wrong[_i].op, &x, 1, wrong[_i].attrs));
    (void)snprintf(text, sizeof text, "%s: %s", wrong[_i].op, wrong[_i].text);
    ck_assert_str_eq(tg_tape_message(t), text);
    ck_assert_int_eq(tg_tape_status(t), wrong[_i].status);
    ck_assert_ptr_null(tg_sum_to(t, x, x->ndim, x->shape)); /* the tape stays poisoned */
    tg_tape_reset(t);
    tg_tensor_free(x);
}
END_TEST

static void assert_refused(const tg_tensor *y, tg_status status)
{
    ck_assert_ptr_null(y);
    ck_assert_int_eq(tg_tape_status(t), status);
    tg_tape_reset(t);
}

START_TEST(lists_and_huge_tensors_are_checked)
{
    tg_tensor *x = tg_tensor_new(TG_F32, 1, (int64_t[]){1}, NULL);
    const int axes[99] = {0};
    assert_refused(tg_sum_axes(t, x, -1, axes, false), TG_EARG);
    assert_refused(tg_max_axes(t, x, 1, NULL, false), TG_EARG);
    assert_refused(tg_mean_axes(t, x, 99, axes, false), TG_EAXIS);
    assert_refused(tg_sum_to(t, x, 1, NULL), TG_EARG);
    assert_refused(tg_sum_to(t, x, -1, NULL), TG_ESHAPE);
    assert_refused(tg_sum(t, NULL, 0, false), TG_EARG);
    assert_refused(tg_mean(t, NULL, 0, false), TG_EARG);
    assert_refused(tg_argmax(t, tg_expand(t, x, 1, (int64_t[]){1LL << 31}), 0, false), TG_ESHAPE);
    tg_tape *other = tg_tape_new();
    tg_tensor *foreign = tg_neg(other, x);
    assert_refused(tg_mean(t, foreign, 0, false), TG_ETAPE);
    assert_refused(tg_sum_to(t, foreign, 1, foreign->shape), TG_ETAPE);
    tg_tape_free(other);
    tg_tensor_free(x);
}
END_TEST

SUITE("reduce_errors", .with = {TAPE},
      .tests = {
          {errors_name_what_is_wrong, COUNT(wrong)},
          {lists_and_huge_tensors_are_checked},
      })
