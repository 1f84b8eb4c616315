/* where.c - where, and the compositions clamp and masked_fill. */
#include "graph/tape.h"
#include "ops/elementwise/elementwise.h"
#include "ops/elementwise/families.h"

TGI_MAP_KERNEL(where_f32, where, TG_F32)
TGI_MAP_KERNEL(where_f64, where, TG_F64)

static void where_u8(TGI_MAP_ARGS)
{
    uint8_t *y = yv;
    const uint8_t *c = xv[0], *a = xv[1], *b = xv[2];
    (void)attrs;
    for (int64_t i = 0; i < n; i++) y[i] = c[i * s[0]] ? a[i * s[1]] : b[i * s[2]];
}

static tg_status where_infer(tg_infer *c)
{
    char text[TG_DESCRIBE_SIZE];
    if (c->inputs[0]->dtype != TG_U8)
        return tg_fail(c->err, TG_EDTYPE, "where: the condition is %s, must be a u8 mask",
                       tg_tensor_describe(c->inputs[0], text, sizeof text));
    return tg_infer_elementwise(c);
}

static tg_tensor *where_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *zero = tg_scalar(t, 0);
    return tg_where(t, n->inputs[0], i == 1 ? dy : zero, i == 2 ? dy : zero);
}

static const tg_sample where_samples[] = {{"b[2,3] f[2,3] f[2,3]", NULL},
                                          {"b[2,1] f[3] f[2,3]", NULL},
                                          {"b[] f[] f[]", NULL},
                                          {"b[0,3] f[0,3] f[3]", NULL},
                                          {NULL, NULL}};

const tg_op tgi_where_ops[] = {{.name = "where",
                                .formula = "condition ? a : b",
                                .derivative = "dy where condition, dy where not",
                                .min_inputs = 3,
                                .max_inputs = 3,
                                .infer = where_infer,
                                .map = {where_f32, where_f64, where_f32, where_u8},
                                .forward = tg_forward_elementwise,
                                .vjp = where_vjp,
                                .samples = where_samples}};
TGI_FAMILY_COUNT(where);

tg_tensor *tg_where(tg_tape *t, tg_tensor *condition, tg_tensor *a, tg_tensor *b)
{
    return tg_record(t, &tgi_where_ops[0], (tg_tensor *[]){condition, a, b}, 3, NULL);
}

tg_tensor *tg_clamp(tg_tape *t, tg_tensor *x, double lo, double hi)
{
    const char *outer = tgi_enter(t, "clamp");
    tg_tensor *high = tg_maximum(t, x, tg_scalar(t, lo));
    return tgi_leave(t, outer, tg_minimum(t, high, tg_scalar(t, hi)));
}

tg_tensor *tg_masked_fill(tg_tape *t, tg_tensor *x, tg_tensor *mask, double value)
{
    const char *outer = tgi_enter(t, "masked_fill");
    return tgi_leave(t, outer, tg_where(t, mask, tg_scalar(t, value), x));
}
