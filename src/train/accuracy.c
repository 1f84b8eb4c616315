/* accuracy.c - the accuracy of a model on a data set. */
#include "src/train/accuracy.h"

#include <math.h>

#include "graph/tape.h"
#include "src/data/dataset.h"

enum { CHUNK = 500 }; /* rows recorded at a time */

/* The number of rows a..b-1 that the model classifies correctly. */
static double hits(tg_tape *t, const tg_model *m, const tg_dataset *data, int64_t a, int64_t b)
{
    const tg_pass pass = {0};
    tg_tape_reset(t);
    const tg_dataset part = {.images = tg_slice(t, data->images, 0, a, b, 1),
                             .labels = tg_slice(t, data->labels, 0, a, b, 1),
                             .size = b - a,
                             .classes = data->classes};
    tg_tensor *y = tg_model_forward(t, m, tg_dataset_inputs(t, &part, NULL, m->dtype), &pass);
    tg_tensor *right = tg_equal(t, tg_argmax(t, y, -1, false), tg_dataset_labels(t, &part, NULL));
    return tg_item(tg_sum(t, tg_cast(t, right, TG_I32), TG_ALL, false));
}

tg_status tgi_accuracy(tg_tape *t, const tg_model *model, const tg_dataset *data, int64_t rows,
                       double *accuracy, tg_error *err)
{
    const int64_t n = rows > 0 && rows < data->size ? rows : data->size;
    double sum = 0;
    *accuracy = NAN;
    for (int64_t a = 0; a < n; a += CHUNK) {
        sum += hits(t, model, data, a, a + CHUNK < n ? a + CHUNK : n);
        if (tgi_tape_pass(t, err)) return tg_tape_status(t);
    }
    *accuracy = sum / (double)n;
    return TG_OK;
}

tg_status tg_accuracy(const tg_model *model, const tg_dataset *data, int64_t rows, double *accuracy,
                      tg_error *err)
{
    if (!model || !data || !accuracy)
        return tg_fail(err, TG_EARG, "accuracy: %s is NULL",
                       !model  ? "model"
                       : !data ? "data"
                               : "accuracy");
    *accuracy = NAN;
    const tg_status wrong = tgi_dataset_check("accuracy: ", data, err);
    if (wrong) return wrong;
    tg_tape *t = tg_tape_new();
    if (!t) return tg_fail(err, TG_ENOMEM, "accuracy: out of memory");
    const tg_status status = tgi_accuracy(t, model, data, rows, accuracy, err);
    tg_tape_free(t);
    return status;
}
