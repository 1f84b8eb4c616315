/* dataset.c - data sets: MNIST's files, drawn digits, and what a network is given of them. */
#include <stdio.h>
#include <string.h>

#include "tapegrad/alloc.h"
#include "tapegrad/data.h"
#include "tapegrad/digits.h"
#include "tapegrad/ops.h"

enum { SIDE = TG_DIGIT_SIDE, PIXELS = SIDE * SIDE, CLASSES = 10 };

void tg_dataset_free(tg_dataset *d)
{
    if (!d) return;
    tg_tensor_free(d->images);
    tg_tensor_free(d->labels);
    *d = (tg_dataset){NULL, NULL, 0, 0};
}

/* ---- MNIST ---------------------------------------------------------------------------------- */

/* Loads dir/stem-idxN-ubyte, or dir/stem.idxN-ubyte, and checks its number of dimensions N. */
static tg_tensor *load_part(const char *dir, const char *stem, int ndim, tg_error *err)
{
    const size_t room = strlen(dir) + strlen(stem) + sizeof "/-idx0-ubyte";
    char *path = tg_malloc(room);
    if (!path) {
        tg_fail(err, TG_ENOMEM, "cannot read '%s' from '%.100s': out of memory", stem, dir);
        return NULL;
    }
    tg_error dash = TG_ERROR_INIT, dot = TG_ERROR_INIT;
    (void)snprintf(path, room, "%s/%s-idx%d-ubyte", dir, stem, ndim);
    tg_tensor *x = tg_idx_load(path, &dash);
    if (!x && dash.status == TG_EIO) {
        (void)snprintf(path, room, "%s/%s.idx%d-ubyte", dir, stem, ndim);
        x = tg_idx_load(path, &dot);
    }
    if (!x) { /* of two files that cannot be opened, the usual name is the one to tell */
        const tg_error *e = dot.status == TG_OK || dot.status == TG_EIO ? &dash : &dot;
        tg_fail(err, e->status, "%s", e->text);
    } else if (x->ndim != ndim || x->dtype != TG_U8) {
        char text[TG_DESCRIBE_SIZE];
        tg_fail(err, TG_EFORMAT, "%.100s/%s: holds %.60s, expected u8 with %d dimensions", dir,
                stem, tg_tensor_describe(x, text, sizeof text), ndim);
        tg_tensor_free(x);
        x = NULL;
    }
    tg_free(path);
    return x;
}

/* (n, 28, 28) -> (n, 784); takes x over. */
static tg_tensor *flatten(tg_tensor *x, const char *dir, const char *stem, tg_error *err)
{
    const int64_t shape[] = {x->shape[0], PIXELS}, strides[] = {PIXELS, 1};
    tg_tensor *y = NULL;
    if (x->shape[1] == SIDE && x->shape[2] == SIDE)
        y = tg_tensor_view(x, 2, shape, strides, 0, err);
    else
        tg_fail(err, TG_EFORMAT, "%.100s/%s: images of %lldx%lld, expected 28x28", dir, stem,
                (long long)x->shape[1], (long long)x->shape[2]);
    tg_tensor_free(x);
    return y;
}

/* u8 -> i32, each below 10; takes x over. */
static tg_tensor *widen(tg_tensor *x, const char *dir, const char *stem, tg_error *err)
{
    tg_tensor *y = tg_tensor_new(TG_I32, 1, x->shape, err);
    for (int64_t i = 0; y && i < x->size; i++) {
        const int label = ((const uint8_t *)x->data)[i];
        ((int32_t *)y->data)[i] = label;
        if (label < CLASSES) continue;
        tg_fail(err, TG_EFORMAT, "%.100s/%s: label %lld is %d, expected 0..9", dir, stem,
                (long long)i, label);
        tg_tensor_free(y);
        y = NULL;
    }
    tg_tensor_free(x);
    return y;
}

/* err is given and holds no failure yet. */
static tg_status load_half(const char *dir, const char *images, const char *labels, tg_dataset *d,
                           tg_error *err)
{
    tg_tensor *x = load_part(dir, images, 3, err);
    if (x) d->images = flatten(x, dir, images, err);
    if (!d->images) return err->status;
    tg_tensor *y = load_part(dir, labels, 1, err);
    if (y) d->labels = widen(y, dir, labels, err);
    if (!d->labels) return err->status;
    if (d->images->shape[0] != d->labels->size)
        return tg_fail(err, TG_EFORMAT, "%.100s: %s has %lld images, %s has %lld labels", dir,
                       images, (long long)d->images->shape[0], labels, (long long)d->labels->size);
    d->size = d->labels->size;
    d->classes = CLASSES;
    return TG_OK;
}

/* Zeroes both; false where one is missing. */
static bool clear_both(tg_dataset *train, tg_dataset *test)
{
    if (train) *train = (tg_dataset){NULL, NULL, 0, 0};
    if (test) *test = (tg_dataset){NULL, NULL, 0, 0};
    return train && test;
}

/* Passes a status on, both released when it is a failure. */
static tg_status settle(tg_status status, tg_dataset *train, tg_dataset *test)
{
    if (status == TG_OK) return TG_OK;
    tg_dataset_free(train);
    tg_dataset_free(test);
    return status;
}

tg_status tg_mnist_load(const char *dir, tg_dataset *train, tg_dataset *test, tg_error *err)
{
    if (!clear_both(train, test) || !dir)
        return tg_fail(err, TG_EARG, "mnist_load: %s is NULL",
                       !dir     ? "dir"
                       : !train ? "train"
                                : "test");
    tg_error own = TG_ERROR_INIT;
    tg_status status = load_half(dir, "train-images", "train-labels", train, &own);
    if (status == TG_OK) status = load_half(dir, "t10k-images", "t10k-labels", test, &own);
    if (status != TG_OK) tg_fail(err, own.status, "%s", own.text);
    return settle(status, train, test);
}

/* ---- drawn digits --------------------------------------------------------------------------- */

static tg_status draw(uint64_t seed, uint64_t first, int64_t n, tg_dataset *d, tg_error *err)
{
    const int64_t shape[] = {n, PIXELS};
    d->images = tg_tensor_new(TG_U8, 2, shape, err);
    d->labels = tg_tensor_new(TG_I32, 1, &n, err);
    if (!d->images || !d->labels) return TG_ENOMEM;
    uint8_t *image = d->images->data;
    int32_t *label = d->labels->data;
    for (int64_t i = 0; i < n; i++)
        label[i] = tg_digit_draw(seed, first + (uint64_t)i, image + PIXELS * i);
    d->size = n;
    d->classes = CLASSES;
    return TG_OK;
}

tg_status tg_digits_load(uint64_t seed, int64_t n_train, int64_t n_test, tg_dataset *train,
                         tg_dataset *test, tg_error *err)
{
    if (!clear_both(train, test))
        return tg_fail(err, TG_EARG, "digits_load: %s is NULL", train ? "test" : "train");
    if (n_train < 0 || n_train > INT32_MAX || n_test < 0 || n_test > INT32_MAX)
        return tg_fail(err, TG_EARG, "digits_load: %lld and %lld images; both must be 0..2^31-1",
                       (long long)n_train, (long long)n_test);
    tg_status status = draw(seed, 0, n_train, train, err);
    if (status == TG_OK) status = draw(seed, UINT64_C(1) << 32, n_test, test, err);
    return settle(status, train, test);
}

/* ---- parts of a data set -------------------------------------------------------------------- */

static tg_tensor *first_rows(const tg_tensor *x, int64_t n, tg_error *err)
{
    int64_t shape[TG_MAX_NDIM];
    memcpy(shape, x->shape, sizeof *shape * (size_t)x->ndim);
    shape[0] = n;
    return tg_tensor_view(x, x->ndim, shape, x->strides, 0, err);
}

tg_status tg_dataset_head(const tg_dataset *d, int64_t n, tg_dataset *out, tg_error *err)
{
    if (!out || out == d)
        return tg_fail(err, TG_EARG, "dataset_head: out is %s", out ? "d itself" : "NULL");
    *out = (tg_dataset){NULL, NULL, 0, 0};
    if (!d || !d->images || !d->labels || n < 0 || n > d->size)
        return tg_fail(err, TG_EARG, "dataset_head: %lld rows of %lld", (long long)n,
                       (long long)(d ? d->size : 0));
    out->images = first_rows(d->images, n, err);
    out->labels = first_rows(d->labels, n, err);
    out->size = n;
    out->classes = d->classes;
    if (out->images && out->labels) return TG_OK;
    tg_dataset_free(out);
    return TG_ENOMEM;
}

tg_tensor *tg_dataset_inputs(tg_tape *t, const tg_dataset *d, tg_tensor *rows, tg_dtype dtype)
{
    if (!d || !d->images) return tg_tape_fail(t, TG_EARG, "dataset_inputs: no images");
    if (!tg_dtype_is_float(dtype))
        return tg_tape_fail(t, TG_EDTYPE, "dataset_inputs: dtype is %s, must be f32 or f64",
                            tg_dtype_name(dtype));
    const tg_dtype held = d->images->dtype;
    if (held != TG_U8 && !tg_dtype_is_float(held))
        return tg_tape_fail(t, TG_EDTYPE, "dataset_inputs: images are %s, must be u8, f32 or f64",
                            tg_dtype_name(held));
    tg_tensor *x = rows ? tg_take(t, d->images, rows, 0) : d->images;
    if (held != TG_U8) return held == dtype ? x : tg_cast(t, x, dtype);
    /* divided in f32 whatever the dtype, as data that was prepared in f32 was */
    x = tg_div(t, tg_cast(t, x, TG_F32), tg_scalar(t, 255));
    return dtype == TG_F32 ? x : tg_cast(t, x, dtype);
}

tg_tensor *tg_dataset_labels(tg_tape *t, const tg_dataset *d, tg_tensor *rows)
{
    if (!d || !d->labels) return tg_tape_fail(t, TG_EARG, "dataset_labels: no labels");
    return rows ? tg_take(t, d->labels, rows, 0) : d->labels;
}
