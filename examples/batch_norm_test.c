/* batch_norm_test.c - section 6.3: with batch normalisation, learning hardly depends on the scale
 * of the initial weights.
 *
 * For 16 scales from 1 down to 1e-4, two 784-100-100-100-100-100-10 ReLU networks, with and without
 * batch normalisation, learn the first 1000 images by SGD at 0.01 in batches of 100. Every 10
 * updates the accuracy on those images is measured, with the running statistics. */
#include <math.h>
#include <stdio.h>

#include "common.h"

enum { SCALES = 16, PER_EPOCH = 10 };

typedef struct result {
    double accuracy;
    bool diverged;
} result;

static tg_status train(const options *o, bool bn, int scale, const char *series, double std,
                       int64_t epochs, const tg_dataset *set, tg_history *history, result *r,
                       tg_error *err)
{
    const int64_t sizes[] = {784, 100, 100, 100, 100, 100, 10};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 7;
    net.sizes = sizes;
    net.dtype = o->dtype;
    net.init = tg_init_normal(std);
    net.batch_norm = bn;
    tg_rng rng = tg_rng_make(o->seed, 1000 + 2 * (uint64_t)scale + bn);
    tg_model *model = tg_mlp_new(&net, &rng, err);
    tg_optimizer *opt = tg_sgd(tg_sgd_defaults(), err);
    tg_trainer_options fit = tg_trainer_defaults();
    fit.steps = epochs > 0 ? (epochs - 1) * PER_EPOCH + 1 : 0;
    fit.batch = set->size < 100 ? set->size : 100;
    fit.replace = true;
    fit.seed = o->seed * 100 + (uint64_t)scale; /* one sequence of batches for both networks */
    fit.eval_every = PER_EPOCH;
    fit.eval_as_book = true;
    tg_trainer *tr = tg_trainer_new(model, opt, set, NULL, &fit, history, series, err);
    const tg_status status = tr ? tg_trainer_fit(tr, err) : err->status;
    *r = (result){tg_trainer_accuracy(tr, false), tg_trainer_diverged(tr)};
    tg_trainer_free(tr);
    tg_optimizer_free(opt);
    tg_mlp_free(model);
    return status;
}

/* Trains both networks of a scale, and fills row `scale` of the table and its cell of the
 * picture. */
static tg_status compare(const options *o, int scale, int64_t epochs, const tg_dataset *set,
                         tg_history *history, tg_figure *figure, tg_error *err)
{
    const double std = pow(10, -4.0 * scale / (SCALES - 1));
    tg_axes *ax = tg_figure_axes(figure, scale / 4, scale % 4);
    char title[32], series[2][40];
    result r[2] = {{0}};
    tg_status status = TG_OK;
    for (int bn = 1; bn >= 0 && !status; bn--) {
        (void)snprintf(series[bn], sizeof series[bn], "%s/w%02d_%.6f", bn ? "bn" : "plain", scale,
                       std);
        status = train(o, bn, scale, series[bn], std, epochs, set, history, &r[bn], err);
        tg_plot_style style = tg_plot_style_defaults();
        style.dash = bn ? TG_DASH_SOLID : TG_DASH_DASHED;
        options_draw(ax, history, series[bn], "train_acc", bn ? "batch normalisation" : "without",
                     &style);
    }
    (void)snprintf(title, sizeof title, "std %.2g", std);
    (void)tg_axes_title(ax, title);
    (void)tg_axes_ylim(ax, 0, 1.03);
    (void)tg_axes_xlabel(ax, "epoch");
    (void)tg_axes_ylabel(ax, "accuracy");
    if (!status)
        printf("%8.6f %10.3f%9.3f%s%s\n", std, r[1].accuracy, r[0].accuracy,
               r[1].diverged ? "  diverged with batch normalisation" : "",
               r[0].diverged ? "  diverged without" : "");
    fflush(stdout);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t epochs = 20, images = 1000, scales = SCALES;
    const extra extras[] = {{"--epochs", "of 10 updates", &epochs},
                            {"--images", "training images, 0 for all", &images},
                            {"--scales", "of the 16, from the largest", &scales},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "batch_norm_test",
                     "16 scales of the initial weights, with and without batch normalisation",
                     extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset set = {0}, test = {0};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(4, 4);
    (void)tg_figure_title(figure, o.data ? "Training accuracy on 1000 images of MNIST"
                                         : "Training accuracy on drawn digits");
    (void)tg_figure_share(figure, true, true);
    (void)tg_figure_legend(figure, true);
    tg_status status = options_load_both(&o, images, 1, &set, &test, &err);
    printf("     std with norm  without   (training accuracy after %lld epochs)\n",
           (long long)epochs);
    for (int i = 0; i < SCALES && i < scales && !status; i++)
        status = compare(&o, i, epochs, &set, history, figure, &err);
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&set);
    tg_dataset_free(&test);
    return status ? options_fail(&o, &err) : 0;
}
