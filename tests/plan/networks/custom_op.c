/* custom_op.c - the network of examples/custom_op.c, whose operation is not in the library. */
#define main custom_op_main
int custom_op_main(int argc, char **argv);
#include "examples/custom_op.c"
#undef main
#include "tests/plan/networks/networks.h"

static void start(net_run *n, tg_dtype dtype)
{
    tg_tensor *x = tg_tensor_new(TG_F32, 2, (int64_t[]){POINTS, 1}, &n->err);
    tg_tensor *target = tg_tensor_new(TG_F32, 2, (int64_t[]){POINTS, 1}, &n->err);
    (void)dtype; /* the example is in f32 */
    n->params[0] = tg_dict_new();
    n->inputs = tg_dict_new();
    add_parameters(n->params[0], &n->err);
    for (int i = 0; i < POINTS && !n->err.status; i++) {
        const double xi = -2 + 4.0 * i / (POINTS - 1);
        (void)tg_tensor_set(x, i, xi, &n->err);
        (void)tg_tensor_set(target, i, sin(3 * xi), &n->err);
    }
    (void)tg_dict_take(n->inputs, "x", x, &n->err);
    (void)tg_dict_take(n->inputs, "target", target, &n->err);
    n->opt[0] =
        tg_adam((tg_adam_options){tg_adam_defaults().made, .02, .9, .999, 1e-7, false}, &n->err);
}

static tg_tensor *step(tg_tape *t, net_run *n)
{
    tg_tensor *loss =
        loss_of(t, n->params[0], tg_dict_get(n->inputs, "x"), tg_dict_get(n->inputs, "target"));
    network_update(t, n, 0, loss);
    return loss;
}

const network_kind network_custom_op = {"custom_op", start, step, NULL};
