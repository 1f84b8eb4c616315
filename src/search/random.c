/* random.c - the two searches that draw their trials at random, and the next round's ranges.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "src/search/search.h"
#include "tapegrad/alloc.h"

tg_status tg_search_random(tg_search *s, int64_t trials, tg_error *err)
{
    if (!s) return tg_fail(err, TG_EARG, "search: the search is NULL");
    const int64_t budget = s->o.budget;
    tg_status status = tgi_search_begin(s, "random", "", trials, 1, &budget, trials, err);
    if (!status) {
        tgi_search_draw(s, 0, trials);
        status = tgi_search_run(s, 0, 0, trials, NULL, err);
    }
    return tgi_search_end(s, status, err);
}

/* ---- successive halving --------------------------------------------------------------------- */

enum { RUNGS_MAX = 64, ETA_MAX = 1 << 20 };

/* numbers = the `keep` best of its n, by their scores in the rung, in the order of rank. */
static void survivors(const tg_search *s, int rung, int64_t n, int64_t keep, int64_t *numbers)
{
    for (int64_t k = 0; k < keep; k++) {
        int64_t best = k;
        for (int64_t i = k + 1; i < n; i++)
            if (tgi_search_before(s, *tgi_results(s, rung, numbers[i]), numbers[i],
                                  *tgi_results(s, rung, numbers[best]), numbers[best]))
                best = i;
        const int64_t swap = numbers[k];
        numbers[k] = numbers[best];
        numbers[best] = swap;
    }
}

static tg_status run_rungs(tg_search *s, int rungs, int64_t eta, tg_error *err)
{
    int64_t n = s->trials;
    int64_t *numbers = tg_realloc_array(NULL, (size_t)n, sizeof *numbers);
    if (!numbers) return tg_fail(err, TG_ENOMEM, "search: out of memory");
    for (int64_t i = 0; i < n; i++) numbers[i] = i;
    tg_status status = tgi_search_run(s, 0, 0, n, numbers, err);
    for (int rung = 1; rung < rungs && !status; rung++) {
        survivors(s, rung - 1, n, n / eta, numbers);
        n /= eta;
        status = tgi_search_run(s, rung, 0, n, numbers, err);
    }
    tg_free(numbers);
    return status;
}

tg_status tg_search_halving(tg_search *s, int64_t trials, int64_t eta, int64_t most, tg_error *err)
{
    if (!s) return tg_fail(err, TG_EARG, "search: the search is NULL");
    if (eta < 2 || eta > ETA_MAX || most < s->o.budget)
        return tg_fail(err, TG_EARG,
                       "search_halving: eta %" PRId64 ", budgets %" PRId64 "..%" PRId64
                       "; eta is 2..2^20 and the budgets do not fall",
                       eta, s->o.budget, most);
    int64_t budgets[RUNGS_MAX] = {s->o.budget}, total = trials, n = trials;
    int rungs = 1; /* the budget doubles at least, so 63 rungs are more than there can be */
    while (trials <= TGI_TRIALS_MAX && n / eta >= 1 && budgets[rungs - 1] <= most / eta) {
        n /= eta;
        budgets[rungs] = budgets[rungs - 1] * eta;
        total += n;
        rungs++;
    }
    char details[128];
    (void)snprintf(details, sizeof details, " of %" PRId64 " by %" PRId64 " to %" PRId64, trials,
                   eta, most);
    tg_status status = tgi_search_begin(s, "halving", details, trials, rungs, budgets, total, err);
    if (!status) {
        tgi_search_draw(s, 0, trials);
        status = run_rungs(s, rungs, eta, err);
    }
    return tgi_search_end(s, status, err);
}

/* ---- the next round ------------------------------------------------------------------------- */

/* The place on the range's scale, where its ends are at 0 and 1, moved by `by`. */
static double widen(const tg_range *r, double v, double by)
{
    if (r->kind == TG_RANGE_LOG || r->kind == TG_RANGE_LOG_INTEGER)
        v *= exp(by * (log(r->hi) - log(r->lo)));
    else
        v += by * r->hi - by * r->lo;
    if (r->kind != TG_RANGE_LINEAR && r->kind != TG_RANGE_LOG) v = by < 0 ? floor(v) : ceil(v);
    return v < r->lo ? r->lo : v > r->hi ? r->hi : v;
}

static tg_range narrowed(const tg_search *s, int j, int64_t best, double margin)
{
    tg_range r = s->ranges[j];
    double lo = INFINITY, hi = -INFINITY;
    uint64_t seen = 0;
    for (int64_t k = 0; k < best; k++) {
        const double v = tgi_values(s, s->order[k])[j];
        if (v < lo) lo = v;
        if (v > hi) hi = v;
        if (r.kind == TG_RANGE_CHOICE) seen |= UINT64_C(1) << (int)v;
    }
    if (r.kind == TG_RANGE_CHOICE)
        r.without = UINT64_MAX >> (63 - (int)r.hi) & ~seen;
    else {
        r.lo = widen(&s->ranges[j], lo, -margin);
        r.hi = widen(&s->ranges[j], hi, margin);
    }
    return r;
}

tg_status tg_search_narrow(const tg_search *s, int64_t best, double margin, tg_range *out,
                           tg_error *err)
{
    if (!s || !out || best < 1 || best > s->size || !(margin >= 0 && margin <= 1))
        return tg_fail(err, TG_EARG,
                       "search_narrow: by the %" PRId64 " best of %" PRId64
                       " finished trials, and by a margin of 0..1",
                       best, tg_search_size(s));
    for (int j = 0; j < s->o.n_ranges; j++) out[j] = narrowed(s, j, best, margin);
    return TG_OK;
}
