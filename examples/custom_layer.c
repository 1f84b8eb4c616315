/* custom_layer.c - your own layer is three lines and needs no backward function. This one is a
 * gated linear unit (Dauphin et al. 2017), y = (x W + b) * sigmoid(x V + c).
 *
 * The program checks it against finite differences, then makes it a model for the library's
 * trainer. */
#include <stdio.h>
#include <tapegrad.h>

/* ---- the layer ------------------------------------------------------------------------------- */

static tg_tensor *glu(tg_tape *t, const tg_dict *p, tg_tensor *x)
{
    tg_tensor *value = tg_affine(t, x, tg_param(t, p, "W"), tg_param(t, p, "b"));
    tg_tensor *gate = tg_sigmoid(t, tg_affine(t, x, tg_param(t, p, "V"), tg_param(t, p, "c")));
    return tg_mul(t, value, gate);
}

/* W, V (in, out) random and b, c (out) zero. */
static void glu_parameters(tg_dict *p, tg_dtype d, int64_t in, int64_t out, tg_rng *rng,
                           tg_error *err)
{
    const int64_t shape[] = {in, out};
    (void)tg_dict_take(p, "W", tg_tensor_new(d, 2, shape, err), err);
    (void)tg_dict_take(p, "b", tg_tensor_new(d, 1, &out, err), err);
    (void)tg_dict_take(p, "V", tg_tensor_new(d, 2, shape, err), err);
    (void)tg_dict_take(p, "c", tg_tensor_new(d, 1, &out, err), err);
    (void)tg_init_fill(tg_dict_get(p, "W"), tg_init_xavier(), rng, err);
    (void)tg_init_fill(tg_dict_get(p, "V"), tg_init_xavier(), rng, err);
}

/* ---- is its gradient right? By x, too, which is one more entry of the dict ------------------- */

static tg_tensor *glu_at_x(tg_tape *t, const tg_dict *p, void *user)
{
    (void)user;
    return glu(t, p, tg_param(t, p, "x"));
}

static void check(tg_rng *rng, tg_error *err)
{
    tg_gradcheck_report one = {0}, two = {0};
    tg_dict *p = tg_dict_new();
    glu_parameters(p, TG_F64, 3, 4, rng, err);
    (void)tg_dict_take(p, "x", tg_tensor_new(TG_F64, 2, (int64_t[]){5, 3}, err), err);
    (void)tg_init_fill(tg_dict_get(p, "x"), tg_init_normal(1), rng, err);
    (void)tg_gradcheck(glu_at_x, NULL, p, NULL, &one, err);
    (void)tg_gradgradcheck(glu_at_x, NULL, p, NULL, &two, err);
    printf("first order:  %lld derivatives, worst error %.0e\n", (long long)one.checked, one.error);
    printf("second order: %lld derivatives, worst error %.0e\n", (long long)two.checked, two.error);
    tg_dict_free(p);
}

/* ---- a model with it: digits, 784 -> 32 gated units -> 10 ------------------------------------ */

static tg_tensor *forward(tg_tape *t, const tg_model *m, tg_tensor *x, const tg_pass *pass)
{
    (void)pass; /* the same in training and evaluation */
    tg_tensor *h = glu(t, m->params, x);
    return tg_affine(t, h, tg_param(t, m->params, "W_out"), tg_param(t, m->params, "b_out"));
}

static tg_tensor *loss(tg_tape *t, const tg_model *m, tg_tensor *y, tg_tensor *labels)
{
    (void)m;
    return tg_cross_entropy(t, y, labels, NULL);
}

int main(int argc, char **argv)
{
    const int steps = argc > 1 ? 5 : 400; /* any argument: a short run */
    tg_error err = TG_ERROR_INIT;         /* keeps the first failure of all calls */
    tg_rng rng = tg_rng_make(1, 0);
    check(&rng, &err);

    const int64_t shape[] = {32, 10};
    tg_model m = {tg_dict_new(), NULL, TG_F32, forward, loss, NULL};
    glu_parameters(m.params, m.dtype, 784, 32, &rng, &err);
    (void)tg_dict_take(m.params, "W_out", tg_tensor_new(m.dtype, 2, shape, &err), &err);
    (void)tg_dict_take(m.params, "b_out", tg_tensor_new(m.dtype, 1, shape + 1, &err), &err);
    (void)tg_init_fill(tg_dict_get(m.params, "W_out"), tg_init_xavier(), &rng, &err);

    tg_dataset train = {0}, test = {0};
    double before = 0, after = 0;
    if (!err.status)
        tg_digits_load(1, argc > 1 ? 100 : 5000, argc > 1 ? 20 : 1000, &train, &test, &err);
    tg_optimizer *adam = tg_adam(tg_adam_defaults(), &err);
    tg_trainer_options options = tg_trainer_defaults();
    options.steps = steps;
    tg_trainer *trainer = tg_trainer_new(&m, adam, &train, NULL, &options, NULL, "glu", &err);
    tg_accuracy(&m, &test, 0, &before, &err);
    if (!err.status) tg_trainer_fit(trainer, &err);
    tg_accuracy(&m, &test, 0, &after, &err);
    printf("test accuracy %.3f, after %d updates %.3f\n", before, steps, after);
    if (err.status) fprintf(stderr, "custom_layer: %s\n", err.text);
    tg_trainer_free(trainer), tg_optimizer_free(adam), tg_dict_free(m.params);
    tg_dataset_free(&train), tg_dataset_free(&test);
    (void)argv;
    return err.status || (steps > 5 && after < 0.8);
}
