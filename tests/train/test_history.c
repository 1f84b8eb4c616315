/* test_history.c - the history of a run, its CSV file byte for byte, and its curves. */
#define _XOPEN_SOURCE 700
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tapegrad/alloc.h"
#include "tapegrad/history.h"
#include "tests/support/folder.h"
#include "tests/support/memory.h"

static const struct {
    const char *series, *metric;
    int64_t step;
    double value;
    const char *line;
} rows[] = {
    {"SGD", "loss", 0, 2.25, "SGD,loss,0,2.25\n"},
    {"SGD", "loss", 1, 0.1, "SGD,loss,1,0.1\n"},
    {"SGD", "acc", 1, (double)0.1f, "SGD,acc,1,0.10000000149011612\n"},
    {"a,b", "x", -1, 1.0 / 3, "\"a,b\",x,-1,0.3333333333333333\n"},
    {"say \"hi\"", "\"", 2, 1e300, "\"say \"\"hi\"\"\",\"\"\"\",2,1e+300\n"},
    {"two\nlines", "cr\r", 3, 5e-324, "\"two\nlines\",\"cr\r\",3,4.94065645841247e-324\n"},
    {"", " \xc3\xa9", INT64_MIN, -0.0, ", \xc3\xa9,-9223372036854775808,-0\n"},
    {"s", "m", INT64_MAX, NAN, "s,m,9223372036854775807,nan\n"},
    {"s", "m", 4, INFINITY, "s,m,4,inf\n"},
    {"s", "m", 5, -INFINITY, "s,m,5,-inf\n"},
    {"s", "m", 6, 1234567.5, "s,m,6,1234567.5\n"},
    {"s", "m", 7, 5e-5, "s,m,7,5e-05\n"},
};
enum { ROWS = sizeof rows / sizeof *rows };

static tg_status fill(tg_history *history)
{
    tg_status status = TG_OK;
    for (int i = 0; i < ROWS && status == TG_OK; i++)
        status =
            tg_history_add(history, rows[i].series, rows[i].metric, rows[i].step, rows[i].value);
    return status;
}

static void check_bytes(void)
{
    char expected[1024] = "series,metric,step,value\n";
    for (int i = 0; i < ROWS; i++) strcat(expected, rows[i].line);
    tg_history *history = tg_history_new();
    ck_assert_int_eq(fill(history), TG_OK);
    ck_assert_int_eq(tg_history_write_csv(history, path, NULL), TG_OK);
    ck_assert_str_eq(content(path), expected);
    tg_history_free(history);
}

START_TEST(bytes) { check_bytes(); }
END_TEST

START_TEST(bytes_in_a_comma_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8",  "de_DE",      "fr_FR.UTF-8",
                                        "fr_FR",       "nl_NL.UTF-8", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (found)
        check_bytes();
    else
        puts("test_history: skipped: no locale with a decimal comma is installed");
    (void)setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(full_device)
{
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    ck_assert_int_eq(fill(history), TG_OK);
    ck_assert_int_eq(tg_history_write_csv(history, "/dev/full", &err), TG_EIO);
    ck_assert_str_eq(err.text, "cannot write '/dev/full': No space left on device");
    ck_assert_int_eq(tg_history_write_csv(history, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_history_write_csv(NULL, path, NULL), TG_EARG);
    tg_history_free(history);
}
END_TEST

static tg_status whole_life(tg_history *history)
{
    tg_error err = TG_ERROR_INIT;
    tg_curve curve;
    tg_status status = history ? fill(history) : TG_ENOMEM;
    if (status == TG_OK) status = tg_history_curve(history, "SGD", "loss", &curve, &err);
    if (status != TG_OK) return status;
    tg_curve_free(&curve);
    return tg_history_write_csv(history, path, &err);
}

START_TEST(out_of_memory)
{
    for (int mode = 0; mode < 2; mode++) {
        tg_status status = TG_ENOMEM;
        put(path, "old");
        for (long n = 0; status != TG_OK; n++) {
            memory_setup();
            memory_fails(n, mode == 1 ? n : LONG_MAX);
            tg_history *history = tg_history_new();
            status = whole_life(history);
            tg_history_free(history);
            const long failed = memory.failed;
            memory_teardown();
            if (status == TG_OK) ck_assert_int_eq(failed, 0);
            if (status == TG_OK) break;
            ck_assert_int_eq(status, TG_ENOMEM);
            ck_assert_str_eq(content(path), "old");
            ck_assert_int_lt(n, 1000);
        }
    }
}
END_TEST

START_TEST(missing_rows_are_told)
{
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    ck_assert_int_eq(tg_history_add(NULL, "s", "m", 0, 0), TG_EARG);
    ck_assert_int_eq(tg_history_add(history, "s", NULL, 8, 0), TG_EARG);
    ck_assert_int_eq(tg_history_add(history, "s", "m", 9, 1), TG_OK);
    ck_assert_int_eq(tg_history_write_csv(history, path, &err), TG_EARG);
    ck_assert_str_eq(err.text, "history: the metric of the row for step 8 is NULL");
    ck_assert_str_eq(content(path), "series,metric,step,value\ns,m,9,1\n");
    tg_history_free(history);
}
END_TEST

START_TEST(rows_and_curves)
{
    enum { SERIES = 300 };
    char name[32];
    tg_history_row row;
    tg_curve curve;
    tg_error err = TG_ERROR_INIT;
    tg_history *history = tg_history_new();
    for (int step = 0; step < 3; step++)
        for (int i = 0; i < SERIES; i++) {
            (void)snprintf(name, sizeof name, "series %d", i);
            ck_assert_int_eq(tg_history_add(history, name, i % 2 ? "loss" : "acc", step, i + 0.5),
                             TG_OK);
        }
    ck_assert_uint_eq(tg_history_size(history), 3 * SERIES);
    ck_assert_int_eq(tg_history_get(history, SERIES + 41, &row), TG_OK);
    ck_assert_str_eq(row.series, "series 41");
    ck_assert_str_eq(row.metric, "loss");
    ck_assert_int_eq(row.step, 1);
    ck_assert_double_eq(row.value, 41.5);
    ck_assert_int_eq(tg_history_get(history, 3 * SERIES, &row), TG_EINDEX);

    ck_assert_int_eq(tg_history_curve(history, "series 41", "loss", &curve, NULL), TG_OK);
    ck_assert_uint_eq(curve.n, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq(curve.x[i], i);
        ck_assert_double_eq(curve.y[i], 41.5);
    }
    tg_curve_free(&curve);
    ck_assert_ptr_null(curve.x);
    ck_assert_int_eq(tg_history_curve(history, "series 41", "acc", &curve, &err), TG_EKEY);
    ck_assert_str_eq(err.text, "history: no row of 'series 41', 'acc'");
    ck_assert_int_eq(tg_history_curve(history, "series 999", "loss", &curve, NULL), TG_EKEY);
    tg_curve_free(&curve);
    tg_history_free(history);
    ck_assert_uint_eq(tg_history_size(NULL), 0);
}
END_TEST

SUITE("history", .with = {FOLDER},
      .tests = {
          {bytes},
          {bytes_in_a_comma_locale},
          {full_device},
          {out_of_memory},
          {missing_rows_are_told},
          {rows_and_curves},
      })
