/* test_plot_errors.c - figures: what they refuse, and how a failure reaches the write. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/plot/plot.h"
#include "tests/support/folder.h"
#include "tests/support/memory.h"

static const double ok2[] = {0, 1}, bad2[] = {1, 1}, z4[] = {0, 1, 2, 3};
static const double many[3000];

static tg_status bad_call(tg_figure *fig, tg_axes *ax, int i)
{
    tg_plot_style style = tg_plot_style_defaults();
    style.opacity = i % 2 ? 0 : NAN;
    switch (i) {
    case 0:
        return tg_figure_size(fig, 99, 400);
    case 1:
        return tg_axes_line(ax, NULL, 2, ok2, ok2, &style);
    case 2:
        return tg_axes_points(ax, NULL, 2, ok2, ok2, &style);
    case 3:
        return tg_axes_line(ax, NULL, 2, ok2, NULL, NULL);
    case 4:
        return tg_axes_xlim(ax, 1, 1);
    case 5:
        return tg_axes_ylim(ax, 0, NAN);
    case 6:
        return tg_axes_ylim(ax, 0, INFINITY);
    case 7:
        return tg_axes_hist(ax, NULL, 2, ok2, 0, 0, 1, NULL);
    case 8:
        return tg_axes_hist(ax, NULL, 2, ok2, 5, 1, 0, NULL);
    case 9:
        return tg_axes_bars(ax, NULL, 2, ok2, 1, 1, NULL);
    case 10:
        return tg_axes_bars(ax, NULL, 2, NULL, 0, 1, NULL);
    case 11:
        return tg_axes_contour(ax, 2, 2, bad2, ok2, z4, 3, NULL, NULL);
    case 12:
        return tg_axes_contour(ax, 2, 1, ok2, ok2, z4, 3, NULL, NULL);
    case 13:
        return tg_axes_arrows(ax, 2, ok2, ok2, ok2, NULL, 0, NULL);
    case 14:
        return tg_axes_arrows(ax, 2, ok2, ok2, ok2, ok2, NAN, NULL);
    case 15:
        return tg_axes_legend(ax, (tg_legend_place)9);
    case 16:
        return tg_axes_text(ax, 0, 0, NULL);
    case 17:
        return tg_axes_text(ax, 0, INFINITY, "nowhere");
    case 18:
        return tg_axes_title(NULL, "no axes");
    default:
        return TG_OK;
    }
}

START_TEST(bad_arguments_stick)
{
    for (int i = 0; i < 19; i++) {
        tg_error err = TG_ERROR_INIT;
        tg_figure *fig = tg_figure_new(2, 2);
        tg_axes *ax = tg_figure_axes(fig, 1, 0);
        ck_assert_msg(bad_call(fig, ax, i) == TG_EARG, "case %d", i);
        ck_assert_uint_eq(ax->count, 0);
        if (i < 18) {
            ck_assert_int_eq(tg_figure_write_svg(fig, path, &err), TG_EARG);
            ck_assert_int_eq(strncmp(err.text, i ? "figure: axes (1,0): " : "figure: the si", 14),
                             0);
            ck_assert_int_ne(access(path, F_OK), 0);
        }
        tg_figure_free(fig);
    }
    ck_assert_ptr_null(tg_figure_new(0, 1));
    ck_assert_ptr_null(tg_figure_new(1, 65));
}
END_TEST

START_TEST(the_first_failure_is_told)
{
    tg_error err = TG_ERROR_INIT;
    tg_figure *fig = tg_figure_new(4, 5);
    ck_assert_ptr_null(tg_figure_axes(fig, 4, 0));
    ck_assert_int_eq(tg_axes_xlim(tg_figure_axes(fig, 0, 0), 2, 1), TG_EARG);
    ck_assert_int_eq(tg_figure_write_svg(fig, path, &err), TG_EINDEX);
    ck_assert_str_eq(err.text, "figure: there are no axes (4,0) in a grid of 4x5");
    tg_figure_free(fig);
    ck_assert_int_eq(tg_figure_write_svg(NULL, path, NULL), TG_EARG);
}
END_TEST

/* One of each kind of thing, with every kind of text. */
static tg_figure *everything(void)
{
    tg_figure *fig = tg_figure_new(1, 2);
    tg_axes *ax = tg_figure_axes(fig, 0, 0), *other = tg_figure_axes(fig, 0, 1);
    tg_figure_title(fig, "title");
    tg_axes_title(ax, "title");
    tg_axes_xlabel(ax, "x");
    tg_axes_ylabel(ax, "y");
    tg_axes_line(ax, "line", 2, ok2, ok2, NULL);
    tg_axes_hist(ax, "hist", 4, z4, 2, 0, 3, NULL);
    tg_axes_arrows(ax, 2, ok2, ok2, ok2, ok2, 0, NULL);
    tg_axes_contour(ax, 2, 2, ok2, ok2, z4, 3, NULL, NULL);
    tg_axes_text(ax, 0.5, 0.5, "text");
    tg_axes_points(other, "points", 3000, NULL, many, NULL); /* so many that it keeps a map */
    return fig;
}

START_TEST(full_device)
{
    tg_error err = TG_ERROR_INIT;
    tg_figure *fig = everything();
    ck_assert_int_eq(tg_figure_write_svg(fig, "/dev/full", &err), TG_EIO);
    ck_assert_str_eq(err.text, "cannot write '/dev/full': No space left on device");
    tg_figure_free(fig);
}
END_TEST

/* A program that checks only the last status still learns of the failure. */
START_TEST(out_of_memory)
{
    for (int mode = 0; mode < 2; mode++) {
        tg_status status = TG_ENOMEM;
        for (long n = 0; status != TG_OK; n++) {
            memory_setup();
            memory_fails(n, mode == 1 ? n : LONG_MAX);
            tg_figure *fig = everything();
            status = tg_figure_write_svg(fig, path, NULL);
            tg_figure_free(fig);
            const long failed = memory.failed;
            memory_teardown();
            if (status == TG_OK) ck_assert_int_eq(failed, 0);
            ck_assert_int_eq(access(path, F_OK) == 0, status == TG_OK);
            if (status != TG_OK) ck_assert_int_eq(status, fig ? TG_ENOMEM : TG_EARG);
            ck_assert_int_lt(n, 1000);
        }
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

SUITE("plot_errors", .with = {FOLDER},
      .tests = {
          {bad_arguments_stick},
          {the_first_failure_is_told},
          {full_device},
          {out_of_memory},
      })
