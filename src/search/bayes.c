/* bayes.c - Bayesian optimisation: the next trial is where the expected improvement over the best
 * score so far is largest. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "src/options.h"
#include "src/search/gp.h"
#include "src/search/search.h"
#include "tapegrad/alloc.h"

/* The stream of the seed that draws the candidates of trial i is this one + i. */
#define CANDIDATE_STREAM (TG_SEARCH_STREAM + (UINT64_C(1) << 40))

enum {
    NEAR_SHARE = 8,   /* every eighth candidate is near the best trial */
    ROUNDS = 6,       /* of refinement, each half as wide as the one before */
    ROUND_POINTS = 64 /* candidates in each round */
};
/* Near a point: the standard deviation of coordinates, and the probability of another choice. */
static const double NEAR = 0.1, MOVED_CHOICE = 0.2;

tg_bayes_options tg_bayes_defaults(void)
{
    return (tg_bayes_options){
        .made = TGI_MADE_BAYES, .batch = 1, .candidates = 1024, .fit_steps = 60};
}

/* ---- candidates: points of the unit cube ---------------------------------------------------- */

/* The search for the candidate with the largest expected improvement. */
typedef struct acquisition {
    const tg_search *s;
    tgi_gp *gp;
    tg_rng rng;
    double best_y;      /* the best score so far, standardised */
    int64_t room;       /* candidates at a time */
    double *x;          /* (room, dims) */
    double *mean, *std; /* (room) */
    double *top;        /* (dims), the best candidate so far */
    double top_ei, top_std;
} acquisition;

/* The middle of all positions with the same value. */
static double snap(const tg_range *r, double u)
{
    if (r->kind == TG_RANGE_LINEAR || r->kind == TG_RANGE_LOG) return u;
    return tgi_range_place(r, tg_range_value(r, u));
}

static void draw_anywhere(acquisition *h, double *x)
{
    for (int j = 0; j < h->gp->dims; j++)
        x[j] = snap(&h->s->ranges[j], tg_rng_next_uniform(&h->rng, 0, 1));
}

static void draw_near(acquisition *h, double *x, const double *centre, double width)
{
    for (int j = 0; j < h->gp->dims; j++) {
        const double step = tg_rng_next_normal(&h->rng, 0, width),
                     other = tg_rng_next_uniform(&h->rng, 0, 1),
                     chance = tg_rng_next_uniform(&h->rng, 0, 1);
        double u = centre[j] + step;
        if (h->gp->choice[j]) u = chance < MOVED_CHOICE ? other : centre[j];
        x[j] = snap(&h->s->ranges[j], u > 0 ? u < 1 ? u : 1 : 0);
    }
}

/* Evaluates the first m candidates. If no improvement is expected anywhere, the most uncertain one
 * is the best. */
static tg_status evaluate(acquisition *h, int64_t m, tg_error *err)
{
    const size_t dims = (size_t)h->gp->dims;
    const tg_status status = tgi_gp_predict(h->gp, m, h->x, h->mean, h->std, err);
    for (int64_t i = 0; i < m && !status; i++) {
        const double ei = tgi_expected_improvement(h->mean[i], h->std[i], h->best_y);
        if (ei < h->top_ei || (ei == h->top_ei && h->std[i] <= h->top_std)) continue;
        h->top_ei = ei;
        h->top_std = h->std[i];
        memcpy(h->top, h->x + (size_t)i * dims, dims * sizeof *h->x);
    }
    return status;
}

/* Searches for the best candidate. best_x: the position of the best trial. */
static tg_status search_top(acquisition *h, const double *best_x, tg_error *err)
{
    for (int64_t i = 0; i < h->room; i++)
        if (i % NEAR_SHARE == 0)
            draw_near(h, h->x + i * h->gp->dims, best_x, NEAR);
        else
            draw_anywhere(h, h->x + i * h->gp->dims);
    tg_status status = evaluate(h, h->room, err);
    double width = NEAR / 2;
    const int64_t m = h->room < ROUND_POINTS ? h->room : ROUND_POINTS;
    for (int k = 0; k < ROUNDS && !status; k++, width /= 2) {
        for (int64_t i = 0; i < m; i++) draw_near(h, h->x + i * h->gp->dims, h->top, width);
        status = evaluate(h, m, err);
    }
    return status;
}

/* ---- choosing a trial ----------------------------------------------------------------------- */

/* Memory for choosing trials. */
typedef struct workspace {
    tg_search *s;
    const tg_bayes_options *o;
    bool *choice;    /* (dims) */
    double *x;       /* (trials, dims), the positions of the trials */
    double *scores;  /* (trials), the higher the better */
    double *places;  /* (candidates, dims) */
    double *moments; /* (2, candidates) */
    double *top;     /* (dims) */
    tgi_gp gp;       /* of the previous choice; its parameters are used for a whole batch */
} workspace;

/* Fills in x and scores of trials 0 .. n-1, of which those from `group` on have not run yet.
 * Returns the number of the best trial. */
static int64_t look_back(workspace *y, int64_t group, int64_t n)
{
    const tg_search *s = y->s;
    const int dims = s->o.n_ranges;
    double best = -INFINITY, mean = 0;
    int64_t at = 0, finite = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < dims; j++)
            y->x[i * dims + j] = tgi_range_place(&s->ranges[j], tgi_values(s, i)[j]);
        const double score = i < group ? *tgi_results(s, 0, i) : NAN;
        y->scores[i] = s->o.minimize ? -score : score;
        if (!isfinite(y->scores[i])) continue;
        mean += (y->scores[i] - mean) / (double)++finite;
        if (y->scores[i] > best) {
            best = y->scores[i];
            at = i;
        }
    }
    for (int64_t i = group; i < n; i++) y->scores[i] = mean; /* the constant liar */
    return at;
}

/* Chooses the values of trial `number`, when the scores of the trials before `group` are known. */
static tg_status choose(workspace *y, int64_t group, int64_t number, tg_error *err)
{
    tg_search *s = y->s;
    const int dims = s->o.n_ranges;
    const int64_t best = look_back(y, group, number);
    tgi_gp gp;
    tg_status status =
        tgi_gp_init(&gp, y->o->kernel, dims, y->choice, number, y->x, y->scores, err);
    if (!status)
        status = number == group ? tgi_gp_fit(&gp, y->o->fit_steps, err)
                                 : tg_dict_copy(gp.params, y->gp.params, err);
    tgi_gp_free(&y->gp);
    y->gp = gp;
    if (status) return status;
    acquisition h = {.s = s,
                     .gp = &y->gp,
                     .rng = tg_rng_make(s->o.seed, CANDIDATE_STREAM + (uint64_t)number),
                     .best_y = -INFINITY,
                     .room = y->o->candidates,
                     .x = y->places,
                     .mean = y->moments,
                     .std = y->moments + y->o->candidates,
                     .top = y->top,
                     .top_ei = -1};
    for (int64_t i = 0; i < number; i++)
        if (tg_tensor_get(gp.y, i) > h.best_y) h.best_y = tg_tensor_get(gp.y, i);
    status = search_top(&h, y->x + best * dims, err);
    for (int j = 0; j < dims && !status && !s->done[number]; j++)
        tgi_values(s, number)[j] = tg_range_value(&s->ranges[j], y->top[j]);
    return status;
}

/* ---- the search ----------------------------------------------------------------------------- */

static bool finished(const tg_search *s, int64_t first, int64_t n)
{
    for (int64_t i = first; i < first + n; i++)
        if (!s->done[i]) return false;
    return true;
}

static tg_status run_batches(workspace *y, int64_t initial, int64_t trials, tg_error *err)
{
    tg_search *s = y->s;
    const int64_t batch = y->o->batch;
    tg_status status = TG_OK;
    for (int64_t g = initial; g < trials && !status; g += batch) {
        const int64_t n = batch < trials - g ? batch : trials - g;
        if (finished(s, g, n)) continue;
        for (int64_t i = g; i < g + n && !status; i++) status = choose(y, g, i, err);
        if (!status) status = tgi_search_run(s, 0, g, n, NULL, err);
    }
    return status;
}

static tg_status run(tg_search *s, int64_t trials, const tg_bayes_options *o, tg_error *err)
{
    const int64_t initial = o->initial < trials ? o->initial : trials;
    const size_t dims = (size_t)s->o.n_ranges, n = (size_t)trials, m = (size_t)o->candidates;
    const bool fits = n < SIZE_MAX / dims && m < SIZE_MAX / dims;
    workspace y = {.s = s,
                   .o = o,
                   .choice = tg_calloc(dims, sizeof *y.choice),
                   .x = fits ? tg_calloc(n * dims, sizeof *y.x) : NULL,
                   .scores = tg_calloc(n, sizeof *y.scores),
                   .places = fits ? tg_calloc(m * dims, sizeof *y.places) : NULL,
                   .moments = tg_calloc(m, 2 * sizeof *y.moments),
                   .top = tg_calloc(dims, sizeof *y.top)};
    tg_status status = TG_OK;
    if (!y.choice || !y.x || !y.scores || !y.places || !y.moments || !y.top)
        status = tg_fail(err, TG_ENOMEM, "search: out of memory");
    for (size_t j = 0; j < dims && !status; j++) y.choice[j] = s->ranges[j].kind == TG_RANGE_CHOICE;
    if (!status) {
        tgi_search_draw(s, 0, initial);
        status = tgi_search_run(s, 0, 0, initial, NULL, err);
    }
    if (!status) status = run_batches(&y, initial, trials, err);
    tgi_gp_free(&y.gp);
    tg_free(y.choice);
    tg_free(y.x);
    tg_free(y.scores);
    tg_free(y.places);
    tg_free(y.moments);
    tg_free(y.top);
    return status;
}

tg_status tg_search_bayes(tg_search *s, int64_t trials, const tg_bayes_options *options,
                          tg_error *err)
{
    if (!s) return tg_fail(err, TG_EARG, "search: the search is NULL");
    tg_bayes_options o = options ? *options : tg_bayes_defaults();
    const tg_status made = tgi_options_check("search_bayes", o.made, TGI_MADE_BAYES, err);
    if (made) return made;
    if (o.initial == 0) o.initial = 2 * ((int64_t)s->o.n_ranges + 1);
    const char *wrong = o.initial < 1      ? "initial must not be negative"
                        : o.batch < 1      ? "batch must be at least 1"
                        : o.candidates < 1 ? "candidates must be at least 1"
                        : o.fit_steps < 0  ? "fit_steps must not be negative"
                        : (int)o.kernel < 0 || o.kernel > TG_GP_RBF ? "there is no such kernel"
                                                                    : NULL;
    if (wrong) return tg_fail(err, TG_EARG, "search_bayes: %s", wrong);
    char details[192];
    const int64_t budget = s->o.budget;
    (void)snprintf(details, sizeof details,
                   " from %" PRId64 " by %" PRId64 ", %d candidates, %d steps, %s", o.initial,
                   o.batch, o.candidates, o.fit_steps, o.kernel == TG_GP_RBF ? "rbf" : "matern52");
    tg_status status = tgi_search_begin(s, "bayes", details, trials, 1, &budget, trials, err);
    if (!status) status = run(s, trials, &o, err);
    return tgi_search_end(s, status, err);
}
