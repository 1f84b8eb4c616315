/* test_matmul.c - tg_matmul against plain loops: vectors, stacks, broadcasting, views, errors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/grad.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tapegrad/threads.h"
#include "tests/support/tape.h"

static tg_rng rng;

static void setup(void) { rng = tg_rng_make(11, 0); }

/* Where element 0 of a row or a column of one operand lies, and how far the next one is. */
typedef struct line {
    const tg_tensor *x;
    int64_t first, step;
} line;

/* Row i of the left operand or column i of the right one, of the right-aligned stack index. */
static line line_of(const tg_tensor *x, int axes, const int64_t *stack, int64_t i, bool left)
{
    line l = {.x = x};
    const int own = x->ndim < 2 ? 0 : x->ndim - 2;
    for (int a = 0; a < own; a++)
        if (x->shape[a] != 1) l.first += stack[axes - own + a] * x->strides[a];
    if (x->ndim > 1) l.first += i * x->strides[left ? x->ndim - 2 : x->ndim - 1];
    l.step = x->strides[x->ndim < 2 || left ? x->ndim - 1 : x->ndim - 2];
    return l;
}

static double product(line a, line b, int64_t k)
{
    double sum = 0;
    for (int64_t p = 0; p < k; p++) {
        const int64_t i = a.first + p * a.step, j = b.first + p * b.step;
        sum += a.x->dtype == TG_F64
                   ? ((double *)a.x->data)[i] * ((double *)b.x->data)[j]
                   : (double)((float *)a.x->data)[i] * (double)((float *)b.x->data)[j];
    }
    return sum;
}

static const struct {
    int na, nb, ny;
    int64_t a[4], b[4], y[4];
} rows[] = {
    {2, 2, 2, {3, 4}, {4, 2}, {3, 2}},
    {1, 1, 0, {5}, {5}, {0}},
    {1, 2, 1, {4}, {4, 3}, {3}},
    {2, 1, 1, {3, 4}, {4}, {3}},
    {3, 1, 2, {2, 3, 4}, {4}, {2, 3}},
    {1, 3, 2, {3}, {2, 3, 4}, {2, 4}},
    {3, 2, 3, {5, 3, 4}, {4, 6}, {5, 3, 6}},
    {2, 3, 3, {3, 4}, {5, 4, 6}, {5, 3, 6}},
    {3, 3, 3, {5, 1, 4}, {1, 4, 6}, {5, 1, 6}},
    {4, 3, 4, {2, 1, 3, 4}, {5, 4, 2}, {2, 5, 3, 2}},
    {4, 4, 4, {2, 3, 1, 4}, {1, 3, 4, 2}, {2, 3, 1, 2}},
    {3, 3, 3, {40, 20, 30}, {40, 30, 20}, {40, 20, 20}},
    {3, 3, 3, {2, 130, 100}, {2, 100, 110}, {2, 130, 110}},
    {2, 2, 2, {3, 0}, {0, 2}, {3, 2}},
    {3, 2, 3, {0, 2, 3}, {3, 2}, {0, 2, 2}},
    {1, 1, 0, {0}, {0}, {0}},
};

/* Every second element of an array twice as large, backwards: a view that no BLAS accepts. */
static tg_tensor *operand(int ndim, const int64_t *shape, tg_dtype dtype, bool view)
{
    int64_t doubled[4] = {0};
    for (int i = 0; i < ndim; i++) doubled[i] = view ? 2 * shape[i] : shape[i];
    tg_tensor *x = tg_uniform(t, &rng, dtype, ndim, doubled, -1, 1);
    for (int i = 0; i < ndim && view; i++) x = tg_slice(t, x, i, -1, -TG_END, -2);
    return x;
}

START_TEST(test_values)
{
    for (int turn = 0; turn < 8; turn++) {
        const tg_dtype dtype = turn & 1 ? TG_F64 : TG_F32;
        tg_tensor *a = operand(rows[_i].na, rows[_i].a, dtype, turn & 2);
        tg_tensor *b = operand(rows[_i].nb, rows[_i].b, dtype, turn & 4);
        const tg_tensor *y = tg_matmul(t, a, b);
        ck_assert_msg(y, "%s", tg_tape_message(t));
        ck_assert_int_eq(y->ndim, rows[_i].ny);
        for (int i = 0; i < y->ndim; i++) ck_assert_int_eq(y->shape[i], rows[_i].y[i]);
        const bool row = a->ndim == 1, column = b->ndim == 1;
        const int axes = y->ndim - !row - !column;
        const int64_t m = row ? 1 : a->shape[a->ndim - 2], k = a->shape[a->ndim - 1];
        const int64_t n = column ? 1 : b->shape[b->ndim - 1];
        for (int64_t e = 0; e < y->size; e++) {
            int64_t stack[TG_MAX_NDIM], rest = e / (m * n);
            for (int s = axes - 1; s >= 0; rest /= y->shape[s--]) stack[s] = rest % y->shape[s];
            const double want = product(line_of(a, axes, stack, e / n % m, true),
                                        line_of(b, axes, stack, e % n, false), k);
            const double got = tg_tensor_get(y, e), far = dtype == TG_F64 ? 1e-13 : 1e-4;
            if (!(fabs(got - want) <= far))
                ck_abort_msg("case %d.%d [%d]: %.9g, expected %.9g", _i, turn, (int)e, got, want);
        }
    }
}
END_TEST

/* A view that repeats one element, and so needs no memory, times itself: the error of a sum of 10^8
 * equal numbers in f32, whose roundings all go one way. tests/ops/kernels/test_gemm.c has other
 * numbers. */
START_TEST(test_long_sums)
{
    const int64_t k = getenv("TG_TEST_QUICK") ? 3000001 : 100000001, one[] = {1, 1};
    tg_tensor *a = tg_full(t, TG_F32, 2, one, 0.1), *b = tg_full(t, TG_F32, 2, one, 0.7);
    const double want = (double)k * (double)0.1f * (double)0.7f;
    for (int64_t m = 1; m <= 3; m += 2) {
        tg_tensor *wide = tg_expand(t, a, 2, (const int64_t[]){m, k});
        const tg_tensor *y = tg_matmul(t, wide, tg_expand(t, b, 2, (const int64_t[]){k, m}));
        ck_assert_msg(y, "%s", tg_tape_message(t));
        for (int64_t i = 0; i < m * m; i++)
            ck_assert_double_le(fabs(tg_tensor_get(y, i) / want - 1), 2e-4);
    }
}
END_TEST

/* ---- forward_then --------------------------------------------------------------------------- */

typedef struct told {
    const tg_tensor *y;
    unsigned char *times;
    float *seen;
} told;

static void tell(void *user, int64_t first, int64_t count)
{
    const told *x = user;
    if (first < 0 || count <= 0 || first + count > x->y->size) return;
    for (int64_t i = first; i < first + count; i++) x->times[i]++;
    memcpy(x->seen + first, (const float *)x->y->data + first, (size_t)count * sizeof(float));
}

/* Small stacks in several runs, and others; with several threads. */
START_TEST(test_forward_then)
{
    const struct {
        int64_t stack, m, k, n;
    } cases[] = {{1, 3, 4, 2},       {3, 0, 4, 2},     {2, 3, 0, 2},
                 {1, 128, 784, 100}, {4000, 4, 5, 6},  {50, 40, 30, 70},
                 {3, 7, 8, 2000},    {1, 5, 20000, 3}, {7, 100, 30, 1500}};
    const tg_op *op = tg_op_find("matmul");
    ck_assert(op && op->forward_then);
    ck_assert_int_eq(tg_set_num_threads(4), TG_OK);
    for (int c = 0; c < COUNT(cases); c++) {
        const int64_t a_shape[] = {cases[c].stack, cases[c].m, cases[c].k};
        const int64_t b_shape[] = {cases[c].stack, cases[c].k, cases[c].n};
        tg_tensor *a = tg_uniform(t, &rng, TG_F32, 3, a_shape, -1, 1);
        tg_tensor *b = tg_uniform(t, &rng, TG_F32, 3, b_shape, -1, 1);
        tg_tensor *y = tg_matmul(t, a, b);
        ck_assert_msg(y, "%s", tg_tape_message(t));
        tg_tensor *again = tg_tensor_new(TG_F32, 3, y->shape, NULL);
        const tg_node n = {
            .op = op, .inputs = (tg_tensor *[]){a, b}, .n_inputs = 2, .output = again};
        const size_t elements = (size_t)y->size, bytes = elements * sizeof(float);
        told x = {again, calloc(elements + 1, 1), malloc(bytes + 1)};
        void *work = malloc(op->work_size(&n) + 1);
        ck_assert(again && x.times && x.seen && work);
        op->forward_then(&n, work, tell, &x);
        for (size_t i = 0; i < elements; i++)
            ck_assert_msg(x.times[i] == 1, "case %d: [%d] was told of %d times", c, (int)i,
                          x.times[i]);
        if (elements > 0) {
            ck_assert_mem_eq(x.seen, y->data, bytes);
            ck_assert_mem_eq(again->data, y->data, bytes);
        }
        free(x.times), free(x.seen), free(work);
        tg_tensor_free(again);
    }
    ck_assert_int_eq(tg_set_num_threads(0), TG_OK);
}
END_TEST

/* ---- gradient and errors -------------------------------------------------------------------- */

/* The gradient of sum(w * (a b)) for one b under a stack of a, computed in one product. */
START_TEST(test_stack_gradient)
{
    tg_tensor *a = operand(3, (int64_t[]){4, 3, 5}, TG_F64, true);
    tg_tensor *b = operand(2, (int64_t[]){5, 2}, TG_F64, true);
    tg_tensor *w = operand(3, (int64_t[]){4, 3, 2}, TG_F64, true), *db;
    tg_tensor *y = tg_matmul(t, a, b);
    ck_assert_int_eq(tg_vjp(t, 1, &y, &w, 1, &b, &db), TG_OK);
    for (int64_t p = 0; p < 5; p++)
        for (int64_t j = 0; j < 2; j++) {
            double want = 0;
            for (int64_t i = 0; i < 12; i++)
                want += tg_tensor_get(a, i * 5 + p) * tg_tensor_get(w, i * 2 + j);
            ck_assert_double_eq_tol(tg_tensor_get(db, p * 2 + j), want, 1e-14);
        }
}
END_TEST

START_TEST(test_errors)
{
    const int64_t big[] = {128, 784}, bad[] = {100, 10}, stack[] = {2, 784, 3},
                  four[] = {3, 128, 784};
    tg_tensor *a = tg_tensor_new(TG_F32, 2, big, NULL), *b = tg_tensor_new(TG_F32, 2, bad, NULL);
    tg_tensor *v = tg_tensor_new(TG_F32, 1, bad, NULL), *i = tg_tensor_new(TG_I32, 2, bad, NULL);
    tg_tensor *d = tg_tensor_new(TG_F64, 2, bad, NULL), *s = tg_tensor_new(TG_F32, 0, NULL, NULL);
    tg_tensor *b3 = tg_tensor_new(TG_F32, 3, stack, NULL),
              *a3 = tg_tensor_new(TG_F32, 3, four, NULL);
    const struct {
        tg_tensor *a, *b;
        tg_status status;
        const char *text;
    } cases[] = {
        {a, b, TG_ESHAPE, "matmul: inner dimensions differ: f32[128,784] x f32[100,10]"},
        {a, v, TG_ESHAPE, "matmul: inner dimensions differ: f32[128,784] x f32[100]"},
        {v, a, TG_ESHAPE, "matmul: inner dimensions differ: f32[100] x f32[128,784]"},
        {i, a, TG_EDTYPE, "matmul: i32[100,10] x f32[128,784], must be f32 or f64 (use tg_cast)"},
        {b, d, TG_EDTYPE, "matmul: the dtypes differ: f32[100,10] x f64[100,10] (use tg_cast)"},
        {v, s, TG_ESHAPE, "matmul: an operand has fewer than 1 dimensions: f32[100] x f32[]"},
        {a, s, TG_ESHAPE, "matmul: an operand has fewer than 2 dimensions: f32[128,784] x f32[]"},
        {a3, b3, TG_ESHAPE, "matmul: shapes do not broadcast: [3] and [2]"},
        {a, NULL, TG_EARG, "matmul: operand 2 is NULL"}};
    for (int c = 0; c < COUNT(cases); c++) {
        ck_assert_ptr_null(tg_matmul(t, cases[c].a, cases[c].b));
        ck_assert_str_eq(tg_tape_message(t), cases[c].text);
        ck_assert_int_eq(tg_tape_status(t), cases[c].status);
        tg_tape_reset(t);
    }
    tg_tensor *all[] = {a, b, v, i, d, s, b3, a3};
    for (int c = 0; c < COUNT(all); c++) tg_tensor_free(all[c]);
}
END_TEST

SUITE("matmul", .with = {TAPE}, .setup = setup, .timeout = 60,
      .tests = {
          {test_values, COUNT(rows)},
          {test_long_sums},
          {test_forward_then},
          {test_stack_gradient},
          {test_errors},
      })
