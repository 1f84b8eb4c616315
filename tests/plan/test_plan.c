/* test_plan.c - plans: the order of writes, kinds of outputs, what cannot be planned, and failures
 * of a run. */
#include "tapegrad.h"
#include "tests/support/counting.h"
#include "tests/support/error.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

/* ---- writes --------------------------------------------------------------------------------- */

/* Reads around two writes of one leaf: directly, by a view of it, and by a view of its storage. */
static void record_writes(tg_tensor *x, tg_tensor *part, tg_tensor **y)
{
    tg_tensor *view = tg_reshape(t, x, DIMS(3, 2)), *two = tg_scalar(t, 2);
    y[0] = tg_mul(t, x, two);
    y[1] = tg_exp(t, view);
    (void)tg_assign(t, x, tg_add(t, x, y[0]));
    y[2] = tg_mul(t, x, two); /* not y[0] */
    y[3] = tg_sum(t, part, TG_ALL, false);
    y[4] = tg_mul(t, view, tg_scalar(t, 1)); /* a copy, not x at the end */
    (void)tg_assign(t, x, tg_mul(t, y[2], tg_scalar(t, 0.25)));
    y[5] = tg_add(t, tg_exp(t, view), y[1]);
    y[6] = tg_transpose(t, view, 0, 1); /* what the leaf holds in the end */
    assert_fine(t, "writes");
}

START_TEST(writes_stay_in_order)
{
    tg_tensor *x = random_leaf(TG_F64, DIMS(2, 3), -1, 1, 1), *y[7];
    tg_tensor *part = keep(tg_tensor_view(x, DIMS(2), (const int64_t[]){1}, 2, &err));
    record_writes(x, part, y);
    tg_plan *p = compiled(t, 7, y);
    for (int k = 0; k < 4; k++) {
        tg_tensor *before = keep(tg_tensor_clone(x, &err)), *after;
        run_plan(p);
        after = keep(tg_tensor_clone(x, &err));
        ck_assert(tg_tensor_copy(x, before, &err) == TG_OK);
        tg_tape_reset(t);
        record_writes(x, part, y);
        assert_bits("x", x, after);
        for (int i = 0; i < 7; i++) {
            char what[16];
            (void)snprintf(what, sizeof what, "y[%d]", i);
            assert_bits(what, y[i], tg_plan_output(p, i));
        }
    }
    tg_plan_free(p);
}
END_TEST

/* Outputs: a constant, a view, the same twice, without elements; none at all. */
START_TEST(kinds_of_outputs)
{
    tg_tensor *x = random_leaf(TG_F32, DIMS(2, 3), -1, 1, 1), *y[6];
    y[0] = tg_full(t, TG_I32, DIMS(2), 7);
    y[1] = tg_transpose(t, x, 0, 1);
    y[2] = y[3] = tg_exp(t, x);
    y[4] = tg_exp(t, x);
    y[5] = tg_slice(t, y[2], 0, 1, 1, 1);
    tg_plan *p = compiled(t, 6, y), *none = compiled(t, 0, NULL);
    tg_tensor *first = keep(tg_tensor_ref(tg_plan_output(p, 0)));
    ck_assert(tg_tensor_fill(first, 3, &err) == TG_OK);
    run_plan(p);
    run_plan(none);
    for (int i = 0; i < 6; i++) assert_bits("output", y[i], tg_plan_output(p, i));
    ck_assert_int_eq(tg_plan_stats(p).nodes, 1);
    ck_assert(!tg_plan_output(p, 6) && !tg_plan_output(p, -1) && !tg_plan_grads(p));
    tg_plan_free(p);
    tg_plan_free(none);
    ck_assert(tg_item(tg_plan_output(NULL, 0)) != 0 && first->size == 2); /* held on its own */
    ck_assert_double_eq(tg_tensor_get(first, 1), 7);
}
END_TEST

/* ---- failures ------------------------------------------------------------------------------- */

START_TEST(failures_of_a_run)
{
    tg_tensor *x = random_leaf(TG_F64, DIMS(3, 3), 1, 2, 1), *i = tensor_of(NULL, "i32[2]: 0 2");
    tg_tensor *state = tensor_of(NULL, "f64[]: 1"), *y[2];
    tg_scope_push(t, "part");
    (void)tg_assign(t, state, tg_add(t, state, tg_scalar(t, 1)));
    y[0] = tg_take(t, x, i, 0);
    y[1] = tg_solve(t, x, y[0]->size ? tg_transpose(t, y[0], 0, 1) : NULL);
    assert_fine(t, "record");
    tg_plan *p = compiled(t, 2, y);
    tg_tape_free(t);
    t = tg_tape_new();
    write_at(i, 1, 3);
    ck_assert_int_eq(tg_plan_run(p, &err), TG_EINDEX);
    ck_assert_str_eq(err.text, "take: index 3 (element 1) is out of range for 3 (in part)");
    ck_assert_double_eq(tg_item(state), 3); /* written before it */
    write_at(i, 1, 1);
    for (int64_t k = 0; k < 9; k++) write_at(x, k, 1);
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_int_eq(tg_plan_run(p, &err), TG_EARG);
    ck_assert_msg(strstr(err.text, "solve: ") == err.text && strstr(err.text, " (in part)"), "%s",
                  err.text);
    for (int64_t k = 0; k < 9; k += 4) write_at(x, k, 3);
    run_plan(p);
    ck_assert_uint_eq(tg_plan_runs(p), 3);
    ck_assert_int_eq(tg_plan_run(NULL, NULL), TG_EARG);
    tg_plan_free(p);
    tg_plan_free(NULL);
}
END_TEST

static tg_tensor *identity(tg_tape *tape, tg_tensor *const *xs, int n, tg_rng *rng, void *user)
{
    (void)tape, (void)n, (void)rng, (void)user;
    return xs[0];
}

static void dice_forward(const tg_node *n, void *work)
{
    (void)work;
    *(double *)n->output->data = 4;
}

static tg_status dice_infer(tg_infer *c)
{
    c->dtype = TG_F64;
    return TG_OK;
}

static const tg_op dice = {
    .name = "dice", .flags = TG_OP_RANDOM, .infer = dice_infer, .forward = dice_forward};

START_TEST(what_cannot_be_planned)
{
    tg_tensor *x = tensor_of(NULL, "f64[2]: 1 2"), *none = NULL, *y = tg_exp(t, x);
    tg_tape *u = tg_tape_new();
    tg_tensor *other = tg_exp(u, x), *again = tg_checkpoint(t, identity, NULL, 1, &x, NULL);
    tg_scope_push(t, "game");
    tg_tensor *drawn = tg_record(t, &dice, NULL, 0, NULL);
    const struct {
        tg_tape *t;
        int n;
        tg_tensor *const *y;
        tg_status status;
        const char *message;
    } rows[] = {
        {NULL, 1, &y, TG_EARG, "compile: the tape is NULL"},
        {t, 1, NULL, TG_EARG, "compile: the list of outputs is NULL"},
        {t, -1, &y, TG_EARG, "compile: the number of outputs is negative"},
        {t, 1, &none, TG_EARG, "compile: outputs[0] is NULL"},
        {t, 1, &x, TG_ETAPE, "compile: outputs[0] is not a value of this tape"},
        {t, 1, &other, TG_ETAPE, "compile: outputs[0] is not a value of this tape"},
        {t, 1, &again, TG_EARG,
         "compile: checkpoint cannot be run again: its attributes are not described"},
        {t, 1, &drawn, TG_EARG,
         "compile: dice in game cannot be run again: no attribute is its counter, so it would "
         "draw the same numbers each time"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        err = (tg_error)TG_ERROR_INIT;
        ck_assert_ptr_null(tg_compile(rows[i].t, rows[i].n, rows[i].y, &err));
        ck_assert_str_eq(err.text, rows[i].message);
        ck_assert_int_eq(err.status, rows[i].status);
    }
    tg_plan_free(compiled(t, 1, &y)); /* what the output does not need does not prevent a plan */
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_ptr_null(tg_compile_grads(t, y, NULL, &err));
    ck_assert_str_eq(err.text,
                     "compile: grads is NULL; if tg_grad failed, tg_tape_message says why");
    (void)tg_add(t, x, NULL);
    ck_assert_ptr_null(tg_compile(t, 1, &y, NULL));
    ck_assert_ptr_null(tg_compile_grads(t, y, NULL, NULL));
    tg_tape_free(u);
}
END_TEST

SUITE("plan", .with = {COUNTED, TAPE, FRESH_ERROR}, .timeout = 120,
      .tests = {
          {writes_stay_in_order},
          {kinds_of_outputs},
          {failures_of_a_run},
          {what_cannot_be_planned},
      })
