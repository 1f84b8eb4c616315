/* create.c - constants and ranges. */
#include <float.h>
#include <math.h>

#include "graph/tape.h"
#include "ops/compose.h"
#include "ops/elementwise/families.h"
#include "tapegrad/ops.h"

static const tg_attr_def full_attrs[] = {
    {"value", TG_ATTR_FLOAT, offsetof(tgi_full_attrs, value), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(tgi_full_attrs, dtype), "f32"},
    {"shape", TG_ATTR_INTS, offsetof(tgi_full_attrs, shape), ""},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status full_infer(tg_infer *c)
{
    const tgi_full_attrs *a = c->attrs;
    c->dtype = a->dtype;
    c->ndim = a->shape.n;
    for (int i = 0; i < a->shape.n && i < TG_MAX_NDIM; i++) c->shape[i] = a->shape.v[i];
    return TG_OK;
}

static void full_forward(const tg_node *n, void *work)
{
    const double value = ((const tgi_full_attrs *)n->attrs)->value;
    const int64_t size = n->output->size;
    void *y = n->output->data;
    (void)work;
    switch (n->output->dtype) {
    case TG_F32:
        for (int64_t i = 0; i < size; i++) ((float *)y)[i] = (float)value;
        break;
    case TG_F64:
        for (int64_t i = 0; i < size; i++) ((double *)y)[i] = value;
        break;
    case TG_I32:
        for (int64_t i = 0; i < size; i++) ((int32_t *)y)[i] = (int32_t)value;
        break;
    default:
        for (int64_t i = 0; i < size; i++) ((uint8_t *)y)[i] = (uint8_t)value;
    }
}

/* C leaves the conversion of a value outside the integer dtype undefined, so it is refused here. */
static tg_status full_check(const tg_node *n, tg_error *err)
{
    const double v = ((const tgi_full_attrs *)n->attrs)->value;
    const tg_dtype d = n->output->dtype;
    const bool fine = d == TG_I32  ? v > -2147483649.0 && v < 2147483648.0
                      : d == TG_U8 ? v > -1.0 && v < 256.0
                                   : true;
    return fine ? TG_OK : tg_fail(err, TG_EARG, "full: %g does not fit %s", v, tg_dtype_name(d));
}

static const tg_sample full_samples[] = {{NULL, "value=0.5 dtype=f64 shape=2,3"},
                                         {NULL, "value=-3 dtype=i32 shape=0,2"},
                                         {NULL, "value=1.25"},
                                         {NULL, NULL}};

typedef struct arange_attrs {
    int64_t n;
} arange_attrs;

static const tg_attr_def arange_defs[] = {{"n", TG_ATTR_INT, offsetof(arange_attrs, n), NULL},
                                          {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status arange_infer(tg_infer *c)
{
    const int64_t n = ((const arange_attrs *)c->attrs)->n;
    if (n < 0 || n > INT32_MAX)
        return tg_fail(c->err, TG_ESHAPE, "arange: n is %lld, must be in 0..2147483647",
                       (long long)n);
    c->dtype = TG_I32;
    c->ndim = 1;
    c->shape[0] = n;
    return TG_OK;
}

static void arange_forward(const tg_node *n, void *work)
{
    int32_t *const y = n->output->data;
    (void)work;
    for (int64_t i = 0; i < n->output->size; i++) y[i] = (int32_t)i;
}

static const tg_sample arange_samples[] = {{NULL, "n=5"}, {NULL, "n=0"}, {NULL, NULL}};

/* ---- linspace ------------------------------------------------------------------------------- */

typedef struct linspace_attrs {
    double start, stop;
    int64_t n;
    tg_dtype dtype;
} linspace_attrs;

static const tg_attr_def linspace_defs[] = {
    {"start", TG_ATTR_FLOAT, offsetof(linspace_attrs, start), NULL},
    {"stop", TG_ATTR_FLOAT, offsetof(linspace_attrs, stop), NULL},
    {"n", TG_ATTR_INT, offsetof(linspace_attrs, n), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(linspace_attrs, dtype), "f32"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status linspace_infer(tg_infer *c)
{
    const linspace_attrs *a = c->attrs;
    if (a->n < 0)
        return tg_fail(c->err, TG_ESHAPE, "linspace: %lld numbers, must be at least 0",
                       (long long)a->n);
    if ((int)a->dtype >= 0 && a->dtype < TG_DTYPE_COUNT && !tg_dtype_is_float(a->dtype))
        return tg_fail(c->err, TG_EDTYPE, "linspace: %s is not a float dtype",
                       tg_dtype_name(a->dtype));
    c->dtype = a->dtype;
    c->ndim = 1;
    c->shape[0] = a->n;
    return TG_OK;
}

/* Number i. It is computed as in NumPy, unless NumPy's step would overflow or be denormal. */
static double linspace_at(const linspace_attrs *a, int64_t i)
{
    const double last = (double)(a->n - 1), span = a->stop - a->start, step = span / last;
    if (i == 0) return a->start;
    if (i == a->n - 1) return a->stop;
    if (isinf(span) && isfinite(a->start) && isfinite(a->stop))
        return a->start * (1 - (double)i / last) + a->stop * ((double)i / last);
    if (fabs(step) < DBL_MIN) return a->start + span * ((double)i / last);
    return a->start + step * (double)i;
}

static void linspace_forward(const tg_node *n, void *work)
{
    const linspace_attrs *a = n->attrs;
    float *const f32 = n->output->data;
    double *const f64 = n->output->data;
    (void)work;
    if (n->output->dtype == TG_F32)
        for (int64_t i = 0; i < a->n; i++) f32[i] = (float)linspace_at(a, i);
    else
        for (int64_t i = 0; i < a->n; i++) f64[i] = linspace_at(a, i);
}

static const tg_sample linspace_samples[] = {{NULL, "start=-1 stop=2 n=7 dtype=f64"},
                                             {NULL, "start=0.5 stop=-0.5 n=4"},
                                             {NULL, "start=3 stop=4 n=1"},
                                             {NULL, "start=3 stop=4 n=0"},
                                             {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { FULL, ARANGE, LINSPACE };

const tg_op tgi_create_ops[] = {
    [FULL] = {.name = "full",
              .formula = "value everywhere",
              .flags = TG_OP_ZERO_GRAD,
              .attrs = full_attrs,
              .attrs_size = sizeof(tgi_full_attrs),
              .infer = full_infer,
              .check = full_check,
              .forward = full_forward,
              .samples = full_samples},
    [ARANGE] = {.name = "arange",
                .formula = "0, 1, ..., n - 1",
                .flags = TG_OP_ZERO_GRAD,
                .attrs = arange_defs,
                .attrs_size = sizeof(arange_attrs),
                .infer = arange_infer,
                .forward = arange_forward,
                .samples = arange_samples},
    [LINSPACE] = {.name = "linspace",
                  .formula = "start + i (stop - start) / (n - 1), i = 0, ..., n - 1",
                  .flags = TG_OP_ZERO_GRAD,
                  .attrs = linspace_defs,
                  .attrs_size = sizeof(linspace_attrs),
                  .infer = linspace_infer,
                  .forward = linspace_forward,
                  .samples = linspace_samples},
};
TGI_FAMILY_COUNT(create);

tg_tensor *tg_full(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape, double value)
{
    tgi_full_attrs a = {.value = value, .dtype = dtype, .shape = {.n = ndim}};
    if (ndim > 0 && !shape) return tg_tape_fail(t, TG_EARG, "full: the shape is NULL");
    for (int i = 0; i < ndim && i < TG_MAX_NDIM; i++) a.shape.v[i] = shape[i];
    return tg_record(t, &tgi_create_ops[FULL], NULL, 0, &a);
}

tg_tensor *tg_scalar(tg_tape *t, double value) { return tgi_scalar_for(t, NULL, value); }

tg_tensor *tg_zeros(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape)
{
    const char *outer = tgi_enter(t, "zeros");
    return tgi_leave(t, outer, tg_full(t, dtype, ndim, shape, 0));
}

tg_tensor *tg_ones(tg_tape *t, tg_dtype dtype, int ndim, const int64_t *shape)
{
    const char *outer = tgi_enter(t, "ones");
    return tgi_leave(t, outer, tg_full(t, dtype, ndim, shape, 1));
}

static tg_tensor *full_like(tg_tape *t, const char *who, tg_tensor *x, double value)
{
    if (!x) return tg_tape_fail(t, TG_EARG, "%s: x is NULL", who);
    const char *outer = tgi_enter(t, who);
    return tgi_leave(
        t, outer, x->weak ? tg_scalar(t, value) : tg_full(t, x->dtype, x->ndim, x->shape, value));
}

tg_tensor *tg_full_like(tg_tape *t, tg_tensor *x, double value)
{
    return full_like(t, "full_like", x, value);
}

tg_tensor *tg_zeros_like(tg_tape *t, tg_tensor *x) { return full_like(t, "zeros_like", x, 0); }

tg_tensor *tg_ones_like(tg_tape *t, tg_tensor *x) { return full_like(t, "ones_like", x, 1); }

tg_tensor *tg_arange(tg_tape *t, int64_t n)
{
    return tg_record(t, &tgi_create_ops[ARANGE], NULL, 0, &(arange_attrs){n});
}

tg_tensor *tg_linspace(tg_tape *t, tg_dtype dtype, double start, double stop, int64_t n)
{
    return tg_record(t, &tgi_create_ops[LINSPACE], NULL, 0,
                     &(linspace_attrs){start, stop, n, dtype});
}
