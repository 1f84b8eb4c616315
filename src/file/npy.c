/* npy.c - one tensor in NumPy's .npy format.
 *
 *     "\x93NUMPY", version (2 bytes), length of the header (2 bytes; 4 from version 2.0 on),
 *     the header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, spaces, newline,
 *     the elements
 */
#include "tapegrad/npy.h"

#include <stdio.h>
#include <string.h>

#include "src/file/npy.h"
#include "src/file/sink.h"
#include "src/file/source.h"
#include "tapegrad/alloc.h"

enum {
    MAGIC_BYTES = 8,    /* version included */
    ALIGNMENT = 64,     /* of the first element in the file */
    GROWTH_DIGITS = 21, /* as in NumPy, which leaves room for so many digits of the first size */
    HEADER_MAX = 512,   /* more than 8 sizes of 19 digits need */
};

static const char magic[] = "\x93NUMPY";

/* ---- reading -------------------------------------------------------------------------------- */

static const struct {
    const char *descr;
    tgi_element kind;
} descrs[] = {
    {"<f4", TGI_F32}, {"<f8", TGI_F64}, {"<i4", TGI_I32}, {"|u1", TGI_U8},  {"|b1", TGI_BOOL},
    {"|i1", TGI_I8},  {"<i2", TGI_I16}, {"<u2", TGI_U16}, {"<i8", TGI_I64},
};
enum { DESCRS = sizeof descrs / sizeof descrs[0] };

/* What the header says. */
typedef struct layout {
    tgi_element kind;
    bool fortran;
    int ndim;
    int64_t shape[TG_MAX_NDIM];
} layout;

/* A position in the text of the header, which is followed by a 0 byte. */
typedef struct cursor {
    const tgi_source *s;
    const char *text, *at, *end;
    tg_error *err;
} cursor;

static bool fail_at(const cursor *c, const char *expected)
{
    tg_fail(c->err, TG_EFORMAT, "%s: the header is malformed: expected %s at its byte %lld",
            c->s->name, expected, (long long)(c->at - c->text));
    return false;
}

static void skip_spaces(cursor *c)
{
    while (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n') c->at++;
}

/* Skips word, if it comes next. */
static bool accept(cursor *c, const char *word)
{
    skip_spaces(c);
    const size_t n = strlen(word);
    if (strncmp(c->at, word, n) != 0) return false;
    c->at += n;
    return true;
}

/* Reads a string in single or double quotes, cut to room. */
static bool read_string(cursor *c, char *out, size_t room, const char *expected)
{
    const char *quote = accept(c, "'") ? "'" : accept(c, "\"") ? "\"" : NULL;
    if (!quote) return fail_at(c, expected);
    const size_t n = strcspn(c->at, quote), kept = n < room ? n : room - 1;
    memcpy(out, c->at, kept);
    out[kept] = '\0';
    c->at += n;
    return accept(c, quote) || fail_at(c, "a closing quote");
}

static bool read_descr(cursor *c, layout *l)
{
    char descr[16];
    if (!read_string(c, descr, sizeof descr, "the name of a dtype")) return false;
    for (int i = 0; i < DESCRS; i++) {
        if (strcmp(descr, descrs[i].descr) != 0) continue;
        l->kind = descrs[i].kind;
        return true;
    }
    for (char *p = descr; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f) *p = '?';
    tg_fail(c->err, TG_EFORMAT, "%s: dtype '%s' is not supported", c->s->name, descr);
    return false;
}

static bool read_order(cursor *c, layout *l)
{
    l->fortran = accept(c, "True");
    return l->fortran || accept(c, "False") || fail_at(c, "True or False");
}

static bool read_size(cursor *c, int64_t *size)
{
    skip_spaces(c);
    if (*c->at < '0' || *c->at > '9') return fail_at(c, "a size");
    int64_t v = 0;
    for (; *c->at >= '0' && *c->at <= '9'; c->at++) {
        const int digit = *c->at - '0';
        if (v > (INT64_MAX - digit) / 10) return fail_at(c, "a size below 2^63");
        v = 10 * v + digit;
    }
    if (*c->at == 'L') c->at++; /* as Python 2 wrote it */
    *size = v;
    return true;
}

/* A tuple: "()", "(3,)", "(2, 3)". */
static bool read_shape(cursor *c, layout *l)
{
    if (!accept(c, "(")) return fail_at(c, "a tuple of sizes");
    bool comma = true;
    l->ndim = 0;
    while (!accept(c, ")")) {
        int64_t size = 0;
        if (!comma) return fail_at(c, "',' or ')'");
        if (!read_size(c, &size)) return false;
        if (l->ndim == TG_MAX_NDIM) {
            tg_fail(c->err, TG_EFORMAT, "%s: has more than %d dimensions", c->s->name, TG_MAX_NDIM);
            return false;
        }
        l->shape[l->ndim++] = size;
        comma = accept(c, ",");
    }
    return l->ndim != 1 || comma || fail_at(c, "a tuple: (3,), not (3)");
}

/* The dictionary, its three keys in any order. */
static bool read_layout(cursor *c, layout *l)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static bool (*const readers[])(cursor *, layout *) = {read_descr, read_order, read_shape};
    bool seen[3] = {false, false, false}, comma = true;
    if (!accept(c, "{")) return fail_at(c, "'{'");
    while (!accept(c, "}")) {
        char key[16];
        int i = 0;
        if (!comma) return fail_at(c, "',' or '}'");
        if (!read_string(c, key, sizeof key, "a key")) return false;
        while (i < 3 && (seen[i] || strcmp(key, keys[i]) != 0)) i++;
        if (i == 3) return fail_at(c, "descr, fortran_order and shape once each before this");
        if (!accept(c, ":")) return fail_at(c, "':'");
        if (!readers[i](c, l)) return false;
        seen[i] = true;
        comma = accept(c, ",");
    }
    if (!seen[0] || !seen[1] || !seen[2])
        return fail_at(c, "descr, fortran_order and shape before this");
    skip_spaces(c);
    return c->at == c->end || fail_at(c, "nothing more");
}

/* Reads the header and says where it ends. */
static tg_status read_header(const tgi_source *s, layout *l, uint64_t *end, tg_error *err)
{
    uint8_t start[MAGIC_BYTES + 4] = {0};
    const size_t there = s->size < sizeof start ? (size_t)s->size : sizeof start;
    tg_status status = tgi_source_read(s, 0, start, there, err);
    if (status != TG_OK) return status;
    if (there < MAGIC_BYTES + 2 || memcmp(start, magic, 6) != 0)
        return tg_fail(err, TG_EFORMAT, "%s: not an .npy file", s->name);
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return tg_fail(err, TG_EFORMAT, "%s: .npy version %d.%d is not supported", s->name,
                       start[6], start[7]);
    const unsigned width = start[6] == 1 ? 2 : 4;
    const uint64_t from = MAGIC_BYTES + width, length = tgi_little(start + MAGIC_BYTES, width);
    *end = from + length;
    if (*end > s->size)
        return tg_fail(err, TG_EFORMAT,
                       "%s: the header is said to end at byte %llu, the file has %llu", s->name,
                       (unsigned long long)*end, (unsigned long long)s->size);
    char *text = tg_malloc((size_t)length + 1);
    if (!text) return tg_fail(err, TG_ENOMEM, "cannot read '%s': out of memory", s->name);
    text[length] = '\0';
    cursor c = {s, text, text, text + length, err};
    status = tgi_source_read(s, from, text, (size_t)length, err);
    if (status == TG_OK && !read_layout(&c, l)) status = TG_EFORMAT;
    tg_free(text);
    return status;
}

/* x with its axes reversed, as a row-major leaf; takes ownership of x. */
static tg_tensor *reverse_axes(tg_tensor *x, tg_error *err)
{
    int64_t shape[TG_MAX_NDIM], strides[TG_MAX_NDIM];
    for (int i = 0; i < x->ndim; i++) {
        shape[i] = x->shape[x->ndim - 1 - i];
        strides[i] = x->strides[x->ndim - 1 - i];
    }
    tg_tensor *view = tg_tensor_view(x, x->ndim, shape, strides, 0, err);
    tg_tensor *y = view ? tg_tensor_clone(view, err) : NULL;
    tg_tensor_free(view);
    tg_tensor_free(x);
    return y;
}

tg_tensor *tgi_npy_read(const tgi_source *s, tg_error *err)
{
    layout l = {TGI_F32, false, 0, {0}};
    uint64_t end = 0;
    if (read_header(s, &l, &end, err) != TG_OK) return NULL;
    const bool reversed = l.fortran && l.ndim > 1;
    for (int i = 0; reversed && i < l.ndim / 2; i++) {
        const int64_t held = l.shape[i];
        l.shape[i] = l.shape[l.ndim - 1 - i];
        l.shape[l.ndim - 1 - i] = held;
    }
    tg_tensor *x = tgi_source_tensor(s, end, l.kind, false, l.ndim, l.shape, err);
    return x && reversed ? reverse_axes(x, err) : x;
}

tg_tensor *tg_npy_load(const char *path, tg_error *err)
{
    tgi_source s;
    if (tgi_source_open(&s, path, err) != TG_OK) return NULL;
    tg_tensor *x = tgi_npy_read(&s, err);
    tgi_source_close(&s);
    return x;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Writes everything before the elements, padded as in NumPy; returns its length. */
static size_t make_header(const tg_tensor *x, char out[HEADER_MAX])
{
    static const char *const names[] = {"<f4", "<f8", "<i4", "|u1"};
    const int text = MAGIC_BYTES + 2;
    int n = text;
    n += snprintf(out + n, (size_t)(HEADER_MAX - n),
                  "{'descr': '%s', 'fortran_order': False, 'shape': (", names[x->dtype]);
    int first = GROWTH_DIGITS;
    for (int i = 0; i < x->ndim; i++) {
        const int digits = snprintf(out + n, (size_t)(HEADER_MAX - n), "%s%lld", i ? ", " : "",
                                    (long long)x->shape[i]);
        if (i == 0) first = digits;
        n += digits;
    }
    n += snprintf(out + n, (size_t)(HEADER_MAX - n), "%s", x->ndim == 1 ? ",), }" : "), }");
    for (; first < GROWTH_DIGITS; first++) out[n++] = ' ';
    do out[n++] = ' ';
    while (n % ALIGNMENT != ALIGNMENT - 1);
    out[n++] = '\n';
    memcpy(out, magic, 6);
    out[6] = 1;
    out[7] = 0;
    out[8] = (char)((n - text) & 0xff);
    out[9] = (char)((n - text) >> 8);
    return (size_t)n;
}

/* One element in little-endian order. */
static void put_element(uint8_t *to, const uint8_t *from, size_t width)
{
    uint32_t low = 0;
    uint64_t v = 0;
    if (width == 1) {
        *to = *from;
        return;
    }
    if (width == 4) {
        memcpy(&low, from, 4);
        v = low;
    } else {
        memcpy(&v, from, 8);
    }
    for (size_t i = 0; i < width; i++) to[i] = (uint8_t)(v >> 8 * i);
}

void tgi_npy_emit(const tg_tensor *x, void (*put)(void *to, const void *data, size_t n), void *to)
{
    char header[HEADER_MAX];
    put(to, header, make_header(x, header));
    const size_t width = tg_dtype_size(x->dtype);
    uint8_t bytes[8192];
    size_t used = 0;
    int64_t index[TG_MAX_NDIM] = {0}, offset = 0;
    for (int64_t i = 0; i < x->size; i++) {
        put_element(bytes + used, (const uint8_t *)x->data + offset * (int64_t)width, width);
        used += width;
        if (used == sizeof bytes) {
            put(to, bytes, used);
            used = 0;
        }
        for (int axis = x->ndim - 1; axis >= 0; axis--) { /* to the next in row-major order */
            offset += x->strides[axis];
            if (++index[axis] < x->shape[axis]) break;
            offset -= index[axis] * x->strides[axis];
            index[axis] = 0;
        }
    }
    put(to, bytes, used);
}

static void put_in_sink(void *to, const void *data, size_t n) { tgi_sink_bytes(to, data, n); }

tg_status tg_npy_save(const char *path, const tg_tensor *x, tg_error *err)
{
    if (!path || !x) return tg_fail(err, TG_EARG, "npy_save: %s is NULL", path ? "x" : "path");
    tgi_sink sink;
    tgi_sink_open(&sink, path);
    tgi_npy_emit(x, put_in_sink, &sink);
    return tgi_sink_close(&sink, err);
}
