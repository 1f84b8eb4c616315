/* momentum.c - gradient descent with momentum: the velocity v remembers past gradients. */
#include <string.h>

#include "src/optim/optimizer.h"

static void constants(const tg_update *u, void *to)
{
    const tg_momentum_options *o = u->options;
    const tgi_momentum_constants c = {.momentum = o->momentum, .lr = u->lr};
    memcpy(to, &c, sizeof c);
}

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_momentum_options, lr), NULL},
    {"momentum", TG_ATTR_FLOAT, offsetof(tg_momentum_options, momentum), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tgi_rule rule = {
    .type =
        {
            .name = "Momentum",
            .states = {"v", NULL},
            .options_size = sizeof(tg_momentum_options),
            .attrs = attrs,
        },
    .made = TGI_MADE_MOMENTUM,
    .kernel = TGI_UPDATE_momentum,
    .constants = constants,
};

tg_momentum_options tg_momentum_defaults(void)
{
    return (tg_momentum_options){.made = TGI_MADE_MOMENTUM, .lr = 0.01, .momentum = 0.9};
}

tg_optimizer *tg_momentum(tg_momentum_options options, tg_error *err)
{
    const tgi_option checks[] = {{"momentum", options.momentum, TGI_FRACTION}};
    return tgi_optimizer_make(&rule, &options, options.lr, checks, 1, err);
}
