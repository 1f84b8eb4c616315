/* memory.h - a fixture: an allocator of which chosen requests fail. counting.h has one that fails
 * from a request on. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <limits.h>
#include <stdlib.h>

#include "tapegrad/alloc.h"
#include "tests/support/suite.h"

/* asked: allocations since the count began; first, last: those that fail; alive: blocks that are
 * not freed. */
static struct {
    long asked, first, last, failed, alive;
} memory;

static inline void *memory_resize(void *user, void *block, size_t bytes)
{
    (void)user;
    if (bytes == 0) {
        memory.alive -= block != NULL;
        free(block);
        return NULL;
    }
    const long n = memory.asked++;
    if (n >= memory.first && n <= memory.last) {
        memory.failed++;
        return NULL;
    }
    void *p = realloc(block, bytes);
    memory.alive += p && !block;
    return p;
}

/* Allocations first .. last, counted from now, fail: all from the first on with LONG_MAX, and with
 * (0, -1) none. */
static inline void memory_fails(long first, long last)
{
    memory.asked = memory.failed = 0;
    memory.first = first;
    memory.last = last;
}

static inline void memory_setup(void)
{
    memory.alive = 0;
    memory_fails(0, -1);
    tg_set_allocator(&(tg_allocator){memory_resize, NULL});
}

static inline void memory_teardown(void)
{
    memory_fails(0, -1);
    tg_set_allocator(NULL);
    ck_assert_int_eq(memory.alive, 0);
}

#define MEMORY ((suite_fixture){memory_setup, memory_teardown})

#endif
