/* weight_init_activation_histogram.c - section 6.2.2: how the scale of the weights spreads or
 * crushes the activations of a deep network.
 *
 * 1000 rows of 100 normal numbers go through five layers x = activation(x W) of 100 units.
 * "sharedw" uses one W for all five layers, as the book's notebook does. "freshw" draws one for
 * each layer. */
#include <math.h>
#include <stdio.h>

#include "common.h"

enum { NODES = 100, LAYERS = 5, BINS = 30, CASES = 12 };

typedef tg_tensor *(*activation)(tg_tape *t, tg_tensor *x);

typedef struct experiment {
    const char *name, *scale, *op;
    activation fn;
    tg_init init;
} experiment;

/* Four scales for each activation: 1, 0.01, sqrt(1/n) and sqrt(2/n). */
static void experiments(experiment *e)
{
    static const char *const names[CASES] = {"sigmoid_std1", "sigmoid_std0.01", "sigmoid_xavier",
                                             "sigmoid_he",   "relu_std1",       "relu_std0.01",
                                             "relu_xavier",  "relu_he",         "tanh_std1",
                                             "tanh_std0.01", "tanh_xavier",     "tanh_he"};
    static const char *const ops[] = {"sigmoid", "relu", "tanh"};
    static const char *const scales[] = {"std 1", "std 0.01", "Xavier", "He"};
    static const activation fns[] = {tg_sigmoid, tg_relu, tg_tanh};
    const tg_init inits[] = {tg_init_normal(1), tg_init_normal(0.01), tg_init_xavier(),
                             tg_init_he()};
    for (int k = 0; k < CASES; k++)
        e[k] = (experiment){names[k], scales[k % 4], ops[k / 4], fns[k / 4], inits[k % 4]};
}

/* Records the network. Its weights live as long as the tape. */
static tg_status network(tg_tape *t, const experiment *e, bool shared, const options *o,
                         tg_rng *rng, tg_tensor *x, tg_error *err)
{
    tg_tensor *w = NULL;
    for (int l = 1; l <= LAYERS; l++) {
        if (!w || !shared) {
            tg_tensor_free(w); /* the tape keeps a reference */
            w = tg_tensor_new(o->dtype, 2, (int64_t[]){NODES, NODES}, err);
            if (!w || tg_init_fill(w, e->init, rng, err)) break;
        }
        char scope[24];
        (void)snprintf(scope, sizeof scope, "layer%d", l);
        tg_scope_push(t, scope);
        x = e->fn(t, tg_matmul(t, x, w));
        tg_scope_pop(t);
    }
    tg_tensor_free(w);
    return err->status;
}

static void keep(tg_history *history, const char *series, int l, const tg_activation_stats *s,
                 const int64_t *counts, bool is_tanh)
{
    const char *saturated = is_tanh ? "frac_lt_-0.95_or_gt_0.95" : "frac_lt_0.05_or_gt_0.95";
    (void)tg_history_add(history, series, "mean", l, s->mean);
    (void)tg_history_add(history, series, "std", l, s->std);
    (void)tg_history_add(history, series, "median", l, s->median);
    (void)tg_history_add(history, series, "frac_eq_0", l, s->zeros);
    (void)tg_history_add(history, series, "frac_in_0_1", l, s->inside);
    (void)tg_history_add(history, series, saturated, l, s->saturated);
    (void)tg_history_add(history, series, "dead_units", l, (double)s->dead);
    for (int b = 0; b < BINS; b++)
        (void)tg_history_add(history, series, "count", b, (double)counts[b]);
}

/* Measures each layer; the histograms go into one row of the figure. */
static tg_status measure(const tg_tape *t, const experiment *e, bool shared, tg_figure *figure,
                         int row, tg_history *history, tg_error *err)
{
    tg_activation_stats s = {0};
    int64_t counts[BINS];
    double heights[BINS];
    const bool is_tanh = e->fn == tg_tanh;
    tg_activation_options how = tg_activation_defaults();
    how.low = is_tanh ? -how.high : how.low;
    int32_t at = -1;
    for (int l = 1; l <= LAYERS; l++) {
        char series[64], title[64];
        at = tg_tape_find(t, e->op, NULL, at + 1);
        const tg_status status = tg_activation_measure(tg_tape_value(t, at), &how, &s, counts, err);
        if (status) return status;
        (void)snprintf(series, sizeof series, "%s/%s/layer%d", shared ? "sharedw" : "freshw",
                       e->name, l);
        keep(history, series, l, &s, counts, is_tanh);
        if (!shared) continue;
        for (int b = 0; b < BINS; b++) heights[b] = (double)counts[b];
        tg_axes *ax = tg_figure_axes(figure, row, l - 1);
        (void)snprintf(title, sizeof title, "%s, %s, layer %d", e->op, e->scale, l);
        (void)tg_axes_title(ax, title);
        (void)tg_axes_bars(ax, NULL, BINS, heights, 0, 1, NULL);
        (void)tg_axes_tick_labels(ax, row == CASES - 1, l == 1);
        (void)tg_axes_xlim(ax, 0, 1);
        (void)tg_axes_ylim(ax, 0, 0.3 * (double)s.size);
    }
    printf("%-16s %-8s %9.4g %9.4g %9.4f", e->name, shared ? "shared" : "fresh", s.mean, s.std,
           s.zeros);
    if (e->fn == tg_relu) /* relu has no upper end and cannot saturate */
        printf("         - %6lld\n", (long long)s.dead);
    else
        printf(" %9.4f      -\n", s.saturated);
    return TG_OK;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t rows = 1000;
    const extra extras[] = {{"--rows", "of normal numbers that go in", &rows}, {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "weight_init_activation_histogram",
                     "activations of five layers for 12 kinds of weights", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    experiment all[CASES];
    experiments(all);
    tg_rng rng = tg_rng_make(o.seed, 0);
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(CASES, LAYERS);
    (void)tg_figure_title(figure, "Activations of 5 layers, one W for all");
    tg_tensor *x = tg_tensor_new(o.dtype, 2, (int64_t[]){rows, NODES}, &err);
    tg_status status = x ? tg_init_fill(x, tg_init_normal(1), &rng, &err) : err.status;
    tg_tape *t = tg_tape_new_on(&err);
    printf("layer 5          weights       mean       std     zeros saturated   dead\n");
    for (int k = 0; k < 2 * CASES && !status; k++) {
        const bool shared = k % 2 == 0;
        tg_tape_reset(t);
        status = network(t, &all[k / 2], shared, &o, &rng, x, &err);
        if (!status) status = measure(t, &all[k / 2], shared, figure, k / 2, history, &err);
    }
    if (!status) status = options_write(&o, history, figure, &err);
    tg_tape_free(t);
    tg_tensor_free(x);
    tg_figure_free(figure);
    tg_history_free(history);
    return status ? options_fail(&o, &err) : 0;
}
