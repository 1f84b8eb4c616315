/* panel.c - draws the axes of one panel: grid, data, frame, tick labels, title, legend. */
#include <math.h>

#include "src/plot/plot.h"

const tgi_plot_drawer *const tgi_plot_kinds[] = {
    [TGI_LINE] = &tgi_plot_line,     [TGI_BARS] = &tgi_plot_bars, [TGI_CONTOUR] = &tgi_plot_contour,
    [TGI_ARROWS] = &tgi_plot_arrows, [TGI_TEXT] = &tgi_plot_text,
};

/* A line with more points than pixels is mostly noise, so it is drawn thinner. */
double tgi_line_width(const tgi_artist *a, const tgi_panel *p)
{
    if (a->style.width > 0) return a->style.width;
    return (double)a->n > p->x.length ? 0.6 * p->line_width : p->line_width;
}

double tgi_marker_size(const tgi_artist *a, const tgi_panel *p)
{
    return a->style.marker_size > 0 ? a->style.marker_size : p->marker_size;
}

/* Draws light lines at the ticks, except behind contour lines, which could be confused with
 * them. */
static void draw_grid(const tgi_panel *p, tgi_sink *s)
{
    for (size_t i = 0; i < p->axes->count; i++)
        if (p->axes->artist[i].kind == TGI_CONTOUR) return;
    tgi_sink_text(s, "<path fill='none' stroke='" TGI_GRID "' d='");
    for (int i = 0; i < p->xticks.n; i++)
        tgi_svg(s, "M$ 0v$", tgi_map_at(&p->x, p->xticks.tick[i].at), p->y.length);
    for (int i = 0; i < p->yticks.n; i++)
        tgi_svg(s, "M0 $h$", tgi_map_at(&p->y, p->yticks.tick[i].at), p->x.length);
    tgi_sink_text(s, "'/>\n");
}

/* Draws a tick, a small mark outside the frame, at a pixel along x or y. */
static void mark(const tgi_panel *p, bool along_x, double at, double length, tgi_sink *s)
{
    if (along_x)
        tgi_svg(s, "M$ $v$", at, p->y.length, length);
    else
        tgi_svg(s, "M0 $h$", at, -length);
}

static void draw_marks_along(const tgi_panel *p, bool along_x, tgi_sink *s)
{
    const tgi_map *m = along_x ? &p->x : &p->y;
    const tgi_ticks *t = along_x ? &p->xticks : &p->yticks;
    for (int i = 0; i < t->n; i++) mark(p, along_x, tgi_map_at(m, t->tick[i].at), 4, s);
    if (!m->log || m->hi - m->lo > 12) return;
    for (int e = (int)floor(m->lo); e <= (int)floor(m->hi); e++)
        for (int k = 2; k <= 9; k++) {
            const double at = e + log10(k);
            if (at >= m->lo && at <= m->hi) mark(p, along_x, tgi_map_at(m, pow(10, at)), 2, s);
        }
}

static void draw_frame(const tgi_panel *p, tgi_sink *s)
{
    tgi_svg(s, "<path fill='none' stroke='" TGI_FRAME "' d='M0 0h$v$h$z", p->x.length, p->y.length,
            -p->x.length);
    draw_marks_along(p, true, s);
    draw_marks_along(p, false, s);
    tgi_sink_text(s, "'/>\n");
}

static void draw_labels(const tgi_panel *p, tgi_sink *s)
{
    const double font = p->font, baseline = p->y.length + 5 + font;
    tgi_label x = {.y = baseline, .font = font, .anchor = "middle", .color = TGI_SOFT};
    tgi_label y = {.x = -7, .font = font, .anchor = "end", .color = TGI_SOFT};
    for (int i = 0; p->show_x && !p->axes->x.no_tick_labels && i < p->xticks.n; i++) {
        x.x = tgi_map_at(&p->x, p->xticks.tick[i].at);
        tgi_svg_tick_label(s, &x, &p->xticks.tick[i]);
    }
    for (int i = 0; p->show_y && !p->axes->y.no_tick_labels && i < p->yticks.n; i++) {
        y.y = tgi_map_at(&p->y, p->yticks.tick[i].at) + 0.36 * font;
        tgi_svg_tick_label(s, &y, &p->yticks.tick[i]);
    }
    if (p->show_x && p->axes->x.label) {
        const double below = p->axes->x.no_tick_labels ? 0 : 1.3 * font;
        const tgi_label l = {p->x.length / 2,
                             baseline + below + 0.2 * font,
                             TGI_LABEL_FONT * font,
                             "middle",
                             TGI_INK,
                             p->x.length + 2 * font,
                             false,
                             false};
        tgi_svg_label(s, &l, p->axes->x.label);
    }
    if (p->show_y && p->axes->y.label) {
        const tgi_label l = {-p->ylabel_at - 0.7 * font,
                             p->y.length / 2,
                             TGI_LABEL_FONT * font,
                             "middle",
                             TGI_INK,
                             p->y.length + 2 * font,
                             false,
                             true};
        tgi_svg_label(s, &l, p->axes->y.label);
    }
    if (p->axes->title) {
        const tgi_label l = {p->x.length / 2, -0.6 * font, TGI_TITLE_FONT * font,
                             "middle",        TGI_INK,     p->x.length + 1.5 * font,
                             false,           false};
        tgi_svg_label(s, &l, p->axes->title);
    }
}

void tgi_panel_draw(const tgi_panel *p, bool legend, tgi_sink *s)
{
    const double rim = 1; /* so that lines at the limits keep their width */
    tgi_svg(s, "<g transform='translate($ $)'>\n", p->left, p->top);
    draw_grid(p, s);
    /* a nested viewport clips without an id, which could occur twice in a page of several
     * figures */
    tgi_svg(s, "<svg x='$' y='$' width='$' height='$' viewBox='$ $ $ $'>\n", -rim, -rim,
            p->x.length + 2 * rim, p->y.length + 2 * rim, -rim, -rim, p->x.length + 2 * rim,
            p->y.length + 2 * rim);
    for (size_t i = 0; i < p->axes->count; i++)
        tgi_plot_kinds[p->axes->artist[i].kind]->draw(&p->axes->artist[i], p, s);
    tgi_sink_text(s, "</svg>\n");
    draw_frame(p, s);
    draw_labels(p, s);
    if (legend) tgi_legend_draw(p, s);
    tgi_sink_text(s, "</g>\n");
}
