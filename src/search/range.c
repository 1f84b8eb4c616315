/* range.c - the ranges of a search: their values for numbers in [0, 1), and narrowing them. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "src/search/search.h"

static const double INTEGER_MAX = 9007199254740992; /* 2^53 */

enum { CHOICE_MAX = 63, SHOWN = 60 };

static const char *const kind_names[] = {"linear", "log", "integer", "log_integer", "choice"};

const char *tgi_range_kind_name(tg_range_kind kind) { return kind_names[kind]; }

/* ---- choices -------------------------------------------------------------------------------- */

static bool has(const tg_range *r, int choice) { return !(r->without >> choice & 1); }

static int choices(const tg_range *r)
{
    int n = 0;
    for (int i = 0; i <= (int)r->hi; i++) n += has(r, i);
    return n;
}

static double nth_choice(const tg_range *r, int n)
{
    int i = 0;
    for (; i < (int)r->hi; i++)
        if (has(r, i) && n-- == 0) break;
    return i;
}

/* ---- values --------------------------------------------------------------------------------- */

/* NaN becomes lo. */
static double clip(double v, double lo, double hi) { return v > lo ? v < hi ? v : hi : lo; }

static double interpolate(double lo, double hi, double u, bool log_scale)
{
    if (!log_scale) return lo * (1 - u) + hi * u; /* hi - lo might overflow */
    return exp(log(lo) * (1 - u) + log(hi) * u);
}

double tg_range_value(const tg_range *r, double u)
{
    if (!r) return NAN;
    u = clip(u, 0, 1);
    double n;
    switch (r->kind) {
    case TG_RANGE_INTEGER:
        return clip(floor(r->lo + u * (r->hi - r->lo + 1)), r->lo, r->hi);
    case TG_RANGE_LOG_INTEGER:
        return clip(round(interpolate(r->lo - 0.5, r->hi + 0.5, u, true)), r->lo, r->hi);
    case TG_RANGE_CHOICE:
        n = choices(r);
        return nth_choice(r, (int)clip(floor(u * n), 0, n - 1));
    default:
        return clip(interpolate(r->lo, r->hi, u, r->kind == TG_RANGE_LOG), r->lo, r->hi);
    }
}

double tgi_range_place(const tg_range *r, double v)
{
    int rank = 0;
    switch (r->kind) {
    case TG_RANGE_INTEGER:
        return (v - r->lo + 0.5) / (r->hi - r->lo + 1);
    case TG_RANGE_LOG_INTEGER:
        return log(v / (r->lo - 0.5)) / log((r->hi + 0.5) / (r->lo - 0.5));
    case TG_RANGE_CHOICE:
        for (int i = 0; i < (int)v; i++) rank += has(r, i);
        return (rank + 0.5) / choices(r);
    case TG_RANGE_LOG:
        return r->hi > r->lo ? (log(v) - log(r->lo)) / (log(r->hi) - log(r->lo)) : 0.5;
    default:
        return r->hi > r->lo ? (v / 2 - r->lo / 2) / (r->hi / 2 - r->lo / 2) : 0.5;
    }
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool whole(double v) { return v == floor(v) && fabs(v) <= INTEGER_MAX; }

static bool good_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "_.-";
    return name && *name && name[strspn(name, allowed)] == '\0';
}

static const char *fault(const tg_range *r)
{
    if ((int)r->kind < 0 || r->kind > TG_RANGE_CHOICE) return "there is no such kind";
    if (!isfinite(r->lo) || !isfinite(r->hi) || r->lo > r->hi)
        return "lo and hi must be finite, and lo at most hi";
    switch (r->kind) {
    case TG_RANGE_LINEAR:
        return NULL;
    case TG_RANGE_LOG:
        return r->lo > 0 ? NULL : "lo must be above 0 on a log scale";
    case TG_RANGE_CHOICE:
        if (r->lo != 0 || !whole(r->hi) || r->hi > CHOICE_MAX)
            return "lo must be 0, and hi an integer up to 63";
        return choices(r) ? NULL : "all choices are excluded";
    default:
        if (!whole(r->lo) || !whole(r->hi)) return "lo and hi must be integers within 2^53";
        return r->kind == TG_RANGE_INTEGER || r->lo >= 1 ? NULL
                                                         : "lo must be at least 1 on a log scale";
    }
}

tg_status tgi_range_check(const tg_range *r, tg_error *err)
{
    if (!good_name(r->name))
        return tg_fail(
            err, TG_EARG,
            "search: the name of a range is '%.*s', must be of letters, digits, '_', '.', '-'",
            SHOWN, r->name ? r->name : "NULL");
    const char *why = fault(r);
    return why ? tg_fail(err, TG_EARG, "search: range '%.*s': %s", SHOWN, r->name, why) : TG_OK;
}

bool tgi_range_holds(const tg_range *r, double v)
{
    if (!(v >= r->lo && v <= r->hi)) return false;
    if (r->kind == TG_RANGE_LINEAR || r->kind == TG_RANGE_LOG) return true;
    return whole(v) && (r->kind != TG_RANGE_CHOICE || has(r, (int)v));
}

/* ---- the next round ------------------------------------------------------------------------- */

/* v, moved on the range's scale by `by` times the width of the range. */
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
                       "search_narrow: best is %" PRId64 ", must be in 1..%" PRId64
                       ", the finished trials, and margin in 0..1",
                       best, tg_search_size(s));
    for (int j = 0; j < s->o.n_ranges; j++) out[j] = narrowed(s, j, best, margin);
    return TG_OK;
}
