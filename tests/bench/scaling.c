/* scaling.c - how the cost of a step grows: with the batch, the depth and the width of a network,
 * and with the number of operations on the tape.
 *
 *     scaling [--threads N] [network] [operations]      both tables by default
 *
 * Each figure is the fastest of several blocks of steps, f32. A step is forward, loss, backward
 * and an update by SGD, of a multi-layer perceptron with ReLU. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "tests/support/long_graphs.h"

/* ---- networks ------------------------------------------------------------------------------- */

enum { DEEPEST = 100, BLOCKS = 7 };

static void step(bench *b)
{
    if (!bench_planned(b)) bench_train(b, b->only.x, b->only.y);
    bench_check(b);
    tg_tape_reset(b->t);
}

/* Seconds of a step of a network with that many hidden layers. */
static double network(bool plan, int threads, int64_t batch, int depth, int64_t width)
{
    int64_t sizes[DEEPEST + 2];
    double best = 1e300;
    const bench_options o = {.plan = plan, .threads = threads};
    bench b = {.options = &o,
               .name = "scaling",
               .t = tg_tape_new(),
               .err = TG_ERROR_INIT,
               .rng = tg_rng_make(1, 0)};
    for (int i = 0; i <= depth; i++) sizes[i] = width;
    sizes[depth + 1] = 10;
    bench_mlp(&b, depth + 2, sizes, batch, false);
    b.opt = tg_sgd(tg_sgd_defaults(), &b.err);
    b.only.x = bench_random(&b, 2, (int64_t[]){batch, width});
    b.only.y = bench_labels(&b, batch, 10);
    bench_check(&b);
    step(&b);
    step(&b);
    double start = bench_now();
    step(&b);
    const double one = bench_now() - start;
    const int n = one > 0.02 ? 1 : (int)(0.02 / (one > 1e-7 ? one : 1e-7));
    for (int i = 0; i < BLOCKS; i++) {
        start = bench_now();
        for (int k = 0; k < n; k++) step(&b);
        const double each = (bench_now() - start) / n;
        if (each < best) best = each;
    }
    tg_plan_free(b.plan);
    tg_optimizer_free(b.opt);
    tg_mlp_free(b.model);
    tg_tensor_free(b.only.x);
    tg_tensor_free(b.only.y);
    tg_tape_free(b.t);
    return best;
}

static void network_row(int threads, int64_t batch, int depth, int64_t width)
{
    const double eager = network(false, threads, batch, depth, width);
    const double plan = network(true, threads, batch, depth, width);
    const double n = (double)batch,
                 weights = (double)depth * (double)width * (double)width + 10.0 * (double)width;
    printf("%6lld %6d %6lld %14.3f %14.3f %18.2f %18.2f\n", (long long)batch, depth,
           (long long)width, eager / n * 1e6, plan / n * 1e6, eager / n / weights * 1e12,
           plan / n / weights * 1e12);
    (void)fflush(stdout);
}

static void networks(int threads)
{
    static const int depths[] = {2, 5, 10, 20, 50, 100};
    printf("%6s %6s %6s %14s %14s %18s %18s\n", "batch", "depth", "width", "eager us", "plan us",
           "eager ps", "plan ps");
    printf("%6s %6s %6s %14s %14s %18s %18s\n", "", "", "", "per sample", "per sample",
           "per weight+sample", "per weight+sample");
    for (int64_t batch = 16; batch <= 4096; batch *= 2) network_row(threads, batch, 4, 100);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        network_row(threads, 128, depths[i], 100);
    for (int64_t width = 64; width <= 4096; width *= 2) network_row(threads, 128, 2, width);
    printf("\n");
}

/* ---- operations ----------------------------------------------------------------------------- */

static void operations_row(const struct long_shape *s, int n)
{
    const long_costs c = long_graph_costs(s, n);
    if (!c.done) {
        (void)fprintf(stderr, "scaling: %s\n", c.text);
        exit(1);
    }
    printf("%-8s %9.0f", s->name, c.operations);
    for (int i = 0; i < COST_TIMES; i++) printf(" %10.0f", c.time[i] / c.operations * 1e9);
    printf(" %12.0f %12.0f\n", c.tape / c.operations, c.plan / c.operations);
    (void)fflush(stdout);
}

static void operations(void)
{
    printf("%-8s %9s %10s %10s %10s %10s %12s %12s\n", "graph", "on tape", "record ns", "sweep ns",
           "compile ns", "run ns", "tape bytes", "plan bytes");
    for (int i = 0; i < LONG_SHAPES; i++)
        for (int n = 250; n <= 250000; n *= 10) operations_row(&long_shapes[i], n);
    printf("\n");
}

int main(int argc, char **argv)
{
    int threads = 1;
    bool which[2] = {false, false};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            threads = (int)strtol(argv[++i], NULL, 10);
        which[0] |= strcmp(argv[i], "network") == 0;
        which[1] |= strcmp(argv[i], "operations") == 0;
    }
    (void)tg_set_num_threads(threads);
    if (which[0] || !which[1]) networks(threads);
    if (which[1] || !which[0]) operations();
    return 0;
}
