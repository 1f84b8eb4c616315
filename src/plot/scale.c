/* scale.c - the range of data that axes show, and its mapping to pixels. */
#include <math.h>

#include "src/plot/plot.h"

/* With larger numbers, differences and margins could overflow. */
#define HUGE_VALUE 1e300

/* A range of fewer decades on a log scale is widened to one decade. */
#define LOG_LEAST 1e-9

void tgi_range_add(tgi_range *r, double value, bool log, bool tight)
{
    if (!isfinite(value) || (log && value <= 0)) return;
    value = fmax(log ? 1 / HUGE_VALUE : -HUGE_VALUE, fmin(HUGE_VALUE, value));
    if (value < r->lo || (value == r->lo && tight)) {
        r->lo = value;
        r->tight_lo = tight;
    }
    if (value > r->hi || (value == r->hi && tight)) {
        r->hi = value;
        r->tight_hi = tight;
    }
}

static tgi_range log_limits(tgi_range r)
{
    const double margin = 0.04, lo = log10(r.lo), hi = log10(r.hi), size = hi - lo;
    if (!(size >= LOG_LEAST)) return (tgi_range){pow(10, lo - 0.5), pow(10, hi + 0.5), true, true};
    const double below = r.tight_lo ? 0 : margin * size, above = r.tight_hi ? 0 : margin * size;
    return (tgi_range){pow(10, fmax(lo - below, -305)), pow(10, fmin(hi + above, 305)), true, true};
}

tgi_range tgi_range_limits(tgi_range r, bool log)
{
    if (r.lo > r.hi) return log ? (tgi_range){0.1, 1, true, true} : (tgi_range){0, 1, true, true};
    if (log) return log_limits(r);
    const double magnitude = fmax(fabs(r.lo), fabs(r.hi)), size = r.hi - r.lo, margin = 0.04 * size;
    if (size <= 1e-12 * magnitude || size < 1e-300) {
        const double around = magnitude < 1e-299 ? 0.5 : 0.1 * magnitude;
        return (tgi_range){r.lo - around, r.hi + around, true, true};
    }
    return (tgi_range){r.tight_lo ? r.lo : r.lo - margin, r.tight_hi ? r.hi : r.hi + margin, true,
                       true};
}

static tgi_range axis_limits(const tgi_axis *axis, tgi_range data)
{
    tgi_range r = tgi_range_limits(data, axis->log);
    if (!axis->fixed) return r;
    const bool lo_ok = !axis->log || axis->lo > 0, hi_ok = !axis->log || axis->hi > 0;
    if (hi_ok) r.hi = axis->hi;
    if (lo_ok)
        r.lo = axis->lo;
    else if (!(r.lo < r.hi))
        r.lo = r.hi / 1000;
    if (!axis->log) return r;
    /* a fixed limit, or taking logarithms, may have left a single point */
    r.lo = fmax(r.lo, 1 / HUGE_VALUE);
    r.hi = fmax(r.hi, 1 / HUGE_VALUE);
    return log10(r.hi) - log10(r.lo) >= LOG_LEAST ? r : log_limits(r);
}

void tgi_axes_limits(const tg_axes *ax, tgi_range *x, tgi_range *y)
{
    tgi_range rx = TGI_RANGE_EMPTY, ry = TGI_RANGE_EMPTY;
    for (size_t i = 0; i < ax->count; i++)
        tgi_plot_kinds[ax->artist[i].kind]->extent(&ax->artist[i], ax->x.log, ax->y.log, &rx, &ry);
    *x = axis_limits(&ax->x, rx);
    *y = axis_limits(&ax->y, ry);
}

tgi_map tgi_map_make(tgi_range limits, bool log, double length, bool flip)
{
    tgi_map m = {limits.lo, limits.hi, length, log, flip};
    if (log) {
        m.lo = log10(m.lo);
        m.hi = log10(m.hi);
    }
    return m;
}

double tgi_map_at(const tgi_map *m, double value)
{
    if (!isfinite(value) || (m->log && value <= 0)) return NAN;
    const double part = ((m->log ? log10(value) : value) - m->lo) / (m->hi - m->lo);
    const double at = (m->flip ? 1 - part : part) * m->length;
    return fmax(-1e100, fmin(1e100, at)); /* so that clipping cannot overflow */
}
