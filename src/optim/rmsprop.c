/* rmsprop.c - RMSprop: AdaGrad that forgets, with a running mean in the place of the sum. */
#include <string.h>

#include "src/optim/optimizer.h"

static void constants(const tg_update *u, void *to)
{
    const tg_rmsprop_options *o = u->options;
    const tgi_rmsprop_constants c = {
        .lr = u->lr, .decay = o->decay, .fresh = 1 - o->decay, .eps = o->eps};
    memcpy(to, &c, sizeof c);
}

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_rmsprop_options, lr), NULL},
    {"decay", TG_ATTR_FLOAT, offsetof(tg_rmsprop_options, decay), NULL},
    {"eps", TG_ATTR_FLOAT, offsetof(tg_rmsprop_options, eps), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tgi_rule rule = {
    .type =
        {
            .name = "RMSprop",
            .states = {"h", NULL},
            .options_size = sizeof(tg_rmsprop_options),
            .attrs = attrs,
        },
    .made = TGI_MADE_RMSPROP,
    .kernel = TGI_UPDATE_rmsprop,
    .constants = constants,
};

tg_rmsprop_options tg_rmsprop_defaults(void)
{
    return (tg_rmsprop_options){.made = TGI_MADE_RMSPROP, .lr = 0.01, .decay = 0.99, .eps = 1e-7};
}

tg_optimizer *tg_rmsprop(tg_rmsprop_options options, tg_error *err)
{
    const tgi_option checks[] = {{"decay", options.decay, TGI_FRACTION},
                                 {"eps", options.eps, TGI_NOT_NEGATIVE}};
    return tgi_optimizer_make(&rule, &options, options.lr, checks, 2, err);
}
