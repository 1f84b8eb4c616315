/* test_option_ranges.c - enums and numbers outside the ranges in the headers are TG_EARG, reported
 * when a thing is made and not when it is used. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tapegrad.h"
#include "tests/support/suite.h"

static tg_rng rng;
static tg_error err;
static tg_tape *t;
static tg_tensor *x, *v, *spread;

/* An enum with a value that has no name. */
#define ENUM(field, number) memcpy(&(field), &(const int){number}, sizeof(field))

#define MLP(change)                                                                                \
    do {                                                                                           \
        tg_mlp_options o = tg_mlp_defaults();                                                      \
        o.n_sizes = 3;                                                                             \
        o.sizes = (const int64_t[]){2, 2, 2};                                                      \
        o.batch_norm = true;                                                                       \
        change;                                                                                    \
        ck_assert_ptr_null(tg_mlp_new(&o, &rng, &err));                                            \
    } while (0)

#define CONVNET(change)                                                                            \
    do {                                                                                           \
        tg_simple_convnet_options o = tg_simple_convnet_defaults();                                \
        change;                                                                                    \
        ck_assert_ptr_null(tg_simple_convnet_new(&o, &rng, &err));                                 \
    } while (0)

#define BATCH_NORM(change)                                                                         \
    do {                                                                                           \
        tg_batch_norm_options o = tg_batch_norm_book();                                            \
        change;                                                                                    \
        ck_assert_ptr_null(tg_batch_norm(t, x, v, v, v, spread, &o, true));                        \
    } while (0)

#define INIT(change)                                                                               \
    do {                                                                                           \
        tg_init o = tg_init_normal(0.1);                                                           \
        change;                                                                                    \
        (void)tg_init_fill(x, o, &rng, &err);                                                      \
    } while (0)

#define GRADCHECK(change)                                                                          \
    do {                                                                                           \
        tg_gradcheck_options o = tg_gradcheck_defaults();                                          \
        change;                                                                                    \
        (void)tg_op_check(tg_op_find("exp"), &o, NULL, &err);                                      \
    } while (0)

#define GRADIENTS(change)                                                                          \
    do {                                                                                           \
        tg_gradient_options o = tg_gradient_defaults();                                            \
        tg_gradient_stats s;                                                                       \
        tg_dict *d = tg_dict_new();                                                                \
        (void)tg_dict_set(d, "x", x, NULL);                                                        \
        change;                                                                                    \
        (void)tg_gradient_measure(d, d, &o, &s, &err);                                             \
        tg_dict_free(d);                                                                           \
    } while (0)

#define REDUCTION(call)                                                                            \
    do {                                                                                           \
        tg_reduction r;                                                                            \
        ENUM(r, 9);                                                                                \
        (void)(call);                                                                              \
    } while (0)

/* Every row fails with TG_EARG, by itself or on the tape. False where there is no row i. */
#define ROW(...)                                                                                   \
    if (i == k++) {                                                                                \
        __VA_ARGS__;                                                                               \
        return true;                                                                               \
    }

enum { MODEL_ROWS = 22, OTHER_ROWS = 31 };

static bool model_row(int i)
{
    int k = 0;
    ROW(MLP(ENUM(o.activation, 99)))
    ROW(MLP(ENUM(o.activation, -1)))
    ROW(MLP(ENUM(o.dropout_form, 9)))
    ROW(MLP(o.bn.eps = -1))
    ROW(MLP(o.bn.eps = NAN))
    ROW(MLP(o.bn.keep = 1.5))
    ROW(MLP(o.bn.keep = NAN))
    ROW(MLP(o.bn.running_var_start = -1))
    ROW(MLP(o.bn.running_var_start = INFINITY))
    ROW(MLP(o.dropout = 1))
    ROW(MLP(o.dropout = NAN))
    ROW(MLP(o.weight_decay = -1))
    ROW(MLP(o.weight_decay = NAN))
    ROW(MLP(o.loss_eps = NAN))
    ROW(MLP(ENUM(o.init.scheme, 9)))
    ROW(MLP(o.init = tg_init_normal(-1)))
    ROW(MLP(o.init = tg_init_normal(NAN)))
    ROW(CONVNET(ENUM(o.init.scheme, 9)))
    ROW(CONVNET(o.init = tg_init_normal(-1)))
    ROW(CONVNET(o.weight_decay = NAN))
    ROW(CONVNET(o.loss_eps = -1))
    ROW(CONVNET(o.stride = 0))
    return false;
}

static bool other_row(int i)
{
    int k = 0;
    tg_dropout_form form;
    tg_pad_mode mode;
    ENUM(form, 9);
    ENUM(mode, 9);
    ROW(BATCH_NORM(o.eps = -1))
    ROW(BATCH_NORM(o.eps = NAN))
    ROW(BATCH_NORM(o.keep = -0.1))
    ROW(BATCH_NORM(o.keep = NAN))
    ROW(INIT(ENUM(o.scheme, 9)))
    ROW(INIT(ENUM(o.scheme, -1)))
    ROW(INIT(o.std = -1))
    ROW(INIT(o.std = NAN))
    ROW(GRADCHECK(o.h = 0))
    ROW(GRADCHECK(o.h = NAN))
    ROW(GRADCHECK(o.h = -1))
    ROW(GRADCHECK(o.tolerance = NAN))
    ROW(GRADCHECK(o.tolerance = -1))
    ROW(GRADCHECK(o.samples = -1))
    ROW(GRADCHECK(o.directions = -1))
    ROW(GRADIENTS(o.vanishing = NAN))
    ROW(GRADIENTS(o.exploding = -1))
    ROW((void)tg_dropout(t, x, 0.5, form, &rng, true))
    ROW((void)tg_dropout(t, x, 0.5, form, &rng, false))
    ROW((void)tg_dropout_mask(t, x, x, 0.5, form))
    ROW((void)tg_pad(t, x, (const int64_t[]){1, 1, 1, 1}, mode, 0))
    ROW(REDUCTION(tg_mse(t, x, x, r)))
    ROW(REDUCTION(tg_l1(t, x, x, r)))
    ROW(REDUCTION(tg_huber(t, x, x, 1, r)))
    ROW(REDUCTION(tg_smooth_l1(t, x, x, 1, r)))
    ROW(REDUCTION(tg_bce(t, x, x, r)))
    ROW(REDUCTION(tg_bce_with_logits(t, x, x, r)))
    ROW(REDUCTION(tg_hinge(t, x, x, r)))
    ROW(REDUCTION(tg_kl_div(t, x, x, r)))
    ROW(REDUCTION(tg_poisson_nll(t, x, x, r)))
    ROW(REDUCTION(tg_gaussian_nll(t, x, x, x, 1e-6, r)))
    return false;
}

START_TEST(the_rows_are_counted) { ck_assert(!model_row(MODEL_ROWS) && !other_row(OTHER_ROWS)); }
END_TEST

START_TEST(refused)
{
    const tg_rng before = rng = tg_rng_make(3, 0);
    err = (tg_error)TG_ERROR_INIT;
    t = tg_tape_new();
    x = tg_tensor_new(TG_F64, 2, (const int64_t[]){2, 2}, NULL);
    v = tg_tensor_new(TG_F64, 1, (const int64_t[]){2}, NULL);
    spread = tg_tensor_new(TG_F64, 1, (const int64_t[]){2}, NULL);
    ck_assert(_i < MODEL_ROWS ? model_row(_i) : other_row(_i - MODEL_ROWS));
    const tg_status status = err.status ? err.status : tg_tape_status(t);
    const char *text = err.status ? err.text : tg_tape_message(t);
    ck_assert_msg(status == TG_EARG, "row %d: %s (%s)", _i, tg_status_text(status), text);
    ck_assert_msg(strlen(text) > 8, "row %d: no sentence", _i);
    ck_assert_msg(rng.counter == before.counter, "row %d: the generator moved on", _i);
    for (int i = 0; i < 4; i++) ck_assert_msg(tg_tensor_get(x, i) == 0, "row %d wrote", _i);
    tg_tensor_free(x);
    tg_tensor_free(v);
    tg_tensor_free(spread);
    tg_tape_free(t);
}
END_TEST

SUITE("option_ranges", .tests = {{refused, MODEL_ROWS + OTHER_ROWS}, {the_rows_are_counted}})
