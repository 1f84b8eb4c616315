/* attrs.c - structs of attributes: made from text, compared, copied and hashed by the fields that
 * the descriptor lists. */
#include "graph/attrs.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "graph/hash.h"
#include "graph/tape.h"

/* ---- from text ------------------------------------------------------------------------------ */

/* Reads a double with a '.', whatever the locale's decimal point is. */
static bool parse_float(const char *text, double *value)
{
    const char *mark = localeconv()->decimal_point;
    char copy[64], *end;
    size_t n = 0;
    for (; *text; text++) {
        const size_t width = *text == '.' ? strlen(mark) : 1;
        if (n + width >= sizeof copy || (*text == *mark && *text != '.')) return false;
        memcpy(copy + n, *text == '.' ? mark : text, width);
        n += width;
    }
    copy[n] = '\0';
    *value = strtod(copy, &end);
    return n > 0 && *end == '\0';
}

static bool parse_int(const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    *value = v;
    return end != text && *end == '\0' && errno == 0;
}

static bool parse_ints(char *text, tg_ints *value)
{
    *value = (tg_ints){0};
    if (strcmp(text, "all") == 0) {
        value->n = TG_ALL;
        return true;
    }
    while (*text) {
        char *comma = strchr(text, ',');
        if (comma) *comma = '\0';
        if (comma && !comma[1]) return false;
        if (value->n == TG_MAX_NDIM || !parse_int(text, &value->v[value->n++])) return false;
        text = comma ? comma + 1 : text + strlen(text);
    }
    return true;
}

static bool parse_dtype(const char *text, tg_dtype *value)
{
    for (int d = 0; d < TG_DTYPE_COUNT; d++)
        if (strcmp(text, tg_dtype_name((tg_dtype)d)) == 0) {
            *value = (tg_dtype)d;
            return true;
        }
    return false;
}

/* Sets one field from text, which it may modify. */
static bool parse_value(tg_attr_kind kind, char *text, void *field)
{
    char *end;
    switch (kind) {
    case TG_ATTR_INT:
        return parse_int(text, field);
    case TG_ATTR_FLOAT:
        return parse_float(text, field);
    case TG_ATTR_INTS:
        return parse_ints(text, field);
    case TG_ATTR_DTYPE:
        return parse_dtype(text, field);
    case TG_ATTR_STRING:
        *(const char **)field = text;
        return true;
    case TG_ATTR_BOOL:
        *(bool *)field = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        return *(bool *)field || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
    case TG_ATTR_U64:
    case TG_ATTR_SEED:
    case TG_ATTR_STREAM:
    case TG_ATTR_COUNTER:
        errno = 0;
        *(uint64_t *)field = strtoull(text, &end, 10);
        return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
    default:
        return false;
    }
}

/* The value of the word "name=value"; NULL if there is none. The words end with a NUL each. */
static char *find_word(char *words, size_t size, const char *name)
{
    const size_t n = strlen(name);
    for (char *w = words; w < words + size; w += strlen(w) + 1)
        if (strncmp(w, name, n) == 0 && w[n] == '=') return w + n + 1;
    return NULL;
}

static const tg_attr_def *find_def(const tg_op *op, const char *word, size_t n)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++)
        if (strlen(d->name) == n && strncmp(d->name, word, n) == 0) return d;
    return NULL;
}

static tg_status field_from(tg_tape *t, const tg_op *op, const tg_attr_def *d, char *words,
                            size_t size, void *attrs)
{
    char *text = find_word(words, size, d->name);
    if (!text && !d->fallback) {
        (void)tg_tape_fail(t, TG_EKEY, "%s: attribute '%s' is missing", op->name, d->name);
        return TG_EKEY;
    }
    const char *given = text ? text : d->fallback;
    const size_t n = strlen(given) + 1;
    char *copy = tg_tape_alloc(t, n);
    if (!copy) return t->error->status;
    memcpy(copy, given, n);
    if (parse_value(d->kind, copy, (char *)attrs + d->offset)) return TG_OK;
    (void)tg_tape_fail(t, TG_EARG, "%s: '%s' is not a value for attribute '%s'", op->name, given,
                       d->name);
    return TG_EARG;
}

tg_status tg_attrs_parse(tg_tape *t, const tg_op *op, const char *text, void *attrs)
{
    if (!t) return TG_EARG;
    if (t->error->status) return t->error->status;
    if (!op) {
        (void)tg_tape_fail(t, TG_EKEY, "apply: no such operation");
        return TG_EKEY;
    }
    const size_t size = text ? strlen(text) + 1 : 0;
    char *words = tg_tape_alloc(t, size);
    if (!words) return t->error->status;
    for (size_t i = 0; i < size; i++) words[i] = text[i] == ' ' ? '\0' : text[i];
    for (const char *w = words; w < words + size; w += strlen(w) + 1) {
        const char *equals = strchr(w, '=');
        if (!*w) continue;
        const tg_attr_def *d = equals ? find_def(op, w, (size_t)(equals - w)) : NULL;
        if (!d)
            (void)tg_tape_fail(t, TG_EKEY, "%s: there is no attribute '%.*s'", op->name,
                               (int)strcspn(w, "="), w);
        else if (find_word(words, size, d->name) != equals + 1)
            (void)tg_tape_fail(t, TG_EKEY, "%s: attribute '%s' is given twice", op->name, d->name);
        if (t->error->status) return TG_EKEY;
    }
    if (op->attrs_size) memset(attrs, 0, op->attrs_size);
    for (const tg_attr_def *d = op->attrs; d && d->name; d++)
        if (field_from(t, op, d, words, size, attrs)) break;
    return t->error->status;
}

/* ---- field by field ------------------------------------------------------------------------- */

/* The bytes that make up the value of a field, and their number: of a string its characters, of a
 * list its elements. */
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

uint64_t tgi_attrs_hash(uint64_t h, const tg_op *op, const void *attrs)
{
    for (const tg_attr_def *d = op->attrs; d && d->name; d++) {
        size_t n;
        const void *x = field_bytes(d, attrs, &n);
        if (d->kind != TG_ATTR_COUNTER) h = tgi_hash(h, x, n);
    }
    return h;
}
