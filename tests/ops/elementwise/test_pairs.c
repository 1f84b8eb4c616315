/* test_pairs.c - kernels that compute two operations in one pass give the bits of one after the
 * other. */
#include <math.h>
#include <string.h>

#include "ops/elementwise/elementwise.h"
#include "ops/kernels/kernels.h"
#include "tapegrad/rng.h"
#include "tests/support/bits.h"
#include "tests/support/suite.h"

enum { MOST = 67, ROOM = MOST + 16, FILL = 0x5a };

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

static const struct {
    const char *name;
    int inner, outer, position;
} rows[TGI_PAIRS] = {
#define X(inner, outer, position, ...)                                                             \
    {#inner " " #outer " " #position, TGI_MAP_##inner, TGI_MAP_##outer, position},
    TGI_EACH_PAIR(X)
#undef X
};

static void fill(void *data, int64_t size, int n, tg_rng *rng)
{
    static const double specials[] = {0, -0.0, 1, NAN, INFINITY, -INFINITY, 1e-40, 5e-324, 1e30};
    for (int i = 0; i < n; i++) {
        const double v = tg_rng_next_below(rng, 8) == 0
                             ? specials[tg_rng_next_below(rng, COUNT(specials))]
                             : tg_rng_next_uniform(rng, -3, 3);
        if (size == 4) ((float *)data)[i] = (float)v;
        if (size == 8) ((double *)data)[i] = v;
    }
}

/* The operands of the outer operation: the inner's result p, and the operand c after the inner's.
 */
static void outer_operands(int position, const void *p, const void *c, int64_t sc, const void **x,
                           int64_t *s)
{
    x[position] = p, x[1 - position] = c;
    s[position] = 1, s[1 - position] = sc;
}

static void try_sizes(const char *isa, int row, bool f64, const int64_t *s, tg_rng *rng)
{
    const tgi_kernels *k = tgi_kernels_named(isa);
    const tgi_map *pair = &k->pairs[f64][row], *inner = &k->maps[f64][rows[row].inner],
                  *outer = &k->maps[f64][rows[row].outer];
    const int64_t size = f64 ? 8 : 4;
    _Alignas(64) static char data[3][ROOM * 8], y[ROOM * 8], p[ROOM * 8], want[ROOM * 8];
    ck_assert_int_eq(pair->inputs, inner->inputs + outer->inputs - 1);
    for (int n = 0; n <= MOST; n++) {
        const void *x[3], *from[2];
        int64_t step[2];
        for (int i = 0; i < 3; i++) {
            x[i] = data[i] + (n + i) % 7 * size;
            fill(data[i] + (n + i) % 7 * size, size, n + 1, rng);
        }
        char *const to = y + n % 5 * size;
        memset(y, FILL, sizeof y);
        tgi_map_run(pair, n, to, x, s);
        tgi_map_run(inner, n, p, x, s);
        outer_operands(rows[row].position, p, x[inner->inputs % 3], s[inner->inputs % 3], from,
                       step);
        tgi_map_run(outer, n, want, from, step);
        for (int j = 0; j < n; j++)
            if (!same(to + j * size, want + j * size, size))
                ck_abort_msg("%s %s %s, n = %d: element %d", isa, f64 ? "f64" : "f32",
                             rows[row].name, n, j);
        for (const char *q = y; q < y + sizeof y; q++)
            if (!(q >= to && q < to + n * size) && *q != FILL)
                ck_abort_msg("%s %s, n = %d: a byte beside the result", isa, rows[row].name, n);
    }
}

START_TEST(bits_of_both)
{
    tg_rng rng = tg_rng_make(6, 0);
    for (int row = 0; row < TGI_PAIRS && tgi_kernels_named(isas[_i]); row++)
        for (int f64 = 0; f64 < 2; f64++)
            for (int steps = 0; steps < 8; steps++)
                try_sizes(isas[_i], row, f64,
                          (const int64_t[]){steps & 1, steps >> 1 & 1, steps >> 2 & 1}, &rng);
}
END_TEST

/* The result may overwrite any operand. */
START_TEST(in_place)
{
    const int64_t ones[] = {1, 1, 1};
    tg_rng rng = tg_rng_make(8, 0);
    for (int row = 0; row < TGI_PAIRS && tgi_kernels_named(isas[_i]); row++) {
        const tgi_map *pair = &tgi_kernels_named(isas[_i])->pairs[0][row];
        for (int n = 0; n <= MOST; n++)
            for (int k = 0; k < pair->inputs; k++) {
                float x[3][MOST], want[MOST];
                for (int i = 0; i < 3; i++) fill(x[i], 4, MOST, &rng);
                tgi_map_run(pair, n, want, (const void *[]){x[0], x[1], x[2]}, ones);
                tgi_map_run(pair, n, x[k], (const void *[]){x[0], x[1], x[2]}, ones);
                for (int j = 0; j < n; j++)
                    if (!same((char *)&x[k][j], (char *)&want[j], 4))
                        ck_abort_msg("%s %s into operand %d, n = %d: element %d", isas[_i],
                                     rows[row].name, k, n, j);
            }
    }
}
END_TEST

/* ---- by the operations ---------------------------------------------------------------------- */

static void try_pair(const tg_op *inner, const tg_op *outer, int position, tg_dtype dtype,
                     tg_map_fn pair)
{
    enum { N = 21 };
    const int64_t ones[] = {1, 1, 1}, size = (int64_t)tg_dtype_size(dtype);
    double data[3][N], p[N], y[N], want[N];
    const void *x[] = {data[0], data[1], data[2]}, *from[2];
    int64_t step[2];
    tg_rng rng = tg_rng_make(9, 0);
    for (int i = 0; i < 3; i++) fill(data[i], size, N, &rng);
    pair(N, y, x, ones, NULL);
    inner->map[dtype](N, p, x, ones, NULL);
    outer_operands(position, p, x[inner->max_inputs], 1, from, step);
    outer->map[dtype](N, want, from, step, NULL);
    for (int i = 0; i < N; i++)
        if (!same((char *)y + i * size, (char *)want + i * size, size))
            ck_abort_msg("%s(%s) at %d, dtype %d: element %d", outer->name, inner->name, position,
                         (int)dtype, i);
}

START_TEST(found_by_operations)
{
    int found = 0;
    for (int a = 0; a < tg_op_count(); a++)
        for (int b = 0; b < tg_op_count(); b++)
            for (int position = -1; position < 3; position++)
                for (int dtype = 0; dtype < TG_DTYPE_COUNT; dtype++) {
                    const tg_op *inner = tg_op_at(a), *outer = tg_op_at(b);
                    const tg_map_fn pair =
                        outer->pair ? outer->pair(outer, inner, position, (tg_dtype)dtype) : NULL;
                    if (!pair) continue;
                    found++;
                    try_pair(inner, outer, position, (tg_dtype)dtype, pair);
                }
    /* 6 inner operations; add, sub, mul, zmul in two places each, minimum in one, and 3 of one
     * operand; exp of a difference; 2 dtypes. */
    ck_assert_int_eq(found, (6 * (4 * 2 + 1 + 3) + 1) * 2);
}
END_TEST

/* A user's operation that has the name of one of the library's. */
START_TEST(no_pair_by_name)
{
    const tg_op *add = tg_op_find("add");
    const tg_op other = *add;
    ck_assert(add->pair(add, add, 0, TG_F32) != NULL);
    ck_assert(!other.pair(&other, add, 0, TG_F32));
    ck_assert(!add->pair(add, &other, 0, TG_F32));
}
END_TEST

SUITE("pairs", .timeout = 300,
      .tests = {
          {bits_of_both, COUNT(isas)},
          {in_place, COUNT(isas)},
          {found_by_operations},
          {no_pair_by_name},
      })
