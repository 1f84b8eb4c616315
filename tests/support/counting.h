/* counting.h - an allocator that counts, and that fails from a given call on. */
#ifndef TAPEGRAD_TESTS_COUNTING_H
#define TAPEGRAD_TESTS_COUNTING_H

#include "tapegrad/alloc.h"
#include "tests/support/suite.h"

/* calls that gave memory, blocks not yet freed, and calls granted (-1: all) */
static long allocations, alive, allowed;

static inline void *counted(void *user, void *block, size_t bytes)
{
    (void)user;
    if (bytes == 0) {
        alive -= block != NULL;
        free(block);
        return NULL;
    }
    if (allowed >= 0 && allocations >= allowed) return NULL;
    allocations++;
    void *p = realloc(block, bytes);
    alive += p && !block;
    return p;
}

static inline void counting_setup(void)
{
    allocations = alive = 0;
    allowed = -1;
    tg_set_allocator(&(tg_allocator){counted, NULL});
}

/* Whatever a test does, everything that it allocated is freed at its end. */
static inline void counting_teardown(void)
{
    tg_set_allocator(NULL);
    ck_assert_int_eq(alive, 0);
}

#define COUNTED ((suite_fixture){counting_setup, counting_teardown})

#endif
