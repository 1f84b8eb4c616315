/* test_arena.c - the arena: pieces of any size are aligned, do not overlap and keep what is written
 * to them. The same requests get the same places again. Asking for pages changes nothing. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "graph/arena.h"
#include "tapegrad/rng.h"
#include "tests/support/suite.h"

enum { PIECES = 400, LARGE = 400 << 10 };

static tg_rng rng;

static size_t below(size_t n) { return (size_t)tg_rng_next_below(&rng, n); }

/* Mostly small sizes, some larger than what an arena requests at a time, and some of 0. */
static size_t any_size(void)
{
    const size_t kind = below(20);
    return kind == 0 ? below(LARGE) : kind < 4 ? below(20000) : kind == 4 ? 0 : below(200);
}

static bool all_are(const unsigned char *p, size_t bytes, int value)
{
    for (size_t k = 0; k < bytes; k++)
        if (p[k] != value) return false;
    return true;
}

START_TEST(pieces_lie_apart)
{
    tgi_arena a = {0};
    unsigned char *piece[PIECES];
    size_t bytes[PIECES];
    rng = tg_rng_make(7, (uint64_t)_i);
    for (int i = 0; i < PIECES; i++) {
        bytes[i] = any_size();
        piece[i] = tgi_arena_alloc(&a, bytes[i]);
        ck_assert_ptr_nonnull(piece[i]);
        ck_assert_uint_eq((uintptr_t)piece[i] % (bytes[i] >= 64 ? 64 : 16), 0);
        ck_assert(tgi_arena_holds(&a, piece[i]) || bytes[i] == 0);
        memset(piece[i], i % 251, bytes[i]);
    }
    for (int i = 0; i < PIECES; i++) ck_assert(all_are(piece[i], bytes[i], i % 251));
    const size_t held = a.bytes;
    tgi_arena_rewind(&a, (tgi_mark){0});
    for (int i = 0; i < PIECES; i++) ck_assert_ptr_eq(tgi_arena_alloc(&a, bytes[i]), piece[i]);
    ck_assert_uint_eq(a.bytes, held);
    tgi_arena_free(&a);
}
END_TEST

START_TEST(a_mark_is_come_back_to)
{
    tgi_arena a = {0};
    rng = tg_rng_make(8, (uint64_t)_i);
    for (int i = 0; i < 50; i++) {
        (void)tgi_arena_alloc(&a, any_size());
        const tgi_mark mark = tgi_arena_mark(&a);
        const size_t bytes = any_size();
        const void *first = tgi_arena_alloc(&a, bytes);
        for (int k = 0; k < 5; k++) (void)tgi_arena_alloc(&a, any_size());
        tgi_arena_rewind(&a, mark);
        ck_assert_ptr_eq(tgi_arena_alloc(&a, bytes), first);
    }
    tgi_arena_free(&a);
}
END_TEST

START_TEST(too_much_is_refused)
{
    tgi_arena a = {0};
    char *p = tgi_arena_alloc(&a, 100);
    ck_assert_ptr_null(tgi_arena_alloc(&a, SIZE_MAX));
    ck_assert_ptr_null(tgi_arena_alloc(&a, SIZE_MAX - 64));
    ck_assert_ptr_null(tgi_arena_alloc(&a, SIZE_MAX / 2 + 1));
    ck_assert_ptr_eq(tgi_arena_alloc(&a, 16), p + 112);
    tgi_arena_free(&a);
}
END_TEST

START_TEST(pages_keep_what_they_hold)
{
    enum { ROOM = 1 << 20 };
    unsigned char *block = malloc(ROOM);
    ck_assert_ptr_nonnull(block);
    rng = tg_rng_make(9, 0);
    memset(block, 0x5a, ROOM);
    for (int i = 0; i < 200; i++) {
        const size_t at = below(ROOM), bytes = below(ROOM - at + 1);
        errno = i;
        tgi_pages_wanted(block + at, bytes);
        ck_assert_int_eq(errno, i);
    }
    ck_assert(all_are(block, ROOM, 0x5a));
    free(block);
}
END_TEST

SUITE("arena", .tests = {
                   {pieces_lie_apart, 8},
                   {a_mark_is_come_back_to, 8},
                   {too_much_is_refused},
                   {pages_keep_what_they_hold},
               })
