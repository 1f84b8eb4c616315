/* npz.c - a dict in NumPy's .npz format: a zip archive of stored .npy members.
 *
 * A zip archive consists of the members, each a local header and its bytes; the central directory,
 * which has an entry for each member; and the end record, which says where the directory is. A
 * number that does not fit in 32 bits is written as 0xffffffff, and in 64 bits in an extra field
 * (zip64). */
#include "tapegrad/npy.h"

#include <limits.h>
#include <string.h>

#include "graph/text.h"
#include "src/file/npy.h"
#include "src/file/sink.h"
#include "src/file/source.h"
#include "tapegrad/alloc.h"

enum {
    LOCAL_MARK = 0x04034b50,
    ENTRY_MARK = 0x02014b50,
    END_MARK = 0x06054b50,
    END64_MARK = 0x06064b50,
    LOCATOR_MARK = 0x07064b50,
    LOCAL_BYTES = 30,
    ENTRY_BYTES = 46,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    STORED = 0,          /* the method of a member that is not compressed */
    NAME_ROOM = 1 << 16, /* a name has up to 65535 bytes */
    ZIP64_EXTRA = 1,     /* the tag of the extra field */
    FIRST_OF_1980 = 33,  /* the earliest date; always the same, so equal dicts give equal files */
};

static const uint32_t FULL32 = 0xffffffffu; /* "look in the extra field" */
static const uint32_t FULL16 = 0xffffu;

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct archive {
    tgi_source source;
    uint64_t at, size, count; /* the central directory: offset, bytes, entries */
    uint64_t claimed;         /* bytes of the members seen so far */
    tgi_crc crc;
    tg_error *err;
} archive;

/* What the directory says about a member. */
typedef struct member {
    const uint8_t *name; /* in the directory, without a 0 byte at its end */
    uint64_t name_bytes, size, stored, local;
    uint32_t crc;
    unsigned flags, method;
} member;

static tg_status fail(const archive *a, const char *what)
{
    return tg_fail(a->err, TG_EFORMAT, "%s: %s", a->source.name, what);
}

/* Reads the 64-bit end record, if there is one. Its locator is just before the 32-bit end record,
 * which begins at end. */
static tg_status read_end64(archive *a, uint64_t end)
{
    uint8_t b[END64_BYTES];
    if (end < LOCATOR_BYTES) return TG_OK;
    tg_status status = tgi_source_read(&a->source, end - LOCATOR_BYTES, b, LOCATOR_BYTES, a->err);
    if (status != TG_OK || tgi_little(b, 4) != LOCATOR_MARK) return status;
    const uint64_t at = tgi_little(b + 8, 8);
    if (end - LOCATOR_BYTES < END64_BYTES || at > end - LOCATOR_BYTES - END64_BYTES)
        return fail(a, "the zip64 end record is said to lie outside the file");
    status = tgi_source_read(&a->source, at, b, END64_BYTES, a->err);
    if (status != TG_OK) return status;
    if (tgi_little(b, 4) != END64_MARK) return fail(a, "the zip64 end record is missing");
    a->count = tgi_little(b + 32, 8);
    a->size = tgi_little(b + 40, 8);
    a->at = tgi_little(b + 48, 8);
    return TG_OK;
}

/* Finds the directory with the end record, which a comment of up to 65535 bytes may follow. */
static tg_status find_directory(archive *a)
{
    const uint64_t size = a->source.size, most = END_BYTES + FULL16;
    const size_t n = (size_t)(size < most ? size : most);
    uint8_t *tail = tg_malloc(n);
    if (!tail) return tg_fail(a->err, TG_ENOMEM, "cannot read '%s': out of memory", a->source.name);
    tg_status status = tgi_source_read(&a->source, size - n, tail, n, a->err);
    size_t i = n;
    const uint8_t *found = NULL;
    while (status == TG_OK && !found && i-- > 0)
        if (n - i >= END_BYTES && tgi_little(tail + i, 4) == END_MARK &&
            tgi_little(tail + i + 20, 2) == n - i - END_BYTES)
            found = tail + i;
    const uint64_t end = size - n + i;
    if (found) {
        a->count = tgi_little(found + 10, 2);
        a->size = tgi_little(found + 12, 4);
        a->at = tgi_little(found + 16, 4);
        if (a->count == FULL16 || a->size == FULL32 || a->at == FULL32) status = read_end64(a, end);
    } else if (status == TG_OK) {
        status = fail(a, "not an .npz file: no zip directory at its end");
    }
    tg_free(tail);
    if (status != TG_OK) return status;
    if (a->at > end || a->size > end - a->at)
        return fail(a, "the zip directory is said to lie outside the file");
    return TG_OK;
}

/* Replaces the numbers of m that are 0xffffffff by those of the zip64 extra field. */
static bool read_extra(member *m, const uint8_t *p, uint64_t n)
{
    uint64_t *const wanted[] = {&m->size, &m->stored, &m->local};
    while (n >= 4) {
        const uint64_t tag = tgi_little(p, 2), length = tgi_little(p + 2, 2);
        if (length > n - 4) return false;
        if (tag == ZIP64_EXTRA) {
            uint64_t used = 0;
            for (int i = 0; i < 3; i++) {
                if (*wanted[i] != FULL32) continue;
                if (length - used < 8) return false;
                *wanted[i] = tgi_little(p + 4 + used, 8);
                used += 8;
            }
            return true;
        }
        p += 4 + length;
        n -= 4 + length;
    }
    return true;
}

/* Reads the entry at p, of which n bytes are left in the directory. Returns its length, or 0
 * after a failure. */
static uint64_t read_entry(const archive *a, const uint8_t *p, uint64_t n, member *m)
{
    if (n < ENTRY_BYTES || tgi_little(p, 4) != ENTRY_MARK) {
        fail(a, "the zip directory is damaged");
        return 0;
    }
    const uint64_t extra = tgi_little(p + 30, 2), comment = tgi_little(p + 32, 2);
    *m = (member){.name = p + ENTRY_BYTES,
                  .name_bytes = tgi_little(p + 28, 2),
                  .size = tgi_little(p + 24, 4),
                  .stored = tgi_little(p + 20, 4),
                  .local = tgi_little(p + 42, 4),
                  .crc = (uint32_t)tgi_little(p + 16, 4),
                  .flags = (unsigned)tgi_little(p + 8, 2),
                  .method = (unsigned)tgi_little(p + 10, 2)};
    const uint64_t length = ENTRY_BYTES + m->name_bytes + extra + comment;
    if (length > n || !read_extra(m, m->name + m->name_bytes, extra)) {
        fail(a, "the zip directory is damaged");
        return 0;
    }
    return length;
}

/* Finds the bytes of a member, which follow its local header. name is its name with a 0 byte at
 * the end; local_name has room for the name in the local header, which must be the same. */
static tg_status find_member(archive *a, const member *m, const char *name, char *local_name,
                             tgi_source *part)
{
    const tgi_source *s = &a->source;
    *part = tgi_source_part(s, 0, 0, name);
    if (m->flags & 1) return tg_fail(a->err, TG_EFORMAT, "%s: is encrypted", part->name);
    if (m->method != STORED)
        return tg_fail(a->err, TG_EFORMAT,
                       "%s: is compressed (method %u); save with numpy.savez, not savez_compressed",
                       part->name, m->method);
    uint8_t local[LOCAL_BYTES] = {0};
    const uint64_t limit = a->at; /* members come before the directory */
    if (m->local > limit || limit - m->local < LOCAL_BYTES)
        return tg_fail(a->err, TG_EFORMAT, "%s: is said to lie outside the file", part->name);
    const size_t named = (size_t)m->name_bytes;
    tg_status status = tgi_source_read(s, m->local, local, sizeof local, a->err);
    if (status == TG_OK)
        status = tgi_source_read(s, m->local + LOCAL_BYTES, local_name, named, a->err);
    if (status != TG_OK) return status;
    if (tgi_little(local, 4) != LOCAL_MARK || tgi_little(local + 26, 2) != named ||
        memcmp(local_name, name, named) != 0)
        return tg_fail(a->err, TG_EFORMAT, "%s: has no local header with its name", part->name);
    /* members may not share bytes, or a small file could fill the memory */
    const uint64_t at = m->local + LOCAL_BYTES + named + tgi_little(local + 28, 2);
    if (m->size != m->stored || at > limit || m->size > limit - at || m->size > limit - a->claimed)
        return tg_fail(a->err, TG_EFORMAT, "%s: its size of %llu bytes does not fit the archive",
                       part->name, (unsigned long long)m->size);
    a->claimed += m->size;
    *part = tgi_source_part(s, at, m->size, name);
    return TG_OK;
}

static tg_status check_crc(const archive *a, const tgi_source *part, uint32_t expected)
{
    uint32_t crc;
    const tg_status status = tgi_source_crc(part, 0, part->size, &a->crc, &crc, a->err);
    if (status != TG_OK || crc == expected) return status;
    return tg_fail(a->err, TG_EFORMAT,
                   "%s: is damaged: its CRC-32 is %08x, the directory says %08x", part->name,
                   (unsigned)crc, (unsigned)expected);
}

/* Adds a member to d. name has room for two names. */
static tg_status load_member(archive *a, const member *m, char *name, tg_dict *d)
{
    memcpy(name, m->name, (size_t)m->name_bytes);
    name[m->name_bytes] = '\0';
    tgi_source part;
    tg_status status = find_member(a, m, name, name + NAME_ROOM, &part);
    if (status == TG_OK) status = check_crc(a, &part, m->crc);
    if (status != TG_OK) return status;
    size_t length = strlen(name);
    if (length != m->name_bytes) return fail(a, "a member has a name with a 0 byte");
    if (length >= 4 && strcmp(name + length - 4, ".npy") == 0) name[length - 4] = '\0';
    if (tg_dict_find(d, name) >= 0)
        return tg_fail(a->err, TG_EFORMAT, "%s: there are two members of that name", part.name);
    tg_tensor *x = tgi_npy_read(&part, a->err);
    return x ? tg_dict_take(d, name, x, a->err) : TG_EFORMAT;
}

static tg_status load_members(archive *a, tg_dict *d)
{
    tg_status status = find_directory(a);
    if (status != TG_OK) return status;
    uint8_t *directory = tg_malloc((size_t)a->size);
    char *name = tg_malloc(2 * NAME_ROOM);
    if (!directory || !name)
        status = tg_fail(a->err, TG_ENOMEM, "cannot read '%s': out of memory", a->source.name);
    else
        status = tgi_source_read(&a->source, a->at, directory, (size_t)a->size, a->err);
    uint64_t at = 0, seen = 0;
    while (status == TG_OK && at < a->size) {
        member m;
        const uint64_t length = read_entry(a, directory + at, a->size - at, &m);
        status = length ? load_member(a, &m, name, d) : TG_EFORMAT;
        at += length;
        seen++;
    }
    if (status == TG_OK && seen != a->count)
        status = fail(
            a, "the zip directory does not have the number of entries that the end record says");
    tg_free(name);
    tg_free(directory);
    return status;
}

tg_dict *tg_npz_load(const char *path, tg_error *err)
{
    archive a = {.err = err};
    if (tgi_source_open(&a.source, path, err) != TG_OK) return NULL;
    tgi_crc_init(&a.crc);
    tg_dict *d = tg_dict_new();
    if (!d) tg_fail(err, TG_ENOMEM, "cannot read '%s': out of memory", a.source.name);
    if (d && load_members(&a, d) != TG_OK) {
        tg_dict_free(d);
        d = NULL;
    }
    tgi_source_close(&a.source);
    return d;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A record of the archive while it is written. */
typedef struct record {
    uint8_t bytes[128];
    size_t n;
} record;

/* Appends one number for each digit of widths, which says in how many bytes. */
static void add(record *r, const char *widths, const uint64_t *values)
{
    for (; *widths; widths++, values++)
        for (int i = 0; i < *widths - '0'; i++) r->bytes[r->n++] = (uint8_t)(*values >> 8 * i);
}
#define ADD(r, widths, ...) add((r), (widths), (const uint64_t[]){__VA_ARGS__})

static uint64_t cut32(uint64_t value) { return value < FULL32 ? value : FULL32; }
static uint64_t cut16(uint64_t value) { return value < FULL16 ? value : FULL16; }

/* A member that is written. */
typedef struct written {
    const tgi_crc *tables;
    const char *key;
    uint64_t local, size;
    uint32_t crc;
} written;

static void measure(void *to, const void *data, size_t n)
{
    written *w = to;
    w->size += n;
    w->crc = tgi_crc_update(w->tables, w->crc, data, n);
}

/* Adds the fields that a local header and an entry of the directory have in common: from the
 * version of zip that is needed to the length of the extra field. */
static void add_common(record *r, const written *w, bool zip64, uint64_t extra)
{
    uint64_t flags = 0;
    for (const char *p = w->key; *p; p++)
        if ((unsigned char)*p >= 0x80) flags = 1u << 11; /* the name is UTF-8 */
    ADD(r, "22222", zip64 ? 45 : 20, flags, STORED, 0, FIRST_OF_1980);
    ADD(r, "44422", w->crc, cut32(w->size), cut32(w->size), strlen(w->key) + 4, extra);
}

static void write_named(tgi_sink *sink, record *r, size_t fixed, const char *key)
{
    tgi_sink_bytes(sink, r->bytes, fixed);
    tgi_sink_text(sink, key);
    tgi_sink_text(sink, ".npy");
    tgi_sink_bytes(sink, r->bytes + fixed, r->n - fixed);
}

static void put_in_sink(void *to, const void *data, size_t n) { tgi_sink_bytes(to, data, n); }

static void write_member(tgi_sink *sink, written *w, const tg_tensor *x)
{
    w->local = sink->size;
    tgi_npy_emit(x, measure, w);
    record r = {{0}, 0};
    const bool large = w->size >= FULL32;
    ADD(&r, "4", LOCAL_MARK);
    add_common(&r, w, large, large ? 20 : 0);
    if (large) ADD(&r, "2288", ZIP64_EXTRA, 16, w->size, w->size);
    write_named(sink, &r, LOCAL_BYTES, w->key);
    tgi_npy_emit(x, put_in_sink, sink);
}

static void write_entry(tgi_sink *sink, const written *w)
{
    record r = {{0}, 0};
    const bool large = w->size >= FULL32, far = w->local >= FULL32;
    const uint64_t extra = (large ? 16u : 0u) + (far ? 8u : 0u);
    ADD(&r, "42", ENTRY_MARK, large || far ? 45 : 20);
    add_common(&r, w, large || far, extra ? extra + 4 : 0);
    ADD(&r, "22244", 0, 0, 0, 0, cut32(w->local)); /* no comment, disk 0, no attributes */
    if (extra) ADD(&r, "22", ZIP64_EXTRA, extra);
    if (large) ADD(&r, "88", w->size, w->size);
    if (far) ADD(&r, "8", w->local);
    write_named(sink, &r, ENTRY_BYTES, w->key);
}

static void write_end(tgi_sink *sink, uint64_t at, uint64_t count)
{
    record r = {{0}, 0};
    const uint64_t end = sink->size, size = end - at;
    if (count >= FULL16 || size >= FULL32 || at >= FULL32) {
        ADD(&r, "482244", END64_MARK, END64_BYTES - 12, 45, 45, 0, 0); /* versions, disks */
        ADD(&r, "8888", count, count, size, at);
        ADD(&r, "4484", LOCATOR_MARK, 0, end, 1); /* disk 0 of 1 */
    }
    ADD(&r, "422", END_MARK, 0, 0);
    ADD(&r, "22442", cut16(count), cut16(count), cut32(size), cut32(at), 0);
    tgi_sink_bytes(sink, r.bytes, r.n);
}

tg_status tg_npz_save(const char *path, const tg_dict *d, tg_error *err)
{
    if (!path || !d) return tg_fail(err, TG_EARG, "npz_save: %s is NULL", path ? "dict" : "path");
    const int count = tg_dict_size(d);
    for (int i = 0; i < count; i++) {
        const char *key = tg_dict_key(d, i);
        if (strlen(key) > FULL16 - 4)
            return tg_fail(err, TG_EARG, "npz_save: key %d has more than %u bytes", i, FULL16 - 4);
        if (!tgi_is_utf8(key))
            return tg_fail(err, TG_EARG, "npz_save: key %d, '%s', is not UTF-8", i, key);
    }
    tgi_crc tables;
    tgi_crc_init(&tables);
    written *members = tg_calloc((size_t)count, sizeof *members);
    if (!members) return tg_fail(err, TG_ENOMEM, "npz_save: out of memory");
    tgi_sink sink;
    tgi_sink_open(&sink, path);
    for (int i = 0; i < count; i++) {
        members[i] = (written){.tables = &tables, .key = tg_dict_key(d, i)};
        write_member(&sink, &members[i], tg_dict_at(d, i));
    }
    const uint64_t at = sink.size;
    for (int i = 0; i < count; i++) write_entry(&sink, &members[i]);
    write_end(&sink, at, (uint64_t)count);
    tg_free(members);
    return tgi_sink_close(&sink, err);
}
