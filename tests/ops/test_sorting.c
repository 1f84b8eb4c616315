/* test_sorting.c - order along an axis, nonzero elements of a mask, and statistics over axes. */
#include "tests/support/composed.h"

static const double inf = INFINITY;

/* ---- argsort against its definition --------------------------------------------------------- */

static const struct {
    int ndim;
    int64_t shape[3];
    int axis;
} cases[] = {{1, {1}, 0},       {1, {37}, 0},      {2, {3, 8}, 1}, {2, {9, 4}, -2},
             {3, {2, 7, 3}, 1}, {3, {2, 0, 3}, 1}, {2, {0, 3}, 1}, {3, {1, 2, 33}, -1}};

/* Few different values, so that ties are common, and NaN if the dtype has it. */
static tg_tensor *crowded(tg_dtype dtype, int ndim, const int64_t *shape, int layout)
{
    tg_tensor *x = random_leaf(dtype, ndim, shape, 0, 5, 3);
    for (int64_t i = 0; i < x->size; i++) {
        const double v = floor(read_at(x, i));
        write_at(x, i, v == 4 && tg_dtype_is_float(dtype) ? (double)NAN : v);
    }
    return laid_out(x, layout);
}

/* a stands before b in a stable order with NaN at the end. */
static bool in_order(double a, double b, int64_t i, int64_t j, bool descending)
{
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b) ? i < j : isnan(b);
    return a == b ? i < j : descending ? a > b : a < b;
}

START_TEST(argsort)
{
    tg_tape *t = tg_tape_new();
    for (int how = 0; how < 2 * LAYOUTS * TG_DTYPE_COUNT; how++, tg_tape_reset(t)) {
        const bool descending = how & 1;
        tg_tensor *x = crowded((tg_dtype)(how / 2 % TG_DTYPE_COUNT), cases[_i].ndim,
                               cases[_i].shape, how / 2 / TG_DTYPE_COUNT);
        const tg_tensor *y = tg_argsort(t, x, cases[_i].axis, descending);
        assert_fine(t, "argsort");
        ck_assert(y->dtype == TG_I32 && tg_tensor_same_shape(x, y));
        const int axis = (cases[_i].axis + x->ndim) % x->ndim;
        const int64_t inner = y->strides[axis], n = y->shape[axis];
        for (int64_t i = 0; i < y->size; i++) {
            if (i / inner % n == 0) continue;
            const int64_t a = (int64_t)read_at(y, i - inner), b = (int64_t)read_at(y, i),
                          start = i - i / inner % n * inner;
            ck_assert(a >= 0 && a < n && b >= 0 && b < n);
            ck_assert(in_order(read_at(x, start + a * inner), read_at(x, start + b * inner), a, b,
                               descending));
        }
    }
    tg_tape_free(t);
    free_leaves();
}
END_TEST

/* ---- tables --------------------------------------------------------------------------------- */

static tg_tensor *topk_places(tg_tape *t, tg_tensor *x)
{
    tg_tensor *places;
    const tg_tensor *y = tg_topk(t, x, 2, 0, true, &places);
    ck_assert(!y == !places);
    return places;
}

COMPOSED(sort, tg_sort(t, x, -1, false))
COMPOSED(sort_down, tg_sort(t, x, 0, true))
COMPOSED(sort_all, tg_sort(t, x, TG_ALL, false))
COMPOSED(argsort_all, tg_argsort(t, x, TG_ALL, false))
COMPOSED(top, tg_topk(t, x, 2, -1, true, NULL))
COMPOSED(bottom, tg_topk(t, x, 1, 0, false, NULL))
COMPOSED(top_all, tg_topk(t, x, 3, TG_ALL, true, NULL))
COMPOSED(top_none, tg_topk(t, x, 0, 0, true, NULL))
COMPOSED(too_many, tg_topk(t, x, 4, 0, false, NULL))
COMPOSED(along, tg_take_along_axis(t, x, tensor_of(t, "i32[2,1]: -1 0"), 1))
COMPOSED(along_twice, tg_take_along_axis(t, x, tensor_of(t, "i32[3,2]: 1 0 1 1 -2 0"), 0))
COMPOSED(scatter_along, tg_scatter_along_axis(t, x, tensor_of(t, "i32[1,3]: 1 0 1"), 1, 2))
COMPOSED(nonzero, tg_nonzero(t, x))
COMPOSED(selected, tg_masked_select(t, x, tensor_of(t, "u8[2,2]: 0 1 1 0")))
COMPOSED(min, tg_min(t, x, 1, false))
COMPOSED(min_all, tg_min(t, x, TG_ALL, true))
COMPOSED(min_two, tg_min_axes(t, x, 2, (int[]){-1, 0}, false))
COMPOSED(argmin, tg_argmin(t, x, -1, false))
COMPOSED(argmin_all, tg_argmin(t, x, TG_ALL, false))
COMPOSED(any, tg_any(t, x, 1, false))
COMPOSED(any_all, tg_any(t, x, TG_ALL, true))
COMPOSED(all, tg_all(t, x, 1, false))
COMPOSED(all_all, tg_all(t, x, TG_ALL, false))
COMPOSED(var, tg_var(t, x, -1, 0, false))
COMPOSED(var_sample, tg_var(t, x, TG_ALL, 1, true))
COMPOSED(var_two, tg_var_axes(t, x, 2, (int[]){0, 2}, 0, false))
COMPOSED(std_sample, tg_std(t, x, 0, 1, false))
COMPOSED(norm1, tg_norm(t, x, 1, -1, false))
COMPOSED(norm2, tg_norm(t, x, 2, 1, true))
COMPOSED(norm2_all, tg_norm_axes(t, x, 2, 2, (int[]){0, 1}, false))
COMPOSED(norm_inf, tg_norm(t, x, inf, 1, false))
COMPOSED(norm3, tg_norm(t, x, 3, 0, false))

static const composed_row rows[] = {
    {"sort", sort, "f32[2,3]: 3 1 2 nan -1 inf", "f32[2,3]: 1 2 3 -1 inf nan", TG_OK},
    {"sort", sort_down, "i32[3,1]: 1 3 2", "i32[3,1]: 3 2 1", TG_OK},
    {"sort", sort_all, "u8[2,2]: 255 0 7 1", "u8[4]: 0 1 7 255", TG_OK},
    {"sort", sort_all, "f64[]: 2", "f64[1]: 2", TG_OK},
    {"sort", sort, "f32[]", "sort: argsort: axis -1 is out of range for 0 dimensions", TG_EAXIS},
    {"argsort", argsort_all, "f32[2,2]: 5 nan 1 5", "i32[4]: 2 0 3 1", TG_OK},
    {"topk", top, "f32[2,3]: 3 1 2 4 6 5", "f32[2,2]: 3 2 6 5", TG_OK},
    {"topk", bottom, "f64[3,2]: 3 1 2 4 6 5", "f64[1,2]: 2 1", TG_OK},
    {"topk", topk_places, "f32[3]: 3 1 3", "i32[2]: 0 2", TG_OK},
    {"topk", top_all, "f32[2,2]", "f32[3]: 3 2 1", TG_OK},
    {"topk", top_none, "u8[2,2]", "u8[0,2]", TG_OK},
    {"topk", too_many, "f32[3]", "topk: axis 0 of f32[3] does not have 4 elements", TG_EARG},
    {"take_along_axis", along, "f32[2,3]", "f32[2,1]: 2 3", TG_OK},
    {"take_along_axis", along_twice, "i32[2,2]", "i32[3,2]: 2 1 2 3 0 1", TG_OK},
    {"take_along_axis", along, "f32[3,3]",
     "take_along_axis: the index i32[2,1] does not fit f32[3,3] along axis 1", TG_ESHAPE},
    {"take_along_axis", along, "f32[2,0]",
     "take_along_axis: index -1 (element 0) is out of range for 0", TG_EINDEX},
    {"scatter_along_axis", scatter_along, "f32[1,3]: 1 2 4", "f32[1,2]: 2 5", TG_OK},
    {"scatter_along_axis", scatter_along, "i32[1,3]",
     "scatter_along_axis: i32[1,3] is not a float tensor (use tg_cast)", TG_EDTYPE},
    {"scatter_along_axis", scatter_along, "f32[1,2]",
     "scatter_along_axis: the index i32[1,3] does not fit f32[1,2] along axis 1", TG_ESHAPE},
    {"nonzero", nonzero, "u8[2,3]: 0 1 0 2 0 255", "i32[3]: 1 3 5", TG_OK},
    {"nonzero", nonzero, "u8[2]: 0 0", "i32[0]", TG_OK},
    {"nonzero", nonzero, "u8[]: 1", "i32[1]: 0", TG_OK},
    {"nonzero", nonzero, "f32[2]", "nonzero: f32[2] is not a u8 mask", TG_EDTYPE},
    {"masked_select", selected, "f32[2,2]", "f32[2]: 1 2", TG_OK},
    {"masked_select", selected, "f32[4]",
     "masked_select: the shapes of f32[4] and the mask u8[2,2] differ", TG_ESHAPE},
    {"min", min, "f32[2,3]: 3 1 2 nan 5 6", "f32[2]: 1 nan", TG_OK},
    {"min", min_all, "i32[1,2]: 2147483647 -2147483648", "i32[1,1]: -2147483648", TG_OK},
    {"min", min_two, "f64[2,2,2]: 8 7 6 5 1 2 3 4", "f64[2]: 1 3", TG_OK},
    {"min", min, "u8[1,2]", "min: u8[1,2] is not f32, f64 or i32 (use tg_cast)", TG_EDTYPE},
    {"min", min, "f32[2,0]", "min: axis 1 of f32[2,0] is empty", TG_ESHAPE},
    {"min", min, "f32[0,0]", "f32[0]", TG_OK},
    {"argmin", argmin, "u8[2,0]", "argmin: axis 1 of u8[2,0] is empty", TG_ESHAPE},
    {"argmin", argmin_all, "i32[0]", "argmin: axis 0 of i32[0] is empty", TG_ESHAPE},
    {"norm", norm_inf, "f32[2,0]", "norm: axis 1 of f32[2,0] is empty", TG_ESHAPE},
    {"norm", norm2, "f32[2,0]", "f32[2,1]: 0 0", TG_OK},
    {"argmin", argmin, "f32[2,3]: 3 1 1 0 nan -inf", "i32[2]: 1 1", TG_OK},
    {"argmin", argmin, "i32[1,3]: 0 -2147483648 2147483647", "i32[1]: 1", TG_OK},
    {"argmin", argmin_all, "u8[2,2]: 255 3 2 2", "i32[]: 2", TG_OK},
    {"any", any, "f32[3,2]: 0 0 nan 0 -0 5", "u8[3]: 0 1 1", TG_OK},
    {"any", any, "i32[2,0]", "u8[2]: 0 0", TG_OK},
    {"any", any_all, "u8[2,2]: 0 0 0 7", "u8[1,1]: 1", TG_OK},
    {"all", all, "f64[3,2]: 1 0 nan 2 -0 5", "u8[3]: 0 1 0", TG_OK},
    {"all", all, "i32[2,0]", "u8[2]: 1 1", TG_OK},
    {"all", all_all, "u8[2,2]: 1 1 1 0", "u8[]: 0", TG_OK},
    {"var", var, "f32[2,2]: 1 3 5 5", "f32[2]: 1 0", TG_OK},
    {"var", var_sample, "f64[1,3]: 1 2 3", "f64[1,1]: 1", TG_OK},
    {"var", var_sample, "f64[1,1]", "f64[1,1]: nan", TG_OK},
    {"var", var_two, "f32[2,1,2]: 1 1 3 3", "f32[1]: 1", TG_OK},
    {"var", var, "f32[2,0]", "f32[2]: nan nan", TG_OK},
    {"var", var, "i32[2]", "var: i32[2] is not a float tensor (use tg_cast)", TG_EDTYPE},
    {"std", std_sample, "f32[3,2]: 1 4 3 4 5 4", "f32[2]: 2 0", TG_OK},
    {"std", std_sample, "i32[2]", "std: i32[2] is not a float tensor (use tg_cast)", TG_EDTYPE},
    {"norm", norm1, "f32[2,2]: 1 -2 0 0", "f32[2]: 3 0", TG_OK},
    {"norm", norm2, "f64[3,2]: 3 -4 0 0 nan 1", "f64[3,1]: 5 0 nan", TG_OK},
    {"norm", norm2_all, "f32[2,2]: 1 -1 1 1", "f32[]: 2", TG_OK},
    {"norm", norm_inf, "f32[2,2]: 1 -2 0 0", "f32[2]: 2 0", TG_OK},
    {"norm", norm3, "f32[2]", "norm: p must be 1, 2 or INFINITY", TG_EARG},
    {"norm", norm1, "i32[2]", "norm: i32[2] is not a float tensor (use tg_cast)", TG_EDTYPE},
};

START_TEST(compositions) { run_composed(&rows[_i]); }
END_TEST

/* At kinks the functions do what ops.h promises, without NaN in between. */
static const composed_row kinks[] = {
    {"min", min, "f32[1,4]: 2 1 1 3", "f32[1,4]: 0 0.5 0.5 0", TG_OK},
    {"std", std_sample, "f32[2]: 3 3", "f32[2]: 0 0", TG_OK},
    {"norm", norm2, "f64[2,2]: 0 0 3 4", "f64[2,2]: 0 0 0.6 0.8 ~1e-15", TG_OK},
    {"norm", norm1, "f32[3]: 0 -2 2", "f32[3]: 0 -1 1", TG_OK},
    {"norm", norm_inf, "f32[1,3]: 2 -2 1", "f32[1,3]: 0.5 -0.5 0", TG_OK},
    {"sort", sort_down, "f32[3]: 1 1 0", "f32[3]: 1 1 1", TG_OK},
};

START_TEST(derivative_at_a_kink)
{
    const composed_row *row = &kinks[_i];
    tg_tape *t = tg_tape_new();
    tg_tape_set_anomaly(t, true);
    tg_tensor *x = tensor_of(t, row->in), *dx, *y = row->f(t, x);
    assert_fine(t, row->name);
    ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(t, row->name, dx, row->want, 1e-15);
    tg_tape_free(t);
    free_leaves();
}
END_TEST

SUITE("sorting", .timeout = 60,
      .tests = {
          {argsort, COUNT(cases)},
          {compositions, COUNT(rows)},
          {derivative_at_a_kink, COUNT(kinks)},
      })
