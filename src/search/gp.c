/* gp.c - Gaussian process regression, composed of operations. Its parameters are fitted with the
 * gradient of the marginal likelihood. */
#include "src/search/gp.h"

#include <math.h>
#include <string.h>

#include "tapegrad/alloc.h"
#include "tapegrad/ops.h"
#include "tapegrad/optim.h"

static const double LN_2PI = 1.83787706640934548356, SQRT_HALF = 0.70710678118654752440,
                    SQRT_2PI = 2.50662827463100050242;

/* Keeps the matrix positive definite if points coincide and there is no noise. */
static const double JITTER = 1e-10;

/* The prior: the logarithm of each parameter is normal, for points in the unit cube and
 * standardised scores. */
static const struct prior {
    const char *key;
    double mean, std;
} priors[] = {{"length", -0.7, 1}, {"signal", 0, 1}, {"noise", -3.5, 1.5}};
enum { PRIORS = 3 };

/* ---- the data ------------------------------------------------------------------------------- */

static void standardise(tgi_gp *gp, const double *scores)
{
    double *y = gp->y->data, worst = INFINITY, largest = 0, mean = 0, variance = 0;
    const double n = (double)gp->n;
    for (int64_t i = 0; i < gp->n; i++) {
        if (!isfinite(scores[i])) continue;
        if (scores[i] < worst) worst = scores[i];
        if (fabs(scores[i]) > largest) largest = fabs(scores[i]);
    }
    if (!(largest > 0)) largest = 1; /* scores are divided by it, so that no square overflows */
    if (!isfinite(worst)) worst = 0;
    for (int64_t i = 0; i < gp->n; i++) {
        y[i] = (isfinite(scores[i]) ? scores[i] : worst) / largest;
        mean += y[i] / n;
    }
    for (int64_t i = 0; i < gp->n; i++) variance += (y[i] - mean) * (y[i] - mean) / n;
    const double std = variance > 0 ? sqrt(variance) : 1;
    for (int64_t i = 0; i < gp->n; i++) y[i] = (y[i] - mean) / std;
    gp->mean = mean * largest;
    gp->scale = std * largest;
}

/* f64 (dims, n, m): the squares of the differences between x (n) and z (m). */
static tg_tensor *square_differences(const tgi_gp *gp, int64_t m, const double *z, tg_error *err)
{
    const int64_t shape[] = {gp->dims, gp->n, m};
    tg_tensor *squares = tg_tensor_new(TG_F64, 3, shape, err);
    double *at = squares ? squares->data : NULL;
    for (int j = 0; at && j < gp->dims; j++)
        for (int64_t i = 0; i < gp->n; i++)
            for (int64_t k = 0; k < m; k++) {
                const double d = gp->x[i * gp->dims + j] - z[k * gp->dims + j];
                *at++ = gp->choice && gp->choice[j] ? d != 0 : d * d;
            }
    return squares;
}

tg_status tgi_gp_init(tgi_gp *gp, tg_gp_kernel kernel, int dims, const bool *choice, int64_t n,
                      const double *x, const double *scores, tg_error *err)
{
    *gp = (tgi_gp){.kernel = kernel, .dims = dims, .choice = choice, .n = n, .x = x};
    const int64_t shapes[][3] = {{dims, 1, 1}, {1}, {1}};
    tg_error own = TG_ERROR_INIT;
    gp->t = tg_tape_new();
    gp->params = tg_dict_new();
    gp->y = tg_tensor_new(TG_F64, 2, (int64_t[]){n, 1}, &own);
    gp->squares = square_differences(gp, n, x, &own);
    for (int k = 0; k < PRIORS && gp->params; k++) {
        tg_tensor *p = tg_tensor_new(TG_F64, k ? 1 : 3, shapes[k], &own);
        if (p) (void)tg_tensor_fill(p, priors[k].mean, &own);
        (void)tg_dict_take(gp->params, priors[k].key, p, &own);
    }
    if (!gp->t || !gp->params) (void)tg_fail(&own, TG_ENOMEM, "search: out of memory");
    if (!own.status) standardise(gp, scores);
    return own.status ? tg_fail(err, own.status, "%s", own.text) : TG_OK;
}

void tgi_gp_free(tgi_gp *gp)
{
    tg_tape_free(gp->t);
    tg_dict_free(gp->params);
    tg_tensor_free(gp->y);
    tg_tensor_free(gp->squares);
    tg_tensor_free(gp->L);
    tg_tensor_free(gp->alpha);
    *gp = (tgi_gp){.n = 0};
}

/* ---- the kernel and the likelihood ---------------------------------------------------------- */

static tg_tensor *param(const tgi_gp *gp, const char *key)
{
    return tg_param(gp->t, gp->params, key);
}

/* The square of a parameter, whose logarithm is stored. */
static tg_tensor *square(const tgi_gp *gp, const char *key)
{
    return tg_exp(gp->t, tg_mul(gp->t, param(gp, key), tg_scalar(gp->t, 2)));
}

/* squares (dims, n, m) -> (n, m) */
static tg_tensor *kernel(const tgi_gp *gp, tg_tensor *squares)
{
    tg_tape *t = gp->t;
    tg_tensor *r2 = tg_sum(t, tg_div(t, squares, square(gp, "length")), 0, false), *shape;
    if (gp->kernel == TG_GP_RBF) {
        shape = tg_exp(t, tg_mul(t, r2, tg_scalar(t, -0.5)));
    } else {
        /* 1e-24, because the derivative of sqrt is infinite at 0, while that of the kernel is 0 */
        tg_tensor *r = tg_sqrt(t, tg_add(t, tg_mul(t, r2, tg_scalar(t, 5)), tg_scalar(t, 1e-24)));
        tg_tensor *p =
            tg_add(t, tg_add(t, r, tg_scalar(t, 1)), tg_mul(t, r2, tg_scalar(t, 5.0 / 3)));
        shape = tg_mul(t, p, tg_exp(t, tg_neg(t, r)));
    }
    return tg_mul(t, shape, square(gp, "signal"));
}

/* The Cholesky factor of the covariance of y. */
static tg_tensor *factor(const tgi_gp *gp)
{
    tg_tape *t = gp->t;
    tg_tensor *noise = tg_add(t, square(gp, "noise"), tg_scalar(t, JITTER));
    tg_tensor *eye = tg_eye(t, TG_F64, gp->n, gp->n, 0);
    return tg_cholesky(t, tg_add(t, kernel(gp, gp->squares), tg_mul(t, eye, noise)), false);
}

/* (y^T K^-1 y + ln det K + n ln 2 pi) / 2 with K = L L^T */
tg_tensor *tgi_gp_loss(tgi_gp *gp)
{
    tg_tape *t = gp->t;
    tg_tensor *L = factor(gp);
    tg_tensor *z = tg_solve_triangular(t, L, gp->y, false, true, false);
    tg_tensor *half = tg_mul(t, tg_sum(t, tg_mul(t, z, z), TG_ALL, false), tg_scalar(t, 0.5));
    tg_tensor *logs = tg_sum(t, tg_log(t, tg_diagonal(t, L, 0, 0, 1)), TG_ALL, false);
    return tg_add(t, tg_add(t, half, logs), tg_scalar(t, 0.5 * LN_2PI * (double)gp->n));
}

/* ---- the fit -------------------------------------------------------------------------------- */

static tg_tensor *with_prior(tgi_gp *gp, tg_tensor *loss)
{
    tg_tape *t = gp->t;
    for (int k = 0; k < PRIORS; k++) {
        tg_tensor *d = tg_sub(t, param(gp, priors[k].key), tg_scalar(t, priors[k].mean));
        tg_tensor *z = tg_div(t, d, tg_scalar(t, priors[k].std));
        tg_tensor *penalty =
            tg_mul(t, tg_sum(t, tg_mul(t, z, z), TG_ALL, false), tg_scalar(t, 0.5));
        loss = tg_add(t, loss, penalty);
    }
    return loss;
}

tg_status tgi_gp_fit(tgi_gp *gp, int steps, tg_error *err)
{
    tg_adam_options o = tg_adam_defaults();
    o.lr = 0.1; /* of logarithms: a tenth per step */
    tg_optimizer *adam = tg_adam(o, err);
    tg_status status = adam ? TG_OK : TG_ENOMEM;
    for (int i = 0; i < steps && !status; i++) {
        tg_tape_reset(gp->t);
        tg_dict *grads = tg_grad(gp->t, with_prior(gp, tgi_gp_loss(gp)), gp->params);
        status = tg_tape_status(gp->t);
        if (status)
            (void)tg_fail(err, status, "search: %s", tg_tape_message(gp->t));
        else
            status = tg_optimizer_update(adam, gp->params, grads, err);
    }
    tg_optimizer_free(adam);
    return status;
}

/* ---- the posterior -------------------------------------------------------------------------- */

tg_status tgi_gp_condition(tgi_gp *gp, tg_error *err)
{
    tg_tape *t = gp->t;
    tg_tensor_free(gp->L);
    tg_tensor_free(gp->alpha);
    tg_tape_reset(t);
    tg_tensor *L = factor(gp);
    tg_tensor *z = tg_solve_triangular(t, L, gp->y, false, true, false);
    tg_tensor *alpha = tg_solve_triangular(t, tg_transpose(t, L, 0, 1), z, true, true, false);
    gp->L = alpha ? tg_tensor_clone(L, tg_tape_error(t)) : NULL;
    gp->alpha = gp->L ? tg_tensor_clone(alpha, tg_tape_error(t)) : NULL;
    const tg_status status = tg_tape_status(t);
    return status ? tg_fail(err, status, "search: %s", tg_tape_message(t)) : TG_OK;
}

/* mean = k*^T alpha, variance = signal^2 - |L^-1 k*|^2 */
tg_status tgi_gp_predict(tgi_gp *gp, int64_t m, const double *x, double *mean, double *std,
                         tg_error *err)
{
    if (!gp->alpha) {
        const tg_status status = tgi_gp_condition(gp, err);
        if (status) return status;
    }
    tg_tape *t = gp->t;
    tg_tensor *squares = square_differences(gp, m, x, err);
    if (!squares) return TG_ENOMEM;
    tg_tape_reset(t);
    tg_tensor *k = kernel(gp, squares);
    tg_tensor *v = tg_solve_triangular(t, gp->L, k, false, true, false);
    tg_tensor *mu = tg_sum(t, tg_mul(t, k, gp->alpha), 0, false);
    tg_tensor *var = tg_sub(t, square(gp, "signal"), tg_sum(t, tg_mul(t, v, v), 0, false));
    const tg_status status = tg_tape_status(t);
    for (int64_t i = 0; i < m && !status; i++) {
        const double variance = tg_tensor_get(var, i);
        mean[i] = tg_tensor_get(mu, i);
        std[i] = variance > 0 ? sqrt(variance) : 0;
    }
    if (status) (void)tg_fail(err, status, "search: %s", tg_tape_message(t));
    tg_tensor_free(squares);
    return status;
}

double tgi_expected_improvement(double mean, double std, double best)
{
    const double d = mean - best;
    if (!(std > 0)) return d > 0 ? d : 0;
    const double z = d / std, density = exp(-0.5 * z * z) / SQRT_2PI;
    const double ei = d * 0.5 * erfc(-z * SQRT_HALF) + std * density;
    return ei > 0 ? ei : 0;
}
