/* test_edges_reduce.c - every reduction, scan, order, statistic, product of linear algebra and
 * window at the edge: the rows of edges_reduce.h, eagerly and by plans; sizes of elements over the
 * whole range; and sums, norms and deviations of numbers that share an offset, against long
 * double. */
#include <float.h>

#include "ops/elementwise/families.h"
#include "tapegrad/derivatives.h"
#include "tests/ops/reduce/edges_reduce.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

/* ---- compositions, along the last axis ------------------------------------------------------ */

typedef tg_tensor *(*composition)(tg_tensor *x);

#define COMPOSITION(name, call)                                                                    \
    static tg_tensor *name(tg_tensor *x) { return call; }
COMPOSITION(mean, tg_mean(t, x, -1, false))
COMPOSITION(nanmean, tg_nanmean(t, x, -1, false))
COMPOSITION(min, tg_min(t, x, -1, false))
COMPOSITION(argmin, tg_argmin(t, x, -1, false))
COMPOSITION(any, tg_any(t, x, -1, false))
COMPOSITION(all, tg_all(t, x, -1, false))
COMPOSITION(norm1, tg_norm(t, x, 1, -1, false))
COMPOSITION(norm_inf, tg_norm(t, x, INFINITY, -1, false))
COMPOSITION(var, tg_var(t, x, -1, 1, false))
COMPOSITION(var_more, tg_var(t, x, -1, -0.5, false))
COMPOSITION(std, tg_std(t, x, -1, 1, false))
COMPOSITION(prod, tg_prod(t, x, -1, false))
COMPOSITION(sort, tg_sort(t, x, -1, false))
COMPOSITION(topk, tg_topk(t, x, 2, -1, true, NULL))

static const struct {
    const char *name;
    composition call;
} compositions[] = {{"mean", mean},         {"nanmean", nanmean},
                    {"min", min},           {"argmin", argmin},
                    {"any", any},           {"all", all},
                    {"norm, p = 1", norm1}, {"norm, p = inf", norm_inf},
                    {"var", var},           {"std", std},
                    {"prod", prod},         {"sort", sort},
                    {"topk, 2", topk},      {"var, correction = -1/2", var_more}};

static tg_tensor *apply(const char *op, const char *attrs, tg_tensor *const *in, int n)
{
    for (int i = 0; i < COUNT(compositions); i++)
        if (strcmp(op, compositions[i].name) == 0) return compositions[i].call(in[0]);
    return tg_apply_text(t, op, in, n, attrs);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* text with the dtype in the place of F. */
static const char *in_dtype(const char *text, tg_dtype dtype)
{
    enum { ROOM = 512, TURNS = 4 };
    static char room[TURNS][ROOM];
    static int turn;
    if (!text) return NULL;
    char *const to = room[turn++ % TURNS];
    const char *const f = strstr(text, "F[");
    if (!f) return text;
    (void)snprintf(to, ROOM, "%.*s%s%s", (int)(f - text), text, tg_dtype_name(dtype), f + 1);
    return to;
}

static bool all_finite(const tg_tensor *x)
{
    for (int64_t i = 0; x && i < x->size; i++)
        if (!isfinite(read_at(x, i))) return false;
    return x;
}

static tg_tensor *weighted(tg_tensor *y)
{
    tg_tensor *const k = tg_add(t, tg_arange(t, y->size), tg_full(t, TG_I32, 0, NULL, 1));
    tg_tensor *const flat = tg_reshape(t, y, 1, (int64_t[]){-1});
    return tg_sum(t, tg_mul(t, flat, tg_cast(t, k, y->dtype)), TG_ALL, false);
}

static void check_hessian(const edge *e, tg_tensor *y, tg_tensor *x, const char *want, double about)
{
    const tg_tensor *h = tg_hessian(t, weighted(y), x);
    ck_assert_msg(h != NULL, "%s: %s", e->op, tg_tape_message(t));
    if (want) assert_tensor(t, e->op, h, want, about);
    double largest = 0;
    for (int64_t i = 0; i < h->size; i++) largest = fmax(largest, fabs(read_at(h, i)));
    for (int64_t i = 0; i < x->size; i++)
        for (int64_t j = 0; j <= i; j++) {
            const double a = read_at(h, i * x->size + j), b = read_at(h, j * x->size + i);
            ck_assert_msg(is_close(a, b, about, about * largest), "%s: %g and %g of its Hessian",
                          e->op, a, b);
            ck_assert_msg(isfinite(a), "%s: %g in its Hessian", e->op, a);
        }
}

static void check_plan(const edge *e, tg_tensor *y, tg_tensor *dx)
{
    tg_tensor *const outputs[] = {y, dx};
    tg_plan *p = compiled(t, dx ? 2 : 1, outputs);
    run_plan(p);
    for (int i = 0; i < (dx ? 2 : 1); i++) assert_bits(e->op, outputs[i], tg_plan_output(p, i));
    tg_plan_free(p);
}

static bool has_gradient(const char *op, const tg_tensor *x, const tg_tensor *y)
{
    const tg_op *found = tg_op_find(op);
    return tg_dtype_is_float(x->dtype) && tg_dtype_is_float(y->dtype) &&
           (!found || (found->vjp && !(found->flags & TG_OP_ZERO_GRAD)));
}

static void check_row(const edge *e, tg_dtype dtype, int layout)
{
    const double about = dtype == TG_F32 ? 4e-7 : 4e-15;
    tg_tensor *in[2] = {NULL}, *dx = NULL;
    int n = 0;
    for (; n < 2 && e->in[n]; n++)
        in[n] = laid_out(tensor_of(t, in_dtype(e->in[n], dtype)), layout);
    tg_tensor *const y = apply(e->op, e->attrs, in, n);
    const char *const want = in_dtype(e->want, dtype);
    if (!y) {
        ck_assert_str_eq(tg_tape_message(t), want);
        return;
    }
    if (want) assert_tensor(t, e->op, y, want, about);
    if (has_gradient(e->op, in[0], y) && (e->grad || all_finite(y))) {
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, in, &dx), TG_OK);
        const char *const grad = in_dtype(e->grad, dtype);
        if (grad) assert_tensor(t, e->op, dx, grad, about);
    }
    check_plan(e, y, dx && dx->tape ? dx : NULL);
    const bool smooth = dx && y->size > 0 && in[0]->size > 0;
    if (e->hessian || (smooth && e->grad && all_finite(y) && all_finite(dx)))
        check_hessian(e, y, in[0], in_dtype(e->hessian, dtype), about);
}

START_TEST(rows)
{
    const edge *e = &edges[_i];
    const bool both = strstr(e->in[0], "F[");
    for (int layout = 0; layout < LAYOUTS; layout++)
        for (int d = TG_F32; d <= TG_F64; d++) {
            if (!both && d == TG_F32) continue;
            check_row(e, (tg_dtype)d, layout);
            tg_tape_reset(t);
        }
}
END_TEST

/* ---- none is left out ----------------------------------------------------------------------- */

#define FAMILIES(X)                                                                                \
    X(reduction)                                                                                   \
    X(scan)                                                                                        \
    X(sorting)                                                                                     \
    X(cholesky)                                                                                    \
    X(triangular)                                                                                  \
    X(solve)                                                                                       \
    X(determinant)                                                                                 \
    X(unfold)                                                                                      \
    X(window_max)

static void find_rows(const tg_op *ops, int count)
{
    for (int i = 0; i < count; i++) {
        bool found = false;
        for (int k = 0; k < COUNT(edges); k++)
            found = found || strcmp(edges[k].op, ops[i].name) == 0;
        ck_assert_msg(found, "edges_reduce.h has no row for %s", ops[i].name);
    }
}

START_TEST(every_operation_has_a_row)
{
#define X(family) find_rows(tgi_##family##_ops, tgi_##family##_ops_count);
    FAMILIES(X)
#undef X
    for (int i = 0; i < COUNT(compositions); i++) {
        bool found = false;
        for (int k = 0; k < COUNT(edges); k++)
            found = found || strcmp(edges[k].op, compositions[i].name) == 0;
        ck_assert_msg(found, "edges_reduce.h has no row for %s", compositions[i].name);
    }
}
END_TEST

/* ---- elements of every size: f(s x) = s^k f(x), its derivative goes with s^(k - 1) ---------- */

static const struct {
    const char *op, *attrs, *in[2];
    int degree;
} homogeneous[] = {
    {"sum", "axis=1", {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"mean", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"nansum", "axis=1", {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"nanmean", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"max", "axis=1", {"F[2,3]: 1 2 -4 7 5 7"}, 1},
    {"min", NULL, {"F[2,3]: 1 2 -4 3 3 7"}, 1},
    {"norm1", "axis=1", {"F[2,3]: 1 2 -4 3 0 7"}, 1},
    {"norm2", "axis=1", {"F[2,3]: 1 2 -4 3 0 7"}, 1},
    {"norm2", "axis=0", {"F[3,5]: 1 2 -4 3 5 7 0 2 3 -1 -9 5 3 1 1"}, 1},
    {"norm, p = 1", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"norm, p = inf", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"std", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"cumsum", "axis=0", {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"sort", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"topk, 2", NULL, {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"sum_to", "shape=3", {"F[2,3]: 1 2 -4 3 5 7"}, 1},
    {"unfold", "kernel=2", {"F[1,2,3]: 1 2 -4 3 5 7"}, 1},
    {"fold", "size=4 kernel=2", {"F[1,2,3]: 1 2 -4 3 5 7"}, 1},
    {"window_max", "kernel=2", {"F[1,2,3]: 1 2 -4 3 5 7"}, 1},
    {"det", NULL, {"F[1,1]: -3"}, 1},
    {"cofactor", NULL, {"F[2,2]: 1 2 -4 3"}, 1},
    {"inv", NULL, {"F[2,2]: 1 2 -4 3"}, -1},
    {"solve", NULL, {"F[2,2]: 1 2 -4 3", "F[2,1]: 1 2"}, -1},
    {"solve_triangular", "upper=true", {"F[2,2]: 1 2 -4 3", "F[2,1]: 1 2"}, -1},
};

static void check_scaled(int k, tg_dtype dtype, double scale)
{
    const double about = dtype == TG_F32 ? 4e-7 : 4e-15, degree = homogeneous[k].degree;
    tg_tensor *in[2] = {NULL}, *big[2] = {NULL}, *dx, *dbig;
    int n = 0;
    for (; n < 2 && homogeneous[k].in[n]; n++)
        in[n] = big[n] = tensor_of(t, in_dtype(homogeneous[k].in[n], dtype));
    big[0] = tensor_of(t, in_dtype(homogeneous[k].in[0], dtype));
    for (int64_t i = 0; i < in[0]->size; i++) write_at(big[0], i, scale * read_at(in[0], i));
    tg_tensor *const y = apply(homogeneous[k].op, homogeneous[k].attrs, in, n);
    tg_tensor *const z = apply(homogeneous[k].op, homogeneous[k].attrs, big, n);
    ck_assert_msg(y && z, "%s: %s", homogeneous[k].op, tg_tape_message(t));
    for (int64_t i = 0; i < y->size; i++)
        assert_close(homogeneous[k].op, dtype, i, 0, read_at(z, i),
                     read_at(y, i) * pow(scale, degree), about, 0);
    if (degree != 1) return; /* the derivative of the others leaves the range */
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, in, &dx), TG_OK);
    ck_assert_int_eq(tg_vjp(t, 1, &z, NULL, 1, big, &dbig), TG_OK);
    for (int64_t i = 0; i < dx->size; i++)
        assert_close(homogeneous[k].op, dtype, i, 0, read_at(dbig, i), read_at(dx, i), about,
                     about);
}

START_TEST(elements_of_every_size)
{
    for (int e = -30; e <= 30; e += 6, tg_tape_reset(t)) {
        check_scaled(_i, TG_F32, ldexp(1, 4 * e));
        check_scaled(_i, TG_F64, ldexp(1, 33 * e));
    }
}
END_TEST

/* ---- an offset that all elements share, against long double --------------------------------- */

static long double reference(const char *op, const tg_tensor *x)
{
    const int64_t n = x->size;
    long double sum = 0, sizes = 0, squares = 0, product = 1, spread = 0, away = 0,
                top = (long double)read_at(x, 0);
    const long double first = (long double)read_at(x, 0);
    for (int64_t i = 0; i < n; i++) {
        const long double v = (long double)read_at(x, i);
        sum += v, sizes += fabsl(v), away += v - first, squares += v * v, product *= v;
        top = v > top ? v : top;
    }
    long double powers = 0;
    for (int64_t i = 0; i < n; i++) {
        const long double v = (long double)read_at(x, i);
        const long double d = v - first - away / n;
        spread += d * d, powers += expl(v - top);
    }
    return strcmp(op, "sum") == 0     ? sum
           : strcmp(op, "mean") == 0  ? sum / n
           : strcmp(op, "norm1") == 0 ? sizes
           : strcmp(op, "norm2") == 0 ? sqrtl(squares)
           : strcmp(op, "var") == 0   ? spread / (n - 1)
           : strcmp(op, "std") == 0   ? sqrtl(spread / (n - 1))
           : strcmp(op, "prod") == 0  ? product
                                      : top + logl(powers);
}

/* What an operation does where there is no NaN. */
static const char *without_nan(const char *op) { return strncmp(op, "nan", 3) == 0 ? op + 3 : op; }

static const char *const compared[] = {"sum",   "mean", "nansum", "nanmean", "norm1",
                                       "norm2", "var",  "std",    "prod",    "logsumexp"};

/* Within some roundings of the result, whatever the offset is. */
START_TEST(offsets)
{
    static const double at[] = {0, 1, -1000, 1e5, -1e6, 1.6e7, 1e10, -1e14};
    const char *const op = compared[_i];
    for (int k = 0; k < COUNT(at); k++)
        for (int d = TG_F32; d <= TG_F64; d++, tg_tape_reset(t)) {
            const bool product = strcmp(op, "prod") == 0;
            const int64_t n = product ? 2 : 101;
            tg_rng r = tg_rng_make(7, (uint64_t)k);
            tg_tensor *x = keep(tg_tensor_new((tg_dtype)d, 1, &n, NULL));
            for (int64_t i = 0; i < n; i++)
                write_at(x, i, at[k] + tg_rng_next_normal(&r, 0, d == TG_F32 && k > 5 ? 1e5 : 9));
            const tg_tensor *y = apply(op, NULL, &x, 1);
            ck_assert_msg(y != NULL, "%s: %s", op, tg_tape_message(t));
            const double want = (double)reference(without_nan(op), x),
                         eps = d == TG_F32 ? 1.2e-7 : 2.3e-16;
            const char *const what = without_nan(op);
            const double size = strcmp(what, "sum") == 0    ? 30 + 101 * fabs(at[k])
                                : strcmp(what, "mean") == 0 ? 30 + fabs(at[k])
                                                            : 0;
            assert_close(op, (tg_dtype)d, k, 0, read_at(y, 0), want, 8 * eps, 8 * eps * size);
        }
}
END_TEST

SUITE("edges_reduce", .with = {TAPE}, .timeout = 60,
      .tests = {
          {rows, COUNT(edges)},
          {every_operation_has_a_row},
          {elements_of_every_size, COUNT(homogeneous)},
          {offsets, COUNT(compared)},
      })
