/* test_edges_structured.c - operations that are not elementwise at the edge: their samples with
 * zeros of both signs, denormals, the largest numbers, Inf and NaN as some of their elements. */
#include <float.h>

#include "src/op_sample.h"
#include "tests/support/plans.h"
#include "tests/support/tape.h"

/* What is true of an operation and is therefore tested. */
enum {
    MOVES = 1,  /* its floats: each element of the result is one of an operand, bit for bit, or 0 */
    PLANS = 2,  /* a plan has the bits of the tape, result and gradients */
    WIDTHS = 4, /* f32 and f64 agree */
    HESSIAN = 8, /* is symmetric */
    ALL = PLANS | WIDTHS | HESSIAN
};

static const struct {
    const char *op;
    int looks;
    const char *why; /* nothing is tested */
} table[] = {
    {"full", 0, "has no operand"},
    {"where", MOVES | ALL, NULL},
    {"where_equal", MOVES | ALL, NULL},
    {"cast", ALL, NULL},
    {"stop_gradient", MOVES | ALL, NULL},
    {"assign", 0, "writes: test_write"},
    {"sum", ALL, NULL},
    {"nansum", ALL, NULL},
    {"max", ALL, NULL},
    {"argmax", PLANS | WIDTHS, NULL},
    {"logsumexp", ALL, NULL},
    {"norm1", ALL, NULL},
    {"norm2", ALL, NULL},
    {"sum_to", ALL, NULL},
    {"matmul", ALL, NULL},
    {"reshape", MOVES | ALL, NULL},
    {"permute", MOVES | ALL, NULL},
    {"transpose", MOVES | ALL, NULL},
    {"expand", MOVES | ALL, NULL},
    {"slice", MOVES | ALL, NULL},
    {"unslice", MOVES | ALL, NULL},
    {"take", MOVES | ALL, NULL},
    {"segment_sum", ALL, NULL},
    {"concat", MOVES | ALL, NULL},
    {"diagonal", MOVES | ALL, NULL},
    {"undiagonal", MOVES | ALL, NULL},
    {"arange", 0, "has no operand"},
    {"linspace", 0, "has no operand"},
    {"cumsum", ALL, NULL},
    {"cumprod", ALL, NULL},
    {"linear_scan", ALL, NULL},
    {"take_along_axis", MOVES | ALL, NULL},
    {"scatter_along_axis", ALL, NULL},
    {"argsort", PLANS | WIDTHS, NULL},
    {"nonzero", 0, "looks at a mask: test_sorting"},
    {"pick", MOVES | ALL, NULL},
    {"unpick", MOVES | ALL, NULL},
    {"one_hot", 0, "looks at integers: test_index"},
    {"unfold", MOVES | ALL, NULL},
    {"fold", ALL, NULL},
    {"window_max", ALL, NULL},
    {"window_max_share", ALL, NULL},
    {"window_max_mean", ALL, NULL},
    {"uniform", 0, "has no operand: test_random_ends"},
    {"normal", 0, "has no operand: test_random_ends"},
    {"bernoulli", 0, "has no operand: test_random_ends"},
    {"randint", 0, "has no operand: test_random_ends"},
    {"permutation", 0, "has no operand: test_random_ends"},
    {"truncated_normal", 0, "has no operand: test_truncated"},
    {"cholesky", ALL, NULL},
    {"solve_triangular", ALL, NULL},
    {"solve", ALL, NULL},
    {"inv", ALL, NULL},
    {"det", ALL, NULL},
    {"cofactor", ALL, NULL},
    {"logabsdet", ALL, NULL},
    {"signdet", ALL, NULL},
};

static int row_of(const tg_op *op)
{
    for (int i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].op, op->name) == 0) return i;
    return -1;
}

static bool looks_at(const tg_op *op, int what)
{
    const int row = row_of(op);
    return row >= 0 && (table[row].looks & what);
}

/* The others have rows in test_edges. */
static bool is_elementwise(const tg_op *op) { return op->infer == tg_infer_elementwise; }

START_TEST(none_is_left_out)
{
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        const int row = row_of(op);
        ck_assert_msg(is_elementwise(op) || row >= 0, "%s has no row", op->name);
        ck_assert_msg(row < 0 || table[row].looks || table[row].why, "%s: why?", op->name);
    }
    for (int i = 0; i < COUNT(table); i++) ck_assert_ptr_nonnull(tg_op_find(table[i].op));
}
END_TEST

/* ---- samples with other elements ------------------------------------------------------------ */

/* 0 is at another place for each shift. */
static const double plain[] = {0, 1, -0.0, -1, 2, 0.5, 1, -3};
static const double special[] = {NAN,    0,        1,         -0.0, DBL_MAX,  -FLT_MAX, 1e-310,
                                 -1e-40, INFINITY, -2,        3,    DBL_MIN,  -FLT_MIN, 0.5,
                                 5e-324, 1e-45,    -INFINITY, 1,    -DBL_MAX, FLT_MAX};
enum { SHIFTS = 7 };

static void plant(const tgi_sample *s, const double *values, int count, int shift)
{
    for (int k = 0; k < tg_dict_size(s->floats); k++) {
        tg_tensor *x = tg_dict_at(s->floats, k);
        for (int64_t j = 0; j < x->size; j++)
            ck_assert(!tg_tensor_set(x, j, values[(j + 3 * k + shift) % count], NULL));
    }
}

static void make(tgi_sample *s, const tg_op *op, int i, tg_dtype dtype, bool strided)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_msg(!tgi_sample_make(s, op, i, dtype, strided, 1, &err), "%s", err.text);
}

static int samples_of(const tg_op *op)
{
    int n = 0;
    while (op->samples[n].inputs || op->samples[n].attrs) n++;
    return n;
}

#define EACH_SAMPLE(op, what)                                                                      \
    for (int i = 0; looks_at(op, what) && i < samples_of(op); i++)                                 \
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++)                                         \
            for (int shift = 0; shift < SHIFTS; shift++, tg_tape_reset(t))

/* ---- what moves moves bits ------------------------------------------------------------------ */

/* Numbers the floats 1, 2, ... and applies the operation: each element of the result then names the
 * float that it copies, or is 0. */
static const tg_tensor *numbered(tgi_sample *s)
{
    int64_t next = 1;
    for (int k = 0; k < tg_dict_size(s->floats); k++) {
        tg_tensor *x = tg_dict_at(s->floats, k);
        for (int64_t j = 0; j < x->size; j++) ck_assert(!tg_tensor_set(x, j, (double)next++, NULL));
    }
    return tgi_sample_apply(t, s->floats, s);
}

static double float_at(const tgi_sample *s, int64_t number)
{
    for (int k = 0; k < tg_dict_size(s->floats); k++) {
        const tg_tensor *x = tg_dict_at(s->floats, k);
        if (number <= x->size) return tg_tensor_get(x, number - 1);
        number -= x->size;
    }
    return 0;
}

START_TEST(what_moves_moves_bits)
{
    const tg_op *op = tg_op_at(_i);
    EACH_SAMPLE(op, MOVES)
    {
        tgi_sample s;
        int64_t from[256];
        make(&s, op, i, (tg_dtype)dtype, shift % 2);
        const tg_tensor *y = numbered(&s);
        ck_assert_msg(y && y->size <= COUNT(from), "%s: %s", op->name, tg_tape_message(t));
        for (int64_t e = 0; e < y->size; e++) from[e] = (int64_t)tg_tensor_get(y, e);
        plant(&s, special, COUNT(special), shift);
        y = tgi_sample_apply(t, s.floats, &s);
        for (int64_t e = 0; tg_dtype_is_float(y->dtype) && e < y->size; e++) {
            const double want = from[e] ? float_at(&s, from[e]) : 0, got = tg_tensor_get(y, e);
            ck_assert_msg(memcmp(&want, &got, sizeof got) == 0 || (isnan(want) && isnan(got)),
                          "%s, sample %d: element %lld is %g, expected %g", op->name, i,
                          (long long)e, got, want);
        }
        tgi_sample_free(&s);
    }
}
END_TEST

/* ---- a plan has the bits of the tape -------------------------------------------------------- */

START_TEST(plans_agree)
{
    const tg_op *op = tg_op_at(_i);
    EACH_SAMPLE(op, PLANS)
    {
        tgi_sample s;
        tg_tensor *outputs[8], *x[8];
        make(&s, op, i, (tg_dtype)dtype, shift % 2);
        const int n = tg_dict_size(s.floats);
        ck_assert_int_lt(n, COUNT(x));
        for (int k = 0; k < n; k++) x[k] = tg_dict_at(s.floats, k);
        plant(&s, special, COUNT(special), shift);
        outputs[0] = tgi_sample_apply(t, s.floats, &s);
        const bool slopes = outputs[0] && op->vjp && tg_dtype_is_float(outputs[0]->dtype) &&
                            !tg_vjp(t, 1, outputs, NULL, n, x, outputs + 1);
        if (!tg_tape_status(t)) { /* a refusal with a message is as good */
            tg_plan *plan = compiled(t, slopes ? 1 + n : 1, outputs);
            run_plan(plan);
            for (int k = 0; k < (slopes ? 1 + n : 1); k++)
                assert_bits(op->name, outputs[k], tg_plan_output(plan, k));
            tg_plan_free(plan);
        }
        tgi_sample_free(&s);
    }
}
END_TEST

/* ---- f32 and f64 ---------------------------------------------------------------------------- */

START_TEST(widths_agree)
{
    static const double mild[] = {0, 1, -INFINITY, -1, 2, 0.5, INFINITY, -3, 1, 2, -2, NAN, 4, 3};
    const tg_op *op = tg_op_at(_i);
    EACH_SAMPLE(op, WIDTHS)
    {
        if (dtype == TG_F64) continue;
        tgi_sample s[2];
        const tg_tensor *y[2];
        for (int d = 0; d < 2; d++) {
            make(&s[d], op, i, (tg_dtype)d, false);
            plant(&s[d], shift < 3 ? plain : mild, shift < 3 ? COUNT(plain) : COUNT(mild), shift);
            y[d] = tgi_sample_apply(t, s[d].floats, &s[d]);
            if (!y[d]) tg_tape_reset(t);
        }
        ck_assert_msg(!y[0] == !y[1], "%s, sample %d: refused in one dtype", op->name, i);
        for (int64_t e = 0; y[0] && e < y[0]->size; e++) {
            const double v = tg_tensor_get(y[0], e), w = tg_tensor_get(y[1], e);
            ck_assert_msg(is_close(v, w, 1e-4, 1e-4),
                          "%s, sample %d: element %lld is %g in f32, %g", op->name, i, (long long)e,
                          v, w);
        }
        for (int d = 0; d < 2; d++) tgi_sample_free(&s[d]);
    }
}
END_TEST

/* ---- the Hessian is symmetric --------------------------------------------------------------- */

/* The sum of u_k . (what of x_k), over all k; NULL with the tape poisoned. */
static tg_tensor *along(int n, tg_tensor *const *what, tg_tensor *const *u)
{
    tg_tensor *sum = tg_full(t, TG_F64, 0, NULL, 0);
    for (int k = 0; k < n; k++)
        sum = tg_add(t, sum, tg_sum(t, tg_mul(t, what[k], u[k]), TG_ALL, false));
    return sum;
}

static void directions(int n, tg_tensor *const *x, tg_tensor **u, uint64_t seed)
{
    tg_rng rng = tg_rng_make(seed, 0);
    for (int k = 0; k < n; k++) u[k] = tg_uniform(t, &rng, TG_F64, x[k]->ndim, x[k]->shape, -1, 1);
}

/* v' H u and u' H v of a weighted sum of the results; false where the operation refuses. */
static bool both_ways(tgi_sample *s, double *uv)
{
    tg_tensor *x[8], *g[8], *h[8], *way[2][8], *w;
    const int n = tg_dict_size(s->floats);
    ck_assert_int_lt(n, COUNT(x));
    for (int k = 0; k < n; k++) x[k] = tg_dict_at(s->floats, k);
    tg_tensor *y = tgi_sample_apply(t, s->floats, s);
    if (!y || !tg_dtype_is_float(y->dtype)) return false;
    directions(1, &y, &w, 7);
    tg_tensor *loss = tg_sum(t, tg_mul(t, y, w), TG_ALL, false);
    for (int d = 0; d < 2; d++) directions(n, x, way[d], (uint64_t)d + 1);
    if (tg_vjp(t, 1, &loss, NULL, n, x, g)) return false;
    for (int d = 0; d < 2; d++) {
        tg_tensor *slope = along(n, g, way[d]);
        if (tg_vjp(t, 1, &slope, NULL, n, x, h)) return false;
        tg_tensor *sum = along(n, h, way[1 - d]);
        if (!sum) return false;
        uv[d] = tg_item(sum);
    }
    return true;
}

START_TEST(hessians_are_symmetric)
{
    const tg_op *op = tg_op_at(_i);
    EACH_SAMPLE(op, HESSIAN)
    {
        tgi_sample s;
        double uv[2];
        if (dtype == TG_F32 || !op->vjp) continue;
        make(&s, op, i, TG_F64, false);
        plant(&s, plain, COUNT(plain), shift);
        if (both_ways(&s, uv))
            ck_assert_msg(is_close(uv[0], uv[1], 1e-9, 1e-9), "%s, sample %d: %.17g and %.17g",
                          op->name, i, uv[0], uv[1]);
        tgi_sample_free(&s);
    }
}
END_TEST

SUITE("edges_structured", .with = {TAPE}, .timeout = 60,
      .tests = {
          {none_is_left_out},
          {what_moves_moves_bits, tg_op_count()},
          {plans_agree, tg_op_count()},
          {widths_agree, tg_op_count()},
          {hessians_are_symmetric, tg_op_count()},
      })
