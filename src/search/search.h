/* search.h - what a search is inside (internal). */
#ifndef TAPEGRAD_SRC_SEARCH_H
#define TAPEGRAD_SRC_SEARCH_H

#include <stdio.h>

#include "tapegrad/search.h"

typedef struct tgi_journal tgi_journal;

/* Values belong to a trial; results and the mark that they are there to a trial in a rung.  The
 * arrays stay where they are while trials run. */
struct tg_search {
    tg_search_options o; /* with ranges and texts of its own */
    tg_range *ranges;
    const char *method; /* NULL before the first search */
    char *details;      /* of the method, for the journal */
    int64_t trials;     /* planned, and room for them */
    int rungs;
    int64_t *budgets;           /* (rungs) */
    double *values;             /* (trials, n_ranges) */
    double *results;            /* (rungs, trials, n_results) */
    unsigned char *done;        /* (rungs, trials) */
    int64_t evaluations, total; /* done, and planned, in all rungs */
    int64_t best_number;        /* -1 before the first */
    int best_rung;
    int64_t *order, size; /* trials by rank, (size) of them */
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

/* The highest rung in which the trial is finished; -1 for none. */
int tgi_search_rung(const tg_search *s, int64_t number);

/* Whether score a of trial i goes before score b of trial j. */
bool tgi_search_before(const tg_search *s, double a, int64_t i, double b, int64_t j);

tg_trial tgi_search_trial(const tg_search *s, int rung, int64_t number);

#define TGI_TRIALS_MAX (INT64_C(1) << 31)

/* Room for a method's plan, and what the journal knows of it.  budgets: (rungs), in a plan of
 * several rungs always the same.  details: what tells this plan from others of the method. */
tg_status tgi_search_begin(tg_search *s, const char *method, const char *details, int64_t trials,
                           int rungs, const int64_t *budgets, int64_t total, tg_error *err);

/* Runs those of n trials that are not finished in the rung, in parallel.  numbers NULL: first,
 * first + 1, ... */
tg_status tgi_search_run(tg_search *s, int rung, int64_t first, int64_t n, const int64_t *numbers,
                         tg_error *err);

/* Marks a cell as finished and looks whether it is the best. */
void tgi_search_finish(tg_search *s, int rung, int64_t number);

/* Closes the journal and ranks; passes a status on. */
tg_status tgi_search_end(tg_search *s, tg_status status, tg_error *err);

/* Values of the trials first .. first+n-1 as tg_search_random draws them. */
void tgi_search_draw(tg_search *s, int64_t first, int64_t n);

/* ---- one range ------------------------------------------------------------------------------ */

tg_status tgi_range_check(const tg_range *range, tg_error *err);
bool tgi_range_holds(const tg_range *range, double value);

/* The inverse of tg_range_value, the middle of what becomes the same value: (0, 1). */
double tgi_range_place(const tg_range *range, double value);

const char *tgi_range_kind_name(tg_range_kind kind);

/* ---- the journal ---------------------------------------------------------------------------- */

/* Opens s->o.journal, makes it or reads what it knows into s. */
tg_status tgi_journal_open(tg_search *s, tg_error *err);
tg_status tgi_journal_add(tg_search *s, int rung, int64_t number, tg_error *err);
void tgi_journal_close(tg_search *s);

#endif
