/* test_slice.c - slice and unslice against the literal text of Python's rules. */
#include "tests/support/tape.h"

/* From the definition of s[i:j:k]: negative ends count from the end, ends that are out of range
 * are replaced by the nearest; then i, i+k, i+2k, ... until j is reached or passed. */
static int python_slice(int64_t n, int64_t i, int64_t j, int64_t k, int64_t *picked)
{
    const int64_t least = k > 0 ? 0 : -1, most = k > 0 ? n : n - 1;
    const bool omitted = j == TG_END;
    int count = 0;
    if (i < 0) i = i < -n ? least : i + n;
    if (j < 0) j = j < -n ? least : j + n;
    if (i > most) i = most;
    if (omitted) j = k > 0 ? n : -1;
    if (j > most) j = most;
    while (k > 0 ? i < j : i > j) {
        picked[count++] = i;
        if (k > 9 || k < -9) break; /* no axis here is that long */
        i += k;
    }
    return count;
}

/* x is (2,n,2), sliced along the middle. */
static void check_slice(tg_tensor *x, int64_t start, int64_t stop, int64_t step)
{
    int64_t picked[16];
    const int64_t n = x->shape[1];
    const int count = python_slice(n, start, stop, step, picked);
    tg_tensor *y = tg_slice(t, x, 1, start, stop, step);
    bool right = y && y->ndim == 3 && y->shape[0] == 2 && y->shape[1] == count && y->shape[2] == 2;
    right = right && y->storage == x->storage; /* a view */
    for (int i = 0; right && i < 4 * count; i++) {
        const int64_t o = i / (2 * count), j = i / 2 % count, k = i % 2;
        right = read_at(y, i) == read_at(x, (o * n + picked[j]) * 2 + k);
    }
    if (!right)
        ck_abort_msg("[%lld:%lld:%lld] of %d: %s", (long long)start, (long long)stop,
                     (long long)step, (int)n, tg_tape_message(t));
    if (count > 0 && tg_tape_size(t) % 7 == 0) { /* the gradient of some */
        tg_tensor *dx = NULL;
        ck_assert_int_eq(tg_vjp(t, 1, &y, NULL, 1, &x, &dx), TG_OK);
        for (int64_t i = 0; i < x->size; i++) {
            bool taken = false;
            for (int j = 0; j < count; j++) taken = taken || picked[j] == i / 2 % n;
            if (read_at(dx, i) != taken) ck_abort_msg("gradient, element %d", (int)i);
        }
    }
    if (tg_tape_size(t) > 500) tg_tape_reset(t);
}

START_TEST(every_small_slice)
{
    const int64_t far[] = {INT64_MIN,     INT64_MIN + 1, -INT64_MAX / 2,
                           INT64_MAX / 2, INT64_MAX - 1, INT64_MAX};
    for (int64_t n = 0; n <= 5; n++) {
        tg_tensor *x = laid_out(random_leaf(TG_F32, DIMS(2, n, 2), 0, 1, 1), _i);
        for (int64_t step = -7; step <= 7; step++)
            for (int64_t start = -7; start <= 7 && step != 0; start++) {
                for (int64_t stop = -7; stop <= 7; stop++) check_slice(x, start, stop, step);
                check_slice(x, start, TG_END, step);
            }
        for (int i = 0; i < COUNT(far); i++)
            for (int64_t k = -7; k <= 7; k++) {
                check_slice(x, k, 2, far[i]);
                check_slice(x, k, TG_END, far[i]);
                for (int64_t step = -2; step <= 2; step += 3) {
                    check_slice(x, far[i], k, step);
                    check_slice(x, k, far[i], step);
                    for (int j = 0; j < COUNT(far); j++) check_slice(x, far[i], far[j], step);
                }
            }
    }
}
END_TEST

/* ---- unslice -------------------------------------------------------------------------------- */

/* x is (2,n): y (2,size) is 0 but for y[:, start + j step] = x[:, j]. */
static void check_unslice(tg_tensor *x, int64_t start, int64_t step, int64_t size)
{
    const int64_t n = x->shape[1];
    char text[128];
    bool fits = true;
    for (int64_t j = 0; j < n; j++) fits = fits && start + j * step >= 0 && start + j * step < size;
    tg_tensor *y = tg_unslice(t, x, -1, start, step, size), *dx;
    if (!fits) {
        (void)snprintf(text, sizeof text,
                       "unslice: %d elements from %d by step %d do not fit a size of %d", (int)n,
                       (int)start, (int)step, (int)size);
        if (y || strcmp(tg_tape_message(t), text) != 0 || tg_tape_status(t) != TG_EINDEX)
            ck_abort_msg("%s, but: %s", text, tg_tape_message(t));
        tg_tape_reset(t);
        return;
    }
    bool right = y && y->shape[0] == 2 && y->shape[1] == size && tg_tensor_is_contiguous(y);
    for (int64_t i = 0; right && i < 2 * size; i++) {
        double want = 0;
        for (int64_t j = 0; j < n; j++)
            if (start + j * step == i % size) want = read_at(x, i / size * n + j);
        right = read_at(y, i) == want;
    }
    /* It is the transpose of slice: the gradient of 1s is 1 everywhere. */
    right = right && tg_vjp(t, 1, &y, NULL, 1, &x, &dx) == TG_OK;
    for (int64_t i = 0; right && i < x->size; i++) right = read_at(dx, i) == 1;
    if (!right)
        ck_abort_msg("%d from %d by %d into %d: %s", (int)n, (int)start, (int)step, (int)size,
                     tg_tape_message(t));
    if (tg_tape_size(t) > 500) tg_tape_reset(t);
}

START_TEST(every_small_unslice)
{
    for (int64_t n = 0; n <= 4; n++) {
        tg_tensor *x = laid_out(random_leaf(TG_F64, DIMS(2, n), 1, 2, 1), _i);
        for (int64_t size = 0; size <= 7; size++)
            for (int64_t step = -4; step <= 4; step++)
                for (int64_t start = -2; start <= 8 && step != 0; start++)
                    check_unslice(x, start, step, size);
    }
}
END_TEST

#define MOST "9223372036854775807"
#define LEAST "-9223372036854775808"

static const op_row rows[] = {
    {"slice", NULL, {"f32[3]"}, "f32[3]", TG_OK},
    {"slice", "start=-1 step=-1", {"f32[3]"}, "f32[3]: 2 1 0", TG_OK},
    {"slice", "axis=-1 start=1 stop=2", {"u8[2,3]"}, "u8[2,1]: 1 4", TG_OK},
    {"slice", "axis=1 step=2", {"i32[2,3]"}, "i32[2,2]: 0 2 3 5", TG_OK},
    {"slice", "axis=1 start=5", {"f64[0,3]"}, "f64[0,0]", TG_OK},
    {"slice", "axis=1", {"f32[3]"}, "slice: axis 1 is out of range for 1 dimensions", TG_EAXIS},
    {"slice", NULL, {"f32[]"}, "slice: axis 0 is out of range for 0 dimensions", TG_EAXIS},
    {"slice",
     "axis=" LEAST,
     {"f32[2]"},
     "slice: axis " LEAST " is out of range for 1 dimensions",
     TG_EAXIS},
    {"slice", "step=0", {"f32[3]"}, "slice: step is 0", TG_EARG},
    {"unslice", "size=3", {"f32[2]: 5 6"}, "f32[3]: 5 6 0", TG_OK},
    {"unslice", "axis=0 start=2 step=-2 size=3", {"i32[2,2]"}, "i32[3,2]: 2 3 0 0 0 1", TG_OK},
    {"unslice", "axis=1 size=3", {"u8[2,0]"}, "u8[2,3]: 0 0 0 0 0 0", TG_OK},
    {"unslice", "axis=1 size=0", {"u8[2,0]"}, "u8[2,0]", TG_OK},
    {"unslice",
     "axis=0 start=1 step=" MOST " size=2",
     {"f32[1,3]: 1 2 3"},
     "f32[2,3]: 0 0 0 1 2 3",
     TG_OK},
    {"unslice",
     "axis=0 start=1 step=-" MOST " size=2",
     {"f32[1,3]: 1 2 3"},
     "f32[2,3]: 0 0 0 1 2 3",
     TG_OK},
    {"unslice",
     "axis=0 start=1 step=" MOST " size=" MOST,
     {"f32[2,3]"},
     "unslice: 2 elements from 1 by step " MOST " do not fit a size of " MOST,
     TG_EINDEX},
    {"unslice",
     "start=" LEAST " size=2",
     {"f32[2]"},
     "unslice: 2 elements from " LEAST " by step 1 do not fit a size of 2",
     TG_EINDEX},
    {"unslice",
     "start=" MOST " step=" LEAST " size=2",
     {"f32[2]"},
     "unslice: 2 elements from " MOST " by step " LEAST " do not fit a size of 2",
     TG_EINDEX},
    {"unslice",
     "size=-1",
     {"f32[0]"},
     "unslice: 0 elements from 0 by step 1 do not fit a size of -1",
     TG_EINDEX},
    {"unslice",
     "size=" MOST,
     {"f32[2]"},
     "unslice: the size of f32[" MOST "] overflows",
     TG_ENOMEM},
    {"unslice",
     "axis=2 size=2",
     {"f32[2,2]"},
     "unslice: axis 2 is out of range for 2 dimensions",
     TG_EAXIS},
};

START_TEST(values_and_refusals) { run_row(&rows[_i]); }
END_TEST

/* A slice of a slice of a transpose is still the same memory. */
START_TEST(views_of_views)
{
    tg_tensor *x = tensor_of(t, "i32[4,6]");
    tg_tensor *y = tg_slice(t, x, 1, -1, TG_END, -2);           /* columns 5 3 1 */
    y = tg_slice(t, tg_transpose(t, y, 0, 1), 0, 1, TG_END, 1); /* rows 3 1 */
    y = tg_slice(t, y, 1, 3, 0, -2);                            /* of rows 3 1 of x */
    assert_tensor(t, "views", y, "i32[2,2]: 21 9 19 7", 0);
    ck_assert_ptr_eq(y->storage, x->storage);
    ck_assert(tg_tensor_get(y, 3) == 7);
    assert_tensor(t, "clone", keep(tg_tensor_clone(y, NULL)), "i32[2,2]: 21 9 19 7", 0);
}
END_TEST

SUITE("slice", .with = {TAPE}, .timeout = 120,
      .tests = {
          {every_small_slice, LAYOUTS},
          {every_small_unslice, LAYOUTS},
          {values_and_refusals, COUNT(rows)},
          {views_of_views},
      })
