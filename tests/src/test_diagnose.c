/* test_diagnose.c - what is reported about activations and gradients, against numbers worked out by
 * hand and for networks that are known not to learn. */
#include "tapegrad.h"
#include "tests/support/tape.h"

/* ---- activations ---------------------------------------------------------------------------- */

/* Means and the like as NumPy gives them for the same numbers. */
static const struct {
    const char *x;
    tg_activation_stats want;
} measured[] = {
    {"f64[2,3]: 0 0.5 -1  0 1.5 4",
     {6, 0, 5 / 6.0, 1.5986105077709065, -1, 0.25, 4, 2 / 6.0, 3 / 6.0, 5 / 6.0, 3, 1}},
    {"f32[2,3]: 0 0.5 -1  0 1.5 4",
     {6, 0, 5 / 6.0, 1.5986105077709065, -1, 0.25, 4, 2 / 6.0, 3 / 6.0, 5 / 6.0, 3, 1}},
    {"f64[3,1]: 0.25 0.5 0.75", {3, 0, 0.5, 0.20412414523193150, 0.25, 0.5, 0.75, 0, 1, 0, 1, 0}},
    {"f64[2,2]: nan 0 -inf 0.5", {4, 2, 0.25, 0.25, 0, 0.25, 0.5, 0.25, 0.5, 0.25, 2, 0}},
    {"f64[1,3,2]: 0 0  0 1  0 0",
     {6, 0, 1 / 6.0, 0.37267799624996495, 0, 0, 1, 5 / 6.0, 1, 1, 3, 2}},
    {"f64[3]: 0 0 1", {3, 0, 1 / 3.0, 0.47140452079103168, 0, 0, 1, 2 / 3.0, 1, 1, 3, 2}},
    {"f64[]: 0", {1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1}},
    {"f64[0,3]:", {0, 0, NAN, NAN, NAN, NAN, NAN, 0, 0, 0, 3, 0}},
    {"f64[1]: nan", {1, 1, NAN, NAN, NAN, NAN, NAN, 0, 0, 0, 1, 0}},
};

START_TEST(statistics)
{
    for (int layout = 0; layout < LAYOUTS; layout++) {
        const tg_activation_stats *w = &measured[_i].want;
        tg_tensor *x = laid_out(tensor_of(NULL, measured[_i].x), layout);
        tg_activation_stats s;
        ck_assert_int_eq(tg_activation_measure(x, NULL, &s, NULL, NULL), TG_OK);
        const double got[] = {s.mean, s.std,   s.min,    s.median,
                              s.max,  s.zeros, s.inside, s.saturated};
        const double want[] = {w->mean, w->std,   w->min,    w->median,
                               w->max,  w->zeros, w->inside, w->saturated};
        for (int k = 0; k < COUNT(got); k++)
            assert_close(measured[_i].x, x->dtype, k, 0, got[k], want[k], 1e-15, 0);
        ck_assert_int_eq(s.size, w->size);
        ck_assert_int_eq(s.not_finite, w->not_finite);
        ck_assert_int_eq(s.units, w->units);
        ck_assert_int_eq(s.dead, w->dead);
    }
}
END_TEST

/* Every value just below, at and just above each edge; NumPy counts an edge to the bin above it,
 * the last one to the last bin. */
START_TEST(bins_have_sharp_edges)
{
    tg_activation_options o = tg_activation_defaults();
    o.bins = 30;
    double values[31 * 3];
    for (int b = 0; b <= 30; b++) {
        const double edge = b < 30 ? b * (1.0 / 30) : 1;
        values[3 * b] = nextafter(edge, -1);
        values[3 * b + 1] = edge;
        values[3 * b + 2] = nextafter(edge, 2);
    }
    tg_tensor *x = keep(tg_tensor_from(TG_F64, DIMS(93), values, NULL));
    tg_activation_stats s;
    int64_t counts[30];
    ck_assert_int_eq(tg_activation_measure(x, &o, &s, counts, NULL), TG_OK);
    for (int b = 0; b < 30; b++) ck_assert_msg(counts[b] == 3 + (b == 29), "bin %d", b);
    assert_close("inside", TG_F64, 0, 0, s.inside, 91.0 / 93, 1e-15, 0);
}
END_TEST

START_TEST(values_by_scope)
{
    tg_tensor *x = tensor_of(t, "f64[1,2]: -1 2");
    tg_scope_push(t, "layer1");
    tg_tensor *a = tg_relu(t, x);
    tg_scope_push(t, "bn");
    tg_tensor *b = tg_relu(t, tg_neg(t, a));
    tg_scope_pop(t);
    tg_scope_pop(t);
    tg_scope_push(t, "layer10");
    tg_tensor *c = tg_relu(t, b);
    assert_fine(t, "values_by_scope");
    ck_assert_int_eq(tg_tape_find(t, "relu", NULL, 0), a->id);
    ck_assert_int_eq(tg_tape_find(t, "relu", NULL, a->id + 1), b->id);
    ck_assert_int_eq(tg_tape_find(t, "relu", "layer1", b->id + 1), -1);
    ck_assert_int_eq(tg_tape_find(t, NULL, "layer1/bn", -5), b->id - 1);
    ck_assert_int_eq(tg_tape_find(t, "relu", "layer10", 0), c->id);
    ck_assert_int_eq(tg_tape_find(t, "tanh", NULL, 0), -1);
    ck_assert_int_eq(tg_tape_find(NULL, NULL, NULL, 0), -1);
}
END_TEST

/* ---- gradients ------------------------------------------------------------------------------ */

static tg_gradient_stats one_gradient(const char *w, const char *g)
{
    tg_gradient_stats s;
    tg_dict *params = tg_dict_new(), *grads = tg_dict_new();
    ck_assert_int_eq(tg_dict_set(params, "W", tensor_of(NULL, w), NULL), TG_OK);
    ck_assert_int_eq(tg_dict_set(grads, "W", tensor_of(NULL, g), NULL), TG_OK);
    ck_assert_int_eq(tg_gradient_measure(params, grads, NULL, &s, NULL), TG_OK);
    ck_assert_str_eq(s.key, "W");
    s.key = NULL;
    tg_dict_free(params);
    tg_dict_free(grads);
    return s;
}

static const struct {
    const char *w, *g;
    double norm, weight_norm, ratio, mean_abs, max_abs;
    tg_gradient_state state;
} judged[] = {
    {"f64[2]: 6 8", "f64[2]: 3 -4", 5, 10, 0.5, 3.5, 4, TG_GRADIENT_FINE},
    {"f64[2]: 6 8", "f64[2]: 0 0", 0, 10, 0, 0, 0, TG_GRADIENT_ZERO},
    {"f64[2]: 6 8", "f64[2]: 3e-5 4e-5", 5e-5, 10, 5e-6, 3.5e-5, 4e-5, TG_GRADIENT_VANISHING},
    {"f64[2]: 6 8", "f64[2]: 9e-5 12e-5", 15e-5, 10, 1.5e-5, 10.5e-5, 12e-5, TG_GRADIENT_FINE},
    {"f32[2]: 6 8", "f32[2]: 3000 4000", 5000, 10, 500, 3500, 4000, TG_GRADIENT_EXPLODING},
    {"f64[4]: 0 0 0 0", "f64[4]: 1 1 1 1", 2, 0, 1, 1, 1, TG_GRADIENT_FINE},
    {"f64[2]: 1 0", "f64[2]: 3e200 4e200", 5e200, 1, 5e200, 3.5e200, 4e200, TG_GRADIENT_EXPLODING},
    {"f64[1]: 1", "f64[1]: inf", INFINITY, 1, INFINITY, INFINITY, INFINITY, TG_GRADIENT_NOT_FINITE},
    {"f64[2]: 1 0", "f64[2]: nan 1", NAN, 1, NAN, NAN, NAN, TG_GRADIENT_NOT_FINITE},
    {"f64[2]: nan 0", "f64[2]: 3 4", 5, NAN, NAN, 3.5, 4, TG_GRADIENT_NOT_FINITE},
    {"f64[0]:", "f64[0]:", 0, 0, 0, 0, 0, TG_GRADIENT_ZERO},
};

START_TEST(ratios)
{
    const tg_gradient_stats s = one_gradient(judged[_i].w, judged[_i].g);
    const double got[] = {s.norm, s.weight_norm, s.ratio, s.mean_abs, s.max_abs};
    const double want[] = {judged[_i].norm, judged[_i].weight_norm, judged[_i].ratio,
                           judged[_i].mean_abs, judged[_i].max_abs};
    for (int k = 0; k < COUNT(got); k++)
        assert_close(judged[_i].g, TG_F64, k, 0, got[k], want[k], 1e-6, 0);
    ck_assert_str_eq(tg_gradient_state_name(s.state), tg_gradient_state_name(judged[_i].state));
}
END_TEST

/* Eight sigmoid layers of std 0.01 vanish towards the inputs, of std 30 ReLU explode, He is fine.
 */
static const struct {
    tg_activation activation;
    double std; /* 0: He */
    tg_gradient_state first;
} ill[] = {{TG_SIGMOID, 0.01, TG_GRADIENT_VANISHING},
           {TG_RELU, 30, TG_GRADIENT_EXPLODING},
           {TG_RELU, 0, TG_GRADIENT_FINE}};

START_TEST(networks)
{
    const int64_t sizes[] = {20, 20, 20, 20, 20, 20, 20, 20, 4};
    tg_mlp_options o = tg_mlp_defaults();
    o.n_sizes = COUNT(sizes);
    o.sizes = sizes;
    o.dtype = TG_F64;
    o.activation = ill[_i].activation;
    if (ill[_i].std > 0) o.init = tg_init_normal(ill[_i].std);
    tg_rng rng = tg_rng_make(1, 0);
    tg_model *net = tg_mlp_new(&o, &rng, NULL);
    tg_tensor *x = random_leaf(TG_F64, DIMS(16, 20), -1, 1, 2);
    tg_tensor *labels = random_leaf(TG_I32, DIMS(16), 0, 4, 3);
    tg_tensor *loss = tg_model_loss(t, net, tg_model_forward(t, net, x, NULL), labels);
    tg_gradient_stats s[16];
    ck_assert_int_eq(tg_gradient_measure(net->params, tg_grad(t, loss, net->params), NULL, s, NULL),
                     TG_OK);
    ck_assert_str_eq(s[0].key, "W1");
    ck_assert_str_eq(tg_gradient_state_name(s[0].state), tg_gradient_state_name(ill[_i].first));
    tg_mlp_free(net);
}
END_TEST

/* ---- the tables and what is refused --------------------------------------------------------- */

static char *text_of(FILE *file)
{
    static char text[4096];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

START_TEST(tables)
{
    tg_dict *p = tg_dict_new();
    tg_tensor *w = tensor_of(NULL, "f64[2,2]: 1 0 0 0");
    ck_assert_int_eq(tg_dict_set(p, "W1", w, NULL), TG_OK);
    tg_scope_push(t, "layer1");
    tg_tensor *y = tg_relu(t, tg_matmul(t, tensor_of(t, "f64[1,2]: 0.5 1"), tg_param(t, p, "W1")));
    FILE *file = tmpfile();
    ck_assert_int_eq(tg_activation_print(t, "relu", NULL, NULL, file), TG_OK);
    ck_assert_str_eq(
        text_of(file),
        "activation                    mean       std     zeros saturated  dead units\n"
        "layer1                        0.25      0.25       0.5       0.5  1 of 2\n");
    file = tmpfile();
    tg_dict *grads = tg_grad(t, tg_sum(t, y, TG_ALL, false), p);
    ck_assert_int_eq(tg_gradient_print(p, grads, NULL, file), TG_OK);
    ck_assert_str_eq(text_of(file), "parameter         |gradient|   |weight|      ratio\n"
                                    "W1                  1.12e+00   1.00e+00   1.12e+00  fine\n");
    if ((file = fopen("/dev/full", "w"))) {
        ck_assert_int_eq(tg_gradient_print(p, grads, NULL, file), TG_EIO);
        (void)fclose(file);
    }
    tg_dict_free(p);
}
END_TEST

START_TEST(refusals)
{
    tg_activation_options o = tg_activation_defaults();
    tg_activation_stats s;
    tg_gradient_stats g;
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tensor_of(NULL, "i32[2]: 1 2");
    ck_assert_int_eq(tg_activation_measure(x, NULL, &s, NULL, &err), TG_EDTYPE);
    ck_assert_str_eq(err.text, "activation_measure: x is i32, must be f32 or f64");
    ck_assert_int_eq(tg_activation_measure(NULL, NULL, &s, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_activation_measure(x, NULL, NULL, NULL, NULL), TG_EARG);
    o.hi = o.lo;
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_int_eq(tg_activation_measure(x, &o, &s, NULL, &err), TG_EARG);
    ck_assert_str_eq(
        err.text,
        "activation_measure: 30 bins from lo 0 to hi 0; bins must be at least 1, lo < hi");
    tg_dict *a = tg_dict_new(), *b = tg_dict_new();
    ck_assert_int_eq(tg_dict_set(a, "W", x, NULL), TG_OK);
    ck_assert_int_eq(tg_gradient_measure(a, b, NULL, &g, NULL), TG_EKEY);
    ck_assert_int_eq(tg_gradient_measure(a, NULL, NULL, &g, NULL), TG_EARG);
    ck_assert_int_eq(tg_gradient_print(a, b, NULL, stderr), TG_EKEY);
    ck_assert_int_eq(tg_gradient_print(a, NULL, NULL, stderr), TG_EARG);
    ck_assert_int_eq(tg_activation_print(NULL, NULL, NULL, NULL, stderr), TG_EARG);
    ck_assert_str_eq(tg_gradient_state_name((tg_gradient_state)9), "?");
    tg_dict_free(a);
    tg_dict_free(b);
}
END_TEST

SUITE("diagnose", .with = {TAPE},
      .tests = {
          {statistics, COUNT(measured)},
          {bins_have_sharp_edges},
          {values_by_scope},
          {ratios, COUNT(judged)},
          {networks, COUNT(ill)},
          {tables},
          {refusals},
      })
