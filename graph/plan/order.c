/* order.c - the order of a plan: the order of recording, except that some writes are done earlier.
 *
 * An operation with TG_OP_EARLY is moved up to just after the last operation that it depends on,
 * that reads or writes the same memory, or that may refuse its operands.  A plan that fails has
 * therefore written no more than recording would have. */
#include <stdlib.h>
#include <string.h>

#include "graph/plan/draft.h"
#include "graph/tape.h"

/* ---- leaves that lie in the same memory ----------------------------------------------------- */

/* The memory of a leaf. */
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

bool tgi_plan_regions(tgi_arena *work, const tg_tape *t, const int32_t *number, int32_t *region,
                      int32_t *count)
{
    int32_t n = 0;
    extent *e = tgi_arena_alloc(work, ((size_t)t->size + 1) * sizeof *e);
    if (!e) return false;
    for (int32_t i = 0; i < t->size; i++) {
        region[i] = -1;
        if (number[i] >= 0 && !t->values[i]->node) e[n++] = extent_of(t->values[i], i);
    }
    qsort(e, (size_t)n, sizeof *e, by_address);
    *count = 0;
    for (int32_t i = 0, j = 0; i < n; i = j, ++*count) {
        uintptr_t to = e[i].to;
        for (; j == i || (j < n && e[j].from < to); j++) {
            region[e[j].leaf] = *count;
            if (e[j].to > to) to = e[j].to;
        }
    }
    for (int32_t i = 0; i < t->size; i++) { /* views */
        const tg_tensor *x = t->values[i];
        if (number[i] >= 0 && x->node && x->storage) region[i] = region[x->node->input_ids[0]];
    }
    return true;
}

/* ---- the order ------------------------------------------------------------------------------ */

static int32_t later(int32_t a, int32_t b) { return a > b ? a : b; }

/* It depends on no leaf, so that a plan does not compute it: value i of t, for the node's inputs
 * marked already. */
static bool is_constant(const tg_node *n, const bool *constant)
{
    bool all = !(n->op->flags & (TG_OP_RANDOM | TG_OP_WRITES));
    for (int k = 0; k < n->n_inputs && all; k++) all = constant[n->input_ids[k]];
    return all;
}

/* The last of those that an early operation must follow. */
static int32_t anchor_of(const tg_node *n, const int32_t *region, const int32_t *anchor,
                         const int32_t *used, int32_t refusal)
{
    int32_t last = refusal;
    for (int k = 0; k < n->n_inputs; k++) {
        const int32_t in = n->input_ids[k];
        last = later(last, anchor[in]);
        if (region[in] >= 0) last = later(last, used[region[in]]);
    }
    return last;
}

/* Behind which operation each stands: itself; for an early one another; -1 for none. */
static bool find_anchors(tgi_arena *work, const tg_tape *t, const int32_t *number,
                         const int32_t *region, int32_t regions, int32_t *anchor)
{
    int32_t refusal = -1;
    int32_t *used = tgi_arena_alloc(work, ((size_t)regions + 1) * sizeof *used);
    bool *constant = tgi_arena_alloc(work, (size_t)t->size * sizeof *constant);
    if (!used || !constant) return false;
    for (int32_t r = 0; r < regions; r++) used[r] = -1;
    for (int32_t i = 0; i < t->size; i++) {
        const tg_node *n = t->values[i]->node;
        anchor[i] = -1;
        constant[i] = n && is_constant(n, constant);
        if (!n || number[i] < 0 || constant[i]) continue;
        anchor[i] = n->op->flags & TG_OP_EARLY ? anchor_of(n, region, anchor, used, refusal) : i;
        for (int k = 0; k < n->n_inputs; k++) {
            const int32_t r = region[n->input_ids[k]];
            if (r >= 0) used[r] = later(used[r], anchor[i]);
        }
        if (n->op->check || n->op->verdict) refusal = later(refusal, anchor[i]);
    }
    return true;
}

/* By counting: behind each anchor in the order of recording. */
bool tgi_plan_order(tgi_arena *work, const tg_tape *t, const int32_t *number, const int32_t *region,
                    int32_t regions, int32_t *ids, int32_t *count)
{
    const size_t n = (size_t)t->size;
    int32_t *anchor = tgi_arena_alloc(work, n * sizeof *anchor);
    int32_t *start = tgi_arena_alloc(work, (n + 2) * sizeof *start);
    if (!anchor || !start || !find_anchors(work, t, number, region, regions, anchor)) return false;
    memset(start, 0, (n + 2) * sizeof *start);
    *count = 0;
    for (int32_t i = 0; i < t->size; i++)
        if (number[i] >= 0 && !t->values[i]->node) ids[(*count)++] = i;
    for (int32_t i = 0; i < t->size; i++)
        if (number[i] >= 0 && t->values[i]->node) start[anchor[i] + 2]++;
    start[0] = *count;
    for (size_t a = 1; a <= n; a++) start[a] += start[a - 1];
    for (int32_t i = 0; i < t->size; i++) {
        if (number[i] < 0 || !t->values[i]->node) continue;
        ids[start[anchor[i] + 1]++] = i;
        ++*count;
    }
    return true;
}
