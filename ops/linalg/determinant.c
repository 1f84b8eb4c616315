/* determinant.c - determinants, their logarithms and signs, and the matrix of cofactors.
 *
 * det        With dy its cotangent and C the cofactors of a, da = dy C. Nothing is divided by det.
 * cofactor   C = adj(a)^T, by elimination with complete pivoting, p a q = L U. All pivots of U but
 *            the last are divisors, so this works down to rank n - 1; below that C = 0. With G its
 *            cotangent, da is the derivative of C(a + e G) at e = 0, because <G, C> is the
 *            derivative of det(a + e G), whose gradient is C(a + e G). That is a polynomial of
 *            degree n - 1 in e, so its derivative is a sum over n points, exact at every a and
 *            again made of cofactors.
 * logabsdet  ln |det a|, da = dy a^-T.
 * signdet    The sign of det a, derivative 0. */
#include <math.h>

#include "graph/tape.h"
#include "ops/elementwise/families.h"
#include "ops/linalg/linalg.h"
#include "tapegrad/ops.h"

/* ---- numbers of a matrix -------------------------------------------------------------------- */

static tg_status number_infer(tg_infer *c)
{
    const tg_tensor *a = c->inputs[0];
    const tg_status status = tgi_square(c->op->name, a, c->err);
    for (int i = 0; !status && i < a->ndim - 2; i++) c->shape[c->ndim++] = a->shape[i];
    return status;
}

static size_t linalg_work(const tg_node *n)
{
    const double size = (double)tgi_rows(n->inputs[0]);
    return tgi_linalg_work(2 * size * (size + 1)); /* two matrices, two lists of swaps */
}

/* A determinant as mantissa * 2^exponent, which does not overflow. */
typedef struct product {
    double mantissa;
    int64_t exponent;
} product;

static void times(product *p, double factor)
{
    int e = 0;
    p->mantissa = frexp(p->mantissa * factor, &e);
    if (isfinite(p->mantissa)) p->exponent += e;
}

static double value(product p, double factor)
{
    const int64_t far = 1 << 20, e = p.exponent;
    return ldexp(p.mantissa * factor, (int)(e > far ? far : e < -far ? -far : e));
}

static product determinant(int64_t n, double *a, int64_t *swaps)
{
    product p = {1, 0};
    if (tgi_lu(n, a, swaps) >= 0) return (product){0, 0};
    for (int64_t k = 0; k < n; k++) times(&p, swaps[k] == k ? a[k * n + k] : -a[k * n + k]);
    return p;
}

static double plain(product p) { return value(p, 1); }

static double logarithm(product p)
{
    return log(fabs(p.mantissa)) + (double)p.exponent * 0.69314718055994530942;
}

static double sign(product p)
{
    return isnan(p.mantissa) ? p.mantissa : (p.mantissa > 0) - (p.mantissa < 0);
}

static void numbers(const tg_node *n, void *work, double (*of)(product p))
{
    const tg_tensor *a = n->inputs[0], *y = n->output;
    const int64_t size = tgi_rows(a);
    double *const m = work;
    int64_t *const swaps = (int64_t *)(void *)(m + size * size);
    for (int64_t k = 0; k < y->size; k++) {
        tgi_matrix_read(a, k, false, m);
        const double v = of(determinant(size, m, swaps));
        if (y->dtype == TG_F32)
            ((float *)y->data)[k] = (float)v;
        else
            ((double *)y->data)[k] = v;
    }
}

static double factor_flops(const tg_node *n) { return 2 * tgi_cubes(n) / 3; }

static double cofactor_flops(const tg_node *n) { return 8 * tgi_cubes(n) / 3; }

static void det_forward(const tg_node *n, void *work) { numbers(n, work, plain); }
static void logabsdet_forward(const tg_node *n, void *work) { numbers(n, work, logarithm); }
static void signdet_forward(const tg_node *n, void *work) { numbers(n, work, sign); }

/* Each matrix times its number. */
static tg_tensor *scaled(tg_tape *t, tg_tensor *dy, tg_tensor *m)
{
    return tg_mul(t, tg_unsqueeze(t, tg_unsqueeze(t, dy, -1), -1), m);
}

static tg_tensor *det_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return scaled(t, dy, tg_cofactor(t, n->inputs[i]));
}

static tg_tensor *logabsdet_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return scaled(t, dy, tg_transpose(t, tg_inv(t, n->inputs[i]), -1, -2));
}

/* ---- cofactors ------------------------------------------------------------------------------ */

static tg_status cofactor_infer(tg_infer *c)
{
    const tg_status status = tgi_square("cofactor", c->inputs[0], c->err);
    return status ? status : tg_infer_same(c);
}

/* Finds the largest element in the rows and columns from k on. NaN counts as the largest. */
static void find_pivot(int64_t n, const double *a, int64_t k, int64_t *row, int64_t *column)
{
    double best = -1;
    for (int64_t i = k; i < n; i++)
        for (int64_t j = k; j < n && !isnan(best); j++)
            if (!(fabs(a[i * n + j]) <= best)) {
                best = fabs(a[i * n + j]);
                *row = i;
                *column = j;
            }
}

/* Turns a into the factors of p a q = L U. Step k swaps rows k and rows[k], and columns k and
 * columns[k]. Returns the rank and sets *sign to the sign of all swaps. */
static int64_t complete_lu(int64_t n, double *a, int64_t *rows, int64_t *columns, double *sign)
{
    int64_t rank = n;
    *sign = 1;
    for (int64_t k = 0; k < n; k++) {
        rows[k] = columns[k] = k;
        if (k > rank) continue;
        find_pivot(n, a, k, &rows[k], &columns[k]);
        if ((rows[k] != k) != (columns[k] != k)) *sign = -*sign;
        tgi_swap(n, a + k * n, a + rows[k] * n);
        for (int64_t i = 0; columns[k] != k && i < n; i++)
            tgi_swap(1, a + i * n + k, a + i * n + columns[k]);
        if (a[k * n + k] == 0) {
            rank = k;
            continue;
        }
        for (int64_t i = k + 1; i < n; i++) {
            double *const row = a + i * n;
            row[k] /= a[k * n + k];
            tgi_subtract(n - k - 1, row[k], a + k * n + k + 1, row + k + 1);
        }
    }
    return rank;
}

/* Sets x (n, n) to adj(a) = sign q adj(U) L^-1 p. With U = [V u; 0 s] and d = det V, adj(U) = d [s
 * V^-1, -V^-1 u; 0, 1]. */
static void adjugate(int64_t n, double *a, int64_t *rows, int64_t *columns, double *x)
{
    product d = {1, 0};
    const bool low = complete_lu(n, a, rows, columns, &d.mantissa) < n - 1;
    for (int64_t i = 0; i < n * n; i++) x[i] = !low && i % (n + 1) == 0;
    if (low) return;
    tgi_swap_rows(n, n, rows, false, x);
    tgi_substitute(n, a, n, false, true, n, x);
    const double *const bottom = x + (n - 1) * n, s = a[n * n - 1];
    for (int64_t i = 0; i < n - 1; i++) {
        for (int64_t j = 0; j < n; j++) x[i * n + j] *= s;
        tgi_subtract(n, a[i * n + n - 1], bottom, x + i * n);
        times(&d, a[i * n + i]);
    }
    tgi_substitute(n - 1, a, n, true, false, n, x);
    tgi_swap_rows(n, n, columns, true, x);
    for (int64_t i = 0; i < n * n; i++) x[i] = value(d, x[i]);
}

static void cofactor_forward(const tg_node *n, void *work)
{
    const tg_tensor *a = n->inputs[0];
    const int64_t size = tgi_rows(a);
    double *const m = work, *const x = m + size * size;
    int64_t *const rows = (int64_t *)(void *)(x + size * size), *const columns = rows + size;
    for (int64_t k = 0; a->size > 0 && k < tgi_stack_count(a); k++) {
        tgi_matrix_read(a, k, false, m);
        adjugate(size, m, rows, columns, x);
        tgi_matrix_write(n->output, k, true, x);
    }
}

/* The largest |element| of each matrix, or 1 where that is 0, as a constant. */
static tg_tensor *largest(tg_tape *t, tg_tensor *x)
{
    tg_tensor *const m = tg_max_axes(t, tg_abs(t, x), 2, (int[]){-2, -1}, true);
    if (!m) return NULL;
    return tg_stop_gradient(t,
                            tg_where(t, tg_greater(t, m, tg_scalar(t, 0)), m, tg_ones_like(t, m)));
}

/* For polynomials p of degree 2 count, p'(0) is half the sum of w_m (p(x_m) - p(-x_m)) over the
 * positive points x_m. These are Chebyshev's points, which keep the sum of |w_m| small. w_m x_m is
 * Lagrange's polynomial in x^2 at 0. */
static double weight_of(int64_t m, int64_t count, double *point)
{
    const double pi = 3.14159265358979323846, step = pi / (double)(4 * count);
    double w = 1;
    *point = cos((double)(2 * m + 1) * step);
    for (int64_t l = 0; l < count; l++) {
        const double other = cos((double)(2 * l + 1) * step);
        if (l != m) w *= other * other / (other * other - *point * *point);
    }
    return w / *point;
}

/* Evaluates C(a + e dy) at e = x |a| / |dy| with x in -1..1, so that no digits are lost. */
static tg_tensor *cofactor_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *const a = n->inputs[i];
    const int64_t count = tgi_rows(a) / 2;
    tg_tensor *da = NULL;
    if (count == 0) return NULL; /* the cofactor of a 1 by 1 matrix is 1 */
    tg_tensor *const size = largest(t, a), *const dy_size = largest(t, dy);
    tg_tensor *const step = tg_mul(t, tg_div(t, dy, dy_size), size);
    for (int64_t m = 0; m < count; m++) {
        double point;
        const double w = weight_of(m, count, &point);
        tg_tensor *const move = tg_mul(t, step, tg_scalar(t, point));
        tg_tensor *const two =
            tg_sub(t, tg_cofactor(t, tg_add(t, a, move)), tg_cofactor(t, tg_sub(t, a, move)));
        tg_tensor *const part = tg_mul(t, two, tg_scalar(t, w / 2));
        da = da ? tg_add(t, da, part) : part;
    }
    return tg_mul(t, tg_div(t, da, size), dy_size);
}

/* ---- the table ------------------------------------------------------------------------------ */

static const tg_sample number_samples[] = {{"d[3,3]:-1..1", NULL}, {"d[2,2,2]:-1..1", NULL},
                                           {"d[1,1]:-1..1", NULL}, {"d[4,4]:-0.5..0.5", NULL},
                                           {"f[0,0]", NULL},       {"f[2,0,0]", NULL},
                                           {"f[0,2,2]", NULL},     {NULL, NULL}};
static const tg_sample det_samples[] = {
    {"f[3,3]", NULL}, {"f[2,1,2,2]", NULL}, {"f[1,1]", NULL},   {"f[4,4]", NULL},
    {"f[0,0]", NULL}, {"f[2,0,0]", NULL},   {"f[0,2,2]", NULL}, {NULL, NULL}};

#define NUMBER .min_inputs = 1, .max_inputs = 1, .infer = number_infer, .work_size = linalg_work

enum { DET, COFACTOR, LOGABSDET, SIGNDET };

const tg_op tgi_determinant_ops[] = {
    [DET] = {.name = "det",
             .formula = "the determinant of a",
             .derivative = "dy cofactor(a)",
             NUMBER,
             .flops = factor_flops,
             .forward = det_forward,
             .vjp = det_vjp,
             .samples = det_samples},
    [COFACTOR] = {.name = "cofactor",
                  .formula = "(-1)^(i+j) det of a without row i and column j",
                  .derivative = "d/de cofactor(a + e dy) at e = 0",
                  .min_inputs = 1,
                  .max_inputs = 1,
                  .infer = cofactor_infer,
                  .work_size = linalg_work,
                  .flops = cofactor_flops,
                  .forward = cofactor_forward,
                  .vjp = cofactor_vjp,
                  .samples = det_samples},
    [LOGABSDET] = {.name = "logabsdet",
                   .formula = "ln |det a|",
                   .derivative = "dy a^-T",
                   NUMBER,
                   .flops = factor_flops,
                   .forward = logabsdet_forward,
                   .vjp = logabsdet_vjp,
                   .samples = number_samples},
    [SIGNDET] = {.name = "signdet",
                 .formula = "the sign of det a",
                 .flags = TG_OP_ZERO_GRAD,
                 NUMBER,
                 .flops = factor_flops,
                 .forward = signdet_forward,
                 .samples = number_samples},
};
TGI_FAMILY_COUNT(determinant);

tg_tensor *tg_det(tg_tape *t, tg_tensor *a)
{
    return tg_record(t, &tgi_determinant_ops[DET], &a, 1, NULL);
}

tg_tensor *tg_cofactor(tg_tape *t, tg_tensor *a)
{
    return tg_record(t, &tgi_determinant_ops[COFACTOR], &a, 1, NULL);
}

tg_tensor *tg_logabsdet(tg_tape *t, tg_tensor *a)
{
    return tg_record(t, &tgi_determinant_ops[LOGABSDET], &a, 1, NULL);
}

tg_tensor *tg_signdet(tg_tape *t, tg_tensor *a)
{
    return tg_record(t, &tgi_determinant_ops[SIGNDET], &a, 1, NULL);
}

tg_tensor *tg_slogdet(tg_tape *t, tg_tensor *a, tg_tensor **sign_of)
{
    const char *outer = tgi_enter(t, "slogdet");
    tg_tensor *const y = tg_logabsdet(t, a);
    if (sign_of) *sign_of = y ? tg_signdet(t, a) : NULL;
    return tgi_leave(t, outer, sign_of && !*sign_of ? NULL : y);
}
