/* memory.c - the memory of a training step, as one JSON line: what the process grows by for
 * parameters, gradients and all that is computed, at most; and the bytes of the tape and of the
 * plan.
 *
 *     memory [--plan] wide|deep
 *
 * wide is the network of the case wide_sgd; deep has 100 layers. What the one step needs that
 * records the plan is not counted in peak_mb: its tape is freed then. Linux only. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { LAYERS = 100, WIDTH = 256, ROWS = 256, STEPS = 4 };

/* A line of /proc/self/status, in MB. */
static double status_mb(const char *key)
{
    char line[256];
    double kb = 0;
    FILE *in = fopen("/proc/self/status", "r");
    while (in && fgets(line, sizeof line, in))
        if (strncmp(line, key, strlen(key)) == 0) kb = strtod(line + strlen(key) + 1, NULL);
    if (in) (void)fclose(in);
    return kb / 1024;
}

/* Resets VmHWM to the memory that is in use now. */
static void forget_peak(void)
{
    (void)malloc_trim(0);
    FILE *out = fopen("/proc/self/clear_refs", "w");
    if (out) (void)fputs("5", out), (void)fclose(out);
}

static void set_up(bench *b, bool wide)
{
    static const int64_t wide_sizes[] = {1024, 4096, 4096, 1024};
    static int64_t deep_sizes[LAYERS + 1];
    for (int i = 0; i <= LAYERS; i++) deep_sizes[i] = WIDTH;
    if (wide)
        bench_mlp(b, 4, wide_sizes, ROWS, false);
    else
        bench_mlp(b, LAYERS + 1, deep_sizes, ROWS, false);
    b->opt = tg_sgd(tg_sgd_defaults(), &b->err);
    bench_check(b);
}

static void step(bench *b)
{
    if (!bench_planned(b)) bench_train(b, b->only.x, b->only.y);
    bench_check(b);
}

static void run(bench *b, bool wide)
{
    const int64_t in = wide ? 1024 : WIDTH;
    size_t tape, plan = 0;
    b->only.x = bench_random(b, 2, (int64_t[]){ROWS, in});
    b->only.y = bench_labels(b, ROWS, in);
    const double before = status_mb("VmRSS:");
    set_up(b, wide);
    step(b);
    tape = tg_tape_bytes(b->t);
    if (b->plan) {
        plan = tg_plan_stats(b->plan).bytes;
        tg_tape_free(b->t);
        b->t = tg_tape_new();
    }
    forget_peak();
    for (int i = 0; i < STEPS; i++) {
        step(b);
        tg_tape_reset(b->t);
    }
    printf("{\"case\": \"%s\", \"peer\": \"tapegrad-%s\", \"peak_mb\": %.1f, \"tape_mb\": %.1f, "
           "\"plan_mb\": %.1f}\n",
           b->name, b->options->plan ? "plan" : "eager", status_mb("VmHWM:") - before,
           (double)tape / (1 << 20), (double)plan / (1 << 20));
}

int main(int argc, char **argv)
{
    bench_options o = {.threads = 1};
    bench b = {.options = &o, .t = tg_tape_new(), .err = TG_ERROR_INIT, .rng = tg_rng_make(1, 0)};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--plan") == 0)
            o.plan = true;
        else
            b.name = argv[i];
    if (!b.name || (strcmp(b.name, "wide") != 0 && strcmp(b.name, "deep") != 0)) {
        (void)fprintf(stderr, "usage: memory [--plan] wide|deep\n");
        return 2;
    }
    (void)tg_set_num_threads(1);
    run(&b, strcmp(b.name, "wide") == 0);
    return 0;
}
