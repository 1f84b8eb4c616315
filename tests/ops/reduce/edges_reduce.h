/* edges_reduce.h - the rows of test_edges_reduce.c: values and derivatives of reductions, scans,
 * sorting, statistics, linear algebra and windows at the edge. F stands for f32 and then for f64,
 * while f64 stands for itself. grad is the derivative of sum(y) by the first operand. hessian, a
 * matrix, is the second derivative by it of sum(k y_k), k = 1, 2, ... NULL is not compared, but a
 * Hessian whose value and gradient are finite must be symmetric and finite. A message instead of a
 * value means that the call is refused with that message. */
#ifndef TESTS_EDGES_REDUCE_H
#define TESTS_EDGES_REDUCE_H

typedef struct edge {
    const char *op, *attrs;
    const char *in[2];
    const char *want, *grad, *hessian;
} edge;

#define ROOT3 "0.57735026918962576"
#define HALF_ROOT "0.70710678118654752"

/* clang-format off */
static const edge edges[] = {
    /* ---- sums ---- */
    {"sum", "axis=1", {"F[4,2]: inf 1 inf -inf nan 1 -0 -0"}, "F[4]: inf nan nan 0", "F[4,2]: 1 1 1 1 1 1 1 1", NULL},
    {"sum", "axis=0", {"F[0,2]"}, "F[2]: 0 0", "F[0,2]", NULL},
    {"sum", NULL, {"F[]: 1e30"}, "F[]: 1e30", "F[]: 1", "F[1,1]: 0"},
    {"sum_to", "shape=1,2", {"F[2,2]: inf 1 -inf nan"}, "F[1,2]: nan nan", "F[2,2]: 1 1 1 1", NULL},
    {"sum_to", "shape=", {"F[0]"}, "F[]: 0", "F[0]", NULL},
    {"nansum", "axis=1", {"F[5,2]: nan 1 nan nan inf nan inf -inf -0 nan"}, "F[5]: 1 0 inf nan 0", "F[5,2]: 0 1 0 0 1 0 1 1 1 0", NULL},
    {"nansum", "axis=0", {"F[0,2]"}, "F[2]: 0 0", "F[0,2]", NULL},
    {"nansum", NULL, {"F[2]: nan 3"}, "F[]: 3", "F[2]: 0 1", "F[2,2]: 0 0 0 0"},
    {"nansum", NULL, {"i32[3]: 2147483647 1 5"}, "i32[]: -2147483643", NULL, NULL},
    {"nansum", NULL, {"u8[1]: 1"}, "nansum: u8[1] is not f32, f64 or i32 (use tg_cast)", NULL, NULL},
    {"nanmean", NULL, {"F[4,3]: 0.1 0.1 nan nan nan nan nan inf 1 -3 nan 1"}, "F[4]: 0.1 nan inf -1", "F[4,3]: 0.5 0.5 0 0 0 0 0 0.5 0.5 0.5 0 0.5", NULL},
    {"nanmean", NULL, {"F[2,0]"}, "F[2]: nan nan", NULL, NULL},
    {"nanmean", NULL, {"F[2]: nan 3e38"}, "F[]: 3e38", "F[2]: 0 1", "F[2,2]: 0 0 0 0"},
    {"nanmean", NULL, {"i32[1]: 1"}, "nanmean: i32[1] is not a float tensor (use tg_cast)", NULL, NULL},
    {"mean", NULL, {"F[2,3]: 0.1 0.1 0.1 nan 1 1"}, "F[2]: 0.1 nan", NULL, NULL},
    {"mean", NULL, {"F[2,0]"}, "F[2]: nan nan", NULL, NULL},
    {"mean", NULL, {"F[1]: 3e38"}, "F[]: 3e38", "F[1]: 1", "F[1,1]: 0"},

    /* ---- the largest, the smallest and their places ---- */
    {"max", "axis=1", {"F[2,3]: 1 1 0 -0 0 -1"}, "F[2]: 1 0", "F[2,3]: 0.5 0.5 0 0.5 0.5 0", NULL},
    {"max", "axis=1", {"F[2,2]: -inf -inf inf inf"}, "F[2]: -inf inf", "F[2,2]: 0.5 0.5 0.5 0.5", NULL},
    {"max", "axis=1", {"F[2,2]: nan 1 -inf nan"}, "F[2]: nan nan", NULL, NULL},
    {"max", NULL, {"F[]: -inf"}, "F[]: -inf", "F[]: 1", NULL},
    {"max", "axis=1", {"F[2,0]"}, "max: axis 1 of F[2,0] is empty", NULL, NULL},
    {"min", NULL, {"F[2,3]: 1 1 2 -0 0 1"}, "F[2]: 1 0", "F[2,3]: 0.5 0.5 0 0.5 0.5 0", NULL},
    {"min", NULL, {"F[3,2]: -inf -inf inf nan inf -1"}, "F[3]: -inf nan -1", NULL, NULL},
    {"min", NULL, {"F[2,0]"}, "min: axis 1 of F[2,0] is empty", NULL, NULL},
    {"argmax", "axis=1", {"F[5,3]: 1 nan nan -inf -inf -inf -0 0 0 1 inf inf 0 nan inf"}, "i32[5]: 1 0 0 1 1", NULL, NULL},
    {"argmax", NULL, {"F[]: nan"}, "i32[]: 0", NULL, NULL},
    {"argmax", "axis=0", {"F[0,1]"}, "argmax: axis 0 of F[0,1] is empty", NULL, NULL},
    {"argmin", NULL, {"F[4,3]: 1 nan nan inf inf inf 0 -0 0 1 -inf nan"}, "i32[4]: 1 0 0 2", NULL, NULL},
    {"any", NULL, {"F[4,2]: 0 -0 nan 0 0 1e-30 inf 0"}, "u8[4]: 0 1 1 1", NULL, NULL},
    {"any", NULL, {"F[1,0]"}, "u8[1]: 0", NULL, NULL},
    {"all", NULL, {"F[4,2]: 1 -0 nan 1 1 1e-30 inf 0"}, "u8[4]: 0 1 1 0", NULL, NULL},
    {"all", NULL, {"F[1,0]"}, "u8[1]: 1", NULL, NULL},

    /* ---- logsumexp ---- */
    {"logsumexp", "axis=1", {"F[3,2]: -inf -inf -inf 0 1e30 -1e30"}, "F[3]: -inf 0 1e30", "F[3,2]: 0 0 0 1 1 0", NULL},
    {"logsumexp", "axis=1", {"F[3,2]: inf 1 inf -inf nan inf"}, "F[3]: inf inf nan", NULL, NULL},
    {"logsumexp", NULL, {"F[1]: 3"}, "F[]: 3", "F[1]: 1", "F[1,1]: 0"},
    {"logsumexp", NULL, {"F[2]: 0 0"}, "F[]: 0.69314718055994531", "F[2]: 0.5 0.5", "F[2,2]: 0.25 -0.25 -0.25 0.25"},
    {"logsumexp", NULL, {"F[2]: -inf 0"}, "F[]: 0", "F[2]: 0 1", "F[2,2]: 0 0 0 0"},
    {"logsumexp", "axis=1", {"F[1,0]"}, "F[1]: -inf", "F[1,0]", NULL},

    /* ---- norms ---- */
    {"norm2", "axis=1", {"F[3,2]: 3e19 4e19 3e-30 4e-30 -3 4"}, "F[3]: 5e19 5e-30 5", "F[3,2]: 0.6 0.8 0.6 0.8 -0.6 0.8", NULL},
    {"norm2", "axis=1", {"f64[4,2]: 3e200 4e200 3e-200 4e-200 1.2e308 0.9e308 3e-300 4e-300"}, "f64[4]: 5e200 5e-200 1.5e308 5e-300", "f64[4,2]: 0.6 0.8 0.6 0.8 0.8 0.6 0.6 0.8", NULL},
    {"norm2", "axis=0", {"f64[2,5]: 3e200 3e-200 3 inf 0 4e200 4e-200 4 1 0"}, "f64[5]: 5e200 5e-200 5 inf 0", NULL, NULL},
    {"norm2", NULL, {"F[2]: 0 -0"}, "F[]: 0", "F[2]: 0 0", "F[2,2]: 0 0 0 0"},
    {"norm2", NULL, {"F[2]: 3 4"}, "F[]: 5", "F[2]: 0.6 0.8", "F[2,2]: 0.128 -0.096 -0.096 0.072"},
    {"norm2", NULL, {"f64[2]: 3e200 4e200"}, "f64[]: 5e200", "f64[2]: 0.6 0.8", "f64[2,2]: 0.128e-200 -0.096e-200 -0.096e-200 0.072e-200"},
    {"norm2", NULL, {"f64[2]: 3e-200 4e-200"}, "f64[]: 5e-200", "f64[2]: 0.6 0.8", "f64[2,2]: 0.128e200 -0.096e200 -0.096e200 0.072e200"},
    {"norm2", "axis=1", {"F[3,2]: inf 1 -inf inf nan inf"}, "F[3]: inf inf nan", NULL, NULL},
    {"norm2", "axis=1", {"F[2,0]"}, "F[2]: 0 0", "F[2,0]", NULL},
    {"norm1", "axis=1", {"F[5,2]: -3 4 -0 0 -inf inf nan inf -1e-30 2e-30"}, "F[5]: 7 0 inf nan 3e-30", "F[5,2]: -1 1 0 0 -1 1 nan 1 -1 1", NULL},
    {"norm1", "axis=0", {"F[2,3]: 1 -2 -0 -3 nan -0"}, "F[3]: 4 nan 0", "F[2,3]: 1 -1 0 -1 nan 0", NULL},
    {"norm1", NULL, {"F[2]: 0 -2"}, "F[]: 2", "F[2]: 0 -1", "F[2,2]: 0 0 0 0"},
    {"norm1", "axis=1", {"F[2,0]"}, "F[2]: 0 0", "F[2,0]", NULL},
    {"norm1", NULL, {"i32[3]: 2147483647 -1 5"}, "i32[]: -2147483643", NULL, NULL},
    {"norm1", NULL, {"i32[2]: -2147483648 3"}, "i32[]: -2147483645", NULL, NULL},
    {"norm1", NULL, {"u8[1]: 1"}, "norm1: u8[1] is not f32, f64 or i32 (use tg_cast)", NULL, NULL},
    {"norm, p = 1", NULL, {"F[2]: 0 -2"}, "F[]: 2", "F[2]: 0 -1", "F[2,2]: 0 0 0 0"},
    {"norm, p = inf", NULL, {"F[3]: -2 2 0"}, "F[]: 2", "F[3]: -0.5 0.5 0", NULL},

    /* ---- variance and deviation, by n - 1 ---- */
    {"var", NULL, {"F[3]: 10000000 10000001 10000001"}, "F[]: 0.33333333333333333", "F[3]: -0.66666666666666667 0.33333333333333333 0.33333333333333333", NULL},
    {"var", NULL, {"F[3]: 0.1 0.1 0.1"}, "F[]: 0", "F[3]: 0 0 0", NULL},
    {"var", NULL, {"F[2]: 1 3"}, "F[]: 2", "F[2]: -2 2", "F[2,2]: 1 -1 -1 1"},
    {"var", NULL, {"F[3,1]: 1 inf nan"}, "F[3]: nan nan nan", NULL, NULL},
    {"var", NULL, {"F[2,0]"}, "F[2]: nan nan", NULL, NULL},
    {"var, correction = -1/2", NULL, {"F[2,0]"}, "F[2]: nan nan", NULL, NULL},
    {"var, correction = -1/2", NULL, {"F[2]: 1 3"}, "F[]: 0.8", "F[2]: -0.8 0.8", NULL},
    {"std", NULL, {"F[3]: 10000000 10000001 10000001"}, "F[]: " ROOT3, "F[3]: -" ROOT3 " 0.28867513459481288 0.28867513459481288", NULL},
    {"std", NULL, {"f64[3]: 1e15 1000000000000001 1000000000000001"}, "f64[]: " ROOT3, "f64[3]: -" ROOT3 " 0.28867513459481288 0.28867513459481288", NULL},
    {"std", NULL, {"F[10]: 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1"}, "F[]: 0", "F[10]: 0 0 0 0 0 0 0 0 0 0", NULL},
    {"std", NULL, {"F[2]: 3e19 -3e19"}, "F[]: 4.2426406871192851e19", "F[2]: " HALF_ROOT " -" HALF_ROOT, NULL},
    {"std", NULL, {"F[2]: 1e-30 3e-30"}, "F[]: 1.4142135623730950e-30", "F[2]: -" HALF_ROOT " " HALF_ROOT, NULL},
    {"std", NULL, {"f64[2]: 3e200 -3e200"}, "f64[]: 4.2426406871192851e200", "f64[2]: " HALF_ROOT " -" HALF_ROOT, "f64[2,2]: 0 0 0 0"},
    {"std", NULL, {"f64[2]: 1e-200 3e-200"}, "f64[]: 1.4142135623730950e-200", "f64[2]: -" HALF_ROOT " " HALF_ROOT, NULL},
    {"std", NULL, {"F[2,1]: 1 inf"}, "F[2]: nan nan", NULL, NULL},
    {"std", NULL, {"F[2,0]"}, "F[2]: nan nan", NULL, NULL},

    /* ---- scans and products ---- */
    {"cumsum", NULL, {"F[5]: 1 inf 2 -inf 3"}, "F[5]: 1 inf inf nan nan", "F[5]: 5 4 3 2 1", NULL},
    {"cumsum", "exclusive=true", {"F[3]: 1 nan 2"}, "F[3]: 0 1 nan", "F[3]: 2 1 0", NULL},
    {"cumsum", NULL, {"F[0]"}, "F[0]", "F[0]", NULL},
    {"cumprod", NULL, {"F[3]: 2 0 3"}, "F[3]: 2 0 0", "F[3]: 1 8 0", "F[3,3]: 0 11 0 11 0 6 0 6 0"},
    {"cumprod", NULL, {"F[3]: 0 0 3"}, "F[3]: 0 0 0", "F[3]: 1 0 0", "F[3,3]: 0 11 0 11 0 0 0 0 0"},
    {"cumprod", "reverse=true", {"F[2]: 2 0"}, "F[2]: 0 0", "F[2]: 0 3", "F[2,2]: 0 1 1 0"},
    {"cumprod", NULL, {"F[4]: 2 inf 0 3"}, "F[4]: 2 inf nan nan", NULL, NULL},
    {"cumprod", "exclusive=true", {"F[1]: 5"}, "F[1]: 1", "F[1]: 0", "F[1,1]: 0"},
    {"prod", NULL, {"F[3]: 2 0 3"}, "F[]: 0", "F[3]: 0 6 0", "F[3,3]: 0 3 0 3 0 2 0 2 0"},
    {"prod", NULL, {"F[3]: 0 0 3"}, "F[]: 0", "F[3]: 0 0 0", "F[3,3]: 0 3 0 3 0 0 0 0 0"},
    {"prod", NULL, {"f32[3]: 1e30 1e30 1e-30"}, "f32[]: 1e30", NULL, NULL},
    {"prod", NULL, {"F[2,0]"}, "F[2]: 1 1", NULL, NULL},
    {"linear_scan", NULL, {"F[3]: 1 inf 2", "F[3]: nan 0 0.5"}, "F[3]: 1 inf inf", "F[3]: 1 1.5 1", NULL},
    {"linear_scan", NULL, {"F[0]", "F[0]"}, "F[0]", "F[0]", NULL},

    /* ---- order ---- */
    {"argsort", NULL, {"F[6]: 0 -0 nan -inf inf 0"}, "i32[6]: 3 0 1 5 4 2", NULL, NULL},
    {"argsort", "descending=true", {"F[6]: 0 -0 nan -inf inf 0"}, "i32[6]: 4 0 1 5 3 2", NULL, NULL},
    {"argsort", NULL, {"F[2,0]"}, "i32[2,0]", NULL, NULL},
    {"nonzero", NULL, {"u8[2,2]: 0 255 1 0"}, "i32[2]: 1 2", NULL, NULL},
    {"nonzero", NULL, {"u8[0]"}, "i32[0]", NULL, NULL},
    {"sort", NULL, {"F[4]: nan 1 -inf 1"}, "F[4]: -inf 1 1 nan", "F[4]: 1 1 1 1", NULL},
    {"topk, 2", NULL, {"F[4]: nan 1 inf 1"}, "F[2]: inf 1", "F[4]: 0 1 1 0", NULL},
    {"topk, 2", NULL, {"F[3]: nan nan 1"}, "F[2]: 1 nan", "F[3]: 1 0 1", NULL},

    /* ---- linear algebra ---- */
    {"cholesky", NULL, {"F[2,2]: 4e30 0 0 9e-30"}, "F[2,2]: 2e15 0 0 3e-15", NULL, NULL},
    {"cholesky", NULL, {"f64[2,2]: 1e308 0 0 1e308"}, "f64[2,2]: 1e154 0 0 1e154", NULL, NULL},
    {"cholesky", NULL, {"F[1,1]: 4"}, "F[1,1]: 2", "F[1,1]: 0.25", "F[1,1]: -0.03125"},
    {"cholesky", NULL, {"F[0,0]"}, "F[0,0]", NULL, NULL},
    {"cholesky", NULL, {"F[1,1]: 0"}, "cholesky: F[1,1] is not positive definite (pivot 0 is not positive)", NULL, NULL},
    {"cholesky", NULL, {"F[1,1]: nan"}, "cholesky: F[1,1] is not positive definite (pivot 0 is not positive)", NULL, NULL},
    {"solve_triangular", "upper=true", {"F[2,2]: 1 nan 0 2", "F[2,1]: 1 2"}, "F[2,1]: nan 1", NULL, NULL},
    {"solve_triangular", "upper=false", {"F[2,2]: 1 nan 0 2", "F[2,1]: 1 2"}, "F[2,1]: 1 1", NULL, NULL},
    {"solve_triangular", "upper=true", {"F[1,1]: 0", "F[1,2]: 1 0"}, "F[1,2]: inf nan", NULL, NULL},
    {"solve", NULL, {"F[2,2]: 0 1e-30 1e30 0", "F[2,1]: 1e-30 1e30"}, "F[2,1]: 1 1", NULL, NULL},
    {"solve", NULL, {"F[1,1]: 0", "F[1,1]: 1"}, "solve: F[1,1] is singular (pivot 0 is 0)", NULL, NULL},
    {"solve", NULL, {"F[1,1]: nan", "F[1,1]: 1"}, "F[1,1]: nan", NULL, NULL},
    {"inv", NULL, {"F[2,2]: 2e20 0 0 -4e-20"}, "F[2,2]: 5e-21 0 0 -2.5e19", NULL, NULL},
    {"inv", NULL, {"F[1,1]: 2"}, "F[1,1]: 0.5", "F[1,1]: -0.25", "F[1,1]: 0.25"},
    {"det", NULL, {"F[2,2]: 0 0 0 0"}, "F[]: 0", "F[2,2]: 0 0 0 0", "F[4,4]: 0 0 0 1 0 0 -1 0 0 -1 0 0 1 0 0 0"},
    {"det", NULL, {"F[2,2]: 1 2 2 4"}, "F[]: 0", "F[2,2]: 4 -2 -2 1", "F[4,4]: 0 0 0 1 0 0 -1 0 0 -1 0 0 1 0 0 0"},
    {"det", NULL, {"f64[2,2]: 1e200 0 0 1e-200"}, "f64[]: 1", NULL, NULL},
    {"det", NULL, {"f64[3,3]: 1e200 0 0 0 1e200 0 0 0 1e-300"}, "f64[]: 1e100", NULL, NULL},
    {"det", NULL, {"F[2,2]: nan 0 0 1"}, "F[]: nan", NULL, NULL},
    {"det", NULL, {"F[0,0]"}, "F[]: 1", "F[0,0]", NULL},
    {"cofactor", NULL, {"F[2,2]: 0 0 0 0"}, "F[2,2]: 0 0 0 0", "F[2,2]: 1 -1 -1 1", NULL},
    {"cofactor", NULL, {"F[1,1]: 0"}, "F[1,1]: 1", NULL, NULL},
    {"cofactor", NULL, {"f64[3,3]: 1e100 0 0 0 1e-100 0 0 0 1"}, "f64[3,3]: 1e-100 0 0 0 1e100 0 0 0 1", NULL, NULL},
    {"logabsdet", NULL, {"F[2,2]: 1e30 0 0 1e30"}, "F[]: 138.15510557964274", "F[2,2]: 1e-30 0 0 1e-30", NULL},
    {"logabsdet", NULL, {"f64[2,2]: 1e200 0 0 1e200"}, "f64[]: 921.03403719761830", "f64[2,2]: 1e-200 0 0 1e-200", NULL},
    {"logabsdet", NULL, {"F[2,2]: 0 1 0 1"}, "F[]: -inf", NULL, NULL},
    {"logabsdet", NULL, {"F[1,1]: -2"}, "F[]: 0.69314718055994531", "F[1,1]: -0.5", "F[1,1]: -0.25"},
    {"signdet", NULL, {"F[3,1,1]: -2 0 1e-30"}, "F[3]: -1 0 1", NULL, NULL},
    {"signdet", NULL, {"F[1,1]: nan"}, "F[]: nan", NULL, NULL},

    /* ---- windows ---- */
    {"unfold", "kernel=2 padding=1", {"F[1,1,2]: inf nan"}, "F[1,2,3]: 0 inf nan inf nan 0", "F[1,1,2]: 2 2", NULL},
    {"fold", "size=2 kernel=1", {"F[1,1,2]: inf -0"}, "F[1,1,2]: inf 0", "F[1,1,2]: 1 1", NULL},
    {"fold", "size=2 kernel=2 padding=1", {"F[1,2,3]: nan 1 inf -inf 2 nan"}, "F[1,1,2]: -inf inf", "F[1,2,3]: 0 1 1 1 1 0", NULL},
    {"window_max", "kernel=2", {"F[1,1,5]: nan 1 1 -inf -inf"}, "F[1,1,4]: nan 1 1 -inf", NULL, NULL},
    {"window_max", "kernel=2", {"F[1,1,4]: 2 2 1 1"}, "F[1,1,3]: 2 2 1", "F[1,1,4]: 0.5 1.5 0.5 0.5", NULL},
    {"window_max", "kernel=1 padding=1 stride=3", {"F[1,1,3]: 1 2 3"}, NULL, NULL, NULL},
    {"window_max_share", "kernel=2 stride=2", {"F[1,1,4]: 1 1 -inf -inf", "F[1,1,2]: inf 1"}, "F[1,1,4]: inf inf 0.5 0.5", NULL, NULL},
    {"window_max_share", "kernel=2", {"F[1,1,4]: 1 2 3 4", "F[1,1,3]: inf 1 1"}, "F[1,1,4]: 0 inf 1 1", NULL, NULL},
    {"window_max_mean", "kernel=2 stride=2", {"F[1,1,4]: 1 1 2 3", "F[1,1,4]: 1 2 nan 5"}, "F[1,1,2]: 1.5 5", NULL, NULL},
};
/* clang-format on */

#endif
