/* test_optim_errors.c - what optimizers refuse, and that a refusal changes nothing. */
#include "tapegrad/optim.h"

#include <math.h>

#include "tapegrad/ops.h"
#include "tests/support/counting.h"
#include "tests/support/owned.h"
#include "tests/optim/params.h"
#include "tests/support/suite.h"

static tg_optimizer *adam(double lr)
{
    tg_adam_options o = tg_adam_defaults();
    o.lr = lr;
    return tg_adam(o, NULL);
}

/* ---- errors --------------------------------------------------------------------------------- */

#define W1                                                                                         \
    {                                                                                              \
        "W1", TG_F32, 3                                                                            \
    }
#define W2                                                                                         \
    {                                                                                              \
        "W2", TG_F64, 2                                                                            \
    }

static const struct {
    vector params[4], grads[4];
    tg_status status;
    const char *text;
} refused[] = {
    {{W1, W2}, {W1}, TG_EKEY, "update: parameter 'W2' has no gradient"},
    {{W1, W2},
     {W1, W2, {"W9", TG_F32, 1}},
     TG_EKEY,
     "update: gradient 'W9' has no parameter of that name"},
    {{W1, W2},
     {W1, {"W2", TG_F64, 3}},
     TG_ESHAPE,
     "update: parameter 'W2' is f64[2], but its gradient is f64[3]"},
    {{W1, W2},
     {W1, {"W2", TG_F32, 2}},
     TG_EDTYPE,
     "update: parameter 'W2' is f64[2], but its gradient is f32[2]"},
    {{W1, W2, {"W9", TG_F32, 1}},
     {W1, W2, {"W9", TG_F32, 1}},
     TG_EKEY,
     "update: parameter 'W9' has no state from the first update"},
    {{W1}, {W1}, TG_EKEY, "update: parameter 'W2', which the first update had, is missing"},
    {{W1, {"W2", TG_F64, 4}},
     {W1, {"W2", TG_F64, 4}},
     TG_ESHAPE,
     "update: parameter 'W2' is f64[4], but its state from the first update is f64[2]"},
    {{W1, W2, {"t", TG_I32, 1}},
     {W1, W2},
     TG_EDTYPE,
     "update: parameter 't' is i32[1], must be f32 or f64"},
};

/* An update that fails, after one that succeeded. */
static void assert_refused(tg_optimizer *o, tg_dict *params, const tg_dict *grads, tg_status status,
                           const char *text)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *state = tg_optimizer_state(o, "v");
    tg_dict *params_before = tg_dict_clone(params, NULL),
            *state_before = tg_dict_clone(state, NULL);
    ck_assert_int_eq(tg_optimizer_update(o, params, grads, &err), status);
    ck_assert_str_eq(err.text, text);
    ck_assert_int_eq((int)tg_optimizer_steps(o), 1);
    for (int k = 0; k < 2; k++) {
        const tg_dict *now = k ? state : params, *before = k ? state_before : params_before;
        for (int i = 0; i < tg_dict_size(now); i++)
            for (int64_t j = 0; j < tg_dict_at(now, i)->size; j++)
                ck_assert_double_eq(tg_tensor_get(tg_dict_at(now, i), j),
                                    tg_tensor_get(tg_dict_at(before, i), j));
    }
    tg_dict_free(params_before);
    tg_dict_free(state_before);
}

static const vector good[] = {W1, W2, {.key = NULL}};

START_TEST(update_refuses_dicts_that_do_not_fit)
{
    tg_optimizer *o = own(adam(0.1));
    tg_dict *params = own(threes(good)), *grads = own(threes(good));
    ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK);
    tg_dict *other = own(threes(refused[_i].params)), *other_grads = own(threes(refused[_i].grads));
    assert_refused(o, other, other_grads, refused[_i].status, refused[_i].text);
    ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK); /* and goes on */
}
END_TEST

START_TEST(update_refuses_other_arguments)
{
    tg_optimizer *o = own(adam(0.1));
    tg_dict *params = own(threes(good)), *grads = own(threes(good));
    tg_tape *t = tg_tape_new();
    tg_tensor *square = tg_square(t, tg_dict_get(params, "W1"));
    tg_tensor *loss = tg_sum(t, square, TG_ALL, false);
    tg_dict *taped = tg_grad(t, loss, params);
    tg_tensor *of_grads = tg_sum(t, tg_square(t, tg_dict_get(grads, "W1")), TG_ALL, false);
    tg_optimizer *plain = tg_sgd(tg_sgd_defaults(), NULL);
    ck_assert_int_eq(tg_optimizer_update(plain, params, grads, NULL), TG_OK);
    ck_assert_ptr_nonnull(tg_grad(t, of_grads, grads)); /* which the update did not write */
    ck_assert_int_eq(tg_optimizer_update(o, params, taped, NULL), TG_OK);
    tg_optimizer_free(plain);
    ck_assert_ptr_null(tg_grad(t, loss, params)); /* the update wrote what the tape had read */
    ck_assert_int_eq(tg_tape_status(t), TG_EGRAD);
    assert_refused(o, params, NULL, TG_EARG,
                   "update: grads is NULL; if tg_grad failed, tg_tape_message says why");
    ck_assert_ptr_nonnull(taped);
    assert_refused(o, taped, grads, TG_EARG, "update: params belongs to a tape");
    tg_optimizer_set_lr(o, NAN);
    assert_refused(o, params, grads, TG_EARG, "update: lr is nan, must be in [0, inf)");
    tg_optimizer_set_lr(o, 0.1);
    tg_tensor *twice =
        tg_tensor_view(tg_dict_get(params, "W1"), 1, (int64_t[]){3}, (int64_t[]){0}, 0, NULL);
    (void)tg_dict_take(params, "W1", twice, NULL);
    assert_refused(o, params, grads, TG_EARG,
                   "update: parameter 'W1' is a view whose elements overlap");
    ck_assert_int_eq(tg_optimizer_update(NULL, params, grads, NULL), TG_EARG);
    ck_assert_int_eq(tg_optimizer_update(o, NULL, grads, NULL), TG_EARG);
    tg_tape_free(t);
}
END_TEST

#define REFUSED(call, message)                                                                     \
    do {                                                                                           \
        tg_error err = TG_ERROR_INIT;                                                              \
        ck_assert_ptr_null(call);                                                                  \
        ck_assert_int_eq(err.status, TG_EARG);                                                     \
        ck_assert_str_eq(err.text, message);                                                       \
    } while (0)

START_TEST(options_out_of_range)
{
    const tg_optimizer_type nameless = {.name = NULL}, greedy = {.name = "mine", .options_size = 8};
    const tg_optimizer_type many = {.name = "mine", .states = {"a", "b", "c", "d", "e"}};
    REFUSED(tg_sgd((tg_sgd_options){tg_sgd_defaults().made, NAN}, &err),
            "SGD: lr is nan, must be in [0, inf)");
    REFUSED(tg_sgd((tg_sgd_options){tg_sgd_defaults().made, -0.1}, &err),
            "SGD: lr is -0.1, must be in [0, inf)");
    REFUSED(tg_momentum((tg_momentum_options){tg_momentum_defaults().made, 0.1, 1}, &err),
            "Momentum: momentum is 1, must be in [0, 1)");
    REFUSED(tg_nesterov((tg_nesterov_options){tg_nesterov_defaults().made, 0.1, NAN, true}, &err),
            "Nesterov: momentum is nan, must be in [0, 1)");
    REFUSED(tg_adagrad((tg_adagrad_options){tg_adagrad_defaults().made, 0.1, INFINITY}, &err),
            "AdaGrad: eps is inf, must be in [0, inf)");
    REFUSED(tg_rmsprop((tg_rmsprop_options){tg_rmsprop_defaults().made, 0.1, -0.5, 0}, &err),
            "RMSprop: alpha is -0.5, must be in [0, 1)");
    REFUSED(tg_rmsprop((tg_rmsprop_options){tg_rmsprop_defaults().made, 0.1, 0.5, -1}, &err),
            "RMSprop: eps is -1, must be in [0, inf)");
    REFUSED(tg_adam((tg_adam_options){tg_adam_defaults().made, 0.1, 1.5, 0.9, 0, false}, &err),
            "Adam: beta1 is 1.5, must be in [0, 1)");
    REFUSED(tg_adam((tg_adam_options){tg_adam_defaults().made, 0.1, 0.9, 1, 0, false}, &err),
            "Adam: beta2 is 1, must be in [0, 1)");
    REFUSED(tg_adam((tg_adam_options){tg_adam_defaults().made, 0.1, 0.9, 0.9, -1, false}, &err),
            "Adam: eps is -1, must be in [0, inf)");
    REFUSED(tg_adam((tg_adam_options){tg_adam_defaults().made, INFINITY, 0.9, 0.9, 0, false}, &err),
            "Adam: lr is inf, must be in [0, inf)");
    REFUSED(tg_optimizer_new(NULL, NULL, 1, &err), "optimizer: the type is NULL");
    REFUSED(tg_optimizer_new(&nameless, NULL, 1, &err), "optimizer: the type has no name");
    REFUSED(tg_optimizer_new(&greedy, NULL, 1, &err), "mine: options is NULL");
    REFUSED(tg_optimizer_new(&many, NULL, 1, &err), "mine: more than 4 states");
}
END_TEST

SUITE("optim_errors", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {update_refuses_dicts_that_do_not_fit, COUNT(refused)},
          {update_refuses_other_arguments},
          {options_out_of_range},
      })
