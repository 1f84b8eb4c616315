/* pairs.h - the pairs of cheap operations that one kernel does in one pass: y = outer(inner, ...).
 */
#ifndef TAPEGRAD_OPS_KERNELS_PAIRS_H
#define TAPEGRAD_OPS_KERNELS_PAIRS_H

/* X(inner, outer, position, formula): p is what inner gives, which is outer's operand at `position`
 * (either one, where they may be exchanged), c the other one. */
#define PAIR_OUTER2(X, inner)                                                                      \
    X(inner, add, 0, p + c)                                                                        \
    X(inner, sub, 0, p - c)                                                                        \
    X(inner, sub, 1, c - p)                                                                        \
    X(inner, mul, 0, p *c)                                                                         \
    X(inner, zmul, 0, PICK(p != 0, p *c, K(0)))                                                    \
    X(inner, zmul, 1, PICK(c != 0, c *p, K(0)))                                                    \
    X(inner, minimum, 0, PICK((p > c) | (c != c), c, p))
#define PAIR_OUTER1(X, inner)                                                                      \
    X(inner, neg, 0, -p)                                                                           \
    X(inner, square, 0, p *p)                                                                      \
    X(inner, relu, 0, PICK(p <= 0, K(0), p))

/* What inner does with a and b, or a alone.  A product goes through UNFUSED, so that no fused
 * multiply-add is made of the pair: the bits are those of one operation after the other. */
#define PAIR_add a + b
#define PAIR_sub a - b
#define PAIR_mul UNFUSED(a *b)
#define PAIR_zmul UNFUSED(PICK(a != 0, a *b, K(0)))
#define PAIR_neg -a
#define PAIR_square UNFUSED(a *a)

/* By their operands: those of inner come first, then c.  (a, b, c), (a, b), (a, c), (a). */
#define TGI_PAIRS_ABC(X)                                                                           \
    PAIR_OUTER2(X, add) PAIR_OUTER2(X, sub) PAIR_OUTER2(X, mul) PAIR_OUTER2(X, zmul)
#define TGI_PAIRS_AB(X)                                                                            \
    PAIR_OUTER1(X, add) PAIR_OUTER1(X, sub) PAIR_OUTER1(X, mul) PAIR_OUTER1(X, zmul)               \
    X(sub, exp, 0, F(exp)(p))
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
