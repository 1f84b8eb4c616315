/* linear_vs_mlp.c - what hidden layers are good for: softmax regression, 784-10, against a
 * 784-100-100-10 ReLU network, both trained by Adam on the same digits.
 *
 * A single affine map can only weight pixels. The network first builds features of strokes. */
#include <stdio.h>

#include "common.h"

enum { KINDS = 2 };

static const char *const names[KINDS] = {"linear", "mlp"};

static tg_status train(const options *o, int kind, int64_t epochs, const tg_dataset *set,
                       const tg_dataset *test, tg_history *history, double *accuracy, tg_error *err)
{
    const int64_t sizes[KINDS][4] = {{784, 10}, {784, 100, 100, 10}};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = kind ? 4 : 2;
    net.sizes = sizes[kind];
    net.dtype = o->dtype;
    tg_rng rng = tg_rng_make(o->seed, 1000 + (uint64_t)kind);
    tg_model *model = tg_mlp_new(&net, &rng, err);
    tg_optimizer *opt = tg_adam(tg_adam_defaults(), err);
    tg_trainer_options fit = tg_trainer_defaults();
    fit.batch = set->size < 128 ? set->size : 128;
    const int64_t per_epoch = (set->size + fit.batch - 1) / fit.batch;
    fit.steps = epochs * per_epoch;
    fit.seed = o->seed;
    tg_trainer *tr = tg_trainer_new(model, opt, set, NULL, &fit, history, names[kind], err);
    tg_status status = tr ? TG_OK : err->status;
    for (int64_t i = 1; i <= fit.steps && !status; i++) {
        status = tg_trainer_step(tr, err);
        if (status || i % per_epoch != 0) continue;
        status = tg_accuracy(model, test, 0, accuracy, err);
        if (!status)
            status = tg_history_add(history, names[kind], "test_acc", i / per_epoch, *accuracy);
        printf("%-6s epoch %lld  loss %.4f  test accuracy %.4f\n", names[kind],
               (long long)(i / per_epoch), tg_trainer_loss(tr), *accuracy);
        fflush(stdout);
    }
    tg_trainer_free(tr);
    tg_optimizer_free(opt);
    tg_mlp_free(model);
    return status;
}

static tg_status draw(tg_axes *ax, const tg_history *history, int kind, tg_error *err)
{
    tg_curve c;
    const tg_status status = tg_history_curve(history, names[kind], "test_acc", &c, err);
    if (status) return status;
    tg_plot_style style = tg_plot_style_defaults();
    style.marker = TG_MARKER_CIRCLE;
    (void)tg_axes_line(ax, kind ? "784-100-100-10" : "784-10, linear", c.n, c.x, c.y, &style);
    tg_curve_free(&c);
    return TG_OK;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t epochs = 5, images = 0;
    const extra extras[] = {{"--epochs", "through the training images", &epochs},
                            {"--images", "training images, 0 for all", &images},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "linear_vs_mlp", "softmax regression against a network",
                                  extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset set = {0}, test = {0};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(figure, 0, 0);
    double accuracy[KINDS] = {0};
    (void)tg_axes_title(ax, o.data ? "MNIST" : "Drawn digits");
    (void)tg_axes_xlabel(ax, "epoch");
    (void)tg_axes_ylabel(ax, "test accuracy");
    tg_status status = options_load(&o, images, &set, &test, &err);
    for (int k = 0; k < KINDS && !status; k++) {
        status = train(&o, k, epochs, &set, &test, history, &accuracy[k], &err);
        if (!status && epochs > 0) status = draw(ax, history, k, &err);
    }
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&set);
    tg_dataset_free(&test);
    return status ? options_fail(&o, &err) : 0;
}
