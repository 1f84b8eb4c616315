/* clip_grad.c - clips gradients by norm or by value: as operations, and the norm for an update. */
#include <float.h>
#include <math.h>

#include "graph/storage.h"
#include "src/dict.h"
#include "src/optim/optimizer.h"
#include "tapegrad/ops.h"
#include "tapegrad/optim.h"

/* A dict on t with the keys of grads, for the caller to fill in. NULL on failure. */
static tg_dict *begin(tg_tape *t, const char *who, const tg_dict *grads, double limit)
{
    if (!t || tg_tape_status(t)) return NULL;
    if (grads && limit >= 0 && isfinite(limit)) return tgi_dict_on_tape(t, grads);
    if (!grads)
        (void)tg_tape_fail(t, TG_EARG, "%s: grads is NULL", who);
    else
        (void)tg_tape_fail(t, TG_EARG, "%s: the limit must be in [0, inf)", who);
    return NULL;
}

/* The norm of all gradients together, f64: the norm of each tensor is in its own dtype, the norm of
 * these norms in f64. */
static tg_tensor *total_norm(tg_tape *t, const tg_dict *grads)
{
    tg_tensor **norms = tg_tape_alloc(t, (size_t)grads->n * sizeof(tg_tensor *));
    if (!norms) return NULL;
    if (grads->n == 0) return tg_full(t, TG_F64, 0, NULL, 0);
    for (int i = 0; i < grads->n; i++)
        norms[i] = tg_cast(t, tg_norm(t, grads->tensors[i], 2, TG_ALL, false), TG_F64);
    return tg_norm(t, tg_stack(t, grads->n, norms, 0), 2, TG_ALL, false);
}

tg_dict *tg_clip_grad_norm(tg_tape *t, const tg_dict *grads, double max_norm, tg_tensor **norm)
{
    if (norm) *norm = NULL;
    tg_dict *clipped = begin(t, "clip_grad_norm", grads, max_norm);
    if (!clipped) return NULL;
    tg_tensor *total = total_norm(t, grads);
    tg_tensor *scale = tg_div(t, tg_scalar(t, max_norm), tg_add(t, total, tg_scalar(t, 1e-6)));
    scale = tg_minimum(t, scale, tg_scalar(t, 1));
    for (int i = 0; i < grads->n; i++) {
        tg_tensor *g = grads->tensors[i];
        clipped->tensors[i] = tg_mul(t, g, tg_cast(t, scale, g->dtype));
    }
    if (tg_tape_status(t)) return NULL;
    if (norm) *norm = total;
    return clipped;
}

tg_dict *tg_clip_grad_value(tg_tape *t, const tg_dict *grads, double limit)
{
    tg_dict *clipped = begin(t, "clip_grad_value", grads, limit);
    if (!clipped) return NULL;
    for (int i = 0; i < grads->n; i++)
        clipped->tensors[i] = tg_minimum(t, tg_maximum(t, grads->tensors[i], tg_scalar(t, -limit)),
                                         tg_scalar(t, limit));
    return tg_tape_status(t) ? NULL : clipped;
}

/* ---- in an update --------------------------------------------------------------------------- */

double tgi_clip_scale(double clip_norm, tgi_squares sum, const void *of)
{
    double unit = 1, total = sum(of, unit);
    if (isinf(total) || total < DBL_MIN / DBL_EPSILON) { /* a square overflows or loses digits */
        unit = isinf(total) ? 0x1p-600 : 0x1p600;
        total = sum(of, unit);
    }
    const double scale = clip_norm / (sqrt(total) / unit + 1e-6);
    return scale >= 1 ? 1 : scale; /* NaN stays NaN, as in PyTorch */
}

/* Uses several sums, because each addition waits for the one before it in the same sum. */
#define SUM_OF_SQUARES(name, REAL)                                                                 \
    static double name(const tg_tensor *x, double unit)                                            \
    {                                                                                              \
        enum { SUMS = 8 };                                                                         \
        double sums[SUMS] = {0}, sum = 0;                                                          \
        const REAL *g = x->data;                                                                   \
        const bool packed = tg_tensor_is_contiguous(x);                                            \
        int64_t i = 0;                                                                             \
        for (; packed && i + SUMS <= x->size; i += SUMS)                                           \
            for (int k = 0; k < SUMS; k++) {                                                       \
                const double v = (double)g[i + k] * unit;                                          \
                sums[k] += v * v;                                                                  \
            }                                                                                      \
        for (; i < x->size; i++) {                                                                 \
            const double v = (double)g[packed ? i : tgi_offset(x, i)] * unit;                      \
            sums[i % SUMS] += v * v;                                                               \
        }                                                                                          \
        for (int k = 0; k < SUMS; k++) sum += sums[k];                                             \
        return sum;                                                                                \
    }
SUM_OF_SQUARES(sum_f32, float)
SUM_OF_SQUARES(sum_f64, double)

double tgi_sum_of_squares(const tg_tensor *x, double unit)
{
    return x->dtype == TG_F32 ? sum_f32(x, unit) : sum_f64(x, unit);
}
