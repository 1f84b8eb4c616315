/* opt_adam.c - Adam: running means m of the gradient and v of its square, both corrected for
 * their start at zero through the step size. */
#include "src/optimizer.h"

#define TGI_OPTIONS tg_adam_options
#define TGI_STATE_0 m
#define TGI_STATE_1 v
#define TGI_CONSTANTS(o, u)                                                                        \
    const double t = (double)(u)->step;                                                            \
    CONSTANT(lr, sqrt(1 - pow((o)->beta2, t)) * (u)->lr / (1 - pow((o)->beta1, t)));               \
    CONSTANT(fresh_m, 1 - (o)->beta1);                                                             \
    CONSTANT(fresh_v, 1 - (o)->beta2);                                                             \
    CONSTANT(eps, (o)->eps)
#define TGI_FORMULA                                                                                \
    m += fresh_m * (g - m);                                                                        \
    v += fresh_v * (g * g - v);                                                                    \
    w -= lr * m / (ROOT(v) + eps)
#include "src/opt_loop.inc"

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_adam_options, lr), NULL},
    {"beta1", TG_ATTR_FLOAT, offsetof(tg_adam_options, beta1), NULL},
    {"beta2", TG_ATTR_FLOAT, offsetof(tg_adam_options, beta2), NULL},
    {"eps", TG_ATTR_FLOAT, offsetof(tg_adam_options, eps), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_optimizer_type type = {
    .name = "Adam",
    .states = {"m", "v", NULL},
    .options_size = sizeof(tg_adam_options),
    .update_f32 = update_f32,
    .update_f64 = update_f64,
    .attrs = attrs,
};

tg_adam_options tg_adam_defaults(void)
{
    return (tg_adam_options){.lr = 0.001, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-7};
}

tg_optimizer *tg_adam(tg_adam_options options, tg_error *err)
{
    const tgi_option checks[] = {{"beta1", options.beta1, TGI_FRACTION},
                                 {"beta2", options.beta2, TGI_FRACTION},
                                 {"eps", options.eps, TGI_NOT_NEGATIVE}};
    return tgi_optimizer_make(&type, &options, options.lr, checks, 3, err);
}
