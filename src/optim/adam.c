/* adam.c - Adam: running means m of the gradient and v of its square, both corrected for
 * their start at zero through the step size. */
#include <math.h>
#include <string.h>

#include "src/optim/optimizer.h"

static void constants(const tg_update *u, void *to)
{
    const tg_adam_options *o = u->options;
    const double t = (double)u->step;
    const double lr = sqrt(1 - pow(o->beta2, t)) * u->lr / (1 - pow(o->beta1, t));
    const tgi_adam_constants c = {
        .lr = lr, .fresh_m = 1 - o->beta1, .fresh_v = 1 - o->beta2, .eps = o->eps};
    memcpy(to, &c, sizeof c);
}

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_adam_options, lr), NULL},
    {"beta1", TG_ATTR_FLOAT, offsetof(tg_adam_options, beta1), NULL},
    {"beta2", TG_ATTR_FLOAT, offsetof(tg_adam_options, beta2), NULL},
    {"eps", TG_ATTR_FLOAT, offsetof(tg_adam_options, eps), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tgi_rule rule = {
    .type =
        {
            .name = "Adam",
            .states = {"m", "v", NULL},
            .options_size = sizeof(tg_adam_options),
            .attrs = attrs,
        },
    .made = TGI_MADE_ADAM,
    .kernel = TGI_UPDATE_adam,
    .constants = constants,
};

tg_adam_options tg_adam_defaults(void)
{
    return (tg_adam_options){
        .made = TGI_MADE_ADAM, .lr = 0.001, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-7};
}

tg_optimizer *tg_adam(tg_adam_options options, tg_error *err)
{
    const tgi_option checks[] = {{"beta1", options.beta1, TGI_FRACTION},
                                 {"beta2", options.beta2, TGI_FRACTION},
                                 {"eps", options.eps, TGI_NOT_NEGATIVE}};
    return tgi_optimizer_make(&rule, &options, options.lr, checks, 3, err);
}
