/* search.c - a search: its options, the memory for its trials, their ranking, and their
 * description. */
#include "src/search/search.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/file/number.h"
#include "src/options.h"
#include "tapegrad/alloc.h"
#include "tapegrad/threads.h"

tg_search_options tg_search_defaults(void)
{
    return (tg_search_options){
        .made = TGI_MADE_SEARCH, .n_results = 1, .budget = 1, .seed = 1, .threads = 1};
}

/* ---- making one ----------------------------------------------------------------------------- */

static tg_status check(const tg_search_options *o, tg_error *err)
{
    if (!o || !o->trial || !o->ranges || o->n_ranges < 1)
        return tg_fail(err, TG_EARG, "search: %s",
                       !o          ? "options is NULL"
                       : !o->trial ? "trial is NULL"
                                   : "there are no ranges");
    const tg_status made = tgi_options_check("search", o->made, TGI_MADE_SEARCH, err);
    if (made) return made;
    if (o->n_results < 1 || o->budget < 1 || o->threads < 0 || o->threads > TG_MAX_THREADS)
        return tg_fail(err, TG_EARG,
                       "search: n_results is %d, budget %" PRId64
                       ", threads %d; must be at least 1, at "
                       "least 1, and in 0..%d",
                       o->n_results, o->budget, o->threads, TG_MAX_THREADS);
    if (o->label && strpbrk(o->label, ";\r\n"))
        return tg_fail(err, TG_EARG, "search: the label has a ';' or a line break");
    for (int j = 0; j < o->n_ranges; j++) {
        const tg_status status = tgi_range_check(&o->ranges[j], err);
        if (status) return status;
        for (int i = 0; i < j; i++)
            if (strcmp(o->ranges[i].name, o->ranges[j].name) == 0)
                return tg_fail(err, TG_EARG, "search: two ranges are called '%.60s'",
                               o->ranges[i].name);
    }
    return TG_OK;
}

/* Replaces what the options borrow by copies. */
static bool copy_options(tg_search *s)
{
    tg_search_options *o = &s->o;
    const char *journal = o->journal, *label = o->label;
    const tg_range *ranges = o->ranges;
    o->journal = o->label = NULL;
    s->ranges = tg_calloc((size_t)o->n_ranges, sizeof *s->ranges);
    o->ranges = s->ranges;
    bool fine = s->ranges;
    for (int j = 0; j < o->n_ranges && fine; j++) {
        s->ranges[j] = ranges[j];
        fine = (s->ranges[j].name = tg_strdup(ranges[j].name)) != NULL;
    }
    if (fine && journal) fine = (o->journal = tg_strdup(journal)) != NULL;
    if (fine && label) fine = (o->label = tg_strdup(label)) != NULL;
    return fine;
}

tg_search *tg_search_new(const tg_search_options *options, tg_error *err)
{
    if (check(options, err)) return NULL;
    tg_search *s = tg_calloc(1, sizeof *s);
    if (s) {
        s->o = *options;
        s->best_number = -1;
        if (copy_options(s)) return s;
    }
    tg_search_free(s);
    (void)tg_fail(err, TG_ENOMEM, "search: out of memory");
    return NULL;
}

void tg_search_free(tg_search *s)
{
    if (!s) return;
    for (int j = 0; s->ranges && j < s->o.n_ranges; j++)
        tg_free((char *)(uintptr_t)s->ranges[j].name);
    tg_free((char *)(uintptr_t)s->o.journal);
    tg_free((char *)(uintptr_t)s->o.label);
    tg_free(s->ranges);
    tg_free(s->details);
    tg_free(s->budgets);
    tg_free(s->values);
    tg_free(s->results);
    tg_free(s->done);
    tg_free(s->order);
    tg_free(s);
}

/* ---- memory --------------------------------------------------------------------------------- */

static bool grow(void *array, int64_t count, int64_t each, size_t size)
{
    void **p = array;
    if (each > INT64_MAX / count || (uint64_t)(count * each) > SIZE_MAX / size) return false;
    void *grown = tg_realloc_array(*p, (size_t)(count * each), size);
    if (grown) *p = grown;
    return grown;
}

/* A search with several rungs never grows, so existing cells keep their positions. */
static bool make_room(tg_search *s, int64_t trials, int rungs, const int64_t *budgets)
{
    const int64_t old = s->trials * s->rungs, cells = trials * rungs;
    if (trials <= s->trials) return true;
    if (!grow(&s->budgets, rungs, 1, sizeof *s->budgets) ||
        !grow(&s->values, trials, s->o.n_ranges, sizeof *s->values) ||
        !grow(&s->results, cells, s->o.n_results, sizeof *s->results) ||
        !grow(&s->done, cells, 1, sizeof *s->done) || !grow(&s->order, trials, 1, sizeof *s->order))
        return false;
    memcpy(s->budgets, budgets, (size_t)rungs * sizeof *budgets);
    memset(s->done + old, 0, (size_t)(cells - old));
    s->trials = trials;
    s->rungs = rungs;
    return true;
}

tg_status tgi_search_begin(tg_search *s, const char *method, const char *details, int64_t trials,
                           int rungs, const int64_t *budgets, int64_t total, tg_error *err)
{
    if (trials < 1 || trials > TGI_TRIALS_MAX)
        return tg_fail(err, TG_EARG, "search: trials is %" PRId64 ", must be in 1..2^31", trials);
    if (!s->method) {
        s->details = tg_strdup(details);
        if (!s->details) return tg_fail(err, TG_ENOMEM, "search: out of memory");
        s->method = method;
    }
    if (strcmp(s->method, method) != 0 || strcmp(s->details, details) != 0)
        return tg_fail(err, TG_EARG, "search: began as '%.80s%s', cannot continue as '%.80s%s'",
                       s->method, s->details, method, details);
    if (!make_room(s, trials, rungs, budgets))
        return tg_fail(err, TG_ENOMEM, "search: out of memory for %" PRId64 " trials", trials);
    s->total = total > s->evaluations ? total : s->evaluations;
    return s->o.journal ? tgi_journal_open(s, err) : TG_OK;
}

/* ---- ranks ---------------------------------------------------------------------------------- */

int tgi_search_rung(const tg_search *s, int64_t number)
{
    int rung = s->rungs - 1;
    while (rung >= 0 && !s->done[tgi_cell(s, rung, number)]) rung--;
    return rung;
}

bool tgi_search_before(const tg_search *s, double a, int64_t i, double b, int64_t j)
{
    if (isnan(a) || isnan(b)) return isnan(a) == isnan(b) ? i < j : isnan(b);
    if (a == b) return i < j;
    return s->o.minimize ? a < b : a > b;
}

static bool ranks_before(const tg_search *s, int64_t i, int64_t j)
{
    const int r = tgi_search_rung(s, i), q = tgi_search_rung(s, j);
    if (r != q) return r > q;
    return tgi_search_before(s, *tgi_results(s, r, i), i, *tgi_results(s, q, j), j);
}

void tgi_search_finish(tg_search *s, int rung, int64_t number)
{
    if (!s->done[tgi_cell(s, rung, number)]) s->evaluations++;
    s->done[tgi_cell(s, rung, number)] = 1;
    if (s->best_number < 0 || ranks_before(s, number, s->best_number)) {
        s->best_number = number;
        s->best_rung = rung;
    }
}

/* Merge sort of order[0 .. n-1]; spare is scratch. */
static void sort(const tg_search *s, int64_t n, int64_t *order, int64_t *spare)
{
    if (n < 2) return;
    const int64_t half = n / 2;
    sort(s, half, order, spare);
    sort(s, n - half, order + half, spare + half);
    for (int64_t i = 0, j = half, k = 0; k < n; k++)
        spare[k] =
            j == n || (i < half && ranks_before(s, order[i], order[j])) ? order[i++] : order[j++];
    memcpy(order, spare, (size_t)n * sizeof *order);
}

tg_status tgi_search_end(tg_search *s, tg_status status, tg_error *err)
{
    tgi_journal_close(s);
    int64_t *spare = s->trials ? tg_realloc_array(NULL, (size_t)s->trials, sizeof *spare) : NULL;
    s->size = 0;
    if (!spare && s->trials)
        return status ? status : tg_fail(err, TG_ENOMEM, "search: out of memory to rank");
    for (int64_t i = 0; i < s->trials; i++)
        if (tgi_search_rung(s, i) >= 0) s->order[s->size++] = i;
    sort(s, s->size, s->order, spare);
    tg_free(spare);
    return status;
}

/* ---- results -------------------------------------------------------------------------------- */

tg_trial tgi_search_trial(const tg_search *s, int rung, int64_t number)
{
    const double *results = tgi_results(s, rung, number);
    return (tg_trial){.number = number,
                      .rung = rung,
                      .budget = s->budgets[rung],
                      .values = tgi_values(s, number),
                      .results = results,
                      .score = results[0]};
}

int64_t tg_search_size(const tg_search *s) { return s ? s->size : 0; }

tg_status tg_search_get(const tg_search *s, int64_t number, tg_trial *trial)
{
    if (!s || !trial) return TG_EARG;
    const int rung = number >= 0 && number < s->trials ? tgi_search_rung(s, number) : -1;
    if (rung < 0) return TG_EINDEX;
    *trial = tgi_search_trial(s, rung, number);
    return TG_OK;
}

tg_status tg_search_ranked(const tg_search *s, int64_t place, tg_trial *trial)
{
    if (!s || !trial) return TG_EARG;
    return place >= 0 && place < s->size ? tg_search_get(s, s->order[place], trial) : TG_EINDEX;
}

/* Writes `before` and the number with three digits, with a point in every locale. */
static int shown(char *text, size_t size, const char *before, double value)
{
    char number[TGI_NUMBER_MAX];
    (void)snprintf(number, sizeof number, "%.3g", value);
    if (isfinite(value)) (void)tgi_number_point(number);
    return snprintf(text, size, "%s%s", before, number);
}

char *tg_search_describe(const tg_search *s, const tg_trial *trial, char *text, size_t size)
{
    if (!text || size == 0) return text;
    text[0] = '\0';
    if (!s || !trial || !trial->values) return text;
    size_t used = 0;
    for (int j = -1; j <= s->o.n_ranges && used < size; j++) {
        char *at = text + used;
        int n = 0;
        if (j == -1)
            n = shown(at, size - used, "", trial->score);
        else if (j == s->o.n_ranges)
            n = snprintf(at, size - used, ")");
        else {
            char before[128];
            if (j == 0)
                (void)snprintf(before, sizeof before, " (trial %" PRId64 ": %.60s ", trial->number,
                               s->ranges[j].name);
            else
                (void)snprintf(before, sizeof before, ", %.60s ", s->ranges[j].name);
            n = shown(at, size - used, before, trial->values[j]);
        }
        used += (size_t)(n > 0 ? n : 0);
    }
    return text;
}
