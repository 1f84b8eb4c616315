/* convnet.c - chapter 7: the book's SimpleConvNet. Checks its gradient, then trains it by Adam.
 *
 * x (N,1,28,28) -> conv 30 filters of 5x5 -> ReLU -> max pool 2x2 -> affine 100 -> ReLU
 *               -> affine 10 -> softmax cross-entropy
 *
 * Every layer is a composition, so the check, at a small size, is one of the operations
 * together. */
#include <math.h>
#include <stdio.h>

#include "common.h"

/* ---- is the gradient right? ------------------------------------------------------------------ */

typedef struct sample {
    tg_model *model;
    tg_tensor *x, *labels;
} sample;

static tg_tensor *loss_of(tg_tape *t, const tg_dict *params, void *user)
{
    const sample *s = user;
    (void)params; /* the model has them */
    return tg_model_loss(t, s->model, tg_model_forward(t, s->model, s->x, NULL), s->labels);
}

/* A network for 10x10 images with 3 filters, in f64, on four random images. */
static tg_status check(tg_error *err)
{
    tg_simple_convnet_options net = tg_simple_convnet_defaults();
    net.height = net.width = 10;
    net.filters = 3;
    net.hidden = 8;
    net.dtype = TG_F64;
    net.init = tg_init_he(); /* larger than 0.01, so that no gradient is too small to check */
    net.loss_eps = 0;        /* the book's 1e-7 is in the value and not in the derivative */
    tg_rng rng =
        tg_rng_make(1, 0); /* not from --seed, which may put a point too near a kink of ReLU */
    sample s = {.model = tg_simple_convnet_new(&net, &rng, err)};
    s.x = tg_tensor_new(TG_F64, 2, (int64_t[]){4, 100}, err);
    s.labels = tg_tensor_new(TG_I32, 1, (int64_t[]){4}, err);
    tg_status status =
        s.model && s.labels ? tg_init_fill(s.x, tg_init_normal(1), &rng, err) : err->status;
    for (int i = 0; i < 4 && !status; i++) status = tg_tensor_set(s.labels, i, 3 * i, err);
    tg_gradcheck_options o = tg_gradcheck_defaults();
    tg_gradcheck_report r = {0};
    o.samples = 40;
    for (int kind = 0; kind < 2 && !status; kind++) {
        status = tg_gradcheck(loss_of, &s, s.model->params, &o, &r, err);
        printf("gradient check: %lld %s, worst error %.0e\n", (long long)r.checked,
               kind ? "directions" : "elements", r.error);
        o.directions = 10;
    }
    tg_tensor_free(s.x);
    tg_tensor_free(s.labels);
    tg_simple_convnet_free(s.model);
    return status;
}

/* ---- training -------------------------------------------------------------------------------- */

enum { BATCH = 100, SHOWN = 1000 };

/* Accuracies on the first training images and on all test images, at the end of an epoch. */
static tg_status measure(const tg_model *net, const tg_trainer *tr, int64_t epoch,
                         const tg_dataset *train, const tg_dataset *test, tg_history *history,
                         double *accuracy, tg_error *err)
{
    double seen = 0;
    tg_status status = tg_accuracy(net, train, SHOWN, &seen, err);
    if (!status) status = tg_accuracy(net, test, 0, accuracy, err);
    if (status) return status;
    (void)tg_history_add(history, "convnet", "train_acc", epoch, seen);
    (void)tg_history_add(history, "convnet", "test_acc", epoch, *accuracy);
    printf("epoch %lld  loss %.4f  train accuracy %.4f  test accuracy %.4f\n", (long long)epoch,
           tg_trainer_loss(tr), seen, *accuracy);
    return fflush(stdout) == 0 ? TG_OK : tg_fail(err, TG_EIO, "cannot write to stdout");
}

static tg_status learn(const options *o, tg_model *net, int64_t epochs, const tg_dataset *train,
                       const tg_dataset *test, tg_history *history, double *accuracy, tg_error *err)
{
    tg_trainer_options fit = tg_trainer_defaults();
    fit.batch = train->size < BATCH ? train->size : BATCH;
    const int64_t per_epoch = (train->size + fit.batch - 1) / fit.batch;
    fit.steps = epochs * per_epoch;
    fit.seed = o->seed;
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), err);
    tg_trainer *tr = tg_trainer_new(net, adam, train, NULL, &fit, history, "convnet", err);
    tg_status status = tr ? TG_OK : err->status;
    for (int64_t epoch = 1; epoch <= epochs && !status; epoch++) {
        tg_progress progress = tg_progress_start(stderr, "epoch", per_epoch);
        if (!progress.terminal) progress.out = NULL; /* the table is enough */
        for (int64_t i = 1; i <= per_epoch && !status; i++) {
            status = tg_trainer_step(tr, err);
            tg_progress_update(&progress, i, NULL);
        }
        tg_progress_end(&progress, NULL);
        if (!status) status = measure(net, tr, epoch, train, test, history, accuracy, err);
    }
    tg_trainer_free(tr);
    tg_optimizer_free(adam);
    return status;
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void draw_curve(tg_axes *ax, const tg_history *history, const char *metric,
                       const char *label, tg_marker marker)
{
    tg_curve c;
    tg_plot_style style = tg_plot_style_defaults();
    style.marker = marker;
    if (tg_history_curve(history, "convnet", metric, &c, NULL)) return; /* no epoch was asked for */
    (void)tg_axes_line(ax, label, c.n, c.x, c.y, &style);
    tg_curve_free(&c);
}

static void draw_curves(tg_figure *figure, const tg_history *history)
{
    tg_axes *left = tg_figure_axes(figure, 0, 0), *right = tg_figure_axes(figure, 0, 1);
    (void)tg_figure_size(figure, 900, 400);
    (void)tg_axes_xlabel(left, "update");
    (void)tg_axes_ylabel(left, "loss of the batch");
    (void)tg_axes_log(left, false, true);
    (void)tg_axes_xlabel(right, "epoch");
    (void)tg_axes_ylabel(right, "accuracy");
    draw_curve(left, history, "loss", NULL, TG_MARKER_NONE);
    draw_curve(right, history, "train_acc", "train", TG_MARKER_CIRCLE);
    draw_curve(right, history, "test_acc", "test", TG_MARKER_SQUARE);
}

enum { COLUMNS = 5, SIDE = 5 };

/* Filter k of W1 (30,1,5,5). The larger a weight among its 25, the darker it is. */
static void draw_filter(tg_axes *ax, const tg_tensor *W, int64_t k)
{
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t i = 0; i < SIDE * SIDE; i++) {
        lo = fmin(lo, tg_tensor_get(W, k * SIDE * SIDE + i));
        hi = fmax(hi, tg_tensor_get(W, k * SIDE * SIDE + i));
    }
    tg_plot_style style = tg_plot_style_defaults();
    style.color = 0;
    style.marker = TG_MARKER_SQUARE;
    style.marker_size = 16.5;
    for (int64_t i = 0; i < SIDE * SIDE; i++) {
        const double x = (double)(i % SIDE), y = (double)(SIDE - 1 - i / SIDE);
        style.opacity = (tg_tensor_get(W, k * SIDE * SIDE + i) - lo) / (hi - lo);
        if (style.opacity > 0) (void)tg_axes_points(ax, NULL, 1, &x, &y, &style);
    }
    (void)tg_axes_xlim(ax, -0.6, SIDE - 0.4);
    (void)tg_axes_ylim(ax, -0.6, SIDE - 0.4);
    (void)tg_axes_tick_labels(ax, false, false);
}

/* Writes the filters and their picture to OUT/convnet_filters.csv and .svg. */
static tg_status write_filters(const options *o, const tg_tensor *before, const tg_tensor *after,
                               tg_error *err)
{
    const int64_t filters = after->shape[0];
    const int rows = (int)(filters + COLUMNS - 1) / COLUMNS;
    options named = *o;
    named.name = "convnet_filters";
    tg_figure *figure = tg_figure_new(rows, 2 * COLUMNS + 1);
    tg_history *history = tg_history_new();
    (void)tg_figure_title(figure, "The filters before training (left) and after it");
    (void)tg_figure_size(figure, 100 * (2 * COLUMNS + 1), 93 * rows + 60);
    for (int r = 0; r < rows; r++) (void)tg_axes_hide(tg_figure_axes(figure, r, COLUMNS));
    for (int64_t k = 0; k < 2 * filters; k++) {
        const tg_tensor *W = k < filters ? before : after;
        const int64_t f = k % filters;
        char name[32];
        (void)snprintf(name, sizeof name, "filter %lld", (long long)f + 1);
        for (int64_t i = 0; i < SIDE * SIDE; i++)
            (void)tg_history_add(history, k < filters ? "before" : "after", name, i,
                                 tg_tensor_get(W, f * SIDE * SIDE + i));
        draw_filter(tg_figure_axes(figure, (int)(f / COLUMNS),
                                   (int)(f % COLUMNS) + (k < filters ? 0 : COLUMNS + 1)),
                    W, f);
    }
    const tg_status status = options_write(&named, history, figure, err);
    tg_figure_free(figure);
    tg_history_free(history);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t epochs = 3, images = 0;
    const extra extras[] = {{"--epochs", "through the training images, 20 in the book", &epochs},
                            {"--images", "training images, 0 for all", &images},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "convnet", "the convolutional network of chapter 7", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset train = {0}, test = {0};
    tg_simple_convnet_options shape = tg_simple_convnet_defaults();
    shape.dtype = o.dtype;
    tg_rng rng = tg_rng_make(o.seed, 1000);
    tg_model *net = tg_simple_convnet_new(&shape, &rng, &err);
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 2);
    double accuracy = 0;
    tg_tensor *filters = net ? tg_tensor_clone(tg_dict_get(net->params, "W1"), &err) : NULL;
    tg_status status = filters ? check(&err) : err.status;
    if (!status) status = options_load(&o, images, &train, &test, &err);
    if (!status) status = learn(&o, net, epochs, &train, &test, history, &accuracy, &err);
    draw_curves(figure, history);
    if (!status) status = options_write(&o, history, figure, &err);
    if (!status) status = write_filters(&o, filters, tg_dict_get(net->params, "W1"), &err);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_tensor_free(filters);
    tg_simple_convnet_free(net);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
    if (status) return options_fail(&o, &err);
    if (o.data && images == 0 && epochs >= 3 && accuracy < 0.98) {
        fprintf(stderr, "convnet: did not learn as it should (test accuracy %g)\n", accuracy);
        return 1;
    }
    return 0;
}
