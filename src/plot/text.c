/* text.c - draws a text at a point of the data. */
#include "src/plot/plot.h"

static void extent(const tgi_artist *a, bool logx, bool logy, tgi_range *x, tgi_range *y)
{
    tgi_range_add(x, a->data[0], logx, false);
    tgi_range_add(y, a->data[1], logy, false);
}

/* The text is clipped at the frame, like everything inside it. */
static void draw(const tgi_artist *a, const tgi_panel *p, tgi_sink *s)
{
    const double x = tgi_map_at(&p->x, a->data[0]), y = tgi_map_at(&p->y, a->data[1]);
    const double font = TGI_LABEL_FONT * p->font;
    if (isnan(x + y)) return;
    const tgi_label l = {
        .x = x, .y = y + 0.35 * font, .font = font, .anchor = "middle", .color = TGI_INK};
    tgi_svg_label(s, &l, a->text);
}

static void cover(const tgi_artist *a, const tgi_panel *p, tgi_cover *c)
{
    const double x = tgi_map_at(&p->x, a->data[0]), y = tgi_map_at(&p->y, a->data[1]);
    const double font = TGI_LABEL_FONT * p->font, half = tgi_text_width(a->text, font) / 2;
    if (!isnan(x + y)) tgi_cover_rect(c, x - half, y - font / 2, x + half, y + font / 2);
}

const tgi_plot_drawer tgi_plot_text = {extent, draw, cover};
