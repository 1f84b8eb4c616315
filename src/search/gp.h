/* gp.h - Gaussian process regression, as Bayesian search needs it (internal).
 *
 * The scores are standardised to mean 0 and deviation 1: y = f(x) + noise, f ~ GP(0, k),
 *   r^2 = sum over j of d_j(x, x')^2 / length_j^2
 *   k = signal^2 (1 + sqrt(5) r + 5 r^2 / 3) e^(-sqrt(5) r)   Matern 5/2
 *   k = signal^2 e^(-r^2 / 2)                                 RBF
 * with d_j the difference of coordinate j; of a choice 0 or 1.  (Rasmussen and Williams 2006.) */
#ifndef TAPEGRAD_SRC_SEARCH_GP_H
#define TAPEGRAD_SRC_SEARCH_GP_H

#include "tapegrad/dict.h"
#include "tapegrad/search.h"

typedef struct tgi_gp {
    tg_gp_kernel kernel;
    int dims;
    const bool *choice; /* (dims); NULL: none is one.  Borrowed */
    int64_t n;
    const double *x; /* (n, dims), borrowed */
    tg_tape *t;
    tg_tensor *y;       /* f64 (n, 1), standardised */
    double mean, scale; /* y scale + mean is the score */
    tg_tensor *squares; /* f64 (dims, n, n), the d_j^2 */
    tg_dict *params;    /* logarithms: length (dims, 1, 1), signal and noise (1) */
    tg_tensor *L;       /* f64 (n, n), Cholesky's factor of k(x, x) + noise^2; NULL before */
    tg_tensor *alpha;   /* f64 (n, 1), its inverse times y */
} tgi_gp;

/* Of n points and their scores; scores that are not finite count as the worst finite one, which is
 * the lowest.  To be freed also after a failure: TG_ENOMEM. */
tg_status tgi_gp_init(tgi_gp *gp, tg_gp_kernel kernel, int dims, const bool *choice, int64_t n,
                      const double *x, const double *scores, tg_error *err);
void tgi_gp_free(tgi_gp *gp);

/* -ln p(y | x, params), recorded on gp->t, 0-d. */
tg_tensor *tgi_gp_loss(tgi_gp *gp);

/* `steps` of Adam on that and a weak prior on the parameters. */
tg_status tgi_gp_fit(tgi_gp *gp, int steps, tg_error *err);

/* Makes L and alpha. */
tg_status tgi_gp_condition(tgi_gp *gp, tg_error *err);

/* Mean and standard deviation of f at m points x (m, dims), standardised; conditions where that has
 * not been done. */
tg_status tgi_gp_predict(tgi_gp *gp, int64_t m, const double *x, double *mean, double *std,
                         tg_error *err);

/* E max(f - best, 0) for f ~ N(mean, std^2); std >= 0. */
double tgi_expected_improvement(double mean, double std, double best);

#endif
