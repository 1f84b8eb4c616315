/* test_edges_optim.c - the optimizers at the edge: gradients of 0, denormal, huge, Inf and NaN
 * between ordinary ones, against the formulas in long double, in both dtypes, in updates and in
 * plans; and clipping of gradients whose squares leave the range. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "tapegrad.h"
#include "tests/support/optimizers.h"
#include "tests/support/suite.h"

enum { STEPS = 12, STATES = 2 };
typedef long double wide;

/* ---- the formulas once more ----------------------------------------------------------------- */

/* Rounded to Inf if it exceeds the range of the dtype. */
static wide within(wide x, bool f64) { return x > (f64 ? DBL_MAX : FLT_MAX) ? HUGE_VALL : x; }

typedef struct element {
    wide w, s[STATES], size; /* the sum of the sizes of all terms added to w */
} element;

static void move(element *e, wide step)
{
    e->w -= step;
    e->size += fabsl(step);
}

static void sgd(element *e, wide g, int t, bool f64) { (void)t, (void)f64, move(e, 0.01L * g); }

static void momentum(element *e, wide g, int t, bool f64)
{
    (void)t, (void)f64;
    e->s[0] = 0.9L * e->s[0] - 0.01L * g;
    move(e, -e->s[0]);
}

static void nesterov(element *e, wide g, int t, bool f64)
{
    (void)t, (void)f64;
    e->s[0] = 0.9L * e->s[0] - 0.01L * g;
    move(e, 0.01L * g - 0.9L * e->s[0]);
}

static void adagrad(element *e, wide g, int t, bool f64)
{
    (void)t;
    e->s[0] = within(e->s[0] + g * g, f64);
    move(e, 0.01L * g / (sqrtl(e->s[0]) + 1e-7L));
}

static void rmsprop(element *e, wide g, int t, bool f64)
{
    (void)t;
    e->s[0] = within(0.99L * e->s[0] + 0.01L * g * g, f64);
    move(e, 0.01L * g / (sqrtl(e->s[0]) + 1e-7L));
}

static void adam(element *e, wide g, int t, bool f64)
{
    e->s[0] += 0.1L * (g - e->s[0]);
    if (isfinite(e->s[1])) e->s[1] += 0.001L * (within(g * g, f64) - e->s[1]);
    move(e, 0.001L * sqrtl(1 - powl(0.999L, t)) / (1 - powl(0.9L, t)) * e->s[0] /
                (sqrtl(e->s[1]) + 1e-7L));
}

static const struct {
    const char *name;
    void (*formula)(element *e, wide g, int t, bool f64);
} formulas[] = {{"SGD", sgd},         {"Momentum", momentum}, {"Nesterov", nesterov},
                {"AdaGrad", adagrad}, {"RMSprop", rmsprop},   {"Adam", adam}};

/* An optimizer with its defaults, and its formula if it is written here; or with a sample. */
typedef struct kind {
    const char *name, *settings;
    void (*formula)(element *e, wide g, int t, bool f64);
} kind;

static kind kind_of(int sample)
{
    kind k = {.formula = NULL};
    k.name = sample_type(sample, &k.settings)->name;
    for (int i = 0; i < COUNT(formulas) && !*k.settings; i++)
        if (strcmp(formulas[i].name, k.name) == 0) k.formula = formulas[i].formula;
    return k;
}

/* ---- the gradients -------------------------------------------------------------------------- */

/* At step `at`, counted from 1, the element gets this gradient, else ordinary ones. */
static const double specials[2][17] = {
    {0.0, -0.0, 1e-45, -1e-40, FLT_MIN, -1e-30, 1e-19, 1e15, -1e18, 2e19, 1e20, -1e30, FLT_MAX,
     -FLT_MAX, INFINITY, -INFINITY, NAN},
    {0.0, -0.0, 5e-324, -1e-310, DBL_MIN, -1e-200, 1e-162, 1e100, -1e150, 2e154, 1e160, -1e300,
     DBL_MAX, -DBL_MAX, INFINITY, -INFINITY, NAN}};
enum { N = COUNT(specials[0]) };

static double gradient(bool f64, int i, int step, int at)
{
    if (step == at) return specials[f64][i];
    return (step % 3 - 1.25) * (1 + i) / N;
}

static void set_gradients(tg_tensor *g, int step, int at)
{
    for (int i = 0; i < N; i++)
        (void)tg_tensor_set(g, i, gradient(g->dtype == TG_F64, i, step, at), NULL);
}

static double start_of(int i) { return 0.5 + 0.25 * i; }

static tg_dict *leaf(tg_dtype dtype, bool start)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = tg_dict_new();
    tg_tensor *x = tg_tensor_new(dtype, 1, (int64_t[]){N}, &err);
    for (int i = 0; start && i < N; i++) (void)tg_tensor_set(x, i, start_of(i), &err);
    ck_assert_int_eq(tg_dict_take(d, "w", x, &err), TG_OK);
    return d;
}

/* ---- the walk ------------------------------------------------------------------------------- */

static void compare(const kind *k, const tg_tensor *w, const element *e, int step, int at)
{
    const bool f64 = w->dtype == TG_F64;
    for (int i = 0; i < N; i++) {
        const double got = tg_tensor_get(w, i), bad = specials[f64][i];
        const wide room = (e[i].size + 8) * 32 * (f64 ? DBL_EPSILON : FLT_EPSILON);
        const bool lost = step >= at && !isfinite(bad);
        const bool near = k->formula ? fabsl((wide)got - e[i].w) <= room : isfinite(got);
        if (lost ? isfinite(got) : !near)
            ck_abort_msg("%s %s %s, %g at step %d: after step %d %.9g, not %.9Lg", k->name,
                         k->settings, tg_dtype_name(w->dtype), bad, at, step, got, e[i].w);
    }
}

/* One optimizer, one dtype, and the special gradients at step `at`: each step agrees with the
 * formula and, to the bit, with the plan's updates. */
static void walk(int sample, tg_dtype dtype, int at)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *params = leaf(dtype, true), *grads = leaf(dtype, false);
    tg_dict *planned = leaf(dtype, true);
    const kind k = kind_of(sample);
    tg_optimizer *o = sample_optimizer(sample), *p = sample_optimizer(sample);
    tg_tape *t = tg_tape_new();
    tg_plan *plan = NULL;
    tg_tensor *w = tg_dict_get(params, "w"), *v = tg_dict_get(planned, "w");
    element e[N] = {{0}};
    for (int i = 0; i < N; i++) e[i].w = start_of(i);
    for (int step = 1; step <= STEPS; step++) {
        set_gradients(tg_dict_get(grads, "w"), step, at);
        ck_assert_msg(!tg_optimizer_update(o, params, grads, &err), "%s", err.text);
        if (step == 1) {
            tg_tensor *out = tg_sum(t, tg_dict_get(grads, "w"), TG_ALL, false);
            ck_assert_int_eq(tg_optimizer_record(t, p, planned, grads), TG_OK);
            plan = tg_compile(t, 1, &out, &err);
            ck_assert_msg(plan, "%s", err.text);
        } else {
            ck_assert_msg(!tg_plan_run(plan, &err), "%s", err.text);
        }
        for (int i = 0; i < N && k.formula; i++)
            k.formula(&e[i], gradient(dtype == TG_F64, i, step, at), step, dtype == TG_F64);
        compare(&k, w, e, step, at);
        for (int i = 0; i < N; i++)
            if (!isnan(tg_tensor_get(w, i)) || !isnan(tg_tensor_get(v, i)))
                ck_assert_mem_eq((char *)w->data + (size_t)i * tg_dtype_size(dtype),
                                 (char *)v->data + (size_t)i * tg_dtype_size(dtype),
                                 tg_dtype_size(dtype));
    }
    tg_plan_free(plan);
    tg_tape_free(t);
    tg_optimizer_free(o);
    tg_optimizer_free(p);
    tg_dict_free(params);
    tg_dict_free(grads);
    tg_dict_free(planned);
}

START_TEST(optimizers_at_the_edge)
{
    for (int at = 1; at <= 7; at++)
        for (int f64 = 0; f64 < 2; f64++) walk(_i, f64 ? TG_F64 : TG_F32, at);
}
END_TEST

/* ---- states that ran out -------------------------------------------------------------------- */

/* After one huge gradient nothing is NaN, and w stays finite. */
START_TEST(one_huge_gradient_leaves_no_nan)
{
    for (int f64 = 0; f64 < 2; f64++) {
        tg_error err = TG_ERROR_INIT;
        const tg_dtype dtype = f64 ? TG_F64 : TG_F32;
        tg_dict *params = leaf(dtype, true), *grads = leaf(dtype, false);
        tg_optimizer *o = sample_optimizer(_i);
        for (int step = 0; step < 200; step++) {
            (void)tg_tensor_fill(tg_dict_get(grads, "w"), step ? 1 : f64 ? 1e160 : 1e20, &err);
            ck_assert_int_eq(tg_optimizer_update(o, params, grads, &err), TG_OK);
            const char *const *name = sample_type(_i, &(const char *){NULL})->states;
            for (; *name; name++)
                for (int i = 0; i < N; i++)
                    ck_assert(
                        !isnan(tg_tensor_get(tg_dict_get(tg_optimizer_state(o, *name), "w"), i)));
            for (int i = 0; i < N; i++)
                ck_assert(isfinite(tg_tensor_get(tg_dict_get(params, "w"), i)));
        }
        tg_optimizer_free(o);
        tg_dict_free(params);
        tg_dict_free(grads);
    }
}
END_TEST

/* ---- clipping in groups --------------------------------------------------------------------- */

static const struct {
    double g[3], most, want[3]; /* the gradients after clipping by norm; w -= 0.01 of them */
} clips[] = {
    {{3, 4, 0}, 1, {0.6, 0.8, 0}},
    {{3e200, 4e200, 0}, 1, {0.6, 0.8, 0}},
    {{-1e300, 0, 0}, 2, {-2, 0, 0}},
    {{3e200, 4e200, 0}, 1e201, {3e200, 4e200, 0}},
    {{3e-200, 4e-200, 0}, 1, {3e-200, 4e-200, 0}},
    {{5e-324, 0, 0}, 1, {0, 0, 0}},
    {{0, 0, 0}, 1, {0, 0, 0}},
    {{INFINITY, 1, 2}, 1, {NAN, 0, 0}},
    {{NAN, 1, 2}, 1, {NAN, NAN, NAN}},
};

START_TEST(groups_clip_what_leaves_the_range)
{
    for (int record = 0; record < 2; record++) {
        tg_error err = TG_ERROR_INIT;
        tg_tape *t = tg_tape_new();
        tg_dict *params = tg_dict_new(), *grads = tg_dict_new();
        for (int i = 0; i < 3; i++) {
            const char *key = (const char *[]){"a", "b", "c"}[i];
            (void)tg_dict_take(params, key, tg_tensor_new(TG_F64, 0, NULL, &err), &err);
            tg_tensor *g = tg_tensor_new(TG_F64, 0, NULL, &err);
            (void)tg_tensor_set(g, 0, clips[_i].g[i], &err);
            (void)tg_dict_take(grads, key, g, &err);
        }
        tg_group_options group = tg_group_defaults();
        group.clip_norm = clips[_i].most;
        tg_optimizer *o = tg_sgd(tg_sgd_defaults(), NULL);
        ck_assert_int_eq(tg_optimizer_add_group(o, "*", group, &err), TG_OK);
        ck_assert_int_eq(record ? tg_optimizer_record(t, o, params, grads)
                                : tg_optimizer_update(o, params, grads, &err),
                         TG_OK);
        for (int i = 0; i < 3; i++) {
            const double w = tg_tensor_get(tg_dict_at(params, i), 0);
            const double want = -0.01 * clips[_i].want[i];
            ck_assert_msg(isnan(want) ? isnan(w) : fabs(w - want) <= 2e-6 * fabs(want),
                          "%d: %g, not %g", i, w, want);
        }
        tg_optimizer_free(o);
        tg_dict_free(params);
        tg_dict_free(grads);
        tg_tape_free(t);
    }
}
END_TEST

SUITE("edges_optim", .timeout = 120,
      .tests = {
          {optimizers_at_the_edge, sample_count()},
          {one_huge_gradient_leaves_no_nan, sample_count()},
          {groups_clip_what_leaves_the_range, COUNT(clips)},
      })
