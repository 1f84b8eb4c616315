/* search.h - what a search consists of (internal). */
#ifndef TAPEGRAD_SRC_SEARCH_H
#define TAPEGRAD_SRC_SEARCH_H

#include <stdio.h>

#include "tapegrad/search.h"

typedef struct tgi_journal tgi_journal;

/* A trial has values. A trial in a rung, a cell, has results and a mark that it is finished. The
 * arrays do not move while trials run. */
struct tg_search {
    tg_search_options o; /* with copies of ranges and texts */
    tg_range *ranges;
    const char *method; /* NULL before the first search */
    char *details;      /* of the method, for the journal */
    int64_t trials;     /* that there is room for */
    int rungs;
    int64_t *budgets;           /* (rungs) */
    double *values;             /* (trials, n_ranges) */
    double *results;            /* (rungs, trials, n_results) */
    unsigned char *done;        /* (rungs, trials) */
    int64_t evaluations, total; /* cells that are finished, and that are planned */
    int64_t best_number;        /* -1 before the first result */
    int best_rung;
    int64_t *order, size; /* the numbers of the finished trials by rank, and how many they are */
    tgi_journal *journal; /* open during a search */
};

static inline double *tgi_values(const tg_search *s, int64_t number)
{
    return s->values + number * s->o.n_ranges;
}

static inline int64_t tgi_cell(const tg_search *s, int rung, int64_t number)
{
    return rung * s->trials + number;
}

static inline double *tgi_results(const tg_search *s, int rung, int64_t number)
{
    return s->results + tgi_cell(s, rung, number) * s->o.n_results;
}

/* The highest rung in which the trial is finished; -1 if there is none. */
int tgi_search_rung(const tg_search *s, int64_t number);

/* Whether score a of trial i ranks before score b of trial j. */
bool tgi_search_before(const tg_search *s, double a, int64_t i, double b, int64_t j);

tg_trial tgi_search_trial(const tg_search *s, int rung, int64_t number);

#define TGI_TRIALS_MAX (INT64_C(1) << 31)

/* Begins or continues a search: makes room for its trials and reads the journal. budgets: one for
 * each rung; with several rungs they must not change. details: what distinguishes this search from
 * others by the same method. */
tg_status tgi_search_begin(tg_search *s, const char *method, const char *details, int64_t trials,
                           int rungs, const int64_t *budgets, int64_t total, tg_error *err);

/* Runs those of n trials that are not finished in the rung, in parallel. Their numbers are those
 * in numbers, or first, first + 1, ... if numbers is NULL. */
tg_status tgi_search_run(tg_search *s, int rung, int64_t first, int64_t n, const int64_t *numbers,
                         tg_error *err);

/* Marks a cell as finished and updates the best trial. */
void tgi_search_finish(tg_search *s, int rung, int64_t number);

/* Closes the journal and ranks the trials. Returns status, or TG_ENOMEM. */
tg_status tgi_search_end(tg_search *s, tg_status status, tg_error *err);

/* Draws the values of trials first .. first+n-1, as in tg_search_random. */
void tgi_search_draw(tg_search *s, int64_t first, int64_t n);

/* ---- one range ------------------------------------------------------------------------------ */

tg_status tgi_range_check(const tg_range *range, tg_error *err);
bool tgi_range_holds(const tg_range *range, double value);

/* The inverse of tg_range_value: the middle of the interval in (0, 1) that has this value. */
double tgi_range_place(const tg_range *range, double value);

const char *tgi_range_kind_name(tg_range_kind kind);

/* ---- the journal ---------------------------------------------------------------------------- */

/* Opens s->o.journal, which it creates or reads into s. */
tg_status tgi_journal_open(tg_search *s, tg_error *err);
tg_status tgi_journal_add(tg_search *s, int rung, int64_t number, tg_error *err);
void tgi_journal_close(tg_search *s);

#endif
