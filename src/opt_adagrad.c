/* opt_adagrad.c - AdaGrad: each element's step shrinks with the sum of its squared gradients. */
#include "src/optimizer.h"

#define TGI_OPTIONS tg_adagrad_options
#define TGI_STATE_0 h
#define TGI_CONSTANTS(o, u)                                                                        \
    CONSTANT(lr, (u)->lr);                                                                         \
    CONSTANT(eps, (o)->eps)
#define TGI_FORMULA                                                                                \
    h += g * g;                                                                                    \
    w -= lr * g / (ROOT(h) + eps)
#include "src/opt_loop.inc"

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_adagrad_options, lr), NULL},
    {"eps", TG_ATTR_FLOAT, offsetof(tg_adagrad_options, eps), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_optimizer_type type = {
    .name = "AdaGrad",
    .states = {"h", NULL},
    .options_size = sizeof(tg_adagrad_options),
    .update_f32 = update_f32,
    .update_f64 = update_f64,
    .attrs = attrs,
};

tg_adagrad_options tg_adagrad_defaults(void)
{
    return (tg_adagrad_options){.lr = 0.01, .eps = 1e-7};
}

tg_optimizer *tg_adagrad(tg_adagrad_options options, tg_error *err)
{
    const tgi_option checks[] = {{"eps", options.eps, TGI_NOT_NEGATIVE}};
    return tgi_optimizer_make(&type, &options, options.lr, checks, 1, err);
}
