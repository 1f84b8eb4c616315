/* absurd.h - calls of public functions with counts, axes, sizes and steps next to the ends of their
 * types: each is refused with a sentence, or gives a result that can be read; nothing overflows on
 * the way, which builds with -fsanitize=undefined watch. */
#ifndef TESTS_ABSURD_H
#define TESTS_ABSURD_H

#include <limits.h>

#include "tests/support/close.h"

/* The arguments of the calls, made anew for each. */
static tg_tape *t;
static tg_error err;
static tg_tensor *x, *m, *image;   /* f32 [2,3], [4,4], [1,2,4,4] */
static tg_tensor *mask, *index_of; /* u8 [2,3], i32 [2] */
static tg_tensor *xs[8], *results[8];
static tg_rng rng;
static int64_t sizes[8], ones[8], zeros[8];
static int axes[8], other_axes[8];

static inline void begin(void)
{
    t = tg_tape_new();
    err = (tg_error)TG_ERROR_INIT;
    rng = tg_rng_make(1, 0);
    x = tensor_of(t, "f32[2,3]");
    m = tensor_of(t, "f32[4,4]");
    mask = tensor_of(t, "u8[2,3]");
    index_of = tensor_of(t, "i32[2]: 0 1");
    image = tensor_of(t, "f32[1,2,4,4]");
    for (int i = 0; i < 8; i++) {
        xs[i] = x;
        results[i] = NULL;
        sizes[i] = ones[i] = 1;
        zeros[i] = 0;
        axes[i] = other_axes[i] = i;
    }
}

static inline void end(void)
{
    tg_tape_free(t);
    free_leaves();
}

/* ---- what a call came to -------------------------------------------------------------------- */

/* Reads a result to its end, unless it is huge. */
static inline void read_all(const tg_tensor *y)
{
    volatile double sum = 0;
    ck_assert_int_ge(y->size, 0);
    for (int64_t i = 0; i < y->size && i < 1000; i++) sum += read_at(y, i);
    (void)sum;
}

typedef enum outcome { REFUSED, TAKEN } outcome;

static inline outcome of_tensor(const tg_tensor *y)
{
    if (y)
        read_all(y);
    else
        ck_assert(tg_tape_status(t) && *tg_tape_message(t));
    return y ? TAKEN : REFUSED;
}

static inline outcome of_status(tg_status status)
{
    if (status) ck_assert(status == tg_tape_status(t) || (status == err.status && *err.text));
    return status ? REFUSED : TAKEN;
}

static inline outcome of_bool(bool done) { return done ? TAKEN : REFUSED; }

static inline outcome of_value(tg_tensor *y) /* a leaf, the caller's */
{
    if (y)
        read_all(y);
    else
        ck_assert(err.status && *err.text);
    tg_tensor_free(y);
    return of_bool(y);
}

/* ---- the table of a test program ------------------------------------------------------------ */

/* A program defines CALLS(X), rows X(name, outcome of a call with v, whether v may be taken: never,
 * as TG_ALL, or maybe), and VALUE, the type of v. */
typedef enum may { NEVER, BUT_ALL, MAYBE } may;

typedef struct absurd_call {
    const char *name;
    outcome (*call)(int64_t v);
    may taken;
} absurd_call;

#define CALL(id, call, may)                                                                        \
    static outcome call_##id(int64_t given)                                                        \
    {                                                                                              \
        const VALUE v = (VALUE)given;                                                              \
        return call;                                                                               \
    }
#define ROW(id, call, may) {#id, call_##id, may},

static inline void try_call(const absurd_call *c, int64_t v)
{
    begin();
    const outcome o = c->call(v);
    const bool fine = c->taken == MAYBE || o == REFUSED || (c->taken == BUT_ALL && v == TG_ALL);
    ck_assert_msg(fine, "%s takes %lld", c->name, (long long)v);
    tg_tape_reset(t);
    ck_assert(tg_item(tg_sum(t, x, TG_ALL, false)) == 15); /* everything is unchanged */
    end();
}

#endif
