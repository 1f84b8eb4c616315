/* test_traces.c - parity with the reference traces: every loss of every optimizer, and the first
 * gradients. Formulas and the tolerances in f64: shared/reference/traces/README.md.
 *
 * In f32 a run forgets the last bits of its start: a ReLU that switches one update earlier, or a
 * division by the root of a gradient that is nearly 0 (AdaGrad, RMSprop, Adam), makes a rounding of
 * 6e-8 visible after some updates. So the first ten losses are compared one by one, to 1e-4, or
 * with such a division the first three, to 2e-3, and of the whole trace the mean, to 5 %.
 *
 * TAPEGRAD_SHARED names the folder with reference/ and data/; without it the tests say so and are
 * skipped. In f64 each trace is followed by recording every iteration, and by a plan of the first,
 * update included. TG_TEST_QUICK shortens them, for runs under valgrind. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad.h"
#include "tests/support/nets.h"
#include "tests/support/suite.h"

typedef struct net {
    const char *name;
    bool mnist;
    int64_t sizes[8];
    int n_sizes;
    tg_activation activation;
    double weight_decay, dropout;
    bool batch_norm;
} net;

static const net nets[] = {
    {"mlp", true, {784, 100, 100, 100, 100, 10}, 6, TG_RELU, 0, 0, false},
    {"mlp_wd", true, {784, 100, 100, 100, 100, 10}, 6, TG_RELU, 0.1, 0, false},
    {"bn", true, {784, 100, 100, 100, 100, 100, 10}, 7, TG_RELU, 0, 0, true},
    {"bn_std0.01_wd", true, {784, 50, 50, 10}, 4, TG_RELU, 0.1, 0, true},
    {"small_bn_dropout", false, {20, 16, 16, 4}, 4, TG_RELU, 0, 0.2, true},
    {"small_bn_dropout_wd", false, {20, 16, 16, 4}, 4, TG_RELU, 0.1, 0.5, true},
    {"small_dropout", false, {20, 16, 16, 4}, 4, TG_RELU, 0, 0.2, false},
    {"small_sigmoid_xavier_wd", false, {20, 16, 16, 4}, 4, TG_SIGMOID, 0.1, 0, false},
};
enum { NETS = sizeof nets / sizeof *nets, OPTIMIZERS = 7, LAYERS = 8, LOSSES = 4 };

static const char *const labels[OPTIMIZERS] = {"SGD",     "Momentum",        "AdaGrad", "Adam",
                                               "RMSprop", "RMSprop_lr0.001", "Nesterov"};

static tg_optimizer *make(int k)
{
    tg_rmsprop_options rms = tg_rmsprop_defaults();
    tg_nesterov_options nesterov = tg_nesterov_defaults();
    nesterov.book_form = true;
    if (k == 5) rms.lr = 0.001;
    switch (k) {
    case 0:
        return tg_sgd(tg_sgd_defaults(), NULL);
    case 1:
        return tg_momentum(tg_momentum_defaults(), NULL);
    case 2:
        return tg_adagrad(tg_adagrad_defaults(), NULL);
    case 3:
        return tg_adam(tg_adam_defaults(), NULL);
    case 6:
        return tg_nesterov(nesterov, NULL);
    default:
        return tg_rmsprop(rms, NULL);
    }
}

/* ---- files ---------------------------------------------------------------------------------- */

static const char *path_of(const char *folder, const char *name, const char *file)
{
    static char path[4][1024];
    static int next;
    char *p = path[next++ % 4];
    const char *shared = getenv("TAPEGRAD_SHARED");
    /* A path that is too long is cut, and the file is then not found. */
    (void)snprintf(p, sizeof path[0], "%s/%s/%s/%s", shared, folder, name, file);
    return p;
}

static bool exists(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f) fclose(f);
    return f != NULL;
}

static tg_tensor *npy(const net *n, const char *file)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tg_npy_load(path_of("reference/traces", n->name, file), &err);
    ck_assert_msg(x != NULL, "%s", err.text);
    return x;
}

static tg_dict *npz(const net *n, const char *file)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = tg_npz_load(path_of("reference/traces", n->name, file), &err);
    ck_assert_msg(d != NULL, "%s", err.text);
    return d;
}

/* Read once, by main, for all the tests. */
static tg_dataset mnist;
static tg_error mnist_error = TG_ERROR_INIT;

static bool has_mnist(void)
{
    return getenv("TAPEGRAD_SHARED") && exists(path_of("data", "mnist", "train-images-idx3-ubyte"));
}

static void load_mnist(void)
{
    tg_dataset test;
    if (has_mnist() && !tg_mnist_load(path_of("data", "mnist", ""), &mnist, &test, &mnist_error))
        tg_dataset_free(&test);
}

static void free_mnist(void) { tg_dataset_free(&mnist); }

/* ---- one run -------------------------------------------------------------------------------- */

typedef struct run {
    const net *n;
    tg_dtype dtype;
    tg_model *model;
    tg_dict *masks; /* or NULL */
    tg_tensor *batches;
    const tg_dataset *data;         /* of MNIST nets */
    tg_tensor *x, *t;               /* of the others */
    tg_tensor *rows, *mask[LAYERS]; /* of the iteration under way */
    tg_tape *tape;
    bool planned;
    tg_plan *plan; /* of the iterations after the first */
} run;

/* Row i of a leaf (iterations, ...), as a view. */
static tg_tensor *row(const tg_tensor *x, int64_t i)
{
    tg_tensor *y =
        tg_tensor_view(x, x->ndim - 1, x->shape + 1, x->strides + 1, i * x->strides[0], NULL);
    ck_assert_ptr_nonnull(y);
    return y;
}

static tg_tensor *first_row(const tg_tensor *x)
{
    tg_tensor *view = row(x, 0), *copy = tg_tensor_clone(view, NULL);
    ck_assert_ptr_nonnull(copy);
    tg_tensor_free(view);
    return copy;
}

static void run_start(run *r, const net *n, tg_dtype dtype, bool planned)
{
    tg_error err = TG_ERROR_INIT;
    tg_mlp_options o = mlp_with(n->n_sizes, n->sizes, n->batch_norm, n->dropout, n->weight_decay);
    tg_rng rng = tg_rng_make(1, 0);
    o.dtype = dtype;
    o.activation = n->activation;
    *r = (run){.n = n,
               .dtype = dtype,
               .model = tg_mlp_new(&o, &rng, &err),
               .tape = tg_tape_new(),
               .planned = planned};
    ck_assert_msg(r->model != NULL, "%s", err.text);
    tg_dict *p0 = npz(n, "params0.npz");
    ck_assert_int_eq(tg_dict_size(p0), tg_dict_size(r->model->params));
    for (int i = 0; i < tg_dict_size(p0); i++) {
        tg_tensor *to = tg_dict_get(r->model->params, tg_dict_key(p0, i));
        const tg_tensor *wide = tg_cast(r->tape, tg_dict_at(p0, i), dtype);
        ck_assert_msg(tg_tensor_copy(to, wide, &err) == TG_OK, "%s", err.text);
    }
    tg_dict_free(p0);
    r->batches = npy(n, "batches.npy");
    if (n->dropout > 0) r->masks = npz(n, "masks.npz");
    r->rows = first_row(r->batches);
    for (int l = 0; l < tg_dict_size(r->masks); l++)
        r->mask[l] = first_row(tg_dict_at(r->masks, l));
    if (n->mnist) {
        ck_assert_msg(mnist_error.status == TG_OK, "%s", mnist_error.text);
        r->data = &mnist;
    } else {
        r->x = npy(n, "x.npy");
        r->t = npy(n, "t.npy");
    }
}

static void run_end(run *r)
{
    for (int l = 0; l < tg_dict_size(r->masks); l++) tg_tensor_free(r->mask[l]);
    tg_tensor_free(r->rows);
    tg_plan_free(r->plan);
    tg_tape_free(r->tape);
    tg_mlp_free(r->model);
    tg_dict_free(r->masks);
    tg_tensor_free(r->batches);
    tg_tensor_free(r->x);
    tg_tensor_free(r->t);
}

/* Computes both forms of the loss in one mode and returns the one with eps. */
static tg_tensor *losses(run *r, tg_tensor *x, tg_tensor *t, const tg_pass *pass, tg_tensor **out)
{
    tg_tensor *y = tg_model_forward(r->tape, r->model, x, pass);
    out[0] = tg_model_loss(r->tape, r->model, y, t);
    out[1] = tg_cross_entropy(r->tape, y, t, NULL);
    if (r->n->weight_decay > 0)
        out[1] = tg_add(r->tape, out[1],
                        tg_l2_penalty(r->tape, r->model->params, "W", r->n->weight_decay));
    return out[0];
}

static void set_row(tg_tensor *to, const tg_tensor *from, int64_t i)
{
    tg_tensor *view = row(from, i);
    ck_assert_int_eq(tg_tensor_copy(to, view, NULL), TG_OK);
    tg_tensor_free(view);
}

/* Records an iteration with its update, and compiles it if plans are wanted. The gradients belong
 * to the tape. */
static const tg_dict *record(run *r, tg_optimizer *opt, tg_tensor **out)
{
    tg_tape *t = r->tape;
    tg_error err = TG_ERROR_INIT;
    tg_tensor *masks[LAYERS];
    tg_tape_reset(t);
    tg_tensor *x = r->n->mnist ? tg_dataset_inputs(t, r->data, r->rows, r->dtype)
                               : tg_cast(t, tg_take(t, r->x, r->rows, 0), r->dtype);
    tg_tensor *target =
        r->n->mnist ? tg_dataset_labels(t, r->data, r->rows) : tg_take(t, r->t, r->rows, 0);
    for (int l = 0; l < tg_dict_size(r->masks); l++) masks[l] = tg_cast(t, r->mask[l], r->dtype);
    tg_pass pass = {.train = true, .masks = r->masks ? masks : NULL};
    tg_tensor *loss = losses(r, x, target, &pass, out);
    const tg_dict *grads = tg_grad(t, loss, r->model->params);
    ck_assert_msg(grads != NULL, "%s", tg_tape_message(t));
    if (r->planned)
        (void)tg_optimizer_record(t, opt, r->model->params, grads);
    else
        ck_assert_int_eq(tg_optimizer_update(opt, r->model->params, grads, &err), TG_OK);
    pass.train = false;
    (void)losses(r, x, target, &pass, out + 2);
    ck_assert_msg(tg_tape_status(t) == TG_OK, "%s", tg_tape_message(t));
    if (r->planned) r->plan = tg_compile(t, LOSSES, out, &err);
    ck_assert_msg(!r->planned == !r->plan, "%s", err.text);
    return grads;
}

/* One iteration: four losses as in the reference; the gradients of the first. */
static const tg_dict *iterate(run *r, int64_t i, tg_optimizer *opt, double *out)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *loss[LOSSES];
    const tg_dict *grads = NULL;
    set_row(r->rows, r->batches, i);
    for (int l = 0; l < tg_dict_size(r->masks); l++)
        set_row(r->mask[l], tg_dict_at(r->masks, l), i);
    const bool by_plan = r->plan != NULL;
    if (by_plan)
        ck_assert_msg(tg_plan_run(r->plan, &err) == TG_OK, "%s", err.text);
    else
        grads = record(r, opt, loss);
    for (int j = 0; j < LOSSES; j++)
        out[j] = tg_item(by_plan ? tg_plan_output(r->plan, j) : loss[j]);
    return grads;
}

/* ---- comparisons ---------------------------------------------------------------------------- */

static void compare_gradients(const run *r, const tg_dict *grads)
{
    tg_dict *want = npz(r->n, "grads0.npz");
    for (int k = 0; k < tg_dict_size(grads); k++) {
        const char *key = tg_dict_key(grads, k);
        const tg_tensor *a = tg_dict_at(grads, k), *b = tg_dict_get(want, key);
        double worst = 0, largest = 0;
        ck_assert_msg(b && tg_tensor_same_shape(a, b), "%s", key);
        for (int64_t i = 0; i < a->size; i++) {
            worst = fmax(worst, fabs(tg_tensor_get(a, i) - tg_tensor_get(b, i)));
            largest = fmax(largest, fabs(tg_tensor_get(b, i)));
        }
        /* A bias before batch normalisation has gradient 0, except for rounding. */
        const bool zero =
            r->n->batch_norm && key[0] == 'b' && key[1] != 'e' && atoi(key + 1) < r->n->n_sizes - 1;
        const double one = r->dtype == TG_F64 ? 1 : 1e7; /* 2^29 / 50: not all roundings add up */
        const double allowed = one * (zero ? 1e-14 : 1e-11 * largest);
        ck_assert_msg(worst <= allowed, "%s: gradient of %s is off by %g, allowed %g", r->n->name,
                      key, worst, allowed);
    }
    for (int l = 1; r->n->batch_norm && l < r->n->n_sizes - 1; l++) {
        char ours[32], theirs[32];
        for (int v = 0; v < 2; v++) {
            (void)snprintf(ours, sizeof ours, v ? "running_var%d" : "running_mean%d", l);
            (void)snprintf(theirs, sizeof theirs, v ? "rvar%d" : "rmean%d", l);
            const tg_tensor *a = tg_dict_get(r->model->state, ours), *b = tg_dict_get(want, theirs);
            for (int64_t i = 0; i < a->size; i++)
                ck_assert_double_eq_tol(tg_tensor_get(a, i), tg_tensor_get(b, i),
                                        r->dtype == TG_F64 ? 1e-13 : 1e-6);
        }
    }
    tg_dict_free(want);
}

static void compare_run(const net *n, int k, tg_dtype dtype, bool planned)
{
    static const char *const names[] = {"loss_train", "loss_train_noeps", "loss_after",
                                        "loss_after_noeps"};
    char file[64];
    run r;
    /* Quick: of the large nets two optimizers, in f64. */
    if (getenv("TG_TEST_QUICK") && n->mnist && (dtype == TG_F32 || (k != 0 && k != 3))) return;
    (void)snprintf(file, sizeof file, "loss_%s.npy", labels[k]);
    if (!exists(path_of("reference/traces", n->name, file))) return;
    tg_tensor *want = npy(n, file);
    tg_optimizer *opt = make(k);
    run_start(&r, n, dtype, planned);
    const bool divides = k >= 2 && k <= 5;
    const double f64 = strcmp(n->name, "mlp") == 0 && k == 4 ? 1e-7 : 1e-9;
    const double tolerance = dtype == TG_F64 ? f64 : divides ? 2e-3 : 1e-4;
    double mean[2][4] = {{0}};
    const int64_t steps = getenv("TG_TEST_QUICK") ? 2 : want->shape[0];
    for (int64_t i = 0; i < steps; i++) {
        double got[4];
        const tg_dict *grads = iterate(&r, i, opt, got);
        if (i == 0) compare_gradients(&r, grads);
        for (int j = 0; j < 4; j++) {
            const double w = tg_tensor_get(want, 4 * i + j);
            mean[0][j] += got[j];
            mean[1][j] += w;
            if (dtype == TG_F32 && i >= (divides ? 3 : 10)) continue;
            ck_assert_msg(fabs(got[j] / w - 1) <= tolerance,
                          "%s, %s, iteration %d: %s %.17g, not %.17g", n->name, labels[k], (int)i,
                          names[j], got[j], w);
        }
    }
    for (int j = 0; j < 4; j++)
        ck_assert_msg(fabs(mean[0][j] / mean[1][j] - 1) <= 0.05, "%s, %s: mean %s %g, not %g",
                      n->name, labels[k], names[j], mean[0][j], mean[1][j]);
    run_end(&r);
    tg_optimizer_free(opt);
    tg_tensor_free(want);
}

START_TEST(test_trace)
{
    const net *n = &nets[_i / OPTIMIZERS % NETS];
    if (getenv("TAPEGRAD_SHARED") && exists(path_of("reference/traces", n->name, "params0.npz")) &&
        (!n->mnist || has_mnist()))
        compare_run(n, _i % OPTIMIZERS, _i / (NETS * OPTIMIZERS) == 1 ? TG_F32 : TG_F64,
                    _i / (NETS * OPTIMIZERS) == 2);
    else if (_i % OPTIMIZERS == 0 && _i < NETS * OPTIMIZERS)
        printf("test_traces: skipped %s, no reference in $TAPEGRAD_SHARED\n", n->name);
}
END_TEST

SUITE("traces", .before = load_mnist, .after = free_mnist, .timeout = 300,
      .tests = {{test_trace, 3 * NETS *OPTIMIZERS}})
