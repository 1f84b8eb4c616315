/* test_optim.c - optimizers against formulas written out here and reference series. */
#include "tapegrad/optim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/counting.h"
#include "tests/support/optimizers.h"
#include "tests/support/owned.h"
#include "tests/optim/params.h"
#include "tests/support/suite.h"

/* ---- the optimizers, each beside its formula for one element -------------------------------- */

#define MAKER(kind)                                                                                \
    static tg_optimizer *kind(double lr)                                                           \
    {                                                                                              \
        tg_##kind##_options o = tg_##kind##_defaults();                                            \
        o.lr = lr;                                                                                 \
        return tg_##kind(o, NULL);                                                                 \
    }
MAKER(sgd)
MAKER(momentum)
MAKER(nesterov)
MAKER(adagrad)
MAKER(rmsprop)
MAKER(adam)

static tg_optimizer *nesterov_book(double lr)
{
    return tg_nesterov((tg_nesterov_options){tg_nesterov_defaults().made, lr, 0.9, true}, NULL);
}

static tg_optimizer *adam_torch(double lr)
{
    tg_adam_options o = tg_adam_torch();
    o.lr = lr;
    return tg_adam(o, NULL);
}

/* w from the gradient g at step t, with the states s. */
#define STEP(name, formula)                                                                        \
    static void name##_step(double lr, int t, double g, double *w, double *s)                      \
    {                                                                                              \
        (void)t, (void)s;                                                                          \
        formula;                                                                                   \
    }
STEP(sgd, *w -= lr * g)
STEP(momentum, *s = 0.9 * *s - lr * g; *w += *s)
STEP(nesterov, *w += 0.81 * *s - 1.9 * lr * g; *s = 0.9 * *s - lr * g) /* the old velocity */
STEP(nesterov_book, *s = 0.9 * *s - lr * g; *w += 0.81 * *s - 1.9 * lr * g)
STEP(adagrad, *s += g * g; *w -= lr * g / (sqrt(*s) + 1e-7))
STEP(rmsprop, *s = 0.99 * *s + (1 - 0.99) * g * g; *w -= lr * g / (sqrt(*s) + 1e-7))
STEP(adam, s[0] += (1 - 0.9) * (g - s[0]); s[1] += (1 - 0.999) * (g * g - s[1]);
     *w -= lr * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) * s[0] / (sqrt(s[1]) + 1e-7))
STEP(adam_torch, s[0] += (1 - 0.9) * (g - s[0]); s[1] += (1 - 0.999) * (g * g - s[1]);
     *w -= lr / (1 - pow(0.9, t)) * s[0] / (sqrt(s[1] / (1 - pow(0.999, t))) + 1e-8))

static const struct rule {
    const char *name, *series; /* series: in the reference file */
    double lr;                 /* of that series */
    tg_optimizer *(*make)(double lr);
    void (*step)(double lr, int t, double g, double *w, double *s);
} rules[] = {
    {"SGD", "SGD", 0.95, sgd, sgd_step},
    {"Momentum", "Momentum", 0.1, momentum, momentum_step},
    {"Nesterov", NULL, 0.1, nesterov, nesterov_step},
    {"Nesterov", "Nesterov", 0.1, nesterov_book, nesterov_book_step},
    {"AdaGrad", "AdaGrad", 1.5, adagrad, adagrad_step},
    {"RMSprop", "RMSprop", 0.3, rmsprop, rmsprop_step},
    {"Adam", "Adam", 0.3, adam, adam_step},
    {"Adam", NULL, 0.3, adam_torch, adam_torch_step},
};

/* ---- what they minimise --------------------------------------------------------------------- */

static double quadratic(double x, double y, double *g)
{
    g[0] = x / 10, g[1] = 2 * y;
    return x * x / 20 + y * y;
}
static double rosenbrock(double x, double y, double *g)
{
    g[0] = -2 * (1 - x) - 400 * x * (y - x * x), g[1] = 200 * (y - x * x);
    return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x);
}
static double ravine(double x, double y, double *g)
{
    g[0] = x, g[1] = 100 * y;
    return x * x / 2 + 50 * y * y;
}

static const struct objective {
    const char *name;
    double (*f)(double x, double y, double *g);
    double x, y;
} objectives[] = {{"quadratic", quadratic, -7, 2},
                  {"Rosenbrock", rosenbrock, -1.2, 1},
                  {"ravine", ravine, 10, 1}};

/* Evaluates f at params, updates, and returns the value of f before the update. */
static double descend(tg_optimizer *o, const struct objective *f, tg_dict *params, tg_dict *grads)
{
    double g[2];
    const double value = f->f(at(params, "x"), at(params, "y"), g);
    (void)tg_tensor_set(tg_dict_get(grads, "x"), 0, g[0], NULL);
    (void)tg_tensor_set(tg_dict_get(grads, "y"), 0, g[1], NULL);
    ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK);
    return value;
}

/* ---- values --------------------------------------------------------------------------------- */

static void assert_close(double got, double want, double relative, double absolute, const char *who,
                         int step)
{
    ck_assert_msg(fabs(got - want) <= relative * fabs(want) + absolute,
                  "%s, step %d: %.17g, should be %.17g", who, step, got, want);
}

START_TEST(follows_its_formula)
{
    const struct rule *r = &rules[_i];
    tg_dict *f64 = own(point(TG_F64, -7, 2)), *f32 = own(point(TG_F32, -7, 2));
    tg_dict *g64 = own(point(TG_F64, 0, 0)), *g32 = own(point(TG_F32, 0, 0));
    tg_optimizer *o = own(r->make(r->lr)), *o32 = own(r->make(r->lr));
    double w[2] = {-7, 2}, s[2][2] = {{0, 0}, {0, 0}}, g[2];
    ck_assert_str_eq(tg_optimizer_name(o), r->name);
    for (int t = 1; t <= 50; t++) {
        (void)quadratic(w[0], w[1], g);
        (void)descend(o, &objectives[0], f64, g64);
        (void)descend(o32, &objectives[0], f32, g32);
        for (int i = 0; i < 2; i++) {
            r->step(r->lr, t, g[i], &w[i], s[i]);
            assert_close(at(f64, i ? "y" : "x"), w[i], 1e-13, 1e-15, r->name, t);
            assert_close(at(f32, i ? "y" : "x"), w[i], 1e-4, 1e-5, r->name, t);
        }
    }
    ck_assert_int_eq((int)tg_optimizer_steps(o), 50);
}
END_TEST

START_TEST(agrees_with_the_reference_series)
{
    const struct rule *r = &rules[_i];
    char path[4096], line[256], name[32];
    const char *shared = getenv("TAPEGRAD_SHARED");
    (void)snprintf(path, sizeof path, "%s/reference/ch06/optimizer_compare_naive.csv",
                   shared ? shared : "../shared");
    FILE *file = fopen(path, "r");
    if (!file) {
        if (_i == 0) printf("skipped: the reference series, %s is not there\n", path);
        return;
    }
    tg_dict *params = own(point(TG_F64, -7, 2)), *grads = own(point(TG_F64, 0, 0));
    tg_optimizer *o = own(r->make(r->lr));
    int step, rows = 0;
    double x, y, f;
    while (fgets(line, (int)sizeof line, file)) {
        if (sscanf(line, "%31[^,],%d,%lf,%lf,%lf", name, &step, &x, &y, &f) != 5) continue;
        if (!r->series || strcmp(name, r->series) != 0) continue;
        ck_assert_int_eq(step, rows++);
        assert_close(at(params, "x"), x, 1e-13, 1e-15, r->name, step);
        assert_close(at(params, "y"), y, 1e-13, 1e-15, r->name, step);
        assert_close(descend(o, &objectives[0], params, grads), f, 1e-13, 1e-15, r->name, step);
    }
    (void)fclose(file);
    ck_assert_int_eq(rows, r->series ? 31 : 0);
}
END_TEST

/* Nesterov's method as it is derived: a position p, and the gradient taken ahead of it. */
START_TEST(nesterov_looks_ahead)
{
    const struct objective *f = &objectives[_i];
    const double mu = 0.9, lr = _i == 0 ? 0.1 : 2e-4;
    double p[2] = {f->x, f->y}, v[2] = {0, 0}, g[2];
    tg_dict *params = own(point(TG_F64, f->x, f->y)), *grads = own(point(TG_F64, 0, 0));
    tg_optimizer *o = own(nesterov(lr));
    for (int t = 1; t <= 300; t++) {
        (void)f->f(p[0] + mu * v[0], p[1] + mu * v[1], g);
        for (int i = 0; i < 2; i++) {
            v[i] = mu * v[i] - lr * g[i];
            p[i] += v[i];
        }
        (void)descend(o, f, params, grads);
        assert_close(at(params, "x"), p[0] + mu * v[0], 1e-11, 1e-14, f->name, t);
        assert_close(at(params, "y"), p[1] + mu * v[1], 1e-11, 1e-14, f->name, t);
    }
}
END_TEST

/* Where f ends after 2000 updates, from 1. */
static double share_left(const tg_optimizer_type *type, const char *settings, double lr,
                         const struct objective *f)
{
    tg_dict *params = point(TG_F64, f->x, f->y), *grads = point(TG_F64, 0, 0);
    tg_optimizer *o = optimizer_from(type, settings);
    tg_optimizer_set_lr(o, lr);
    const double first = descend(o, f, params, grads);
    double last = first;
    for (int t = 0; t < 2000 && isfinite(last); t++) last = descend(o, f, params, grads);
    tg_dict_free(params);
    tg_dict_free(grads);
    tg_optimizer_free(o);
    return last / first;
}

/* With some step size. */
START_TEST(every_optimizer_descends)
{
    const char *settings;
    const tg_optimizer_type *type = sample_type(_i, &settings);
    for (int k = 0; k < COUNT(objectives); k++) {
        double least = 1;
        for (double lr = 8; lr > 1e-4 && !(least < 0.02); lr /= 2)
            least = fmin(least, share_left(type, settings, lr, &objectives[k]));
        ck_assert_msg(least < 0.02, "%s %s on %s: %g of 1 is left", type->name, settings,
                      objectives[k].name, least);
    }
}
END_TEST

/* What the library says of each optimizer. The tests of optimizers go through this list. */
START_TEST(every_optimizer_tells_all)
{
    const tg_optimizer_type *type;
    ck_assert_ptr_null(tg_optimizer_type_at(-1));
    for (int i = 0; (type = tg_optimizer_type_at(i)); i++) {
        tg_optimizer *o = optimizer_from(type, "");
        char text[256];
        ck_assert_msg(type->samples && type->samples[0], "%s has no samples", type->name);
        ck_assert(type->attrs && type->ranges && type->formula);
        ck_assert_str_eq(tg_optimizer_name(o), type->name);
        (void)tg_optimizer_describe(o, text, sizeof text);
        for (const tg_attr_def *d = type->attrs; d->name; d++) {
            ck_assert_ptr_nonnull(type->ranges[d - type->attrs].meaning);
            ck_assert_msg(strstr(text, d->name) && d->fallback, "%s %s", text, d->name);
        }
        tg_optimizer_free(o);
        o = tg_optimizer_new(type, type->defaults, 0.5, NULL);
        ck_assert_double_eq(tg_optimizer_lr(o), 0.5);
        char other[256];
        ck_assert_str_eq(tg_optimizer_describe(o, other, sizeof other), text);
        tg_optimizer_free(o);
    }
}
END_TEST

SUITE("optim", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {follows_its_formula, COUNT(rules)},
          {agrees_with_the_reference_series, COUNT(rules)},
          {nesterov_looks_ahead, 2},
          {every_optimizer_descends, sample_count()},
          {every_optimizer_tells_all},
      })
