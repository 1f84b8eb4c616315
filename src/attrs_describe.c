/* attrs_describe.c - attributes as text. */
#include <stdio.h>
#include <string.h>

#include "src/file/number.h"
#include "tapegrad/op.h"

/* Where the text is written, cut to size. */
typedef struct buffer {
    char *text;
    size_t size, used;
} buffer;

static void put(buffer *p, const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i < n && p->used + 1 < p->size; i++) p->text[p->used++] = text[i];
    if (p->size) p->text[p->used] = '\0';
}

static void put_int(buffer *p, int64_t value)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%lld", (long long)value);
    put(p, number);
}

static void put_ints(buffer *p, const tg_ints *list)
{
    if (list->n == TG_ALL) put(p, "all");
    for (int i = 0; i < list->n && i < TG_MAX_NDIM; i++) {
        if (i > 0) put(p, ",");
        put_int(p, list->v[i]);
    }
}

static void put_value(buffer *p, tg_attr_kind kind, const void *field)
{
    char number[TGI_NUMBER_MAX];
    switch (kind) {
    case TG_ATTR_INT:
        put_int(p, *(const int64_t *)field);
        break;
    case TG_ATTR_U64:
    case TG_ATTR_SEED:
    case TG_ATTR_STREAM:
    case TG_ATTR_COUNTER:
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)*(const uint64_t *)field);
        put(p, number);
        break;
    case TG_ATTR_FLOAT:
        (void)tgi_number_text(number, *(const double *)field);
        put(p, number);
        break;
    case TG_ATTR_BOOL:
        put(p, *(const bool *)field ? "true" : "false");
        break;
    case TG_ATTR_DTYPE:
        put(p, tg_dtype_name(*(const tg_dtype *)field));
        break;
    case TG_ATTR_INTS:
        put_ints(p, field);
        break;
    case TG_ATTR_STRING:
        put(p, *(const char *const *)field);
        break;
    }
}

char *tg_attrs_describe(const tg_op *op, const void *attrs, char *text, size_t size)
{
    buffer p = {.text = text, .size = size};
    if (!text || size == 0) return text;
    *text = '\0';
    for (const tg_attr_def *d = op && attrs ? op->attrs : NULL; d && d->name; d++) {
        if (p.used > 0) put(&p, " ");
        put(&p, d->name);
        put(&p, "=");
        put_value(&p, d->kind, (const char *)attrs + d->offset);
    }
    return text;
}
