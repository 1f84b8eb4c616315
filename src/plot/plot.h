/* plot.h - what the files of src/plot share (internal): figures as data, scales and ticks, and the
 * drawing of each kind of artist as SVG.
 *
 * A figure is drawn in two steps. layout.c turns each tg_axes into a tgi_panel, which has a
 * position in pixels, scales and ticks. panel.c draws a panel and, through the table
 * tgi_plot_kinds, its artists. Coordinates inside a panel are pixels from the top left of its
 * plotting area. */
#ifndef TAPEGRAD_SRC_PLOT_PARTS_H
#define TAPEGRAD_SRC_PLOT_PARTS_H

#include <math.h>
#include <stdint.h>

#include "graph/text.h"
#include "src/file/number.h"
#include "src/file/sink.h"
#include "tapegrad/plot.h"

enum { TGI_GRID_MAX = 64 };

/* ---- figures as data (figure.c, axes.c, artists.c) ------------------------------------------ */

typedef enum tgi_plot_kind { TGI_LINE, TGI_BARS, TGI_CONTOUR, TGI_ARROWS, TGI_TEXT } tgi_plot_kind;

/* Something that axes show. */
typedef struct tgi_artist {
    tgi_plot_kind kind;
    char *label; /* NULL: not in the legend */
    char *text;  /* of a text */
    /* The colour is a palette index or TG_COLOR_GREY. Only that of contours can be automatic: it
     * then depends on the level. */
    tg_plot_style style;
    size_t n;           /* points, bars, arrows; contours: nx */
    size_t ny, nlevels; /* contours */
    double lo, hi;      /* bars: the interval that they divide; arrows: lo is the scale */
    /* One block. Line: x, y. Bars: heights. Contours: x, y, z, levels. Arrows: x, y, u, v.
     * Text: x, y. */
    double *data;
} tgi_artist;

typedef struct tgi_axis {
    char *label;
    bool log, fixed, no_tick_labels;
    double lo, hi; /* if fixed */
} tgi_axis;

struct tg_axes {
    tg_figure *fig;
    char *title;
    tgi_axis x, y;
    tg_legend_place legend;
    bool hidden;
    int next_color;
    tgi_artist *artist;
    size_t count, capacity;
};

struct tg_figure {
    int rows, cols, width, height; /* width 0: automatic */
    bool share_x, share_y, legend;
    char *title;
    tg_axes *axes; /* (rows,cols) */
    tg_error failure;
};

/* Replaces *held, a text of the figure, by a copy of text, or by NULL if text is NULL or "". */
tg_status tgi_figure_set_text(tg_figure *fig, char **held, const char *text);

/* Records a failure in the figure of the axes and returns status. */
tg_status tgi_axes_fail(tg_axes *ax, tg_status status, const char *what);

/* ---- limits and scales (scale.c) ------------------------------------------------------------ */

/* The range of some data, empty if lo > hi. A tight end gets no margin. */
typedef struct tgi_range {
    double lo, hi;
    bool tight_lo, tight_hi;
} tgi_range;

#define TGI_RANGE_EMPTY                                                                            \
    {                                                                                              \
        INFINITY, -INFINITY, false, false                                                          \
    }

/* Extends a range to include a value. Ignores values that are not finite and, on a log scale,
 * those that are not above 0. */
void tgi_range_add(tgi_range *r, double value, bool log, bool tight);

/* The limits at which a range is shown: with margins, wider if all values are equal, and with a
 * default if the range is empty. */
tgi_range tgi_range_limits(tgi_range r, bool log);

/* The limits of axes in both directions. */
void tgi_axes_limits(const tg_axes *ax, tgi_range *x, tgi_range *y);

/* From data to pixels. */
typedef struct tgi_map {
    double lo, hi; /* the limits; their log10 on a log scale */
    double length; /* pixels between them */
    bool log, flip;
} tgi_map;

tgi_map tgi_map_make(tgi_range limits, bool log, double length, bool flip);

/* The pixel of a value; NaN if it has none. */
double tgi_map_at(const tgi_map *m, double value);

/* ---- ticks (ticks.c) ------------------------------------------------------------------------ */

enum { TGI_TICKS_MAX = 24 };

typedef struct tgi_tick {
    double at;
    char text[TGI_NUMBER_MAX]; /* the label, or the part before its exponent */
    bool power;                /* an exponent follows as a superscript */
    int exponent;
} tgi_tick;

typedef struct tgi_ticks {
    int n;
    tgi_tick tick[TGI_TICKS_MAX];
} tgi_ticks;

/* A distance m * 10^e between round values, with m = 1, 2 or 5. tgi_ticks_step finds the smallest
 * one for which at most max values lie in [lo, hi]. */
typedef struct tgi_step {
    int m, e;
} tgi_step;
tgi_step tgi_ticks_step(double lo, double hi, int max);

/* i * m * 10^e, correctly rounded if that is cheap. */
double tgi_step_at(tgi_step step, double i);

/* At most max (2..TGI_TICKS_MAX) ticks in [lo, hi], lo < hi. */
void tgi_ticks_linear(double lo, double hi, int max, tgi_ticks *t);

/* The same for 0 < lo < hi on a log scale: powers of ten, or in short ranges 1, 2 and 5 times
 * these. */
void tgi_ticks_log(double lo, double hi, int max, tgi_ticks *t);

/* As many ticks as fit on an axis, for a font size, so that no labels touch. */
void tgi_ticks_fit_x(const tgi_map *m, double font, tgi_ticks *t);
void tgi_ticks_fit_y(const tgi_map *m, double font, tgi_ticks *t);

/* ---- writing SVG (svg.c, svg_text.c) -------------------------------------------------------- */

/* Writes text with each $ replaced by the next number, to at most two decimals. */
#define tgi_svg(s, text, ...) tgi_svg_fill((s), (text), (const double[]){__VA_ARGS__})
void tgi_svg_fill(tgi_sink *s, const char *text, const double *number);

/* Writes text with XML's escapes. Drops control characters and replaces malformed UTF-8. */
void tgi_svg_escape(tgi_sink *s, const char *text);

/* The width in pixels at a font size, for sans-serif fonts; rather too large than too small. */
double tgi_text_width(const char *text, double font);
double tgi_tick_width(const tgi_tick *tick, double font);

typedef struct tgi_label {
    double x, y; /* of the baseline */
    double font;
    const char *anchor; /* "start", "middle" or "end" */
    const char *color;
    double room; /* pixels; longer text is set smaller, then cut; 0: unlimited */
    bool bold, upright;
} tgi_label;

void tgi_svg_label(tgi_sink *s, const tgi_label *l, const char *text);
void tgi_svg_tick_label(tgi_sink *s, const tgi_label *l, const tgi_tick *tick);

enum { TGI_PALETTE = 8 };

/* "#rrggbb" for a palette index >= 0 or TG_COLOR_GREY. */
const char *tgi_color(int color);

#define TGI_INK "#222222"   /* titles and labels */
#define TGI_SOFT "#4a4a4a"  /* tick labels */
#define TGI_FRAME "#8c8c8c" /* the box around the data */
#define TGI_GRID "#e8e8e8"

/* ---- panels (panel.c, layout.c) ------------------------------------------------------------- */

typedef struct tgi_panel {
    const tg_axes *axes;
    double left, top; /* of the plotting area, in the figure */
    tgi_map x, y;     /* their lengths are the size of the plotting area */
    tgi_ticks xticks, yticks;
    bool show_x, show_y; /* tick labels and axis label */
    double font;         /* of tick labels */
    double ylabel_at;    /* pixels left of the frame, beyond the tick labels of its column */
    double line_width, marker_size;
} tgi_panel;

/* Font sizes relative to that of tick labels. */
#define TGI_LABEL_FONT 1.08
#define TGI_TITLE_FONT 1.15

void tgi_panel_draw(const tgi_panel *p, bool legend, tgi_sink *s);

/* Which cells of a panel hold data, which the legend avoids. */
enum { TGI_COVER_COLS = 64, TGI_COVER_ROWS = 48 };
typedef struct tgi_cover {
    double width, height;
    unsigned char held[TGI_COVER_ROWS][TGI_COVER_COLS];
} tgi_cover;

void tgi_cover_rect(tgi_cover *c, double x0, double y0, double x1, double y1);
void tgi_cover_segment(tgi_cover *c, double x0, double y0, double x1, double y1);

/* ---- the kinds of artists (line.c, bars.c, contour.c, arrows.c, text.c) --------------------- */

typedef struct tgi_plot_drawer {
    void (*extent)(const tgi_artist *a, bool logx, bool logy, tgi_range *x, tgi_range *y);
    void (*draw)(const tgi_artist *a, const tgi_panel *p, tgi_sink *s);
    void (*cover)(const tgi_artist *a, const tgi_panel *p, tgi_cover *c); /* or NULL */
} tgi_plot_drawer;

extern const tgi_plot_drawer tgi_plot_line, tgi_plot_bars, tgi_plot_contour, tgi_plot_arrows,
    tgi_plot_text;
extern const tgi_plot_drawer *const tgi_plot_kinds[]; /* by tgi_plot_kind */

/* The line width and marker size of an artist in a panel. */
double tgi_line_width(const tgi_artist *a, const tgi_panel *p);
double tgi_marker_size(const tgi_artist *a, const tgi_panel *p);

/* " stroke=... stroke-width=... stroke-dasharray=... opacity=..." */
void tgi_svg_stroke(tgi_sink *s, const char *color, double width, tg_dash dash, double opacity);

/* Writes polylines to the d attribute of a path, clipped to a box somewhat larger than the panel.
 * If it has a cover, it marks the cells that they cross instead. */
typedef struct tgi_pen {
    tgi_sink *s;
    tgi_cover *cover;
    double width, height; /* of the panel */
    double x, y;          /* its position */
    bool down, moved;     /* moved: since it was put down */
    bool path;            /* the path that was written ends at x, y */
    bool held;            /* the line to the point ahead is not written yet: it may become longer */
    double ahead_x, ahead_y, reach; /* the point ahead and its distance from x, y */
    double direction, least, most;  /* radians; the last two relative to the first */
} tgi_pen;

tgi_pen tgi_pen_new(const tgi_panel *p, tgi_sink *s, tgi_cover *cover);
void tgi_pen_to(tgi_pen *pen, double x, double y);
void tgi_pen_lift(tgi_pen *pen);

/* Writes the outline of a marker to the d attribute of a path. */
void tgi_svg_marker(tgi_sink *s, tg_marker marker, double x, double y, double size);

/* Opens the path of markers, up to and including d=". */
void tgi_svg_marker_path(tgi_sink *s, const tgi_artist *a, tg_marker marker);

/* ---- legends (legend.c) --------------------------------------------------------------------- */

/* The legend inside a panel, if it has entries. */
void tgi_legend_draw(const tgi_panel *p, tgi_sink *s);

/* Draws the legend of a whole figure, with each entry of the n panels once, in centred rows of at
 * most `width` pixels that begin at `left`. Returns its height. If s is NULL, it only measures.
 */
double tgi_legend_figure(const tgi_panel *panels, size_t n, double left, double top, double width,
                         double font, tgi_sink *s);

#endif
