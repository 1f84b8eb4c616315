/* test_derivatives_errors.c - what the derivatives refuse, and with what words. */
#include <string.h>

#include "tapegrad/derivatives.h"
#include "tapegrad/ops.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"
#include "tests/support/suite.h"

/* y is x: the tangent comes back, as a value of the tape and not as the caller's leaf. */
START_TEST(vjp_that_is_x_itself)
{
    tg_tensor *x = normal_leaf(1, (int64_t[]){3}, 4), *v = normal_leaf(1, (int64_t[]){3}, 5);
    tg_tape *t = tg_tape_new();
    tg_tensor *y = tg_exp(t, x), *dy = NULL;
    ck_assert_int_eq(tg_jvp(t, 1, &y, 1, &y, &v, &dy), TG_OK);
    ck_assert_ptr_eq(dy->tape, t);
    for (int64_t i = 0; i < 3; i++) ck_assert_double_eq(tg_tensor_get(dy, i), tg_tensor_get(v, i));
    ck_assert_int_eq(tg_jvp(t, 1, &y, 1, &x, NULL, &dy), TG_OK); /* along ones */
    for (int64_t i = 0; i < 3; i++)
        ck_assert_double_eq_tol(tg_tensor_get(dy, i), tg_tensor_get(y, i), 1e-15);
    ck_assert_int_eq(tg_jvp(t, 0, NULL, 0, NULL, NULL, NULL), TG_OK);
    tg_tape_free(t);
    tg_tensor_free(x);
    tg_tensor_free(v);
}
END_TEST

typedef struct scene {
    tg_tape *t;
    tg_tensor *x, *narrow, *shorter, *dy;
} scene;

static void null_y(scene *s) { (void)tg_jacobian(s->t, NULL, s->x); }
static void null_x(scene *s) { (void)tg_hessian(s->t, tg_sum(s->t, s->x, TG_ALL, false), NULL); }
static void leaf_y(scene *s) { (void)tg_jacobian(s->t, s->x, s->x); }
static void vector_loss(scene *s) { (void)tg_hessian(s->t, tg_exp(s->t, s->x), s->x); }

static void jvp_of(scene *s, tg_tensor *y, tg_tensor *dx)
{
    (void)tg_jvp(s->t, 1, &y, 1, &s->x, &dx, &s->dy);
}
static void no_output(scene *s) { jvp_of(s, NULL, s->x); }
static void short_tangent(scene *s) { jvp_of(s, tg_exp(s->t, s->x), s->shorter); }
static void narrow_tangent(scene *s) { jvp_of(s, tg_exp(s->t, s->x), s->narrow); }
static tg_tensor *largest(scene *s)
{
    return tg_cast(s->t, tg_argmax(s->t, s->x, TG_ALL, false), TG_F64);
}
static void blocked_jvp(scene *s) { jvp_of(s, largest(s), s->x); }
static void blocked_jacobian(scene *s) { (void)tg_jacobian(s->t, largest(s), s->x); }
static void written(scene *s)
{
    tg_tensor *y = tg_exp(s->t, s->x);
    (void)tg_tensor_set(s->x, 0, 9, NULL);
    jvp_of(s, y, s->x);
}
static void no_arrays(scene *s) { (void)tg_jvp(s->t, 1, NULL, 0, NULL, NULL, &s->dy); }

static const struct {
    void (*run)(scene *s);
    tg_status status;
    const char *text;
} mistakes[] = {
    {null_y, TG_EARG, "jacobian: y is NULL"},
    {null_x, TG_EARG, "hessian: x is NULL"},
    {leaf_y, TG_ETAPE, "jacobian: grad: output 1 is not on this tape"},
    {vector_loss, TG_ESHAPE, "hessian: loss is f64[3], must have one element"},
    {no_output, TG_EARG, "jvp: output 1 is NULL"},
    {no_arrays, TG_EARG, "jvp: a count is negative or a list is NULL"},
    {short_tangent, TG_ESHAPE, "jvp: tangent 1 is f64[2], but its tensor is f64[3]"},
    {narrow_tangent, TG_EDTYPE, "jvp: tangent 1 is f32[3], but its tensor is f64[3]"},
    {blocked_jvp, TG_EGRAD, "argmax"},
    {blocked_jacobian, TG_EGRAD, "argmax"},
    {written, TG_EGRAD, "has changed since"},
};

START_TEST(errors)
{
    scene s = {.t = tg_tape_new(), .x = normal_leaf(1, (int64_t[]){3}, 6)};
    s.shorter = normal_leaf(1, (int64_t[]){2}, 7);
    s.narrow = tg_tensor_new(TG_F32, 1, (int64_t[]){3}, NULL);
    mistakes[_i].run(&s);
    ck_assert_msg(tg_tape_status(s.t) == mistakes[_i].status, "%s", tg_tape_message(s.t));
    ck_assert_msg(strstr(tg_tape_message(s.t), mistakes[_i].text), "%s", tg_tape_message(s.t));
    ck_assert_ptr_null(tg_jacobian(s.t, s.x, s.x)); /* keeps the first message */
    ck_assert_msg(strstr(tg_tape_message(s.t), mistakes[_i].text), "%s", tg_tape_message(s.t));
    tg_tape_free(s.t);
    tg_tensor_free(s.x);
    tg_tensor_free(s.shorter);
    tg_tensor_free(s.narrow);
}
END_TEST

START_TEST(hvp_refuses_another_dict)
{
    const entry has[] = {{"W", TG_F64, 2, 2}}, other[] = {{"V", TG_F64, 2, 2}};
    const entry shape[] = {{"W", TG_F64, 2, 3}};
    tg_dict *p = own(make(has, 1)), *v[] = {NULL, make(other, 1), make(shape, 1)};
    const tg_status status[] = {TG_EARG, TG_EKEY, TG_ESHAPE};
    tg_tape *t = tg_tape_new();
    for (int i = 0; i < 3; i++) {
        tg_tape_reset(t);
        tg_tensor *loss = tg_sum(t, tg_square(t, tg_dict_at(p, 0)), TG_ALL, false);
        ck_assert_ptr_null(tg_hvp(t, loss, p, v[i]));
        ck_assert_int_eq(tg_tape_status(t), status[i]);
        ck_assert_msg(strncmp(tg_tape_message(t), "hvp: ", 5) == 0, "%s", tg_tape_message(t));
        tg_dict_free(v[i]);
    }
    ck_assert_ptr_null(tg_hvp(NULL, NULL, p, p));
    ck_assert_ptr_null(tg_hessian(NULL, NULL, NULL));
    ck_assert_int_eq(tg_jvp(NULL, 0, NULL, 0, NULL, NULL, NULL), TG_EARG);
    tg_tape_free(t);
}
END_TEST

SUITE("derivatives_errors", .with = {OWNED}, .timeout = 60,
      .tests = {
          {vjp_that_is_x_itself},
          {errors, COUNT(mistakes)},
          {hvp_refuses_another_dict},
      })
