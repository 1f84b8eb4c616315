/* test_schedule.c - learning-rate schedules against their formulas and known values. */
#include "tapegrad/schedule.h"

#include <math.h>

#include "tests/support/close.h"

static const struct {
    tg_schedule s;
    int64_t i;
    double want;
} rows[] = {
    {{TG_SCHEDULE_CONSTANT, 0, 0, 0}, 0, 1},
    {{TG_SCHEDULE_CONSTANT, 0, 0, 0}, 1000000, 1},
    {{TG_SCHEDULE_CONSTANT, 0, 0, 4}, 0, 0.25},
    {{TG_SCHEDULE_CONSTANT, 0, 0, 4}, 3, 1},
    {{TG_SCHEDULE_CONSTANT, 0, 0, 4}, 4, 1},
    {{TG_SCHEDULE_STEP, 0.5, 10, 0}, 0, 1},
    {{TG_SCHEDULE_STEP, 0.5, 10, 0}, 9, 1},
    {{TG_SCHEDULE_STEP, 0.5, 10, 0}, 10, 0.5},
    {{TG_SCHEDULE_STEP, 0.5, 10, 0}, 39, 0.125},
    {{TG_SCHEDULE_STEP, 0.5, 10, 5}, 14, 1},
    {{TG_SCHEDULE_STEP, 0.5, 10, 5}, 15, 0.5},
    {{TG_SCHEDULE_EXPONENTIAL, 0.25, 10, 0}, 0, 1},
    {{TG_SCHEDULE_EXPONENTIAL, 0.25, 10, 0}, 5, 0.5},
    {{TG_SCHEDULE_EXPONENTIAL, 0.25, 10, 0}, 20, 0.0625},
    {{TG_SCHEDULE_EXPONENTIAL, 0.99, 1, 0}, 2, 0.9801},
    {{TG_SCHEDULE_INVERSE, 0.5, 0, 0}, 0, 1},
    {{TG_SCHEDULE_INVERSE, 0.5, 0, 0}, 2, 0.5},
    {{TG_SCHEDULE_INVERSE, 0.5, 0, 2}, 8, 0.25},
    {{TG_SCHEDULE_COSINE, 0, 100, 0}, 0, 1},
    {{TG_SCHEDULE_COSINE, 0, 90, 0}, 30, 0.75}, /* (1 + cos 60 degrees) / 2 */
    {{TG_SCHEDULE_COSINE, 0, 100, 0}, 50, 0.5},
    {{TG_SCHEDULE_COSINE, 0, 90, 0}, 60, 0.25},
    {{TG_SCHEDULE_COSINE, 0, 100, 0}, 100, 0},
    {{TG_SCHEDULE_COSINE, 0.1, 100, 0}, 50, 0.55},
    {{TG_SCHEDULE_COSINE, 0.1, 100, 10}, 110, 0.1},
    {{TG_SCHEDULE_COSINE, 0.1, 100, 10}, 100000, 0.1},
    {{TG_SCHEDULE_COSINE, 0.1, 100, 10}, 4, 0.5},
    {{TG_SCHEDULE_STEP, 0.5, 0, 0}, 1, NAN},
    {{TG_SCHEDULE_COSINE, 0.5, -1, 0}, 1, NAN},
    {{(tg_schedule_kind)77, 0.5, 1, 0}, 1, NAN},
};

START_TEST(factors_are_as_by_hand)
{
    const double got = tg_schedule_factor(rows[_i].s, rows[_i].i);
    if (isnan(rows[_i].want))
        ck_assert_msg(isnan(got), "row %d: %g", _i, got);
    else
        ck_assert_msg(fabs(got - rows[_i].want) <= 1e-15, "row %d: %.17g", _i, got);
}
END_TEST

START_TEST(makers_fill_in_the_fields)
{
    const tg_schedule made[] = {tg_schedule_step(0.5, 10), tg_schedule_exponential(0.25, 10),
                                tg_schedule_inverse(0.5), tg_schedule_cosine(0.1, 100)};
    const int like[] = {5, 11, 15, 23};
    for (int k = 0; k < COUNT(like); k++) {
        ck_assert_int_eq(made[k].kind, rows[like[k]].s.kind);
        ck_assert_double_eq(made[k].rate, rows[like[k]].s.rate);
        ck_assert_int_eq(made[k].length, rows[like[k]].s.length);
        ck_assert_int_eq(made[k].warmup, 0);
    }
}
END_TEST

SUITE("schedule", .tests = {
                      {factors_are_as_by_hand, COUNT(rows)},
                      {makers_fill_in_the_fields},
                  })
