/* test_plan_rows.c - fused loops over rows: what is computed from a row's reduction stays in the
 * loop, and products pass their results to the loop that follows. The bits are those of eager
 * recording. */
#include "tapegrad.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"
#include "tests/support/threads.h"

static tg_tensor *leaf[4];

/* Each pattern with its gradients by x and w. w has the size of a row, b of a column. */
static tg_tensor *softmax(tg_tensor *x, tg_tensor *w, tg_tensor *b)
{
    return tg_softmax(t, tg_add(t, tg_mul(t, x, w), b), -1);
}
static tg_tensor *layer_norm(tg_tensor *x, tg_tensor *w, tg_tensor *b)
{
    tg_tensor *y = tg_sub(t, x, tg_mean(t, x, -1, true));
    tg_tensor *var = tg_mean(t, tg_square(t, y), -1, true);
    y = tg_mul(t, y, tg_rsqrt(t, tg_add(t, var, tg_scalar(t, 1e-5))));
    return tg_add(t, tg_mul(t, y, w), b);
}
static tg_tensor *without_keepdims(tg_tensor *x, tg_tensor *w, tg_tensor *b)
{
    tg_tensor *most = tg_exp(t, tg_neg(t, tg_max(t, x, 1, false)));
    tg_tensor *y = tg_mul(t, x, tg_reshape(t, most, DIMS(x->shape[0], 1)));
    return tg_add(t, tg_mul(t, y, w), tg_mul(t, b, b));
}
static tg_tensor *two_sums(tg_tensor *x, tg_tensor *w, tg_tensor *b) /* of rows and of columns */
{
    tg_tensor *y = tg_mul(t, x, tg_sum(t, tg_sin(t, tg_mul(t, x, w)), 1, true));
    return tg_add(t, tg_mul(t, y, tg_sum(t, y, 0, true)), b);
}
static tg_tensor *rows_of_a_transpose(tg_tensor *x, tg_tensor *w, tg_tensor *b)
{
    tg_tensor *y = tg_exp(t, tg_neg(t, tg_mul(t, x, w)));
    tg_tensor *z = tg_transpose(t, y, 0, 1);
    return tg_add(t, tg_transpose(t, tg_div(t, z, tg_sum(t, z, 1, true)), 0, 1), b);
}
static tg_tensor *narrow_operands(tg_tensor *x, tg_tensor *w,
                                  tg_tensor *b) /* loads in narrow space */
{
    tg_tensor *s = tg_logsumexp(t, tg_mul(t, x, w), 1, true);
    tg_tensor *other = tg_slice(t, x, 1, 0, 1, 1); /* every 16th element or so */
    return tg_mul(t, x, tg_add(t, tg_mul(t, s, other), tg_mul(t, s, b)));
}

static const struct {
    const char *name;
    tg_tensor *(*fn)(tg_tensor *x, tg_tensor *w, tg_tensor *b);
    int steps; /* forward alone, at most, where a row is 64 */
} patterns[] = {{"softmax", softmax, 1},
                {"layer norm", layer_norm, 1},
                {"without keepdims", without_keepdims, 2},
                {"two sums", two_sums, 3},
                {"transpose", rows_of_a_transpose, 4},
                {"narrow operands", narrow_operands, 1}};

static const int64_t shapes[][2] = {{1, 64},   {2, 16}, {33, 64},  {100, 17},  {7, 1000},
                                    {3, 4096}, {5, 10}, {900, 64}, {2049, 22}, {900, 100}};

static void make_leaves(tg_dtype dtype, int64_t n, int64_t row)
{
    leaf[0] = random_leaf(dtype, DIMS(n, row), -2, 2, 1);
    leaf[1] = random_leaf(dtype, DIMS(row), -2, 2, 2);
    leaf[2] = random_leaf(dtype, DIMS(n, 1), 1, 2, 3);
}

START_TEST(the_same_bits)
{
    for (int k = 0; k < 2 * COUNT(shapes); k++) {
        const int64_t n = shapes[k / 2][0], row = shapes[k / 2][1];
        tg_tensor *y[5];
        tg_tape_reset(t);
        make_leaves(k % 2 ? TG_F64 : TG_F32, n, row);
        y[0] = patterns[_i].fn(leaf[0], leaf[1], leaf[2]);
        y[4] = tg_sum(t, tg_square(t, y[0]), TG_ALL, false); /* in parts, where it is long */
        (void)tg_vjp(t, 1, &y[4], NULL, 3, leaf, y + 1);
        assert_fine(t, patterns[_i].name);
        tg_plan *p = compiled(t, 5, y);
        for (int threads = 1; threads < 5; threads++) {
            ck_assert(tg_set_num_threads(threads) == TG_OK);
            run_plan(p);
            for (int i = 0; i < 5; i++) assert_bits(patterns[_i].name, y[i], tg_plan_output(p, i));
        }
        tg_plan_free(p);
    }
}
END_TEST

START_TEST(one_loop)
{
    make_leaves(TG_F32, 40, 64);
    tg_tensor *y = patterns[_i].fn(leaf[0], leaf[1], leaf[2]);
    tg_plan *p = compiled(t, 1, &y);
    const tg_plan_numbers n = tg_plan_stats(p);
    ck_assert_msg(n.steps <= patterns[_i].steps, "%s: %d steps", patterns[_i].name, (int)n.steps);
    tg_plan_free(p);
}
END_TEST

/* ---- products ------------------------------------------------------------------------------- */

/* x w of any sizes, followed by bias and activation, and cases in which more follows. */
START_TEST(behind_a_product)
{
    static const int64_t sizes[][3] = {{4, 2, 10},     {128, 100, 10}, {70, 33, 100},
                                       {90, 40, 1500}, {1, 300, 7},    {300, 8, 1}};
    for (int k = 0; k < 2 * COUNT(sizes); k++) {
        const tg_dtype dtype = k % 2 ? TG_F64 : TG_F32;
        const int64_t m = sizes[k / 2][0], d = sizes[k / 2][1], n = sizes[k / 2][2];
        tg_tape_reset(t);
        tg_tensor *x = random_leaf(dtype, DIMS(m, d), -1, 1, 1);
        tg_tensor *w = random_leaf(dtype, DIMS(d, n), -1, 1, 2);
        tg_tensor *b = random_leaf(dtype, DIMS(n), -1, 1, 3), *y[3];
        tg_tensor *product = tg_matmul(t, x, w);
        y[0] = tg_relu(t, tg_add(t, product, b));
        y[1] = _i == 1 ? product : tg_mul(t, y[0], y[0]); /* wanted itself, too */
        y[2] = _i == 2 ? tg_mul(t, product, tg_sum(t, product, 0, true)) : tg_neg(t, y[0]);
        tg_plan *p = compiled(t, 3, y);
        for (int threads = 1; threads < 4; threads++) {
            ck_assert(tg_set_num_threads(threads) == TG_OK);
            run_plan(p);
            for (int i = 0; i < 3; i++) assert_bits("product", y[i], tg_plan_output(p, i));
        }
        if (_i == 0) ck_assert_int_eq(tg_plan_stats(p).steps, 1);
        tg_plan_free(p);
    }
}
END_TEST

/* The result of the loop must not overwrite the product's operand, even where it would fit. */
START_TEST(operands_of_a_product_stay)
{
    tg_tensor *x = random_leaf(TG_F32, DIMS(200, 200), -0.1, 0.1, 1), *y = x;
    for (int i = 0; i < 6; i++) {
        tg_tensor *a = tg_tanh(t, tg_mul(t, y, x)); /* read last by the product */
        y = tg_mul(t, tg_sin(t, tg_matmul(t, a, x)), x);
    }
    tg_plan *p = compiled(t, 1, &y);
    run_plan(p);
    assert_bits("operands", y, tg_plan_output(p, 0));
    ck_assert_int_le(tg_plan_stats(p).steps, 12);
    tg_plan_free(p);
}
END_TEST

SUITE("plan_rows", .with = {DEFAULT_THREADS, TAPE}, .timeout = 120,
      .tests = {
          {the_same_bits, COUNT(patterns)},
          {one_loop, COUNT(patterns)},
          {behind_a_product, 3},
          {operands_of_a_product_stay},
      })
