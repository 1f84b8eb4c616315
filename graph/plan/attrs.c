/* attrs.c - compares and hashes structs of attributes by the fields that the descriptor lists, and
 * hashes a whole tape. */
#include <string.h>

#include "graph/plan/plan.h"
#include "graph/tape.h"

/* The bytes of a field that count; of a text *bytes is its length. */
static const void *field_bytes(const tg_attr_def *d, const void *attrs, size_t *bytes)
{
    const char *at = (const char *)attrs + d->offset;
    switch (d->kind) {
    case TG_ATTR_BOOL:
        *bytes = sizeof(bool);
        return at;
    case TG_ATTR_DTYPE:
        *bytes = sizeof(tg_dtype);
        return at;
    case TG_ATTR_STRING: {
        const char *text = *(const char *const *)(const void *)at;
        *bytes = text ? strlen(text) : 0;
        return text ? text : "";
    }
    case TG_ATTR_INTS: {
        const tg_ints *list = (const tg_ints *)(const void *)at;
        *bytes = list->n > 0 ? (size_t)list->n * sizeof *list->v : 0;
        return list->v;
    }
    default: /* int64_t, uint64_t, double: its bits, so that -0 is not 0 */
        *bytes = 8;
        return at;
    }
}

static int list_length(const tg_attr_def *d, const void *attrs)
{
    if (d->kind != TG_ATTR_INTS) return 0;
    return ((const tg_ints *)(const void *)((const char *)attrs + d->offset))->n;
}

bool tgi_attrs_equal(const tg_op *op, const void *a, const void *b)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        size_t na, nb;
        const void *xa = field_bytes(d, a, &na), *xb = field_bytes(d, b, &nb);
        if (list_length(d, a) != list_length(d, b) || na != nb) return false;
        if (na > 0 && memcmp(xa, xb, na) != 0) return false;
    }
    return true;
}

void tgi_attrs_copy(const tg_op *op, const void *from, void *to)
{
    memset(to, 0, op->attrs_size);
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        size_t n;
        const char *x = field_bytes(d, from, &n);
        char *const field = (char *)to + d->offset;
        if (d->kind == TG_ATTR_INTS) ((tg_ints *)(void *)field)->n = list_length(d, from);
        if (n) memcpy(field + (x - ((const char *)from + d->offset)), x, n);
    }
}

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const unsigned char *x = data;
    for (size_t i = 0; i < n; i++) h = (h ^ x[i]) * 1099511628211u; /* FNV-1a */
    return (h ^ n) * 1099511628211u;
}

/* A counter is left out: it only says which random numbers come next. */
static uint64_t mix_attrs(uint64_t h, const tg_op *op, const void *attrs)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        size_t n;
        const void *x = field_bytes(d, attrs, &n);
        if (d->kind != TG_ATTR_COUNTER) h = mix(h, x, n);
    }
    return h;
}

static const uint64_t start = 14695981039346656037u;

uint64_t tgi_attrs_hash(const tg_op *op, const void *attrs) { return mix_attrs(start, op, attrs); }

uint64_t tgi_tape_hash(const tg_tape *t)
{
    uint64_t h = start;
    for (int32_t i = 0; i < t->size; i++) {
        const tg_tensor *x = t->values[i];
        const tg_node *n = x->node;
        if (!n) { /* a leaf that the tape holds: there is no other one at this address */
            h = mix(h, &x, sizeof x);
            continue;
        }
        h = mix(h, &n->op, sizeof n->op);
        h = mix(h, n->input_ids, (size_t)n->n_inputs * sizeof *n->input_ids);
        h = mix(h, x->shape, (size_t)x->ndim * sizeof *x->shape);
        h = mix(h, &x->dtype, sizeof x->dtype);
        h = mix_attrs(h, n->op, n->attrs);
    }
    return h;
}
