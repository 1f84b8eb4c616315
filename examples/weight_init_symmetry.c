/* weight_init_symmetry.c - section 6.2.1: why weights do not start at zero, nor at any other
 * constant.
 *
 * Units of a layer that start with equal weights get equal gradients and stay equal for ever: a
 * hundred of them are worth one. At zero, ReLU units give 0 and get no gradient at all, so only the
 * last bias moves. Random weights break the symmetry. The same five-layer network is trained by
 * Adam from zeros, from a constant and from He's random weights, on equal batches. Then the program
 * counts the different units of each hidden layer. */
#include <stdio.h>

#include "compare.h"

enum { KINDS = 3 };

static const char *const names[KINDS] = {"zeros", "constant", "He"};

static bool equal_columns(const tg_tensor *W, int64_t a, int64_t b)
{
    bool equal = true;
    for (int64_t i = 0; equal && i < W->shape[0]; i++)
        equal = tg_tensor_get(W, i * W->shape[1] + a) == tg_tensor_get(W, i * W->shape[1] + b);
    return equal;
}

/* The number of units whose weights differ from those of every unit before them. */
static int64_t different_units(const tg_tensor *W)
{
    int64_t n = 0;
    for (int64_t j = 0; j < W->shape[1]; j++) {
        bool fresh = true;
        for (int64_t k = 0; fresh && k < j; k++) fresh = !equal_columns(W, k, j);
        n += fresh;
    }
    return n;
}

static tg_status count_units(const comparison *c, tg_error *err)
{
    printf("different units in the hidden layers after training:\n");
    for (int k = 0; k < c->n; k++) {
        printf("%-9s", names[k]);
        for (int layer = 1; layer <= 4; layer++) {
            char key[16];
            (void)snprintf(key, sizeof key, "W%d", layer);
            const int64_t n = different_units(tg_dict_get(c->of[k].net->params, key));
            const tg_status status =
                tg_history_add(c->history, names[k], "different_units", layer, (double)n);
            if (status) return tg_fail(err, status, "out of memory");
            printf(" %s %lld", key, (long long)n);
        }
        printf("\n");
    }
    return TG_OK;
}

int main(int argc, char **argv)
{
    options o = {.dtype = TG_F32};
    int64_t steps = 500, images = 0;
    const extra extras[] = {{"--iterations", "updates of each network", &steps},
                            {"--images", "training images, 0 for all", &images},
                            {NULL, NULL, NULL}};
    const int stop = options_read(&o, "weight_init_symmetry", "weights that start equal stay equal",
                                  extras, argc, argv);
    if (stop >= 0) return stop;
    const tg_init inits[KINDS] = {tg_init_zeros(), tg_init_constant(0.01), tg_init_he()};
    tg_error err = TG_ERROR_INIT;
    comparison c;
    tg_status status = compare_start(&c, &o, images, "Equal weights", &err);
    (void)tg_axes_ylim(c.ax, 0, 2.5);
    for (c.n = 0; c.n < KINDS && !status;) {
        contender *r = &c.of[c.n++];
        r->name = names[c.n - 1];
        r->net = compare_net(&o, inits[c.n - 1], c.n - 1, &err);
        r->opt = tg_adam(tg_adam_defaults(), &err);
        status = err.status;
    }
    if (!status) status = compare_run(&c, &o, steps, &err);
    if (!status) status = count_units(&c, &err);
    if (!status) status = options_write(&o, c.history, c.figure, &err);
    compare_end(&c);
    return status ? options_fail(&o, &err) : 0;
}
