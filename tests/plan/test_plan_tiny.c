/* test_plan_tiny.c - plans of very many operations on a few numbers: their memory, counted at the
 * allocator, their runs beside recording, and the bits; and what descriptors say of operands that
 * change nothing. */
#include <string.h>
#include <time.h>

#include "tapegrad.h"
#include "tests/support/plans.h"

/* ---- an allocator that counts bytes --------------------------------------------------------- */

static size_t held;

static void *counted(void *user, void *block, size_t bytes)
{
    (void)user;
    size_t *head = block ? (size_t *)block - 2 : NULL;
    if (head) held -= *head;
    if (bytes == 0) {
        free(head);
        return NULL;
    }
    head = realloc(head, bytes + 2 * sizeof *head);
    if (!head) return NULL;
    *head = bytes;
    held += bytes;
    return head + 2;
}

/* ---- programs ------------------------------------------------------------------------------- */

enum { LEAVES = 96, UNITS = 8 };

static tg_tape *t;
static tg_tensor *leaves[LEAVES];
static tg_dict *params;
static int scalar_axes; /* of the leaves: 0, or 1 with four elements */

static void begin(void)
{
    tg_error err = TG_ERROR_INIT;
    tg_set_allocator(&(tg_allocator){counted, NULL});
    t = tg_tape_new();
    params = tg_dict_new();
    for (int i = 0; i < LEAVES; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "w%d", i);
        leaves[i] = tg_tensor_new(TG_F32, scalar_axes, (int64_t[]){4}, &err);
        (void)tg_tensor_fill(leaves[i], 0.1 + 0.01 * i, &err);
        (void)tg_dict_take(params, key, leaves[i], &err);
    }
    ck_assert_msg(!err.status, "%s", err.text);
}

static void finish(void)
{
    tg_tape_free(t);
    tg_dict_free(params);
    tg_set_allocator(NULL);
    ck_assert_uint_eq(held, 0);
    scalar_axes = 0;
}

static tg_tensor *leaf(int i) { return leaves[i % LEAVES]; }

static tg_tensor *chain(int n)
{
    tg_tensor *y = leaf(0);
    for (int i = 0; i < n / 3; i++) y = tg_tanh(t, tg_add(t, tg_mul(t, y, leaf(1)), leaf(2)));
    return y;
}

/* A network of single numbers, as beginners write it. */
static tg_tensor *neurons(int n)
{
    tg_tensor *in[UNITS], *out[UNITS];
    for (int i = 0; i < UNITS; i++) in[i] = leaf(i);
    for (int i = 0, k = 0; i < n / (UNITS * (2 * UNITS + 1)) + 1; i++) {
        for (int j = 0; j < UNITS; j++) {
            out[j] = leaf(k++);
            for (int l = 0; l < UNITS; l++) out[j] = tg_add(t, out[j], tg_mul(t, in[l], leaf(k++)));
            out[j] = tg_tanh(t, out[j]);
        }
        memcpy(in, out, sizeof in);
    }
    return in[0];
}

/* Unrelated operations, which take a step each, or nearly. */
static tg_tensor *apart(int n)
{
    enum { WIDE = 512 };
    tg_tensor *x[WIDE];
    for (int i = 0; i < WIDE; i++) x[i] = tg_mul(t, leaf(i), leaf(i / LEAVES + 1));
    for (int i = WIDE; i < n - WIDE; i++)
        x[i * 37 % WIDE] = tg_sub(t, x[i * 37 % WIDE], leaf(i * 7));
    tg_tensor *y = x[0];
    for (int i = 1; i < WIDE; i++) y = tg_add(t, y, x[i]);
    return y;
}

static const struct program {
    const char *name;
    tg_tensor *(*record)(int n);
    bool grad;
    int axes;
} programs[] = {
    {"chain", chain, false, 0},         {"chain, gradients", chain, true, 0},
    {"neurons", neurons, false, 0},     {"neurons, gradients", neurons, true, 0},
    {"apart", apart, false, 0},         {"apart, gradients", apart, true, 0},
    {"chain of four", chain, false, 1},
};
enum { PROGRAMS = (int)(sizeof programs / sizeof *programs) };

static tg_tensor *record(const struct program *g, int n, const tg_dict **grads)
{
    tg_tensor *y = g->record(n);
    *grads = g->grad ? tg_grad(t, y, params) : NULL;
    ck_assert_msg(!tg_tape_status(t), "%s: %s", g->name, tg_tape_message(t));
    return y;
}

static double seconds(void)
{
    struct timespec now;
    ck_assert(!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now));
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static tg_plan *compile(tg_tensor *y, const tg_dict *grads)
{
    tg_error err = TG_ERROR_INIT;
    tg_plan *p = grads ? tg_compile_grads(t, y, grads, &err) : tg_compile(t, 1, &y, &err);
    ck_assert_msg(p, "%s", err.text);
    return p;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void assert_results(const struct program *g, const tg_plan *p, const tg_tensor *y,
                           const tg_dict *grads)
{
    assert_bits(g->name, y, tg_plan_output(p, 0));
    for (int i = 0; grads && i < LEAVES; i++)
        assert_bits(g->name, tg_dict_at(grads, i), tg_plan_output(p, i + 1));
}

/* The memory from the allocator, with the outputs. */
START_TEST(two_hundred_bytes)
{
    const struct program *g = &programs[_i];
    /* The memory that every plan has beside its steps: leaves and outputs. */
    const size_t around = (16 << 10) + 512 * (g->grad ? LEAVES : 1);
    scalar_axes = g->axes;
    begin();
    for (int n = 3000; n <= 41000; n += 38000) {
        const tg_dict *grads;
        tg_tape_reset(t);
        tg_tensor *y = record(g, n, &grads);
        const size_t before = held;
        tg_plan *p = compile(y, grads);
        const tg_plan_numbers s = tg_plan_stats(p);
        const size_t bytes = held - before;
        ck_assert_msg(bytes <= 200 * (size_t)s.nodes + around,
                      "%s: %zu bytes for %d operations in %d steps", g->name, bytes, s.nodes,
                      s.steps);
        ck_assert_uint_le(s.bytes, bytes + around);
        ck_assert_uint_ge(s.bytes + around, bytes);
        run_plan(p);
        assert_results(g, p, y, grads);
        tg_plan_free(p);
        ck_assert_uint_eq(held, before);
    }
    finish();
}
END_TEST

START_TEST(faster_than_recording)
{
    const struct program *g = &programs[_i];
    const tg_dict *grads;
    double recording = 1e300, running = 1e300;
    tg_tensor *y = NULL;
    scalar_axes = g->axes;
    begin();
    for (int i = 0; i < 5; i++) {
        tg_tape_reset(t);
        const double start = seconds();
        y = record(g, 41000, &grads);
        const double took = seconds() - start;
        if (took < recording) recording = took;
    }
    tg_plan *p = compile(y, grads);
    for (int i = 0; i < 5; i++) {
        const double start = seconds();
        run_plan(p);
        const double took = seconds() - start;
        if (took < running) running = took;
    }
    ck_assert_msg(running < 0.8 * recording, "%s: %g s recorded, %g s as a plan", g->name,
                  recording, running);
    tg_plan_free(p);
    finish();
}
END_TEST

/* Every operation draws from a generator of its own. */
static double many_generators(int n)
{
    begin();
    tg_tensor *y = leaf(0);
    for (int i = 0; i < n; i++) {
        tg_rng rng = tg_rng_make(7, (uint64_t)i);
        y = tg_add(t, y, tg_normal(t, &rng, TG_F32, 0, NULL, 0, 1));
    }
    const double start = seconds();
    tg_plan *p = compile(y, NULL);
    const double took = seconds() - start;
    run_plan(p);
    assert_bits("generators", y, tg_plan_output(p, 0));
    for (int i = 0; i < n; i += n / 7) {
        const tg_rng rng = tg_rng_make(7, (uint64_t)i);
        ck_assert_uint_eq(tg_plan_draws(p, &rng), 1);
    }
    tg_plan_free(p);
    finish();
    return took;
}

START_TEST(generators_are_found_at_once)
{
    const double one = many_generators(2000), sixteen = many_generators(32000);
    ck_assert_msg(sixteen < 70 * one + 0.002, "%g s for 2000, %g s for 32000", one, sixteen);
}
END_TEST

/* This holds for any other operand. A plan omits the operation if that operand cannot be
 * denormal. */
START_TEST(neutral_operands)
{
    static const double odd[] = {0.0,   -0.0,   1,    -1,  3.5,  -7.25, INFINITY, -INFINITY, NAN,
                                 1e-30, -1e-30, 1e30, 0.1, -0.1, 1e-3,  2,        -2,        5};
    enum { N = (int)(sizeof odd / sizeof *odd) };
    int found = 0;
    tg_error err = TG_ERROR_INIT;
    for (int k = 0; k < 2 * tg_op_count(); k++) {
        const tg_op *op = tg_op_at(k / 2);
        if (!op->neutral[k % 2].given) continue;
        found++;
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            tg_tape *tape = tg_tape_new();
            tg_tensor *x = tg_tensor_new((tg_dtype)dtype, 1, (int64_t[]){N}, &err), *in[2];
            for (int i = 0; i < N; i++) (void)tg_tensor_set(x, i, odd[i], &err);
            tg_tensor *other = in[1 - k % 2] = tg_add(tape, x, x);
            in[k % 2] = tg_full(tape, (tg_dtype)dtype, 1, (int64_t[]){N}, op->neutral[k % 2].value);
            tg_tensor *y = tg_apply(tape, op, in, 2, NULL);
            ck_assert_msg(y != NULL, "%s", tg_tape_message(tape));
            assert_bits(op->name, other, y);
            y = tg_exp(tape, y);
            tg_plan *p = compiled(tape, 1, &y);
            ck_assert_int_eq(tg_plan_stats(p).nodes, 2);
            run_plan(p);
            assert_bits(op->name, y, tg_plan_output(p, 0));
            tg_plan_free(p);
            tg_tape_free(tape);
            tg_tensor_free(x);
        }
    }
    ck_assert_int_eq(found, 5); /* mul on both sides, zmul on the left, sub and div on the right */
}
END_TEST

SUITE("plan_tiny", .timeout = 120,
      .tests = {
          {two_hundred_bytes, PROGRAMS},
          {faster_than_recording, PROGRAMS},
          {generators_are_found_at_once},
          {neutral_operands},
      })
