/* test_absurd_sizes.c - sizes, steps, offsets and positions next to the ends of int64_t. */
#include "tapegrad/conv.h"
#include "tapegrad/data.h"
#include "tapegrad/history.h"
#include "tapegrad/init.h"
#include "tapegrad/normalise.h"
#include "tapegrad/plot.h"
#include "tapegrad/progress.h"
#include "tapegrad/schedule.h"
#include "tapegrad/search.h"
#include "tapegrad/train.h"
#include "tests/support/absurd.h"

#define VALUE int64_t

static const int64_t *sized(int64_t v)
{
    sizes[1] = v;
    return sizes;
}

static tg_tensor *windowed(int64_t kernel, int64_t stride, int64_t padding, int64_t dilation)
{
    const int64_t k[] = {1, kernel}, s[] = {1, stride}, p[] = {0, padding}, d[] = {1, dilation};
    (void)tg_window_max(t, image, 2, k, s, p, d);
    tg_tape_reset(t);
    return tg_unfold(t, image, 2, k, s, p, d);
}

static tg_tensor *folded(int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation)
{
    const int64_t n[] = {4, size}, k[] = {1, kernel}, s[] = {1, stride}, p[] = {0, padding};
    const int64_t d[] = {1, dilation};
    return tg_fold(t, tensor_of(t, "f32[1,1,16]"), 2, n, k, s, p, d);
}

static tg_tensor *convolved(int64_t stride, int64_t padding, int64_t dilation, int64_t more,
                            int64_t groups)
{
    tg_conv_options o = tg_conv_defaults();
    tg_tensor *const w = tensor_of(t, "f32[2,2,2,2]");
    o.stride[0] = stride, o.padding[0] = padding, o.dilation[0] = dilation, o.groups = groups;
    tg_tensor *const y = tg_conv2d(t, image, w, NULL, &o);
    if (y) read_all(y);
    tg_tape_reset(t);
    o.output_padding[0] = more;
    return tg_conv_transpose2d(t, image, w, NULL, &o);
}

static tg_tensor *pooled(int64_t kernel, int64_t stride, int64_t padding, int64_t dilation)
{
    tg_pool_options o = tg_pool_defaults(2);
    o.kernel[0] = kernel, o.stride[0] = stride, o.padding[0] = padding, o.dilation[0] = dilation;
    (void)tg_avg_pool2d(t, image, &o);
    tg_tape_reset(t);
    return tg_max_pool2d(t, image, &o);
}

static outcome of_batches(int64_t n, int64_t batch, int64_t epoch, int64_t position)
{
    tg_batches_options o = tg_batches_defaults();
    o.batch = batch;
    tg_batches *b = tg_batches_new(n, o, rng, &err);
    const outcome o1 = of_bool(b);
    if (!b) return o1;
    tg_batches_state state = tg_batches_get_state(b);
    state.epoch = epoch, state.position = position;
    const outcome o2 = of_status(tg_batches_set_state(b, state, &err));
    tg_batches_free(b);
    return o2;
}

static tg_status one_trial(const tg_trial *trial, double *score, void *user, tg_error *e)
{
    (void)trial, (void)user, (void)e;
    score[0] = 0;
    return TG_OK;
}

static tg_search *search_of(int n_results, int64_t budget)
{
    static const tg_range range = {.name = "lr", .kind = TG_RANGE_LINEAR, .lo = 0, .hi = 1};
    tg_search_options o = tg_search_defaults();
    o.ranges = &range, o.n_ranges = 1, o.trial = one_trial, o.n_results = n_results;
    o.budget = budget;
    return tg_search_new(&o, &err);
}

static outcome of_random(int64_t trials)
{
    tg_search *s = search_of(1, 1);
    const outcome o = of_status(tg_search_random(s, trials, &err));
    tg_search_free(s);
    return o;
}

static outcome of_halving(int64_t trials, int64_t eta, int64_t budget, int64_t most)
{
    tg_search *s = search_of(1, budget);
    const outcome o = s ? of_status(tg_search_halving(s, trials, eta, most, &err)) : REFUSED;
    tg_search_free(s);
    return o;
}

static outcome of_bayes(int64_t trials)
{
    tg_search *s = search_of(1, 1);
    const outcome o = of_status(tg_search_bayes(s, trials, NULL, &err));
    tg_search_free(s);
    return o;
}

/* Of a search of three trials. */
static outcome of_finished(int64_t number, int64_t best)
{
    tg_search *s = search_of(1, 1);
    tg_trial trial;
    tg_range range;
    ck_assert_int_eq(tg_search_random(s, 3, &err), TG_OK);
    const bool got = tg_search_get(s, number, &trial) == TG_OK;
    const bool ranked = tg_search_ranked(s, number, &trial) == TG_OK;
    const tg_status status = tg_search_narrow(s, best, 0.1, &range, &err);
    tg_search_free(s);
    return of_bool(got || ranked || !status);
}

static tg_dataset data_of(void)
{
    return (tg_dataset){tensor_of(t, "u8[3,2]"), tensor_of(t, "i32[3]: 0 1 0"), 3, 2};
}

static outcome of_head(int64_t n)
{
    const tg_dataset d = data_of();
    tg_dataset a;
    const outcome o = of_status(tg_dataset_head(&d, n, &a, &err));
    return o;
}

static outcome of_split(int64_t n)
{
    const tg_dataset d = data_of();
    tg_dataset a, b;
    const outcome o = of_status(tg_dataset_split(&d, n, &rng, &a, &b, &err));
    if (o == TAKEN) tg_dataset_free(&a), tg_dataset_free(&b);
    return o;
}

static outcome of_bins(size_t bins, size_t levels)
{
    static const double v[4] = {0, 1, 2, 3};
    tg_figure *f = tg_figure_new(1, 1);
    tg_axes *ax = tg_figure_axes(f, 0, 0);
    const tg_status status = bins ? tg_axes_hist(ax, NULL, 4, v, bins, 0, 1, NULL)
                                  : tg_axes_contour(ax, 2, 2, v, v, v, levels, NULL, NULL);
    const outcome o = of_bool(status == TG_OK);
    tg_figure_free(f);
    return o;
}

static outcome of_schedule(int64_t length, int64_t warmup, int64_t i)
{
    tg_schedule s[] = {tg_schedule_step(0.5, length), tg_schedule_exponential(0.5, length),
                       tg_schedule_inverse(0.5), tg_schedule_cosine(0.5, length)};
    bool fine = true;
    for (int k = 0; k < 4; k++) {
        s[k].warmup = warmup;
        fine = fine && isfinite(tg_schedule_factor(s[k], i));
    }
    return of_bool(fine);
}

static outcome of_progress(int64_t total, int64_t done)
{
    FILE *f = tmpfile();
    tg_progress p = tg_progress_start(f, "absurd", total);
    tg_progress_update(&p, done, NULL);
    (void)fclose(f);
    return TAKEN;
}

static outcome of_shuffle(int64_t n)
{
    int32_t index[2] = {4, 5};
    tg_rng_shuffle(&rng, n, index);
    ck_assert(index[0] == 4 && index[1] == 5);
    return TAKEN;
}

static outcome of_history(int64_t step)
{
    tg_history *h = tg_history_new();
    const outcome o = of_status(tg_history_add(h, "s", "m", step, 1));
    tg_history_free(h);
    return o;
}

static tg_model *mlp_of(int n_sizes, int64_t hidden)
{
    const int64_t widths[] = {2, hidden, 2};
    tg_mlp_options o = tg_mlp_defaults();
    o.n_sizes = n_sizes, o.sizes = widths;
    return tg_mlp_new(&o, &rng, &err);
}

static outcome of_mlp(int n_sizes, int64_t hidden)
{
    tg_model *model = mlp_of(n_sizes, hidden);
    if (!model) ck_assert(err.status && *err.text);
    tg_mlp_free(model);
    return of_bool(model);
}

static outcome of_accuracy(int64_t rows)
{
    tg_model *model = mlp_of(3, 4);
    double out = 0;
    const tg_dataset d = data_of();
    const outcome o = of_status(tg_accuracy(model, &d, rows, &out, &err));
    tg_mlp_free(model);
    return o;
}

static outcome of_view(int64_t size, int64_t stride, int64_t offset)
{
    const int64_t shape[] = {2, size}, strides[] = {1, stride};
    return of_value(tg_tensor_view(m, 2, shape, strides, offset, &err));
}

/* ---- the table ------------------------------------------------------------------------------ */

/* clang-format off */
#define CALLS(X)                                                                                   \
    X(slice_start, of_tensor(tg_slice(t, x, 1, v, TG_END, 1)), MAYBE)                              \
    X(slice_stop, of_tensor(tg_slice(t, x, 1, 0, v, 1)), MAYBE)                                    \
    X(slice_step, of_tensor(tg_slice(t, x, 1, 2, v, v)), MAYBE)                                    \
    X(slice_all, of_tensor(tg_slice(t, x, 1, v, v, v)), MAYBE)                                     \
    X(unslice_start, of_tensor(tg_unslice(t, x, 1, v, 1, 9)), NEVER)                               \
    X(unslice_step, of_tensor(tg_unslice(t, x, 1, 0, v, 9)), NEVER)                                \
    X(unslice_size, of_tensor(tg_unslice(t, x, 1, 0, 1, v)), NEVER)                                \
    X(unslice_all, of_tensor(tg_unslice(t, x, 1, v, v, v)), NEVER)                                 \
    X(set_slice, of_tensor(tg_set_slice(t, x, 1, v, v, v, tg_scalar(t, 0))), MAYBE)                \
    X(segment_sum_size, of_tensor(tg_segment_sum(t, x, index_of, 0, v)), NEVER)                    \
    X(scatter_along_size, of_tensor(tg_scatter_along_axis(t, index_of, index_of, 0, v)), NEVER)    \
    X(unpick, of_tensor(tg_unpick(t, tensor_of(t, "f32[2]"), index_of, v)), NEVER)                 \
    X(one_hot, of_tensor(tg_one_hot(t, index_of, v, TG_F32)), NEVER)                               \
    X(kernel, of_tensor(windowed(v, 1, 0, 1)), NEVER)                                              \
    X(stride, of_tensor(windowed(2, v, 0, 1)), NEVER)                                              \
    X(padding, of_tensor(windowed(2, 1, v, 1)), NEVER)                                             \
    X(dilation, of_tensor(windowed(2, 1, 0, v)), NEVER)                                            \
    X(window_all, of_tensor(windowed(v, v, v, v)), NEVER)                                          \
    X(fold_size, of_tensor(folded(v, 1, 1, 0, 1)), NEVER)                                          \
    X(fold_kernel, of_tensor(folded(4, v, 1, 0, 1)), NEVER)                                        \
    X(fold_stride, of_tensor(folded(4, 2, v, 0, 1)), NEVER)                                        \
    X(fold_padding, of_tensor(folded(4, 1, 1, v, 1)), NEVER)                                       \
    X(fold_all, of_tensor(folded(v, v, v, v, v)), NEVER)                                           \
    X(conv_stride, of_tensor(convolved(v, 0, 1, 0, 1)), NEVER)                                     \
    X(conv_padding, of_tensor(convolved(1, v, 1, 0, 1)), NEVER)                                    \
    X(conv_dilation, of_tensor(convolved(1, 0, v, 0, 1)), NEVER)                                   \
    X(conv_more, of_tensor(convolved(1, 0, 1, v, 1)), NEVER)                                       \
    X(conv_groups, of_tensor(convolved(1, 0, 1, 0, v)), NEVER)                                     \
    X(conv_all, of_tensor(convolved(v, v, v, v, v)), NEVER)                                        \
    X(pool_kernel, of_tensor(pooled(v, 1, 0, 1)), NEVER)                                           \
    X(pool_stride, of_tensor(pooled(2, v, 0, 1)), NEVER)                                           \
    X(pool_padding, of_tensor(pooled(2, 1, v, 1)), NEVER)                                          \
    X(pool_dilation, of_tensor(pooled(2, 1, 0, v)), NEVER)                                         \
    X(adaptive_avg, of_tensor(tg_adaptive_avg_pool2d(t, image, v, 1)), NEVER)                      \
    X(adaptive_max, of_tensor(tg_adaptive_max_pool2d(t, image, v, v)), NEVER)                      \
    X(nearest, of_tensor(tg_upsample_nearest2d(t, image, v, v)), NEVER)                            \
    X(bilinear, of_tensor(tg_upsample_bilinear2d(t, image, 2, v, true)), NEVER)                    \
    X(full, of_tensor(tg_full(t, TG_F32, 2, sized(v), 0)), NEVER)                                  \
    X(reshape, of_tensor(tg_reshape(t, x, 2, sized(v))), NEVER)                                    \
    X(expand, of_tensor(tg_expand(t, tensor_of(t, "f32[1,1]"), 2, sized(v))), MAYBE)               \
    X(sum_to, of_tensor(tg_sum_to(t, x, 2, sized(v))), NEVER)                                      \
    X(uniform, of_tensor(tg_uniform(t, &rng, TG_F64, 2, sized(v), 0, 1)), NEVER)                   \
    X(permutation, of_tensor(tg_permutation(t, &rng, v)), NEVER)                                   \
    X(randint_low, of_tensor(tg_randint(t, &rng, 1, ones, v, 5)), MAYBE)                           \
    X(randint_high, of_tensor(tg_randint(t, &rng, 1, ones, 5, v)), NEVER)                          \
    X(randint_both, of_tensor(tg_randint(t, &rng, 1, ones, v, v / 2)), MAYBE)                      \
    X(zeros, of_tensor(tg_zeros(t, TG_F64, 2, sized(v))), NEVER)                                   \
    X(ones, of_tensor(tg_ones(t, TG_U8, 2, sized(v))), NEVER)                                      \
    X(arange, of_tensor(tg_arange(t, v)), NEVER)                                                   \
    X(linspace, of_tensor(tg_linspace(t, TG_F64, 0, 1, v)), NEVER)                                 \
    X(roll, of_tensor(tg_roll(t, x, v, 1)), MAYBE)                                                 \
    X(tile, of_tensor(tg_tile(t, x, 2, sized(v))), NEVER)                                          \
    X(repeat, of_tensor(tg_repeat(t, x, v, 1)), NEVER)                                             \
    X(pad_constant, of_tensor(tg_pad(t, m, sized(v), TG_PAD_CONSTANT, 0)), NEVER)                  \
    X(pad_reflect, of_tensor(tg_pad(t, m, sized(v), TG_PAD_REFLECT, 0)), NEVER)                    \
    X(diagonal, of_tensor(tg_diagonal(t, x, v, 0, 1)), MAYBE)                                      \
    X(undiagonal, of_tensor(tg_undiagonal(t, index_of, v, 0, 1, 2, 2)), MAYBE)                     \
    X(undiagonal_size, of_tensor(tg_undiagonal(t, index_of, 0, 0, 1, v, v)), NEVER)                \
    X(tril, of_tensor(tg_tril(t, x, v)), MAYBE)                                                    \
    X(triu, of_tensor(tg_triu(t, x, v)), MAYBE)                                                    \
    X(trace, of_tensor(tg_trace(t, x, v, 0, 1)), MAYBE)                                            \
    X(eye_rows, of_tensor(tg_eye(t, TG_F32, v, 2, 0)), NEVER)                                      \
    X(eye_columns, of_tensor(tg_eye(t, TG_F32, 2, v, 0)), NEVER)                                   \
    X(eye_offset, of_tensor(tg_eye(t, TG_F32, 2, 2, v)), MAYBE)                                    \
    X(topk, of_tensor(tg_topk(t, x, v, 1, true, NULL)), NEVER)                                     \
    X(group_norm, of_tensor(tg_group_norm(t, image, v, NULL, NULL, 1e-5)), NEVER)                  \
    X(split_size, of_status(tg_split(t, x, 2, sized(v), 1, results)), NEVER)                       \
    X(tensor_new, of_value(tg_tensor_new(TG_F64, 2, sized(v), &err)), NEVER)                       \
    X(view_size, of_view(v, 1, 0), NEVER)                                                          \
    X(view_stride, of_view(2, v, 0), NEVER)                                                        \
    X(view_offset, of_view(2, 1, v), NEVER)                                                        \
    X(view_all, of_view(v, v, v), NEVER)                                                           \
    X(view_back, of_view(2, v, v == INT64_MIN ? 0 : -v), NEVER)                                    \
    X(tensor_set, of_status(tg_tensor_set(x, v, 1, &err)), NEVER)                                  \
    X(tensor_get, of_bool(!isnan(tg_tensor_get(x, v))), NEVER)                                     \
    X(tape_alloc, of_bool(tg_tape_alloc(t, (size_t)v)), NEVER)                                     \
    X(rng_shuffle, v < 2 ? of_shuffle(v) : TAKEN, MAYBE)                                           \
    X(init_std, of_bool(tg_init_std(tg_init_glorot(), v, v) > 0), MAYBE)                           \
    X(batches_n, of_batches(v, 1, 0, 0), NEVER)                                                    \
    X(batches_batch, of_batches(3, v, 0, 0), NEVER)                                                \
    X(batches_epoch, of_batches(3, 1, v, 0), MAYBE)                                                \
    X(batches_position, of_batches(3, 1, 0, v), NEVER)                                             \
    X(digits, of_status(tg_digits_load(1, v, 0, &(tg_dataset){0}, &(tg_dataset){0}, &err)), NEVER) \
    X(head, of_head(v), NEVER)                                                                     \
    X(dataset_split, of_split(v), NEVER)                                                           \
    X(accuracy, of_accuracy(v), MAYBE)                                                             \
    X(mlp, of_mlp(3, v), NEVER)                                                                    \
    X(history, of_history(v), MAYBE)                                                               \
    X(schedule_length, of_schedule(v, 0, 5), MAYBE)                                                \
    X(schedule_warmup, of_schedule(9, v, 5), MAYBE)                                                \
    X(schedule_step, of_schedule(9, 3, v), MAYBE)                                                  \
    X(schedule_all, of_schedule(v, v, v), MAYBE)                                                   \
    X(progress_total, of_progress(v, 5), MAYBE)                                                    \
    X(progress_done, of_progress(5, v), MAYBE)                                                     \
    X(progress_both, of_progress(v, v), MAYBE)                                                     \
    X(random_trials, of_random(v), NEVER)                                                          \
    X(bayes_trials, of_bayes(v), NEVER)                                                            \
    X(halving_trials, of_halving(v, 2, 1, INT64_MAX), NEVER)                                       \
    X(halving_eta, of_halving(4, v, 1, 8), NEVER)                                                  \
    X(halving_most, of_halving(4, 2, 1, v), MAYBE)                                                 \
    X(halving_budget, of_halving(4, 2, v, INT64_MAX), MAYBE)                                       \
    X(search_number, of_finished(v, 0), NEVER)                                                     \
    X(search_best, of_finished(-1, v), NEVER)                                                      \
    X(bins, of_bins((size_t)v, 0), NEVER)                                                          \
    X(levels, of_bins(0, (size_t)v), MAYBE)                                                        \
    X(mlp_n, of_mlp((int)(v | INT_MIN), 4), NEVER)
/* clang-format on */

CALLS(CALL)
static const absurd_call calls[] = {CALLS(ROW)};

/* No sizes between 2^31 and 2^48, whose result would depend on the memory. */
static const int64_t longs[] = {INT64_MIN,
                                INT64_MIN + 1,
                                -INT64_MAX / 2,
                                -((int64_t)1 << 33),
                                INT_MIN,
                                -1000,
                                ((int64_t)1 << 48) + 1,
                                INT64_MAX / 4 + 1,
                                INT64_MAX / 2,
                                INT64_MAX / 2 + 1,
                                INT64_MAX - 1,
                                INT64_MAX};

START_TEST(calls_with_absurd_values)
{
    for (int k = 0; k < COUNT(longs); k++) try_call(&calls[_i], longs[k]);
}
END_TEST

SUITE("absurd_sizes", .timeout = 60, .tests = {{calls_with_absurd_values, COUNT(calls)}})
