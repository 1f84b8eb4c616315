/* transformer.c - the network of examples/transformer.c. */
#define main transformer_main
int transformer_main(int argc, char **argv);
#include "examples/transformer.c"
#undef main
#include "tests/plan/networks/networks.h"

static void start(net_run *n, tg_dtype dtype)
{
    const int64_t characters = 40;
    tg_tensor *codes = tg_tensor_new(TG_I32, 1, &characters, &n->err);
    for (int64_t i = 0; i < characters && codes; i++)
        (void)tg_tensor_set(codes, i, text[i] - FIRST, &n->err);
    n->params[0] = tg_dict_new();
    n->inputs = tg_dict_new();
    (void)parameters(n->params[0], dtype, 1, &n->err);
    (void)tg_dict_take(n->inputs, "codes", codes, &n->err);
    n->opt[0] = tg_adam((tg_adam_options){tg_adam_defaults().made, 0.005, 0.9, 0.999, 1e-7, false},
                        &n->err);
}

static tg_tensor *step(tg_tape *t, net_run *n)
{
    tg_tensor *loss = loss_of(t, n->params[0], tg_dict_get(n->inputs, "codes"));
    network_update(t, n, 0, loss);
    return loss;
}

const network_kind network_transformer = {"transformer", start, step, NULL};
