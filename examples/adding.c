/* adding.c - the adding problem (Hochreiter and Schmidhuber 1997): a GRU or an LSTM reads a
 * sequence of pairs (value, marker) and at the end gives the sum of the two values that were
 * marked.
 *
 * Values are uniform in [0, 1). One marker is in the first half of the steps, the other in the
 * second. Always answering 1 has a mean square error of 2/12 = 0.1667. Less than that takes a
 * memory that lasts over the sequence. */
#include <math.h>
#include <stdio.h>

#include "common.h"

enum { BATCH = 64, EVALUATE = 1024 };

typedef struct task {
    int64_t length, hidden, lstm;
    tg_dtype dtype;
} task;

/* pairs (n, length, 2), target (n, 1). */
static void draw(tg_tape *t, const task *k, int64_t n, tg_rng *rng, tg_tensor **pairs,
                 tg_tensor **target)
{
    const int64_t T = k->length;
    tg_tensor *values = tg_uniform(t, rng, k->dtype, 2, (int64_t[]){n, T}, 0, 1);
    tg_tensor *first = tg_uniform(t, rng, TG_F64, 1, &n, 0, (double)(T / 2));
    tg_tensor *second = tg_uniform(t, rng, TG_F64, 1, &n, (double)(T / 2), (double)T);
    tg_tensor *marks = tg_add(t, tg_one_hot(t, tg_cast(t, first, TG_I32), T, k->dtype),
                              tg_one_hot(t, tg_cast(t, second, TG_I32), T, k->dtype));
    *pairs = tg_stack(t, 2, (tg_tensor *[]){values, marks}, 2);
    *target = tg_sum(t, tg_mul(t, values, marks), 1, true);
}

/* (n, length, 2) -> (n, 1) */
static tg_tensor *network(tg_tape *t, const task *k, const tg_dict *p, tg_tensor *pairs)
{
    if (!pairs) return NULL;
    tg_tensor *Wx = tg_param(t, p, "Wx"), *Wh = tg_param(t, p, "Wh");
    tg_tensor *bx = tg_param(t, p, "bx"), *bh = tg_param(t, p, "bh");
    tg_tensor *h = tg_full(t, k->dtype, 2, (int64_t[]){pairs->shape[0], k->hidden}, 0), *c = h;
    for (int64_t i = 0; i < k->length; i++) {
        tg_tensor *x = tg_squeeze(t, tg_slice(t, pairs, 1, i, i + 1, 1), 1);
        h = k->lstm ? tg_lstm_cell(t, x, h, c, Wx, Wh, bx, bh, &c)
                    : tg_gru_cell(t, x, h, Wx, Wh, bx, bh);
    }
    return tg_affine(t, h, tg_param(t, p, "W"), tg_param(t, p, "b"));
}

/* All weights as in PyTorch, uniform with the bound 1/sqrt(hidden). Biases are 0, except those of
 * the LSTM's forget gate, which are 1, so that it remembers at first. */
static tg_status parameters(tg_dict *p, const task *k, tg_rng *rng, tg_error *err)
{
    const int64_t H = k->hidden, G = (k->lstm ? 4 : 3) * H;
    const int64_t shapes[][2] = {{2, G}, {H, G}, {H, 1}};
    const char *const names[][2] = {{"Wx", "bx"}, {"Wh", "bh"}, {"W", "b"}};
    tg_init init = tg_init_normal(1 / sqrt(3 * (double)H));
    init.uniform = true;
    tg_status status = TG_OK;
    for (int i = 0; i < 3 && !status; i++) {
        status = tg_dict_take(p, names[i][0], tg_tensor_new(k->dtype, 2, shapes[i], err), err);
        if (!status) status = tg_init_fill(tg_dict_get(p, names[i][0]), init, rng, err);
        if (!status)
            status =
                tg_dict_take(p, names[i][1], tg_tensor_new(k->dtype, 1, shapes[i] + 1, err), err);
    }
    for (int64_t j = H; j < 2 * H && k->lstm && !status; j++)
        status = tg_tensor_set(tg_dict_get(p, "bx"), j, 1, err);
    return status;
}

/* The mean square error over sequences from another random stream. */
static double evaluate(tg_tape *t, const task *k, const tg_dict *p, uint64_t seed)
{
    tg_rng rng = tg_rng_make(seed, 1);
    tg_tensor *pairs, *target;
    tg_tape_reset(t);
    draw(t, k, EVALUATE, &rng, &pairs, &target);
    return tg_item(tg_mse(t, network(t, k, p, pairs), target, TG_REDUCE_MEAN));
}

static tg_status train(const task *k, uint64_t seed, int64_t steps, tg_history *history,
                       double *reached, tg_error *err)
{
    const char *series = k->lstm ? "lstm" : "gru";
    tg_tape *t = tg_tape_new_on(err);
    tg_dict *p = tg_dict_new();
    tg_rng rng = tg_rng_make(seed, 0);
    tg_adam_options adam = tg_adam_defaults();
    adam.lr = 0.01;
    tg_optimizer *opt = tg_adam(adam, err);
    tg_status status = parameters(p, k, &rng, err);
    for (int64_t i = 1; i <= steps && !status; i++) {
        tg_tensor *pairs, *target;
        tg_tape_reset(t);
        draw(t, k, BATCH, &rng, &pairs, &target);
        tg_tensor *loss = tg_mse(t, network(t, k, p, pairs), target, TG_REDUCE_MEAN);
        (void)tg_history_add(history, series, "batch_mse", i, tg_item(loss));
        /* large steps at first, none at the end */
        tg_optimizer_set_lr(opt, adam.lr * (1 - (double)(i - 1) / (double)steps));
        status = tg_optimizer_update(opt, p, tg_grad(t, loss, p), err);
        if (status || i % (steps / 5 > 0 ? steps / 5 : 1) != 0) continue;
        *reached = evaluate(t, k, p, seed);
        printf("%s %6lld  mean square error %.4f\n", series, (long long)i, *reached);
        fflush(stdout);
        status = tg_history_add(history, series, "test_mse", i, *reached);
    }
    tg_optimizer_free(opt);
    tg_dict_free(p);
    tg_tape_free(t);
    return status;
}

static void plot(tg_axes *ax, const tg_history *history, const task *k)
{
    const char *metrics[] = {"batch_mse", "test_mse"};
    for (int i = 0; i < 2; i++) {
        tg_curve c;
        if (tg_history_curve(history, k->lstm ? "lstm" : "gru", metrics[i], &c, NULL)) continue;
        tg_plot_style style = tg_plot_style_defaults();
        style.marker = i ? TG_MARKER_CIRCLE : TG_MARKER_NONE;
        (void)tg_axes_line(ax, i ? "new sequences" : "batch", c.n, c.x, c.y, &style);
        tg_curve_free(&c);
    }
    (void)tg_axes_title(ax, k->lstm ? "The adding problem, LSTM" : "The adding problem, GRU");
    (void)tg_axes_xlabel(ax, "update");
    (void)tg_axes_ylabel(ax, "mean square error");
    (void)tg_axes_log(ax, false, true);
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    task k = {.length = 40, .hidden = 32};
    int64_t steps = 1500;
    const extra extras[] = {{"--iterations", "updates", &steps},
                            {"--length", "steps of a sequence, at least 2", &k.length},
                            {"--hidden", "size of the state", &k.hidden},
                            {"--lstm", "1: an LSTM instead of the GRU", &k.lstm},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "adding", "remembering two numbers", extras, argc, argv);
    if (stop >= 0) return stop;
    k.dtype = o.dtype;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 1);
    double reached = NAN;
    printf("length %lld; always answering 1: mean square error %.4f\n", (long long)k.length,
           2.0 / 12);
    tg_status status = train(&k, o.seed, steps, history, &reached, &err);
    plot(tg_figure_axes(figure, 0, 0), history, &k);
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    if (status) return options_fail(&o, &err);
    if (steps >= 1000 && !(reached < 0.01)) {
        fprintf(stderr, "adding: did not learn as it should (error %g)\n", reached);
        return 1;
    }
    return 0;
}
