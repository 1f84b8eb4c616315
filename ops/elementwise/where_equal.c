/* where_equal.c - x where two integers are equal, else 0.
 *
 * Compared with 0, 1, 2, ... this is unpick, the VJP of pick, as an elementwise operation. A plan
 * can fuse it, whereas a row of zeros written for a single element costs a pass over memory. */
#include "graph/tape.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

/* The usual steps have loops of their own, in which the compiler can vectorize. */
#define WHERE_EQUAL(fn, T)                                                                         \
    static void fn(TGI_MAP_ARGS)                                                                   \
    {                                                                                              \
        T *const y = yv;                                                                           \
        const int32_t *const a = xv[0], *const b = xv[1];                                          \
        const T *const x = xv[2];                                                                  \
        (void)attrs;                                                                               \
        if (s[0] == 1 && s[1] == 1 && s[2] == 1) {                                                 \
            for (int64_t j = 0; j < n; j++) y[j] = a[j] == b[j] ? x[j] : 0;                        \
        } else if (s[0] == 1 && s[1] == 0 && s[2] == 0) {                                          \
            const int32_t wanted = *b;                                                             \
            const T value = *x;                                                                    \
            for (int64_t j = 0; j < n; j++) y[j] = a[j] == wanted ? value : 0;                     \
        } else {                                                                                   \
            for (int64_t j = 0; j < n; j++) y[j] = a[j * s[0]] == b[j * s[1]] ? x[j * s[2]] : 0;   \
        }                                                                                          \
    }
WHERE_EQUAL(where_equal_f32, float)
WHERE_EQUAL(where_equal_f64, double)

static tg_status where_equal_infer(tg_infer *c)
{
    char text[TG_DESCRIBE_SIZE];
    for (int i = 0; i < 3; i++) {
        const tg_tensor *x = c->inputs[i];
        int64_t shape[TG_MAX_NDIM];
        if (i < 2 ? x->dtype != TG_I32 : !tg_dtype_is_float(x->dtype))
            return tg_fail(c->err, TG_EDTYPE, "where_equal: operand %d is %s, must be %s", i + 1,
                           tg_tensor_describe(x, text, sizeof text), i < 2 ? "i32" : "f32 or f64");
        const tg_status status = tg_broadcast_shapes("where_equal", c->ndim, c->shape, x->ndim,
                                                     x->shape, &c->ndim, shape, c->err);
        if (status) return status;
        for (int k = 0; k < c->ndim; k++) c->shape[k] = shape[k];
    }
    c->dtype = c->inputs[2]->dtype;
    return TG_OK;
}

static tg_tensor *where_equal_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)i; /* the integers have no cotangent */
    return tg_where_equal(t, n->inputs[0], n->inputs[1], dy);
}

static const tg_sample where_equal_samples[] = {
    {"i[4]:0..2 i[4]:0..2 f[4]", NULL},  {"i[3]:0..3 i[2,1]:0..3 f[2,1]", NULL},
    {"i[]:0..2 i[2,3]:0..2 f[3]", NULL}, {"i[2]:0..2 i[]:0..2 f[]", NULL},
    {"i[0,3] i[3] f[1]", NULL},          {NULL, NULL}};

const tg_op tgi_where_equal_ops[] = {{.name = "where_equal",
                                      .formula = "a == b ? x : 0",
                                      .derivative = "none, none, dy where a == b",
                                      .min_inputs = 3,
                                      .max_inputs = 3,
                                      .infer = where_equal_infer,
                                      .map = {where_equal_f32, where_equal_f64},
                                      .forward = tg_forward_elementwise,
                                      .vjp = where_equal_vjp,
                                      .samples = where_equal_samples}};
TGI_FAMILY_COUNT(where_equal);

tg_tensor *tg_where_equal(tg_tape *t, tg_tensor *a, tg_tensor *b, tg_tensor *x)
{
    tg_tensor *own[] = {a, b, x};
    for (int i = 0; i < 3; i++)
        if (t && own[i] && own[i]->weak && tgi_tape_takes(t, own[i]))
            own[i] = tgi_scalar_cast(t, own[i], i < 2 ? TG_I32 : TG_F32);
    return tg_record(t, &tgi_where_equal_ops[0], own, 3, NULL);
}
