/* loss_functions.c - losses of values and of probabilities, element by element. */
#include "tapegrad/losses.h"

static tg_tensor *reduce(tg_tape *t, tg_tensor *loss, tg_reduction r)
{
    switch (r) {
    case TG_REDUCE_MEAN:
        return tg_mean(t, loss, TG_ALL, false);
    case TG_REDUCE_SUM:
        return tg_sum(t, loss, TG_ALL, false);
    default:
        return loss;
    }
}

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *fixed(tg_tape *t, tg_tensor *mask) { return tg_stop_gradient(t, mask); }

tg_tensor *tg_mse(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return reduce(t, tg_square(t, tg_sub(t, y, target)), r);
}

tg_tensor *tg_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return reduce(t, tg_abs(t, tg_sub(t, y, target)), r);
}

tg_tensor *tg_huber(tg_tape *t, tg_tensor *y, tg_tensor *target, double delta, tg_reduction r)
{
    tg_tensor *e = tg_sub(t, y, target), *d = tg_abs(t, e);
    tg_tensor *near = fixed(t, tg_less_equal(t, d, tg_scalar(t, delta)));
    tg_tensor *far = times(t, delta, tg_sub(t, d, tg_scalar(t, delta / 2)));
    return reduce(t, tg_where(t, near, times(t, 0.5, tg_square(t, e)), far), r);
}

tg_tensor *tg_smooth_l1(tg_tape *t, tg_tensor *y, tg_tensor *target, double beta, tg_reduction r)
{
    return reduce(t, times(t, 1 / beta, tg_huber(t, y, target, beta, TG_REDUCE_NONE)), r);
}

/* max(ln p, -100); the logarithm sees no p below e^-100, so that its derivative stays finite. */
static tg_tensor *bounded_log(tg_tape *t, tg_tensor *p)
{
    tg_tensor *tiny = fixed(t, tg_less(t, p, tg_scalar(t, 1e-37)));
    tg_tensor *log_p = tg_log(t, tg_where(t, tiny, tg_ones_like(t, p), p));
    return tg_where(t, tiny, tg_scalar(t, -100), log_p);
}

tg_tensor *tg_bce(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    tg_tensor *one = tg_scalar(t, 1);
    tg_tensor *yes = tg_mul(t, target, bounded_log(t, y));
    tg_tensor *no = tg_mul(t, tg_sub(t, one, target), bounded_log(t, tg_sub(t, one, y)));
    return reduce(t, tg_neg(t, tg_add(t, yes, no)), r);
}

tg_tensor *tg_bce_with_logits(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return reduce(t, tg_sub(t, tg_softplus(t, y), tg_mul(t, y, target)), r);
}

tg_tensor *tg_hinge(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return reduce(t, tg_relu(t, tg_sub(t, tg_scalar(t, 1), tg_mul(t, y, target))), r);
}

tg_tensor *tg_kl_div(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    tg_tensor *none = fixed(t, tg_equal(t, target, tg_scalar(t, 0)));
    tg_tensor *log_target = tg_log(t, tg_where(t, none, tg_ones_like(t, target), target));
    return reduce(t, tg_mul(t, target, tg_sub(t, log_target, y)), r);
}

tg_tensor *tg_poisson_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_reduction r)
{
    return reduce(t, tg_sub(t, tg_exp(t, y), tg_mul(t, target, y)), r);
}

tg_tensor *tg_gaussian_nll(tg_tape *t, tg_tensor *y, tg_tensor *target, tg_tensor *var, double eps,
                           tg_reduction r)
{
    tg_tensor *v = tg_maximum(t, var, tg_scalar(t, eps));
    tg_tensor *distance = tg_div(t, tg_square(t, tg_sub(t, y, target)), v);
    return reduce(t, times(t, 0.5, tg_add(t, tg_log(t, v), distance)), r);
}

/* max(|x|, eps); the root sees no square below eps^2. */
static tg_tensor *length(tg_tape *t, tg_tensor *x, int axis, double eps)
{
    tg_tensor *square = tg_sum(t, tg_square(t, x), axis, false);
    return tg_sqrt(t, tg_maximum(t, square, tg_scalar(t, eps * eps)));
}

tg_tensor *tg_cosine_similarity(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, double eps)
{
    tg_tensor *ab = tg_mul(t, a, b);
    if (!ab) return NULL;
    /* An operand that is repeated along the axis is as long as all of its copies. */
    a = tg_expand(t, a, ab->ndim, ab->shape), b = tg_expand(t, b, ab->ndim, ab->shape);
    tg_tensor *lengths = tg_mul(t, length(t, a, axis, eps), length(t, b, axis, eps));
    return tg_div(t, tg_sum(t, ab, axis, false), lengths);
}
