/* line.c - draws lines, reduced to their visible points, and markers. */
#include <math.h>

#include "src/plot/plot.h"
#include "tapegrad/alloc.h"

enum {
    THIN_ABOVE = 2000,    /* points; shorter lines are drawn as they are */
    MARKERS_ON_LINE = 60, /* about as many markers are drawn on a line */
};

static void extent(const tgi_artist *a, bool logx, bool logy, tgi_range *x, tgi_range *y)
{
    for (size_t i = 0; i < a->n; i++) {
        const double xi = a->data[i], yi = a->data[a->n + i];
        if (!isfinite(xi) || !isfinite(yi) || (logx && xi <= 0) || (logy && yi <= 0)) continue;
        tgi_range_add(x, xi, logx, false);
        tgi_range_add(y, yi, logy, false);
    }
}

typedef struct {
    double x, y;
} spot;

/* Point i in pixels; false if it has no position. */
static bool spot_at(const tgi_artist *a, const tgi_panel *p, size_t i, spot *at)
{
    *at = (spot){tgi_map_at(&p->x, a->data[i]), tgi_map_at(&p->y, a->data[a->n + i])};
    return !isnan(at->x) && !isnan(at->y);
}

/* The points that thinning keeps of a run within one column of pixels. */
typedef struct {
    size_t count;
    double column;
    spot first, low, high, last;
    bool low_came_first;
} run;

static void end_run(run *r, tgi_pen *pen)
{
    const spot early = r->low_came_first ? r->low : r->high;
    const spot late = r->low_came_first ? r->high : r->low;
    if (r->count > 0) tgi_pen_to(pen, r->first.x, r->first.y);
    if (r->count > 2) {
        tgi_pen_to(pen, early.x, early.y);
        tgi_pen_to(pen, late.x, late.y);
    }
    if (r->count > 1) tgi_pen_to(pen, r->last.x, r->last.y);
    r->count = 0;
}

static void extend_run(run *r, spot at, tgi_pen *pen)
{
    const double column = floor(at.x);
    if (r->count > 0 && column != r->column) end_run(r, pen);
    if (r->count == 0) *r = (run){0, column, at, at, at, at, true};
    if (at.y < r->low.y) {
        r->low = at;
        r->low_came_first = false;
    }
    if (at.y > r->high.y) {
        r->high = at;
        r->low_came_first = true;
    }
    r->last = at;
    r->count++;
}

static void trace(const tgi_artist *a, const tgi_panel *p, tgi_pen pen)
{
    const bool thin = a->n > THIN_ABOVE;
    run r = {.count = 0};
    for (size_t i = 0; i < a->n; i++) {
        spot at;
        if (!spot_at(a, p, i, &at)) {
            end_run(&r, &pen);
            tgi_pen_lift(&pen);
        } else if (thin) {
            extend_run(&r, at, &pen);
        } else {
            tgi_pen_to(&pen, at.x, at.y);
        }
    }
    end_run(&r, &pen);
    tgi_pen_lift(&pen);
}

/* The cells that already have a marker, so that many points do not repeat each other. */
typedef struct {
    unsigned char *taken; /* NULL: so few points that it does not matter */
    size_t cols, rows;
    double size;
} places;

static places new_places(const tgi_artist *a, const tgi_panel *p, double size, tgi_sink *s)
{
    places at = {.size = fmax(1.5, size / 2)};
    at.cols = (size_t)(p->x.length / at.size) + 1;
    at.rows = (size_t)(p->y.length / at.size) + 1;
    if (a->n <= THIN_ABOVE) return at;
    at.taken = tg_calloc(at.cols, at.rows); /* both below 2^16 */
    if (!at.taken) tgi_sink_fail(s, TG_ENOMEM, "figure: out of memory for %zu markers", a->n);
    return at;
}

static bool take(places *all, spot at)
{
    if (!all->taken) return true;
    const size_t col = (size_t)(at.x / all->size), row = (size_t)(at.y / all->size);
    if (col >= all->cols || row >= all->rows) return false;
    unsigned char *taken = &all->taken[row * all->cols + col];
    return *taken ? false : (*taken = 1);
}

static void draw_markers(const tgi_artist *a, const tgi_panel *p, tg_marker marker, tgi_sink *s)
{
    const double size = tgi_marker_size(a, p);
    const bool line = a->style.dash != TG_DASH_NONE;
    const size_t stride = line ? (a->n + MARKERS_ON_LINE - 1) / MARKERS_ON_LINE : 1;
    places taken = new_places(a, p, size, s);
    tgi_svg_marker_path(s, a, marker);
    for (size_t i = 0; i < a->n; i += stride) {
        spot at;
        if (!spot_at(a, p, i, &at) || at.x < 0 || at.x > p->x.length || at.y < 0 ||
            at.y > p->y.length)
            continue;
        if (line || take(&taken, at)) tgi_svg_marker(s, marker, at.x, at.y, size);
    }
    tgi_sink_text(s, "'/>\n");
    tg_free(taken.taken);
}

static void draw(const tgi_artist *a, const tgi_panel *p, tgi_sink *s)
{
    if (a->style.dash != TG_DASH_NONE) {
        tgi_sink_text(s, "<path");
        tgi_svg_stroke(s, tgi_color(a->style.color), tgi_line_width(a, p), a->style.dash,
                       a->style.opacity);
        tgi_sink_text(s, " d='");
        trace(a, p, tgi_pen_new(p, s, NULL));
        tgi_sink_text(s, "'/>\n");
    }
    /* a single point would hardly be visible */
    const tg_marker marker =
        a->n == 1 && a->style.marker == TG_MARKER_NONE ? TG_MARKER_CIRCLE : a->style.marker;
    if (marker != TG_MARKER_NONE && a->n > 0) draw_markers(a, p, marker, s);
}

static void cover(const tgi_artist *a, const tgi_panel *p, tgi_cover *c)
{
    if (a->style.dash != TG_DASH_NONE) {
        trace(a, p, tgi_pen_new(p, NULL, c));
        return;
    }
    for (size_t i = 0; i < a->n; i++) {
        spot at;
        if (spot_at(a, p, i, &at)) tgi_cover_segment(c, at.x, at.y, at.x, at.y);
    }
}

const tgi_plot_drawer tgi_plot_line = {extent, draw, cover};
