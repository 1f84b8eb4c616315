/* test_scaling.c - ten times as many operations cost about ten times as much: time and memory of
 * the tape, the sweep, plans and their runs. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/long_graphs.h"
#include "tests/support/suite.h"

/* The least cost of several tries, because other programs can only add to it. */
static long_costs measured(const struct long_shape *s, int n)
{
    long_costs best = long_graph_costs(s, n);
    for (int try = 0; try < 2 && best.done; try++) {
        const long_costs c = long_graph_costs(s, n);
        for (int i = 0; i < COST_TIMES; i++)
            if (c.time[i] < best.time[i]) best.time[i] = c.time[i];
    }
    ck_assert_msg(best.done, "%s of %d operations: %s", s->name, n, best.text);
    return best;
}

/* A stage that compares every pair of operations would take a hundred times as long. Thirty leaves
 * room for caches that the graph no longer fits. */
START_TEST(time_is_linear)
{
    static const char *stage[] = {"recording", "sweep", "tg_compile", "tg_plan_run"};
    const struct long_shape *s = &long_shapes[_i];
    const int n = getenv("TG_TEST_QUICK") ? 500 : 3000;
    const long_costs one = measured(s, n), ten = measured(s, 10 * n);
    const double most = 30 * ten.operations / one.operations / 10;
    for (int i = 0; i < COST_TIMES; i++)
        ck_assert_msg(ten.time[i] <= most * one.time[i] + 0.002,
                      "%s, %s: %g s for %g operations, %g s for %g", s->name, stage[i], one.time[i],
                      one.operations, ten.time[i], ten.operations);
}
END_TEST

/* Blocks are taken from the allocator by doubling, so bytes per operation vary by two. */
START_TEST(memory_is_linear)
{
    const struct long_shape *s = &long_shapes[_i];
    for (int n = 3000; n <= 30000; n *= 10) {
        const long_costs c = long_graph_costs(s, n);
        ck_assert_msg(c.done, "%s", c.text);
        ck_assert_msg(c.tape < 700 * c.operations, "%s: tape of %g bytes for %g", s->name, c.tape,
                      c.operations);
        ck_assert_msg(c.plan < 400 * c.operations, "%s: plan of %g bytes for %g", s->name, c.plan,
                      c.operations);
    }
}
END_TEST

SUITE("scaling", .timeout = 120,
      .tests = {
          {time_is_linear, LONG_SHAPES},
          {memory_is_linear, LONG_SHAPES},
      })
