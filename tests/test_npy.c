/* test_npy.c - .npy and .npz: round trips, every kind of element, NumPy itself, hostile files. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/npy.h"

enum { ROOM = 8192 };
static const char file[] = "test_npy.tmp";

static void write_file(const void *bytes, size_t n)
{
    (void)remove(file); /* some file systems sync a file that is cut to nothing and written */
    FILE *f = fopen(file, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static size_t read_file(void *bytes)
{
    FILE *f = fopen(file, "rb");
    ck_assert_ptr_nonnull(f);
    const size_t n = fread(bytes, 1, ROOM, f);
    ck_assert_int_eq(fclose(f), 0);
    return n;
}

/* A .npy file of version 1.0, 2.0, ... with a header as it stands. */
static size_t forge(unsigned char *out, int version, const char *header, const void *data, size_t n)
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

static tg_tensor *sample(int i)
{
    tg_tensor *x = tg_tensor_new(layouts[i].dtype, layouts[i].ndim, layouts[i].shape, NULL);
    ck_assert_ptr_nonnull(x);
    for (int64_t j = 0; j < x->size; j++)
        tg_tensor_set(x, j, tg_dtype_is_float(x->dtype) ? (double)j / 7 - 2 : (double)(j * 9),
                      NULL);
    return x;
}

static void check_equal(const tg_tensor *x, const tg_tensor *y)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    ck_assert_str_eq(tg_tensor_describe(x, a, sizeof a), tg_tensor_describe(y, b, sizeof b));
    for (int64_t i = 0; i < x->size; i++)
        ck_assert_msg(tg_tensor_get(x, i) == tg_tensor_get(y, i), "%s: element %d", a, (int)i);
}

/* Loads the file and compares it with x. */
static void check_load(const tg_tensor *x)
{
    tg_error err = TG_ERROR_INIT;
    tg_tensor *y = tg_npy_load(file, &err);
    ck_assert_msg(y != NULL, "%s", err.text);
    ck_assert(tg_tensor_is_contiguous(y));
    check_equal(x, y);
    tg_tensor_free(y);
}

START_TEST(round_trip)
{
    static unsigned char bytes[32000];
    tg_error err = TG_ERROR_INIT;
    tg_tensor *x = sample(_i);
    ck_assert_msg(tg_npy_save(file, x, &err) == TG_OK, "%s", err.text);
    check_load(x);
    if (x->ndim == 2) { /* the transpose: from a view, then in Fortran order */
        const int64_t shape[] = {x->shape[1], x->shape[0]}, strides[] = {1, x->shape[1]};
        char header[96];
        tg_tensor *t = tg_tensor_view(x, 2, shape, strides, 0, &err);
        ck_assert_int_eq(tg_npy_save(file, t, &err), TG_OK);
        check_load(t);
        (void)snprintf(header, sizeof header,
                       "{\"shape\":(%dL , %d),'fortran_order':True, 'descr':'<f4'}", (int)shape[0],
                       (int)shape[1]);
        write_file(bytes, forge(bytes, 2, header, x->data, 4 * (size_t)x->size));
        check_load(t);
        tg_tensor_free(t);
    }
    tg_tensor_free(x);
}
END_TEST

static const struct {
    const char *descr, *bytes;
    size_t n;
    tg_dtype dtype;
    double values[2];
} kinds[] = {
    {"<f4", "\0\0\x80\x3f\0\0\x20\xc0", 8, TG_F32, {1, -2.5}},
    {"<f8", "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\4\xc0", 16, TG_F64, {1, -2.5}},
    {"<i4", "\4\3\2\1\xff\xff\xff\xff", 8, TG_I32, {0x01020304, -1}},
    {"|u1", "\x07\xff", 2, TG_U8, {7, 255}},
    {"|b1", "\0\2", 2, TG_U8, {0, 1}},
    {"|i1", "\x7f\x80", 2, TG_I32, {127, -128}},
    {"<i2", "\2\1\xfe\xff", 4, TG_I32, {0x0102, -2}},
    {"<u2", "\2\1\xfe\xff", 4, TG_I32, {0x0102, 65534}},
    {"<i8", "\0\0\0\x80\xff\xff\xff\xff\0\x40\0\0\0\0\0", 16, TG_I32, {INT32_MIN, 16384}},
};

START_TEST(every_kind_of_element)
{
    unsigned char bytes[256];
    char header[96];
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(header, sizeof header,
                   "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", kinds[_i].descr);
    write_file(bytes, forge(bytes, 1 + _i % 3, header, kinds[_i].bytes, kinds[_i].n));
    tg_tensor *x = tg_npy_load(file, &err);
    ck_assert_msg(x != NULL, "%s", err.text);
    ck_assert_int_eq(x->dtype, kinds[_i].dtype);
    for (int i = 0; i < 2; i++) ck_assert_double_eq(tg_tensor_get(x, i), kinds[_i].values[i]);
    tg_tensor_free(x);
}
END_TEST

#define SHAPED(shape) "{'descr': '<f4', 'fortran_order': False, 'shape': " shape ", }"
#define BAD "header is malformed: expected "
static const struct {
    int version;
    const char *header, *text; /* each file ends with 8 bytes of elements */
} broken[] = {
    {1, SHAPED("(3,)"), "header promises 79 bytes, the file has 75"},
    {1, SHAPED("(1,)"), "header promises 71 bytes, the file has 75"},
    {1, SHAPED("(4611686018427387904, 4)"),
     "header promises more bytes than any file has, this one has 95"},
    {1, SHAPED("(0, 4611686018427387904, 4)"),
     "header promises more bytes than any file has, this one has 98"},
    {1, SHAPED("(9223372036854775808,)"), BAD "a size below 2^63 at its byte 69"},
    {1, SHAPED("(-1,)"), BAD "a size at its byte 51"},
    {1, SHAPED("(2)"), BAD "a tuple: (3,), not (3) at its byte 53"},
    {1, SHAPED("2"), BAD "a tuple of sizes at its byte 50"},
    {1, SHAPED("(1,1,1,1,1,1,1,1,2)"), "has more than 8 dimensions"},
    {1, SHAPED("(2,)") "x", BAD "nothing more at its byte 57"},
    {1, "", BAD "'{' at its byte 0"},
    {1, "{'descr': '<f4'}", BAD "descr, fortran_order and shape before this at its byte 16"},
    {1, "{'descr': '<f4', 'descr'",
     BAD "descr, fortran_order and shape once each before this at its byte 24"},
    {1, "{'descr': '>f4'}", "dtype '>f4' is not supported"},
    {1, "{'descr': [('a', '<f4')]}", BAD "the name of a dtype at its byte 10"},
    {1, "{'fortran_order': 1}", BAD "True or False at its byte 18"},
    {4, "", ".npy version 4.0 is not supported"},
};

/* Loads the file, which must be refused with that text behind its name. */
static void check_refused(bool npz, const char *text)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert(npz ? !tg_npz_load(file, &err) : !tg_npy_load(file, &err));
    ck_assert_int_eq(strncmp(err.text, "test_npy.tmp: ", 14), 0);
    ck_assert_str_eq(err.text + 14, text);
    ck_assert_int_eq(err.status, TG_EFORMAT);
}

START_TEST(exact_errors)
{
    unsigned char z[256];
    write_file(z, forge(z, broken[_i].version, broken[_i].header, "12345678", 8));
    check_refused(false, broken[_i].text);
}
END_TEST

START_TEST(other_errors)
{
    unsigned char z[256];
    tg_error err = TG_ERROR_INIT;
    ck_assert_ptr_null(tg_npy_load("no/such.npy", &err));
    ck_assert_int_eq(err.status, TG_EIO);
    ck_assert_str_eq(err.text, "cannot open 'no/such.npy': No such file or directory");
    err.status = TG_OK;
    ck_assert_ptr_null(tg_npz_load(".", &err));
    ck_assert_str_eq(err.text, "cannot open '.': Is a directory");
    write_file("\x93NUMPY\2\0\xff\xff\xff\xff", 12);
    check_refused(false, "header is said to end at byte 4294967307, the file has 12");
    write_file(z, forge(z, 1, "{'descr':'<i8','fortran_order':False,'shape':(1,)}",
                        "\0\0\0\x80\0\0\0\0", 8));
    check_refused(false, "element 0 is 2147483648, which i32 cannot hold");
    ck_assert_int_eq(tg_npy_save(NULL, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_npz_save(file, NULL, NULL), TG_EARG);
    ck_assert_ptr_null(tg_npy_load(NULL, NULL));
}
END_TEST

/* Loads a damaged file: an error with a text, or tensors no larger than it can hold. */
static bool load_damaged(bool npz, size_t file_bytes)
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

/* Each cut is refused; a flip may go unnoticed, as in the spaces of a header. */
static void damage(bool npz)
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

static tg_dict *sample_dict(int n)
{
    tg_dict *d = tg_dict_new();
    for (int i = 0; i < n; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", (i + 5) % n);
        ck_assert_int_eq(tg_dict_take(d, key, sample(i), NULL), TG_OK);
    }
    return d;
}

/* Loads the file and compares it with d; takes d over. */
static void check_load_dict(tg_dict *d)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *back = tg_npz_load(file, &err);
    ck_assert_msg(back != NULL, "%s", err.text);
    ck_assert_int_eq(tg_dict_size(back), tg_dict_size(d));
    for (int i = 0; i < tg_dict_size(d); i++) {
        ck_assert_str_eq(tg_dict_key(back, i), tg_dict_key(d, i));
        check_equal(tg_dict_at(back, i), tg_dict_at(d, i));
    }
    tg_dict_free(back);
    tg_dict_free(d);
}

START_TEST(npz_round_trip)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = sample_dict(_i);
    ck_assert_msg(tg_npz_save(file, d, &err) == TG_OK, "%s", err.text);
    check_load_dict(d);
}
END_TEST

/* ---- archives put together by hand ---------------------------------------------------------- */

typedef struct bytes {
    unsigned char b[ROOM];
    size_t n;
} bytes;

/* Appends one little-endian number for each digit of widths, in that many bytes. */
static void add(bytes *z, const char *widths, const uint64_t *values)
{
    for (; *widths; widths++, values++)
        for (int i = 0; i < *widths - '0'; i++) z->b[z->n++] = (unsigned char)(*values >> 8 * i);
}
#define ADD(z, widths, ...) add((z), (widths), (const uint64_t[]){__VA_ARGS__})
#define FULL UINT64_C(0xffffffff)
#define CRC UINT64_C(0x9eed7c6c)

static void add_text(bytes *z, const char *text)
{
    memcpy(z->b + z->n, text, strlen(text));
    z->n += strlen(text);
}

/* "a": u8[2] = {7, 9}, with all but one of the numbers that can be in 64 bits there, and marks in
 * their places. */
static void forge_zip64(bytes *z, uint64_t size)
{
    const int64_t two = 2;
    tg_tensor *x = tg_tensor_from(TG_U8, 1, &two, "\x07\x09", NULL);
    ck_assert_int_eq(tg_npy_save(file, x, NULL), TG_OK);
    tg_tensor_free(x);
    z->n = 0;
    ADD(z, "42222244422", 0x04034b50, 45, 0, 0, 0, 33, CRC, FULL, FULL, 5, 20);
    add_text(z, "a.npy");
    ADD(z, "2288", 1, 16, 130, 130);
    z->n += read_file(z->b + z->n);
    const uint64_t at = z->n;
    ADD(z, "4222222444", 0x02014b50, 45, 45, 0, 0, 0, 33, CRC, 130, FULL);
    ADD(z, "2222244", 5, 26, 0, 0, 0, 0, FULL);
    add_text(z, "a.npy");
    ADD(z, "222", 77, 2, 0);        /* another extra field first */
    ADD(z, "2288", 1, 16, size, 0); /* of size and offset alone */
    const uint64_t end = z->n;
    ADD(z, "4822448888", 0x06064b50, 44, 45, 45, 0, 0, 1, 1, end - at, at);
    ADD(z, "4484", 0x07064b50, 0, end, 1);
    ADD(z, "42222442", 0x06054b50, 0, 0, 0xffff, 0xffff, FULL, FULL, 3);
    add_text(z, "end"); /* the comment */
    write_file(z->b, z->n);
}

START_TEST(npz_zip64)
{
    bytes z;
    tg_error err = TG_ERROR_INIT;
    forge_zip64(&z, 130);
    tg_dict *d = tg_npz_load(file, &err);
    ck_assert_msg(d != NULL, "%s", err.text);
    ck_assert_int_eq(tg_dict_size(d), 1);
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(d, "a"), 1), 9);
    tg_dict_free(d);
    forge_zip64(&z, UINT64_MAX);
    check_refused(true, "a.npy: its size of 18446744073709551615 bytes does not fit the archive");
}
END_TEST

/* One byte changed in an archive of a and b, both u8[2]: the directory begins at 2 * 165, its
 * entries have 51 bytes, then stands the end record. */
enum { MEMBER = 165, ENTRY = 51, DIRECTORY = 2 * MEMBER, END = DIRECTORY + 2 * ENTRY };
#define AT_A "a.npy: "
static const struct {
    int at, value;
    const char *text;
} lies[] = {
    {DIRECTORY + 10, 8,
     AT_A "is compressed (method 8); save with numpy.savez, not savez_compressed"},
    {DIRECTORY + 8, 1, AT_A "is encrypted"},
    {MEMBER - 1, 8, AT_A "is damaged: its CRC-32 is e9ea4cfa, the directory says 9eed7c6c"},
    {DIRECTORY + 24, 131, AT_A "its size of 131 bytes does not fit the archive"},
    {DIRECTORY + 42, 1, AT_A "has no local header of its name"},
    {DIRECTORY + 43, 2, AT_A "is said to lie outside the file"},
    {DIRECTORY + 46, 'c', "c.npy: has no local header of its name"},
    {29, 1, AT_A "its size of 130 bytes does not fit the archive"},
    {DIRECTORY + 30, 200, "the zip directory is damaged"},
    {DIRECTORY, 0, "the zip directory is damaged"},
    {END + 10, 3, "the zip directory has another number of entries than is said"},
    {END + 12, 255, "the zip directory is said to lie outside the file"},
    {END + 20, 1, "not an .npz file: no zip directory at its end"},
    {END + 0, 0, "not an .npz file: no zip directory at its end"},
};

static size_t two_members(unsigned char *z)
{
    const int64_t two = 2;
    tg_tensor *x = tg_tensor_from(TG_U8, 1, &two, "\x07\x09", NULL);
    tg_dict *d = tg_dict_new();
    ck_assert_int_eq(tg_dict_set(d, "a", x, NULL), TG_OK);
    ck_assert_int_eq(tg_dict_set(d, "b", x, NULL), TG_OK);
    ck_assert_int_eq(tg_npz_save(file, d, NULL), TG_OK);
    tg_dict_free(d);
    tg_tensor_free(x);
    return read_file(z);
}

START_TEST(npz_exact_errors)
{
    unsigned char z[ROOM];
    const size_t n = two_members(z);
    ck_assert_uint_eq(n, END + 22);
    z[lies[_i].at] = (unsigned char)lies[_i].value;
    write_file(z, n);
    check_refused(true, lies[_i].text);
}
END_TEST

START_TEST(npz_members_that_share)
{
    unsigned char z[ROOM];
    const size_t n = two_members(z), cut = 130;
    z[MEMBER + 30] = z[DIRECTORY + ENTRY + 46] = 'a'; /* a name twice */
    write_file(z, n);
    check_refused(true, "a.npy: a second member of that name");
    (void)two_members(z); /* a without data of its own: those of b behind an extra field */
    memmove(z + 35, z + MEMBER, n - MEMBER);
    z[28] = 35;
    z[DIRECTORY - cut + ENTRY + 42] = 35;
    z[END - cut + 16] = DIRECTORY - cut;
    z[END - cut + 17] = 0;
    write_file(z, n - cut);
    check_refused(true, "b.npy: its size of 130 bytes does not fit the archive");
}
END_TEST

START_TEST(damage_anywhere)
{
    bytes z;
    if (_i == 0) write_file(z.b, forge(z.b, 1, SHAPED("(2, 1)"), "12345678", 8));
    if (_i == 1) (void)two_members(z.b);
    if (_i == 2) forge_zip64(&z, 130);
    damage(_i > 0);
}
END_TEST

/* ---- other people's files ------------------------------------------------------------------- */

START_TEST(reference_traces)
{
    char path[1024], all[512] = "", one[TG_DESCRIBE_SIZE];
    const char *shared = getenv("TAPEGRAD_SHARED");
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(path, sizeof path, "%s/reference/traces/small_bn_dropout/params0.npz",
                   shared ? shared : "../shared");
    tg_dict *d = tg_npz_load(path, &err);
    if (err.status == TG_EIO) {
        printf("skip: %s\n", err.text);
        return;
    }
    ck_assert_msg(d != NULL, "%s", err.text);
    for (int i = 0; i < tg_dict_size(d); i++)
        (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s %s ", tg_dict_key(d, i),
                       tg_tensor_describe(tg_dict_at(d, i), one, sizeof one));
    ck_assert_str_eq(all, "W1 f32[20,16] b1 f32[16] gamma1 f32[16] beta1 f32[16] "
                          "W2 f32[16,16] b2 f32[16] gamma2 f32[16] beta2 f32[16] "
                          "W3 f32[16,4] b3 f32[4] ");
    ck_assert_double_eq(tg_tensor_get(tg_dict_get(d, "W1"), 0), -0x1.948ca4p-4);
    tg_dict_free(d);
}
END_TEST

/* Runs a program of Python; says so where there is no NumPy. */
static void python(const char *program)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char command[1024];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(command, sizeof command, "%s -c 'import numpy' 2>/dev/null", pythons[i]);
        if (system(command) != 0) continue;
        (void)snprintf(command, sizeof command, "%s -c \"import numpy as n\n%s\"", pythons[i],
                       program);
        ck_assert_msg(system(command) == 0, "%s", command);
        return;
    }
    printf("skip: no python3 with NumPy\n");
}

/* Members are compared byte for byte with numpy.save; before 1.24 it may pad less. */
START_TEST(numpy_reads_and_writes)
{
    tg_dict *d = sample_dict(LAYOUTS);
    ck_assert_int_eq(tg_npz_save(file, d, NULL), TG_OK);
    python("d=n.load('test_npy.tmp')\n"
           "assert [k for k in d]==['k%d'%((i+5)%9) for i in range(9)]\n"
           "x=d['k5']; assert x.shape==(2,3) and x.dtype==n.float32\n"
           "assert (x==(n.arange(6)/7-2).astype('f4').reshape(2,3)).all()\n"
           "assert d['k8'].ravel().tolist()==[9*i for i in range(14)]\n"
           "import io,os,zipfile; z=zipfile.ZipFile('test_npy.tmp')\n"
           "new=tuple(map(int,n.__version__.split('.')[:2]))>=(1,24)\n"
           "for k in d:\n"
           "  f=io.BytesIO(); n.save(f,d[k])\n"
           "  assert not new or f.getvalue()==z.read(k+'.npy')\n"
           "n.savez(open('test_npy.2','wb'),**{k:n.array(d[k],order='F') for k in d})\n"
           "os.rename('test_npy.2','test_npy.tmp')");
    check_load_dict(d);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("npy");
    TCase *npy = tcase_create("npy"), *npz = tcase_create("npz");
    tcase_set_timeout(npy, 300);
    tcase_set_timeout(npz, 300);
    tcase_add_loop_test(npy, round_trip, 0, LAYOUTS);
    tcase_add_loop_test(npy, every_kind_of_element, 0, (int)(sizeof kinds / sizeof kinds[0]));
    tcase_add_loop_test(npy, exact_errors, 0, (int)(sizeof broken / sizeof broken[0]));
    tcase_add_test(npy, other_errors);
    tcase_add_loop_test(npz, npz_round_trip, 0, LAYOUTS + 1);
    tcase_add_test(npz, npz_zip64);
    tcase_add_loop_test(npz, npz_exact_errors, 0, (int)(sizeof lies / sizeof lies[0]));
    tcase_add_test(npz, npz_members_that_share);
    tcase_add_loop_test(npz, damage_anywhere, 0, 3);
    tcase_add_test(npz, reference_traces);
    tcase_add_test(npz, numpy_reads_and_writes);
    suite_add_tcase(s, npy);
    suite_add_tcase(s, npz);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    (void)remove(file);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
