/* gemmbench.c - the speed of matrix products: the shapes of ../shared/bench/gemm_bench.c, in f32
 * and f64, by the library's own kernels; one JSON line each, with the same keys.
 *
 *     gemmbench [--threads N] [--seconds S]
 *
 * S is the time for each shape, 0.6. ms_per_step is the median over blocks of products, gflops
 * belongs to it and gflops_best to the fastest block. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/alloc.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"

enum { MOST_BLOCKS = 400, FEWEST_BLOCKS = 5, BLOCK_FLOPS = 200000000 };

typedef struct shape {
    int m, k, n;
    bool a_transposed, b_transposed; /* A is stored (k,m), B (n,k) */
} shape;

static const shape shapes[] = {
    {128, 784, 100, 0, 0},   {784, 128, 100, 1, 0},    {128, 100, 784, 0, 1},
    {128, 100, 100, 0, 0},   {100, 128, 100, 1, 0},    {128, 100, 100, 0, 1},
    {128, 100, 10, 0, 0},    {100, 128, 10, 1, 0},     {128, 10, 100, 0, 1},
    {64, 64, 64, 0, 0},      {128, 128, 128, 0, 0},    {256, 256, 256, 0, 0},
    {512, 512, 512, 0, 0},   {1024, 1024, 1024, 0, 0}, {2048, 2048, 2048, 0, 0},
    {256, 1024, 4096, 0, 0}, {1024, 256, 4096, 1, 0},  {57600, 25, 30, 0, 0},
    {25, 57600, 30, 1, 0}};

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void *need(void *memory)
{
    if (memory) return memory;
    (void)fprintf(stderr, "gemmbench: out of memory\n");
    exit(1);
}

/* A matrix of numbers in 0..1, aligned as a tensor's data is; block is what to free. */
static void *matrix(int64_t elements, bool f64, void **block)
{
    tg_rng rng = tg_rng_make(1, 0);
    *block = need(tg_malloc((size_t)elements * (f64 ? sizeof(double) : sizeof(float)) + 64));
    void *x = (char *)*block + (-(uintptr_t)*block % 64);
    for (int64_t i = 0; i < elements; i++) {
        const double value = tg_rng_next_uniform(&rng, 0, 1);
        if (f64)
            ((double *)x)[i] = value;
        else
            ((float *)x)[i] = (float)value;
    }
    return x;
}

static double time_block(const tgi_gemm_kernel *kernel, const tgi_gemm *g, void *work,
                         int64_t count)
{
    const double start = now();
    for (int64_t i = 0; i < count; i++) tgi_gemm_run(kernel, g, work);
    return (now() - start) / (double)count;
}

/* The times in seconds of blocks of products, sorted; returns how many. */
static int time_blocks(const tgi_gemm_kernel *kernel, const tgi_gemm *g, double seconds,
                       double *times)
{
    const double flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    const int64_t count = flops < BLOCK_FLOPS ? (int64_t)(BLOCK_FLOPS / flops) : 1;
    void *work = need(tg_malloc(tgi_gemm_work(kernel, g) + 1));
    int blocks = 0;
    for (int i = 0; i < 2; i++) (void)time_block(kernel, g, work, count); /* to warm up */
    const double end = now() + seconds;
    while (blocks < MOST_BLOCKS && (blocks < FEWEST_BLOCKS || now() < end))
        times[blocks++] = time_block(kernel, g, work, count);
    qsort(times, (size_t)blocks, sizeof *times, ascending);
    tg_free(work);
    return blocks;
}

static void run(const shape *s, bool f64, int threads, double seconds)
{
    double times[MOST_BLOCKS];
    void *blocks[3];
    const void *a = matrix((int64_t)s->m * s->k, f64, &blocks[0]);
    const void *b = matrix((int64_t)s->k * s->n, f64, &blocks[1]);
    void *c = matrix((int64_t)s->m * s->n, f64, &blocks[2]);
    const tgi_gemm g = {.m = s->m,
                        .n = s->n,
                        .k = s->k,
                        .a = a,
                        .a_row = s->a_transposed ? 1 : s->k,
                        .a_col = s->a_transposed ? s->m : 1,
                        .b = b,
                        .b_row = s->b_transposed ? 1 : s->n,
                        .b_col = s->b_transposed ? s->k : 1,
                        .c = c,
                        .c_row = s->n};
    const int count = time_blocks(&tgi_kernels_get()->gemm[f64], &g, seconds, times);
    const double median = times[count / 2], gflop = 2e-9 * s->m * s->n * s->k;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("{\"case\": \"%cgemm_%dx%dx%d_%c%c\", \"peer\": \"tapegrad\", \"threads\": %d, "
           "\"ms_per_step\": %.5f, \"gflops\": %.1f, \"gflops_best\": %.1f, \"rss_mb\": %ld}\n",
           f64 ? 'd' : 's', s->m, s->k, s->n, s->a_transposed ? 'T' : 'N',
           s->b_transposed ? 'T' : 'N', threads, median * 1e3, gflop / median, gflop / times[0],
           (long)usage.ru_maxrss / 1024);
    (void)fflush(stdout);
    for (int i = 0; i < 3; i++) tg_free(blocks[i]);
}

int main(int argc, char **argv)
{
    int threads = 1;
    double seconds = 0.6;
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (more && strcmp(argv[i], "--threads") == 0)
            threads = (int)strtol(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[++i], NULL);
        else {
            (void)fprintf(stderr, "usage: gemmbench [--threads N] [--seconds S]\n");
            return 2;
        }
    }
    (void)tg_set_num_threads(threads);
    for (int f64 = 0; f64 < 2; f64++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            run(&shapes[i], f64, threads, seconds);
    return 0;
}
