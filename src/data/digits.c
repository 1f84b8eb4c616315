/* digits.c - draws digits: strokes, distortion, rasterisation, ink. */
#include "tapegrad/digits.h"

#include <math.h>
#include <stdbool.h>

#include "src/data/dataset.h"
#include "src/data/digit_strokes.h"
#include "tapegrad/rng.h"

/* Only + - * / and sqrt are used, so that the bits are the same on every machine with IEEE 754. */

enum {
    SIDE = TG_DIGIT_SIDE,
    SPAN = 6, /* line segments between two control points */
    MAX_NODES = TGI_DIGIT_POINTS * SPAN,
    CELLS = 2, /* of the warp, along each axis */
    KNOTS = CELLS + 3
};

/* A point of the pen's path: its position, and the stroke's width relative to that of the image. */
typedef struct node {
    double x, y, width;
    bool down; /* begins a stroke: there is no ink between it and the node before */
} node;

typedef struct path {
    int count;
    node at[MAX_NODES];
} path;

static double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

/* A normal number, clipped at 2.5 standard deviations so that no digit becomes unreadable. */
static double sway(tg_rng *r, double std)
{
    return std * clamp(tg_rng_next_normal(r, 0, 1), -2.5, 2.5);
}

static const tgi_digit_form *choose_form(tg_rng *r, int label)
{
    const tgi_digit_form *forms = tgi_digit_forms[label];
    int total = 0, i = 0;
    for (int k = 0; k < TGI_DIGIT_FORMS; k++) total += forms[k].weight;
    int left = (int)tg_rng_next_below(r, (uint64_t)total);
    while (left >= forms[i].weight) left -= forms[i++].weight;
    return &forms[i];
}

/* The points of a form in a unit box. Each point is moved a little, and so is each whole
 * stroke. */
static int place_points(tg_rng *r, const tgi_digit_form *form, node point[TGI_DIGIT_POINTS])
{
    const double loose = tg_rng_next_uniform(r, 0.008, 0.036);
    double dx = 0, dy = 0;
    int n = 0;
    for (; n < TGI_DIGIT_POINTS && form->points[n].pen != TGI_PEN_END; n++) {
        const tgi_digit_point *p = &form->points[n];
        if (p->pen == TGI_PEN_DOWN) {
            dx = sway(r, 0.03);
            dy = sway(r, 0.03);
        }
        point[n].x = p->x * 0.01 + dx + sway(r, loose);
        point[n].y = p->y * 0.01 + dy + sway(r, loose);
        point[n].width = 1 + sway(r, 0.10);
        point[n].down = p->pen == TGI_PEN_DOWN;
    }
    return n;
}

/* Catmull-Rom from b to c, with neighbours a and d, at t. */
static double spline(double a, double b, double c, double d, double t)
{
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* b mirrored at a, which stands in for the neighbour that the end of a curve lacks. */
static node mirror(node a, node b) { return (node){2 * a.x - b.x, 2 * a.y - b.y, a.width, false}; }

/* Samples a smooth curve through the points. */
static void trace(const tgi_digit_form *form, const node *point, int n, path *out)
{
    out->count = 0;
    for (int i = 0; i < n; i++) {
        if (point[i].down) {
            out->at[out->count++] = point[i];
            continue;
        }
        const node b = point[i - 1], c = point[i];
        const bool starts = form->points[i - 1].pen != TGI_PEN_ON;
        const bool ends = form->points[i].pen == TGI_PEN_TURN || i + 1 == n || point[i + 1].down;
        const node a = starts ? mirror(b, c) : point[i - 2];
        const node d = ends ? mirror(c, b) : point[i + 1];
        for (int k = 1; k <= SPAN; k++) {
            const double t = (double)k / SPAN;
            out->at[out->count++] =
                (node){spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t),
                       b.width + t * (c.width - b.width), false};
        }
    }
}

/* The four weights of the uniform cubic B-spline. */
static void bspline(double t, double w[4])
{
    const double s = 1 - t, third = 1.0 / 6;
    w[0] = s * s * s * third;
    w[3] = t * t * t * third;
    w[1] = 2.0 / 3 - t * t * (1 - 0.5 * t);
    w[2] = 1 - w[0] - w[1] - w[3];
}

/* Moves all nodes by a smooth random vector field: a B-spline over a grid of normal numbers. */
static void warp(tg_rng *r, path *p)
{
    double fx[KNOTS][KNOTS], fy[KNOTS][KNOTS];
    const double strength = tg_rng_next_uniform(r, 0.05, 0.21);
    for (int i = 0; i < KNOTS; i++) {
        for (int j = 0; j < KNOTS; j++) {
            fx[i][j] = sway(r, strength);
            fy[i][j] = sway(r, strength);
        }
    }
    for (int n = 0; n < p->count; n++) {
        const double u = clamp(p->at[n].x, 0, 0.999) * CELLS;
        const double v = clamp(p->at[n].y, 0, 0.999) * CELLS;
        const int col = (int)u, row = (int)v;
        double wx[4], wy[4], dx = 0, dy = 0;
        bspline(u - col, wx);
        bspline(v - row, wy);
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                dx += wy[i] * wx[j] * fx[row + i][col + j];
                dy += wy[i] * wx[j] * fy[row + i][col + j];
            }
        }
        p->at[n].x += dx;
        p->at[n].y += dy;
    }
}

/* Changes aspect ratio and slant, then rotates by the angle 2 atan(t), without sine and cosine. */
static void turn(tg_rng *r, path *p)
{
    const double aspect = tg_rng_next_uniform(r, 0.75, 1.10);
    const double slant = sway(r, 0.20) - 0.14;
    const double t = clamp(sway(r, 0.1), -0.21, 0.21);
    const double c = (1 - t * t) / (1 + t * t), s = 2 * t / (1 + t * t);
    for (int n = 0; n < p->count; n++) {
        node *q = &p->at[n];
        const double y = q->y - 0.5, x = (q->x - 0.5) * aspect + slant * y;
        q->x = c * x - s * y;
        q->y = s * x + c * y;
    }
}

/* Scales the path to 15 to 19.5 pixels. The point halfway between the centre of its box and its
 * centre of mass comes near the centre of the image. */
static void fit(tg_rng *r, path *p)
{
    double x0 = p->at[0].x, x1 = x0, y0 = p->at[0].y, y1 = y0, mx = 0, my = 0;
    for (int n = 0; n < p->count; n++) {
        const node *q = &p->at[n];
        x0 = q->x < x0 ? q->x : x0;
        x1 = q->x > x1 ? q->x : x1;
        y0 = q->y < y0 ? q->y : y0;
        y1 = q->y > y1 ? q->y : y1;
        mx += q->x / p->count;
        my += q->y / p->count;
    }
    const double box = x1 - x0 > y1 - y0 ? x1 - x0 : y1 - y0;
    const double scale = tg_rng_next_uniform(r, 15, 19.5) / (box > 0.1 ? box : 0.1);
    const double cx = 0.25 * (x0 + x1) + 0.5 * mx, cy = 0.25 * (y0 + y1) + 0.5 * my;
    const double px = 0.5 * SIDE + sway(r, 0.9), py = 0.5 * SIDE + sway(r, 0.9);
    for (int n = 0; n < p->count; n++) {
        p->at[n].x = (p->at[n].x - cx) * scale + px;
        p->at[n].y = (p->at[n].y - cy) * scale + py;
    }
}

/* Raises depth[pixel] to the distance by which the pixel's centre is inside the segment ab with
 * round ends; negative distances are outside. */
static void stroke(node a, node b, double radius, double reach, double depth[SIDE * SIDE])
{
    const double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    const double inverse = square > 0 ? 1 / square : 0;
    const int left = (int)clamp((a.x < b.x ? a.x : b.x) - reach, 0, SIDE);
    const int right = (int)clamp((a.x > b.x ? a.x : b.x) + reach + 1, 0, SIDE);
    const int top = (int)clamp((a.y < b.y ? a.y : b.y) - reach, 0, SIDE);
    const int bottom = (int)clamp((a.y > b.y ? a.y : b.y) + reach + 1, 0, SIDE);
    for (int i = top; i < bottom; i++) {
        for (int j = left; j < right; j++) {
            const double px = j + 0.5 - a.x, py = i + 0.5 - a.y;
            const double t = clamp((px * dx + py * dy) * inverse, 0, 1);
            const double ex = px - t * dx, ey = py - t * dy;
            const double gap = ex * ex + ey * ey;
            if (gap >= reach * reach) continue;
            const double inside = radius * (a.width + t * (b.width - a.width)) - sqrt(gap);
            if (inside > depth[i * SIDE + j]) depth[i * SIDE + j] = inside;
        }
    }
}

/* Draws the strokes in grey, with edges `soft` pixels wide and uneven ink. */
static void ink(tg_rng *r, const path *p, uint8_t *image)
{
    const double radius = tg_rng_next_uniform(r, 0.95, 1.75);
    const double soft = tg_rng_next_uniform(r, 1.0, 1.8);
    const double uneven = tg_rng_next_uniform(r, 0.02, 0.20);
    double depth[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) depth[i] = -soft;
    for (int n = 1; n < p->count; n++) {
        const node a = p->at[n - 1], b = p->at[n];
        if (b.down) continue;
        const double wide = a.width > b.width ? a.width : b.width;
        stroke(a, b, radius, radius * wide + 0.5 * soft, depth);
    }
    uint64_t grain = 0; /* a word of random bits for eight pixels */
    for (int i = 0; i < SIDE * SIDE; i++) {
        grain = i % 8 == 0 ? tg_rng_word(r, (uint64_t)i / 8) : grain >> 8;
        const double cover = clamp(depth[i] / soft + 0.5, 0, 1);
        image[i] = (uint8_t)(255 * cover * (1 - uneven * (double)(grain & 255) / 256) + 0.5);
    }
    tg_rng_skip(r, SIDE * SIDE / 8);
}

/* Draws a few grey specks, not at the border. */
static void speckle(tg_rng *r, uint8_t *image)
{
    for (uint64_t n = tg_rng_next_below(r, 5); n > 0; n--) {
        const uint64_t i = 2 + tg_rng_next_below(r, SIDE - 4);
        const uint64_t j = 2 + tg_rng_next_below(r, SIDE - 4);
        const uint8_t grey = (uint8_t)(20 + tg_rng_next_below(r, 100));
        if (image[i * SIDE + j] < grey) image[i * SIDE + j] = grey;
    }
}

int tg_digit_draw(uint64_t seed, uint64_t index, uint8_t image[TG_DIGIT_SIDE * TG_DIGIT_SIDE])
{
    tg_rng r = tg_rng_make(seed, index);
    const int label = (int)tg_rng_next_below(&r, 10);
    const tgi_digit_form *form = choose_form(&r, label);
    node point[TGI_DIGIT_POINTS];
    path p;
    const int n = place_points(&r, form, point);
    trace(form, point, n, &p);
    warp(&r, &p);
    turn(&r, &p);
    fit(&r, &p);
    if (!image) return label;
    ink(&r, &p, image);
    speckle(&r, image);
    return label;
}

/* ---- data sets of digits -------------------------------------------------------------------- */

static tg_status draw_all(uint64_t seed, uint64_t first, int64_t n, tg_dataset *d, tg_error *err)
{
    const int64_t shape[] = {n, SIDE * SIDE};
    d->images = tg_tensor_new(TG_U8, 2, shape, err);
    d->labels = tg_tensor_new(TG_I32, 1, &n, err);
    if (!d->images || !d->labels) return TG_ENOMEM;
    uint8_t *image = d->images->data;
    int32_t *label = d->labels->data;
    for (int64_t i = 0; i < n; i++)
        label[i] = tg_digit_draw(seed, first + (uint64_t)i, image + (ptrdiff_t)SIDE * SIDE * i);
    d->size = n;
    d->classes = 10;
    return TG_OK;
}

tg_status tg_digits_load(uint64_t seed, int64_t n_train, int64_t n_test, tg_dataset *train,
                         tg_dataset *test, tg_error *err)
{
    if (!tgi_datasets_clear(train, test))
        return tg_fail(err, TG_EARG, "digits_load: %s is NULL", train ? "test" : "train");
    if (n_train < 0 || n_train > INT32_MAX || n_test < 0 || n_test > INT32_MAX)
        return tg_fail(err, TG_EARG,
                       "digits_load: n_train is %lld and n_test %lld, must be in 0..2^31-1",
                       (long long)n_train, (long long)n_test);
    tg_status status = draw_all(seed, 0, n_train, train, err);
    if (status == TG_OK) status = draw_all(seed, UINT64_C(1) << 32, n_test, test, err);
    return tgi_datasets_return(status, train, test);
}
