/* source.h - reads files whose headers cannot be trusted, and the numbers in them (internal).
 *
 * A regular file is read in ranges, directly into the caller's memory. Anything else, such as a
 * pipe or a device, is first read into memory. No read goes beyond the end, and no tensor is
 * allocated before the file is known to hold all of its elements. */
#ifndef TAPEGRAD_SRC_SOURCE_H
#define TAPEGRAD_SRC_SOURCE_H

#include "src/file/crc.h"
#include "tapegrad/tensor.h"

typedef struct tgi_source {
    uint64_t size;   /* in bytes */
    char name[148];  /* the path for messages; the start of a long path is cut */
    uint64_t start;  /* of a part: its offset in the file */
    uint8_t *memory; /* the bytes, if it is not a regular file; otherwise NULL */
    int fd;          /* -1 when not open */
} tgi_source;

/* Opens path. TG_EIO ("cannot open 'x.npy': No such file or directory", also for a directory),
 * TG_ENOMEM, TG_EFORMAT for a pipe or device with more than 1 GiB, TG_EARG for NULL. Only a
 * successful open needs a close. */
tg_status tgi_source_open(tgi_source *s, const char *path, tg_error *err);
void tgi_source_close(tgi_source *s);

/* Reads the n bytes at offset into data. TG_EFORMAT if the file ends before them, TG_EIO. */
tg_status tgi_source_read(const tgi_source *s, uint64_t offset, void *data, size_t n,
                          tg_error *err);

/* A file within a file: `size` bytes of s at offset, which the caller has checked. Messages call
 * it "s: member". It reads from s and is not closed. */
tgi_source tgi_source_part(const tgi_source *s, uint64_t offset, uint64_t size, const char *member);

/* ---- elements ------------------------------------------------------------------------------- */

/* The types of elements in files. The first four are also the dtypes of tensors; bool becomes u8
 * and the others become i32. */
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

/* Reads the elements at offset, which must extend exactly to the end of s, into a new leaf. NULL
 * on failure: TG_EFORMAT (a size that differs from the file's, an i64 beyond i32), TG_EIO,
 * TG_ENOMEM.
 */
tg_tensor *tgi_source_tensor(const tgi_source *s, uint64_t offset, tgi_element kind,
                             bool big_endian, int ndim, const int64_t *shape, tg_error *err);

/* Read an unsigned number of `width` bytes, 1 to 8. */
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

/* Computes the checksum of the n bytes of s at offset. */
tg_status tgi_source_crc(const tgi_source *s, uint64_t offset, uint64_t n, const tgi_crc *c,
                         uint32_t *crc, tg_error *err);

#endif
