/* mnist.c - loads the four files of MNIST. */
#include <stdio.h>
#include <string.h>

#include "src/data/dataset.h"
#include "tapegrad/alloc.h"
#include "tapegrad/digits.h"

enum { SIDE = TG_DIGIT_SIDE, PIXELS = SIDE * SIDE, CLASSES = 10 };

/* Loads dir/stem-idxN-ubyte, or dir/stem.idxN-ubyte, which must have N = ndim dimensions. */
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
    if (!x) { /* if neither file can be opened, the message has the usual name */
        const tg_error *e = dot.status == TG_OK || dot.status == TG_EIO ? &dash : &dot;
        tg_fail(err, e->status, "%s", e->text);
    } else if (x->ndim != ndim || x->dtype != TG_U8) {
        char text[TG_DESCRIBE_SIZE];
        tg_fail(err, TG_EFORMAT, "%.100s/%s: holds %.60s, must be u8 with %d dimensions", dir, stem,
                tg_tensor_describe(x, text, sizeof text), ndim);
        tg_tensor_free(x);
        x = NULL;
    }
    tg_free(path);
    return x;
}

/* (n, 28, 28) -> (n, 784). Takes ownership of x. */
static tg_tensor *flatten(tg_tensor *x, const char *dir, const char *stem, tg_error *err)
{
    const int64_t shape[] = {x->shape[0], PIXELS}, strides[] = {PIXELS, 1};
    tg_tensor *y = NULL;
    if (x->shape[1] == SIDE && x->shape[2] == SIDE)
        y = tg_tensor_view(x, 2, shape, strides, 0, err);
    else
        tg_fail(err, TG_EFORMAT, "%.100s/%s: images are %lldx%lld, must be 28x28", dir, stem,
                (long long)x->shape[1], (long long)x->shape[2]);
    tg_tensor_free(x);
    return y;
}

/* u8 -> i32, for labels below 10. Takes ownership of x. */
static tg_tensor *widen(tg_tensor *x, const char *dir, const char *stem, tg_error *err)
{
    tg_tensor *y = tg_tensor_new(TG_I32, 1, x->shape, err);
    for (int64_t i = 0; y && i < x->size; i++) {
        const int label = ((const uint8_t *)x->data)[i];
        ((int32_t *)y->data)[i] = label;
        if (label < CLASSES) continue;
        tg_fail(err, TG_EFORMAT, "%.100s/%s: label %lld is %d, must be in 0..9", dir, stem,
                (long long)i, label);
        tg_tensor_free(y);
        y = NULL;
    }
    tg_tensor_free(x);
    return y;
}

/* Loads one of the two sets. err is not NULL and holds no failure yet. */
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
        return tg_fail(err, TG_EFORMAT, "%.100s: %s has %lld images, but %s has %lld labels", dir,
                       images, (long long)d->images->shape[0], labels, (long long)d->labels->size);
    d->size = d->labels->size;
    d->classes = CLASSES;
    return TG_OK;
}

tg_status tg_mnist_load(const char *dir, tg_dataset *train, tg_dataset *test, tg_error *err)
{
    if (!tgi_datasets_clear(train, test) || !dir)
        return tg_fail(err, TG_EARG, "mnist_load: %s is NULL",
                       !dir     ? "dir"
                       : !train ? "train"
                                : "test");
    tg_error own = TG_ERROR_INIT;
    tg_status status = load_half(dir, "train-images", "train-labels", train, &own);
    if (status == TG_OK) status = load_half(dir, "t10k-images", "t10k-labels", test, &own);
    if (status != TG_OK) tg_fail(err, own.status, "%s", own.text);
    return tgi_datasets_return(status, train, test);
}
