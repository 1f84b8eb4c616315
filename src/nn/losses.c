/* losses.c - cross-entropy and the weight penalty as compositions. */
#include <math.h>
#include <string.h>

#include "ops/compose.h"
#include "src/nn/softmax.h"
#include "tapegrad/nn.h"

static bool are_numbers(const tg_tensor *labels) { return labels && labels->dtype == TG_I32; }

/* ln p, of each row's label where labels are numbers, so that nothing of the size of the logits is
 * made; else of all classes. */
static tg_tensor *log_p(tg_tape *t, tg_tensor *logits, tg_tensor *labels)
{
    tg_tensor *top = tgi_top(t, logits, -1), *z = tg_sub(t, logits, top);
    if (!are_numbers(labels)) return tg_sub(t, z, tg_logsumexp(t, z, -1, true));
    return tg_sub(t, tgi_pick_below(t, logits, labels, top), tg_logsumexp(t, z, -1, false));
}

/* The mean of -ln p[label], of what log_p gives. */
static tg_tensor *mean_surprise(tg_tape *t, tg_tensor *logs, tg_tensor *labels)
{
    if (!are_numbers(labels)) logs = tg_sum(t, tg_zmul(t, labels, logs), -1, false);
    return tg_neg(t, tg_mean(t, logs, TG_ALL, false));
}

bool tgi_labels_valid(tg_tape *t, const char *who, const tg_tensor *labels, int64_t classes,
                      int64_t ignored)
{
    const bool plain = tg_tensor_is_contiguous(labels);
    for (int64_t i = 0; i < labels->size; i++) {
        const int64_t k =
            plain ? ((const int32_t *)labels->data)[i] : (int64_t)tg_tensor_get(labels, i);
        if ((k >= 0 && k < classes) || k == ignored) continue;
        (void)tg_tape_fail(t, TG_EINDEX,
                           "%s: label %lld of row %lld is out of range for %lld classes", who,
                           (long long)k, (long long)i, (long long)classes);
        return false;
    }
    return true;
}

static bool not_fitting(tg_tape *t, const char *who, const tg_tensor *logits,
                        const tg_tensor *labels)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const bool shape = !tg_tensor_same_shape(labels, logits) || logits->ndim != 2;
    (void)tg_tape_fail(t, shape ? TG_ESHAPE : TG_EDTYPE,
                       "%s: labels %s for logits %s, must be i32 (N) or of the %s of the "
                       "logits%s",
                       who, tg_tensor_describe(labels, a, sizeof a),
                       tg_tensor_describe(logits, b, sizeof b), shape ? "shape" : "dtype",
                       shape ? " (N, C)" : " (use tg_cast)");
    return false;
}

static bool labels_fit(tg_tape *t, const char *who, const tg_tensor *logits,
                       const tg_tensor *labels)
{
    if (!tgi_operand(t, who, logits) || !tgi_operand(t, who, labels)) return false;
    if (logits->ndim != 2) return not_fitting(t, who, logits, labels);
    if (!are_numbers(labels))
        return (tg_tensor_same_shape(labels, logits) && labels->dtype == logits->dtype) ||
               not_fitting(t, who, logits, labels);
    if (labels->ndim != 1 || labels->shape[0] != logits->shape[0])
        return not_fitting(t, who, logits, labels);
    return tgi_labels_valid(t, who, labels, logits->shape[1], INT64_MIN);
}

tg_tensor *tg_softmax_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels)
{
    const char *who = "softmax_cross_entropy", *outer = tgi_enter(t, who);
    tg_tensor *loss = NULL;
    if (labels_fit(t, who, logits, labels))
        loss = mean_surprise(t, log_p(t, logits, labels), labels);
    return tgi_leave(t, outer, loss);
}

static tg_tensor *cross_entropy_eps(tg_tape *t, tg_tensor *logits, tg_tensor *labels, double eps)
{
    tg_tensor *logs = log_p(t, logits, labels);
    if (eps == 0) return mean_surprise(t, logs, labels);
    tg_tensor *shifted = tg_log(t, tg_add(t, tg_exp(t, logs), tg_scalar(t, eps)));
    tg_tensor *shown = tg_stop_gradient(t, mean_surprise(t, shifted, labels));
    /* exact - exact is 0 in value and keeps the derivative; of Inf it would be NaN. */
    tg_tensor *none = tg_stop_gradient(t, tg_isinf(t, logs));
    tg_tensor *exact = mean_surprise(t, tg_where(t, none, tg_scalar(t, 0), logs), labels);
    return tg_add(t, shown, tg_sub(t, exact, tg_stop_gradient(t, exact)));
}

tg_tensor *tg_softmax_cross_entropy_eps(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                                        double eps)
{
    const char *who = "softmax_cross_entropy_eps";
    if (!(eps >= 0 && isfinite(eps)))
        return tg_tape_fail(t, TG_EARG, "%s: eps is %g, must be at least 0", who, eps);
    const char *outer = tgi_enter(t, who);
    tg_tensor *loss = NULL;
    if (labels_fit(t, who, logits, labels)) loss = cross_entropy_eps(t, logits, labels, eps);
    return tgi_leave(t, outer, loss);
}

tg_tensor *tg_l2_penalty(tg_tape *t, const tg_dict *params, const char *prefix, double lambda)
{
    tg_tensor *sum = NULL;
    char text[TG_DESCRIBE_SIZE];
    const size_t n = prefix ? strlen(prefix) : 0;
    for (int i = 0; i < tg_dict_size(params); i++) {
        if (strncmp(tg_dict_key(params, i), prefix ? prefix : "", n) != 0) continue;
        const tg_tensor *w = tg_dict_at(params, i);
        if (!tg_dtype_is_float(w->dtype))
            return tg_tape_fail(t, TG_EDTYPE,
                                "l2_penalty: parameter '%s' is %s, must be f32 or f64",
                                tg_dict_key(params, i), tg_tensor_describe(w, text, sizeof text));
        tg_tensor *w2 = tg_sum(t, tg_square(t, tg_dict_at(params, i)), TG_ALL, false);
        sum = sum ? tg_add(t, sum, w2) : w2;
    }
    if (!sum)
        return tg_tape_fail(t, TG_EKEY, "l2_penalty: no parameter begins with '%s'",
                            prefix ? prefix : "");
    return tg_mul(t, sum, tg_scalar(t, 0.5 * lambda));
}
