/* mapbench.c - the time of each elementwise kernel: nanoseconds per element, of 1024 elements in
 * the first cache.
 *
 *     mapbench [--isa NAME] [--still] [--n N] [NAME...]
 *
 * One line for each kernel (of those named, or of all; a pair is INNER,OUTER,POSITION): its name,
 * then f32 and f64.  --still: the last operand is one element. A figure is the fastest of many
 * runs. */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/rng.h"

enum { MOST = 1 << 16, TRIES = 300 };

static const char *const names[TGI_MAPS] = {
#define X(name, ...) [TGI_MAP_##name] = #name,
    TGI_MAPS1(X) TGI_MAPS2(X) TGI_MASKS1(X) TGI_MASKS2(X)
#undef X
        [TGI_MAP_where] = "where"};

static const char *const pairs[TGI_PAIRS] = {
#define X(inner, outer, position, ...)                                                             \
    [TGI_PAIR_##inner##_##outer##_##position] = #inner "," #outer "," #position,
    TGI_EACH_PAIR(X)
#undef X
};

static const struct {
    const char *name;
    double lo, hi;
} ranges[] = {{"log", 0.01, 4}, {"log2", 0.01, 4}, {"log1p", -0.9, 4}, {"sqrt", 0.01, 4},
              {"asin", -1, 1},  {"acos", -1, 1},   {"pow", 0.01, 4},   {"rsqrt", 0.01, 4}};

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fill(const char *name, int64_t size, int n, void *x, tg_rng *rng)
{
    double lo = -4, hi = 4;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (strcmp(ranges[i].name, name) == 0) lo = ranges[i].lo, hi = ranges[i].hi;
    for (int i = 0; i < n; i++) {
        const double v = tg_rng_next_uniform(rng, lo, hi);
        if (size == 1) ((uint8_t *)x)[i] = v > 0;
        if (size == 4) ((float *)x)[i] = (float)v;
        if (size == 8) ((double *)x)[i] = v;
    }
}

static double measure(const tgi_map *map, const char *name, int n, bool still)
{
    /* Addresses that are no multiple of a page apart, or they would compete in the cache. */
    _Alignas(64) static double data[TGI_MAP_INPUTS][MOST + 40], y[MOST];
    const void *x[TGI_MAP_INPUTS] = {data[0], data[1], data[2]};
    int64_t s[TGI_MAP_INPUTS] = {1, 1, 1};
    tg_rng rng = tg_rng_make(3, 0);
    double best = 1e30;
    for (int i = 0; i < map->inputs; i++) fill(name, map->x_size[i], n, data[i], &rng);
    if (still) s[map->inputs - 1] = 0;
    for (int t = 0; t < TRIES; t++) {
        const int runs = 1 + 40000 / n;
        const double start = now();
        for (int r = 0; r < runs; r++) tgi_map_run(map, n, y, x, s);
        const double ns = (now() - start) / runs / n;
        if (ns < best) best = ns;
    }
    return best;
}

static void show(const tgi_map *const *maps, int k, const char *name, int n, bool still)
{
    printf("%-14s %8.3f %8.3f\n", name, measure(&maps[0][k], name, n, still),
           measure(&maps[1][k], name, n, still));
}

static bool wanted(const char *name, int count, char **list)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0) return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    const tgi_kernels *kernels = tgi_kernels_get();
    bool still = false;
    int n = 1024, i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--still") == 0)
            still = true;
        else if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc)
            kernels = tgi_kernels_named(argv[++i]);
        else if (strcmp(argv[i], "--n") == 0 && i + 1 < argc)
            n = atoi(argv[++i]);
    }
    if (!kernels || n < 1 || n > MOST) {
        (void)fputs("mapbench: no such instruction set here, or a size beyond 65536\n", stderr);
        return 1;
    }
    for (int k = 0; k < TGI_MAPS; k++)
        if (wanted(names[k], argc - i, argv + i)) show(kernels->maps, k, names[k], n, still);
    for (int k = 0; k < TGI_PAIRS; k++)
        if (wanted(pairs[k], argc - i, argv + i)) show(kernels->pairs, k, pairs[k], n, still);
    return 0;
}
