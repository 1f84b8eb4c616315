/* test_search_gp.c - the Gaussian process of Bayesian search against closed forms: posterior,
 * likelihood and its gradient, expected improvement. */
#include "src/search/gp.h"
#include "tests/support/close.h"

static const char *const keys[] = {"length", "signal", "noise"};

static double *param(const tgi_gp *gp, int k) { return tg_dict_get(gp->params, keys[k])->data; }

/* Of n points in `dims` dimensions, with all parameters given. */
static tgi_gp made(tg_gp_kernel kernel, int dims, int64_t n, const double *x, const double *scores,
                   double length, double signal, double noise)
{
    tgi_gp gp;
    ck_assert_int_eq(tgi_gp_init(&gp, kernel, dims, NULL, n, x, scores, NULL), TG_OK);
    for (int j = 0; j < dims; j++) param(&gp, 0)[j] = log(length);
    *param(&gp, 1) = log(signal);
    *param(&gp, 2) = log(noise);
    return gp;
}

static double k_of(tg_gp_kernel kernel, double r, double signal)
{
    if (kernel == TG_GP_RBF) return signal * signal * exp(-r * r / 2);
    return signal * signal * (1 + sqrt(5) * r + 5 * r * r / 3) * exp(-sqrt(5) * r);
}

static const double points[] = {0.05, 0.9, 0.3, 0.2, 0.55, 0.6, 0.8, 0.1, 0.95, 0.75},
                    values[] = {3, -1, 4, 1.5, -2};
enum { POINTS = 5 };

/* Without noise the posterior passes through the data and is certain there. */
START_TEST(at_the_data)
{
    double mean[POINTS], std[POINTS];
    tgi_gp gp = made((tg_gp_kernel)_i, 2, POINTS, points, values, 0.3, 1.3, 1e-9);
    ck_assert_int_eq(tgi_gp_predict(&gp, POINTS, points, mean, std, NULL), TG_OK);
    for (int i = 0; i < POINTS; i++) {
        assert_close("mean", TG_F64, i, 0, mean[i] * gp.scale + gp.mean, values[i], 0, 1e-7);
        assert_close("std", TG_F64, i, 0, std[i], 0, 0, 1e-4); /* the root of 1e-10, the jitter */
    }
    tgi_gp_free(&gp);
}
END_TEST

/* Far from all data the posterior is the prior. */
START_TEST(far_from_the_data)
{
    const double far[] = {50, -50};
    double mean, std;
    tgi_gp gp = made((tg_gp_kernel)_i, 2, POINTS, points, values, 0.3, 1.3, 0.1);
    ck_assert_int_eq(tgi_gp_predict(&gp, 1, far, &mean, &std, NULL), TG_OK);
    assert_close("mean", TG_F64, 0, 0, mean, 0, 0, 1e-12);
    assert_close("std", TG_F64, 0, 0, std, 1.3, 1e-12, 0);
    tgi_gp_free(&gp);
}
END_TEST

/* With one and with two points everything can be written down by hand. */
START_TEST(two_points)
{
    const tg_gp_kernel kernel = (tg_gp_kernel)_i;
    const double x[] = {0.2, 0.6}, scores[] = {1, 3}, at[] = {0.35, 0.9}, l = 0.4, s = 0.8, n = 0.3;
    double mean[2], std[2];
    tgi_gp gp = made(kernel, 1, 2, x, scores, l, s, n);
    ck_assert_double_eq(gp.mean, 2);
    ck_assert_double_eq(gp.scale, 1); /* so y is -1, 1 */
    ck_assert_int_eq(tgi_gp_predict(&gp, 2, at, mean, std, NULL), TG_OK);
    const double a = s * s + n * n + 1e-10, b = k_of(kernel, 0.4 / l, s), det = a * a - b * b;
    for (int i = 0; i < 2; i++) {
        const double p = k_of(kernel, fabs(at[i] - x[0]) / l, s),
                     q = k_of(kernel, fabs(at[i] - x[1]) / l, s);
        const double mu = (p * (-a - b) + q * (a + b)) / det;
        const double var = s * s - (a * p * p - 2 * b * p * q + a * q * q) / det;
        assert_close("mean", TG_F64, i, 0, mean[i], mu, 1e-12, 1e-13);
        assert_close("std", TG_F64, i, 0, std[i], sqrt(var), 1e-12, 0);
    }
    tg_tape_reset(gp.t);
    const double quadratic = (a * 1 + 2 * b + a * 1) / det; /* y^T K^-1 y with y = (-1, 1) */
    assert_close("loss", TG_F64, 0, 0, tg_item(tgi_gp_loss(&gp)),
                 0.5 * quadratic + 0.5 * log(det) + log(2 * 3.14159265358979323846), 1e-12, 0);
    tgi_gp_free(&gp);
}
END_TEST

/* The tape's gradient of the likelihood against differences; and the fit increases the
 * likelihood. */
START_TEST(likelihood)
{
    tgi_gp gp = made((tg_gp_kernel)_i, 2, POINTS, points, values, 0.3, 1.3, 0.2);
    param(&gp, 0)[1] += 0.4;
    tg_dict *grads = tg_grad(gp.t, tgi_gp_loss(&gp), gp.params);
    assert_fine(gp.t, "gp");
    double got[4];
    for (int k = 0, i = 0; k < 3; k++)
        for (int j = 0; j < (k ? 1 : 2); j++, i++)
            got[i] = tg_tensor_get(tg_dict_get(grads, keys[k]), j);
    for (int k = 0, i = 0; k < 3; k++)
        for (int j = 0; j < (k ? 1 : 2); j++, i++) {
            double *p = &param(&gp, k)[j], loss[2];
            const double old = *p, h = 1e-5;
            for (int side = 0; side < 2; side++) {
                *p = side ? old + h : old - h;
                tg_tape_reset(gp.t);
                loss[side] = tg_item(tgi_gp_loss(&gp));
            }
            *p = old;
            assert_close(keys[k], TG_F64, j, 0, got[i], (loss[1] - loss[0]) / (2 * h), 1e-7, 1e-8);
        }
    tg_tape_reset(gp.t);
    const double before = tg_item(tgi_gp_loss(&gp));
    ck_assert_int_eq(tgi_gp_fit(&gp, 60, NULL), TG_OK);
    tg_tape_reset(gp.t);
    const double after = tg_item(tgi_gp_loss(&gp));
    ck_assert_msg(after < before - 0.01, "loss %g, then %g", before, after);
    tgi_gp_free(&gp);
}
END_TEST

/* For a function of the first coordinate alone, the fit makes that length scale much the shorter
 * one. */
START_TEST(finds_what_matters)
{
    enum { N = 30 };
    double x[2 * N], y[N];
    tg_rng rng = tg_rng_make(5, 5);
    for (int i = 0; i < N; i++) {
        x[2 * i] = tg_rng_next_uniform(&rng, 0, 1);
        x[2 * i + 1] = tg_rng_next_uniform(&rng, 0, 1);
        y[i] = sin(6 * x[2 * i]);
    }
    tgi_gp gp;
    ck_assert_int_eq(tgi_gp_init(&gp, (tg_gp_kernel)_i, 2, NULL, N, x, y, NULL), TG_OK);
    ck_assert_int_eq(tgi_gp_fit(&gp, 60, NULL), TG_OK);
    ck_assert_msg(param(&gp, 0)[1] > param(&gp, 0)[0] + log(3), "%g %g", exp(param(&gp, 0)[0]),
                  exp(param(&gp, 0)[1]));
    tgi_gp_free(&gp);
}
END_TEST

/* Two choices are 0 or 1 apart, never 2. Failed scores count as the worst, equal scores as 0. */
START_TEST(data_of_all_kinds)
{
    const double x[] = {0.1, 0.1, 0.9, 0.5}, scores[] = {2, NAN, -6, -INFINITY};
    const bool choice = true;
    tgi_gp gp;
    ck_assert_int_eq(tgi_gp_init(&gp, TG_GP_RBF, 1, &choice, 4, x, scores, NULL), TG_OK);
    const double *y = gp.y->data, std = sqrt(12), want[] = {6, -2, -2, -2};
    for (int i = 0; i < 4; i++) assert_close("y", TG_F64, i, 0, y[i], want[i] / std, 1e-14, 0);
    static const double squares[] = {0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0};
    for (int i = 0; i < 16; i++) ck_assert(tg_tensor_get(gp.squares, i) == squares[i]);
    tgi_gp_free(&gp);
    static const double odd[][4] = {
        {NAN, NAN, NAN, NAN}, {1e308, -1e308, 1e308, 0}, {7, 7, 7, 7}, {0, 0, 5e-324, 0}};
    for (int k = 0; k < COUNT(odd); k++) {
        double mean[4], dev[4];
        ck_assert_int_eq(tgi_gp_init(&gp, TG_GP_MATERN52, 1, &choice, 4, x, odd[k], NULL), TG_OK);
        ck_assert_int_eq(tgi_gp_fit(&gp, 20, NULL), TG_OK);
        ck_assert_int_eq(tgi_gp_predict(&gp, 4, x, mean, dev, NULL), TG_OK);
        for (int i = 0; i < 4; i++) ck_assert(isfinite(mean[i]) && isfinite(dev[i]));
        tgi_gp_free(&gp);
    }
}
END_TEST

/* E max(f - best, 0) by Simpson's rule over 12 standard deviations. */
START_TEST(expected_improvement)
{
    static const double cases[][3] = {{0, 1, 0},    {1, 0.5, 0.3},  {-1, 0.7, 0.5}, {2, 0.01, 1.9},
                                      {0, 1, 4},    {-3, 2, 1},     {5, 1e-3, 5},   {0.2, 3, -8},
                                      {0, 0.25, 1}, {1, 0.1, 1.45}, {0, 1, 6}};
    for (int c = 0; c < COUNT(cases); c++) {
        const double mean = cases[c][0], std = cases[c][1], best = cases[c][2];
        const double lo = fmax(best, mean - 12 * std), hi = mean + 12 * std;
        enum { STEPS = 20000 };
        double sum = 0;
        for (int i = 0; i <= STEPS; i++) {
            const double f = lo + (hi - lo) * i / STEPS, z = (f - mean) / std;
            const double density = exp(-z * z / 2) / (std * sqrt(2 * 3.14159265358979323846));
            sum += (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * (f - best) * density;
        }
        assert_close("EI", TG_F64, c, 0, tgi_expected_improvement(mean, std, best),
                     sum * (hi - lo) / STEPS / 3, 1e-9, 1e-16);
    }
    ck_assert(tgi_expected_improvement(2, 0, 1) == 1 && tgi_expected_improvement(1, 0, 2) == 0);
    ck_assert(tgi_expected_improvement(-50, 1, 0) == 0);
}
END_TEST

SUITE("search_gp", .timeout = 300,
      .tests = {
          {at_the_data, 2},
          {far_from_the_data, 2},
          {two_points, 2},
          {likelihood, 2},
          {finds_what_matters, 2},
          {data_of_all_kinds},
          {expected_improvement},
      })
