/* test_dataset_split.c - a data set split in two: every row is in one part, in the documented
 * order. */
#include <string.h>

#include "tapegrad/data.h"
#include "tests/support/counting.h"
#include "tests/support/suite.h"

enum { N = 50, PIXELS = 784 };

static tg_dataset digits(void)
{
    tg_dataset d, test;
    ck_assert_int_eq(tg_digits_load(1, N, 0, &d, &test, NULL), TG_OK);
    tg_dataset_free(&test);
    return d;
}

static void assert_row(const tg_dataset *d, int64_t i, const tg_dataset *of, int64_t j)
{
    const uint8_t *x = d->images->data, *y = of->images->data;
    ck_assert_mem_eq(x + i * PIXELS, y + j * PIXELS, PIXELS);
    ck_assert_int_eq(((const int32_t *)d->labels->data)[i], ((const int32_t *)of->labels->data)[j]);
}

START_TEST(each_row_is_in_one_part)
{
    static const int64_t sizes[] = {0, 1, 40, N};
    const int64_t n = sizes[_i / 2];
    tg_error err = TG_ERROR_INIT;
    tg_dataset d = digits(), train, validation;
    tg_rng rng = tg_rng_make(7, 3), again = rng;
    int32_t order[N];
    for (int32_t i = 0; i < N; i++) order[i] = i;
    if (_i % 2) tg_rng_shuffle(&again, N, order);
    ck_assert_msg(tg_dataset_split(&d, n, _i % 2 ? &rng : NULL, &train, &validation, &err) == TG_OK,
                  "%s", err.text);
    ck_assert_uint_eq(rng.counter, again.counter);
    ck_assert_int_eq(train.size, n);
    ck_assert_int_eq(validation.size, N - n);
    ck_assert_int_eq(train.images->shape[0], n);
    ck_assert_int_eq(validation.labels->shape[0], N - n);
    ck_assert(train.classes == 10 && validation.classes == 10);
    for (int64_t i = 0; i < N; i++)
        assert_row(i < n ? &train : &validation, i < n ? i : i - n, &d, order[i]);
    tg_dataset_free(&d);
    tg_dataset_free(&train);
    tg_dataset_free(&validation);
}
END_TEST

static void assert_empty(const tg_dataset *d)
{
    ck_assert(!d->images && !d->labels && d->size == 0 && d->classes == 0);
}

START_TEST(refusals)
{
    tg_dataset d = digits(), a, b;
    const tg_dataset none = {NULL, NULL, 0, 0};
    const int64_t bad[] = {-1, N + 1};
    for (int k = 0; k < 2; k++) {
        tg_error err = TG_ERROR_INIT;
        ck_assert_int_eq(tg_dataset_split(&d, bad[k], NULL, &a, &b, &err), TG_EARG);
        ck_assert_str_eq(err.text, k ? "dataset_split: n_train is 51, but d has 50 rows"
                                     : "dataset_split: n_train is -1, but d has 50 rows");
        assert_empty(&a);
        assert_empty(&b);
    }
    ck_assert_int_eq(tg_dataset_split(&none, 0, NULL, &a, &b, NULL), TG_EARG);
    ck_assert_int_eq(tg_dataset_split(NULL, 0, NULL, &a, &b, NULL), TG_EARG);
    ck_assert_int_eq(tg_dataset_split(&d, 1, NULL, NULL, &b, NULL), TG_EARG);
    ck_assert_int_eq(tg_dataset_split(&d, 1, NULL, &a, &a, NULL), TG_EARG);
    ck_assert_int_eq(tg_dataset_split(&d, 1, NULL, &d, &b, NULL), TG_EARG);
    for (long n = 0;; n++) {
        tg_error err = TG_ERROR_INIT;
        allowed = allocations + n;
        const tg_status status = tg_dataset_split(&d, 30, NULL, &a, &b, &err);
        allowed = -1;
        if (!status) break;
        ck_assert_int_eq(err.status, TG_ENOMEM);
        assert_empty(&a);
        assert_empty(&b);
    }
    tg_dataset_free(&a);
    tg_dataset_free(&b);
    tg_dataset_free(&d);
}
END_TEST

SUITE("dataset_split", .with = {COUNTED}, .timeout = 60,
      .tests = {
          {each_row_is_in_one_part, 8},
          {refusals},
      })
