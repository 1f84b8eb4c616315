/* jets.h - the reference values of the tests of edges: a value with its first and second
 * derivatives by two variables, in long double, where 0 times anything but NaN is 0. */
#ifndef TESTS_JETS_H
#define TESTS_JETS_H

#include <math.h>

typedef long double real;

/* d by x and by y; h by xx, xy, yy */
typedef struct jet {
    real v, d[2], h[3];
} jet;

static inline real times(real a, real b) { return (a == 0 || b == 0) && !isnan(a + b) ? 0 : a * b; }

static inline jet constant(real v) { return (jet){.v = v}; }

static inline jet variable(int i, real v)
{
    jet x = {.v = v};
    x.d[i] = 1;
    return x;
}

/* f(a), from f, f' and f'' at a */
static inline jet chain(jet a, real f, real f1, real f2)
{
    jet r = {.v = f};
    for (int i = 0; i < 2; i++) r.d[i] = times(f1, a.d[i]);
    for (int i = 0; i < 3; i++)
        r.h[i] = times(f1, a.h[i]) + times(f2, times(a.d[i / 2], a.d[(i + 1) / 2]));
    return r;
}

static inline jet plus(jet a, jet b)
{
    jet r = {.v = a.v + b.v};
    for (int i = 0; i < 2; i++) r.d[i] = a.d[i] + b.d[i];
    for (int i = 0; i < 3; i++) r.h[i] = a.h[i] + b.h[i];
    return r;
}

static inline jet scaled(real c, jet a) { return chain(a, times(c, a.v), c, 0); }
static inline jet minus(jet a, jet b) { return plus(a, scaled(-1, b)); }
static inline jet shifted(real c, jet a) { return chain(a, c + a.v, 1, 0); }

static inline jet product(jet a, jet b)
{
    jet r = {.v = times(a.v, b.v)};
    for (int i = 0; i < 2; i++) r.d[i] = times(a.d[i], b.v) + times(a.v, b.d[i]);
    for (int i = 0; i < 3; i++) {
        const int k = i / 2, l = (i + 1) / 2;
        r.h[i] =
            times(a.h[i], b.v) + times(a.d[k], b.d[l]) + times(a.d[l], b.d[k]) + times(a.v, b.h[i]);
    }
    return r;
}

static inline jet exp_of(jet a) { return chain(a, expl(a.v), expl(a.v), expl(a.v)); }
static inline jet expm1_of(jet a) { return chain(a, expm1l(a.v), expl(a.v), expl(a.v)); }
static inline jet log_of(jet a) { return chain(a, logl(a.v), 1 / a.v, -1 / a.v / a.v); }
static inline jet inverse(jet a) { return chain(a, 1 / a.v, -1 / a.v / a.v, 2 / a.v / a.v / a.v); }
static inline jet size_of(jet a) { return chain(a, fabsl(a.v), a.v > 0 ? 1 : a.v < 0 ? -1 : 0, 0); }

static inline jet sigmoid_of(jet a)
{
    const real p = 1 / (1 + expl(-a.v)), q = 1 / (1 + expl(a.v));
    return chain(a, p, times(p, q), times(times(p, q), q - p));
}

static inline jet softplus_of(jet a)
{
    const real p = 1 / (1 + expl(-a.v)), q = 1 / (1 + expl(a.v));
    const real v = a.v > 0 ? a.v + log1pl(expl(-a.v)) : log1pl(expl(a.v));
    return chain(a, v, p, times(p, q));
}

static inline jet tanh_of(jet a)
{
    const real y = tanhl(a.v), c = 1 / coshl(a.v);
    return chain(a, y, c * c, -2 * times(y, c * c));
}

static inline jet erfc_of(jet a)
{
    const real bell = 2 / sqrtl(acosl(-1)) * expl(-a.v * a.v);
    return chain(a, erfcl(a.v), -bell, times(2 * a.v, bell));
}

#endif
