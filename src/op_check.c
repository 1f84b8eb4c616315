/* op_check.c - checks an operation on the samples of its descriptor. */
#include <math.h>
#include <stdio.h>

#include "graph/tape.h"
#include "src/op_sample.h"
#include "src/options.h"
#include "tapegrad/derivatives.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/ops.h"

/* ---- the checks ----------------------------------------------------------------------------- */

/* The result of sample i as an f64 leaf; NULL on failure. */
static tg_tensor *result(const tg_op *op, int i, tg_dtype dtype, bool with_strides, uint64_t seed,
                         tg_error *err)
{
    tgi_sample s;
    tg_tape *t = tg_tape_new();
    tg_tensor *y = NULL;
    if (!t) (void)tg_fail(err, TG_ENOMEM, "op_check: out of memory");
    if (tgi_sample_make(&s, op, i, dtype, with_strides, seed, err) == TG_OK && t) {
        y = tg_cast(t, tgi_sample_apply(t, s.floats, &s), TG_F64);
        if (!y) (void)tgi_tape_pass(t, err);
        y = y ? tg_tensor_clone(y, err) : NULL;
    }
    tgi_sample_free(&s);
    tg_tape_free(t);
    return y;
}

static tg_status same_result(const tg_op *op, int i, const tg_tensor *want, tg_dtype dtype,
                             bool with_strides, double tolerance, uint64_t seed, tg_error *err)
{
    tg_tensor *y = result(op, i, dtype, with_strides, seed, err);
    if (!y) return err->status;
    tg_status status = TG_OK;
    if (!tg_tensor_same_shape(y, want))
        status = tg_fail(err, TG_ESHAPE, "%s: sample %d has another shape in %s%s", op->name, i,
                         with_strides ? "strided " : "", tg_dtype_name(dtype));
    for (int64_t k = 0; !status && k < want->size; k++) {
        const double a = tg_tensor_get(want, k), b = tg_tensor_get(y, k);
        const bool alike = a == b || (isnan(a) && isnan(b)) ||
                           fabs(a - b) <= tolerance * fmax(fmax(fabs(a), fabs(b)), 1);
        if (!alike)
            status =
                tg_fail(err, TG_EGRAD, "%s: sample %d[%lld] is %.10g, in %s%s %.10g", op->name, i,
                        (long long)k, a, with_strides ? "strided " : "", tg_dtype_name(dtype), b);
    }
    tg_tensor_free(y);
    return status;
}

/* <u, v> in row-major order. */
static double product(const tg_tensor *u, const tg_tensor *v)
{
    double sum = 0;
    for (int64_t i = 0; i < u->size; i++) sum += tg_tensor_get(u, i) * tg_tensor_get(v, i);
    return sum;
}

/* Compares <u, J v> with <J^T u, v>. This checks that the VJP is linear in dy and can be
 * differentiated with respect to dy, which second derivatives do not need. */
static tg_status products(tg_tape *t, tgi_sample *s, const tg_gradcheck_options *o, tg_error *err)
{
    const int n = tg_dict_size(s->floats);
    tg_rng rng = tg_rng_make(o->seed, (uint64_t)1 << 33);
    tg_tensor *y = tgi_sample_apply(t, s->floats, s), *u = NULL, *dy = NULL;
    tg_tensor **x = tg_tape_alloc(t, 3 * (size_t)n * sizeof *x);
    double left = 0, size = 1;
    if (!x || !y) return tgi_tape_pass(t, err);
    u = tg_normal(t, &rng, y->dtype, y->ndim, y->shape, 0, 1);
    for (int k = 0; k < n; k++) {
        x[k] = tg_dict_at(s->floats, k);
        x[n + k] = tg_normal(t, &rng, x[k]->dtype, x[k]->ndim, x[k]->shape, 0, 1);
    }
    (void)tg_vjp(t, 1, &y, &u, n, x, x + 2 * n);
    (void)tg_jvp(t, 1, &y, n, x, x + n, &dy);
    if (tgi_tape_pass(t, err)) return tg_tape_status(t);
    for (int k = 0; k < n; k++) {
        const double part = product(x[n + k], x[2 * n + k]);
        left += part;
        size += fabs(part);
    }
    const double right = product(u, dy);
    if (fabs(left - right) <= o->tolerance * size) return TG_OK;
    return tg_fail(err, TG_EGRAD, "<J^T u, v> is %.10g, <u, J v> %.10g", left, right);
}

static tg_status check_products(tgi_sample *s, const tg_gradcheck_options *o, tg_error *err)
{
    if (tg_dict_count(s->floats) == 0) return TG_OK; /* results of empty inputs may be NaN */
    tg_tape *t = tg_tape_new();
    const tg_status status =
        t ? products(t, s, o, err) : tg_fail(err, TG_ENOMEM, "op_check: out of memory");
    tg_tape_free(t);
    return status;
}

/* <u, J v> with fixed random u and v: its second derivatives are third derivatives of the
 * operation. */
static tg_tensor *slope(tg_tape *t, const tg_dict *x, void *user)
{
    const int n = tg_dict_size(x);
    tg_rng rng = tg_rng_make(3, (uint64_t)1 << 35);
    tg_tensor *y = tgi_sample_apply(t, x, user), *u = NULL, *sum = tg_scalar(t, 0);
    tg_tensor **xs = tg_tape_alloc(t, 2 * (size_t)n * sizeof *xs);
    if (y) u = tg_normal(t, &rng, y->dtype, y->ndim, y->shape, 0, 1);
    for (int k = 0; xs && k < n; k++) xs[k] = tg_dict_at(x, k);
    if (!xs || tg_vjp(t, 1, &y, &u, n, xs, xs + n)) return NULL;
    for (int k = 0; k < n; k++) {
        tg_tensor *v = tg_normal(t, &rng, xs[k]->dtype, xs[k]->ndim, xs[k]->shape, 0, 1);
        sum = tg_add(t, sum, tg_sum(t, tg_mul(t, xs[n + k], v), TG_ALL, false));
    }
    return sum;
}

/* Checks third derivatives along two directions. Differences of a second derivative with step h
 * have an error of h^2 / 6 times the fifth derivative, plus the rounding error of the second
 * divided by h. With h = 1e-5 that is 2e-9 for the worst operation of the library. A tolerance of
 * 1e-5 leaves room for others whose derivatives grow faster, and is still far below any mistake in
 * a VJP. */
static tg_status check_third_order(tgi_sample *s, const tg_gradcheck_options *o,
                                   tg_gradcheck_report *r, tg_error *err)
{
    tg_gradcheck_options third = *o;
    if (tg_dict_count(s->floats) == 0) return TG_OK;
    third.directions = 2;
    third.tolerance = fmax(o->tolerance, 1e-5);
    return tg_gradgradcheck(slope, s, s->floats, &third, r, err);
}

/* Checks first, second and third derivatives and the products on sample i, if the operation has a
 * VJP. */
static tg_status check_gradients(const tg_op *op, int i, bool with_strides,
                                 const tg_gradcheck_options *o, tg_gradcheck_report *worst,
                                 tg_error *err)
{
    static const char *const names[] = {"order 1", "order 2", "forward mode", "order 3"};
    tgi_sample s;
    tg_status status = tgi_sample_make(&s, op, i, TG_F64, with_strides, o->seed, err);
    for (int step = 0; !status && step < 4 && op->vjp && tg_dict_size(s.floats) > 0; step++) {
        tg_error e = TG_ERROR_INIT;
        tg_gradcheck_report r = {0};
        status = step == 0   ? tg_gradcheck(tgi_sample_apply, &s, s.floats, o, &r, &e)
                 : step == 1 ? tg_gradgradcheck(tgi_sample_apply, &s, s.floats, o, &r, &e)
                 : step == 2 ? check_products(&s, o, &e)
                             : check_third_order(&s, o, &r, &e);
        const int64_t checked = worst->checked + r.checked;
        if (r.checked > 0 && r.error >= worst->error) *worst = r;
        worst->checked = checked;
        if (status)
            (void)tg_fail(err, status, "%s, sample %d (%s; %s)%s, %s: %s", op->name, i,
                          op->samples[i].inputs ? op->samples[i].inputs : "",
                          op->samples[i].attrs ? op->samples[i].attrs : "",
                          with_strides ? " strided" : "", names[step], e.text);
    }
    tgi_sample_free(&s);
    return status;
}

/* Whether sample i has a derivative. A cast has a VJP, but a cast to integers has no
 * derivative. */
static tg_status differentiable(const tg_op *op, int i, bool *yes, tg_error *err)
{
    tgi_sample s;
    tg_tape *t = tg_tape_new();
    tg_status status = tgi_sample_make(&s, op, i, TG_F64, false, 1, err);
    if (!t && !status) status = tg_fail(err, TG_ENOMEM, "op_check: out of memory");
    if (!status) {
        const tg_tensor *y = tgi_sample_apply(t, s.floats, &s);
        *yes = y && tg_dtype_is_float(y->dtype);
        if (!y) status = tgi_tape_pass(t, err);
    }
    tgi_sample_free(&s);
    tg_tape_free(t);
    return status;
}

static tg_status attrs_inside(const tg_op *op, tg_error *err)
{
    static const size_t sizes[] = {
        [TG_ATTR_INT] = sizeof(int64_t),     [TG_ATTR_U64] = sizeof(uint64_t),
        [TG_ATTR_FLOAT] = sizeof(double),    [TG_ATTR_BOOL] = sizeof(bool),
        [TG_ATTR_DTYPE] = sizeof(tg_dtype),  [TG_ATTR_INTS] = sizeof(tg_ints),
        [TG_ATTR_STRING] = sizeof(char *),   [TG_ATTR_SEED] = sizeof(uint64_t),
        [TG_ATTR_STREAM] = sizeof(uint64_t), [TG_ATTR_COUNTER] = sizeof(uint64_t)};
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        if ((unsigned)d->kind >= sizeof sizes / sizeof *sizes)
            return tg_fail(err, TG_EARG, "%s: attribute '%s' is of no kind", op->name, d->name);
        if (d->offset > op->attrs_size || sizes[d->kind] > op->attrs_size - d->offset)
            return tg_fail(err, TG_EARG, "%s: attribute '%s' lies outside of attrs_size, %zu bytes",
                           op->name, d->name, op->attrs_size);
    }
    return TG_OK;
}

tg_status tg_op_check(const tg_op *op, const tg_gradcheck_options *options,
                      tg_gradcheck_report *report, tg_error *err)
{
    tg_gradcheck_report own;
    tg_gradcheck_report *worst = report ? report : &own;
    tg_error e = TG_ERROR_INIT;
    const tg_gradcheck_options o = options ? *options : tg_gradcheck_defaults();
    *worst = (tg_gradcheck_report){0};
    if (!op || !op->samples || (!op->samples[0].inputs && !op->samples[0].attrs))
        return tg_fail(err, TG_EARG, "%s: no samples", op && op->name ? op->name : "op_check");
    tg_status status = tgi_gradcheck_check("op_check", &o, &e);
    if (!status) status = attrs_inside(op, &e);
    for (int i = 0; !status && (op->samples[i].inputs || op->samples[i].attrs); i++) {
        bool smooth = false;
        tg_tensor *y = result(op, i, TG_F64, false, o.seed, &e);
        status = e.status;
        if (!status) status = same_result(op, i, y, TG_F64, true, 1e-14, o.seed, &e);
        if (!status && !(op->flags & TG_OP_RANDOM))
            status = same_result(op, i, y, TG_F32, false, 1e-5, o.seed, &e);
        tg_tensor_free(y);
        if (!status) status = differentiable(op, i, &smooth, &e);
        for (int k = 0; !status && k < 2 && smooth; k++)
            status = check_gradients(op, i, k == 1, &o, worst, &e);
    }
    return status ? tg_fail(err, status, "%s", e.text) : TG_OK;
}
