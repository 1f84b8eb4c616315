/* test_reduce_views.c - reductions of strided inputs against long double, the same bits on any
 * number of threads, and the accuracy of long sums. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"
#include "tests/support/suite.h"

static tg_tape *t;

static void setup(void) { t = tg_tape_new(); }

static void teardown(void)
{
    tg_tape_free(t);
    (void)tg_set_num_threads(0);
}

/* Few elements are NaN, infinite or denormal, but in so many rows as there are. */
static tg_tensor *random_leaf(tg_dtype dtype, int ndim, const int64_t *shape, bool special)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 1e-40, -0.0, 5e-324};
    tg_rng rng = tg_rng_make(17, (uint64_t)ndim);
    tg_tensor *x = tg_tensor_new(dtype, ndim, shape, NULL);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < x->size; i++) {
        double v = tg_rng_next_uniform(&rng, -9, 9);
        if (special && tg_rng_next_below(&rng, 40) == 0)
            v = odd[tg_rng_next_below(&rng, COUNT(odd))];
        (void)tg_tensor_set(x, i, tg_dtype_is_float(dtype) ? v : floor(fabs(v)), NULL);
    }
    return x;
}

/* ---- one output, element by element --------------------------------------------------------- */

typedef struct outcome {
    long double sum, numbers, size; /* of x, of what is not NaN, and of its |x| */
    long double exps;               /* of e^(x - top) */
    double top;
    int64_t place;
} outcome;

/* The elements of x whose kept indices are those of output o, in row-major order. */
static outcome look(const tg_tensor *x, unsigned mask, int64_t o)
{
    outcome y = {0, 0, 0, 0, -(double)INFINITY, -1};
    int64_t kept = 0, count = 1;
    for (int a = 0; a < x->ndim; a++)
        if (mask >> a & 1) count *= x->shape[a];
    for (int a = x->ndim - 1; a >= 0; a--)
        if (!(mask >> a & 1)) {
            kept += o % x->shape[a] * x->strides[a];
            o /= x->shape[a];
        }
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count; i++) {
            int64_t at = kept, rest = i;
            for (int a = x->ndim - 1; a >= 0; a--)
                if (mask >> a & 1) {
                    at += rest % x->shape[a] * x->strides[a];
                    rest /= x->shape[a];
                }
            const double v = x->dtype == TG_F32   ? (double)((const float *)x->data)[at]
                             : x->dtype == TG_F64 ? ((const double *)x->data)[at]
                                                  : ((const uint8_t *)x->data)[at];
            if (pass == 1) {
                y.exps += expl((long double)v - (long double)y.top);
                continue;
            }
            y.sum += v;
            if (!isnan(v)) y.numbers += v, y.size += fabsl(v);
            if (y.place < 0 || v > y.top || (isnan(v) && !isnan(y.top))) y.top = v, y.place = i;
        }
    return y;
}

static void check_output(const char *op, const tg_tensor *x, const tg_tensor *y, int64_t o,
                         const outcome *w, const char *what)
{
    const double got = tg_tensor_get(y, o);
    const long double eps = x->dtype == TG_F32 ? FLT_EPSILON : DBL_EPSILON;
    long double want = w->top, error = 0;
    if (strcmp(op, "argmax") == 0) want = w->place;
    if ((strstr(op, "sum") || strcmp(op, "norm1") == 0) && strcmp(op, "logsumexp") != 0) {
        want = strcmp(op, "sum") == 0      ? w->sum
               : strcmp(op, "nansum") == 0 ? w->numbers
               : isnan(w->top)             ? (long double)NAN
                                           : w->size;
        error = fabsl(want) * eps / 2 + w->size * 12 * (long double)DBL_EPSILON;
        error += (long double)(x->dtype == TG_F32 ? (double)FLT_MIN : DBL_MIN); /* flushed to 0 */
    }
    if (strcmp(op, "logsumexp") == 0 && isfinite(w->top)) {
        want = w->top + logl(w->exps);
        error = fabsl(want) * eps + 12 * eps;
    }
    if (isnan(want) ? isnan(got) : got == want) return;
    if (!isfinite(want) || !(fabsl(got - want) <= error))
        ck_abort_msg("%s of %s: output %lld is %.17g, not %.17Lg", op, what, (long long)o, got,
                     want);
}

static const char *const ops[] = {"sum", "max", "logsumexp", "argmax", "nansum", "norm1"};

static void try_view(tg_tensor *x, const char *name)
{
    ck_assert_msg(x, "%s", tg_tape_message(t));
    for (unsigned mask = 1; mask < 1u << x->ndim; mask++) {
        char axes[64] = "axis=", what[160], shape[TG_DESCRIBE_SIZE];
        int n = 0;
        for (int a = 0; a < x->ndim; a++)
            if (mask >> a & 1) (void)snprintf(axes + strlen(axes), 16, "%s%d", n++ ? "," : "", a);
        (void)snprintf(what, sizeof what, "%s %s, %s", name,
                       tg_tensor_describe(x, shape, sizeof shape), axes);
        for (int k = 0; k < COUNT(ops); k++) {
            if (k == 3 ? n > 1 && n < x->ndim : x->dtype == TG_U8) continue;
            if (k == 3 && n == x->ndim) (void)snprintf(axes, sizeof axes, "axis=all");
            const tg_tensor *y = tg_apply_text(t, ops[k], &x, 1, axes);
            ck_assert_msg(y, "%s: %s", what, tg_tape_message(t));
            for (int64_t o = 0; o < y->size; o++) {
                const outcome w = look(x, mask, o);
                check_output(ops[k], x, y, o, &w, what);
            }
        }
    }
}

/* ---- permutations, negative and zero steps -------------------------------------------------- */

static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
static const int64_t cubes[][3] = {{7, 33, 5}, {3, 40, 70}, {34, 2, 19}, {2, 21, 9}};

START_TEST(every_permutation_with_odd_steps)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        for (int k = 0; k < COUNT(orders); k++) {
            if (d == TG_I32)
                continue; /* as f32, but for the kernels, which have tests of their own */
            tg_tensor *x = random_leaf((tg_dtype)d, 3, cubes[_i], k % 2);
            tg_tensor *y = tg_permute(t, x, 3, orders[k]);
            try_view(y, "permuted");
            try_view(tg_slice(t, y, k % 3, TG_END, -TG_END, -1), "reversed");
            try_view(tg_slice(t, y, 2, 1, TG_END, 2), "thinned out");
            try_view(tg_slice(t, y, (k + 1) % 3, 0, TG_END - 1, 1), "cut");
            tg_tensor *row = tg_slice(t, y, 0, 0, 1, 1);
            try_view(tg_expand(t, row, 3, (int64_t[]){4, y->shape[1], y->shape[2]}), "repeated");
            tg_tape_reset(t);
            tg_tensor_free(x);
        }
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

static const struct {
    int64_t shape[2];
    bool turned;
} large[] = {{{1, 700001}, false}, {{5, 70000}, false}, {{40000, 3}, false}, {{700, 300}, false},
             {{300, 700}, true},   {{90000, 2}, true},  {{2, 90000}, true},  {{500, 1100}, false}};

START_TEST(bits_do_not_depend_on_threads)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    for (int d = 0; d < 2; d++) {
        tg_tensor *x = random_leaf((tg_dtype)d, 2, large[_i].shape, false);
        for (int k = 0; k < 3 * COUNT(ops); k++) {
            const char *axes[] = {"axis=0", "axis=1", "axis=all"};
            const tg_tensor *first = NULL;
            tg_tensor *in = large[_i].turned ? tg_transpose(t, x, 0, 1) : x;
            for (int i = 0; i < COUNT(threads); i++) {
                ck_assert_int_eq(tg_set_num_threads(threads[i]), TG_OK);
                const tg_tensor *y = tg_apply_text(t, ops[k / 3], &in, 1, axes[k % 3]);
                ck_assert_msg(y, "%s", tg_tape_message(t));
                if (i == 0) first = y;
                if (memcmp(first->data, y->data, (size_t)y->size * tg_dtype_size(y->dtype)) != 0)
                    ck_abort_msg("%s, %s: other bits with %d threads", ops[k / 3], axes[k % 3],
                                 threads[i]);
            }
            tg_tape_reset(t);
        }
        tg_tensor_free(x);
    }
}
END_TEST

/* ---- long sums ------------------------------------------------------------------------------ */

/* Terms of both signs and many sizes: plain summation in f32 would lose most digits. */
static double term(int64_t i)
{
    return ldexp((double)(i * 7919 % 10007) / 10007 - 0.375, (int)(i % 13));
}

static void check_long(tg_dtype dtype, int64_t rows, int64_t columns, const char *axis)
{
    tg_tensor *x = tg_tensor_new(dtype, 2, (int64_t[]){rows, columns}, NULL);
    ck_assert_ptr_nonnull(x);
    for (int64_t i = 0; i < x->size; i++)
        if (dtype == TG_F32)
            ((float *)x->data)[i] = (float)term(i);
        else
            ((double *)x->data)[i] = term(i);
    const tg_tensor *y = tg_apply_text(t, "sum", &x, 1, axis);
    ck_assert_ptr_nonnull(y);
    for (int64_t o = 0; o < y->size; o += 1 + y->size / 7) {
        const outcome w = look(x, strcmp(axis, "axis=0") == 0 ? 1 : 3, o);
        check_output("sum", x, y, o, &w, axis);
    }
    tg_tape_reset(t);
    tg_tensor_free(x);
}

START_TEST(long_sums_are_accurate)
{
    const bool quick = getenv("TG_TEST_QUICK");
    for (int d = 0; d < 2; d++) {
        check_long((tg_dtype)d, 1, 1000003, "axis=all");
        check_long((tg_dtype)d, quick ? 100000 : 1000000, 7, "axis=0");
        check_long((tg_dtype)d, 300, 7000, "axis=0");
        if (!quick) check_long((tg_dtype)d, 10, 1000000, "axis=all");
    }
}
END_TEST

START_TEST(long_logsumexp)
{
    const int64_t n = 1000003;
    for (int d = 0; d < 2; d++) {
        tg_tensor *x = tg_tensor_new((tg_dtype)d, 1, &n, NULL);
        for (int64_t i = 0; i < n; i++) (void)tg_tensor_set(x, i, term(i) / 512, NULL);
        const tg_tensor *y = tg_logsumexp(t, x, 0, false);
        const outcome w = look(x, 1, 0);
        check_output("logsumexp", x, y, 0, &w, "a million elements");
        tg_tape_reset(t);
        tg_tensor_free(x);
    }
}
END_TEST

SUITE("reduce_views", .setup = setup, .teardown = teardown, .timeout = 300,
      .tests = {
          {every_permutation_with_odd_steps, COUNT(cubes)},
          {bits_do_not_depend_on_threads, COUNT(large)},
          {long_sums_are_accurate},
          {long_logsumexp},
      })
