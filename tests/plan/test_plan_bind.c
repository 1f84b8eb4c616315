/* test_plan_bind.c - tensors bound to a plan in place of leaves give the results of recording with
 * them. */
#include "tapegrad.h"
#include "tests/support/counting.h"
#include "tests/support/error.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

/* ---- what is computed ----------------------------------------------------------------------- */

enum { OUTPUTS = 8, ROWS = 70, COLS = 40 };

/* x read by loops (straight, along rows, transposed, in parts), by products, by reductions, by its
 * views, and by operations of its own; labels by a pick. */
static void record(tg_tensor *x, tg_tensor *row, tg_tensor *labels, tg_tensor **y)
{
    tg_tensor *two = tg_scalar(t, 2);
    tg_tensor *flat = tg_reshape(t, x, DIMS(ROWS * COLS)), *across = tg_transpose(t, x, 0, 1);
    tg_tensor *part = tg_slice(t, x, 0, 3, ROWS, 2);
    y[0] = tg_exp(t, tg_mul(t, x, two));
    y[1] = tg_add(t, tg_tanh(t, x), tg_mul(t, row, two));
    y[2] = tg_matmul(t, x, across);
    y[3] = tg_sum(t, tg_square(t, flat), TG_ALL, false);
    y[4] = tg_add(t, tg_exp(t, across), across);
    y[5] = tg_logsumexp(t, tg_neg(t, part), 1, false);
    y[6] = tg_cross_entropy(t, x, labels, NULL);
    y[7] = across;
    assert_fine(t, "record");
}

static tg_tensor *some_labels(int seed)
{
    int32_t data[ROWS];
    for (int i = 0; i < ROWS; i++) data[i] = (i * 7 + seed) % COLS;
    return keep(tg_tensor_from(TG_I32, 1, (const int64_t[]){ROWS}, data, &err));
}

static void bind(tg_plan *p, const tg_tensor *leaf, tg_tensor *x)
{
    ck_assert_msg(tg_plan_bind(p, leaf, x, &err) == TG_OK, "%s", err.text);
}

static void assert_recorded(const tg_plan *p, tg_tensor *x, tg_tensor *row, tg_tensor *labels)
{
    tg_tensor *y[OUTPUTS];
    tg_tape_reset(t);
    record(x, row, labels, y);
    for (int i = 0; i < OUTPUTS; i++) {
        char what[16];
        (void)snprintf(what, sizeof what, "y[%d]", i);
        assert_bits(what, y[i], tg_plan_output(p, i));
    }
}

static void all_readers_follow(tg_dtype dtype)
{
    tg_tensor *x[3], *row[3], *labels[3], *y[OUTPUTS];
    for (int k = 0; k < 3; k++) {
        x[k] = random_leaf(dtype, DIMS(ROWS, COLS), -1, 1, (uint64_t)k + 1);
        row[k] = random_leaf(dtype, DIMS(COLS), -1, 1, (uint64_t)k + 11);
        labels[k] = some_labels(k);
    }
    record(x[0], row[0], labels[0], y);
    tg_plan *p = compiled(t, OUTPUTS, y);
    const long before = allocations;
    for (int round = 0; round < 7; round++) {
        const int k = round % 3, l = round % 2;
        bind(p, x[0], x[k]);
        bind(p, row[0], row[l]);
        bind(p, labels[0], labels[2 - k]);
        ck_assert_int_eq(allocations, before);
        run_plan(p);
        assert_recorded(p, x[k], row[l], labels[2 - k]);
    }
    tg_plan_free(p);
}

START_TEST(all_readers_follow_f32) { all_readers_follow(TG_F32); }
END_TEST

START_TEST(all_readers_follow_f64) { all_readers_follow(TG_F64); }
END_TEST

/* A bound tensor may change, be released by others, and be a view. The leaf itself is not
 * touched. */
START_TEST(bound_tensor_is_held_and_read)
{
    tg_tensor *x = random_leaf(TG_F32, DIMS(4), -1, 1, 1);
    tg_tensor *was = keep(tg_tensor_clone(x, &err));
    tg_tensor *y = tg_square(t, x);
    tg_plan *p = compiled(t, 1, &y);
    tg_tensor *all = tg_tensor_new(TG_F32, 2, (const int64_t[]){3, 4}, &err);
    tg_tensor *part = tg_tensor_view(all, 1, (const int64_t[]){4}, (const int64_t[]){1}, 4, &err);
    bind(p, x, part);
    ck_assert(tg_tensor_fill(part, 3, &err) == TG_OK);
    tg_tensor_free(part);
    tg_tensor_free(all);
    run_plan(p);
    for (int i = 0; i < 4; i++) ck_assert_double_eq(read_at(tg_plan_output(p, 0), i), 9);
    assert_bits("the leaf", was, x);
    bind(p, x, x);
    run_plan(p);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq((float)read_at(tg_plan_output(p, 0), i),
                           (float)read_at(x, i) * (float)read_at(x, i));
    tg_plan_free(p);
}
END_TEST

/* Two plans of one leaf, and a training step that goes from batch to batch. */
START_TEST(training_goes_on_with_the_next_batch)
{
    tg_tensor *w[2], *x[4], *labels[4];
    tg_optimizer *opt[2];
    tg_dict *params[2];
    tg_plan *p = NULL;
    for (int i = 0; i < 2; i++) {
        params[i] = tg_dict_new();
        opt[i] = tg_momentum(tg_momentum_defaults(), &err);
        w[i] = tg_tensor_clone(random_leaf(TG_F32, DIMS(COLS, COLS), -1, 1, 5), &err);
        ck_assert(tg_dict_take(params[i], "W", w[i], &err) == TG_OK);
    }
    for (int k = 0; k < 4; k++) {
        x[k] = random_leaf(TG_F32, DIMS(ROWS, COLS), -1, 1, (uint64_t)k + 1);
        labels[k] = some_labels(k);
    }
    for (int step = 0; step < 9; step++) {
        const int k = step % 4;
        for (int i = 0; i < 2; i++) {
            if (i == 1 && p) {
                bind(p, x[0], x[k]);
                bind(p, labels[0], labels[k]);
                run_plan(p);
                continue;
            }
            tg_tensor *y = tg_matmul(t, x[k], tg_dict_at(params[i], 0));
            tg_tensor *loss = tg_cross_entropy(t, y, labels[k], NULL);
            tg_dict *grads = tg_grad(t, loss, params[i]);
            if (i == 1) {
                (void)tg_optimizer_record(t, opt[i], params[i], grads);
                p = compiled(t, 1, &loss);
            } else
                ck_assert(tg_optimizer_update(opt[i], params[i], grads, &err) == TG_OK);
            assert_fine(t, "step");
            tg_tape_reset(t);
        }
        assert_bits("W", tg_dict_at(params[0], 0), tg_dict_at(params[1], 0));
    }
    tg_plan_free(p);
    for (int i = 0; i < 2; i++) {
        tg_optimizer_free(opt[i]);
        tg_dict_free(params[i]);
    }
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------ */

static void assert_refused(tg_plan *p, const tg_tensor *leaf, tg_tensor *x, tg_status status,
                           const char *text)
{
    tg_error why = TG_ERROR_INIT;
    ck_assert_int_eq(tg_plan_bind(p, leaf, x, &why), status);
    ck_assert_msg(why.status == status && strstr(why.text, text), "%s", why.text);
    ck_assert_int_eq(tg_plan_bind(p, leaf, x, NULL), status);
}

START_TEST(refusals)
{
    tg_tensor *x = random_leaf(TG_F32, DIMS(2, 3), -1, 1, 1);
    tg_tensor *w = random_leaf(TG_F32, DIMS(2, 3), -1, 1, 2);
    tg_tensor *other = random_leaf(TG_F32, DIMS(2, 3), -1, 1, 3), *y[1];
    tg_tensor *wide = keep(tg_tensor_new(TG_F32, 2, (const int64_t[]){4, 6}, &err));
    tg_tensor *sparse =
        keep(tg_tensor_view(wide, 2, (const int64_t[]){2, 3}, (const int64_t[]){6, 2}, 0, &err));
    tg_tensor *w_again = keep(tg_tensor_view(w, 2, w->shape, w->strides, 0, &err));
    y[0] = tg_mul(t, x, w);
    (void)tg_assign(t, w, tg_add(t, w, y[0]));
    tg_plan *p = compiled(t, 1, y);
    assert_refused(NULL, x, other, TG_EARG, "the plan is NULL");
    assert_refused(p, NULL, other, TG_EARG, "the leaf is NULL");
    assert_refused(p, x, NULL, TG_EARG, "to be bound is NULL");
    assert_refused(p, x, y[0], TG_EARG, "recorded value");
    assert_refused(p, other, x, TG_EARG, "does not read");
    assert_refused(p, w, other, TG_EARG, "writes this leaf");
    assert_refused(p, x, w, TG_EARG, "writes memory");
    assert_refused(p, x, w_again, TG_EARG, "writes memory");
    assert_refused(p, x, tg_plan_output(p, 0), TG_EARG, "writes memory");
    assert_refused(p, x, random_leaf(TG_F64, DIMS(2, 3), -1, 1, 3), TG_EDTYPE, "f64");
    assert_refused(p, x, random_leaf(TG_F32, DIMS(3, 2), -1, 1, 3), TG_ESHAPE, "f32[3,2]");
    assert_refused(p, x, random_leaf(TG_F32, DIMS(6), -1, 1, 3), TG_ESHAPE, "f32[6]");
    assert_refused(p, x, sparse, TG_ESHAPE, "strides");
    tg_tensor *want = keep(tg_tensor_new(TG_F32, 2, x->shape, &err));
    for (int i = 0; i < 6; i++)
        ((float *)want->data)[i] = (float)read_at(x, i) * (float)read_at(w, i);
    run_plan(p); /* none of them has changed anything */
    assert_bits("x w", want, tg_plan_output(p, 0));
    tg_plan_free(p);
}
END_TEST

SUITE("plan_bind", .with = {COUNTED, TAPE, FRESH_ERROR},
      .tests = {
          {all_readers_follow_f32},
          {all_readers_follow_f64},
          {bound_tensor_is_held_and_read},
          {training_goes_on_with_the_next_batch},
          {refusals},
      })
