/* gradcheck.c - compares the tape's gradients with central differences in f64. */
#include "tapegrad/gradcheck.h"

#include <math.h>
#include <stdio.h>

#include "graph/tape.h"
#include "src/options.h"
#include "tapegrad/ops.h"

tg_gradcheck_options tg_gradcheck_defaults(void)
{
    return (tg_gradcheck_options){
        .made = TGI_MADE_GRADCHECK, .h = 1e-5, .tolerance = 1e-6, .seed = 1};
}

tg_status tgi_gradcheck_check(const char *who, const tg_gradcheck_options *o, tg_error *err)
{
    const tg_status status = tgi_options_check(who, o->made, TGI_MADE_GRADCHECK, err);
    if (status) return status;
    if (!(o->h > 0 && isfinite(o->h)))
        return tg_fail(err, TG_EARG, "%s: h is %g, must be above 0", who, o->h);
    if (!(o->tolerance >= 0))
        return tg_fail(err, TG_EARG, "%s: tolerance is %g, must be at least 0", who, o->tolerance);
    if (o->samples < 0 || o->directions < 0)
        return tg_fail(err, TG_EARG, "%s: %s is negative", who,
                       o->samples < 0 ? "samples" : "directions");
    return TG_OK;
}

typedef struct check {
    tg_function f;
    void *user;
    tg_dict *x;
    tg_gradcheck_options options;
    tg_tape *t;
    tg_error *err;
} check;

/* sum(u y) with random u, or y itself if it has one element. */
static tg_tensor *project(tg_tape *t, tg_tensor *y, uint64_t seed, uint64_t stream)
{
    if (!y || y->size == 1) return tg_sum(t, y, TG_ALL, false);
    tg_rng rng = tg_rng_make(seed, stream);
    tg_tensor *u = tg_normal(t, &rng, y->dtype, y->ndim, y->shape, 0, 1);
    return tg_sum(t, tg_mul(t, y, u), TG_ALL, false);
}

static tg_status value(const check *c, double *y)
{
    tg_tape_reset(c->t);
    *y = tg_item(project(c->t, c->f(c->t, c->x, c->user), c->options.seed, 0));
    return tgi_tape_pass(c->t, c->err);
}

/* (f(x+h) - f(x-h)) / 2h for element i of leaf w, which is restored. */
static tg_status difference(const check *c, tg_tensor *w, int64_t i, double *slope)
{
    const double w0 = tg_tensor_get(w, i), h = c->options.h * fmax(1, fabs(w0));
    const double hi = w0 + h, lo = w0 - h;
    double above = NAN, below = NAN;
    (void)tg_tensor_set(w, i, hi, NULL);
    tg_status status = value(c, &above);
    (void)tg_tensor_set(w, i, lo, NULL);
    if (!status) status = value(c, &below);
    (void)tg_tensor_set(w, i, w0, NULL);
    *slope = (above - below) / (hi - lo);
    return status;
}

static void compare(const char *key, int64_t index, double analytic, double numeric,
                    tg_gradcheck_report *r)
{
    const double scale = fmax(fmax(fabs(analytic), fabs(numeric)), 1e-2);
    const bool alike = analytic == numeric || (isnan(analytic) && isnan(numeric));
    const double error = alike ? 0 : fabs(analytic - numeric) / scale;
    if (r->checked++ == 0 || !(error <= r->error)) {
        (void)snprintf(r->key, sizeof r->key, "%s", key);
        r->index = index;
        r->analytic = analytic;
        r->numeric = numeric;
        r->error = isnan(error) ? INFINITY : error;
    }
}

static tg_status check_tensor(const check *c, int k, const tg_tensor *gradient,
                              tg_gradcheck_report *r)
{
    tg_tensor *w = tg_dict_at(c->x, k);
    const int64_t all = w->size, asked = c->options.samples;
    const bool sampled = asked > 0 && asked < all;
    tg_rng rng = tg_rng_make(c->options.seed, 1 + (uint64_t)k);
    for (int64_t j = 0; j < (sampled ? asked : all); j++) {
        const int64_t i = sampled ? (int64_t)tg_rng_next_below(&rng, (uint64_t)all) : j;
        double slope;
        const tg_status status = difference(c, w, i, &slope);
        if (status) return status;
        compare(tg_dict_key(c->x, k), i, tg_tensor_get(gradient, i), slope, r);
    }
    return TG_OK;
}

/* ---- along directions ----------------------------------------------------------------------- */

/* Fills v with normal numbers. Returns its length and stores <gradient, v> in *slope. */
static double draw(tg_dict *v, const tg_dict *gradient, tg_rng *rng, double *slope)
{
    double squares = 0;
    *slope = 0;
    for (int k = 0; k < tg_dict_size(v); k++) {
        tg_tensor *x = tg_dict_at(v, k);
        const tg_tensor *g = tg_dict_at(gradient, k);
        for (int64_t i = 0; i < x->size; i++) {
            const double a = tg_rng_next_normal(rng, 0, 1);
            (void)tg_tensor_set(x, i, a, NULL);
            squares += a * a;
            *slope += a * tg_tensor_get(g, i);
        }
    }
    return sqrt(squares);
}

/* f at x0 + step v. */
static tg_status value_along(const check *c, const tg_dict *x0, const tg_dict *v, double step,
                             double *y)
{
    for (int k = 0; k < tg_dict_size(v); k++) {
        const tg_tensor *from = tg_dict_at(x0, k), *dx = tg_dict_at(v, k);
        for (int64_t i = 0; i < dx->size; i++)
            (void)tg_tensor_set(tg_dict_at(c->x, k), i,
                                tg_tensor_get(from, i) + step * tg_tensor_get(dx, i), NULL);
    }
    return value(c, y);
}

static tg_status check_directions(const check *c, const tg_dict *gradient, tg_gradcheck_report *r)
{
    tg_dict *x0 = tg_dict_clone(c->x, c->err), *v = x0 ? tg_dict_like(c->x, c->err) : NULL;
    tg_status status = v ? TG_OK : TG_ENOMEM;
    tg_rng rng = tg_rng_make(c->options.seed, (uint64_t)1 << 34);
    for (int j = 1; !status && j <= c->options.directions; j++) {
        char key[32];
        double slope, above = NAN, below = NAN;
        const double length = draw(v, gradient, &rng, &slope);
        if (length == 0) break; /* no elements */
        const double h = c->options.h / length;
        status = value_along(c, x0, v, h, &above);
        if (!status) status = value_along(c, x0, v, -h, &below);
        (void)snprintf(key, sizeof key, "direction %d", j);
        if (!status) compare(key, -1, slope, (above - below) / (2 * h), r);
    }
    if (v) (void)tg_dict_copy(c->x, x0, NULL);
    tg_dict_free(x0);
    tg_dict_free(v);
    return status;
}

/* ---- the check ------------------------------------------------------------------------------ */

static tg_status check_all(const check *c, tg_gradcheck_report *r)
{
    tg_tensor *y = project(c->t, c->f(c->t, c->x, c->user), c->options.seed, 0);
    tg_dict *grads = tg_grad(c->t, y, c->x);
    tg_status status = tgi_tape_pass(c->t, c->err);
    tg_dict *kept = status ? NULL : tg_dict_clone(grads, c->err); /* the tape is reset */
    if (!status && !kept) status = TG_ENOMEM;
    const bool along = c->options.directions > 0;
    if (!status && along) status = check_directions(c, kept, r);
    for (int k = 0; !status && !along && k < tg_dict_size(c->x); k++)
        status = check_tensor(c, k, tg_dict_at(kept, k), r);
    tg_dict_free(kept);
    if (status) return status;
    if (r->error <= c->options.tolerance) return TG_OK;
    if (along)
        return tg_fail(c->err, TG_EGRAD,
                       "gradcheck: %s: the tape gives %.10g, differences %.10g (error %.2g)",
                       r->key, r->analytic, r->numeric, r->error);
    return tg_fail(c->err, TG_EGRAD,
                   "gradcheck: %s[%lld]: the tape gives %.10g, differences %.10g (error %.2g)",
                   r->key, (long long)r->index, r->analytic, r->numeric, r->error);
}

static tg_status check_arguments(tg_function f, const tg_dict *x, tg_error *err)
{
    if (!f || !x) return tg_fail(err, TG_EARG, "gradcheck: %s is NULL", f ? "x" : "the function");
    for (int k = 0; k < tg_dict_size(x); k++)
        if (tg_dict_at(x, k)->dtype != TG_F64)
            return tg_fail(err, TG_EDTYPE, "gradcheck: '%s' is %s, must be f64", tg_dict_key(x, k),
                           tg_dtype_name(tg_dict_at(x, k)->dtype));
    return TG_OK;
}

tg_status tg_gradcheck(tg_function f, void *user, tg_dict *x, const tg_gradcheck_options *options,
                       tg_gradcheck_report *report, tg_error *err)
{
    tg_gradcheck_report own;
    tg_gradcheck_report *r = report ? report : &own;
    *r = (tg_gradcheck_report){0};
    tg_status status = check_arguments(f, x, err);
    if (status) return status;
    check c = {.f = f, .user = user, .x = x, .err = err};
    c.options = options ? *options : tg_gradcheck_defaults();
    status = tgi_gradcheck_check("gradcheck", &c.options, err);
    if (status) return status;
    c.t = tg_tape_new();
    if (!c.t) return tg_fail(err, TG_ENOMEM, "gradcheck: out of memory");
    status = check_all(&c, r);
    tg_tape_free(c.t);
    return status;
}

/* ---- second derivatives --------------------------------------------------------------------- */

typedef struct inner {
    tg_function f;
    void *user;
    uint64_t seed;
} inner;

/* sum_k <v_k, d f / d x_k>, whose gradients are second derivatives. */
static tg_tensor *directional(tg_tape *t, const tg_dict *x, void *user)
{
    const inner *in = user;
    tg_tensor *y = project(t, in->f(t, x, in->user), in->seed, 0), *sum = tg_scalar(t, 0);
    tg_dict *grads = tg_grad(t, y, x);
    for (int k = 0; k < tg_dict_size(grads); k++)
        sum = tg_add(t, sum,
                     project(t, tg_dict_at(grads, k), in->seed, ((uint64_t)1 << 32) + (uint64_t)k));
    return tg_dict_size(grads) > 0 ? sum : NULL;
}

tg_status tg_gradgradcheck(tg_function f, void *user, tg_dict *x,
                           const tg_gradcheck_options *options, tg_gradcheck_report *report,
                           tg_error *err)
{
    inner in = {f, user, options ? options->seed : tg_gradcheck_defaults().seed};
    if (!f || tg_dict_size(x) == 0)
        return tg_fail(err, TG_EARG, "gradgradcheck: %s",
                       f ? "x is NULL or empty" : "the function is NULL");
    return tg_gradcheck(directional, &in, x, options, report, err);
}
