/* test_plan_memory.c - the memory of plans: it is less than the tape's and reused, a run requests
 * none, and every failed allocation is survived. */
#include "tapegrad.h"
#include "tests/support/counting.h"
#include "tests/support/error.h"
#include "tests/support/nets.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

typedef struct net {
    tg_model *m;
    tg_dict *grads;
    tg_tensor *x, *labels, *loss;
    tg_rng rng;
} net;

static void record_net(net *n, int layers, int64_t width, int64_t rows, bool norm)
{
    int64_t sizes[64];
    const tg_mlp_options o = mlp_with(layers + 1, sizes, norm, norm ? 0.2 : 0, 0);
    for (int i = 0; i <= layers; i++) sizes[i] = width;
    n->rng = tg_rng_make(1, 0);
    n->m = tg_mlp_new(&o, &n->rng, &err);
    n->x = random_leaf(TG_F32, DIMS(rows, width), -1, 1, 2);
    n->labels = random_leaf(TG_I32, DIMS(rows), 0, (double)width, 3);
    const tg_pass pass = {.train = true, .rng = &n->rng};
    n->loss = tg_model_loss(t, n->m, tg_model_forward(t, n->m, n->x, &pass), n->labels);
    n->grads = tg_grad(t, n->loss, n->m->params);
    assert_fine(t, "net");
}

START_TEST(less_memory_than_the_tape)
{
    net n;
    record_net(&n, 20, 64, 128, _i);
    tg_plan *p = tg_compile_grads(t, n.loss, n.grads, &err);
    ck_assert_msg(p, "%s", err.text);
    const tg_plan_numbers s = tg_plan_stats(p);
    printf("20 layers: %zu bytes, %zu on the tape, %d operations in %d steps\n", s.bytes, s.eager,
           s.nodes, s.steps);
    (void)fflush(stdout);
    ck_assert_uint_lt(s.eager, tg_tape_bytes(t));
    ck_assert_uint_le(10 * s.bytes, 6 * s.eager);
    ck_assert_int_lt(s.steps, s.nodes);
    tg_plan_free(p);
    tg_mlp_free(n.m);
}
END_TEST

START_TEST(no_malloc)
{
    net n;
    record_net(&n, 4, 32, 16, true);
    tg_plan *p = tg_compile_grads(t, n.loss, n.grads, &err);
    tg_optimizer *opt = tg_adam(tg_adam_defaults(), &err);
    tg_tape_free(t);
    t = NULL;
    for (int i = 0; i < 20; i++) {
        if (i == 2) allowed = allocations; /* any more would fail */
        run_plan(p);
        ck_assert(!tg_optimizer_update(opt, n.m->params, tg_plan_grads(p), &err));
    }
    ck_assert_int_eq(allocations, allowed);
    allowed = -1;
    tg_optimizer_free(opt);
    tg_plan_free(p);
    tg_mlp_free(n.m);
}
END_TEST

/* The n-th allocation fails: an error, and nothing is lost. */
START_TEST(without_memory)
{
    net n;
    record_net(&n, 2, 8, 4, true);
    const long before = alive;
    tg_plan *p = NULL;
    for (long more = 0; !p; more++) {
        ck_assert_int_lt(more, 1000);
        err = (tg_error)TG_ERROR_INIT;
        allowed = allocations + more;
        p = tg_compile_grads(t, n.loss, n.grads, &err);
        if (p) break;
        ck_assert_int_eq(err.status, TG_ENOMEM);
        ck_assert_int_eq(alive, before);
    }
    allowed = -1;
    ck_assert_int_gt(alive, before);
    tg_plan_free(p);
    ck_assert_int_eq(alive, before);
    tg_mlp_free(n.m);
}
END_TEST

/* A long chain of products keeps two places, and one more for scratch memory. */
START_TEST(places_are_used_again)
{
    tg_tensor *x = random_leaf(TG_F64, DIMS(32, 32), -1, 1, 1), *y = x;
    for (int i = 0; i < 50; i++) y = tg_tanh(t, tg_matmul(t, y, x));
    tg_plan *p = compiled(t, 1, &y);
    const tg_plan_numbers n = tg_plan_stats(p);
    run_plan(p);
    assert_bits("chain", y, tg_plan_output(p, 0));
    ck_assert_uint_eq(n.eager, 100 * 32 * 32 * 8);
    ck_assert_uint_le(n.block, 8 * 32 * 32 * 8);
    tg_plan_free(p);
}
END_TEST

/* A leaf that repeats its elements owns less memory than its shape suggests. Recorded values may
 * lie behind it. */
START_TEST(repeated_leaves)
{
    for (int64_t m = 2; m <= 1024; m *= 2) {
        const int64_t shape[] = {m, m}, strides[] = {1, 0};
        tg_tensor *a = keep(tg_tensor_new(TG_F32, 1, &m, NULL));
        tg_tensor *x = keep(tg_tensor_view(a, 2, shape, strides, 0, NULL));
        ck_assert_int_eq(tg_tensor_fill(a, 3, NULL), TG_OK);
        tg_tensor *out[] = {tg_square(t, x), tg_sum(t, x, 1, false), tg_softmax(t, x, 1)};
        tg_plan *p = compiled(t, COUNT(out), out);
        tg_tape_reset(t);
        ck_assert_int_eq(tg_tensor_fill(a, 5, NULL), TG_OK);
        run_plan(p);
        const double want[] = {25, 5 * (double)m, 1 / (double)m};
        for (int i = 0; i < COUNT(out); i++)
            ck_assert(read_at(tg_plan_output(p, i), m - 1) == (double)(float)want[i]);
        tg_plan_free(p);
    }
}
END_TEST

SUITE("plan_memory", .with = {COUNTED, TAPE, FRESH_ERROR}, .timeout = 120,
      .tests = {
          {less_memory_than_the_tape, 2},
          {no_malloc},
          {without_memory},
          {places_are_used_again},
          {repeated_leaves},
      })
