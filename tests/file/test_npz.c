/* test_npz.c - .npz: round trips, zip64, archives that are put together by hand, and NumPy
 * itself. */
static const char file[] = "test_npz.tmp";

#include "tests/file/npy_files.h"

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

/* Loads the file and compares it with d, which it releases. */
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

/* No reader accepts an archive that declares a name to be UTF-8 when it is not. */
START_TEST(keys_are_utf8)
{
    static const char *const bad[] = {"W\xFF", "\xC3", "\xED\xA0\x80", "a\x80z"};
    tg_error err = TG_ERROR_INIT;
    (void)remove(file);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tg_dict *d = sample_dict(2);
        ck_assert_int_eq(tg_dict_take(d, bad[i], sample(0), NULL), TG_OK);
        err = (tg_error)TG_ERROR_INIT;
        ck_assert_int_eq(tg_npz_save(file, d, &err), TG_EARG);
        ck_assert_ptr_nonnull(strstr(err.text, "npz_save: key 2, '"));
        ck_assert_ptr_null(fopen(file, "rb"));
        tg_dict_free(d);
    }
    tg_dict *d = sample_dict(1);
    ck_assert_int_eq(tg_dict_take(d, "gr\xC3\xB6\xC3\x9F", sample(0), NULL), TG_OK);
    ck_assert_int_eq(tg_npz_save(file, d, NULL), TG_OK);
    check_load_dict(d);
}
END_TEST

/* Whatever can be made can be read again. With a size of 0 it is empty, however large the other
 * sizes. */
START_TEST(empty_with_large_sizes)
{
    static const int64_t shapes[][3] = {{0, INT64_C(1) << 58, 1},
                                        {INT64_C(1) << 29, 0, INT64_C(1) << 29},
                                        {3, INT64_C(1) << 57, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        tg_error err = TG_ERROR_INIT;
        tg_tensor *x = tg_tensor_new(TG_F64, 3, shapes[i], &err);
        ck_assert_msg(x != NULL, "%s", err.text);
        ck_assert_msg(tg_npy_save(file, x, &err) == TG_OK, "%s", err.text);
        tg_tensor *y = tg_npy_load(file, &err);
        ck_assert_msg(y && tg_tensor_same_shape(x, y), "%s", err.text);
        tg_tensor_free(y);
        tg_dict *d = tg_dict_new();
        ck_assert_int_eq(tg_dict_take(d, "x", x, NULL), TG_OK);
        ck_assert_msg(tg_npz_save(file, d, &err) == TG_OK, "%s", err.text);
        check_load_dict(d);
    }
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

/* "a": u8[2] = {7, 9}, with all but one of the numbers that may have 64 bits in the zip64 field,
 * and markers in their places. */
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

/* One byte changed in an archive of a and b, both u8[2]. The directory begins at 2 * 165, its
 * entries have 51 bytes, and the end record follows. */
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
    {DIRECTORY + 42, 1, AT_A "has no local header with its name"},
    {DIRECTORY + 43, 2, AT_A "is said to lie outside the file"},
    {DIRECTORY + 46, 'c', "c.npy: has no local header with its name"},
    {29, 1, AT_A "its size of 130 bytes does not fit the archive"},
    {DIRECTORY + 30, 200, "the zip directory is damaged"},
    {DIRECTORY, 0, "the zip directory is damaged"},
    {END + 10, 3, "the zip directory does not have the number of entries that the end record says"},
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
    check_refused(true, "a.npy: there are two members of that name");
    (void)two_members(z); /* a has no data: an extra field makes it use those of b */
    memmove(z + 35, z + MEMBER, n - MEMBER);
    z[28] = 35;
    z[DIRECTORY - cut + ENTRY + 42] = 35;
    z[END - cut + 16] = (unsigned char)(DIRECTORY - cut);
    z[END - cut + 17] = 0;
    write_file(z, n - cut);
    check_refused(true, "b.npy: its size of 130 bytes does not fit the archive");
}
END_TEST

START_TEST(damage_anywhere)
{
    bytes z;
    if (_i == 0) (void)two_members(z.b);
    if (_i == 1) forge_zip64(&z, 130);
    damage(true);
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

/* Runs a Python program. Says so if there is no NumPy. */
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
    python("d=n.load('test_npz.tmp')\n"
           "assert [k for k in d]==['k%d'%((i+5)%9) for i in range(9)]\n"
           "x=d['k5']; assert x.shape==(2,3) and x.dtype==n.float32\n"
           "assert (x==(n.arange(6)/7-2).astype('f4').reshape(2,3)).all()\n"
           "assert d['k8'].ravel().tolist()==[9*i for i in range(14)]\n"
           "import io,os,zipfile; z=zipfile.ZipFile('test_npz.tmp')\n"
           "new=tuple(map(int,n.__version__.split('.')[:2]))>=(1,24)\n"
           "for k in d:\n"
           "  f=io.BytesIO(); n.save(f,d[k])\n"
           "  assert not new or f.getvalue()==z.read(k+'.npy')\n"
           "n.savez(open('test_npz.2','wb'),**{k:n.array(d[k],order='F') for k in d})\n"
           "os.rename('test_npz.2','test_npz.tmp')");
    check_load_dict(d);
}
END_TEST

SUITE("npz", .after = remove_file, .timeout = 300,
      .tests = {
          {npz_round_trip, LAYOUTS + 1},
          {keys_are_utf8},
          {empty_with_large_sizes},
          {npz_zip64},
          {npz_exact_errors, COUNT(lies)},
          {npz_members_that_share},
          {damage_anywhere, 2},
          {reference_traces},
          {numpy_reads_and_writes},
      })
