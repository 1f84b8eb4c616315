/* npy_files.h - what the tests of .npy and .npz share: files of bytes, forged headers, samples. */
#ifndef TESTS_NPY_FILES_H
#define TESTS_NPY_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/npy.h"
#include "tests/support/suite.h"

enum { ROOM = 8192 }; /* bytes of a test's file, which the program names */

static inline void write_file(const void *bytes, size_t n)
{
    (void)remove(file); /* some file systems sync a file that is cut to nothing and written */
    FILE *f = fopen(file, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static inline size_t read_file(void *bytes)
{
    FILE *f = fopen(file, "rb");
    ck_assert_ptr_nonnull(f);
    const size_t n = fread(bytes, 1, ROOM, f);
    ck_assert_int_eq(fclose(f), 0);
    return n;
}

/* A .npy file of version 1.0, 2.0, ... with this header. */
static inline size_t forge(unsigned char *out, int version, const char *header, const void *data,
                           size_t n)
{
    const size_t length = strlen(header), at = version == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY\0\0\0\0\0", 12);
    out[6] = (unsigned char)version;
    out[8] = (unsigned char)length;
    memcpy(out + at, header, length);
    memcpy(out + at + length, data, n);
    return at + length + n;
}

static const struct {
    tg_dtype dtype;
    int ndim;
    int64_t shape[TG_MAX_NDIM];
} layouts[] = {
    {TG_F32, 2, {2, 3}},    {TG_F64, 0, {0}},          {TG_I32, 1, {5}},
    {TG_U8, 3, {2, 1, 7}},  {TG_F32, 1, {0}},          {TG_F64, 3, {3, 0, 2}},
    {TG_F32, 2, {50, 101}}, {TG_I32, 4, {1, 1, 1, 1}}, {TG_F64, 8, {1, 2, 1, 2, 1, 2, 1, 3}}};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

static inline tg_tensor *sample(int i)
{
    tg_tensor *x = tg_tensor_new(layouts[i].dtype, layouts[i].ndim, layouts[i].shape, NULL);
    ck_assert_ptr_nonnull(x);
    for (int64_t j = 0; j < x->size; j++)
        tg_tensor_set(x, j, tg_dtype_is_float(x->dtype) ? (double)j / 7 - 2 : (double)(j * 9),
                      NULL);
    return x;
}

static inline void check_equal(const tg_tensor *x, const tg_tensor *y)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    ck_assert_str_eq(tg_tensor_describe(x, a, sizeof a), tg_tensor_describe(y, b, sizeof b));
    for (int64_t i = 0; i < x->size; i++)
        ck_assert_msg(tg_tensor_get(x, i) == tg_tensor_get(y, i), "%s: element %d", a, (int)i);
}

/* Loads the file, which must be refused with this text after its name. */
static inline void check_refused(bool npz, const char *text)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert(npz ? !tg_npz_load(file, &err) : !tg_npy_load(file, &err));
    ck_assert_int_eq(strncmp(err.text, file, strlen(file)), 0);
    ck_assert_str_eq(err.text + strlen(file) + 2, text);
    ck_assert_int_eq(err.status, TG_EFORMAT);
}

/* Loads a damaged file: an error with a text, or tensors no larger than the file allows. */
static inline bool load_damaged(bool npz, size_t file_bytes)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = npz ? tg_npz_load(file, &err) : tg_dict_new();
    tg_tensor *x = npz ? NULL : tg_npy_load(file, &err);
    if (x) ck_assert_int_eq(tg_dict_take(d, "x", x, NULL), TG_OK);
    for (int i = 0; i < tg_dict_size(d); i++)
        ck_assert_int_le(tg_dict_at(d, i)->size, (int64_t)file_bytes);
    const bool refused = npz ? !d : !x;
    ck_assert_int_eq(err.status, refused ? TG_EFORMAT : TG_OK);
    ck_assert_msg(!refused || strncmp(err.text, file, strlen(file)) == 0, "%s", err.text);
    tg_dict_free(d);
    return !refused;
}

/* Each cut is refused. A flipped bit may go unnoticed, as in the spaces of a header. */
static inline void damage(bool npz)
{
    unsigned char z[ROOM];
    static const int flips[] = {1, 16, 128, 255};
    const size_t n = read_file(z);
    for (size_t cut = 0; cut < n; cut++) {
        write_file(z, cut);
        ck_assert_msg(!load_damaged(npz, cut), "cut at %d", (int)cut);
    }
    for (size_t at = 0; at < n; at++) {
        const unsigned char held = z[at];
        for (int i = 0; i < 4; i++) {
            z[at] = (unsigned char)(held ^ flips[i]);
            write_file(z, n);
            (void)load_damaged(npz, n);
        }
        z[at] = held;
    }
}

static inline void remove_file(void) { (void)remove(file); }

#endif
