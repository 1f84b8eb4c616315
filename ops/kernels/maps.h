/* maps.h - the elementwise kernels, and the function that runs them. */
#ifndef TAPEGRAD_OPS_KERNELS_MAPS_H
#define TAPEGRAD_OPS_KERNELS_MAPS_H

#include <stdint.h>

#include "ops/elementwise/binary.def"
#include "ops/elementwise/compare.def"
#include "ops/elementwise/exponential.def"
#include "ops/elementwise/trigonometry.def"
#include "ops/elementwise/unary.def"

/* The rows by the operands and results of their kernels, for f32 and f64: X(name, formula, ...). */
#define TGI_MAPS1(X) UNARY_ROWS(X) EXPONENTIAL_ROWS(X) TRIGONOMETRY_ROWS(X)
#define TGI_MAPS2(X) BINARY_ROWS(X) X(pow, F(pow)(a, b), )
#define TGI_MASKS1(X) TEST_ROWS(X)
#define TGI_MASKS2(X) COMPARE_ROWS(X)

enum {
#define X(name, ...) TGI_MAP_##name,
    TGI_MAPS1(X) TGI_MAPS2(X) TGI_MASKS1(X) TGI_MASKS2(X)
#undef X
        TGI_MAP_where, /* u8, T, T -> T */
    TGI_MAPS
};

enum { TGI_MAP_INPUTS = 3, TGI_MAP_LANES = 16 }; /* at most */

/* One kernel of one instruction set. */
typedef struct tgi_map {
    /* Computes whole vectors. step[i] is how far operand i moves from one vector to the next: the
     * number of lanes, or 0 for an operand of one element. */
    void (*run)(int64_t vectors, void *y, const void *const *x, const int64_t *step);
    int shift; /* a vector has 1 << shift lanes */
    int inputs;
    int64_t y_size, x_size[TGI_MAP_INPUTS]; /* bytes of an element */
} tgi_map;

/* y[j] = f(x0[j*s[0]], x1[j*s[1]], ...) for j = 0..n-1, where each s[i] is 0 or 1. y may be one of
 * the operands. The bits of an element depend neither on n nor on its position. */
void tgi_map_run(const tgi_map *map, int64_t n, void *y, const void *const *x, const int64_t *s);

/* ---- pairs of cheap operations that one kernel computes: y = outer(inner, ...) --------- */

/* X(inner, outer, position, formula): p is the result of inner, which is operand `position` of
 * outer (or any operand, if outer is commutative), and c is the other operand. */
#define PAIR_OUTER2(X, inner)                                                                      \
    X(inner, add, 0, p + c)                                                                        \
    X(inner, sub, 0, p - c)                                                                        \
    X(inner, sub, 1, c - p)                                                                        \
    X(inner, mul, 0, p *c)                                                                         \
    X(inner, zmul, 0, PICK(p != 0, p * c, K(0)))                                                   \
    X(inner, zmul, 1, PICK(c != 0, c * p, K(0)))                                                   \
    X(inner, minimum, 0, PICK((p > c) | (c != c), c, p))
#define PAIR_OUTER1(X, inner)                                                                      \
    X(inner, neg, 0, -p)                                                                           \
    X(inner, square, 0, p *p)                                                                      \
    X(inner, relu, 0, PICK(p <= 0, K(0), p))

/* The result of inner for a and b, or for a alone. A product goes through UNFUSED, which keeps the
 * compiler from making a fused multiply-add of the pair, so the bits are those of two
 * operations. */
#define PAIR_add a + b
#define PAIR_sub a - b
#define PAIR_mul UNFUSED(a *b)
#define PAIR_zmul UNFUSED(PICK(a != 0, a * b, K(0)))
#define PAIR_neg -a
#define PAIR_square UNFUSED(a *a)

/* Grouped by operands, those of inner first, then c: (a, b, c), (a, b), (a, c), (a). */
#define TGI_PAIRS_ABC(X)                                                                           \
    PAIR_OUTER2(X, add) PAIR_OUTER2(X, sub) PAIR_OUTER2(X, mul) PAIR_OUTER2(X, zmul)
#define TGI_PAIRS_AB(X)                                                                            \
    PAIR_OUTER1(X, add)                                                                            \
    PAIR_OUTER1(X, sub) PAIR_OUTER1(X, mul) PAIR_OUTER1(X, zmul) X(sub, exp, 0, F(exp)(p))
#define TGI_PAIRS_AC(X) PAIR_OUTER2(X, neg) PAIR_OUTER2(X, square)
#define TGI_PAIRS_A(X) PAIR_OUTER1(X, neg) PAIR_OUTER1(X, square)
#define TGI_EACH_PAIR(X) TGI_PAIRS_ABC(X) TGI_PAIRS_AB(X) TGI_PAIRS_AC(X) TGI_PAIRS_A(X)

enum {
#define X(inner, outer, position, ...) TGI_PAIR_##inner##_##outer##_##position,
    TGI_EACH_PAIR(X)
#undef X
        TGI_PAIRS
};

#endif
