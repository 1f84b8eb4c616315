/* sgd.c - stochastic gradient descent. */
#include <string.h>

#include "src/optim/optimizer.h"

static void constants(const tg_update *u, void *to)
{
    const tgi_sgd_constants c = {.lr = u->lr};
    memcpy(to, &c, sizeof c);
}

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_sgd_options, lr), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tgi_rule rule = {
    .type =
        {
            .name = "SGD",
            .states = {NULL},
            .options_size = sizeof(tg_sgd_options),
            .attrs = attrs,
        },
    .made = TGI_MADE_SGD,
    .kernel = TGI_UPDATE_sgd,
    .constants = constants,
};

tg_sgd_options tg_sgd_defaults(void) { return (tg_sgd_options){.made = TGI_MADE_SGD, .lr = 0.01}; }

tg_optimizer *tg_sgd(tg_sgd_options options, tg_error *err)
{
    return tgi_optimizer_make(&rule, &options, options.lr, NULL, 0, err);
}
