/* test_plot_ticks.c - the limits of axes, their ticks and the labels of these. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/plot/plot.h"
#include "tests/support/suite.h"

/* Labels and exponents, as in "1 2x10^-3". */
static const char *labels(const tgi_ticks *t)
{
    static char text[1024];
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < t->n; i++) {
        const tgi_tick *k = &t->tick[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "", k->text);
        if (k->power) n += (size_t)snprintf(text + n, sizeof text - n, "^%d", k->exponent);
    }
    return text;
}

START_TEST(ticks)
{
    static const struct {
        bool log;
        double lo, hi;
        int max;
        const char *expected;
    } cases[] = {
        {false, 0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0"},
        {false, 0, 1, 5, "0.0 0.5 1.0"},
        {false, -0.04, 1.04, 3, "0.0 0.5 1.0"},
        {false, -10, 10, 5, "-10 -5 0 5 10"},
        {false, 0, 2000, 5, "0 500 1000 1500 2000"},
        {false, 0, 60000, 4, "0 20000 40000 60000"},
        {false, 0.0012, 0.0041, 4, "0.002 0.003 0.004"},
        {false, 0, 0.3, 4, "0.0 0.1 0.2 0.3"},
        {false, 0, 4e-4, 4, "0.0000 0.0002 0.0004"},
        {false, 0, 4e-5, 5, "0 1e-5 2e-5 3e-5 4e-5"},
        {false, 1e-7, 1.6e-7, 4, "1e-7 1.2e-7 1.4e-7 1.6e-7"},
        {false, -2e6, 2e6, 5, "-2e6 -1e6 0 1e6 2e6"},
        {false, 1e9, 1e9 + 40, 3, "1000000000 1000000020 1000000040"},
        {false, -1e300, 1e300, 3, "-1e300 0 1e300"},
        {true, 1e-4, 1, 6, "10^-4 10^-3 10^-2 10^-1 10^0"},
        {true, 1e-8, 1e8, 6, "10^-6 10^-3 10^0 10^3 10^6"},
        {true, 0.04, 3, 8, "0.05 0.1 0.2 0.5 1 2"},
        {true, 0.04, 3, 5, "10^-1 10^0"},
        {true, 3e-8, 3e-7, 4, "5\u00d710^-8 10^-7 2\u00d710^-7"},
        {true, 1.15, 1.45, 4, "1.2 1.3 1.4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tgi_ticks t;
        if (cases[i].log)
            tgi_ticks_log(cases[i].lo, cases[i].hi, cases[i].max, &t);
        else
            tgi_ticks_linear(cases[i].lo, cases[i].hi, cases[i].max, &t);
        ck_assert_str_eq(labels(&t), cases[i].expected);
        ck_assert_int_le(t.n, cases[i].max);
    }
}
END_TEST

START_TEST(tick_labels_never_touch)
{
    static const double los[] = {0, -1e-9, 1e9, -123456, 1e-5}, sizes[] = {1, 1e-7, 99, 1e12};
    for (int k = 0; k < 5 * 4 * 2 * 40; k++) {
        const double lo = los[k % 5], hi = lo + sizes[k / 5 % 4], length = 20 + 15 * (k / 40);
        const bool log = k / 20 % 2 && lo > 0;
        const tgi_map m = tgi_map_make((tgi_range){lo, hi, true, true}, log, length, false);
        tgi_ticks t;
        if (!(hi - lo > 1e-12 * fabs(lo))) continue; /* no limits are that close */
        tgi_ticks_fit_x(&m, 10, &t);
        if (length > 250) ck_assert_int_ge(t.n, 2);
        for (int i = 1; i < t.n; i++)
            ck_assert_double_ge(
                tgi_map_at(&m, t.tick[i].at) - tgi_map_at(&m, t.tick[i - 1].at),
                (tgi_tick_width(&t.tick[i], 10) + tgi_tick_width(&t.tick[i - 1], 10)) / 2 + 5);
    }
}
END_TEST

START_TEST(limits)
{
    static const struct {
        bool log, tight;
        double a, b, lo, hi;
    } cases[] = {
        {false, false, 0, 1, -0.04, 1.04},
        {false, true, 0, 1, 0, 1},
        {false, false, NAN, INFINITY, 0, 1},
        {false, false, 7, NAN, 6.3, 7.7},
        {false, false, 0, 0, -0.5, 0.5},
        {false, false, 1, 1 + 1e-15, 0.9, 1.1},
        {false, true, -1.7e308, 1.7e308, -1e300, 1e300},
        {true, true, 0.01, 100, 0.01, 100},
        {true, true, -5, 100, 31.6227766017, 316.227766017},
        {true, false, -5, 0, 0.1, 1},
        {true, false, 1, 1e25, 0.1, 1e26},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tgi_range r = TGI_RANGE_EMPTY;
        tgi_range_add(&r, cases[i].a, cases[i].log, cases[i].tight);
        tgi_range_add(&r, cases[i].b, cases[i].log, cases[i].tight);
        r = tgi_range_limits(r, cases[i].log);
        ck_assert_double_eq_tol(r.lo, cases[i].lo, 1e-9 * fabs(cases[i].lo) + 1e-30);
        ck_assert_double_eq_tol(r.hi, cases[i].hi, 1e-9 * fabs(cases[i].hi) + 1e-30);
    }
}
END_TEST

/* Limits on a logarithmic axis that leave a single point, or hardly a number. */
START_TEST(limits_of_a_log_axis)
{
    static const struct {
        double lo, hi, x, want_lo, want_hi;
    } cases[] = {
        {1, 1 + 3e-12, 5, 0.316227766017, 3.16227766017},
        {-1, 20, 300, 0.02, 20}, /* the data lie beyond the given limit */
        {-1, 1e-299, 5, 1e-300, 1e-299},
        {-1e300, -1, 5, 1.58113883008, 15.8113883008},
        {0, 1e300, 1e300, 3.16227766017e299, 1e300},
        {0.01, 100, 5, 0.01, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tg_figure *fig = tg_figure_new(1, 1);
        tg_axes *ax = tg_figure_axes(fig, 0, 0);
        tgi_range x, y;
        ck_assert_int_eq(tg_axes_line(ax, NULL, 1, &cases[i].x, &cases[i].x, NULL), TG_OK);
        ck_assert_int_eq(tg_axes_log(ax, false, true), TG_OK);
        ck_assert_int_eq(tg_axes_ylim(ax, cases[i].lo, cases[i].hi), TG_OK);
        tgi_axes_limits(ax, &x, &y);
        ck_assert_double_eq_tol(y.lo / cases[i].want_lo, 1, 1e-9);
        ck_assert_double_eq_tol(y.hi / cases[i].want_hi, 1, 1e-9);
        tgi_ticks t;
        const tgi_map m = tgi_map_make(y, true, 300, true);
        tgi_ticks_fit_y(&m, 10, &t);
        ck_assert_int_ge(t.n, 1);
        for (int k = 0; k < t.n; k++)
            ck_assert_msg(t.tick[k].at >= y.lo * 0.999 && t.tick[k].at <= y.hi * 1.001 &&
                              !strstr(t.tick[k].text, "inf") && !strstr(t.tick[k].text, "nan"),
                          "case %zu: %s", i, t.tick[k].text);
        tg_figure_free(fig);
    }
}
END_TEST

SUITE("plot_ticks", .tests = {
                        {ticks},
                        {tick_labels_never_touch},
                        {limits},
                        {limits_of_a_log_axis},
                    })
