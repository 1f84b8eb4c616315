/* axes.c - the settings of axes. */
#include "src/plot/plot.h"

tg_status tgi_axes_fail(tg_axes *ax, tg_status status, const char *what)
{
    const int i = (int)(ax - ax->fig->axes);
    return tg_fail(&ax->fig->failure, status, "figure: axes (%d,%d): %s", i / ax->fig->cols,
                   i % ax->fig->cols, what);
}

tg_status tg_axes_title(tg_axes *ax, const char *title)
{
    return ax ? tgi_figure_set_text(ax->fig, &ax->title, title) : TG_EARG;
}

tg_status tg_axes_xlabel(tg_axes *ax, const char *label)
{
    return ax ? tgi_figure_set_text(ax->fig, &ax->x.label, label) : TG_EARG;
}

tg_status tg_axes_ylabel(tg_axes *ax, const char *label)
{
    return ax ? tgi_figure_set_text(ax->fig, &ax->y.label, label) : TG_EARG;
}

static tg_status set_limits(tg_axes *ax, tgi_axis *axis, double lo, double hi)
{
    const double size = fmax(fabs(lo), fabs(hi));
    if (!(size <= 1e300) || !(hi - lo > 1e-12 * size) || !(hi - lo > 1e-300))
        return tgi_axes_fail(
            ax, TG_EARG,
            axis == &ax->x
                ? "the x limits must be finite, with lo below hi by 1e-12 of their size"
                : "the y limits must be finite, with lo below hi by 1e-12 of their size");
    axis->fixed = true;
    axis->lo = lo;
    axis->hi = hi;
    return TG_OK;
}

tg_status tg_axes_xlim(tg_axes *ax, double lo, double hi)
{
    return ax ? set_limits(ax, &ax->x, lo, hi) : TG_EARG;
}

tg_status tg_axes_ylim(tg_axes *ax, double lo, double hi)
{
    return ax ? set_limits(ax, &ax->y, lo, hi) : TG_EARG;
}

tg_status tg_axes_log(tg_axes *ax, bool x, bool y)
{
    if (!ax) return TG_EARG;
    ax->x.log = x;
    ax->y.log = y;
    return TG_OK;
}

tg_status tg_axes_tick_labels(tg_axes *ax, bool x, bool y)
{
    if (!ax) return TG_EARG;
    ax->x.no_tick_labels = !x;
    ax->y.no_tick_labels = !y;
    return TG_OK;
}

tg_status tg_axes_hide(tg_axes *ax)
{
    if (!ax) return TG_EARG;
    ax->hidden = true;
    return TG_OK;
}

tg_status tg_axes_legend(tg_axes *ax, tg_legend_place place)
{
    if (!ax) return TG_EARG;
    if ((int)place < TG_LEGEND_BEST || place > TG_LEGEND_NONE)
        return tgi_axes_fail(ax, TG_EARG, "there is no such place for a legend");
    ax->legend = place;
    return TG_OK;
}
