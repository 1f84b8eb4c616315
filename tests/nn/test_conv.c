/* test_conv.c - convolutions against their sums in plain loops. */
#include "tapegrad/conv.h"
#include "tapegrad/gradcheck.h"
#include "tests/support/close.h"

/* One convolution. Missing axes have size 1. */
typedef struct geometry {
    int axes, bias;
    int64_t n, c, k, groups;
    int64_t in[3], kernel[3], stride[3], padding[3], dilation[3], output_padding[3];
} geometry;

#define ONES                                                                                       \
    {                                                                                              \
        1, 1, 1                                                                                    \
    }
static const geometry rows[] = {
    {1, 1, 2, 3, 4, 1, {7, 1, 1}, {3, 1, 1}, ONES, {0}, ONES, {0}},
    {1, 0, 1, 2, 2, 2, {9, 1, 1}, {2, 1, 1}, {3, 1, 1}, {2, 0, 0}, {2, 1, 1}, {2, 0, 0}},
    {2, 1, 2, 3, 5, 1, {6, 5, 1}, {3, 3, 1}, ONES, {1, 1, 0}, ONES, {0}},
    {2, 0, 1, 2, 2, 1, {7, 6, 1}, {3, 2, 1}, {2, 1, 1}, {0, 2, 0}, {1, 3, 1}, {1, 0, 0}},
    {2, 1, 2, 4, 6, 2, {5, 5, 1}, {2, 3, 1}, {1, 2, 1}, {1, 0, 0}, {2, 1, 1}, {0, 1, 0}},
    {2, 1, 1, 3, 3, 3, {4, 4, 1}, {3, 3, 1}, {2, 2, 1}, {1, 1, 0}, ONES, {1, 1, 0}},
    {2, 1, 3, 4, 2, 1, {4, 3, 1}, {1, 1, 1}, ONES, {0}, {5, 1, 1}, {0}},
    {2, 0, 2, 2, 3, 1, {4, 3, 1}, {1, 1, 1}, {2, 1, 1}, {0}, ONES, {0}},
    {2, 1, 1, 1, 1, 1, {2, 2, 1}, {5, 5, 1}, {3, 3, 1}, {4, 4, 0}, ONES, {2, 0, 0}},
    {2, 1, 1, 2, 2, 1, {60, 70, 1}, {3, 3, 1}, ONES, {1, 1, 0}, ONES, {0}},
    {2, 1, 0, 2, 4, 2, {5, 5, 1}, {3, 3, 1}, ONES, {0}, ONES, {0}},
    {3, 1, 2, 2, 3, 1, {4, 3, 5}, {2, 2, 3}, {1, 1, 2}, {0, 1, 1}, {1, 2, 1}, {0, 0, 1}},
    {3, 0, 1, 4, 2, 2, {3, 4, 3}, {3, 1, 2}, {2, 1, 1}, {1, 0, 0}, ONES, {1, 0, 0}},
};

static tg_conv_options options_of(const geometry *g)
{
    tg_conv_options o = tg_conv_defaults();
    memcpy(o.stride, g->stride, sizeof o.stride);
    memcpy(o.padding, g->padding, sizeof o.padding);
    memcpy(o.dilation, g->dilation, sizeof o.dilation);
    memcpy(o.output_padding, g->output_padding, sizeof o.output_padding);
    o.groups = g->groups;
    return o;
}

/* Row-major number of an element of (a, b, size[0], size[1], size[2]). */
static int64_t number(int64_t a, int64_t b, int64_t most_b, const int64_t *size, const int64_t *i)
{
    return (((a * most_b + b) * size[0] + i[0]) * size[1] + i[1]) * size[2] + i[2];
}

/* The next index within size, row-major; false after the last. */
static bool next(const int64_t *size, int64_t *i)
{
    for (int a = 2; a >= 0; a--) {
        if (++i[a] < size[a]) return true;
        i[a] = 0;
    }
    return false;
}

/* A term of the sum: small[s] * kernel[r] belongs to large[l]. False if l is outside. */
static bool place(const geometry *g, const int64_t *large, const int64_t *s, const int64_t *r,
                  int64_t *l)
{
    bool within = true;
    for (int a = 0; a < 3; a++) {
        l[a] = s[a] * g->stride[a] - g->padding[a] + r[a] * g->dilation[a];
        within = within && l[a] >= 0 && l[a] < large[a];
    }
    return within;
}

/* Adds the convolution of x with w, or its transpose, into y. `large` and `small` are the sizes on
 * the two sides. x has the large one and y the small one, or the other way round for the
 * transpose. */
static void by_loops(const geometry *g, bool transposed, const int64_t *large, const int64_t *small,
                     const tg_tensor *x, const tg_tensor *w, double *y)
{
    const int64_t cg = g->c / g->groups, kg = g->k / g->groups;
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t k = 0; k < g->k; k++)
            for (int64_t j = 0; j < cg; j++) {
                const int64_t c = k / kg * cg + j;
                int64_t s[3] = {0};
                do {
                    int64_t r[3] = {0}, l[3];
                    do {
                        if (!place(g, large, s, r, l)) continue;
                        if (transposed)
                            y[number(n, k, g->k, large, l)] +=
                                read_at(w, number(c, k % kg, kg, g->kernel, r)) *
                                read_at(x, number(n, c, g->c, small, s));
                        else
                            y[number(n, k, g->k, small, s)] +=
                                read_at(w, number(k, j, cg, g->kernel, r)) *
                                read_at(x, number(n, c, g->c, large, l));
                    } while (next(g->kernel, r));
                } while (next(small, s));
            }
}

static int64_t volume(const int64_t *v) { return v[0] * v[1] * v[2]; }

typedef tg_tensor *(*conv_fn)(tg_tape *t, tg_tensor *x, tg_tensor *w, tg_tensor *b,
                              const tg_conv_options *options);
static const conv_fn conv_of[2][3] = {
    {tg_conv1d, tg_conv2d, tg_conv3d},
    {tg_conv_transpose1d, tg_conv_transpose2d, tg_conv_transpose3d}};

/* Output sizes by their formulas. False if this kind has no output. */
static bool output_sizes(const geometry *g, bool transposed, int64_t *out)
{
    bool some = true;
    for (int a = 0; a < 3; a++) {
        const int64_t reach = g->dilation[a] * (g->kernel[a] - 1) + 1;
        out[a] = transposed ? (g->in[a] - 1) * g->stride[a] - 2 * g->padding[a] + reach +
                                  g->output_padding[a]
                            : (g->in[a] + 2 * g->padding[a] - reach) / g->stride[a] + 1;
        some = some && out[a] > 0;
    }
    return some;
}

static void compare(const geometry *g, bool transposed, tg_dtype dtype, int layout)
{
    const tg_conv_options o = options_of(g);
    int64_t out[3], shape[5] = {g->n, g->c};
    if (!output_sizes(g, transposed, out)) return;
    memcpy(shape + 2, g->in, sizeof g->in);
    tg_tensor *x = laid_out(random_leaf(dtype, 2 + g->axes, shape, -1, 1, 1), layout);
    shape[0] = transposed ? g->c : g->k;
    shape[1] = (transposed ? g->k : g->c) / g->groups;
    memcpy(shape + 2, g->kernel, sizeof g->kernel);
    tg_tensor *w = laid_out(random_leaf(dtype, 2 + g->axes, shape, -1, 1, 2), layout);
    tg_tensor *b = g->bias ? random_leaf(dtype, 1, &g->k, -1, 1, 3) : NULL;
    const int64_t size = g->n * g->k * volume(out);
    double *want = calloc((size_t)size + 1, sizeof *want);
    if (!want) ck_abort_msg("out of memory");
    for (int64_t i = 0; b && i < size; i++) want[i] = read_at(b, i / volume(out) % g->k);
    by_loops(g, transposed, transposed ? out : g->in, transposed ? g->in : out, x, w, want);

    tg_tape *t = tg_tape_new();
    const tg_tensor *y = conv_of[transposed][g->axes - 1](t, x, w, b, &o);
    assert_fine(t, "conv");
    shape[0] = g->n, shape[1] = g->k;
    memcpy(shape + 2, out, sizeof out);
    ck_assert_int_eq(y->ndim, 2 + g->axes);
    for (int a = 0; a < y->ndim; a++) ck_assert_int_eq(y->shape[a], shape[a]);
    const double tolerance = dtype == TG_F32 ? 1e-5 : 1e-13;
    for (int64_t i = 0; i < y->size; i++)
        assert_close("conv", dtype, i, 1, read_at(y, i), want[i], tolerance, tolerance);
    tg_tape_free(t);
    free(want);
    free_leaves();
}

START_TEST(test_against_loops)
{
    for (int transposed = 0; transposed < 2; transposed++)
        for (int layout = 0; layout < LAYOUTS; layout++) {
            compare(&rows[_i], transposed, TG_F64, layout);
            compare(&rows[_i], transposed, TG_F32, layout);
        }
}
END_TEST

/* ---- gradients ------------------------------------------------------------------------------ */

static tg_tensor *apply_row(tg_tape *t, const tg_dict *p, void *user)
{
    const geometry *g = user;
    const tg_conv_options o = options_of(g);
    const bool transposed = tg_dict_get(p, "transposed");
    tg_tensor *y = conv_of[transposed][g->axes - 1](t, tg_param(t, p, "x"), tg_param(t, p, "w"),
                                                    tg_param(t, p, "b"), &o);
    return tg_square(t, y); /* so that the second derivative by x is not 0 */
}

static void add_random(tg_dict *p, const char *key, int ndim, const int64_t *shape, uint64_t seed)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = tg_tensor_ref(random_leaf(TG_F64, ndim, shape, -1, 1, seed));
    ck_assert_msg(tg_dict_take(p, key, x, &err) == TG_OK, "%s", err.text);
}

static const geometry small[] = {
    {2, 1, 2, 2, 2, 1, {4, 3, 1}, {2, 2, 1}, {2, 1, 1}, {1, 0, 0}, {1, 2, 1}, {1, 0, 0}},
    {2, 1, 1, 2, 4, 2, {3, 3, 1}, {3, 2, 1}, ONES, {1, 1, 0}, ONES, {0}},
    {1, 1, 1, 2, 2, 1, {4, 1, 1}, {1, 1, 1}, ONES, {0}, ONES, {0}},
};

START_TEST(test_gradients)
{
    geometry g = small[_i / 2];
    const int transposed = _i % 2;
    tg_dict *p = tg_dict_new();
    tg_error err = TG_ERROR_INIT;
    int64_t shape[5] = {g.n, g.c, g.in[0], g.in[1]};
    add_random(p, "x", 2 + g.axes, shape, 1);
    add_random(p, "b", 1, &g.k, 2);
    memcpy(shape + 2, g.kernel, sizeof g.kernel);
    shape[0] = transposed ? g.c : g.k;
    shape[1] = (transposed ? g.k : g.c) / g.groups;
    add_random(p, "w", 2 + g.axes, shape, 3);
    tg_gradcheck_report r;
    const tg_function f = apply_row;
    if (transposed) add_random(p, "transposed", 1, (int64_t[]){0}, 4);
    ck_assert_msg(tg_gradcheck(f, &g, p, NULL, &r, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(r.checked, tg_dict_count(p));
    ck_assert_msg(tg_gradgradcheck(f, &g, p, NULL, &r, &err) == TG_OK, "%s", err.text);
    tg_dict_free(p);
    free_leaves();
}
END_TEST

SUITE("conv", .timeout = 120,
      .tests = {
          {test_against_loops, COUNT(rows)},
          {test_gradients, 2 * COUNT(small)},
      })
