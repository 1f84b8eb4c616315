/* test_graph_file.c - a graph file that is cut, changed or forged is an error and never a crash. */
#include <unistd.h>

#include "src/file/source.h"
#include "tapegrad.h"
#include "tests/support/close.h"

static const char file[] = "test_graph_file.tmp";
static uint8_t good[4096];
static size_t size;

/* A file that holds a value of each kind. */
static void setup(void)
{
    tg_tape *t = tg_tape_new();
    tg_dict *in = tg_dict_new(), *params = tg_dict_new();
    (void)tg_dict_set(in, "x", tensor_of(NULL, "f32[2,3]"), NULL);
    (void)tg_dict_set(params, "W", tensor_of(NULL, "f32[3,2]"), NULL);
    tg_scope_push(t, "layer");
    tg_tensor *h = tg_matmul(t, tg_dict_get(in, "x"), tg_dict_get(params, "W"));
    tg_tensor *y = tg_sum(t, tg_take(t, h, tensor_of(NULL, "i32[2]: 1 0"), 1), 0, true);
    tg_tensor *ys[] = {h, y};
    ck_assert_int_eq(tg_graph_save(file, t, in, params, 2, ys, NULL, NULL), TG_OK);
    FILE *f = fopen(file, "rb");
    ck_assert_ptr_nonnull(f);
    size = fread(good, 1, sizeof good, f);
    ck_assert(size > 100 && size < sizeof good);
    (void)fclose(f);
    tg_dict_free(in);
    tg_dict_free(params);
    tg_tape_free(t);
    free_leaves();
}

static void teardown(void) { (void)unlink(file); }

/* n bytes, with a correct checksum at the end or with the one that is there. */
static tg_status load(uint8_t *bytes, size_t n, bool sum, tg_error *err)
{
    if (sum && n > 4) {
        tgi_crc tables;
        tgi_crc_init(&tables);
        const uint32_t crc = tgi_crc_update(&tables, 0, bytes, n - 4);
        for (int i = 0; i < 4; i++) bytes[n - 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
    }
    FILE *f = fopen(file, "wb");
    ck_assert(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
    tg_graph *g = tg_graph_load(file, 0, NULL, err);
    if (!g) return err->status;
    /* A graph that was accepted can be run without harm, if not with success. */
    tg_tape *t = tg_tape_new();
    tg_tensor *x[16], *y[16];
    const int in = tg_graph_input_count(g), out = tg_graph_output_count(g);
    bool small = in <= COUNT(x) && out <= COUNT(y);
    for (int i = 0; small && i < in; i++) {
        int ndim;
        const int64_t *shape = tg_graph_input_shape(g, i, &ndim, NULL);
        for (int k = 0; k < ndim; k++) small = small && shape[k] < 1000;
    }
    for (int i = 0; small && i < in; i++) x[i] = tg_graph_input_new(g, i, NULL);
    if (small) (void)tg_graph_run(t, g, in, x, y);
    for (int i = 0; small && i < in; i++) tg_tensor_free(x[i]);
    tg_tape_free(t);
    tg_graph_free(g);
    return TG_OK;
}

START_TEST(the_file_as_it_is)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_msg(load(good, size, false, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(load(good, size, true, &err) == TG_OK, "%s", err.text);
}
END_TEST

START_TEST(cut_anywhere)
{
    for (size_t n = 0; n < size; n++) {
        uint8_t bytes[sizeof good];
        for (int sum = 0; sum < 2; sum++) {
            tg_error err = TG_ERROR_INIT;
            memcpy(bytes, good, size);
            ck_assert_int_eq(load(bytes, n, sum, &err), TG_EFORMAT);
            ck_assert_msg(strncmp(err.text, file, strlen(file)) == 0, "%s", err.text);
        }
    }
}
END_TEST

/* Every byte is changed in four ways. With the old checksum this is always detected. With a new one
 * the result is an error, or a graph that runs without harm. */
START_TEST(changed_anywhere)
{
    const uint8_t with[] = {0x01, 0x80, 0xff, 0x5a};
    uint8_t bytes[sizeof good];
    int refused = 0;
    for (size_t i = 0; i < size; i++)
        for (int k = 0; k < COUNT(with); k++) {
            tg_error err = TG_ERROR_INIT;
            memcpy(bytes, good, size);
            bytes[i] ^= with[k];
            ck_assert_int_eq(load(bytes, size, false, &err), TG_EFORMAT);
            err = (tg_error)TG_ERROR_INIT;
            refused += load(bytes, size, true, &err) != TG_OK;
        }
    ck_assert_int_gt(refused, (int)size);
}
END_TEST

START_TEST(more_behind_the_end)
{
    tg_error err = TG_ERROR_INIT;
    good[size] = 0;
    ck_assert_int_eq(load(good, size + 1, true, &err), TG_EFORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "there are bytes after the graph"));
}
END_TEST

START_TEST(what_is_no_graph)
{
    tg_error err = TG_ERROR_INIT;
    uint8_t other[64] = "tapegrad graph 2\n";
    ck_assert_int_eq(load(other, sizeof other, true, &err), TG_EFORMAT);
    ck_assert_str_eq(err.text, "test_graph_file.tmp: not a graph file of version 1");
    err = (tg_error)TG_ERROR_INIT;
    ck_assert_ptr_null(tg_graph_load("/nowhere/at/all", 0, NULL, &err));
    ck_assert_int_eq(err.status, TG_EIO);
    ck_assert_ptr_null(tg_graph_load(NULL, 0, NULL, NULL));
    ck_assert_ptr_null(tg_graph_load("/", 0, NULL, NULL));
}
END_TEST

/* Sizes that are far too large: 2^31 - 1 values, 2^40 elements. */
START_TEST(sizes_that_lie)
{
    uint8_t bytes[sizeof good];
    for (size_t at = 32; at + 8 < size; at++) {
        tg_error err = TG_ERROR_INIT;
        memcpy(bytes, good, size);
        memcpy(bytes + at, "\xff\xff\xff\x7f", 4);
        (void)load(bytes, size, true, &err);
        memcpy(bytes, good, size);
        memcpy(bytes + at, "\x00\x00\x00\x00\x00\x01\x00\x00", 8);
        (void)load(bytes, size, true, &err);
    }
}
END_TEST

SUITE("graph_file", .setup = setup, .teardown = teardown, .timeout = 120,
      .tests = {
          {the_file_as_it_is},
          {cut_anywhere},
          {changed_anywhere},
          {more_behind_the_end},
          {what_is_no_graph},
          {sizes_that_lie},
      })
