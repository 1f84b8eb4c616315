/* alloc.c - the allocator, through which all memory of the library comes. */
#include "tapegrad/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *user, void *block, size_t bytes)
{
    (void)user;
    if (bytes == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, bytes);
}

static tg_allocator current = {libc_resize, NULL};

void tg_set_allocator(const tg_allocator *allocator)
{
    current = allocator ? *allocator : (tg_allocator){libc_resize, NULL};
}

void *tg_malloc(size_t bytes) { return current.resize(current.user, NULL, bytes ? bytes : 1); }

void *tg_calloc(size_t count, size_t size)
{
    void *block = tg_realloc_array(NULL, count, size);
    if (block) memset(block, 0, count * size);
    return block;
}

void *tg_realloc_array(void *block, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) return NULL;
    const size_t bytes = count * size;
    return current.resize(current.user, block, bytes ? bytes : 1);
}

void tg_free(void *block)
{
    if (block) (void)current.resize(current.user, block, 0);
}

char *tg_strdup(const char *text)
{
    if (!text) return NULL;
    const size_t bytes = strlen(text) + 1;
    char *copy = tg_malloc(bytes);
    if (copy) memcpy(copy, text, bytes);
    return copy;
}
