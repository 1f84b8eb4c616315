/* custom_layer.c - the gated linear units of examples/custom_layer.c. */
#define main custom_layer_main
int custom_layer_main(int argc, char **argv);
#include "examples/custom_layer.c"
#undef main
#include "tests/plan/networks/networks.h"

enum { ROWS = 48 };

static void start(net_run *n, tg_dtype dtype)
{
    const int64_t shape[] = {32, 10}, rows = ROWS;
    tg_rng rng = tg_rng_make(1, 0);
    tg_dict *p = n->params[0] = tg_dict_new();
    glu_parameters(p, dtype, 784, 32, &rng, &n->err);
    (void)tg_dict_take(p, "W_out", tg_tensor_new(dtype, 2, shape, &n->err), &n->err);
    (void)tg_dict_take(p, "b_out", tg_tensor_new(dtype, 1, shape + 1, &n->err), &n->err);
    (void)tg_init_fill(tg_dict_get(p, "W_out"), tg_init_xavier(), &rng, &n->err);
    tg_tensor *labels = tg_tensor_new(TG_I32, 1, &rows, &n->err);
    for (int64_t i = 0; i < ROWS && labels; i++)
        (void)tg_tensor_set(labels, i, (double)(i % 10), &n->err);
    n->inputs = tg_dict_new();
    (void)tg_dict_take(n->inputs, "labels", labels, &n->err);
    n->opt[0] = tg_adam(tg_adam_defaults(), &n->err);
}

static tg_tensor *step(tg_tape *t, net_run *n)
{
    const tg_dtype dtype = tg_dict_at(n->params[0], 0)->dtype;
    const tg_model m = {n->params[0], NULL, dtype, forward, loss, NULL};
    tg_tensor *x = tg_uniform(t, &n->rng, dtype, 2, (int64_t[]){ROWS, 784}, 0, 1);
    tg_tensor *y = tg_model_forward(t, &m, x, NULL);
    tg_tensor *l = tg_model_loss(t, &m, y, tg_dict_get(n->inputs, "labels"));
    network_update(t, n, 0, l);
    return l;
}

const network_kind network_custom_layer = {"custom_layer", start, step, NULL};
