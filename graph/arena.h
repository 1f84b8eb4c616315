/* arena.h - memory that is allocated in order and freed all at once. */
#ifndef TG_GRAPH_ARENA_H
#define TG_GRAPH_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct tgi_chunk;

/* Zeroed memory is an empty arena. */
typedef struct tgi_arena {
    struct tgi_chunk *first, *current;
    char *data;        /* of the current chunk, aligned to 64 */
    size_t used, size; /* bytes of it that are in use, and whose pages have been requested */
    size_t bytes;      /* of all chunks */
    bool tight; /* set before use: chunks are little larger than needed, for memory that stays */
} tgi_arena;

/* A place to come back to. */
typedef struct tgi_mark {
    struct tgi_chunk *current;
    size_t used;
} tgi_mark;

/* Aligned to 16 bytes, or to 64 from 64 bytes on. NULL when out of memory. _next is called if the
 * part of the current chunk whose pages have been requested is full. */
void *tgi_arena_alloc_next(tgi_arena *a, size_t bytes);
static inline void *tgi_arena_alloc(tgi_arena *a, size_t bytes)
{
    const size_t beyond = bytes >= 64 ? 63 : 15, at = (a->used + beyond) & ~beyond;
    if (bytes >= a->size || at > a->size - bytes) return tgi_arena_alloc_next(a, bytes);
    a->used = at + bytes;
    return a->data + at;
}

/* Frees everything that was allocated after the mark, or everything if the mark is zeroed, but
 * keeps the chunks. The same requests then reuse them without a call to the allocator. */
tgi_mark tgi_arena_mark(const tgi_arena *a);
void tgi_arena_rewind(tgi_arena *a, tgi_mark mark);

/* p points into the arena's memory, whether it is in use or not. */
bool tgi_arena_holds(const tgi_arena *a, const void *p);

/* An empty arena as before, no longer tight. */
void tgi_arena_free(tgi_arena *a);

/* A hint that all of this memory will soon be written. The system then provides its pages at once,
 * which takes less time than page by page at the first writes. Does nothing if the system takes no
 * such hint. */
void tgi_pages_wanted(void *p, size_t bytes);

#endif
