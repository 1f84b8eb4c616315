/* test_gradient_penalty.c - a loss made of a gradient, (||d D / d x|| - 1)^2, differentiated again
 * by the parameters of D: against a closed form and against differences. */
#include "tapegrad/gradcheck.h"
#include "tapegrad/nn.h"
#include "tests/support/tape.h"

enum { N = 6, HIDDEN = 5, KINDS = 4 };

typedef tg_tensor *(*activation)(tg_tape *t, tg_tensor *x);

static const struct {
    const char *name;
    activation f;
} kinds[KINDS] = {
    {"tanh", tg_tanh}, {"softplus", tg_softplus}, {"sigmoid", tg_sigmoid}, {"relu", tg_relu}};

/* mean over the rows of x of (||d D(x_i) / d x_i|| - 1)^2. D maps each row separately, so the
 * gradient of the sum of D has that of each row. */
static tg_tensor *penalty(tg_tape *tape, tg_tensor *d, tg_tensor *x)
{
    tg_tensor *g = NULL;
    if (tg_vjp(tape, 1, &d, NULL, 1, &x, &g)) return NULL;
    tg_tensor *excess = tg_sub(tape, tg_norm(tape, g, 2, 1, false), tg_scalar(tape, 1));
    return tg_mean(tape, tg_square(tape, excess), TG_ALL, false);
}

static tg_tensor *of_network(tg_tape *tape, const tg_dict *p, void *user)
{
    const activation f = kinds[*(const int *)user].f;
    tg_tensor *x = tg_dict_get(p, "x");
    tg_tensor *h = f(tape, tg_affine(tape, x, tg_dict_get(p, "W1"), tg_dict_get(p, "b1")));
    h = f(tape, tg_affine(tape, h, tg_dict_get(p, "W2"), tg_dict_get(p, "b2")));
    return penalty(tape, tg_affine(tape, h, tg_dict_get(p, "W3"), NULL), x);
}

/* By all parameters and by the points themselves. */
START_TEST(against_differences)
{
    int kind = _i;
    tg_error err = TG_ERROR_INIT;
    tg_dict *p = tg_dict_new();
    (void)tg_dict_set(p, "x", random_leaf(TG_F64, DIMS(N, 2), -1, 1, 1), &err);
    (void)tg_dict_set(p, "W1", random_leaf(TG_F64, DIMS(2, HIDDEN), -2, 2, 2), &err);
    (void)tg_dict_set(p, "b1", random_leaf(TG_F64, DIMS(HIDDEN), -1, 1, 3), &err);
    (void)tg_dict_set(p, "W2", random_leaf(TG_F64, DIMS(HIDDEN, HIDDEN), -1, 1, 4), &err);
    (void)tg_dict_set(p, "b2", random_leaf(TG_F64, DIMS(HIDDEN), -1, 1, 5), &err);
    (void)tg_dict_set(p, "W3", random_leaf(TG_F64, DIMS(HIDDEN, 1), -1, 1, 6), &err);
    tg_gradcheck_report report;
    if (tg_gradcheck(of_network, &kind, p, NULL, &report, &err))
        ck_abort_msg("%s, order 1: %s", kinds[kind].name, err.text);
    ck_assert_int_eq(report.checked, tg_dict_count(p));
    /* and the fourth derivative in all: the penalty's own second order */
    if (tg_gradgradcheck(of_network, &kind, p, NULL, NULL, &err))
        ck_abort_msg("%s, order 2: %s", kinds[kind].name, err.text);
    tg_dict_free(p);
}
END_TEST

/* D(x) = x w: the penalty is (|w| - 1)^2 and its gradient 2 (|w| - 1) w / |w|, wherever x is. */
START_TEST(of_a_linear_critic)
{
    tg_tensor *x = random_leaf(TG_F64, DIMS(N, 2), -3, 3, 7), *w = tensor_of(t, "f64[2,1]: 3 -4");
    tg_tensor *y = penalty(t, tg_matmul(t, x, w), x), *dw = NULL;
    assert_tensor(t, "penalty", y, "f64[]: 16", 1e-15);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &w, &dw), TG_OK);
    assert_tensor(t, "gradient", dw, "f64[2,1]: 4.8 -6.4", 1e-14);
}
END_TEST

/* D(x) = a |x|^2 / 2: the norm is a |x|; by a, the mean of 2 (a r - 1) r. */
START_TEST(of_a_quadratic_critic)
{
    tg_tensor *x = tensor_of(t, "f64[3,2]: 3 4 0 1 -6 8"), *a = tensor_of(t, "f64[]: 0.5");
    tg_tensor *half = tg_mul(t, a, tg_scalar(t, 0.5)), *da = NULL;
    tg_tensor *d = tg_mul(t, half, tg_sum(t, tg_square(t, x), 1, false)), *y = penalty(t, d, x);
    const double r[] = {5, 1, 10};
    double want = 0, slope = 0;
    for (int i = 0; i < 3; i++) {
        want += (0.5 * r[i] - 1) * (0.5 * r[i] - 1) / 3;
        slope += 2 * (0.5 * r[i] - 1) * r[i] / 3;
    }
    ck_assert_double_eq_tol(tg_item(y), want, 1e-13);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &a, &da), TG_OK);
    ck_assert_double_eq_tol(tg_item(da), slope, 1e-13);
}
END_TEST

SUITE("gradient_penalty", .with = {TAPE}, .timeout = 60,
      .tests = {
          {against_differences, KINDS},
          {of_a_linear_critic},
          {of_a_quadratic_critic},
      })
