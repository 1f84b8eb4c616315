/* elementwise.h - the loops that an elementwise formula is put into. */
#ifndef TG_OPS_ELEMENTWISE_H
#define TG_OPS_ELEMENTWISE_H

#include "tapegrad/op.h"
#include "tapegrad/ops.h"

#define TGI_MAP_ARGS int64_t n, void *yv, const void *const *xv, const int64_t *s, const void *attrs

/* A tg_map_fn from a formula of x (of type T) with a result of type R.  The loops without a
 * stride are the ones that the compiler can turn into vector code. */
#define TGI_MAP1(fn, T, R, formula)                                                                \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        R *y = yv;                                                                                 \
        const T *px = xv[0];                                                                       \
        const int64_t sx = s[0];                                                                   \
        (void)attrs;                                                                               \
        if (sx == 1)                                                                               \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const T x = px[i];                                                                 \
                y[i] = (R)(formula);                                                               \
            }                                                                                      \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const T x = px[i * sx];                                                            \
                y[i] = (R)(formula);                                                               \
            }                                                                                      \
    }

/* The same from a formula of a and b. */
#define TGI_MAP2(fn, T, R, formula)                                                                \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        R *y = yv;                                                                                 \
        const T *pa = xv[0], *pb = xv[1];                                                          \
        const int64_t sa = s[0], sb = s[1];                                                        \
        (void)attrs;                                                                               \
        if (sa == 1 && sb == 1)                                                                    \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const T a = pa[i], b = pb[i];                                                      \
                y[i] = (R)(formula);                                                               \
            }                                                                                      \
        else if (sa == 1 && sb == 0 && n > 0) {                                                    \
            const T b = pb[0];                                                                     \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const T a = pa[i];                                                                 \
                y[i] = (R)(formula);                                                               \
            }                                                                                      \
        } else                                                                                     \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const T a = pa[i * sa], b = pb[i * sb];                                            \
                y[i] = (R)(formula);                                                               \
            }                                                                                      \
    }

#endif
