/* order.c - the order of a plan: the order of recording, except that some operations come earlier.
 *
 * An operation with TG_OP_EARLY is moved up to just after the last operation that it depends on,
 * that reads or writes the same memory, or that may refuse its operands. A plan that fails has
 * therefore written no more than recording would have. */
#include <string.h>

#include "graph/plan/draft.h"
#include "graph/tape.h"

static int32_t later(int32_t a, int32_t b) { return a > b ? a : b; }

/* n depends on no leaf, so a plan does not compute it. constant[] is known for its inputs. */
static bool is_constant(const tg_node *n, const bool *constant)
{
    bool all = !(n->op->flags & (TG_OP_RANDOM | TG_OP_WRITES));
    for (int k = 0; k < n->n_inputs && all; k++) all = constant[n->input_ids[k]];
    return all;
}

/* The last operation that the early operation n must follow. */
static int32_t anchor_of(const tg_node *n, const int32_t *alias, const int32_t *anchor,
                         const int32_t *used, int32_t refusal)
{
    int32_t last = refusal;
    for (int k = 0; k < n->n_inputs; k++) {
        const int32_t in = n->input_ids[k];
        last = later(last, anchor[in]);
        if (alias[in] >= 0) last = later(last, used[alias[in]]);
    }
    return last;
}

/* Sets the anchor of each value: the operation whose place it takes in the order. That is itself,
 * for an early operation the last one that it must follow, and -1 if it follows none. */
static bool find_anchors(tgi_arena *work, const tg_tape *t, const int32_t *number,
                         const int32_t *alias, int32_t aliases, int32_t *anchor)
{
    int32_t refusal = -1;
    int32_t *used = tgi_arena_alloc(work, ((size_t)aliases + 1) * sizeof *used);
    bool *constant = tgi_arena_alloc(work, (size_t)t->size * sizeof *constant);
    if (!used || !constant) return false;
    for (int32_t r = 0; r < aliases; r++) used[r] = -1;
    for (int32_t i = 0; i < t->size; i++) {
        const tg_node *n = t->values[i]->node;
        anchor[i] = -1;
        constant[i] = n && is_constant(n, constant);
        if (!n || number[i] < 0 || constant[i]) continue;
        anchor[i] = n->op->flags & TG_OP_EARLY ? anchor_of(n, alias, anchor, used, refusal) : i;
        for (int k = 0; k < n->n_inputs; k++) {
            const int32_t r = alias[n->input_ids[k]];
            if (r >= 0) used[r] = later(used[r], anchor[i]);
        }
        if (n->op->check || n->op->verdict) refusal = later(refusal, anchor[i]);
    }
    return true;
}

/* A counting sort by anchor, in which values with the same anchor keep the order of recording. */
bool tgi_plan_order(tgi_arena *work, const tg_tape *t, const int32_t *number, const int32_t *alias,
                    int32_t aliases, int32_t *ids, int32_t *count)
{
    const size_t n = (size_t)t->size;
    int32_t *anchor = tgi_arena_alloc(work, n * sizeof *anchor);
    int32_t *start = tgi_arena_alloc(work, (n + 2) * sizeof *start);
    if (!anchor || !start || !find_anchors(work, t, number, alias, aliases, anchor)) return false;
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
