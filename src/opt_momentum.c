/* opt_momentum.c - gradient descent with momentum: the velocity v remembers past gradients. */
#include "src/optimizer.h"

#define TGI_OPTIONS tg_momentum_options
#define TGI_STATE_0 v
#define TGI_CONSTANTS(o, u)                                                                        \
    CONSTANT(momentum, (o)->momentum);                                                             \
    CONSTANT(lr, (u)->lr)
#define TGI_FORMULA                                                                                \
    v = momentum * v - lr * g;                                                                     \
    w += v
#include "src/opt_loop.inc"

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_momentum_options, lr), NULL},
    {"momentum", TG_ATTR_FLOAT, offsetof(tg_momentum_options, momentum), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_optimizer_type type = {
    .name = "Momentum",
    .states = {"v", NULL},
    .options_size = sizeof(tg_momentum_options),
    .update_f32 = update_f32,
    .update_f64 = update_f64,
    .attrs = attrs,
};

tg_momentum_options tg_momentum_defaults(void)
{
    return (tg_momentum_options){.lr = 0.01, .momentum = 0.9};
}

tg_optimizer *tg_momentum(tg_momentum_options options, tg_error *err)
{
    const tgi_option checks[] = {{"momentum", options.momentum, TGI_FRACTION}};
    return tgi_optimizer_make(&type, &options, options.lr, checks, 1, err);
}
