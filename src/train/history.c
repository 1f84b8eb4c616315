/* history.c - the rows (series, metric, step, value) of runs, their CSV file, and curves. */
#include "tapegrad/history.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "src/file/sink.h"
#include "src/train/history.h"
#include "tapegrad/alloc.h"

/* The texts of series and metrics. They are few, and rows refer to them by number. */
typedef struct {
    char **text; /* by number, with room for half as many as there are slots */
    uint32_t count;
    uint32_t *slot; /* open addressing: a number + 1, or 0 if free */
    uint32_t slots; /* a power of two, or 0 */
} names;

typedef struct {
    uint32_t series, metric;
    int64_t step;
    double value;
} record;

struct tg_history {
    names names;
    record *row;
    size_t size, capacity;
    tg_error failure; /* the first row that could not be added */
};

enum { FIRST_SLOTS = 64, FIRST_ROWS = 256 };
#define NO_NAME UINT32_MAX

static uint32_t hash(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (const char *p = text; *p; p++) h = (h ^ (unsigned char)*p) * 16777619u;
    return h;
}

/* The slot that holds text, or the free slot where it belongs. */
static uint32_t *find_slot(uint32_t *slot, uint32_t slots, char *const *held, const char *text)
{
    uint32_t i = hash(text) & (slots - 1);
    while (slot[i] && strcmp(held[slot[i] - 1], text) != 0) i = (i + 1) & (slots - 1);
    return &slot[i];
}

static uint32_t find_name(const names *n, const char *text)
{
    if (n->slots == 0) return NO_NAME;
    const uint32_t held = *find_slot(n->slot, n->slots, n->text, text);
    return held ? held - 1 : NO_NAME;
}

static bool grow_names(names *n)
{
    if (n->slots > UINT32_MAX / 2) return false;
    const uint32_t slots = n->slots ? n->slots * 2 : FIRST_SLOTS;
    char **text = tg_realloc_array(n->text, slots / 2, sizeof *text);
    if (!text) return false;
    n->text = text;
    uint32_t *slot = tg_calloc(slots, sizeof *slot);
    if (!slot) return false;
    for (uint32_t i = 0; i < n->count; i++) *find_slot(slot, slots, text, text[i]) = i + 1;
    tg_free(n->slot);
    n->slot = slot;
    n->slots = slots;
    return true;
}

/* The number of text, which is added if it is new. NO_NAME when out of memory. */
static uint32_t intern(names *n, const char *text)
{
    const uint32_t held = find_name(n, text);
    if (held != NO_NAME) return held;
    if (n->count >= n->slots / 2 && !grow_names(n)) return NO_NAME;
    char *copy = tg_strdup(text);
    if (!copy) return NO_NAME;
    n->text[n->count] = copy;
    *find_slot(n->slot, n->slots, n->text, copy) = n->count + 1;
    return n->count++;
}

/* Looks first at the last two rows, whose texts most rows repeat. */
static uint32_t intern_near(tg_history *history, const char *text, bool metric)
{
    for (size_t back = 1; back <= 2 && back <= history->size; back++) {
        const record *r = &history->row[history->size - back];
        const uint32_t number = metric ? r->metric : r->series;
        if (strcmp(history->names.text[number], text) == 0) return number;
    }
    return intern(&history->names, text);
}

tg_history *tg_history_new(void) { return tg_calloc(1, sizeof(tg_history)); }

void tg_history_free(tg_history *history)
{
    if (!history) return;
    for (uint32_t i = 0; i < history->names.count; i++) tg_free(history->names.text[i]);
    tg_free(history->names.text);
    tg_free(history->names.slot);
    tg_free(history->row);
    tg_free(history);
}

static bool grow_rows(tg_history *history)
{
    if (history->capacity > SIZE_MAX / 2) return false;
    const size_t capacity = history->capacity ? history->capacity * 2 : FIRST_ROWS;
    record *row = tg_realloc_array(history->row, capacity, sizeof *row);
    if (!row) return false;
    history->row = row;
    history->capacity = capacity;
    return true;
}

tg_status tg_history_add(tg_history *history, const char *series, const char *metric, int64_t step,
                         double value)
{
    if (!history) return TG_EARG;
    if (!series || !metric)
        return tg_fail(&history->failure, TG_EARG,
                       "history: the %s of the row for step %" PRId64 " is NULL",
                       series ? "metric" : "series", step);
    record r = {NO_NAME, NO_NAME, step, value};
    if (history->size < history->capacity || grow_rows(history)) {
        r.series = intern_near(history, series, false);
        if (r.series != NO_NAME) r.metric = intern_near(history, metric, true);
    }
    if (r.metric == NO_NAME)
        return tg_fail(&history->failure, TG_ENOMEM,
                       "history: out of memory for '%.60s', '%.60s' at step %" PRId64, series,
                       metric, step);
    history->row[history->size++] = r;
    return TG_OK;
}

tg_status tgi_history_reserve(tg_history *history, const char *series, const tg_history_row *rows,
                              size_t n, tg_error *err)
{
    bool room = n <= SIZE_MAX - history->size;
    while (room && history->capacity < history->size + n) room = grow_rows(history);
    room = room && intern(&history->names, series) != NO_NAME;
    for (size_t i = 0; i < n && room; i++)
        room = intern(&history->names, rows[i].metric) != NO_NAME;
    return room ? TG_OK : tg_fail(err, TG_ENOMEM, "history: out of memory for %zu rows", n);
}

void tgi_history_replace(tg_history *history, const char *series, const tg_history_row *rows,
                         size_t n)
{
    const uint32_t sid = find_name(&history->names, series);
    size_t kept = 0;
    for (size_t i = 0; i < history->size; i++)
        if (history->row[i].series != sid) history->row[kept++] = history->row[i];
    for (size_t i = 0; i < n; i++)
        history->row[kept++] =
            (record){sid, find_name(&history->names, rows[i].metric), rows[i].step, rows[i].value};
    history->size = kept;
}

size_t tg_history_size(const tg_history *history) { return history ? history->size : 0; }

tg_status tg_history_get(const tg_history *history, size_t i, tg_history_row *row)
{
    if (!history || !row) return TG_EARG;
    if (i >= history->size) return TG_EINDEX;
    const record *r = &history->row[i];
    *row = (tg_history_row){history->names.text[r->series], history->names.text[r->metric], r->step,
                            r->value};
    return TG_OK;
}

static void put_field(tgi_sink *s, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        tgi_sink_text(s, text);
        return;
    }
    tgi_sink_text(s, "\"");
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        tgi_sink_bytes(s, text, (size_t)(quote - text));
        tgi_sink_text(s, "\"\"");
    }
    tgi_sink_text(s, text);
    tgi_sink_text(s, "\"");
}

tg_status tg_history_write_csv(const tg_history *history, const char *path, tg_error *err)
{
    if (!history) return tg_fail(err, TG_EARG, "history: cannot write NULL as CSV");
    tgi_sink s;
    tgi_sink_open(&s, path);
    tgi_sink_text(&s, "series,metric,step,value\n");
    for (size_t i = 0; i < history->size && s.failure.status == TG_OK; i++) {
        const record *r = &history->row[i];
        put_field(&s, history->names.text[r->series]);
        tgi_sink_text(&s, ",");
        put_field(&s, history->names.text[r->metric]);
        tgi_sink_format(&s, ",%" PRId64 ",", r->step);
        tgi_sink_number(&s, r->value);
        tgi_sink_text(&s, "\n");
    }
    const tg_status status = tgi_sink_close(&s, err);
    if (status != TG_OK || history->failure.status == TG_OK) return status;
    return tg_fail(err, history->failure.status, "%s", history->failure.text);
}

tg_status tg_history_curve(const tg_history *history, const char *series, const char *metric,
                           tg_curve *curve, tg_error *err)
{
    if (!curve) return tg_fail(err, TG_EARG, "history: curve is NULL");
    *curve = (tg_curve){0, NULL, NULL};
    if (!history || !series || !metric)
        return tg_fail(err, TG_EARG, "history: a curve needs a history, a series and a metric");
    const uint32_t sid = find_name(&history->names, series),
                   mid = find_name(&history->names, metric);
    size_t n = 0;
    for (size_t i = 0; i < history->size; i++)
        n += history->row[i].series == sid && history->row[i].metric == mid;
    if (n == 0) return tg_fail(err, TG_EKEY, "history: no row of '%.80s', '%.80s'", series, metric);

    double *x = tg_realloc_array(NULL, n, 2 * sizeof *x);
    if (!x) return tg_fail(err, TG_ENOMEM, "history: out of memory for a curve of %zu points", n);
    double *y = x + n;
    size_t k = 0;
    for (size_t i = 0; i < history->size; i++) {
        if (history->row[i].series != sid || history->row[i].metric != mid) continue;
        x[k] = (double)history->row[i].step;
        y[k++] = history->row[i].value;
    }
    *curve = (tg_curve){n, x, y};
    return TG_OK;
}

void tg_curve_free(tg_curve *curve)
{
    if (!curve) return;
    tg_free(curve->x);
    *curve = (tg_curve){0, NULL, NULL};
}

/* ---- smoothing ------------------------------------------------------------------------------ */

/* The modified Bessel function I0 by its series. */
static double bessel_i0(double x)
{
    double term = 1, sum = 1;
    for (int k = 1; k < 40; k++) sum += term *= x * x / (4.0 * k * k);
    return sum;
}

tg_status tg_smooth_curve(size_t n, const double *y, double *out, tg_error *err)
{
    enum { WINDOW = 11, HALF = 5 };
    double w[WINDOW], total = 0;
    if (!y || !out || n < WINDOW)
        return tg_fail(err, n < WINDOW ? TG_ESHAPE : TG_EARG,
                       "smooth_curve: needs at least %d points", WINDOW);
    for (int j = 0; j < WINDOW; j++) {
        const double r = (double)(j - HALF) / HALF;
        total += w[j] = bessel_i0(2 * sqrt(1 - r * r));
    }
    const ptrdiff_t last = (ptrdiff_t)n - 1;
    for (ptrdiff_t i = 0; i <= last; i++) {
        out[i] = 0;
        for (ptrdiff_t j = -HALF; j <= HALF; j++) {
            ptrdiff_t at = i + j; /* mirrored at the first point, and behind the last one */
            if (at < 0) at = -at;
            if (at > last) at = 2 * last + 1 - at;
            out[i] += w[j + HALF] / total * y[at];
        }
    }
    return TG_OK;
}
