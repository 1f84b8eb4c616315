/* test_plan_products.c - plans of matrix products of all the shapes at which the kernels change
 * their ways: random networks of one to three products, contiguous and strided, of leaves and of
 * what was computed, with their gradients, eagerly and planned: the same bits, and nothing but a
 * step's own memory written (tests/guard.h).
 *
 * TG_PROGRAMS sets how many (500), TG_PROGRAM_SEED runs one. */
#include "tests/blind.h"
#include "tests/guard.h"
#include "tests/plans.h"

enum { MOST_WORK = 1 << 20, FACTORS = 4 };

static tg_tape *t;

static void setup(void)
{
    guard_start(false);
    t = tg_tape_new();
}

static void teardown(void)
{
    tg_tape_free(t);
    free_leaves();
    guard_end();
}

/* ---- drawing -------------------------------------------------------------------------------- */

/* Where ops/kernels/gemm*.c and ops/matmul.c cut, pack or share differently, and beside it. */
static const int64_t turns[] = {1,   2,   3,    4,    6,    8,    12,   14,   16,     24,
                                28,  32,  36,   40,   48,   56,   64,   72,   96,     128,
                                144, 192, 255,  256,  288,  384,  511,  512,  640,    768,
                                784, 896, 1024, 1536, 2048, 3072, 4096, 8192, 131072, 262144};

static int64_t below(tg_rng *r, int64_t n) { return (int64_t)tg_rng_next_below(r, (uint64_t)n); }

/* A size: of 1 to 40, or a turn and what is beside it; at most `most`. */
static int64_t draw_size(tg_rng *r, int64_t most)
{
    for (int i = 0; i < 40; i++) {
        int64_t n =
            below(r, 3) ? turns[below(r, COUNT(turns))] + below(r, 3) - 1 : 1 + below(r, 40);
        if (n >= 1 && n <= most) return n;
    }
    return 1 + below(r, most < 40 ? most : 40);
}

static tg_tensor *draw_leaf(tg_rng *r, tg_dtype dtype, int ndim, const int64_t *shape)
{
    tg_tensor *x = keep(tg_tensor_new(dtype, ndim, shape, NULL));
    uint32_t state = (uint32_t)tg_rng_next_below(r, UINT32_MAX) | 1;
    for (int64_t i = 0; i < x->size; i++) {
        state = state * 1664525u + 1013904223u;
        const double v = (double)(state >> 8) / (1 << 24) - 0.5;
        if (dtype == TG_F32)
            ((float *)x->data)[i] = (float)v;
        else
            ((double *)x->data)[i] = v;
    }
    return x;
}

/* A rows by cols matrix that lies in one of many ways; *leaf is what to differentiate for. */
static tg_tensor *draw_matrix(tg_rng *r, tg_dtype dtype, int64_t rows, int64_t cols,
                              tg_tensor **leaf)
{
    const int64_t step = 1 + below(r, 3), more = below(r, 3);
    tg_tensor *x;
    switch (below(r, 7)) {
    case 0: /* transposed */
        *leaf = draw_leaf(r, dtype, 2, (const int64_t[]){cols, rows});
        x = tg_transpose(t, *leaf, 0, 1);
        break;
    case 1: /* some of the columns */
        *leaf = draw_leaf(r, dtype, 2, (const int64_t[]){rows, cols * step + more});
        x = tg_slice(t, *leaf, 1, 0, (cols - 1) * step + 1, step);
        break;
    case 2: /* some of the rows, from behind */
        *leaf = draw_leaf(r, dtype, 2, (const int64_t[]){rows * step, cols});
        x = tg_slice(t, *leaf, 0, rows * step - 1, TG_END, -step);
        break;
    case 3: /* a column for all */
        *leaf = draw_leaf(r, dtype, 2, (const int64_t[]){rows, 1});
        x = tg_expand(t, *leaf, 2, (const int64_t[]){rows, cols});
        break;
    case 4: /* a row for all */
        *leaf = draw_leaf(r, dtype, 2, (const int64_t[]){1, cols});
        x = tg_expand(t, *leaf, 2, (const int64_t[]){rows, cols});
        break;
    default:
        *leaf = draw_leaf(r, dtype, 2, (const int64_t[]){rows, cols});
        x = *leaf;
    }
    switch (below(r, 4)) {
    case 0:
        return tg_exp(t, x); /* computed: its address comes last */
    case 1:
        return tg_transpose(t, tg_tanh(t, tg_transpose(t, x, 0, 1)), 0, 1);
    default:
        return x;
    }
}

/* What may follow a product. */
static tg_tensor *draw_rest(tg_rng *r, tg_tensor *y, tg_tensor **bias)
{
    *bias = draw_leaf(r, y->dtype, 1, &y->shape[1]);
    switch (below(r, 4)) {
    case 0:
        return tg_relu(t, tg_add(t, y, *bias));
    case 1:
        return tg_tanh(t, tg_add(t, y, *bias));
    case 2:
        return tg_mul(t, y, *bias);
    default:
        return tg_add(t, tg_cumsum(t, y, 0, false, false), *bias); /* needs all of it */
    }
}

/* ---- one network ---------------------------------------------------------------------------- */

/* y = rest(... rest(rest(A B) C) ...), then the gradients of its mean square: how many values. */
static int draw_network(tg_rng *r, tg_tensor **out, tg_tensor **leaves, char *text, size_t size)
{
    const tg_dtype dtype = below(r, 3) ? TG_F32 : TG_F64;
    const int products = 1 + (int)below(r, FACTORS - 1);
    const int64_t m = draw_size(r, 2 * MOST_WORK / 64);
    int64_t k = draw_size(r, MOST_WORK / m + 1);
    int n = 0, used = 0;
    tg_tensor *y = draw_matrix(r, dtype, m, k, &leaves[n++]);
    used +=
        snprintf(text, size, "%s %lld x %lld", tg_dtype_name(dtype), (long long)m, (long long)k);
    for (int i = 0; i < products; i++) {
        const int64_t cols = draw_size(r, MOST_WORK / m / k + 1);
        used += snprintf(text + used, size - (size_t)used, " x %lld", (long long)cols);
        y = tg_matmul(t, y, draw_matrix(r, dtype, k, cols, &leaves[n]));
        y = draw_rest(r, y, &leaves[n + 1]);
        n += 2;
        k = cols;
    }
    out[0] = y;
    tg_tensor *loss = tg_mean(t, tg_mul(t, y, y), TG_ALL, false);
    ck_assert_msg(loss, "%s: %s", text, tg_tape_message(t));
    out[1] = loss;
    ck_assert_msg(!tg_vjp(t, 1, &loss, NULL, n, leaves, out + 2), "%s: %s", text,
                  tg_tape_message(t));
    return n + 2;
}

static void check_network(uint64_t seed)
{
    tg_rng r = tg_rng_make(seed, 0);
    tg_tensor *out[2 + 2 * FACTORS], *leaves[2 * FACTORS];
    char text[256], what[300];
    const int n = draw_network(&r, out, leaves, text, sizeof text);
    (void)snprintf(what, sizeof what, "program %llu: %s", (unsigned long long)seed, text);
    ck_assert_int_gt(assert_tape_blind(t), 0);
    guard_plans(seed % 2);
    tg_plan *p = compiled(t, n, out);
    run_plan(p);
    for (int i = 0; i < n; i++) assert_bits(what, out[i], tg_plan_output(p, i));
    tg_plan_free(p);
    tg_tape_reset(t);
    free_leaves();
}

START_TEST(random_networks)
{
    const char *given = getenv("TG_PROGRAMS"), *only = getenv("TG_PROGRAM_SEED");
    const long n = given ? strtol(given, NULL, 10) : getenv("TG_TEST_QUICK") ? 100 : 500;
    const uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    for (uint64_t seed = first; seed < first + (only ? 1 : (uint64_t)n); seed++) {
        if (only) (void)fprintf(stderr, "program %llu\n", (unsigned long long)seed);
        check_network(seed);
    }
    printf("%ld networks of matrix products agree, %ld steps watched\n", only ? 1 : n,
           watched.steps);
    (void)fflush(stdout);
    ck_assert_int_gt(watched.steps, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plan_products");
    TCase *c = tcase_create("plan_products");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 600);
    tcase_add_test(c, random_networks);
    suite_add_tcase(s, c);
    return run_suite(s);
}
