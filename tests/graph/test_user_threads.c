/* test_user_threads.c - several threads of the program use the library at once. Each has its own
 * tapes, models, optimizers and plans; all use the same data and one model that nobody writes. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tapegrad.h"
#include "tests/support/close.h"
#include "tests/support/nets.h"

enum { USERS = 4, ROWS = 256, BATCH = 128 };

static tg_dataset data;
static tg_model *shared; /* read by all */

/* Wide enough to use the thread pool, with batch normalisation and dropout for state and random
 * numbers. */
static tg_model *network(uint64_t seed, tg_error *err)
{
    const tg_mlp_options o = mlp_with(DIMS(784, 96, 64, 10), true, 0.2, 0);
    tg_rng rng = tg_rng_make(seed, 0);
    return tg_mlp_new(&o, &rng, err);
}

typedef struct user {
    pthread_t thread;
    uint64_t seed;
    int steps;
    bool planned;
    tg_error err;
    tg_model *m; /* what training made of it */
    tg_tensor *outputs;
    tg_plan *plan;
} user;

static tg_plan *compiled(tg_tape *t, tg_tensor *loss, const tg_dict *grads, tg_error *err)
{
    tg_plan *p = grads ? tg_compile_grads(t, loss, grads, err) : NULL;
    tg_plan_seek(p, 1);
    return p;
}

/* Trains its own network on the common data. */
static void *train(void *argument)
{
    user *u = argument;
    tg_tape *t = tg_tape_new();
    tg_rng rng = tg_rng_make(u->seed, 1);
    tg_batches_options o = tg_batches_defaults();
    o.batch = BATCH;
    u->m = network(u->seed, &u->err);
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), &u->err);
    tg_batches *batches = tg_batches_new(data.size, o, tg_rng_make(u->seed, 2), &u->err);
    tg_plan *p = NULL;
    for (int i = 0; i < u->steps && !u->err.status; i++) {
        tg_tensor *rows = tg_batches_next(batches);
        const tg_dict *grads;
        if (p) {
            (void)tg_plan_run(p, &u->err);
            grads = tg_plan_grads(p);
        } else {
            const tg_pass pass = {.train = true, .rng = &rng};
            tg_tensor *x = tg_dataset_inputs(t, &data, rows, TG_F32);
            tg_tensor *y = tg_model_forward(t, u->m, x, &pass);
            tg_tensor *loss = tg_model_loss(t, u->m, y, tg_dataset_labels(t, &data, rows));
            grads = tg_grad(t, loss, u->m->params);
            if (u->planned) p = compiled(t, loss, grads, &u->err);
        }
        (void)tg_optimizer_update(adam, u->m->params, grads, &u->err);
        tg_tape_reset(t);
    }
    tg_plan_free(p);
    tg_batches_free(batches);
    tg_optimizer_free(adam);
    tg_tape_free(t);
    return NULL;
}

/* Evaluates the common model, again and again. */
static void *ask(void *argument)
{
    user *u = argument;
    tg_tape *t = tg_tape_new();
    for (int i = 0; i < u->steps && !u->err.status; i++) {
        tg_tensor *x = tg_tensor_ref(data.images);
        tg_tensor *y = tg_model_forward(t, shared, tg_dataset_inputs(t, &data, NULL, TG_F32),
                                        &(tg_pass){.train = false});
        tg_tensor_free(u->outputs);
        u->outputs = y ? tg_tensor_clone(y, &u->err) : NULL;
        if (u->planned && i == 0 && y) u->plan = tg_compile(t, 1, &y, &u->err);
        if (u->plan) (void)tg_plan_run(u->plan, &u->err);
        tg_tensor_free(x);
        tg_tape_reset(t);
    }
    tg_tape_free(t);
    return NULL;
}

/* A plan that another thread has made. */
static void *run_foreign_plan(void *argument)
{
    user *u = argument;
    for (int i = 0; i < u->steps; i++) (void)tg_plan_run(u->plan, &u->err);
    return NULL;
}

/* Changes the number of threads while others compute. */
static atomic_bool over;
static void *change_threads(void *argument)
{
    for (int n = 1; !atomic_load(&over); n = n % 4 + 1) {
        (void)tg_set_num_threads(n);
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return argument;
}

/* Runs fn for each user in a thread, while another thread changes the number of threads. */
static void all_at_once(user *users, void *(*fn)(void *))
{
    pthread_t changer;
    atomic_store(&over, false);
    ck_assert_int_eq(pthread_create(&changer, NULL, change_threads, NULL), 0);
    for (int i = 0; i < USERS; i++)
        ck_assert_int_eq(pthread_create(&users[i].thread, NULL, fn, &users[i]), 0);
    for (int i = 0; i < USERS; i++) (void)pthread_join(users[i].thread, NULL);
    atomic_store(&over, true);
    (void)pthread_join(changer, NULL);
    (void)tg_set_num_threads(0);
    for (int i = 0; i < USERS; i++)
        ck_assert_msg(!users[i].err.status, "user %d: %s", i, users[i].err.text);
}

static int steps(void) { return getenv("TG_TEST_QUICK") ? 4 : 40; }

static void begin(void)
{
    tg_error err = TG_ERROR_INIT;
    tg_dataset test;
    ck_assert_msg(!tg_digits_load(3, ROWS, 1, &data, &test, &err), "%s", err.text);
    tg_dataset_free(&test);
    shared = network(99, &err);
    ck_assert_msg(shared, "%s", err.text);
}

static void finish(void)
{
    tg_dataset_free(&data);
    tg_mlp_free(shared);
}

static void assert_same(const tg_dict *got, const tg_dict *want, const char *who)
{
    for (int k = 0; k < tg_dict_size(want); k++) {
        const tg_tensor *x = tg_dict_at(got, k), *y = tg_dict_at(want, k);
        ck_assert_msg(memcmp(x->data, y->data, (size_t)y->size * sizeof(float)) == 0, "%s: %s", who,
                      tg_dict_key(want, k));
    }
}

/* Each thread gets the bits that it gets alone: with tapes, with plans, with either. */
START_TEST(training_at_once)
{
    user alone[USERS] = {0}, together[USERS] = {0};
    for (int i = 0; i < USERS; i++) {
        alone[i] = together[i] =
            (user){.seed = (uint64_t)i, .steps = steps(), .planned = _i == 1 || (_i == 2 && i % 2)};
        (void)train(&alone[i]);
        ck_assert_msg(!alone[i].err.status, "%s", alone[i].err.text);
    }
    all_at_once(together, train);
    for (int i = 0; i < USERS; i++) {
        assert_same(together[i].m->params, alone[i].m->params, "params");
        assert_same(together[i].m->state, alone[i].m->state, "state");
        tg_mlp_free(alone[i].m);
        tg_mlp_free(together[i].m);
    }
}
END_TEST

/* A model that all use and nobody writes gives the same results to all. A plan moves from the
 * thread that made it to another. */
START_TEST(asking_one_model)
{
    user alone = {.steps = 1}, users[USERS];
    (void)ask(&alone);
    ck_assert_msg(alone.outputs, "%s", alone.err.text);
    const size_t bytes = (size_t)alone.outputs->size * sizeof(float);
    for (int i = 0; i < USERS; i++) users[i] = (user){.steps = steps(), .planned = true};
    all_at_once(users, ask);
    for (int i = 0; i < USERS; i++) {
        ck_assert(memcmp(users[i].outputs->data, alone.outputs->data, bytes) == 0);
        ck_assert(memcmp(tg_plan_output(users[i].plan, 0)->data, alone.outputs->data, bytes) == 0);
        (void)tg_tensor_fill(tg_plan_output(users[i].plan, 0), 0, NULL);
        tg_tensor_free(users[i].outputs);
    }
    all_at_once(users, run_foreign_plan);
    for (int i = 0; i < USERS; i++) {
        ck_assert(memcmp(tg_plan_output(users[i].plan, 0)->data, alone.outputs->data, bytes) == 0);
        tg_plan_free(users[i].plan);
    }
    tg_tensor_free(alone.outputs);
}
END_TEST

SUITE("user_threads", .setup = begin, .teardown = finish, .timeout = 300,
      .tests = {
          {training_at_once, 3},
          {asking_one_model},
      })
