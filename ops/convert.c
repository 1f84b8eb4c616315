/* convert.c - cast, stop_gradient and assign. */
#include <string.h>

#include "graph/storage.h"
#include "graph/tape.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

/* ---- cast ----------------------------------------------------------------------------------- */

typedef struct cast_attrs {
    tg_dtype dtype;
} cast_attrs;

static const tg_attr_def cast_defs[] = {{"dtype", TG_ATTR_DTYPE, offsetof(cast_attrs, dtype), NULL},
                                        {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status cast_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    c->dtype = ((const cast_attrs *)c->attrs)->dtype;
    c->view = c->dtype == x->dtype;
    if (x->ndim > 0) memcpy(c->strides, x->strides, (size_t)x->ndim * sizeof *c->strides);
    return tg_infer_same(c);
}

static int32_t to_i32(double v)
{
    return v >= 2147483647.0 ? INT32_MAX : v <= -2147483648.0 ? INT32_MIN : v == v ? (int32_t)v : 0;
}

static uint8_t to_u8(double v) { return v >= 255.0 ? 255 : v >= 1.0 ? (uint8_t)v : 0; }

/* Plain loops: the compiler vectorizes them where the processor has an instruction. */
#define CAST_TO(S, D, convert)                                                                     \
    do {                                                                                           \
        const S *const x = xv[0];                                                                  \
        D *const y = yv;                                                                           \
        if (s[0] == 1)                                                                             \
            for (int64_t i = 0; i < n; i++) y[i] = (D)convert(x[i]);                               \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) y[i] = (D)convert(*x);                                 \
    } while (0)

#define CAST_FROM(S)                                                                               \
    switch (((const cast_attrs *)attrs)->dtype) {                                                  \
    case TG_F32:                                                                                   \
        CAST_TO(S, float, );                                                                       \
        break;                                                                                     \
    case TG_F64:                                                                                   \
        CAST_TO(S, double, );                                                                      \
        break;                                                                                     \
    case TG_I32:                                                                                   \
        CAST_TO(S, int32_t, to_i32);                                                               \
        break;                                                                                     \
    default:                                                                                       \
        CAST_TO(S, uint8_t, to_u8);                                                                \
        break;                                                                                     \
    }

static void cast_f32(TGI_MAP_ARGS) { CAST_FROM(float) }
static void cast_f64(TGI_MAP_ARGS) { CAST_FROM(double) }
static void cast_i32(TGI_MAP_ARGS) { CAST_FROM(int32_t) }
static void cast_u8(TGI_MAP_ARGS) { CAST_FROM(uint8_t) }

static tg_tensor *cast_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    return tg_cast(t, dy, n->inputs[i]->dtype);
}

static const tg_sample cast_samples[] = {{"f[2,3]", "dtype=f64"},      {"f[2,3]", "dtype=i32"},
                                         {"i[4]:-3..300", "dtype=u8"}, {"b[]", "dtype=f32"},
                                         {"f[0,2]", "dtype=f64"},      {NULL, NULL}};

/* ---- stop_gradient -------------------------------------------------------------------------- */

static tg_status stop_infer(tg_infer *c)
{
    const tg_tensor *x = c->inputs[0];
    c->view = true;
    if (x->ndim > 0) memcpy(c->strides, x->strides, (size_t)x->ndim * sizeof *c->strides);
    return tg_infer_same(c);
}

static const tg_sample stop_samples[] = {
    {"f[2,3]", NULL}, {"f[]", NULL}, {"i[0]", NULL}, {NULL, NULL}};

/* ---- assign --------------------------------------------------------------------------------- */

static tg_status assign_infer(tg_infer *c)
{
    const tg_tensor *leaf = c->inputs[0], *value = c->inputs[1];
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    if (leaf->tape)
        return tg_fail(c->err, TG_EARG, "assign: the target is a recorded value, must be a leaf");
    if (leaf->dtype != value->dtype || !tg_tensor_same_shape(leaf, value))
        return tg_fail(c->err, leaf->dtype != value->dtype ? TG_EDTYPE : TG_ESHAPE,
                       "assign: %s into %s", tg_tensor_describe(value, a, sizeof a),
                       tg_tensor_describe(leaf, b, sizeof b));
    return tg_infer_same(c);
}

static void assign_forward(const tg_node *n, void *work)
{
    tg_tensor *leaf = n->inputs[0];
    const tg_tensor *value = n->inputs[1], *y = n->output;
    const size_t width = tg_dtype_size(y->dtype);
    (void)work;
    /* Through y, because value may be a view of the leaf. */
    tgi_strided_copy(width, y->ndim, y->shape, y->data, y->strides, value->data, value->strides);
    if (y->tape->replay) return; /* the leaf was written when the region first ran */
    tgi_strided_copy(width, y->ndim, y->shape, leaf->data, leaf->strides, y->data, y->strides);
    tg_tensor_touch(leaf);
}

static tg_tensor *assign_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    (void)t, (void)n;
    return i == 1 ? dy : NULL;
}

static const tg_sample assign_samples[] = {
    {"f[2,3] f[2,3]", NULL}, {"f[] f[]", NULL}, {"f[0] f[0]", NULL}, {NULL, NULL}};

/* ---- the table ------------------------------------------------------------------------------ */

enum { CAST, STOP_GRADIENT, ASSIGN };

const tg_op tgi_convert_ops[] = {
    [CAST] = {.name = "cast",
              .formula = "x in another dtype",
              .derivative = "dy in the dtype of x",
              .min_inputs = 1,
              .max_inputs = 1,
              .attrs = cast_defs,
              .attrs_size = sizeof(cast_attrs),
              .infer = cast_infer,
              .map = {cast_f32, cast_f64, cast_i32, cast_u8},
              .forward = tg_forward_elementwise,
              .vjp = cast_vjp,
              .samples = cast_samples},
    [STOP_GRADIENT] = {.name = "stop_gradient",
                       .formula = "x",
                       .min_inputs = 1,
                       .max_inputs = 1,
                       .flags = TG_OP_ZERO_GRAD,
                       .infer = stop_infer,
                       .samples = stop_samples},
    [ASSIGN] = {.name = "assign",
                .formula = "value, and leaf = value",
                .derivative = "0, dy",
                .min_inputs = 2,
                .max_inputs = 2,
                .flags = TG_OP_WRITES,
                .infer = assign_infer,
                .forward = assign_forward,
                .vjp = assign_vjp,
                .samples = assign_samples},
};
TGI_FAMILY_COUNT(convert);

tg_tensor *tg_cast(tg_tape *t, tg_tensor *x, tg_dtype dtype)
{
    return tg_record(t, &tgi_convert_ops[CAST], &x, 1, &(cast_attrs){dtype});
}

tg_tensor *tg_stop_gradient(tg_tape *t, tg_tensor *x)
{
    return tg_record(t, &tgi_convert_ops[STOP_GRADIENT], &x, 1, NULL);
}

tg_tensor *tg_assign(tg_tape *t, tg_tensor *leaf, tg_tensor *value)
{
    return tg_record(t, &tgi_convert_ops[ASSIGN], (tg_tensor *[]){leaf, value}, 2, NULL);
}
