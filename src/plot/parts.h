/* parts.h - what the files of the plot room share (internal): the figure as data, scales and
 * ticks, and the drawing of each kind of thing as SVG.
 *
 * A figure is drawn in two steps.  layout.c turns each tg_axes into a tgi_panel, which
 * knows its place in pixels, its scales and its ticks; panel.c draws a panel and, through
 * the table tgi_plot_kinds, what it holds.  Inside a panel, coordinates are pixels from the top
 * left of its plotting area. */
#ifndef TAPEGRAD_SRC_PLOT_PARTS_H
#define TAPEGRAD_SRC_PLOT_PARTS_H

#include <math.h>
#include <stdint.h>

#include "graph/text.h"
#include "src/file/number.h"
#include "src/file/sink.h"
#include "tapegrad/plot.h"

enum { TGI_GRID_MAX = 64 };

/* ---- the figure as data (plot.c, add.c) ------------------------------------------------ */

typedef enum tgi_plot_kind { TGI_LINE, TGI_BARS, TGI_CONTOUR, TGI_ARROWS, TGI_TEXT } tgi_plot_kind;

typedef struct tgi_artist {
    tgi_plot_kind kind;
    char *label;         /* NULL: not in the legend */
    char *text;          /* of a text */
    tg_plot_style style; /* the colour is a palette index or TG_COLOR_GREY, never automatic,
                            but for contours, whose automatic colours follow the level */
    size_t n;            /* points, bars, arrows; contours: nx */
    size_t ny, nlevels;  /* contours */
    double lo, hi;       /* bars: the interval they divide; arrows: lo is the scale */
    double *data;        /* one block.  line: x, y; bars: heights; contours: x, y, z, levels;
                            arrows: x, y, u, v; text: x, y */
} tgi_artist;

typedef struct tgi_axis {
    char *label;
    bool log, fixed, no_tick_labels;
    double lo, hi; /* when fixed */
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

/* Records a failure in the axes' figure and returns status. */
tg_status tgi_axes_fail(tg_axes *ax, tg_status status, const char *what);

/* ---- limits and scales (scale.c) ------------------------------------------------------- */

/* The range of some data; empty while lo > hi.  A tight end gets no margin. */
typedef struct tgi_range {
    double lo, hi;
    bool tight_lo, tight_hi;
} tgi_range;

#define TGI_RANGE_EMPTY                                                                            \
    {                                                                                              \
        INFINITY, -INFINITY, false, false                                                          \
    }

/* Extends a range by a value; ignores what is not finite, and on a log scale what is not > 0. */
void tgi_range_add(tgi_range *r, double value, bool log, bool tight);

/* The limits that show a range: margins added, constants widened, an empty range replaced. */
tgi_range tgi_range_limits(tgi_range r, bool log);

/* The limits of both directions of some axes. */
void tgi_axes_limits(const tg_axes *ax, tgi_range *x, tgi_range *y);

/* From data to pixels. */
typedef struct tgi_map {
    double lo, hi; /* the limits, as log10 when log */
    double length; /* pixels between them */
    bool log, flip;
} tgi_map;

tgi_map tgi_map_make(tgi_range limits, bool log, double length, bool flip);

/* The pixel of a value; NaN where there is none. */
double tgi_map_at(const tgi_map *m, double value);

/* ---- ticks (ticks.c) ------------------------------------------------------------------- */

enum { TGI_TICKS_MAX = 24 };

typedef struct tgi_tick {
    double at;
    char text[TGI_NUMBER_MAX]; /* what stands at the tick, or before its exponent */
    bool power;                /* an exponent of 10 follows as a superscript */
    int exponent;
} tgi_tick;

typedef struct tgi_ticks {
    int n;
    tgi_tick tick[TGI_TICKS_MAX];
} tgi_ticks;

/* The distance m * 10^e, m one of 1, 2, 5, of the densest round values of which at most `max` lie
 * in [lo, hi]. */
typedef struct tgi_step {
    int m, e;
} tgi_step;
tgi_step tgi_ticks_step(double lo, double hi, int max);

/* The value i * m * 10^e, correctly rounded where that is cheap. */
double tgi_step_at(tgi_step step, double i);

/* At most max (2..TGI_TICKS_MAX) ticks in [lo, hi], lo < hi. */
void tgi_ticks_linear(double lo, double hi, int max, tgi_ticks *t);

/* Likewise for 0 < lo < hi: powers of ten; over short ranges 1, 2, 5 times these. */
void tgi_ticks_log(double lo, double hi, int max, tgi_ticks *t);

/* The most ticks whose labels do not touch along x, at a font size, on a map. */
void tgi_ticks_fit_x(const tgi_map *m, double font, tgi_ticks *t);
void tgi_ticks_fit_y(const tgi_map *m, double font, tgi_ticks *t);

/* Its width in pixels at a font size. */
double tgi_tick_width(const tgi_tick *tick, double font);

/* ---- writing SVG (text.c, svg.c) -------------------------------------------------- */

/* Writes a template in which each $ stands for the next of the numbers, two decimals at most. */
#define tgi_svg(s, text, ...) tgi_svg_fill((s), (text), (const double[]){__VA_ARGS__})
void tgi_svg_fill(tgi_sink *s, const char *text, const double *number);

/* Escapes for XML; drops control characters, replaces malformed UTF-8. */
void tgi_svg_escape(tgi_sink *s, const char *text);


/* An estimate on the wide side, for sans-serif fonts. */
double tgi_text_width(const char *text, double font);

typedef struct tgi_label {
    double x, y; /* of the base line */
    double font;
    const char *anchor; /* "start", "middle" or "end" */
    const char *color;
    double room; /* the text is set smaller, then cut, to fit; 0: any */
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

/* ---- panels (panel.c, layout.c) --------------------------------------------------- */

typedef struct tgi_panel {
    const tg_axes *axes;
    double left, top; /* of the plotting area, in the figure */
    tgi_map x, y;     /* their lengths are its size */
    tgi_ticks xticks, yticks;
    bool show_x, show_y; /* tick labels and axis label */
    double font;         /* of tick labels */
    double ylabel_at;    /* pixels left of the frame, clear of the tick labels of the column */
    double line_width, marker_size;
} tgi_panel;

/* In fonts of tick labels. */
#define TGI_LABEL_FONT 1.08
#define TGI_TITLE_FONT 1.15

void tgi_panel_draw(const tgi_panel *p, bool legend, tgi_sink *s);

/* Which parts of a panel hold data, for the legend to stay clear of. */
enum { TGI_COVER_COLS = 64, TGI_COVER_ROWS = 48 };
typedef struct tgi_cover {
    double width, height;
    unsigned char held[TGI_COVER_ROWS][TGI_COVER_COLS];
} tgi_cover;

void tgi_cover_rect(tgi_cover *c, double x0, double y0, double x1, double y1);
void tgi_cover_segment(tgi_cover *c, double x0, double y0, double x1, double y1);

/* ---- the kinds of things in axes ------------------------------------------------------------ */

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

/* A pen draws polylines, clipped to a box somewhat larger than the panel, into the d attribute of
 * a path, or marks where they pass when it has a cover. */
typedef struct tgi_pen {
    tgi_sink *s;
    tgi_cover *cover;
    double width, height; /* of the panel */
    double x, y;          /* where the pen is */
    bool down, moved;     /* moved: since it came down */
    bool path;            /* what is written ends at x, y */
    bool held;            /* it is to go on to the point ahead, but perhaps further */
    double ahead_x, ahead_y, reach;
    double direction, least, most; /* radians; the last two relative to the first */
} tgi_pen;

tgi_pen tgi_pen_new(const tgi_panel *p, tgi_sink *s, tgi_cover *cover);
void tgi_pen_to(tgi_pen *pen, double x, double y);
void tgi_pen_lift(tgi_pen *pen);

/* Appends the outline of a marker to the d attribute of a path. */
void tgi_svg_marker(tgi_sink *s, tg_marker marker, double x, double y, double size);

/* Opens the path of markers, up to and including d=". */
void tgi_svg_marker_path(tgi_sink *s, const tgi_artist *a, tg_marker marker);

/* ---- legends (legend.c) ---------------------------------------------------------------- */

/* The legend inside a panel, if it has entries. */
void tgi_legend_draw(const tgi_panel *p, tgi_sink *s);

/* The legend of a whole figure, centred in rows of at most `width` pixels from the left edge
 * `left`; returns its height, and only measures when s is NULL.  The panels (n) are searched for
 * different entries. */
double tgi_legend_figure(const tgi_panel *panels, size_t n, double left, double top, double width,
                         double font, tgi_sink *s);

#endif
