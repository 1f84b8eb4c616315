/* test_scan.c - running sums and products, products, diagonals and triangles. */
#include "tests/support/composed.h"

static tg_tape *tape;

static void setup(void) { tape = tg_tape_new(); }

static void teardown(void)
{
    tg_tape_free(tape);
    free_leaves();
}

/* ---- scans against plain loops -------------------------------------------------------------- */

static const struct {
    int ndim;
    int64_t shape[3];
    int axis;
} cases[] = {{1, {7}, 0},        {2, {3, 4}, 0},    {2, {3, 4}, -1}, {3, {2, 3, 4}, 1},
             {3, {2, 3, 4}, -3}, {3, {2, 1, 3}, 1}, {2, {0, 3}, 0},  {2, {0, 3}, 1}};

/* Element i of the scan of x, from all elements before it in the direction of the scan. */
static double plain_scan(const tg_tensor *x, int axis, int64_t i, bool product, bool reverse,
                         bool exclusive)
{
    int64_t inner = 1;
    for (int k = axis + 1; k < x->ndim; k++) inner *= x->shape[k];
    const int64_t n = x->shape[axis], at = i / inner % n;
    double y = product;
    for (int64_t j = 0; j < n; j++) {
        const bool counts = j == at ? !exclusive : (j < at) != reverse;
        const double v = read_at(x, i + (j - at) * inner);
        if (counts) y = product ? y * v : y + v;
    }
    return y;
}

START_TEST(scans)
{
    for (int how = 0; how < 8 * LAYOUTS * 3; how++, tg_tape_reset(tape)) {
        const bool product = how & 1, reverse = how & 2, exclusive = how & 4;
        const tg_dtype dtype = (tg_dtype)(how / 8 % 3);
        tg_tensor *x = random_leaf(dtype, cases[_i].ndim, cases[_i].shape, -4, 4, 1);
        x = laid_out(x, how / 24);
        const tg_tensor *y = product ? tg_cumprod(tape, x, cases[_i].axis, reverse, exclusive)
                                     : tg_cumsum(tape, x, cases[_i].axis, reverse, exclusive);
        assert_fine(tape, "scan");
        ck_assert(y->dtype == dtype && tg_tensor_same_shape(x, y));
        const int axis = (cases[_i].axis + x->ndim) % x->ndim;
        for (int64_t i = 0; i < y->size; i++)
            assert_close(product ? "cumprod" : "cumsum", dtype, i, 1, read_at(y, i),
                         plain_scan(x, axis, i, product, reverse, exclusive),
                         8 * tolerance_of(dtype), 8 * tolerance_of(dtype));
    }
}
END_TEST

START_TEST(linear_scans)
{
    for (int layout = 0; layout < LAYOUTS; layout++, tg_tape_reset(tape)) {
        tg_tensor *a = laid_out(random_leaf(TG_F64, DIMS(2, 5), -2, 2, 1), layout),
                  *b = laid_out(random_leaf(TG_F64, DIMS(2, 5), -2, 2, 2), (layout + 1) % LAYOUTS);
        const tg_tensor *y = tg_linear_scan(tape, a, b, 1, false),
                        *z = tg_linear_scan(tape, a, b, -1, true);
        assert_fine(tape, "linear_scan");
        for (int64_t i = 0; i < 10; i++) {
            const double before = i % 5 ? read_at(b, i) * read_at(y, i - 1) : 0,
                         after = i % 5 < 4 ? read_at(b, i) * read_at(z, i + 1) : 0;
            assert_close("linear_scan", TG_F64, i, 1, read_at(y, i), read_at(a, i) + before, 1e-15,
                         1e-15);
            assert_close("reverse", TG_F64, i, 1, read_at(z, i), read_at(a, i) + after, 1e-15,
                         1e-15);
        }
    }
}
END_TEST

/* ---- products with zeros -------------------------------------------------------------------- */

COMPOSED(prod, tg_prod(t, x, 1, false))
COMPOSED(prod_keep, tg_prod(t, x, -2, true))
COMPOSED(prod_all, tg_prod(t, x, TG_ALL, false))
COMPOSED(prod_outer, tg_prod_axes(t, x, 2, (int[]){0, -1}, true))
COMPOSED(prod_missing, tg_prod_axes(t, x, 2, NULL, true))
COMPOSED(cumprod, tg_cumprod(t, x, -1, false, false))
COMPOSED(cumprod_others, tg_cumprod(t, x, -1, true, true))
COMPOSED(cumprod_all, tg_cumprod(t, x, TG_ALL, false, false))
COMPOSED(cumsum_all, tg_cumsum(t, x, TG_ALL, true, false))
COMPOSED(cumsum, tg_cumsum(t, x, 1, false, false))

static const char *const zeros[] = {"f64[1,4]: 2 0 3 4", "f64[1,4]: 0 2 3 0", "f64[1,4]: 0 0 0 5",
                                    "f64[1,4]: 0 0 0 0"};
static const composed products[] = {prod, prod_all, cumprod, cumprod_others};

START_TEST(derivatives_at_zeros)
{
    for (int k = 0; k < COUNT(products); k++)
        check_gradients(zeros[_i], products[k], tensor_of(NULL, zeros[_i]));
}
END_TEST

/* Exactly: the derivative of 2 x 3 4 at x = 0 is 24, and those at the others are 0. */
START_TEST(derivative_of_a_product)
{
    tg_tensor *x = tensor_of(tape, "f32[4]: 2 0 3 4"), *dx, *y = tg_prod(tape, x, 0, false);
    ck_assert_int_eq(tg_vjp(tape, 1, &y, NULL, 1, &x, &dx), TG_OK);
    assert_tensor(tape, "dx", dx, "f32[4]: 0 24 0 0", 0);
}
END_TEST

/* ---- diagonals ------------------------------------------------------------------------------ */

COMPOSED(diagonal, tg_diagonal(t, x, 0, 0, 1))
COMPOSED(diagonal_up, tg_diagonal(t, x, 1, -2, -1))
COMPOSED(diagonal_down, tg_diagonal(t, x, -1, 0, 2))
COMPOSED(diagonal_far, tg_diagonal(t, x, INT64_MIN, 0, 1))
COMPOSED(diagonal_one, tg_diagonal(t, x, 0, 1, -1))
COMPOSED(undiagonal, tg_undiagonal(t, x, -1, 0, 1, 3, 2))
COMPOSED(undiagonal_wrong, tg_undiagonal(t, x, 0, 0, 1, 3, 3))
COMPOSED(tril, tg_tril(t, x, 0))
COMPOSED(tril_down, tg_tril(t, x, -1))
COMPOSED(triu, tg_triu(t, x, 1))
COMPOSED(triu_far, tg_triu(t, x, INT64_MAX))
COMPOSED(triu_near, tg_triu(t, x, INT64_MIN))
COMPOSED(trace, tg_trace(t, x, 0, 0, 1))
COMPOSED(eye, x ? tg_eye(t, TG_U8, 2, 3, 1) : NULL)
COMPOSED(eye_wrong, x ? tg_eye(t, TG_F32, -1, 3, 1) : NULL)
COMPOSED(arange, x ? tg_arange(t, 3) : NULL)
COMPOSED(arange_wrong, x ? tg_arange(t, -3) : NULL)

static const composed_row rows[] = {
    {"cumsum", cumsum_all, "i32[2,2]", "i32[4]: 6 6 5 3", TG_OK},
    {"cumsum", cumsum_all, "f32[]: 3", "f32[1]: 3", TG_OK},
    {"cumsum", cumsum, "i32[1,2]: 2147483647 1", "i32[1,2]: 2147483647 -2147483648", TG_OK},
    {"cumsum", cumsum, "f32[1,3]: 1e9 1 -1e9", "f32[1,3]: 1e9 1e9 1", TG_OK},
    {"cumsum", cumsum, "f32[1,3]: 1 nan 2", "f32[1,3]: 1 nan nan", TG_OK},
    {"cumsum", cumsum, "u8[2,2]", "cumsum: u8[2,2] is not f32, f64 or i32 (use tg_cast)",
     TG_EDTYPE},
    {"cumsum", cumsum, "f32[2]", "cumsum: axis 1 is out of range for 1 dimensions", TG_EAXIS},
    {"cumprod", cumprod_all, "f64[2,2]: 2 3 0 1", "f64[4]: 2 6 0 0", TG_OK},
    {"cumprod", cumprod_others, "f32[1,3]: 2 3 4", "f32[1,3]: 12 4 1", TG_OK},
    {"cumprod", cumprod_all, "NULL", "cumprod: an operand is NULL", TG_EARG},
    {"prod", prod, "f32[2,2]: 1 2 3 4", "f32[2]: 2 12", TG_OK},
    {"prod", prod_keep, "f64[2,2]: 1 2 3 4", "f64[1,2]: 3 8", TG_OK},
    {"prod", prod_all, "i32[2,2]: 1 2 3 4", "i32[]: 24", TG_OK},
    {"prod", prod_all, "f32[]: 3", "f32[]: 3", TG_OK},
    {"prod", prod_all, "f32[2,0]", "f32[]: 1", TG_OK},
    {"prod", prod, "f32[2,0]", "f32[2]: 1 1", TG_OK},
    {"prod", prod_keep, "f32[2,0]", "f32[1,0]", TG_OK},
    {"prod", prod_outer, "f32[2,2,2]: 1 2 3 4 5 6 7 8", "f32[1,2,1]: 60 672", TG_OK},
    {"prod", prod_missing, "f32[2]", "prod: the list of axes is NULL", TG_EARG},
    {"diagonal", diagonal, "f32[2,3]", "f32[2]: 0 4", TG_OK},
    {"diagonal", diagonal, "u8[3,2]", "u8[2]: 0 3", TG_OK},
    {"diagonal", diagonal_up, "i32[2,3]", "i32[2]: 1 5", TG_OK},
    {"diagonal", diagonal_down, "f64[3,2,2]", "f64[2,2]: 4 9 6 11", TG_OK},
    {"diagonal", diagonal_far, "f32[2,2]", "f32[0]", TG_OK},
    {"diagonal", diagonal_one, "f32[2,2]", "diagonal: both axes are axis 1", TG_EAXIS},
    {"diagonal", diagonal, "f32[2]", "diagonal: axis 1 is out of range for 1 dimensions", TG_EAXIS},
    {"undiagonal", undiagonal, "f32[2]: 5 6", "f32[3,2]: 0 0 5 0 0 6", TG_OK},
    {"undiagonal", undiagonal_wrong, "f32[2]", "undiagonal: f32[2] is not diagonal 0 of [3,3]",
     TG_ESHAPE},
    {"undiagonal", undiagonal, "f32[]", "undiagonal: the operand is f32[], must have 1..7 axes",
     TG_ESHAPE},
    {"tril", tril, "f32[2,3]: 1 nan 3 4 5 inf", "f32[2,3]: 1 0 0 4 5 0", TG_OK},
    {"tril", tril_down, "i32[2,2,2]", "i32[2,2,2]: 0 0 2 0 0 0 6 0", TG_OK},
    {"tril", tril, "f32[0,3]", "f32[0,3]", TG_OK},
    {"tril", tril, "f32[3]", "tril: f32[3] has fewer than 2 axes", TG_EAXIS},
    {"triu", triu, "f32[2,3]: nan 2 3 4 nan 6", "f32[2,3]: 0 2 3 0 0 6", TG_OK},
    {"triu", triu_far, "u8[2,2]", "u8[2,2]: 0 0 0 0", TG_OK},
    {"triu", triu_near, "u8[2,2]", "u8[2,2]", TG_OK},
    {"trace", trace, "f32[2,2,2]", "f32[2]: 6 8", TG_OK},
    {"trace", trace, "i32[3,3]", "i32[]: 12", TG_OK},
    {"eye", eye, "f32[]", "u8[2,3]: 0 1 0 0 0 1", TG_OK},
    {"eye", eye_wrong, "f32[]", "eye: -1 rows and 3 columns", TG_ESHAPE},
    {"arange", arange, "f32[]", "i32[3]", TG_OK},
    {"arange", arange_wrong, "f32[]", "arange: n is -3, must be in 0..2147483647", TG_ESHAPE},
};

START_TEST(compositions) { run_composed(&rows[_i]); }
END_TEST

SUITE("scan", .setup = setup, .teardown = teardown, .timeout = 60,
      .tests = {
          {scans, COUNT(cases)},
          {linear_scans},
          {derivatives_at_zeros, COUNT(zeros)},
          {derivative_of_a_product},
          {compositions, COUNT(rows)},
      })
