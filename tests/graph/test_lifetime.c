/* test_lifetime.c - ownership: values of another tape or from before a reset are refused, and
 * leaves live as long as a tape uses them. */
#include "tests/support/tape.h"

#define NOT_HERE "belongs to another tape or was dropped by a reset"

/* As every operand, and by every function of a sweep. */
static void assert_refused(tg_tensor *x)
{
    tg_tensor *fine = tensor_of(t, "f32[2]"), *out[1], *y;
    ck_assert_ptr_null(tg_neg(t, x));
    assert_error(t, TG_ETAPE, "neg: operand 1 " NOT_HERE);
    tg_tape_error(t)->status = TG_OK;
    ck_assert_ptr_null(tg_add(t, fine, x));
    assert_error(t, TG_ETAPE, "add: operand 2 " NOT_HERE);
    tg_tape_error(t)->status = TG_OK;
    ck_assert_ptr_null(tg_cast(t, x, x->dtype));
    assert_error(t, TG_ETAPE, "cast: operand 1 " NOT_HERE);
    tg_tape_error(t)->status = TG_OK;
    ck_assert_ptr_null(tg_assign(t, fine, x));
    tg_tape_error(t)->status = TG_OK;
    y = tg_neg(t, fine);
    ck_assert_int_eq(tg_vjp(t, 1, &x, NULL, 1, &fine, out), TG_ETAPE);
    assert_error(t, TG_ETAPE, "grad: output 1 is not on this tape");
    tg_tape_error(t)->status = TG_OK;
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, out), TG_ETAPE);
    assert_error(t, TG_ETAPE, "grad: tensor 1 is not on this tape");
    tg_tape_error(t)->status = TG_OK;
    ck_assert_int_eq(tg_vjp(t, 1, &y, &x, 1, &y, out), TG_ETAPE);
    assert_error(t, TG_ETAPE, "grad: cotangent 1 is not on this tape");
    tg_tape_error(t)->status = TG_OK;
}

START_TEST(values_of_another_tape)
{
    tg_tape *other = tg_tape_new();
    tg_tensor *x = tensor_of(t, "f32[2]");
    assert_refused(tg_neg(other, x));
    assert_refused(tg_stop_gradient(other, x));
    for (int i = 0; i < 40; i++) (void)tg_neg(t, x); /* its number exists here too */
    assert_refused(tg_neg(other, x));
    assert_tensor(t, "a copy", tg_neg(t, keep(tg_tensor_clone(tg_neg(other, x), NULL))),
                  "f32[2]: 0 1", 0);
    tg_tape_free(other);
}
END_TEST

START_TEST(values_from_before_a_reset)
{
    tg_tensor *x = tensor_of(t, "f32[2]"), *y = NULL;
    for (int i = 0; i < 20; i++) y = tg_neg(t, x);
    tg_tape_reset(t);
    assert_refused(y);
    for (int i = 0; i < 3; i++) {
        tg_tape_reset(t);
        (void)tg_neg(t, x);
        assert_refused(y);
    }
}
END_TEST

/* The memory of the dropped value has been used again, here for zeros. So it looks like a leaf, but
 * it must not be taken for one. */
START_TEST(values_whose_memory_is_used_again)
{
    const double fill[] = {0, 1, -1, NAN, 0x1p-1022};
    tg_tensor *x = tensor_of(t, "f32[2]");
    (void)tg_neg(t, x);
    tg_tensor *y = tg_neg(t, x);
    for (int i = 0; i < COUNT(fill); i++) {
        tg_tape_reset(t);
        ck_assert_ptr_nonnull(tg_full(t, TG_F64, DIMS(2000), fill[i]));
        ck_assert_ptr_null(tg_neg(t, y));
        assert_error(t, TG_ETAPE, "neg: operand 1 " NOT_HERE);
    }
}
END_TEST

START_TEST(leaves_live_as_long_as_a_tape_uses_them)
{
    tg_tape *other = tg_tape_new();
    tg_tensor *x = tg_tensor_from(TG_F32, DIMS(3), (float[]){1, 2, 3}, NULL), *dx;
    tg_tensor *view = tg_tensor_view(x, DIMS(2), (int64_t[]){-1}, 2, NULL);
    tg_tensor *y = tg_square(t, x), *z = tg_neg(other, x), *same = tg_cast(t, x, TG_F32);
    tg_tensor *tail = tg_slice(t, view, 0, 1, TG_END, 1), *again = tg_reshape(other, x, DIMS(3, 1));
    tg_tensor_free(x);
    tg_tensor_free(view);
    assert_tensor(t, "square", y, "f32[3]: 1 4 9", 0);
    assert_tensor(t, "cast", same, "f32[3]: 1 2 3", 0);
    assert_tensor(t, "slice", tail, "f32[1]: 2", 0);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "dx", dx, "f32[3]: 2 4 6", 0);
    tg_tape_reset(t); /* the other tape still holds it */
    assert_tensor(other, "neg", tg_add(other, z, x), "f32[3]: 0 0 0", 0);
    assert_tensor(other, "reshape", again, "f32[3,1]: 1 2 3", 0);
    tg_tape_free(other);
}
END_TEST

/* Also where there is nothing to do: a leaf returned as it is would end with its owner's
 * reference. */
START_TEST(results_belong_to_the_tape)
{
    const int64_t shape[] = {2, 3}, ones[] = {1, 1}, none[4] = {0};
    tg_tensor *x = tensor_of(t, "f32[2,3]");
    const struct {
        const char *call;
        tg_tensor *y;
    } rows[] = {
        {"cast", tg_cast(t, x, TG_F32)},
        {"reshape", tg_reshape(t, x, 2, shape)},
        {"expand", tg_expand(t, x, 2, shape)},
        {"permute", tg_permute(t, x, 2, (int[]){0, 1})},
        {"transpose", tg_transpose(t, x, 1, 1)},
        {"slice", tg_slice(t, x, 0, 0, TG_END, 1)},
        {"concat", tg_concat(t, 1, &x, 0)},
        {"squeeze", tg_squeeze(t, x, TG_ALL)},
        {"moveaxis", tg_moveaxis(t, x, 1, 1)},
        {"einsum", tg_einsum(t, "ij", 1, &x)},
        {"sum over no axis", tg_sum_axes(t, x, 0, NULL, false)},
        {"sum_to its own shape", tg_sum_to(t, x, 2, shape)},
        {"roll by 0", tg_roll(t, x, 0, 0)},
        {"tile once", tg_tile(t, x, 2, ones)},
        {"repeat once", tg_repeat(t, x, 1, 0)},
        {"pad by nothing", tg_pad(t, x, none, TG_PAD_CONSTANT, 0)},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        const tg_tensor *y = rows[i].y;
        ck_assert_msg(y, "%s: %s", rows[i].call, tg_tape_message(t));
        ck_assert_msg(y->tape == t && tg_tape_value(t, y->id) == y, "%s gives x itself",
                      rows[i].call);
    }
}
END_TEST

/* A leaf that no operation used belongs to its caller alone. */
START_TEST(unused_leaves_are_not_held)
{
    tg_tensor *x = tg_tensor_new(TG_F32, DIMS(2), NULL);
    (void)tg_zeros_like(t, x);
    ck_assert_int_eq(tg_tape_size(t), 1);
    tg_tensor_free(x);
}
END_TEST

/* A recorded view shows the leaf. A gradient through a leaf that was written since is refused. */
START_TEST(views_see_what_is_written)
{
    tg_tensor *x = tensor_of(t, "f32[2,2]"), *dx;
    tg_tensor *views[] = {tg_reshape(t, x, DIMS(4)),       tg_transpose(t, x, 0, 1),
                          tg_slice(t, x, 0, 1, TG_END, 1), tg_expand(t, x, DIMS(3, 2, 2)),
                          tg_stop_gradient(t, x),          tg_cast(t, x, TG_F32)};
    for (int i = 0; i < COUNT(views); i++) ck_assert_ptr_eq(views[i]->storage, x->storage);
    tg_tensor *y = tg_square(t, views[0]), *other = tg_square(t, tensor_of(t, "f32[]: 3"));
    ck_assert_int_eq(tg_tensor_fill(x, 7, NULL), TG_OK);
    for (int i = 0; i < COUNT(views); i++) ck_assert(read_at(views[i], 0) == 7);
    ck_assert(read_at(y, 3) == 9);
    tg_tensor *leaf = tg_tape_value(t, other->node->input_ids[0]);
    ck_assert_int_eq(tg_vjp(t, 1, &other, NULL, 1, &leaf, &dx), TG_OK); /* not in its way */
    assert_tensor(t, "dx", dx, "f32[]: 6", 0);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_EGRAD);
    assert_error(
        t, TG_EGRAD,
        "grad: an operand of square has changed since it was recorded (by an optimizer, assign "
        "or tg_tensor_touch); reset the tape and record again");
}
END_TEST

/* Every way to write counts. */
static void by_fill(tg_tensor *x) { (void)tg_tensor_fill(x, 1, NULL); }
static void by_set(tg_tensor *x) { (void)tg_tensor_set(x, 0, 1, NULL); }
static void by_copy(tg_tensor *x) { (void)tg_tensor_copy(x, tensor_of(NULL, "f32[2]"), NULL); }
static void by_hand(tg_tensor *x)
{
    ((float *)x->data)[0] = 5;
    tg_tensor_touch(x);
}
static void by_view(tg_tensor *x)
{
    (void)tg_tensor_fill(keep(tg_tensor_view(x, 0, NULL, (int64_t[]){0}, 1, NULL)), 5, NULL);
}
static void by_assign(tg_tensor *x) { (void)tg_assign(t, x, tensor_of(t, "f32[2]")); }

static void (*const writes[])(tg_tensor *) = {by_fill, by_set,  by_copy,
                                              by_hand, by_view, by_assign};

START_TEST(every_write_is_noticed)
{
    tg_tensor *x = tensor_of(t, "f32[2]"), *y = tg_exp(t, x), *dx;
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    writes[_i](x);
    assert_fine(t, "write");
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_EGRAD);
    tg_tape_reset(t);
    y = tg_exp(t, x);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
}
END_TEST

SUITE("lifetime", .with = {TAPE},
      .tests = {
          {values_of_another_tape},
          {values_from_before_a_reset},
          {values_whose_memory_is_used_again},
          {leaves_live_as_long_as_a_tape_uses_them},
          {results_belong_to_the_tape},
          {unused_leaves_are_not_held},
          {views_see_what_is_written},
          {every_write_is_noticed, COUNT(writes)},
      })
