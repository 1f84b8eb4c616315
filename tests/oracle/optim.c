/* optim.c - optim IN.npz OUT.npz: trains a small network with the optimizers that optim.py names;
 * optim list: names them all, with their defaults and their samples.
 *
 * Standard input has a line "ID NAME L2 LR_DECAY SETTINGS" for each run, SETTINGS being key=value
 * words; L2 is the factor of a penalty on the weights, and step k = 0, 1, ... is made with
 * lr / (1 + LR_DECAY k). IN has the inputs x and targets y, the parameters W1, b1, W2, b2 that
 * each run starts from, and `steps`, of which only the shape is looked at: one element for each
 * step. OUT gets ID.W1, ...: a row for each step, with the parameter after it, and ID.loss. */
#include "tapegrad.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef union options {
    uint32_t made; /* the first member of each */
    unsigned char bytes[256];
    double number;
} options;

static const tg_optimizer_type *find(const char *name)
{
    const tg_optimizer_type *type;
    for (int i = 0; (type = tg_optimizer_type_at(i)); i++)
        if (strcmp(type->name, name) == 0) break;
    return type;
}

static tg_optimizer *make(tg_tape *t, const char *name, const char *text, tg_error *err)
{
    const tg_optimizer_type *type = find(name);
    if (!type || type->options_size > sizeof(options)) {
        (void)tg_fail(err, TG_EKEY, "no optimizer '%s'", name);
        return NULL;
    }
    const tg_op fields = {.name = name, .attrs = type->attrs, .attrs_size = type->options_size};
    options o;
    if (tg_attrs_parse(t, &fields, text, &o)) {
        (void)tg_fail(err, TG_EARG, "%s", tg_tape_message(t));
        return NULL;
    }
    memcpy(&o, type->defaults, sizeof o.made);
    double lr = 0;
    for (const tg_attr_def *d = type->attrs; d->name; d++)
        if (strcmp(d->name, "lr") == 0) memcpy(&lr, o.bytes + d->offset, sizeof lr);
    return tg_optimizer_new(type, &o, lr, err);
}

/* "NAME SETTINGS" for the defaults and the samples of every optimizer. */
static void list(tg_error *err)
{
    char text[512];
    const tg_optimizer_type *type;
    for (int i = 0; (type = tg_optimizer_type_at(i)) && !err->status; i++)
        for (int k = -1; k < 0 || type->samples[k]; k++) {
            tg_tape *t = tg_tape_new();
            tg_optimizer *o = make(t, type->name, k < 0 ? "" : type->samples[k], err);
            (void)printf("%s\n", tg_optimizer_describe(o, text, sizeof text));
            tg_optimizer_free(o), tg_tape_free(t);
        }
}

/* The mean squared error of two layers with tanh between, and the penalty. */
static tg_tensor *loss_of(tg_tape *t, const tg_dict *in, const tg_dict *params, double l2)
{
    tg_tensor *h = tg_tanh(t, tg_affine(t, tg_param(t, in, "x"), tg_param(t, params, "W1"),
                                        tg_param(t, params, "b1")));
    tg_tensor *y = tg_affine(t, h, tg_param(t, params, "W2"), tg_param(t, params, "b2"));
    tg_tensor *loss = tg_mse(t, y, tg_param(t, in, "y"), TG_REDUCE_MEAN);
    return l2 > 0 ? tg_add(t, loss, tg_l2_penalty(t, params, "W", l2)) : loss;
}

/* Adds an entry "ID.NAME" to out, with `steps` rows of the elements of x. */
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

typedef struct job {
    char id[16], name[64];
    const char *settings;
    double l2, lr_decay;
} job;

static void run(const tg_dict *in, tg_dict *out, const job *j, tg_error *err)
{
    static const char *const names[] = {"W1", "b1", "W2", "b2"};
    const tg_tensor *count = tg_dict_get(in, "steps");
    const int64_t steps = count ? count->size : 0;
    tg_dict *params = tg_dict_new();
    tg_tape *t = tg_tape_new();
    tg_optimizer *o = NULL;
    tg_tensor *rows[4], *losses = history(out, j->id, "loss", steps, 1, err);
    for (int k = 0; k < 4 && params && !err->status; k++) {
        const tg_tensor *x = tg_dict_get(in, names[k]);
        (void)tg_dict_take(params, names[k], x ? tg_tensor_clone(x, err) : NULL, err);
        rows[k] = history(out, j->id, names[k], steps, x ? x->size : 0, err);
    }
    if (!params || !t)
        (void)tg_fail(err, TG_ENOMEM, "out of memory");
    else
        o = make(t, j->name, j->settings, err);
    const double lr = tg_optimizer_lr(o);
    for (int64_t step = 0; step < steps && o && !err->status; step++) {
        tg_tape_reset(t);
        tg_tensor *loss = loss_of(t, in, params, j->l2);
        tg_optimizer_set_lr(o, lr / (1 + j->lr_decay * (double)step));
        (void)tg_optimizer_update(o, params, tg_grad(t, loss, params), err);
        if (tg_tape_status(t)) (void)fprintf(stderr, "optim: %s\n", tg_tape_message(t));
        for (int k = 0; k < 4 && !err->status; k++) note(rows[k], step, tg_dict_at(params, k), err);
        if (!err->status) note(losses, step, loss, err);
    }
    tg_optimizer_free(o), tg_tape_free(t), tg_dict_free(params);
}

int main(int argc, char **argv)
{
    tg_error err = TG_ERROR_INIT;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        list(&err);
        return err.status != TG_OK;
    }
    if (argc != 3) {
        (void)fprintf(stderr, "usage: optim list, optim IN.npz OUT.npz <RUNS\n");
        return 2;
    }
    char line[512];
    tg_dict *in = tg_npz_load(argv[1], &err), *out = tg_dict_new();
    if (!out) (void)tg_fail(&err, TG_ENOMEM, "out of memory");
    while (!err.status && fgets(line, sizeof line, stdin)) {
        job j = {.settings = line};
        int end = 0;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%15s %63s %lf %lf%n", j.id, j.name, &j.l2, &j.lr_decay, &end) == 4) {
            j.settings += end;
            run(in, out, &j, &err);
        } else
            (void)tg_fail(&err, TG_EFORMAT, "cannot read '%s'", line);
    }
    if (!err.status) (void)tg_npz_save(argv[2], out, &err);
    if (err.status) (void)fprintf(stderr, "optim: %s\n", err.text);
    tg_dict_free(in), tg_dict_free(out);
    return err.status != TG_OK;
}
