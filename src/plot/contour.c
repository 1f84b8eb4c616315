/* contour.c - draws contour lines over a grid, by marching squares.
 *
 * A line enters and leaves a cell through two of its four edges. Where it crosses an edge follows
 * from the heights at the ends of the edge. Neighbouring cells share this crossing, so a line can
 * be followed from cell to cell until it leaves the grid or closes. At a saddle two lines cross a
 * cell, and the mean of its corners decides which edges they connect. */
#include <math.h>
#include <stdio.h>

#include "src/plot/plot.h"
#include "tapegrad/alloc.h"

typedef struct {
    size_t nx, ny;
    const double *z, *px, *py; /* heights; columns and rows in pixels */
    double level;
    unsigned char
        *left; /* for each cell: bit 0 and 1, its first and second line are not drawn yet */
} field;

/* The edges of a cell are numbered around it; edge 0 is between corners (0,0) and (1,0). */
enum { BOTTOM, RIGHT, TOP, LEFT, NO_EDGE };

typedef struct {
    unsigned char from, to;
} link;

static double z_at(const field *f, size_t col, size_t row) { return f->z[row * f->nx + col]; }

/* The lines through a cell, which depend on the corners that are at or above the level. */
static int links_of(const field *f, size_t col, size_t row, link out[2])
{
    static const link single[16] = {
        {NO_EDGE, NO_EDGE}, {LEFT, BOTTOM},     {BOTTOM, RIGHT},    {LEFT, RIGHT},
        {RIGHT, TOP},       {NO_EDGE, NO_EDGE}, {BOTTOM, TOP},      {LEFT, TOP},
        {TOP, LEFT},        {TOP, BOTTOM},      {NO_EDGE, NO_EDGE}, {TOP, RIGHT},
        {RIGHT, LEFT},      {RIGHT, BOTTOM},    {BOTTOM, LEFT},     {NO_EDGE, NO_EDGE},
    };
    const double corner[4] = {z_at(f, col, row), z_at(f, col + 1, row), z_at(f, col + 1, row + 1),
                              z_at(f, col, row + 1)};
    /* some coordinates have no position on a log scale */
    if (isnan(f->px[col] + f->px[col + 1] + f->py[row] + f->py[row + 1])) return 0;
    double mean = 0;
    int above = 0;
    for (int i = 0; i < 4; i++) {
        if (!isfinite(corner[i])) return 0;
        mean += corner[i] / 4;
        if (corner[i] >= f->level) above |= 1 << i;
    }
    if (above == 5 || above == 10) {
        const bool cut_left_bottom = (mean >= f->level) == (above == 10);
        out[0] = cut_left_bottom ? (link){LEFT, BOTTOM} : (link){LEFT, TOP};
        out[1] = cut_left_bottom ? (link){RIGHT, TOP} : (link){BOTTOM, RIGHT};
        return 2;
    }
    out[0] = single[above];
    return out[0].from == NO_EDGE ? 0 : 1;
}

static double between(double a, double b, double za, double zb, double level)
{
    return a + (b - a) * fmax(0, fmin(1, (level / 2 - za / 2) / (zb / 2 - za / 2)));
}

/* Moves the pen to where the level crosses an edge of a cell. */
static void pen_to_edge(const field *f, size_t col, size_t row, int edge, tgi_pen *pen)
{
    const size_t c0 = edge == RIGHT ? col + 1 : col, c1 = edge == LEFT ? col : col + 1;
    const size_t r0 = edge == TOP ? row + 1 : row, r1 = edge == BOTTOM ? row : row + 1;
    const double z0 = z_at(f, c0, r0), z1 = z_at(f, c1, r1);
    tgi_pen_to(pen, between(f->px[c0], f->px[c1], z0, z1, f->level),
               between(f->py[r0], f->py[r1], z0, z1, f->level));
}

/* The cell on the other side of an edge; false outside the grid. */
static bool step_over(const field *f, int edge, size_t *col, size_t *row)
{
    if ((edge == LEFT && *col == 0) || (edge == BOTTOM && *row == 0)) return false;
    if (edge == LEFT) --*col;
    if (edge == RIGHT) ++*col;
    if (edge == BOTTOM) --*row;
    if (edge == TOP) ++*row;
    return *col < f->nx - 1 && *row < f->ny - 1;
}

/* The other end of the line of a cell that ends at edge and is not drawn yet, or NO_EDGE. Marks
 * the line as drawn. */
static int take_link(field *f, size_t col, size_t row, int edge)
{
    link links[2];
    const int n = links_of(f, col, row, links);
    unsigned char *left = &f->left[row * f->nx + col];
    for (int i = 0; i < n; i++) {
        if (!(*left & (1 << i)) || (links[i].from != edge && links[i].to != edge)) continue;
        *left = (unsigned char)(*left & ~(1 << i));
        return links[i].from == edge ? links[i].to : links[i].from;
    }
    return NO_EDGE;
}

/* Whether the cell beyond an edge continues the line there. */
static bool continues(const field *f, size_t col, size_t row, int edge)
{
    link links[2];
    if (!step_over(f, edge, &col, &row)) return false;
    const int across = (edge + 2) % 4, n = links_of(f, col, row, links);
    for (int i = 0; i < n; i++)
        if (links[i].from == across || links[i].to == across)
            return (f->left[row * f->nx + col] & (1 << i)) != 0;
    return false;
}

/* Draws a line from an edge of a cell through that cell and further, until it ends or closes. */
static void follow(field *f, size_t col, size_t row, int edge, tgi_pen *pen)
{
    pen_to_edge(f, col, row, edge, pen);
    for (;;) {
        edge = take_link(f, col, row, edge);
        if (edge == NO_EDGE) break;
        pen_to_edge(f, col, row, edge, pen);
        if (!step_over(f, edge, &col, &row)) break;
        edge = (edge + 2) % 4;
    }
    tgi_pen_lift(pen);
}

/* Draws one level: first the lines that have ends, each from one end, then the closed lines. */
static void draw_level(field *f, tgi_pen pen)
{
    link links[2];
    for (size_t row = 0; row + 1 < f->ny; row++)
        for (size_t col = 0; col + 1 < f->nx; col++)
            f->left[row * f->nx + col] = (unsigned char)((1 << links_of(f, col, row, links)) - 1);
    for (int closed = 0; closed <= 1; closed++)
        for (size_t row = 0; row + 1 < f->ny; row++)
            for (size_t col = 0; col + 1 < f->nx; col++) {
                const int n = links_of(f, col, row, links);
                for (int i = 0; i < n; i++) {
                    if (!(f->left[row * f->nx + col] & (1 << i))) continue;
                    if (closed || !continues(f, col, row, links[i].from))
                        follow(f, col, row, links[i].from, &pen);
                    else if (!continues(f, col, row, links[i].to))
                        follow(f, col, row, links[i].to, &pen);
                }
            }
}

/* Automatic colours, from light grey for the lowest level to dark grey for the highest. */
static void open_level(const tgi_artist *a, const tgi_panel *p, size_t i, tgi_sink *s)
{
    char grey[8];
    const double part = a->nlevels > 1 ? (double)i / (double)(a->nlevels - 1) : 0.5;
    const unsigned shade = (unsigned)(205 - 65 * part);
    (void)snprintf(grey, sizeof grey, "#%02x%02x%02x", shade, shade, shade);
    const double width = a->style.width > 0 ? a->style.width : fmin(1, p->line_width);
    tgi_sink_text(s, "<path");
    tgi_svg_stroke(s, a->style.color == TG_COLOR_AUTO ? grey : tgi_color(a->style.color), width,
                   a->style.dash, a->style.opacity);
    tgi_sink_text(s, " d='");
}

static void draw(const tgi_artist *a, const tgi_panel *p, tgi_sink *s)
{
    const size_t nx = a->n, ny = a->ny;
    double *pixels = tg_realloc_array(NULL, nx + ny, sizeof *pixels);
    unsigned char *left = tg_calloc(nx, ny);
    if (!pixels || !left) {
        tgi_sink_fail(s, TG_ENOMEM, "figure: out of memory for a contour of %zux%zu", nx, ny);
        goto out;
    }
    for (size_t i = 0; i < nx; i++) pixels[i] = tgi_map_at(&p->x, a->data[i]);
    for (size_t i = 0; i < ny; i++) pixels[nx + i] = tgi_map_at(&p->y, a->data[nx + i]);
    field f = {nx, ny, a->data + nx + ny, pixels, pixels + nx, 0, left};
    const double *level = f.z + nx * ny;
    for (size_t i = 0; i < a->nlevels; i++) {
        f.level = level[i];
        open_level(a, p, i, s);
        draw_level(&f, tgi_pen_new(p, s, NULL));
        tgi_sink_text(s, "'/>\n");
    }
out:
    tg_free(pixels);
    tg_free(left);
}

static void extent(const tgi_artist *a, bool logx, bool logy, tgi_range *x, tgi_range *y)
{
    for (size_t i = 0; i < a->n; i++) tgi_range_add(x, a->data[i], logx, true);
    for (size_t i = 0; i < a->ny; i++) tgi_range_add(y, a->data[a->n + i], logy, true);
}

const tgi_plot_drawer tgi_plot_contour = {extent, draw, NULL};
