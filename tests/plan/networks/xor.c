/* xor.c - the networks of examples/xor.c. */
#define main xor_main
int xor_main(int argc, char **argv);
#include "examples/xor.c"
#undef main
#include "tests/plan/networks/networks.h"

static void start(net_run *n, tg_dtype dtype)
{
    tg_rng rng = tg_rng_make(1, 0);
    tg_tensor *x = tg_tensor_new(dtype, 2, (int64_t[]){4, 2}, &n->err);
    tg_tensor *target = tg_tensor_new(dtype, 2, (int64_t[]){4, 1}, &n->err);
    n->params[0] = tg_dict_new();
    n->inputs = tg_dict_new();
    (void)parameters(n->params[0], dtype, &rng, &n->err);
    for (int i = 0; i < 4 && !n->err.status; i++) {
        (void)tg_tensor_set(x, 2 * i, i / 2, &n->err);
        (void)tg_tensor_set(x, 2 * i + 1, i % 2, &n->err);
        (void)tg_tensor_set(target, i, i / 2 != i % 2, &n->err);
    }
    (void)tg_dict_take(n->inputs, "x", x, &n->err);
    (void)tg_dict_take(n->inputs, "target", target, &n->err);
    n->opt[0] = tg_momentum(
        (tg_momentum_options){.made = tg_momentum_defaults().made, .lr = 0.5, .momentum = 0.9},
        &n->err);
}

static tg_tensor *step(tg_tape *t, net_run *n, bool activation)
{
    tg_tensor *x = tg_dict_get(n->inputs, "x"), *target = tg_dict_get(n->inputs, "target");
    tg_tensor *loss = bce(t, network(t, n->params[0], x, activation), target);
    network_update(t, n, 0, loss);
    return loss;
}

static tg_tensor *step_affine(tg_tape *t, net_run *n) { return step(t, n, false); }
static tg_tensor *step_sigmoid(tg_tape *t, net_run *n) { return step(t, n, true); }

const network_kind network_xor_affine = {"xor, no activation", start, step_affine, NULL};
const network_kind network_xor_sigmoid = {"xor, sigmoid", start, step_sigmoid, NULL};
