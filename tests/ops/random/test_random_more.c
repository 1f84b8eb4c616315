/* test_random_more.c - random integers and permutations: even distribution and refusals; and every
 * random operation, which repeats its numbers or draws fresh ones. */
#include "tests/support/tape.h"

enum { MANY = 24000 };

/* Chi-square of counts against equal shares, as a number of standard deviations from its mean:
 * above 4 once in thousands of seeds, below -4 never by chance. */
static void assert_even(const char *what, const int64_t *counts, int cells, int64_t draws)
{
    const double share = (double)draws / cells;
    double chi2 = 0;
    for (int i = 0; i < cells; i++) chi2 += pow((double)counts[i] - share, 2) / share;
    const double score = (chi2 - (cells - 1)) / sqrt(2.0 * (cells - 1));
    ck_assert_msg(fabs(score) < 4, "%s: chi-square %g of %d cells", what, chi2, cells);
}

/* ---- randint -------------------------------------------------------------------------------- */

static const int64_t ranges[][2] = {{0, 6},
                                    {-3, 4},
                                    {100, 200},
                                    {-7, -6},
                                    {0, (int64_t)3 << 29},
                                    {INT32_MIN, (int64_t)1 << 30},
                                    {INT32_MIN, INT32_MAX},
                                    {INT32_MIN, (int64_t)1 << 31}};

START_TEST(integers)
{
    const int64_t low = ranges[_i][0], high = ranges[_i][1], n = high - low;
    const int cells = n < 100 ? (int)n : 96;
    for (uint64_t seed = 1; seed < 4; seed++) {
        int64_t counts[100] = {0};
        tg_rng r = tg_rng_make(seed, 5);
        const tg_rng start = r;
        const tg_tensor *y = tg_randint(t, &r, DIMS(MANY / 3, 3), low, high);
        assert_fine(t, "randint");
        ck_assert(y->dtype == TG_I32 && y->ndim == 2 && r.counter == MANY / 2);
        for (int64_t j = 0; j < MANY; j++) {
            const int64_t v = ((const int32_t *)y->data)[j];
            const uint64_t word = tg_rng_word(&start, (uint64_t)j);
            if (v < low || v >= high || v != low + (int64_t)(word % (uint64_t)n))
                ck_abort_msg("randint: element %lld is %lld", (long long)j, (long long)v);
            counts[(v - low) / ((n + cells - 1) / cells)]++;
        }
        if (n % cells == 0 && cells > 1) assert_even("randint", counts, cells, MANY);
    }
}
END_TEST

/* Found by search: the first word of this block is below 2^64 mod n, so a fresh word must replace
 * it. The numbers after it stay as they are. */
START_TEST(a_word_that_would_be_one_too_many)
{
    const int64_t n = ((int64_t)1 << 32) - 65535, low = INT32_MIN;
    const tg_rng start = {1, 0, 1152543134};
    const uint64_t word = tg_rng_word(&start, 0);
    ck_assert(word == 1673746658 && word < (0 - (uint64_t)n) % (uint64_t)n);
    tg_rng r = start, again = start, fine = start;
    const tg_tensor *y = tg_randint(t, &r, DIMS(4), low, low + n);
    const tg_tensor *z = tg_randint(t, &again, DIMS(4), low, low + n);
    const tg_tensor *w = tg_randint(t, &fine, DIMS(4), low, low + ((int64_t)1 << 32));
    assert_fine(t, "randint");
    ck_assert(read_at(w, 0) == (double)(low + 1673746658) && read_at(y, 0) != read_at(w, 0));
    ck_assert(read_at(y, 0) >= (double)low && read_at(y, 0) < (double)(low + n));
    for (int64_t j = 0; j < 4; j++) {
        const uint64_t next = tg_rng_word(&start, (uint64_t)j) % (uint64_t)n;
        ck_assert(read_at(y, j) == read_at(z, j));
        if (j > 0) ck_assert(read_at(y, j) == (double)(low + (int64_t)next));
    }
    ck_assert(r.counter == start.counter + 2);
}
END_TEST

/* ---- permutations --------------------------------------------------------------------------- */

static void assert_permutation(const tg_tensor *p, int64_t n)
{
    static bool seen[1000];
    assert_fine(t, "permutation");
    memset(seen, 0, sizeof seen);
    ck_assert(p->dtype == TG_I32 && p->ndim == 1 && p->size == n);
    for (int64_t i = 0; i < n; i++) {
        const int32_t v = ((const int32_t *)p->data)[i];
        if (v < 0 || v >= n || seen[v]) ck_abort_msg("%d is no index, or comes twice", v);
        seen[v] = true;
    }
}

START_TEST(permutations)
{
    const int64_t sizes[] = {0, 1, 2, 3, 10, 999};
    for (int k = 0; k < COUNT(sizes); k++) {
        tg_rng r = {3, 4, 5}, copy = r;
        const tg_tensor *p = tg_permutation(t, &r, sizes[k]);
        assert_permutation(p, sizes[k]);
        ck_assert(r.counter == 5 + ((uint64_t)sizes[k] + 1) / 2);
        const tg_tensor *q = tg_permutation(t, &copy, sizes[k]);
        for (int64_t i = 0; i < sizes[k]; i++) ck_assert(read_at(p, i) == read_at(q, i));
    }
}
END_TEST

START_TEST(all_orders_of_four_and_all_places_of_ten)
{
    for (uint64_t seed = 1; seed < (getenv("TG_TEST_QUICK") ? 2 : 4); seed++) {
        int64_t orders[24] = {0}, places[100] = {0};
        tg_rng r = tg_rng_make(seed, 0);
        for (int k = 0; k < MANY; k++) {
            if (k % 500 == 0) tg_tape_reset(t);
            const tg_tensor *four = tg_permutation(t, &r, 4), *ten = tg_permutation(t, &r, 10);
            assert_fine(t, "permutation");
            const int32_t *p = four->data, *q = ten->data;
            int rank = 0; /* in the order of a dictionary */
            for (int i = 0; i < 4; i++) {
                int smaller = 0;
                for (int j = i + 1; j < 4; j++) smaller += p[j] < p[i];
                rank = rank * (4 - i) + smaller;
            }
            orders[rank]++;
            for (int i = 0; i < 10; i++) places[10 * i + q[i]]++;
        }
        assert_even("orders of 4", orders, 24, MANY);
        for (int i = 0; i < 10; i++) assert_even("places of 10", places + 10 * i, 10, MANY);
    }
}
END_TEST

/* ---- the same again, or fresh --------------------------------------------------------------- */

static tg_tensor *uniforms(tg_rng *r) { return tg_uniform(t, r, TG_F64, DIMS(16), 0, 1); }
static tg_tensor *normals(tg_rng *r) { return tg_normal(t, r, TG_F64, DIMS(16), 0, 1); }
static tg_tensor *coins(tg_rng *r) { return tg_bernoulli(t, r, TG_U8, DIMS(64), 0.5); }
static tg_tensor *numbers(tg_rng *r) { return tg_randint(t, r, DIMS(16), 0, 1000); }
static tg_tensor *orders(tg_rng *r) { return tg_permutation(t, r, 16); }
static tg_tensor *bounded(tg_rng *r)
{
    return tg_truncated_normal(t, r, TG_F64, DIMS(16), 0, 1, -1, 1);
}

static tg_tensor *(*const draws[])(tg_rng *r) = {uniforms, normals, coins,
                                                 numbers,  orders,  bounded};

static bool alike(const tg_tensor *x, const tg_tensor *y)
{
    bool same = true;
    assert_fine(t, "draw");
    for (int64_t i = 0; i < x->size; i++) same = same && read_at(x, i) == read_at(y, i);
    return same;
}

START_TEST(the_same_again_or_fresh)
{
    tg_rng r = tg_rng_make(8, 1), copy = r, made = tg_rng_make(8, 1), other = tg_rng_make(8, 2);
    tg_rng seed = tg_rng_make(9, 1);
    const tg_tensor *x = draws[_i](&r);
    ck_assert(alike(x, draws[_i](&copy)) && alike(x, draws[_i](&made)));
    ck_assert(!alike(x, draws[_i](&r)) && !alike(x, draws[_i](&other)));
    ck_assert(!alike(x, draws[_i](&seed)));
    /* The node runs again, as in a plan or a region. */
    tg_tensor *again = tg_record(t, x->node->op, NULL, 0, x->node->attrs);
    ck_assert(again && alike(x, again));
    /* Only the state counts: here another tape, and more draws before. */
    tg_tape *first = t;
    t = tg_tape_new();
    made = tg_rng_make(8, 1);
    tg_tensor *y = draws[_i](&made);
    ck_assert(alike(x, y));
    tg_tape_free(t);
    t = first;
}
END_TEST

/* ---- refusals ------------------------------------------------------------------------------- */

static const op_row errors[] = {
    {"randint", "high=3", {NULL}, "randint: attribute 'seed' is missing", TG_EKEY},
    {"randint", "seed=1 low=2 high=2", {NULL}, "randint: low is 2, must be below high, 2", TG_EARG},
    {"randint",
     "seed=1 low=9223372036854775807 high=-9223372036854775808",
     {NULL},
     "randint: low is 9223372036854775807, must be below high, -9223372036854775808",
     TG_EARG},
    {"randint",
     "seed=1 high=2147483649",
     {NULL},
     "randint: 0..2147483648 does not fit into i32",
     TG_EARG},
    {"randint",
     "seed=1 low=-2147483649 high=0",
     {NULL},
     "randint: -2147483649..-1 does not fit into i32",
     TG_EARG},
    {"randint",
     "seed=1 high=nan",
     {NULL},
     "randint: 'nan' is not a value for attribute 'high'",
     TG_EARG},
    {"randint",
     "seed=1 high=3 shape=2,-1",
     {NULL},
     "randint: size -1 of axis 1 is negative",
     TG_ESHAPE},
    {"permutation",
     "seed=1 n=-1",
     {NULL},
     "permutation: -1 indices do not fit into i32",
     TG_ESHAPE},
    {"permutation",
     "seed=1 n=2147483648",
     {NULL},
     "permutation: 2147483648 indices do not fit into i32",
     TG_ESHAPE},
};

START_TEST(refusals) { run_row(&errors[_i]); }
END_TEST

START_TEST(refusals_leave_the_generator_alone)
{
    tg_rng r = tg_rng_make(1, 2);
    ck_assert_ptr_null(tg_randint(t, NULL, DIMS(2), 0, 2));
    assert_error(t, TG_EARG, "randint: the generator is NULL");
    tg_tape_reset(t);
    ck_assert_ptr_null(tg_permutation(t, NULL, 2));
    assert_error(t, TG_EARG, "permutation: the generator is NULL");
    tg_tape_reset(t);
    ck_assert(!tg_randint(t, &r, 1, NULL, 0, 2) && !tg_permutation(t, &r, 4));
    assert_error(t, TG_EARG, "randint: the shape is NULL");
    ck_assert(r.counter == 0 && r.seed == 1 && r.stream == 2);
}
END_TEST

SUITE("random_more", .with = {TAPE}, .timeout = 60,
      .tests = {
          {integers, COUNT(ranges)},
          {a_word_that_would_be_one_too_many},
          {permutations},
          {all_orders_of_four_and_all_places_of_ten},
          {the_same_again_or_fresh, COUNT(draws)},
          {refusals, COUNT(errors)},
          {refusals_leave_the_generator_alone},
      })
