/* alloc.h - the allocator from which the library takes all its memory. */
#ifndef TAPEGRAD_ALLOC_H
#define TAPEGRAD_ALLOC_H

#include <stddef.h>

#include "tapegrad/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* resize works like realloc: (NULL, n) allocates, (p, n) resizes, and (p, 0) frees and returns
 * NULL. If it cannot provide n > 0 bytes, it returns NULL and leaves p as it was. Blocks must be
 * aligned as malloc aligns them. It may be called from several threads at once. */
typedef struct tg_allocator {
    void *(*resize)(void *user, void *block, size_t bytes);
    void *user;
} tg_allocator;

/* Replaces the allocator (NULL: back to the C library's). Call it before anything else, or when
 * the library holds no memory, because a block is always returned to the current allocator. */
void tg_set_allocator(const tg_allocator *allocator);

/* malloc, calloc, realloc of an array, and free, by this allocator. NULL when out of memory or
 * when count * size overflows. A request for 0 bytes returns a valid block. */
void *tg_malloc(size_t bytes);
void *tg_calloc(size_t count, size_t size);
void *tg_realloc_array(void *block, size_t count, size_t size);
void tg_free(void *block);

/* A copy of a string, to be freed by tg_free. NULL when out of memory. */
char *tg_strdup(const char *text);

#ifdef __cplusplus
}
#endif
#endif
