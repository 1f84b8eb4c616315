/* owned.h - a fixture: the dicts and optimizers that a test makes inside own(...) are freed behind
 * it. */
#ifndef TESTS_OWNED_H
#define TESTS_OWNED_H

#include "tapegrad/optim.h"
#include "tests/support/suite.h"

enum { MOST_OWNED = 32 };
static struct {
    int n_dicts, n_optimizers;
    tg_dict *dicts[MOST_OWNED];
    tg_optimizer *optimizers[MOST_OWNED];
} owned;

static inline tg_dict *own_dict(tg_dict *d)
{
    ck_assert_int_lt(owned.n_dicts, MOST_OWNED);
    return owned.dicts[owned.n_dicts++] = d;
}

static inline tg_optimizer *own_optimizer(tg_optimizer *o)
{
    ck_assert_int_lt(owned.n_optimizers, MOST_OWNED);
    return owned.optimizers[owned.n_optimizers++] = o;
}

#define own(x) _Generic((x), tg_dict * : own_dict, tg_optimizer * : own_optimizer)(x)

static inline void owned_teardown(void)
{
    while (owned.n_dicts > 0) tg_dict_free(owned.dicts[--owned.n_dicts]);
    while (owned.n_optimizers > 0) tg_optimizer_free(owned.optimizers[--owned.n_optimizers]);
}

#define OWNED ((suite_fixture){NULL, owned_teardown})

#endif
