/* custom_op.c - your own operation: swish with a slope that is learnt. The program checks it, then
 * uses it.
 *
 * y = x s, s = sigmoid(beta x)   dy/dx = s + beta y (1 - s)   dy/dbeta = x y (1 - s)
 *
 * It is the same struct as the operations of the library and can do all that they can:
 * broadcasting, strides, gradients of any order. */
#include <math.h>
#include <stdio.h>
#include <tapegrad.h>

/* ---- the operation: a loop per dtype, a derivative, a descriptor ----------------------------- */

static void swish_f32(int64_t n, void *y, const void *const *in, const int64_t *s, const void *a)
{
    const float *x = in[0], *beta = in[1];
    float *out = y;
    for (int64_t i = 0; i < n; i++)
        out[i] = x[i * s[0]] / (1 + expf(-beta[i * s[1]] * x[i * s[0]]));
    (void)a; /* it has no attributes */
}

static void swish_f64(int64_t n, void *y, const void *const *in, const int64_t *s, const void *a)
{
    const double *x = in[0], *beta = in[1];
    double *out = y;
    for (int64_t i = 0; i < n; i++) out[i] = x[i * s[0]] / (1 + exp(-beta[i * s[1]] * x[i * s[0]]));
    (void)a;
}

/* The cotangent of input i, in operations on the tape, so that it can be differentiated again. If
 * beta was broadcast, the sweep sums what is returned. */
static tg_tensor *swish_vjp(tg_tape *t, const tg_node *n, int i, tg_tensor *dy)
{
    tg_tensor *x = n->inputs[0], *beta = n->inputs[1], *y = n->output;
    tg_tensor *s = tg_sigmoid(t, tg_mul(t, beta, x));
    tg_tensor *rest = tg_mul(t, y, tg_sub(t, tg_scalar(t, 1), s)); /* y (1 - s) */
    if (i == 0) return tg_mul(t, dy, tg_add(t, s, tg_mul(t, beta, rest)));
    return tg_mul(t, dy, tg_mul(t, x, rest));
}

/* Inputs for the check: equal shapes, shapes that broadcast, and scalars. */
static const tg_sample swish_samples[] = {
    {"f[2,3] f[2,3]", NULL}, {"f[4,3] f[3]:0.5..2", NULL}, {"f[] f[]", NULL}, {NULL, NULL}};

static const tg_op swish_op = {.name = "swish",
                               .formula = "x sigmoid(beta x)",
                               .derivative = "dy (s + beta y (1 - s)), dy x y (1 - s)",
                               .min_inputs = 2,
                               .max_inputs = 2,
                               .infer = tg_infer_elementwise,
                               .map = {[TG_F32] = swish_f32, [TG_F64] = swish_f64},
                               .forward = tg_forward_elementwise,
                               .vjp = swish_vjp,
                               .samples = swish_samples};

static tg_tensor *swish(tg_tape *t, tg_tensor *x, tg_tensor *beta)
{
    return tg_record(t, &swish_op, (tg_tensor *[]){x, beta}, 2, NULL);
}

/* ---- a network with it learns sin(3 x) on -2..2 ---------------------------------------------- */

enum { POINTS = 64, HIDDEN = 16 };

/* mean (W2 swish(W1 x + b1, beta) + b2 - sin(3 x))^2 */
static tg_tensor *loss_of(tg_tape *t, const tg_dict *p, tg_tensor *x, tg_tensor *target)
{
    tg_tensor *h = tg_affine(t, x, tg_param(t, p, "W1"), tg_param(t, p, "b1"));
    h = swish(t, h, tg_param(t, p, "beta"));
    tg_tensor *y = tg_affine(t, h, tg_param(t, p, "W2"), tg_param(t, p, "b2"));
    return tg_mse(t, y, target, TG_REDUCE_MEAN);
}

static void add_parameters(tg_dict *p, tg_error *err)
{
    tg_rng rng = tg_rng_make(1, 0);
    const int64_t sizes[] = {1, HIDDEN, 1};
    (void)tg_dict_take(p, "W1", tg_tensor_new(TG_F32, 2, sizes, err), err);
    (void)tg_dict_take(p, "b1", tg_tensor_new(TG_F32, 1, sizes + 1, err), err);
    (void)tg_dict_take(p, "beta", tg_tensor_new(TG_F32, 1, sizes + 1, err), err);
    (void)tg_dict_take(p, "W2", tg_tensor_new(TG_F32, 2, sizes + 1, err), err);
    (void)tg_dict_take(p, "b2", tg_tensor_new(TG_F32, 1, sizes + 2, err), err);
    (void)tg_init_fill(tg_dict_get(p, "W1"), tg_init_normal(2), &rng, err);
    (void)tg_init_fill(tg_dict_get(p, "W2"), tg_init_he(), &rng, err);
    (void)tg_tensor_fill(tg_dict_get(p, "beta"), 1, err);
}

int main(int argc, char **argv)
{
    const int steps = argc > 1 ? 5 : 1000; /* any argument: a short run */
    tg_error err = TG_ERROR_INIT;          /* keeps the first failure of all calls */
    tg_gradcheck_report r = {0};
    /* f32 against f64, strided against contiguous, first and second derivatives. */
    tg_op_check(&swish_op, NULL, &r, &err);
    printf("checked %lld derivatives, worst error %.0e\n", (long long)r.checked, r.error);

    tg_dict *params = tg_dict_new();
    add_parameters(params, &err);
    tg_tensor *x = tg_tensor_new(TG_F32, 2, (int64_t[]){POINTS, 1}, &err);
    tg_tensor *target = tg_tensor_new(TG_F32, 2, (int64_t[]){POINTS, 1}, &err);
    for (int i = 0; i < POINTS && !err.status; i++) {
        const double xi = -2 + 4.0 * i / (POINTS - 1);
        tg_tensor_set(x, i, xi, &err), tg_tensor_set(target, i, sin(3 * xi), &err);
    }
    tg_tape *t = tg_tape_new_on(&err);
    tg_adam_options options = tg_adam_defaults();
    options.lr = .02;
    tg_optimizer *adam = tg_adam(options, &err);
    double loss = 0, first = 0;
    for (int step = 0; step <= steps && !err.status; step++) {
        tg_tape_reset(t);
        tg_tensor *l = loss_of(t, params, x, target);
        loss = tg_item(l);
        if (step == 0) first = loss;
        if (step % 250 == 0) printf("step %4d  loss %.4f\n", step, loss);
        tg_optimizer_update(adam, params, tg_grad(t, l, params), &err);
    }
    tg_tape_reset(t);
    printf("beta started at 1, its mean is now %.2f\n",
           tg_item(tg_mean(t, tg_param(t, params, "beta"), TG_ALL, false)));
    if (err.status) fprintf(stderr, "custom_op: %s\n", err.text);
    tg_tape_free(t), tg_optimizer_free(adam), tg_dict_free(params);
    tg_tensor_free(x), tg_tensor_free(target);
    (void)argv;
    return err.status || (steps > 5 && loss > first / 50);
}
