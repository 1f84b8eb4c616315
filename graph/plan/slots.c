/* slots.c - how many slots of scratch memory a group needs at a time. */
#include <string.h>

#include "graph/plan/draft.h"

int64_t tgi_slots_unit(int64_t a, int64_t b)
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

/* The last member that reads a view of root v (roots), or the value v itself (not roots). */
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

/* Member i reads its operand k in the same way as member j reads its operand l. */
static bool same_axes(const slots *s, int i, int k, int j, int l)
{
    const tgi_value *x = &s->p->values[s->member[i]], *y = &s->p->values[s->member[j]];
    int64_t n[2][TG_MAX_NDIM], step[2][TG_MAX_NDIM];
    if (x->in[k] != y->in[l] || x->x.size != y->x.size) return false;
    const int axes = tgi_access_axes(x->node.inputs[k], &x->x, n[0], step[0]);
    const size_t bytes = (size_t)axes * sizeof n[0][0];
    return axes == tgi_access_axes(y->node.inputs[l], &y->x, n[1], step[1]) &&
           memcmp(n[0], n[1], bytes) == 0 && memcmp(step[0], step[1], bytes) == 0;
}

static bool copied_before(const slots *s, int i, int k)
{
    for (int j = 0; j <= i; j++) {
        const int inputs = j < i ? s->p->values[s->member[j]].node.n_inputs : k;
        for (int l = 0; l < inputs; l++)
            if (same_axes(s, i, k, j, l)) return true;
    }
    return false;
}

/* Adds the last readers of the operands that are copied for member i. Returns the new number of
 * ends. */
static int add_copies(const slots *s, int i, int64_t row, int *ends, int n)
{
    const tgi_value *x = &s->p->values[s->member[i]];
    for (int k = 0; k < x->node.n_inputs; k++) {
        const tgi_value *in = &s->p->values[x->in[k]];
        const int64_t rows = x->role == TGI_NARROW ? 1 : row;
        if (!is_member(s, in->root) && tgi_access_of(in->tensor, &x->x, rows) == TGI_STRIDED &&
            !copied_before(s, i, k))
            ends[n++] = last_reader(s, x->in[k], false);
    }
    return n;
}

bool tgi_slots_fit(const tgi_draft *p, int32_t first, int32_t other, int64_t row, int64_t unit)
{
    slots s = {.p = p, .width = 1};
    int end[2 * TGI_SLOTS + TGI_MOST_OPERANDS], n = 0, most = 0;
    const bool last = other >= 0 && p->values[other].role == TGI_PARTIAL;
    while (first >= 0 || other >= 0) { /* in the order of recording; a partial reduction is last */
        int32_t *from = other < 0 || (first >= 0 && (last || first < other)) ? &first : &other;
        add_member(&s, *from);
        *from = p->values[*from].next;
    }
    for (int i = 0; i < s.n; i++) {
        const tgi_value *x = &p->values[s.member[i]];
        if (x->role == TGI_WIDE || x->role == TGI_NARROW) n = add_copies(&s, i, row, end, n);
        end[n++] = last_reader(&s, s.member[i], true);
        if (n > most) most = n;
        int left = 0;
        for (int k = 0; k < n; k++)
            if (end[k] > i) end[left++] = end[k];
        n = left;
    }
    return most < TGI_SLOTS && (int64_t)(s.width * (size_t)most) * unit <= TGI_SCRATCH;
}
