/* tgbench.c - the time of one training step: the cases of ../shared/bench/bench_torch.py by the
 * same names and definitions, one JSON line each.
 *
 *     tgbench [--plan] [--threads N] [--seconds S] [--mnist DIR] CASE...     or --list
 *
 * CASE may be `all`.  --plan: the step is recorded once, and its plan is run from then on.
 * A step is forward, loss, backward and update on a prepared batch, in f32, to which a plan is
 * bound in the step. ms_per_step is the median over blocks of steps, ms_min the fastest block.
 * Each case runs in a process of its own, so that rss_mb is its own. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { MOST = 64 };

static int run(const bench_case *c, const bench_options *o)
{
    bench b = {.options = o,
               .name = c->name,
               .t = tg_tape_new(),
               .err = TG_ERROR_INIT,
               .rng = tg_rng_make(1, 0)};
    (void)tg_set_num_threads(o->threads);
    if (c->all) {
        c->all(&b);
    } else {
        c->setup(&b);
        bench_check(&b);
        bench_measure(&b, c->step);
    }
    return 0; /* the process ends here, and nothing is left to do */
}

/* Runs the case in a child and returns its exit status. */
static int run_apart(const bench_case *c, const bench_options *o)
{
    int status = 1;
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) exit(run(c, o));
    if (child < 0 || waitpid(child, &status, 0) < 0) perror("tgbench");
    return status != 0;
}

static const bench_case *find(const char *name)
{
    for (const bench_case *c = bench_cases; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    (void)fprintf(stderr, "tgbench: no case '%s' (--list names them)\n", name);
    exit(2);
}

static int list(void)
{
    for (const bench_case *c = bench_cases; c->name; c++) puts(c->name);
    return 0;
}

static int first_step(const bench_options *o)
{
    return run(&(bench_case){.name = "startup", .all = bench_first_step}, o);
}

int main(int argc, char **argv)
{
    bench_options o = {.threads = 1, .seconds = 2, .mnist = getenv("MNIST_DIR"), .self = argv[0]};
    const bench_case *chosen[MOST];
    bool first = false;
    int n = 0;
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--list") == 0) return list();
        if (strcmp(argv[i], "--plan") == 0)
            o.plan = true;
        else if (strcmp(argv[i], "--first-step") == 0) /* bench_startup's */
            first = true;
        else if (more && strcmp(argv[i], "--threads") == 0)
            o.threads = (int)strtol(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--seconds") == 0)
            o.seconds = strtod(argv[++i], NULL);
        else if (more && strcmp(argv[i], "--mnist") == 0)
            o.mnist = argv[++i];
        else if (strcmp(argv[i], "all") == 0)
            for (const bench_case *c = bench_cases; c->name && n < MOST; c++) chosen[n++] = c;
        else if (n < MOST)
            chosen[n++] = find(argv[i]);
    }
    if (first) return first_step(&o);
    if (!n) {
        (void)fprintf(stderr,
                      "usage: tgbench [--plan] [--threads N] [--seconds S] [--mnist DIR] CASE... "
                      "or all or --list\n");
        return 2;
    }
    if (n == 1) return run(chosen[0], &o);
    int failed = 0;
    for (int i = 0; i < n; i++) failed |= run_apart(chosen[i], &o);
    return failed;
}
