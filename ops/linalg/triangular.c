/* triangular.c - systems of equations with a triangular matrix.
 *
 * a (..., n, n) x (..., n, k) = b, or if `left` is false x (..., k, n) a = b, with broadcast
 * leading axes. Only the triangle of a that `upper` names is used. With `unitriangular` its
 * diagonal counts as 1. With dx the cotangent of x and T(m) that triangle of m, without its
 * diagonal if unitriangular:
 *
 *   left:  db = a^-T dx,  da = T(-db x^T)
 *   right: db = dx a^-T,  da = T(-x^T db) */
#include "ops/elementwise/families.h"
#include "ops/linalg/linalg.h"
#include "tapegrad/ops.h"

typedef struct triangular_attrs {
    bool upper, left, unitriangular;
} triangular_attrs;

static const tg_attr_def triangular_defs[] = {
    {"upper", TG_ATTR_BOOL, offsetof(triangular_attrs, upper), NULL},
    {"left", TG_ATTR_BOOL, offsetof(triangular_attrs, left), "true"},
    {"unitriangular", TG_ATTR_BOOL, offsetof(triangular_attrs, unitriangular), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status triangular_infer(tg_infer *c)
{
    const triangular_attrs *s = c->attrs;
    return tgi_system_infer(c, s->left);
}

static size_t triangular_work(const tg_node *n)
{
    const tg_tensor *y = n->output;
    const double size = (double)tgi_rows(n->inputs[0]);
    return tgi_linalg_work(size * size + (double)tgi_rows(y) * (double)tgi_columns(y));
}

/* n^2 operations for each column. */
static double triangular_flops(const tg_node *n)
{
    return (double)n->output->size * (double)tgi_rows(n->inputs[0]);
}

/* From the right this is the system of the transposes, a^T x^T = b^T. */
static void triangular_forward(const tg_node *n, void *work)
{
    const triangular_attrs *s = n->attrs;
    const tg_tensor *a = n->inputs[0], *b = n->inputs[1];
    tg_tensor *const y = n->output;
    const int64_t size = tgi_rows(a), columns = s->left ? tgi_columns(y) : tgi_rows(y);
    double *const m = work, *const x = m + size * size;
    int64_t last = -1;
    for (int64_t k = 0; y->size > 0 && k < tgi_stack_count(y); k++) {
        const int64_t number = tgi_stack_number(a, y, k);
        if (number != last) tgi_matrix_read(a, last = number, !s->left, m);
        tgi_matrix_read(b, tgi_stack_number(b, y, k), !s->left, x);
        tgi_substitute(size, m, size, s->upper == s->left, s->unitriangular, columns, x);
        tgi_matrix_write(y, k, !s->left, x);
    }
}

static tg_tensor *triangular_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const triangular_attrs *s = n->attrs;
    tg_tensor *const at = tg_transpose(t, n->inputs[0], -1, -2);
    tg_tensor *const xt = tg_transpose(t, n->output, -1, -2);
    tg_tensor *const db = tg_solve_triangular(t, at, dy, !s->upper, s->left, s->unitriangular);
    if (i == 1) return db;
    tg_tensor *const da = tg_neg(t, s->left ? tg_matmul(t, db, xt) : tg_matmul(t, xt, db));
    return s->upper ? tg_triu(t, da, s->unitriangular ? 1 : 0)
                    : tg_tril(t, da, s->unitriangular ? -1 : 0);
}

static const tg_sample triangular_samples[] = {
    {"d[3,3]:-1..1 f[3,2]", "upper=false"},
    {"d[3,3]:-1..1 f[3,2]", "upper=true"},
    {"d[3,3]:-1..1 f[2,3]", "upper=false left=false"},
    {"d[4,4]:-1..1 f[1,4]", "upper=true left=false"},
    {"f[3,3]:-1..1 f[3,2]", "upper=true unitriangular=true"},
    {"f[3,3]:-1..1 f[2,3]", "upper=false left=false unitriangular=true"},
    {"d[2,2,2]:-1..1 f[2,2,3]", "upper=true"},
    {"d[2,2]:-1..1 f[3,2,1]", "upper=false"},
    {"d[2,1,2,2]:-1..1 f[3,1,2]", "upper=false left=false"},
    {"f[0,0] f[0,2]", "upper=true"},
    {"d[2,2]:-1..1 f[2,0]", "upper=true"},
    {"f[0,2,2] f[2,3]", "upper=false"},
    {NULL, NULL}};

const tg_op tgi_triangular_ops[] = {
    {.name = "solve_triangular",
     .formula = "x with a x = b, or left=false x a = b, of the triangle of a named by upper",
     .derivative = "-db x^T (left=false: -x^T db) in that triangle, db = a^-T dx (dx a^-T)",
     .min_inputs = 2,
     .max_inputs = 2,
     .attrs = triangular_defs,
     .attrs_size = sizeof(triangular_attrs),
     .infer = triangular_infer,
     .work_size = triangular_work,
     .flops = triangular_flops,
     .forward = triangular_forward,
     .vjp = triangular_vjp,
     .samples = triangular_samples}};

TGI_FAMILY_COUNT(triangular);

tg_tensor *tg_solve_triangular(tg_tape *t, tg_tensor *a, tg_tensor *b, bool upper, bool left,
                               bool unitriangular)
{
    return tg_record(t, tgi_triangular_ops, (tg_tensor *[]){a, b}, 2,
                     &(triangular_attrs){upper, left, unitriangular});
}
