/* test_ensemble.c - several models as one: its probabilities are the mean of theirs. */
#include "tapegrad.h"
#include "tests/support/close.h"
#include "tests/support/memory.h"
#include "tests/support/nets.h"

enum { MEMBERS = 3, ROWS = 6, CLASSES = 4 };

static tg_tape *t;
static tg_model *members[MEMBERS];

static tg_model *member(tg_dtype dtype, uint64_t seed)
{
    tg_mlp_options o = mlp_with(DIMS(5, 8, CLASSES), seed == 0, 0, 0); /* one has a state */
    tg_rng rng = tg_rng_make(seed, 0);
    o.dtype = dtype;
    o.loss_eps = 0;
    o.bn = tg_batch_norm_torch();
    return tg_mlp_new(&o, &rng, NULL);
}

static void setup(void)
{
    t = tg_tape_new();
    for (int k = 0; k < MEMBERS; k++) members[k] = member(TG_F64, (uint64_t)k);
}

static void teardown(void)
{
    for (int k = 0; k < MEMBERS; k++) tg_mlp_free(members[k]);
    tg_tape_free(t);
    free_leaves();
}

START_TEST(mean_of_probabilities)
{
    tg_model *all = tg_ensemble_new(MEMBERS, members, NULL);
    ck_assert_ptr_nonnull(all);
    tg_tensor *x = random_leaf(TG_F64, DIMS(ROWS, 5), -2, 2, 7);
    tg_tensor *labels = random_leaf(TG_I32, DIMS(ROWS), 0, CLASSES, 8);
    double p[ROWS * CLASSES] = {0}, loss = 0;
    for (int k = 0; k < MEMBERS; k++) {
        const tg_tensor *y = tg_model_forward(t, members[k], x, NULL);
        for (int r = 0; r < ROWS; r++) {
            double sum = 0;
            for (int c = 0; c < CLASSES; c++) sum += exp(read_at(y, r * CLASSES + c));
            for (int c = 0; c < CLASSES; c++)
                p[r * CLASSES + c] += exp(read_at(y, r * CLASSES + c)) / sum / MEMBERS;
        }
    }
    tg_tensor *y = tg_model_forward(t, all, x, NULL);
    assert_fine(t, "ensemble");
    for (int i = 0; i < ROWS * CLASSES; i++)
        assert_close("ensemble", TG_F64, i, 0, exp(read_at(y, i)), p[i], 1e-13, 0);
    for (int r = 0; r < ROWS; r++) loss -= log(p[r * CLASSES + (int)read_at(labels, r)]) / ROWS;
    assert_close("loss", TG_F64, 0, 0, tg_item(tg_model_loss(t, all, y, labels)), loss, 1e-13, 0);
    tg_ensemble_free(all);
}
END_TEST

/* An ensemble of one has the accuracy of its member. It shares the tensors under other names, so
 * that training the ensemble trains its members. */
START_TEST(of_one)
{
    tg_dataset train, test;
    ck_assert_int_eq(tg_digits_load(1, 40, 60, &train, &test, NULL), TG_OK);
    const tg_mlp_options o = mlp_with(DIMS(784, 10), false, 0, 0);
    tg_rng rng = tg_rng_make(3, 0);
    tg_model *net = tg_mlp_new(&o, &rng, NULL), *one = tg_ensemble_new(1, &net, NULL);
    double own = 0, its = 1;
    ck_assert_int_eq(tg_accuracy(net, &test, 0, &own, NULL), TG_OK);
    ck_assert_int_eq(tg_accuracy(one, &test, 0, &its, NULL), TG_OK);
    ck_assert(own == its);
    ck_assert(tg_dict_get(one->params, "0/W1")->data == tg_dict_get(net->params, "W1")->data);
    tg_ensemble_free(one);
    tg_mlp_free(net);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
}
END_TEST

START_TEST(keys)
{
    tg_model *all = tg_ensemble_new(MEMBERS, members, NULL);
    ck_assert_int_eq(tg_dict_size(all->params), 6 + 4 + 4);
    ck_assert_str_eq(tg_dict_key(all->params, 6), "1/W1");
    ck_assert_int_eq(tg_dict_size(all->state), 2);
    ck_assert_ptr_nonnull(tg_dict_get(all->state, "0/running_var1"));
    tg_ensemble_free(all);
    tg_ensemble_free(NULL);
}
END_TEST

START_TEST(refusals)
{
    tg_error err = TG_ERROR_INIT;
    tg_model *some[] = {members[0], NULL};
    ck_assert_ptr_null(tg_ensemble_new(2, some, &err));
    ck_assert_str_eq(err.text, "ensemble: member 1 is NULL");
    err = (tg_error)TG_ERROR_INIT;
    some[1] = member(TG_F32, 1);
    ck_assert_ptr_null(tg_ensemble_new(2, some, &err));
    ck_assert_str_eq(err.text, "ensemble: member 1 has another dtype than member 0");
    ck_assert_int_eq(err.status, TG_EDTYPE);
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_ptr_null(tg_ensemble_new(0, some, &err));
    ck_assert_str_eq(err.text, "ensemble: n is 0, must be at least 1, and members not NULL");
    ck_assert_ptr_null(tg_ensemble_new(1, NULL, NULL));
    tg_mlp_free(some[1]);
}
END_TEST

/* Each allocation fails once: an error, and nothing leaks, until it works. */
START_TEST(out_of_memory)
{
    tg_model *own[2];
    tg_model *all = NULL;
    long fails = -1;
    teardown(); /* no block of the other allocator is alive */
    t = NULL;
    memory_setup();
    own[0] = member(TG_F64, 0);
    own[1] = member(TG_F64, 1);
    const long before = memory.alive;
    while (!all) {
        tg_error err = TG_ERROR_INIT;
        fails++;
        memory_fails(fails, fails);
        all = tg_ensemble_new(2, own, &err);
        if (!all) ck_assert_int_eq(err.status, TG_ENOMEM);
        if (!all) ck_assert_int_eq(memory.alive, before);
    }
    ck_assert_int_gt(fails, 10);
    memory_fails(0, -1);
    tg_ensemble_free(all);
    tg_mlp_free(own[0]);
    tg_mlp_free(own[1]);
    memory_teardown();
    setup();
}
END_TEST

SUITE("ensemble", .setup = setup, .teardown = teardown,
      .tests = {
          {mean_of_probabilities},
          {of_one},
          {keys},
          {refusals},
          {out_of_memory},
      })
