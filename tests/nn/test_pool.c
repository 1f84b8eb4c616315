/* test_pool.c - pooling and upsampling against plain loops, and their gradients. */
#include "tapegrad/conv.h"
#include "tapegrad/gradcheck.h"
#include "tests/support/close.h"

enum { MAX, AVG, AVG_INSIDE, ADAPTIVE_MAX, ADAPTIVE_AVG, NEAREST, LINEAR, CORNERS };

/* What is applied to f[n, c, in...]. Missing axes have size 1. */
typedef struct row {
    int kind, axes;
    int64_t n, c, in[3];
    int64_t out[3]; /* of the kinds that have one; for pools the size of the kernel */
    int64_t stride[3], padding[3], dilation[3]; /* dilation 0: 1 */
} row;

static const row rows[] = {
    {MAX, 2, 2, 2, {6, 4, 1}, {2, 2, 1}, {0}, {0}, {0}},
    {MAX, 2, 1, 3, {7, 8, 1}, {3, 2, 1}, {2, 1, 1}, {1, 1, 0}, {1, 2, 1}},
    {MAX, 1, 2, 2, {9, 1, 1}, {3, 1, 1}, {2, 1, 1}, {1, 0, 0}, {0}},
    {MAX, 3, 1, 2, {3, 4, 5}, {2, 2, 3}, {1, 1, 1}, {1, 0, 1}, {0}},
    {MAX, 2, 0, 2, {4, 4, 1}, {2, 2, 1}, {0}, {1, 1, 0}, {0}},
    {MAX, 2, 1, 1, {2, 2, 1}, {2, 2, 1}, {1, 1, 1}, {1, 1, 0}, {3, 3, 1}}, /* nothing but padding */
    {AVG, 2, 2, 2, {5, 4, 1}, {2, 2, 1}, {0}, {0}, {0}},
    {AVG, 2, 1, 2, {5, 4, 1}, {3, 2, 1}, {2, 1, 1}, {1, 1, 0}, {0}},
    {AVG_INSIDE, 2, 2, 2, {5, 4, 1}, {3, 2, 1}, {2, 1, 1}, {1, 1, 0}, {0}},
    {AVG_INSIDE, 1, 1, 2, {5, 1, 1}, {4, 1, 1}, {2, 1, 1}, {2, 0, 0}, {0}},
    {AVG_INSIDE, 3, 1, 2, {3, 2, 4}, {2, 1, 3}, {1, 1, 1}, {1, 0, 1}, {0}},
    {ADAPTIVE_MAX, 2, 2, 2, {6, 4, 1}, {3, 2, 1}, {0}, {0}, {0}},
    {ADAPTIVE_MAX, 2, 1, 2, {7, 5, 1}, {3, 4, 1}, {0}, {0}, {0}},
    {ADAPTIVE_MAX, 1, 2, 2, {7, 1, 1}, {4, 1, 1}, {0}, {0}, {0}},
    {ADAPTIVE_AVG, 2, 2, 2, {6, 4, 1}, {1, 1, 1}, {0}, {0}, {0}},
    {ADAPTIVE_AVG, 2, 1, 2, {7, 5, 1}, {3, 4, 1}, {0}, {0}, {0}},
    {ADAPTIVE_AVG, 2, 1, 1, {2, 3, 1}, {5, 4, 1}, {0}, {0}, {0}},
    {ADAPTIVE_AVG, 1, 2, 2, {10, 1, 1}, {4, 1, 1}, {0}, {0}, {0}},
    {ADAPTIVE_AVG, 2, 0, 2, {5, 5, 1}, {2, 3, 1}, {0}, {0}, {0}},
    {NEAREST, 2, 2, 2, {3, 2, 1}, {6, 6, 1}, {0}, {0}, {0}},
    {NEAREST, 2, 1, 2, {3, 4, 1}, {7, 3, 1}, {0}, {0}, {0}},
    {NEAREST, 2, 0, 2, {3, 4, 1}, {6, 3, 1}, {0}, {0}, {0}},
    {LINEAR, 2, 2, 2, {3, 4, 1}, {6, 8, 1}, {0}, {0}, {0}},
    {LINEAR, 2, 1, 1, {5, 3, 1}, {2, 7, 1}, {0}, {0}, {0}},
    {LINEAR, 2, 1, 1, {1, 3, 1}, {4, 3, 1}, {0}, {0}, {0}},
    {CORNERS, 2, 2, 2, {3, 4, 1}, {6, 8, 1}, {0}, {0}, {0}},
    {CORNERS, 2, 1, 1, {5, 3, 1}, {1, 7, 1}, {0}, {0}, {0}},
};

typedef tg_tensor *(*pool_fn)(tg_tape *t, tg_tensor *x, const tg_pool_options *options);

static int64_t dilation_of(const row *r, int a) { return r->dilation[a] ? r->dilation[a] : 1; }

static tg_tensor *apply(tg_tape *t, const row *r, tg_tensor *x)
{
    static const pool_fn pools[2][3] = {{tg_max_pool1d, tg_max_pool2d, tg_max_pool3d},
                                        {tg_avg_pool1d, tg_avg_pool2d, tg_avg_pool3d}};
    tg_pool_options o = tg_pool_defaults(1);
    const int64_t h = r->out[0], w = r->out[1];
    memcpy(o.kernel, r->out, sizeof o.kernel);
    memcpy(o.stride, r->stride, sizeof o.stride);
    memcpy(o.padding, r->padding, sizeof o.padding);
    for (int a = 0; a < 3; a++) o.dilation[a] = dilation_of(r, a);
    o.count_padding = r->kind != AVG_INSIDE;
    switch (r->kind) {
    case ADAPTIVE_MAX:
        return r->axes == 1 ? tg_adaptive_max_pool1d(t, x, h) : tg_adaptive_max_pool2d(t, x, h, w);
    case ADAPTIVE_AVG:
        return r->axes == 1 ? tg_adaptive_avg_pool1d(t, x, h) : tg_adaptive_avg_pool2d(t, x, h, w);
    case NEAREST:
        return tg_upsample_nearest2d(t, x, h, w);
    case LINEAR:
    case CORNERS:
        return tg_upsample_bilinear2d(t, x, h, w, r->kind == CORNERS);
    default:
        return pools[r->kind != MAX][r->axes - 1](t, x, &o);
    }
}

/* ---- by loops ------------------------------------------------------------------------------- */

static int64_t stride_of(const row *r, int a) { return r->stride[a] ? r->stride[a] : r->out[a]; }

static int64_t out_size(const row *r, int a)
{
    if (r->kind > AVG_INSIDE) return r->out[a];
    const int64_t reach = dilation_of(r, a) * (r->out[a] - 1) + 1;
    return (r->in[a] + 2 * r->padding[a] - reach) / stride_of(r, a) + 1;
}

/* The weight of element i of x in element o along axis a; for pools a number of times. */
static double weight(const row *r, int a, int64_t o, int64_t i)
{
    const int64_t in = r->in[a], out = r->out[a];
    if (r->kind <= AVG_INSIDE) {
        const int64_t from = i - o * stride_of(r, a) + r->padding[a];
        return from >= 0 && from % dilation_of(r, a) == 0 && from / dilation_of(r, a) < out;
    }
    if (r->kind <= ADAPTIVE_AVG) return i >= o * in / out && i < ((o + 1) * in + out - 1) / out;
    if (r->kind == NEAREST) return i == o * in / out;
    double s = r->kind == CORNERS ? out == 1 ? 0 : (double)(o * (in - 1)) / (double)(out - 1)
                                  : fmax(((double)o + 0.5) * (double)in / (double)out - 0.5, 0);
    if (s > (double)(in - 1)) s = (double)(in - 1);
    return fmax(0, 1 - fabs(s - (double)i));
}

/* The result at position o of a plane of x that begins at element `first`. */
static double by_loops(const row *r, const tg_tensor *x, int64_t first, const int64_t *o)
{
    double sum = 0, count = 0, most = -(double)INFINITY;
    for (int64_t i = 0; i < r->in[0]; i++)
        for (int64_t j = 0; j < r->in[1]; j++)
            for (int64_t k = 0; k < r->in[2]; k++) {
                const double w =
                    weight(r, 0, o[0], i) * weight(r, 1, o[1], j) * weight(r, 2, o[2], k);
                const double v = read_at(x, first + (i * r->in[1] + j) * r->in[2] + k);
                sum += w * v, count += w;
                if (w > 0) most = fmax(most, v);
            }
    if (r->kind == MAX || r->kind == ADAPTIVE_MAX) return most;
    if (r->kind == AVG) return sum / (double)(r->out[0] * r->out[1] * r->out[2]);
    return r->kind == AVG_INSIDE || r->kind == ADAPTIVE_AVG ? sum / count : sum;
}

static tg_tensor *input(const row *r, tg_dtype dtype)
{
    const int64_t shape[5] = {r->n, r->c, r->in[0], r->in[1], r->in[2]};
    return random_leaf(dtype, 2 + r->axes, shape, -2, -1, 5); /* below the 0 of padding */
}

static void compare(const row *r, tg_dtype dtype, int layout)
{
    tg_tape *t = tg_tape_new();
    tg_tensor *x = laid_out(input(r, dtype), layout);
    const tg_tensor *y = apply(t, r, x);
    const int64_t plane = r->in[0] * r->in[1] * r->in[2];
    int64_t size[3], o[3];
    assert_fine(t, "pool");
    for (int a = 0; a < 3; a++) size[a] = out_size(r, a);
    ck_assert_int_eq(y->ndim, 2 + r->axes);
    for (int a = 0; a < r->axes; a++) ck_assert_int_eq(y->shape[2 + a], size[a]);
    ck_assert_int_eq(y->size, r->n * r->c * size[0] * size[1] * size[2]);
    const double tolerance = dtype == TG_F32 ? 1e-6 : 1e-14;
    for (int64_t i = 0; i < y->size; i++) {
        o[2] = i % size[2], o[1] = i / size[2] % size[1], o[0] = i / size[2] / size[1] % size[0];
        const int64_t first = i / (size[0] * size[1] * size[2]) * plane;
        assert_close("pool", dtype, i, 5, read_at(y, i), by_loops(r, x, first, o), tolerance, 0);
    }
    tg_tape_free(t);
    free_leaves();
}

START_TEST(test_against_loops)
{
    for (int layout = 0; layout < LAYOUTS; layout++) {
        compare(&rows[_i], TG_F64, layout);
        compare(&rows[_i], TG_F32, layout);
    }
}
END_TEST

/* ---- gradients ------------------------------------------------------------------------------ */

static tg_tensor *squared(tg_tape *t, const tg_dict *p, void *user)
{
    return tg_square(t, apply(t, user, tg_param(t, p, "x")));
}

START_TEST(test_gradients)
{
    row r = rows[_i];
    tg_dict *p = tg_dict_new();
    tg_error err = TG_ERROR_INIT;
    tg_gradcheck_options o = tg_gradcheck_defaults();
    o.samples = 20;
    /* -Inf has no gradient */
    if (r.n > 0 && isinf(by_loops(&r, input(&r, TG_F64), 0, (int64_t[]){0, 0, 0}))) r.n = 0;
    ck_assert_int_eq(tg_dict_take(p, "x", tg_tensor_ref(input(&r, TG_F64)), &err), TG_OK);
    ck_assert_msg(tg_gradcheck(squared, &r, p, &o, NULL, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_gradgradcheck(squared, &r, p, &o, NULL, &err) == TG_OK, "%s", err.text);
    tg_dict_free(p);
    free_leaves();
}
END_TEST

/* Equal elements share: everything is 1, so each window gives 1/V to each of its V elements inside
 * x. */
START_TEST(test_ties)
{
    static const row even = {MAX, 2, 1, 1, {2, 4, 1}, {2, 2, 1}, {0}, {0}, {0}};
    static const row padded = {MAX, 2, 1, 1, {2, 2, 1}, {2, 2, 1}, {0}, {1, 1, 0}, {0}};
    static const row uneven = {ADAPTIVE_MAX, 2, 1, 1, {3, 2, 1}, {2, 1, 1}, {0}, {0}, {0}};
    const row *const all[] = {&even, &padded, &uneven};
    const char *const want[] = {"f64[1,1,2,4]: .25 .25 .25 .25 .25 .25 .25 .25",
                                "f64[1,1,2,2]: 1 1 1 1", "f64[1,1,3,2]: .25 .25 .5 .5 .25 .25"};
    for (int i = 0; i < COUNT(all); i++) {
        tg_tape *t = tg_tape_new();
        tg_tensor *x = input(all[i], TG_F64), *dx;
        ck_assert_int_eq(tg_tensor_fill(x, 1, NULL), TG_OK);
        tg_tensor *y = apply(t, all[i], x), *dy = tg_ones_like(t, y);
        ck_assert_int_eq(tg_vjp(t, 1, &y, &dy, 1, &x, &dx), TG_OK);
        assert_tensor(t, "max_pool", dx, want[i], 0);
        tg_tape_free(t);
        free_leaves();
    }
}
END_TEST

SUITE("pool", .timeout = 120,
      .tests = {
          {test_against_loops, COUNT(rows)},
          {test_gradients, COUNT(rows)},
          {test_ties},
      })
