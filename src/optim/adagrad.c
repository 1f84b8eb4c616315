/* adagrad.c - AdaGrad: each element's step shrinks with the sum of its squared gradients. */
#include <string.h>

#include "src/optim/optimizer.h"

static void constants(const tg_update *u, void *to)
{
    const tg_adagrad_options *o = u->options;
    const tgi_adagrad_constants c = {.lr = u->lr, .eps = o->eps};
    memcpy(to, &c, sizeof c);
}

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_adagrad_options, lr), NULL},
    {"eps", TG_ATTR_FLOAT, offsetof(tg_adagrad_options, eps), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tgi_rule rule = {
    .type =
        {
            .name = "AdaGrad",
            .states = {"h", NULL},
            .options_size = sizeof(tg_adagrad_options),
            .attrs = attrs,
        },
    .made = TGI_MADE_ADAGRAD,
    .kernel = TGI_UPDATE_adagrad,
    .constants = constants,
};

tg_adagrad_options tg_adagrad_defaults(void)
{
    return (tg_adagrad_options){.made = TGI_MADE_ADAGRAD, .lr = 0.01, .eps = 1e-7};
}

tg_optimizer *tg_adagrad(tg_adagrad_options options, tg_error *err)
{
    const tgi_option checks[] = {{"eps", options.eps, TGI_NOT_NEGATIVE}};
    return tgi_optimizer_make(&rule, &options, options.lr, checks, 1, err);
}
