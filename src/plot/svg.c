/* svg.c - numbers, colours, strokes and markers as SVG. */
#include <string.h>

#include "src/plot/plot.h"

/* Writes a number with at most two decimals and a point in every locale. */
static void put_real(tgi_sink *s, double value)
{
    char text[24];
    size_t at = sizeof text;
    const double limited = isnan(value) ? 0 : fmax(-1e9, fmin(1e9, value));
    const long long hundredths = llround(limited * 100);
    unsigned long long n = (unsigned long long)(hundredths < 0 ? -hundredths : hundredths);
    int decimals = 2;
    while (decimals > 0 && n % 10 == 0) {
        n /= 10;
        decimals--;
    }
    for (int digit = 0; n > 0 || digit <= decimals; digit++, n /= 10) {
        if (digit > 0 && digit == decimals) text[--at] = '.';
        text[--at] = (char)('0' + n % 10);
    }
    if (hundredths < 0) text[--at] = '-';
    tgi_sink_bytes(s, text + at, sizeof text - at);
}

void tgi_svg_fill(tgi_sink *s, const char *text, const double *number)
{
    for (const char *dollar; (dollar = strchr(text, '$')) != NULL; text = dollar + 1) {
        tgi_sink_bytes(s, text, (size_t)(dollar - text));
        put_real(s, *number++);
    }
    tgi_sink_text(s, text);
}

/* Any two colours differ by at least 19 (CIE76), and the first four by 33, even for people who lack
 * one kind of cone. They alternate in lightness. */
static const char *const palette[TGI_PALETTE] = {
    "#0b63b5", "#f08c00", "#7a1636", "#10bfa0", "#7b3ff2", "#bbaaee", "#a06a35", "#5c6b73",
};

const char *tgi_color(int color) { return color < 0 ? "#7a7a7a" : palette[color % TGI_PALETTE]; }

void tgi_svg_stroke(tgi_sink *s, const char *color, double width, tg_dash dash, double opacity)
{
    /* in line widths; round caps make each dash longer by one */
    static const double pattern[][4] = {
        [TG_DASH_DASHED] = {3.2, 2.8, 3.2, 2.8},
        [TG_DASH_DOTTED] = {0.01, 2.2, 0.01, 2.2},
        [TG_DASH_DASHDOT] = {3.2, 2.4, 0.01, 2.4},
    };
    tgi_sink_format(s, " fill='none' stroke='%s'", color);
    tgi_svg(s, " stroke-width='$' stroke-linecap='round' stroke-linejoin='round'", width);
    if (dash > TG_DASH_SOLID && dash < TG_DASH_NONE) {
        const double *d = pattern[dash];
        tgi_svg(s, " stroke-dasharray='$ $ $ $'", d[0] * width, d[1] * width, d[2] * width,
                d[3] * width);
    }
    if (opacity < 1) tgi_svg(s, " opacity='$'", opacity);
}

void tgi_svg_marker_path(tgi_sink *s, const tgi_artist *a, tg_marker marker)
{
    const char *color = tgi_color(a->style.color);
    if (marker == TG_MARKER_PLUS || marker == TG_MARKER_CROSS)
        tgi_sink_format(s, "<path fill='none' stroke='%s' stroke-width='1.5'", color);
    else
        tgi_sink_format(s, "<path fill='%s'", color);
    if (a->style.opacity < 1) tgi_svg(s, " opacity='$'", a->style.opacity);
    tgi_sink_text(s, " d='");
}

void tgi_svg_marker(tgi_sink *s, tg_marker marker, double x, double y, double size)
{
    const double r = size / 2, d = 0.72 * size;
    switch (marker) {
    case TG_MARKER_NONE:
        break;
    case TG_MARKER_CIRCLE:
        tgi_svg(s, "M$ $a$ $ 0 1 0 $ 0a$ $ 0 1 0 $ 0z", x - r, y, r, r, size, r, r, -size);
        break;
    case TG_MARKER_SQUARE:
        tgi_svg(s, "M$ $h$v$h$z", x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r, -1.8 * r);
        break;
    case TG_MARKER_TRIANGLE:
        tgi_svg(s, "M$ $l$ $h$z", x, y - d, d, 1.6 * d, -2 * d);
        break;
    case TG_MARKER_DIAMOND:
        tgi_svg(s, "M$ $l$ $ $ $ $ $z", x, y - d, d, d, -d, d, -d, -d);
        break;
    case TG_MARKER_PLUS:
        tgi_svg(s, "M$ $h$M$ $v$", x - r, y, size, x, y - r, size);
        break;
    case TG_MARKER_CROSS:
        tgi_svg(s, "M$ $l$ $m$ 0l$ $", x - r, y - r, size, size, -size, size, -size);
        break;
    }
}
