/* test_linalg_grad.c - derivatives of linear algebra: at singular matrices, against closed forms,
 * and in compositions for which it is used. */
#include "tapegrad/derivatives.h"
#include "tests/support/composed.h"

static tg_tape *tape;

static void setup(void) { tape = tg_tape_new(); }

static void teardown(void)
{
    tg_tape_free(tape);
    free_leaves();
}

static tg_tensor *turn(tg_tape *t, tg_tensor *x) { return tg_transpose(t, x, -1, -2); }

/* The gradient of y by x, with fixed weights if y has many elements. */
static tg_tensor *slope(tg_tape *t, tg_tensor *y, tg_tensor *x)
{
    tg_tensor *dx = NULL, *dy = NULL;
    if (y) dy = random_leaf(y->dtype, y->ndim, y->shape, -1, 1, 9);
    (void)tg_vjp(t, 1, &y, &dy, 1, &x, &dx);
    return dx;
}

/* ---- determinants at singular matrices, to the third order ---------------------------------- */

COMPOSED(det, tg_det(t, x))
COMPOSED(cofactor, tg_cofactor(t, x))
COMPOSED(det_slope, slope(t, tg_det(t, x), x))
COMPOSED(cofactor_slope, slope(t, tg_cofactor(t, x), x))

/* Ranks n - 1, n - 2, ..., 0; pivots of 0 before the last; and stacks of different ranks. */
static const char *const singular[] = {
    "f64[1,1]: 0",
    "f64[2,2]: 1 2 2 4",
    "f64[2,2]: 0 0 0 0",
    "f64[3,3]: 0 1 2 3 4 5 6 7 8",
    "f64[3,3]: 0 1 2 0 2 1 0 1 1",
    "f64[3,3]: 1 2 3 2 4 6 -1 -2 -3",
    "f64[3,3]: 0 0 0 0 0 0 0 0 0",
    "f64[4,4]: 1 0 2 1 0 0 0 0 1 1 0 3 2 1 2 4",
    "f64[4,4]: 1 1 0 0 1 1 0 0 0 0 2 1 0 0 4 2",
    "f64[4,4]: 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0",
    "f64[5,5]: 0 1 2 3 4 1 2 3 4 5 2 0 1 0 1 1 1 0 2 0 1 3 5 7 9",
    "f64[3,2,2]: 1 2 3 4 1 2 2 4 0 0 0 0",
};

/* For a 2 by 2 matrix the fourth derivative exceeds the degree, so only rounding is left. */
START_TEST(at_singular_matrices)
{
    const composed f[] = {det, cofactor, det_slope, cofactor_slope};
    const char *const names[] = {"det", "cofactor", "det, a third", "cofactor, a third"};
    for (int k = 0; k < COUNT(f); k++) {
        tg_tensor *x = tensor_of(NULL, singular[_i]);
        if (k < 3 || x->shape[x->ndim - 1] != 2) check_gradients(names[k], f[k], x);
    }
}
END_TEST

START_TEST(slopes_to_the_letter)
{
    const struct {
        composed f;
        const char *x, *want;
    } rows[] = {{det, "f64[2,2]: 1 2 2 4", "f64[2,2]: 4 -2 -2 1"},
                {det, "f32[3,3]: 1 0 0 0 2 0 0 0 0", "f32[3,3]: 0 0 0 0 0 0 0 0 2"},
                {det, "f64[2,2]: 0 0 0 0", "f64[2,2]: 0 0 0 0"}};
    for (int i = 0; i < COUNT(rows); i++) {
        tg_tensor *x = tensor_of(NULL, rows[i].x), *y = rows[i].f(tape, x), *dx = NULL;
        ck_assert_int_eq(tg_vjp(tape, 1, &y, NULL, 1, &x, &dx), TG_OK);
        assert_tensor(tape, rows[i].x, dx, rows[i].want, 1e-15);
    }
}
END_TEST

/* For a regular a: (<G, C> C - C G^T C) / det, whatever the sizes of a and G. */
START_TEST(cofactor_against_its_closed_form)
{
    const double scales[] = {1, 1e-30, 1e30, 1e-8};
    const int64_t n = _i + 2;
    for (int how = 0; how < COUNT(scales) * COUNT(scales); how++, tg_tape_reset(tape)) {
        const double sa = scales[how / COUNT(scales)], sg = scales[how % COUNT(scales)];
        tg_tensor *a = random_leaf(TG_F64, DIMS(n, n), -1, 1, 11),
                  *g = random_leaf(TG_F64, DIMS(n, n), -1, 1, 12), *da = NULL;
        for (int64_t i = 0; i < n * n; i++) write_at(a, i, read_at(a, i) + 2 * (i % (n + 1) == 0));
        tg_tensor *big_a = tg_mul(tape, a, tg_scalar(tape, sa)),
                  *big_g = tg_mul(tape, g, tg_scalar(tape, sg)), *c = tg_cofactor(tape, a);
        tg_tensor *y = tg_cofactor(tape, big_a);
        ck_assert_int_eq(tg_vjp(tape, 1, &y, &big_g, 1, &big_a, &da), TG_OK);
        tg_tensor *first = tg_mul(tape, tg_sum(tape, tg_mul(tape, g, c), TG_ALL, false), c),
                  *second = tg_matmul(tape, c, tg_matmul(tape, turn(tape, g), c));
        const tg_tensor *want = tg_div(tape, tg_sub(tape, first, second), tg_det(tape, a));
        assert_fine(tape, "cofactor");
        const double scale = sg * pow(sa, (double)(n - 2));
        double most = 0;
        for (int64_t i = 0; i < n * n; i++) most = fmax(most, fabs(read_at(want, i)));
        for (int64_t i = 0; i < n * n; i++)
            assert_close("cofactor", TG_F64, i, 11, read_at(da, i) / scale, read_at(want, i), 0,
                         1e-12 * most);
    }
}
END_TEST

/* ---- logarithms of determinants ------------------------------------------------------------- */

/* d2 ln|det| / da_ij da_kl = -y_jk y_li, y = a^-1. */
START_TEST(hessian_of_the_logarithm)
{
    tg_tensor *a = tensor_of(NULL, "f64[3,3]: 2 1 -1 0 3 1 1 -2 1"), *sign;
    const tg_tensor *h = tg_hessian(tape, tg_slogdet(tape, a, &sign), a), *y = tg_inv(tape, a);
    assert_fine(tape, "logabsdet");
    for (int64_t e = 0; e < 81; e++) {
        const int64_t i = e / 27, j = e / 9 % 3, k = e / 3 % 3, l = e % 3;
        assert_close("hessian", TG_F64, e, 0, read_at(h, e),
                     -read_at(y, 3 * j + k) * read_at(y, 3 * l + i), 1e-13, 1e-14);
    }
    tg_tensor *da = NULL;
    ck_assert_int_eq(tg_vjp(tape, 1, &sign, NULL, 1, &a, &da), TG_OK);
    ck_assert(!da || tg_item(tg_max(tape, tg_abs(tape, da), TG_ALL, false)) == 0);
    tg_tensor *flat = tensor_of(NULL, "f64[2,2]: 1 2 2 4"), *log_det = tg_logabsdet(tape, flat);
    ck_assert(tg_item(log_det) == -INFINITY);
    ck_assert_int_eq(tg_vjp(tape, 1, &log_det, NULL, 1, &flat, &da), TG_EARG);
    assert_error(tape, TG_EARG, "inv: f64[2,2] is singular (pivot 1 is 0)");
}
END_TEST

/* x x^T + n: positive definite for every x (n, k). */
static tg_tensor *definite(tg_tape *t, tg_tensor *x)
{
    if (!x) return NULL;
    const int64_t n = x->shape[x->ndim - 2];
    return tg_add(t, tg_matmul(t, x, turn(t, x)),
                  tg_mul(t, tg_eye(t, x->dtype, n, n, 0), tg_scalar(t, (double)n)));
}

static tg_tensor *log_det_of_factor(tg_tape *t, tg_tensor *x, bool upper)
{
    tg_tensor *d = tg_diagonal(t, tg_cholesky(t, x, upper), 0, -2, -1);
    return tg_mul(t, tg_scalar(t, 2), tg_sum(t, tg_log(t, d), -1, false));
}

/* Both ways to the logarithm, and both triangles, have the gradient a^-1, which is symmetric. */
START_TEST(gradient_of_the_factor)
{
    tg_tensor *x = random_leaf(TG_F64, DIMS(2, 4, 3), -1, 1, 4), *a = definite(tape, x);
    const tg_tensor *y = tg_inv(tape, a);
    for (int upper = 0; upper < 2; upper++) {
        tg_tensor *f = log_det_of_factor(tape, a, upper), *da = NULL;
        const tg_tensor *g = tg_logabsdet(tape, a);
        ck_assert_int_eq(tg_vjp(tape, 1, &f, NULL, 1, &a, &da), TG_OK);
        for (int64_t i = 0; i < 2; i++)
            assert_close("log det", TG_F64, i, 4, read_at(f, i), read_at(g, i), 1e-13, 0);
        for (int64_t i = 0; i < y->size; i++) {
            const int64_t other = i / 16 * 16 + i % 4 * 4 + i / 4 % 4;
            assert_close("a^-1", TG_F64, i, 4, read_at(da, i), read_at(y, i), 1e-12, 1e-14);
            ck_assert(read_at(da, i) == read_at(da, other));
        }
    }
}
END_TEST

/* ---- compositions, both orders -------------------------------------------------------------- */

static tg_tensor *some(tg_tape *t, const tg_tensor *x, int64_t rows, int64_t columns)
{
    (void)t;
    return random_leaf(x->dtype, DIMS(rows, columns), -1, 1, 21);
}

/* The least squares of x w = b by its normal equations: x (4, 2). */
static tg_tensor *least_squares(tg_tape *t, tg_tensor *x)
{
    return tg_solve(t, tg_matmul(t, turn(t, x), x),
                    tg_matmul(t, turn(t, x), some(t, x, x->shape[0], 1)));
}

/* ln of the normal density of three rows, covariance x x^T + n. */
static tg_tensor *gaussian(tg_tape *t, tg_tensor *x)
{
    tg_tensor *l = tg_cholesky(t, definite(t, x), false);
    tg_tensor *z = tg_solve_triangular(t, l, some(t, x, x->shape[0], 3), false, true, false);
    tg_tensor *squares = tg_sum(t, tg_square(t, z), 0, false);
    tg_tensor *logs = tg_sum(t, tg_log(t, tg_diagonal(t, l, 0, 0, 1)), TG_ALL, false);
    return tg_neg(t, tg_add(t, tg_mul(t, tg_scalar(t, 0.5), squares), logs));
}

COMPOSED(log_det, log_det_of_factor(t, definite(t, x), false))
COMPOSED(log_det_upper, log_det_of_factor(t, definite(t, x), true))
COMPOSED(log_det_lu, tg_slogdet(t, definite(t, x), NULL))
COMPOSED(inv_slope, slope(t, tg_inv(t, definite(t, x)), x))
COMPOSED(factor_slope, slope(t, tg_cholesky(t, definite(t, x), false), x))
COMPOSED(solve_vector, tg_solve(t, definite(t, x), tg_sum(t, x, 1, false)))
COMPOSED(solve_both, tg_solve(t, tg_add(t, definite(t, x), tg_triu(t, definite(t, x), 1)), x))
COMPOSED(triangle_both, tg_solve_triangular(t, definite(t, x), x, true, true, false))

static const composed_row compositions[] = {
    {"log det", log_det, "f64[2,1]: 0 0", "f64[]: 1.3862943611198906 ~1e-15", TG_OK},
    {"log det", log_det_upper, "f64[2,1,1]: 0 2", "f64[2]: 0 1.6094379124341003 ~1e-15", TG_OK},
    {"log det", log_det_lu, "f32[2,1]: 0 0", "f32[]: 1.3862943611198906 ~1e-7", TG_OK},
    {"inv", inv_slope, "f64[2,2]: 0 0 0 0", "f64[2,2]: 0 0 0 0", TG_OK},
    {"cholesky", factor_slope, "f64[3,1]: 0 0 0", "f64[3,1]: 0 0 0", TG_OK},
    {"solve", solve_vector, "f64[2,2]: 0 0 0 0", "f64[2]: 0 0", TG_OK},
    {"solve", solve_both, "f64[3,2]: 0 0 0 0 0 0", "f64[3,2]: 0 0 0 0 0 0", TG_OK},
    {"triangle", triangle_both, "f32[2,1]: 0 0", "f32[2,1]: 0 0", TG_OK},
};

START_TEST(second_order) { run_composed(&compositions[_i]); }
END_TEST

START_TEST(what_it_is_for)
{
    tg_tensor *x = random_leaf(TG_F64, DIMS(4, 2), -1, 1, 31);
    check_gradients("least squares", least_squares, random_leaf(TG_F64, DIMS(4, 2), -1, 1, 31));
    check_gradients("gaussian", gaussian, random_leaf(TG_F64, DIMS(4, 2), -1, 1, 31));
    /* The residual is at right angles to the columns of x. */
    tg_tensor *b = some(tape, x, 4, 1), *w = least_squares(tape, x);
    const tg_tensor *rest = tg_matmul(tape, turn(tape, x), tg_sub(tape, tg_matmul(tape, x, w), b));
    for (int64_t i = 0; i < 2; i++)
        assert_close("residual", TG_F64, i, 31, read_at(rest, i), 0, 0, 1e-14);
    /* The density by inverse and determinant. */
    tg_tensor *s = definite(tape, x), *r = some(tape, x, 4, 3);
    const tg_tensor *y = gaussian(tape, x), *log_det = tg_slogdet(tape, s, NULL),
                    *q = tg_matmul(tape, turn(tape, r), tg_matmul(tape, tg_inv(tape, s), r));
    assert_fine(tape, "gaussian");
    for (int64_t i = 0; i < 3; i++)
        assert_close("gaussian", TG_F64, i, 31, read_at(y, i),
                     -0.5 * (read_at(q, 4 * i) + tg_item(log_det)), 1e-13, 0);
}
END_TEST

SUITE("linalg_grad", .setup = setup, .teardown = teardown, .timeout = 120,
      .tests = {
          {at_singular_matrices, COUNT(singular)},
          {slopes_to_the_letter},
          {cofactor_against_its_closed_form, 6},
          {hessian_of_the_logarithm},
          {gradient_of_the_factor},
          {second_order, COUNT(compositions)},
          {what_it_is_for},
      })
