/* test_cross_entropy.c - every combination of weights, smoothing, ignored rows and reduction
 * against plain loops, and derivatives against differences. */
#include <math.h>

#include "tapegrad/gradcheck.h"
#include "tapegrad/losses.h"
#include "tests/support/suite.h"

enum { N = 5, C = 4, COMBINATIONS = 2 * 2 * 2 * 3 };

static const int32_t label_values[N] = {2, 0, 3, 1, 2};
static const double weight_values[C] = {0.5, 2, 1.5, 0.1};

typedef struct setting {
    tg_cross_entropy_options o;
    tg_tensor *labels; /* borrowed */
} setting;

static tg_tensor *loss(tg_tape *t, const tg_dict *p, void *user)
{
    const setting *s = user;
    return tg_cross_entropy(t, tg_param(t, p, "u"), s->labels, &s->o);
}

/* The loss of row i before any reduction, and its weight in the reduction. */
static double row_loss(const double *u, int i, const setting *s, double *weight)
{
    double sum = 0, spread = 0;
    for (int c = 0; c < C; c++) sum += exp(u[i * C + c]);
    for (int c = 0; c < C; c++)
        spread -= (u[i * C + c] - log(sum)) * (s->o.weights ? weight_values[c] : 1);
    const int label = label_values[i];
    const double counts = label != s->o.ignore_index;
    *weight = counts * (s->o.weights ? weight_values[label] : 1);
    const double hard = -(u[i * C + label] - log(sum)) * *weight, e = s->o.label_smoothing;
    return (1 - e) * hard + e / C * spread * counts;
}

START_TEST(test_labels)
{
    double u[N * C], sum = 0, weights = 0, rows[N];
    tg_tensor *w = tg_tensor_from(TG_F64, 1, (int64_t[]){C}, weight_values, NULL);
    setting s = {.o = tg_cross_entropy_defaults(),
                 .labels = tg_tensor_from(TG_I32, 1, (int64_t[]){N}, label_values, NULL)};
    s.o.weights = _i & 1 ? w : NULL;
    s.o.label_smoothing = _i & 2 ? 0.2 : 0;
    s.o.ignore_index = _i & 4 ? 2 : -100;
    s.o.reduction = (tg_reduction)(_i / 8);
    for (int i = 0; i < N * C; i++) u[i] = sin(3.0 * i);
    for (int i = 0; i < N; i++) {
        double weight;
        rows[i] = row_loss(u, i, &s, &weight);
        sum += rows[i];
        weights += weight;
    }
    tg_tape *t = tg_tape_new();
    tg_dict *p = tg_dict_new();
    tg_error err = TG_ERROR_INIT;
    (void)tg_dict_take(p, "u", tg_tensor_from(TG_F64, 2, (int64_t[]){N, C}, u, NULL), NULL);
    tg_tensor *l = loss(t, p, &s);
    ck_assert_msg(l != NULL, "%s", tg_tape_message(t));
    for (int i = 0; i < l->size; i++) {
        const double want = s.o.reduction == TG_REDUCE_NONE  ? rows[i]
                            : s.o.reduction == TG_REDUCE_SUM ? sum
                                                             : sum / weights;
        ck_assert_double_eq_tol(tg_tensor_get(l, i), want, 1e-12);
    }
    ck_assert_msg(tg_gradcheck(loss, &s, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_gradgradcheck(loss, &s, p, NULL, NULL, &err) == TG_OK, "%s", err.text);
    tg_dict_free(p);
    tg_tape_free(t);
    tg_tensor_free(w), tg_tensor_free(s.labels);
}
END_TEST

/* One-hot probabilities give what labels give. */
START_TEST(test_soft_labels)
{
    double u[N * C], hot[N * C] = {0};
    for (int i = 0; i < N * C; i++) u[i] = cos(2.0 * i);
    for (int i = 0; i < N; i++) hot[i * C + label_values[i]] = 1;
    tg_tape *t = tg_tape_new();
    tg_tensor *x = tg_tensor_from(TG_F64, 2, (int64_t[]){N, C}, u, NULL);
    tg_tensor *soft = tg_tensor_from(TG_F64, 2, (int64_t[]){N, C}, hot, NULL);
    tg_tensor *labels = tg_tensor_from(TG_I32, 1, (int64_t[]){N}, label_values, NULL);
    for (int k = 0; k < 6; k++) {
        tg_cross_entropy_options o = tg_cross_entropy_defaults();
        o.label_smoothing = k % 2 ? 0.3 : 0;
        o.reduction = (tg_reduction)(k / 2);
        tg_tensor *a = tg_cross_entropy(t, x, soft, &o), *b = tg_cross_entropy(t, x, labels, &o);
        ck_assert_msg(a && b, "%s", tg_tape_message(t));
        for (int i = 0; i < a->size; i++)
            ck_assert_double_eq_tol(tg_tensor_get(a, i), tg_tensor_get(b, i), 1e-12);
    }
    tg_tape_free(t);
    tg_tensor_free(x), tg_tensor_free(soft), tg_tensor_free(labels);
}
END_TEST

START_TEST(test_refusals)
{
    const int32_t wrong[N] = {0, 1, 4, 2, 3};
    tg_tape *t = tg_tape_new();
    tg_tensor *x = tg_tensor_new(TG_F64, 2, (int64_t[]){N, C}, NULL);
    tg_tensor *labels = tg_tensor_from(TG_I32, 1, (int64_t[]){N}, wrong, NULL);
    tg_cross_entropy_options o = tg_cross_entropy_defaults();
    ck_assert_ptr_null(tg_cross_entropy(t, x, labels, NULL));
    ck_assert_int_eq(tg_tape_status(t), TG_EINDEX);
    tg_tape_reset(t);
    o.ignore_index = 4;
    ck_assert_ptr_nonnull(tg_cross_entropy(t, x, labels, &o));
    o.label_smoothing = 2;
    ck_assert_ptr_null(tg_cross_entropy(t, x, labels, &o));
    ck_assert_str_eq(tg_tape_message(t), "cross_entropy: label_smoothing is 2, must be in [0, 1]");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_cross_entropy(t, labels, x, NULL));
    tg_tape_reset(t);
    tg_tensor *whole = tg_tensor_new(TG_I32, 2, (int64_t[]){N, C}, NULL);
    o = tg_cross_entropy_defaults();
    o.reduction = TG_REDUCE_SUM;
    ck_assert_ptr_null(tg_nll(t, whole, labels, &o));
    ck_assert_int_eq(tg_tape_status(t), TG_EDTYPE);
    ck_assert_str_eq(tg_tape_message(t),
                     "nll: log_p is i32[5,4], must be f32 or f64 (use tg_cast)");
    tg_tape_reset(t);
    o.weights = tg_tensor_new(TG_F32, 1, (int64_t[]){C}, NULL);
    ck_assert_ptr_null(tg_cross_entropy(t, x, labels, &o));
    ck_assert_int_eq(tg_tape_status(t), TG_EDTYPE);
    tg_tape_free(t);
    tg_tensor_free(x), tg_tensor_free(labels), tg_tensor_free(whole), tg_tensor_free(o.weights);
}
END_TEST

SUITE("cross_entropy", .tests = {
                           {test_labels, COMBINATIONS},
                           {test_soft_labels},
                           {test_refusals},
                       })
