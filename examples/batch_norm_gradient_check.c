/* batch_norm_gradient_check.c - are the gradients right? Compares backpropagation with differences
 * (f(w + h) - f(w - h)) / 2h, h = 1e-4, in a 784-100-100-10 network with batch normalisation.
 *
 * With one image in the batch, as in the book, batch normalisation subtracts the image from itself.
 * Its output is beta, whatever the weights, and every gradient but that of the last bias is exactly
 * 0. With 10 images the check means something. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

enum { MOST = 16, DRAWN = 120 };

typedef struct problem {
    tg_tape *t;
    tg_model *net;
    tg_dataset batch;
} problem;

static tg_tensor *loss(const problem *p)
{
    tg_rng none = tg_rng_make(0, 0);
    const tg_pass pass = {.train = true, .rng = &none};
    tg_tape_reset(p->t);
    tg_tensor *x = tg_dataset_inputs(p->t, &p->batch, NULL, p->net->dtype);
    return tg_model_loss(p->t, p->net, tg_model_forward(p->t, p->net, x, &pass),
                         tg_dataset_labels(p->t, &p->batch, NULL));
}

/* Which ReLUs are active, as one number. */
static uint64_t pattern(const tg_tape *t)
{
    uint64_t hash = 0;
    for (int32_t at = -1; (at = tg_tape_find(t, "relu", NULL, at + 1)) >= 0;) {
        const tg_tensor *y = tg_tape_value(t, at);
        for (int64_t i = 0; i < y->size; i++)
            hash = (hash ^ (uint64_t)(tg_tensor_get(y, i) > 0)) * 0x100000001b3u + 1;
    }
    return hash;
}

/* The derivative by element i of w, whose value is restored. *kink says that some ReLU switches
 * between the two points, where a difference is not a derivative. */
static double numeric(const problem *p, tg_tensor *w, int64_t i, bool *kink)
{
    const double h = 1e-4, before = tg_tensor_get(w, i);
    (void)tg_tensor_set(w, i, before + h, NULL);
    const double above = tg_item(loss(p));
    const uint64_t on = pattern(p->t);
    (void)tg_tensor_set(w, i, before - h, NULL);
    const double below = tg_item(loss(p));
    *kink = pattern(p->t) != on;
    (void)tg_tensor_set(w, i, before, NULL);
    return (above - below) / (2 * h);
}

typedef struct comparison {
    double all, smooth; /* means of |backprop - numeric|; smooth: without kinks */
    int64_t kinks;
} comparison;

/* Compares every element of w, or `samples` of them, evenly spread, and draws some of the pairs. */
static comparison compare(const problem *p, tg_tensor *w, const tg_tensor *g, int64_t samples,
                          const char *key, tg_axes *ax)
{
    const int64_t n = samples > 0 && samples < w->size ? samples : w->size;
    const int64_t apart = n / DRAWN + 1;
    comparison c = {0, 0, 0};
    double x[DRAWN], y[DRAWN];
    size_t drawn = 0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = k * w->size / n;
        bool kink;
        const double backprop = tg_tensor_get(g, i), difference = numeric(p, w, i, &kink);
        c.all += fabs(backprop - difference);
        c.smooth += kink ? 0 : fabs(backprop - difference);
        c.kinks += kink;
        if (k % apart != 0) continue;
        x[drawn] = backprop;
        y[drawn++] = difference;
    }
    tg_plot_style style = tg_plot_style_defaults();
    style.marker = strchr(key, '1')   ? TG_MARKER_CIRCLE
                   : strchr(key, '2') ? TG_MARKER_TRIANGLE
                                      : TG_MARKER_DIAMOND;
    (void)tg_axes_points(ax, key, drawn, x, y, &style);
    c.all /= (double)n;
    c.smooth /= n > c.kinks ? (double)(n - c.kinks) : 1;
    return c;
}

/* Checks one batch size. *worst is the largest mean difference without kinks. */
static tg_status check(problem *p, int64_t rows, int64_t samples, tg_history *history, tg_axes *ax,
                       double *worst, tg_error *err)
{
    char series[32], metric[64];
    tg_gradient_stats s[MOST];
    const tg_dict *params = p->net->params;
    const tg_dict *grads = tg_grad(p->t, loss(p), params);
    if (!grads) return err->status;
    tg_dict *kept = tg_dict_clone(grads, err);
    tg_status status = kept ? tg_gradient_measure(params, kept, NULL, s, err) : err->status;
    (void)snprintf(series, sizeof series, "batch%lld", (long long)rows);
    printf("batch of %lld: mean |gradient|%s\n", (long long)rows,
           ax ? ", mean |difference|, kinks" : "");
    for (int i = 0; i < tg_dict_size(params) && !status; i++) {
        const char *key = s[i].key;
        printf("  %-7s %15.3e", key, s[i].mean_abs);
        (void)snprintf(metric, sizeof metric, "mean_abs_backprop_%s", key);
        status = tg_history_add(history, series, metric, 0, s[i].mean_abs);
        if (ax && !status) {
            const comparison c =
                compare(p, tg_dict_at(params, i), tg_dict_get(kept, key), samples, key, ax);
            printf(" %19.3e %7lld", c.all, (long long)c.kinks);
            (void)snprintf(metric, sizeof metric, "mean_abs_diff_%s", key);
            status = tg_history_add(history, series, metric, 0, c.all);
            if (!(c.smooth <= *worst)) *worst = c.smooth;
        }
        printf("%s\n", s[i].state == TG_GRADIENT_ZERO ? "  (all exactly 0)" : "");
        fflush(stdout);
    }
    tg_dict_free(kept);
    return status;
}

static tg_model *make_net(const options *o, tg_error *err)
{
    const int64_t sizes[] = {784, 100, 100, 10};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 4;
    net.sizes = sizes;
    net.dtype = o->dtype;
    net.batch_norm = true;
    tg_rng rng = tg_rng_make(o->seed, 1000);
    return tg_mlp_new(&net, &rng, err);
}

int main(int argc, char **argv)
{
    static const int64_t rows[] = {1, 8, 10}; /* 8: only backpropagation, for the reference bands */
    options o = {.dtype = TG_F64};
    int64_t samples = 0;
    const extra extras[] = {{"--samples", "elements of each parameter, 0 for all", &samples},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "batch_norm_gradient_check",
                     "gradients against differences, with batch normalisation", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset set = {0}, test = {0};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 2);
    (void)tg_figure_size(figure, 860, 440);
    (void)tg_figure_title(figure, "Each point is one element of the gradient");
    (void)tg_figure_legend(figure, true);
    problem p = {.t = tg_tape_new_on(&err), .net = make_net(&o, &err)};
    double worst = 0;
    tg_status status = p.net ? options_load_both(&o, 10, 1, &set, &test, &err) : err.status;
    for (int k = 0; k < 3 && !status; k++) {
        tg_axes *ax = k == 1 ? NULL : tg_figure_axes(figure, 0, k / 2);
        (void)tg_axes_title(ax, k ? "10 images in the batch" : "one image: nearly all exactly 0");
        (void)tg_axes_xlabel(ax, "by backpropagation");
        (void)tg_axes_ylabel(ax, "by differences");
        status = tg_dataset_head(&set, rows[k], &p.batch, &err);
        if (!status) status = check(&p, rows[k], samples, history, ax, &worst, &err);
        tg_dataset_free(&p.batch);
    }
    if (!status) status = options_write(&o, history, figure, &err);
    tg_tape_free(p.t);
    tg_mlp_free(p.net);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&set);
    tg_dataset_free(&test);
    if (status) return options_fail(&o, &err);
    const double bound = o.dtype == TG_F64 ? 1e-5 : 1e-2; /* f32: a loss has seven digits */
    printf("largest mean difference without kinks %.1e, %s %g\n", worst,
           worst <= bound ? "within" : "ABOVE", bound);
    if (worst <= bound) return 0;
    fprintf(stderr, "%s: the gradients differ by %.1e\n", o.name, worst);
    return 1;
}
