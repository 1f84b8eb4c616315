/* dataset_split.c - divides a data set at random into training and validation sets. */
#include <string.h>

#include "graph/tape.h"
#include "tapegrad/alloc.h"
#include "tapegrad/data.h"
#include "tapegrad/ops.h"

/* The rows of x with these numbers, as a leaf. */
static tg_tensor *pick(tg_tape *t, tg_tensor *x, tg_tensor *rows, tg_error *err)
{
    tg_tape_reset(t);
    const tg_tensor *y = tg_take(t, x, rows, 0);
    if (y) return tg_tensor_clone(y, err);
    (void)tgi_tape_pass(t, err);
    return NULL;
}

/* out = rows order[0 .. n-1] of d. */
static tg_status take(tg_tape *t, const tg_dataset *d, const int32_t *order, int64_t n,
                      tg_dataset *out, tg_error *err)
{
    tg_tensor *rows = tg_tensor_from(TG_I32, 1, &n, order, err);
    if (!rows) return TG_ENOMEM;
    out->images = pick(t, d->images, rows, err);
    out->labels = pick(t, d->labels, rows, err);
    out->size = n;
    out->classes = d->classes;
    tg_tensor_free(rows);
    return out->images && out->labels ? TG_OK : TG_ENOMEM;
}

tg_status tg_dataset_split(const tg_dataset *d, int64_t n_train, tg_rng *rng, tg_dataset *train,
                           tg_dataset *validation, tg_error *err)
{
    if (!train || !validation || train == d || validation == d || train == validation)
        return tg_fail(
            err, TG_EARG,
            "dataset_split: train and validation must be two sets other than d, not NULL");
    *train = *validation = (tg_dataset){NULL, NULL, 0, 0};
    if (!d || !d->images || !d->labels || d->size > INT32_MAX || n_train < 0 || n_train > d->size)
        return tg_fail(err, TG_EARG, "dataset_split: n_train is %lld, but d has %lld rows",
                       (long long)n_train, (long long)(d ? d->size : 0));
    tg_tape *t = tg_tape_new();
    int32_t *order = tg_realloc_array(NULL, (size_t)d->size, sizeof *order);
    tg_status status = t && order ? TG_OK : tg_fail(err, TG_ENOMEM, "dataset_split: out of memory");
    tg_rng draws = rng ? *rng : tg_rng_make(0, 0); /* advances only on success */
    if (!status) {
        for (int64_t i = 0; i < d->size; i++) order[i] = (int32_t)i;
        if (rng) tg_rng_shuffle(&draws, d->size, order);
        status = take(t, d, order, n_train, train, err);
    }
    if (!status) status = take(t, d, order + n_train, d->size - n_train, validation, err);
    if (!status && rng) *rng = draws;
    if (status) {
        tg_dataset_free(train);
        tg_dataset_free(validation);
    }
    tg_free(order);
    tg_tape_free(t);
    return status;
}
