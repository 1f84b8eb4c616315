/* edges.h - elementwise functions at the edge: values, first and second derivatives of a function
 * of one or two operands against jets in long double; in f32 and f64; the Hessian symmetric; a plan
 * with the bits of the tape. */
#ifndef TESTS_EDGES_H
#define TESTS_EDGES_H

#include <float.h>

#include "tapegrad/derivatives.h"
#include "tests/support/jets.h"
#include "tests/support/plans.h"

enum { MOST_POINTS = 512 };

/* Derivatives whose tails are exact only near 1, being those of a difference from 1. */
typedef enum tails { RELATIVE, ABSOLUTE } tails;

typedef struct pointwise {
    const char *name; /* of the public function, without tg_ */
    int n;            /* of operands */
    tg_tensor *(*f)(tg_tape *t, tg_tensor *x, tg_tensor *z);
    jet (*truth)(jet x, jet z);
    const double *points; /* n numbers each, then END */
    tails tails;
} pointwise;

#define END 12345.678

/* value, the first derivatives, the second ones xx, xz, zx, zz */
enum { VALUE, BY_X, BY_Z, XX, XZ, ZX, ZZ, RESULTS };
static const char *const result_names[] = {"value",    "d/dx",     "d/dz",    "d2/dx dx",
                                           "d2/dx dz", "d2/dz dx", "d2/dz dz"};

static inline int count_points(const pointwise *p)
{
    int n = 0;
    while (p->points[n] != END) n++;
    ck_assert(n % p->n == 0 && n / p->n <= MOST_POINTS);
    return n / p->n;
}

static inline real result_of(jet y, int which)
{
    switch (which) {
    case VALUE:
        return y.v;
    case BY_X:
    case BY_Z:
        return y.d[which - BY_X];
    default:
        return y.h[which == XX ? 0 : which == ZZ ? 2 : 1];
    }
}

static inline real moved(real x, real slope)
{
    return slope == 0 || isnan(slope) ? 0 : fabsl(times(x, slope));
}

/* The error that a result may have: the effect of rounding each operand, some roundings of its own,
 * and denormals that count as 0. */
static inline real room_of(const pointwise *p, tg_dtype dtype, int which, const real *x, jet y)
{
    const real eps = dtype == TG_F32 ? FLT_EPSILON : DBL_EPSILON;
    const real least = dtype == TG_F32 ? FLT_MIN : DBL_MIN;
    real size = fabsl(result_of(y, which));
    if (which == VALUE)
        for (int i = 0; i < p->n; i++) size += moved(x[i], y.d[i]);
    else if (which == BY_X || which == BY_Z)
        for (int i = 0; i < p->n; i++) size += moved(x[i], y.h[which - BY_X + i]);
    else {
        const real far = fminl(fabsl(x[0]), 40);
        size = (size + 1) * (1 + far * far);
    }
    if (p->tails == ABSOLUTE && which != VALUE) size += 1;
    return (which == VALUE ? 8 : 32) * eps * size + 32 * least;
}

static inline void check_point(const pointwise *p, tg_dtype dtype, int which, const real *x,
                               double got)
{
#ifdef __aarch64__ /* where denormal operands count as 0 */
    const real least = dtype == TG_F32 ? FLT_MIN : DBL_MIN;
    for (int i = 0; i < p->n; i++)
        if (x[i] != 0 && fabsl(x[i]) < least) return;
#endif
    const jet y = p->truth(variable(0, x[0]), variable(1, x[1]));
    const real want = result_of(y, which), room = room_of(p, dtype, which, x, y);
    const real most = dtype == TG_F32 ? FLT_MAX : DBL_MAX;
    if (isnan(y.v)) { /* if it is NaN, only the value is known */
        if (which == VALUE && !isnan(got))
            ck_abort_msg("%s(%Lg, %Lg) is %g, expected NaN", p->name, x[0], x[1], got);
        return;
    }
    const bool beyond = fabsl(want) > most;
    if (isnan(want) && isnan(got)) return;
    if (beyond ? (real)got == (want > 0 ? INFINITY : -INFINITY) : fabsl(got - want) <= room) return;
    ck_abort_msg("%s %s at (%Lg, %Lg), %s: %.9g, expected %.9Lg +- %.2Lg", p->name,
                 tg_dtype_name(dtype), x[0], x[1], result_names[which], got, want, room);
}

/* The results at all points at once, and their number. */
static inline void record_all(tg_tape *t, const pointwise *p, tg_tensor *const *x,
                              tg_tensor **results)
{
    memset(results, 0, RESULTS * sizeof *results);
    results[VALUE] = p->f(t, x[0], x[1]);
    assert_fine(t, p->name);
    ck_assert_ptr_nonnull(results[VALUE]);
    (void)tg_vjp(t, 1, &results[VALUE], NULL, p->n, x, results + BY_X);
    for (int i = 0; i < p->n; i++)
        (void)tg_vjp(t, 1, &results[BY_X + i], NULL, p->n, x, results + XX + 2 * i);
    assert_fine(t, p->name);
}

static inline void check_plan(const char *what, tg_tape *t, tg_tensor *const *results, int most)
{
    tg_tensor *outputs[32];
    int n = 0;
    for (int k = 0; k < most; k++)
        if (results[k]) outputs[n++] = results[k];
    tg_plan *plan = compiled(t, n, outputs);
    run_plan(plan);
    for (int k = 0; k < n; k++) assert_bits(what, outputs[k], tg_plan_output(plan, k));
    tg_plan_free(plan);
}

static inline void check_pointwise(const pointwise *p, tg_dtype dtype)
{
    const int64_t n = count_points(p);
    tg_tape *t = tg_tape_new();
    tg_tensor *x[2] = {NULL}, *results[RESULTS];
    for (int i = 0; i < p->n; i++) {
        x[i] = keep(tg_tensor_new(dtype, 1, &n, NULL));
        for (int64_t k = 0; k < n; k++) write_at(x[i], k, p->points[k * p->n + i]);
    }
    record_all(t, p, x, results);
    for (int which = 0; which < RESULTS; which++)
        for (int64_t k = 0; results[which] && k < n; k++) {
            real at[2] = {0};
            for (int i = 0; i < p->n; i++) at[i] = read_at(x[i], k);
            check_point(p, dtype, which, at, read_at(results[which], k));
        }
    check_plan(p->name, t, results, RESULTS);
    tg_tape_free(t);
    free_leaves();
}

/* ---- no public function is left out --------------------------------------------------------- */

/* Calls miss for each function tg_X that include/tapegrad/header declares and is not found. */
static inline int functions_without(const char *header, bool (*has)(const char *name))
{
    char path[512], line[512];
    const char *folder = getenv("srcdir");
    int missing = 0, seen = 0;
    (void)snprintf(path, sizeof path, "%s/include/tapegrad/%s", folder ? folder : ".", header);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file, "cannot open %s: set srcdir", path);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "tg_", 3) != 0) continue;
        char *open = strchr(line, '('), *name = open;
        if (!open) continue;
        while (name > line && name[-1] != ' ' && name[-1] != '*') name--;
        *open = '\0';
        seen++;
        if (has(name + 3)) continue;
        printf("%s: %s has no row\n", header, name);
        missing++;
    }
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(seen > 0, "%s declares nothing", path);
    return missing;
}

#endif
