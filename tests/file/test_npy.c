/* test_npy.c - .npy: round trips, every kind of element, hostile files. */
static const char file[] = "test_npy.tmp";

#include "tests/file/npy_files.h"

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
#define BAD "the header is malformed: expected "
static const struct {
    int version;
    const char *header, *text; /* each file ends with 8 bytes of elements */
} broken[] = {
    {1, SHAPED("(3,)"), "the header asks for 79 bytes, the file has 75"},
    {1, SHAPED("(1,)"), "the header asks for 71 bytes, the file has 75"},
    {1, SHAPED("(4611686018427387904, 4)"),
     "the header asks for more bytes than any file has, this one has 95"},
    {1, SHAPED("(0, 4611686018427387904, 4)"),
     "the header asks for more bytes than any file has, this one has 98"},
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
    check_refused(false, "the header is said to end at byte 4294967307, the file has 12");
    write_file(z, forge(z, 1, "{'descr':'<i8','fortran_order':False,'shape':(1,)}",
                        "\0\0\0\x80\0\0\0\0", 8));
    check_refused(false, "element 0 is 2147483648, which i32 cannot hold");
    ck_assert_int_eq(tg_npy_save(NULL, NULL, NULL), TG_EARG);
    ck_assert_int_eq(tg_npz_save(file, NULL, NULL), TG_EARG);
    ck_assert_ptr_null(tg_npy_load(NULL, NULL));
}
END_TEST

START_TEST(damage_anywhere)
{
    unsigned char z[256];
    write_file(z, forge(z, 1, SHAPED("(2, 1)"), "12345678", 8));
    damage(false);
}
END_TEST

SUITE("npy", .after = remove_file, .timeout = 300,
      .tests = {
          {round_trip, LAYOUTS},
          {every_kind_of_element, COUNT(kinds)},
          {exact_errors, COUNT(broken)},
          {other_errors},
          {damage_anywhere},
      })
