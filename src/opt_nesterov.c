/* opt_nesterov.c - Nesterov's momentum: w is the point ahead, where the gradient is taken.
 *
 * The true position p and its velocity v follow v' = mu v - lr g(p + mu v), p' = p + v'.  For
 * w = p + mu v that reads w' = w + mu v' - lr g(w). */
#include "src/optimizer.h"

/* Both forms are one formula with different shares of the velocity and the gradient. */
#define TGI_OPTIONS tg_nesterov_options
#define TGI_STATE_0 v
#define TGI_CONSTANTS(o, u)                                                                        \
    const double mu = (o)->momentum;                                                               \
    CONSTANT(momentum, mu);                                                                        \
    CONSTANT(lr, (u)->lr);                                                                         \
    CONSTANT(of_v, ((o)->book_form ? mu : 1) * mu);                                                \
    CONSTANT(of_g, ((o)->book_form ? 1 + mu : 1) * (u)->lr)
#define TGI_FORMULA                                                                                \
    v = momentum * v - lr * g;                                                                     \
    w += of_v * v;                                                                                 \
    w -= of_g * g
#include "src/opt_loop.inc"

static const tg_attr_def attrs[] = {
    {"lr", TG_ATTR_FLOAT, offsetof(tg_nesterov_options, lr), NULL},
    {"momentum", TG_ATTR_FLOAT, offsetof(tg_nesterov_options, momentum), NULL},
    {"book_form", TG_ATTR_BOOL, offsetof(tg_nesterov_options, book_form), NULL},
    {NULL, TG_ATTR_INT, 0, NULL},
};

static const tg_optimizer_type type = {
    .name = "Nesterov",
    .states = {"v", NULL},
    .options_size = sizeof(tg_nesterov_options),
    .update_f32 = update_f32,
    .update_f64 = update_f64,
    .attrs = attrs,
};

tg_nesterov_options tg_nesterov_defaults(void)
{
    return (tg_nesterov_options){.lr = 0.01, .momentum = 0.9, .book_form = false};
}

tg_optimizer *tg_nesterov(tg_nesterov_options options, tg_error *err)
{
    const tgi_option checks[] = {{"momentum", options.momentum, TGI_FRACTION}};
    return tgi_optimizer_make(&type, &options, options.lr, checks, 1, err);
}
