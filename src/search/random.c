/* random.c - random search. */
#include "src/search/search.h"

void tgi_search_draw(tg_search *s, int64_t first, int64_t n)
{
    for (int64_t i = first; i < first + n; i++) {
        if (s->done[tgi_cell(s, 0, i)]) continue; /* known from the journal */
        const tg_rng rng = tg_rng_make(s->o.seed, TG_SEARCH_STREAM + (uint64_t)i);
        for (int j = 0; j < s->o.n_ranges; j++)
            tgi_values(s, i)[j] =
                tg_range_value(&s->ranges[j], tg_rng_unit(tg_rng_word(&rng, (uint64_t)j)));
    }
}

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
