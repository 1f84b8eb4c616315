/* artists.c - adds lines, points, bars, contours, arrows and texts to axes, with copies of their
 * data. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "src/options.h"
#include "src/plot/plot.h"
#include "tapegrad/alloc.h"

static tg_status no_memory(tg_axes *ax)
{
    return tgi_axes_fail(ax, TG_ENOMEM, "out of memory for the data");
}

static bool style_ok(const tg_plot_style *s)
{
    return s->color >= TG_COLOR_GREY && s->width >= 0 && s->width <= 1000 && s->marker_size >= 0 &&
           s->marker_size <= 1000 && s->opacity > 0 && s->opacity <= 1 &&
           (int)s->dash >= TG_DASH_SOLID && s->dash <= TG_DASH_NONE &&
           (int)s->marker >= TG_MARKER_NONE && s->marker <= TG_MARKER_CROSS;
}

static bool grow_artists(tg_axes *ax)
{
    const size_t capacity = ax->capacity ? ax->capacity * 2 : 4;
    tgi_artist *artist = tg_realloc_array(ax->artist, capacity, sizeof *artist);
    if (!artist) return false;
    ax->artist = artist;
    ax->capacity = capacity;
    return true;
}

/* Adds an artist with room for `doubles` numbers, which the caller fills in. */
static tg_status add(tg_axes *ax, tgi_plot_kind kind, const char *label, const tg_plot_style *style,
                     size_t doubles, tgi_artist **added)
{
    tgi_artist a = {.kind = kind, .style = style ? *style : tg_plot_style_defaults()};
    tg_error err = TG_ERROR_INIT;
    if (tgi_options_check("style", a.style.made, TGI_MADE_PLOT_STYLE, &err))
        return tgi_axes_fail(ax, TG_EARG, err.text);
    if (!style_ok(&a.style))
        return tgi_axes_fail(ax, TG_EARG, "a style holds a value outside its range");
    if (ax->count == ax->capacity && !grow_artists(ax)) goto memory;
    a.data = tg_realloc_array(NULL, doubles, sizeof *a.data);
    if (!a.data) goto memory;
    if (label && *label && !(a.label = tg_strdup(label))) goto memory;
    if (a.style.color == TG_COLOR_AUTO && kind == TGI_ARROWS) a.style.color = TG_COLOR_GREY;
    if (a.style.color == TG_COLOR_AUTO && kind != TGI_CONTOUR && kind != TGI_TEXT) {
        if (ax->next_color >= TGI_PALETTE && a.style.dash == TG_DASH_SOLID)
            a.style.dash = TG_DASH_DASHED;
        a.style.color = ax->next_color++;
    }
    ax->artist[ax->count] = a;
    *added = &ax->artist[ax->count++];
    return TG_OK;
memory:
    tg_free(a.data);
    return no_memory(ax);
}

static void copy(double *to, const double *from, size_t n)
{
    if (n) memcpy(to, from, n * sizeof *to);
}

tg_status tg_axes_line(tg_axes *ax, const char *label, size_t n, const double *x, const double *y,
                       const tg_plot_style *style)
{
    if (!ax) return TG_EARG;
    if (!y && n) return tgi_axes_fail(ax, TG_EARG, "the y values of a line are NULL");
    if (n > SIZE_MAX / 2) return no_memory(ax);
    tgi_artist *a = NULL;
    const tg_status status = add(ax, TGI_LINE, label, style, 2 * n, &a);
    if (status != TG_OK) return status;
    a->n = n;
    for (size_t i = 0; i < n; i++) a->data[i] = x ? x[i] : (double)i;
    copy(a->data + n, y, n);
    return TG_OK;
}

tg_status tg_axes_points(tg_axes *ax, const char *label, size_t n, const double *x, const double *y,
                         const tg_plot_style *style)
{
    tg_plot_style s = style ? *style : tg_plot_style_defaults();
    s.dash = TG_DASH_NONE;
    if (s.marker == TG_MARKER_NONE) s.marker = TG_MARKER_CIRCLE;
    return tg_axes_line(ax, label, n, x, y, &s);
}

static bool interval_ok(double lo, double hi) { return hi > lo && isfinite(hi - lo); }
static const char bad_interval[] = "the interval of bars or bins is empty or not finite";

tg_status tg_axes_bars(tg_axes *ax, const char *label, size_t n, const double *heights, double lo,
                       double hi, const tg_plot_style *style)
{
    if (!ax) return TG_EARG;
    if (!heights && n) return tgi_axes_fail(ax, TG_EARG, "the heights of bars are NULL");
    if (!interval_ok(lo, hi)) return tgi_axes_fail(ax, TG_EARG, bad_interval);
    tgi_artist *a = NULL;
    const tg_status status = add(ax, TGI_BARS, label, style, n, &a);
    if (status != TG_OK) return status;
    a->n = n;
    a->lo = lo;
    a->hi = hi;
    copy(a->data, heights, n);
    return TG_OK;
}

static void data_range(size_t n, const double *values, double *lo, double *hi)
{
    tgi_range r = TGI_RANGE_EMPTY;
    for (size_t i = 0; i < n; i++) tgi_range_add(&r, values[i], false, true);
    r = tgi_range_limits(r, false);
    *lo = r.lo;
    *hi = r.hi;
}

/* The bin of a value in [lo, hi]. Comparing it with the edges of the bin corrects rounding. */
static size_t bin_of(double value, double lo, double hi, size_t bins)
{
    const double width = (hi - lo) / (double)bins, place = (value - lo) / (hi - lo) * (double)bins;
    size_t bin = place < (double)bins ? (size_t)place : bins - 1;
    if (bin > 0 && value < lo + width * (double)bin) bin--;
    if (bin + 1 < bins && value >= lo + width * (double)(bin + 1)) bin++;
    return bin;
}

tg_status tg_axes_hist(tg_axes *ax, const char *label, size_t n, const double *values, size_t bins,
                       double lo, double hi, const tg_plot_style *style)
{
    if (!ax) return TG_EARG;
    if (bins == 0) return tgi_axes_fail(ax, TG_EARG, "a histogram needs at least one bin");
    if (!values && n) return tgi_axes_fail(ax, TG_EARG, "the values of a histogram are NULL");
    if (lo == hi) data_range(n, values, &lo, &hi);
    if (!interval_ok(lo, hi)) return tgi_axes_fail(ax, TG_EARG, bad_interval);
    double *count = tg_calloc(bins, sizeof *count);
    if (!count) return no_memory(ax);
    for (size_t i = 0; i < n; i++)
        if (values[i] >= lo && values[i] <= hi) count[bin_of(values[i], lo, hi, bins)] += 1;
    const tg_status status = tg_axes_bars(ax, label, bins, count, lo, hi, style);
    tg_free(count);
    return status;
}

static bool increasing(size_t n, const double *x)
{
    if (n < 2 || !x || !isfinite(x[0])) return false;
    for (size_t i = 1; i < n; i++)
        if (!(x[i] > x[i - 1]) || !isfinite(x[i])) return false;
    return true;
}

/* Chooses about nlevels round levels: the step between them, the first as a multiple of the step,
 * and their number. */
static size_t round_levels(size_t nz, const double *z, size_t nlevels, tgi_step *step,
                           double *first)
{
    tgi_range r = TGI_RANGE_EMPTY;
    for (size_t i = 0; i < nz; i++) tgi_range_add(&r, z[i], false, false);
    if (!(r.lo < r.hi) || nlevels == 0) return 0;
    *step = tgi_ticks_step(r.lo, r.hi, nlevels < 1000 ? (int)nlevels : 1000);
    const double unit = tgi_step_at(*step, 1);
    *first = ceil(r.lo / unit);
    return (size_t)(floor(r.hi / unit) - *first + 1);
}

tg_status tg_axes_contour(tg_axes *ax, size_t nx, size_t ny, const double *x, const double *y,
                          const double *z, size_t nlevels, const double *levels,
                          const tg_plot_style *style)
{
    if (!ax) return TG_EARG;
    if (!increasing(nx, x) || !increasing(ny, y) || !z)
        return tgi_axes_fail(ax, TG_EARG,
                             "a contour needs z, and x and y of 2 or more increasing values");
    const size_t limit = SIZE_MAX / 8;
    if (nx > limit / ny || nlevels > limit) return no_memory(ax);
    tgi_step step = {1, 0};
    double first = 0;
    if (!levels) nlevels = round_levels(nx * ny, z, nlevels, &step, &first);
    tgi_artist *a = NULL;
    const tg_status status = add(ax, TGI_CONTOUR, NULL, style, nx + ny + nx * ny + nlevels, &a);
    if (status != TG_OK) return status;
    a->n = nx;
    a->ny = ny;
    a->nlevels = nlevels;
    copy(a->data, x, nx);
    copy(a->data + nx, y, ny);
    copy(a->data + nx + ny, z, nx * ny);
    double *level = a->data + nx + ny + nx * ny;
    for (size_t i = 0; i < nlevels; i++)
        level[i] = levels ? levels[i] : tgi_step_at(step, first + (double)i);
    return TG_OK;
}

/* The scale at which the longest arrow is as long as the distance between the points of a square
 * grid of n points. */
static double arrow_scale(size_t n, const double *x, const double *y, const double *u,
                          const double *v)
{
    tgi_range rx = TGI_RANGE_EMPTY, ry = TGI_RANGE_EMPTY, ru = TGI_RANGE_EMPTY,
              rv = TGI_RANGE_EMPTY;
    for (size_t i = 0; i < n; i++) {
        tgi_range_add(&rx, x[i], false, false);
        tgi_range_add(&ry, y[i], false, false);
        tgi_range_add(&ru, fabs(u[i]), false, false);
        tgi_range_add(&rv, fabs(v[i]), false, false);
    }
    const double gaps = fmax(1, sqrt((double)n) - 1);
    double scale = INFINITY;
    if (ru.hi > 0 && rx.hi > rx.lo) scale = fmin(scale, (rx.hi - rx.lo) / gaps / ru.hi);
    if (rv.hi > 0 && ry.hi > ry.lo) scale = fmin(scale, (ry.hi - ry.lo) / gaps / rv.hi);
    return isfinite(scale) ? scale : 1;
}

tg_status tg_axes_arrows(tg_axes *ax, size_t n, const double *x, const double *y, const double *u,
                         const double *v, double scale, const tg_plot_style *style)
{
    if (!ax) return TG_EARG;
    if (n && (!x || !y || !u || !v)) return tgi_axes_fail(ax, TG_EARG, "arrows need x, y, u and v");
    if (!isfinite(scale)) return tgi_axes_fail(ax, TG_EARG, "the scale of arrows is not finite");
    if (n > SIZE_MAX / 4) return no_memory(ax);
    tgi_artist *a = NULL;
    const tg_status status = add(ax, TGI_ARROWS, NULL, style, 4 * n, &a);
    if (status != TG_OK) return status;
    a->n = n;
    a->lo = scale != 0 ? scale : arrow_scale(n, x, y, u, v);
    copy(a->data, x, n);
    copy(a->data + n, y, n);
    copy(a->data + 2 * n, u, n);
    copy(a->data + 3 * n, v, n);
    return TG_OK;
}

tg_status tg_axes_text(tg_axes *ax, double x, double y, const char *text)
{
    if (!ax) return TG_EARG;
    if (!text || !isfinite(x) || !isfinite(y))
        return tgi_axes_fail(ax, TG_EARG, "a text is NULL or its place is not finite");
    char *own = tg_strdup(text);
    tgi_artist *a = NULL;
    const tg_status status = own ? add(ax, TGI_TEXT, NULL, NULL, 2, &a) : no_memory(ax);
    if (status != TG_OK) {
        tg_free(own);
        return status;
    }
    a->n = 1;
    a->text = own;
    a->data[0] = x;
    a->data[1] = y;
    return TG_OK;
}

tg_plot_style tg_plot_style_defaults(void)
{
    return (tg_plot_style){
        .made = TGI_MADE_PLOT_STYLE, .color = TG_COLOR_AUTO, .dash = TG_DASH_SOLID, .opacity = 1};
}
