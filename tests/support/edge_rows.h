/* edge_rows.h - functions of whole tensors at the edge, as rows of a table: the value, the gradient
 * of sum over i of (i + 1) y_i, and the Hessian of that, which is symmetric; in f32 and f64; a plan
 * with the bits of the tape. What is expected is given in numbers, or as that of an ordinary
 * operand of which the row's is a multiple. */
#ifndef TESTS_EDGE_ROWS_H
#define TESTS_EDGE_ROWS_H

#include <float.h>

#include "tapegrad/derivatives.h"
#include "tests/support/edges.h"

enum { F32 = 1, F64 = 2, BOTH = 3 };

typedef struct edge_row {
    const char *name; /* of the public function, without tg_ */
    tg_tensor *(*f)(tg_tape *t, tg_tensor *x);
    int dtypes;
    const char *x;                /* "[2,3]: 1 2 ...", without a dtype */
    const char *value, *gradient; /* the same; NULL: as for `like`, or not given */
    const char *like;             /* NULL, or an operand; x is it times scale, except for a sum */
    double scale;
    int degree; /* f(scale x) = scale^degree f(x) */
} edge_row;

/* A leaf of x's dtype. */
static inline tg_tensor *beside(const tg_tensor *x, const char *text)
{
    char line[512];
    (void)snprintf(line, sizeof line, "%s%s", tg_dtype_name(x->dtype), text);
    return tensor_of(NULL, line);
}

/* sum over i of (i + 1) y_i, so that the gradient does not vanish where the y add up to a
 * constant */
static inline tg_tensor *weighted_sum(tg_tape *t, tg_tensor *y)
{
    tg_tensor *w = tg_add(t, tg_cast(t, tg_arange(t, y->size), y->dtype), tg_scalar(t, 1));
    return tg_sum(t, tg_zmul(t, tg_reshape(t, y, 1, &y->size), w), TG_ALL, false);
}

typedef struct edge_results {
    tg_tensor *value, *gradient, *hessian;
} edge_results;

static inline edge_results edge_run(tg_tape *t, const edge_row *r, tg_tensor *x)
{
    edge_results e = {.value = r->f(t, x)};
    assert_fine(t, r->name);
    ck_assert_msg(e.value && e.value->tape, "%s at %s is no recorded value", r->name, r->x);
    tg_tensor *sum = weighted_sum(t, e.value);
    (void)tg_vjp(t, 1, &sum, NULL, 1, &x, &e.gradient);
    e.hessian = tg_hessian(t, sum, x);
    assert_fine(t, r->name);
    return e;
}

static inline void edge_compare(const edge_row *r, const char *what, const tg_tensor *got,
                                const tg_tensor *want, double factor)
{
    const bool f32 = got->dtype == TG_F32;
    const double room = f32 ? 4e-6 : 1e-13;
    double most = 0;
    ck_assert_msg(tg_tensor_same_shape(got, want), "%s %s at %s: its shape", r->name, what, r->x);
    for (int64_t i = 0; i < want->size; i++)
        if (isfinite(read_at(want, i))) most = fmax(most, fabs(read_at(want, i)) * factor);
    for (int64_t i = 0; i < want->size; i++) {
        const double v = read_at(got, i), w = read_at(want, i) * factor;
        if (fabs(w) > (f32 ? FLT_MAX : DBL_MAX) && isfinite(read_at(want, i))) continue;
        if (!is_close(v, w, room, room * most + 4 * (f32 ? FLT_MIN : DBL_MIN)))
            ck_abort_msg("%s %s, %s at %s, element %lld: %.9g, expected %.9g", r->name,
                         tg_dtype_name(got->dtype), what, r->x, (long long)i, v, w);
    }
}

static inline void edge_symmetric(const edge_row *r, const tg_tensor *h)
{
    const int64_t n = h->shape[0];
    double most = 0;
    for (int64_t i = 0; i < n * n; i++)
        if (isfinite(read_at(h, i))) most = fmax(most, fabs(read_at(h, i)));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            const double a = read_at(h, i * n + j), b = read_at(h, j * n + i);
            const double room = (h->dtype == TG_F32 ? 4e-6 : 1e-13) * most;
            if (!is_close(a, b, 0, room))
                ck_abort_msg("%s at %s: the Hessian has %.9g at (%lld, %lld) and %.9g across",
                             r->name, r->x, a, (long long)i, (long long)j, b);
        }
}

static inline void check_edge_row(const edge_row *r, tg_dtype dtype)
{
    if (!(r->dtypes >> (dtype == TG_F64) & 1)) return;
    tg_tape *t = tg_tape_new();
    const tg_tensor like = {.dtype = dtype};
    const edge_results e = edge_run(t, r, beside(&like, r->x));
    tg_tensor *outputs[] = {e.value, e.gradient, e.hessian};
    check_plan(r->name, t, outputs, 3);
    if (r->value) edge_compare(r, "value", e.value, beside(&like, r->value), 1);
    if (r->gradient) edge_compare(r, "gradient", e.gradient, beside(&like, r->gradient), 1);
    if (r->gradient || r->like) edge_symmetric(r, e.hessian);
    if (r->like) {
        const edge_results o = edge_run(t, r, beside(&like, r->like));
        edge_compare(r, "value", e.value, o.value, pow(r->scale, r->degree));
        edge_compare(r, "gradient", e.gradient, o.gradient, pow(r->scale, r->degree - 1));
        edge_compare(r, "Hessian", e.hessian, o.hessian, pow(r->scale, r->degree - 2));
    }
    tg_tape_free(t);
    free_leaves();
}

#endif
