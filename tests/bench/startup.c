/* startup.c - the case startup: from the start of a process to its first finished training step. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { STARTS = 5 };

void bench_first_step(bench *b)
{
    static const int64_t sizes[] = {784, 100, 100, 100, 100, 10}, batch = 128;
    struct rusage usage;
    const tg_tensor *drawn = tg_uniform(b->t, &b->rng, TG_F32, 2, (int64_t[]){batch, 784}, 0, 1);
    bench_check(b);
    tg_tensor *x = tg_tensor_clone(drawn, &b->err);
    tg_tape_reset(b->t);
    tg_tensor *y = bench_labels(b, batch, 10);
    bench_mlp(b, 6, sizes, batch, false);
    b->opt = tg_adam(tg_adam_defaults(), &b->err);
    bench_check(b);
    bench_train(b, x, y);
    bench_check(b);
    const double done = bench_now();
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%.9f %.3f\n", done, (double)usage.ru_maxrss / 1024);
}

/* In a child: starts this program again, with its output in `out`. */
static void start_again(const bench_options *o, int out)
{
    char threads[16];
    (void)snprintf(threads, sizeof threads, "%d", o->threads);
    char *args[] = {(char[]){"tgbench"},
                    (char[]){"--first-step"},
                    (char[]){"--threads"},
                    threads,
                    o->plan ? (char[]){"--plan"} : NULL,
                    NULL};
    if (dup2(out, STDOUT_FILENO) >= 0) {
        (void)execv("/proc/self/exe", args); /* not the script that libtool puts before it */
        (void)execvp(o->self, args);
    }
    _exit(127);
}

/* The ms to the first step of a new process, and its memory. False when it failed. */
static bool start(const bench_options *o, double *ms, double *rss_mb)
{
    int ends[2], status = 1;
    double done = 0;
    if (pipe(ends)) return false;
    const double began = bench_now();
    const pid_t child = fork();
    if (child == 0) start_again(o, ends[1]);
    (void)close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    const bool read = in && fscanf(in, "%lf %lf", &done, rss_mb) == 2;
    if (in) (void)fclose(in);
    if (child < 0 || waitpid(child, &status, 0) < 0) return false;
    *ms = (done - began) * 1e3;
    return read && status == 0;
}

/* The median of five starts, and the memory of that start. */
void bench_startup(bench *b)
{
    double ms[STARTS], rss[STARTS];
    for (int i = 0; i < STARTS; i++) {
        double one, memory;
        if (!start(b->options, &one, &memory)) {
            (void)fprintf(stderr, "tgbench: startup: %s does not start\n", b->options->self);
            exit(1);
        }
        int at = i;
        for (; at > 0 && ms[at - 1] > one; at--) ms[at] = ms[at - 1], rss[at] = rss[at - 1];
        ms[at] = one, rss[at] = memory;
    }
    bench_print(b, ms[STARTS / 2], ms[0], rss[STARTS / 2]);
}
