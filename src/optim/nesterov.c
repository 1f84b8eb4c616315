/* nesterov.c - Nesterov's momentum: w is the point ahead, where the gradient is taken.
 *
 * The true position p and its velocity v follow v' = mu v - lr g(p + mu v), p' = p + v'.  For
 * w = p + mu v that reads w' = w + mu v' - lr g(w). */
#include <string.h>

#include "src/optim/optimizer.h"

/* Both forms are one formula with different shares of the velocity and the gradient. */
static void constants(const tg_update *u, void *to)
{
    const tg_nesterov_options *o = u->options;
    const double mu = o->momentum;
    const tgi_nesterov_constants c = {.momentum = mu,
                                      .lr = u->lr,
                                      .of_v = (o->book_form ? mu : 1) * mu,
                                      .of_g = (o->book_form ? 1 + mu : 1) * u->lr};
    memcpy(to, &c, sizeof c);
}

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_nesterov_options, lr), NULL},
    {"momentum", TG_ATTR_FLOAT, offsetof(tg_nesterov_options, momentum), NULL},
    {"book_form", TG_ATTR_BOOL, offsetof(tg_nesterov_options, book_form), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tgi_rule rule = {
    .type =
        {
            .name = "Nesterov",
            .states = {"v", NULL},
            .options_size = sizeof(tg_nesterov_options),
            .attrs = attrs,
        },
    .made = TGI_MADE_NESTEROV,
    .kernel = TGI_UPDATE_nesterov,
    .constants = constants,
};

tg_nesterov_options tg_nesterov_defaults(void)
{
    return (tg_nesterov_options){
        .made = TGI_MADE_NESTEROV, .lr = 0.01, .momentum = 0.9, .book_form = false};
}

tg_optimizer *tg_nesterov(tg_nesterov_options options, tg_error *err)
{
    const tgi_option checks[] = {{"momentum", options.momentum, TGI_FRACTION}};
    return tgi_optimizer_make(&rule, &options, options.lr, checks, 1, err);
}
