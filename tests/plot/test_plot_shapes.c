/* test_plot_shapes.c - where figures put lines, bins and contours. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/plot/plot.h"
#include "tests/support/folder.h"

/* The path of the first line in an SVG. */
typedef struct {
    int moves, points;
    double x[8000], y[8000], x0, x1, y0, y1;
} outline;

static const outline *first_line(tg_figure *fig)
{
    static outline o;
    ck_assert_int_eq(tg_figure_write_svg(fig, path, NULL), TG_OK);
    char *svg = content(path);
    o.moves = o.points = 0;
    o.x0 = o.y0 = INFINITY;
    o.x1 = o.y1 = -INFINITY;
    for (char *p = strstr(strstr(svg, "stroke-linecap"), " d='") + 4; *p != '\'';) {
        o.moves += *p == 'M';
        if (*p == 'M') p++;
        if (*p == 'h') p += 2; /* "h0", a dot */
        if (*p == '\'' || *p == 'M') continue;
        ck_assert_int_lt(o.points, 8000);
        const double x = o.x[o.points] = strtod(p, &p), y = o.y[o.points] = strtod(p, &p);
        o.points++;
        o.x0 = fmin(o.x0, x);
        o.x1 = fmax(o.x1, x);
        o.y0 = fmin(o.y0, y);
        o.y1 = fmax(o.y1, y);
    }
    return &o;
}

static const outline *line(size_t n, const double *y, double ymax)
{
    tg_figure *fig = tg_figure_new(1, 1);
    tg_axes_line(tg_figure_axes(fig, 0, 0), NULL, n, NULL, y, NULL);
    if (ymax > 0) tg_axes_ylim(tg_figure_axes(fig, 0, 0), 0, ymax);
    const outline *o = first_line(fig);
    tg_figure_free(fig);
    return o;
}

START_TEST(lines_break_where_values_are_missing)
{
    static const double y[] = {1, 2, NAN, 3, -INFINITY, 4, 1, 3};
    const outline *o = line(8, y, 0);
    ck_assert_int_eq(o->moves, 3);
    ck_assert_int_eq(o->points, 6); /* two, a dot, three */
}
END_TEST

START_TEST(long_lines_are_thinned_but_keep_their_extremes)
{
    enum { N = 1000000 };
    double *y = malloc(N * sizeof *y);
    ck_assert_ptr_nonnull(y);
    for (int i = 0; i < N; i++) y[i] = (double)(i * 7919LL % 1009);
    y[N / 3] = 5000;
    y[N / 2] = -2000;
    const outline *o = line(N, y, 0);
    ck_assert_uint_lt(strlen(content(path)), 60000);
    ck_assert_int_gt(o->points, 1000);
    /* the margins are 4 % of the range, so its ends lie at 1/27 of the panel */
    const double height = (o->y1 - o->y0) * 1.08;
    ck_assert_double_eq_tol(o->y0, 0.04 / 1.08 * height, 0.02);
    ck_assert_double_eq_tol(o->y1, 1.04 / 1.08 * height, 0.02);
    free(y);
}
END_TEST

static double distance(const outline *o, int k, double x, double y)
{
    const double wx = o->x[k + 1] - o->x[k], wy = o->y[k + 1] - o->y[k];
    const double t = ((x - o->x[k]) * wx + (y - o->y[k]) * wy) / (wx * wx + wy * wy);
    const double s = fmax(0, fmin(1, t));
    return hypot(x - o->x[k] - s * wx, y - o->y[k] - s * wy);
}

START_TEST(smooth_lines_stay_within_a_tenth_of_a_pixel)
{
    enum { N = 1500 };
    double y[N];
    for (int i = 0; i < N; i++) y[i] = 1 - cos(i * 6.283185307179586 / (N - 1)); /* 0, 2, 0 */
    const outline *o = line(N, y, 0);
    ck_assert_int_lt(o->points, N / 4);
    for (int i = 0; i < N; i++) {
        const double px = o->x0 + (o->x1 - o->x0) * i / (N - 1);
        const double py = o->y1 - (o->y1 - o->y0) * y[i] / 2;
        double nearest = INFINITY;
        for (int k = 0; k + 1 < o->points; k++) nearest = fmin(nearest, distance(o, k, px, py));
        ck_assert_double_lt(nearest, 0.13); /* and the rounding to two decimals */
    }
}
END_TEST

START_TEST(what_lies_outside_is_clipped)
{
    static const double y[] = {0.5, 1e200, 0.5, -1e200, 0.5, INFINITY, 1e9, 1e9, 0.25};
    const outline *o = line(9, y, 1);
    ck_assert_double_ge(o->y0, -20);
    ck_assert_double_le(o->y1, 500);
    ck_assert_int_eq(o->points, 8);
}
END_TEST

START_TEST(bins)
{
    static const double values[] = {0, 0.1,    0.25,  0.25, 0.5,     0.999,
                                    1, -0.001, 1.001, NAN,  INFINITY},
                        expected[] = {2, 2, 1, 2};
    tg_figure *fig = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(fig, 0, 0);
    ck_assert_int_eq(tg_axes_hist(ax, NULL, 11, values, 4, 0, 1, NULL), TG_OK);
    for (int i = 0; i < 4; i++) ck_assert_double_eq(ax->artist[0].data[i], expected[i]);
    enum { BINS = 37 };
    double near[2 * BINS - 1]; /* each edge, and the number just below it but for the first */
    const double lo = -1, hi = 2.3, width = (hi - lo) / BINS;
    for (int i = 0; i < BINS; i++) near[i] = lo + width * i;
    for (int i = 1; i < BINS; i++) near[BINS + i - 1] = nextafter(near[i], lo);
    ck_assert_int_eq(tg_axes_hist(ax, NULL, 2 * BINS - 1, near, BINS, lo, hi, NULL), TG_OK);
    for (int i = 0; i < BINS; i++) ck_assert_double_eq(ax->artist[1].data[i], i < BINS - 1 ? 2 : 1);
    ck_assert_int_eq(tg_axes_hist(ax, NULL, 3, values, 2, 0, 0, NULL), TG_OK); /* 0, 0.1, 0.25 */
    ck_assert_double_eq(ax->artist[2].data[0], 2);
    ck_assert_double_eq(ax->artist[2].data[1], 1);
    tg_figure_free(fig);
}
END_TEST

/* The level 1 of x^2 + y^2 is one closed circle; without a corner of the grid, an open arc. */
START_TEST(contour_of_a_circle)
{
    enum { G = 81 };
    static double at[G], z[G * G];
    const double level = 1;
    for (int i = 0; i < G; i++) at[i] = -2 + 0.05 * i;
    for (int hole = 0; hole < 2; hole++) {
        for (int i = 0; i < G * G; i++)
            z[i] = hole && i % G > G / 2 && i / G > G / 2 ? NAN
                                                          : pow(at[i % G], 2) + pow(at[i / G], 2);
        tg_figure *fig = tg_figure_new(1, 1);
        tg_axes_contour(tg_figure_axes(fig, 0, 0), G, G, at, at, z, 1, &level, NULL);
        const outline *o = first_line(fig);
        tg_figure_free(fig);
        ck_assert_int_eq(o->moves, 1);
        ck_assert_int_gt(o->points, 20);
        const double cx = (o->x0 + o->x1) / 2, cy = (o->y0 + o->y1) / 2;
        for (int i = 0; i < o->points; i++)
            ck_assert_double_eq_tol(
                hypot((o->x[i] - cx) * 2 / (o->x1 - o->x0), (o->y[i] - cy) * 2 / (o->y1 - o->y0)),
                1, 0.003);
        const double gap = hypot(o->x[o->points - 1] - o->x[0], o->y[o->points - 1] - o->y[0]);
        if (hole)
            ck_assert_double_gt(gap, 100);
        else
            ck_assert_double_lt(gap, 0.02);
    }
}
END_TEST

/* In the middle of a diagonal, a little lower, because y is that of the base line; and far outside
 * the line, where it widens the limits. */
START_TEST(texts)
{
    static const double ends[] = {0, 1};
    for (int far = 0; far < 2; far++) {
        tg_figure *fig = tg_figure_new(1, 1);
        tg_axes *ax = tg_figure_axes(fig, 0, 0);
        tg_axes_line(ax, NULL, 2, ends, ends, NULL);
        tg_axes_text(ax, far ? 2 : 0.5, far ? 2 : 0.5, "here");
        const outline *o = first_line(fig);
        const char *end = strstr(content(path), ">here</text>"), *x = end, *y = end;
        ck_assert_ptr_nonnull(end);
        while (strncmp(x, " x='", 4) != 0) x--;
        while (strncmp(y, " y='", 4) != 0) y--;
        const double far_x = o->x[0] + (far ? 2 : 0.5) * (o->x[1] - o->x[0]);
        const double far_y = o->y[0] + (far ? 2 : 0.5) * (o->y[1] - o->y[0]);
        ck_assert_double_eq_tol(strtod(x + 4, NULL), far_x, 0.1);
        ck_assert_double_eq_tol(strtod(y + 4, NULL), far_y + 4, 2);
        ck_assert_double_gt(far_y, 0);
        tg_figure_free(fig);
    }
}
END_TEST

SUITE("plot_shapes", .with = {FOLDER},
      .tests = {
          {lines_break_where_values_are_missing},
          {long_lines_are_thinned_but_keep_their_extremes},
          {smooth_lines_stay_within_a_tenth_of_a_pixel},
          {what_lies_outside_is_clipped},
          {bins},
          {contour_of_a_circle},
          {texts},
      })
