/* gp.h - Gaussian process regression for Bayesian search (internal).
 *
 * The scores are standardised to mean 0 and deviation 1: y = f(x) + noise, f ~ GP(0, k),
 *   r^2 = sum over j of d_j(x, x')^2 / length_j^2
 *   k = signal^2 (1 + sqrt(5) r + 5 r^2 / 3) e^(-sqrt(5) r)   Matern 5/2
 *   k = signal^2 e^(-r^2 / 2)                                 RBF
 * where d_j is the difference of coordinate j, or for a choice 0 if equal and 1 if not. (Rasmussen
 * and Williams 2006) */
#ifndef TAPEGRAD_SRC_SEARCH_GP_H
#define TAPEGRAD_SRC_SEARCH_GP_H

#include "tapegrad/dict.h"
#include "tapegrad/search.h"

typedef struct tgi_gp {
    tg_gp_kernel kernel;
    int dims;
    const bool *choice; /* (dims), borrowed; NULL: no coordinate is a choice */
    int64_t n;
    const double *x; /* (n, dims), borrowed */
    tg_tape *t;
    tg_tensor *y;       /* f64 (n, 1), standardised */
    double mean, scale; /* the score is y scale + mean */
    tg_tensor *squares; /* f64 (dims, n, n), the d_j^2 */
    tg_dict *params;    /* logarithms: length (dims, 1, 1), signal and noise (1) */
    tg_tensor *L;       /* f64 (n, n), Cholesky factor of k(x, x) + noise^2; NULL until computed */
    tg_tensor *alpha;   /* f64 (n, 1), (k(x, x) + noise^2)^-1 y */
} tgi_gp;

/* Takes n points and their scores. Scores that are not finite count as the lowest finite one,
 * which is the worst. TG_ENOMEM. Call tgi_gp_free even after a failure. */
tg_status tgi_gp_init(tgi_gp *gp, tg_gp_kernel kernel, int dims, const bool *choice, int64_t n,
                      const double *x, const double *scores, tg_error *err);
void tgi_gp_free(tgi_gp *gp);

/* -ln p(y | x, params), recorded on gp->t, 0-d. */
tg_tensor *tgi_gp_loss(tgi_gp *gp);

/* Minimises that plus a weak prior on the parameters, by `steps` steps of Adam. */
tg_status tgi_gp_fit(tgi_gp *gp, int steps, tg_error *err);

/* Computes L and alpha. */
tg_status tgi_gp_condition(tgi_gp *gp, tg_error *err);

/* Mean and standard deviation of f at m points x (m, dims), for standardised scores. Computes L
 * and alpha first if necessary. */
tg_status tgi_gp_predict(tgi_gp *gp, int64_t m, const double *x, double *mean, double *std,
                         tg_error *err);

/* E max(f - best, 0) for f ~ N(mean, std^2); std >= 0. */
double tgi_expected_improvement(double mean, double std, double best);

#endif
