/* batch_norm.c - batch normalisation (Ioffe and Szegedy 2015). */
#include <math.h>

#include "ops/compose.h"
#include "src/options.h"
#include "tapegrad/nn.h"

tg_batch_norm_options tg_batch_norm_book(void)
{
    return (tg_batch_norm_options){.made = TGI_MADE_BATCH_NORM, .keep = 0.9, .eps = 10e-7};
}

tg_batch_norm_options tg_batch_norm_torch(void)
{
    return (tg_batch_norm_options){.made = TGI_MADE_BATCH_NORM,
                                   .keep = 0.9,
                                   .eps = 1e-5,
                                   .unbiased = true,
                                   .running_var_start = 1};
}

/* running = keep * running + (1 - keep) * batch, outside of any gradient. */
static void follow(tg_tape *t, tg_tensor *running, tg_tensor *batch, double keep)
{
    tg_tensor *old = tg_mul(t, running, tg_scalar(t, keep));
    tg_tensor *new = tg_mul(t, tg_stop_gradient(t, batch), tg_scalar(t, 1 - keep));
    (void)tg_assign(t, running, tg_add(t, old, new));
}

tg_status tgi_batch_norm_check(const char *who, const tg_batch_norm_options *o, tg_error *err)
{
    const tg_status status = tgi_options_check(who, o->made, TGI_MADE_BATCH_NORM, err);
    if (status) return status;
    if (!(o->keep >= 0 && o->keep <= 1))
        return tg_fail(err, TG_EARG, "%s: keep is %g, must be in [0, 1]", who, o->keep);
    if (!(o->eps >= 0 && isfinite(o->eps)))
        return tg_fail(err, TG_EARG, "%s: eps is %g, must be at least 0", who, o->eps);
    if (!(o->running_var_start >= 0 && isfinite(o->running_var_start)))
        return tg_fail(err, TG_EARG, "%s: running_var_start is %g, must be at least 0", who,
                       o->running_var_start);
    return TG_OK;
}

/* gamma centred / sqrt(var + eps) + beta */
static tg_tensor *normalise(tg_tape *t, tg_tensor *centred, tg_tensor *var, double eps,
                            tg_tensor *gamma, tg_tensor *beta)
{
    tg_tensor *std = tg_sqrt(t, tg_add(t, var, tg_scalar(t, eps)));
    return tg_add(t, tg_mul(t, gamma, tg_div(t, centred, std)), beta);
}

static bool batch_norm_valid(tg_tape *t, const tg_tensor *x, const tg_batch_norm_options *o,
                             bool train)
{
    char text[TG_DESCRIBE_SIZE];
    tg_error err = TG_ERROR_INIT;
    if (!tgi_operand(t, "batch_norm", x)) return false;
    if (tgi_batch_norm_check("batch_norm", o, &err))
        (void)tg_tape_fail(t, err.status, "%s", err.text);
    else if (x->ndim != 2)
        (void)tg_tape_fail(t, TG_ESHAPE, "batch_norm: x is %s, must be (N, C)",
                           tg_tensor_describe(x, text, sizeof text));
    else if (train && o->unbiased && x->shape[0] < 2)
        (void)tg_tape_fail(t, TG_ESHAPE,
                           "batch_norm: a batch of %lld rows has no unbiased variance, in training "
                           "there must be at least 2",
                           (long long)x->shape[0]);
    else if (train && x->shape[0] < 1)
        (void)tg_tape_fail(t, TG_ESHAPE, "batch_norm: the batch is empty");
    return tg_tape_status(t) == TG_OK;
}

/* The mean and variance of the batch, which the running ones follow. */
static tg_tensor *normalise_batch(tg_tape *t, tg_tensor *x, tg_tensor *gamma, tg_tensor *beta,
                                  tg_tensor *running_mean, tg_tensor *running_var,
                                  const tg_batch_norm_options *o)
{
    tg_tensor *mean = tg_mean(t, x, 0, false);
    tg_tensor *centred = tg_sub(t, x, mean);
    tg_tensor *var = tg_mean(t, tg_square(t, centred), 0, false);
    tg_tensor *y = normalise(t, centred, var, o->eps, gamma, beta);
    const double n = (double)x->shape[0];
    tg_tensor *kept = o->unbiased ? tg_mul(t, var, tg_scalar(t, n / (n - 1))) : var;
    follow(t, running_mean, mean, o->keep);
    follow(t, running_var, kept, o->keep);
    return tg_tape_status(t) ? NULL : y;
}

tg_tensor *tg_batch_norm(tg_tape *t, tg_tensor *x, tg_tensor *gamma, tg_tensor *beta,
                         tg_tensor *running_mean, tg_tensor *running_var,
                         const tg_batch_norm_options *options, bool train)
{
    const char *missing = !x              ? "x"
                          : !gamma        ? "gamma"
                          : !beta         ? "beta"
                          : !running_mean ? "running_mean"
                          : !running_var  ? "running_var"
                          : !options      ? "options"
                                          : NULL;
    if (missing) return tg_tape_fail(t, TG_EARG, "batch_norm: %s is NULL", missing);
    if (!batch_norm_valid(t, x, options, train)) return NULL;
    const char *outer = tgi_enter(t, "batch_norm");
    tg_tensor *y =
        train ? normalise_batch(t, x, gamma, beta, running_mean, running_var, options)
              : normalise(t, tg_sub(t, x, running_mean), running_var, options->eps, gamma, beta);
    return tgi_leave(t, outer, y);
}
