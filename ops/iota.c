/* iota.c - the index tensor 0, 1, 2, ... */
#include "ops/elementwise/families.h"
#include "tapegrad/ops.h"

typedef struct iota_attrs {
    int64_t n;
} iota_attrs;

static const tg_attr_def iota_defs[] = {{"n", TG_ATTR_INT, offsetof(iota_attrs, n), NULL},
                                        {NULL, TG_ATTR_INT, 0, NULL}};

static tg_status iota_infer(tg_infer *c)
{
    const int64_t n = ((const iota_attrs *)c->attrs)->n;
    if (n < 0 || n > INT32_MAX)
        return tg_fail(c->err, TG_ESHAPE, "iota: %lld indices do not fit into i32", (long long)n);
    c->dtype = TG_I32;
    c->ndim = 1;
    c->shape[0] = n;
    return TG_OK;
}

static void iota_forward(const tg_node *n, void *work)
{
    int32_t *const y = n->output->data;
    (void)work;
    for (int64_t i = 0; i < n->output->size; i++) y[i] = (int32_t)i;
}

static const tg_sample iota_samples[] = {{NULL, "n=5"}, {NULL, "n=0"}, {NULL, NULL}};

const tg_op tgi_iota_ops[] = {{.name = "iota",
                               .formula = "0, 1, ..., n - 1",
                               .flags = TG_OP_ZERO_GRAD,
                               .attrs = iota_defs,
                               .attrs_size = sizeof(iota_attrs),
                               .infer = iota_infer,
                               .forward = iota_forward,
                               .samples = iota_samples}};
TGI_FAMILY_COUNT(iota);

tg_tensor *tg_iota(tg_tape *t, int64_t n)
{
    return tg_record(t, &tgi_iota_ops[0], NULL, 0, &(iota_attrs){n});
}
