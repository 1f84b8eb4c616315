/* test_reduce.c - reductions against plain loops, their special values and gradients. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tapegrad/grad.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tests/support/tape.h"

static tg_tensor *from(int ndim, const int64_t *shape, const double *values)
{
    tg_tensor *x = tg_tensor_from(TG_F64, ndim, shape, values, NULL);
    ck_assert_ptr_nonnull(x);
    return x;
}

static tg_tensor *random_tensor(tg_dtype dtype, int ndim, const int64_t *shape)
{
    tg_rng rng = tg_rng_make(7, 1);
    tg_tensor *x = tg_tensor_new(dtype, ndim, shape, NULL);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < x->size; i++) {
        const double v = tg_rng_next_uniform(&rng, -2, 2);
        const double whole = dtype == TG_U8 ? fabs(floor(9 * v)) : floor(9 * v);
        (void)tg_tensor_set(x, i, tg_dtype_is_float(dtype) ? v : whole, NULL);
    }
    return x;
}

static void assert_near(double got, double want, double tolerance, const char *what, int64_t i)
{
    const bool same = isnan(want) ? isnan(got) : got == want;
    if (!same && !(fabs(got - want) <= tolerance * (1 + fabs(want))))
        ck_abort_msg("%s, element %lld: %.17g, expected %.17g", what, (long long)i, got, want);
}

/* y holds exactly these values; sees to it that the tape has no error. */
static void assert_values(const tg_tensor *y, int n, const double *want, const char *what)
{
    ck_assert_msg(y, "%s: %s", what, tg_tape_message(t));
    ck_assert_int_eq(y->size, n);
    for (int i = 0; i < n; i++) assert_near(tg_tensor_get(y, i), want[i], 1e-15, what, i);
}

/* ---- values against plain loops ------------------------------------------------------------- */

enum { SUM, MEAN, MAX, LOGSUMEXP, SUM_TO, ARGMAX, OPS, MOST = 25000 };
static const char *const names[OPS] = {"sum", "mean", "max", "logsumexp", "sum_to", "argmax"};

static struct {
    int64_t n, count; /* outputs, and elements behind each */
    double want[OPS][MOST];
} loops;

/* The output that element i of x goes to. */
static int64_t target(const tg_tensor *x, unsigned mask, int64_t i)
{
    int64_t out = 0, step = 1;
    for (int a = x->ndim - 1; a >= 0; i /= x->shape[a--])
        if (!(mask >> a & 1)) {
            out += i % x->shape[a] * step;
            step *= x->shape[a];
        }
    return out;
}

static void run_loops(const tg_tensor *x, unsigned mask)
{
    static int64_t seen[MOST];
    loops.n = loops.count = 1;
    for (int a = 0; a < x->ndim; a++) *(mask >> a & 1 ? &loops.count : &loops.n) *= x->shape[a];
    ck_assert_int_le(loops.n, MOST);
    for (int64_t o = 0; o < loops.n; o++) {
        loops.want[SUM][o] = loops.want[ARGMAX][o] = loops.want[LOGSUMEXP][o] = 0;
        loops.want[MAX][o] = -(double)INFINITY;
        seen[o] = 0;
    }
    for (int64_t i = 0; i < x->size; i++) {
        const int64_t o = target(x, mask, i), place = seen[o]++;
        const double v = tg_tensor_get(x, i);
        if (v > loops.want[MAX][o]) {
            loops.want[MAX][o] = v;
            loops.want[ARGMAX][o] = (double)place;
        }
        loops.want[SUM][o] += v;
        loops.want[LOGSUMEXP][o] += exp(v);
    }
    for (int64_t o = 0; o < loops.n; o++) {
        loops.want[MEAN][o] = loops.want[SUM][o] / (double)loops.count;
        loops.want[SUM_TO][o] = loops.want[SUM][o];
        loops.want[LOGSUMEXP][o] = log(loops.want[LOGSUMEXP][o]);
    }
}

static tg_tensor *call(int op, tg_tensor *x, int n, const int *axes, bool keepdims)
{
    static tg_tensor *(*const over[])(tg_tape *, tg_tensor *, int, const int *, bool) = {
        tg_sum_axes, tg_mean_axes, tg_max_axes, tg_logsumexp_axes};
    int64_t shape[TG_MAX_NDIM];
    if (op < COUNT(over)) return over[op](t, x, n, axes, keepdims);
    if (op == ARGMAX) return tg_argmax(t, x, n == 1 ? axes[0] : TG_ALL, keepdims);
    for (int a = 0; a < x->ndim; a++) shape[a] = x->shape[a];
    for (int k = 0; k < n; k++) shape[axes[k]] = 1;
    return tg_sum_to(t, x, x->ndim, shape);
}

/* The op can be asked for: its dtypes, the axes of argmax, elements to choose from. */
static bool legal(const tg_tensor *x, int op, int n)
{
    if (op == ARGMAX ? n != 1 && n != x->ndim : x->dtype == TG_U8) return false;
    if ((op == MEAN || op == LOGSUMEXP) && !tg_dtype_is_float(x->dtype)) return false;
    return !(op == MAX || op == ARGMAX) || loops.n == 0 || loops.count > 0;
}

static void try_all_subsets(tg_tensor *x)
{
    const double tolerance = x && x->dtype == TG_F32 ? 1e-6 : 1e-13;
    char what[256], shape[TG_DESCRIBE_SIZE];
    ck_assert_msg(x, "%s", tg_tape_message(t));
    for (unsigned mask = 0; mask < 1u << x->ndim; mask++) {
        const bool keepdims = mask & 1;
        int axes[TG_MAX_NDIM], n = 0;
        for (int a = 0; a < x->ndim; a++)
            if (mask >> a & 1) axes[n++] = a;
        run_loops(x, mask);
        for (int op = 0; op < OPS; op++) {
            if (!legal(x, op, n)) continue;
            tg_tensor *const y = call(op, x, n, axes, keepdims);
            (void)snprintf(what, sizeof what, "%s of %s, strides %lld..%lld, axes mask %u",
                           names[op], tg_tensor_describe(x, shape, sizeof shape),
                           x->ndim ? (long long)x->strides[0] : 0,
                           x->ndim ? (long long)x->strides[x->ndim - 1] : 0, mask);
            ck_assert_msg(y, "%s: %s", what, tg_tape_message(t));
            ck_assert_msg(y->size == loops.n, "%s: the size is %lld", what, (long long)y->size);
            ck_assert_int_eq(y->ndim, op == SUM_TO || keepdims ? x->ndim : x->ndim - n);
            for (int64_t o = 0; o < loops.n; o++)
                assert_near(tg_tensor_get(y, o), loops.want[op][o], tolerance, what, o);
        }
    }
}

static const struct {
    int ndim;
    int64_t shape[4];
} shapes[] = {{0, {0}},          {1, {1}},       {1, {67}},      {2, {2, 3}},     {2, {33, 18}},
              {2, {3, 1100}},    {2, {1100, 3}}, {3, {3, 1, 4}}, {3, {7, 2, 20}}, {4, {2, 3, 4, 5}},
              {4, {1, 9, 2, 6}}, {1, {0}},       {2, {0, 3}},    {2, {3, 0}},     {3, {2, 0, 3}},
              {2, {4500, 5}},    {2, {5, 4500}}};

START_TEST(every_subset_of_axes_of_every_view)
{
    const int ndim = shapes[_i].ndim;
    for (int d = 0; d < TG_DTYPE_COUNT; d++) {
        tg_tensor *x = random_tensor((tg_dtype)d, ndim, shapes[_i].shape);
        try_all_subsets(x);
        if (ndim > 0 && x->size < 10000) { /* transposed, thinned out, reversed, repeated */
            int64_t wide[TG_MAX_NDIM] = {3};
            memcpy(wide + 1, x->shape, (size_t)ndim * sizeof *wide);
            try_all_subsets(tg_transpose(t, x, 0, -1));
            try_all_subsets(tg_slice(t, x, -1, 1, TG_END, 2));
            try_all_subsets(tg_slice(t, x, 0, TG_END, -TG_END, -1));
            if (x->size < 1000) try_all_subsets(tg_expand(t, x, ndim + 1, wide));
        }
        tg_tape_reset(t);
        tg_tensor_free(x);
    }
}
END_TEST

START_TEST(sums_keep_their_accuracy)
{
    const int64_t n = 10000000;
    tg_tensor *x = tg_full(t, TG_F32, 1, &n, 0.1), *y = tg_full(t, TG_F64, 1, &n, 0.1);
    assert_near(tg_item(tg_sum(t, x, 0, false)), 1e7 * (double)0.1f, 6e-8, "f32", 0);
    assert_near(tg_item(tg_sum(t, y, 0, false)), 1e6, 1e-15, "f64", 0);
    tg_tensor *tall = tg_reshape(t, y, 2, (int64_t[]){-1, 5});
    assert_near(tg_tensor_get(tg_sum(t, tall, 0, false), 4), 2e5, 1e-15, "columns", 4);
    assert_near(tg_item(tg_mean(t, x, TG_ALL, false)), (double)0.1f, 6e-8, "mean", 0);
    tg_tensor *sevens = tg_full(t, TG_F64, 1, (int64_t[]){49}, 0.7);
    ck_assert(tg_item(tg_mean(t, sevens, 0, false)) == 0.7);
}
END_TEST

/* ---- special values ------------------------------------------------------------------------- */

#define INF (double)INFINITY
#define QNAN (double)NAN

static const struct {
    const char *op;
    double x[3], y, dx[3]; /* dx: the gradient of y; not looked at where y is NaN */
} special[] = {
    {"sum", {1, -INF, 2}, -INF, {1, 1, 1}},
    {"sum", {INF, -INF, 2}, QNAN, {0}},
    {"max", {1, QNAN, 2}, QNAN, {0}},
    {"max", {QNAN, INF, 2}, QNAN, {0}},
    {"max", {-INF, -INF, -INF}, -INF, {1. / 3, 1. / 3, 1. / 3}},
    {"max", {2, 1, 2}, 2, {0.5, 0, 0.5}},
    {"max", {2, INF, -INF}, INF, {0, 1, 0}},
    {"argmax", {1, 2, 2}, 1, {0}},
    {"argmax", {INF, QNAN, QNAN}, 1, {0}},
    {"argmax", {QNAN, INF, 0}, 0, {0}},
    {"argmax", {-INF, -INF, -INF}, 0, {0}},
    {"logsumexp", {1e4, 1e4, -1e4}, 1e4 + 0.69314718055994530942, {0.5, 0.5, 0}},
    {"logsumexp", {-1e4, -1e4, -2e4}, -1e4 + 0.69314718055994530942, {0.5, 0.5, 0}},
    {"logsumexp", {-INF, 0, 0}, 0.69314718055994530942, {0, 0.5, 0.5}},
    {"logsumexp", {-INF, -INF, -INF}, -INF, {0, 0, 0}},
    {"logsumexp", {1, INF, -INF}, INF, {0, QNAN, 0}},
    {"logsumexp", {INF, QNAN, 0}, QNAN, {0}},
};

/* x as a row, as six columns, and at the end of rows of 19, which are longer than the lanes. */
static const struct {
    int64_t shape[2], step, first;
    const char *axis;
} layouts[] = {{{1, 3}, 1, 0, "axis=1"}, {{3, 6}, 6, 0, "axis=0"}, {{2, 19}, 1, 16, "axis=1"}};

START_TEST(special_values_and_their_gradients)
{
    const char *const op = special[_i].op;
    const bool is_sum = strcmp(op, "sum") == 0, is_argmax = strcmp(op, "argmax") == 0;
    for (int k = 0; k < 2 * COUNT(layouts); k++) {
        const int64_t step = layouts[k / 2].step, first = layouts[k / 2].first;
        const double tolerance = k % 2 ? 1e-15 : 1e-7;
        if (first > 0 && (is_argmax || special[_i].y == -INF)) continue; /* -Inf would tie */
        tg_tensor *x = tg_tensor_new(k % 2 ? TG_F64 : TG_F32, 2, layouts[k / 2].shape, NULL), *dx;
        (void)tg_tensor_fill(x, is_sum ? 0 : -INF, NULL);
        for (int i = 0; i < 3; i++)
            (void)tg_tensor_set(x, first + i * step, special[_i].x[i], NULL);
        tg_tensor *y = tg_apply_text(t, op, &x, 1, layouts[k / 2].axis);
        ck_assert_msg(y, "%s", tg_tape_message(t));
        assert_near(tg_tensor_get(y, 0), special[_i].y, tolerance, op, k);
        if (!isnan(special[_i].y) && !is_argmax) {
            ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
            for (int i = 0; i < 3; i++)
                assert_near(tg_tensor_get(dx, first + i * step), special[_i].dx[i],
                            1000 * tolerance, op, 10 * k + i);
        }
        tg_tape_reset(t);
        tg_tensor_free(x);
    }
}
END_TEST

START_TEST(nothing_reduced_and_integers)
{
    tg_tensor *none = from(2, (int64_t[]){2, 0}, (double[]){0});
    assert_values(tg_sum(t, none, 1, false), 2, (double[]){0, 0}, "sum");
    assert_values(tg_mean(t, none, 1, false), 2, (double[]){QNAN, QNAN}, "mean");
    assert_values(tg_logsumexp(t, none, 1, false), 2, (double[]){-INF, -INF}, "logsumexp");
    assert_values(tg_max(t, none, 0, true), 0, NULL, "max");
    assert_values(tg_argmax(t, none, 0, true), 0, NULL, "argmax");
    const int32_t most[3] = {INT32_MAX, 2, INT32_MIN + 5};
    tg_tensor *x = tg_tensor_from(TG_I32, 1, (int64_t[]){3}, most, NULL);
    tg_tensor *head = tg_slice(t, x, 0, 0, 2, 1);
    assert_values(tg_sum(t, head, 0, false), 1, (double[]){INT32_MIN + 1.}, "wrap");
    assert_values(tg_sum(t, x, 0, false), 1, (double[]){6}, "wrap twice");
    ck_assert_ptr_eq(tg_sum_to(t, none, 2, none->shape)->data, none->data);
    tg_tape_reset(t);
    tg_tensor_free(none);
    tg_tensor_free(x);
}
END_TEST

/* ---- gradients ------------------------------------------------------------------------------ */

typedef struct objective {
    int op, n, axes[TG_MAX_NDIM];
    bool keepdims;
    int order;
    tg_tensor *x, *w;
} objective;

/* Order 1: f = sum(op(x)^2) / 2. Order 2: the dot product of f's gradient with w. */
static tg_tensor *record(const objective *o)
{
    tg_tensor *x = o->x, *g = NULL;
    tg_tensor *y = tg_square(t, call(o->op, x, o->n, o->axes, o->keepdims));
    y = tg_mul(t, tg_sum(t, y, TG_ALL, false), tg_scalar(t, 0.5));
    if (o->order == 1 || tg_vjp(t, 1, &y, NULL, 1, &x, &g)) return y;
    return tg_sum(t, tg_mul(t, g, o->w), TG_ALL, false);
}

static double value_at(const objective *o, int64_t i, double v)
{
    tg_tape_reset(t);
    (void)tg_tensor_set(o->x, i, v, NULL);
    return tg_item(record(o));
}

static void check_gradient(const objective *o)
{
    const double h = 1e-5;
    double g[64];
    tg_tape_reset(t);
    tg_tensor *y = record(o), *x = o->x, *dx = NULL;
    ck_assert_msg(!tg_vjp(t, 1, &y, NULL, 1, &x, &dx), "%s", tg_tape_message(t));
    for (int64_t i = 0; i < x->size; i++) g[i] = tg_tensor_get(dx, i);
    for (int64_t i = 0; i < x->size; i++) {
        const double v = tg_tensor_get(x, i);
        const double slope = (value_at(o, i, v + h) - value_at(o, i, v - h)) / (2 * h);
        (void)tg_tensor_set(x, i, v, NULL);
        assert_near(g[i], slope, 1e-8, names[o->op], i);
    }
}

START_TEST(gradients_of_both_orders_are_the_slopes)
{
    static const struct {
        int ndim;
        int64_t shape[3];
    } cases[] = {{0, {0}}, {1, {1}}, {2, {2, 3}}, {2, {5, 2}}, {3, {2, 3, 2}}, {2, {0, 3}}};
    for (int c = 0; c < COUNT(cases); c++) {
        objective o = {.op = _i, .x = random_tensor(TG_F64, cases[c].ndim, cases[c].shape)};
        o.w = tg_tensor_clone(o.x, NULL);
        for (unsigned k = 0; k < 4u << cases[c].ndim; k++) {
            o.n = 0;
            o.keepdims = k & 1;
            o.order = k & 2 ? 2 : 1;
            for (int a = 0; a < cases[c].ndim; a++)
                if (k >> 2 >> a & 1) o.axes[o.n++] = a;
            run_loops(o.x, k >> 2);
            if (legal(o.x, o.op, o.n)) check_gradient(&o);
        }
        tg_tape_reset(t);
        tg_tensor_free(o.x);
        tg_tensor_free(o.w);
    }
}
END_TEST

/* A maximum is linear in pieces: its second derivative is 0, and not an error. */
START_TEST(second_derivative_of_max_is_zero)
{
    tg_tensor *x = from(2, (int64_t[]){2, 2}, (double[]){1, 2, 4, 4}), *dx, *ddx;
    tg_tensor *y = tg_max(t, x, 1, false);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_values(dx, 4, (double[]){0, 1, 0.5, 0.5}, "gradient");
    tg_tensor *s = tg_sum(t, tg_square(t, dx), TG_ALL, false);
    ck_assert_int_eq(tg_vjp(t, 1, &s, NULL, 1, &x, &ddx), TG_OK);
    assert_values(ddx, 4, (double[]){0, 0, 0, 0}, "second derivative");
    tg_tape_reset(t);
    tg_tensor_free(x);
}
END_TEST

SUITE("reduce", .with = {TAPE}, .timeout = 120,
      .tests = {
          {every_subset_of_axes_of_every_view, COUNT(shapes)},
          {sums_keep_their_accuracy},
          {special_values_and_their_gradients, COUNT(special)},
          {nothing_reduced_and_integers},
          {gradients_of_both_orders_are_the_slopes, ARGMAX},
          {second_derivative_of_max_is_zero},
      })
