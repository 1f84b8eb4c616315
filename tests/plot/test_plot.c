/* test_plot.c - figures of every kind become well-formed SVG, in any locale. */
#define _XOPEN_SOURCE 700
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/plot/plot.h"
#include "tests/support/folder.h"

/* Checks that a text is one well-formed element: tags balance, attributes are quoted, entities are
 * known, characters are allowed. Returns NULL, or where it is not. */
static const char *ill_formed(const char *text)
{
    const char *open[32];
    int depth = 0, elements = 0;
    const char *p = text;
    if (strncmp(p, "<?xml ", 6) == 0) p = strstr(p, "?>") + 2;
    while (*p) {
        const char *at = p;
        const uint32_t c = tgi_utf8_next(&p);
        if ((c == 0xFFFD && *at != '\xef') || (c < 0x20 && c != '\n')) return at;
        if (c == '&') {
            static const char *const known[] = {"amp;", "lt;", "gt;", "quot;"};
            bool ok = false;
            for (int i = 0; i < 4; i++) ok = ok || strncmp(p, known[i], strlen(known[i])) == 0;
            if (!ok) return at;
        }
        if (c != '<') continue;
        const size_t name = strcspn(p + (*p == '/'), " >/");
        if (*p == '/') {
            p++;
            if (depth == 0 || strncmp(open[--depth], p, name) != 0 || p[name] != '>') return at;
            p += name + 1;
            continue;
        }
        if (name == 0 || depth == 32 || (depth == 0 && elements > 0)) return at;
        elements++;
        open[depth++] = p;
        for (p += name; *p == ' ';) {
            p += strcspn(p, "='<>");
            if (p[0] != '=' || p[1] != '\'') return at;
            p += 2;
            p += strcspn(p, "'<");
            if (*p++ != '\'') return at;
        }
        if (*p == '/') p++, depth--;
        if (*p++ != '>') return at;
    }
    return depth == 0 && elements > 0 ? NULL : p;
}

START_TEST(the_checker_can_fail)
{
    static const char *const bad[] = {
        "",           "<a>",         "<a></b>",  "<a x=1/>",    "<a>&b;</a>",
        "<a x='<'/>", "<a>\x01</a>", "<a/><b/>", "<a>\xff</a>", "<a x='1>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert_ptr_nonnull(ill_formed(bad[i]));
    ck_assert_ptr_null(ill_formed("<?xml version='1.0'?>\n<a x='1' y='2'><b/>&amp;<c>d</c></a>\n"));
}
END_TEST

static const char *written(const tg_figure *fig)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_msg(tg_figure_write_svg(fig, path, &err) == TG_OK, "%s", err.text);
    const char *svg = content(path);
    const char *bad = ill_formed(svg);
    ck_assert_msg(!bad, "ill-formed at: %.60s", bad ? bad : "");
    ck_assert_ptr_null(strstr(svg, "nan"));
    ck_assert_ptr_null(strstr(svg, "inf"));
    return svg;
}

enum { N = 5000, G = 21 };
static double xs[N], ys[N], grid[G], height[G * G];

/* Calls everything once, with every awkward kind of data. */
static tg_figure *everything(void)
{
    tg_figure *fig = tg_figure_new(2, 3);
    tg_plot_style style = tg_plot_style_defaults();
    for (int i = 0; i < N; i++) {
        xs[i] = i;
        ys[i] = i % 97 == 0 ? NAN : i % 89 == 0 ? INFINITY : sin(i * 0.01) * i;
    }
    for (int i = 0; i < G; i++) grid[i] = -2 + 0.2 * i;
    for (int i = 0; i < G * G; i++)
        height[i] = grid[i % G] * grid[i % G] + grid[i / G] * grid[i / G];
    tg_figure_title(fig, "a < b & \"c\" \x01\x7f \xc3\xa9 \xff");
    tg_axes *ax = tg_figure_axes(fig, 0, 0);
    tg_axes_line(ax, "noisy", N, xs, ys, NULL);
    for (int m = TG_MARKER_NONE; m <= TG_MARKER_CROSS; m++) {
        style.marker = (tg_marker)m;
        style.dash = (tg_dash)(m % 5);
        tg_axes_line(ax, "<marker>", 10, NULL, ys + 1, &style);
    }
    ax = tg_figure_axes(fig, 0, 1);
    tg_axes_points(ax, "points", N, xs, ys, NULL);
    tg_axes_log(ax, true, true);
    ax = tg_figure_axes(fig, 0, 2);
    tg_axes_hist(ax, "hist", N, ys, 30, -100, 100, NULL);
    tg_axes_bars(ax, "bars", 10, ys, 0, 1, NULL);
    ax = tg_figure_axes(fig, 1, 0);
    tg_axes_contour(ax, G, G, grid, grid, height, 6, NULL, NULL);
    tg_axes_arrows(ax, G, grid, grid, grid, height, 0, NULL);
    tg_axes_text(ax, 0, 0, "<middle>");
    tg_axes_xlabel(ax, "x");
    tg_axes_ylabel(ax, "y");
    tg_axes_hide(tg_figure_axes(fig, 1, 2));
    tg_figure_share(fig, true, false);
    return fig;
}

START_TEST(svg_is_well_formed)
{
    tg_figure *fig = everything();
    const char *text = written(fig);
    ck_assert_ptr_nonnull(
        strstr(text, ">a &lt; b &amp; &quot;c&quot;  \xc3\xa9 \xef\xbf\xbd</text>"));
    ck_assert_ptr_nonnull(strstr(text, "&lt;marker&gt;"));
    ck_assert_ptr_nonnull(strstr(text, "&lt;middle&gt;"));
    tg_figure_legend(fig, true);
    (void)written(fig);
    tg_figure_free(fig);
}
END_TEST

START_TEST(a_comma_locale_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    static char plain[MOST_CONTENT];
    tg_figure *fig = everything();
    strcpy(plain, written(fig));
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (found)
        ck_assert_str_eq(written(fig), plain);
    else
        puts("test_plot: skipped: no locale with a decimal comma is installed");
    (void)setlocale(LC_ALL, "C");
    tg_figure_free(fig);
}
END_TEST

/* Axes with no data, one point, constants, or only what cannot be drawn. */
START_TEST(little_data)
{
    static const double one[] = {3.5}, same[] = {7, 7, 7}, none[] = {NAN, INFINITY, -INFINITY};
    static const struct {
        size_t n;
        const double *y;
    } cases[] = {{0, NULL}, {1, one}, {3, same}, {3, none}};
    for (int i = 0; i < 4; i++)
        for (int log = 0; log < 2; log++) {
            tg_figure *fig = tg_figure_new(1, 1);
            tg_axes *ax = tg_figure_axes(fig, 0, 0);
            tg_axes_line(ax, "label", cases[i].n, NULL, cases[i].y, NULL);
            tg_axes_hist(ax, NULL, cases[i].n, cases[i].y, 3, 0, 0, NULL);
            tg_axes_log(ax, log, log);
            ck_assert_ptr_nonnull(strstr(written(fig), "</text>"));
            tg_figure_free(fig);
        }
}
END_TEST

SUITE("plot", .with = {FOLDER},
      .tests = {
          {the_checker_can_fail},
          {svg_is_well_formed},
          {a_comma_locale_changes_nothing},
          {little_data},
      })
