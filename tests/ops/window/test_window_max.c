/* test_window_max.c - the largest element of each window, and the two operations of its derivative,
 * against plain loops: ties, NaN, any layout, every instruction set, any number of threads. */
#include "ops/kernels/kernels.h"
#include "tapegrad/threads.h"
#include "tests/support/close.h"

enum { LARGEST, SHARE, MEAN, OPS };

/* A window over the three axes after (n, c). */
typedef struct geometry {
    int64_t n, c, in[3], kernel[3], stride[3], padding[3], dilation[3], out[3];
} geometry;

static int64_t below(tg_rng *rng, int64_t n)
{
    return (int64_t)tg_rng_next_below(rng, (uint64_t)n);
}

/* A random window; in half of the cases two wide and without overlap. False if the kernel does not
 * fit. */
static bool draw_geometry(geometry *g, int64_t longest, tg_rng *rng)
{
    const bool pairs = below(rng, 2);
    bool fits = true;
    g->n = below(rng, 3);
    g->c = 1 + below(rng, 2);
    for (int a = 0; a < 3; a++) {
        g->in[a] = a == 0 ? 1 + below(rng, 2) * (1 - pairs) : below(rng, a == 1 ? 6 : longest);
        g->kernel[a] = a == 0 ? g->in[0] : 1 + below(rng, 3);
        g->stride[a] = 1 + below(rng, 3);
        g->padding[a] = a == 0 ? 0 : below(rng, 2);
        g->dilation[a] = 1 + below(rng, 2);
        if (pairs) {
            g->kernel[a] = g->stride[a] = a == 0 ? 1 : a == 1 ? g->kernel[a] : 2;
            g->padding[a] = 0;
            g->dilation[a] = 1;
        }
        const int64_t room = g->in[a] + 2 * g->padding[a] - g->dilation[a] * (g->kernel[a] - 1) - 1;
        fits = fits && room >= 0;
        g->out[a] = room / g->stride[a] + 1;
    }
    return fits;
}

/* ---- by loops ------------------------------------------------------------------------------- */

/* Element k of the window at position o of a plane, as a number in the plane; -1: outside. */
static int64_t element(const geometry *g, int64_t o, int64_t k)
{
    const int64_t at[3] = {o / g->out[2] / g->out[1], o / g->out[2] % g->out[1], o % g->out[2]};
    const int64_t of[3] = {k / g->kernel[2] / g->kernel[1], k / g->kernel[2] % g->kernel[1],
                           k % g->kernel[2]};
    int64_t i = 0;
    for (int a = 0; a < 3; a++) {
        const int64_t p = at[a] * g->stride[a] - g->padding[a] + of[a] * g->dilation[a];
        if (p < 0 || p >= g->in[a]) return -1;
        i = i * g->in[a] + p;
    }
    return i;
}

static double largest_of(const geometry *g, const double *x, int64_t o, double *count)
{
    const int64_t volume = g->kernel[0] * g->kernel[1] * g->kernel[2];
    double y = -(double)INFINITY;
    *count = 0;
    for (int64_t k = 0; k < volume; k++) {
        const int64_t i = element(g, o, k);
        if (i >= 0 && (x[i] > y || isnan(x[i])) && !isnan(y)) y = x[i];
    }
    for (int64_t k = 0; k < volume; k++) {
        const int64_t i = element(g, o, k);
        *count += i >= 0 && x[i] == y;
    }
    return y;
}

/* One plane; y is zeros. */
static void by_loops(const geometry *g, int op, const double *x, const double *z, double *y)
{
    const int64_t positions = g->out[0] * g->out[1] * g->out[2];
    for (int64_t o = 0; o < positions; o++) {
        double count;
        const double most = largest_of(g, x, o, &count);
        if (op == LARGEST) y[o] = most;
        for (int64_t k = 0; k < g->kernel[0] * g->kernel[1] * g->kernel[2]; k++) {
            const int64_t i = element(g, o, k);
            if (i < 0) continue;
            if (op == SHARE && isnan(most)) y[i] = NAN;
            if (op == MEAN && isnan(most)) y[o] = NAN;
            if (op == SHARE && x[i] == most) y[i] += z[o] / count;
            if (op == MEAN && x[i] == most) y[o] += z[i] / count;
        }
    }
}

/* ---- the operations ------------------------------------------------------------------------- */

static tg_tensor *apply(tg_tape *t, const geometry *g, int op, tg_tensor *x, tg_tensor *z)
{
    if (op == SHARE)
        return tg_window_max_share(t, x, z, 3, g->kernel, g->stride, g->padding, g->dilation);
    if (op == MEAN)
        return tg_window_max_mean(t, x, z, 3, g->kernel, g->stride, g->padding, g->dilation);
    return tg_window_max(t, x, 3, g->kernel, g->stride, g->padding, g->dilation);
}

/* Integers, so that ties are common; some NaN if `nan` is set. */
static tg_tensor *draw_x(const geometry *g, tg_dtype dtype, bool nan, tg_rng *rng)
{
    const int64_t shape[] = {g->n, g->c, g->in[0], g->in[1], g->in[2]};
    tg_tensor *x = random_leaf(dtype, 5, shape, 0, 1, 1);
    for (int64_t i = 0; i < x->size; i++)
        write_at(x, i, nan && below(rng, 40) == 0 ? NAN : (double)below(rng, 5) - 3);
    return x;
}

static void compare(const geometry *g, int op, tg_dtype dtype, bool nan, tg_rng *rng)
{
    enum { PLANE = 2 * 6 * 80 };
    static double x[PLANE], z[PLANE], y[PLANE];
    const int64_t in[] = {g->n, g->c, g->in[0], g->in[1], g->in[2]};
    const int64_t out[] = {g->n, g->c, g->out[0], g->out[1], g->out[2]};
    tg_tape *t = tg_tape_new();
    tg_tensor *tx = laid_out(draw_x(g, dtype, nan, rng), (int)below(rng, LAYOUTS));
    tg_tensor *tz =
        laid_out(random_leaf(dtype, 5, op == SHARE ? out : in, -2, 2, 7), (int)below(rng, LAYOUTS));
    const tg_tensor *ty = apply(t, g, op, tx, tz);
    assert_fine(t, "window_max");
    ck_assert_int_eq(ty->ndim, 5);
    for (int a = 0; a < 5; a++) ck_assert_int_eq(ty->shape[a], op == SHARE ? in[a] : out[a]);
    const int64_t size_x = g->in[0] * g->in[1] * g->in[2];
    const int64_t positions = g->out[0] * g->out[1] * g->out[2];
    const int64_t size_z = op == SHARE ? positions : size_x,
                  size_y = op == SHARE ? size_x : positions;
    ck_assert_int_le(size_x, PLANE);
    ck_assert_int_le(positions, PLANE);
    for (int64_t p = 0; p < g->n * g->c; p++) {
        for (int64_t i = 0; i < size_x; i++) x[i] = read_at(tx, p * size_x + i);
        for (int64_t i = 0; i < size_z; i++) z[i] = read_at(tz, p * size_z + i);
        for (int64_t i = 0; i < size_y; i++) y[i] = 0;
        by_loops(g, op, x, z, y);
        for (int64_t i = 0; i < size_y; i++)
            assert_close(ty->node->op->name, dtype, p * size_y + i, 7, read_at(ty, p * size_y + i),
                         y[i], 4 * tolerance_of(dtype), 4 * tolerance_of(dtype));
    }
    tg_tape_free(t);
    free_leaves();
}

START_TEST(test_against_loops)
{
    tg_rng rng = tg_rng_make(3, (uint64_t)_i);
    int tried = 0;
    for (int i = 0; i < 400; i++) {
        geometry g;
        if (!draw_geometry(&g, i % 8 == 0 ? 68 : 12, &rng)) continue;
        compare(&g, _i, i % 2 ? TG_F32 : TG_F64, i % 3 == 0, &rng);
        tried++;
    }
    ck_assert_int_gt(tried, 200);
}
END_TEST

/* ---- each instruction set ------------------------------------------------------------------- */

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

/* n windows of `rows` rows from an unaligned address. What lies beside the result is not
 * touched. */
static void try_pairs(const tgi_kernels *k, tg_dtype dtype, int64_t n, int64_t rows, tg_rng *rng)
{
    enum { LINES = 2, STEP = 2 * 67 + 3, ROOM = LINES * 3 * STEP + 8 };
    static double x[ROOM], d[ROOM], y[ROOM], dx[ROOM];
    tg_tensor *const t[] = {random_leaf(dtype, 1, (int64_t[]){ROOM}, 0, 1, 1),
                            random_leaf(dtype, 1, (int64_t[]){ROOM}, -1, 1, 2),
                            random_leaf(dtype, 1, (int64_t[]){ROOM}, -1, 1, 3),
                            random_leaf(dtype, 1, (int64_t[]){ROOM}, -1, 1, 4)};
    const int64_t at = 1 + n % 3;
    const tgi_window_pairs p = {LINES, n, rows, STEP};
    char *data[4];
    for (int64_t i = 0; i < ROOM; i++)
        write_at(t[0], i, below(rng, 60) == 0 ? NAN : (double)below(rng, 4) - 9);
    for (int64_t i = 0; i < ROOM; i++)
        x[i] = read_at(t[0], i), d[i] = read_at(t[1], i), y[i] = read_at(t[2], i),
        dx[i] = read_at(t[3], i);
    for (int i = 0; i < 4; i++) data[i] = (char *)t[i]->data + at * (int64_t)tg_dtype_size(dtype);
    k->windows[dtype].largest(&p, data[0], data[2]);
    k->windows[dtype].share(&p, data[0], data[1], data[3]);
    for (int64_t w = 0; w < LINES * n; w++) {
        const int64_t first = at + w / n * rows * STEP + w % n * 2;
        double most = -(double)INFINITY, count = 0;
        for (int64_t i = 0; i < 2 * rows; i++) {
            const double v = x[first + i / 2 * STEP + i % 2];
            most = isnan(most) || v <= most ? most : v;
        }
        for (int64_t i = 0; i < 2 * rows; i++) count += x[first + i / 2 * STEP + i % 2] == most;
        y[at + w] = most;
        for (int64_t i = 0; i < 2 * rows; i++) {
            const int64_t e = first + i / 2 * STEP + i % 2;
            dx[e] = isnan(most) ? NAN : x[e] == most ? d[at + w] / count : 0;
        }
    }
    for (int64_t i = 0; i < ROOM; i++) {
        const double e = tolerance_of(dtype);
        assert_close(k->isa, dtype, i, (uint64_t)n, read_at(t[2], i), y[i], e, 0);
        assert_close(k->isa, dtype, i, (uint64_t)n, read_at(t[3], i), dx[i], e, 0);
    }
    free_leaves();
}

START_TEST(test_kernels)
{
    const tgi_kernels *k = tgi_kernels_named(isas[_i]);
    tg_rng rng = tg_rng_make(5, 0);
    for (int64_t n = 0; k && n <= 67; n++)
        for (int64_t rows = 1; rows <= 3; rows++) {
            try_pairs(k, TG_F32, n, rows, &rng);
            try_pairs(k, TG_F64, n, rows, &rng);
        }
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

START_TEST(test_threads)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    static const geometry all[] = {
        {7, 5, {1, 50, 51}, {1, 2, 2}, {1, 2, 2}, {0}, {1, 1, 1}, {1, 25, 25}},
        {7, 5, {1, 50, 51}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, {1, 1, 1}, {1, 25, 26}}};
    const geometry *g = &all[_i];
    tg_rng rng = tg_rng_make(8, 0);
    tg_tensor *x = draw_x(g, TG_F32, false, &rng);
    const int64_t out[] = {g->n, g->c, g->out[0], g->out[1], g->out[2]};
    tg_tensor *first[OPS] = {NULL};
    for (int k = 0; k < COUNT(threads); k++)
        for (int op = 0; op < OPS; op++) {
            tg_tape *t = tg_tape_new();
            ck_assert_int_eq(tg_set_num_threads(threads[k]), TG_OK);
            tg_tensor *z = op == SHARE ? random_leaf(TG_F32, 5, out, -1, 1, 2) : x;
            tg_tensor *y = apply(t, g, op, x, z);
            assert_fine(t, "window_max");
            if (!first[op]) first[op] = keep(tg_tensor_clone(y, NULL));
            ck_assert(memcmp(first[op]->data, y->data, (size_t)y->size * sizeof(float)) == 0);
            tg_tape_free(t);
        }
    (void)tg_set_num_threads(0);
    free_leaves();
}
END_TEST

/* ---- what is refused, and a few by hand ----------------------------------------------------- */

static const op_row op_rows[] = {
    {"window_max", "kernel=2", {"f64[1,1,4]: 3 1 2 5"}, "f64[1,1,3]: 3 2 5", TG_OK},
    {"window_max", "kernel=2 padding=1", {"f32[1,1,2]: -3 -5"}, "f32[1,1,3]: -3 -3 -5", TG_OK},
    {"window_max", "kernel=2 padding=1", {"f32[1,1,0]"}, "f32[1,1,1]: -inf", TG_OK},
    {"window_max", "kernel=2 stride=2", {"f32[1,1,4]: 1 nan 2 -inf"}, "f32[1,1,2]: nan 2", TG_OK},
    {"window_max_share",
     "kernel=2",
     {"f64[1,1,3]: 3 3 1", "f64[1,1,2]: 4 8"},
     "f64[1,1,3]: 2 10 0",
     TG_OK},
    {"window_max_mean",
     "kernel=2",
     {"f64[1,1,3]: 3 3 1", "f64[1,1,3]: 4 8 9"},
     "f64[1,1,2]: 6 8",
     TG_OK},
    {"window_max_mean", "kernel=2 padding=1", {"f64[1,1,0]", "f64[1,1,0]"}, "f64[1,1,1]: 0", TG_OK},
    {"window_max",
     "kernel=2",
     {"i32[1,1,4]"},
     "window_max: i32[1,1,4] is not a float tensor (use tg_cast)",
     TG_EDTYPE},
    {"window_max",
     "kernel=3",
     {"f32[1,1,2]"},
     "window_max: kernel [3] with dilation [1] does not fit [2] with padding [0]",
     TG_ESHAPE},
    {"window_max_share",
     "kernel=2",
     {"f32[1,1,4]", "f32[1,1,4]"},
     "window_max_share: operand 2 is f32[1,1,4], must be [1,1,3]",
     TG_ESHAPE},
    {"window_max_mean",
     "kernel=2",
     {"f32[1,1,4]", "f64[1,1,4]"},
     "window_max_mean: the dtypes of f32[1,1,4] and f64[1,1,4] differ (use tg_cast)",
     TG_EDTYPE},
};

START_TEST(test_op) { run_row(&op_rows[_i]); }
END_TEST

START_TEST(test_calls_refused)
{
    tg_tape *t = tg_tape_new();
    ck_assert_ptr_null(tg_window_max(t, tensor_of(t, "f32[1,1,4]"), 1, NULL, NULL, NULL, NULL));
    assert_error(t, TG_EARG, "window_max: kernel is NULL");
    tg_tape_reset(t);
    const int64_t two[] = {2};
    ck_assert_ptr_null(tg_window_max(t, tensor_of(t, "f32[1,1,4]"), 4, two, NULL, NULL, NULL));
    assert_error(t, TG_EARG, "window_max: the window must have 1, 2 or 3 axes");
    tg_tape_free(t);
    free_leaves();
}
END_TEST

SUITE("window_max", .timeout = 120,
      .tests = {
          {test_against_loops, OPS},
          {test_kernels, COUNT(isas)},
          {test_threads, 2},
          {test_op, COUNT(op_rows)},
          {test_calls_refused},
      })
