/* measure.c - times steps, and prints the line with the result. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench.h"

enum { MOST_BLOCKS = 4096 };

double bench_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bench_check(const bench *b)
{
    const char *text = b->err.status ? b->err.text : tg_tape_message(b->t);
    if (!*text) return;
    (void)fprintf(stderr, "tgbench: %s: %s\n", b->name, text);
    exit(1);
}

static void one_step(bench *b, void (*step)(bench *b))
{
    step(b);
    bench_check(b);
    tg_tape_reset(b->t);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The times of blocks of about 80 ms, which the scripts for PyTorch and NumPy use too, in ascending
 * order. */
static int time_blocks(bench *b, void (*step)(bench *b), double *ms)
{
    double start = bench_now();
    for (int i = 0; i < 3 || (bench_now() - start < 0.3 && i < 2000); i++) one_step(b, step);
    start = bench_now();
    for (int i = 0; i < 3; i++) one_step(b, step);
    const double one = (bench_now() - start) / 3;
    const int n = one > 0.08 ? 1 : (int)(0.08 / (one > 1e-7 ? one : 1e-7));
    int blocks = 0;
    for (const double end = bench_now() + b->options->seconds; blocks < 5 || bench_now() < end;) {
        if (blocks == MOST_BLOCKS) break;
        start = bench_now();
        for (int i = 0; i < n; i++) one_step(b, step);
        ms[blocks++] = (bench_now() - start) / n * 1e3;
    }
    qsort(ms, (size_t)blocks, sizeof *ms, ascending);
    return blocks;
}

void bench_print(const bench *b, double ms, double fastest, double rss_mb)
{
    printf("{\"case\": \"%s\", \"peer\": \"tapegrad-%s\", \"threads\": %d, \"ms_per_step\": %.7f, "
           "\"ms_min\": %.7f, \"gflops\": ",
           b->name, b->options->plan ? "plan" : "eager", b->options->threads, ms, fastest);
    if (b->flops > 0)
        printf("%.2f", b->flops / ms / 1e6);
    else
        printf("null");
    printf(", \"samples_per_s\": ");
    if (b->samples > 0)
        printf("%.0f", (double)b->samples / ms * 1e3);
    else
        printf("null");
    printf(", \"rss_mb\": %.0f}\n", rss_mb);
    (void)fflush(stdout);
}

void bench_measure(bench *b, void (*step)(bench *b))
{
    static double ms[MOST_BLOCKS];
    struct rusage usage;
    const int blocks = time_blocks(b, step, ms);
    (void)getrusage(RUSAGE_SELF, &usage);
    bench_print(b, ms[blocks / 2], ms[0], (double)usage.ru_maxrss / 1024);
}
