/* arena.c - a chain of chunks, each as large as all before it together, and their pages. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "graph/arena.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tapegrad/alloc.h"

enum {
    ALIGN = 64,
    FIRST_CHUNK = 1 << 16,
    TIGHT_CHUNK = 1 << 10,
    TIGHT_SHARE = 32, /* the next chunk of a tight arena is this fraction of what it holds */
    STEP = 1 << 18,   /* bytes whose pages are requested at a time */
    FEW = 1 << 15     /* bytes not worth a system call */
};

struct tgi_chunk {
    struct tgi_chunk *next;
    size_t size, ready; /* ready: bytes whose pages have been requested */
    char *data;         /* aligned, inside this same allocation */
};

void tgi_pages_wanted(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    if (bytes < FEW) return;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = -(uintptr_t)p % page;
    if (before >= bytes) return;
    const int error = errno;
    (void)madvise((char *)p + before, (bytes - before) / page * page, MADV_POPULATE_WRITE);
    errno = error; /* the system may not know the advice */
#else
    (void)p, (void)bytes;
#endif
}

static struct tgi_chunk *chunk_new(size_t size)
{
    const size_t head = sizeof(struct tgi_chunk);
    if (size > SIZE_MAX - head - ALIGN) return NULL;
    struct tgi_chunk *c = tg_malloc(head + size + ALIGN);
    if (!c) return NULL;
    c->next = NULL;
    c->size = size;
    c->ready = 0;
    c->data = (char *)(c + 1) + (ALIGN - (uintptr_t)(c + 1) % ALIGN) % ALIGN;
    return c;
}

/* As many bytes as the arena holds, or a fraction of them, so that the number of chunks grows only
 * logarithmically. */
static size_t next_size(const tgi_arena *a)
{
    const size_t least = a->tight ? TIGHT_CHUNK : FIRST_CHUNK;
    const size_t more = a->tight ? a->bytes / TIGHT_SHARE : a->bytes;
    return more > least ? more : least;
}

/* Inserts a new chunk after the current one. */
static struct tgi_chunk *grow(tgi_arena *a, size_t bytes)
{
    size_t size = next_size(a);
    if (size < bytes) size = bytes;
    struct tgi_chunk *c = chunk_new(size);
    if (!c && size > bytes) c = chunk_new(size = bytes);
    if (!c) return NULL;
    if (a->current) {
        c->next = a->current->next;
        a->current->next = c;
    } else {
        c->next = a->first;
        a->first = c;
    }
    a->bytes += size;
    return c;
}

static void go_to(tgi_arena *a, struct tgi_chunk *chunk, size_t used)
{
    a->current = chunk;
    a->data = chunk ? chunk->data : NULL;
    a->size = chunk ? chunk->ready : 0;
    a->used = used;
}

/* Takes bytes of the chunk from `at` on, where there is room for them. */
static void *take(tgi_arena *a, struct tgi_chunk *chunk, size_t at, size_t bytes)
{
    const size_t ready = chunk->ready, left = chunk->size - ready;
    if (at + bytes > ready) {
        const size_t more = at + bytes - ready > STEP ? at + bytes - ready : STEP;
        chunk->ready += more < left ? more : left;
        tgi_pages_wanted(chunk->data + ready, chunk->ready - ready);
    }
    go_to(a, chunk, at + bytes);
    return chunk->data + at;
}

void *tgi_arena_alloc_next(tgi_arena *a, size_t bytes)
{
    const size_t align = bytes >= ALIGN ? ALIGN : 16, at = (a->used + align - 1) / align * align;
    struct tgi_chunk *const now = a->current;
    if (bytes > SIZE_MAX / 2) return NULL;
    if (now && at <= now->size && bytes <= now->size - at) return take(a, now, at, bytes);
    struct tgi_chunk *next = now ? now->next : a->first;
    if (!next || next->size < bytes) next = grow(a, bytes);
    return next ? take(a, next, 0, bytes) : NULL;
}

tgi_mark tgi_arena_mark(const tgi_arena *a) { return (tgi_mark){a->current, a->used}; }

void tgi_arena_rewind(tgi_arena *a, tgi_mark mark) { go_to(a, mark.current, mark.used); }

bool tgi_arena_holds(const tgi_arena *a, const void *p)
{
    for (const struct tgi_chunk *c = a->first; c; c = c->next)
        if ((uintptr_t)p - (uintptr_t)c->data < c->size) return true;
    return false;
}

void tgi_arena_free(tgi_arena *a)
{
    for (struct tgi_chunk *c = a->first; c;) {
        struct tgi_chunk *next = c->next;
        tg_free(c);
        c = next;
    }
    *a = (tgi_arena){0};
}
