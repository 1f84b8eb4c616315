/* layout.c - gives all axes of a figure their positions and scales, and writes the SVG file. */
#include <math.h>

#include "src/plot/plot.h"
#include "tapegrad/alloc.h"

/* All plotting areas of a grid have the same size. Each column and row has its own margins. */
typedef struct {
    const tg_figure *fig;
    int rows, cols;
    double width, height, font;
    double edge; /* free space around everything */
    double head; /* height of the figure's title and legend */
    double left[TGI_GRID_MAX], right[TGI_GRID_MAX], above[TGI_GRID_MAX], below[TGI_GRID_MAX];
    tgi_panel *panel; /* (rows,cols) */
} layout;

static tgi_panel *panel_at(const layout *l, int row, int col)
{
    return &l->panel[row * l->cols + col];
}

static void choose_size(layout *l)
{
    static const int cell_by_cols[] = {640, 430, 320, 260, 230};
    const int cell = cell_by_cols[(l->cols < 5 ? l->cols : 5) - 1];
    const double flat = l->rows == 1 && l->cols > 2 ? 0.84 : 0.68; /* height to width */
    l->width = l->fig->width ? l->fig->width : cell * l->cols;
    l->height = l->fig->width ? l->fig->height : round(flat * cell * l->rows);
    const double room = fmin(l->width / l->cols, 1.5 * l->height / l->rows);
    l->font = fmax(8, fmin(12, 7 + room / 90));
    l->edge = 0.8 * l->font;
}

/* Stores the limits in lo and hi of the panels' maps. */
static void set_limits(layout *l)
{
    const int n = l->rows * l->cols;
    for (int i = 0; i < n; i++) {
        tgi_panel *p = &l->panel[i];
        tgi_range x, y;
        p->axes = &l->fig->axes[i];
        tgi_axes_limits(p->axes, &x, &y);
        p->x = tgi_map_make(x, p->axes->x.log, 1, false);
        p->y = tgi_map_make(y, p->axes->y.log, 1, true);
    }
}

/* Gives the maps of one direction and scale the union of their limits. */
static void share_limits(layout *l, bool x, bool log)
{
    const int n = l->rows * l->cols;
    tgi_range all = TGI_RANGE_EMPTY;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++) {
            tgi_map *m = x ? &l->panel[i].x : &l->panel[i].y;
            if (l->panel[i].axes->hidden || m->log != log) continue;
            all.lo = fmin(all.lo, m->lo);
            all.hi = fmax(all.hi, m->hi);
            if (pass == 1) *m = (tgi_map){all.lo, all.hi, m->length, log, m->flip};
        }
}

/* Whether axes show x labels: not if the axes below share the scale and show them. */
static bool shows_x(const layout *l, int row, int col)
{
    for (int below = row + 1; l->fig->share_x && below < l->rows; below++) {
        const tgi_panel *other = panel_at(l, below, col);
        if (!other->axes->hidden && other->x.log == panel_at(l, row, col)->x.log) return false;
    }
    return true;
}

static bool shows_y(const layout *l, int row, int col)
{
    for (int before = 0; l->fig->share_y && before < col; before++) {
        const tgi_panel *other = panel_at(l, row, before);
        if (!other->axes->hidden && other->y.log == panel_at(l, row, col)->y.log) return false;
    }
    return true;
}

/* Reserves height for titles and x labels, which determines the y ticks. */
static void set_heights(layout *l)
{
    double room = l->height - l->head - 2 * l->edge;
    for (int row = 0; row < l->rows; row++) {
        for (int col = 0; col < l->cols; col++) {
            const tgi_panel *p = panel_at(l, row, col);
            if (p->axes->hidden) continue;
            const bool ticks = p->show_x && !p->axes->x.no_tick_labels;
            const bool label = p->show_x && p->axes->x.label;
            const double under = 5 + (ticks ? 1.3 : 0.2) * l->font + (label ? 1.5 : 0) * l->font;
            l->above[row] = fmax(l->above[row], (p->axes->title ? 2.1 : 0.5) * l->font);
            l->below[row] = fmax(l->below[row], under);
        }
        room -= l->above[row] + l->below[row];
    }
    for (int i = 0; i < l->rows * l->cols; i++) {
        tgi_panel *p = &l->panel[i];
        p->y.length = fmax(8, room / l->rows);
        tgi_ticks_fit_y(&p->y, l->font, &p->yticks);
    }
}

/* Reserves width for y labels at the left of each column. */
static void set_left_margins(layout *l)
{
    for (int col = 0; col < l->cols; col++) {
        double widest = 0;
        bool label = false;
        for (int row = 0; row < l->rows; row++) {
            const tgi_panel *p = panel_at(l, row, col);
            if (p->axes->hidden || !p->show_y) continue;
            label = label || p->axes->y.label;
            for (int i = 0; !p->axes->y.no_tick_labels && i < p->yticks.n; i++)
                widest = fmax(widest, tgi_tick_width(&p->yticks.tick[i], l->font));
        }
        for (int row = 0; row < l->rows; row++) panel_at(l, row, col)->ylabel_at = 7 + widest;
        l->left[col] = fmax(0.8 * l->font,
                            (widest > 0 || label ? 7 : 0) + widest + (label ? 1.9 * l->font : 0));
        l->right[col] = 0.8 * l->font;
    }
}

/* Makes the x ticks of all panels, for the width that the margins leave. */
static void set_widths(layout *l)
{
    double room = l->width - 2 * l->edge;
    for (int col = 0; col < l->cols; col++) room -= l->left[col] + l->right[col];
    for (int i = 0; i < l->rows * l->cols; i++) {
        tgi_panel *p = &l->panel[i];
        p->x.length = fmax(8, room / l->cols);
        tgi_ticks_fit_x(&p->x, l->font, &p->xticks);
    }
}

/* Widens the margins so that the first and last x tick labels fit beside the frame. */
static void widen_margins(layout *l)
{
    for (int i = 0; i < l->rows * l->cols; i++) {
        const tgi_panel *p = &l->panel[i];
        if (p->axes->hidden || !p->show_x || p->axes->x.no_tick_labels) continue;
        for (int k = 0; k < p->xticks.n; k++) {
            const double half = tgi_tick_width(&p->xticks.tick[k], l->font) / 2 + 0.5 * l->font;
            const double at = tgi_map_at(&p->x, p->xticks.tick[k].at);
            double *left = &l->left[i % l->cols], *right = &l->right[i % l->cols];
            *left = fmax(*left, half - at);
            *right = fmax(*right, at + half - p->x.length);
        }
    }
}

static void set_places(layout *l)
{
    double top = l->edge + l->head;
    for (int row = 0; row < l->rows; row++) {
        double left = l->edge;
        top += l->above[row];
        for (int col = 0; col < l->cols; col++) {
            tgi_panel *p = panel_at(l, row, col);
            left += l->left[col];
            p->left = left;
            p->top = top;
            left += p->x.length + l->right[col];
        }
        top += panel_at(l, row, 0)->y.length + l->below[row];
    }
}

/* Draws the figure's title and legend, or only measures them if s is NULL. */
static double draw_head(const layout *l, tgi_sink *s)
{
    const double font = 1.3 * l->font;
    double height = 0;
    if (l->fig->title) {
        const tgi_label label = {l->width / 2, l->edge + font,         font, "middle",
                                 TGI_INK,      l->width - 2 * l->edge, true, false};
        if (s) tgi_svg_label(s, &label, l->fig->title);
        height = 1.6 * font;
    }
    if (l->fig->legend)
        height += tgi_legend_figure(l->panel, (size_t)(l->rows * l->cols), l->edge,
                                    l->edge + height, l->width - 2 * l->edge, l->font, s);
    return height;
}

static void arrange(layout *l)
{
    choose_size(l);
    set_limits(l);
    for (int log = 0; log <= 1; log++) {
        if (l->fig->share_x) share_limits(l, true, log);
        if (l->fig->share_y) share_limits(l, false, log);
    }
    for (int i = 0; i < l->rows * l->cols; i++) {
        tgi_panel *p = &l->panel[i];
        const bool small = l->width / l->cols < 300;
        p->font = l->font;
        p->line_width = small ? 1.4 : 1.8;
        p->marker_size = small ? 4 : 6;
        p->show_x = shows_x(l, i / l->cols, i % l->cols);
        p->show_y = shows_y(l, i / l->cols, i % l->cols);
    }
    l->head = draw_head(l, NULL);
    if (!l->fig->width) l->height = ceil(l->height + l->head);
    set_heights(l);
    set_left_margins(l);
    set_widths(l);
    widen_margins(l);
    set_widths(l);
    set_places(l);
}

static void draw_figure(const layout *l, tgi_sink *s)
{
    tgi_sink_text(s, "<?xml version='1.0' encoding='UTF-8'?>\n");
    tgi_svg(s,
            "<svg xmlns='http://www.w3.org/2000/svg' version='1.1' width='$' height='$' "
            "viewBox='0 0 $ $' font-family='Helvetica, Arial, DejaVu Sans, sans-serif'>\n",
            l->width, l->height, l->width, l->height);
    if (l->fig->title) {
        tgi_sink_text(s, "<title>");
        tgi_svg_escape(s, l->fig->title);
        tgi_sink_text(s, "</title>\n");
    }
    tgi_svg(s, "<rect width='$' height='$' rx='6' fill='#ffffff'/>\n", l->width, l->height);
    (void)draw_head(l, s);
    for (int i = 0; i < l->rows * l->cols; i++)
        if (!l->panel[i].axes->hidden) tgi_panel_draw(&l->panel[i], !l->fig->legend, s);
    tgi_sink_text(s, "</svg>\n");
}

tg_status tg_figure_write_svg(const tg_figure *fig, const char *path, tg_error *err)
{
    if (!fig) return tg_fail(err, TG_EARG, "figure: fig is NULL");
    if (fig->failure.status != TG_OK)
        return tg_fail(err, fig->failure.status, "%s", fig->failure.text);
    layout l = {.fig = fig, .rows = fig->rows, .cols = fig->cols};
    l.panel = tg_calloc((size_t)(fig->rows * fig->cols), sizeof *l.panel);
    if (!l.panel)
        return tg_fail(err, TG_ENOMEM, "figure: out of memory for a grid of %dx%d", fig->rows,
                       fig->cols);
    arrange(&l);
    tgi_sink s;
    tgi_sink_open(&s, path);
    draw_figure(&l, &s);
    tg_free(l.panel);
    return tgi_sink_close(&s, err);
}
