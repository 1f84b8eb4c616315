/* maps.c - elementwise kernels above the instruction set: the last elements, which do not fill a
 * vector. */
#include "ops/kernels/maps.h"

#include <stdbool.h>
#include <string.h>

#define PAD(T)                                                                                     \
    for (int64_t j = 0; j < count; j++) ((T *)to)[j] = ((const T *)from)[j];                       \
    for (int64_t j = count; j < lanes; j++) ((T *)to)[j] = ((const T *)from)[0];

/* A whole vector from count elements.  The first one again in the place of those that are missing
 * raises no floating-point flag that it has not raised itself. */
static void pad(int64_t size, int64_t lanes, int64_t count, const void *from, void *to)
{
    switch (size) {
    case 1:
        PAD(uint8_t)
        break;
    case 4:
        PAD(uint32_t)
        break;
    default:
        PAD(uint64_t)
        break;
    }
}

typedef struct vector {
    _Alignas(64) char bytes[TGI_MAP_LANES * sizeof(double)];
} vector;

static bool in_place(const tgi_map *map, const void *y, const void *const *x)
{
    for (int i = 0; i < map->inputs; i++)
        if (x[i] == y) return true;
    return false;
}

/* The last vector overlaps the one before it; where that has no longer its operands, or does not
 * exist, it is made of copies. */
void tgi_map_run(const tgi_map *map, int64_t n, void *y, const void *const *x, const int64_t *s)
{
    const int64_t lanes = INT64_C(1) << map->shift, whole = n >> map->shift, rest = n & (lanes - 1);
    vector copies[TGI_MAP_INPUTS], result;
    const void *from[TGI_MAP_INPUTS];
    int64_t step[TGI_MAP_INPUTS];
    if (n <= 0) return;
    for (int i = 0; i < map->inputs; i++) {
        from[i] = x[i];
        step[i] = s[i] * lanes;
    }
    if (whole) map->run(whole, y, from, step);
    if (!rest) return;
    const bool again = whole && !in_place(map, y, x);
    const int64_t at = again ? n - lanes : whole * lanes;
    for (int i = 0; i < map->inputs; i++) {
        if (!s[i]) continue;
        from[i] = (const char *)x[i] + at * map->x_size[i];
        if (again) continue;
        pad(map->x_size[i], lanes, rest, from[i], &copies[i]);
        from[i] = &copies[i];
    }
    char *const to = (char *)y + at * map->y_size;
    map->run(1, again ? (void *)to : &result, from, step);
    if (!again) memcpy(to, &result, (size_t)(rest * map->y_size));
}
