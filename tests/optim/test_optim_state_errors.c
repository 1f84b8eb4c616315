/* test_optim_state_errors.c - states that do not fit an optimizer are refused by name, and a
 * failure changes nothing. */
#include <math.h>
#include <string.h>

#include "tapegrad/optim.h"
#include "tapegrad/rng.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"
#include "tests/optim/states.h"
#include "tests/support/suite.h"

static tg_optimizer *adam(void) { return tg_adam(tg_adam_defaults(), NULL); }

/* A state dict of Adam after two updates, with one entry replaced, or with dtype TG_DTYPE_COUNT
 * left out. */
static const struct {
    const char *key;
    tg_dtype dtype;
    int64_t m; /* 0: a scalar of the value */
    double value;
    tg_status status;
    const char *text;
} refused[] = {
    {"steps", TG_DTYPE_COUNT, 0, 0, TG_EKEY, "load_state_dict: state has no 'steps'"},
    {"lr", TG_DTYPE_COUNT, 0, 0, TG_EKEY, "load_state_dict: state has no 'lr'"},
    {"steps", TG_F64, 0, -1, TG_EARG, "load_state_dict: 'steps' is -1"},
    {"steps", TG_F64, 0, 1e17, TG_EARG, "load_state_dict: 'steps' is 1e+17"},
    {"steps", TG_F64, 0, 1.5, TG_EARG, "load_state_dict: 'steps' is not an integer"},
    {"steps", TG_F32, 0, 1, TG_EDTYPE, "load_state_dict: 'steps' is f32[], must be f64[]"},
    {"steps", TG_F64, 2, 1, TG_ESHAPE, "load_state_dict: 'steps' is f64[2,2], must be f64[]"},
    {"lr", TG_F64, 0, NAN, TG_EARG, "load_state_dict: 'lr' is nan"},
    {"lr", TG_F64, 0, INFINITY, TG_EARG, "load_state_dict: 'lr' is inf"},
    {"h/W1", TG_F32, 0, 1, TG_EKEY, "load_state_dict: Adam has no 'h/W1'"},
    {"m", TG_F32, 0, 1, TG_EKEY, "load_state_dict: Adam has no 'm'"},
    {"group/W*", TG_F64, 0, 1, TG_ESHAPE, "load_state_dict: 'group/W*' is f64[], must be f64[6]"},
    {"v/W1", TG_DTYPE_COUNT, 0, 0, TG_EKEY, "'W1' is in m but not in v"},
    {"m/b1", TG_DTYPE_COUNT, 0, 0, TG_EKEY, "'b1' is in v but not in m"},
    {"v/W1", TG_F32, 4, 0, TG_ESHAPE, "'W1' is f32[3,5] in m but f32[4,2] in v"},
    {"v/W1", TG_F64, 4, 0, TG_EDTYPE, "'W1' is f32[3,5] in m but f64[4,2] in v"},
};

static tg_dict *damaged(const tg_dict *state, int row)
{
    tg_dict *d = tg_dict_new();
    const char *key = refused[row].key;
    for (int i = 0; i < tg_dict_size(state); i++)
        if (strcmp(tg_dict_key(state, i), key) != 0)
            (void)tg_dict_set(d, tg_dict_key(state, i), tg_dict_at(state, i), NULL);
    if (refused[row].dtype == TG_DTYPE_COUNT) return d;
    tg_tensor *x = tg_tensor_new(refused[row].dtype, refused[row].m ? 2 : 0,
                                 (int64_t[]){refused[row].m, 2}, NULL);
    (void)tg_tensor_fill(x, refused[row].value, NULL);
    (void)tg_dict_take(d, key, x, NULL);
    return d;
}

/* A load that fails leaves everything as it was. */
static void assert_load_fails(tg_optimizer *o, const tg_dict *bad, tg_error *err)
{
    const tg_dict *m = tg_optimizer_state(o, "m");
    const long all = allowed;
    allowed = -1;
    tg_dict *before = tg_optimizer_state_dict(o, NULL);
    allowed = all;
    ck_assert_int_ne(tg_optimizer_load_state_dict(o, bad, err), TG_OK);
    allowed = -1;
    tg_dict *after = tg_optimizer_state_dict(o, NULL);
    assert_equal(before, after);
    ck_assert_ptr_eq(m, tg_optimizer_state(o, "m"));
    tg_dict_free(before);
    tg_dict_free(after);
}

START_TEST(what_does_not_fit_is_refused_by_name)
{
    tg_error err = TG_ERROR_INIT;
    tg_optimizer *o = own(adam()), *fresh = own(adam());
    tg_dict *params = own(make(layers, COUNT(layers))), *grads = own(tg_dict_like(params, NULL));
    for (int k = 0; k < 2; k++) step(o, params, grads, k);
    tg_dict *state = own(tg_optimizer_state_dict(o, NULL)), *bad = own(damaged(state, _i));
    assert_load_fails(o, bad, &err);
    ck_assert_int_eq(err.status, refused[_i].status);
    ck_assert_str_eq(err.text, refused[_i].text);
    assert_load_fails(fresh, bad, NULL);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    tg_optimizer *o = own(adam()), *other = own(adam());
    tg_dict *params = own(make(layers, COUNT(layers))), *grads = own(tg_dict_like(params, NULL));
    step(o, params, grads, 0);
    step(other, params, grads, 1);
    tg_dict *state = NULL;
    for (long n = 0; !state; n++) {
        tg_error err = TG_ERROR_INIT;
        ck_assert_int_lt(n, 1000);
        allowed = allocations + n;
        state = tg_optimizer_state_dict(o, &err);
        allowed = -1;
        ck_assert_int_eq(err.status, state ? TG_OK : TG_ENOMEM);
    }
    for (long n = 0;; n++) {
        tg_error err = TG_ERROR_INIT;
        tg_dict *before = tg_optimizer_state_dict(other, NULL);
        ck_assert_int_lt(n, 1000);
        allowed = allocations + n;
        const tg_status status = tg_optimizer_load_state_dict(other, state, &err);
        allowed = -1;
        tg_dict *after = tg_optimizer_state_dict(other, NULL);
        assert_equal(status ? before : state, after);
        tg_dict_free(before);
        tg_dict_free(after);
        if (!status) break;
        ck_assert_int_eq(status, TG_ENOMEM);
    }
    tg_dict_free(state);
}
END_TEST

START_TEST(other_arguments_and_kinds)
{
    tg_error err = TG_ERROR_INIT;
    char text[200];
    const tg_optimizer_type slash = {.name = "mine", .states = {"a/b"}},
                            twice = {.name = "mine", .states = {"v", "w", "v"}};
    ck_assert_ptr_null(tg_optimizer_new(&twice, NULL, 1, &err));
    ck_assert_str_eq(err.text, "mine: two states are named 'v'");
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_ptr_null(tg_optimizer_new(&slash, NULL, 1, &err));
    ck_assert_str_eq(err.text, "mine: a state must not be named 'a/b'");
    tg_optimizer *sgd = own(tg_sgd(tg_sgd_defaults(), NULL)),
                 *momentum = own(tg_momentum(tg_momentum_defaults(), NULL));
    tg_dict *params = own(make(layers, COUNT(layers))), *grads = own(tg_dict_like(params, NULL));
    step(sgd, params, grads, 0);
    tg_dict *state = own(tg_optimizer_state_dict(sgd, NULL));
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_int_eq(tg_optimizer_load_state_dict(momentum, state, &err), TG_EKEY);
    ck_assert_str_eq(err.text, "load_state_dict: state has no 'v/...'; was it saved by another "
                               "optimizer than Momentum?");
    ck_assert_int_eq(tg_optimizer_load_state_dict(NULL, state, NULL), TG_EARG);
    ck_assert_int_eq(tg_optimizer_load_state_dict(sgd, NULL, NULL), TG_EARG);
    ck_assert_ptr_null(tg_optimizer_state_dict(NULL, NULL));
    ck_assert_str_eq(tg_optimizer_describe(sgd, text, sizeof text), "SGD lr=0.01");
    tg_optimizer *book =
        tg_nesterov((tg_nesterov_options){tg_nesterov_defaults().made, 0.01, 0.9, true}, NULL);
    ck_assert_str_eq(tg_optimizer_describe(book, text, sizeof text),
                     "Nesterov lr=0.01 momentum=0.9 book_form=true");
    ck_assert_str_eq(tg_optimizer_describe(book, text, 12), "Nesterov lr");
    tg_optimizer_free(book);
}
END_TEST

SUITE("optim_state_errors", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {what_does_not_fit_is_refused_by_name, COUNT(refused)},
          {without_memory_nothing_changes},
          {other_arguments_and_kinds},
      })
