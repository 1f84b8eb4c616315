/* test_losses.c - activations and losses: values by closed form, both orders by differences, and
 * finite gradients at +-1e4. */
#include <math.h>

#include "tapegrad/activations.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/losses.h"
#include "tests/support/suite.h"

/* ---- activations -------------------------------------------------------------------------------
 */

static tg_tensor *elu(tg_tape *t, tg_tensor *x) { return tg_elu(t, x, 1.3); }
static tg_tensor *celu(tg_tape *t, tg_tensor *x) { return tg_celu(t, x, 1.3); }
static tg_tensor *leaky(tg_tape *t, tg_tensor *x) { return tg_leaky_relu(t, x, 0.1); }
static tg_tensor *rrelu(tg_tape *t, tg_tensor *x) { return tg_rrelu(t, x, 0.1, 0.3, NULL, false); }
static tg_tensor *threshold(tg_tape *t, tg_tensor *x) { return tg_threshold(t, x, 0.5, -7); }

static double v_gelu(double x) { return 0.5 * x * erfc(-x / sqrt(2)); }
static double v_gelu_tanh(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}
static double v_silu(double x) { return x / (1 + exp(-x)); }
static double v_mish(double x) { return x * tanh(log(1 + exp(x))); }
static double v_softsign(double x) { return x / (1 + fabs(x)); }
static double v_elu(double x) { return x > 0 ? x : 1.3 * (exp(x) - 1); }
static double v_celu(double x) { return x > 0 ? x : 1.3 * (exp(x / 1.3) - 1); }
static double v_selu(double x)
{
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1));
}
static double v_leaky(double x) { return x > 0 ? x : 0.1 * x; }
static double v_rrelu(double x) { return x > 0 ? x : 0.2 * x; }
static double v_hardtanh(double x) { return fmin(fmax(x, -1), 1); }
static double v_hardsigmoid(double x) { return fmin(fmax(x / 6 + 0.5, 0), 1); }
static double v_hardswish(double x) { return x * v_hardsigmoid(x); }
static double v_threshold(double x) { return x > 0.5 ? x : -7; }

static const struct {
    tg_tensor *(*f)(tg_tape *t, tg_tensor *x);
    double (*value)(double x);
} activations[] = {{tg_gelu, v_gelu},
                   {tg_gelu_tanh, v_gelu_tanh},
                   {tg_silu, v_silu},
                   {tg_mish, v_mish},
                   {tg_softsign, v_softsign},
                   {elu, v_elu},
                   {celu, v_celu},
                   {tg_selu, v_selu},
                   {leaky, v_leaky},
                   {rrelu, v_rrelu},
                   {tg_hardtanh, v_hardtanh},
                   {tg_hardsigmoid, v_hardsigmoid},
                   {tg_hardswish, v_hardswish},
                   {threshold, v_threshold}};

static tg_tensor *activation(tg_tape *t, const tg_dict *p, void *user)
{
    return activations[*(int *)user].f(t, tg_param(t, p, "x"));
}

START_TEST(test_activation)
{
    const double v[] = {-3.7, -1.2, -0.3, 0.2, 0.7, 1.4, 3.3};
    const double far[] = {-1e4, 1e4};
    int k = _i;
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = tg_tape_new();
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "x", tg_tensor_from(TG_F64, 1, (int64_t[]){7}, v, NULL), NULL);
    tg_tensor *y = activation(t, p, &k);
    for (int i = 0; i < 7; i++)
        ck_assert_double_eq_tol(tg_tensor_get(y, i), activations[k].value(v[i]), 1e-12);
    ck_assert_msg(tg_gradcheck(activation, &k, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_gradgradcheck(activation, &k, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    (void)tg_dict_take(p, "x", tg_tensor_from(TG_F64, 1, (int64_t[]){2}, far, NULL), NULL);
    y = activation(t, p, &k);
    tg_dict *g = tg_grad(t, tg_sum(t, y, TG_ALL, false), p);
    for (int i = 0; i < 2; i++) {
        ck_assert(isfinite(tg_tensor_get(y, i)));
        ck_assert(isfinite(tg_tensor_get(tg_dict_at(g, 0), i)));
    }
    tg_dict_free(p);
    tg_tape_free(t);
}
END_TEST

/* ---- losses of values
 * ----------------------------------------------------------------------------- */

static tg_tensor *huber(tg_tape *t, tg_tensor *y, tg_tensor *z, tg_reduction r)
{
    return tg_huber(t, y, z, 0.8, r);
}
static tg_tensor *smooth(tg_tape *t, tg_tensor *y, tg_tensor *z, tg_reduction r)
{
    return tg_smooth_l1(t, y, z, 0.8, r);
}
static tg_tensor *gaussian(tg_tape *t, tg_tensor *y, tg_tensor *z, tg_reduction r)
{
    return tg_gaussian_nll(t, y, z, tg_add(t, tg_square(t, y), tg_scalar(t, 0.5)), 1e-6, r);
}

static double l_mse(double y, double z) { return (y - z) * (y - z); }
static double l_l1(double y, double z) { return fabs(y - z); }
static double l_huber(double y, double z)
{
    const double d = fabs(y - z);
    return d <= 0.8 ? d * d / 2 : 0.8 * (d - 0.4);
}
static double l_smooth(double y, double z) { return l_huber(y, z) / 0.8; }
static double l_bce(double y, double z) { return -z * log(y) - (1 - z) * log(1 - y); }
static double l_logits(double y, double z) { return l_bce(1 / (1 + exp(-y)), z); }
static double l_hinge(double y, double z) { return fmax(0, 1 - y * z); }
static double l_kl(double y, double z) { return z * (log(z) - y); }
static double l_poisson(double y, double z) { return exp(y) - z * y; }
static double l_gaussian(double y, double z)
{
    const double v = y * y + 0.5;
    return (log(v) + (y - z) * (y - z) / v) / 2;
}

static const struct {
    tg_tensor *(*f)(tg_tape *t, tg_tensor *y, tg_tensor *z, tg_reduction r);
    double (*value)(double y, double z);
} losses[] = {{tg_mse, l_mse},       {tg_l1, l_l1},     {huber, l_huber},
              {smooth, l_smooth},    {tg_bce, l_bce},   {tg_bce_with_logits, l_logits},
              {tg_hinge, l_hinge},   {tg_kl_div, l_kl}, {tg_poisson_nll, l_poisson},
              {gaussian, l_gaussian}};

typedef struct which {
    int k;
    tg_reduction r;
} which;

static tg_tensor *loss(tg_tape *t, const tg_dict *p, void *user)
{
    const which *w = user;
    return losses[w->k].f(t, tg_param(t, p, "y"), tg_param(t, p, "z"), w->r);
}

START_TEST(test_loss)
{
    const double y[] = {0.1, 0.35, 0.9, 0.6}, z[] = {0.8, 0.3, 0.05, 0.97};
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = tg_tape_new();
    tg_dict *p = tg_dict_new();
    double sum = 0;
    which w = {_i, TG_REDUCE_NONE};
    (void)tg_dict_take(p, "y", tg_tensor_from(TG_F64, 1, (int64_t[]){4}, y, NULL), NULL);
    (void)tg_dict_take(p, "z", tg_tensor_from(TG_F64, 1, (int64_t[]){4}, z, NULL), NULL);
    tg_tensor *l = loss(t, p, &w);
    for (int i = 0; i < 4; i++) {
        sum += losses[_i].value(y[i], z[i]);
        ck_assert_double_eq_tol(tg_tensor_get(l, i), losses[_i].value(y[i], z[i]), 1e-12);
    }
    w.r = TG_REDUCE_SUM;
    ck_assert_double_eq_tol(tg_item(loss(t, p, &w)), sum, 1e-12);
    w.r = TG_REDUCE_MEAN;
    ck_assert_double_eq_tol(tg_item(loss(t, p, &w)), sum / 4, 1e-12);
    ck_assert_msg(tg_gradcheck(loss, &w, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_gradgradcheck(loss, &w, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    tg_dict_free(p);
    tg_tape_free(t);
}
END_TEST

/* Cosines along an axis, of rows as they are after broadcasting. */
static const struct {
    int ndim;
    int64_t shape[2];
    int axis;
    int stride[2]; /* of b, 0 along an axis that is repeated */
} cosines[] = {{2, {2, 3}, 1, {3, 1}},
               {2, {2, 3}, 0, {3, 1}},
               {1, {3}, 1, {0, 1}},
               {2, {2, 1}, -1, {1, 0}},
               {0, {0}, 1, {0, 0}}};

static tg_tensor *cosine(tg_tape *t, const tg_dict *p, void *user)
{
    return tg_cosine_similarity(t, tg_param(t, p, "a"), tg_param(t, p, "b"),
                                cosines[*(int *)user].axis, 1e-8);
}

START_TEST(test_cosine_similarity)
{
    const double a[] = {0.3, -1.2, 2.1, 0.7, 0.4, -0.9}, b[] = {-0.8, 1.1, 0.6, 1.7, -0.2, 0.5};
    const int along = cosines[_i].axis != 0, rows = along ? 2 : 3, n = along ? 3 : 2;
    int k = _i;
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = tg_tape_new();
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "a", tg_tensor_from(TG_F64, 2, (int64_t[]){2, 3}, a, NULL), NULL);
    (void)tg_dict_take(p, "b", tg_tensor_from(TG_F64, cosines[_i].ndim, cosines[_i].shape, b, NULL),
                       NULL);
    tg_tensor *y = cosine(t, p, &k);
    ck_assert_msg(y && y->ndim == 1 && y->shape[0] == rows, "%s", tg_tape_message(t));
    for (int r = 0; r < rows; r++) {
        double ab = 0, aa = 0, bb = 0;
        for (int j = 0; j < n; j++) {
            const int i0 = along ? r : j, i1 = along ? j : r;
            const double u = a[3 * i0 + i1],
                         v = b[cosines[_i].stride[0] * i0 + cosines[_i].stride[1] * i1];
            ab += u * v, aa += u * u, bb += v * v;
        }
        ck_assert_double_eq_tol(tg_tensor_get(y, r), ab / sqrt(aa * bb), 1e-12);
    }
    ck_assert_msg(tg_gradcheck(cosine, &k, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_gradgradcheck(cosine, &k, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    tg_dict_free(p);
    tg_tape_free(t);
}
END_TEST

/* Certain and wrong: finite, with finite gradients. */
START_TEST(test_extremes)
{
    const double y[] = {0, 1}, z[] = {1, 0}, u[] = {-1e4, 1e4};
    tg_tape *t = tg_tape_new();
    tg_tensor *p = tg_tensor_from(TG_F64, 1, (int64_t[]){2}, y, NULL), *g;
    tg_tensor *target = tg_tensor_from(TG_F64, 1, (int64_t[]){2}, z, NULL);
    tg_tensor *logits = tg_tensor_from(TG_F64, 1, (int64_t[]){2}, u, NULL);
    tg_tensor *l = tg_bce(t, p, target, TG_REDUCE_SUM);
    ck_assert_double_eq_tol(tg_item(l), 200, 1e-9);
    ck_assert_int_eq(tg_vjp(t, 1, &l, NULL, 1, &p, &g), TG_OK);
    ck_assert(isfinite(tg_tensor_get(g, 0)) && isfinite(tg_tensor_get(g, 1)));
    l = tg_bce_with_logits(t, logits, target, TG_REDUCE_SUM);
    ck_assert_double_eq_tol(tg_item(l), 2e4, 1e-9);
    ck_assert_int_eq(tg_vjp(t, 1, &l, NULL, 1, &logits, &g), TG_OK);
    ck_assert_double_eq_tol(tg_tensor_get(g, 0), -1, 1e-12);
    l = tg_sum(t, tg_kl_div(t, logits, target, TG_REDUCE_NONE), TG_ALL, false);
    ck_assert_double_eq_tol(tg_item(l), 1e4, 1e-9);
    tg_tensor_free(p), tg_tensor_free(target), tg_tensor_free(logits);
    tg_tape_free(t);
}
END_TEST

SUITE("losses", .tests = {
                    {test_activation, COUNT(activations)},
                    {test_loss, COUNT(losses)},
                    {test_cosine_similarity, COUNT(cosines)},
                    {test_extremes},
                })
