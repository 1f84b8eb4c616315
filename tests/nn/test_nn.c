/* test_nn.c - layers and losses against their formulas in plain loops. */
#include <math.h>

#include "tapegrad.h"
#include "tests/support/tape.h"

static tg_tensor *matrix(int64_t rows, int64_t columns, const double *v)
{
    return tg_tensor_from(TG_F64, 2, (int64_t[]){rows, columns}, v, NULL);
}

static tg_tensor *vector(int64_t n, double value)
{
    tg_tensor *x = tg_tensor_new(TG_F64, 1, &n, NULL);
    (void)tg_tensor_fill(x, value, NULL);
    return x;
}

#define CLOSE(a, b) ck_assert_double_eq_tol(a, b, 1e-12)

START_TEST(test_cross_entropy)
{
    const double u[] = {1, 2, 3, -1, 0, 0.5};
    const int32_t label[] = {2, 0};
    const double one_hot[] = {0, 0, 1, 1, 0, 0};
    tg_tensor *x = matrix(2, 3, u), *hot = matrix(2, 3, one_hot);
    tg_tensor *labels = tg_tensor_from(TG_I32, 1, (int64_t[]){2}, label, NULL);
    double want = 0, want_eps = 0;
    for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (int j = 0; j < 3; j++) sum += exp(u[3 * i + j]);
        const double p = exp(u[3 * i + label[i]]) / sum;
        want -= log(p) / 2;
        want_eps -= log(p + 1e-2) / 2;
    }
    CLOSE(tg_item(tg_cross_entropy(t, x, labels, NULL)), want);
    CLOSE(tg_item(tg_cross_entropy(t, x, hot, NULL)), want);
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    o.eps = 1e-2;
    tg_tensor *eps = tg_cross_entropy(t, x, labels, &o), *g[2];
    CLOSE(tg_item(eps), want_eps);
    tg_tensor *exact = tg_cross_entropy(t, x, hot, NULL);
    (void)tg_vjp(t, 1, &eps, NULL, 1, &x, &g[0]);
    (void)tg_vjp(t, 1, &exact, NULL, 1, &x, &g[1]);
    tg_tensor *p = tg_softmax(t, x, -1);
    for (int i = 0; i < 6; i++) {
        const double dx = (tg_tensor_get(p, i) - one_hot[i]) / 2;
        CLOSE(tg_tensor_get(g[0], i), dx);
        CLOSE(tg_tensor_get(g[1], i), dx);
    }
    tg_tensor_free(x);
    tg_tensor_free(hot);
    tg_tensor_free(labels);
}
END_TEST

/* Logits of +-1e4: finite losses and gradients. */
START_TEST(test_cross_entropy_extremes)
{
    const double u[] = {1e4, -1e4, 0, -1e4, 1e4, 1e4};
    const int32_t label[] = {1, 0};
    tg_tensor *x = matrix(2, 3, u), *g;
    tg_tensor *labels = tg_tensor_from(TG_I32, 1, (int64_t[]){2}, label, NULL);
    tg_tensor *loss = tg_cross_entropy(t, x, labels, NULL);
    ck_assert_double_eq_tol(tg_item(loss), (2e4 + 2e4 + log(2)) / 2, 1e-9);
    ck_assert_int_eq(tg_vjp(t, 1, &loss, NULL, 1, &x, &g), TG_OK);
    for (int i = 0; i < 6; i++) ck_assert(isfinite(tg_tensor_get(g, i)));
    CLOSE(tg_tensor_get(g, 1), -0.5);
    tg_tensor_free(x);
    tg_tensor_free(labels);
}
END_TEST

static const struct {
    tg_batch_norm_options (*preset)(void);
} presets[] = {{tg_batch_norm_book}, {tg_batch_norm_torch}};

START_TEST(test_batch_norm)
{
    enum { N = 5, C = 2 };
    const tg_batch_norm_options o = presets[_i].preset();
    const double v[N * C] = {1, 10, 2, -20, 4, 30, 8, 5, -3, 7};
    tg_tensor *x = matrix(N, C, v), *gamma = vector(C, 1.5), *beta = vector(C, -0.25);
    tg_tensor *mean = vector(C, 0), *var = vector(C, o.running_var_start);
    tg_tensor *y = tg_batch_norm(t, x, gamma, beta, mean, var, &o, true);
    for (int c = 0; c < C; c++) {
        double m = 0, s = 0;
        for (int i = 0; i < N; i++) m += v[i * C + c] / N;
        for (int i = 0; i < N; i++) s += (v[i * C + c] - m) * (v[i * C + c] - m) / N;
        for (int i = 0; i < N; i++)
            CLOSE(tg_tensor_get(y, i * C + c), 1.5 * (v[i * C + c] - m) / sqrt(s + o.eps) - 0.25);
        const double kept = o.unbiased ? s * N / (N - 1) : s;
        CLOSE(tg_tensor_get(mean, c), 0.1 * m);
        CLOSE(tg_tensor_get(var, c), 0.9 * o.running_var_start + 0.1 * kept);
    }
    tg_tensor *e = tg_batch_norm(t, x, gamma, beta, mean, var, &o, false);
    CLOSE(tg_tensor_get(e, 3),
          1.5 * (-20 - tg_tensor_get(mean, 1)) / sqrt(tg_tensor_get(var, 1) + o.eps) - 0.25);
    ck_assert_int_eq(tg_tape_status(t), TG_OK);
    tg_tensor_free(x), tg_tensor_free(gamma), tg_tensor_free(beta);
    tg_tensor_free(mean), tg_tensor_free(var);
}
END_TEST

START_TEST(test_dropout)
{
    enum { N = 20000 };
    tg_tensor *x = vector(N, 3);
    tg_rng rng = tg_rng_make(1, 0);
    for (int form = 0; form < 2; form++) {
        const double kept = form == TG_DROPOUT_BOOK ? 3 : 3 / 0.75;
        tg_tensor *y = tg_dropout(t, x, 0.25, (tg_dropout_form)form, &rng, true);
        int zeros = 0;
        for (int i = 0; i < N; i++) {
            const double yi = tg_tensor_get(y, i);
            ck_assert(yi == 0 || fabs(yi - kept) < 1e-12);
            zeros += yi == 0;
        }
        ck_assert_double_eq_tol(zeros, 0.25 * N, 5 * sqrt(N * 0.25 * 0.75));
        y = tg_dropout(t, x, 0.25, (tg_dropout_form)form, &rng, false);
        CLOSE(tg_tensor_get(y, 7), form == TG_DROPOUT_BOOK ? 3 * 0.75 : 3);
    }
    const tg_tensor *same = tg_dropout(t, x, 0, TG_DROPOUT_BOOK, NULL, true);
    ck_assert(same != x && tg_tensor_get(same, 7) == 3); /* a new value */
    ck_assert_ptr_null(tg_dropout(t, x, 1, TG_DROPOUT_BOOK, &rng, true));
    ck_assert_str_eq(tg_tape_message(t), "dropout: p is 1, must be in [0, 1)");
    tg_tensor_free(x);
}
END_TEST

START_TEST(test_l2_penalty)
{
    tg_dict *p = tg_dict_new();
    (void)tg_dict_take(p, "W1", vector(3, 2), NULL);
    (void)tg_dict_take(p, "b1", vector(3, 100), NULL);
    (void)tg_dict_take(p, "W2", vector(2, 1), NULL);
    tg_tensor *l = tg_l2_penalty(t, p, "W", 0.1);
    CLOSE(tg_item(l), 0.5 * 0.1 * (3 * 4 + 2));
    tg_dict *g = tg_grad(t, l, p);
    CLOSE(tg_tensor_get(tg_dict_get(g, "W1"), 0), 0.1 * 2);
    CLOSE(tg_tensor_get(tg_dict_get(g, "b1"), 0), 0);
    ck_assert_ptr_null(tg_l2_penalty(t, p, "Q", 0.1));
    ck_assert_str_eq(tg_tape_message(t), "l2_penalty: no parameter begins with 'Q'");
    tg_dict_free(p);
}
END_TEST

/* Draws nothing, but the generator advances as it does for the others. */
START_TEST(test_constants)
{
    tg_tensor *w = tg_tensor_new(TG_F32, 2, (int64_t[]){3, 5}, NULL);
    tg_rng rng = tg_rng_make(9, 0);
    ck_assert_int_eq(tg_init_fill(w, tg_init_constant(0.25), &rng, NULL), TG_OK);
    for (int i = 0; i < 15; i++) ck_assert_double_eq(tg_tensor_get(w, i), 0.25);
    ck_assert_int_eq(tg_init_fill(w, tg_init_zeros(), &rng, NULL), TG_OK);
    for (int i = 0; i < 15; i++) ck_assert_double_eq(tg_tensor_get(w, i), 0);
    ck_assert_uint_eq(rng.counter, 16);
    ck_assert_int_eq(tg_init_fill(w, tg_init_constant(NAN), &rng, NULL), TG_OK);
    ck_assert(isnan(tg_tensor_get(w, 3)) && tg_init_std(tg_init_constant(3), 4, 4) == 0);
    tg_tensor_free(w);
}
END_TEST

START_TEST(test_initialisers)
{
    const struct {
        tg_init init;
        double std;
    } rows[] = {{tg_init_he(), sqrt(2.0 / 400)},
                {tg_init_xavier(), sqrt(1.0 / 400)},
                {tg_init_glorot(), sqrt(2.0 / 500)},
                {tg_init_normal(0.01), 0.01}};
    for (size_t k = 0; k < 2 * sizeof rows / sizeof *rows; k++) {
        tg_init init = rows[k / 2].init;
        init.uniform = k % 2;
        tg_tensor *w = tg_tensor_new(TG_F64, 2, (int64_t[]){400, 100}, NULL);
        tg_rng rng = tg_rng_make(9, k);
        ck_assert_int_eq(tg_init_fill(w, init, &rng, NULL), TG_OK);
        double m = 0, s = 0, most = 0;
        for (int i = 0; i < w->size; i++) m += tg_tensor_get(w, i) / 40000;
        for (int i = 0; i < w->size; i++) {
            s += pow(tg_tensor_get(w, i) - m, 2) / 40000;
            most = fmax(most, fabs(tg_tensor_get(w, i)));
        }
        ck_assert_double_eq_tol(m / rows[k / 2].std, 0, 0.025);
        ck_assert_double_eq_tol(sqrt(s) / rows[k / 2].std, 1, 0.02);
        ck_assert(init.uniform == (most <= sqrt(3) * rows[k / 2].std));
        ck_assert_uint_eq(rng.counter, 20000);
        tg_tensor_free(w);
    }
}
END_TEST

/* A given standard deviation needs no matrix. One that follows from the fans does. */
START_TEST(test_shapes_of_initialisers)
{
    const struct {
        tg_init init;
        tg_status status;
    } rows[] = {{tg_init_normal(2), TG_OK},    {tg_init_constant(2), TG_OK},
                {tg_init_zeros(), TG_OK},      {tg_init_he(), TG_ESHAPE},
                {tg_init_xavier(), TG_ESHAPE}, {tg_init_glorot(), TG_ESHAPE}};
    const int64_t shape[] = {2, 3, 4};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        for (int ndim = 0; ndim < 4; ndim++) {
            tg_error err = TG_ERROR_INIT;
            tg_rng rng = tg_rng_make(3, 0);
            tg_tensor *w = tg_tensor_new(TG_F32, ndim, shape, NULL);
            ck_assert_int_eq(tg_tensor_fill(w, 7, NULL), TG_OK);
            const tg_status want = ndim == 2 ? TG_OK : rows[k].status;
            ck_assert_int_eq(tg_init_fill(w, rows[k].init, &rng, &err), want);
            for (int64_t i = 0; i < w->size; i++)
                ck_assert(want ? tg_tensor_get(w, i) == 7 : tg_tensor_get(w, i) != 7);
            tg_tensor_free(w);
        }
    tg_tensor *y = tg_full(t, TG_F32, 2, shape, 7);
    tg_rng rng = tg_rng_make(3, 0);
    tg_error err = TG_ERROR_INIT;
    ck_assert_int_eq(tg_init_fill(y, tg_init_he(), &rng, &err), TG_EARG);
    ck_assert_str_eq(err.text, "init: f32[2,3] is a recorded value, no leaf");
    ck_assert(tg_tensor_get(y, 5) == 7 && rng.counter == 0);
}
END_TEST

START_TEST(test_messages)
{
    tg_tensor *x = vector(3, 1), *m = tg_tensor_new(TG_F64, 2, (int64_t[]){2, 3}, NULL);
    tg_tensor *labels = tg_tensor_new(TG_I32, 1, (int64_t[]){5}, NULL);
    const tg_batch_norm_options o = tg_batch_norm_book();
    ck_assert_ptr_null(tg_batch_norm(t, x, x, x, x, x, &o, true));
    ck_assert_str_eq(tg_tape_message(t), "batch_norm: x is f64[3], must be (N, C)");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_cross_entropy(t, m, labels, NULL));
    ck_assert_str_eq(tg_tape_message(t),
                     "cross_entropy: labels are i32[5], must be i32 (N) or have "
                     "the shape of the logits, f64[2,3]");
    tg_tape_reset(t);
    tg_scope_push(t, "layer1");
    ck_assert_ptr_null(tg_affine(t, m, m, x));
    ck_assert_str_eq(tg_tape_message(t),
                     "matmul: inner dimensions differ: f64[2,3] x f64[2,3] (in layer1)");
    tg_tensor_free(x), tg_tensor_free(m), tg_tensor_free(labels);
}
END_TEST

SUITE("nn", .with = {TAPE},
      .tests = {
          {test_cross_entropy},
          {test_cross_entropy_extremes},
          {test_batch_norm, 2},
          {test_dropout},
          {test_l2_penalty},
          {test_initialisers},
          {test_shapes_of_initialisers},
          {test_constants},
          {test_messages},
      })
