/* part.c - which role an operation can have in a fused group, and how its operands lie beside
 * it. */
#include <string.h>

#include "graph/plan/draft.h"

bool tgi_plan_is_map(const tgi_value *v)
{
    const tg_op *op = v->node.op;
    return v->kind == TGI_RESULT && !v->view && tgi_is_elementwise(op) && v->node.n_inputs > 0 &&
           v->node.n_inputs <= TGI_MOST_OPERANDS && !op->check && !op->verdict && !op->work_size &&
           !(op->flags & (TG_OP_RANDOM | TG_OP_WRITES)) &&
           op->map[v->node.inputs[v->node.n_inputs - 1]->dtype];
}

bool tgi_plan_calls(const tgi_value *v)
{
    if (v->x.size == 0 || v->x.size > TGI_FEW || !tgi_plan_is_map(v)) return false;
    for (int i = 0; i < v->node.n_inputs; i++)
        if (tgi_plan_lie(v->node.inputs[i], &v->x, 1) > TGI_STILL) return false;
    return true;
}

bool tgi_plan_is_plain(const tgi_value *v, const tgi_value *y)
{
    return v->tensor->size == y->x.size && tg_tensor_is_contiguous(v->tensor);
}

int64_t tgi_plan_row(const tgi_value *v)
{
    enum { SHORTEST = 16 };
    const tg_op *op = v->node.op;
    if (v->kind != TGI_RESULT || v->view || !(op->flags & TG_OP_ROWS) ||
        (op->work_size && op->work_size(&v->node) > 0))
        return 0;
    const tg_tensor *x = v->node.inputs[0];
    const tg_attr_def *d = op->attrs;
    while (d && d->name && d->kind != TG_ATTR_INTS) d++;
    if (!d || !d->name) return 0;
    const tg_ints *axis = (const tg_ints *)(const void *)((const char *)v->node.attrs + d->offset);
    if (axis->n != 1 || axis->v[0] != x->ndim - 1 || x->ndim == 0) return 0;
    const int64_t row = x->shape[x->ndim - 1];
    return row < SHORTEST || row > TGI_BLOCK ? 0 : row;
}

size_t tgi_partial_bytes(const tgi_value *v)
{
    const tg_op_partial *partial = v->node.op->partial;
    return (size_t)partial->parts(&v->node) * partial->state_size(&v->node);
}

int64_t tgi_plan_unit(int64_t a, int64_t b)
{
    int64_t divisor = a, rest = b;
    if (a > TGI_BLOCK || b > TGI_BLOCK) return TGI_BLOCK + 1;
    while (rest > 0) {
        const int64_t next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    return a / divisor * b;
}

int tgi_plan_walk(const tg_tensor *x, const tg_tensor *y, int64_t *n, int64_t *step)
{
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    int axes = 0;
    for (int a = 0; a < y->ndim; a++) {
        const int i = a - (y->ndim - x->ndim);
        const int64_t s = i < 0 || x->shape[i] == 1 ? 0 : x->strides[i] * width;
        const int64_t size = y->shape[a];
        if (size == 1) continue;
        if (axes > 0 && step[axes - 1] == s * size) {
            n[axes - 1] *= size;
            step[axes - 1] = s;
        } else {
            n[axes] = size;
            step[axes++] = s;
        }
    }
    if (axes > 0) return axes;
    n[0] = 1;
    step[0] = 0;
    return 1;
}

tgi_lie tgi_plan_lie(const tg_tensor *x, const tg_tensor *y, int64_t row)
{
    int64_t n[TG_MAX_NDIM], step[TG_MAX_NDIM];
    const int64_t width = (int64_t)tg_dtype_size(x->dtype);
    const int axes = tgi_plan_walk(x, y, n, step);
    if (axes == 1) return step[0] == 0 ? TGI_STILL : step[0] == width ? TGI_ALONG : TGI_APART;
    if (axes != 2 || n[1] != row) return TGI_APART;
    if (step[0] == width && step[1] == 0) return TGI_BESIDE;
    return step[0] == 0 && step[1] == width ? TGI_REPEAT : TGI_APART;
}

/* ---- scratch slots -------------------------------------------------------------------------- */

typedef struct slots {
    const tgi_draft *p;
    int32_t member[TGI_SLOTS];
    int n;
    size_t width; /* bytes of the widest element */
} slots;

static void add_member(slots *s, int32_t v)
{
    const tgi_value *x = &s->p->values[v];
    s->member[s->n++] = v;
    for (int i = -1; i < x->node.n_inputs; i++) {
        const size_t width = tg_dtype_size(i < 0 ? x->x.dtype : x->node.inputs[i]->dtype);
        if (width > s->width) s->width = width;
    }
}

/* The last member that reads what root v (or, of an operand from outside, value v) holds. */
static int last_reader(const slots *s, int32_t v, bool roots)
{
    for (int i = s->n - 1; i >= 0; i--) {
        const tgi_value *x = &s->p->values[s->member[i]];
        for (int k = 0; k < x->node.n_inputs; k++)
            if ((roots ? s->p->values[x->in[k]].root : x->in[k]) == v) return i;
    }
    return -1;
}

static bool is_member(const slots *s, int32_t root)
{
    for (int i = 0; i < s->n; i++)
        if (s->member[i] == root) return true;
    return false;
}

/* Member i reads its operand k as member j reads its operand l. */
static bool same_walk(const slots *s, int i, int k, int j, int l)
{
    const tgi_value *x = &s->p->values[s->member[i]], *y = &s->p->values[s->member[j]];
    int64_t n[2][TG_MAX_NDIM], step[2][TG_MAX_NDIM];
    if (x->in[k] != y->in[l] || x->x.size != y->x.size) return false;
    const int axes = tgi_plan_walk(x->node.inputs[k], &x->x, n[0], step[0]);
    const size_t bytes = (size_t)axes * sizeof n[0][0];
    return axes == tgi_plan_walk(y->node.inputs[l], &y->x, n[1], step[1]) &&
           memcmp(n[0], n[1], bytes) == 0 && memcmp(step[0], step[1], bytes) == 0;
}

static bool copied_before(const slots *s, int i, int k)
{
    for (int j = 0; j <= i; j++) {
        const int inputs = j < i ? s->p->values[s->member[j]].node.n_inputs : k;
        for (int l = 0; l < inputs; l++)
            if (same_walk(s, i, k, j, l)) return true;
    }
    return false;
}

/* Adds the ends of the operands that are copied for member i; how many there are then. */
static int add_copies(const slots *s, int i, int64_t row, int *ends, int n)
{
    const tgi_value *x = &s->p->values[s->member[i]];
    for (int k = 0; k < x->node.n_inputs; k++) {
        const tgi_value *in = &s->p->values[x->in[k]];
        const int64_t rows = x->part == TGI_NARROW ? 1 : row;
        if (!is_member(s, in->root) && tgi_plan_lie(in->tensor, &x->x, rows) == TGI_APART &&
            !copied_before(s, i, k))
            ends[n++] = last_reader(s, x->in[k], false);
    }
    return n;
}

bool tgi_plan_fits(const tgi_draft *p, int32_t first, int32_t other, int64_t row, int64_t unit)
{
    slots s = {.p = p, .width = 1};
    int end[2 * TGI_SLOTS + TGI_MOST_OPERANDS], n = 0, most = 0;
    const bool last = other >= 0 && p->values[other].part == TGI_PARTIAL;
    while (first >= 0 || other >= 0) { /* in the order of recording; a partial reduction is last */
        int32_t *from = other < 0 || (first >= 0 && (last || first < other)) ? &first : &other;
        add_member(&s, *from);
        *from = p->values[*from].next;
    }
    for (int i = 0; i < s.n; i++) {
        const tgi_value *x = &p->values[s.member[i]];
        if (x->part == TGI_WIDE || x->part == TGI_NARROW) n = add_copies(&s, i, row, end, n);
        end[n++] = last_reader(&s, s.member[i], true);
        if (n > most) most = n;
        int left = 0;
        for (int k = 0; k < n; k++)
            if (end[k] > i) end[left++] = end[k];
        n = left;
    }
    return most < TGI_SLOTS && (int64_t)(s.width * (size_t)most) * unit <= TGI_SCRATCH;
}
