/* place.c - gives every result of a plan a place in one block. A result occupies its bytes from
 * the step that computes it to the step that reads it last; then others may use them.
 *
 * An elementwise result may take over the place of an operand that is read for the last time, if
 * each element of the operand is read before the result's element there is written. */
#include <string.h>

#include "graph/plan/draft.h"
#include "graph/plan/pieces.h"

enum { ALIGN = 64 };

typedef struct memory {
    tgi_pieces free;
    int64_t zone; /* left free on each side of what is taken */
} memory;

static int64_t rounded(int64_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN; }

static int64_t bytes_of(const tgi_value *v)
{
    return rounded(v->x.size * (int64_t)tg_dtype_size(v->x.dtype));
}

static int64_t take(memory *m, int64_t bytes)
{
    return tgi_pieces_take(&m->free, bytes + 2 * m->zone) + m->zone;
}

static bool give(memory *m, int64_t at, int64_t bytes)
{
    return tgi_pieces_give(&m->free, at - m->zone, bytes + 2 * m->zone);
}

/* ---- who reads what when -------------------------------------------------------------------- */

/* v gets a place in the block: it is a result with memory of its own, is read outside its group,
 * and is not computed into an output. */
static bool has_place(const tgi_value *v)
{
    return v->kind == TGI_RESULT && !v->view && v->output < 0 && v->escapes;
}

static void find_readers(tgi_draft *p)
{
    for (int32_t s = 0; s < p->n_steps; s++)
        for (int32_t k = p->steps[s].value; k >= 0; k = p->values[k].next) {
            tgi_value *v = &p->values[k];
            if (p->steps[s].count == 1) v->group = -1;
            v->escapes = v->group < 0 || v->role == TGI_PARTIAL;
            v->last = s;
        }
    for (int32_t s = 0; s < p->n_steps; s++)
        for (int32_t k = p->steps[s].value; k >= 0; k = p->values[k].next) {
            const tgi_value *v = &p->values[k];
            for (int i = 0; i < v->node.n_inputs; i++) {
                tgi_value *root = &p->values[p->values[v->in[i]].root];
                if (root->group < 0 || root->group != v->group) root->escapes = true;
                if (root->last < s) root->last = s;
            }
        }
    for (int32_t i = 0; i < p->n_outputs; i++) { /* computed into the leaf, or copied at the end */
        tgi_value *v = &p->values[p->outputs[i]], *root = &p->values[v->root];
        if (v == root && v->kind == TGI_RESULT && v->output < 0) v->output = i;
        root->last = p->n_steps;
        root->escapes = true;
    }
}

/* ---- places --------------------------------------------------------------------------------- */

/* Member y of step s may overwrite root, which nothing reads after s: in s it is read element by
 * element in y's order, and not after y. */
static bool may_replace(const tgi_draft *p, int32_t s, const tgi_value *y, const tgi_value *root)
{
    bool after = false;
    if (!has_place(root) || root->last != s || root->x.size != y->x.size ||
        tg_dtype_size(root->x.dtype) != tg_dtype_size(y->x.dtype) ||
        (root->group >= 0 && root->group == y->group))
        return false;
    for (int32_t k = p->steps[s].value; k >= 0; k = p->values[k].next) {
        const tgi_value *v = &p->values[k];
        const bool head =
            p->steps[s].epilogue && k == p->steps[s].value; /* still reads other elements */
        for (int i = 0; i < v->node.n_inputs; i++) {
            const tgi_value *x = &p->values[v->in[i]];
            const bool once = v->x.size == y->x.size && tgi_value_is_plain(x, y);
            if (&p->values[x->root] == root && (head || after || !once)) return false;
        }
        after = after || v == y;
    }
    return true;
}

/* The root whose place y can take over; NULL if there is none. */
static tgi_value *replaced(tgi_draft *p, int32_t s, const tgi_value *y)
{
    if (!tgi_value_is_map(y)) return NULL;
    for (int32_t k = p->steps[s].value; k >= 0; k = p->values[k].next) {
        const tgi_value *v = &p->values[k];
        for (int i = 0; i < v->node.n_inputs; i++) {
            tgi_value *root = &p->values[p->values[v->in[i]].root];
            if (may_replace(p, s, y, root)) return root;
        }
        if (v == y) break;
    }
    return NULL;
}

/* If an output can take over the place of an operand, the operand too is computed into the output.
 * Goes backwards, so that this extends to the operand's own operands. */
static void compute_into_outputs(tgi_draft *p)
{
    for (int32_t s = p->n_steps - 1; s >= 0; s--)
        for (int32_t k = p->steps[s].value; k >= 0; k = p->values[k].next) {
            const tgi_value *y = &p->values[k];
            tgi_value *root = y->output >= 0 ? replaced(p, s, y) : NULL;
            if (root) root->output = y->output;
        }
}

/* Bytes of scratch memory for the operation, or of the states of the loop's partial reductions. */
static size_t work_of(const tgi_draft *p, const tgi_draft_step *step)
{
    const tg_node *n = &p->values[step->value].node;
    if (step->count == 1 || step->epilogue) return n->op->work_size ? n->op->work_size(n) : 0;
    size_t bytes = 0;
    for (int32_t k = step->value; k >= 0; k = p->values[k].next) {
        const tgi_value *v = &p->values[k];
        if (v->role == TGI_PARTIAL) bytes += tgi_value_partial_bytes(v);
    }
    return bytes;
}

static bool place_step(tgi_draft *p, int32_t s, memory *m, int32_t *dying)
{
    tgi_draft_step *step = &p->steps[s];
    for (int32_t k = step->value; k >= 0; k = p->values[k].next) {
        tgi_value *v = &p->values[k];
        if (!has_place(v)) continue;
        tgi_value *old = replaced(p, s, v);
        v->offset = old ? old->offset : take(m, bytes_of(v));
        if (old) old->last = -1; /* its place is y's now */
        v->dying = dying[v->last];
        dying[v->last] = k + 1;
    }
    const uint64_t work = work_of(p, step);
    if (work > INT64_MAX / 2) return false;
    if (work) {
        step->bytes = rounded((int64_t)work);
        step->place = take(m, step->bytes);
        if (!give(m, step->place, step->bytes)) return false;
    }
    for (int32_t next = dying[s]; next > 0; next = p->values[next - 1].dying) {
        const tgi_value *x = &p->values[next - 1];
        if (x->last == s && !give(m, x->offset, bytes_of(x))) return false;
    }
    return true;
}

/* ---- addresses ------------------------------------------------------------------------------ */

static bool keep_constant(tgi_draft *d, tgi_value *v)
{
    const size_t bytes = (size_t)v->x.size * tg_dtype_size(v->x.dtype);
    v->x.data = tgi_arena_alloc(&d->plan->arena, bytes);
    if (v->x.data && bytes) memcpy(v->x.data, v->from->data, bytes);
    d->plan->numbers.kept += bytes;
    return v->x.data != NULL;
}

static bool set_addresses(tgi_draft *d, int64_t total)
{
    tg_plan *p = d->plan;
    if ((uint64_t)total > SIZE_MAX / 2) return false;
    p->results = tgi_arena_alloc(&p->block, (size_t)total);
    if (!p->results) return false;
    p->numbers.block = (size_t)total;
    for (int32_t i = 0; i < d->n_values; i++) {
        tgi_value *v = &d->values[i];
        if (v->kind == TGI_LEAF || !v->needed) continue;
        const tgi_value *root = &d->values[v->root];
        if (v->view) {
            char *data = root->tensor->data;
            v->x.data = v->x.size && data ? data + v->offset : data;
            v->x.storage = root->tensor->storage;
        } else if (v->kind == TGI_CONSTANT) {
            if (v->escapes && !keep_constant(d, v)) return false;
        } else
            v->x.data = v->output >= 0 ? p->written[v->output]->data
                        : v->escapes   ? p->results + v->offset
                                       : NULL;
    }
    return true;
}

bool tgi_plan_place(tgi_draft *p)
{
    memory *m = tgi_arena_alloc(p->work, sizeof *m);
    const size_t n = (size_t)p->n_steps + 1;
    int32_t *dying =
        tgi_arena_alloc(p->work, n * sizeof *dying); /* of each step: the first value, + 1 */
    if (!m || !dying) return false;
    *m = (memory){.zone = p->plan->watch.zone};
    memset(dying, 0, n * sizeof *dying);
    find_readers(p);
    compute_into_outputs(p);
    bool fits = true;
    for (int32_t s = 0; s < p->n_steps && fits; s++) fits = place_step(p, s, m, dying);
    fits = fits && set_addresses(p, m->free.top);
    tgi_pieces_free(&m->free);
    return fits;
}
