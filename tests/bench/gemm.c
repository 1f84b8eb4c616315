/* gemm.c - the case gemm: one matrix product after another, a line for each shape. */
#include <stdio.h>

#include "bench.h"

static const struct product {
    int m, k, n;
    bool ta, tb; /* the operand is the transpose of what is stored */
} products[] = {{128, 784, 100, false, false},   {784, 128, 100, true, false},
                {128, 100, 784, false, true},    {128, 100, 100, false, false},
                {128, 100, 10, false, false},    {64, 64, 64, false, false},
                {128, 128, 128, false, false},   {256, 256, 256, false, false},
                {512, 512, 512, false, false},   {1024, 1024, 1024, false, false},
                {2048, 2048, 2048, false, false}};

/* m x n numbers; as the transpose of an n x m leaf, if wanted. */
static tg_tensor *operand(bench *b, int m, int n, bool transposed)
{
    if (!transposed) return bench_random(b, 2, (int64_t[]){m, n});
    tg_tensor *x = bench_random(b, 2, (int64_t[]){n, m});
    tg_tensor *y =
        x ? tg_tensor_view(x, 2, (int64_t[]){m, n}, (int64_t[]){1, m}, 0, &b->err) : NULL;
    tg_tensor_free(x);
    return y;
}

static void step(bench *b)
{
    if (bench_planned(b)) return;
    tg_tensor *y = tg_matmul(b->t, b->only.x, b->only.y);
    if (b->options->plan && y) b->plan = tg_compile(b->t, 1, &y, &b->err);
}

void bench_gemm(bench *b)
{
    static char name[64];
    b->name = name;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        const struct product *p = &products[i];
        (void)snprintf(name, sizeof name, "gemm_%dx%dx%d_%c%c", p->m, p->k, p->n, "NT"[p->ta],
                       "NT"[p->tb]);
        b->only.x = operand(b, p->m, p->k, p->ta);
        b->only.y = operand(b, p->k, p->n, p->tb);
        bench_check(b);
        b->flops = 2.0 * p->m * p->k * p->n;
        bench_measure(b, step);
        tg_plan_free(b->plan);
        b->plan = NULL;
        tg_tensor_free(b->only.x);
        tg_tensor_free(b->only.y);
    }
}
