/* test_linalg_forms.c - linear algebra against identities in plain loops and against closed
 * forms. */
#include "tests/support/tape.h"

/* ---- identities by plain loops -------------------------------------------------------------- */

static const struct {
    int64_t n;
    int ndim;
    int64_t stack[2];
} sizes[] = {{1, 0, {0}}, {2, 0, {0}},    {3, 1, {4}}, {4, 2, {3, 2}},
             {5, 1, {0}}, {7, 2, {1, 2}}, {18, 0, {0}}};

/* A random (stack..., rows, columns); `dominant` gives it a heavy diagonal. */
static tg_tensor *stack(tg_dtype dtype, int i, int64_t n, int64_t columns, bool dominant,
                        int layout)
{
    int64_t shape[4];
    const int ndim = sizes[i].ndim;
    for (int k = 0; k < ndim; k++) shape[k] = sizes[i].stack[k];
    shape[ndim] = n;
    shape[ndim + 1] = columns;
    tg_tensor *x = random_leaf(dtype, ndim + 2, shape, -1, 1, (uint64_t)(i + 1));
    for (int64_t k = 0; dominant && k < x->size; k++)
        if (k / n % n == k % n) write_at(x, k, read_at(x, k) + (double)n);
    return laid_out(x, layout);
}

/* Row i of matrix k of a times column j of matrix k of b. */
static double times(const tg_tensor *a, const tg_tensor *b, int64_t k, int64_t i, int64_t j)
{
    const int64_t m = a->shape[a->ndim - 2], p = a->shape[a->ndim - 1], n = b->shape[b->ndim - 1];
    double sum = 0;
    for (int64_t l = 0; l < p; l++)
        sum += read_at(a, (k * m + i) * p + l) * read_at(b, (k * p + l) * n + j);
    return sum;
}

/* The products of matching matrices of a and b are those of c. */
static void assert_product(const char *what, const tg_tensor *a, const tg_tensor *b,
                           const tg_tensor *c)
{
    const double tolerance = c->dtype == TG_F32 ? 2e-5 : 2e-14;
    assert_fine(t, what);
    const int64_t m = c->shape[c->ndim - 2], n = c->shape[c->ndim - 1];
    for (int64_t e = 0; e < c->size; e++)
        assert_close(what, c->dtype, e, 1, times(a, b, e / (m * n), e / n % m, e % n),
                     read_at(c, e), tolerance, tolerance);
}

static tg_tensor *turn(tg_tensor *x) { return tg_transpose(t, x, -1, -2); }

START_TEST(identities)
{
    const int64_t n = sizes[_i].n;
    for (int how = 0; how < 2 * LAYOUTS; how++, tg_tape_reset(t)) {
        const tg_dtype dtype = how & 1 ? TG_F64 : TG_F32;
        const int layout = how / 2;
        tg_tensor *a = stack(dtype, _i, n, n, true, layout),
                  *b = stack(dtype, _i, n, 3, false, (layout + 1) % LAYOUTS);
        tg_tensor *s = tg_mul(t, tg_add(t, a, turn(a)), tg_scalar(t, 0.5));
        tg_tensor *l = tg_cholesky(t, a, false), *u = tg_cholesky(t, a, true);
        assert_product("L L^T", l, turn(l), s);
        assert_product("U^T U", turn(u), u, s);
        tg_tensor *low = tg_tril(t, a, 0), *up = tg_triu(t, a, 0);
        assert_product("lower", low, tg_solve_triangular(t, a, b, false, true, false), b);
        assert_product("upper", up, tg_solve_triangular(t, a, b, true, true, false), b);
        tg_tensor *bt = turn(b), *xl = tg_solve_triangular(t, a, bt, false, false, false),
                  *xu = tg_solve_triangular(t, a, bt, true, false, false);
        assert_product("right lower", xl, low, bt);
        assert_product("right upper", xu, up, bt);
        assert_product("solve", a, tg_solve(t, a, b), b);
        tg_tensor *one = tg_eye(t, dtype, n, n, 0), *y = tg_inv(t, a);
        if (!tg_tensor_same_shape(one, a)) one = tg_expand(t, one, a->ndim, a->shape);
        assert_product("a a^-1", a, y, one);
        assert_product("a^-1 a", y, a, one);
    }
}
END_TEST

/* The determinant, by the first row, of the rows and columns whose bits are set. */
static double laplace(const tg_tensor *a, int64_t first, int64_t n, int64_t row, unsigned columns)
{
    double sum = 0, sign = 1;
    if (row == n) return 1;
    for (int64_t j = 0; j < n; j++) {
        if (!(columns >> j & 1)) continue;
        const double rest = laplace(a, first, n, row + 1, columns & ~(1U << j));
        sum += sign * read_at(a, first + row * n + j) * rest;
        sign = -sign;
    }
    return sum;
}

START_TEST(determinants)
{
    const int64_t n = sizes[_i].n;
    for (int layout = 0; layout < LAYOUTS; layout++, tg_tape_reset(t)) {
        tg_tensor *a = stack(TG_F64, _i, n, n, false, layout), *sign;
        const tg_tensor *det = tg_det(t, a), *log_det = tg_slogdet(t, a, &sign);
        assert_fine(t, "determinants");
        ck_assert(log_det == NULL || tg_tensor_same_shape(det, log_det));
        for (int64_t k = 0; k < det->size; k++) {
            const double d = laplace(a, k * n * n, n, 0, (1U << n) - 1);
            assert_close("det", TG_F64, k, 1, read_at(det, k), d, 1e-12, 1e-14);
            assert_close("logabsdet", TG_F64, k, 1, read_at(log_det, k), log(fabs(d)), 0, 1e-12);
            ck_assert(read_at(sign, k) == (d > 0 ? 1 : -1));
        }
        /* Row i of a times row i of its cofactors is det; times another row it is 0. */
        tg_tensor *one = tg_eye(t, TG_F64, n, n, 0), *at = turn(a), *c = tg_cofactor(t, a);
        tg_tensor *d = tg_reshape(t, tg_det(t, a), 3, (int64_t[]){-1, 1, 1});
        if (a->size == 0) continue;
        d = tg_reshape(t, tg_mul(t, d, one), a->ndim, a->shape);
        assert_product("a^T C", at, c, d);
        assert_product("C a^T", c, at, d);
    }
}
END_TEST

/* ---- closed forms --------------------------------------------------------------------------- */

/* All permutations of 0..4: the sign is that of the number of inversions, the inverse turned. */
START_TEST(permutations)
{
    for (int number = 0; number < 120; number++, tg_tape_reset(t), free_leaves()) {
        int left[] = {0, 1, 2, 3, 4}, inversions = 0, rest = number;
        tg_tensor *p = keep(tg_tensor_new(TG_F32, DIMS(5, 5), NULL)), *sign;
        for (int i = 0; i < 5; i++) {
            const int pick = rest % (5 - i);
            rest /= 5 - i;
            inversions += pick;
            write_at(p, 5 * i + left[pick], 1);
            memmove(left + pick, left + pick + 1, (size_t)(4 - pick) * sizeof *left);
        }
        const double want = inversions % 2 ? -1 : 1;
        ck_assert(tg_item(tg_det(t, p)) == want);
        ck_assert(tg_item(tg_slogdet(t, p, &sign)) == 0 && tg_item(sign) == want);
        assert_product("p^-1", tg_inv(t, p), tg_eye(t, TG_F32, 5, 5, 0), turn(p));
        ck_assert(tg_item(tg_max(t, tg_abs(t, tg_sub(t, tg_inv(t, p), turn(p))), TG_ALL, false)) ==
                  0);
    }
}
END_TEST

/* det of x_i^j is the product of x_j - x_i over i < j. */
START_TEST(vandermonde)
{
    const double x[] = {-1.5, -0.25, 0.5, 1, 2, 3.25};
    for (int n = 1; n <= COUNT(x); n++) {
        tg_tensor *v = keep(tg_tensor_new(TG_F64, DIMS(n, n), NULL));
        double want = 1;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) write_at(v, n * i + j, pow(x[i], j));
            for (int j = 0; j < i; j++) want *= x[i] - x[j];
        }
        assert_close("vandermonde", TG_F64, n, 0, tg_item(tg_det(t, v)), want, 1e-12, 0);
    }
}
END_TEST

static double choose(int n, int k) { return k == 0 ? 1 : choose(n - 1, k - 1) * n / k; }

/* 1 / (i + j + 1): det is c_n^4 / c_2n, c_n = 1! 2! ... (n-1)!, and the inverse is of integers. */
START_TEST(hilbert)
{
    for (int n = 1; n <= 7; n++, tg_tape_reset(t)) {
        tg_tensor *h = keep(tg_tensor_new(TG_F64, DIMS(n, n), NULL));
        double log_det = 0;
        for (int i = 0; i < n * n; i++) write_at(h, i, 1.0 / (i / n + i % n + 1));
        for (int k = 1; k < 2 * n; k++) log_det += (k < n ? 3 : -1) * lgamma(k + 1.0);
        const tg_tensor *y = tg_inv(t, h);
        assert_close("hilbert", TG_F64, n, 0, tg_item(tg_slogdet(t, h, NULL)), log_det, 0, 1e-7);
        const tg_tensor *l = tg_cholesky(t, h, false);
        double half = 0;
        for (int i = 0; i < n; i++) half += log(read_at(l, i * (n + 1)));
        assert_close("hilbert, cholesky", TG_F64, n, 0, 2 * half, log_det, 0, 1e-7);
        for (int e = 0; e < n * n; e++) {
            const int i = e / n + 1, j = e % n + 1;
            const double b = choose(i + j - 2, i - 1);
            const double want = ((i + j) % 2 ? -1 : 1) * (i + j - 1) * b * b *
                                choose(n + i - 1, n - j) * choose(n + j - 1, n - i);
            assert_close("hilbert^-1", TG_F64, e, 0, read_at(y, e), want, 1e-7, 0);
        }
    }
}
END_TEST

SUITE("linalg_forms", .with = {TAPE}, .timeout = 60,
      .tests = {
          {identities, COUNT(sizes)},
          {determinants, COUNT(sizes) - 1}, /* 18! terms are too many */
          {permutations},
          {vandermonde},
          {hilbert},
      })
