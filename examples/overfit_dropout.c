/* overfit_dropout.c - section 6.4.3: dropout against overfitting, and what dropout imitates: the
 * averaged predictions of several networks.
 *
 * The 300 images and the network are those of overfit_weight_decay. "none" trains plainly.
 * "dropout=0.2" drops a fifth of the hidden units at each update (the book's form: outputs are
 * multiplied by 0.8 afterwards). "ensemble" averages the probabilities of "none" and of four more
 * plain networks, each with other weights and batches. */
#include <stdio.h>

#include "common.h"

enum { DROPOUT = 1, MEMBERS = 6, PER_EPOCH = 3, ENSEMBLE_EVERY = 10 };

static const char *const names[MEMBERS] = {"none",     "dropout=0.2", "member 2",
                                           "member 3", "member 4",    "member 5"};

typedef struct run {
    tg_model *net;
    tg_optimizer *opt;
    tg_trainer *trainer;
} run;

/* Makes run k. Plain and dropout start from equal weights and see equal batches. */
static tg_status run_make(run *r, int k, const options *o, const tg_dataset *set,
                          const tg_dataset *test, tg_history *history, tg_error *err)
{
    const int64_t sizes[] = {784, 100, 100, 100, 100, 100, 100, 10};
    const uint64_t own = k > DROPOUT ? (uint64_t)k : 0;
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 8;
    net.sizes = sizes;
    net.dtype = o->dtype;
    net.dropout = k == DROPOUT ? 0.2 : 0;
    tg_rng rng = tg_rng_make(o->seed, 1000 + own);
    r->net = tg_mlp_new(&net, &rng, err);
    r->opt = tg_sgd(tg_sgd_defaults(), err);
    tg_trainer_options fit = tg_trainer_defaults();
    fit.batch = set->size < 100 ? set->size : 100;
    fit.replace = true;
    fit.seed = o->seed + own * 1000003;
    fit.loss_after = true;
    fit.eval_every = k > DROPOUT ? 0 : PER_EPOCH;
    fit.eval_as_book = true;
    r->trainer = tg_trainer_new(r->net, r->opt, set, test, &fit, k > DROPOUT ? NULL : history,
                                names[k], err);
    return r->trainer ? TG_OK : err->status;
}

static void run_free(run *r)
{
    tg_trainer_free(r->trainer);
    tg_optimizer_free(r->opt);
    tg_mlp_free(r->net);
}

/* Accuracies of the ensemble, measured as the trainers measure those of the others. */
static tg_status measure(const tg_model *all, int64_t epoch, const tg_dataset *set,
                         const tg_dataset *test, tg_history *history, tg_error *err)
{
    double accuracy = 0;
    tg_status status = tg_accuracy(all, set, 0, &accuracy, err);
    if (!status) status = tg_history_add(history, "ensemble", "train_acc", epoch, accuracy);
    if (!status) status = tg_accuracy(all, test, 0, &accuracy, err);
    return status ? status : tg_history_add(history, "ensemble", "test_acc", epoch, accuracy);
}

/* Trains all networks side by side, so that the ensemble can be measured during training. */
static tg_status train_all(run *runs, int64_t epochs, const tg_dataset *set, const tg_dataset *test,
                           tg_history *history, tg_error *err)
{
    tg_model *members[MEMBERS];
    int n = 0;
    for (int k = 0; k < MEMBERS; k++)
        if (k != DROPOUT) members[n++] = runs[k].net;
    tg_model *all = tg_ensemble_new(n, members, err);
    tg_progress progress = tg_progress_start(stderr, "training", epochs);
    if (!progress.terminal) progress.out = NULL;
    tg_status status = all ? TG_OK : err->status;
    for (int64_t i = 0, e = 0; e < epochs && !status; i++, e = i / PER_EPOCH) {
        const bool first = i % PER_EPOCH == 0;
        for (int k = 0; k < MEMBERS && !status; k++) {
            status = tg_trainer_step(runs[k].trainer, err);
            if (!status && first && k <= DROPOUT)
                status = tg_history_add(history, names[k], "train_loss", e,
                                        tg_trainer_loss(runs[k].trainer));
        }
        if (!status && first && (e % ENSEMBLE_EVERY == 0 || e == epochs - 1))
            status = measure(all, e, set, test, history, err);
        tg_progress_update(&progress, e + 1, NULL);
    }
    tg_progress_end(&progress, NULL);
    tg_ensemble_free(all);
    return status;
}

static double last(const tg_history *history, const char *series, const char *metric)
{
    tg_curve c = {0};
    if (tg_history_curve(history, series, metric, &c, NULL)) return 0;
    const double value = c.y[c.n - 1];
    tg_curve_free(&c);
    return value;
}

/* Panels 0..2: one series each; panel 3: the test accuracies of all. */
static void report(tg_figure *figure, const tg_history *history)
{
    static const char *const series[] = {"none", "dropout=0.2", "ensemble"};
    static const char *const titles[] = {"one network, no dropout", "dropout, ratio 0.2",
                                         "5 networks averaged", "on test images"};
    tg_plot_style dashed = tg_plot_style_defaults();
    dashed.dash = TG_DASH_DASHED;
    printf("             train acc  test acc       gap\n");
    for (int k = 0; k < 4; k++) {
        tg_axes *ax = tg_figure_axes(figure, k / 2, k % 2);
        (void)tg_axes_title(ax, titles[k]);
        (void)tg_axes_xlabel(ax, "epoch");
        (void)tg_axes_ylabel(ax, "accuracy");
        (void)tg_axes_ylim(ax, 0, 1.03);
        if (k == 3) break;
        const double train = last(history, series[k], "train_acc");
        const double test = last(history, series[k], "test_acc");
        printf("%-11s  %9.4f %9.4f %9.4f\n", series[k], train, test, train - test);
        options_draw(ax, history, series[k], "train_acc", "training images", NULL);
        options_draw(ax, history, series[k], "test_acc", "test images", &dashed);
        options_draw(tg_figure_axes(figure, 1, 1), history, series[k], "test_acc", series[k], NULL);
    }
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t epochs = 301, images = 300, tests = 0;
    const extra extras[] = {{"--epochs", "of 3 updates", &epochs},
                            {"--images", "training images, 0 for all", &images},
                            {"--test-images", "0 for all", &tests},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "overfit_dropout",
                                  "learning by heart, dropout and an ensemble", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_dataset set = {0}, test = {0};
    run runs[MEMBERS] = {{0}};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(2, 2);
    (void)tg_figure_title(figure, o.data ? "Dropout and an ensemble, 300 images of MNIST"
                                         : "Dropout and an ensemble, drawn digits");
    tg_status status = options_load_both(&o, images, tests, &set, &test, &err);
    for (int k = 0; k < MEMBERS && !status; k++)
        status = run_make(&runs[k], k, &o, &set, &test, history, &err);
    if (!status) status = train_all(runs, epochs, &set, &test, history, &err);
    if (!status) report(figure, history);
    if (!status) status = options_write(&o, history, figure, &err);
    for (int k = 0; k < MEMBERS; k++) run_free(&runs[k]);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&set);
    tg_dataset_free(&test);
    return status ? options_fail(&o, &err) : 0;
}
