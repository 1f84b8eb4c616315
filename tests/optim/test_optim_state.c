/* test_optim_state.c - the state of an optimizer is saved and restored exactly. */
#include <string.h>
#include <unistd.h>

#include "tapegrad/npy.h"
#include "tapegrad/optim.h"
#include "tapegrad/rng.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/optimizers.h"
#include "tests/support/owned.h"
#include "tests/optim/states.h"
#include "tests/support/suite.h"

/* Stopped after `_i % 3 * 4` updates, then continued from a file in another optimizer that has
 * already run. */
START_TEST(a_restored_run_goes_on_bit_for_bit)
{
    const int kind = _i / 3, stop = _i % 3 * 4;
    tg_error err = TG_ERROR_INIT;
    char path[64];
    (void)snprintf(path, sizeof path, "optim_state.%ld.%d.npz", (long)getpid(), _i);
    tg_optimizer *a = own(sample_optimizer(kind)), *b = own(sample_optimizer(kind));
    tg_dict *params = own(make(layers, COUNT(layers))), *grads = own(tg_dict_like(params, NULL));
    tg_dict *other = own(make(layers, COUNT(layers)));
    for (int k = 0; k < 5; k++) step(b, other, grads, 100 + k);
    tg_optimizer_set_lr(a, 0.1 / 3);
    tg_group_options g[] = {{.lr_scale = 0.7, .clip_norm = 3, .decoupled = true},
                            {.clip_value = 0.5, .weight_decay = 1e-3, .lr_scale = 1},
                            {.frozen = true}};
    for (int k = 0; k < 3; k++) g[k].made = tg_group_defaults().made;
    ck_assert_int_eq(tg_optimizer_add_group(a, "*", g[0], NULL), TG_OK);
    ck_assert_int_eq(tg_optimizer_add_group(a, "W1", g[1], NULL), TG_OK);
    ck_assert_int_eq(tg_optimizer_add_group(b, "*", g[2], NULL), TG_OK); /* the state replaces it */
    ck_assert_int_eq(tg_optimizer_add_group(b, "W9", g[2], NULL), TG_OK);
    for (int k = 0; k < stop; k++) step(a, params, grads, k);
    tg_dict *saved = tg_optimizer_state_dict(a, &err);
    ck_assert_msg(saved && tg_npz_save(path, saved, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(tg_dict_copy(other, params, NULL), TG_OK);
    for (int k = stop; k < 12; k++) step(a, params, grads, k);

    tg_dict *loaded = tg_npz_load(path, &err);
    ck_assert_msg(loaded != NULL, "%s", err.text);
    assert_equal(loaded, saved); /* which the updates since did not touch */
    ck_assert_msg(tg_optimizer_load_state_dict(b, loaded, &err) == TG_OK, "%s", err.text);
    tg_dict_free(loaded);
    tg_dict_free(saved);
    ck_assert_int_eq(tg_optimizer_steps(b), stop);
    ck_assert_double_eq(tg_optimizer_lr(b), 0.1 / 3);
    for (int k = stop; k < 12; k++) step(b, other, grads, k);
    assert_equal(params, other);
    tg_dict *state_a = own(tg_optimizer_state_dict(a, NULL)),
            *state_b = own(tg_optimizer_state_dict(b, NULL));
    assert_equal(state_a, state_b);
    ck_assert_int_eq(remove(path), 0);
}
END_TEST

START_TEST(keys_are_states_and_parameters)
{
    tg_optimizer *o = own(tg_adam(tg_adam_defaults(), NULL));
    tg_dict *params = own(make(layers, COUNT(layers))), *grads = own(tg_dict_like(params, NULL));
    tg_dict *state = tg_optimizer_state_dict(o, NULL);
    ck_assert_str_eq(layout(state), "steps:f64[] lr:f64[]");
    tg_dict_free(state);
    step(o, params, grads, 0);
    state = tg_optimizer_state_dict(o, NULL);
    ck_assert_str_eq(layout(state), "steps:f64[] lr:f64[] m/W1:f32[3,5] m/b1:f64[1,5] "
                                    "m/a/b:f32[2,2] v/W1:f32[3,5] v/b1:f64[1,5] v/a/b:f32[2,2]");
    ck_assert_double_eq(tg_item(tg_dict_get(state, "steps")), 1);
    ck_assert_double_eq(tg_item(tg_dict_get(state, "lr")), 0.001);
    tg_dict_free(state);
}
END_TEST

SUITE("optim_state", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {a_restored_run_goes_on_bit_for_bit, 3 * sample_count()},
          {keys_are_states_and_parameters},
      })
