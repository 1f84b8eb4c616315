/* families.h - lists the families, one for each file of operations. Together they are the
 * registry. */
#ifndef TG_OPS_FAMILIES_H
#define TG_OPS_FAMILIES_H

#include "tapegrad/op.h"

#define TGI_FAMILIES(X)                                                                            \
    X(create)                                                                                      \
    X(unary)                                                                                       \
    X(exponential)                                                                                 \
    X(trigonometry)                                                                                \
    X(binary)                                                                                      \
    X(compare)                                                                                     \
    X(where)                                                                                       \
    X(where_equal)                                                                                 \
    X(convert)                                                                                     \
    X(reduction)                                                                                   \
    X(matmul)                                                                                      \
    X(shape)                                                                                       \
    X(slice)                                                                                       \
    X(take)                                                                                        \
    X(join)                                                                                        \
    X(diagonal)                                                                                    \
    X(scan)                                                                                        \
    X(along)                                                                                       \
    X(sorting)                                                                                     \
    X(pick)                                                                                        \
    X(unfold)                                                                                      \
    X(window_max)                                                                                  \
    X(random)                                                                                      \
    X(cholesky)                                                                                    \
    X(triangular)                                                                                  \
    X(solve)                                                                                       \
    X(determinant)                                                                                 \
    X(random_integer)                                                                              \
    X(random_truncated)

#define X(family)                                                                                  \
    extern const tg_op tgi_##family##_ops[];                                                       \
    extern const int tgi_##family##_ops_count;
TGI_FAMILIES(X)
#undef X

/* Stands after the table of a family and counts its operations. */
#define TGI_FAMILY_COUNT(family)                                                                   \
    const int tgi_##family##_ops_count =                                                           \
        (int)(sizeof tgi_##family##_ops / sizeof *tgi_##family##_ops)

#endif
