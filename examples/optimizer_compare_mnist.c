/* optimizer_compare_mnist.c - section 6.1.8: SGD, Momentum, AdaGrad and Adam train the same
 * 784-100-100-100-100-10 ReLU network (He) on the same batches of 128.
 *
 * What is printed and drawn is the loss of the batch after the update, as in the book. */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

enum { OPTIMIZERS = 4, EVERY = 100 };

static tg_optimizer *make(int k, tg_error *err)
{
    switch (k) {
    case 0:
        return tg_sgd(tg_sgd_defaults(), err);
    case 1:
        return tg_momentum(tg_momentum_defaults(), err);
    case 2:
        return tg_adagrad(tg_adagrad_defaults(), err);
    default:
        return tg_adam(tg_adam_defaults(), err);
    }
}

typedef struct run {
    tg_optimizer *opt;
    tg_model *net;
    tg_trainer *trainer;
} run;

static tg_status run_make(run *r, int k, const options *o, int64_t steps, const tg_dataset *train,
                          tg_history *history, tg_error *err)
{
    const int64_t sizes[] = {784, 100, 100, 100, 100, 10};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 6;
    net.sizes = sizes;
    net.dtype = o->dtype;
    tg_rng rng = tg_rng_make(o->seed, 1000 + (uint64_t)k); /* weights of its own for each */
    r->net = tg_mlp_new(&net, &rng, err);
    r->opt = make(k, err);
    tg_trainer_options fit = tg_trainer_defaults();
    fit.steps = steps;
    fit.batch = train->size < 128 ? train->size : 128;
    fit.replace = true;
    fit.seed = o->seed; /* equal for all: the same batches */
    fit.loss_after = true;
    r->trainer =
        tg_trainer_new(r->net, r->opt, train, NULL, &fit, history, tg_optimizer_name(r->opt), err);
    return r->trainer ? TG_OK : err->status;
}

static void run_free(run *r)
{
    tg_trainer_free(r->trainer);
    tg_optimizer_free(r->opt);
    tg_mlp_free(r->net);
}

static tg_status train_all(run *runs, int64_t steps, tg_error *err)
{
    tg_progress progress = tg_progress_start(stderr, "training", steps);
    tg_status status = TG_OK;
    if (!progress.terminal) progress.out = NULL; /* the table tells enough */
    printf("iteration       SGD  Momentum   AdaGrad      Adam\n");
    for (int64_t i = 0; i < steps && !status; i++) {
        for (int k = 0; k < OPTIMIZERS && !status; k++)
            status = tg_trainer_step(runs[k].trainer, err);
        tg_progress_update(&progress, i + 1, NULL);
        if (status || i % EVERY != 0) continue;
        printf("%s%9lld", progress.terminal ? "\r\033[K" : "", (long long)i);
        for (int k = 0; k < OPTIMIZERS; k++) printf(" %9.5f", tg_trainer_loss(runs[k].trainer));
        printf("\n");
        fflush(stdout);
    }
    tg_progress_end(&progress, NULL);
    return status;
}

/* Adds the smoothed curve and the means of a hundred losses, and draws the former. */
static tg_status summarise(tg_history *history, const char *series, tg_axes *ax, tg_error *err)
{
    tg_curve c;
    tg_status status = tg_history_curve(history, series, "loss", &c, err);
    if (status) return status;
    double *smooth = malloc((c.n + 1) * sizeof *smooth);
    status =
        smooth ? tg_smooth_curve(c.n, c.y, smooth, err) : tg_fail(err, TG_ENOMEM, "out of memory");
    for (size_t i = 0; i < c.n && !status; i += EVERY) {
        double sum = 0;
        for (size_t j = i; j < i + EVERY && j < c.n; j++) sum += c.y[j];
        status = tg_history_add(history, series, "smooth_loss", (int64_t)i, smooth[i]);
        if (!status && i + EVERY <= c.n)
            status = tg_history_add(history, series, "mean_loss_100", (int64_t)i, sum / EVERY);
    }
    if (!status)
        status = tg_history_add(history, series, "smooth_loss", (int64_t)c.n - 1, smooth[c.n - 1]);
    if (!status) status = tg_axes_line(ax, series, c.n, c.x, smooth, NULL);
    free(smooth);
    tg_curve_free(&c);
    return status;
}

static tg_status report(run *runs, const tg_dataset *test, tg_history *history, tg_axes *ax,
                        tg_error *err)
{
    tg_status status = TG_OK;
    printf("test accuracy");
    for (int k = 0; k < OPTIMIZERS && !status; k++) {
        const char *series = tg_optimizer_name(runs[k].opt);
        double accuracy = 0;
        status = tg_accuracy(runs[k].net, test, 0, &accuracy, err);
        printf("%s%s %.4f", k ? ", " : ": ", series, accuracy);
        if (!status)
            status = tg_history_add(history, series, "test_acc", tg_trainer_steps(runs[k].trainer),
                                    accuracy);
        if (!status) status = summarise(history, series, ax, err);
        if (!status && tg_trainer_diverged(runs[k].trainer)) printf(" (diverged)");
    }
    printf("\n");
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t steps = 2000, images = 0;
    const extra extras[] = {{"--iterations", "updates of each network", &steps},
                            {"--images", "training images, 0 for all", &images},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "optimizer_compare_mnist",
                                  "four optimizers train a network on digits", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset train = {0}, test = {0};
    run runs[OPTIMIZERS] = {{0}};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(figure, 0, 0);
    (void)tg_axes_title(ax, o.data ? "Optimizers on MNIST" : "Optimizers on drawn digits");
    (void)tg_axes_xlabel(ax, "iteration");
    (void)tg_axes_ylabel(ax, "loss (smoothed)");
    (void)tg_axes_ylim(ax, 0, 1);
    tg_status status = options_load(&o, images, &train, &test, &err);
    for (int k = 0; k < OPTIMIZERS && !status; k++)
        status = run_make(&runs[k], k, &o, steps, &train, history, &err);
    if (!status) status = train_all(runs, steps, &err);
    if (!status) status = report(runs, &test, history, ax, &err);
    if (!status) status = options_write(&o, history, figure, &err);
    for (int k = 0; k < OPTIMIZERS; k++) run_free(&runs[k]);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
    return status ? options_fail(&o, &err) : 0;
}
