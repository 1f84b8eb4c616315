/* test_maps.c - elementwise kernels of every instruction set: the bits of an element depend on
 * nothing but the element; arithmetic, rounding and masks agree with the reference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "tapegrad/op.h"
#include "tapegrad/rng.h"
#include "tapegrad/threads.h"
#include "tests/support/bits.h"
#include "tests/support/suite.h"

enum { MOST = 67, ROOM = MOST + 40, FILL = 0x5a };

static const char *const isas[] = {"generic", "sse", "avx2", "avx512"};

/* Any NaN equals any other, because its bits are not promised. */
static const double specials[] = {
    0,   -0.0,    1,        -1,  NAN,    INFINITY, -INFINITY, 0.5,  -0.5, 5e-324, 1e-40,  1.5, -1.5,
    2.5, 8388609, -8388607, 1e9, 4.5e15, -4.5e15,  1e300,     1e30, 0.25, -7.5,   1e-300, -3};

/* Numbers of both signs and the special values among them; a mask of 0, 1 and more. */
static void fill(void *data, int64_t size, int n, tg_rng *rng)
{
    for (int i = 0; i < n; i++) {
        const double v = tg_rng_next_uniform(rng, 0, 1) < 0.4
                             ? specials[tg_rng_next_below(rng, COUNT(specials))]
                             : tg_rng_next_uniform(rng, -9, 9);
        if (size == 1) ((uint8_t *)data)[i] = (uint8_t)(tg_rng_next_below(rng, 5) * 60);
        if (size == 4) ((float *)data)[i] = (float)v;
        if (size == 8) ((double *)data)[i] = v;
    }
}

/* n elements at once, from unaligned addresses, against one at a time, where every operand
 * moves. */
static void try_sizes(const char *isa, int row, bool f64, const int64_t *s, tg_rng *rng)
{
    const tgi_map *map = &tgi_kernels_named(isa)->maps[f64][row];
    const int64_t ones[] = {1, 1, 1};
    _Alignas(64) static char data[TGI_MAP_INPUTS][ROOM * 8], y[ROOM * 8];
    for (int n = 0; n <= MOST; n++) {
        const void *x[TGI_MAP_INPUTS] = {0}, *one[TGI_MAP_INPUTS];
        for (int i = 0; i < map->inputs; i++) {
            x[i] = data[i] + (n + i) % 7 * map->x_size[i];
            fill(data[i] + (n + i) % 7 * map->x_size[i], map->x_size[i], n + 1, rng);
        }
        char *const to = y + n % 5 * map->y_size, single[8];
        memset(y, FILL, sizeof y);
        tgi_map_run(map, n, to, x, s);
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < map->inputs; i++)
                one[i] = (const char *)x[i] + j * s[i] * map->x_size[i];
            tgi_map_run(map, 1, single, one, ones);
            if (!same(single, to + j * map->y_size, map->y_size))
                ck_abort_msg("%s %s kernel %d, n = %d: element %d", isa, f64 ? "f64" : "f32", row,
                             n, j);
        }
        for (const char *p = y; p < y + sizeof y; p++)
            if (!(p >= to && p < to + n * map->y_size) && *p != FILL)
                ck_abort_msg("%s kernel %d, n = %d: a byte beside the result", isa, row, n);
    }
}

/* The result overwrites one of the operands. */
START_TEST(in_place)
{
    const int64_t ones[] = {1, 1};
    tg_rng rng = tg_rng_make(4, 0);
    for (int n = 0; n <= MOST && tgi_kernels_named(isas[_i]); n++)
        for (int k = 0; k < 2; k++) {
            const tgi_map *map = &tgi_kernels_named(isas[_i])->maps[0][TGI_MAP_sub];
            float x[2][MOST], want[MOST];
            for (int i = 0; i < 2; i++) fill(x[i], 4, n, &rng);
            tgi_map_run(map, n, want, (const void *[]){x[0], x[1]}, ones);
            tgi_map_run(map, n, x[k], (const void *[]){x[0], x[1]}, ones);
            for (int j = 0; j < n; j++)
                if (!same((char *)&x[k][j], (char *)&want[j], 4))
                    ck_abort_msg("%s into operand %d, n = %d: element %d", isas[_i], k, n, j);
        }
}
END_TEST

START_TEST(every_length_and_place)
{
    static const int64_t strides[][TGI_MAP_INPUTS] = {{1, 1, 1}, {1, 0, 1}, {0, 1, 0}, {0, 0, 1}};
    tg_rng rng = tg_rng_make(11, 0);
    for (int row = 0; row < TGI_MAPS && tgi_kernels_named(isas[_i]); row++)
        for (int f64 = 0; f64 < 2; f64++) {
            const int inputs = tgi_kernels_named(isas[_i])->maps[f64][row].inputs;
            for (int k = 0; k < (inputs == 1 ? 1 : COUNT(strides)); k++)
                try_sizes(isas[_i], row, f64, strides[k], &rng);
        }
}
END_TEST

/* Results that IEEE 754 fixes to the bit. */
static const int exact[] = {
#define X(name, ...) TGI_MAP_##name,
    TGI_MASKS1(X) TGI_MASKS2(X)
#undef X
        TGI_MAP_where,
    TGI_MAP_neg,
    TGI_MAP_abs,
    TGI_MAP_sign,
    TGI_MAP_reciprocal,
    TGI_MAP_square,
    TGI_MAP_sqrt,
    TGI_MAP_rsqrt,
    TGI_MAP_floor,
    TGI_MAP_ceil,
    TGI_MAP_round,
    TGI_MAP_trunc,
    TGI_MAP_relu,
    TGI_MAP_add,
    TGI_MAP_sub,
    TGI_MAP_mul,
    TGI_MAP_div,
    TGI_MAP_maximum,
    TGI_MAP_minimum};

START_TEST(agrees_with_the_reference)
{
    enum { N = 4000 };
    static double x[3][N], y[N], want[N];
    const int64_t ones[] = {1, 1, 1};
    tg_rng rng = tg_rng_make(5, 0);
    for (int k = 0; k < COUNT(exact) && tgi_kernels_named(isas[_i]); k++)
        for (int f64 = 0; f64 < 2; f64++) {
            const tgi_map *map = &tgi_kernels_named(isas[_i])->maps[f64][exact[k]];
            const void *from[] = {x[0], x[1], x[2]};
            for (int i = 0; i < map->inputs; i++) fill(x[i], map->x_size[i], N, &rng);
            tgi_map_run(map, N, y, from, ones);
            tgi_map_run(&tgi_kernels_named("generic")->maps[f64][exact[k]], N, want, from, ones);
            for (int i = 0; i < N; i++)
                if (!same((char *)y + i * map->y_size, (char *)want + i * map->y_size, map->y_size))
                    ck_abort_msg("%s %s kernel %d: element %d", isas[_i], f64 ? "f64" : "f32",
                                 exact[k], i);
        }
}
END_TEST

/* ---- the driver ----------------------------------------------------------------------------- */

static const char *const shapes[] = {
    "f32[300,500] f32[300,500]", "f32[300,500] f32[500]",    "f32[300,500] f32[300,1]",
    "f32[9000,10] f32[10]",      "f32[9000,10] f32[9000,1]", "f32[70,30,40] f32[30,1]",
    "f32[3000,7,11] f32[7,11]",  "f32[3000,7,11] f32[11]",   "f32[3000,7,11] f32[7,1]",
    "f32[200001] f32[]",         "f32[1,600] f32[200,1]"};

/* A tensor of whole numbers, by the text of its shape. */
static tg_tensor *leaf(const char **text, uint64_t seed)
{
    int64_t shape[TG_MAX_NDIM];
    int ndim = 0;
    char *p = strchr(*text, '[');
    while (*p != ']')
        if (*++p != ']') shape[ndim++] = strtoll(p, &p, 10);
    *text = p + 1;
    tg_tensor *x = tg_tensor_new(TG_F32, ndim, shape, NULL);
    ck_assert_ptr_nonnull(x);
    tg_rng rng = tg_rng_make(seed, 0);
    for (int64_t i = 0; i < x->size; i++)
        ((float *)x->data)[i] = (float)tg_rng_next_below(&rng, 1000);
    return x;
}

static float value(const tg_tensor *x, const tg_tensor *y, int64_t i)
{
    int64_t at = 0, place = x->size ? 1 : 0;
    for (int a = y->ndim - 1; a >= 0; i /= y->shape[a--]) {
        const int b = a - (y->ndim - x->ndim);
        if (b < 0 || x->shape[b] == 1) continue;
        at += i % y->shape[a] * place;
        place *= x->shape[b];
    }
    return ((const float *)x->data)[at];
}

START_TEST(large_results_by_threads)
{
    const char *text = shapes[_i];
    tg_tensor *x[2] = {leaf(&text, 1), NULL};
    x[1] = leaf(&text, 2);
    for (int threads = 1; threads <= 4; threads += 3) {
        tg_tape *t = tg_tape_new();
        ck_assert_int_eq(tg_set_num_threads(threads), TG_OK);
        const tg_tensor *y = tg_apply(t, tg_op_find("sub"), x, 2, NULL);
        const tg_tensor *m = tg_apply(t, tg_op_find("less"), x, 2, NULL);
        ck_assert(y && m);
        for (int64_t i = 0; i < y->size; i++) {
            const float a = value(x[0], y, i), b = value(x[1], y, i);
            if (((const float *)y->data)[i] != a - b || ((const uint8_t *)m->data)[i] != (a < b))
                ck_abort_msg("%s: element %lld", shapes[_i], (long long)i);
        }
        tg_tape_free(t);
    }
    (void)tg_set_num_threads(0);
    tg_tensor_free(x[0]), tg_tensor_free(x[1]);
}
END_TEST

SUITE("maps", .timeout = 300,
      .tests = {
          {in_place, COUNT(isas)},
          {every_length_and_place, COUNT(isas)},
          {agrees_with_the_reference, COUNT(isas)},
          {large_results_by_threads, COUNT(shapes)},
      })
