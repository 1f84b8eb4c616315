/* limits.c - measures what this machine can do at most: matrix products in the cache, and copies
 * that exceed it. */
#include <string.h>

#include "graph/plan/plan.h"
#include "tapegrad/alloc.h"
#include "tapegrad/ops.h"

enum { SIDE = 384, TRIES = 12, BIG = 12 << 20 };

/* GFLOP/s, the best of some products of square matrices that fit the second-level cache. */
static double best_product(void)
{
    double best = 0;
    tg_tape *t = tg_tape_new();
    tg_tensor *a = tg_tensor_new(TG_F32, 2, (const int64_t[]){SIDE, SIDE}, NULL);
    for (int i = 0; t && a && i < TRIES; i++) {
        const double start = tgi_profile_clock();
        (void)tg_matmul(t, a, a);
        const double s = tgi_profile_clock() - start, rate = 2e-9 * SIDE * SIDE * SIDE / s;
        if (tg_tape_status(t) == TG_OK && s > 0 && rate > best) best = rate;
        tg_tape_reset(t);
    }
    tg_tensor_free(a);
    tg_tape_free(t);
    return best;
}

/* GB/s, the best for an operation that reads and writes far more than the caches hold. */
static double best_copy(void)
{
    double best = 0;
    const int64_t n = BIG;
    tg_tape *t = tg_tape_new();
    tg_tensor *a = tg_tensor_new(TG_F32, 1, &n, NULL);
    for (int i = 0; t && a && i < TRIES / 2; i++) {
        const double start = tgi_profile_clock();
        (void)tg_neg(t, a);
        const double s = tgi_profile_clock() - start, rate = 8e-9 * BIG / s;
        if (tg_tape_status(t) == TG_OK && s > 0 && rate > best) best = rate;
        tg_tape_reset(t);
    }
    tg_tensor_free(a);
    tg_tape_free(t);
    return best;
}

tg_limits tg_limits_measure(void)
{
    return (tg_limits){.gflops = best_product(), .gbytes = best_copy()};
}
