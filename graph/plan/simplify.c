/* simplify.c - replaces values by earlier ones that are equal: views, products with 1, and the same
 * operation on the same operands. */
#include <string.h>

#include "graph/attrs.h"
#include "graph/hash.h"
#include "graph/plan/draft.h"
#include "graph/tape.h"

/* ---- leaves that are written ---------------------------------------------------------------- */

/* The number of the written alias set that v is in; -1 if it is in none. */
static int32_t written(const tgi_draft *p, int32_t v)
{
    return p->values[p->values[v].root].written_set;
}

static uint64_t epoch_of(const tgi_draft *p, const tgi_value *v, const uint64_t *epochs)
{
    uint64_t sum = 0; /* counts only grow: for the same inputs, equal sums mean equal counts */
    for (int i = 0; i < v->node.n_inputs; i++) {
        const int32_t s = written(p, v->in[i]);
        if (s >= 0) sum += epochs[s];
    }
    return sum;
}

/* ---- views and neutral elements ------------------------------------------------------------- */

static bool same_layout(const tg_tensor *a, const tg_tensor *b)
{
    if (a->dtype != b->dtype || !tg_tensor_same_shape(a, b)) return false;
    for (int i = 0; i < a->ndim; i++)
        if (a->shape[i] != 1 && a->strides[i] != b->strides[i]) return false;
    return true;
}

/* The value that the view v equals, as for a transpose of a transpose, a reshape back to the first
 * shape, or a stopped gradient; -1 if there is none. */
static int32_t view_of(const tgi_draft *p, const tgi_value *v)
{
    enum { FAR = 8 };
    int32_t a = v->in[0];
    for (int i = 0; i < FAR; i++) {
        const tgi_value *x = &p->values[a];
        const int64_t offset = x->view ? x->offset : 0;
        if (offset == v->offset && same_layout(x->tensor, &v->x)) return a;
        if (!x->view) break;
        a = x->in[0];
    }
    return -1;
}

/* v is a constant, and every element has the bits of c. */
static bool is_all(const tgi_value *v, double c)
{
    enum { MOST = 4096 };
    if (v->kind != TGI_CONSTANT || v->x.size == 0 || v->x.size > MOST) return false;
    for (int64_t i = 0; i < v->x.size; i++) {
        const double x = tg_tensor_get(v->from, i);
        if (memcmp(&x, &c, sizeof x) != 0) return false;
    }
    return true;
}

/* The operand x of x * 1, 1 * x, x / 1 or x - 0, if it has the layout of the result and, like the
 * result, holds no denormal numbers; else -1. */
static int32_t operand_of(const tgi_draft *p, const tgi_value *v)
{
    const tg_op_neutral *neutral = v->node.op->neutral;
    if (v->node.n_inputs != 2 || !tgi_value_is_map(v)) return -1;
    for (int i = 1; i >= 0; i--) {
        if (!neutral[i].given || !is_all(&p->values[v->in[i]], neutral[i].value)) continue;
        const int32_t x = v->in[1 - i];
        const tg_op *made_by = p->values[x].node.op;
        if (tgi_is_float(v->x.dtype) && !(made_by && made_by->flags & TG_OP_NORMAL)) return -1;
        /* A leaf may have been written by the time its copy is read. */
        return written(p, x) < 0 && same_layout(p->values[x].tensor, &v->x) ? x : -1;
    }
    return -1;
}

/* Turns sum_to along the last axis alone into a sum, which can be part of a loop. */
static void make_sum(tgi_draft *p, tgi_value *v)
{
    if (v->node.op != p->tape->core.sum_to) return;
    const tg_tensor *x = v->node.inputs[0];
    const int last = v->x.ndim - 1;
    if (x->ndim != v->x.ndim || last < 0 || x->shape[last] == v->x.shape[last]) return;
    for (int a = 0; a < last; a++)
        if (x->shape[a] != v->x.shape[a]) return;
    tgi_sum_attrs *attrs = tgi_arena_alloc(p->work, sizeof *attrs);
    if (!attrs) return;
    *attrs = (tgi_sum_attrs){.axis = {.n = 1, .v = {last}}, .keepdims = true};
    v->node.op = p->tape->core.sum;
    v->node.attrs = attrs;
}

/* ---- equal operations ----------------------------------------------------------------------- */

typedef struct table {
    int32_t *slots; /* number of a value + 1, 0 free */
    size_t mask;
} table;

static bool equal(const tgi_value *a, const tgi_value *b)
{
    if (a->node.op != b->node.op || a->node.n_inputs != b->node.n_inputs || a->epoch != b->epoch)
        return false;
    for (int i = 0; i < a->node.n_inputs; i++)
        if (a->in[i] != b->in[i]) return false;
    return tgi_attrs_equal(a->node.op, a->node.attrs, b->node.attrs);
}

/* The first value that is equal to v; v itself if there is none before it. */
static int32_t first_of(const tgi_draft *p, table *t, int32_t v)
{
    const tgi_value *x = &p->values[v];
    uint64_t h =
        tgi_attrs_hash(TGI_HASH_START, x->node.op, x->node.attrs) ^ (uint64_t)(uintptr_t)x->node.op;
    for (int i = 0; i < x->node.n_inputs; i++) h = (h ^ (uint64_t)x->in[i]) * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)((h * 0x9E3779B97F4A7C15u) >> 24) & t->mask;
    while (t->slots[at] && !equal(&p->values[t->slots[at] - 1], x)) at = (at + 1) & t->mask;
    if (!t->slots[at]) t->slots[at] = v + 1;
    return t->slots[at] - 1;
}

/* ---- all values ----------------------------------------------------------------------------- */

static void use_first_inputs(tgi_draft *p, tgi_value *v)
{
    tg_tensor **in = (tg_tensor **)(uintptr_t)v->node.inputs; /* in the draft's memory */
    for (int i = 0; i < v->node.n_inputs; i++) {
        v->in[i] = p->values[v->in[i]].same;
        in[i] = p->values[v->in[i]].tensor;
    }
    if (!v->view) return;
    const tgi_value *x = &p->values[v->in[0]];
    /* What replaces the root may itself be a view, which begins further on in its own root. */
    const tgi_value *old = &p->values[v->root];
    const tgi_value *now = &p->values[old->same];
    v->root = x->root;
    if (now->view) v->offset += now->offset;
}

/* Marks everything that outputs and writes depend on. */
static void mark_needed(tgi_draft *p)
{
    for (int32_t i = 0; i < p->n_values; i++) {
        const tgi_value *v = &p->values[i];
        p->values[i].needed = v->kind != TGI_LEAF && (v->node.op->flags & TG_OP_WRITES);
    }
    for (int32_t i = 0; i < p->n_outputs; i++) p->values[p->outputs[i]].needed = true;
    for (int32_t i = p->n_values - 1; i >= 0; i--) {
        const tgi_value *v = &p->values[i];
        if (!v->needed || v->kind == TGI_LEAF) continue;
        for (int k = 0; k < v->node.n_inputs; k++) p->values[v->in[k]].needed = true;
        p->values[v->root].needed = true;
    }
}

bool tgi_plan_simplify(tgi_draft *p)
{
    table t = {.mask = 63};
    while (t.mask < 2 * (size_t)p->n_values) t.mask = 2 * t.mask + 1;
    t.slots = tgi_arena_alloc(p->work, (t.mask + 1) * sizeof *t.slots);
    uint64_t *epochs = tgi_arena_alloc(p->work, (size_t)p->written_sets * sizeof *epochs);
    if (!t.slots || !epochs) return false;
    memset(t.slots, 0, (t.mask + 1) * sizeof *t.slots);
    if (p->written_sets) memset(epochs, 0, (size_t)p->written_sets * sizeof *epochs);
    for (int32_t i = 0; i < p->n_values; i++) {
        tgi_value *v = &p->values[i];
        if (v->kind == TGI_LEAF) continue;
        use_first_inputs(p, v);
        v->epoch = epoch_of(p, v, epochs);
        if (!v->view) make_sum(p, v);
        if (v->node.op->flags & TG_OP_WRITES) {
            for (int k = 0; k < v->node.n_inputs; k++)
                if (p->values[v->in[k]].kind == TGI_LEAF && written(p, v->in[k]) >= 0)
                    epochs[written(p, v->in[k])]++;
            continue;
        }
        if (v->node.op->flags & (TG_OP_RANDOM | TG_OP_OPAQUE)) continue;
        int32_t same = v->view ? view_of(p, v) : operand_of(p, v);
        if (same < 0) same = first_of(p, &t, i);
        v->same = same;
    }
    for (int32_t i = 0; i < p->n_outputs; i++) p->outputs[i] = p->values[p->outputs[i]].same;
    mark_needed(p);
    return true;
}
