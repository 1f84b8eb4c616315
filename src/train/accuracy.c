/* evaluate.c - accuracy over a data set, and the smoothing of curves. */
#include "src/train/evaluate.h"

#include <math.h>

#include "graph/tape.h"
#include "src/data/dataset.h"

enum { CHUNK = 500 }; /* rows on the tape at a time */

/* How many of rows a..b-1 are right. */
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
                               : "the place for the result");
    *accuracy = NAN;
    const tg_status wrong = tgi_dataset_check("accuracy: ", data, err);
    if (wrong) return wrong;
    tg_tape *t = tg_tape_new();
    if (!t) return tg_fail(err, TG_ENOMEM, "accuracy: out of memory");
    const tg_status status = tgi_accuracy(t, model, data, rows, accuracy, err);
    tg_tape_free(t);
    return status;
}

/* ---- smoothing ------------------------------------------------------------------------------ */

/* The modified Bessel function I0 by its series. */
static double bessel_i0(double x)
{
    double term = 1, sum = 1;
    for (int k = 1; k < 40; k++) sum += term *= x * x / (4.0 * k * k);
    return sum;
}

tg_status tg_smooth_curve(size_t n, const double *y, double *out, tg_error *err)
{
    enum { WINDOW = 11, HALF = 5 };
    double w[WINDOW], total = 0;
    if (!y || !out || n < WINDOW)
        return tg_fail(err, n < WINDOW ? TG_ESHAPE : TG_EARG,
                       "smooth_curve: needs at least %d points", WINDOW);
    for (int j = 0; j < WINDOW; j++) {
        const double r = (double)(j - HALF) / HALF;
        total += w[j] = bessel_i0(2 * sqrt(1 - r * r));
    }
    const ptrdiff_t last = (ptrdiff_t)n - 1;
    for (ptrdiff_t i = 0; i <= last; i++) {
        out[i] = 0;
        for (ptrdiff_t j = -HALF; j <= HALF; j++) {
            ptrdiff_t at = i + j; /* mirrored about the first point, and behind the last */
            if (at < 0) at = -at;
            if (at > last) at = 2 * last + 1 - at;
            out[i] += w[j + HALF] / total * y[at];
        }
    }
    return TG_OK;
}
