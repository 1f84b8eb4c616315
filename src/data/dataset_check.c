/* dataset_check.c - checks that a data set is as described in data.h. */
#include "src/data/dataset.h"

static tg_status check_tensors(const char *who, const tg_dataset *d, tg_error *err)
{
    const tg_tensor *x = d->images, *y = d->labels;
    char text[TG_DESCRIBE_SIZE];
    if (x->dtype != TG_U8 && !tg_dtype_is_float(x->dtype))
        return tg_fail(err, TG_EDTYPE, "%simages are %s, must be u8, f32 or f64", who,
                       tg_dtype_name(x->dtype));
    if (y->dtype != TG_I32)
        return tg_fail(err, TG_EDTYPE, "%slabels are %s, must be i32", who,
                       tg_dtype_name(y->dtype));
    if (x->ndim < 1 || x->shape[0] != d->size)
        return tg_fail(err, TG_ESHAPE, "%simages are %s, must have %lld rows, the size", who,
                       tg_tensor_describe(x, text, sizeof text), (long long)d->size);
    if (y->ndim != 1 || y->shape[0] != d->size)
        return tg_fail(err, TG_ESHAPE, "%slabels are %s, must be a vector of %lld, the size", who,
                       tg_tensor_describe(y, text, sizeof text), (long long)d->size);
    return TG_OK;
}

tg_status tgi_dataset_check(const char *who, const tg_dataset *d, tg_error *err)
{
    if (!d || !d->images || !d->labels)
        return tg_fail(err, TG_EARG, "%sthe %s NULL", who,
                       !d           ? "data set is"
                       : !d->images ? "images are"
                                    : "labels are");
    if (d->classes < 1)
        return tg_fail(err, TG_EARG, "%sclasses is %d, must be at least 1", who, d->classes);
    const tg_status status = check_tensors(who, d, err);
    if (status) return status;
    for (int64_t i = 0; i < d->size; i++) {
        const double label = tg_tensor_get(d->labels, i);
        if (label < 0 || label >= d->classes)
            return tg_fail(err, TG_EINDEX, "%srow %lld: label %.0f, must be in 0..%d", who,
                           (long long)i, label, d->classes - 1);
    }
    return TG_OK;
}

tg_status tg_dataset_check(const tg_dataset *d, tg_error *err)
{
    return tgi_dataset_check("dataset: ", d, err);
}
