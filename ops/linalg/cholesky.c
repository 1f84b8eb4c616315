/* cholesky.c - the Cholesky factor of positive definite matrices.
 *
 * With s = (a + a^T) / 2, it is the lower triangle L with a positive diagonal and L L^T = s, or L^T
 * if `upper` is set. It is a function of the symmetric part so that its derivative is symmetric and
 * is the derivative of what is computed, whatever a holds above its diagonal. With dL the cotangent
 * of L (Murray, Differentiation of the Cholesky decomposition, 2016):
 *
 *   ds = L^-T phi(L^T dL) L^-1,  phi: the lower triangle with half the diagonal,
 *   da = (ds + ds^T) / 2 */
#include <math.h>

#include "ops/elementwise/families.h"
#include "ops/linalg/linalg.h"
#include "tapegrad/ops.h"

typedef struct cholesky_attrs {
    bool upper;
} cholesky_attrs;

static const tg_attr_def cholesky_defs[] = {
    {"upper", TG_ATTR_BOOL, offsetof(cholesky_attrs, upper), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status cholesky_infer(tg_infer *c)
{
    const tg_status status = tgi_square("cholesky", c->inputs[0], c->err);
    return status ? status : tg_infer_same(c);
}

static size_t cholesky_work(const tg_node *n)
{
    const double size = (double)tgi_rows(n->output);
    return tgi_linalg_work(size * size);
}

/* Turns u into L^T, the upper triangle, whose rows are contiguous. Returns the number of the first
 * pivot that is not positive, or -1. */
static int64_t factor(int64_t n, double *u)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++) u[i * n + j] = u[i * n + j] / 2 + u[j * n + i] / 2;
    for (int64_t k = 0; k < n; k++) {
        double *const top = u + k * n;
        if (!(top[k] > 0)) return k;
        top[k] = sqrt(top[k]);
        for (int64_t j = k + 1; j < n; j++) top[j] /= top[k];
        for (int64_t i = k + 1; i < n; i++) {
            tgi_subtract(n - i, top[i], top + i, u + i * n + i);
            u[i * n + k] = 0;
        }
    }
    return -1;
}

static double cholesky_flops(const tg_node *n) { return tgi_cubes(n) / 3; }

static void cholesky_forward(const tg_node *n, void *work)
{
    const cholesky_attrs *a = n->attrs;
    tgi_failure *r = work;
    double *const u = (double *)(void *)(r + 1);
    *r = (tgi_failure){-1, 0};
    for (int64_t k = 0; n->output->size > 0 && k < tgi_stack_count(n->output); k++) {
        tgi_matrix_read(n->inputs[0], k, false, u);
        const int64_t pivot = factor(tgi_rows(n->output), u);
        if (pivot < 0)
            tgi_matrix_write(n->output, k, !a->upper, u);
        else
            tgi_fail_matrix(r, n->output, k, k, pivot);
    }
}

static tg_status cholesky_verdict(const tg_node *n, const void *work, tg_error *err)
{
    return tgi_linalg_verdict(n, work, "not positive definite", "not positive", err);
}

static tg_tensor *half_sum(tg_tape *t, tg_tensor *x, tg_tensor *y)
{
    return tg_mul(t, tg_add(t, x, y), tg_scalar(t, 0.5));
}

static tg_tensor *cholesky_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const cholesky_attrs *a = n->attrs;
    (void)i;
    tg_tensor *const turned = tg_transpose(t, n->output, -1, -2);
    tg_tensor *const l = a->upper ? turned : n->output, *const lt = a->upper ? n->output : turned;
    if (a->upper) dy = tg_transpose(t, dy, -1, -2);
    tg_tensor *const p = tg_matmul(t, lt, dy);
    tg_tensor *const phi = half_sum(t, tg_tril(t, p, 0), tg_tril(t, p, -1));
    tg_tensor *const left = tg_solve_triangular(t, lt, phi, true, true, false);
    tg_tensor *const ds = tg_solve_triangular(t, l, left, false, false, false);
    return half_sum(t, ds, tg_transpose(t, ds, -1, -2));
}

static const tg_sample cholesky_samples[] = {
    {"d[3,3]:-1..1", NULL},     {"d[4,4]:-0.5..0.5", "upper=true"},
    {"d[2,1,2,2]:-1..1", NULL}, {"d[1,1]:-1..1", NULL},
    {"f[0,0]", NULL},           {"f[2,0,0]", "upper=true"},
    {"f[0,2,2]", NULL},         {NULL, NULL}};

const tg_op tgi_cholesky_ops[] = {
    {.name = "cholesky",
     .formula = "L with L L^T = (a + a^T) / 2, lower with a positive diagonal; upper: L^T",
     .derivative = "symmetric part of L^-T phi(L^T dL) L^-1, phi: tril with half the diagonal",
     .min_inputs = 1,
     .max_inputs = 1,
     .attrs = cholesky_defs,
     .attrs_size = sizeof(cholesky_attrs),
     .infer = cholesky_infer,
     .work_size = cholesky_work,
     .flops = cholesky_flops,
     .forward = cholesky_forward,
     .verdict = cholesky_verdict,
     .vjp = cholesky_vjp,
     .samples = cholesky_samples}};

TGI_FAMILY_COUNT(cholesky);

tg_tensor *tg_cholesky(tg_tape *t, tg_tensor *a, bool upper)
{
    return tg_record(t, tgi_cholesky_ops, &a, 1, &(cholesky_attrs){upper});
}
