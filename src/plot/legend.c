/* legend.c - legends: in axes where they cover the least data, or in rows for a whole figure. */
#include <math.h>
#include <string.h>

#include "src/plot/plot.h"

/* In font sizes: the sample line, the space after it, and the space around and between entries. */
#define SAMPLE 2.0
#define AFTER 0.5
#define PADDING 0.6
#define LINE 1.4

static int cell(double at, double size, int cells)
{
    return (int)fmax(0, fmin(cells - 1, floor(at / size * cells)));
}

void tgi_cover_rect(tgi_cover *c, double x0, double y0, double x1, double y1)
{
    if (x1 < 0 || x0 > c->width || y1 < 0 || y0 > c->height) return;
    const int right = cell(x1, c->width, TGI_COVER_COLS), low = cell(y1, c->height, TGI_COVER_ROWS);
    for (int row = cell(y0, c->height, TGI_COVER_ROWS); row <= low; row++)
        for (int col = cell(x0, c->width, TGI_COVER_COLS); col <= right; col++)
            c->held[row][col] = 1;
}

void tgi_cover_segment(tgi_cover *c, double x0, double y0, double x1, double y1)
{
    const double across =
        hypot((x1 - x0) / c->width * TGI_COVER_COLS, (y1 - y0) / c->height * TGI_COVER_ROWS);
    const int steps =
        1 + (int)fmin(2 * across, 1000); /* two for each cell; the segments of a pen are short */
    for (int i = 0; i <= steps; i++) {
        const double t = (double)i / steps, x = x0 + t * (x1 - x0), y = y0 + t * (y1 - y0);
        tgi_cover_rect(c, x, y, x, y);
    }
}

/* Draws one entry with its left end at x and its middle at height y. */
static void draw_entry(const tgi_artist *a, const tgi_panel *p, double x, double y, double font,
                       double room, tgi_sink *s)
{
    const double end = x + SAMPLE * font;
    if (a->kind == TGI_BARS) {
        tgi_sink_format(s, "<path fill='%s'", tgi_color(a->style.color));
        tgi_svg(s, " fill-opacity='$' d='M$ $H$v$H$z'/>\n", 0.8 * a->style.opacity, x,
                y - 0.32 * font, end, 0.64 * font, x);
    } else if (a->style.dash != TG_DASH_NONE) {
        tgi_sink_text(s, "<path");
        tgi_svg_stroke(s, tgi_color(a->style.color),
                       a->style.width > 0 ? a->style.width : p->line_width, a->style.dash,
                       a->style.opacity);
        tgi_svg(s, " d='M$ $H$'/>\n", x, y, end);
    }
    if (a->kind == TGI_LINE && a->style.marker != TG_MARKER_NONE) {
        tgi_svg_marker_path(s, a, a->style.marker);
        tgi_svg_marker(s, a->style.marker, (x + end) / 2, y, tgi_marker_size(a, p));
        tgi_sink_text(s, "'/>\n");
    }
    const tgi_label l = {.x = end + AFTER * font,
                         .y = y + 0.36 * font,
                         .font = font,
                         .anchor = "start",
                         .color = TGI_INK,
                         .room = room};
    tgi_svg_label(s, &l, a->label);
}

typedef struct {
    double font, text, column, width, height; /* text: room for a label; column: of an entry */
    int rows, cols;
} shape;

/* The size of a legend with n entries, which is set smaller or in columns if it would be too
 * large. */
static shape measure(const tgi_panel *p, int n)
{
    shape l = {.font = p->font};
    for (;; l.font *= 0.92) {
        double text = 0;
        for (size_t i = 0; i < p->axes->count; i++)
            if (p->axes->artist[i].label)
                text = fmax(text, tgi_text_width(p->axes->artist[i].label, l.font));
        const double lines = (0.9 * p->y.length - PADDING * l.font) / (LINE * l.font);
        l.rows = (int)fmax(1, fmin(n, lines));
        l.cols = (n + l.rows - 1) / l.rows;
        l.rows = (n + l.cols - 1) / l.cols;
        const double room = (0.9 * p->x.length - PADDING * l.font) / l.cols;
        l.text = fmin(text, fmax(2 * l.font, room - (SAMPLE + AFTER + PADDING) * l.font));
        l.column = (SAMPLE + AFTER + PADDING) * l.font + l.text;
        l.width = l.cols * l.column + PADDING * l.font;
        l.height = (l.rows * LINE + PADDING) * l.font;
        if ((l.text >= text && l.width < 0.7 * p->x.length) || l.font < 0.8 * p->font) return l;
    }
}

static int held_cells(const tgi_cover *c, double x, double y, double width, double height)
{
    int held = 0;
    const int right = cell(x + width, c->width, TGI_COVER_COLS);
    const int low = cell(y + height, c->height, TGI_COVER_ROWS);
    for (int row = cell(y, c->height, TGI_COVER_ROWS); row <= low; row++)
        for (int col = cell(x, c->width, TGI_COVER_COLS); col <= right; col++)
            held += c->held[row][col];
    return held;
}

/* The top left of the legend in the requested corner, or in the one with the least data. */
static void place(const tgi_panel *p, const shape *l, double *x, double *y)
{
    const double gap = 0.6 * p->font, right = p->x.length - gap - l->width,
                 low = p->y.length - gap - l->height;
    const double at[4][2] = {{right, gap}, {gap, gap}, {right, low}, {gap, low}};
    int best = (int)p->axes->legend - (int)TG_LEGEND_TOP_RIGHT;
    if (p->axes->legend == TG_LEGEND_BEST) {
        tgi_cover c = {.width = p->x.length, .height = p->y.length};
        for (size_t i = 0; i < p->axes->count; i++) {
            const tgi_artist *a = &p->axes->artist[i];
            if (tgi_plot_kinds[a->kind]->cover) tgi_plot_kinds[a->kind]->cover(a, p, &c);
        }
        int least = TGI_COVER_COLS * TGI_COVER_ROWS + 1;
        for (int i = 0; i < 4; i++) {
            const int held = held_cells(&c, at[i][0], at[i][1], l->width, l->height);
            if (held < least) best = i;
            if (held < least) least = held;
        }
    }
    *x = at[best][0];
    *y = at[best][1];
}

void tgi_legend_draw(const tgi_panel *p, tgi_sink *s)
{
    int n = 0;
    for (size_t i = 0; i < p->axes->count; i++) n += p->axes->artist[i].label != NULL;
    if (n == 0 || p->axes->legend == TG_LEGEND_NONE) return;
    const shape l = measure(p, n);
    double left, top;
    place(p, &l, &left, &top);
    tgi_svg(s,
            "<rect x='$' y='$' width='$' height='$' rx='3' fill='#ffffff' fill-opacity='0.85' "
            "stroke='#cccccc' stroke-width='0.8'/>\n",
            left, top, l.width, l.height);
    int k = 0;
    for (size_t i = 0; i < p->axes->count; i++) {
        const tgi_artist *a = &p->axes->artist[i];
        if (!a->label) continue;
        const double x = left + PADDING * l.font + (k / l.rows) * l.column;
        const double y = top + (PADDING / 2 + (k % l.rows + 0.5) * LINE) * l.font;
        draw_entry(a, p, x, y, l.font, l.text, s);
        k++;
    }
}

static bool same_entry(const tgi_artist *a, const tgi_artist *b)
{
    return b->label && strcmp(a->label, b->label) == 0 && a->kind == b->kind &&
           a->style.color == b->style.color && a->style.dash == b->style.dash &&
           a->style.marker == b->style.marker;
}

/* Whether an earlier artist of the figure has the same entry as artist i of a panel. */
static bool listed(const tgi_panel *panels, const tgi_panel *panel, size_t i)
{
    const tgi_artist *a = &panel->axes->artist[i];
    for (const tgi_panel *p = panels; p <= panel; p++)
        for (size_t k = 0; k < (p == panel ? i : p->axes->count); k++)
            if (!p->axes->hidden && same_entry(a, &p->axes->artist[k])) return true;
    return false;
}

double tgi_legend_figure(const tgi_panel *panels, size_t n, double left, double top, double width,
                         double font, tgi_sink *s)
{
    const double apart = 1.6 * font, most = width - (SAMPLE + AFTER) * font;
    double x = 0, y = 0.5 * LINE * font, shift = 0;
    bool any = false;
    /* the first pass measures each row; the second draws it centred */
    for (int pass = 0; pass < 2; pass++) {
        x = 0;
        y = 0.5 * LINE * font;
        double used = 0;
        for (const tgi_panel *p = panels; p < panels + n; p++)
            for (size_t i = 0; i < p->axes->count; i++) {
                const tgi_artist *a = &p->axes->artist[i];
                if (!a->label || p->axes->hidden || listed(panels, p, i)) continue;
                const double text = fmin(most, tgi_text_width(a->label, font));
                const double size = (SAMPLE + AFTER) * font + text;
                if (any && x > 0 && x + size > width) {
                    x = 0;
                    y += LINE * font;
                }
                if (pass == 1 && s) draw_entry(a, p, left + shift + x, top + y, font, text, s);
                any = true;
                used = fmax(used, x + size);
                x += size + apart;
            }
        if (pass == 0) shift = (width - used) / 2;
    }
    return any ? y + 0.5 * LINE * font : 0;
}
