/* maps.c - runs the elementwise kernels, and computes the last elements, which do not fill a
 * vector. */
#include "ops/kernels/maps.h"

#include <stdbool.h>
#include <string.h>

typedef struct vector {
    _Alignas(64) char bytes[TGI_MAP_LANES * sizeof(double)];
} vector;

#define PAD(T)                                                                                     \
    for (int j = 0; j < TGI_MAP_LANES; j++) ((T *)to)[j] = ((const T *)from)[0];                   \
    for (int64_t j = 1; j < count; j++) ((T *)to)[j] = ((const T *)from)[j];

/* Makes a whole vector from `count` elements. The missing ones are copies of the first, which raise
 * no floating-point flag that it does not raise itself. */
static void pad(int64_t size, int64_t count, const void *restrict from, void *restrict to)
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

static bool in_place(const tgi_map *map, const void *y, const void *const *x)
{
    for (int i = 0; i < map->inputs; i++)
        if (x[i] == y) return true;
    return false;
}

/* The last vector overlaps the one before it. If the operands of that one are already overwritten,
 * or if there is none, the last vector is made of copies. */
static void run_rest(const tgi_map *map, int64_t n, void *y, const void *const *x, const int64_t *s)
{
    const int64_t lanes = INT64_C(1) << map->shift, rest = n & (lanes - 1);
    const bool again = n > lanes && !in_place(map, y, x);
    const int64_t at = again ? n - lanes : n - rest;
    char *const to = (char *)y + at * map->y_size;
    vector copies[TGI_MAP_INPUTS], result;
    const void *from[TGI_MAP_INPUTS];
    for (int i = 0; i < map->inputs; i++) {
        from[i] = (const char *)x[i] + s[i] * at * map->x_size[i];
        if (again || !s[i]) continue;
        pad(map->x_size[i], rest, from[i], &copies[i]);
        from[i] = &copies[i];
    }
    map->run(1, again ? (void *)to : &result, from, s);
    if (!again) memcpy(to, &result, (size_t)(rest * map->y_size));
}

void tgi_map_run(const tgi_map *map, int64_t n, void *y, const void *const *x, const int64_t *s)
{
    int64_t step[TGI_MAP_INPUTS];
    if (n <= 0) return;
    for (int i = 0; i < map->inputs; i++) step[i] = s[i] << map->shift;
    if (n >> map->shift) map->run(n >> map->shift, y, x, step);
    if (n & ((INT64_C(1) << map->shift) - 1)) run_rest(map, n, y, x, s);
}
