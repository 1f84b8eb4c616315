/* source.h - reads files whose headers may lie, and the number formats found in them (internal).
 *
 * A regular file is read in ranges, straight to where the bytes are wanted; anything else (a
 * pipe, a device) is taken into memory first.  No read goes beyond what is there, and no
 * tensor is made before the file is known to hold its elements. */
#ifndef TAPEGRAD_SRC_SOURCE_H
#define TAPEGRAD_SRC_SOURCE_H

#include "tapegrad/tensor.h"

typedef struct tgi_source {
    uint64_t size;   /* bytes that can be read: all there are */
    char name[148];  /* the path for messages, its head cut where it is long */
    uint64_t start;  /* of a part: where it begins in the file */
    uint8_t *memory; /* what was no regular file; else NULL */
    int fd;          /* -1 when not open */
} tgi_source;

/* Opens path.  TG_EIO ("cannot open 'x.npy': No such file or directory", also for a directory),
 * TG_ENOMEM, TG_EFORMAT for a pipe or device that gives 1 GiB or more, TG_EARG for NULL.  Only a
 * successful open needs its close. */
tg_status tgi_source_open(tgi_source *s, const char *path, tg_error *err);
void tgi_source_close(tgi_source *s);

/* data = the n bytes at offset.  TG_EFORMAT where they are not all there, TG_EIO. */
tg_status tgi_source_read(const tgi_source *s, uint64_t offset, void *data, size_t n,
                          tg_error *err);

/* A file within a file: `size` bytes of s at offset, both checked by the caller, known in messages
 * as "s: member".  Reads from s; is not closed. */
tgi_source tgi_source_part(const tgi_source *s, uint64_t offset, uint64_t size, const char *member);

/* ---- elements ------------------------------------------------------------------------------- */

/* The kinds of element that files hold: those of a tensor, then those that become u8 (bool) or
 * i32 (the rest). */
typedef enum tgi_element {
    TGI_F32,
    TGI_F64,
    TGI_I32,
    TGI_U8,
    TGI_BOOL,
    TGI_I8,
    TGI_I16,
    TGI_U16,
    TGI_I64
} tgi_element;

/* A leaf of that shape from the elements at offset, which reach exactly to the end of s.  NULL on
 * failure: TG_EFORMAT (a size that differs from the file's, an i64 beyond i32), TG_EIO, TG_ENOMEM.
 */
tg_tensor *tgi_source_tensor(const tgi_source *s, uint64_t offset, tgi_element kind,
                             bool big_endian, int ndim, const int64_t *shape, tg_error *err);

/* The unsigned number in `width` bytes, 1 to 8. */
static inline uint64_t tgi_little(const uint8_t *p, unsigned width)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++) v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static inline uint64_t tgi_big(const uint8_t *p, unsigned width)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++) v = v << 8 | p[i];
    return v;
}

/* ---- CRC-32, reflected, polynomial 0xedb88320 (as in zip, gzip and PNG) --------------------- */

/* t[k][b]: the remainder of byte b followed by k zero bytes, so that eight bytes are one step. */
typedef struct tgi_crc {
    uint32_t t[8][256];
} tgi_crc;

void tgi_crc_init(tgi_crc *c);

/* The sum of what gave crc (0 for nothing), followed by n bytes at p. */
uint32_t tgi_crc_update(const tgi_crc *c, uint32_t crc, const uint8_t *p, size_t n);

/* The sum of the n bytes of s at offset. */
tg_status tgi_source_crc(const tgi_source *s, uint64_t offset, uint64_t n, const tgi_crc *c,
                         uint32_t *crc, tg_error *err);

/* ---- the .npy format inside other files ----------------------------------------------------- */

/* The tensor in s, which is one whole .npy file. */
tg_tensor *tgi_npy_read(const tgi_source *s, tg_error *err);

/* Hands the bytes of x's .npy file to put, piece by piece.  Cannot fail. */
void tgi_npy_emit(const tg_tensor *x, void (*put)(void *to, const void *data, size_t n), void *to);

#endif
