/* optimizer_compare_mnist.c - section 6.1.8: SGD, Momentum, AdaGrad and Adam train the same
 * 784-100-100-100-100-10 ReLU network (He) on the same batches of 128.
 *
 * It prints and draws the loss of the batch after the update, as the book does. */
#include "compare.h"

static tg_optimizer *make(int k, tg_error *err)
{
    switch (k) {
    case 0:
        return tg_sgd(tg_sgd_defaults(), err);
    case 1:
        return tg_momentum(tg_momentum_defaults(), err);
    case 2:
        return tg_adagrad(tg_adagrad_defaults(), err);
    default:
        return tg_adam(tg_adam_defaults(), err);
    }
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t steps = 2000, images = 0;
    const extra extras[] = {{"--iterations", "updates of each network", &steps},
                            {"--images", "training images, 0 for all", &images},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "optimizer_compare_mnist",
                                  "four optimizers train a network on digits", extras, argc, argv);
    if (stop >= 0) return stop;
    tg_error err = TG_ERROR_INIT;
    comparison c;
    tg_status status = compare_start(&c, &o, images, "Optimizers", &err);
    (void)tg_axes_ylim(c.ax, 0, 1);
    for (c.n = 0; c.n < 4 && !status; c.n++) {
        contender *r = &c.of[c.n];
        r->net = compare_net(&o, tg_init_he(), c.n, &err);
        r->opt = make(c.n, &err);
        r->name = tg_optimizer_name(r->opt);
        status = err.status;
    }
    if (!status) status = compare_run(&c, &o, steps, &err);
    if (!status) status = options_write(&o, c.history, c.figure, &err);
    compare_end(&c);
    return status ? options_fail(&o, &err) : 0;
}
