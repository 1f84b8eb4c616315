/* searches.h - what the tests of searches share: a space with a range of each kind, trials, and the
 * outcome of a search as text. */
#ifndef TESTS_SEARCHES_H
#define TESTS_SEARCHES_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tapegrad/search.h"
#include "tests/support/suite.h"

static const tg_range space[] = {
    {.name = "lr", .kind = TG_RANGE_LOG, .lo = 1e-6, .hi = 1e-2},
    {.name = "momentum", .kind = TG_RANGE_LINEAR, .lo = -0.5, .hi = 1},
    {.name = "layers", .kind = TG_RANGE_INTEGER, .lo = 1, .hi = 6},
    {.name = "hidden", .kind = TG_RANGE_LOG_INTEGER, .lo = 8, .hi = 512},
    {.name = "optimizer", .kind = TG_RANGE_CHOICE, .hi = 4, .without = 1 << 1},
};
enum { RANGES = 5 };

/* A smooth score with its best inside the space, and the sum of the values. Sometimes it waits, so
 * that trials end in another order than they begin. */
static inline tg_status smooth(const tg_trial *trial, double *results, void *user, tg_error *err)
{
    (void)user, (void)err;
    const double *v = trial->values;
    if (trial->number % 3 == 0) (void)nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    const double a = log10(v[0]) + 3, b = v[1] - 0.5, c = log2(v[3] / 64) / 3;
    results[0] = -a * a - b * b - c * c + (v[4] == 2) - 1.0 / (double)trial->budget;
    results[1] = v[0] + v[1] + v[2] + v[3] + v[4];
    if (trial->number % 11 == 5) results[0] = NAN;
    return TG_OK;
}

static inline tg_search_options options_of(tg_trial_fn trial)
{
    tg_search_options o = tg_search_defaults();
    o.ranges = space;
    o.n_ranges = RANGES;
    o.trial = trial;
    o.n_results = 2;
    return o;
}

/* The searches must be equal in everything that matters. */
enum { RANDOM, HALVING, BAYES, BATCHES, METHODS };
enum { TRIALS = 40, BAYES_TRIALS = 17 };

static inline tg_status run_method(tg_search *s, int method, tg_error *err)
{
    tg_bayes_options o = tg_bayes_defaults();
    o.initial = 5;
    o.batch = method == BATCHES ? 4 : 1;
    o.candidates = 64;
    o.fit_steps = 10;
    return method == RANDOM    ? tg_search_random(s, TRIALS, err)
           : method == HALVING ? tg_search_halving(s, TRIALS, 3, 9, err)
                               : tg_search_bayes(s, BAYES_TRIALS, &o, err);
}

/* All finished trials by rank, to the last bit; the caller frees it. */
static inline char *outcome(const tg_search *s)
{
    char *text = calloc(1, 1 << 16);
    size_t used = 0;
    tg_trial t;
    for (int64_t i = 0; tg_search_ranked(s, i, &t) == TG_OK; i++) {
        used += (size_t)snprintf(text + used, 64, "%lld %d %lld", (long long)t.number, t.rung,
                                 (long long)t.budget);
        for (int j = 0; j < RANGES; j++)
            used += (size_t)snprintf(text + used, 32, " %a", t.values[j]);
        used += (size_t)snprintf(text + used, 64, " %a %a\n", t.results[0], t.results[1]);
    }
    return text;
}

#endif
