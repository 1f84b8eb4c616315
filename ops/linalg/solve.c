/* solve.c - systems of equations and the inverse, by elimination with partial pivoting.
 *
 * solve  x with a (..., n, n) x (..., n, k) = b; leading axes broadcast. With dx the cotangent of
 *        x, db = a^-T dx and da = -db x^T.
 * inv    y with a y = 1. With dy the cotangent of y, da = -y^T dy y^T.
 *
 * A pivot that is exactly 0 is an error. NaN passes through. */
#include "ops/compose.h"
#include "ops/elementwise/families.h"
#include "ops/linalg/linalg.h"

static tg_status solve_infer(tg_infer *c) { return tgi_system_infer(c, true); }

static tg_status inv_infer(tg_infer *c)
{
    const tg_status status = tgi_square("inv", c->inputs[0], c->err);
    return status ? status : tg_infer_same(c);
}

/* The factors, the right side and the row numbers. */
static size_t solve_work(const tg_node *n)
{
    const double size = (double)tgi_rows(n->output), columns = (double)tgi_columns(n->output);
    return tgi_linalg_work(size * (size + columns + 1));
}

/* Matrix k of the right sides, which for inv is always the identity. */
static void read_right_side(const tg_node *n, int64_t k, double *x)
{
    const tg_tensor *y = n->output;
    const int64_t size = tgi_rows(y);
    if (n->n_inputs == 2) {
        tgi_matrix_read(n->inputs[1], tgi_stack_number(n->inputs[1], y, k), false, x);
        return;
    }
    for (int64_t i = 0; i < size * size; i++) x[i] = i % (size + 1) == 0;
}

/* The factorization, and 2 n^2 operations for each column. */
static double solve_flops(const tg_node *n)
{
    return 2 * tgi_cubes(n) / 3 + 2 * (double)n->output->size * (double)tgi_rows(n->inputs[0]);
}

static double inv_flops(const tg_node *n) { return 8 * tgi_cubes(n) / 3; }

static void solve_forward(const tg_node *n, void *work)
{
    const tg_tensor *a = n->inputs[0];
    tg_tensor *const y = n->output;
    const int64_t size = tgi_rows(y), columns = tgi_columns(y);
    tgi_failure *r = work;
    double *const lu = (double *)(void *)(r + 1), *const x = lu + size * size;
    int64_t *const swaps = (int64_t *)(void *)(x + size * columns);
    int64_t last = -1, zero = -1;
    *r = (tgi_failure){-1, 0};
    for (int64_t k = 0; size > 0 && k < tgi_stack_count(y); k++) {
        const int64_t number = tgi_stack_number(a, y, k);
        if (number != last) {
            tgi_matrix_read(a, last = number, false, lu);
            zero = tgi_lu(size, lu, swaps);
        }
        if (zero >= 0) {
            tgi_fail_matrix(r, y, k, number, zero);
            continue;
        }
        read_right_side(n, k, x);
        tgi_swap_rows(size, columns, swaps, false, x);
        tgi_substitute(size, lu, size, false, true, columns, x);
        tgi_substitute(size, lu, size, true, false, columns, x);
        tgi_matrix_write(y, k, false, x);
    }
}

static tg_status solve_verdict(const tg_node *n, const void *work, tg_error *err)
{
    return tgi_linalg_verdict(n, work, "singular", "0", err);
}

static tg_tensor *solve_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *const db = tg_solve(t, tg_transpose(t, n->inputs[0], -1, -2), dy);
    if (i == 1) return db;
    return tg_neg(t, tg_matmul(t, db, tg_transpose(t, n->output, -1, -2)));
}

static tg_tensor *inv_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *const yt = tg_transpose(t, n->output, -1, -2);
    (void)i;
    return tg_neg(t, tg_matmul(t, tg_matmul(t, yt, dy), yt));
}

static const tg_sample solve_samples[] = {{"d[3,3]:-1..1 f[3,2]", NULL},
                                          {"d[5,5]:-1..1 f[5,1]", NULL},
                                          {"d[2,2,2]:-1..1 f[2,2,3]", NULL},
                                          {"d[2,2]:-1..1 f[3,2,2]", NULL},
                                          {"d[2,1,2,2]:-1..1 f[3,2,1]", NULL},
                                          {"d[1,1]:-1..1 f[1,2]", NULL},
                                          {"f[0,0] f[0,2]", NULL},
                                          {"d[2,2]:-1..1 f[2,0]", NULL},
                                          {"f[0,2,2] f[2,1]", NULL},
                                          {NULL, NULL}};
static const tg_sample inv_samples[] = {{"d[3,3]:-1..1", NULL}, {"d[2,2,2]:-1..1", NULL},
                                        {"d[1,1]:-1..1", NULL}, {"f[0,0]", NULL},
                                        {"f[0,2,2]", NULL},     {NULL, NULL}};

enum { SOLVE, INV };

const tg_op tgi_solve_ops[] = {
    [SOLVE] = {.name = "solve",
               .formula = "x with a x = b",
               .derivative = "-db x^T, db = a^-T dx",
               .min_inputs = 2,
               .max_inputs = 2,
               .infer = solve_infer,
               .work_size = solve_work,
               .flops = solve_flops,
               .forward = solve_forward,
               .verdict = solve_verdict,
               .vjp = solve_vjp,
               .samples = solve_samples},
    [INV] = {.name = "inv",
             .formula = "a^-1",
             .derivative = "-y^T dy y^T",
             .min_inputs = 1,
             .max_inputs = 1,
             .infer = inv_infer,
             .work_size = solve_work,
             .flops = inv_flops,
             .forward = solve_forward,
             .verdict = solve_verdict,
             .vjp = inv_vjp,
             .samples = inv_samples},
};
TGI_FAMILY_COUNT(solve);

tg_tensor *tg_solve(tg_tape *t, tg_tensor *a, tg_tensor *b)
{
    tg_error err = TG_ERROR_INIT;
    if (!tgi_operand(t, "solve", a) || !tgi_operand(t, "solve", b)) return NULL;
    if (b->ndim != 1) return tg_record(t, &tgi_solve_ops[SOLVE], (tg_tensor *[]){a, b}, 2, NULL);
    if (tgi_system("solve", a, b, true, true, &err))
        return tg_tape_fail(t, err.status, "%s", err.text);
    tg_tensor *const column = tg_unsqueeze(t, b, 1);
    tg_tensor *const x = tg_record(t, &tgi_solve_ops[SOLVE], (tg_tensor *[]){a, column}, 2, NULL);
    return x ? tg_squeeze(t, x, -1) : NULL;
}

tg_tensor *tg_inv(tg_tape *t, tg_tensor *a)
{
    return tg_record(t, &tgi_solve_ops[INV], &a, 1, NULL);
}
