/* aliases.c - alias sets: the leaves of a tape whose memory overlaps, directly or through others.
 */
#include <stdlib.h>

#include "graph/plan/draft.h"
#include "graph/tape.h"

/* The addresses that a leaf spans. */
typedef struct extent {
    uintptr_t from, to;
    int32_t leaf;
} extent;

static extent extent_of(const tg_tensor *x, int32_t leaf)
{
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    int64_t low = 0, high = width;
    for (int a = 0; a < x->ndim; a++) {
        const int64_t reach = (x->shape[a] - 1) * x->strides[a] * width;
        *(reach < 0 ? &low : &high) += reach;
    }
    if (x->size == 0) low = high = 0;
    return (extent){(uintptr_t)x->data + (uintptr_t)low, (uintptr_t)x->data + (uintptr_t)high,
                    leaf};
}

static int by_address(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

bool tgi_plan_aliases(tgi_arena *work, const tg_tape *t, const int32_t *number, int32_t *alias,
                      int32_t *count)
{
    int32_t n = 0;
    extent *e = tgi_arena_alloc(work, ((size_t)t->size + 1) * sizeof *e);
    if (!e) return false;
    for (int32_t i = 0; i < t->size; i++) {
        alias[i] = -1;
        if (number[i] >= 0 && !t->values[i]->node) e[n++] = extent_of(t->values[i], i);
    }
    qsort(e, (size_t)n, sizeof *e, by_address);
    *count = 0;
    for (int32_t i = 0, j = 0; i < n; i = j, ++*count) {
        uintptr_t to = e[i].to;
        for (; j == i || (j < n && e[j].from < to); j++) {
            alias[e[j].leaf] = *count;
            if (e[j].to > to) to = e[j].to;
        }
    }
    for (int32_t i = 0; i < t->size; i++) { /* views */
        const tg_tensor *x = t->values[i];
        if (number[i] >= 0 && x->node && x->storage) alias[i] = alias[x->node->input_ids[0]];
    }
    return true;
}
