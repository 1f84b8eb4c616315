/* elementwise.h - makes the loops of elementwise operations. */
#ifndef TG_OPS_ELEMENTWISE_H
#define TG_OPS_ELEMENTWISE_H

#include "ops/kernels/kernels.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"

#define TGI_MAP_ARGS int64_t n, void *yv, const void *const *xv, const int64_t *s, const void *attrs

/* A tg_map_fn that calls the kernel TGI_MAP_kernel. */
#define TGI_MAP_KERNEL(fn, kernel, dtype)                                                          \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        (void)attrs;                                                                               \
        tgi_map_run(&tgi_kernels_get()->maps[dtype][TGI_MAP_##kernel], n, yv, xv, s);              \
    }

/* The `pair` of every operation that has one (pairs.c). */
tg_map_fn tgi_map_pair(const tg_op *op, const tg_op *inner, int i, tg_dtype dtype);

/* For dtypes without kernels: a plain loop for n > 0 elements, from a formula of x (of type T)
 * whose result has type R. */
#define TGI_MAP1(fn, T, R, formula)                                                                \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        R *y = yv;                                                                                 \
        const T *px = xv[0], first = px[0];                                                        \
        (void)attrs;                                                                               \
        if (s[0] == 0) {                                                                           \
            const T x = first;                                                                     \
            for (int64_t i = 0; i < n; i++) y[i] = (R)(formula);                                   \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const T x = px[i];                                                                     \
            y[i] = (R)(formula);                                                                   \
        }                                                                                          \
    }

/* The same for a formula of a and b. Each combination of steps has a loop of its own, in which the
 * steps are constants and the compiler can vectorize. */
#define TGI_MAP2(fn, T, R, formula)                                                                \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        R *y = yv;                                                                                 \
        const T *pa = xv[0], *pb = xv[1], a0 = pa[0], b0 = pb[0];                                  \
        (void)attrs;                                                                               \
        if (s[0] == 1 && s[1] == 1)                                                                \
            TGI_EACH(T, R, pa[i], pb[i], formula)                                                  \
        else if (s[0] == 1)                                                                        \
            TGI_EACH(T, R, pa[i], b0, formula)                                                     \
        else if (s[1] == 1)                                                                        \
            TGI_EACH(T, R, a0, pb[i], formula)                                                     \
        else                                                                                       \
            TGI_EACH(T, R, a0, b0, formula)                                                        \
    }
#define TGI_EACH(T, R, first, second, formula)                                                     \
    for (int64_t i = 0; i < n; i++) {                                                              \
        const T a = first, b = second;                                                             \
        y[i] = (R)(formula);                                                                       \
    }

#endif
