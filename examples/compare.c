/* compare.c - several networks trained side by side on equal batches. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVERY = 100, BATCH = 128 };

tg_status compare_start(comparison *c, const options *o, int64_t images, const char *title,
                        tg_error *err)
{
    char text[128];
    *c = (comparison){.history = tg_history_new(), .figure = tg_figure_new(1, 1)};
    c->ax = tg_figure_axes(c->figure, 0, 0);
    (void)snprintf(text, sizeof text, "%s on %s", title, o->data ? "MNIST" : "drawn digits");
    (void)tg_axes_title(c->ax, text);
    (void)tg_axes_xlabel(c->ax, "iteration");
    (void)tg_axes_ylabel(c->ax, "loss (smoothed)");
    return options_load(o, images, &c->train, &c->test, err);
}

tg_model *compare_net(const options *o, tg_init init, int k, tg_error *err)
{
    const int64_t sizes[] = {784, 100, 100, 100, 100, 10};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 6;
    net.sizes = sizes;
    net.dtype = o->dtype;
    net.init = init;
    tg_rng rng = tg_rng_make(o->seed, 1000 + (uint64_t)k); /* weights of its own for each */
    return tg_mlp_new(&net, &rng, err);
}

static tg_status make_trainers(comparison *c, const options *o, int64_t steps, tg_error *err)
{
    tg_trainer_options fit = tg_trainer_defaults();
    fit.steps = steps;
    fit.batch = c->train.size < BATCH ? c->train.size : BATCH;
    fit.replace = true;
    fit.seed = o->seed; /* the same batches for all */
    fit.loss_after = true;
    for (int k = 0; k < c->n; k++) {
        contender *r = &c->of[k];
        r->trainer =
            tg_trainer_new(r->net, r->opt, &c->train, NULL, &fit, c->history, r->name, err);
        if (!r->trainer) return err->status;
    }
    return TG_OK;
}

static tg_status train_all(comparison *c, int64_t steps, tg_error *err)
{
    tg_progress progress = tg_progress_start(stderr, "training", steps);
    tg_status status = TG_OK;
    if (!progress.terminal) progress.out = NULL; /* the table is enough */
    printf("iteration");
    for (int k = 0; k < c->n; k++) printf(" %9s", c->of[k].name);
    printf("\n");
    for (int64_t i = 0; i < steps && !status; i++) {
        for (int k = 0; k < c->n && !status; k++) status = tg_trainer_step(c->of[k].trainer, err);
        tg_progress_update(&progress, i + 1, NULL);
        if (status || i % EVERY != 0) continue;
        printf("%s%9lld", progress.terminal ? "\r\033[K" : "", (long long)i);
        for (int k = 0; k < c->n; k++) printf(" %9.5f", tg_trainer_loss(c->of[k].trainer));
        printf("\n");
        fflush(stdout);
    }
    tg_progress_end(&progress, NULL);
    return status;
}

/* Adds to the history the smoothed curve and means over a hundred losses, and draws the curve. */
static tg_status summarise(comparison *c, const char *series, tg_error *err)
{
    tg_curve curve;
    tg_status status = tg_history_curve(c->history, series, "loss", &curve, err);
    if (status) return status;
    const size_t n = curve.n;
    double *smooth = malloc((n + 1) * sizeof *smooth);
    status = smooth ? tg_smooth_curve(n, curve.y, smooth, err)
                    : tg_fail(err, TG_ENOMEM, "out of memory");
    for (size_t i = 0; i < n && !status; i += EVERY) {
        double sum = 0;
        for (size_t j = i; j < i + EVERY && j < n; j++) sum += curve.y[j];
        status = tg_history_add(c->history, series, "smooth_loss", (int64_t)i, smooth[i]);
        if (!status && i + EVERY <= n)
            status = tg_history_add(c->history, series, "mean_loss_100", (int64_t)i, sum / EVERY);
    }
    if (!status)
        status = tg_history_add(c->history, series, "smooth_loss", (int64_t)n - 1, smooth[n - 1]);
    if (!status) status = tg_axes_line(c->ax, series, n, curve.x, smooth, NULL);
    free(smooth);
    tg_curve_free(&curve);
    return status;
}

static tg_status report(comparison *c, tg_error *err)
{
    tg_status status = TG_OK;
    printf("test accuracy");
    for (int k = 0; k < c->n && !status; k++) {
        const contender *r = &c->of[k];
        double accuracy = 0;
        status = tg_accuracy(r->net, &c->test, 0, &accuracy, err);
        printf("%s%s %.4f", k ? ", " : ": ", r->name, accuracy);
        if (!status)
            status = tg_history_add(c->history, r->name, "test_acc", tg_trainer_steps(r->trainer),
                                    accuracy);
        if (!status) status = summarise(c, r->name, err);
        if (!status && tg_trainer_diverged(r->trainer)) printf(" (diverged)");
    }
    printf("\n");
    return status;
}

tg_status compare_run(comparison *c, const options *o, int64_t steps, tg_error *err)
{
    tg_status status = make_trainers(c, o, steps, err);
    if (!status) status = train_all(c, steps, err);
    return status ? status : report(c, err);
}

void compare_end(comparison *c)
{
    for (int k = 0; k < c->n; k++) {
        tg_trainer_free(c->of[k].trainer);
        tg_optimizer_free(c->of[k].opt);
        tg_mlp_free(c->of[k].net);
    }
    tg_figure_free(c->figure);
    tg_history_free(c->history);
    tg_dataset_free(&c->train);
    tg_dataset_free(&c->test);
}
