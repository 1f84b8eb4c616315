/* test_absurd_counts.c - axes, and numbers of axes, operands and things, next to the ends of int.
 */
#include "tapegrad/checkpoint.h"
#include "tapegrad/derivatives.h"
#include "tapegrad/diagnose.h"
#include "tapegrad/graph.h"
#include "tapegrad/losses.h"
#include "tapegrad/nn.h"
#include "tapegrad/normalise.h"
#include "tapegrad/plan.h"
#include "tapegrad/plot.h"
#include "tapegrad/threads.h"
#include "tests/support/absurd.h"

#define VALUE int

static const int *axis_of(int v)
{
    axes[0] = v;
    return axes;
}

static outcome of_figure(int rows, int cols)
{
    tg_figure *f = tg_figure_new(rows, cols);
    const outcome o = of_bool(f && tg_figure_axes(f, 0, 0));
    tg_figure_free(f);
    return o;
}

static outcome of_panel(int row, int col)
{
    tg_figure *f = tg_figure_new(2, 2);
    const outcome o = of_bool(tg_figure_axes(f, row, col));
    tg_figure_free(f);
    return o;
}

static outcome of_size(int width, int height)
{
    tg_figure *f = tg_figure_new(1, 1);
    const outcome o = of_bool(tg_figure_size(f, width, height) == TG_OK);
    tg_figure_free(f);
    return o;
}

static outcome of_axis(int64_t axis, int ndim)
{
    const outcome o = of_status(tg_axis_normalise("test", &axis, ndim, &err));
    if (o == TAKEN) ck_assert(axis >= 0 && axis < ndim);
    return o;
}

static outcome of_broadcast(int na, int nb)
{
    int ndim;
    int64_t shape[TG_MAX_NDIM];
    return of_status(tg_broadcast_shapes("test", na, ones, nb, ones, &ndim, shape, &err));
}

static outcome of_jvp(int ny, int nx)
{
    return of_status(tg_jvp(t, ny, xs, nx, xs, NULL, results));
}
static outcome of_vjp(int ny, int nx)
{
    return of_status(tg_vjp(t, ny, xs, NULL, nx, xs, results));
}

static outcome of_threads(int n)
{
    const int before = tg_num_threads();
    tg_set_num_threads(n);
    const int now = tg_num_threads();
    ck_assert_int_ge(now, 1);
    tg_set_num_threads(before);
    return TAKEN;
}

static tg_tensor *nothing(tg_tape *tape, tg_tensor *const *in, int n, tg_rng *r, void *user)
{
    (void)n, (void)r, (void)user;
    return tg_neg(tape, in[0]);
}

static outcome of_measure(int bins)
{
    tg_activation_options o = tg_activation_defaults();
    tg_activation_stats stats;
    int64_t counts[8];
    o.bins = bins;
    return of_status(tg_activation_measure(x, &o, &stats, counts, &err));
}

/* ---- the table ------------------------------------------------------------------------------ */

/* clang-format off */
#define CALLS(X)                                                                                   \
    X(sum, of_tensor(tg_sum(t, x, v, false)), BUT_ALL)                                             \
    X(mean, of_tensor(tg_mean(t, x, v, false)), BUT_ALL)                                           \
    X(nansum, of_tensor(tg_nansum(t, x, v, false)), BUT_ALL)                                       \
    X(nanmean, of_tensor(tg_nanmean(t, x, v, false)), BUT_ALL)                                     \
    X(max, of_tensor(tg_max(t, x, v, true)), BUT_ALL)                                              \
    X(min, of_tensor(tg_min(t, x, v, false)), BUT_ALL)                                             \
    X(logsumexp, of_tensor(tg_logsumexp(t, x, v, false)), BUT_ALL)                                 \
    X(argmax, of_tensor(tg_argmax(t, x, v, false)), BUT_ALL)                                       \
    X(argmin, of_tensor(tg_argmin(t, x, v, false)), BUT_ALL)                                       \
    X(any, of_tensor(tg_any(t, mask, v, false)), BUT_ALL)                                          \
    X(all, of_tensor(tg_all(t, mask, v, false)), BUT_ALL)                                          \
    X(var, of_tensor(tg_var(t, x, v, 1, false)), BUT_ALL)                                          \
    X(std, of_tensor(tg_std(t, x, v, 1, false)), BUT_ALL)                                          \
    X(norm, of_tensor(tg_norm(t, x, 2, v, false)), BUT_ALL)                                        \
    X(prod, of_tensor(tg_prod(t, x, v, false)), BUT_ALL)                                           \
    X(cumsum, of_tensor(tg_cumsum(t, x, v, false, false)), BUT_ALL)                                \
    X(cumprod, of_tensor(tg_cumprod(t, x, v, true, true)), BUT_ALL)                                \
    X(linear_scan, of_tensor(tg_linear_scan(t, x, x, v, false)), NEVER)                            \
    X(argsort, of_tensor(tg_argsort(t, x, v, false)), BUT_ALL)                                     \
    X(sort, of_tensor(tg_sort(t, x, v, true)), BUT_ALL)                                            \
    X(softmax, of_tensor(tg_softmax(t, x, v)), BUT_ALL)                                            \
    X(log_softmax, of_tensor(tg_log_softmax(t, x, v)), BUT_ALL)                                    \
    X(cosine, of_tensor(tg_cosine_similarity(t, x, x, v, 1e-8)), BUT_ALL)                          \
    X(segment_sum, of_tensor(tg_segment_sum(t, x, index_of, v, 4)), NEVER)                         \
    X(take, of_tensor(tg_take(t, x, index_of, v)), BUT_ALL)                                        \
    X(take_along, of_tensor(tg_take_along_axis(t, index_of, index_of, v)), BUT_ALL)                \
    X(scatter_along, of_tensor(tg_scatter_along_axis(t, index_of, index_of, v, 4)), NEVER)         \
    X(transpose1, of_tensor(tg_transpose(t, x, v, 0)), NEVER)                                      \
    X(transpose2, of_tensor(tg_transpose(t, x, 0, v)), NEVER)                                      \
    X(swapaxes, of_tensor(tg_swapaxes(t, x, v, v)), NEVER)                                         \
    X(moveaxis1, of_tensor(tg_moveaxis(t, x, v, 0)), NEVER)                                        \
    X(moveaxis2, of_tensor(tg_moveaxis(t, x, 0, v)), NEVER)                                        \
    X(squeeze, of_tensor(tg_squeeze(t, x, v)), BUT_ALL)                                            \
    X(unsqueeze, of_tensor(tg_unsqueeze(t, x, v)), NEVER)                                          \
    X(flip, of_tensor(tg_flip(t, x, v)), BUT_ALL)                                                  \
    X(roll_axis, of_tensor(tg_roll(t, x, 1, v)), BUT_ALL)                                          \
    X(repeat_axis, of_tensor(tg_repeat(t, x, 2, v)), BUT_ALL)                                      \
    X(slice_axis, of_tensor(tg_slice(t, x, v, 0, 1, 1)), NEVER)                                    \
    X(unslice_axis, of_tensor(tg_unslice(t, x, v, 0, 1, 4)), NEVER)                                \
    X(set_slice_axis, of_tensor(tg_set_slice(t, x, v, 0, 1, 1, tg_scalar(t, 0))), NEVER)           \
    X(diagonal_axis, of_tensor(tg_diagonal(t, x, 0, v, 1)), NEVER)                                 \
    X(undiagonal_axis, of_tensor(tg_undiagonal(t, index_of, 0, 0, v, 2, 2)), NEVER)                \
    X(trace_axis, of_tensor(tg_trace(t, x, 0, 0, v)), NEVER)                                       \
    X(topk_axis, of_tensor(tg_topk(t, x, 1, v, true, NULL)), BUT_ALL)                              \
    X(concat_axis, of_tensor(tg_concat(t, 2, xs, v)), NEVER)                                       \
    X(stack_axis, of_tensor(tg_stack(t, 2, xs, v)), NEVER)                                         \
    X(split_axis, of_status(tg_split(t, x, 2, NULL, v, results)), NEVER)                           \
    X(sum_axes, of_tensor(tg_sum_axes(t, x, 1, axis_of(v), false)), BUT_ALL)                       \
    X(permute_axes, of_tensor(tg_permute(t, x, 2, axis_of(v))), NEVER)                             \
    X(tensordot_axes, of_tensor(tg_tensordot(t, x, x, 1, axis_of(v), other_axes)), NEVER)          \
    X(axis_normalise_ndim, of_axis(0, v), MAYBE)                                                   \
    X(axis_normalise_both, of_axis(v, v), NEVER)                                                   \
    X(sum_n, of_tensor(tg_sum_axes(t, x, v, axes, false)), BUT_ALL)                                \
    X(mean_n, of_tensor(tg_mean_axes(t, x, v, axes, false)), BUT_ALL)                              \
    X(nansum_n, of_tensor(tg_nansum_axes(t, x, v, axes, false)), BUT_ALL)                          \
    X(nanmean_n, of_tensor(tg_nanmean_axes(t, x, v, axes, false)), BUT_ALL)                        \
    X(max_n, of_tensor(tg_max_axes(t, x, v, axes, false)), BUT_ALL)                                \
    X(min_n, of_tensor(tg_min_axes(t, x, v, axes, false)), BUT_ALL)                                \
    X(logsumexp_n, of_tensor(tg_logsumexp_axes(t, x, v, axes, false)), BUT_ALL)                    \
    X(prod_n, of_tensor(tg_prod_axes(t, x, v, axes, false)), BUT_ALL)                              \
    X(var_n, of_tensor(tg_var_axes(t, x, v, axes, 1, false)), BUT_ALL)                             \
    X(std_n, of_tensor(tg_std_axes(t, x, v, axes, 1, false)), BUT_ALL)                             \
    X(norm_n, of_tensor(tg_norm_axes(t, x, 2, v, axes, false)), BUT_ALL)                           \
    X(sum_to_n, of_tensor(tg_sum_to(t, x, v, ones)), NEVER)                                        \
    X(reshape_n, of_tensor(tg_reshape(t, x, v, ones)), NEVER)                                      \
    X(expand_n, of_tensor(tg_expand(t, x, v, ones)), NEVER)                                        \
    X(permute_n, of_tensor(tg_permute(t, x, v, axes)), NEVER)                                      \
    X(tile_n, of_tensor(tg_tile(t, x, v, ones)), NEVER)                                            \
    X(full_n, of_tensor(tg_full(t, TG_F32, v, ones, 0)), NEVER)                                    \
    X(zeros_n, of_tensor(tg_zeros(t, TG_F32, v, ones)), NEVER)                                     \
    X(ones_n, of_tensor(tg_ones(t, TG_F32, v, ones)), NEVER)                                       \
    X(uniform_n, of_tensor(tg_uniform(t, &rng, TG_F32, v, ones, 0, 1)), NEVER)                     \
    X(normal_n, of_tensor(tg_normal(t, &rng, TG_F32, v, ones, 0, 1)), NEVER)                       \
    X(randint_n, of_tensor(tg_randint(t, &rng, v, ones, 0, 9)), NEVER)                             \
    X(unfold_n, of_tensor(tg_unfold(t, image, v, ones, ones, zeros, ones)), NEVER)                 \
    X(fold_n, of_tensor(tg_fold(t, image, v, ones, ones, ones, zeros, ones)), NEVER)               \
    X(window_n, of_tensor(tg_window_max(t, image, v, ones, ones, zeros, ones)), NEVER)             \
    X(tensordot_n, of_tensor(tg_tensordot(t, x, x, v, axes, axes)), NEVER)                         \
    X(layer_norm_n, of_tensor(tg_layer_norm(t, x, v, NULL, NULL, 1e-5)), NEVER)                    \
    X(rms_norm_n, of_tensor(tg_rms_norm(t, x, v, NULL, 1e-5)), NEVER)                              \
    X(tensor_new_n, of_value(tg_tensor_new(TG_F32, v, ones, &err)), NEVER)                         \
    X(tensor_from_n, of_value(tg_tensor_from(TG_F32, v, ones, ones, &err)), NEVER)                 \
    X(tensor_view_n, of_value(tg_tensor_view(m, v, ones, ones, 0, &err)), NEVER)                   \
    X(broadcast_a, of_broadcast(v, 2), NEVER)                                                      \
    X(broadcast_b, of_broadcast(2, v), NEVER)                                                      \
    X(record_n, of_tensor(tg_record(t, tg_op_find("add"), xs, v, NULL)), NEVER)                    \
    X(apply_n, of_tensor(tg_apply(t, tg_op_find("concat"), xs, -1 - abs(v / 2), NULL)), NEVER)     \
    X(concat_n, of_tensor(tg_concat(t, -1 - abs(v / 2), xs, 0)), NEVER)                            \
    X(stack_n, of_tensor(tg_stack(t, -1 - abs(v / 2), xs, 0)), NEVER)                              \
    X(einsum_n, of_tensor(tg_einsum(t, "ij->i", v, xs)), NEVER)                                    \
    X(split_n, of_status(tg_split(t, x, -1 - abs(v / 2), NULL, 0, results)), NEVER)                \
    X(jvp_ny, of_jvp(-1 - abs(v / 2), 1), NEVER)                                                   \
    X(jvp_nx, of_jvp(1, -1 - abs(v / 2)), NEVER)                                                   \
    X(vjp_ny, of_vjp(-1 - abs(v / 2), 1), NEVER)                                                   \
    X(vjp_nx, of_vjp(1, -1 - abs(v / 2)), NEVER)                                                   \
    X(checkpoint_n, of_tensor(tg_checkpoint(t, nothing, NULL, -1 - abs(v / 2), xs, NULL)), NEVER)  \
    X(compile_n, of_bool(tg_compile(t, -1 - abs(v / 2), xs, &err)), NEVER)                         \
    X(op_at, of_bool(tg_op_at(v)), NEVER)                                                          \
    X(dict_key, of_bool(tg_dict_key(NULL, v)), NEVER)                                              \
    X(graph_n, of_bool(tg_graph_load("/", v, NULL, &err)), NEVER)                                  \
    X(threads, of_threads(v), MAYBE)                                                               \
    X(figure_rows, of_figure(v, 1), NEVER)                                                         \
    X(figure_cols, of_figure(v, v), NEVER)                                                         \
    X(figure_row, of_panel(v, 0), NEVER)                                                           \
    X(figure_col, of_panel(1, v), NEVER)                                                           \
    X(figure_width, of_size(v, 100), NEVER)                                                        \
    X(figure_height, of_size(v, v), NEVER)                                                         \
    X(measure, of_measure(-1 - abs(v / 2)), NEVER)                                                 \
    X(axis_normalise, of_axis(v, 2), NEVER)                                                        \
    X(axis_normalise_long, of_axis((int64_t)v * INT_MAX, 2), NEVER)
/* clang-format on */

CALLS(CALL)
static const absurd_call calls[] = {CALLS(ROW)};

static const int64_t ints[] = {INT_MIN, INT_MIN + 1, INT_MIN + 2, -1 - INT_MAX / 2,
                               -1000,   1000000000,  INT_MAX - 1, INT_MAX};

START_TEST(calls_with_absurd_values)
{
    for (int k = 0; k < COUNT(ints); k++) try_call(&calls[_i], ints[k]);
}
END_TEST

SUITE("absurd_counts", .timeout = 60, .tests = {{calls_with_absurd_values, COUNT(calls)}})
