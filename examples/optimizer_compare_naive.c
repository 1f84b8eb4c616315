/* optimizer_compare_naive.c - section 6.1.7: four optimizers on f(x,y) = x^2/20 + y^2 from (-7, 2).
 *
 * The valley is long in x and steep in y: df/dx = x/10, df/dy = 2y. SGD zigzags between its walls,
 * Momentum overshoots and swings back, AdaGrad and Adam scale each direction separately. */
#include <math.h>
#include <stdio.h>

#include "common.h"

enum { OPTIMIZERS = 4, UPDATES = 30, POINTS = UPDATES + 1, GRID = 81 };

static tg_tensor *f(tg_tape *t, const tg_dict *p)
{
    tg_tensor *x = tg_param(t, p, "x"), *y = tg_param(t, p, "y");
    return tg_add(t, tg_div(t, tg_square(t, x), tg_scalar(t, 20)), tg_square(t, y));
}

static tg_optimizer *make(int k, tg_error *err)
{
    tg_sgd_options sgd = tg_sgd_defaults();
    tg_momentum_options momentum = tg_momentum_defaults();
    tg_adagrad_options adagrad = tg_adagrad_defaults();
    tg_adam_options adam = tg_adam_defaults();
    sgd.lr = 0.95, momentum.lr = 0.1, adagrad.lr = 1.5, adam.lr = 0.3;
    switch (k) {
    case 0:
        return tg_sgd(sgd, err);
    case 1:
        return tg_momentum(momentum, err);
    case 2:
        return tg_adagrad(adagrad, err);
    default:
        return tg_adam(adam, err);
    }
}

/* The walk of one optimizer. Its points go into xs, ys and the history. */
static tg_status walk(tg_optimizer *opt, tg_dtype dtype, tg_history *history, double *xs,
                      double *ys, tg_error *err)
{
    tg_tape *t = tg_tape_new_on(err);
    tg_dict *p = tg_dict_new();
    tg_tensor *x = tg_tensor_new(dtype, 0, NULL, err), *y = tg_tensor_new(dtype, 0, NULL, err);
    tg_status status = tg_tensor_fill(x, -7, err);
    if (!status) status = tg_tensor_fill(y, 2, err);
    if (!status) status = tg_dict_set(p, "x", x, err);
    if (!status) status = tg_dict_set(p, "y", y, err);
    for (int i = 0; i < POINTS && !status; i++) {
        tg_tape_reset(t);
        tg_tensor *value = f(t, p);
        xs[i] = tg_item(x);
        ys[i] = tg_item(y);
        (void)tg_history_add(history, tg_optimizer_name(opt), "x", i, xs[i]);
        (void)tg_history_add(history, tg_optimizer_name(opt), "y", i, ys[i]);
        (void)tg_history_add(history, tg_optimizer_name(opt), "f", i, tg_item(value));
        status = tg_optimizer_update(opt, p, tg_grad(t, value, p), err);
    }
    tg_tensor_free(x);
    tg_tensor_free(y);
    tg_dict_free(p);
    tg_tape_free(t);
    return status;
}

static void draw(tg_axes *ax, const char *name, int color, const double *xs, const double *ys)
{
    static double gx[GRID], gy[GRID], z[GRID * GRID], levels[] = {0.1, 0.5, 1, 2, 4, 7, 12, 20};
    for (int i = 0; i < GRID; i++) gx[i] = -10 + 20.0 * i / (GRID - 1);
    for (int i = 0; i < GRID; i++) gy[i] = -5 + 10.0 * i / (GRID - 1);
    for (int i = 0; i < GRID * GRID; i++)
        z[i] = gx[i % GRID] * gx[i % GRID] / 20 + gy[i / GRID] * gy[i / GRID];
    tg_plot_style grey = tg_plot_style_defaults(), style = grey;
    grey.color = TG_COLOR_GREY;
    grey.width = 0.8;
    style.color = color;
    style.marker = TG_MARKER_CIRCLE;
    style.marker_size = 4;
    (void)tg_axes_contour(ax, GRID, GRID, gx, gy, z, sizeof levels / sizeof *levels, levels, &grey);
    (void)tg_axes_line(ax, NULL, UPDATES, xs, ys, &style);
    (void)tg_axes_title(ax, name);
    (void)tg_axes_xlabel(ax, "x");
    (void)tg_axes_ylabel(ax, "y");
    (void)tg_axes_xlim(ax, -10, 10);
    (void)tg_axes_ylim(ax, -5, 5);
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F64};
    const int stop = options_read(&o, "optimizer_compare_naive",
                                  "four optimizers walk down x^2/20 + y^2", NULL, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(2, 2);
    (void)tg_figure_title(figure, "f(x, y) = x²/20 + y², 30 steps from (-7, 2)");
    (void)tg_figure_share(figure, true, true);
    tg_status status = TG_OK;
    printf("optimizer   x after 30   y after 30        f\n");
    for (int k = 0; k < OPTIMIZERS && !status; k++) {
        double xs[POINTS], ys[POINTS];
        tg_optimizer *opt = make(k, &err);
        status = opt ? walk(opt, o.dtype, history, xs, ys, &err) : err.status;
        if (!status) {
            const double x = xs[UPDATES], y = ys[UPDATES];
            draw(tg_figure_axes(figure, k / 2, k % 2), tg_optimizer_name(opt), k, xs, ys);
            printf("%-9s %12.6f %12.6f %8.5f\n", tg_optimizer_name(opt), x, y, x * x / 20 + y * y);
        }
        tg_optimizer_free(opt);
    }
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    return status ? options_fail(&o, &err) : 0;
}
