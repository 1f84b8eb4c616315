/* hyperparameter_optimization.c - section 6.5.3: 100 trials draw the learning rate and the weight
 * decay of a 784-100x6-10 network at random, on log scales, and are judged on images that are kept
 * apart. Two more rounds search where the best tenth of the round before was.
 *
 * Trials run in parallel threads. With --journal an interrupted search can be continued. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

enum {
    BATCH = 100,
    BEST = 10,
    FEWEST = 3,
    ROUNDS_MAX = 9,
    SHOWN = 5,
    GRID_ROWS = 4,
    GRID_COLS = 5
};
enum { LR, WEIGHT_DECAY, RANGES };
enum {
    VAL_ACC,
    TRAIN_ACC,
    CURVES
}; /* results: the last accuracies, then both accuracies by epoch */

typedef struct job {
    const options *o;
    tg_dataset train, validation;
    uint64_t round;
    tg_search *search;
    tg_progress progress;
} job;

/* ---- one trial ------------------------------------------------------------------------------ */

static tg_status copy_curve(const tg_history *h, const char *metric, int64_t n, double *to,
                            tg_error *err)
{
    tg_curve c;
    const tg_status status = tg_history_curve(h, "", metric, &c, err);
    for (int64_t i = 0; i < n && !status; i++) to[i] = c.y[i];
    tg_curve_free(&c);
    return status;
}

/* The book's Trainer measures at the first update of each epoch. Updates after the last measurement
 * have no effect on the results, so they are left out. */
static tg_status train(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    const job *j = user;
    const int64_t sizes[] = {784, 100, 100, 100, 100, 100, 100, 10}, n = trial->budget;
    tg_rng rng = tg_rng_make(j->o->seed, (j->round << 32) + (uint64_t)trial->number);
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 8;
    net.sizes = sizes;
    net.dtype = j->o->dtype;
    net.weight_decay = trial->values[WEIGHT_DECAY];
    tg_sgd_options sgd = tg_sgd_defaults();
    sgd.lr = trial->values[LR];
    tg_trainer_options fit = tg_trainer_defaults();
    fit.seed = tg_rng_word(&rng, 0);
    tg_rng_skip(&rng, 2);
    fit.batch = j->train.size < BATCH ? j->train.size : BATCH;
    fit.replace = true;
    fit.eval_every = j->train.size / fit.batch;
    fit.eval_as_book = true;
    fit.steps = (n - 1) * fit.eval_every + 1;
    tg_history *history = tg_history_new();
    tg_model *model = tg_mlp_new(&net, &rng, err);
    tg_optimizer *optimizer = tg_sgd(sgd, err);
    tg_trainer *trainer =
        tg_trainer_new(model, optimizer, &j->train, &j->validation, &fit, history, "", err);
    tg_status status = trainer ? tg_trainer_fit(trainer, err) : err->status;
    if (!status) status = copy_curve(history, "test_acc", n, results + CURVES, err);
    if (!status) status = copy_curve(history, "train_acc", n, results + CURVES + n, err);
    if (!status) {
        results[VAL_ACC] = results[CURVES + n - 1];
        results[TRAIN_ACC] = results[CURVES + 2 * n - 1];
    }
    tg_trainer_free(trainer);
    tg_optimizer_free(optimizer);
    tg_mlp_free(model);
    tg_history_free(history);
    return status;
}

static bool show(void *user, const tg_search_progress *p)
{
    job *j = user;
    char text[160] = "best ";
    (void)tg_search_describe(j->search, &p->best, text + 5, sizeof text - 5);
    tg_progress_update(&j->progress, p->done, text);
    return true;
}

/* ---- one round ------------------------------------------------------------------------------ */

static tg_status run_round(job *j, const tg_range *ranges, int64_t trials, int64_t epochs,
                           tg_error *err)
{
    char label[64], journal[4096], name[32];
    tg_search_options o = tg_search_defaults();
    (void)snprintf(label, sizeof label, "%s %s %lld", j->o->data ? "mnist" : "digits",
                   tg_dtype_name(j->o->dtype), (long long)(j->train.size + j->validation.size));
    (void)snprintf(journal, sizeof journal, "%s.%d", j->o->file ? j->o->file : "", (int)j->round);
    (void)snprintf(name, sizeof name, "round %d", (int)j->round);
    o.ranges = ranges;
    o.n_ranges = RANGES;
    o.trial = train;
    o.n_results = CURVES + 2 * (int)epochs;
    o.budget = epochs;
    o.seed = j->o->seed + (j->round << 32);
    o.threads = j->o->threads;
    o.journal = j->o->file ? journal : NULL;
    o.label = label;
    o.callback = show;
    o.user = j;
    j->search = tg_search_new(&o, err);
    j->progress = tg_progress_start(stderr, name, trials);
    const tg_status status = j->search ? tg_search_random(j->search, trials, err) : err->status;
    tg_progress_end(&j->progress, NULL);
    return status;
}

/* Prints the best trials, and returns the mean of ten. */
static double report(const job *j)
{
    double sum = 0;
    tg_trial t;
    int64_t k = 0;
    for (; k < BEST && !tg_search_ranked(j->search, k, &t); k++) {
        if (k < SHOWN)
            printf("best-%lld: %.2f  lr %.3e, weight decay %.3e\n", (long long)k + 1, t.score,
                   t.values[LR], t.values[WEIGHT_DECAY]);
        sum += t.score;
    }
    return k ? sum / (double)k : NAN;
}

/* ---- what is kept --------------------------------------------------------------------------- */

/* The history keeps the first failure and reports it when it is written. */
static void keep_trials(const job *j, tg_history *h)
{
    char series[32];
    tg_trial t;
    (void)snprintf(series, sizeof series, "round%d", (int)j->round);
    for (int64_t i = 0; !tg_search_get(j->search, i, &t); i++) {
        (void)tg_history_add(h, series, "lr", i, t.values[LR]);
        (void)tg_history_add(h, series, "weight_decay", i, t.values[WEIGHT_DECAY]);
        (void)tg_history_add(h, series, "val_acc", i, t.results[VAL_ACC]);
        (void)tg_history_add(h, series, "train_acc", i, t.results[TRAIN_ACC]);
    }
}

/* The first round in the form of the reference files: some ranks, and means over intervals of
 * lr. */
static void keep_summary(const job *j, tg_history *h)
{
    static const int ranks[] = {1, 2, 3, 4, 5, 10, 20};
    static const double edges[] = {-6, -5, -4, -3.5, -3, -2.75, -2.5, -2.25, -2};
    char text[64];
    double least = INFINITY;
    tg_trial t;
    for (int k = 0; k < 7 && !tg_search_ranked(j->search, ranks[k] - 1, &t); k++) {
        (void)snprintf(text, sizeof text, "val_acc_best_%d", ranks[k]);
        (void)tg_history_add(h, "rank", text, ranks[k], t.score);
    }
    for (int64_t k = 0; k < 5 && !tg_search_ranked(j->search, k, &t); k++)
        least = fmin(least, log10(t.values[LR]));
    (void)tg_history_add(h, "rank", "min_log10lr_of_best_5", 5, least);
    for (int e = 0; e < 8; e++) {
        double val = 0, tr = 0, n = 0;
        for (int64_t i = 0; !tg_search_get(j->search, i, &t); i++) {
            const double log_lr = log10(t.values[LR]);
            if (log_lr < edges[e] || log_lr >= edges[e + 1]) continue;
            val += t.results[VAL_ACC];
            tr += t.results[TRAIN_ACC];
            n++;
        }
        (void)snprintf(text, sizeof text, "lr_1e%g..1e%g", edges[e], edges[e + 1]);
        if (n > 0) (void)tg_history_add(h, text, "val_acc_mean", e, val / n);
        if (n > 0) (void)tg_history_add(h, text, "train_acc_mean", e, tr / n);
    }
}

/* The curves of the 20 best trials of the first round. */
static void draw(const job *j, tg_figure *figure, int64_t epochs)
{
    char title[64];
    tg_trial t;
    for (int k = 0; k < GRID_ROWS * GRID_COLS; k++) {
        tg_axes *ax = tg_figure_axes(figure, k / GRID_COLS, k % GRID_COLS);
        if (tg_search_ranked(j->search, k, &t)) {
            (void)tg_axes_hide(ax);
            continue;
        }
        tg_plot_style dashed = tg_plot_style_defaults();
        dashed.dash = TG_DASH_DASHED;
        (void)snprintf(title, sizeof title, "best-%d", k + 1);
        (void)tg_axes_title(ax, title);
        (void)tg_axes_ylim(ax, 0, 1);
        (void)tg_axes_xlabel(ax, "epoch");
        (void)tg_axes_ylabel(ax, "accuracy");
        (void)tg_axes_line(ax, "validation", (size_t)epochs, NULL, t.results + CURVES, NULL);
        (void)tg_axes_line(ax, "training", (size_t)epochs, NULL, t.results + CURVES + epochs,
                           &dashed);
    }
    (void)tg_figure_share(figure, true, true);
    (void)tg_figure_legend(figure, true);
}

/* ---- the rounds ----------------------------------------------------------------------------- */

static tg_status run_rounds(job *j, int64_t rounds, int64_t trials, int64_t epochs, tg_history *h,
                            tg_figure *figure, tg_error *err)
{
    tg_range ranges[RANGES] = {
        {.name = "lr", .kind = TG_RANGE_LOG, .lo = 1e-6, .hi = 1e-2},
        {.name = "weight_decay", .kind = TG_RANGE_LOG, .lo = 1e-8, .hi = 1e-4}};
    tg_status status = TG_OK;
    for (int64_t r = 1; r <= rounds && !status; r++) {
        j->round = (uint64_t)r;
        printf("round %lld: lr %.3e..%.3e, weight decay %.3e..%.3e\n", (long long)r, ranges[LR].lo,
               ranges[LR].hi, ranges[WEIGHT_DECAY].lo, ranges[WEIGHT_DECAY].hi);
        (void)fflush(stdout);
        status = run_round(j, ranges, trials, epochs, err);
        if (!status) {
            const double mean = report(j);
            printf("mean of the ten best: %.4f\n", mean);
            (void)tg_history_add(h, "rounds", "mean_of_ten_best", r, mean);
            keep_trials(j, h);
            if (r == 1) keep_summary(j, h);
            if (r == 1) draw(j, figure, epochs);
            const int64_t best = trials > 10 * FEWEST ? trials / 10
                                 : trials > FEWEST    ? FEWEST
                                                      : trials;
            tg_range next[RANGES];
            status = tg_search_narrow(j->search, best, 0.02, next, err);
            for (int k = 0; k < RANGES && !status; k++) {
                next[k].name = ranges[k].name; /* the names in next are freed with the search */
                ranges[k] = next[k];
            }
        }
        tg_search_free(j->search);
        j->search = NULL;
    }
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32,
                 .file_flag = "--journal",
                 .file_help = "finished trials, in FILE.1, FILE.2, ...: an interrupted search goes "
                              "on"};
    int64_t trials = 100, rounds = 3, epochs = 50, images = 500;
    const extra extras[] = {{"--trials", "trials in each round", &trials},
                            {"--rounds", "rounds, up to 9", &rounds},
                            {"--epochs", "epochs of each trial", &epochs},
                            {"--images", "images, a fifth of them for validation", &images},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "hyperparameter_optimization",
                     "a random search for learning rate and weight decay", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_status status = TG_OK;
    if (trials < 1 || rounds < 1 || rounds > ROUNDS_MAX || epochs < 1 || epochs > 100000 ||
        images < 5)
        status = tg_fail(&err, TG_EARG, "too few or too many trials, rounds, epochs or images");
    o.threads = tg_num_threads();
    tg_set_num_threads(1); /* the trials are the parallel part */
    tg_dataset all = {0}, test = {0};
    job j = {.o = &o};
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(GRID_ROWS, GRID_COLS);
    if (!status) status = options_load(&o, images, &all, &test, &err);
    tg_rng rng = tg_rng_make(o.seed, 1); /* a random fifth is for validation */
    if (!status) status = tg_dataset_split(&all, all.size / 5, &rng, &j.validation, &j.train, &err);
    if (!status) status = run_rounds(&j, rounds, trials, epochs, history, figure, &err);
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    tg_dataset_free(&j.train);
    tg_dataset_free(&j.validation);
    tg_dataset_free(&all);
    tg_dataset_free(&test);
    return status ? options_fail(&o, &err) : 0;
}
