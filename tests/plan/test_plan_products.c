/* test_plan_products.c - plans of matrix products of all the shapes at which the kernels change
 * their ways: random networks of one to three products, contiguous and strided, of leaves and of
 * what was computed, with their gradients, eagerly and planned: the same bits, and nothing but a
 * step's own memory written (tests/support/guard.h).
 *
 * TG_PROGRAMS sets how many (500), TG_PROGRAM_SEED runs one. */
#include "tests/support/drawn.h"
#include "tests/support/tape.h"

enum { MOST_WORK = 1 << 20, FACTORS = 4 };

/* ---- drawing -------------------------------------------------------------------------------- */

/* Sizes at which ops/kernels/gemm*.c and ops/matmul.c cut, pack or share in another way, and their
 * neighbours. */
static const int64_t turns[] = {1,   2,   3,    4,    6,    8,    12,   14,   16,     24,
                                28,  32,  36,   40,   48,   56,   64,   72,   96,     128,
                                144, 192, 255,  256,  288,  384,  511,  512,  640,    768,
                                784, 896, 1024, 1536, 2048, 3072, 4096, 8192, 131072, 262144};

static int64_t draw_turn(drawing *d, int64_t most)
{
    return draw_size(d, COUNT(turns), turns, most);
}

static tg_tensor *draw_in(drawing *d, int64_t rows, int64_t cols)
{
    return draw_leaf(d, 2, (const int64_t[]){rows, cols});
}

/* A rows by cols matrix with one of many memory layouts. */
static tg_tensor *draw_matrix(drawing *d, int64_t rows, int64_t cols)
{
    const int64_t step = 1 + below(d, 3), more = below(d, 3), shape[] = {rows, cols};
    tg_tensor *x;
    switch (below(d, 7)) {
    case 0: /* transposed */
        x = tg_transpose(t, draw_in(d, cols, rows), 0, 1);
        break;
    case 1: /* some of the columns */
        x = tg_slice(t, draw_in(d, rows, cols * step + more), 1, 0, (cols - 1) * step + 1, step);
        break;
    case 2: /* some of the rows, from behind */
        x = tg_slice(t, draw_in(d, rows * step, cols), 0, rows * step - 1, TG_END, -step);
        break;
    case 3: /* a column for all */
        x = tg_expand(t, draw_in(d, rows, 1), 2, shape);
        break;
    case 4: /* a row for all */
        x = tg_expand(t, draw_in(d, 1, cols), 2, shape);
        break;
    default:
        x = draw_in(d, rows, cols);
    }
    switch (below(d, 4)) {
    case 0:
        return tg_exp(t, x); /* computed: its address comes last */
    case 1:
        return tg_transpose(t, tg_tanh(t, tg_transpose(t, x, 0, 1)), 0, 1);
    default:
        return x;
    }
}

/* Operations that may follow a product. */
static tg_tensor *draw_rest(drawing *d, tg_tensor *y)
{
    tg_tensor *bias = draw_leaf(d, 1, &y->shape[1]);
    switch (below(d, 4)) {
    case 0:
        return tg_relu(t, tg_add(t, y, bias));
    case 1:
        return tg_tanh(t, tg_add(t, y, bias));
    case 2:
        return tg_mul(t, y, bias);
    default:
        return tg_add(t, tg_cumsum(t, y, 0, false, false), bias); /* needs all of it */
    }
}

/* ---- one network ---------------------------------------------------------------------------- */

/* rest(... rest(rest(A B) C) ...) */
static tg_tensor *draw_network(drawing *d)
{
    const int products = 1 + (int)below(d, FACTORS - 1);
    const int64_t m = draw_turn(d, 2 * MOST_WORK / 64);
    int64_t k = draw_turn(d, MOST_WORK / m + 1);
    tg_tensor *y = draw_matrix(d, m, k);
    say(d, "of", 2, (const int64_t[]){m, k});
    for (int i = 0; i < products; i++) {
        const int64_t cols = draw_turn(d, MOST_WORK / m / k + 1);
        say(d, "by", 1, &cols);
        y = tg_matmul(t, y, draw_matrix(d, k, cols));
        y = draw_rest(d, y);
        k = cols;
    }
    return y;
}

START_TEST(random_networks) { check_kind(t, &(drawn_kind){"matrix products", draw_network}, 500); }
END_TEST

SUITE("plan_products", .with = {GUARDED, TAPE}, .timeout = 600, .tests = {{random_networks}})
