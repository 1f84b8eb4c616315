/* search.h - the search for good hyperparameters: random, by successive halving, and Bayesian.
 *
 *     const tg_range ranges[] = {{.name = "lr", .kind = TG_RANGE_LOG, .lo = 1e-6, .hi = 1e-2}};
 *     tg_search_options o = tg_search_defaults();
 *     o.ranges = ranges, o.n_ranges = 1, o.trial = train_and_validate;
 *     tg_search *s = tg_search_new(&o, &err);
 *     if (tg_search_random(s, 100, &err) == TG_OK) tg_search_ranked(s, 0, &best);
 *
 * A search depends on its options and on what the trials return, and on nothing else: not on the
 * number of threads, nor on when it was interrupted and continued from its journal. */
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
    TG_RANGE_LOG,         /* [lo, hi], 0 < lo, even in the logarithm */
    TG_RANGE_INTEGER,     /* lo, lo + 1, ..., hi, within -2^53 .. 2^53 */
    TG_RANGE_LOG_INTEGER, /* the same with 1 <= lo, about even in the logarithm */
    TG_RANGE_CHOICE       /* one of 0, 1, ..., hi without an order; lo 0, hi <= 63 */
} tg_range_kind;

typedef struct tg_range {
    const char *name; /* letters, digits, '_', '.', '-' */
    tg_range_kind kind;
    double lo, hi;    /* finite, lo <= hi */
    uint64_t without; /* of a choice: bit i is set where i is left out; 0: none */
} tg_range;

/* The value at u in [0, 1): lo at 0 and, in the limit, hi at 1, even on the scale of the range. */
double tg_range_value(const tg_range *range, double u);

/* ---- trials --------------------------------------------------------------------------------- */

typedef struct tg_trial {
    int64_t number;        /* from 0 */
    int rung;              /* of successive halving, from 0; else 0 */
    int64_t budget;        /* how much to spend: epochs, updates, whatever the trial counts */
    const double *values;  /* one for each range, in their order */
    const double *results; /* what the trial returned; NULL within the trial itself */
    double score;          /* results[0]; NaN, where it diverged, counts as worst */
} tg_trial;

/* One trial: writes n_results numbers, the score first (they are NaN at the call).  It is called
 * from several threads at once, makes what it needs (model, tape) itself, takes its random numbers
 * from trial->number, not from the order of the calls, and reads shared data only.  A failure
 * other than a bad score ends the search. */
typedef tg_status (*tg_trial_fn)(const tg_trial *trial, double *results, void *user, tg_error *err);

/* How far a search has come. */
typedef struct tg_search_progress {
    int64_t done, total; /* trials, those from the journal included; of halving in all rungs */
    tg_trial last, best;
} tg_search_progress;

typedef struct tg_search_options {
    uint32_t made; /* by tg_search_defaults(), see status.h */
    int n_ranges;
    const tg_range *ranges; /* copied, names included */
    tg_trial_fn trial;
    int n_results;  /* numbers that a trial returns, the score first; 1 */
    bool minimize;  /* the lowest score is best; false: the highest */
    int64_t budget; /* handed to the trials; of halving in rung 0; 1 */
    uint64_t seed;  /* 1 */
    int threads;    /* trials at a time; 1; 0: as tg_num_threads().  Above 1 mostly fastest with
                     * tg_set_num_threads(1) */
    const char *journal; /* file that keeps what is finished; NULL: none */
    const char *label;   /* NULL, or one line without ';' that tells this search from others in the
                            journal: the data, the network */
    /* After each finished trial, from the thread that ran it, one call at a time; false ends the
     * search with TG_ESTOP once the trials under way have ended.  NULL: none. */
    bool (*callback)(void *user, const tg_search_progress *progress);
    void *user; /* for trial and callback */
} tg_search_options;

tg_search_options tg_search_defaults(void);

/* ---- a search ------------------------------------------------------------------------------- */

typedef struct tg_search tg_search;

/* TG_EARG naming the range or option at fault, TG_ENOMEM.  The caller frees it. */
tg_search *tg_search_new(const tg_search_options *options, tg_error *err);
void tg_search_free(tg_search *s);

/* The searches.  Each runs the trials 0 .. trials-1 that are not finished yet: after a failure or
 * TG_ESTOP the same call goes on, and one with more trials adds to them.  One tg_search serves one
 * of them only.
 * The first failure of a trial, "search: trial 3: ..."; TG_EARG; TG_ENOMEM; and for the journal
 * TG_EIO, TG_EFORMAT (a damaged line before the last) and TG_EARG (the journal of another search, which is left as
 * it is).
 *
 * The journal is text: a line that tells the search, one of column names, and one for each finished
 * trial (number, rung, budget, values, results, CRC-32 of the line), which is on the disk before
 * the next begins.  A last line that is not whole, as after a kill, is dropped, and its trial is run
 * again. */

/* Trial i has value j = tg_range_value(range j, u), u from word j of the generator of seed and
 * stream TG_SEARCH_STREAM + i (Bergstra and Bengio 2012). */
#define TG_SEARCH_STREAM UINT64_C(0x7365617263680000)
tg_status tg_search_random(tg_search *s, int64_t trials, tg_error *err);

/* Successive halving (Jamieson and Talwalkar 2016; budgets as in Li et al. 2017): the trials of
 * tg_search_random with options.budget; then the best trials / eta of them with eta times that,
 * and so on, while one is left and the budget is at most `most`.  eta 2..2^20, 3 in Li et al. */
tg_status tg_search_halving(tg_search *s, int64_t trials, int64_t eta, int64_t most, tg_error *err);

typedef enum tg_gp_kernel { TG_GP_MATERN52, TG_GP_RBF } tg_gp_kernel;

typedef struct tg_bayes_options {
    uint32_t made;       /* by tg_bayes_defaults(), see status.h */
    int64_t initial;     /* random trials at the start; 0, the default: 2 (n_ranges + 1) */
    int64_t batch;       /* trials chosen at a time, so that they can run at a time; 1 */
    int candidates;      /* random points among which the next is looked for, 1024 */
    int fit_steps;       /* of Adam on the logarithms of the kernel's parameters, 60 */
    tg_gp_kernel kernel; /* TG_GP_MATERN52, one length scale for each range */
} tg_bayes_options;

tg_bayes_options tg_bayes_defaults(void);

/* Bayesian optimisation (Jones et al. 1998, Snoek et al. 2012): the next trial is where a Gaussian
 * process, given the scores so far, expects the largest improvement.  Its kernel's parameters
 * maximise the marginal likelihood times a weak prior.  Within a batch the trials not yet run
 * count as if they had the mean of the scores (a constant liar, Ginsbourger et al. 2010).
 * options NULL: the defaults.  O(n^3) for trial n. */
tg_status tg_search_bayes(tg_search *s, int64_t trials, const tg_bayes_options *options,
                          tg_error *err);

/* ---- its results ---------------------------------------------------------------------------- */

/* Finished trials; 0 for NULL. */
int64_t tg_search_size(const tg_search *s);

/* The trial of that number in the highest rung it reached; and the one at that place from the best
 * on, 0 .. size-1: by rung, score and number.  *trial borrows from s until the next search or
 * free.  TG_EINDEX where there is none, TG_EARG for NULL. */
tg_status tg_search_get(const tg_search *s, int64_t number, tg_trial *trial);
tg_status tg_search_ranked(const tg_search *s, int64_t place, tg_trial *trial);

/* The ranges for the next round, as the book has it: out[j] (n_ranges of them) reaches from the
 * least to the largest value among the `best` first in rank, widened on either side by `margin`
 * times the old range, on its scale, and cut at its ends.  Choices that none of the best has are
 * left out.  0 <= margin <= 1.  Names are borrowed from s.  TG_EARG, also where fewer than
 * 1 <= best trials are finished; out is then as it was. */
tg_status tg_search_narrow(const tg_search *s, int64_t best, double margin, tg_range *out,
                           tg_error *err);

/* "0.87 (trial 23: lr 0.00923, weight_decay 3.31e-06)" into text, cut to size; returns text. */
char *tg_search_describe(const tg_search *s, const tg_trial *trial, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
