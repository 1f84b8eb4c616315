/* test_plan_networks.c - every network that the examples train, by recording each update and by
 * plans: with 1, 2, 3 and 7 threads, and again.
 *
 * No tolerance is needed. A plan runs the same kernels on the same numbers: maps do not depend on
 * where an element lies, rows not on each other, folds not on how they are cut, and no product is
 * contracted with a sum (HACKING.md). So each step of both gives the same bits, from equal
 * parameters comes equal parameters, and what is compared after the last step is bits: the losses,
 * the parameters, the running statistics.
 *
 * The networks of a tg_model are built as their examples do, with fewer units, and go through the
 * trainer, whose option decides between the two; the others are the examples' own (tests/networks).
 * Their plans are watched (tests/support/guard.h), with zones in their memory for every other
 * number of threads. optimizer_surface and optimizer_compare_naive train no network,
 * weight_init_activation_histogram only looks at one: its activations and initialisations are in
 * the table. */
#include "tests/plan/networks/networks.h"
#include "tests/support/guard.h"
#include "tests/support/plans.h"

enum { UNITS = 30, MOST_LAYERS = 8, MOST_STEPS = 8, IMAGES = 150, BATCH = 64 };

static const int threads[] = {1, 2, 3, 7};

/* TG_TEST_QUICK: fewer steps, f32 only, one and three threads. */
static bool quick(void) { return getenv("TG_TEST_QUICK"); }
static int steps(void) { return quick() ? 4 : MOST_STEPS; }

/* The result of a training. */
typedef struct result {
    double loss[MOST_STEPS];
    tg_dict *of[2]; /* parameters and running statistics, or parameters of two networks */
} result;

static void keep_dict(result *r, int i, const tg_dict *d)
{
    if (!d) return;
    r->of[i] = tg_dict_clone(d, NULL);
    ck_assert_ptr_nonnull(r->of[i]);
}

static void assert_results(const char *name, int n, bool planned, const result *want, result *got)
{
    char what[128];
    for (int i = 0; i < steps(); i++)
        if (memcmp(&want->loss[i], &got->loss[i], sizeof(double)) != 0)
            ck_abort_msg("%s, %d threads, %s: loss %d is %.17g, not %.17g", name, n,
                         planned ? "planned" : "eager", i, got->loss[i], want->loss[i]);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tg_dict_size(want->of[i]), tg_dict_size(got->of[i]));
        for (int k = 0; k < tg_dict_size(want->of[i]); k++) {
            (void)snprintf(what, sizeof what, "%s, %d threads, %s: %s", name, n,
                           planned ? "planned" : "eager", tg_dict_key(want->of[i], k));
            assert_bits(what, tg_dict_at(want->of[i], k), tg_dict_at(got->of[i], k));
        }
        tg_dict_free(got->of[i]);
    }
}

/* Trains with each number of threads in both ways, repeats the first training, and compares all
 * with the first. */
static void compare(const char *name, const void *which, tg_dtype dtype,
                    result (*train)(const void *which, tg_dtype dtype, bool planned))
{
    result first = {0};
    const int step = quick() ? 2 : 1;
    for (int i = 0; i <= COUNT(threads); i += step)
        for (int planned = 0; planned < 2; planned++) {
            const int n = threads[i % COUNT(threads)];
            ck_assert_int_eq(tg_set_num_threads(n), TG_OK);
            guard_plans(i % 2);
            result r = train(which, dtype, planned);
            if (i + planned == 0)
                first = r;
            else
                assert_results(name, n, planned, &first, &r);
        }
    bool moved = false; /* it did train */
    for (int i = 1; i < steps(); i++) moved = moved || first.loss[i] != first.loss[0];
    ck_assert_msg(moved && isfinite(first.loss[steps() - 1]), "%s", name);
    tg_dict_free(first.of[0]);
    tg_dict_free(first.of[1]);
    (void)tg_set_num_threads(0);
}

/* ---- models, by the trainer ----------------------------------------------------------------- */

typedef enum how { ZEROS, SAME, STD, STD1, XAVIER, HE } how;
typedef enum optimizer { SGD, MOMENTUM, ADAGRAD, ADAM } optimizer;

static const struct model {
    const char *name;
    int n_sizes; /* 0: the convolutional network */
    how init;
    optimizer by;
    tg_activation activation;
    bool batch_norm, after; /* after: the loss is that after the update */
    double dropout, weight_decay;
} models[] = {
    {"first", 3, HE, ADAM, TG_RELU, false, false, 0, 0},
    {"linear_vs_mlp, linear", 2, HE, ADAM, TG_RELU, false, false, 0, 0},
    {"linear_vs_mlp, mlp", 4, HE, ADAM, TG_RELU, false, false, 0, 0},
    {"optimizer_compare_mnist, SGD", 6, HE, SGD, TG_RELU, false, true, 0, 0},
    {"optimizer_compare_mnist, Momentum", 6, HE, MOMENTUM, TG_RELU, false, true, 0, 0},
    {"optimizer_compare_mnist, AdaGrad", 6, HE, ADAGRAD, TG_RELU, false, true, 0, 0},
    {"optimizer_compare_mnist, Adam", 6, HE, ADAM, TG_RELU, false, true, 0, 0},
    {"weight_init_compare, std=0.01", 6, STD, SGD, TG_RELU, false, true, 0, 0},
    {"weight_init_compare, Xavier", 6, XAVIER, SGD, TG_RELU, false, true, 0, 0},
    {"weight_init_symmetry, zeros", 6, ZEROS, ADAM, TG_RELU, false, true, 0, 0},
    {"weight_init_symmetry, constant", 6, SAME, ADAM, TG_RELU, false, true, 0, 0},
    {"weight_init_activation_histogram, sigmoid", 6, STD1, SGD, TG_SIGMOID, false, false, 0, 0},
    {"weight_init_activation_histogram, tanh", 6, XAVIER, SGD, TG_TANH, false, false, 0, 0},
    {"batch_norm_test, with", 7, STD, SGD, TG_RELU, true, false, 0, 0},
    {"batch_norm_test, without", 7, STD, SGD, TG_RELU, false, false, 0, 0},
    {"batch_norm_gradient_check", 4, HE, SGD, TG_RELU, true, false, 0, 0},
    {"hyperparameter_optimization", 8, HE, SGD, TG_RELU, false, false, 0, 1e-5},
    {"overfit_weight_decay", 8, HE, SGD, TG_RELU, false, false, 0, 0.1},
    {"overfit_dropout", 8, HE, SGD, TG_RELU, false, true, 0.2, 0},
    {"convnet", 0, STD, ADAM, TG_RELU, false, false, 0, 0},
    {"batch norm, dropout and weight decay", 5, HE, ADAM, TG_RELU, true, true, 0.3, 0.01},
};

static tg_dataset digits;

static void load(void)
{
    tg_dataset test;
    tg_error err = TG_ERROR_INIT;
    ck_assert_msg(!tg_digits_load(1, IMAGES, 1, &digits, &test, &err), "%s", err.text);
    tg_dataset_free(&test);
}

static void unload(void)
{
    tg_dataset_free(&digits);
    ck_assert(watched.steps > 0 || quick()); /* what is left out of a quick run has none */
}

static tg_init init_of(how kind)
{
    switch (kind) {
    case ZEROS:
        return tg_init_zeros();
    case SAME:
        return tg_init_constant(0.01);
    case STD:
        return tg_init_normal(0.01);
    case STD1:
        return tg_init_normal(1);
    case XAVIER:
        return tg_init_xavier();
    default:
        return tg_init_he();
    }
}

static tg_optimizer *optimizer_of(optimizer by, tg_error *err)
{
    switch (by) {
    case SGD:
        return tg_sgd(tg_sgd_defaults(), err);
    case MOMENTUM:
        return tg_momentum(tg_momentum_defaults(), err);
    case ADAGRAD:
        return tg_adagrad(tg_adagrad_defaults(), err);
    default:
        return tg_adam(tg_adam_defaults(), err);
    }
}

static tg_model *convnet(const struct model *m, tg_dtype dtype, tg_rng *rng, tg_error *err)
{
    tg_simple_convnet_options o = tg_simple_convnet_defaults();
    o.filters = 5;
    o.hidden = 20;
    o.dtype = dtype;
    o.init = init_of(m->init);
    return tg_simple_convnet_new(&o, rng, err);
}

static tg_model *mlp(const struct model *m, tg_dtype dtype, tg_rng *rng, tg_error *err)
{
    int64_t sizes[MOST_LAYERS] = {784};
    for (int i = 1; i < m->n_sizes; i++) sizes[i] = i == m->n_sizes - 1 ? 10 : UNITS;
    tg_mlp_options o = tg_mlp_defaults();
    o.n_sizes = m->n_sizes;
    o.sizes = sizes;
    o.dtype = dtype;
    o.activation = m->activation;
    o.init = init_of(m->init);
    o.batch_norm = m->batch_norm;
    o.dropout = m->dropout;
    o.weight_decay = m->weight_decay;
    return tg_mlp_new(&o, rng, err);
}

/* The notes say that the last update was made in the requested way. */
static result train_model(const void *which, tg_dtype dtype, bool planned)
{
    const struct model *m = which;
    result r = {0};
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(1, 1000);
    tg_trainer_options o = tg_trainer_defaults();
    o.batch = BATCH;
    o.replace = true;
    o.loss_after = m->after;
    o.plan = planned;
    tg_model *model = (m->n_sizes ? mlp : convnet)(m, dtype, &rng, &err);
    tg_optimizer *opt = optimizer_of(m->by, &err);
    tg_trainer *tr = tg_trainer_new(model, opt, &digits, NULL, &o, NULL, m->name, &err);
    for (int i = 0; i < steps() && tr; i++) {
        (void)tg_trainer_step(tr, &err);
        r.loss[i] = tg_trainer_loss(tr);
    }
    ck_assert_msg(!err.status, "%s: %s", m->name, err.text);
    ck_assert_str_eq(tg_trainer_plan_note(tr), planned ? "" : "plans are turned off");
    keep_dict(&r, 0, model->params);
    keep_dict(&r, 1, model->state);
    tg_trainer_free(tr);
    tg_optimizer_free(opt);
    (m->n_sizes ? tg_mlp_free : tg_simple_convnet_free)(model);
    return r;
}

START_TEST(models_of_the_trainer)
{
    const struct model *m = &models[_i % COUNT(models)];
    const bool f64 = _i >= COUNT(models);
    if (f64 && quick()) return;
    compare(m->name, m, f64 ? TG_F64 : TG_F32, train_model);
}
END_TEST

/* ---- networks of their own, step by step ---------------------------------------------------- */

static const network_kind *const kinds[] = {
    &network_gru, &network_lstm,        &network_custom_layer, &network_custom_op,
    &network_gan, &network_transformer, &network_xor_affine,   &network_xor_sigmoid,
};

void network_update(tg_tape *t, net_run *n, int i, tg_tensor *loss)
{
    const tg_dict *grads = tg_grad(t, loss, n->params[i]);
    ck_assert_msg(grads, "%s", tg_tape_message(t));
    if (n->recorded)
        (void)tg_optimizer_record(t, n->opt[i], n->params[i], grads);
    else
        (void)tg_optimizer_update(n->opt[i], n->params[i], grads, &n->err);
}

/* planned: the first step is recorded with its updates, the others are runs of its plan. */
static result train_kind(const void *which, tg_dtype dtype, bool planned)
{
    const network_kind *kind = which;
    result r = {0};
    net_run n = {.rng = tg_rng_make(7, 0), .recorded = planned, .err = TG_ERROR_INIT};
    tg_tape *t = tg_tape_new();
    tg_plan *p = NULL;
    kind->start(&n, dtype);
    ck_assert_msg(!n.err.status, "%s: %s", kind->name, n.err.text);
    for (int i = 0; i < steps(); i++) {
        if (p) {
            run_plan(p);
            r.loss[i] = tg_item(tg_plan_output(p, 0));
            continue;
        }
        tg_tape_reset(t);
        tg_tensor *loss = kind->step(t, &n);
        assert_fine(t, kind->name);
        ck_assert_msg(!n.err.status, "%s: %s", kind->name, n.err.text);
        r.loss[i] = tg_item(loss);
        if (!planned) continue;
        p = compiled(t, 1, &loss);
        tg_plan_seek(p, 1);
    }
    for (int i = 0; i < NETWORK_PARTS; i++) keep_dict(&r, i, n.params[i]);
    tg_plan_free(p);
    tg_tape_free(t);
    if (kind->stop) kind->stop(&n);
    for (int i = 0; i < NETWORK_PARTS; i++) {
        tg_dict_free(n.params[i]);
        tg_optimizer_free(n.opt[i]);
    }
    tg_dict_free(n.inputs);
    return r;
}

START_TEST(networks_of_their_own)
{
    const network_kind *k = kinds[_i % COUNT(kinds)];
    const bool f64 = _i >= COUNT(kinds);
    if (f64 && quick()) return;
    compare(k->name, k, f64 ? TG_F64 : TG_F32, train_kind);
}
END_TEST

SUITE("plan_networks", .with = {GUARDED}, .setup = load, .teardown = unload, .timeout = 300,
      .tests = {
          {models_of_the_trainer, 2 * COUNT(models)},
          {networks_of_their_own, 2 * COUNT(kinds)},
      })
