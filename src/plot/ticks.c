/* ticks.c - round values for the ticks of an axis, and their labels. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/plot/plot.h"

/* The first and last multiple of a step in [lo, hi], with a tolerance for rounding. Adding 0 turns
 * -0 into 0. */
static double first_index(double lo, double unit) { return ceil(lo / unit - 1e-6) + 0.0; }
static double last_index(double hi, double unit) { return floor(hi / unit + 1e-6); }

double tgi_step_at(tgi_step step, double i)
{
    /* dividing by an exact power of ten rounds only once, so that 3 * 10^-1 is 0.3 */
    return step.e < 0 && step.e >= -22 ? i * step.m / pow(10, -step.e)
                                       : i * step.m * pow(10, step.e);
}

tgi_step tgi_ticks_step(double lo, double hi, int max)
{
    static const int round[] = {1, 2, 5};
    const int e = (int)floor(log10((hi - lo) / max));
    for (int k = 0;; k++) { /* 1, 2, 5, 10, .. until few enough fit; 20 (hi-lo)/max always does */
        const tgi_step step = {round[k % 3], e + k / 3};
        const double unit = tgi_step_at(step, 1);
        if (k >= 6 || last_index(hi, unit) - first_index(lo, unit) + 1 <= max) return step;
    }
}

/* Whether labels are shorter with an exponent than with all digits. */
static bool scientific(double largest, tgi_step step)
{
    const int e = largest > 0 ? (int)floor(log10(largest) + 1e-9) : 0;
    const int plain = (e > 0 ? e : 0) + 1 + (step.e < 0 ? -step.e : 0);
    const int mantissa = e > step.e ? e - step.e + 1 : 1, exponent = e < 0 ? 3 : 2;
    return plain > 5 && mantissa + exponent < plain;
}

/* Writes "1.5e-7", not "1.50e-7". */
static void label_scientific(char *text, double at, tgi_step step)
{
    const int e = (int)floor(log10(fabs(at)) + 1e-9);
    const int digits = e > step.e ? (e - step.e < 15 ? e - step.e : 15) : 0;
    (void)snprintf(text, TGI_NUMBER_MAX, "%.*e", digits, at);
    char *end = strchr(text, 'e');
    if (!end) return;
    const long exponent = strtol(end + 1, NULL, 10);
    while (digits > 0 && end[-1] == '0') end--;
    while (digits > 0 && (end[-1] < '0' || end[-1] > '9')) end--; /* the locale's separator */
    (void)snprintf(end, (size_t)(text + TGI_NUMBER_MAX - end), "e%ld", exponent);
}

static void label_linear(tgi_tick *tick, tgi_step step, bool brief)
{
    if (!brief)
        (void)snprintf(tick->text, TGI_NUMBER_MAX, "%.*f", step.e < 0 ? -step.e : 0, tick->at);
    else if (tick->at == 0)
        (void)snprintf(tick->text, TGI_NUMBER_MAX, "0");
    else
        label_scientific(tick->text, tick->at, step);
    (void)tgi_number_point(tick->text);
}

void tgi_ticks_linear(double lo, double hi, int max, tgi_ticks *t)
{
    const tgi_step step = tgi_ticks_step(lo, hi, max);
    const double unit = tgi_step_at(step, 1), last = last_index(hi, unit);
    const bool brief = scientific(fmax(fabs(lo), fabs(hi)), step);
    t->n = 0;
    for (double i = first_index(lo, unit); i <= last && t->n < TGI_TICKS_MAX; i++) {
        tgi_tick *tick = &t->tick[t->n++];
        *tick = (tgi_tick){.at = tgi_step_at(step, i)};
        label_linear(tick, step, brief);
    }
}

/* The tick of m * 10^e: its decimals if plain, otherwise 10^e or m x 10^e with a raised
 * exponent. */
static tgi_tick label_log(int m, int e, bool plain)
{
    tgi_tick tick = {.at = tgi_step_at((tgi_step){m, e}, 1), .power = !plain, .exponent = e};
    if (plain) {
        (void)snprintf(tick.text, sizeof tick.text, "%.*f", e < 0 ? -e : 0, tick.at);
        (void)tgi_number_point(tick.text);
    } else {
        (void)snprintf(tick.text, sizeof tick.text, m == 1 ? "10" : "%d\u00d710", m);
    }
    return tick;
}

/* Adds a tick for each m * 10^e in [lo, hi], with m among the first `kinds` of 1, 2, 5 and e a
 * multiple of stride. Returns their number; t may be NULL. */
static int each_log(double lo, double hi, int kinds, int stride, bool plain, tgi_ticks *t)
{
    static const int m[] = {1, 2, 5};
    const double llo = log10(lo), lhi = log10(hi), slack = 1e-9 * (lhi - llo);
    int n = 0;
    for (int e = (int)floor(llo); e <= (int)floor(lhi + slack); e++) {
        if (((e % stride) + stride) % stride != 0) continue;
        for (int k = 0; k < kinds; k++) {
            const double at = e + log10(m[k]);
            if (at < llo - slack || at > lhi + slack) continue;
            if (t && n < TGI_TICKS_MAX) t->tick[t->n++] = label_log(m[k], e, plain);
            n++;
        }
    }
    return n;
}

void tgi_ticks_log(double lo, double hi, int max, tgi_ticks *t)
{
    t->n = 0;
    const int decades = each_log(lo, hi, 1, 1, false, NULL);
    const int dense = each_log(lo, hi, 3, 1, false, NULL);
    const bool plain = lo >= 0.9e-4 && hi <= 1.1e5;
    if (decades < 3 && dense >= 2 && dense <= max) {
        (void)each_log(lo, hi, 3, 1, plain, t);
    } else if (decades >= 2) {
        int stride = 1;
        while (each_log(lo, hi, 1, stride, false, NULL) > max) stride++;
        (void)each_log(lo, hi, 1, stride, false, t);
    } else {
        tgi_ticks_linear(lo, hi, max, t);
    }
}

static void make(const tgi_map *m, int max, tgi_ticks *t)
{
    if (m->log)
        tgi_ticks_log(pow(10, m->lo), pow(10, m->hi), max, t);
    else
        tgi_ticks_linear(m->lo, m->hi, max, t);
}

static bool touch(const tgi_map *m, double font, const tgi_tick *a, const tgi_tick *b)
{
    const double gap = fabs(tgi_map_at(m, b->at) - tgi_map_at(m, a->at));
    return gap < (tgi_tick_width(a, font) + tgi_tick_width(b, font)) / 2 + 0.8 * font;
}

void tgi_ticks_fit_x(const tgi_map *m, double font, tgi_ticks *t)
{
    const int most = (int)fmin(10, fmax(3, m->length / (4.5 * font)));
    for (int max = most; max >= 2; max--) {
        make(m, max, t);
        bool fits = true;
        for (int i = 1; i < t->n && fits; i++) fits = !touch(m, font, &t->tick[i - 1], &t->tick[i]);
        if (fits) return;
    }
    t->n = t->n < 1 ? t->n : 1;
}

void tgi_ticks_fit_y(const tgi_map *m, double font, tgi_ticks *t)
{
    make(m, (int)fmin(9, fmax(2, m->length / (1.9 * font))), t);
}
