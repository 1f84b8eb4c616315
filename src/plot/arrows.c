/* arrows.c - draws a field of arrows. */
#include <math.h>

#include "src/plot/plot.h"

typedef struct {
    double x0, y0, x1, y1;
} arrow;

static bool arrow_of(const tgi_artist *a, size_t i, arrow *out)
{
    const double x = a->data[i], y = a->data[a->n + i];
    const double u = a->lo * a->data[2 * a->n + i], v = a->lo * a->data[3 * a->n + i];
    *out = (arrow){x, y, x + u, y + v};
    return isfinite(out->x1) && isfinite(out->y1) && (u != 0 || v != 0);
}

static void extent(const tgi_artist *a, bool logx, bool logy, tgi_range *x, tgi_range *y)
{
    for (size_t i = 0; i < a->n; i++) {
        arrow w;
        if (!arrow_of(a, i, &w)) continue;
        tgi_range_add(x, w.x0, logx, false);
        tgi_range_add(x, w.x1, logx, false);
        tgi_range_add(y, w.y0, logy, false);
        tgi_range_add(y, w.y1, logy, false);
    }
}

static bool near_panel(const tgi_panel *p, double x, double y)
{
    return x >= -100 && x <= p->x.length + 100 && y >= -100 && y <= p->y.length + 100;
}

static void draw(const tgi_artist *a, const tgi_panel *p, tgi_sink *s)
{
    const double width = a->style.width > 0 ? a->style.width : 1.2;
    tgi_sink_text(s, "<path");
    tgi_svg_stroke(s, tgi_color(a->style.color), width, TG_DASH_SOLID, a->style.opacity);
    tgi_sink_text(s, " d='");
    for (size_t i = 0; i < a->n; i++) {
        arrow w;
        if (!arrow_of(a, i, &w)) continue;
        const double x0 = tgi_map_at(&p->x, w.x0), y0 = tgi_map_at(&p->y, w.y0);
        const double x1 = tgi_map_at(&p->x, w.x1), y1 = tgi_map_at(&p->y, w.y1);
        if (isnan(x0 + y0 + x1 + y1)) continue;
        if (!near_panel(p, x0, y0) && !near_panel(p, x1, y1)) continue;
        const double length = hypot(x1 - x0, y1 - y0);
        const double head = fmin(0.45, 5 * sqrt(width) / fmax(length, 1e-9));
        const double bx = (x1 - x0) * head, by = (y1 - y0) * head; /* back along the shaft */
        tgi_svg(s, "M$ $ $ $M$ $ $ $ $ $", x0, y0, x1, y1, x1 - bx + 0.45 * by, y1 - by - 0.45 * bx,
                x1, y1, x1 - bx - 0.45 * by, y1 - by + 0.45 * bx);
    }
    tgi_sink_text(s, "'/>\n");
}

const tgi_plot_drawer tgi_plot_arrows = {extent, draw, NULL};
