/* halving.c - successive halving: the best trials run again, with more budget in each rung. */
#include <inttypes.h>

#include "src/search/search.h"
#include "tapegrad/alloc.h"

enum { RUNGS_MAX = 64, ETA_MAX = 1 << 20 };

/* Moves the `keep` best of n numbers, by their scores in the rung, to the front in order of
 * rank. */
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
    int rungs = 1; /* at most 63, because the budget at least doubles */
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
