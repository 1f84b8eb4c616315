/* test_clip_grad.c - gradient clipping as operations: values by hand, derivatives, and refusals. */
#include <math.h>

#include "tapegrad/ops.h"
#include "tapegrad/optim.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"
#include "tests/support/suite.h"

/* The gradients of sum c w are c itself, f32 under "a" and f64 under "b". */
static tg_dict *constants(double scale)
{
    tg_dict *d = make((entry[]){{"a", TG_F32, 1, 2}, {"b", TG_F64, 2, 1}}, 2);
    for (int i = 0; i < 4; i++)
        (void)tg_tensor_set(tg_dict_at(d, i / 2), i % 2, scale * (double)(i - 1), NULL);
    return d;
}

static void assert_close(double got, double want, double relative)
{
    ck_assert_msg(fabs(got - want) <= relative * fabs(want), "%.17g, not %.17g", got, want);
}

static const struct {
    double scale, limit;
} cases[] = {{1, 0.5}, {1, 100}, {3, 2}, {1e-3, 1e-3}, {1, 0}, {0, 1}, {1e20, 1}, {1, 1}};

START_TEST(values_are_as_by_hand)
{
    const double scale = cases[_i].scale, limit = cases[_i].limit;
    const double norm = scale * sqrt(1 + 0 + 1 + 4), factor = fmin(1, limit / (norm + 1e-6));
    tg_tape *t = tg_tape_new();
    tg_dict *g = own(constants(scale));
    tg_tensor *n = NULL;
    const tg_dict *by_norm = tg_clip_grad_norm(t, g, limit, &n);
    const tg_dict *by_value = tg_clip_grad_value(t, g, limit);
    ck_assert_msg(by_norm && by_value && n, "%s", tg_tape_message(t));
    ck_assert_str_eq(layout(by_norm), "a:f32[1,2] b:f64[2,1]");
    ck_assert_str_eq(layout(by_value), "a:f32[1,2] b:f64[2,1]");
    ck_assert_int_eq(n->dtype, TG_F64);
    assert_close(tg_item(n), norm, 1e-7); /* also where the squares of f32 do not fit */
    for (int i = 0; i < 4; i++) {
        const double c = scale * (double)(i - 1);
        assert_close(tg_tensor_get(tg_dict_at(by_norm, i / 2), i % 2), c * factor, 1e-6);
        const double cut = fmax(-limit, fmin(limit, c));
        assert_close(tg_tensor_get(tg_dict_at(by_value, i / 2), i % 2), cut, 1e-7);
        assert_close(tg_tensor_get(tg_dict_at(g, i / 2), i % 2), c, 1e-7);
    }
    tg_tape_free(t);
}
END_TEST

/* On the tape: from tg_grad into an optimizer, and differentiated once more. f = w^4 / 4 has g =
 * w^3. Clipped at its norm, g becomes max w / |w|, whose derivative is nearly 0. */
START_TEST(clipped_gradients_are_values)
{
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = tg_tape_new();
    tg_dict *w = own(tg_dict_new());
    (void)tg_dict_take(w, "w", tg_tensor_from(TG_F64, 0, NULL, &(double){2}, NULL), NULL);
    tg_tensor *x = tg_dict_get(w, "w");
    tg_tensor *f = tg_mul(t, tg_square(t, tg_square(t, x)), tg_scalar(t, 0.25));
    tg_dict *loose = tg_clip_grad_norm(t, tg_grad(t, f, w), 100, NULL);
    tg_dict *tight = tg_clip_grad_norm(t, tg_grad(t, f, w), 1, NULL);
    const tg_dict *second = tg_grad(t, tg_dict_get(loose, "w"), w);
    ck_assert_double_eq_tol(tg_item(tg_dict_get(second, "w")), 12, 1e-12);
    second = tg_grad(t, tg_dict_get(tight, "w"), w);
    ck_assert_double_eq_tol(tg_item(tg_dict_get(second, "w")), 0, 1e-5);
    ck_assert_double_eq_tol(tg_item(tg_dict_get(tight, "w")), 8 / (8 + 1e-6), 1e-14);
    tg_optimizer *o = own(tg_sgd((tg_sgd_options){tg_sgd_defaults().made, 0.5}, NULL));
    ck_assert_msg(tg_optimizer_update(o, w, tight, &err) == TG_OK, "%s", err.text);
    ck_assert_double_eq_tol(tg_item(x), 1.5, 1e-6);
    tg_tape_free(t);
}
END_TEST

START_TEST(refusals)
{
    tg_tape *t = tg_tape_new();
    tg_dict *g = own(constants(1));
    tg_tensor *n = tg_dict_at(g, 0);
    ck_assert_ptr_null(tg_clip_grad_norm(t, NULL, 1, &n));
    ck_assert_ptr_null(n);
    ck_assert_str_eq(tg_tape_message(t), "clip_grad_norm: grads is NULL");
    ck_assert_ptr_null(tg_clip_grad_value(t, g, 1)); /* the first failure stays */
    ck_assert_str_eq(tg_tape_message(t), "clip_grad_norm: grads is NULL");
    const double bad[] = {-1, NAN, INFINITY};
    for (int i = 0; i < COUNT(bad); i++) {
        tg_tape_reset(t);
        ck_assert_ptr_null(tg_clip_grad_value(t, g, bad[i]));
        ck_assert_int_eq(tg_tape_status(t), TG_EARG);
        ck_assert_str_eq(tg_tape_message(t), "clip_grad_value: the limit must be in [0, inf)");
    }
    tg_tape_free(t);
}
END_TEST

SUITE("clip_grad", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {values_are_as_by_hand, COUNT(cases)},
          {clipped_gradients_are_values},
          {refusals},
      })
