/* arena.h - memory that is handed out in order and taken back all at once. */
#ifndef TG_GRAPH_ARENA_H
#define TG_GRAPH_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct tgi_chunk;

/* Zeroed memory is an empty arena. */
typedef struct tgi_arena {
    struct tgi_chunk *first, *current;
    char *data;        /* of the current chunk, aligned to 64 */
    size_t used, size; /* bytes taken from it, and those whose pages have been asked for */
    size_t bytes;      /* bytes held in all */
    bool tight; /* set before use: chunks of what is needed and little more, for what stays */
} tgi_arena;

/* A place to come back to. */
typedef struct tgi_mark {
    struct tgi_chunk *current;
    size_t used;
} tgi_mark;

/* Aligned to 16, or to 64 from 64 bytes on.  NULL when out of memory.  _next: where what is ready
 * of the current chunk has no room. */
void *tgi_arena_alloc_next(tgi_arena *a, size_t bytes);
static inline void *tgi_arena_alloc(tgi_arena *a, size_t bytes)
{
    const size_t beyond = bytes >= 64 ? 63 : 15, at = (a->used + beyond) & ~beyond;
    if (bytes >= a->size || at > a->size - bytes) return tgi_arena_alloc_next(a, bytes);
    a->used = at + bytes;
    return a->data + at;
}

/* Takes back all that came after the mark (rewind to a zeroed mark: all), keeping the chunks.
 * The same requests then find the same chunks: nothing is allocated again. */
tgi_mark tgi_arena_mark(const tgi_arena *a);
void tgi_arena_rewind(tgi_arena *a, tgi_mark mark);

/* p points into the arena's memory, in use or not. */
bool tgi_arena_holds(const tgi_arena *a, const void *p);

/* An empty arena as before, no longer tight. */
void tgi_arena_free(tgi_arena *a);

/* Says that all of it will soon be written.  The system then provides the pages at once, which
 * takes less time than to do so page by page at the first writes.  A hint: where there is no way to
 * say so nothing happens. */
void tgi_pages_wanted(void *p, size_t bytes);

#endif
