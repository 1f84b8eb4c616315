/* guard.h - watches the memory of plans and of the heap. The block of a watched plan is filled with
 * NaN before a run. After each step nothing in it may have changed but the results of the step's
 * operations and its scratch memory. With zones there are free bytes on each side of every result
 * and of scratch memory. Blocks of the allocator, among them the outputs of plans, are between
 * zones too. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "graph/plan/plan.h"
#include "tapegrad/alloc.h"
#include "tests/support/suite.h"

/* ---- the block of a plan -------------------------------------------------------------------- */

enum { GUARD_ZONE = 192 };

static struct {
    const tg_plan *plan;
    char *start, *was; /* its block, and what it held after the step before */
    size_t size, room;
    long steps; /* that were checked */
} watched;

/* With addresses an operation must ask for the scratch memory that it asked for without them. */
static inline void guard_measure(const tg_plan *p)
{
    for (int32_t i = 0; i < p->n_steps; i++) {
        const tgi_step *s = &p->steps[i];
        if (s->kind != TGI_ALONE && s->kind != TGI_EPILOGUE) continue;
        const tgi_job *job = s->is.job;
        const tg_op *op = job->node->op;
        const size_t bytes = op->work_size ? op->work_size(job->node) : 0;
        ck_assert_msg(bytes <= (size_t)job->bytes,
                      "step %d of %d, %s: %zu bytes of scratch where there are %lld", i, p->n_steps,
                      op->name, bytes, (long long)job->bytes);
    }
}

static inline void guard_begin(const tg_plan *p)
{
    guard_measure(p);
    watched.plan = p;
    watched.start = p->numbers.block ? p->results : NULL;
    watched.size = watched.start ? p->numbers.block : 0;
    if (watched.size > watched.room) {
        free(watched.was);
        watched.was = malloc(watched.size);
        ck_assert_ptr_nonnull(watched.was);
        watched.room = watched.size;
    }
    if (!watched.size) return;
    memset(watched.start, 0xff, watched.size);
    memset(watched.was, 0xff, watched.size);
}

/* The memory at `from` may have changed: the copy follows it. */
static inline void guard_allow(const void *from, size_t bytes)
{
    const char *at = from;
    if (!watched.size || !at || at < watched.start || at >= watched.start + watched.size) return;
    ck_assert_uint_le((size_t)(at - watched.start) + bytes, watched.size);
    memcpy(watched.was + (at - watched.start), at, bytes);
}

static inline void guard_look(const tg_plan *p, int32_t step)
{
    const tgi_step *s = &p->steps[step];
    const tg_op *op = p->items[s->value].operation->op;
    ck_assert_ptr_eq(p, watched.plan);
    if (s->kind != TGI_CALLS && s->is.job->work)
        guard_allow(s->is.job->work, (size_t)s->is.job->bytes);
    for (int32_t k = s->value; k >= 0; k = p->items[k].next) {
        const tg_tensor x = tgi_plan_tensor(p, k);
        guard_allow(x.data, (size_t)x.size * tg_dtype_size(x.dtype));
    }
    watched.steps++;
    if (!watched.size || memcmp(watched.was, watched.start, watched.size) == 0) return;
    size_t at = 0;
    while (watched.was[at] == watched.start[at]) at++;
    ck_abort_msg("step %d of %d, %s: writes %zu bytes into a block of %zu where nothing is its own",
                 step, p->n_steps, op->name, at, watched.size);
}

static inline void guard_saw(const tg_plan *p, int32_t step)
{
    if (step < 0)
        guard_begin(p);
    else
        guard_look(p, step);
}

/* From now on compiled plans are watched, with or without zones. */
static inline void guard_plans(bool zones)
{
    tgi_plan_watched = (tgi_plan_watch){zones ? GUARD_ZONE : 0, guard_saw};
}

/* ---- the heap ------------------------------------------------------------------------------- */

enum { GUARD_SIDE = 64, GUARD_BYTE = 0xdb };

typedef struct guarded {
    struct guarded *next, *before;
    size_t bytes;
} guarded;

static struct {
    pthread_mutex_t lock;
    guarded all; /* a ring */
} guards = {PTHREAD_MUTEX_INITIALIZER, {&guards.all, &guards.all, 0}};

static inline void guard_intact(const guarded *g)
{
    const unsigned char *front = (const unsigned char *)(g + 1), *p = (const unsigned char *)g;
    const unsigned char *back = p + 2 * GUARD_SIDE + g->bytes;
    for (; front < p + 2 * GUARD_SIDE; front++)
        if (*front != GUARD_BYTE) ck_abort_msg("a block of %zu bytes: written before", g->bytes);
    for (int i = 0; i < GUARD_SIDE; i++)
        if (back[i] != GUARD_BYTE) ck_abort_msg("a block of %zu bytes: written behind", g->bytes);
}

/* The block that the library sees, between two zones. */
static inline void *guarded_new(size_t bytes)
{
    if (bytes > SIZE_MAX - 3 * GUARD_SIDE) return NULL;
    guarded *g = malloc(bytes + 3 * GUARD_SIDE);
    if (!g) return NULL;
    memset(g, GUARD_BYTE, 2 * GUARD_SIDE);
    memset((char *)g + 2 * GUARD_SIDE + bytes, GUARD_BYTE, GUARD_SIDE);
    g->bytes = bytes;
    (void)pthread_mutex_lock(&guards.lock);
    *g = (guarded){guards.all.next, &guards.all, bytes};
    g->next->before = g->before->next = g;
    (void)pthread_mutex_unlock(&guards.lock);
    return (char *)g + 2 * GUARD_SIDE;
}

static inline void guarded_free(guarded *g)
{
    guard_intact(g);
    (void)pthread_mutex_lock(&guards.lock);
    g->next->before = g->before;
    g->before->next = g->next;
    (void)pthread_mutex_unlock(&guards.lock);
    free(g);
}

static inline void *guarded_resize(void *user, void *block, size_t bytes)
{
    (void)user;
    guarded *old = block ? (guarded *)(void *)((char *)block - 2 * GUARD_SIDE) : NULL;
    void *p = bytes ? guarded_new(bytes) : NULL;
    if (bytes && !p) return NULL;
    if (old && p) memcpy(p, block, old->bytes < bytes ? old->bytes : bytes);
    if (old) guarded_free(old);
    return p;
}

/* Every block that is alive. */
static inline void guard_heap(void)
{
    (void)pthread_mutex_lock(&guards.lock);
    for (const guarded *g = guards.all.next; g != &guards.all; g = g->next) guard_intact(g);
    (void)pthread_mutex_unlock(&guards.lock);
}

/* Until guard_end the heap is watched, and plans, first without zones. */
static inline void guard_start(void)
{
    tg_set_allocator(&(tg_allocator){guarded_resize, NULL});
    guard_plans(false);
}

static inline void guard_end(void)
{
    guard_heap();
    tgi_plan_watched = (tgi_plan_watch){0, NULL};
    tg_set_allocator(NULL);
    ck_assert_msg(guards.all.next == &guards.all, "something is not freed");
    free(watched.was);
    watched.was = NULL;
    watched.room = 0;
}

#define GUARDED ((suite_fixture){guard_start, guard_end})

#endif
