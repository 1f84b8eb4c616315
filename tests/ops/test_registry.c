/* test_registry.c - tests every operation of the registry on all its samples: first to third order,
 * f32 against f64, contiguous against strided. */
#include <string.h>

#include "tapegrad.h"
#include "tests/support/suite.h"

START_TEST(test_op)
{
    const tg_op *op = tg_op_at(_i);
    tg_error err = TG_ERROR_INIT;
    tg_gradcheck_report r;
    ck_assert_msg(tg_op_check(op, NULL, &r, &err) == TG_OK, "%s", err.text);
    /* A promised derivative was also compared. */
    ck_assert_msg(!op->vjp || r.checked > 0, "%s: nothing was checked", op->name);
}
END_TEST

/* The checker itself must be able to fail: here are operations whose VJP is wrong by a factor, a
 * sign or a missing sum, made from correct descriptors. */
static tg_tensor *wrong_factor(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)n, (void)i;
    return tg_mul(t, dy, tg_scalar(t, 1.001));
}

static tg_tensor *wrong_sign(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)n;
    return i == 0 ? dy : tg_neg(t, dy);
}

static tg_tensor *wrong_second_order(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i;
    return tg_mul(t, dy, tg_stop_gradient(t, n->output)); /* right at first order */
}

/* dy e^x with a slope of e^x that is constant: right at first and second order. */
static tg_tensor *wrong_third_order(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *x = n->inputs[i], *y = tg_stop_gradient(t, n->output);
    tg_tensor *dx = tg_sub(t, x, tg_stop_gradient(t, x));
    return tg_mul(t, dy, tg_mul(t, y, tg_add(t, dx, tg_scalar(t, 1))));
}

static const struct {
    const char *op;
    tg_tensor *(*vjp)(tg_tape *t, const tg_node *n, int i, tg_tensor *dy);
    const char *says;
} mistakes[] = {{"neg", wrong_factor, "order 1"},
                {"add", wrong_sign, "order 1"},
                {"exp", wrong_second_order, "order 2"},
                {"exp", wrong_third_order, "order 3"}};

START_TEST(test_wrong_vjp_is_caught)
{
    tg_op op = *tg_op_find(mistakes[_i].op);
    tg_error err = TG_ERROR_INIT;
    op.vjp = mistakes[_i].vjp;
    ck_assert_int_ne(tg_op_check(&op, NULL, NULL, &err), TG_OK);
    ck_assert_msg(strstr(err.text, mistakes[_i].says), "%s", err.text);
}
END_TEST

START_TEST(test_no_samples_is_an_error)
{
    tg_op op = *tg_op_find("exp");
    tg_error err = TG_ERROR_INIT;
    op.samples = NULL;
    ck_assert_int_eq(tg_op_check(&op, NULL, NULL, &err), TG_EARG);
}
END_TEST

/* ---- the public check on a network ---------------------------------------------------------- */

static tg_tensor *network(tg_tape *t, const tg_dict *p, void *user)
{
    (void)user;
    tg_tensor *h =
        tg_tanh(t, tg_affine(t, tg_param(t, p, "x"), tg_param(t, p, "W1"), tg_param(t, p, "b1")));
    h = tg_batch_norm(
        t, h, tg_param(t, p, "gamma"), tg_param(t, p, "beta"), tg_param(t, p, "m"),
        tg_param(t, p, "v"),
        &(tg_batch_norm_options){.made = tg_batch_norm_book().made, .keep = 1, .eps = 1e-6}, true);
    return tg_cross_entropy(t, tg_matmul(t, h, tg_param(t, p, "W2")), tg_param(t, p, "labels"),
                            NULL);
}

START_TEST(test_network)
{
    const struct {
        const char *key;
        int64_t shape[2];
        int ndim;
    } rows[] = {{"x", {5, 3}, 2},  {"W1", {3, 4}, 2}, {"b1", {4}, 1},
                {"gamma", {4}, 1}, {"beta", {4}, 1},  {"m", {4}, 1},
                {"W2", {4, 6}, 2}, {"v", {4}, 1},     {"labels", {5, 6}, 2}};
    tg_dict *p = tg_dict_new();
    tg_rng rng = tg_rng_make(3, 0);
    tg_error err = TG_ERROR_INIT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tg_tensor *w = tg_tensor_new(TG_F64, rows[i].ndim, rows[i].shape, NULL);
        for (int64_t k = 0; k < w->size; k++)
            (void)tg_tensor_set(w, k, tg_rng_next_normal(&rng, 0, 1), NULL);
        (void)tg_dict_take(p, rows[i].key, w, &err);
    }
    tg_gradcheck_report r;
    ck_assert_msg(tg_gradcheck(network, NULL, p, NULL, &r, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(r.checked, tg_dict_count(p));
    ck_assert_msg(tg_gradgradcheck(network, NULL, p, NULL, &r, &err) == TG_OK, "%s", err.text);
    tg_dict_free(p);
}
END_TEST

SUITE("registry", .timeout = 120,
      .tests = {
          {test_op, tg_op_count()},
          {test_wrong_vjp_is_caught, COUNT(mistakes)},
          {test_no_samples_is_an_error},
          {test_network},
      })
