/* opt_sgd.c - stochastic gradient descent. */
#include "src/optimizer.h"

#define TGI_OPTIONS tg_sgd_options
#define TGI_CONSTANTS(o, u) CONSTANT(lr, (u)->lr)
#define TGI_FORMULA w -= lr * g
#include "src/opt_loop.inc"

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_sgd_options, lr), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_optimizer_type type = {
    .name = "SGD",
    .states = {NULL},
    .options_size = sizeof(tg_sgd_options),
    .update_f32 = update_f32,
    .update_f64 = update_f64,
    .attrs = attrs,
};

tg_sgd_options tg_sgd_defaults(void) { return (tg_sgd_options){.lr = 0.01}; }

tg_optimizer *tg_sgd(tg_sgd_options options, tg_error *err)
{
    return tg_optimizer_new(&type, &options, options.lr, err);
}
