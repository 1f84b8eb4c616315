/* tgbench.c - the time of one training step: the cases of ../shared/bench/bench_torch.py by the
 * same names and definitions, one JSON line each.
 *
 *     tgbench [--plan] [--threads N] [--seconds S] [--mnist DIR] CASE...     or --list
 *
 * --plan: the step is recorded once, and its plan is run from then on; the numbers of a batch's
 * rows are a leaf that each step writes.
 *
 * A step is forward, loss, backward and update on a prepared batch, in f32.  ms_per_step is the
 * median over blocks of steps, ms_min the fastest block. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tapegrad.h"

enum { MOST_BLOCKS = 4096 };

typedef struct bench {
    tg_tape *t;
    tg_error err;
    tg_dict *params;
    tg_model *model;
    tg_optimizer *opt;
    tg_rng rng;
    tg_dataset train, test;
    tg_batches *batches;
    tg_tensor *x, *y; /* of the cases with one fixed batch */
    double flops;
    int64_t samples;
    tg_plan *plan; /* of a step; NULL: not yet, or not wanted */
} bench;

static const char *mnist;
static bool use_plan;

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(const bench *b)
{
    const char *text = b->err.status ? b->err.text : tg_tape_message(b->t);
    if (!*text) return;
    (void)fprintf(stderr, "tgbench: %s\n", text);
    exit(1);
}

/* ---- parts ---------------------------------------------------------------------------------- */

/* GEMM work of one step: forward, weight gradients, input gradients but the first. */
static double mlp_flops(int n, const int64_t *sizes, int64_t batch)
{
    double w = 0;
    for (int i = 0; i + 1 < n; i++) w += (double)(sizes[i] * sizes[i + 1]);
    return 2.0 * (double)batch * (3 * w - (double)(sizes[0] * sizes[1]));
}

static void load(bench *b, int64_t batch)
{
    tg_batches_options o = tg_batches_defaults();
    if (!mnist || tg_mnist_load(mnist, &b->train, &b->test, NULL))
        (void)tg_digits_load(1, 10000, 10, &b->train, &b->test, &b->err);
    o.batch = batch;
    o.drop_last = true;
    b->batches = tg_batches_new(b->train.size, o, b->rng, &b->err);
    b->samples = batch;
}

static void random_leaf(bench *b, tg_tensor **x, int ndim, const int64_t *shape, double scale)
{
    *x = tg_tensor_new(TG_F32, ndim, shape, &b->err);
    for (int64_t i = 0; *x && i < (*x)->size; i++)
        ((float *)(*x)->data)[i] = (float)tg_rng_next_normal(&b->rng, 0, scale);
}

static void mlp(bench *b, int n, const int64_t *sizes, int64_t batch, bool norm)
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
    b->flops = mlp_flops(n, sizes, batch);
    b->params = b->model ? b->model->params : NULL;
}

/* The end of a step that was recorded; the plan of the next ones. */
static void finish(bench *b, tg_tensor *loss)
{
    const tg_dict *grads = tg_grad(b->t, loss, b->params);
    if (use_plan && grads) {
        b->plan = tg_compile_grads(b->t, loss, grads, &b->err);
        tg_plan_seek(b->plan, 1);
    }
    if (b->opt) (void)tg_optimizer_update(b->opt, b->params, grads, &b->err);
}

/* The step by its plan; false when there is none yet. */
static bool planned(bench *b)
{
    if (!b->plan) return false;
    if (!tg_plan_run(b->plan, &b->err) && b->opt)
        (void)tg_optimizer_update(b->opt, b->params, tg_plan_grads(b->plan), &b->err);
    return true;
}

static void train(bench *b, tg_tensor *x, tg_tensor *labels)
{
    const tg_pass pass = {.train = true, .rng = &b->rng};
    tg_tensor *y = tg_model_forward(b->t, b->model, x, &pass);
    finish(b, tg_model_loss(b->t, b->model, y, labels));
}

/* ---- the cases ------------------------------------------------------------------------------ */

static const int64_t s5[] = {784, 100, 100, 100, 100, 10};

static void mlp_setup(bench *b)
{
    load(b, 128);
    mlp(b, 6, s5, 128, false);
}

static void mlp_step(bench *b)
{
    tg_tensor *rows = tg_batches_next(b->batches);
    if (planned(b)) return;
    train(b, tg_dataset_inputs(b->t, &b->train, rows, TG_F32),
          tg_dataset_labels(b->t, &b->train, rows));
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
    load(b, 100);
    mlp(b, 5, sizes, 100, true);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
}

static void wide(bench *b)
{
    static const int64_t sizes[] = {1024, 4096, 4096, 1024}, rows = 256;
    mlp(b, 4, sizes, rows, false);
    random_leaf(b, &b->x, 2, (int64_t[]){rows, 1024}, 1);
    b->y = tg_tensor_new(TG_I32, 1, &rows, &b->err);
    for (int i = 0; b->y && i < rows; i++)
        ((int32_t *)b->y->data)[i] = (int32_t)tg_rng_next_below(&b->rng, 1024);
    b->samples = rows;
}

static void wide_sgd(bench *b)
{
    wide(b);
    b->opt = tg_sgd(tg_sgd_defaults(), &b->err);
}

static void wide_adam(bench *b)
{
    wide(b);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
}

static void fixed_step(bench *b)
{
    if (!planned(b)) train(b, b->x, b->y);
}

static void xor_setup(bench *b)
{
    static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};
    static const int64_t sizes[] = {2, 10, 1};
    tg_tensor *p[4];
    random_leaf(b, &p[0], 2, (int64_t[]){2, 10}, 1);
    random_leaf(b, &p[1], 1, (int64_t[]){10}, 1);
    random_leaf(b, &p[2], 2, (int64_t[]){10, 1}, 1);
    random_leaf(b, &p[3], 1, (int64_t[]){1}, 1);
    b->params = tg_dict_new();
    for (int i = 0; i < 4; i++)
        (void)tg_dict_take(b->params, (const char *[]){"W1", "b1", "W2", "b2"}[i], p[i], &b->err);
    b->x = tg_tensor_from(TG_F32, 2, (int64_t[]){4, 2}, inputs, &b->err);
    b->y = tg_tensor_from(TG_F32, 2, (int64_t[]){4, 1}, targets, &b->err);
    b->opt = tg_sgd(tg_sgd_defaults(), &b->err);
    b->flops = mlp_flops(3, sizes, 4);
    b->samples = 4;
}

static void xor_step(bench *b)
{
    tg_tape *t = b->t;
    if (planned(b)) return;
    tg_tensor *h = tg_affine(t, b->x, tg_dict_at(b->params, 0), tg_dict_at(b->params, 1));
    h = tg_affine(t, tg_sigmoid(t, h), tg_dict_at(b->params, 2), tg_dict_at(b->params, 3));
    finish(b, tg_mse(t, tg_sigmoid(t, h), b->y, TG_REDUCE_MEAN));
}

/* mean((tanh(x a + b) sigmoid(x) - c)^2) of 10^6 numbers, with its gradient */
enum { CHAIN = 1000000 };

static void leaves(bench *b, int n, int ndim, const int64_t *shape)
{
    b->params = tg_dict_new();
    for (int i = 0; i < n; i++) {
        tg_tensor *x;
        random_leaf(b, &x, ndim, shape, 1);
        (void)tg_dict_take(b->params, (const char *[]){"x", "a", "b", "c"}[i], x, &b->err);
    }
    b->samples = shape[0];
}

static void chain(bench *b) { leaves(b, 1, 1, (int64_t[]){CHAIN}); }

static void chain_abc(bench *b) { leaves(b, 4, 1, (int64_t[]){CHAIN}); }

static void chain_step(bench *b)
{
    tg_tape *t = b->t;
    if (planned(b)) return;
    tg_tensor *x = tg_dict_at(b->params, 0);
    const bool abc = tg_dict_size(b->params) > 1;
    tg_tensor *a = abc ? tg_dict_at(b->params, 1) : tg_scalar(t, 0.5);
    tg_tensor *c = abc ? tg_dict_at(b->params, 2) : tg_scalar(t, 0.1);
    tg_tensor *d = abc ? tg_dict_at(b->params, 3) : tg_scalar(t, 0.3);
    tg_tensor *y = tg_mul(t, tg_tanh(t, tg_add(t, tg_mul(t, x, a), c)), tg_sigmoid(t, x));
    finish(b, tg_mean(t, tg_square(t, tg_sub(t, y, d)), TG_ALL, false));
}

static void softmax_ce(bench *b)
{
    const int64_t rows = 4096;
    leaves(b, 1, 2, (int64_t[]){rows, 1000});
    b->y = tg_tensor_new(TG_I32, 1, &rows, &b->err);
    for (int i = 0; b->y && i < rows; i++)
        ((int32_t *)b->y->data)[i] = (int32_t)tg_rng_next_below(&b->rng, 1000);
}

static void softmax_step(bench *b)
{
    if (!planned(b)) finish(b, tg_softmax_cross_entropy(b->t, tg_dict_at(b->params, 0), b->y));
}

static void logsumexp(bench *b) { leaves(b, 1, 2, (int64_t[]){4096, 1000}); }

static void logsumexp_step(bench *b)
{
    if (planned(b)) return;
    tg_tensor *y = tg_logsumexp(b->t, tg_dict_at(b->params, 0), 1, false);
    finish(b, tg_sum(b->t, y, TG_ALL, false));
}

static void convnet_adam(bench *b)
{
    load(b, 100);
    b->model = tg_simple_convnet_new(NULL, &b->rng, &b->err);
    b->params = b->model ? b->model->params : NULL;
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
    b->flops = 2.0 * 100 * (2.0 * 24 * 24 * 30 * 25 + 3.0 * 4320 * 100 + 3.0 * 1000);
}

static void epoch_adam(bench *b)
{
    mlp_adam(b);
    b->flops *= (double)tg_batches_per_epoch(b->batches);
    b->samples *= tg_batches_per_epoch(b->batches);
}

static void epoch_step(bench *b)
{
    for (int64_t i = tg_batches_per_epoch(b->batches); i > 0; i--) {
        mlp_step(b);
        check(b);
        tg_tape_reset(b->t);
    }
}

static const struct one {
    const char *name;
    void (*setup)(bench *b);
    void (*step)(bench *b);
} cases[] = {{"mlp_sgd", mlp_sgd, mlp_step},
             {"mlp_momentum", mlp_momentum, mlp_step},
             {"mlp_adagrad", mlp_adagrad, mlp_step},
             {"mlp_adam", mlp_adam, mlp_step},
             {"tobig_adam", tobig_adam, mlp_step},
             {"wide_sgd", wide_sgd, fixed_step},
             {"wide_adam", wide_adam, fixed_step},
             {"xor_sgd", xor_setup, xor_step},
             {"chain", chain, chain_step},
             {"chain_abc", chain_abc, chain_step},
             {"softmax_ce", softmax_ce, softmax_step},
             {"logsumexp", logsumexp, logsumexp_step},
             {"convnet_adam", convnet_adam, mlp_step},
             {"mlp_epoch_adam", epoch_adam, epoch_step}};
enum { CASES = (int)(sizeof cases / sizeof *cases) };

/* ---- measuring ------------------------------------------------------------------------------ */

static void one_step(bench *b, const struct one *c)
{
    c->step(b);
    check(b);
    tg_tape_reset(b->t);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Blocks of about 80 ms, as the peers' scripts have them. */
static int time_blocks(bench *b, const struct one *c, double seconds, double *ms)
{
    double start = now();
    for (int i = 0; i < 3 || (now() - start < 0.3 && i < 2000); i++) one_step(b, c);
    start = now();
    for (int i = 0; i < 3; i++) one_step(b, c);
    const double one = (now() - start) / 3;
    const int n = one > 0.08 ? 1 : (int)(0.08 / (one > 1e-7 ? one : 1e-7));
    int blocks = 0;
    for (const double end = now() + seconds; blocks < 5 || now() < end;) {
        if (blocks == MOST_BLOCKS) break;
        start = now();
        for (int i = 0; i < n; i++) one_step(b, c);
        ms[blocks++] = (now() - start) / n * 1e3;
    }
    qsort(ms, (size_t)blocks, sizeof *ms, ascending);
    return blocks;
}

static void run(const struct one *c, int threads, double seconds)
{
    static double ms[MOST_BLOCKS];
    bench b = {.t = tg_tape_new(), .err = TG_ERROR_INIT, .rng = tg_rng_make(1, 0)};
    struct rusage usage;
    c->setup(&b);
    check(&b);
    const int blocks = time_blocks(&b, c, seconds, ms);
    const double median = ms[blocks / 2];
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("{\"case\": \"%s\", \"peer\": \"tapegrad-%s\", \"threads\": %d, \"ms_per_step\": %.5f, "
           "\"ms_min\": %.5f, \"gflops\": ",
           c->name, use_plan ? "plan" : "eager", threads, median, ms[0]);
    if (b.flops > 0)
        printf("%.2f", b.flops / median / 1e6);
    else
        printf("null");
    printf(", \"samples_per_s\": %.0f, \"rss_mb\": %ld}\n", (double)b.samples / median * 1e3,
           (long)usage.ru_maxrss / 1024);
    (void)fflush(stdout);
    exit(0); /* one process for each case, so that rss_mb is its own; nothing is left to do */
}

/* ---- the command line ----------------------------------------------------------------------- */

static const struct one *find(const char *name)
{
    for (int i = 0; i < CASES; i++)
        if (strcmp(cases[i].name, name) == 0) return &cases[i];
    (void)fprintf(stderr, "tgbench: no case '%s' (--list names them)\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    int threads = 1;
    double seconds = 2;
    const char *name = NULL;
    mnist = getenv("MNIST_DIR");
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--list") == 0) {
            for (int k = 0; k < CASES; k++) puts(cases[k].name);
            return 0;
        }
        if (strcmp(argv[i], "--plan") == 0)
            use_plan = true;
        else if (more && strcmp(argv[i], "--threads") == 0)
            threads = (int)strtol(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[++i], NULL);
        else if (more && strcmp(argv[i], "--mnist") == 0)
            mnist = argv[++i];
        else
            name = find(argv[i])->name;
    }
    if (!name) {
        (void)fprintf(stderr,
                      "usage: tgbench [--plan] [--threads N] [--seconds S] [--mnist DIR] CASE\n");
        return 2;
    }
    (void)tg_set_num_threads(threads);
    run(find(name), threads, seconds);
    return 0;
}
