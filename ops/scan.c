/* scan.c - running sums and products along an axis.
 *
 *   cumsum       y_i = x_0 + ... + x_i
 *   cumprod      y_i = x_0 * ... * x_i
 *   linear_scan  y_i = a_i + b_i y_(i-1),  y_0 = a_0
 *
 * `reverse` runs from the end, `exclusive` leaves out x_i itself. The derivative of cumprod needs
 * no division, so zeros in x need no special case, at any order. With e the exclusive cumprod,
 *   dx_i = e_i s_i,  s_i = dy_i + x_(i+1) s_(i+1),
 * which is a linear_scan. In that scan an s of 0 is a strong zero (tg_zmul): it stays 0 even if x
 * is NaN. */
#include <string.h>

#include "graph/storage.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"

typedef struct scan_attrs {
    int64_t axis;
    bool reverse, exclusive;
    bool strong; /* linear_scan: where y_(i-1) is 0, so is b_i y_(i-1) */
} scan_attrs;

static const tg_attr_def scan_defs[] = {
    {"axis", TG_ATTR_INT, offsetof(scan_attrs, axis), "-1"},
    {"reverse", TG_ATTR_BOOL, offsetof(scan_attrs, reverse), "false"},
    {"exclusive", TG_ATTR_BOOL, offsetof(scan_attrs, exclusive), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};

/* ---- shape rules ---------------------------------------------------------------------------- */

static tg_status scan_infer(tg_infer *c)
{
    scan_attrs *a = (scan_attrs *)(uintptr_t)c->attrs; /* the tape's own copy */
    char text[TG_DESCRIBE_SIZE];
    if (c->dtype == TG_U8)
        return tg_fail(c->err, TG_EDTYPE, "%s: %s is not f32, f64 or i32 (use tg_cast)",
                       c->op->name, tg_tensor_describe(c->inputs[0], text, sizeof text));
    const tg_status status = tg_axis_normalise(c->op->name, &a->axis, c->inputs[0]->ndim, c->err);
    return status ? status : tg_infer_same(c);
}

static tg_status linear_infer(tg_infer *c)
{
    char one[TG_DESCRIBE_SIZE], two[TG_DESCRIBE_SIZE];
    const tg_tensor *a = c->inputs[0], *b = c->inputs[1];
    if (a->dtype != b->dtype || !tg_dtype_is_float(a->dtype) || !tg_tensor_same_shape(a, b))
        return tg_fail(
            c->err, a->dtype == b->dtype && tg_dtype_is_float(a->dtype) ? TG_ESHAPE : TG_EDTYPE,
            "linear_scan: %s and %s must be floats of one dtype and shape",
            tg_tensor_describe(a, one, sizeof one), tg_tensor_describe(b, two, sizeof two));
    return scan_infer(c);
}

/* ---- forward -------------------------------------------------------------------------------- */

/* One line of n elements along the axis. Steps are in elements; for a scan from the end they are
 * negative. Floats accumulate in double, so that each result is rounded once. */
typedef struct run {
    int64_t n, x_step, y_step, b_step;
    bool exclusive;
} run;

#define SCAN(fn, T, C, start, step)                                                                \
    static void fn(const run *r, const void *xv, const void *bv, void *yv)                         \
    {                                                                                              \
        const T *x = xv, *b = bv;                                                                  \
        T *y = yv;                                                                                 \
        C carry = start;                                                                           \
        for (int64_t i = 0; i < r->n; i++) {                                                       \
            const C v = (C)x[i * r->x_step], factor = b ? (C)b[i * r->b_step] : 0;                 \
            (void)factor;                                                                          \
            if (r->exclusive) y[i * r->y_step] = (T)carry;                                         \
            carry = (step);                                                                        \
            if (!r->exclusive) y[i * r->y_step] = (T)carry;                                        \
        }                                                                                          \
    }
SCAN(sum_f32, float, double, 0, carry + v)
SCAN(sum_f64, double, double, 0, carry + v)
SCAN(sum_i32, int32_t, uint32_t, 0, carry + v)
SCAN(product_f32, float, double, 1, (carry * v))
SCAN(product_f64, double, double, 1, (carry * v))
SCAN(product_i32, int32_t, uint32_t, 1, (carry * v))
SCAN(linear_f32, float, double, 0, i ? v + factor *carry : v)
SCAN(linear_f64, double, double, 0, i ? v + factor *carry : v)
SCAN(strong_f32, float, double, 0, carry != 0 ? v + factor * carry : v)
SCAN(strong_f64, double, double, 0, carry != 0 ? v + factor * carry : v)

typedef void (*scan_line)(const run *r, const void *x, const void *b, void *y);

static void scan(const tg_node *n, scan_line line)
{
    const scan_attrs *a = n->attrs;
    const tg_tensor *x = n->inputs[0], *b = n->n_inputs > 1 ? n->inputs[1] : NULL, *y = n->output;
    const int64_t width = (int64_t)tg_dtype_size(y->dtype);
    if (y->size == 0) return;
    const int64_t size = y->shape[a->axis], inner = y->strides[a->axis];
    const int64_t first = a->reverse ? size - 1 : 0, sign = a->reverse ? -1 : 1;
    const run r = {size, sign * x->strides[a->axis], sign * inner,
                   b ? sign * b->strides[a->axis] : 0, a->exclusive};
    for (int64_t k = 0; k < y->size / size; k++) {
        const int64_t at = (k / inner * size + first) * inner + k % inner;
        line(&r, (const char *)x->data + tgi_offset(x, at) * width,
             b ? (const char *)b->data + tgi_offset(b, at) * width : NULL,
             (char *)y->data + at * width);
    }
}

static void cumsum_forward(const tg_node *n, void *work)
{
    static const scan_line lines[] = {sum_f32, sum_f64, sum_i32};
    (void)work;
    scan(n, lines[n->output->dtype]);
}

static void cumprod_forward(const tg_node *n, void *work)
{
    static const scan_line lines[] = {product_f32, product_f64, product_i32};
    (void)work;
    scan(n, lines[n->output->dtype]);
}

/* A multiplication and an addition. */
static double linear_flops(const tg_node *n) { return 2 * (double)n->output->size; }

static void linear_forward(const tg_node *n, void *work)
{
    static const scan_line lines[][2] = {{linear_f32, linear_f64}, {strong_f32, strong_f64}};
    (void)work;
    scan(n, lines[((const scan_attrs *)n->attrs)->strong][n->output->dtype]);
}

/* ---- derivatives ---------------------------------------------------------------------------- */

static tg_tensor *linear(tg_tape *t, tg_tensor *a, tg_tensor *b, const scan_attrs *attrs);

/* y_i = x_(i+1), or x_(i-1) if `down`; 0 where that does not exist. */
static tg_tensor *shifted(tg_tape *t, tg_tensor *x, int axis, bool down)
{
    const int64_t n = x ? x->shape[axis] : 0;
    if (n == 0) return x;
    return down ? tg_unslice(t, tg_slice(t, x, axis, 0, n - 1, 1), axis, 1, 1, n)
                : tg_unslice(t, tg_slice(t, x, axis, 1, TG_END, 1), axis, 0, 1, n);
}

static tg_tensor *cumsum_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const scan_attrs *a = n->attrs;
    (void)i;
    return tg_cumsum(t, dy, (int)a->axis, !a->reverse, a->exclusive);
}

static tg_tensor *cumprod_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const scan_attrs *a = n->attrs;
    tg_tensor *const x = n->inputs[i];
    const int axis = (int)a->axis;
    tg_tensor *const others = tg_cumprod(t, x, axis, a->reverse, true);
    if (a->exclusive) dy = shifted(t, dy, axis, a->reverse);
    const scan_attrs back = {axis, !a->reverse, false, true};
    return tg_zmul(t, linear(t, dy, shifted(t, x, axis, a->reverse), &back), others);
}

static tg_tensor *linear_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    const scan_attrs *a = n->attrs;
    const int axis = (int)a->axis;
    const scan_attrs back = {axis, !a->reverse, false, true};
    tg_tensor *const da = linear(t, dy, shifted(t, n->inputs[1], axis, a->reverse), &back);
    return i == 0 ? da : tg_zmul(t, da, shifted(t, n->output, axis, !a->reverse));
}

/* ---- the table ------------------------------------------------------------------------------ */

#define SCAN_SAMPLES                                                                               \
    {"f[5]", NULL}, {"f[2,3]", "axis=0"}, {"f[2,3,2]", "axis=1 reverse=true"},                     \
        {"f[2,4]", "exclusive=true"}, {"f[3,2]", "axis=-2 reverse=true exclusive=true"},           \
        {"f[0,3]", "axis=0"}, {"f[3,0]", "axis=0"}, {"f[1]", "exclusive=true"},                    \
        {"i[2,3]:-5..5", "reverse=true"},                                                          \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }
static const tg_sample scan_samples[] = {SCAN_SAMPLES};
#undef SCAN_SAMPLES

static const tg_attr_def linear_defs[] = {
    {"axis", TG_ATTR_INT, offsetof(scan_attrs, axis), "-1"},
    {"reverse", TG_ATTR_BOOL, offsetof(scan_attrs, reverse), "false"},
    {"strong", TG_ATTR_BOOL, offsetof(scan_attrs, strong), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};
static const tg_sample linear_samples[] = {{"f[5] f[5]", NULL},
                                           {"f[2,3] f[2,3]", "axis=0"},
                                           {"f[2,3,2] f[2,3,2]", "axis=-2 reverse=true"},
                                           {"f[2,3] f[2,3]", "strong=true"},
                                           {"f[0,2] f[0,2]", "axis=0"},
                                           {"f[1] f[1]", NULL},
                                           {NULL, NULL}};

enum { CUMSUM, CUMPROD, LINEAR_SCAN };

const tg_op tgi_scan_ops[] = {
    [CUMSUM] = {.name = "cumsum",
                .formula = "x_0 + ... + x_i along axis",
                .derivative = "cumsum of dy the other way",
                .min_inputs = 1,
                .max_inputs = 1,
                .attrs = scan_defs,
                .attrs_size = sizeof(scan_attrs),
                .infer = scan_infer,
                .flops = tg_flops_per_input,
                .forward = cumsum_forward,
                .vjp = cumsum_vjp,
                .samples = scan_samples},
    [CUMPROD] = {.name = "cumprod",
                 .formula = "x_0 * ... * x_i along axis",
                 .derivative = "e s, e the exclusive cumprod, s_i = dy_i + x_(i+1) s_(i+1)",
                 .min_inputs = 1,
                 .max_inputs = 1,
                 .attrs = scan_defs,
                 .attrs_size = sizeof(scan_attrs),
                 .infer = scan_infer,
                 .flops = tg_flops_per_input,
                 .forward = cumprod_forward,
                 .vjp = cumprod_vjp,
                 .samples = scan_samples},
    [LINEAR_SCAN] = {.name = "linear_scan",
                     .formula = "y_i = a_i + b_i y_(i-1) along axis, y_0 = a_0; strong: 0 y is 0",
                     .derivative = "da_i = dy_i + b_(i+1) da_(i+1), db_i = da_i y_(i-1)",
                     .min_inputs = 2,
                     .max_inputs = 2,
                     .attrs = linear_defs,
                     .attrs_size = sizeof(scan_attrs),
                     .infer = linear_infer,
                     .flops = linear_flops,
                     .forward = linear_forward,
                     .vjp = linear_vjp,
                     .samples = linear_samples},
};
TGI_FAMILY_COUNT(scan);

static tg_tensor *scan_along(tg_tape *t, int op, tg_tensor *x, int axis, bool reverse,
                             bool exclusive)
{
    const bool flat = axis == TG_ALL;
    if (flat && !tgi_operand(t, tgi_scan_ops[op].name, x)) return NULL;
    if (flat) x = tgi_flatten(t, x);
    return tg_record(t, &tgi_scan_ops[op], &x, 1,
                     &(scan_attrs){flat ? 0 : axis, reverse, exclusive, false});
}

tg_tensor *tg_cumsum(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive)
{
    return scan_along(t, CUMSUM, x, axis, reverse, exclusive);
}

tg_tensor *tg_cumprod(tg_tape *t, tg_tensor *x, int axis, bool reverse, bool exclusive)
{
    return scan_along(t, CUMPROD, x, axis, reverse, exclusive);
}

static tg_tensor *linear(tg_tape *t, tg_tensor *a, tg_tensor *b, const scan_attrs *attrs)
{
    return tg_record(t, &tgi_scan_ops[LINEAR_SCAN], (tg_tensor *[]){a, b}, 2, attrs);
}

tg_tensor *tg_linear_scan(tg_tape *t, tg_tensor *a, tg_tensor *b, int axis, bool reverse)
{
    return linear(t, a, b, &(scan_attrs){axis, reverse, false, false});
}
