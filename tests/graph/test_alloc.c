/* test_alloc.c - the allocation functions: sizes that overflow, the hook, and memory that runs
 * out. */
#include "tapegrad/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

/* An allocator that counts requests and refuses them from the n-th block on. */
typedef struct counter {
    int allocations, resizes, frees;
    int served; /* blocks given so far */
    int limit;  /* blocks it gives at most; -1: no limit */
    size_t last_bytes;
} counter;

static void *count_resize(void *user, void *block, size_t bytes)
{
    counter *c = user;
    if (bytes == 0) {
        c->frees++;
        free(block);
        return NULL;
    }
    if (block)
        c->resizes++;
    else
        c->allocations++;
    c->last_bytes = bytes;
    if (c->limit >= 0 && c->served >= c->limit) return NULL;
    c->served++;
    return realloc(block, bytes);
}

static counter counts;

static void install(void)
{
    counts = (counter){.limit = -1};
    tg_set_allocator(&(tg_allocator){count_resize, &counts});
}

static void uninstall(void) { tg_set_allocator(NULL); }

static const struct {
    size_t count, size;
} too_big[] = {
    {SIZE_MAX, 2},         {2, SIZE_MAX},
    {SIZE_MAX / 2 + 1, 2}, {SIZE_MAX / 8 + 1, 8},
    {SIZE_MAX, SIZE_MAX},  {(size_t)1 << (sizeof(size_t) * 4), (size_t)1 << (sizeof(size_t) * 4)},
};

START_TEST(an_overflowing_size_is_refused)
{
    char *block = tg_malloc(4);
    ck_assert_ptr_nonnull(block);
    memcpy(block, "abc", 4);
    const counter before = counts;
    ck_assert_ptr_null(tg_calloc(too_big[_i].count, too_big[_i].size));
    ck_assert_ptr_null(tg_realloc_array(NULL, too_big[_i].count, too_big[_i].size));
    ck_assert_ptr_null(tg_realloc_array(block, too_big[_i].count, too_big[_i].size));
    /* Refused before the allocator was called. The old block is unchanged. */
    ck_assert_int_eq(counts.allocations, before.allocations);
    ck_assert_int_eq(counts.resizes, before.resizes);
    ck_assert_int_eq(counts.frees, before.frees);
    ck_assert_str_eq(block, "abc");
    tg_free(block);
}
END_TEST

START_TEST(every_call_goes_through_the_hook)
{
    char *a = tg_malloc(10);
    ck_assert_uint_eq(counts.last_bytes, 10);
    int *b = tg_calloc(7, sizeof *b);
    ck_assert_uint_eq(counts.last_bytes, 7 * sizeof *b);
    char *c = tg_strdup("hello");
    ck_assert_uint_eq(counts.last_bytes, 6);
    ck_assert_int_eq(counts.allocations, 3);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_str_eq(c, "hello");
    for (int i = 0; i < 7; i++) ck_assert_int_eq(b[i], 0);

    b[6] = 42;
    b = tg_realloc_array(b, 100, sizeof *b);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(b[6], 42);
    ck_assert_int_eq(counts.resizes, 1);
    ck_assert_uint_eq(counts.last_bytes, 100 * sizeof *b);

    tg_free(a);
    tg_free(b);
    tg_free(c);
    ck_assert_int_eq(counts.frees, 3);
    tg_free(NULL);
    ck_assert_int_eq(counts.frees, 3);
}
END_TEST

START_TEST(a_request_for_nothing_gives_a_block)
{
    void *blocks[] = {tg_malloc(0), tg_calloc(0, 8), tg_calloc(8, 0), tg_realloc_array(NULL, 0, 0)};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_nonnull(blocks[i]);
        /* Size 0 would mean free to the hook. */
        blocks[i] = tg_realloc_array(blocks[i], 0, 4);
        ck_assert_ptr_nonnull(blocks[i]);
    }
    ck_assert_int_eq(counts.frees, 0);
    for (size_t i = 0; i < 4; i++) tg_free(blocks[i]);
    ck_assert_int_eq(counts.frees, 4);
}
END_TEST

START_TEST(memory_that_runs_out_is_a_null)
{
    counts.limit = _i;
    char *a = tg_malloc(8);
    char *b = tg_strdup("text");
    char *c = tg_calloc(3, 5);
    ck_assert_int_eq(a != NULL, _i > 0);
    ck_assert_int_eq(b != NULL, _i > 1);
    ck_assert_int_eq(c != NULL, _i > 2);
    if (a) {
        memcpy(a, "kept", 5);
        char *grown = tg_realloc_array(a, 1000, 1);
        ck_assert_int_eq(grown != NULL, _i > 3);
        if (grown) a = grown;
        ck_assert_str_eq(a, "kept");
    }
    ck_assert_int_eq(counts.allocations, 3);
    tg_free(a);
    tg_free(b);
    tg_free(c);
    ck_assert_int_eq(counts.frees, _i < 3 ? _i : 3);
}
END_TEST

START_TEST(null_brings_the_c_library_back)
{
    tg_set_allocator(NULL);
    void *block = tg_calloc(16, 1);
    ck_assert_ptr_nonnull(block);
    tg_free(block);
    ck_assert_int_eq(counts.allocations, 0);
    ck_assert_int_eq(counts.frees, 0);
}
END_TEST

START_TEST(blocks_are_aligned)
{
    for (size_t bytes = 1; bytes < 300; bytes += 7) {
        void *block = tg_malloc(bytes);
        ck_assert_ptr_nonnull(block);
        if (bytes >= _Alignof(max_align_t))
            ck_assert_uint_eq((uintptr_t)block % _Alignof(max_align_t), 0);
        memset(block, 0x5A, bytes);
        tg_free(block);
    }
}
END_TEST

SUITE("alloc", .setup = install, .teardown = uninstall,
      .tests = {
          {an_overflowing_size_is_refused, COUNT(too_big)},
          {every_call_goes_through_the_hook},
          {a_request_for_nothing_gives_a_block},
          {memory_that_runs_out_is_a_null, 6},
          {null_brings_the_c_library_back},
          {blocks_are_aligned},
      })
