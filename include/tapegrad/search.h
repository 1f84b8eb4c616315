/* search.h - hyperparameter search: random, by successive halving, and Bayesian.
 *
 *     const tg_range ranges[] = {{.name = "lr", .kind = TG_RANGE_LOG, .lo = 1e-6, .hi = 1e-2}};
 *     tg_search_options o = tg_search_defaults();
 *     o.ranges = ranges, o.n_ranges = 1, o.trial = train_and_validate;
 *     tg_search *s = tg_search_new(&o, &err);
 *     if (tg_search_random(s, 100, &err) == TG_OK) tg_search_ranked(s, 0, &best);
 *
 * The result of a search depends only on its options and on what the trials return. It does not
 * depend on the number of threads, nor on whether the search was interrupted and continued from its
 * journal. */
#ifndef TAPEGRAD_SEARCH_H
#define TAPEGRAD_SEARCH_H

#include "tapegrad/rng.h"
#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is searched ----------------------------------------------------------------------- */

typedef enum tg_range_kind {
    TG_RANGE_LINEAR,      /* [lo, hi] */
    TG_RANGE_LOG,         /* [lo, hi], 0 < lo, uniform in the logarithm */
    TG_RANGE_INTEGER,     /* lo, lo + 1, ..., hi, within -2^53 .. 2^53 */
    TG_RANGE_LOG_INTEGER, /* the same with 1 <= lo, about uniform in the logarithm */
    TG_RANGE_CHOICE       /* one of the unordered choices 0, 1, ..., hi; lo = 0, hi <= 63 */
} tg_range_kind;

typedef struct tg_range {
    const char *name; /* letters, digits, '_', '.', '-' */
    tg_range_kind kind;
    double lo, hi;    /* finite, lo <= hi */
    uint64_t without; /* for TG_RANGE_CHOICE: bit i is set if choice i is excluded */
} tg_range;

/* Maps u in [0, 1) to a value: 0 to lo and, in the limit, 1 to hi, uniformly on the range's
 * scale. */
double tg_range_value(const tg_range *range, double u);

/* ---- trials --------------------------------------------------------------------------------- */

typedef struct tg_trial {
    int64_t number;        /* from 0 */
    int rung;              /* of successive halving, from 0; otherwise 0 */
    int64_t budget;        /* how much to spend, in epochs, updates or whatever the trial counts */
    const double *values;  /* one for each range, in their order */
    const double *results; /* what the trial returned; NULL during the trial */
    double score;          /* results[0]; NaN, as after divergence, is the worst score */
} tg_trial;

/* Runs one trial and writes n_results numbers, the score first; they are NaN at first. Several
 * threads may call it at once, so it must create its own model and tape and must not write shared
 * data. Its random numbers must follow from trial->number, not from the order of calls. Returning
 * a failure ends the search; a bad score does not. */
typedef tg_status (*tg_trial_fn)(const tg_trial *trial, double *results, void *user, tg_error *err);

/* The progress of a search. */
typedef struct tg_search_progress {
    int64_t done, total; /* trials, including those from the journal, in all rungs of halving */
    tg_trial last, best;
} tg_search_progress;

typedef struct tg_search_options {
    uint32_t made; /* by tg_search_defaults(), see status.h */
    int n_ranges;
    const tg_range *ranges; /* copied, names included */
    tg_trial_fn trial;
    int n_results;  /* numbers that a trial returns, the score first; 1 */
    bool minimize;  /* true: the lowest score is best; false: the highest */
    int64_t budget; /* passed to the trials (in halving, to those of rung 0); 1 */
    uint64_t seed;  /* 1 */
    /* Trials that run at a time; 1. 0: tg_num_threads(). With more than 1, a search is usually
     * fastest after tg_set_num_threads(1). */
    int threads;
    const char *journal; /* file that stores finished trials; NULL: none */
    /* One line without ';' by which the journal distinguishes this search from others, for instance
     * by the data and the network; may be NULL. */
    const char *label;
    /* Called after each finished trial by the thread that ran it, one call at a time. Returning
     * false ends the search with TG_ESTOP after the trials that are still running. NULL: none. */
    bool (*callback)(void *user, const tg_search_progress *progress);
    void *user; /* for trial and callback */
} tg_search_options;

tg_search_options tg_search_defaults(void);

/* ---- a search ------------------------------------------------------------------------------- */

typedef struct tg_search tg_search;

/* TG_EARG naming the range or option at fault, TG_ENOMEM. The caller frees it. */
tg_search *tg_search_new(const tg_search_options *options, tg_error *err);
void tg_search_free(tg_search *s);

/* The search functions run those of the trials 0 .. trials-1 that are not finished yet. Repeating
 * a call after a failure or TG_ESTOP continues the search, and a call with more trials extends it.
 * A tg_search can be used with one search function only.
 * Errors: the first failure of a trial, "search: trial 3: ..."; TG_EARG; TG_ENOMEM. For the
 * journal: TG_EIO; TG_EFORMAT if a line before the last is damaged; TG_EARG if it belongs to
 * another search, in which case it is left unchanged.
 *
 * The journal is a text file: one line that identifies the search, one with column names, and one
 * for each finished trial (number, rung, budget, values, results, CRC-32 of the line), which is on
 * disk before the next trial begins. If the last line is incomplete, as after a kill, it is
 * dropped and its trial is run again. */

/* Random search (Bergstra and Bengio 2012). Value j of trial i is tg_range_value(range j, u), with
 * u from word j of the generator with this seed and stream TG_SEARCH_STREAM + i. */
#define TG_SEARCH_STREAM UINT64_C(0x7365617263680000)
tg_status tg_search_random(tg_search *s, int64_t trials, tg_error *err);

/* Successive halving (Jamieson and Talwalkar 2016; budgets as in Li et al. 2017). Rung 0 has the
 * trials of tg_search_random with options.budget. Each further rung repeats the best 1/eta of the
 * trials with eta times the budget, as long as a trial is left and the budget is at most `most`.
 * eta is 2..2^20; Li et al. use 3. */
tg_status tg_search_halving(tg_search *s, int64_t trials, int64_t eta, int64_t most, tg_error *err);

typedef enum tg_gp_kernel { TG_GP_MATERN52, TG_GP_RBF } tg_gp_kernel;

typedef struct tg_bayes_options {
    uint32_t made;       /* by tg_bayes_defaults(), see status.h */
    int64_t initial;     /* random trials at the start; 0, the default: 2 (n_ranges + 1) */
    int64_t batch;       /* trials chosen together, so that they can run in parallel; 1 */
    int candidates;      /* random points among which the next trial is chosen, 1024 */
    int fit_steps;       /* steps of Adam on the logarithms of the kernel's parameters, 60 */
    tg_gp_kernel kernel; /* TG_GP_MATERN52; it has one length scale for each range */
} tg_bayes_options;

tg_bayes_options tg_bayes_defaults(void);

/* Bayesian optimisation (Jones et al. 1998, Snoek et al. 2012). The next trial is made where a
 * Gaussian process, given the scores so far, expects the largest improvement. Its kernel's
 * parameters maximise the marginal likelihood times a weak prior. Within a batch, trials that have
 * not run yet count as if they had the mean of the scores (the "constant liar" of Ginsbourger et
 * al. 2010). options NULL: the defaults. Choosing trial n takes time O(n^3). */
tg_status tg_search_bayes(tg_search *s, int64_t trials, const tg_bayes_options *options,
                          tg_error *err);

/* ---- its results ---------------------------------------------------------------------------- */

/* Finished trials; 0 for NULL. */
int64_t tg_search_size(const tg_search *s);

/* get finds the trial with that number in the highest rung it reached. ranked finds the trial at
 * that place, 0 .. size-1, in the order by rung, score and number, the best first.  *trial borrows
 * from s until the next search or free. TG_EINDEX if there is none, TG_EARG for NULL. */
tg_status tg_search_get(const tg_search *s, int64_t number, tg_trial *trial);
tg_status tg_search_ranked(const tg_search *s, int64_t place, tg_trial *trial);

/* Narrows the ranges for the next round, as "Deep Learning from Scratch" does. out[j] (n_ranges of
 * them) spans the values of the `best` >= 1 best trials. It is widened on either side by `margin`
 * times the old range, on that range's scale, and cut at its ends; 0 <= margin <= 1. Choices that
 * none of the best trials has are excluded. Names are borrowed from s. TG_EARG, also if fewer
 * than `best` trials are finished; out is then unchanged. */
tg_status tg_search_narrow(const tg_search *s, int64_t best, double margin, tg_range *out,
                           tg_error *err);

/* Writes "0.87 (trial 23: lr 0.00923, weight_decay 3.31e-06)" to text, cut to size; returns
 * text. */
char *tg_search_describe(const tg_search *s, const tg_trial *trial, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
