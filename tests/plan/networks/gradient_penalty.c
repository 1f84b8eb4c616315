/* gradient_penalty.c - critic and generator of examples/gradient_penalty.c, each with its loss. */
#define main gradient_penalty_main
int gradient_penalty_main(int argc, char **argv);
#include "examples/gradient_penalty.c"
#undef main
#include "tests/plan/networks/networks.h"

static gan g; /* one at a time */

static void start(net_run *n, tg_dtype dtype)
{
    tg_adam_options adam = tg_adam_defaults();
    adam.beta1 = 0.5, adam.beta2 = 0.9, adam.eps = 1e-8;
    tg_rng rng = tg_rng_make(1, 0);
    tg_mlp_options net = tg_mlp_defaults();
    net.n_sizes = 4, net.dtype = dtype;
    net.sizes = (int64_t[]){2, 16, 16, 1};
    g = (gan){.critic = tg_mlp_new(&net, &rng, &n->err), .dtype = dtype};
    net.sizes = (int64_t[]){2, 16, 16, 2};
    g.generator = tg_mlp_new(&net, &rng, &n->err);
    for (int i = 0; i < NETWORK_PARTS && !n->err.status; i++) {
        n->params[i] = (i ? g.generator : g.critic)->params;
        n->opt[i] = tg_adam(adam, &n->err);
    }
}

/* One step of each: the critic with its penalty, then the generator against the updated critic. */
static tg_tensor *step(tg_tape *t, net_run *n)
{
    g.t = t;
    g.rng = n->rng;
    tg_tensor *real = real_points(&g, BATCH), *made = tg_stop_gradient(t, made_points(&g, BATCH));
    tg_tensor *W = tg_sub(t, mean_critic(&g, real), mean_critic(&g, made));
    tg_tensor *excess = tg_square(t, tg_sub(t, slopes(&g, real, made), tg_scalar(t, 1)));
    tg_tensor *penalty = tg_mul(t, tg_mean(t, excess, TG_ALL, false), tg_scalar(t, lambda));
    network_update(t, n, 0, tg_sub(t, penalty, W));
    tg_tensor *loss = tg_neg(t, mean_critic(&g, made_points(&g, BATCH)));
    network_update(t, n, 1, loss);
    n->rng = g.rng;
    return loss;
}

static void stop(net_run *n)
{
    n->params[0] = n->params[1] = NULL; /* of the models */
    tg_mlp_free(g.critic);
    tg_mlp_free(g.generator);
}

const network_kind network_gan = {"gradient_penalty", start, step, stop};
