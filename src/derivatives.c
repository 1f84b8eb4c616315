/* derivatives.c - Jacobian-vector and Hessian-vector products, Jacobians and Hessians. */
#include "tapegrad/derivatives.h"

#include <string.h>

#include "graph/tape.h"
#include "src/dict.h"
#include "tapegrad/ops.h"

static bool usable(const tg_tape *t) { return t && tg_tape_status(t) == TG_OK; }

static tg_tensor **pointers(tg_tape *t, int n)
{
    return tg_tape_alloc(t, (size_t)(n > 0 ? n : 0) * sizeof(tg_tensor *));
}

/* x as a recorded value. If y is x itself, a sweep returns the cotangent unchanged, which may be a
 * leaf of the caller. */
static tg_tensor *recorded(tg_tape *t, tg_tensor *x)
{
    return !x || x->tape ? x : tg_mul(t, x, tg_scalar(t, 1));
}

/* ---- forward mode --------------------------------------------------------------------------- */

/* gs[j] = sum over i of us[i] . d ys[i] / d xs[j], where the us are zeros, by which it can be
 * differentiated. */
static tg_status transposed(tg_tape *t, int ny, tg_tensor *const *ys, int nx, tg_tensor *const *xs,
                            tg_tensor **us, tg_tensor **gs)
{
    for (int i = 0; i < ny; i++) {
        if (!ys[i]) (void)tg_tape_fail(t, TG_EARG, "jvp: output %d is NULL", i + 1);
        if (!usable(t)) return tg_tape_status(t);
        us[i] = tg_full(t, ys[i]->dtype, ys[i]->ndim, ys[i]->shape, 0);
    }
    return tg_vjp(t, ny, ys, us, nx, xs, gs);
}

static bool check_tangents(tg_tape *t, int nx, tg_tensor *const *xs, tg_tensor *const *dxs)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    for (int j = 0; j < nx; j++) {
        const tg_tensor *x = xs[j], *dx = dxs ? dxs[j] : NULL;
        if (!x || !dx) continue; /* the sweep reports a NULL x */
        if (!tg_tensor_same_shape(dx, x) || (dx->dtype != x->dtype && !dx->weak))
            (void)tg_tape_fail(t, tg_tensor_same_shape(dx, x) ? TG_EDTYPE : TG_ESHAPE,
                               "jvp: tangent %d is %s, but its tensor is %s", j + 1,
                               tg_tensor_describe(dx, a, sizeof a),
                               tg_tensor_describe(x, b, sizeof b));
    }
    return usable(t);
}

tg_status tg_jvp(tg_tape *t, int ny, tg_tensor *const *ys, int nx, tg_tensor *const *xs,
                 tg_tensor *const *dxs, tg_tensor **dys)
{
    if (!usable(t)) return t ? tg_tape_status(t) : TG_EARG;
    if (ny < 0 || nx < 0 || (ny > 0 && (!ys || !dys)) || (nx > 0 && !xs)) {
        (void)tg_tape_fail(t, TG_EARG, "jvp: a count is negative or a list is NULL");
        return TG_EARG;
    }
    tg_tensor **us = pointers(t, ny), **gs = pointers(t, nx);
    if (!us || !gs || !check_tangents(t, nx, xs, dxs)) return tg_tape_status(t);
    if (transposed(t, ny, ys, nx, xs, us, gs)) return tg_tape_status(t);
    if (tg_vjp(t, nx, gs, dxs, ny, us, dys)) return tg_tape_status(t);
    for (int i = 0; i < ny; i++) dys[i] = recorded(t, dys[i]);
    return tg_tape_status(t);
}

/* ---- second derivatives --------------------------------------------------------------------- */

tg_dict *tg_hvp(tg_tape *t, tg_tensor *loss, const tg_dict *params, const tg_dict *v)
{
    if (!usable(t)) return NULL;
    tg_error err = TG_ERROR_INIT;
    if (!v) (void)tg_fail(&err, TG_EARG, "hvp: v is NULL");
    if (v && params && tg_dict_match(params, "params", v, "v", &err))
        (void)tg_tape_fail(t, err.status, "hvp: %s", err.text);
    else if (err.status)
        (void)tg_tape_fail(t, err.status, "%s", err.text);
    tg_dict *d = tg_grad(t, loss, params);
    if (!d) return NULL;
    tg_tensor **vs = pointers(t, d->n), **hs = pointers(t, d->n);
    if (!vs || !hs) return NULL;
    for (int k = 0; k < d->n; k++) vs[k] = tg_dict_get(v, d->keys[k]);
    const char *const *names = (const char *const *)d->keys;
    if (tgi_vjp(t, d->n, d->tensors, vs, d->n, params->tensors, names, hs)) return NULL;
    for (int k = 0; k < d->n; k++) d->tensors[k] = recorded(t, hs[k]);
    return usable(t) ? d : NULL;
}

/* ---- matrices ------------------------------------------------------------------------------- */

/* k vectors (n) -> (k, n). It is not in the registry, because only Jacobians have that many
 * operands. */
static tg_status rows_infer(tg_infer *c)
{
    c->ndim = 2;
    c->shape[0] = c->n_inputs;
    c->shape[1] = c->inputs[0]->size;
    return TG_OK;
}

static void rows_forward(const tg_node *n, void *work)
{
    char *y = n->output->data;
    const size_t width = tg_dtype_size(n->output->dtype);
    (void)work;
    for (int i = 0; i < n->n_inputs; i++) {
        const tg_tensor *x = n->inputs[i];
        const char *from = x->data;
        for (int64_t j = 0; j < x->size; j++, y += width)
            memcpy(y, from + j * x->strides[0] * (int64_t)width, width);
    }
}

static tg_tensor *rows_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *row = tg_slice(t, dy, 0, i, i + 1, 1);
    return tg_reshape(t, row, 1, n->inputs[i]->shape);
}

static const tg_op rows_op = {.name = "rows",
                              .formula = "a matrix from its rows",
                              .derivative = "row i of dy",
                              .min_inputs = 1,
                              .max_inputs = -1,
                              .infer = rows_infer,
                              .forward = rows_forward,
                              .vjp = rows_vjp};

static tg_tensor *flat(tg_tape *t, tg_tensor *x)
{
    return x ? tg_reshape(t, x, 1, (int64_t[]){x->size}) : NULL;
}

/* The shape of x, with 1 at element i and 0 elsewhere. */
static tg_tensor *unit(tg_tape *t, const tg_tensor *x, int64_t i)
{
    tg_tensor *one = tg_full(t, x->dtype, 1, (int64_t[]){1}, 1);
    return tg_reshape(t, tg_unslice(t, one, 0, i, 1, x->size), x->ndim, x->shape);
}

/* (y.size, x.size): row i is the VJP of x for a cotangent of y that is 1 at element i. y.size >
 * 0. */
static tg_tensor *by_rows(tg_tape *t, tg_tensor *y, tg_tensor *x)
{
    const int m = (int)y->size;
    tg_tensor **rows = pointers(t, m);
    for (int i = 0; rows && i < m; i++) {
        tg_tensor *e = unit(t, y, i), *row = NULL;
        if (!e || tg_vjp(t, 1, &y, &e, 1, &x, &row)) return NULL;
        rows[i] = flat(t, row);
    }
    return rows && usable(t) ? tg_record(t, &rows_op, rows, m, NULL) : NULL;
}

static tg_tensor *jacobian(tg_tape *t, tg_tensor *y, tg_tensor *x)
{
    const int64_t m = y->size, n = x->size;
    tg_tensor *u = NULL, *g = NULL;
    /* Sweeps even if the matrix is empty, so that a missing derivative is an error. */
    if (m == 0 || n < m - 1) {
        if (transposed(t, 1, &y, 1, &x, &u, &g)) return NULL;
    }
    if (m == 0 || (n == 0 && g)) return tg_full(t, x->dtype, 2, (int64_t[]){m, n}, 0);
    if ((g ? n : m) > INT32_MAX)
        return tg_tape_fail(t, TG_ENOMEM, "jacobian: a matrix of %lld by %lld is too large",
                            (long long)m, (long long)n);
    if (!g) return by_rows(t, y, x);
    tg_tensor *columns = tg_transpose(t, by_rows(t, g, u), 0, 1);
    return y->dtype == x->dtype ? columns : tg_cast(t, columns, x->dtype);
}

tg_tensor *tg_jacobian(tg_tape *t, tg_tensor *y, tg_tensor *x)
{
    if (!usable(t)) return NULL;
    if (!y || !x) return tg_tape_fail(t, TG_EARG, "jacobian: %s is NULL", y ? "x" : "y");
    const char *outer = tgi_enter(t, "jacobian");
    return tgi_leave(t, outer, jacobian(t, y, x));
}

tg_tensor *tg_hessian(tg_tape *t, tg_tensor *loss, tg_tensor *x)
{
    char text[TG_DESCRIBE_SIZE];
    tg_tensor *g = NULL;
    if (!usable(t)) return NULL;
    if (!loss || !x) return tg_tape_fail(t, TG_EARG, "hessian: %s is NULL", loss ? "x" : "loss");
    if (loss->size != 1)
        return tg_tape_fail(t, TG_ESHAPE, "hessian: loss is %s, must have one element",
                            tg_tensor_describe(loss, text, sizeof text));
    return tg_vjp(t, 1, &loss, NULL, 1, &x, &g) ? NULL : tg_jacobian(t, g, x);
}
