/* svg_text.c - the estimated width of texts, and texts as SVG. */
#include <stdio.h>
#include <string.h>

#include "src/plot/plot.h"

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c & 0xFFFE) == 0xFFFE;
}

static void put_character(tgi_sink *s, uint32_t c)
{
    char out[4];
    size_t n = 0;
    if (c < 0x80) {
        out[n++] = (char)c;
    } else {
        const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        out[n++] = (char)((0xF0u << (3 - more) & 0xFF) | c >> (6 * more));
        for (int i = more - 1; i >= 0; i--) out[n++] = (char)(0x80 | (c >> (6 * i) & 0x3F));
    }
    tgi_sink_bytes(s, out, n);
}

/* At most `limit` characters of a text. */
static void escape(tgi_sink *s, const char *text, size_t limit)
{
    for (uint32_t c; limit > 0 && (c = tgi_utf8_next(&text)) != 0; limit--) {
        if (is_control(c)) continue;
        switch (c) {
        case '&':
            tgi_sink_text(s, "&amp;");
            break;
        case '<':
            tgi_sink_text(s, "&lt;");
            break;
        case '>':
            tgi_sink_text(s, "&gt;");
            break;
        case '"':
            tgi_sink_text(s, "&quot;");
            break;
        default:
            put_character(s, c);
        }
    }
}

void tgi_svg_escape(tgi_sink *s, const char *text) { escape(s, text, SIZE_MAX); }

/* In em, for the widest of the usual sans-serif fonts (DejaVu Sans, Verdana). */
static double character_width(uint32_t c)
{
    if (is_control(c) || (c >= 0x300 && c < 0x370)) return 0;
    if (c >= 0x1100 && c != 0x2212) return c < 0x2E80 && c >= 0x2000 ? 0.84 : 1.02;
    if (c >= 0x80) return 0.68;
    if (strchr("ijlI|'!.,:;", (int)c)) return 0.34;
    if (strchr(" ft()[]-/\\r\"`", (int)c)) return 0.42;
    if (strchr("mwMW@%", (int)c)) return 0.98;
    if (strchr("+=<>#_~^", (int)c)) return 0.84;
    if (c >= 'A' && c <= 'Z') return 0.74;
    return 0.64;
}

double tgi_text_width(const char *text, double font)
{
    double em = 0;
    for (uint32_t c; (c = tgi_utf8_next(&text)) != 0;) em += character_width(c);
    return em * font;
}

enum { SUPERSCRIPT_PERCENT = 72 };

double tgi_tick_width(const tgi_tick *tick, double font)
{
    const double width = tgi_text_width(tick->text, font);
    if (!tick->power) return width;
    char exponent[TGI_NUMBER_MAX];
    (void)snprintf(exponent, sizeof exponent, "%d", tick->exponent);
    return width + tgi_text_width(exponent, font * SUPERSCRIPT_PERCENT / 100);
}

static void open_label(tgi_sink *s, const tgi_label *l, double font)
{
    if (l->upright)
        tgi_svg(s, "<text transform='translate($ $) rotate(-90)' font-size='$'", l->x, l->y, font);
    else
        tgi_svg(s, "<text x='$' y='$' font-size='$'", l->x, l->y, font);
    tgi_sink_format(s, " text-anchor='%s' fill='%s'%s>", l->anchor, l->color,
                    l->bold ? " font-weight='bold'" : "");
}

void tgi_svg_label(tgi_sink *s, const tgi_label *l, const char *text)
{
    const double smallest = 0.75;
    double width = tgi_text_width(text, l->font), font = l->font;
    size_t limit = SIZE_MAX;
    if (l->room > 0 && width > l->room) {
        font = l->font * fmax(smallest, l->room / width);
        width *= font / l->font;
    }
    if (l->room > 0 && width > l->room * 1.001) {
        double left = l->room - font; /* for the ellipsis */
        limit = 0;
        for (const char *p = text; *p; limit++) {
            left -= font * character_width(tgi_utf8_next(&p));
            if (left < 0) break;
        }
    }
    open_label(s, l, font);
    escape(s, text, limit);
    tgi_sink_text(s, limit == SIZE_MAX ? "</text>\n" : "\u2026</text>\n");
}

/* Writes a number with a minus sign instead of a hyphen. */
static void put_number(tgi_sink *s, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '-')
            tgi_sink_text(s, "\u2212");
        else
            tgi_sink_bytes(s, p, 1);
}

void tgi_svg_tick_label(tgi_sink *s, const tgi_label *l, const tgi_tick *tick)
{
    open_label(s, l, l->font);
    put_number(s, tick->text);
    if (tick->power) {
        char exponent[TGI_NUMBER_MAX];
        (void)snprintf(exponent, sizeof exponent, "%d", tick->exponent);
        tgi_svg(s, "<tspan dy='$' font-size='$'>", -0.4 * l->font,
                l->font * SUPERSCRIPT_PERCENT / 100);
        put_number(s, exponent);
        tgi_sink_text(s, "</tspan>");
    }
    tgi_sink_text(s, "</text>\n");
}
