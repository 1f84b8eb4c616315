/* test_idx.c - IDX files, MNIST and drawn digits, and the values that a network gets from them. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tapegrad/data.h"
#include "tapegrad/digits.h"
#include "tapegrad/tape.h"
#include "tests/support/suite.h"

static const char file[] = "test_idx.tmp", folder[] = "test_idx.dir";

static void write_file(const char *path, const void *bytes, size_t n)
{
    (void)remove(path); /* some file systems sync a file that is cut to nothing and written */
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

#define BYTES(text) text, sizeof text - 1
static const struct {
    const char *bytes;
    size_t n;
    const char *want;
    double first, last;
} kinds[] = {
    {BYTES("\0\0\x08\1\0\0\0\2\1\xff"), "u8[2]", 1, 255},
    {BYTES("\0\0\x09\1\0\0\0\2\1\xff"), "i32[2]", 1, -1},
    {BYTES("\0\0\x0b\1\0\0\0\2\1\2\xff\xfe"), "i32[2]", 0x0102, -2},
    {BYTES("\0\0\x0c\1\0\0\0\2\1\2\3\4\xff\xff\xff\xfe"), "i32[2]", 0x01020304, -2},
    {BYTES("\0\0\x0d\1\0\0\0\2\x3f\x80\0\0\xc0\x20\0\0"), "f32[2]", 1, -2.5},
    {BYTES("\0\0\x0e\1\0\0\0\2\x3f\xf0\0\0\0\0\0\0\xc0\4\0\0\0\0\0\0"), "f64[2]", 1, -2.5},
    {BYTES("\0\0\x08\3\0\0\0\2\0\0\0\1\0\0\0\3abcdef"), "u8[2,1,3]", 'a', 'f'},
    {BYTES("\0\0\x08\0\5"), "u8[]", 5, 5},
};

/* Big-endian numbers have the same value on every machine. */
START_TEST(every_kind_of_element)
{
    char text[TG_DESCRIBE_SIZE];
    tg_error err = TG_ERROR_INIT;
    write_file(file, kinds[_i].bytes, kinds[_i].n);
    tg_tensor *x = tg_idx_load(file, &err);
    ck_assert_msg(x != NULL, "%s", err.text);
    ck_assert_str_eq(tg_tensor_describe(x, text, sizeof text), kinds[_i].want);
    ck_assert_double_eq(tg_tensor_get(x, 0), kinds[_i].first);
    ck_assert_double_eq(tg_tensor_get(x, x->size - 1), kinds[_i].last);
    tg_tensor_free(x);
}
END_TEST

START_TEST(cut_and_flipped_anywhere)
{
    const size_t n = kinds[_i].n;
    unsigned char z[64];
    for (size_t cut = 0; cut < n; cut++) {
        tg_error err = TG_ERROR_INIT;
        write_file(file, kinds[_i].bytes, cut);
        ck_assert_ptr_null(tg_idx_load(file, &err));
        ck_assert_int_eq(err.status, TG_EFORMAT);
    }
    for (size_t at = 0; at < n; at++)
        for (int flip = 1; flip < 256; flip = 2 * flip + 1) {
            tg_error err = TG_ERROR_INIT;
            memcpy(z, kinds[_i].bytes, n);
            z[at] = (unsigned char)(z[at] ^ flip);
            write_file(file, z, n);
            tg_tensor *x = tg_idx_load(file, &err);
            ck_assert_int_eq(err.status, x ? TG_OK : TG_EFORMAT);
            ck_assert(x ? x->size <= (int64_t)n : strncmp(err.text, "test_idx.tmp: ", 14) == 0);
            tg_tensor_free(x);
        }
}
END_TEST

static const struct {
    const char *bytes;
    size_t n;
    const char *text;
} broken[] = {
    {BYTES("\0\0\x08\3\0\0\xea\x60\0\0\0\x1c\0\0\0\x1c"
           "0123"),
     "the header asks for 47040016 bytes, the file has 20"},
    {BYTES("\0\0\x08\1\0\0\0\2"
           "123"),
     "the header asks for 10 bytes, the file has 11"},
    {BYTES("\0\0\x0e\2\xff\xff\xff\xff\xff\xff\xff\xff"
           "1234"),
     "the header asks for more bytes than any file has, this one has 16"},
    {BYTES("\0\0\x0e\3\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"),
     "the header asks for more bytes than any file has, this one has 16"},
    {BYTES("\0\0\x08\3\0\0\0\1"), "ends after 8 bytes, 8 more are missing"},
    {BYTES("\0\0\x08\x09"), "has 9 dimensions, at most 8 are supported"},
    {BYTES("\0\0\x0a\1\0\0\0\0"), "not an IDX file"},
    {BYTES("\1\0\x08\1\0\0\0\0"), "not an IDX file"},
    {BYTES("\0\1\x08\1\0\0\0\0"), "not an IDX file"},
    {BYTES(""), "not an IDX file"},
    {BYTES("\x1f\x8b\x08\x08"), "is compressed with gzip, unpack it first"},
};

START_TEST(exact_errors)
{
    tg_error err = TG_ERROR_INIT;
    write_file(file, broken[_i].bytes, broken[_i].n);
    ck_assert_ptr_null(tg_idx_load(file, &err));
    ck_assert_int_eq(err.status, TG_EFORMAT);
    ck_assert_int_eq(strncmp(err.text, "test_idx.tmp: ", 14), 0);
    ck_assert_str_eq(err.text + 14, broken[_i].text);
}
END_TEST

/* A file without a size, such as a pipe, is read to its end, however often the memory has to
 * grow. */
START_TEST(from_a_pipe)
{
    static unsigned char z[300000];
    int ends[2];
    char path[32];
    tg_error err = TG_ERROR_INIT;
    if (access("/dev/fd", F_OK) != 0) {
        printf("skip: no /dev/fd\n");
        return;
    }
    ck_assert_int_eq(pipe(ends), 0);
    memcpy(z, "\0\0\x08\1\0\4\x93\xd8", 8); /* 299992 */
    z[299999] = 7;
    const pid_t child = fork();
    if (child == 0) _exit(write(ends[1], z, sizeof z) == (ssize_t)sizeof z ? 0 : 1);
    ck_assert_int_eq(close(ends[1]), 0);
    (void)snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    tg_tensor *x = tg_idx_load(path, &err);
    ck_assert_msg(x != NULL, "%s", err.text);
    ck_assert_int_eq(x->size, 299992);
    ck_assert_double_eq(tg_tensor_get(x, 299991), 7);
    tg_tensor_free(x);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

/* ---- MNIST ---------------------------------------------------------------------------------- */

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, PARTS };
static const char *const dashed[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
static const char *const dotted[] = {"train-images.idx3-ubyte", "train-labels.idx1-ubyte",
                                     "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"};

static void put_part(const char *name, int part, int n, int side, int label)
{
    static unsigned char z[16 + 4 * 784];
    char path[64];
    memset(z, 0, sizeof z);
    z[2] = 8;
    z[3] = part % 2 ? 1 : 3;
    z[7] = (unsigned char)n;
    z[11] = z[15] = (unsigned char)side;
    for (int i = 16; i < 16 + n * side * side; i++) z[i] = (unsigned char)(i % 251);
    for (int i = 0; part % 2 && i < n; i++) z[8 + i] = (unsigned char)(label - i);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, z, (size_t)(part % 2 ? 8 + n : 16 + n * side * side));
}

static void remove_parts(void)
{
    char path[64];
    for (int i = 0; i < PARTS; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, dashed[i]);
        (void)remove(path);
        (void)snprintf(path, sizeof path, "%s/%s", folder, dotted[i]);
        (void)remove(path);
    }
    (void)rmdir(folder);
}

/* Four good parts, of 3 and 2 images. */
static void put_all(const char *const *names)
{
    remove_parts();
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    for (int i = 0; i < PARTS; i++) put_part(names[i], i, i < TEST_IMAGES ? 3 : 2, 28, 9);
}

START_TEST(mnist_of_our_own)
{
    tg_dataset train, test;
    tg_error err = TG_ERROR_INIT;
    put_all(_i ? dotted : dashed);
    ck_assert_msg(tg_mnist_load(folder, &train, &test, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(train.size, 3);
    ck_assert_int_eq(test.size, 2);
    ck_assert_int_eq(train.classes, 10);
    ck_assert_int_eq(train.images->ndim, 2);
    ck_assert_int_eq(train.images->shape[1], 784);
    ck_assert_double_eq(tg_tensor_get(train.images, 2 * 784 + 5), (16 + 2 * 784 + 5) % 251);
    ck_assert_int_eq(train.labels->dtype, TG_I32);
    ck_assert_double_eq(tg_tensor_get(train.labels, 2), 7);
    tg_dataset_free(&train);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
    ck_assert_ptr_null(train.images);
    remove_parts();
}
END_TEST

static const struct {
    int part, n, side, label; /* what replaces one good part; n -1: nothing does */
    tg_status status;
    const char *text;
} wrong[] = {
    {TRAIN_LABELS, -1, 0, 0, TG_EIO,
     "cannot open 'test_idx.dir/train-labels-idx1-ubyte': No such file or directory"},
    {TRAIN_LABELS, 2, 28, 9, TG_EFORMAT,
     "test_idx.dir: train-images has 3 images, but train-labels has 2 labels"},
    {TEST_LABELS, 2, 28, 11, TG_EFORMAT,
     "test_idx.dir/t10k-labels: label 0 is 11, must be in 0..9"},
    {TEST_IMAGES, 2, 27, 0, TG_EFORMAT,
     "test_idx.dir/t10k-images: images are 27x27, must be 28x28"},
    {TEST_IMAGES + PARTS, 2, 28, 9, TG_EFORMAT, /* labels instead of images */
     "test_idx.dir/t10k-images: holds u8[2], must be u8 with 3 dimensions"},
};

START_TEST(mnist_that_is_wrong)
{
    char path[64];
    tg_dataset train, test;
    tg_error err = TG_ERROR_INIT;
    const char *name = dashed[wrong[_i].part % PARTS];
    put_all(dashed);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (wrong[_i].n < 0)
        ck_assert_int_eq(remove(path), 0);
    else
        put_part(name, wrong[_i].part + wrong[_i].part / PARTS, wrong[_i].n, wrong[_i].side,
                 wrong[_i].label);
    ck_assert_int_eq(tg_mnist_load(folder, &train, &test, &err), wrong[_i].status);
    ck_assert_str_eq(err.text, wrong[_i].text);
    ck_assert(!train.images && !train.labels && !train.size && !train.classes);
    ck_assert(!test.images && !test.labels && !test.size && !test.classes);
    ck_assert_int_eq(tg_mnist_load(NULL, &train, &test, NULL), TG_EARG);
    ck_assert_int_eq(tg_mnist_load(folder, &train, NULL, NULL), TG_EARG);
    remove_parts();
}
END_TEST

START_TEST(real_mnist)
{
    static const double first[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    char dir[1024], name[1100];
    const char *shared = getenv("TAPEGRAD_SHARED");
    tg_dataset train, test;
    tg_error err = TG_ERROR_INIT;
    (void)snprintf(dir, sizeof dir, "%s/data/mnist", shared ? shared : "../shared");
    (void)snprintf(name, sizeof name, "%s/%s", dir, dashed[0]);
    if (access(name, F_OK) != 0) {
        printf("skip: no MNIST in %s\n", dir);
        return;
    }
    ck_assert_msg(tg_mnist_load(dir, &train, &test, &err) == TG_OK, "%s", err.text);
    ck_assert_int_eq(train.size, 60000);
    ck_assert_int_eq(test.size, 10000);
    for (int i = 0; i < 10; i++) ck_assert_double_eq(tg_tensor_get(train.labels, i), first[i]);
    double sum = 0; /* the mean of the training pixels is known: 33.318421 */
    const uint8_t *pixel = train.images->data;
    for (int64_t i = 0; i < train.images->size; i++) sum += pixel[i];
    ck_assert_double_eq_tol(sum / (double)train.images->size, 33.318421, 5e-7);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
}
END_TEST

/* ---- digits, parts, inputs ------------------------------------------------------------------ */

START_TEST(digits)
{
    uint8_t image[784];
    tg_dataset train, test, head;
    tg_error err = TG_ERROR_INIT;
    ck_assert_int_eq(tg_digits_load(3, 20, 5, &train, &test, &err), TG_OK);
    ck_assert_int_eq(train.size, 20);
    ck_assert_int_eq(tg_digit_draw(3, 19, image), (int)tg_tensor_get(train.labels, 19));
    ck_assert_mem_eq(image, (const uint8_t *)train.images->data + 19 * 784, 784);
    ck_assert_int_eq(tg_digit_draw(3, (UINT64_C(1) << 32) + 4, image),
                     (int)tg_tensor_get(test.labels, 4));
    ck_assert_mem_eq(image, (const uint8_t *)test.images->data + 4 * 784, 784);
    ck_assert_int_eq(tg_dataset_head(&train, 7, &head, &err), TG_OK);
    ck_assert_ptr_eq(head.images->data, train.images->data);
    tg_dataset_free(&train); /* the head keeps the memory */
    ck_assert_int_eq(head.images->shape[0], 7);
    ck_assert_int_eq(head.labels->size, 7);
    ck_assert_int_eq(head.size, 7);
    ck_assert_int_eq(head.classes, 10);
    ck_assert_int_eq(tg_dataset_head(&head, 8, &train, &err), TG_EARG);
    ck_assert_str_eq(err.text, "dataset_head: n is 8, but d has 7 rows");
    tg_dataset_free(&head);
    tg_dataset_free(&test);
    ck_assert_int_eq(tg_digits_load(3, -1, 5, &train, &test, NULL), TG_EARG);
    ck_assert_int_eq(tg_digits_load(3, 0, 0, &train, &test, NULL), TG_OK);
    tg_dataset_free(&train);
    tg_dataset_free(&test);
}
END_TEST

/* Every byte becomes (float)byte / 255.0f, and its f64 is that float. */
START_TEST(inputs_and_labels)
{
    const int64_t shape[] = {4, 64}, n = 4, three = 3;
    const int32_t picked[] = {3, 0, 3}, numbers[] = {10, 11, 12, 13};
    uint8_t bytes[256];
    for (int i = 0; i < 256; i++) bytes[i] = (uint8_t)i;
    tg_dataset d = {tg_tensor_from(TG_U8, 2, shape, bytes, NULL),
                    tg_tensor_from(TG_I32, 1, &n, numbers, NULL), 4, 10};
    tg_tensor *rows = tg_tensor_from(TG_I32, 1, &three, picked, NULL);
    tg_tape *t = tg_tape_new();
    const tg_dtype dtype = _i ? TG_F64 : TG_F32;
    const tg_tensor *all = tg_dataset_inputs(t, &d, NULL, dtype);
    const tg_tensor *some = tg_dataset_inputs(t, &d, rows, dtype);
    const tg_tensor *y = tg_dataset_labels(t, &d, rows);
    ck_assert_msg(all && some && y, "%s", tg_tape_message(t));
    ck_assert_int_eq(all->dtype, dtype);
    for (int i = 0; i < 256; i++)
        ck_assert_double_eq(tg_tensor_get(all, i), (double)((float)i / 255.0f));
    ck_assert_int_eq(some->shape[0], 3);
    for (int i = 0; i < 3 * 64; i++)
        ck_assert_double_eq(tg_tensor_get(some, i),
                            tg_tensor_get(all, 64 * picked[i / 64] + i % 64));
    for (int i = 0; i < 3; i++) ck_assert_double_eq(tg_tensor_get(y, i), 10 + picked[i]);
    ck_assert_ptr_eq(tg_dataset_labels(t, &d, NULL), d.labels);
    ck_assert_ptr_null(tg_dataset_inputs(t, &d, rows, TG_U8));
    ck_assert_str_eq(tg_tape_message(t), "dataset_inputs: dtype is u8, must be f32 or f64");
    tg_tape_free(t);
    tg_tensor_free(rows);
    tg_dataset_free(&d);
}
END_TEST

static void remove_file(void) { (void)remove(file); }

SUITE("idx", .after = remove_file, .timeout = 300,
      .tests = {
          {every_kind_of_element, COUNT(kinds)},
          {cut_and_flipped_anywhere, COUNT(kinds)},
          {exact_errors, COUNT(broken)},
          {from_a_pipe},
          {mnist_of_our_own, 2},
          {mnist_that_is_wrong, COUNT(wrong)},
          {real_mnist},
          {digits},
          {inputs_and_labels, 2},
      })
