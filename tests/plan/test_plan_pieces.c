/* test_plan_pieces.c - the free pieces of a plan's block: no piece is given out twice, returned
 * pieces are reused, and the time for each stays constant with very many. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "graph/plan/pieces.h"
#include "tapegrad/rng.h"
#include "tests/support/counting.h"
#include "tests/support/suite.h"

enum { UNIT = 64, MOST = 1 << 20 };

static tgi_pieces pieces;

static void begin(void) { pieces = (tgi_pieces){0}; }

static void finish(void) { tgi_pieces_free(&pieces); }

static double seconds(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* Each unit of the block has at most one owner. Few and very many live pieces alternate. */
START_TEST(never_given_twice)
{
    enum { TURNS = 60000, LIVE = 6000, LARGEST = 12 };
    static unsigned char used[MOST];
    static struct {
        int64_t at, bytes;
    } live[LIVE];
    int n = 0;
    tg_rng rng = tg_rng_make(11, (uint64_t)_i);
    memset(used, 0, sizeof used);
    for (int turn = 0; turn < TURNS; turn++) {
        const int most = turn / 10000 % 2 ? 40 : LIVE;
        const bool take = n < most && (n == 0 || tg_rng_next_below(&rng, 5) > 1);
        if (take) {
            const int64_t bytes = (int64_t)(1 + tg_rng_next_below(&rng, LARGEST)) * UNIT;
            const int64_t at = tgi_pieces_take(&pieces, bytes);
            ck_assert_int_eq(at % UNIT, 0);
            ck_assert_int_le(at + bytes, pieces.top);
            ck_assert_int_lt(pieces.top / UNIT, MOST);
            for (int64_t k = at / UNIT; k < (at + bytes) / UNIT; k++) {
                ck_assert_int_eq(used[k], 0);
                used[k] = 1;
            }
            live[n].at = at, live[n++].bytes = bytes;
        } else {
            const int i = (int)tg_rng_next_below(&rng, (uint64_t)n);
            memset(used + live[i].at / UNIT, 0, (size_t)(live[i].bytes / UNIT));
            ck_assert(tgi_pieces_give(&pieces, live[i].at, live[i].bytes));
            live[i] = live[--n];
        }
    }
    /* All are live at once, and with the gaps they take no more than twice the memory. */
    ck_assert_int_lt(pieces.top, (int64_t)2 * LIVE * LARGEST * UNIT);
}
END_TEST

/* Every second place of n is returned in some order and requested again. */
static double scattered(int64_t n)
{
    const double start = seconds();
    for (int64_t i = 0; i < n; i++) ck_assert_int_eq(tgi_pieces_take(&pieces, UNIT), i * UNIT);
    for (int64_t i = 0; i < n / 2; i++) /* n is a power of two */
        ck_assert(tgi_pieces_give(&pieces, i * 4099 % (n / 2) * 2 * UNIT, UNIT));
    for (int64_t i = 0; i < n / 2; i++) ck_assert_int_lt(tgi_pieces_take(&pieces, UNIT), n * UNIT);
    ck_assert_int_eq(pieces.top, n * UNIT);
    tgi_pieces_free(&pieces);
    pieces = (tgi_pieces){0};
    return seconds() - start;
}

START_TEST(many_cost_as_few)
{
    const double one = scattered(1 << 13), thirty_two = scattered(1 << 18);
    ck_assert_msg(thirty_two < 150 * one + 0.01, "%g s for 8192, %g s for 262144", one, thirty_two);
}
END_TEST

/* A piece that cannot be recorded is reported, and the earlier pieces are still there. */
START_TEST(without_memory)
{
    enum { N = 4 * TGI_SORTED };
    int64_t given = 0;
    for (int64_t i = 0; i < N; i++) (void)tgi_pieces_take(&pieces, UNIT);
    allowed = allocations;
    while (2 * given < N && tgi_pieces_give(&pieces, 2 * given * UNIT, UNIT)) given++;
    ck_assert_int_eq(given, TGI_SORTED);
    for (int64_t i = 0; i < given; i++) ck_assert_int_lt(tgi_pieces_take(&pieces, UNIT), N * UNIT);
    ck_assert_int_eq(tgi_pieces_take(&pieces, UNIT), N * UNIT);
    allowed = -1;
}
END_TEST

SUITE("plan_pieces", .with = {COUNTED}, .setup = begin, .teardown = finish, .timeout = 120,
      .tests = {
          {never_given_twice, 3},
          {many_cost_as_few},
          {without_memory},
      })
