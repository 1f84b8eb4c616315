/* test_plan_fusion.c - fused loops: which operations enter one, and the same bits for all sizes,
 * layouts of operands and numbers of threads. */
#include "tests/support/plans.h"
#include "tests/support/tape.h"
#include "tests/support/threads.h"

static tg_tensor *leaf[8];

/* ---- operands of every layout --------------------------------------------------------------- */

/* Over (a, b, c): a scalar, a row, a column, a plane, a transposed one, every other element, a
 * mask, and a result that leaves the loop and enters it again. */
static int layouts(int64_t a, int64_t b, int64_t c, tg_tensor **y)
{
    tg_tensor *x = leaf[0], *scalar = leaf[1], *row = leaf[2], *column = leaf[3], *plane = leaf[4];
    tg_tensor *turned = tg_permute(t, leaf[5], 3, (const int[]){2, 0, 1});
    tg_tensor *second = tg_slice(t, leaf[6], 2, 0, 2 * c, 2);
    tg_tensor *sum = tg_add(t, tg_mul(t, x, scalar), row);
    y[0] = tg_sub(t, tg_div(t, sum, column), plane);
    tg_tensor *mask = tg_greater(t, y[0], turned);
    y[1] = tg_where(t, mask, tg_maximum(t, second, x), tg_tanh(t, sum));
    y[2] = tg_sum(t, tg_mul(t, y[1], row), -1, true);
    y[3] = tg_mul(t, tg_reshape(t, y[1], DIMS(a * b, c)), tg_reshape(t, second, DIMS(a * b, c)));
    y[4] = tg_mul(t, tg_reshape(t, y[3], DIMS(a, b, c)), y[2]);
    y[5] = tg_cast(t, mask, TG_I32);
    assert_fine(t, "layouts");
    return 6;
}

static const int64_t sizes[][3] = {{2, 3, 5},    {1, 1, 1},    {7, 1, 700},
                                   {3, 2000, 1}, {1, 1, 9001}, {64, 33, 7},
                                   {5, 300, 40}, {2, 0, 3},    {90, 60, 50}};

START_TEST(every_layout)
{
    const int64_t a = sizes[_i / 2][0], b = sizes[_i / 2][1], c = sizes[_i / 2][2];
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    const int threads[] = {1, 4, 3};
    tg_tensor *y[6];
    for (int k = 0; k < COUNT(threads); k++) {
        const uint64_t seed = (uint64_t)(100 * k);
        leaf[0] = random_leaf(dtype, DIMS(a, b, c), -2, 2, seed);
        leaf[1] = random_leaf(dtype, 0, NULL, -2, 2, seed + 1);
        leaf[2] = random_leaf(dtype, DIMS(c), -2, 2, seed + 2);
        leaf[3] = random_leaf(dtype, DIMS(b, 1), 1, 2, seed + 3);
        leaf[4] = random_leaf(dtype, DIMS(a, 1, c), -2, 2, seed + 4);
        leaf[5] = random_leaf(dtype, DIMS(b, c, a), -2, 2, seed + 5);
        leaf[6] = random_leaf(dtype, DIMS(a, b, 2 * c), -2, 2, seed + 6);
        tg_tape_reset(t);
        const int n = layouts(a, b, c, y);
        tg_plan *p = compiled(t, n, y);
        ck_assert(tg_set_num_threads(threads[k]) == TG_OK);
        for (int again = 0; again < 2; again++) {
            run_plan(p);
            for (int i = 0; i < n; i++) assert_bits("layouts", y[i], tg_plan_output(p, i));
        }
        if (a * b * c > 0) ck_assert_int_ge(tg_plan_stats(p).fused, 8);
        tg_plan_free(p);
    }
}
END_TEST

/* ---- reductions of rows --------------------------------------------------------------------- */

/* Of x (a, b, c) along its last axis, and of a vector; the gradient of broadcasting a column. */
static int row_reductions(tg_tensor **y)
{
    tg_tensor *z = tg_mul(t, tg_add(t, leaf[0], leaf[1]), leaf[2]);
    y[0] = tg_sum(t, z, -1, false);
    y[1] = tg_max(t, z, 2, true);
    y[2] = tg_logsumexp(t, tg_neg(t, z), 2, false);
    y[3] = tg_sum(t, tg_exp(t, tg_mul(t, leaf[2], leaf[2])), TG_ALL, true);
    y[4] = tg_max(t, tg_neg(t, leaf[2]), 0, false);
    tg_tensor *loss = tg_sum(t, tg_square(t, tg_sub(t, leaf[0], leaf[1])), TG_ALL, false);
    (void)tg_vjp(t, 1, &loss, NULL, 1, &leaf[1], &y[5]);
    y[6] = tg_nansum(t, tg_sqrt(t, z), -1, false);
    assert_fine(t, "rows");
    return 7;
}

START_TEST(rows_in_the_loop)
{
    static const int64_t shapes[][3] = {{2, 3, 15},  {3, 1, 16},   {1, 1, 17},   {5, 7, 100},
                                        {40, 3, 64}, {9, 2, 1000}, {2, 2, 4096}, {2, 1, 4097}};
    const int64_t a = shapes[_i / 2][0], b = shapes[_i / 2][1], c = shapes[_i / 2][2];
    const tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
    tg_tensor *y[7];
    leaf[0] = random_leaf(dtype, DIMS(a, b, c), -2, 2, 1);
    leaf[1] = random_leaf(dtype, DIMS(a, b, 1), -2, 2, 2);
    leaf[2] = random_leaf(dtype, DIMS(c), -2, 2, 3);
    const int n = row_reductions(y);
    tg_plan *p = compiled(t, n, y);
    for (int threads = 1; threads < 5; threads += 3) {
        ck_assert(tg_set_num_threads(threads) == TG_OK);
        run_plan(p);
        for (int i = 0; i < n; i++) assert_bits("rows", y[i], tg_plan_output(p, i));
    }
    const tg_plan_numbers s = tg_plan_stats(p);
    ck_assert_msg(c < 16 || c > 500 || s.steps <= 5, "%d steps", (int)s.steps);
    tg_plan_free(p);
}
END_TEST

/* ---- what becomes of an expression ---------------------------------------------------------- */

/* Operations that are computed, and groups, for the output of each row. */
static tg_tensor *chain(tg_tensor *x)
{
    for (int i = 0; i < 10; i++) x = tg_sin(t, x);
    return x;
}
static tg_tensor *twice(tg_tensor *x) { return tg_add(t, tg_exp(t, x), tg_exp(t, x)); }
static tg_tensor *times_one(tg_tensor *x)
{
    tg_tensor *y = tg_mul(t, tg_scalar(t, 1), tg_add(t, x, x));
    return tg_sub(t, tg_div(t, y, tg_scalar(t, 1)), tg_scalar(t, 0));
}
static tg_tensor *times_larger_one(tg_tensor *x) /* not the shape of x: the operation stays */
{
    return tg_mul(t, tg_exp(t, x), tg_full(t, TG_F64, DIMS(3, 30, 40), 1));
}
static tg_tensor *minus_zero(tg_tensor *x) /* x - -0 is 0 where x is -0 */
{
    return tg_sub(t, tg_exp(t, x), tg_scalar(t, -0.0));
}
static tg_tensor *constants(tg_tensor *x)
{
    tg_tensor *c = tg_exp(t, tg_add(t, tg_scalar(t, 1), tg_full(t, TG_F64, DIMS(40), 2)));
    return tg_mul(t, x, tg_sum(t, c, TG_ALL, false));
}
static tg_tensor *views(tg_tensor *x)
{
    tg_tensor *y = tg_transpose(t, tg_transpose(t, tg_exp(t, x), 0, 1), 0, 1);
    return tg_log(t,
                  tg_stop_gradient(t, tg_reshape(t, tg_reshape(t, y, DIMS(1200)), DIMS(30, 40))));
}
static tg_tensor *through_a_product(tg_tensor *x) /* groups before and behind */
{
    tg_tensor *y = tg_exp(t, tg_neg(t, x));
    return tg_square(t, tg_sin(t, tg_matmul(t, y, tg_transpose(t, y, 0, 1))));
}
static tg_tensor *around(tg_tensor *x) /* y - mean(y) waits for the mean */
{
    tg_tensor *y = tg_exp(t, tg_neg(t, x));
    return tg_abs(t, tg_sub(t, y, tg_mean(t, y, TG_ALL, false)));
}
static tg_tensor *two_branches(tg_tensor *x) /* unrelated until they meet */
{
    tg_tensor *z = tg_matmul(t, x, tg_full(t, TG_F64, DIMS(40, 40), 1));
    return tg_add(t, tg_sin(t, tg_exp(t, x)), tg_cos(t, tg_abs(t, z)));
}
static tg_tensor *with_itself(tg_tensor *x) /* y + y^T must not overwrite y */
{
    tg_tensor *y = tg_exp(t, tg_slice(t, x, 1, 0, 30, 1));
    return tg_sin(t, tg_add(t, y, tg_transpose(t, y, 0, 1)));
}

START_TEST(what_is_left)
{
    static const struct {
        tg_tensor *(*fn)(tg_tensor *x);
        const char *what;
        int nodes, steps, groups, fused;
    } rows[] = {{chain, "chain", 10, 1, 1, 10},       {twice, "twice", 2, 1, 1, 2},
                {times_one, "times one", 1, 1, 0, 0}, {times_larger_one, "times ones", 2, 2, 0, 0},
                {minus_zero, "minus -0", 2, 1, 1, 2}, {constants, "constants", 1, 1, 0, 0},
                {views, "views", 2, 1, 1, 2},         {through_a_product, "product", 5, 2, 2, 4},
                {around, "around", 6, 3, 2, 5},       {two_branches, "branches", 6, 1, 1, 5},
                {with_itself, "itself", 3, 2, 1, 2}};
    for (int i = 0; i < COUNT(rows); i++) {
        tg_tape_reset(t);
        tg_tensor *x = random_leaf(TG_F64, DIMS(30, 40), -2, 2, 1), *y = rows[i].fn(x);
        assert_fine(t, rows[i].what);
        tg_plan *p = compiled(t, 1, &y);
        const tg_plan_numbers n = tg_plan_stats(p);
        ck_assert_msg(n.nodes == rows[i].nodes && n.steps == rows[i].steps &&
                          n.groups == rows[i].groups && n.fused == rows[i].fused,
                      "%s: %d operations in %d steps, %d groups of %d", rows[i].what, (int)n.nodes,
                      (int)n.steps, (int)n.groups, (int)n.fused);
        for (int64_t k = 0; k < x->size; k++) write_at(x, k, read_at(x, k) * 0.7);
        run_plan(p);
        tg_tape_reset(t);
        assert_bits(rows[i].what, rows[i].fn(x), tg_plan_output(p, 0));
        tg_plan_free(p);
    }
}
END_TEST

/* Hundreds of groups that grow at the same time, and more members than one group can have. */
START_TEST(many_groups)
{
    enum { WIDE = 60, DEEP = 70 };
    tg_tensor *y[WIDE];
    for (int i = 0; i < WIDE; i++) {
        y[i] = random_leaf(TG_F64, DIMS(i + 1), -1, 1, (uint64_t)i);
        for (int k = 0; k < DEEP; k++) y[i] = tg_sin(t, tg_add(t, y[i], y[i / 2 == i ? 0 : i]));
    }
    tg_plan *p = compiled(t, WIDE, y);
    run_plan(p);
    for (int i = 0; i < WIDE; i++) assert_bits("many", y[i], tg_plan_output(p, i));
    ck_assert_int_eq(tg_plan_stats(p).nodes, 2 * WIDE * DEEP);
    ck_assert_int_lt(tg_plan_stats(p).steps, WIDE * 8);
    tg_plan_free(p);
}
END_TEST

START_TEST(a_plan_in_words)
{
    static char text[4096];
    tg_tensor *x = random_leaf(TG_F32, DIMS(2, 3), -2, 2, 1);
    tg_scope_push(t, "first");
    tg_tensor *y = tg_sum(t, tg_sin(t, tg_mul(t, tg_exp(t, x), tg_scalar(t, 3))), TG_ALL, false);
    tg_plan *p = compiled(t, 1, &y);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    tg_plan_print(p, file);
    tg_plan_print(NULL, file);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    const char *const parts[] = {"step 1: 4 fused, 6 elements in blocks of ",
                                 " = exp(leaf %0) f32[2,3]  in first\n", "= sum(%",
                                 ") f32[] -> output 0  in first\n",
                                 "4 of 6 operations in 1 steps; 4 fused in 1 groups\n"};
    for (int i = 0; i < COUNT(parts); i++)
        ck_assert_msg(strstr(text, parts[i]), "'%s' is not in\n%s", parts[i], text);
    tg_plan_free(p);
}
END_TEST

/* ---- two operations of a program's own in one loop ------------------------------------------ */

static int pair_runs;

#define OWN_MAP(fn, formula)                                                                       \
    static void fn(int64_t n, void *yv, const void *const *xv, const int64_t *s,                   \
                   const void *attrs)                                                              \
    {                                                                                              \
        float *y = yv;                                                                             \
        const float *a = xv[0], *b = xv[1], *c = xv[2];                                            \
        (void)attrs, (void)b, (void)c;                                                             \
        for (int64_t i = 0; i < n; i++) y[i] = formula;                                            \
    }
OWN_MAP(half_map, 0.5f * a[i * s[0]])
OWN_MAP(mean_map, 0.5f * (a[i * s[0]] + b[i * s[1]]))
OWN_MAP(eight_map, a[i * s[0]])
/* Of half(a) and b; the number of its calls shows that it was taken. */
OWN_MAP(half_mean_map, (pair_runs++, 0.5f * (0.5f * a[i * s[0]] + b[i * s[1]])))

static const tg_op half, shifted, eight;

static tg_map_fn mean_pair(const tg_op *op, const tg_op *inner, int i, tg_dtype dtype)
{
    ck_assert_msg(!inner->attrs_size && inner != &eight, "no pair is possible with %s",
                  inner->name);
    ck_assert(strcmp(op->name, "mean") == 0 && i >= 0 && i < 2 && dtype == TG_F32);
    return inner == &half ? half_mean_map : NULL;
}

static const tg_attr_def no_defs[] = {{"by", TG_ATTR_FLOAT, 0, "0"}, {NULL, TG_ATTR_INT, 0, NULL}};
#define OWN(operands)                                                                              \
    .min_inputs = operands, .max_inputs = operands, .infer = tg_infer_elementwise,                 \
    .forward = tg_forward_elementwise
static const tg_op half = {.name = "half", OWN(1), .map = {half_map}};
static const tg_op shifted = {
    .name = "shifted", OWN(1), .map = {half_map}, .attrs = no_defs, .attrs_size = sizeof(double)};
static const tg_op eight = {.name = "eight", OWN(8), .map = {eight_map}};
static const tg_op mean = {.name = "mean", OWN(2), .map = {mean_map}, .pair = mean_pair};

START_TEST(pairs_of_ones_own)
{
    static const double by = 0;
    const int64_t n = _i % 2 ? 5000 : 20; /* a loop, or calls */
    tg_tensor *a = random_leaf(TG_F32, DIMS(n), -2, 2, 1), *eights[8];
    tg_tensor *b = random_leaf(TG_F32, DIMS(n), -2, 2, 2);
    for (int i = 0; i < 8; i++) eights[i] = a;
    tg_tensor *x = _i / 2 == 0   ? tg_record(t, &half, &a, 1, NULL)
                   : _i / 2 == 1 ? tg_record(t, &shifted, &a, 1, &by)
                                 : tg_record(t, &eight, eights, 8, NULL);
    tg_tensor *y = tg_record(t, &mean, (tg_tensor *[]){_i % 3 ? x : b, _i % 3 ? b : x}, 2, NULL);
    assert_fine(t, "pairs");
    tg_plan *p = compiled(t, 1, &y);
    pair_runs = 0;
    run_plan(p);
    assert_bits("pairs", y, tg_plan_output(p, 0));
    ck_assert_int_eq(pair_runs, _i / 2 == 0 ? n : 0);
    tg_plan_free(p);
}
END_TEST

SUITE("plan_fusion", .with = {DEFAULT_THREADS, TAPE}, .timeout = 120,
      .tests = {
          {every_layout, 2 * COUNT(sizes)},
          {rows_in_the_loop, 16},
          {what_is_left},
          {many_groups},
          {a_plan_in_words},
          {pairs_of_ones_own, 6},
      })
