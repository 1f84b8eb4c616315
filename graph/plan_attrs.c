/* plan_attrs.c - attributes compared and hashed, by what the descriptor says of their struct. */
#include <string.h>

#include "graph/plan.h"

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
        if (list_length(d, a) != list_length(d, b) || na != nb || memcmp(xa, xb, na) != 0)
            return false;
    }
    return true;
}

uint64_t tgi_attrs_hash(const tg_op *op, const void *attrs)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        size_t n;
        const unsigned char *x = field_bytes(d, attrs, &n);
        for (size_t i = 0; i < n; i++) h = (h ^ x[i]) * 1099511628211u;
        h = (h ^ n) * 1099511628211u;
    }
    return h;
}
