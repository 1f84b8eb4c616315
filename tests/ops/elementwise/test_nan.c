/* test_nan.c - what ops.h says of NaN, Inf and extreme values: NaN through every operation of the
 * registry, the rules for single operations, and functions that must not overflow at 1e4. */
#include "src/op_sample.h"
#include "tapegrad/losses.h"
#include "tapegrad/nn.h"
#include "tests/support/tape.h"

/* ---- the rule: NaN in an element goes to every element that depends on it ------------------- */

/* The result of the sample with v in element i of its k-th float operand. */
static const tg_tensor *result_with(tgi_sample *s, int k, int64_t i, double v)
{
    tg_tensor *x = tg_dict_at(s->floats, k);
    const double held = tg_tensor_get(x, i);
    (void)tg_tensor_set(x, i, v, NULL);
    const tg_tensor *y = tgi_sample_apply(t, s->floats, s);
    (void)tg_tensor_set(x, i, held, NULL);
    return y;
}

START_TEST(nan_goes_where_its_element_goes)
{
    const tg_op *op = tg_op_at(_i);
    const bool leaves_it_out = strncmp(op->name, "nan", 3) == 0;
    const bool skipped = leaves_it_out || op->flags & (TG_OP_RANDOM | TG_OP_WRITES);
    for (int i = 0; !skipped && (op->samples[i].inputs || op->samples[i].attrs); i++) {
        tgi_sample s;
        tg_error err = TG_ERROR_INIT;
        ck_assert_int_eq(tgi_sample_make(&s, op, i, TG_F64, false, 1, &err), TG_OK);
        for (int k = 0; k < tg_dict_size(s.floats); k++)
            for (int64_t j = 0; j < tg_dict_at(s.floats, k)->size; j++, tg_tape_reset(t)) {
                const double v = tg_tensor_get(tg_dict_at(s.floats, k), j);
                const tg_tensor *y = result_with(&s, k, j, v), *z = result_with(&s, k, j, 1.01 * v);
                const tg_tensor *n = result_with(&s, k, j, NAN);
                ck_assert_msg(y, "%s: %s", op->name, tg_tape_message(t));
                if (!z || !n) continue; /* a refusal with a message is as good */
                for (int64_t e = 0; tg_dtype_is_float(y->dtype) && e < y->size; e++)
                    ck_assert_msg(read_at(y, e) == read_at(z, e) || isnan(read_at(n, e)),
                                  "%s, sample %d: element %lld is %g with NaN in x%d[%lld]",
                                  op->name, i, (long long)e, read_at(n, e), k, (long long)j);
            }
        tgi_sample_free(&s);
    }
}
END_TEST

/* ---- the promise of where: the side not chosen adds nothing to a gradient ------------------- */

/* z = where(false, op(x, ...), x): dz/dx is 1 and its derivative 0, whatever op gives. */
START_TEST(what_is_not_chosen_adds_nothing)
{
    static const double values[] = {-INFINITY, -1e300, -2, -1, -1e-310, -0.0,     0,
                                    1e-310,    0.5,    1,  2,  1e300,   INFINITY, NAN};
    const tg_op *op = tg_op_at(_i);
    if (op->infer != tg_infer_elementwise || !op->map[TG_F64] || !op->vjp) return;
    for (int k = 0; k < COUNT(values); k++) {
        const int64_t n = COUNT(values);
        tg_tensor *x = keep(tg_tensor_from(TG_F64, 1, &n, values, NULL));
        tg_tensor *other = tg_full(t, TG_F64, 1, &n, values[k]);
        tg_tensor *in[3] = {x, x, x}, *g, *h;
        for (int i = 0; i < op->max_inputs; i++) in[i] = i == k % op->max_inputs ? x : other;
        if (op->max_inputs == 3) in[0] = tg_isfinite(t, other);
        tg_tensor *y = tg_apply(t, op, in, op->max_inputs, NULL);
        tg_tensor *z = tg_where(t, tg_isnan(t, tg_ones_like(t, x)), y, x);
        ck_assert_msg(!tg_vjp(t, 1, &z, NULL, 1, &x, &g), "%s: %s", op->name, tg_tape_message(t));
        ck_assert_msg(!tg_vjp(t, 1, &g, NULL, 1, &x, &h), "%s: %s", op->name, tg_tape_message(t));
        for (int64_t i = 0; i < n; i++)
            ck_assert_msg(read_at(g, i) == 1 && read_at(h, i) == 0,
                          "%s at %g beside %g: derivatives %g, %g", op->name, values[i], values[k],
                          read_at(g, i), read_at(h, i));
        tg_tape_reset(t);
        free_leaves();
    }
}
END_TEST

/* ---- single lines --------------------------------------------------------------------------- */

static const op_row rows[] = {
    {"sum", "axis=1", {"f32[4,2]: nan 1 inf -inf inf 1 -inf 3"}, "f32[4]: nan nan inf -inf", TG_OK},
    {"max",
     "axis=1",
     {"f32[4,2]: nan inf inf nan -inf -inf -inf 1"},
     "f32[4]: nan nan -inf 1",
     TG_OK},
    {"logsumexp",
     "axis=1",
     {"f64[6,2]: nan 1 inf 1 -inf 1 -inf -inf inf -inf inf nan"},
     "f64[6]: nan inf 1 -inf inf nan",
     TG_OK},
    {"argmax", "axis=1", {"f32[3,3]: 1 nan inf nan 1 nan -inf -inf -inf"}, "i32[3]: 1 0 0", TG_OK},
    {"argsort", NULL, {"f32[5]: nan inf 1 -inf nan"}, "i32[5]: 3 2 1 0 4", TG_OK},
    {"argsort", "descending=true", {"f32[5]: nan inf 1 -inf nan"}, "i32[5]: 1 2 3 0 4", TG_OK},
    {"cumsum", "axis=0", {"f64[5]: 1 inf 2 -inf 3"}, "f64[5]: 1 inf inf nan nan", TG_OK},
    {"cumsum", "axis=0 reverse=true", {"f64[3]: 1 nan 2"}, "f64[3]: nan nan 2", TG_OK},
    {"cumprod", "axis=0", {"f64[4]: 2 inf 0 3"}, "f64[4]: 2 inf nan nan", TG_OK},
    {"matmul", NULL, {"f32[1,2]: 0 1", "f32[2,2]: inf nan 1 2"}, "f32[1,2]: nan nan", TG_OK},
    {"segment_sum", "size=2", {"f32[3]: nan 1 2", "i32[3]: 1 0 0"}, "f32[2]: 3 nan", TG_OK},
    {"cast",
     "dtype=i32",
     {"f64[5]: nan inf -inf 3e9 -3e9"},
     "i32[5]: 0 2147483647 -2147483648 2147483647 -2147483648",
     TG_OK},
    {"cast", "dtype=f32", {"f64[3]: 1e39 -1e39 nan"}, "f32[3]: inf -inf nan", TG_OK},
    {"pow", NULL, {"f64[4]: nan 1 nan 0", "f64[4]: 0 nan 1 -1"}, "f64[4]: 1 1 nan inf", TG_OK},
    {"fmod", NULL, {"f64[3]: inf 1 1", "f64[3]: 1 0 inf"}, "f64[3]: nan nan 1", TG_OK},
    {"atan2",
     NULL,
     {"f64[2]: 0 nan", "f64[2]: -0 1"},
     "f64[2]: 3.141592653589793 nan ~1e-15",
     TG_OK},
    {"logaddexp",
     NULL,
     {"f64[5]: inf -inf inf nan -inf", "f64[5]: inf -inf -inf 0 3"},
     "f64[5]: inf -inf inf nan 3",
     TG_OK},
};

START_TEST(single_rules) { run_row(&rows[_i]); }
END_TEST

#define C(name, call)                                                                              \
    static tg_tensor *name(tg_tensor *x) { return call; }
C(clamp, tg_clamp(t, x, -1, 2))
C(filled, tg_masked_fill(t, x, tg_isnan(t, x), 7))
C(norm1, tg_norm(t, x, 1, 1, false))
C(norm2, tg_norm(t, x, 2, 1, false))
C(norm_max, tg_norm(t, x, INFINITY, 1, false))
C(mean, tg_mean(t, x, 1, false))
C(nansum, tg_nansum(t, x, 1, false))
C(nanmean, tg_nanmean(t, x, 1, false))
C(min, tg_min(t, x, 1, false))
C(prod, tg_prod(t, x, 1, false))
C(var, tg_var(t, x, 1, 0, false))
C(argmin, tg_argmin(t, x, 1, false))
C(sorted, tg_sort(t, x, 1, true))
C(top, tg_topk(t, x, 2, 1, true, NULL))
C(bottom, tg_topk(t, x, 2, 1, false, NULL))
C(any, tg_any(t, x, 1, false))

#define ROWS "f32[3,3]: 1 nan -3 inf -inf 2 0 0 -inf"
static const struct {
    const char *name;
    tg_tensor *(*f)(tg_tensor *x);
    const char *want;
} calls[] = {
    {"clamp", clamp, "f32[3,3]: 1 nan -1 2 -1 2 0 0 -1"},
    {"masked_fill", filled, "f32[3,3]: 1 7 -3 inf -inf 2 0 0 -inf"},
    {"norm 1", norm1, "f32[3]: nan inf inf"},
    {"norm 2", norm2, "f32[3]: nan inf inf"},
    {"norm inf", norm_max, "f32[3]: nan inf inf"},
    {"mean", mean, "f32[3]: nan nan -inf"},
    {"min", min, "f32[3]: nan -inf -inf"},
    {"prod", prod, "f32[3]: nan -inf nan"},
    {"var", var, "f32[3]: nan nan nan"},
    {"argmin", argmin, "i32[3]: 1 1 2"},
    {"sort", sorted, "f32[3,3]: 1 -3 nan inf 2 -inf 0 0 -inf"},
    {"topk", top, "f32[3,2]: 1 -3 inf 2 0 0"},
    {"topk smallest", bottom, "f32[3,2]: -3 1 -inf 2 -inf 0"},
    {"any", any, "u8[3]: 1 1 1"},
};

START_TEST(compositions)
{
    assert_tensor(t, calls[_i].name, calls[_i].f(tensor_of(t, ROWS)), calls[_i].want, 0);
}
END_TEST

/* ---- extreme values: value and gradient, exact but for rounding ----------------------------- */

C(tanh_, tg_tanh(t, x))
C(sigmoid, tg_sigmoid(t, x))
C(softplus, tg_softplus(t, x))
C(log_sigmoid, tg_log_sigmoid(t, x))
C(logsumexp, tg_logsumexp(t, x, -1, false))
C(softmax, tg_softmax(t, x, -1))
C(log_softmax, tg_log_softmax(t, x, -1))
C(entropy, tg_cross_entropy(t, tg_reshape(t, x, DIMS(1, 3)), tensor_of(t, "i32[1]: 1"), NULL))
C(bce, tg_bce_with_logits(t, x, tg_zeros_like(t, x), TG_REDUCE_SUM))

/* At -1e4, 0, 1e4; dx is the gradient of the sum of the results. */
static const struct {
    const char *name;
    tg_tensor *(*f)(tg_tensor *x);
    double y[3], dx[3];
} extremes[] = {
    {"tanh", tanh_, {-1, 0, 1}, {0, 1, 0}},
    {"sigmoid", sigmoid, {0, 0.5, 1}, {0, 0.25, 0}},
    {"softplus", softplus, {0, 0.69314718055994531, 1e4}, {0, 0.5, 1}},
    {"log_sigmoid", log_sigmoid, {-1e4, -0.69314718055994531, 0}, {1, 0.5, 0}},
    {"logsumexp", logsumexp, {1e4}, {0, 0, 1}},
    {"softmax", softmax, {0, 0, 1}, {0, 0, 0}},
    {"log_softmax", log_softmax, {-2e4, -1e4, 0}, {1, 1, -2}},
    {"cross_entropy", entropy, {1e4}, {0, -1, 1}},
    {"bce_with_logits", bce, {1e4 + 0.69314718055994531}, {0, 0.5, 1}},
};

START_TEST(extreme_values)
{
    for (int d = TG_F32; d <= TG_F64; d++) {
        const double relative = d == TG_F32 ? 1e-6 : 1e-15;
        tg_tensor *x = tensor_of(t, d == TG_F32 ? "f32[3]: -1e4 0 1e4" : "f64[3]: -1e4 0 1e4"), *dx;
        tg_tensor *y = extremes[_i].f(x);
        assert_fine(t, extremes[_i].name);
        for (int64_t i = 0; i < y->size; i++)
            assert_close(extremes[_i].name, y->dtype, i, 0, read_at(y, i), extremes[_i].y[i],
                         relative, 1e-40);
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
        for (int64_t i = 0; i < 3; i++)
            assert_close(extremes[_i].name, x->dtype, i, 1, read_at(dx, i), extremes[_i].dx[i],
                         relative, 1e-40);
    }
}
END_TEST

C(sum, tg_sum(t, x, 1, false))
C(max, tg_max(t, x, 1, false))
C(std_, tg_std(t, x, 1, 0, false))
C(cumsum, tg_cumsum(t, x, 1, false, false))
C(cumprod, tg_cumprod(t, x, 1, true, false))
C(cumprod_of_others, tg_cumprod(t, x, 1, false, true))
C(linear_scan, tg_linear_scan(t, x, x, 1, false))
C(scan_back, tg_linear_scan(t, tg_sin(t, x), tg_exp(t, x), 1, true))

static const struct {
    const char *name;
    tg_tensor *(*f)(tg_tensor *x);
} reductions[] = {{"sum", sum},
                  {"mean", mean},
                  {"nansum", nansum},
                  {"nanmean", nanmean},
                  {"max", max},
                  {"min", min},
                  {"logsumexp", logsumexp},
                  {"norm 1", norm1},
                  {"norm 2", norm2},
                  {"norm inf", norm_max},
                  {"var", var},
                  {"std", std_},
                  {"prod", prod},
                  {"cumsum", cumsum},
                  {"cumprod", cumprod},
                  {"cumprod of others", cumprod_of_others},
                  {"linear_scan", linear_scan},
                  {"linear_scan, reverse", scan_back},
                  {"sort", sorted},
                  {"topk", top},
                  {"softmax", softmax},
                  {"log_softmax", log_softmax}};

/* Rows 1 to 6 are not chosen. No gradient up to the second order contains anything of them. */
START_TEST(rows_not_chosen_add_nothing)
{
    tg_tensor *x = tensor_of(t, "f64[7,3]: 1 2 0.5  nan 1 2  1 nan 0  inf -inf 1  -inf -inf -inf  "
                                "0 0 0  1e200 1e-200 nan");
    tg_tensor *y = reductions[_i].f(x), *g, *h;
    assert_fine(t, reductions[_i].name);
    tg_tensor *row = tg_reshape(t, tg_arange(t, 7), y->ndim, (int64_t[]){7, 1});
    tg_tensor *first = tg_equal(t, row, tg_scalar(t, 0));
    tg_tensor *z = tg_where(t, first, tg_square(t, y), tg_scalar(t, 1));
    ck_assert_int_eq(tg_vjp(t, 1, &z, NULL, 1, &x, &g), TG_OK);
    tg_tensor *cubes = tg_mul(t, g, tg_square(t, g));
    ck_assert_int_eq(tg_vjp(t, 1, &cubes, NULL, 1, &x, &h), TG_OK);
    for (int64_t i = 0; i < x->size; i++)
        ck_assert_msg(i < 3 ? isfinite(read_at(g, i)) && isfinite(read_at(h, i))
                            : read_at(g, i) == 0 && read_at(h, i) == 0,
                      "%s: element %lld: derivatives %g, %g", reductions[_i].name, (long long)i,
                      read_at(g, i), read_at(h, i));
}
END_TEST

/* The gradient of relu is 0 at NaN. That of clamp passes there, as it does between the bounds. */
START_TEST(gradients_at_nan)
{
    tg_tensor *x = tensor_of(t, "f32[3]: nan 1 -5"), *dx, *y = tg_relu(t, x);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "relu", dx, "f32[3]: 0 1 0", 0);
    y = clamp(x);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, "clamp", dx, "f32[3]: 1 1 0", 0);
}
END_TEST

SUITE("nan", .with = {TAPE},
      .tests = {
          {what_is_not_chosen_adds_nothing, tg_op_count()},
          {nan_goes_where_its_element_goes, tg_op_count()},
          {single_rules, COUNT(rows)},
          {compositions, COUNT(calls)},
          {extreme_values, COUNT(extremes)},
          {rows_not_chosen_add_nothing, COUNT(reductions)},
          {gradients_at_nan},
      })
