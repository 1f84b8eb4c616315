/* overfit_weight_decay.c - section 6.4.2: a network of 7 layers learns 300 images by heart. A
 * penalty on large weights holds it back.
 *
 * 784-100-100-100-100-100-100-10, He, SGD at 0.01, batches of 100, without a penalty and with 1/2
 * lambda sum W^2, lambda = 0.1, in the loss. Both start from the same weights and see the same
 * batches. */
#include <stdio.h>

#include "common.h"

enum { KINDS = 2, PER_EPOCH = 3 };

static const double lambdas[KINDS] = {0, 0.1};
static const char *const names[KINDS] = {"lambda=0", "lambda=0.1"};

/* The sum of the squares of the weights, without the biases: what the penalty keeps small. */
static double sum_of_squares(const tg_model *m, tg_error *err)
{
    tg_tape *t = tg_tape_new_on(err);
    const tg_tensor *half = tg_l2_penalty(t, m->params, "W", 1);
    const double sum = 2 * tg_item(half);
    tg_tape_free(t);
    return sum;
}

static tg_status train(const options *o, int k, int64_t epochs, const tg_dataset *set,
                       const tg_dataset *test, tg_history *history, tg_error *err)
{
    const int64_t sizes[] = {784, 100, 100, 100, 100, 100, 100, 10};
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 8;
    net.sizes = sizes;
    net.dtype = o->dtype;
    net.weight_decay = lambdas[k];
    tg_rng rng = tg_rng_make(o->seed, 1000); /* equal weights for both */
    tg_model *model = tg_mlp_new(&net, &rng, err);
    tg_optimizer *opt = tg_sgd(tg_sgd_defaults(), err);
    tg_trainer_options fit = tg_trainer_defaults();
    fit.steps = epochs > 0 ? (epochs - 1) * PER_EPOCH + 1 : 0;
    fit.batch = set->size < 100 ? set->size : 100;
    fit.replace = true;
    fit.seed = o->seed;
    fit.eval_every = PER_EPOCH;
    fit.eval_as_book = true;
    tg_trainer *tr = tg_trainer_new(model, opt, set, test, &fit, history, names[k], err);
    const tg_status status = tr ? tg_trainer_fit(tr, err) : err->status;
    const double train_acc = tg_trainer_accuracy(tr, false),
                 test_acc = tg_trainer_accuracy(tr, true);
    if (!status)
        printf("%-10s   %9.4f %9.4f %9.4f %14.1f%s\n", names[k], train_acc, test_acc,
               train_acc - test_acc, sum_of_squares(model, err),
               tg_trainer_diverged(tr) ? "  (diverged)" : "");
    fflush(stdout);
    tg_trainer_free(tr);
    tg_optimizer_free(opt);
    tg_mlp_free(model);
    return status ? status : err->status;
}

static void draw(tg_figure *figure, int k, const tg_history *history)
{
    tg_axes *ax = tg_figure_axes(figure, 0, k);
    tg_plot_style dashed = tg_plot_style_defaults();
    dashed.dash = TG_DASH_DASHED;
    options_draw(ax, history, names[k], "train_acc", "training images", NULL);
    options_draw(ax, history, names[k], "test_acc", "test images", &dashed);
    (void)tg_axes_title(ax, k ? "λ = 0.1" : "λ = 0");
    (void)tg_axes_xlabel(ax, "epoch");
    (void)tg_axes_ylabel(ax, "accuracy");
    (void)tg_axes_ylim(ax, 0, 1.03);
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t epochs = 201, images = 300, tests = 0;
    const extra extras[] = {{"--epochs", "of 3 updates", &epochs},
                            {"--images", "training images, 0 for all", &images},
                            {"--test-images", "0 for all", &tests},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "overfit_weight_decay", "learning by heart, with and without weight decay",
                     extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset set = {0}, test = {0};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 2);
    (void)tg_figure_size(figure, 820, 400);
    (void)tg_figure_title(figure, o.data ? "Weight decay, 300 images of MNIST"
                                         : "Weight decay on drawn digits");
    (void)tg_figure_share(figure, true, true);
    (void)tg_figure_legend(figure, true);
    tg_status status = options_load_both(&o, images, tests, &set, &test, &err);
    printf("             train acc  test acc       gap   sum of W^2\n");
    for (int k = 0; k < KINDS && !status; k++) {
        status = train(&o, k, epochs, &set, &test, history, &err);
        draw(figure, k, history);
    }
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&set);
    tg_dataset_free(&test);
    return status ? options_fail(&o, &err) : 0;
}
