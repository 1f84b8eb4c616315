/* test_groups.c - groups of parameters: updates against formulas by hand.
 */
#include <math.h>
#include <string.h>

#include "src/dict.h"
#include "tapegrad/ops.h"
#include "tapegrad/optim.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/owned.h"
#include "tests/support/suite.h"

static const entry layers[] = {{"W1", TG_F64, 2, 3}, {"b1", TG_F32, 1, 3}, {"W2", TG_F64, 3, 1}};

/* ---- updates -------------------------------------------------------------------------------- */

enum { STEPS = 5 };
static double gradient(int k, int i, int64_t j) { return sin(1.7 * k + 3 * i + 0.9 * (double)j); }

static double norm_of(const tg_dict *grads, const char *pattern)
{
    double sum = 0;
    for (int i = 0; i < tg_dict_size(grads); i++)
        for (int64_t j = 0; j < tg_dict_at(grads, i)->size; j++)
            if (tgi_key_matches(pattern, tg_dict_key(grads, i)))
                sum += pow(tg_tensor_get(tg_dict_at(grads, i), j), 2);
    return sqrt(sum);
}

/* Momentum by hand: what an element w with velocity v becomes, in group g or in none. */
static void expect(const tg_group_options *g, double norm, double dw, double *w, double *v)
{
    double lr = 0.05;
    if (g) {
        lr *= g->lr_scale;
        if (g->clip_norm > 0) dw *= fmin(1, g->clip_norm / (norm + 1e-6));
        if (g->clip_value > 0) dw = fmax(-g->clip_value, fmin(g->clip_value, dw));
        if (g->decoupled)
            *w -= lr * g->weight_decay * *w;
        else
            dw += g->weight_decay * *w;
    }
    *v = 0.9 * *v - lr * dw;
    *w += *v;
}

/* STEPS updates of o with the options for keys `pattern`, beside the formulas in double for
 * momentum 0.9: v = 0.9 v - lr g, w += v. */
static void compare(const char *pattern, tg_group_options g)
{
    tg_error err = TG_ERROR_INIT;
    tg_optimizer *o = tg_momentum(
        (tg_momentum_options){.made = tg_momentum_defaults().made, .lr = 0.05, .momentum = 0.9},
        NULL);
    tg_dict *params = make(layers, COUNT(layers)), *grads = tg_dict_like(params, NULL);
    double w[3][6], v[3][6] = {{0}};
    for (int i = 0; i < 3; i++)
        for (int64_t j = 0; j < tg_dict_at(params, i)->size; j++)
            w[i][j] = tg_tensor_get(tg_dict_at(params, i), j);
    g.made = tg_group_defaults().made;
    ck_assert_int_eq(tg_optimizer_add_group(o, pattern, g, &err), TG_OK);
    for (int k = 0; k < STEPS; k++) {
        for (int i = 0; i < 3; i++)
            for (int64_t j = 0; j < tg_dict_at(grads, i)->size; j++)
                (void)tg_tensor_set(tg_dict_at(grads, i), j, gradient(k, i, j), NULL);
        const double norm = norm_of(grads, pattern);
        ck_assert_msg(tg_optimizer_update(o, params, grads, &err) == TG_OK, "%s", err.text);
        for (int i = 0; i < 3; i++)
            for (int64_t j = 0; j < tg_dict_at(grads, i)->size; j++) {
                const bool in_group = tgi_key_matches(pattern, layers[i].key);
                if (in_group && g.frozen) continue;
                expect(in_group ? &g : NULL, norm, gradient(k, i, j), &w[i][j], &v[i][j]);
            }
    }
    for (int i = 0; i < 3; i++)
        for (int64_t j = 0; j < tg_dict_at(grads, i)->size; j++) {
            const double got = tg_tensor_get(tg_dict_at(params, i), j);
            const double tolerance = layers[i].dtype == TG_F32 ? 2e-6 : 1e-14;
            ck_assert_msg(fabs(got - w[i][j]) <= tolerance * (1 + fabs(w[i][j])),
                          "'%s': %s[%d] is %.17g, not %.17g", pattern, layers[i].key, (int)j, got,
                          w[i][j]);
            ck_assert_double_eq(tg_tensor_get(tg_dict_at(grads, i), j), /* never written */
                                layers[i].dtype == TG_F32 ? (float)gradient(STEPS - 1, i, j)
                                                          : gradient(STEPS - 1, i, j));
        }
    tg_dict_free(params);
    tg_dict_free(grads);
    tg_optimizer_free(o);
}

static const tg_group_options treatments[] = {
    {.lr_scale = 1},
    {.lr_scale = 0.1},
    {.lr_scale = 0},
    {.lr_scale = 1, .weight_decay = 0.3},
    {.lr_scale = 2, .weight_decay = 0.3, .decoupled = true},
    {.lr_scale = 1, .clip_value = 0.5},
    {.lr_scale = 1, .clip_norm = 0.7},
    {.lr_scale = 1, .clip_norm = 100},
    {.lr_scale = 0.5, .clip_norm = 1, .clip_value = 0.4, .weight_decay = 0.1},
    {.lr_scale = 1, .weight_decay = 0.3, .frozen = true},
    {.lr_scale = 1, .clip_norm = 0.7, .decoupled = true, .frozen = true},
};

START_TEST(updates_are_as_by_hand)
{
    static const char *const of[] = {"*", "W*", "b1", "W2", "?1"};
    for (int k = 0; k < COUNT(of); k++) compare(of[k], treatments[_i]);
}
END_TEST

/* A strided parameter and gradient give what contiguous ones give. */
START_TEST(strided_tensors)
{
    const int64_t shape[] = {3, 2}, across[] = {1, 3};
    double result[2][6];
    for (int strided = 0; strided < 2; strided++) {
        tg_optimizer *o = tg_adam(tg_adam_defaults(), NULL);
        tg_dict *params = tg_dict_new(), *grads = tg_dict_new();
        for (int k = 0; k < 2; k++) {
            tg_tensor *x = tg_tensor_new(TG_F32, 2, shape, NULL);
            if (strided) {
                tg_tensor *y = tg_tensor_view(x, 2, shape, across, 0, NULL);
                tg_tensor_free(x);
                x = y;
            }
            for (int64_t j = 0; j < 6; j++) (void)tg_tensor_set(x, j, sin(k + (double)j), NULL);
            (void)tg_dict_take(k ? grads : params, "W", x, NULL);
        }
        const tg_group_options g = {.made = tg_group_defaults().made,
                                    .lr_scale = 1,
                                    .clip_norm = 1,
                                    .clip_value = 0.4,
                                    .weight_decay = 0.1};
        ck_assert_int_eq(tg_optimizer_add_group(o, "W", g, NULL), TG_OK);
        for (int k = 0; k < 3; k++)
            ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK);
        for (int64_t j = 0; j < 6; j++)
            result[strided][j] = tg_tensor_get(tg_dict_get(params, "W"), j);
        tg_dict_free(params);
        tg_dict_free(grads);
        tg_optimizer_free(o);
    }
    ck_assert_mem_eq(result[0], result[1], sizeof result[0]);
}
END_TEST

/* Frozen after updates with momentum: the parameter is not moved by the momentum that is left,
 * nothing is computed for it, and it can be unfrozen. */
START_TEST(frozen_means_untouched)
{
    tg_error err = TG_ERROR_INIT;
    tg_optimizer *o = own(tg_momentum(tg_momentum_defaults(), NULL));
    tg_dict *params = own(make((entry[]){{"W1", TG_F32, 2, 3}, {"W2", TG_F32, 3, 2}}, 2));
    tg_tape *t = tg_tape_new();
    tg_dict *kept = NULL;
    int64_t visited[4];
    for (int k = 0; k < 4; k++) {
        if (k == 1 || k == 3)
            ck_assert_int_eq(
                tg_optimizer_add_group(o, "W1",
                                       (tg_group_options){.made = tg_group_defaults().made,
                                                          .lr_scale = 1,
                                                          .frozen = k == 1},
                                       NULL),
                TG_OK);
        if (k == 1) kept = tg_dict_clone(params, NULL);
        tg_dict *trained = tg_optimizer_trainable(o, params, &err);
        tg_tape_reset(t);
        tg_tensor *W1 = tg_dict_get(params, "W1"), *W2 = tg_dict_get(params, "W2");
        tg_tensor *loss = tg_sum(t, tg_square(t, tg_matmul(t, tg_sin(t, W1), W2)), TG_ALL, false);
        const tg_dict *grads = tg_grad(t, loss, trained);
        visited[k] = tg_tape_visited(t);
        ck_assert_msg(tg_optimizer_update(o, params, grads, &err) == TG_OK, "%s", err.text);
        ck_assert_int_eq(tg_dict_get(grads, "W1") == NULL, k == 1 || k == 2);
        const bool same = memcmp(W1->data, tg_dict_get(kept ? kept : params, "W1")->data, 24) == 0;
        ck_assert_int_eq(same, k < 3);
        tg_dict_free(trained);
    }
    ck_assert_int_lt(visited[1], visited[0]);
    ck_assert_int_eq(visited[3], visited[0]);
    tg_dict_free(kept);
    tg_tape_free(t);
}
END_TEST

/* The last group added counts, and all of it. A pattern given again is still one group. */
START_TEST(the_last_match_counts)
{
    tg_error err = TG_ERROR_INIT;
    tg_optimizer *o = own(tg_sgd((tg_sgd_options){tg_sgd_defaults().made, 1}, NULL));
    tg_dict *params = own(make(layers, COUNT(layers))), *grads = own(tg_dict_like(params, NULL));
    for (int i = 0; i < 3; i++) {
        (void)tg_tensor_fill(tg_dict_at(params, i), 1, NULL);
        (void)tg_tensor_fill(tg_dict_at(grads, i), 0.125, NULL);
    }
    tg_group_options g = tg_group_defaults();
    g.weight_decay = 0.5;
    for (int k = 0; k < 20; k++) ck_assert_int_eq(tg_optimizer_add_group(o, "W1", g, NULL), TG_OK);
    ck_assert_int_eq(tg_optimizer_add_group(o, "*", g, NULL), TG_OK);
    g = tg_group_defaults();
    g.lr_scale = 2;
    ck_assert_int_eq(tg_optimizer_add_group(o, "W?", g, NULL), TG_OK);
    ck_assert_int_eq(tg_optimizer_update(o, params, grads, NULL), TG_OK);
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(params, "W1"), 0), 1 - 2 * 0.125);
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(params, "b1"), 0), 1 - (0.125 + 0.5));
    ck_assert_int_eq(tg_optimizer_add_group(o, "gamma*", g, NULL), TG_OK);
    ck_assert_int_eq(tg_optimizer_update(o, params, grads, &err), TG_EKEY);
    ck_assert_str_eq(err.text, "update: group 'gamma*' matches no parameter");
    ck_assert_int_eq(tg_optimizer_steps(o), 1);

    struct {
        tg_group_options g;
        const char *text;
    } bad[] = {{{.lr_scale = -1}, "group 'W*': lr_scale is -1, must be in [0, inf)"},
               {{.clip_norm = NAN}, "group 'W*': clip_norm is nan, must be in [0, inf)"},
               {{.clip_value = INFINITY}, "group 'W*': clip_value is inf, must be in [0, inf)"},
               {{.weight_decay = -0.5}, "group 'W*': weight_decay is -0.5, must be in [0, inf)"}};
    for (int k = 0; k < COUNT(bad); k++) {
        err = (tg_error)TG_ERROR_INIT;
        bad[k].g.made = tg_group_defaults().made;
        ck_assert_int_eq(tg_optimizer_add_group(o, "W*", bad[k].g, &err), TG_EARG);
        ck_assert_str_eq(err.text, bad[k].text);
    }
    allowed = allocations;
    ck_assert_int_eq(tg_optimizer_add_group(o, "W*", g, NULL), TG_ENOMEM);
    allowed = allocations + 1;
    ck_assert_int_eq(tg_optimizer_add_group(o, "W*", g, NULL), TG_ENOMEM);
    allowed = -1;
    ck_assert_int_eq(tg_optimizer_add_group(NULL, "W*", g, NULL), TG_EARG);
    ck_assert_int_eq(tg_optimizer_add_group(o, NULL, g, NULL), TG_EARG);
    ck_assert_ptr_null(tg_optimizer_trainable(NULL, params, NULL));
    ck_assert_ptr_null(tg_optimizer_trainable(o, NULL, NULL));
}
END_TEST

SUITE("groups", .with = {COUNTED, OWNED}, .timeout = 60,
      .tests = {
          {updates_are_as_by_hand, COUNT(treatments)},
          {strided_tensors},
          {frozen_means_untouched},
          {the_last_match_counts},
      })
