/* parts.c - what the cases of tgbench are made of: batches, networks, steps and their plans. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

double bench_mlp_flops(int n, const int64_t *sizes, int64_t batch)
{
    double w = 0;
    for (int i = 0; i + 1 < n; i++) w += (double)(sizes[i] * sizes[i + 1]);
    return 2.0 * (double)batch * (3 * w - (double)(sizes[0] * sizes[1]));
}

tg_tensor *bench_random(bench *b, int ndim, const int64_t *shape)
{
    const tg_tensor *drawn = tg_normal(b->t, &b->rng, TG_F32, ndim, shape, 0, 1);
    bench_check(b);
    tg_tensor *x = tg_tensor_clone(drawn, &b->err);
    tg_tape_reset(b->t);
    return x;
}

tg_tensor *bench_labels(bench *b, int64_t n, int64_t classes)
{
    tg_tensor *y = tg_tensor_new(TG_I32, 1, &n, &b->err);
    for (int64_t i = 0; y && i < n; i++)
        ((int32_t *)y->data)[i] = (int32_t)tg_rng_next_below(&b->rng, (uint64_t)classes);
    return y;
}

void bench_load(bench *b, int64_t batch)
{
    const char *mnist = b->options->mnist;
    tg_dataset test;
    tg_batches_options o = tg_batches_defaults();
    if (!mnist || tg_mnist_load(mnist, &b->train, &test, NULL))
        (void)tg_digits_load(1, 10000, 10, &b->train, &test, &b->err);
    tg_dataset_free(&test);
    o.batch = batch;
    o.drop_last = true;
    b->order = tg_batches_new(b->train.size, o, b->rng, &b->err);
    b->samples = batch;
}

/* The whole set as f32. A few batches, repeated often, would let Adam's moments shrink to
 * denormals. */
void bench_prepare(bench *b, int64_t batch)
{
    bench_load(b, batch);
    b->n_batches = tg_batches_per_epoch(b->order);
    b->batches = calloc((size_t)b->n_batches + 1, sizeof *b->batches);
    if (!b->batches) abort();
    for (int64_t i = 0; i < b->n_batches && !b->err.status; i++) {
        tg_tensor *rows = tg_batches_next(b->order);
        const tg_tensor *x = tg_dataset_inputs(b->t, &b->train, rows, TG_F32);
        const tg_tensor *y = tg_dataset_labels(b->t, &b->train, rows);
        bench_check(b);
        b->batches[i].x = tg_tensor_clone(x, &b->err);
        b->batches[i].y = tg_tensor_clone(y, &b->err);
        tg_tape_reset(b->t);
    }
    tg_dataset_free(&b->train);
}

void bench_mlp(bench *b, int n, const int64_t *sizes, int64_t batch, bool norm)
{
    tg_mlp_options o = tg_mlp_defaults();
    o.n_sizes = n;
    o.sizes = sizes;
    o.batch_norm = norm;
    o.bn = tg_batch_norm_torch();
    o.dropout = norm ? 0.2 : 0;
    o.dropout_form = TG_DROPOUT_INVERTED;
    o.loss_eps = 0;
    b->model = tg_mlp_new(&o, &b->rng, &b->err);
    b->flops = bench_mlp_flops(n, sizes, batch);
    b->params = b->model ? b->model->params : NULL;
}

void bench_finish(bench *b, tg_tensor *loss)
{
    const tg_dict *grads = tg_grad(b->t, loss, b->params);
    if (b->options->plan && b->opt) {
        (void)tg_optimizer_record(b->t, b->opt, b->params, grads);
        b->plan = tg_compile(b->t, 1, &loss, &b->err);
    } else if (b->options->plan)
        b->plan = tg_compile_grads(b->t, loss, grads, &b->err);
    else if (b->opt)
        (void)tg_optimizer_update(b->opt, b->params, grads, &b->err);
    tg_plan_seek(b->plan, 1);
}

bool bench_planned(bench *b) { return b->plan && (tg_plan_run(b->plan, &b->err), true); }

void bench_train(bench *b, tg_tensor *x, tg_tensor *labels)
{
    const tg_pass pass = {.train = true, .rng = &b->rng};
    tg_tensor *y = tg_model_forward(b->t, b->model, x, &pass);
    bench_finish(b, tg_model_loss(b->t, b->model, y, labels));
}
