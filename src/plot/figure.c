/* figure.c - figures: making and freeing them, and their settings. */
#include "src/plot/plot.h"
#include "tapegrad/alloc.h"

enum { SIZE_MIN = 100, SIZE_MAX_PIXELS = 20000 };

tg_figure *tg_figure_new(int rows, int cols)
{
    if (rows < 1 || rows > TGI_GRID_MAX || cols < 1 || cols > TGI_GRID_MAX) return NULL;
    tg_figure *fig = tg_calloc(1, sizeof *fig);
    if (!fig) return NULL;
    const size_t n = (size_t)rows * (size_t)cols;
    fig->axes = tg_calloc(n, sizeof *fig->axes);
    if (!fig->axes) {
        tg_free(fig);
        return NULL;
    }
    fig->rows = rows;
    fig->cols = cols;
    for (size_t i = 0; i < n; i++) fig->axes[i].fig = fig;
    return fig;
}

static void free_axes(tg_axes *ax)
{
    for (size_t i = 0; i < ax->count; i++) {
        tg_free(ax->artist[i].label);
        tg_free(ax->artist[i].text);
        tg_free(ax->artist[i].data);
    }
    tg_free(ax->artist);
    tg_free(ax->title);
    tg_free(ax->x.label);
    tg_free(ax->y.label);
}

void tg_figure_free(tg_figure *fig)
{
    if (!fig) return;
    for (int i = 0; i < fig->rows * fig->cols; i++) free_axes(&fig->axes[i]);
    tg_free(fig->axes);
    tg_free(fig->title);
    tg_free(fig);
}

tg_axes *tg_figure_axes(tg_figure *fig, int row, int col)
{
    if (!fig) return NULL;
    if (row < 0 || row >= fig->rows || col < 0 || col >= fig->cols) {
        tg_fail(&fig->failure, TG_EINDEX, "figure: there are no axes (%d,%d) in a grid of %dx%d",
                row, col, fig->rows, fig->cols);
        return NULL;
    }
    return &fig->axes[row * fig->cols + col];
}

tg_status tgi_figure_set_text(tg_figure *fig, char **held, const char *text)
{
    char *copy = NULL;
    if (text && *text && !(copy = tg_strdup(text)))
        return tg_fail(&fig->failure, TG_ENOMEM, "figure: out of memory for the text '%.80s'",
                       text);
    tg_free(*held);
    *held = copy;
    return TG_OK;
}

tg_status tg_figure_title(tg_figure *fig, const char *title)
{
    return fig ? tgi_figure_set_text(fig, &fig->title, title) : TG_EARG;
}

tg_status tg_figure_size(tg_figure *fig, int width, int height)
{
    if (!fig) return TG_EARG;
    if (width < SIZE_MIN || width > SIZE_MAX_PIXELS || height < SIZE_MIN ||
        height > SIZE_MAX_PIXELS)
        return tg_fail(&fig->failure, TG_EARG,
                       "figure: the size is %dx%d pixels, must be in %d..%d", width, height,
                       SIZE_MIN, SIZE_MAX_PIXELS);
    fig->width = width;
    fig->height = height;
    return TG_OK;
}

tg_status tg_figure_share(tg_figure *fig, bool x, bool y)
{
    if (!fig) return TG_EARG;
    fig->share_x = x;
    fig->share_y = y;
    return TG_OK;
}

tg_status tg_figure_legend(tg_figure *fig, bool on)
{
    if (!fig) return TG_EARG;
    fig->legend = on;
    return TG_OK;
}
