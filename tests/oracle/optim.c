/* optim.c - optim IN.npz OUT.npz: trains a small network with the optimizers that optim.py names.
 *
 * Standard input has a line "ID NAME SETTINGS" for each run, SETTINGS being key=value words.  IN
 * has the inputs x and targets y, the parameters W1, b1, W2, b2 that each run starts from, and
 * `steps`, of which only the shape is looked at: one element for each step.  OUT gets ID.W1, ...: a
 * row for each step, with the parameter after it, and ID.loss. */
#include "tapegrad.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct settings {
    double lr, momentum, decay, beta1, beta2, eps;
    double l2;       /* factor of the L2 penalty on the weights */
    double lr_decay; /* step k = 0, 1, ... has lr / (1 + lr_decay k) */
    bool book_form;
} settings;

#define SETTING(name)                                                                              \
    {                                                                                              \
#name, TG_ATTR_FLOAT, offsetof(settings, name), "0"                                        \
    }
static const tg_attr_def defs[] = {
    SETTING(lr),
    SETTING(momentum),
    SETTING(decay),
    SETTING(beta1),
    SETTING(beta2),
    SETTING(eps),
    SETTING(l2),
    SETTING(lr_decay),
    {"book_form", TG_ATTR_BOOL, offsetof(settings, book_form), "false"},
    {NULL, TG_ATTR_INT, 0, NULL}};

static tg_optimizer *make(const char *name, const settings *s, tg_error *err)
{
    if (strcmp(name, "sgd") == 0)
        return tg_sgd((tg_sgd_options){tg_sgd_defaults().made, s->lr}, err);
    if (strcmp(name, "momentum") == 0)
        return tg_momentum((tg_momentum_options){tg_momentum_defaults().made, s->lr, s->momentum},
                           err);
    if (strcmp(name, "nesterov") == 0)
        return tg_nesterov(
            (tg_nesterov_options){tg_nesterov_defaults().made, s->lr, s->momentum, s->book_form},
            err);
    if (strcmp(name, "adagrad") == 0)
        return tg_adagrad((tg_adagrad_options){tg_adagrad_defaults().made, s->lr, s->eps}, err);
    if (strcmp(name, "rmsprop") == 0)
        return tg_rmsprop((tg_rmsprop_options){tg_rmsprop_defaults().made, s->lr, s->decay, s->eps},
                          err);
    if (strcmp(name, "adam") == 0)
        return tg_adam(
            (tg_adam_options){tg_adam_defaults().made, s->lr, s->beta1, s->beta2, s->eps}, err);
    (void)tg_fail(err, TG_EKEY, "no optimizer '%s'", name);
    return NULL;
}

/* The mean squared error of two layers with tanh between, and the penalty. */
static tg_tensor *loss_of(tg_tape *t, const tg_dict *in, const tg_dict *params, const settings *s)
{
    tg_tensor *h = tg_tanh(t, tg_affine(t, tg_param(t, in, "x"), tg_param(t, params, "W1"),
                                        tg_param(t, params, "b1")));
    tg_tensor *y = tg_affine(t, h, tg_param(t, params, "W2"), tg_param(t, params, "b2"));
    tg_tensor *loss = tg_mse(t, y, tg_param(t, in, "y"), TG_REDUCE_MEAN);
    return s->l2 > 0 ? tg_add(t, loss, tg_l2_penalty(t, params, "W", s->l2)) : loss;
}

/* A new entry "ID.NAME" of out with `steps` rows of x's elements. */
static tg_tensor *history(tg_dict *out, const char *id, const char *name, int64_t steps, int64_t n,
                          tg_error *err)
{
    char key[64];
    (void)snprintf(key, sizeof key, "%s.%s", id, name);
    (void)tg_dict_take(out, key, tg_tensor_new(TG_F64, 2, (int64_t[]){steps, n}, err), err);
    return tg_dict_get(out, key);
}

static void note(tg_tensor *rows, int64_t step, const tg_tensor *x, tg_error *err)
{
    for (int64_t i = 0; i < x->size && !err->status; i++)
        (void)tg_tensor_set(rows, step * x->size + i, tg_tensor_get(x, i), err);
}

static void run(const tg_dict *in, tg_dict *out, const char *id, const char *name, const char *text,
                tg_error *err)
{
    static const char *const names[] = {"W1", "b1", "W2", "b2"};
    const tg_op call = {.name = name, .attrs = defs, .attrs_size = sizeof(settings)};
    const tg_tensor *count = tg_dict_get(in, "steps");
    const int64_t steps = count ? count->size : 0;
    tg_dict *params = tg_dict_new();
    tg_tape *t = tg_tape_new();
    tg_optimizer *o = NULL;
    tg_tensor *rows[4], *losses = history(out, id, "loss", steps, 1, err);
    settings s;
    for (int k = 0; k < 4 && params && !err->status; k++) {
        const tg_tensor *x = tg_dict_get(in, names[k]);
        (void)tg_dict_take(params, names[k], x ? tg_tensor_clone(x, err) : NULL, err);
        rows[k] = history(out, id, names[k], steps, x ? x->size : 0, err);
    }
    if (!params || !t)
        (void)tg_fail(err, TG_ENOMEM, "out of memory");
    else if (tg_attrs_parse(t, &call, text, &s))
        (void)tg_fail(err, TG_EARG, "%s", tg_tape_message(t));
    else
        o = make(name, &s, err);
    for (int64_t step = 0; step < steps && o && !err->status; step++) {
        tg_tape_reset(t);
        tg_tensor *loss = loss_of(t, in, params, &s);
        tg_optimizer_set_lr(o, s.lr / (1 + s.lr_decay * (double)step));
        (void)tg_optimizer_update(o, params, tg_grad(t, loss, params), err);
        if (tg_tape_status(t)) (void)fprintf(stderr, "optim: %s\n", tg_tape_message(t));
        for (int k = 0; k < 4 && !err->status; k++) note(rows[k], step, tg_dict_at(params, k), err);
        if (!err->status) note(losses, step, loss, err);
    }
    tg_optimizer_free(o), tg_tape_free(t), tg_dict_free(params);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: optim IN.npz OUT.npz <RUNS\n");
        return 2;
    }
    tg_error err = TG_ERROR_INIT;
    char line[512], id[16], name[64];
    tg_dict *in = tg_npz_load(argv[1], &err), *out = tg_dict_new();
    if (!out) (void)tg_fail(&err, TG_ENOMEM, "out of memory");
    while (!err.status && fgets(line, sizeof line, stdin)) {
        int end = 0;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%15s %63s%n", id, name, &end) == 2)
            run(in, out, id, name, line + end, &err);
        else
            (void)tg_fail(&err, TG_EFORMAT, "cannot read '%s'", line);
    }
    if (!err.status) (void)tg_npz_save(argv[2], out, &err);
    if (err.status) (void)fprintf(stderr, "optim: %s\n", err.text);
    tg_dict_free(in), tg_dict_free(out);
    return err.status != TG_OK;
}
