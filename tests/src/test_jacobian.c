/* test_jacobian.c - Jacobians and Hessians in closed form. */
#include <math.h>

#include "tapegrad/derivatives.h"
#include "tapegrad/ops.h"
#include "tests/support/dicts.h"
#include "tests/support/suite.h"

static double at(const tg_tensor *x, int64_t i, int64_t j)
{
    return tg_tensor_get(x, i * x->shape[1] + j);
}

/* ---- Jacobians ------------------------------------------------------------------------------ */

/* Y = X A with X (m, k), A (k, n): d Y[i,j] / d X[p,q] = [i = p] A[q,j], by rows and by columns. */
START_TEST(jacobian_of_a_product)
{
    const int64_t m = 2, k = 3, n = _i ? 7 : 2;
    tg_tensor *x = normal_leaf(2, (int64_t[]){m, k}, 1), *a = normal_leaf(2, (int64_t[]){k, n}, 2);
    tg_tape *t = tg_tape_new();
    tg_tensor *J = tg_jacobian(t, tg_matmul(t, x, a), x), *squares = NULL;
    ck_assert_msg(J != NULL, "%s", tg_tape_message(t));
    ck_assert_int_eq(J->ndim, 2);
    ck_assert_int_eq(J->shape[0], m * n);
    ck_assert_int_eq(J->shape[1], m * k);
    for (int64_t r = 0; r < m * n; r++)
        for (int64_t c = 0; c < m * k; c++)
            ck_assert_double_eq(at(J, r, c), r / n == c / k ? at(a, c % k, r % n) : 0);

    /* It can be differentiated again: d sum(J^2) / dA = 2 m A. */
    tg_tensor *y = tg_sum(t, tg_square(t, J), TG_ALL, false);
    ck_assert_msg(tg_vjp(t, 1, &y, NULL, 1, &a, &squares) == TG_OK, "%s", tg_tape_message(t));
    for (int64_t i = 0; i < k * n; i++)
        ck_assert_double_eq_tol(tg_tensor_get(squares, i), 2.0 * (double)m * tg_tensor_get(a, i),
                                1e-14);
    tg_tape_free(t);
    tg_tensor_free(x);
    tg_tensor_free(a);
}
END_TEST

/* Jacobians of nothing, of one element, of x itself, and across a cast. */
START_TEST(jacobian_at_the_edges)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *none = tg_tensor_new(TG_F32, 2, (int64_t[]){0, 3}, NULL), *J;
    tg_tensor *x = normal_leaf(1, (int64_t[]){1}, 3), *wide = tg_expand(t, x, 2, (int64_t[]){3, 2});
    char text[TG_DESCRIBE_SIZE];
    const struct {
        tg_tensor *y, *x;
        const char *is;
    } cases[] = {{tg_exp(t, none), none, "f32[0,0]"},
                 {tg_sum(t, none, TG_ALL, false), none, "f32[1,0]"},
                 {tg_sum(t, none, 0, false), none, "f32[3,0]"},
                 {tg_exp(t, none), x, "f64[0,1]"},
                 {tg_cast(t, wide, TG_F32), x, "f64[6,1]"},
                 {wide, wide, "f64[6,6]"}};
    for (int i = 0; i < COUNT(cases); i++) {
        J = tg_jacobian(t, cases[i].y, cases[i].x);
        ck_assert_msg(J != NULL, "%d: %s", i, tg_tape_message(t));
        ck_assert_str_eq(tg_tensor_describe(J, text, sizeof text), cases[i].is);
    }
    for (int64_t i = 0; i < 36; i++) ck_assert_double_eq(tg_tensor_get(J, i), i % 7 == 0);
    tg_tape_free(t);
    tg_tensor_free(none);
    tg_tensor_free(x);
}
END_TEST

/* ---- Hessians ------------------------------------------------------------------------------- */

/* (1 - x)^2 + 100 (y - x^2)^2 */
static tg_tensor *rosenbrock(tg_tape *t, tg_tensor *p)
{
    tg_tensor *x = tg_slice(t, p, 0, 0, 1, 1), *y = tg_slice(t, p, 0, 1, 2, 1);
    tg_tensor *valley = tg_square(t, tg_sub(t, y, tg_square(t, x)));
    return tg_add(t, tg_square(t, tg_sub(t, tg_scalar(t, 1), x)),
                  tg_mul(t, tg_scalar(t, 100), valley));
}

START_TEST(hessian_of_rosenbrock)
{
    const double points[][2] = {{1, 1}, {-1.2, 1}, {0, 0}, {0.5, -2}};
    tg_tape *t = tg_tape_new();
    for (int i = 0; i < COUNT(points); i++) {
        const double x = points[i][0], y = points[i][1];
        tg_tensor *p = tg_tensor_from(TG_F64, 1, (int64_t[]){2}, points[i], NULL);
        const double want[] = {1200 * x * x - 400 * y + 2, -400 * x, -400 * x, 200};
        tg_tensor *H = tg_hessian(t, rosenbrock(t, p), p);
        ck_assert_msg(H != NULL, "%s", tg_tape_message(t));
        for (int64_t k = 0; k < 4; k++)
            ck_assert_double_eq_tol(tg_tensor_get(H, k), want[k], 1e-10);
        tg_tape_reset(t);
        tg_tensor_free(p);
    }
    tg_tape_free(t);
}
END_TEST

/* loss = x^T A x / 2 + b^T x: the Hessian is (A + A^T) / 2, and one Newton step is enough. */
START_TEST(newton_on_a_quadratic)
{
    const double A[] = {4, 1, 3, 2}, b[] = {-1, 2}, start[] = {7, -3};
    tg_tensor *a = tg_tensor_from(TG_F64, 2, (int64_t[]){2, 2}, A, NULL);
    tg_tensor *c = tg_tensor_from(TG_F64, 1, (int64_t[]){2}, b, NULL);
    tg_tensor *x = tg_tensor_from(TG_F64, 1, (int64_t[]){2}, start, NULL);
    tg_tape *t = tg_tape_new();
    for (int step = 0; step < 2; step++) {
        tg_tensor *half = tg_mul(t, tg_scalar(t, 0.5), tg_matmul(t, x, tg_matmul(t, a, x)));
        tg_tensor *loss = tg_add(t, half, tg_matmul(t, c, x)), *g = NULL;
        ck_assert_int_eq(tg_vjp(t, 1, &loss, NULL, 1, &x, &g), TG_OK);
        tg_tensor *H = tg_hessian(t, loss, x);
        ck_assert_msg(H != NULL, "%s", tg_tape_message(t));
        const double want[] = {4, 2, 2, 2}, g0 = tg_tensor_get(g, 0), g1 = tg_tensor_get(g, 1);
        for (int64_t k = 0; k < 4; k++)
            ck_assert_double_eq_tol(tg_tensor_get(H, k), want[k], 1e-15);
        if (step == 1) ck_assert_double_le(fabs(g0) + fabs(g1), 1e-13);
        const double d = at(H, 0, 0) * at(H, 1, 1) - at(H, 0, 1) * at(H, 1, 0);
        const double s0 = (at(H, 1, 1) * g0 - at(H, 0, 1) * g1) / d;
        const double s1 = (at(H, 0, 0) * g1 - at(H, 1, 0) * g0) / d;
        (void)tg_tensor_set(x, 0, tg_tensor_get(x, 0) - s0, NULL);
        (void)tg_tensor_set(x, 1, tg_tensor_get(x, 1) - s1, NULL);
        tg_tape_reset(t);
    }
    tg_tape_free(t);
    tg_tensor_free(a);
    tg_tensor_free(c);
    tg_tensor_free(x);
}
END_TEST

SUITE("jacobian", .timeout = 60,
      .tests = {
          {jacobian_of_a_product, 2},
          {jacobian_at_the_edges},
          {hessian_of_rosenbrock},
          {newton_on_a_quadratic},
      })
