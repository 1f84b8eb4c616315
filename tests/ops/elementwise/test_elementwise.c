/* test_elementwise.c - elementwise operations of two and three operands against plain loops: every
 * dtype, broadcast and memory layout. */
#include "tests/support/tape.h"

static void assert_recorded(const char *op, const tg_tensor *y, tg_dtype dtype)
{
    assert_fine(t, op);
    ck_assert(y && y->tape == t && tg_tape_value(t, y->id) == y);
    ck_assert(y->dtype == dtype && tg_tensor_is_contiguous(y) && !y->weak);
    ck_assert_str_eq(y->node->op->name, op);
}

/* ---- two operands --------------------------------------------------------------------------- */

static double add(double a, double b) { return a + b; }
static double sub(double a, double b) { return a - b; }
static double mul(double a, double b) { return a * b; }
static double divide(double a, double b) { return a / b; }
static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }
static double strong_mul(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }
static double log_add_exp(double a, double b)
{
    return a == b ? a + log(2) : fmax(a, b) + log1p(exp(-fabs(a - b)));
}
static double strong_div(double a, double b) { return a == 0 ? 0 : a / b; }
static double both(double a, double b) { return a != 0 && b != 0; }
static double either(double a, double b) { return a != 0 || b != 0; }
static double one_of(double a, double b) { return (a != 0) != (b != 0); }
static double equal(double a, double b) { return a == b; }
static double not_equal(double a, double b) { return a != b; }
static double less(double a, double b) { return a < b; }
static double less_equal(double a, double b) { return a <= b; }
static double greater(double a, double b) { return a > b; }
static double greater_equal(double a, double b) { return a >= b; }

static const struct {
    const char *name;
    tg_tensor *(*op)(tg_tape *, tg_tensor *, tg_tensor *);
    double (*f)(double, double);
    int last; /* the last dtype it takes */
    bool mask;
} binary[] = {
    {"add", tg_add, add, TG_I32, false},
    {"sub", tg_sub, sub, TG_I32, false},
    {"mul", tg_mul, mul, TG_I32, false},
    {"div", tg_div, divide, TG_F64, false},
    {"zmul", tg_zmul, strong_mul, TG_F64, false},
    {"zzmul", tg_zzmul, strong_mul, TG_F64, false},
    {"zdiv", tg_zdiv, strong_div, TG_F64, false},
    {"maximum", tg_maximum, larger, TG_I32, false},
    {"minimum", tg_minimum, smaller, TG_I32, false},
    {"pow", tg_pow, pow, TG_F64, false},
    {"fmod", tg_fmod, fmod, TG_F64, false},
    {"atan2", tg_atan2, atan2, TG_F64, false},
    {"logaddexp", tg_logaddexp, log_add_exp, TG_F64, false},
    {"logical_and", tg_logical_and, both, TG_U8, true},
    {"logical_or", tg_logical_or, either, TG_U8, true},
    {"logical_xor", tg_logical_xor, one_of, TG_U8, true},
    {"equal", tg_equal, equal, TG_U8, true},
    {"not_equal", tg_not_equal, not_equal, TG_U8, true},
    {"less", tg_less, less, TG_U8, true},
    {"less_equal", tg_less_equal, less_equal, TG_U8, true},
    {"greater", tg_greater, greater, TG_U8, true},
    {"greater_equal", tg_greater_equal, greater_equal, TG_U8, true},
};

/* Shapes that broadcast, and the result. */
static const struct {
    int an;
    int64_t a[8];
    int bn;
    int64_t b[8];
    int yn;
    int64_t y[8];
} pairs[] = {
    {0, {0}, 0, {0}, 0, {0}},
    {1, {67}, 1, {67}, 1, {67}},
    {2, {2, 3}, 2, {2, 3}, 2, {2, 3}},
    {2, {2, 3}, 1, {3}, 2, {2, 3}},
    {1, {3}, 2, {2, 3}, 2, {2, 3}},
    {2, {2, 3}, 0, {0}, 2, {2, 3}},
    {0, {0}, 2, {2, 3}, 2, {2, 3}},
    {2, {2, 1}, 2, {1, 3}, 2, {2, 3}},
    {2, {1, 1}, 3, {2, 1, 3}, 3, {2, 1, 3}},
    {4, {4, 1, 5, 1}, 3, {3, 1, 2}, 4, {4, 3, 5, 2}},
    {3, {1, 4, 5}, 3, {3, 4, 1}, 3, {3, 4, 5}},
    {1, {0}, 1, {1}, 1, {0}},
    {1, {1}, 2, {3, 0}, 2, {3, 0}},
    {2, {0, 3}, 2, {1, 3}, 2, {0, 3}},
    {2, {0, 1}, 2, {1, 4}, 2, {0, 4}},
    {8, {2, 1, 2, 1, 2, 1, 2, 1}, 8, {1, 2, 1, 2, 1, 2, 1, 2}, 8, {2, 2, 2, 2, 2, 2, 2, 2}},
};

/* The element of x that is element i of what x was broadcast to. */
static double behind(const tg_tensor *x, const tg_tensor *y, int64_t i)
{
    int64_t from = 0, step = 1;
    for (int a = y->ndim - 1, k = x->ndim - 1; k >= 0; i /= y->shape[a--], step *= x->shape[k--])
        if (x->shape[k] != 1) from += i % y->shape[a] * step;
    return read_at(x, from);
}

/* Halves and small integers, so that sums and products are exact and ties are frequent. */
static tg_tensor *operand(int d, int ndim, const int64_t *shape, int layout, uint64_t seed)
{
    tg_tensor *x = random_leaf((tg_dtype)d, ndim, shape, d == TG_U8 ? 0 : -4, 4, seed);
    for (int64_t i = 0; i < x->size; i++)
        if (d <= TG_F64) write_at(x, i, floor(2 * read_at(x, i)) / 2);
    return laid_out(x, layout);
}

START_TEST(two_operands_of_every_shape)
{
    for (int d = 0; d <= binary[_i].last; d++)
        for (int p = 0; p < COUNT(pairs) * LAYOUTS * LAYOUTS; p++) {
            const int k = p / (LAYOUTS * LAYOUTS);
            const uint64_t seed = (uint64_t)p;
            tg_tensor *a = operand(d, pairs[k].an, pairs[k].a, p % LAYOUTS, seed);
            tg_tensor *b = operand(d, pairs[k].bn, pairs[k].b, p / LAYOUTS % LAYOUTS, seed + 1);
            const tg_tensor *y = binary[_i].op(t, a, b);
            assert_recorded(binary[_i].name, y, binary[_i].mask ? TG_U8 : (tg_dtype)d);
            ck_assert_int_eq(y->ndim, pairs[k].yn);
            for (int i = 0; i < y->ndim; i++) ck_assert_int_eq(y->shape[i], pairs[k].y[i]);
            for (int64_t i = 0; i < y->size; i++)
                assert_close(binary[_i].name, (tg_dtype)d, i, seed, read_at(y, i),
                             binary[_i].f(behind(a, y, i), behind(b, y, i)), tolerance_of(y->dtype),
                             0);
            tg_tape_reset(t);
            if (p % 64 == 0) free_leaves();
        }
}
END_TEST

/* ---- the choice between two ----------------------------------------------------------------- */

START_TEST(where_of_every_shape)
{
    for (int k = 0; k < COUNT(pairs); k++)
        for (int layout = 0; layout < LAYOUTS * 3; layout++) {
            /* Each of the three operands is the small one in turn. */
            const int turn = layout / LAYOUTS, l = layout % LAYOUTS;
            tg_tensor *c = operand(TG_U8, turn ? pairs[k].an : pairs[k].bn,
                                   turn ? pairs[k].a : pairs[k].b, l, 1);
            tg_tensor *a = operand(_i, turn == 1 ? pairs[k].bn : pairs[k].an,
                                   turn == 1 ? pairs[k].b : pairs[k].a, (l + turn) % LAYOUTS, 2);
            tg_tensor *b = operand(_i, turn == 2 ? pairs[k].bn : pairs[k].an,
                                   turn == 2 ? pairs[k].b : pairs[k].a, (l + 1) % LAYOUTS, 3);
            const tg_tensor *y = tg_where(t, c, a, b);
            assert_recorded("where", y, (tg_dtype)_i);
            ck_assert_int_eq(y->ndim, pairs[k].yn);
            for (int64_t i = 0; i < y->size; i++)
                assert_close("where", (tg_dtype)_i, i, 1, read_at(y, i),
                             behind(c, y, i) != 0 ? behind(a, y, i) : behind(b, y, i), 0, 0);
            tg_tape_reset(t);
        }
}
END_TEST

SUITE("elementwise", .with = {TAPE}, .timeout = 120,
      .tests = {
          {two_operands_of_every_shape, COUNT(binary)},
          {where_of_every_shape, TG_DTYPE_COUNT},
      })
