/* optimizer_surface.c - section 6.1.3: the shape of f(x, y) = x^2/20 + y^2, on which SGD zigzags.
 *
 * The surface, cuts along its axes, its contours, and -gradient at the points of a grid. It is a
 * valley that is 20 times steeper across than along. The tape computes the gradient of all points
 * in one sweep. Nearly everywhere it does not point at the minimum, (0, 0). */
#include <math.h>
#include <stdio.h>

#include "common.h"

enum {
    GRID = 81,
    ARROWS_X = 21,
    ARROWS_Y = 11,
    ARROWS = ARROWS_X * ARROWS_Y,
    LINES = 21,
    FINE = 121
};

static double f(double x, double y) { return x * x / 20 + y * y; }

static double between(double lo, double hi, int i, int n) { return lo + (hi - lo) * i / (n - 1); }

/* ---- the surface ---------------------------------------------------------------------------- */

/* Heights are drawn at a tenth. The viewer looks along (away_x, away_y), from a height of
 * `lift`. */
static const double away_x = 0.5, away_y = 0.8660254037844386, lift = 0.5, shrink = 0.1;

static void project(double x, double y, double z, double *u, double *v)
{
    *u = x * away_y - y * away_x;
    *v = z * shrink * sqrt(1 - lift * lift) + (x * away_x + y * away_y) * lift;
}

/* True if some point of the surface between (x, y) and the viewer is higher than the line of
 * sight. */
static bool hidden(double x, double y)
{
    const double slope = lift / sqrt(1 - lift * lift);
    for (double s = 0.05; s < 30; s += 0.05) {
        const double nx = x - s * away_x, ny = y - s * away_y;
        if (fabs(nx) > 10 || fabs(ny) > 10) return false;
        if (f(nx, ny) * shrink > f(x, y) * shrink + s * slope + 1e-9) return true;
    }
    return false;
}

/* One line of the net, of constant x or of constant y. Its hidden parts are faint. */
static void net_line(tg_axes *ax, bool along_x, double at)
{
    double u[FINE], seen[FINE], covered[FINE];
    tg_plot_style front = tg_plot_style_defaults(), back = front;
    front.color = 0;
    front.width = 1;
    back.color = TG_COLOR_GREY;
    back.width = 0.6;
    back.opacity = 0.5;
    for (int i = 0; i < FINE; i++) {
        const double along = between(-10, 10, i, FINE);
        const double x = along_x ? along : at, y = along_x ? at : along;
        project(x, y, f(x, y), &u[i], &seen[i]);
        covered[i] = seen[i];
        *(hidden(x, y) ? &seen[i] : &covered[i]) = NAN;
    }
    (void)tg_axes_line(ax, NULL, FINE, u, covered, &back);
    (void)tg_axes_line(ax, NULL, FINE, u, seen, &front);
}

/* An edge of the box between two corners, with its name at (du, dv) from the middle. */
static void edge(tg_axes *ax, const double a[3], const double b[3], const char *name, double du,
                 double dv)
{
    tg_plot_style style = tg_plot_style_defaults();
    double u[2], v[2];
    style.color = TG_COLOR_GREY;
    style.width = 1.2;
    project(a[0], a[1], a[2], &u[0], &v[0]);
    project(b[0], b[1], b[2], &u[1], &v[1]);
    (void)tg_axes_line(ax, NULL, 2, u, v, &style);
    (void)tg_axes_text(ax, (u[0] + u[1]) / 2 + du, (v[0] + v[1]) / 2 + dv, name);
}

static void draw_surface(tg_axes *ax)
{
    edge(ax, (double[]){-10, -10, 0}, (double[]){10, -10, 0}, "x", 0, -1.4);
    edge(ax, (double[]){-10, -10, 0}, (double[]){-10, 10, 0}, "y", -1, -1);
    edge(ax, (double[]){-10, 10, 0}, (double[]){-10, 10, 105}, "f", -1, 0);
    for (int i = 0; i < LINES; i++) {
        net_line(ax, true, between(-10, 10, i, LINES));
        net_line(ax, false, between(-10, 10, i, LINES));
    }
    (void)tg_axes_title(ax, "surface, -10 ≤ x, y ≤ 10");
    (void)tg_axes_tick_labels(ax, false, false);
}

/* ---- cuts, contours, gradients -------------------------------------------------------------- */

static void draw_cuts(tg_axes *ax)
{
    double at[GRID], along[GRID], across[GRID];
    for (int i = 0; i < GRID; i++) {
        at[i] = between(-10, 10, i, GRID);
        along[i] = f(at[i], 0);
        across[i] = f(0, at[i]);
    }
    (void)tg_axes_line(ax, "along x, y = 0", GRID, at, along, NULL);
    (void)tg_axes_line(ax, "along y, x = 0", GRID, at, across, NULL);
    (void)tg_axes_title(ax, "cuts");
    (void)tg_axes_xlabel(ax, "x or y");
    (void)tg_axes_ylabel(ax, "f");
}

static void draw_contours(tg_axes *ax)
{
    static double x[GRID], y[GRID], z[GRID * GRID];
    static const double levels[] = {0.1, 0.5, 1, 2, 4, 7, 12, 20, 35, 60, 90};
    for (int i = 0; i < GRID; i++) x[i] = y[i] = between(-10, 10, i, GRID);
    for (int i = 0; i < GRID * GRID; i++) z[i] = f(x[i % GRID], y[i / GRID]);
    (void)tg_axes_contour(ax, GRID, GRID, x, y, z, sizeof levels / sizeof *levels, levels, NULL);
    (void)tg_axes_text(ax, 0, sqrt(20) + 0.6, "20"); /* above their lines, where there is room */
    (void)tg_axes_text(ax, 0, sqrt(35) + 0.6, "35");
    (void)tg_axes_text(ax, 0, sqrt(60) + 0.6, "60");
    (void)tg_axes_title(ax, "contours");
    (void)tg_axes_xlabel(ax, "x");
    (void)tg_axes_ylabel(ax, "y");
}

/* -gradient of f at the points of a grid. The gradient of the sum of f over all points has the
 * gradient at each of them. */
static tg_status draw_gradients(tg_axes *ax, tg_dtype dtype, tg_history *history, tg_error *err)
{
    const int64_t n = ARROWS;
    double x[ARROWS], y[ARROWS], u[ARROWS], v[ARROWS];
    tg_tape *t = tg_tape_new_on(err);
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "x", tg_tensor_new(dtype, 1, &n, err), err);
    (void)tg_dict_take(p, "y", tg_tensor_new(dtype, 1, &n, err), err);
    for (int i = 0; i < ARROWS; i++) {
        x[i] = between(-10, 10, i % ARROWS_X, ARROWS_X);
        y[i] = between(-5, 5, i / ARROWS_X, ARROWS_Y);
        (void)tg_tensor_set(tg_dict_get(p, "x"), i, x[i], err);
        (void)tg_tensor_set(tg_dict_get(p, "y"), i, y[i], err);
    }
    tg_tensor *tx = tg_param(t, p, "x"), *ty = tg_param(t, p, "y");
    tg_tensor *z = tg_add(t, tg_div(t, tg_square(t, tx), tg_scalar(t, 20)), tg_square(t, ty));
    const tg_dict *g = tg_grad(t, tg_sum(t, z, TG_ALL, false), p);
    tg_status status = err->status;
    for (int i = 0; i < ARROWS && !status; i++) {
        char series[48];
        u[i] = -tg_tensor_get(tg_dict_get(g, "x"), i);
        v[i] = -tg_tensor_get(tg_dict_get(g, "y"), i);
        (void)snprintf(series, sizeof series, "x=%g y=%g", x[i], y[i]);
        (void)tg_history_add(history, series, "f", i, tg_tensor_get(z, i));
        (void)tg_history_add(history, series, "df/dx", i, -u[i]);
        status = tg_history_add(history, series, "df/dy", i, -v[i]);
    }
    if (!status) (void)tg_axes_arrows(ax, ARROWS, x, y, u, v, 0, NULL);
    (void)tg_axes_title(ax, "-gradient");
    (void)tg_axes_xlabel(ax, "x");
    (void)tg_axes_ylabel(ax, "y");
    tg_dict_free(p);
    tg_tape_free(t);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F64};
    const int stop =
        options_read(&o, "optimizer_surface", "the surface, contours and gradients of x^2/20 + y^2",
                     NULL, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    tg_figure *figure = tg_figure_new(2, 2);
    (void)tg_figure_title(figure, "f(x, y) = x²/20 + y²");
    draw_surface(tg_figure_axes(figure, 0, 0));
    draw_cuts(tg_figure_axes(figure, 0, 1));
    draw_contours(tg_figure_axes(figure, 1, 0));
    tg_status status = draw_gradients(tg_figure_axes(figure, 1, 1), o.dtype, history, &err);
    if (!status) {
        tg_curve dx = {0}, dy = {0};
        status = tg_history_curve(history, "x=-7 y=2", "df/dx", &dx, &err);
        if (!status) status = tg_history_curve(history, "x=-7 y=2", "df/dy", &dy, &err);
        if (!status)
            printf("at (-7, 2): f %.2f, gradient (%.2f, %.2f); the way to the minimum is (7, -2)\n",
                   f(-7, 2), dx.y[0], dy.y[0]);
        tg_curve_free(&dx);
        tg_curve_free(&dy);
    }
    if (!status) status = options_write(&o, history, figure, &err);
    tg_figure_free(figure);
    tg_history_free(history);
    return status ? options_fail(&o, &err) : 0;
}
