/* program_check.h - the checks of one random program: its gradient along a random direction against
 * differences and forward mode, the same bits twice, and the second order. */
#ifndef TESTS_PROGRAM_CHECK_H
#define TESTS_PROGRAM_CHECK_H

#include "tapegrad/derivatives.h"
#include "tests/plan/programs.h"

enum { SIZE = INPUTS * 16, SECOND = 8 }; /* every eighth also to second order */
enum { FINE, KINK, WRONG };

typedef struct check {
    program *p;
    tg_tape *t;
    int size; /* of all inputs together */
    double x[SIZE], v[SIZE];
    char message[256];
} check;

/* ---- the function along x + s v ------------------------------------------------------------- */

static inline void move_to(check *c, double s)
{
    int i = 0;
    for (int k = 0; k < INPUTS; k++) {
        double *data = c->p->at_start[k]->data;
        for (int64_t j = 0; j < c->p->at_start[k]->size; j++, i++) data[j] = c->x[i] + s * c->v[i];
    }
    tg_tape_reset(c->t);
}

static inline bool loss_at(check *c, double s, double *out)
{
    move_to(c, s);
    const tg_tensor *loss = run_program(c->t, c->p);
    if (loss) *out = tg_item(loss);
    return loss && isfinite(*out);
}

static inline void read_all(tg_tensor *const *from, double *out)
{
    for (int k = 0; k < INPUTS; k++)
        for (int64_t i = 0; i < from[k]->size; i++) *out++ = read_at(from[k], i);
}

static inline bool gradient_at(check *c, double s, double *out)
{
    tg_tensor *g[INPUTS];
    move_to(c, s);
    tg_tensor *loss = run_program(c->t, c->p);
    if (tg_vjp(c->t, 1, &loss, NULL, INPUTS, c->p->at_start, g)) return false;
    read_all(g, out);
    return true;
}

static inline double largest(int n, const double *v)
{
    double most = 0;
    for (int i = 0; i < n; i++) most = isfinite(v[i]) ? fmax(most, fabs(v[i])) : INFINITY;
    return most;
}

/* f does not have different slopes on the two sides of 0, which central differences would average.
 * For a smooth function they differ by h f''. */
static inline bool bends(check *c, int n, bool (*f)(check *c, double s, double *out), double scale)
{
    double plus[SIZE], minus[SIZE], middle[SIZE], apart = 0;
    const double h = 1e-6;
    if (!f(c, h, plus) || !f(c, -h, minus) || !f(c, 0, middle)) return true;
    for (int i = 0; i < n; i++) apart = fmax(apart, fabs(plus[i] - 2 * middle[i] + minus[i]) / h);
    return apart > 1e-3 * scale;
}

/* True if f at 0 is far from f at +-h: it jumps, as where elements that differ only by rounding
 * change their order at random. */
static inline bool jumps(check *c, int n, bool (*f)(check *c, double s, double *out),
                         const double *plus, const double *minus, double h, double scale)
{
    double middle[SIZE], apart = 0;
    if (!f(c, 0, middle)) return true;
    for (int i = 0; i < n; i++) apart = fmax(apart, fabs(plus[i] - 2 * middle[i] + minus[i]));
    return apart > h * fmax(scale, 1);
}

/* d f / d s at 0 by central differences with two steps of Richardson's extrapolation, at the first
 * width at which both agree. At a kink or a jump they do not agree. A wrong gradient does not
 * prevent it. */
static inline bool differences(check *c, int n, bool (*f)(check *c, double s, double *out),
                               double *d)
{
    static const double widths[] = {1e-3, 1e-4, 1e-5};
    double plus[3][SIZE], minus[3][SIZE];
    for (int k = 0; k < COUNT(widths); k++) {
        double off = 0, scale = 0.1;
        bool fine = true;
        for (int j = 0; j < 3 && fine; j++) {
            const double h = ldexp(widths[k], -j);
            fine = f(c, h, plus[j]) && f(c, -h, minus[j]);
        }
        for (int i = 0; i < n && fine; i++) {
            double central[3];
            for (int j = 0; j < 3; j++)
                central[j] = (plus[j][i] - minus[j][i]) / ldexp(widths[k], 1 - j);
            d[i] = (4 * central[2] - central[1]) / 3;
            off = fmax(off, fabs(d[i] - (4 * central[1] - central[0]) / 3));
            scale = fmax(scale, fabs(d[i]));
        }
        if (fine && off <= 2e-8 * scale)
            return !jumps(c, n, f, plus[2], minus[2], ldexp(widths[k], -2), scale) &&
                   !bends(c, n, f, scale);
    }
    return false;
}

/* ---- the checks ----------------------------------------------------------------------------- */

static inline int wrong(check *c, const char *what, double got, double want)
{
    (void)snprintf(c->message, sizeof c->message, "%s: %.12g, expected %.12g", what, got, want);
    return WRONG;
}

static inline void sow(check *c)
{
    tg_rng rng = tg_rng_make(c->p->seed, 1);
    c->size = 0;
    for (int k = 0; k < INPUTS; k++)
        for (int64_t j = 0; j < c->p->at_start[k]->size; j++, c->size++) {
            c->x[c->size] = read_at(c->p->at_start[k], j);
            c->v[c->size] = tg_rng_next_normal(&rng, 0, 1) / 4;
        }
}

/* v as tensors, in a dict with the keys of x; the tape must be at 0. */
static inline tg_dict *tangent(check *c, tg_tensor **dx)
{
    tg_dict *d = tg_dict_clone(c->p->x, NULL);
    for (int k = 0, i = 0; k < INPUTS; k++) {
        dx[k] = tg_dict_at(d, k);
        for (int64_t j = 0; j < dx[k]->size; j++) write_at(dx[k], j, c->v[i++]);
    }
    return d;
}

static inline int check_forward_mode(check *c, double slope, double size)
{
    tg_tensor *dx[INPUTS], *dy;
    move_to(c, 0);
    tg_dict *d = tangent(c, dx);
    tg_tensor *loss = run_program(c->t, c->p);
    const tg_status status = tg_jvp(c->t, 1, &loss, INPUTS, c->p->at_start, dx, &dy);
    const double got = status ? NAN : tg_item(dy);
    if (status) (void)snprintf(c->message, sizeof c->message, "%s", tg_tape_message(c->t));
    tg_dict_free(d);
    if (status) return WRONG;
    return fabs(got - slope) <= 1e-9 * fmax(size, 1) ? FINE : wrong(c, "tg_jvp", got, slope);
}

static inline int check_second_order(check *c)
{
    double got[SIZE], want[SIZE];
    tg_tensor *dx[INPUTS], *h[INPUTS];
    move_to(c, 0);
    tg_dict *d = tangent(c, dx);
    const tg_dict *hv = tg_hvp(c->t, run_program(c->t, c->p), c->p->x, d);
    if (!hv) (void)snprintf(c->message, sizeof c->message, "hvp: %s", tg_tape_message(c->t));
    for (int k = 0; hv && k < INPUTS; k++) h[k] = tg_dict_at(hv, k);
    if (hv) read_all(h, got);
    tg_dict_free(d);
    if (!hv) return WRONG;
    if (!differences(c, c->size, gradient_at, want) || !isfinite(largest(c->size, got)))
        return KINK;
    const double scale = fmax(largest(c->size, want), 0.1);
    for (int i = 0; i < c->size; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-6 * scale)) return wrong(c, "hvp", got[i], want[i]);
    return FINE;
}

static inline int check_program(check *c)
{
    double g[SIZE], again[SIZE], want, slope = 0, size = 0;
    sow(c);
    if (!gradient_at(c, 0, g)) {
        (void)snprintf(c->message, sizeof c->message, "%s", tg_tape_message(c->t));
        return WRONG;
    }
    for (int i = 0; i < c->size; i++) {
        slope += g[i] * c->v[i];
        size += fabs(g[i] * c->v[i]);
    }
    if (!differences(c, 1, loss_at, &want) || !isfinite(slope)) return KINK;
    if (!(fabs(slope - want) <= 1e-6 * fmax(fmax(fabs(slope), fabs(want)), 0.1)))
        return wrong(c, "tg_vjp along v", slope, want);
    const int forward = check_forward_mode(c, slope, size);
    if (forward != FINE) return forward;
    if (!gradient_at(c, 0, again) || memcmp(g, again, (size_t)c->size * sizeof *g) != 0)
        return wrong(c, "the same gradient once more", again[0], g[0]);
    return c->p->seed % SECOND == 0 ? check_second_order(c) : FINE;
}

#endif
