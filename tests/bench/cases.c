/* cases.c - the cases of tgbench. Each is a step that is repeated. */
#include <stdlib.h>

#include "bench.h"

/* ---- networks on digits --------------------------------------------------------------------- */

static const int64_t s5[] = {784, 100, 100, 100, 100, 10};

static void mlp_setup(bench *b)
{
    bench_prepare(b, 128);
    bench_mlp(b, 6, s5, 128, false);
}

/* A step on the next prepared batch. */
static void batch_step(bench *b)
{
    const bench_batch *first = b->batches, *next = &first[b->next++ % b->n_batches];
    if (b->plan) {
        (void)tg_plan_bind(b->plan, first->x, next->x, &b->err);
        (void)tg_plan_bind(b->plan, first->y, next->y, &b->err);
    }
    if (!bench_planned(b)) bench_train(b, next->x, next->y);
}

static void mlp_sgd(bench *b)
{
    mlp_setup(b);
    b->opt = tg_sgd(tg_sgd_defaults(), &b->err);
}

static void mlp_momentum(bench *b)
{
    mlp_setup(b);
    b->opt = tg_momentum(tg_momentum_defaults(), &b->err);
}

static void mlp_adagrad(bench *b)
{
    mlp_setup(b);
    b->opt = tg_adagrad(tg_adagrad_defaults(), &b->err);
}

static void mlp_adam(bench *b)
{
    mlp_setup(b);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
}

static void tobig_adam(bench *b)
{
    static const int64_t sizes[] = {784, 512, 256, 128, 10};
    bench_prepare(b, 100);
    bench_mlp(b, 5, sizes, 100, true);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
}

static void convnet_adam(bench *b)
{
    bench_prepare(b, 100);
    b->model = tg_simple_convnet_new(NULL, &b->rng, &b->err);
    b->params = b->model ? b->model->params : NULL;
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
    b->flops = 2.0 * 100 * (2.0 * 24 * 24 * 30 * 25 + 3.0 * 4320 * 100 + 3.0 * 1000);
}

/* An epoch that shuffles rows of bytes and collects them into batches. */
static void epoch_adam(bench *b)
{
    bench_load(b, 128);
    bench_mlp(b, 6, s5, 128, false);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
    b->flops *= (double)tg_batches_per_epoch(b->order);
    b->samples *= tg_batches_per_epoch(b->order);
}

static void epoch_step(bench *b)
{
    for (int64_t i = tg_batches_per_epoch(b->order); i > 0; i--) {
        tg_tensor *rows = tg_batches_next(b->order);
        if (!bench_planned(b))
            bench_train(b, tg_dataset_inputs(b->t, &b->train, rows, TG_F32),
                        tg_dataset_labels(b->t, &b->train, rows));
        bench_check(b);
        tg_tape_reset(b->t);
    }
}

/* ---- networks on a fixed batch -------------------------------------------------------------- */

static void wide_setup(bench *b)
{
    static const int64_t sizes[] = {1024, 4096, 4096, 1024}, rows = 256;
    bench_mlp(b, 4, sizes, rows, false);
    b->only.x = bench_random(b, 2, (int64_t[]){rows, 1024});
    b->only.y = bench_labels(b, rows, 1024);
    b->samples = rows;
}

static void wide_sgd(bench *b)
{
    wide_setup(b);
    b->opt = tg_sgd(tg_sgd_defaults(), &b->err);
}

static void wide_adam(bench *b)
{
    wide_setup(b);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
}

static void fixed_step(bench *b)
{
    if (!bench_planned(b)) bench_train(b, b->only.x, b->only.y);
}

static void add_param(bench *b, const char *key, int ndim, const int64_t *shape)
{
    if (!b->params) b->params = tg_dict_new();
    (void)tg_dict_take(b->params, key, bench_random(b, ndim, shape), &b->err);
}

static void xor_setup(bench *b)
{
    static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};
    static const int64_t sizes[] = {2, 10, 1};
    add_param(b, "W1", 2, (int64_t[]){2, 10});
    add_param(b, "b1", 1, (int64_t[]){10});
    add_param(b, "W2", 2, (int64_t[]){10, 1});
    add_param(b, "b2", 1, (int64_t[]){1});
    b->only.x = tg_tensor_from(TG_F32, 2, (int64_t[]){4, 2}, inputs, &b->err);
    b->only.y = tg_tensor_from(TG_F32, 2, (int64_t[]){4, 1}, targets, &b->err);
    b->opt = tg_sgd(tg_sgd_defaults(), &b->err);
    b->flops = bench_mlp_flops(3, sizes, 4);
    b->samples = 4;
}

static void xor_step(bench *b)
{
    tg_tape *t = b->t;
    if (bench_planned(b)) return;
    tg_tensor *h = tg_affine(t, b->only.x, tg_dict_at(b->params, 0), tg_dict_at(b->params, 1));
    h = tg_affine(t, tg_sigmoid(t, h), tg_dict_at(b->params, 2), tg_dict_at(b->params, 3));
    bench_finish(b, tg_mse(t, tg_sigmoid(t, h), b->only.y, TG_REDUCE_MEAN));
}

/* ---- no network ----------------------------------------------------------------------------- */

/* mean((tanh(x a + b) sigmoid(x) - c)^2) of 10^6 numbers, with its gradient */
enum { CHAIN = 1000000 };

static void chain(bench *b)
{
    add_param(b, "x", 1, (int64_t[]){CHAIN});
    b->samples = CHAIN;
}

static void chain_abc(bench *b)
{
    for (const char *key = "x\0a\0b\0c"; *key; key += 2) add_param(b, key, 1, (int64_t[]){CHAIN});
    b->samples = CHAIN;
}

static void chain_step(bench *b)
{
    tg_tape *t = b->t;
    if (bench_planned(b)) return;
    tg_tensor *x = tg_dict_at(b->params, 0);
    const bool abc = tg_dict_size(b->params) > 1;
    tg_tensor *a = abc ? tg_dict_at(b->params, 1) : tg_scalar(t, 0.5);
    tg_tensor *c = abc ? tg_dict_at(b->params, 2) : tg_scalar(t, 0.1);
    tg_tensor *d = abc ? tg_dict_at(b->params, 3) : tg_scalar(t, 0.3);
    tg_tensor *y = tg_mul(t, tg_tanh(t, tg_add(t, tg_mul(t, x, a), c)), tg_sigmoid(t, x));
    bench_finish(b, tg_mean(t, tg_square(t, tg_sub(t, y, d)), TG_ALL, false));
}

static void rows_setup(bench *b)
{
    add_param(b, "x", 2, (int64_t[]){4096, 1000});
    b->only.y = bench_labels(b, 4096, 1000);
    b->samples = 4096;
}

static void softmax_step(bench *b)
{
    if (!bench_planned(b))
        bench_finish(b, tg_cross_entropy(b->t, tg_dict_at(b->params, 0), b->only.y, NULL));
}

static void logsumexp_step(bench *b)
{
    if (bench_planned(b)) return;
    tg_tensor *y = tg_logsumexp(b->t, tg_dict_at(b->params, 0), 1, false);
    bench_finish(b, tg_sum(b->t, y, TG_ALL, false));
}

const bench_case bench_cases[] = {{"mlp_sgd", mlp_sgd, batch_step, NULL},
                                  {"mlp_momentum", mlp_momentum, batch_step, NULL},
                                  {"mlp_adagrad", mlp_adagrad, batch_step, NULL},
                                  {"mlp_adam", mlp_adam, batch_step, NULL},
                                  {"tobig_adam", tobig_adam, batch_step, NULL},
                                  {"wide_sgd", wide_sgd, fixed_step, NULL},
                                  {"wide_adam", wide_adam, fixed_step, NULL},
                                  {"xor_sgd", xor_setup, xor_step, NULL},
                                  {"chain", chain, chain_step, NULL},
                                  {"chain_abc", chain_abc, chain_step, NULL},
                                  {"softmax_ce", rows_setup, softmax_step, NULL},
                                  {"logsumexp", rows_setup, logsumexp_step, NULL},
                                  {"convnet_adam", convnet_adam, batch_step, NULL},
                                  {"mlp_epoch_adam", epoch_adam, epoch_step, NULL},
                                  {"startup", NULL, NULL, bench_startup},
                                  {"gemm", NULL, NULL, bench_gemm},
                                  {NULL, NULL, NULL, NULL}};
