/* test_search.c - searches: what they draw, rank, narrow and report. */
#include "tests/support/searches.h"

/* ---- what is drawn -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static tg_status no_score(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    (void)user, (void)err;
    ck_assert(isnan(results[0]) && isnan(results[1]) && isnan(trial->score) && !trial->results);
    return TG_OK;
}

enum { DRAWS = 4000 };

/* The chance of 1.95 / sqrt(n) being exceeded (Kolmogorov and Smirnov) is 1e-3; seeds are fixed. */
START_TEST(values_are_even_on_their_scale)
{
    tg_search_options o = options_of(no_score);
    o.seed = (uint64_t)_i;
    tg_search *s = tg_search_new(&o, NULL);
    ck_assert_int_eq(tg_search_random(s, DRAWS, NULL), TG_OK);
    double column[DRAWS];
    for (int j = 0; j < RANGES; j++) {
        const tg_range *r = &space[j];
        double apart = 0;
        for (int i = 0; i < DRAWS; i++) {
            tg_trial t;
            ck_assert_int_eq(tg_search_get(s, i, &t), TG_OK);
            column[i] = t.values[j];
            ck_assert(column[i] >= r->lo && column[i] <= r->hi);
            const tg_rng rng = tg_rng_make(o.seed, TG_SEARCH_STREAM + (uint64_t)i);
            const double u = tg_rng_unit(tg_rng_word(&rng, (uint64_t)j));
            ck_assert(t.values[j] == tg_range_value(r, u));
        }
        qsort(column, DRAWS, sizeof *column, by_value);
        for (int i = 0; i < DRAWS; i++) { /* the share of what is at most column[i], by formula */
            const double v = column[i];
            static const double below[] = {0.25, 0.25, 0.5, 0.75, 1}; /* choice 1 is left out */
            const double want =
                r->kind == TG_RANGE_LOG       ? log(v / r->lo) / log(r->hi / r->lo)
                : r->kind == TG_RANGE_LINEAR  ? (v - r->lo) / (r->hi - r->lo)
                : r->kind == TG_RANGE_INTEGER ? (v - r->lo + 1) / (r->hi - r->lo + 1)
                : r->kind == TG_RANGE_CHOICE
                    ? below[(int)v]
                    : log((v + 0.5) / (r->lo - 0.5)) / log((r->hi + 0.5) / (r->lo - 0.5));
            if (r->kind != TG_RANGE_LOG && r->kind != TG_RANGE_LINEAR)
                ck_assert(v == floor(v) && (r->kind != TG_RANGE_CHOICE || v != 1));
            if (i + 1 == DRAWS || column[i + 1] != v)
                apart = fmax(apart, fabs((i + 1.0) / DRAWS - want));
        }
        if (apart > 1.95 / sqrt(DRAWS)) ck_abort_msg("%s: %g apart", r->name, apart);
    }
    tg_search_free(s);
}
END_TEST

START_TEST(ends_of_ranges)
{
    const double nearly = 1 - 0x1p-53;
    for (int j = 0; j < RANGES; j++) {
        ck_assert(fabs(tg_range_value(&space[j], 0) / space[j].lo - 1) < 1e-14 || j == 4);
        ck_assert(fabs(tg_range_value(&space[j], nearly) / space[j].hi - 1) < 1e-14);
        ck_assert(tg_range_value(&space[j], -1) == tg_range_value(&space[j], 0));
        ck_assert(tg_range_value(&space[j], NAN) == tg_range_value(&space[j], 0));
        ck_assert(tg_range_value(&space[j], 2) == space[j].hi);
    }
    ck_assert(tg_range_value(&space[4], 0) == 0 && tg_range_value(&space[4], 0.25) == 2);
    const tg_range wide = {.name = "w", .lo = -1.7e308, .hi = 1.7e308};
    ck_assert(tg_range_value(&wide, 0.5) == 0);
}
END_TEST

/* ---- ranks ---------------------------------------------------------------------------------- */

static const double scores[] = {0.5, NAN, 0.9, -INFINITY, 0.5, 0.9, INFINITY, NAN, -2};
enum { SCORES = COUNT(scores) };

static tg_status scored(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    (void)user, (void)err;
    results[0] = scores[trial->number];
    return TG_OK;
}

START_TEST(ranks)
{
    static const int64_t orders[2][SCORES] = {{6, 2, 5, 0, 4, 8, 3, 1, 7},
                                              {3, 8, 0, 4, 2, 5, 6, 1, 7}};
    tg_search_options o = options_of(scored);
    o.minimize = _i;
    tg_search *s = tg_search_new(&o, NULL);
    tg_trial t;
    ck_assert_int_eq(tg_search_ranked(s, 0, &t), TG_EINDEX);
    ck_assert_int_eq(tg_search_random(s, SCORES, NULL), TG_OK);
    ck_assert_int_eq(tg_search_size(s), SCORES);
    for (int k = 0; k < SCORES; k++) {
        ck_assert_int_eq(tg_search_ranked(s, k, &t), TG_OK);
        ck_assert_int_eq(t.number, orders[_i][k]);
        ck_assert(memcmp(&t.score, &scores[t.number], sizeof t.score) == 0 || isnan(t.score));
        ck_assert(t.results[0] == t.score || isnan(t.score));
    }
    ck_assert_int_eq(tg_search_ranked(s, SCORES, &t), TG_EINDEX);
    ck_assert_int_eq(tg_search_ranked(s, -1, &t), TG_EINDEX);
    ck_assert_int_eq(tg_search_get(s, SCORES, &t), TG_EINDEX);
    ck_assert_int_eq(tg_search_get(NULL, 0, &t), TG_EARG);
    tg_search_free(s);
}
END_TEST

/* ---- the next round ------------------------------------------------------------------------- */

START_TEST(narrowing)
{
    tg_search_options o = options_of(smooth);
    tg_search *s = tg_search_new(&o, NULL);
    tg_range out[RANGES];
    ck_assert_int_eq(tg_search_random(s, TRIALS, NULL), TG_OK);
    const int64_t best = 1 + _i * 4;
    const double margin = _i * 0.1;
    ck_assert_int_eq(tg_search_narrow(s, best, margin, out, NULL), TG_OK);
    for (int j = 0; j < RANGES; j++) {
        const tg_range *r = &space[j];
        const bool by_log = r->kind == TG_RANGE_LOG || r->kind == TG_RANGE_LOG_INTEGER;
        double lo = INFINITY, hi = -INFINITY, width = by_log ? log(r->hi / r->lo) : r->hi - r->lo;
        uint64_t seen = 0;
        for (int64_t k = 0; k < best; k++) {
            tg_trial t;
            ck_assert_int_eq(tg_search_ranked(s, k, &t), TG_OK);
            const double v = by_log ? log(t.values[j]) : t.values[j];
            lo = fmin(lo, v - margin * width);
            hi = fmax(hi, v + margin * width);
            seen |= UINT64_C(1) << (r->kind == TG_RANGE_CHOICE ? (int)v : 0);
        }
        lo = fmax(by_log ? exp(lo) : lo, r->lo);
        hi = fmin(by_log ? exp(hi) : hi, r->hi);
        ck_assert_str_eq(out[j].name, r->name);
        if (r->kind == TG_RANGE_CHOICE) {
            ck_assert((out[j].without ^ 31) == seen && out[j].lo == 0 && out[j].hi == 4);
            continue;
        }
        const double apart = r->kind == TG_RANGE_LOG || r->kind == TG_RANGE_LINEAR ? 1e-12 : 1;
        ck_assert(out[j].lo >= r->lo && out[j].hi <= r->hi);
        if (apart == 1) ck_assert(out[j].lo == floor(out[j].lo) && out[j].hi == floor(out[j].hi));
        ck_assert(out[j].lo <= lo + 1e-12 * fabs(lo) && out[j].lo > lo - apart);
        ck_assert(out[j].hi >= hi - 1e-12 * fabs(hi) && out[j].hi < hi + apart);
    }
    o.ranges = out; /* they are good for a search */
    tg_search *next = tg_search_new(&o, NULL);
    ck_assert_int_eq(tg_search_random(next, TRIALS, NULL), TG_OK);
    tg_search_free(next);
    ck_assert_int_eq(tg_search_narrow(s, 0, 0, out, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_narrow(s, TRIALS + 1, 0, out, NULL), TG_EARG);
    ck_assert_int_eq(tg_search_narrow(s, 1, NAN, out, NULL), TG_EARG);
    tg_search_free(s);
}
END_TEST

/* ---- texts ---------------------------------------------------------------------------------- */

START_TEST(described)
{
    char text[200];
    const double values[] = {0.00123456, -0.25, 3, 64, 2};
    const tg_trial t = {.number = 23, .values = values, .score = 0.87};
    tg_search_options o = options_of(smooth);
    tg_search *s = tg_search_new(&o, NULL);
    const char *const want = "0.87 (trial 23: lr 0.00123, momentum -0.25, layers 3, hidden 64, "
                             "optimizer 2)";
    ck_assert_str_eq(tg_search_describe(s, &t, text, sizeof text), want);
    for (size_t n = 1; n < strlen(want); n++) { /* cut anywhere */
        ck_assert_uint_eq(strlen(tg_search_describe(s, &t, text, n)), n - 1);
        ck_assert_int_eq(strncmp(text, want, n - 1), 0);
    }
    ck_assert_str_eq(tg_search_describe(NULL, &t, text, sizeof text), "");
    tg_search_free(s);
}
END_TEST

SUITE("search", .timeout = 300,
      .tests = {
          {values_are_even_on_their_scale, 4, .first = 1},
          {ends_of_ranges},
          {ranks, 2},
          {narrowing, 3},
          {described},
      })
