/* idx.c - the IDX format of MNIST: two 0 bytes, a type, the number of dimensions, the sizes, and
 * the elements; numbers are big-endian. */
#include <string.h>

#include "src/file/source.h"
#include "tapegrad/data.h"

enum { MAGIC_BYTES = 4, SIZE_BYTES = 4 };

static bool find_kind(uint8_t type, tgi_element *kind)
{
    static const struct {
        uint8_t type;
        tgi_element kind;
    } types[] = {{0x08, TGI_U8},  {0x09, TGI_I8},  {0x0b, TGI_I16},
                 {0x0c, TGI_I32}, {0x0d, TGI_F32}, {0x0e, TGI_F64}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type != type) continue;
        *kind = types[i].kind;
        return true;
    }
    return false;
}

static tg_tensor *read_idx(const tgi_source *s, tg_error *err)
{
    uint8_t head[MAGIC_BYTES + SIZE_BYTES * TG_MAX_NDIM] = {0};
    const size_t there = s->size < MAGIC_BYTES ? (size_t)s->size : MAGIC_BYTES;
    if (tgi_source_read(s, 0, head, there, err) != TG_OK) return NULL;
    if (there >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        tg_fail(err, TG_EFORMAT, "%s: is compressed with gzip, unpack it first", s->name);
        return NULL;
    }
    tgi_element kind = TGI_U8;
    if (there < MAGIC_BYTES || head[0] != 0 || head[1] != 0 || !find_kind(head[2], &kind)) {
        tg_fail(err, TG_EFORMAT, "%s: not an IDX file", s->name);
        return NULL;
    }
    const int ndim = head[3];
    if (ndim > TG_MAX_NDIM) {
        tg_fail(err, TG_EFORMAT, "%s: has %d dimensions, at most %d are supported", s->name, ndim,
                TG_MAX_NDIM);
        return NULL;
    }
    const size_t sizes = SIZE_BYTES * (size_t)ndim;
    if (tgi_source_read(s, MAGIC_BYTES, head + MAGIC_BYTES, sizes, err) != TG_OK) return NULL;
    int64_t shape[TG_MAX_NDIM] = {0};
    for (int i = 0; i < ndim; i++)
        shape[i] = (int64_t)tgi_big(head + MAGIC_BYTES + SIZE_BYTES * (size_t)i, SIZE_BYTES);
    return tgi_source_tensor(s, MAGIC_BYTES + sizes, kind, true, ndim, shape, err);
}

tg_tensor *tg_idx_load(const char *path, tg_error *err)
{
    tgi_source s;
    if (tgi_source_open(&s, path, err) != TG_OK) return NULL;
    tg_tensor *x = read_idx(&s, err);
    tgi_source_close(&s);
    return x;
}
