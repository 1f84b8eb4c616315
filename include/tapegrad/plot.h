/* plot.h - charts: a grid of axes with lines, points, bars, contours, arrows and text, written as
 * SVG.
 *
 *     tg_figure *fig = tg_figure_new(1, 1);
 *     tg_axes *ax = tg_figure_axes(fig, 0, 0);
 *     tg_axes_line(ax, "SGD", n, steps, losses, NULL);
 *     tg_axes_ylabel(ax, "loss");
 *     tg_status status = tg_figure_write_svg(fig, "loss.svg", &err);
 *     tg_figure_free(fig);
 *
 * Each call copies its data and text. A call that fails returns its status and does nothing else.
 * The figure keeps the first failure, which tg_figure_write_svg reports instead of writing, so the
 * status of the write is the only one that needs a check. A NULL figure or NULL axes give TG_EARG.
 * The statuses are TG_EARG for an argument outside its range, TG_ENOMEM, and others where a
 * function names them.
 *
 * Text is UTF-8. Invalid bytes are shown as U+FFFD, and control characters are dropped. */
#ifndef TAPEGRAD_PLOT_H
#define TAPEGRAD_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_figure tg_figure;
typedef struct tg_axes tg_axes; /* one of the figure's, borrowed until the figure is freed */

/* A figure with rows x cols empty axes, 1..64 each, to be freed by tg_figure_free. NULL when out
 * of memory or outside that range. */
tg_figure *tg_figure_new(int rows, int cols);

/* Frees the figure with its axes and data; NULL is allowed. */
void tg_figure_free(tg_figure *fig);

/* The axes in a row and column, counted from the top left. Outside the grid returns NULL, and the
 * figure keeps TG_EINDEX. */
tg_axes *tg_figure_axes(tg_figure *fig, int row, int col);

/* Sets the title above all axes; NULL or "" for none. */
tg_status tg_figure_title(tg_figure *fig, const char *title);

/* Sets the size in pixels, 100..20000 each. By default it follows from the grid: 640x435 for
 * single axes, about 230x160 for each of many. */
tg_status tg_figure_size(tg_figure *fig, int width, int height);

/* x: gives all axes the same x range, the union of theirs, and shows x tick labels and x labels
 * only below the bottom axes. y: likewise, at the left. Axes with another scale (linear, log)
 * keep their ranges. */
tg_status tg_figure_share(tg_figure *fig, bool x, bool y);

/* Shows one legend below the title, with each distinct entry once, instead of a legend in each
 * axes. */
tg_status tg_figure_legend(tg_figure *fig, bool on);

/* Writes the figure as SVG 1.1, on a white panel of its own. The file is replaced as a whole or,
 * on failure, left as it was. The first failure of an earlier call; TG_EIO, TG_ENOMEM. */
tg_status tg_figure_write_svg(const tg_figure *fig, const char *path, tg_error *err);

/* Set the axes' title and labels; NULL or "" for none. A title that is too long is set in smaller
 * type, and cut if that is not enough. */
tg_status tg_axes_title(tg_axes *ax, const char *title);
tg_status tg_axes_xlabel(tg_axes *ax, const char *label);
tg_status tg_axes_ylabel(tg_axes *ax, const char *label);

/* Fix the range that is shown: lo < hi, finite, and more than 1e-12 apart relative to their size.
 * The default is the range of all finite data with a small margin. On a log scale lo <= 0 stands
 * for the default. */
tg_status tg_axes_xlim(tg_axes *ax, double lo, double hi);
tg_status tg_axes_ylim(tg_axes *ax, double lo, double hi);

/* Chooses log scales. Values <= 0 then count as missing. */
tg_status tg_axes_log(tg_axes *ax, bool x, bool y);

/* Shows (the default) or hides the tick labels. */
tg_status tg_axes_tick_labels(tg_axes *ax, bool x, bool y);

/* Draws nothing in this cell of the grid. */
tg_status tg_axes_hide(tg_axes *ax);

typedef enum tg_legend_place {
    TG_LEGEND_BEST, /* the corner with the least data under it, the default */
    TG_LEGEND_TOP_RIGHT,
    TG_LEGEND_TOP_LEFT,
    TG_LEGEND_BOTTOM_RIGHT,
    TG_LEGEND_BOTTOM_LEFT,
    TG_LEGEND_NONE
} tg_legend_place;

/* Places the legend. It lists everything that has a label; without labels there is no legend. */
tg_status tg_axes_legend(tg_axes *ax, tg_legend_place place);

typedef enum tg_dash {
    TG_DASH_SOLID,
    TG_DASH_DASHED,
    TG_DASH_DOTTED,
    TG_DASH_DASHDOT,
    TG_DASH_NONE /* no line between the points */
} tg_dash;

typedef enum tg_marker {
    TG_MARKER_NONE,
    TG_MARKER_CIRCLE,
    TG_MARKER_SQUARE,
    TG_MARKER_TRIANGLE,
    TG_MARKER_DIAMOND,
    TG_MARKER_PLUS,
    TG_MARKER_CROSS
} tg_marker;

#define TG_COLOR_AUTO (-1)
#define TG_COLOR_GREY (-2)

/* How a line, points, bars or arrows are drawn. Get a style from tg_plot_style_defaults and change
 * it. */
typedef struct tg_plot_style {
    uint32_t made; /* by tg_plot_style_defaults(), see status.h */
    /* 0.. blue, orange, wine, teal, violet, lilac, brown, slate, then again from 0. TG_COLOR_AUTO,
     * the default: the next colour of these axes. TG_COLOR_GREY. */
    int color;
    /* Of the line, in pixels, > 0. 0, the default: 1.8, less in small axes and for lines with more
     * points than pixels. */
    double width;
    tg_dash dash;       /* TG_DASH_SOLID; automatic colours that come round again are dashed */
    tg_marker marker;   /* TG_MARKER_NONE, or a circle for tg_axes_points */
    double marker_size; /* across, pixels, > 0; 0 (default): 6, or less in small axes */
    double opacity;     /* in (0, 1], default 1 */
} tg_plot_style;

tg_plot_style tg_plot_style_defaults(void);

/* In the following, label may be NULL (no legend entry) and style may be NULL (the defaults). */

/* A line through (x[i], y[i]); x NULL means 0, 1, 2, ... The line has a gap where a value is NaN
 * or infinite. Of more than 2000 points only the visible ones are kept: the first, lowest, highest
 * and last of each run within one column of pixels. About 60 markers are drawn on a line. */
tg_status tg_axes_line(tg_axes *ax, const char *label, size_t n, const double *x, const double *y,
                       const tg_plot_style *style);

/* Points without a line. Of more than 2000, those that others cover are left out. */
tg_status tg_axes_points(tg_axes *ax, const char *label, size_t n, const double *x, const double *y,
                         const tg_plot_style *style);

/* A histogram with `bins` >= 1 equal bins over [lo, hi], hi included. lo == hi stands for the
 * range of the finite values. NaN and values outside are not counted. */
tg_status tg_axes_hist(tg_axes *ax, const char *label, size_t n, const double *values, size_t bins,
                       double lo, double hi, const tg_plot_style *style);

/* Bars of the given heights over equal intervals of [lo, hi], lo < hi. NaN leaves a gap. */
tg_status tg_axes_bars(tg_axes *ax, const char *label, size_t n, const double *heights, double lo,
                       double hi, const tg_plot_style *style);

/* Contour lines z = level over the grid x (nx), y (ny), both increasing, nx, ny >= 2; z (ny,nx) row
 * by row. levels NULL: about nlevels round numbers over the range of z. The default colour is
 * grey, darker for higher levels. Cells with a value that is not finite are left out. */
tg_status tg_axes_contour(tg_axes *ax, size_t nx, size_t ny, const double *x, const double *y,
                          const double *z, size_t nlevels, const double *levels,
                          const tg_plot_style *style);

/* Arrows from (x,y) to (x + scale u, y + scale v), in data coordinates. Scale 0 makes the longest
 * arrow of a grid about as long as its points are apart. The default colour is grey. Zero vectors
 * and values that are not finite are left out. */
tg_status tg_axes_arrows(tg_axes *ax, size_t n, const double *x, const double *y, const double *u,
                         const double *v, double scale, const tg_plot_style *style);

/* Text centred at (x, y), in the colour of titles. TG_EARG for NULL and for values that are not
 * finite. */
tg_status tg_axes_text(tg_axes *ax, double x, double y, const char *text);

#ifdef __cplusplus
}
#endif
#endif
