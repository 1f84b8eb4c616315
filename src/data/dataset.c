/* dataset.c - data sets: freeing them, their first rows, and what a network receives. */
#include <string.h>

#include "src/data/dataset.h"
#include "tapegrad/ops.h"

void tg_dataset_free(tg_dataset *d)
{
    if (!d) return;
    tg_tensor_free(d->images);
    tg_tensor_free(d->labels);
    *d = (tg_dataset){NULL, NULL, 0, 0};
}

/* ---- for functions that load two data sets -------------------------------------------------- */

bool tgi_datasets_clear(tg_dataset *train, tg_dataset *test)
{
    if (train) *train = (tg_dataset){NULL, NULL, 0, 0};
    if (test) *test = (tg_dataset){NULL, NULL, 0, 0};
    return train && test;
}

tg_status tgi_datasets_return(tg_status status, tg_dataset *train, tg_dataset *test)
{
    if (status == TG_OK) return TG_OK;
    tg_dataset_free(train);
    tg_dataset_free(test);
    return status;
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
        return tg_fail(err, TG_EARG, "dataset_head: n is %lld, but d has %lld rows", (long long)n,
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
    if (!d || !d->images) return tg_tape_fail(t, TG_EARG, "dataset_inputs: the images are NULL");
    if (!tg_dtype_is_float(dtype))
        return tg_tape_fail(t, TG_EDTYPE, "dataset_inputs: dtype is %s, must be f32 or f64",
                            tg_dtype_name(dtype));
    const tg_dtype held = d->images->dtype;
    if (held != TG_U8 && !tg_dtype_is_float(held))
        return tg_tape_fail(t, TG_EDTYPE, "dataset_inputs: images are %s, must be u8, f32 or f64",
                            tg_dtype_name(held));
    tg_tensor *x = rows ? tg_take(t, d->images, rows, 0) : d->images;
    if (held != TG_U8) return held == dtype ? x : tg_cast(t, x, dtype);
    /* divided in f32 for every dtype, so that f64 gets the same values */
    x = tg_div(t, tg_cast(t, x, TG_F32), tg_scalar(t, 255));
    return dtype == TG_F32 ? x : tg_cast(t, x, dtype);
}

tg_tensor *tg_dataset_labels(tg_tape *t, const tg_dataset *d, tg_tensor *rows)
{
    if (!d || !d->labels) return tg_tape_fail(t, TG_EARG, "dataset_labels: the labels are NULL");
    return rows ? tg_take(t, d->labels, rows, 0) : d->labels;
}
