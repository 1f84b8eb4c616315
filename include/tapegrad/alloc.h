/* alloc.h - the one seam through which the library gets and returns memory. */
#ifndef TAPEGRAD_ALLOC_H
#define TAPEGRAD_ALLOC_H

#include <stddef.h>

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* resize follows realloc: (NULL, n) allocates, (p, n) resizes, (p, 0) frees and returns
 * NULL.  It returns NULL when it cannot serve n > 0, leaving p as it was.  Blocks are
 * aligned as malloc aligns them.  It may be called from several threads at once. */
typedef struct tg_allocator {
    void *(*resize)(void *user, void *block, size_t bytes);
    void *user;
} tg_allocator;

/* Replaces the allocator (NULL: back to the C library's).  To be called before anything
 * else, or when nothing that the library allocated is alive: a block is returned to the
 * allocator in force at that moment. */
void tg_set_allocator(const tg_allocator *allocator);

/* malloc, zeroing array malloc, array realloc and free through the seam.  NULL when out of
 * memory or when count * size overflows; a request for 0 bytes gives a valid block. */
void *tg_malloc(size_t bytes);
void *tg_calloc(size_t count, size_t size);
void *tg_realloc_array(void *block, size_t count, size_t size);
void tg_free(void *block);

/* A copy of a string; tg_free it.  NULL when out of memory. */
char *tg_strdup(const char *text);

#ifdef __cplusplus
}
#endif
#endif
