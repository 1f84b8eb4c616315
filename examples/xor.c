/* xor.c - why a network needs an activation between its layers.
 *
 * 2-10-1, binary cross-entropy: loss = mean(softplus(z) - z target), p = sigmoid(z). Without the
 * hidden sigmoid, two affine maps are one affine map. XOR is not linearly separable, so the best
 * result is p = 1/2 everywhere, with loss ln 2 = 0.6931. With the sigmoid all four points are
 * learnt. */
#include <stdio.h>

#include "common.h"

enum { HIDDEN = 10 };

static tg_tensor *network(tg_tape *t, const tg_dict *p, tg_tensor *x, bool activation)
{
    tg_tensor *h = tg_affine(t, x, tg_param(t, p, "W1"), tg_param(t, p, "b1"));
    return tg_affine(t, activation ? tg_sigmoid(t, h) : h, tg_param(t, p, "W2"),
                     tg_param(t, p, "b2"));
}

static tg_tensor *bce(tg_tape *t, tg_tensor *z, tg_tensor *target)
{
    return tg_mean(t, tg_sub(t, tg_softplus(t, z), tg_mul(t, z, target)), TG_ALL, false);
}

/* Class 1 where p exceeds one half by more than rounding. */
static double accuracy(tg_tape *t, tg_tensor *z, tg_tensor *target)
{
    const tg_dtype d = target->dtype;
    tg_tensor *p = tg_cast(t, tg_greater(t, tg_sigmoid(t, z), tg_scalar(t, 0.5 + 1e-5)), d);
    return tg_item(tg_mean(t, tg_cast(t, tg_equal(t, p, target), d), TG_ALL, false));
}

static tg_status parameters(tg_dict *p, tg_dtype d, tg_rng *rng, tg_error *err)
{
    const int64_t sizes[] = {2, HIDDEN, 1};
    tg_status status = TG_OK;
    for (int l = 0; l < 2 && !status; l++) {
        tg_tensor *W = tg_tensor_new(d, 2, sizes + l, err);
        status = tg_init_fill(W, tg_init_normal(1), rng, err);
        if (!status) status = tg_dict_set(p, l ? "W2" : "W1", W, err);
        if (!status)
            status = tg_dict_take(p, l ? "b2" : "b1", tg_tensor_new(d, 1, sizes + l + 1, err), err);
        tg_tensor_free(W);
    }
    return status;
}

static tg_status train(const options *o, bool activation, int64_t steps, tg_history *history,
                       double *last_accuracy, tg_error *err)
{
    const char *series = activation ? "sigmoid" : "none";
    tg_tape *t = tg_tape_new_on(err);
    tg_dict *p = tg_dict_new();
    tg_rng rng = tg_rng_make(o->seed, 0);
    tg_tensor *x = tg_tensor_new(o->dtype, 2, (int64_t[]){4, 2}, err);
    tg_tensor *target = tg_tensor_new(o->dtype, 2, (int64_t[]){4, 1}, err);
    tg_momentum_options momentum = tg_momentum_defaults();
    momentum.lr = 0.5;
    tg_optimizer *opt = tg_momentum(momentum, err);
    tg_status status = parameters(p, o->dtype, &rng, err);
    for (int i = 0; i < 4 && !status; i++) {
        (void)tg_tensor_set(x, 2 * i, i / 2, err);
        (void)tg_tensor_set(x, 2 * i + 1, i % 2, err);
        status = tg_tensor_set(target, i, i / 2 != i % 2, err);
    }
    for (int64_t i = 0; i < steps && !status; i++) {
        tg_tape_reset(t);
        tg_tensor *z = network(t, p, x, activation), *loss = bce(t, z, target);
        *last_accuracy = accuracy(t, z, target);
        (void)tg_history_add(history, series, "loss", i, tg_item(loss));
        (void)tg_history_add(history, series, "accuracy", i, *last_accuracy);
        if ((i + 1) % (steps / 5 > 0 ? steps / 5 : 1) == 0)
            printf("%-8s %6lld  loss %.4f  accuracy %.2f\n", series, (long long)i + 1,
                   tg_item(loss), *last_accuracy);
        status = tg_optimizer_update(opt, p, tg_grad(t, loss, p), err);
    }
    tg_optimizer_free(opt);
    tg_tensor_free(target);
    tg_tensor_free(x);
    tg_dict_free(p);
    tg_tape_free(t);
    return status;
}

static void draw(tg_axes *ax, const tg_history *history, const char *series)
{
    tg_curve c = {0};
    char label[64];
    if (tg_history_curve(history, series, "loss", &c, NULL)) return;
    (void)snprintf(label, sizeof label, "hidden activation: %s", series);
    (void)tg_axes_line(ax, label, c.n, c.x, c.y, NULL);
    tg_curve_free(&c);
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t steps = 2000;
    const extra extras[] = {{"--iterations", "updates of each network", &steps},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "xor", "XOR with and without a hidden activation", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(figure, 0, 0);
    double without = 0, with = 0;
    tg_status status = train(&o, false, steps, history, &without, &err);
    if (!status) status = train(&o, true, steps, history, &with, &err);
    draw(ax, history, "none");
    draw(ax, history, "sigmoid");
    (void)tg_axes_title(ax, "XOR, a 2-10-1 network");
    (void)tg_axes_xlabel(ax, "update");
    (void)tg_axes_xlim(ax, 0, steps < 300 ? (double)steps + 1 : 300);
    (void)tg_axes_ylabel(ax, "binary cross-entropy");
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    if (status) return options_fail(&o, &err);
    if (steps >= 1000 && (with != 1 || without != 0.5)) {
        fprintf(stderr, "xor: did not learn as it should (accuracies %g and %g)\n", with, without);
        return 1;
    }
    return 0;
}
