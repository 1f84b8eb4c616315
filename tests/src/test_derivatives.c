/* test_derivatives.c - forward mode, Hessian products and the third order against differences.
 */
#include "tapegrad/derivatives.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/op_sample.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/nn.h"
#include "tapegrad/ops.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"
#include "tests/support/suite.h"

/* ---- forward mode --------------------------------------------------------------------------- */

/* Right at first and second order, but it drops the derivative by dy. */
static tg_tensor *detached(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)n, (void)i;
    return tg_neg(t, tg_stop_gradient(t, dy));
}

START_TEST(op_check_sees_a_vjp_that_is_not_linear_in_dy)
{
    tg_op op = *tg_op_find("neg");
    tg_error err = TG_ERROR_INIT;
    op.vjp = detached;
    ck_assert_int_eq(tg_op_check(&op, NULL, NULL, &err), TG_EGRAD);
    ck_assert_msg(strstr(err.text, "forward mode"), "%s", err.text);
}
END_TEST

static const char *const keys[] = {"W1", "b1", "W2", "b2", "W3", "b3"};

/* Three layers on a fixed input; each row of the result is one output. */
static tg_tensor *network(tg_tape *t, const tg_dict *p, void *user)
{
    tg_tensor *h = user;
    for (int k = 0; k < 6; k += 2) {
        h = tg_affine(t, h, tg_param(t, p, keys[k]), tg_param(t, p, keys[k + 1]));
        if (k < 4) h = tg_tanh(t, h);
    }
    return h;
}

static tg_tensor *network_loss(tg_tape *t, const tg_dict *p, void *user)
{
    return tg_mean(t, tg_square(t, network(t, p, user)), TG_ALL, false);
}

static tg_dict *parameters(bool backwards, uint64_t stream)
{
    const int64_t sizes[][2] = {{3, 4}, {4, 1}, {4, 5}, {5, 1}, {5, 2}, {2, 1}};
    tg_dict *d = tg_dict_new();
    for (int i = 0; i < 6; i++) {
        const int k = backwards ? 5 - i : i;
        (void)tg_dict_take(d, keys[k], normal_leaf(k % 2 ? 1 : 2, sizes[k], stream + (uint64_t)k),
                           NULL);
    }
    return d;
}

/* p += h v */
static void move(tg_dict *p, const tg_dict *v, double h)
{
    for (int k = 0; k < 6; k++) {
        tg_tensor *x = tg_dict_get(p, keys[k]);
        const tg_tensor *dx = tg_dict_get(v, keys[k]);
        for (int64_t i = 0; i < x->size; i++)
            (void)tg_tensor_set(x, i, tg_tensor_get(x, i) + h * tg_tensor_get(dx, i), NULL);
    }
}

START_TEST(jvp_of_a_network_is_its_difference)
{
    const double h = 1e-5;
    tg_tensor *x = normal_leaf(2, (int64_t[]){4, 3}, 90);
    tg_dict *p = parameters(false, 0), *v = parameters(true, 20);
    tg_tape *t = tg_tape_new();
    tg_tensor *xs[6], *dxs[6], *ys[2], *dys[2], *kept[2];
    move(p, v, h);
    kept[0] = tg_tensor_clone(network(t, p, x), NULL);
    move(p, v, -2 * h);
    kept[1] = tg_tensor_clone(network(t, p, x), NULL);
    move(p, v, h);
    for (int k = 0; k < 6; k++) {
        xs[k] = tg_dict_get(p, keys[k]);
        dxs[k] = tg_dict_get(v, keys[k]);
    }
    ys[0] = network(t, p, x);
    ys[1] = tg_scalar(t, 3); /* depends on nothing */
    ck_assert_msg(tg_jvp(t, 2, ys, 6, xs, dxs, dys) == TG_OK, "%s", tg_tape_message(t));
    ck_assert(tg_tensor_same_shape(dys[0], ys[0]));
    for (int64_t i = 0; i < 8; i++) {
        const double slope = (tg_tensor_get(kept[0], i) - tg_tensor_get(kept[1], i)) / (2 * h);
        ck_assert_double_eq_tol(tg_tensor_get(dys[0], i), slope, 1e-7);
    }
    ck_assert_double_eq(tg_item(dys[1]), 0);
    tg_tape_free(t);
    tg_dict_free(p);
    tg_dict_free(v);
    for (int i = 0; i < 2; i++) tg_tensor_free(kept[i]);
    tg_tensor_free(x);
}
END_TEST

/* ---- the Hessian times a vector ------------------------------------------------------------- */

START_TEST(hvp_of_a_network_is_the_difference_of_gradients)
{
    const double h = 1e-5;
    tg_tensor *x = normal_leaf(2, (int64_t[]){4, 3}, 90);
    tg_dict *p = parameters(false, 0), *v = parameters(true, 20), *g[2];
    tg_tape *t = tg_tape_new();
    for (int side = 0; side < 2; side++) {
        move(p, v, side ? -2 * h : h);
        g[side] = tg_dict_clone(tg_grad(t, network_loss(t, p, x), p), NULL);
    }
    move(p, v, h);
    tg_dict *hv = tg_hvp(t, network_loss(t, p, x), p, v);
    ck_assert_msg(hv != NULL, "%s", tg_tape_message(t));
    ck_assert_int_eq(tg_dict_match(hv, "hv", p, "params", NULL), TG_OK);
    for (int k = 0; k < 6; k++)
        for (int64_t i = 0; i < tg_dict_at(p, k)->size; i++) {
            const double above = tg_tensor_get(tg_dict_at(g[0], k), i);
            const double below = tg_tensor_get(tg_dict_at(g[1], k), i);
            ck_assert_double_eq_tol(tg_tensor_get(tg_dict_at(hv, k), i), (above - below) / (2 * h),
                                    1e-6);
        }
    /* The result can be its v: H (H v), as conjugate gradients need. */
    ck_assert_ptr_nonnull(tg_hvp(t, network_loss(t, p, x), p, hv));
    tg_tape_free(t);
    tg_dict_free(p);
    tg_dict_free(v);
    for (int i = 0; i < 2; i++) tg_dict_free(g[i]);
    tg_tensor_free(x);
}
END_TEST

/* ---- the third order ------------------------------------------------------------------------ */

/* The derivative of an operation along fixed random tangents; its second order is the third. */
static tg_tensor *along(tg_tape *t, const tg_dict *d, void *user)
{
    tg_rng rng = tg_rng_make(8, 0);
    tg_tensor *xs[2], *dxs[2], *y = tgi_sample_apply(t, d, user), *dy = NULL;
    const int n = tg_dict_size(d);
    for (int k = 0; k < n; k++) {
        xs[k] = tg_dict_at(d, k);
        dxs[k] = tg_normal(t, &rng, TG_F64, xs[k]->ndim, xs[k]->shape, 0, 1);
    }
    return tg_jvp(t, 1, &y, n, xs, dxs, &dy) ? NULL : dy;
}

static const char *const smooth[] = {"exp", "tanh", "sin", "sigmoid", "div", "matmul", "logsumexp"};

START_TEST(third_order_of_smooth_operations)
{
    const tg_op *op = tg_op_find(smooth[_i]);
    int64_t checked = 0;
    for (int i = 0; op->samples[i].inputs; i++) {
        tgi_sample s;
        tg_gradcheck_report r = {0};
        tg_error err = TG_ERROR_INIT;
        (void)tgi_sample_make(&s, op, i, TG_F64, false, 3, &err);
        ck_assert_msg(err.status == TG_OK, "%s", err.text);
        ck_assert_int_le(tg_dict_size(s.floats), 2);
        ck_assert_msg(tg_gradgradcheck(along, &s, s.floats, NULL, &r, &err) == TG_OK,
                      "%s, sample %d: %s", op->name, i, err.text);
        checked += r.checked;
        tgi_sample_free(&s);
    }
    ck_assert_int_gt(checked, 0);
}
END_TEST

/* ---- the check along random directions ------------------------------------------------------ */

/* Its derivative is too large by 1e-3, in one tensor of six. */
static tg_tensor *wrong(tg_tape *t, const tg_dict *p, void *user)
{
    tg_tensor *b = tg_sum(t, tg_param(t, p, "b2"), TG_ALL, false);
    tg_tensor *off = tg_mul(t, tg_scalar(t, 1e-3), tg_sub(t, b, tg_stop_gradient(t, b)));
    return tg_add(t, network_loss(t, p, user), off);
}

START_TEST(gradcheck_along_directions)
{
    tg_tensor *x = normal_leaf(2, (int64_t[]){4, 3}, 90);
    tg_dict *p = own(parameters(false, 0)), *before = own(tg_dict_clone(p, NULL));
    tg_gradcheck_options o = tg_gradcheck_defaults();
    tg_gradcheck_report r;
    tg_error err = TG_ERROR_INIT;
    ck_assert_int_eq(o.directions, 0);
    o.directions = 5;
    ck_assert_msg(tg_gradcheck(network_loss, x, p, &o, &r, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(r.checked, 5);
    ck_assert_msg(tg_gradgradcheck(network, x, p, &o, &r, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(r.checked, 5);
    ck_assert_int_eq(tg_gradcheck(wrong, x, p, &o, &r, &err), TG_EGRAD);
    ck_assert_msg(strncmp(r.key, "direction ", 10) == 0 && r.index == -1, "%s", r.key);
    ck_assert_double_gt(fabs(r.analytic - r.numeric), 1e-5);
    ck_assert_msg(strstr(err.text, r.key), "%s", err.text);
    for (int k = 0; k < 6; k++)
        for (int64_t i = 0; i < tg_dict_at(p, k)->size; i++)
            ck_assert_double_eq(tg_tensor_get(tg_dict_at(p, k), i),
                                tg_tensor_get(tg_dict_at(before, k), i));
    tg_tensor_free(x);
}
END_TEST

SUITE("derivatives", .with = {OWNED}, .timeout = 60,
      .tests = {
          {op_check_sees_a_vjp_that_is_not_linear_in_dy},
          {jvp_of_a_network_is_its_difference},
          {hvp_of_a_network_is_the_difference_of_gradients},
          {third_order_of_smooth_operations, COUNT(smooth)},
          {gradcheck_along_directions},
      })
