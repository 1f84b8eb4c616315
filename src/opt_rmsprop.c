/* opt_rmsprop.c - RMSprop: AdaGrad that forgets, with a running mean in the place of the sum. */
#include "src/optimizer.h"

#define TGI_OPTIONS tg_rmsprop_options
#define TGI_STATE_0 h
#define TGI_CONSTANTS(o, u)                                                                        \
    CONSTANT(lr, (u)->lr);                                                                         \
    CONSTANT(decay, (o)->decay);                                                                   \
    CONSTANT(fresh, 1 - (o)->decay);                                                               \
    CONSTANT(eps, (o)->eps)
#define TGI_FORMULA                                                                                \
    h = decay * h + fresh * g * g;                                                                 \
    w -= lr * g / (ROOT(h) + eps)
#include "src/opt_loop.inc"

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_rmsprop_options, lr), NULL},
    {"decay", TG_ATTR_FLOAT, offsetof(tg_rmsprop_options, decay), NULL},
    {"eps", TG_ATTR_FLOAT, offsetof(tg_rmsprop_options, eps), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_optimizer_type type = {
    .name = "RMSprop",
    .states = {"h", NULL},
    .options_size = sizeof(tg_rmsprop_options),
    .update_f32 = update_f32,
    .update_f64 = update_f64,
    .attrs = attrs,
};

tg_rmsprop_options tg_rmsprop_defaults(void)
{
    return (tg_rmsprop_options){.lr = 0.01, .decay = 0.99, .eps = 1e-7};
}

tg_optimizer *tg_rmsprop(tg_rmsprop_options options, tg_error *err)
{
    const tgi_option checks[] = {{"decay", options.decay, TGI_FRACTION},
                                 {"eps", options.eps, TGI_NOT_NEGATIVE}};
    return tgi_optimizer_make(&type, &options, options.lr, checks, 2, err);
}
