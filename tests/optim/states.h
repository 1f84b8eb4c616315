/* states.h - what the tests of saved optimizers share: parameters, updates, a comparison. */
#ifndef TESTS_STATES_H
#define TESTS_STATES_H

#include <check.h>

#include "tapegrad/optim.h"
#include "tapegrad/rng.h"
#include "tests/support/dicts.h"

static const entry layers[] = {{"W1", TG_F32, 3, 5}, {"b1", TG_F64, 1, 5}, {"a/b", TG_F32, 2, 2}};

/* Update number k, with gradients that depend on k alone. */
static inline void step(tg_optimizer *o, tg_dict *params, tg_dict *grads, int k)
{
    tg_rng rng = tg_rng_make(9, (uint64_t)k);
    tg_error err = TG_ERROR_INIT;
    for (int i = 0; i < tg_dict_size(grads); i++)
        for (int64_t j = 0; j < tg_dict_at(grads, i)->size; j++)
            (void)tg_tensor_set(tg_dict_at(grads, i), j, tg_rng_next_normal(&rng, 0, 1), NULL);
    ck_assert_msg(tg_optimizer_update(o, params, grads, &err) == TG_OK, "%s", err.text);
}

static inline void assert_equal(const tg_dict *a, const tg_dict *b)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_msg(tg_dict_match(a, "a", b, "b", &err) == TG_OK, "%s", err.text);
    for (int i = 0; i < tg_dict_size(a); i++) {
        const tg_tensor *x = tg_dict_at(a, i), *y = tg_dict_get(b, tg_dict_key(a, i));
        ck_assert_mem_eq(x->data, y->data, (size_t)x->size * tg_dtype_size(x->dtype));
    }
}

#endif
