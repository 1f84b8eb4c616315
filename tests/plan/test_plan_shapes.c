/* test_plan_shapes.c - plans of reductions, linear algebra, scans, order, indices and arrangements
 * at the sizes where kernels change their ways, of operands that lie in many ways or were computed,
 * with their gradients, eagerly and planned (tests/support/drawn.h).
 *
 * TG_PROGRAMS sets how many of each (60), TG_PROGRAM_SEED runs one. */
#include "tests/support/drawn.h"
#include "tests/support/tape.h"

#include "tapegrad/nn.h"
#include "tapegrad/normalise.h"

/* ---- reductions and what is made of them ---------------------------------------------------- */

static tg_tensor *draw_reduction(drawing *d)
{
    int64_t shape[4];
    int axes[4], n = 0;
    const int ndim = 1 + (int)below(d, 4);
    draw_shape(d, ndim, shape, MOST);
    tg_tensor *x = draw_operand(d, ndim, shape);
    for (int i = 0; i < ndim; i++)
        if (flag(d)) axes[n++] = i;
    if (n == 0) axes[n++] = (int)below(d, ndim);
    const int what = (int)below(d, 9);
    static const char *const names[] = {"sum",     "mean", "max",         "nansum",     "logsumexp",
                                        "nanmean", "var",  "norm, p = 1", "norm, p = 2"};
    say(d, names[what], ndim, shape);
    const bool keep_axes = flag(d);
    switch (what) {
    case 0:
        return tg_sum_axes(t, x, n, axes, keep_axes);
    case 1:
        return tg_mean_axes(t, tg_sin(t, x), n, axes, keep_axes);
    case 2:
        return tg_max_axes(t, x, n, axes, keep_axes);
    case 3:
        return tg_nansum_axes(t, tg_sqrt(t, x), n, axes, keep_axes);
    case 4:
        return tg_logsumexp_axes(t, x, n, axes, keep_axes);
    case 5:
        return tg_nanmean_axes(t, tg_sqrt(t, x), n, axes, keep_axes);
    case 6:
        return tg_sub(t, x, tg_var_axes(t, x, n, axes, 0, true));
    case 7:
        return tg_norm_axes(t, tg_sub(t, x, tg_scalar(t, 1)), 1, n, axes, keep_axes);
    default:
        return tg_norm_axes(t, x, 2, n, axes, keep_axes);
    }
}

static tg_tensor *draw_rows(drawing *d)
{
    int64_t shape[3];
    const int ndim = 1 + (int)below(d, 3), axis = (int)below(d, ndim);
    draw_shape(d, ndim, shape, MOST);
    tg_tensor *x = draw_operand(d, ndim, shape);
    const int what = (int)below(d, 5);
    static const char *const names[] = {"softmax", "log_softmax", "layer_norm", "rms_norm",
                                        "argmax"};
    say(d, names[what], ndim, shape);
    switch (what) {
    case 0:
        return tg_softmax(t, x, axis);
    case 1:
        return tg_log_softmax(t, x, axis);
    case 2:
        return tg_layer_norm(t, x, 1, NULL, NULL, 1e-5);
    case 3:
        return tg_rms_norm(t, x, 1, NULL, 1e-5);
    default:
        return tg_add(t, x, tg_cast(t, tg_argmax(t, x, axis, true), d->dtype));
    }
}

/* A row, a column or a scalar broadcast against many elements. Its gradient sums over the
 * repetitions. */
static tg_tensor *draw_broadcast(drawing *d)
{
    int64_t shape[3], other[3];
    const int ndim = 1 + (int)below(d, 3);
    draw_shape(d, ndim, shape, MOST);
    for (int i = 0; i < ndim; i++) other[i] = flag(d) ? 1 : shape[i];
    say(d, "broadcast", ndim, shape);
    say(d, "with", ndim, other);
    tg_tensor *x = draw_operand(d, ndim, shape), *y = draw_operand(d, ndim, other);
    return flag(d) ? tg_tanh(t, tg_mul(t, x, y)) : tg_mul(t, tg_exp(t, y), tg_sub(t, x, y));
}

/* Each of n numbers with each other: the same operand as a column, and as a row that every row
 * needs. */
static tg_tensor *draw_pairwise(drawing *d)
{
    const int64_t n = draw_size(d, COUNT(drawn_lengths), drawn_lengths, 360);
    tg_tensor *x = draw_operand(d, 1, &n), *z = flag(d) ? x : draw_operand(d, 1, &n);
    if (flag(d)) x = z = tg_sin(t, x);
    tg_tensor *column = tg_unsqueeze(t, x, 1), *many = tg_sub(t, column, z);
    const int what = (int)below(d, 4), axis = (int)below(d, 4) ? 1 : 0;
    static const char *const names[] = {"sum", "max", "logsumexp", "mean"};
    say(d, names[what], 1, &n);
    if (flag(d)) many = tg_exp(t, tg_neg(t, tg_square(t, many)));
    tg_tensor *y = what == 0   ? tg_sum(t, many, axis, false)
                   : what == 1 ? tg_max(t, many, axis, false)
                   : what == 2 ? tg_logsumexp(t, many, axis, false)
                               : tg_mean(t, many, axis, false);
    return flag(d) ? tg_tanh(t, y) : tg_mul(t, y, x);
}

/* ---- linear algebra ------------------------------------------------------------------------- */

/* x x^T + n: symmetric, and easy to invert. */
static tg_tensor *draw_definite(drawing *d, int ndim, const int64_t *shape)
{
    const int64_t n = shape[ndim - 1];
    tg_tensor *x = draw_operand(d, ndim, shape);
    x = tg_matmul(t, x, tg_transpose(t, x, ndim - 1, ndim - 2));
    return tg_add(t, x, tg_mul(t, tg_scalar(t, 2), tg_eye(t, d->dtype, n, n, 0)));
}

static tg_tensor *draw_linear(drawing *d)
{
    static const char *const names[] = {"cholesky",         "solve", "inv", "logabsdet",
                                        "solve_triangular", "det"};
    int64_t shape[3] = {draw_tile(d, 5), draw_tile(d, 60)}, side[3];
    shape[2] = shape[1];
    const int ndim = 2 + (int)below(d, 2), what = (int)below(d, COUNT(names));
    if (what == 5) shape[1] = shape[2] = 1 + below(d, 9);
    memcpy(side, shape, sizeof side);
    side[2] = draw_tile(d, 20);
    say(d, names[what], ndim, shape + 3 - ndim);
    tg_tensor *a = draw_definite(d, ndim, shape + 3 - ndim);
    switch (what) {
    case 0:
        return tg_cholesky(t, a, flag(d));
    case 1:
        return tg_solve(t, a, draw_operand(d, 3, side));
    case 2:
        return tg_inv(t, a);
    case 3:
        return tg_logabsdet(t, a);
    case 4:
        return tg_solve_triangular(t, a, draw_operand(d, 3, side), flag(d), true, flag(d));
    default:
        return tg_add(t, tg_det(t, a), tg_sum(t, tg_cofactor(t, a), TG_ALL, false));
    }
}

/* ---- along an axis -------------------------------------------------------------------------- */

static tg_tensor *draw_along(drawing *d)
{
    static const char *const names[] = {"cumsum", "cumprod", "linear_scan",
                                        "sort",   "topk",    "take_along_axis"};
    int64_t shape[3];
    const int ndim = 1 + (int)below(d, 3), what = (int)below(d, COUNT(names));
    const int axis = (int)below(d, ndim);
    draw_shape(d, ndim, shape, MOST / 4);
    say(d, names[what], ndim, shape);
    tg_tensor *x = draw_operand(d, ndim, shape);
    const int64_t size = shape[axis];
    switch (what) {
    case 0:
        return tg_cumsum(t, x, axis, flag(d), flag(d));
    case 1:
        return tg_cumprod(t, x, axis, flag(d), flag(d));
    case 2:
        return tg_linear_scan(t, x, draw_operand(d, ndim, shape), axis, flag(d));
    case 3:
        return tg_sort(t, x, axis, flag(d));
    case 4:
        return tg_topk(t, x, 1 + below(d, size), axis, flag(d), NULL);
    default:
        shape[axis] = draw_tile(d, 40);
        return tg_take_along_axis(t, x, draw_index(d, ndim, shape, size), axis);
    }
}

static tg_tensor *draw_indexed(drawing *d)
{
    static const char *const names[] = {"take", "segment_sum", "pick", "unpick",
                                        "take by a strided index"};
    int64_t shape[3];
    const int ndim = 1 + (int)below(d, 3), what = (int)below(d, COUNT(names));
    const int axis = (int)below(d, ndim);
    draw_shape(d, ndim, shape, MOST / 4);
    say(d, names[what], ndim, shape);
    const int64_t size = draw_tile(d, 300), both[] = {draw_tile(d, 9), draw_tile(d, 9)};
    tg_tensor *x = draw_operand(d, ndim, shape);
    switch (what) {
    case 0:
        return tg_take(t, x, draw_index(d, 1, &size, shape[axis]), axis);
    case 1:
        return tg_segment_sum(t, x, draw_index(d, 1, &shape[axis], size), axis, size);
    case 2:
        return tg_pick(t, x, draw_index(d, ndim - 1, shape, shape[ndim - 1]));
    case 3:
        return tg_unpick(t, x, draw_index(d, ndim, shape, 5), 5);
    default:
        return tg_take(t, x, tg_transpose(t, draw_index(d, 2, both, shape[axis]), 0, 1), axis);
    }
}

static tg_tensor *draw_arranged(drawing *d)
{
    static const char *const names[] = {"concat", "roll", "repeat", "slice", "diagonal"};
    int64_t shape[3], other[3];
    const int ndim = 2 + (int)below(d, 2), what = (int)below(d, COUNT(names));
    const int axis = (int)below(d, ndim);
    draw_shape(d, ndim, shape, MOST / 4);
    memcpy(other, shape, sizeof other);
    other[axis] = draw_tile(d, 9);
    say(d, names[what], ndim, shape);
    tg_tensor *x = draw_operand(d, ndim, shape);
    switch (what) {
    case 0:
        return tg_concat(t, 2, (tg_tensor *[]){x, draw_operand(d, ndim, other)}, axis);
    case 1:
        return tg_mul(t, x, tg_roll(t, x, 1 + below(d, 5), axis));
    case 2:
        return tg_repeat(t, x, 1 + below(d, 3), axis);
    case 3:
        return tg_exp(t, tg_slice(t, x, axis, below(d, shape[axis]), TG_END, 1 + below(d, 3)));
    default:
        return tg_sin(t, tg_diagonal(t, x, 0, 0, ndim - 1));
    }
}

/* ---- all of them ---------------------------------------------------------------------------- */

static const drawn_kind kinds[] = {
    {"reductions", draw_reduction},  {"rows", draw_rows},
    {"broadcasts", draw_broadcast},  {"pairs of all", draw_pairwise},
    {"linear algebra", draw_linear}, {"along an axis", draw_along},
    {"indices", draw_indexed},       {"arrangements", draw_arranged}};

START_TEST(random_shapes) { check_kind(t, &kinds[_i], 60); }
END_TEST

SUITE("plan_shapes", .with = {GUARDED, TAPE}, .timeout = 600,
      .tests = {{random_shapes, COUNT(kinds)}})
