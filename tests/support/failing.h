/* failing.h - memory runs out at every place where it can: the n-th allocation fails, alone or with
 * all after it, for n = 0, 1, ... until the call needs no more. Each time the call returns
 * TG_ENOMEM with a sentence, or does without; nothing visible has changed; the same call then gives
 * the bits of an undisturbed run; and nothing leaks. */
#ifndef TAPEGRAD_TESTS_FAILING_H
#define TAPEGRAD_TESTS_FAILING_H

#include <stdlib.h>
#include <string.h>

#include "tapegrad.h"
#include "tests/support/memory.h"
#include "tests/support/suite.h"

/* Bytes into a sum (FNV-1a). */
static inline uint64_t mix(uint64_t sum, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++) sum = (sum ^ p[i]) * UINT64_C(1099511628211);
    return sum;
}

static inline uint64_t mix_text(uint64_t sum, const char *text)
{
    return text ? mix(sum, text, strlen(text) + 1) : mix(sum, "\1", 1);
}

static inline uint64_t mix_tensor(uint64_t sum, const tg_tensor *x)
{
    if (!x) return mix(sum, "\2", 1);
    sum = mix(sum, x->shape, (size_t)x->ndim * sizeof *x->shape);
    for (int64_t i = 0; i < x->size; i++) {
        const double value = tg_tensor_get(x, i);
        sum = mix(sum, &value, sizeof value);
    }
    return sum;
}

static inline uint64_t mix_dict(uint64_t sum, const tg_dict *d)
{
    for (int i = 0; i < tg_dict_size(d); i++)
        sum = mix_tensor(mix_text(sum, tg_dict_key(d, i)), tg_dict_at(d, i));
    return sum;
}

static inline uint64_t mix_file(uint64_t sum, const char *path)
{
    char bytes[4096];
    FILE *f = fopen(path, "rb");
    if (!f) return mix(sum, "\3", 1);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0;) sum = mix(sum, bytes, n);
    (void)fclose(f);
    return sum;
}

/* The variables of a scene. a..d: whatever it makes; sum: the checksum of the call's result. */
typedef struct world {
    void *a, *b, *c, *d;
    tg_tensor *x, *y;
    tg_dict *dict;
    tg_tape *t;
    int64_t number; /* number of the scene, if one function serves several */
    uint64_t sum;
} world;

typedef struct scene {
    const char *name;                           /* the functions of the scene */
    void (*begin)(world *w);                    /* memory does not fail; may be NULL */
    tg_status (*call)(world *w, tg_error *err); /* memory fails; sets w->sum */
    uint64_t (*look)(const world *w);           /* what must not change; may be NULL */
    void (*end)(world *w);                      /* may be NULL */
    int64_t number;
} scene;

typedef struct walked {
    long allocations, refused, done_without;
} walked;

static inline void scene_begin(const scene *s, world *w)
{
    *w = (world){.number = s->number, .sum = UINT64_C(14695981039346656037)};
    if (s->begin) s->begin(w);
}

/* Allocation n fails, or all from n on. False when the call asked for less. */
static inline bool scene_fails(const scene *s, long n, bool for_good, uint64_t want, walked *sums)
{
    world w;
    tg_error err = TG_ERROR_INIT;
    memory_fails(0, -1);
    const long alive = memory.alive;
    scene_begin(s, &w);
    const uint64_t start = w.sum, before = s->look ? s->look(&w) : 0;
    memory_fails(n, for_good ? n + 1000000 : n);
    const tg_status status = s->call(&w, &err);
    const bool failed = memory.failed > 0;
    memory_fails(0, -1);
    const char *how = for_good ? " and all after it" : "";
    ck_assert_msg(status == TG_OK || status == TG_ENOMEM, "%s: allocation %ld%s: %s (%s)", s->name,
                  n, how, tg_status_text(status), err.text);
    ck_assert_msg(status == TG_OK || failed, "%s: fails without a reason: %s", s->name, err.text);
    if (status) {
        ck_assert_msg(err.status == TG_ENOMEM && err.text[0], "%s: allocation %ld%s: no sentence",
                      s->name, n, how);
        ck_assert_msg(!s->look || s->look(&w) == before, "%s: allocation %ld%s: something changed",
                      s->name, n, how);
        err = (tg_error)TG_ERROR_INIT;
        w.sum = start;
        const tg_status again = s->call(&w, &err);
        ck_assert_msg(again == TG_OK, "%s: allocation %ld%s, again: %s", s->name, n, how, err.text);
        sums->refused++;
    } else if (failed) {
        sums->done_without++;
    }
    ck_assert_msg(w.sum == want, "%s: allocation %ld%s: other bits after it", s->name, n, how);
    if (s->end) s->end(&w);
    ck_assert_msg(memory.alive == alive, "%s: allocation %ld%s: %ld blocks are left", s->name, n,
                  how, memory.alive - alive);
    return failed;
}

/* Runs a scene with each failure. It must allocate at least once. */
static inline walked scene_walk(const scene *s)
{
    world w;
    walked sums = {0};
    tg_error err = TG_ERROR_INIT;
    memory_fails(0, -1);
    scene_begin(s, &w);
    memory_fails(0, -1);
    const tg_status status = s->call(&w, &err);
    const long asked = memory.asked;
    ck_assert_msg(status == TG_OK, "%s: %s", s->name, err.text);
    ck_assert_msg(asked > 0, "%s: allocates nothing", s->name);
    const uint64_t want = w.sum;
    if (s->end) s->end(&w);
    for (int for_good = 0; for_good < 2; for_good++)
        for (long n = 0; scene_fails(s, n, for_good, want, &sums); n++) sums.allocations++;
    return sums;
}

/* ---- worlds with a tape and a 4 by 4 matrix under "x" in a dict --------------------------------
 */

static inline void begin_tape(world *w)
{
    w->t = tg_tape_new();
    w->dict = tg_dict_new();
    w->x = tg_tensor_new(TG_F64, 2, (const int64_t[]){4, 4}, NULL);
    for (int i = 0; i < 16; i++) (void)tg_tensor_set(w->x, i, 0.1 * i - 0.3 * (i % 5), NULL);
    w->y = tg_tensor_new(TG_I32, 1, (const int64_t[]){4}, NULL);
    ck_assert_int_eq(tg_dict_set(w->dict, "x", w->x, NULL), TG_OK);
    w->a = malloc(sizeof(tg_rng));
    *(tg_rng *)w->a = tg_rng_make(1, 2);
}

static inline void end_tape(world *w)
{
    tg_tape_free(w->t);
    tg_dict_free(w->dict);
    tg_tensor_free(w->x);
    tg_tensor_free(w->y);
    free(w->a);
}

static inline uint64_t look_tape(const world *w) { return mix_tensor(mix_dict(0, w->dict), w->y); }

static inline tg_status told(const world *w, tg_error *err)
{
    const tg_status status = tg_tape_status(w->t);
    return status ? tg_fail(err, status, "%s", tg_tape_message(w->t)) : TG_OK;
}

/* ---- the tests themselves ---------------------------------------------------------------------
 */

static inline void failing_setup(void)
{
    tg_set_num_threads(1);
    memory_setup();
}

#define FAILING ((suite_fixture){failing_setup, memory_teardown})

static inline void failing_tell(const char *name, walked sums)
{
    printf("%s: %ld allocations failed, %ld refused, %ld done without\n", name, sums.allocations,
           sums.refused, sums.done_without);
}

#endif
