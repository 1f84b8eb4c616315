/* bits.h - two elements of a size alike: the same bits, or both NaN. */
#ifndef TESTS_BITS_H
#define TESTS_BITS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool same(const char *a, const char *b, int64_t size)
{
    float f, g;
    double d, e;
    if (memcmp(a, b, (size_t)size) == 0) return true;
    if (size == 4) return memcpy(&f, a, 4), memcpy(&g, b, 4), isnan(f) && isnan(g);
    if (size == 8) return memcpy(&d, a, 8), memcpy(&e, b, 8), isnan(d) && isnan(e);
    return false;
}

#endif
