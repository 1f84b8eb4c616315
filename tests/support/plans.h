/* plans.h - what the tests of plans share: a plan beside eager recording, and the comparison of
 * their bits. */
#ifndef TESTS_PLANS_H
#define TESTS_PLANS_H

#include "tapegrad/plan.h"
#include "tests/support/close.h"

/* Same dtype, shape and bits; a NaN is a NaN. */
static inline void assert_bits(const char *what, const tg_tensor *want, const tg_tensor *got)
{
    ck_assert_msg(tg_tensor_same_shape(want, got) && want->dtype == got->dtype, "%s", what);
    for (int64_t i = 0; i < want->size; i++) {
        const double x = read_at(want, i), y = read_at(got, i);
        if (memcmp(&x, &y, sizeof x) != 0 && !(isnan(x) && isnan(y)))
            ck_abort_msg("%s, element %lld: %.17g planned, %.17g eager", what, (long long)i, y, x);
    }
}

static inline tg_plan *compiled(tg_tape *t, int n, tg_tensor *const *outputs)
{
    tg_error failed = TG_ERROR_INIT;
    tg_plan *p = tg_compile(t, n, outputs, &failed);
    ck_assert_msg(p, "%s", failed.text);
    return p;
}

static inline void run_plan(tg_plan *p)
{
    tg_error failed = TG_ERROR_INIT;
    ck_assert_msg(tg_plan_run(p, &failed) == TG_OK, "%s", failed.text);
}

#endif
