/* losses.c - losses of values and of probabilities, element by element, and the weight penalty. */
#include "tapegrad/losses.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "graph/tape.h"
#include "ops/compose.h"

static tg_tensor *reduce(tg_tape *t, tg_tensor *loss, tg_reduction r)
{
    switch (r) {
    case TG_REDUCE_MEAN:
        return tg_mean(t, loss, TG_ALL, false);
    case TG_REDUCE_SUM:
        return tg_sum(t, loss, TG_ALL, false);
    case TG_REDUCE_NONE:
        return loss;
    default:
        return loss ? tg_tape_fail(t, TG_EARG, "there is no reduction %d", (int)r) : NULL;
    }
}

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *fixed(tg_tape *t, tg_tensor *mask) { return tg_stop_gradient(t, mask); }

/* ---- operands ------------------------------------------------------------------------------- */

/* Both can be read and have one dtype (a weak scalar takes that of the other), and one of them has
 * the shape to which both broadcast. If both would have to be expanded, (n, 1) against (n), it is
 * nearly always a mistake. */
static bool fit(tg_tape *t, const char *who, tg_tensor **a, tg_tensor **b)
{
    tg_tensor *both[2] = {*a, *b};
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE], all[TG_DESCRIBE_SIZE];
    tg_error err = TG_ERROR_INIT;
    if (!tgi_operand(t, who, *a) || !tgi_operand(t, who, *b)) return false;
    (void)tgi_scalar_settle(t, 2, both);
    if (!both[0] || !both[1]) return false;
    *a = both[0], *b = both[1];
    if (tg_broadcast_shapes(who, (*a)->ndim, (*a)->shape, (*b)->ndim, (*b)->shape, &ndim, shape,
                            &err)) {
        (void)tg_tape_fail(t, err.status, "%s", err.text);
        return false;
    }
    for (int i = 0; i < 2; i++)
        if (both[i]->ndim == ndim &&
            (ndim == 0 || memcmp(both[i]->shape, shape, (size_t)ndim * sizeof *shape) == 0))
            return true;
    (void)tg_tape_fail(t, TG_ESHAPE, "%s: %s and %s would both broadcast, to %s (use tg_reshape)",
                       who, tg_tensor_describe(*a, one, sizeof one),
                       tg_tensor_describe(*b, two, sizeof two),
                       tg_shape_describe(ndim, shape, all, sizeof all));
    return false;
}

static bool positive(tg_tape *t, const char *who, const char *name, double v, bool finite)
{
    if (v > 0 && (!finite || isfinite(v))) return true;
    if (t && !tg_tape_status(t))
        (void)tg_tape_fail(t, TG_EARG, "%s: %s is %g, must be greater than 0%s", who, name, v,
                           finite ? " and finite" : "");
    return false;
}

/* The loss of each element; c is a constant of the loss, such as delta. */
typedef tg_tensor *(*each)(tg_tape *t, tg_tensor *y, tg_tensor *target, double c);

/* Checks, computes and reduces. An error begins with the name of the loss. */
static tg_tensor *loss(tg_tape *t, const char *who, each f, tg_tensor *y, tg_tensor *target,
                       double c, tg_reduction r)
{
    const char *outer = tgi_enter(t, who);
    tg_tensor *l = fit(t, who, &y, &target) ? reduce(t, f(t, y, target, c), r) : NULL;
    return tgi_leave(t, outer, l);
}

/* ---- distances ------------------------------------------------------------------------------ */

static tg_tensor *mse(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    (void)c;
    return tg_square(t, tg_sub(t, y, target));
}

tg_tensor *tg_mse(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "mse", mse, y, target, 0, r);
}

static tg_tensor *l1(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    (void)c;
    return tg_abs(t, tg_sub(t, y, target));
}

tg_tensor *tg_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "l1", l1, y, target, 0, r);
}

/* e^2 / 2 without an overflow of e^2, so that value and derivative have the same range. */
static tg_tensor *half_square(tg_tape *t, tg_tensor *e) { return tg_mul(t, e, times(t, 0.5, e)); }

static tg_tensor *huber(tg_tape *t, tg_tensor *y, tg_tensor *target, double delta)
{
    tg_tensor *e = tg_sub(t, y, target);
    if (isinf(delta)) return half_square(t, e);
    tg_tensor *d = tg_abs(t, e), *near = fixed(t, tg_less_equal(t, d, tg_scalar(t, delta)));
    tg_tensor *within = half_square(t, tg_where(t, near, e, tg_scalar(t, 0)));
    tg_tensor *beyond = times(t, delta, tg_sub(t, d, tg_scalar(t, delta / 2)));
    return tg_where(t, near, within, beyond);
}

tg_tensor *tg_huber(tg_tape *t, tg_tensor *y, tg_tensor *target, double delta, tg_reduction r)
{
    if (!positive(t, "huber", "delta", delta, false)) return NULL;
    return loss(t, "huber", huber, y, target, delta, r);
}

/* e is divided by beta only where |e| < beta, so that the quotient cannot overflow. */
static tg_tensor *smooth_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, double beta)
{
    tg_tensor *e = tg_sub(t, y, target), *d = tg_abs(t, e);
    tg_tensor *near = fixed(t, tg_less(t, d, tg_scalar(t, beta)));
    tg_tensor *small = tg_where(t, near, e, tg_scalar(t, 0));
    tg_tensor *within = tg_mul(t, small, times(t, 0.5, tg_div(t, small, tg_scalar(t, beta))));
    return tg_where(t, near, within, tg_sub(t, d, tg_scalar(t, beta / 2)));
}

tg_tensor *tg_smooth_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, double beta, tg_reduction r)
{
    if (!positive(t, "smooth_l1", "beta", beta, true)) return NULL;
    return loss(t, "smooth_l1", smooth_l1, y, target, beta, r);
}

static tg_tensor *hinge(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    (void)c;
    return tg_relu(t, tg_sub(t, tg_scalar(t, 1), tg_mul(t, y, target)));
}

tg_tensor *tg_hinge(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "hinge", hinge, y, target, 0, r);
}

/* ---- likelihoods ---------------------------------------------------------------------------- */

/* max(ln p, -100), where ln p = log(x) and x is `one` for p = 1. Below e^-100, and in f32 where p
 * is denormal and has no finite inverse, p counts as 0 with derivative 0. */
static tg_tensor *bounded_log(tg_tape *t, tg_tensor *p, tg_tensor *(*log)(tg_tape *, tg_tensor *),
                              tg_tensor *x, double one)
{
    const double least = p && p->dtype == TG_F32 ? (double)FLT_MIN : 3.7200759760208356e-44;
    tg_tensor *none = fixed(t, tg_less(t, tg_abs(t, p), tg_scalar(t, least)));
    tg_tensor *log_p = log(t, tg_where(t, none, tg_scalar(t, one), x));
    return tg_where(t, none, tg_scalar(t, -100), log_p);
}

/* ln(1 - y) is computed by log1p, because 1 - y is rounded. */
static tg_tensor *bce(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    tg_tensor *one = tg_scalar(t, 1), *rest = tg_sub(t, one, y);
    tg_tensor *yes = tg_mul(t, target, bounded_log(t, y, tg_log, y, 1));
    tg_tensor *no =
        tg_mul(t, tg_sub(t, one, target), bounded_log(t, rest, tg_log1p, tg_neg(t, y), 0));
    (void)c;
    return tg_neg(t, tg_add(t, yes, no));
}

tg_tensor *tg_bce(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "bce", bce, y, target, 0, r);
}

/* -ln sigmoid(y) = softplus(-y) and -ln(1 - sigmoid(y)) = softplus(y), each exact in its tail. */
static tg_tensor *bce_with_logits(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    tg_tensor *yes = tg_zmul(t, target, tg_softplus(t, tg_neg(t, y)));
    tg_tensor *no = tg_zmul(t, tg_sub(t, tg_scalar(t, 1), target), tg_softplus(t, y));
    (void)c;
    return tg_add(t, yes, no);
}

tg_tensor *tg_bce_with_logits(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "bce_with_logits", bce_with_logits, y, target, 0, r);
}

static tg_tensor *kl_div(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    tg_tensor *none = fixed(t, tg_equal(t, target, tg_scalar(t, 0)));
    tg_tensor *log_target = tg_log(t, tg_where(t, none, tg_scalar(t, 1), target));
    tg_tensor *product = tg_mul(t, target, tg_sub(t, log_target, y));
    (void)c;
    return tg_where(t, none, tg_scalar(t, 0), product);
}

tg_tensor *tg_kl_div(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "kl_div", kl_div, y, target, 0, r);
}

/* target * y is 0 if target is 0 and y = ln 0. tg_zmul would also hide a NaN in y. */
static tg_tensor *poisson_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, double c)
{
    tg_tensor *zero = tg_scalar(t, 0);
    tg_tensor *none = fixed(t, tg_logical_and(t, tg_equal(t, target, zero), tg_isinf(t, y)));
    tg_tensor *product = tg_mul(t, target, tg_where(t, none, zero, y));
    (void)c;
    return tg_sub(t, tg_exp(t, y), product);
}

tg_tensor *tg_poisson_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return loss(t, "poisson_nll", poisson_nll, y, target, 0, r);
}

tg_tensor *tg_gaussian_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_tensor *var, double eps,
                           tg_reduction r)
{
    if (!positive(t, "gaussian_nll", "eps", eps, true) || !fit(t, "gaussian_nll", &y, &target) ||
        !fit(t, "gaussian_nll", y->size < target->size ? &target : &y, &var))
        return NULL;
    const char *outer = tgi_enter(t, "gaussian_nll");
    tg_tensor *v = tg_maximum(t, var, tg_scalar(t, eps)), *std = tg_sqrt(t, v);
    tg_tensor *away = tg_square(t, tg_div(t, tg_sub(t, y, target), std));
    tg_tensor *each_one = times(t, 0.5, tg_add(t, tg_log(t, v), away));
    return tgi_leave(t, outer, reduce(t, each_one, r));
}

/* ---- angles --------------------------------------------------------------------------------- */

/* x / max(|x|, eps). The root is never taken of less than eps^2, and no square overflows or
 * vanishes: x is first divided by its largest element, a constant on which the quotient does not
 * depend. */
static tg_tensor *direction(tg_tape *t, tg_tensor *x, int axis, double eps)
{
    if (!x || x->size == 0) return x;
    tg_tensor *top = fixed(t, tg_max(t, tg_abs(t, x), axis, true));
    tg_tensor *scale = tg_maximum(t, top, tg_scalar(t, eps));
    tg_tensor *small = tg_div(t, x, scale);
    tg_tensor *square = tg_sum(t, tg_square(t, small), axis, true);
    tg_tensor *least = tg_div(t, tg_scalar(t, eps), scale);
    return tg_div(t, small, tg_sqrt(t, tg_maximum(t, square, tg_square(t, least))));
}

tg_tensor *tg_cosine_similarity(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, double eps)
{
    const char *who = "cosine_similarity";
    tg_tensor *both[2] = {a, b};
    if (!positive(t, who, "eps", eps, true) || !tgi_operand(t, who, a) || !tgi_operand(t, who, b))
        return NULL;
    (void)tgi_scalar_settle(t, 2, both);
    const char *outer = tgi_enter(t, who);
    tg_tensor *ab = tg_mul(t, both[0], both[1]);
    /* The norm of an operand that is broadcast along the axis includes every copy. */
    a = ab ? tg_expand(t, both[0], ab->ndim, ab->shape) : NULL;
    b = ab ? tg_expand(t, both[1], ab->ndim, ab->shape) : NULL;
    ab = tg_mul(t, direction(t, a, axis, eps), direction(t, b, axis, eps));
    return tgi_leave(t, outer, tg_sum(t, ab, axis, false));
}

/* ---- penalty -------------------------------------------------------------------------------- */

tg_tensor *tg_l2_penalty(tg_tape *t, const tg_dict *params, const char *prefix, double lambda)
{
    tg_tensor *sum = NULL;
    char text[TG_DESCRIBE_SIZE];
    const size_t n = prefix ? strlen(prefix) : 0;
    for (int i = 0; i < tg_dict_size(params); i++) {
        if (strncmp(tg_dict_key(params, i), prefix ? prefix : "", n) != 0) continue;
        const tg_tensor *w = tg_dict_at(params, i);
        if (!tg_dtype_is_float(w->dtype))
            return tg_tape_fail(t, TG_EDTYPE,
                                "l2_penalty: parameter '%s' is %s, must be f32 or f64",
                                tg_dict_key(params, i), tg_tensor_describe(w, text, sizeof text));
        tg_tensor *w2 = tg_sum(t, tg_square(t, tg_dict_at(params, i)), TG_ALL, false);
        sum = sum ? tg_add(t, sum, w2) : w2;
    }
    if (!sum)
        return tg_tape_fail(t, TG_EKEY, "l2_penalty: no parameter begins with '%s'",
                            prefix ? prefix : "");
    return tg_mul(t, sum, tg_scalar(t, 0.5 * lambda));
}
