/* progress.c - shows progress: a bar on a terminal, plain lines elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include "tapegrad/progress.h"

#include <time.h>
#include <unistd.h>

#include "graph/text.h"

static double seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

tg_progress tg_progress_start(FILE *out, const char *label, int64_t total)
{
    const double now = seconds();
    return (tg_progress){.out = out,
                         .label = label ? label : "",
                         .total = total > 0 ? total : 1,
                         .terminal = out && isatty(fileno(out)),
                         .start = now,
                         .drawn = now - 1};
}

/* The share that is done, in units of 1/n, rounded down. */
static int parts_of(const tg_progress *p, int64_t done, int n)
{
    const double share = n * ((double)done / (double)p->total);
    return share >= n ? n : share > 0 ? (int)share : 0;
}

static void draw_bar(const tg_progress *p, int64_t done, double now, const char *metrics)
{
    enum { WIDTH = 24 };
    const double took = now - p->start, rate = took > 0 ? (double)done / took : 0;
    const double left = rate > 0 ? ((double)p->total - (double)done) / rate : 0;
    char bar[WIDTH + 1];
    const int full = parts_of(p, done, WIDTH);
    for (int i = 0; i < WIDTH; i++) bar[i] = i < full ? '#' : '.';
    bar[WIDTH] = '\0';
    (void)fprintf(p->out, "\r%s [%s] %lld/%lld  %.0f/s  %.0f s left  %s\033[K", p->label, bar,
                  (long long)done, (long long)p->total, rate, left, metrics ? metrics : "");
    (void)fflush(p->out);
}

void tg_progress_update(tg_progress *p, int64_t done, const char *metrics)
{
    if (!p || !p->out) return;
    if (p->terminal) {
        const double now = seconds();
        if (now - p->drawn < 0.1 && done < p->total) return;
        p->drawn = now;
        draw_bar(p, done, now, metrics);
    } else if (parts_of(p, done, 10) > p->tenths) {
        p->tenths = parts_of(p, done, 10);
        (void)fprintf(p->out, "%s %lld/%lld  %s\n", p->label, (long long)done, (long long)p->total,
                      metrics ? metrics : "");
    }
}

void tg_progress_end(tg_progress *p, const char *metrics)
{
    if (!p || !p->out) return;
    (void)tgi_print(p->out, "%s%s: %.1f s  %s%s\n", p->terminal ? "\r" : "", p->label,
                    seconds() - p->start, metrics ? metrics : "", p->terminal ? "\033[K" : "");
    (void)fflush(p->out);
    p->out = NULL;
}
