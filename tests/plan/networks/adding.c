/* adding.c - the recurrent networks of examples/adding.c. */
#define main adding_main
int adding_main(int argc, char **argv);
#include "examples/adding.c"
#undef main
#include "tests/plan/networks/networks.h"

static task of(tg_dtype dtype, bool lstm)
{
    return (task){.length = 6, .hidden = 12, .lstm = lstm, .dtype = dtype};
}

static void start(net_run *n, tg_dtype dtype, bool lstm)
{
    const task k = of(dtype, lstm);
    tg_rng rng = tg_rng_make(1, 0);
    tg_adam_options adam = tg_adam_defaults();
    adam.lr = 0.01;
    n->params[0] = tg_dict_new();
    (void)parameters(n->params[0], &k, &rng, &n->err);
    n->opt[0] = tg_adam(adam, &n->err);
}

static void start_gru(net_run *n, tg_dtype dtype) { start(n, dtype, false); }
static void start_lstm(net_run *n, tg_dtype dtype) { start(n, dtype, true); }

static tg_tensor *step(tg_tape *t, net_run *n, bool lstm)
{
    const task k = of(tg_dict_at(n->params[0], 0)->dtype, lstm);
    tg_tensor *pairs, *target;
    draw(t, &k, BATCH, &n->rng, &pairs, &target);
    tg_tensor *loss = tg_mse(t, network(t, &k, n->params[0], pairs), target, TG_REDUCE_MEAN);
    network_update(t, n, 0, loss);
    return loss;
}

static tg_tensor *step_gru(tg_tape *t, net_run *n) { return step(t, n, false); }
static tg_tensor *step_lstm(tg_tape *t, net_run *n) { return step(t, n, true); }

const network_kind network_gru = {"adding, GRU", start_gru, step_gru, NULL};
const network_kind network_lstm = {"adding, LSTM", start_lstm, step_lstm, NULL};
