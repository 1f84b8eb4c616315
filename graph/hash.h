/* hash.h - a hash of bytes (FNV-1a). */
#ifndef TG_GRAPH_HASH_H
#define TG_GRAPH_HASH_H

#include <stddef.h>
#include <stdint.h>

#define TGI_HASH_START UINT64_C(14695981039346656037)

/* Continues the hash h with n bytes and their number. */
static inline uint64_t tgi_hash(uint64_t h, const void *data, size_t n)
{
    const unsigned char *x = data;
    for (size_t i = 0; i < n; i++) h = (h ^ x[i]) * 1099511628211u;
    return (h ^ n) * 1099511628211u;
}

#endif
