/* test_edges_losses.c - the losses at the edge: tails, kinks, targets of 0 and 1 beside infinite
 * logarithms, squares out of range; and what losses refuse. */
#include "tapegrad/losses.h"
#include "tests/support/edges.h"

/* ---- element by element: the losses, and once more as jets ---------------------------------- */

#define LOSS(name, ...)                                                                            \
    static tg_tensor *name(tg_tape *t, tg_tensor *x, tg_tensor *z) { return __VA_ARGS__; }
#define TRUTH(name, ...)                                                                           \
    static jet true_##name(jet x, jet z) { return __VA_ARGS__; }

LOSS(mse, tg_mse(t, x, z, TG_REDUCE_NONE))
LOSS(l1, tg_l1(t, x, z, TG_REDUCE_NONE))
LOSS(huber, tg_huber(t, x, z, 0.75, TG_REDUCE_NONE))
LOSS(huber_of_all, tg_huber(t, x, z, INFINITY, TG_REDUCE_NONE))
LOSS(smooth_l1, tg_smooth_l1(t, x, z, 0.75, TG_REDUCE_NONE))
LOSS(smooth_l1_small, tg_smooth_l1(t, x, z, 1e-30, TG_REDUCE_NONE))
LOSS(bce, tg_bce(t, x, z, TG_REDUCE_NONE))
LOSS(bce_with_logits, tg_bce_with_logits(t, x, z, TG_REDUCE_NONE))
LOSS(hinge, tg_hinge(t, x, z, TG_REDUCE_NONE))
LOSS(kl_div, tg_kl_div(t, x, z, TG_REDUCE_NONE))
LOSS(poisson_nll, tg_poisson_nll(t, x, z, TG_REDUCE_NONE))
LOSS(gaussian_nll, tg_gaussian_nll(t, x, tg_scalar(t, 0.5), z, 1.0 / 1024, TG_REDUCE_NONE))

static jet half_square(jet e) { return scaled(0.5L, product(e, e)); }

static jet true_huber(jet x, jet z)
{
    const jet e = minus(x, z), far = scaled(0.75L, shifted(-0.375L, size_of(e)));
    return fabsl(e.v) <= 0.75L ? half_square(e) : far;
}

static jet true_smooth_l1(jet x, jet z)
{
    const jet e = minus(x, z);
    return fabsl(e.v) < 0.75L ? scaled(1 / 0.75L, half_square(e)) : shifted(-0.375L, size_of(e));
}

static jet true_smooth_l1_small(jet x, jet z)
{
    const jet e = minus(x, z);
    return e.v == 0 ? scaled(1e30L, half_square(e)) : shifted(-0.5e-30L, size_of(e));
}

/* ln p, or ln(1 - p), bounded where it is that of no number of a dtype */
static jet log_or_bound(jet p) { return p.v < 4e-44L && p.v >= 0 ? constant(-100) : log_of(p); }
static jet log_of_rest(jet p)
{
    const real rest = 1 - p.v;
    return rest == 0 ? constant(-100) : chain(p, log1pl(-p.v), -1 / rest, -1 / rest / rest);
}

static jet true_bce(jet x, jet z)
{
    const jet no = shifted(1, scaled(-1, z));
    return scaled(-1, plus(product(z, log_or_bound(x)), product(no, log_of_rest(x))));
}

/* (1 - z) softplus(x) + z softplus(-x) */
static jet true_bce_with_logits(jet x, jet z)
{
    const jet no = shifted(1, scaled(-1, z));
    return plus(product(no, softplus_of(x)), product(z, softplus_of(scaled(-1, x))));
}

static jet true_hinge(jet x, jet z)
{
    const jet m = shifted(1, scaled(-1, product(x, z)));
    return m.v > 0 || isnan(m.v) ? m : constant(0);
}

static jet true_kl_div(jet x, jet z)
{
    return z.v == 0 ? constant(0) : product(z, minus(log_of(z), x));
}

static jet true_poisson_nll(jet x, jet z)
{
    return z.v == 0 && isinf(x.v) ? exp_of(x) : minus(exp_of(x), product(z, x));
}

static jet true_gaussian_nll(jet x, jet z)
{
    const real eps = 1.0L / 1024;
    const jet v = z.v < eps ? constant(eps) : z, e = shifted(-0.5L, x);
    return scaled(0.5L, plus(log_of(v), product(e, product(e, inverse(v)))));
}

TRUTH(mse, product(minus(x, z), minus(x, z)))
TRUTH(l1, size_of(minus(x, z)))
TRUTH(huber_of_all, half_square(minus(x, z)))

/* ---- where they are looked at: y, target ---------------------------------------------------- */

static const double differences[] = {
    0,    0,     -0.0,     0,    1,         1,        1e-30, 0,    3,       -2, -3,    2,
    0.75, 0,     0,        0.75, 0.5,       0,        1e-20, 0,    1e10,    0,  -1e10, 3,
    1e18, -1e18, 1e30,     0,    -1e38,     1e38,     1e200, 0,    DBL_MAX, 0,  NAN,   1,
    0,    NAN,   INFINITY, 1,    -INFINITY, INFINITY, 2.5,   2.25, END};
static const double apart[] = {0, 0,     3,   -2,  1e-20, 0, 1e10, 0,  1e30,
                               0, -1e38, 1e5, NAN, 0,     5, 0.5,  END};
static const double probabilities[] = {
    0.5,  1, 0.5,          0, 0.25,         0.75, 0,     0, 0,     1, 1,     1,    1,     0,
    1e-7, 1, 1e-7,         0, 1e-7,         0.5,  1e-30, 1, 1e-37, 1, 1e-30, 0.25, 1e-45, 0,
    NAN,  1, 0.9990234375, 1, 0.9990234375, 0,    -1,    1, END};
static const double large_variances[] = {1e150, 1e200, -1e200, 1e300, 1e160, 1e-2, END};
static const double small_probabilities[] = {1e-40,  1, 1e-43, 1,   1e-44, 1,
                                             1e-300, 1, 1e-43, 0.5, END};
static const double logits[] = {
    0,    0,         0,   1,        0,    0.5,       -0.0, 1,   1e-20, 1,   2,    0,   2,
    1,    -2,        0,   -2,       1,    5,         1,    10,  1,     20,  1,    40,  1,
    80,   1,         -5,  0,        -10,  0,         -20,  0,   -40,   0,   -80,  0,   20,
    0,    -20,       1,   3,        0.25, -3,        0.75, 100, 1,     700, 1,    1e4, 1,
    -1e4, 0,         1e4, 0,        1e30, 1,         1e30, 0.5, -1e38, 0,   1e38, 0,   INFINITY,
    1,    -INFINITY, 0,   INFINITY, 0,    -INFINITY, 1,    NAN, 1,     0,   NAN,  END};
static const double margins[] = {0,        1,  1,   1,    0.5, 1,    -1, -1,       2,
                                 -1,       -2, 1,   1e30, 1,   1e30, -1, INFINITY, 1,
                                 INFINITY, -1, NAN, 1,    1,   NAN,  END};
static const double logs[] = {-1,    0.5, 0,         1,   -2,   0.125, -INFINITY, 0,
                              -1e30, 0,   -INFINITY, 0.5, -0.5, 1e-30, -3,        1e-7,
                              NAN,   0.5, 0.5,       NAN, -1,   2,     END};
static const double rates[] = {0,   0,         0, 1,   1,    3,   -5,   0.5, -INFINITY,
                               0,   -INFINITY, 2, 50,  1e20, 80,  0,    1e4, 0,
                               NAN, 1,         1, NAN, 0,    NAN, -100, 7,   END};
static const double variances[] = {
    0.5,  1,    2,    0.25,  0.5,  0,   3,  1.0 / 4096, 1e10, 1e10, 1e19, 1e30, 1e25, 1e37, -1e25,
    1e30, 1e10, 1e-3, 1e-20, 1e30, 0.5, -1, NAN,        1,    1,    NAN,  1,    1e-2, END};

static const pointwise rows[] = {
    {"mse", 2, mse, true_mse, differences, RELATIVE},
    {"l1", 2, l1, true_l1, differences, RELATIVE},
    {"huber", 2, huber, true_huber, differences, RELATIVE},
    {"huber", 2, huber_of_all, true_huber_of_all, differences, RELATIVE},
    {"smooth_l1", 2, smooth_l1, true_smooth_l1, differences, RELATIVE},
    {"smooth_l1", 2, smooth_l1_small, true_smooth_l1_small, apart, RELATIVE},
    {"bce", 2, bce, true_bce, probabilities, RELATIVE},
    {"bce_with_logits", 2, bce_with_logits, true_bce_with_logits, logits, RELATIVE},
    {"hinge", 2, hinge, true_hinge, margins, RELATIVE},
    {"kl_div", 2, kl_div, true_kl_div, logs, RELATIVE},
    {"poisson_nll", 2, poisson_nll, true_poisson_nll, rates, RELATIVE},
    {"gaussian_nll", 2, gaussian_nll, true_gaussian_nll, variances, RELATIVE},
};

START_TEST(at_the_edge) { check_pointwise(&rows[_i / 2], _i % 2 ? TG_F64 : TG_F32); }
END_TEST

START_TEST(beyond_the_range_of_f32)
{
    const pointwise p = {"bce", 2, bce, true_bce, small_probabilities, RELATIVE};
    const pointwise v = {"gaussian_nll",  2,       gaussian_nll, true_gaussian_nll,
                         large_variances, RELATIVE};
    check_pointwise(&p, TG_F64);
    check_pointwise(&v, TG_F64);
}
END_TEST
/* ---- what is refused, and what is not ------------------------------------------------------- */

static const char *const column = "f32[3,1]: 1 2 3", *const line = "f32[3]: 0.5 0.25 0.25";

#define EACH_LOSS(X)                                                                               \
    X(mse, tg_mse(t, y, z, r))                                                                     \
    X(l1, tg_l1(t, y, z, r))                                                                       \
    X(huber, tg_huber(t, y, z, 0.75, r))                                                           \
    X(smooth_l1, tg_smooth_l1(t, y, z, 0.75, r))                                                   \
    X(bce, tg_bce(t, y, z, r))                                                                     \
    X(bce_with_logits, tg_bce_with_logits(t, y, z, r))                                             \
    X(hinge, tg_hinge(t, y, z, r))                                                                 \
    X(kl_div, tg_kl_div(t, y, z, r))                                                               \
    X(poisson_nll, tg_poisson_nll(t, y, z, r))                                                     \
    X(gaussian_nll, tg_gaussian_nll(t, y, z, tg_scalar(t, 2), 1e-6, r))

typedef tg_tensor *(*loss)(tg_tape *t, tg_tensor *y, tg_tensor *z, tg_reduction r);
#define X(name, call)                                                                              \
    static tg_tensor *call_##name(tg_tape *t, tg_tensor *y, tg_tensor *z, tg_reduction r)          \
    {                                                                                              \
        return call;                                                                               \
    }
EACH_LOSS(X)
#undef X
#define X(name, call) call_##name,
static const loss losses[] = {EACH_LOSS(X)};
#undef X

static void expect(tg_status want, loss f, const char *y, const char *z, tg_reduction r)
{
    tg_tape *t = tg_tape_new();
    const tg_tensor *l = f(t, tensor_of(t, y), tensor_of(t, z), r);
    ck_assert_msg(tg_tape_status(t) == want, "%s against %s: %s", y, z, tg_tape_message(t));
    ck_assert(want ? !l : l && l->dtype == TG_F32 && l->ndim == (r == TG_REDUCE_NONE));
    tg_tape_free(t);
    free_leaves();
}

START_TEST(operands_of_a_loss)
{
    const loss f = losses[_i];
    expect(TG_ESHAPE, f, column, line, TG_REDUCE_MEAN);
    expect(TG_ESHAPE, f, line, column, TG_REDUCE_SUM);
    expect(TG_ESHAPE, f, line, "f32[2]", TG_REDUCE_NONE);
    expect(TG_EDTYPE, f, line, "f64[3]", TG_REDUCE_NONE);
    expect(TG_EARG, f, line, "NULL", TG_REDUCE_NONE);
    expect(TG_EARG, f, "NULL", line, TG_REDUCE_NONE);
    expect(TG_EARG, f, line, line, (tg_reduction)7);
    for (int r = TG_REDUCE_MEAN; r <= TG_REDUCE_NONE; r++) {
        expect(TG_OK, f, line, "0.5", (tg_reduction)r);
        expect(TG_OK, f, "0.5", line, (tg_reduction)r);
        expect(TG_OK, f, line, line, (tg_reduction)r);
        expect(TG_OK, f, "f32[0]", "f32[0]", (tg_reduction)r);
        expect(TG_OK, f, "f32[1]: 0.5", "f32[1]: 0", (tg_reduction)r);
    }
}
END_TEST

/* The sum and the mean are those of the elements. */
START_TEST(reductions_of_a_loss)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *y = tensor_of(t, line), *z = tensor_of(t, "f32[3]: 1 0 1");
    const tg_tensor *each = losses[_i](t, y, z, TG_REDUCE_NONE);
    assert_fine(t, "each");
    double sum = 0;
    for (int64_t i = 0; i < 3; i++) sum += read_at(each, i);
    const double total = tg_item(losses[_i](t, y, z, TG_REDUCE_SUM));
    const double mean = tg_item(losses[_i](t, y, z, TG_REDUCE_MEAN));
    ck_assert(fabs(total - sum) <= 1e-6 * fabs(sum) && fabs(mean - sum / 3) <= 1e-6 * fabs(sum));
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* Options outside the range that the header names, with the error word for word. */
static const struct {
    double value;
    const char *message;
} bounds[] = {
    {0, "huber: delta is 0, must be greater than 0"},
    {-1, "huber: delta is -1, must be greater than 0"},
    {NAN, "huber: delta is nan, must be greater than 0"},
    {0, "smooth_l1: beta is 0, must be greater than 0 and finite"},
    {INFINITY, "smooth_l1: beta is inf, must be greater than 0 and finite"},
    {0, "gaussian_nll: eps is 0, must be greater than 0 and finite"},
    {0, "cosine_similarity: eps is 0, must be greater than 0 and finite"},
    {INFINITY, "cosine_similarity: eps is inf, must be greater than 0 and finite"},
};

START_TEST(options_out_of_range)
{
    const double v = bounds[_i].value;
    tg_tape *t = tg_tape_new();
    tg_tensor *y = tensor_of(t, line), *l = NULL;
    switch (bounds[_i].message[0]) {
    case 'h':
        l = tg_huber(t, y, y, v, TG_REDUCE_NONE);
        break;
    case 's':
        l = tg_smooth_l1(t, y, y, v, TG_REDUCE_NONE);
        break;
    case 'g':
        l = tg_gaussian_nll(t, y, y, y, v, TG_REDUCE_NONE);
        break;
    default:
        l = tg_cosine_similarity(t, y, y, 0, v);
    }
    ck_assert_ptr_null(l);
    assert_error(t, TG_EARG, bounds[_i].message);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* The losses of whole rows are in test_edges_layers. */
static bool has_row(const char *name)
{
    static const char *const of_rows[] = {"cosine_similarity", "cross_entropy", "nll",
                                          "cross_entropy_defaults", "l2_penalty"};
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return true;
    for (int i = 0; i < COUNT(of_rows); i++)
        if (strcmp(of_rows[i], name) == 0) return true;
    return false;
}

START_TEST(none_is_left_out) { ck_assert_int_eq(functions_without("losses.h", has_row), 0); }
END_TEST

SUITE("edges_losses", .tests = {
                          {at_the_edge, 2 * COUNT(rows)},
                          {beyond_the_range_of_f32},
                          {operands_of_a_loss, COUNT(losses)},
                          {reductions_of_a_loss, COUNT(losses)},
                          {options_out_of_range, COUNT(bounds)},
                          {none_is_left_out},
                      })
