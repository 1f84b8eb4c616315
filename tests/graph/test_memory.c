/* test_memory.c - memory: a training loop allocates nothing after its first iteration, and every
 * allocation may fail without a crash, a leak or a wrong number. */
#include "tests/support/close.h"
#include "tests/support/memory.h"

/* ---- programs ------------------------------------------------------------------------------- */

/* A custom operation with any number of operands, the first of which it returns. */
static void first_forward(const tg_node *n, void *work)
{
    memset(work, 0, (size_t)n->n_inputs * 1000);
    for (int64_t i = 0; i < n->output->size; i++)
        ((float *)n->output->data)[i] = (float)read_at(n->inputs[0], i);
}
static size_t first_work(const tg_node *n) { return (size_t)n->n_inputs * 1000; }
static tg_tensor *first_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)t, (void)n;
    return i == 0 ? dy : NULL;
}
static const tg_op first = {.name = "first",
                            .formula = "the first of them",
                            .min_inputs = 1,
                            .max_inputs = -1,
                            .infer = tg_infer_same,
                            .work_size = first_work,
                            .forward = first_forward,
                            .vjp = first_vjp};

enum { LEAVES = 70 }; /* floats; one more holds the index 0 */

/* A bit of everything; loss = sum (3 x[0]^2), so that the gradient is 6 x[0]. */
static tg_status record(tg_tape *t, tg_tensor *const *x, double *slope)
{
    tg_tensor *y, *z, *dx = NULL, *many[LEAVES];
    tg_rng rng = tg_rng_make(1, 0);
    tg_scope_push(t, "a scope with a name that is longer than what was there before");
    for (int i = 0; i < LEAVES; i++) many[i] = tg_neg(t, tg_neg(t, x[i]));
    y = tg_apply(t, &first, many, LEAVES, NULL);
    tg_scope_push(t, "inner");
    z = tg_mul(t, tg_square(t, y), tg_scalar(t, 3));
    z = tg_where(
        t, tg_less_equal(t, tg_bernoulli(t, &rng, TG_F32, DIMS(9, 1, 1), 0.5), tg_scalar(t, 1)), z,
        y);
    z = tg_apply_text(t, "slice", &z, 1, "axis=0 start=8 step=-9");
    z = tg_take(t, tg_transpose(t, z, 0, 2), x[LEAVES], -1);
    z = tg_sum(t, tg_reshape(t, z, DIMS(-1)), TG_ALL, false);
    tg_scope_pop(t);
    tg_tensor *loss[] = {z}, *dy = tg_ones_like(t, z);
    const tg_status status = tg_vjp(t, 1, loss, &dy, 1, (tg_tensor *[]){x[0]}, &dx);
    if (dx) *slope = tg_tensor_get(dx, dx->size - 1);
    return status;
}

static bool make_leaves(tg_tensor **x, int64_t n, tg_error *err)
{
    for (int i = 0; i < LEAVES; i++) {
        x[i] = tg_tensor_new(TG_F32, DIMS(1, n, 1), err);
        if (!x[i]) return false;
        (void)tg_tensor_fill(x[i], 2, err);
    }
    x[LEAVES] = tg_tensor_new(TG_I32, DIMS(1), err);
    return x[LEAVES] != NULL;
}

static void drop_leaves(tg_tensor **x)
{
    for (int i = 0; i <= LEAVES; i++) tg_tensor_free(x[i]);
}

/* ---- no call after the first iteration ------------------------------------------------------ */

static const int64_t sizes[] = {0, 1, 10, 300, 5000};

START_TEST(equal_iterations_allocate_once)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x[LEAVES + 1];
    double slope = 0;
    ck_assert(make_leaves(x, sizes[_i], NULL));
    size_t bytes = 0;
    for (int i = 0; i < 5; i++) {
        const long calls = memory.asked;
        tg_tape_reset(t);
        ck_assert_int_eq(record(t, x, &slope), TG_OK);
        if (sizes[_i] > 0) ck_assert(slope == 12);
        if (i > 0) ck_assert_int_eq(memory.asked, calls);
        if (i > 0) ck_assert_uint_eq(tg_tape_bytes(t), bytes);
        bytes = tg_tape_bytes(t);
    }
    /* Nor do smaller sizes, an error, and the same again. */
    tg_tape_reset(t);
    const long calls = memory.asked;
    ck_assert_ptr_nonnull(tg_neg(t, x[0]));
    ck_assert_ptr_null(tg_take(t, x[0], x[LEAVES], 5));
    ck_assert_int_eq(memory.asked, calls);
    tg_tape_reset(t);
    ck_assert_int_eq(record(t, x, &slope), TG_OK);
    ck_assert_int_eq(memory.asked, calls);
    tg_tape_free(t);
    drop_leaves(x);
}
END_TEST

/* Iterations of two kinds alternate. The memory of the larger one serves both. */
START_TEST(alternating_sizes_settle)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x[LEAVES + 1], *y[LEAVES + 1];
    double slope;
    ck_assert(make_leaves(x, 3, NULL) && make_leaves(y, 4000, NULL));
    long calls = 0;
    for (int i = 0; i < 8; i++) {
        if (i == 4) calls = memory.asked;
        tg_tape_reset(t);
        ck_assert_int_eq(record(t, i % 2 ? y : x, &slope), TG_OK);
    }
    ck_assert_int_eq(memory.asked, calls);
    tg_tape_free(t);
    drop_leaves(x);
    drop_leaves(y);
}
END_TEST

/* ---- every allocation fails once ------------------------------------------------------------ */

/* Everything from creation to release. Returns the status of the first thing that failed. */
static tg_status whole_program(int64_t n, double *slope)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x[LEAVES + 1] = {NULL}, *view = NULL, *copy = NULL;
    tg_tape *t = tg_tape_new();
    if (!t) return TG_ENOMEM;
    if (make_leaves(x, n, &err)) {
        view = tg_tensor_view(x[0], DIMS(n), (int64_t[]){1}, 0, &err);
        copy = view ? tg_tensor_clone(view, &err) : NULL;
        tg_status status = record(t, x, slope);
        if (status) {
            const char *text = strstr(tg_tape_message(t), ": out of memory");
            ck_assert_msg(text, "%s", tg_tape_message(t));
            memory.last = -1; /* the tape is as good as new once there is memory again */
            tg_tape_reset(t);
            *slope = 0;
            ck_assert_int_eq(record(t, x, slope), TG_OK);
            ck_assert(*slope == 12);
        }
        if (!status) status = copy ? TG_OK : TG_ENOMEM;
        (void)tg_fail(&err, status, "%s", "program");
    }
    ck_assert(err.status == TG_OK || err.status == TG_ENOMEM);
    tg_tensor_free(view);
    tg_tensor_free(copy);
    tg_tape_free(t);
    drop_leaves(x);
    return err.status;
}

START_TEST(any_allocation_may_fail)
{
    const int64_t n = _i / 2 ? 3000 : 2;
    int refusals = 0;
    for (int k = 0;; k++) {
        double slope = 0;
        memory_fails(k, _i % 2 ? LONG_MAX : k);
        const tg_status status = whole_program(n, &slope);
        if (memory.alive != 0) ck_abort_msg("call %d refused: %ld blocks leaked", k, memory.alive);
        if (status == TG_OK && slope != 12) ck_abort_msg("call %d refused: slope %g", k, slope);
        if (_i % 2 && memory.failed && status == TG_OK)
            ck_abort_msg("call %d and all after it refused, and nobody noticed", k);
        refusals += status != TG_OK;
        if (!memory.failed) break;
    }
    ck_assert_int_gt(refusals, 2 * LEAVES + 6);
}
END_TEST

SUITE("memory", .with = {MEMORY}, .timeout = 120,
      .tests = {
          {equal_iterations_allocate_once, COUNT(sizes)},
          {alternating_sizes_settle},
          {any_allocation_may_fail, 4},
      })
