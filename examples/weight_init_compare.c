/* weight_init_compare.c - section 6.2: the initial weights decide whether a deep network learns.
 *
 * Three 784-100-100-100-100-10 ReLU networks, SGD at 0.01, equal batches of 128: all weights of std
 * 0.01, Xavier's sqrt(1/n), He's sqrt(2/n). The table before training shows why the first does not
 * learn: layer by layer its gradient shrinks on the way back to W1. */
#include <stdio.h>

#include "compare.h"

enum { KINDS = 3 };

static const char *const names[KINDS] = {"std=0.01", "Xavier", "He"};

/* |gradient| / |weight| of W1..W5 on the first 128 images, before the first update. */
static tg_status ratios(const comparison *c, int k, tg_error *err)
{
    tg_tape *t = tg_tape_new_on(err);
    tg_dataset head = {0};
    const tg_model *net = c->of[k].net;
    tg_status status =
        tg_dataset_head(&c->train, c->train.size < 128 ? c->train.size : 128, &head, err);
    tg_gradient_stats s[10];
    tg_tensor *x = tg_dataset_inputs(t, &head, NULL, net->dtype);
    tg_tensor *loss =
        tg_model_loss(t, net, tg_model_forward(t, net, x, NULL), tg_dataset_labels(t, &head, NULL));
    tg_dict *grads = tg_grad(t, loss, net->params);
    status = err->status;
    if (!status) status = tg_gradient_measure(net->params, grads, NULL, s, err);
    if (!status) printf("%-9s", names[k]);
    for (int i = 0; i < 10 && !status; i += 2) { /* W1 b1 W2 b2 ... */
        status = tg_history_add(c->history, names[k], "gradient_ratio", i / 2 + 1, s[i].ratio);
        printf(" %s %.1e", s[i].key, s[i].ratio);
    }
    if (!status) printf("  W1 is %s\n", tg_gradient_state_name(s[0].state));
    tg_dataset_free(&head);
    tg_tape_free(t);
    return status;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t steps = 2000, images = 0;
    const extra extras[] = {{"--iterations", "updates of each network", &steps},
                            {"--images", "training images, 0 for all", &images},
                            {NULL, NULL, NULL}};
    const int stop =
        options_read(&o, "weight_init_compare", "three ways to start the weights of a network",
                     extras, argc, argv);
    if (stop >= 0) return stop;
    const tg_init inits[KINDS] = {tg_init_normal(0.01), tg_init_xavier(), tg_init_he()};
    tg_error err = TG_ERROR_INIT;
    comparison c;
    tg_status status = compare_start(&c, &o, images, "Initial weights", &err);
    (void)tg_axes_ylim(c.ax, 0, 2.5);
    printf("|gradient| / |weight| before training:\n");
    for (c.n = 0; c.n < KINDS && !status;) {
        contender *r = &c.of[c.n++];
        r->name = names[c.n - 1];
        r->net = compare_net(&o, inits[c.n - 1], c.n - 1, &err);
        r->opt = tg_sgd(tg_sgd_defaults(), &err);
        status = err.status ? err.status : ratios(&c, c.n - 1, &err);
    }
    if (!status) status = compare_run(&c, &o, steps, &err);
    if (!status) status = options_write(&o, c.history, c.figure, &err);
    compare_end(&c);
    return status ? options_fail(&o, &err) : 0;
}
