/* drawn.h - what the tests of plans of random sizes share: sizes at which kernels change their
 * method, operands with many memory layouts, and a network beside its plan. */
#ifndef TESTS_DRAWN_H
#define TESTS_DRAWN_H

#include "tests/support/blind.h"
#include "tests/support/guard.h"
#include "tests/support/plans.h"

enum { MOST_DRAWN = 12, MOST = 1 << 17 /* elements of an operand, usually */ };

typedef struct drawing {
    tg_tape *t;
    tg_rng rng;
    tg_dtype dtype;
    tg_tensor *leaves[MOST_DRAWN]; /* the leaves to differentiate by */
    int n;
    char text[300]; /* what it is */
    size_t used;
} drawing;

/* ---- numbers -------------------------------------------------------------------------------- */

static inline int64_t below(drawing *d, int64_t n)
{
    return (int64_t)tg_rng_next_below(&d->rng, (uint64_t)n);
}

/* A size: 1 to 40, or a size at which a kernel changes its method, or one beside it; at most
 * `most`. */
static inline int64_t draw_size(drawing *d, int n_turns, const int64_t *turns, int64_t most)
{
    for (int i = 0; i < 40; i++) {
        const int64_t n =
            below(d, 3) ? turns[below(d, n_turns)] + below(d, 3) - 1 : 1 + below(d, 40);
        if (n >= 1 && n <= most) return n;
    }
    return 1 + below(d, most < 40 ? most : 40);
}

/* The sizes at which lines, blocks, parts and chunks of reductions, scans and copies begin. */
static const int64_t drawn_lengths[] = {1,   4,    8,    16,   32,   64,    128,   256,   512,
                                        768, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};
/* The sizes at which tiles and bands of products begin. */
static const int64_t drawn_tiles[] = {1,  4,  6,  8,  12,  14,  16,  24,
                                      32, 36, 48, 64, 128, 144, 256, 512};

/* ndim sizes with at most `most` elements altogether, the long one at any place. */
static inline int64_t draw_shape(drawing *d, int ndim, int64_t *shape, int64_t most)
{
    int64_t n = 1;
    const int first = (int)below(d, ndim);
    for (int i = 0; i < ndim; i++) {
        int64_t *const size = &shape[(first + i) % ndim];
        *size = draw_size(d, COUNT(drawn_lengths), drawn_lengths, most / n);
        n *= *size;
    }
    return n;
}

static inline int64_t draw_tile(drawing *d, int64_t most)
{
    return draw_size(d, COUNT(drawn_tiles), drawn_tiles, most < 1 ? 1 : most);
}

static inline bool flag(drawing *d) { return below(d, 2) != 0; }

/* Appends to the text as much as there is room for. */
static inline void say(drawing *d, const char *word, int n, const int64_t *sizes)
{
    char more[sizeof d->text] = "";
    for (int i = 0, at = 0; i < n && at < (int)sizeof more - 32; i++)
        at += snprintf(more + at, sizeof more - (size_t)at, "%c%lld", i ? ',' : '[',
                       (long long)sizes[i]);
    const size_t room = sizeof d->text - d->used;
    const int used = snprintf(d->text + d->used, room, " %s%s%s", word, more, n > 0 ? "]" : "");
    d->used += used < 0 ? 0 : (size_t)used < room ? (size_t)used : room - 1;
}

/* ---- operands ------------------------------------------------------------------------------- */

/* Numbers in -0.5..0.5. */
static inline tg_tensor *draw_leaf(drawing *d, int ndim, const int64_t *shape)
{
    tg_tensor *x = keep(tg_tensor_new(d->dtype, ndim, shape, NULL));
    uint32_t state = (uint32_t)tg_rng_next_below(&d->rng, UINT32_MAX) | 1;
    for (int64_t i = 0; i < x->size; i++) {
        state = state * 1664525u + 1013904223u;
        const double v = (double)(state >> 8) / (1 << 24) - 0.5;
        if (d->dtype == TG_F32)
            ((float *)x->data)[i] = (float)v;
        else
            ((double *)x->data)[i] = v;
    }
    ck_assert_int_lt(d->n, MOST_DRAWN);
    return d->leaves[d->n++] = x;
}

/* Integers in 0..n-1. */
static inline tg_tensor *draw_index(drawing *d, int ndim, const int64_t *shape, int64_t n)
{
    tg_tensor *x = keep(tg_tensor_new(TG_I32, ndim, shape, NULL));
    for (int64_t i = 0; i < x->size; i++) ((int32_t *)x->data)[i] = (int32_t)below(d, n);
    return x;
}

/* The axes in another order. */
static inline tg_tensor *draw_permuted(drawing *d, int ndim, const int64_t *shape)
{
    int axes[TG_MAX_NDIM];
    int64_t lying[TG_MAX_NDIM];
    const int turn = (int)below(d, ndim);
    for (int i = 0; i < ndim; i++) axes[i] = (i + turn) % ndim;
    for (int i = 0; i < ndim; i++) lying[axes[i]] = shape[i];
    return tg_permute(d->t, draw_leaf(d, ndim, lying), ndim, axes);
}

/* Every step-th element along an axis, with others behind the last; or the axis backwards. */
static inline tg_tensor *draw_sliced(drawing *d, int ndim, const int64_t *shape, int axis)
{
    int64_t lying[TG_MAX_NDIM];
    const int64_t n = shape[axis], step = 1 + below(d, 3);
    memcpy(lying, shape, (size_t)ndim * sizeof *lying);
    lying[axis] = n * step + below(d, 2);
    tg_tensor *x = draw_leaf(d, ndim, lying);
    if (below(d, 2)) return tg_slice(d->t, x, axis, 0, (n - 1) * step + 1, step);
    return tg_slice(d->t, x, axis, n * step - 1, TG_END, -step);
}

/* A leaf that repeats its elements along an axis, or along all: it owns less memory than its shape
 * suggests. */
static inline tg_tensor *draw_repeated(drawing *d, int ndim, const int64_t *shape, int axis)
{
    int64_t strides[TG_MAX_NDIM], next = 1;
    const bool all = !below(d, 4);
    for (int i = ndim - 1; i >= 0; i--) {
        strides[i] = all || i == axis ? 0 : next;
        if (strides[i]) next *= shape[i];
    }
    tg_tensor *x = keep(tg_tensor_view(draw_leaf(d, 1, &next), ndim, shape, strides, 0, NULL));
    return d->leaves[d->n - 1] = x;
}

/* A tensor with one of many memory layouts, from a leaf or computed. Its numbers are in
 * -0.5..0.5. */
static inline tg_tensor *draw_operand(drawing *d, int ndim, const int64_t *shape)
{
    int64_t lying[TG_MAX_NDIM];
    const int axis = ndim > 0 ? (int)below(d, ndim) : 0;
    const int way = ndim > 0 ? (int)below(d, 7) : 6;
    tg_tensor *x = NULL;
    if (ndim > 0) memcpy(lying, shape, (size_t)ndim * sizeof *lying);
    if (way == 0) x = draw_permuted(d, ndim, shape);
    if (way == 1 || way == 2) x = draw_sliced(d, ndim, shape, axis);
    if (way == 3) {
        lying[axis] = 1;
        x = tg_expand(d->t, draw_leaf(d, ndim, lying), ndim, shape);
    }
    if (way == 4) x = draw_repeated(d, ndim, shape, axis);
    if (!x) x = draw_leaf(d, ndim, shape);
    if (below(d, 4)) return x;
    if (ndim < 2 || below(d, 2)) return tg_sin(d->t, x); /* computed: its address comes last */
    return tg_transpose(d->t, tg_sin(d->t, tg_transpose(d->t, x, 0, ndim - 1)), 0, ndim - 1);
}

/* ---- a network beside its plan -------------------------------------------------------------- */

/* Overwrites the values on the tape with NaN, because a plan must not read them. */
static inline void forget(tg_tape *t)
{
    const int64_t n = 1 << 18;
    tg_tape_reset(t);
    ck_assert_ptr_nonnull(tg_full(t, TG_F64, 1, &n, NAN));
    tg_tape_reset(t);
}

/* Compares y, the mean of its squares and the gradients of that: the same bits eagerly and planned.
 * No operation reads an address before there is one, and no step writes outside its own memory. */
static inline void check_drawn(drawing *d, tg_tensor *y, bool zones)
{
    tg_tensor *out[MOST_DRAWN + 2] = {y};
    ck_assert_msg(y, "%s: %s", d->text, tg_tape_message(d->t));
    out[1] = tg_mean(d->t, tg_mul(d->t, y, y), TG_ALL, false);
    if (!out[1] || tg_vjp(d->t, 1, &out[1], NULL, d->n, d->leaves, out + 2))
        ck_abort_msg("%s: %s", d->text, tg_tape_message(d->t));
    ck_assert_int_gt(assert_tape_blind(d->t), 0);
    guard_plans(zones);
    tg_plan *p = compiled(d->t, d->n + 2, out);
    for (int i = 0; i < d->n + 2; i++) out[i] = keep(tg_tensor_clone(out[i], NULL));
    forget(d->t);
    run_plan(p);
    for (int i = 0; i < d->n + 2; i++) assert_bits(d->text, out[i], tg_plan_output(p, i));
    tg_plan_free(p);
}

typedef struct drawn_kind {
    const char *name;
    tg_tensor *(*draw)(drawing *); /* the result */
} drawn_kind;

static inline void check_one(tg_tape *t, const drawn_kind *kind, uint64_t seed)
{
    drawing d = {.t = t, .rng = tg_rng_make(seed, 0)};
    d.dtype = below(&d, 3) ? TG_F32 : TG_F64;
    d.used = (size_t)snprintf(d.text, sizeof d.text, "%s %llu, %s:", kind->name,
                              (unsigned long long)seed, tg_dtype_name(d.dtype));
    check_drawn(&d, kind->draw(&d), seed % 2);
    tg_tape_reset(t);
    free_leaves();
}

/* Runs n of them, or as many as TG_PROGRAMS says, or the one of TG_PROGRAM_SEED. */
static inline void check_kind(tg_tape *t, const drawn_kind *kind, long n)
{
    const char *given = getenv("TG_PROGRAMS"), *only = getenv("TG_PROGRAM_SEED");
    if (getenv("TG_TEST_QUICK")) n = n / 5;
    if (given) n = strtol(given, NULL, 10);
    if (only) n = 1;
    const uint64_t first = only ? strtoull(only, NULL, 10) : 1;
    for (uint64_t seed = first; seed < first + (uint64_t)n; seed++) check_one(t, kind, seed);
    printf("%s: %ld networks agree, %ld steps watched\n", kind->name, n, watched.steps);
    (void)fflush(stdout);
    ck_assert_int_gt(watched.steps, 0);
}

#endif
