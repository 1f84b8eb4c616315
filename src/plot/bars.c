/* bars.c - draws bars over equal intervals, such as histograms. */
#include <math.h>

#include "src/plot/plot.h"

static double edge(const tgi_artist *a, size_t i)
{
    return i == a->n ? a->hi : a->lo + (a->hi - a->lo) / (double)a->n * (double)i;
}

static void extent(const tgi_artist *a, bool logx, bool logy, tgi_range *x, tgi_range *y)
{
    tgi_range_add(x, a->lo, logx, false);
    tgi_range_add(x, a->hi, logx, false);
    if (!logy && a->n > 0) tgi_range_add(y, 0, false, true);
    for (size_t i = 0; i < a->n; i++) tgi_range_add(y, a->data[i], logy, false);
}

typedef struct {
    double left, right, top, bottom; /* pixels; top <= bottom */
} box;

/* Bar i, clipped to the panel; false if nothing of it is visible. */
static bool bar_at(const tgi_artist *a, const tgi_panel *p, size_t i, box *b)
{
    const double value = tgi_map_at(&p->y, a->data[i]);
    const double zero = p->y.log ? p->y.length : tgi_map_at(&p->y, 0);
    double left = tgi_map_at(&p->x, edge(a, i));
    const double right = tgi_map_at(&p->x, edge(a, i + 1));
    if (isnan(value) || isnan(right)) return false;
    if (isnan(left)) left = 0; /* 0 has no position on a log scale */
    b->left = fmax(left, -1);
    b->right = fmin(right, p->x.length + 1);
    b->top = fmax(fmin(value, zero), -1);
    b->bottom = fmin(fmax(value, zero), p->y.length + 1);
    return b->left < b->right && b->top < b->bottom;
}

/* Calls a function for each bar. Bars that end in the same column of pixels are drawn as one, as
 * high as the highest of them. */
static void each(const tgi_artist *a, const tgi_panel *p, void (*visit)(void *to, const box *b),
                 void *to)
{
    box held = {0, 0, 0, 0}, b;
    bool any = false;
    for (size_t i = 0; i < a->n; i++) {
        if (!bar_at(a, p, i, &b)) continue;
        if (any && floor(b.right) == floor(held.right)) {
            held = (box){held.left, b.right, fmin(b.top, held.top), fmax(b.bottom, held.bottom)};
            continue;
        }
        if (any) visit(to, &held);
        held = b;
        any = true;
    }
    if (any) visit(to, &held);
}

static void put(void *to, const box *b)
{
    const double height = b->bottom - b->top, width = b->right - b->left;
    tgi_svg((tgi_sink *)to, "M$ $h$v$h$z", b->left, b->top, width, height, -width);
}

static void draw(const tgi_artist *a, const tgi_panel *p, tgi_sink *s)
{
    const double pixels =
        a->n ? fabs(tgi_map_at(&p->x, edge(a, a->n)) - tgi_map_at(&p->x, edge(a, a->n - 1))) : 0;
    tgi_sink_format(s, "<path fill='%s'", tgi_color(a->style.color));
    tgi_svg(s, " fill-opacity='$'",
            0.8 * a->style.opacity); /* so that overlaid bars stay visible */
    /* a white line between neighbours, if there is room for it */
    if (pixels > 4) tgi_svg(s, " stroke='#ffffff' stroke-width='$'", fmin(1, pixels / 8));
    tgi_sink_text(s, " d='");
    each(a, p, put, s);
    tgi_sink_text(s, "'/>\n");
}

static void mark(void *to, const box *b)
{
    tgi_cover_rect(to, b->left, b->top, b->right, b->bottom);
}

static void cover(const tgi_artist *a, const tgi_panel *p, tgi_cover *c) { each(a, p, mark, c); }

const tgi_plot_drawer tgi_plot_bars = {extent, draw, cover};
