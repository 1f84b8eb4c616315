/* tape.h - the fixture of most tests: a tape t for each test, which is freed with the leaves after
 * it. */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

#include "tests/support/close.h"

static tg_tape *t;

static inline void tape_setup(void) { t = tg_tape_new(); }

static inline void tape_teardown(void)
{
    tg_tape_free(t);
    free_leaves();
}

#define TAPE ((suite_fixture){tape_setup, tape_teardown})

#endif
