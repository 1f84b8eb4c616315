/* source.c - reads files whose headers cannot be trusted, and turns their elements into tensors. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "src/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph/storage.h"
#include "tapegrad/alloc.h"

enum {
    SHOWN_PATH = 90,         /* bytes of the path in a name that ends with that of a member */
    READ_MAX = 1 << 30,      /* bytes per call: some systems refuse more than INT_MAX */
    STREAM_FIRST = 1 << 16,  /* bytes of the first block for a pipe, which doubles when full */
    STREAM_MAX = 1 << 30,    /* its limit, because /dev/zero would never end */
    CONVERT_ELEMENTS = 1024, /* converted at a time */
};

/* No file is larger than this, and elements that become four times as wide still fit a tensor. */
static const uint64_t BYTES_MAX = UINT64_C(1) << 58;

/* strerror_r returns an int in POSIX and a char * in GNU. Which of them is declared depends on
 * macros that a build may set for all files. */
static const char *posix_text(int rc, const char *text) { return rc ? "unknown error" : text; }
static const char *gnu_text(const char *rc, const char *text) { return rc ? rc : text; }
#define ERROR_TEXT(rc, text) _Generic((rc), int : posix_text, char * : gnu_text)((rc), (text))

static tg_status fail_errno(const tgi_source *s, const char *verb, int number, tg_error *err)
{
    char text[96] = "";
    const char *reason = ERROR_TEXT(strerror_r(number, text, sizeof text), text);
    return tg_fail(err, TG_EIO, "cannot %s '%s': %s", verb, s->name, reason);
}

/* Copies text to out for a message: as much of its end as fits, on one line. */
static void shorten(char *out, size_t room, const char *text)
{
    const size_t length = strlen(text);
    if (length >= room) {
        memcpy(out, "...", 3);
        memcpy(out + 3, text + (length - (room - 4)), room - 3);
    } else {
        memcpy(out, text, length + 1);
    }
    for (; *out; out++)
        if ((unsigned char)*out < ' ' || *out == 0x7f) *out = '?';
}

/* Reads everything from the descriptor into memory. */
static tg_status read_stream(tgi_source *s, tg_error *err)
{
    size_t room = 0, used = 0;
    for (;;) {
        if (used == room) {
            if (room == STREAM_MAX)
                return tg_fail(err, TG_EFORMAT, "%s: not a regular file, and longer than %d bytes",
                               s->name, STREAM_MAX);
            room = room ? 2 * room : STREAM_FIRST;
            uint8_t *grown = tg_realloc_array(s->memory, room, 1);
            if (!grown) return tg_fail(err, TG_ENOMEM, "cannot read '%s': out of memory", s->name);
            s->memory = grown;
        }
        const ssize_t done = read(s->fd, s->memory + used, room - used);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail_errno(s, "read", errno, err);
        if (done == 0) break;
        used += (size_t)done;
    }
    s->size = used;
    return TG_OK;
}

static tg_status measure(tgi_source *s, tg_error *err)
{
    struct stat now;
    if (fstat(s->fd, &now) != 0) return fail_errno(s, "open", errno, err);
    if (S_ISDIR(now.st_mode)) return fail_errno(s, "open", EISDIR, err);
    /* files that the system generates, as in /proc, have the size 0 */
    if (!S_ISREG(now.st_mode) || now.st_size <= 0) return read_stream(s, err);
    s->size = (uint64_t)now.st_size;
    return TG_OK;
}

tg_status tgi_source_open(tgi_source *s, const char *path, tg_error *err)
{
    *s = (tgi_source){.fd = -1};
    if (!path) return tg_fail(err, TG_EARG, "cannot open a file: its path is NULL");
    shorten(s->name, sizeof s->name, path);
    do s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (s->fd < 0 && errno == EINTR);
    if (s->fd < 0) return fail_errno(s, "open", errno, err);
    const tg_status status = measure(s, err);
    if (status != TG_OK) tgi_source_close(s);
    return status;
}

void tgi_source_close(tgi_source *s)
{
    if (s->fd >= 0) (void)close(s->fd);
    tg_free(s->memory);
    *s = (tgi_source){.fd = -1};
}

tg_status tgi_source_read(const tgi_source *s, uint64_t offset, void *data, size_t n, tg_error *err)
{
    if (offset > s->size || n > s->size - offset)
        return tg_fail(err, TG_EFORMAT, "%s: ends after %llu bytes, %zu more are missing", s->name,
                       (unsigned long long)s->size, n - (size_t)(s->size - offset));
    uint8_t *to = data;
    offset += s->start;
    if (s->memory) {
        if (n > 0) memcpy(to, s->memory + offset, n);
        return TG_OK;
    }
    while (n > 0) {
        const ssize_t done = pread(s->fd, to, n < READ_MAX ? n : READ_MAX, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail_errno(s, "read", errno, err);
        if (done == 0)
            return tg_fail(err, TG_EIO, "cannot read '%s': it was truncated while it was read",
                           s->name);
        to += done;
        offset += (uint64_t)done;
        n -= (size_t)done;
    }
    return TG_OK;
}

tgi_source tgi_source_part(const tgi_source *s, uint64_t offset, uint64_t size, const char *member)
{
    tgi_source part = *s;
    part.start += offset;
    part.size = size;
    shorten(part.name, SHOWN_PATH, s->name);
    const size_t used = strlen(part.name);
    memcpy(part.name + used, ": ", 2);
    shorten(part.name + used + 2, sizeof part.name - used - 2, member);
    return part;
}

/* ---- elements ------------------------------------------------------------------------------- */

static const struct {
    unsigned width; /* bytes in the file */
    tg_dtype dtype; /* in memory */
} kinds[] = {
    [TGI_F32] = {4, TG_F32}, [TGI_F64] = {8, TG_F64}, [TGI_I32] = {4, TG_I32},
    [TGI_U8] = {1, TG_U8},   [TGI_BOOL] = {1, TG_U8}, [TGI_I8] = {1, TG_I32},
    [TGI_I16] = {2, TG_I32}, [TGI_U16] = {2, TG_I32}, [TGI_I64] = {8, TG_I32},
};

/* Checks, before memory is allocated, that the elements of this shape end where the file does.
 * Every shape that a tensor can have is accepted, also an empty one whose other sizes are large. */
static tg_status check_size(const tgi_source *s, uint64_t offset, tgi_element kind, int ndim,
                            const int64_t *shape, tg_error *err)
{
    const unsigned width = kinds[kind].width;
    int64_t size = 0;
    for (int i = 0; i < ndim; i++)
        if (shape[i] < 0) return tg_fail(err, TG_EFORMAT, "%s: a negative size", s->name);
    if (tgi_shape_size("", ndim, shape, kinds[kind].dtype, &size, NULL) ||
        (uint64_t)size > BYTES_MAX / width)
        return tg_fail(err, TG_EFORMAT,
                       "%s: the header asks for more bytes than any file has, this one has %llu",
                       s->name, (unsigned long long)s->size);
    const uint64_t promised = offset + (uint64_t)size * width;
    if (promised != s->size)
        return tg_fail(err, TG_EFORMAT, "%s: the header asks for %llu bytes, the file has %llu",
                       s->name, (unsigned long long)promised, (unsigned long long)s->size);
    return TG_OK;
}

/* Converts numbers in place from the file's byte order to this machine's. */
static void reorder(uint8_t *p, int64_t n, unsigned width, bool big_endian)
{
    for (; width == 4 && n > 0; n--, p += 4) {
        const uint32_t v = (uint32_t)(big_endian ? tgi_big(p, 4) : tgi_little(p, 4));
        memcpy(p, &v, 4);
    }
    for (; width == 8 && n > 0; n--, p += 8) {
        const uint64_t v = big_endian ? tgi_big(p, 8) : tgi_little(p, 8);
        memcpy(p, &v, 8);
    }
}

static tg_status convert(const tgi_source *s, uint64_t offset, tgi_element kind, bool big_endian,
                         tg_tensor *y, tg_error *err)
{
    const unsigned width = kinds[kind].width;
    const uint64_t sign = kind == TGI_U16 ? 0 : UINT64_C(1) << (8 * width - 1);
    uint8_t bytes[8 * CONVERT_ELEMENTS];
    for (int64_t i = 0; i < y->size; i++) {
        const int64_t k = i % CONVERT_ELEMENTS, left = y->size - i;
        if (k == 0) {
            const size_t n = width * (size_t)(left < CONVERT_ELEMENTS ? left : CONVERT_ELEMENTS);
            const tg_status status = tgi_source_read(s, offset, bytes, n, err);
            if (status != TG_OK) return status;
            offset += n;
        }
        const uint8_t *p = bytes + width * (size_t)k;
        const uint64_t u = big_endian ? tgi_big(p, width) : tgi_little(p, width);
        if (kind == TGI_BOOL) {
            ((uint8_t *)y->data)[i] = u != 0;
            continue;
        }
        const int64_t v = (int64_t)((u ^ sign) - sign);
        if (v < INT32_MIN || v > INT32_MAX)
            return tg_fail(err, TG_EFORMAT, "%s: element %lld is %lld, which i32 cannot hold",
                           s->name, (long long)i, (long long)v);
        ((int32_t *)y->data)[i] = (int32_t)v;
    }
    return TG_OK;
}

tg_tensor *tgi_source_tensor(const tgi_source *s, uint64_t offset, tgi_element kind,
                             bool big_endian, int ndim, const int64_t *shape, tg_error *err)
{
    const unsigned width = kinds[kind].width;
    if (check_size(s, offset, kind, ndim, shape, err) != TG_OK) return NULL;
    tg_tensor *y = tg_tensor_new(kinds[kind].dtype, ndim, shape, err);
    if (!y) return NULL;
    tg_status status;
    if (kind <= TGI_U8) {
        status = tgi_source_read(s, offset, y->data, width * (size_t)y->size, err);
        if (status == TG_OK) reorder(y->data, y->size, width, big_endian);
    } else {
        status = convert(s, offset, kind, big_endian, y, err);
    }
    if (status == TG_OK) return y;
    tg_tensor_free(y);
    return NULL;
}

tg_status tgi_source_crc(const tgi_source *s, uint64_t offset, uint64_t n, const tgi_crc *c,
                         uint32_t *crc, tg_error *err)
{
    uint8_t bytes[1 << 14];
    *crc = 0;
    while (n > 0) {
        const size_t piece = n < sizeof bytes ? (size_t)n : sizeof bytes;
        const tg_status status = tgi_source_read(s, offset, bytes, piece, err);
        if (status != TG_OK) return status;
        *crc = tgi_crc_update(c, *crc, bytes, piece);
        offset += piece;
        n -= piece;
    }
    return TG_OK;
}
