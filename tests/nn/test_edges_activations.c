/* test_edges_activations.c - the activation functions at the edge: zeros, the smallest and the
 * largest numbers, kinks, tails, Inf and NaN. */
#include "tapegrad/activations.h"
#include "tapegrad/gradcheck.h"
#include "tests/support/edges.h"

#define SELU_SCALE 1.0507009873554804934193349852946L
#define SELU_ALPHA 1.6732632423543772848170429916717L

/* ---- the functions, and once more as jets --------------------------------------------------- */

#define UNARY(name, ...)                                                                           \
    static tg_tensor *name(tg_tape *t, tg_tensor *x, tg_tensor *z)                                 \
    {                                                                                              \
        (void)z;                                                                                   \
        return __VA_ARGS__;                                                                        \
    }
UNARY(gelu, tg_gelu(t, x))
UNARY(gelu_tanh, tg_gelu_tanh(t, x))
UNARY(silu, tg_silu(t, x))
UNARY(mish, tg_mish(t, x))
UNARY(softsign, tg_softsign(t, x))
UNARY(elu, tg_elu(t, x, 1.5))
UNARY(celu, tg_celu(t, x, 1.5))
UNARY(celu_negative, tg_celu(t, x, -0.5))
UNARY(selu, tg_selu(t, x))
UNARY(leaky_relu, tg_leaky_relu(t, x, 0.25))
UNARY(leaky_relu_0, tg_leaky_relu(t, x, 0))
UNARY(rrelu, tg_rrelu(t, x, 0.125, 0.375, NULL, false))
UNARY(hardtanh, tg_hardtanh(t, x))
UNARY(hardsigmoid, tg_hardsigmoid(t, x))
UNARY(hardswish, tg_hardswish(t, x))
UNARY(threshold, tg_threshold(t, x, 0.5, -7))

static tg_tensor *rrelu_train(tg_tape *t, tg_tensor *x, tg_tensor *z)
{
    tg_rng rng = tg_rng_make(1, 0);
    (void)z;
    return tg_rrelu(t, x, 0.25, 0.25, &rng, true);
}

#define TRUTH(name, ...)                                                                           \
    static jet true_##name(jet x, jet z)                                                           \
    {                                                                                              \
        (void)z;                                                                                   \
        return __VA_ARGS__;                                                                        \
    }
TRUTH(gelu, product(x, scaled(0.5L, erfc_of(scaled(-1 / sqrtl(2), x)))))
TRUTH(gelu_tanh,
      product(x, sigmoid_of(scaled(sqrtl(8 / acosl(-1)),
                                   plus(x, scaled(0.044715L, product(x, product(x, x))))))))
TRUTH(silu, product(x, sigmoid_of(x)))
TRUTH(mish, product(x, tanh_of(softplus_of(x))))
TRUTH(softsign, isinf(x.v) ? constant(NAN) : product(x, inverse(shifted(1, size_of(x)))))
TRUTH(elu, x.v > 0 ? x : scaled(1.5L, expm1_of(x)))
TRUTH(celu, x.v > 0 ? x : scaled(1.5L, expm1_of(scaled(1 / 1.5L, x))))
TRUTH(celu_negative, x.v > 0 ? x : scaled(-0.5L, expm1_of(scaled(-2, x))))
TRUTH(selu, scaled(SELU_SCALE, x.v > 0 ? x : scaled(SELU_ALPHA, expm1_of(x))))
TRUTH(leaky_relu, x.v > 0 ? x : scaled(0.25L, x))
TRUTH(leaky_relu_0, x.v > 0 ? x : isinf(x.v) ? constant(NAN) : scaled(0, x))
TRUTH(hardtanh, isnan(x.v) || (x.v >= -1 && x.v <= 1) ? x : constant(x.v > 0 ? 1 : -1))
TRUTH(hardsigmoid, x.v > 3    ? constant(1)
                   : x.v < -3 ? constant(0)
                              : shifted(0.5L, scaled(1 / 6.0L, x)))
TRUTH(hardswish, product(x, true_hardsigmoid(x, z)))
TRUTH(threshold, x.v <= 0.5L ? constant(-7) : x)

static tg_tensor *prelu(tg_tape *t, tg_tensor *x, tg_tensor *z) { return tg_prelu(t, x, z); }
static jet true_prelu(jet x, jet z) { return x.v > 0 ? x : product(x, z); }

/* ---- where they are looked at --------------------------------------------------------------- */

#define SMALL 0.0, -0.0, 1e-310, -1e-310, 1e-40, -1e-40, 1e-20, -1e-20, 1e-7, -1e-7
#define MIDDLE -0.3, 0.3, -1.2, 1.4, -2.9, 2.9
#define FAR                                                                                        \
    -5, 5, -8, 8, -11, 11, -15, 15, -20, 20, -30, 30, -37, 37, -80, 80, -100, 100, -700, 700,      \
        -1e4, 1e4, -1e13, 1e13, -1e18, 1e18, -1e20, 1e20, -1e30, 1e30, -3.4e38, 3.4e38
#define ENDS -INFINITY, INFINITY, NAN, END

static const double everywhere[] = {SMALL, MIDDLE, FAR, -1e200, 1e200, -DBL_MAX, DBL_MAX, ENDS};
/* e^-x or e^2x of f32 is still in range */
static const double not_far_below[] = {SMALL, MIDDLE, -5, -20, 5, 20, 1e4, 1e30, ENDS};
static const double kinks[] = {SMALL, MIDDLE, FAR, -1, 1, -DBL_MAX, DBL_MAX, ENDS};
static const double thresholds[] = {SMALL, MIDDLE, FAR, 0.5, DBL_MAX, ENDS};
static const double slopes[] = {0,    2,     -0.0,     2,   -1,    0,   -1,     1e30, 3,
                                1e30, -1e30, -2,       0.5, -2,    1e4, -1e4,   7,    NAN,
                                NAN,  1,     INFINITY, 3,   1e-40, 2,   -1e-30, 1e20, END};

static const pointwise rows[] = {
    {"gelu", 1, gelu, true_gelu, everywhere, RELATIVE},
    {"gelu_tanh", 1, gelu_tanh, true_gelu_tanh, everywhere, RELATIVE},
    {"silu", 1, silu, true_silu, everywhere, RELATIVE},
    {"mish", 1, mish, true_mish, everywhere, RELATIVE},
    {"softsign", 1, softsign, true_softsign, everywhere, ABSOLUTE},
    {"elu", 1, elu, true_elu, everywhere, ABSOLUTE},
    {"celu", 1, celu, true_celu, everywhere, ABSOLUTE},
    {"celu", 1, celu_negative, true_celu_negative, not_far_below, ABSOLUTE},
    {"selu", 1, selu, true_selu, everywhere, ABSOLUTE},
    {"leaky_relu", 1, leaky_relu, true_leaky_relu, everywhere, RELATIVE},
    {"leaky_relu", 1, leaky_relu_0, true_leaky_relu_0, everywhere, RELATIVE},
    {"prelu", 2, prelu, true_prelu, slopes, RELATIVE},
    {"rrelu", 1, rrelu, true_leaky_relu, everywhere, RELATIVE},
    {"rrelu", 1, rrelu_train, true_leaky_relu, everywhere, RELATIVE},
    {"hardtanh", 1, hardtanh, true_hardtanh, kinks, RELATIVE},
    {"hardsigmoid", 1, hardsigmoid, true_hardsigmoid, everywhere, RELATIVE},
    {"hardswish", 1, hardswish, true_hardswish, everywhere, RELATIVE},
    {"threshold", 1, threshold, true_threshold, thresholds, RELATIVE},
};

START_TEST(at_the_edge)
{
    const pointwise *p = &rows[_i / 2];
    check_pointwise(p, _i % 2 ? TG_F64 : TG_F32);
}
END_TEST

START_TEST(celu_needs_its_alpha)
{
    tg_tape *t = tg_tape_new();
    ck_assert_ptr_null(tg_celu(t, tensor_of(t, "f32[2]: 1 -1"), 0));
    assert_error(t, TG_EARG, "celu: alpha is 0, must not be 0");
    tg_tape_free(t);
    free_leaves();
}
END_TEST

static bool has_row(const char *name)
{
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0) return true;
    return false;
}

START_TEST(none_is_left_out) { ck_assert_int_eq(functions_without("activations.h", has_row), 0); }
END_TEST

SUITE("edges_activations", .tests = {
                               {at_the_edge, 2 * COUNT(rows)},
                               {celu_needs_its_alpha},
                               {none_is_left_out},
                           })
