/* pen.c - a pen that clips polylines and draws them, or marks the cells that they cross. */
#include <math.h>

#include "src/plot/plot.h"

/* Pixels beyond the panel within which lines are still drawn, so that clipping shows neither in
 * their width nor in their bends. The panel's SVG viewport hides them. */
#define BEYOND 20.0

/* How far, in pixels, the line may be from the points: too little to be visible. */
#define TOLERANCE 0.1

tgi_pen tgi_pen_new(const tgi_panel *p, tgi_sink *s, tgi_cover *cover)
{
    return (tgi_pen){.s = s, .cover = cover, .width = p->x.length, .height = p->y.length};
}

/* Narrows the interval [t0, t1] to the t for which from + t * way is in [lo, hi]. */
static bool narrow(double from, double way, double lo, double hi, double *t0, double *t1)
{
    if (way == 0) return from >= lo && from <= hi;
    const double a = (lo - from) / way, b = (hi - from) / way;
    *t0 = fmax(*t0, fmin(a, b));
    *t1 = fmin(*t1, fmax(a, b));
    return *t0 <= *t1;
}

static void draw(tgi_pen *pen, double x0, double y0, double x1, double y1)
{
    if (pen->cover) {
        tgi_cover_segment(pen->cover, x0, y0, x1, y1);
        return;
    }
    if (!pen->path) tgi_svg(pen->s, "M$ $", x0, y0);
    tgi_svg(pen->s, " $ $", x1, y1); /* after an M, further numbers draw lines */
}

/* Draws a straight line to a point. */
static void go(tgi_pen *pen, double x, double y)
{
    const double wx = x - pen->x, wy = y - pen->y;
    double t0 = 0, t1 = 1;
    if (narrow(pen->x, wx, -BEYOND, pen->width + BEYOND, &t0, &t1) &&
        narrow(pen->y, wy, -BEYOND, pen->height + BEYOND, &t0, &t1)) {
        draw(pen, pen->x + t0 * wx, pen->y + t0 * wy, t1 < 1 ? pen->x + t1 * wx : x,
             t1 < 1 ? pen->y + t1 * wy : y);
        pen->path = t1 >= 1;
    } else {
        pen->path = false;
    }
    pen->x = x;
    pen->y = y;
}

/* Points are held back as long as one straight line passes all of them within the tolerance: as
 * long as each is further away than the one before and within the cone of directions that these
 * allow. */
static bool hold(tgi_pen *pen, double x, double y)
{
    const double wx = x - pen->x, wy = y - pen->y, distance = hypot(wx, wy);
    if (distance <= TOLERANCE) return !pen->held;
    const double half = asin(TOLERANCE / distance);
    double turn = atan2(wy, wx);
    if (!pen->held) {
        pen->direction = turn;
        pen->least = -half;
        pen->most = half;
    } else {
        turn = remainder(turn - pen->direction, 6.283185307179586);
        if (distance < pen->reach || turn < pen->least || turn > pen->most) return false;
        pen->least = fmax(pen->least, turn - half);
        pen->most = fmin(pen->most, turn + half);
    }
    pen->held = true;
    pen->reach = distance;
    pen->ahead_x = x;
    pen->ahead_y = y;
    return true;
}

static void release(tgi_pen *pen)
{
    if (pen->held) go(pen, pen->ahead_x, pen->ahead_y);
    pen->held = false;
}

void tgi_pen_to(tgi_pen *pen, double x, double y)
{
    if (!pen->down) {
        pen->down = true;
        pen->moved = false;
        pen->x = x;
        pen->y = y;
    } else if (!hold(pen, x, y)) {
        release(pen);
        (void)hold(pen, x, y);
    }
    pen->moved = pen->moved || pen->held;
}

void tgi_pen_lift(tgi_pen *pen)
{
    const bool inside = pen->x >= -BEYOND && pen->x <= pen->width + BEYOND && pen->y >= -BEYOND &&
                        pen->y <= pen->height + BEYOND;
    release(pen);
    if (pen->down && !pen->moved && inside) {
        if (pen->cover)
            tgi_cover_segment(pen->cover, pen->x, pen->y, pen->x, pen->y);
        else
            tgi_svg(pen->s, "M$ $h0", pen->x, pen->y); /* round caps make it a dot */
    }
    pen->down = false;
    pen->path = false;
}
