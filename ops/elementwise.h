/* elementwise.h - the loops of elementwise operations. */
#ifndef TG_OPS_ELEMENTWISE_H
#define TG_OPS_ELEMENTWISE_H

#include "ops/kernels/kernels.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"

enum { TGI_MOST_OPERANDS = 8 };

#define TGI_MAP_ARGS int64_t n, void *yv, const void *const *xv, const int64_t *s, const void *attrs

/* A tg_map_fn by the kernel TGI_MAP_kernel. */
#define TGI_MAP_KERNEL(fn, kernel, dtype)                                                          \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        (void)attrs;                                                                               \
        tgi_map_run(&tgi_kernels_get()->maps[dtype][TGI_MAP_##kernel], n, yv, xv, s);              \
    }

/* For dtypes without kernels: a plain loop from a formula of x (of type T), result of type R. */
#define TGI_MAP1(fn, T, R, formula)                                                                \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        R *y = yv;                                                                                 \
        const T *px = xv[0];                                                                       \
        const int64_t sx = s[0];                                                                   \
        (void)attrs;                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const T x = px[i * sx];                                                                \
            y[i] = (R)(formula);                                                                   \
        }                                                                                          \
    }

/* The same from a formula of a and b. */
#define TGI_MAP2(fn, T, R, formula)                                                                \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        R *y = yv;                                                                                 \
        const T *pa = xv[0], *pb = xv[1];                                                          \
        const int64_t sa = s[0], sb = s[1];                                                        \
        (void)attrs;                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const T a = pa[i * sa], b = pb[i * sb];                                                \
            y[i] = (R)(formula);                                                                   \
        }                                                                                          \
    }

#endif
