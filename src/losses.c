/* losses.c - cross-entropy and the weight penalty as compositions. */
#include <math.h>
#include <string.h>

#include "tapegrad/nn.h"

/* Rows of log-probabilities -> the mean of -log p[label]. */
static tg_tensor *mean_surprise(tg_tape *t, tg_tensor *log_p, tg_tensor *labels)
{
    tg_tensor *of_rows = labels && labels->dtype == TG_I32
                             ? tg_pick(t, log_p, labels)
                             : tg_sum(t, tg_mul(t, log_p, labels), -1, false);
    return tg_neg(t, tg_mean(t, of_rows, TG_ALL, false));
}

static bool labels_fit(tg_tape *t, const tg_tensor *logits, const tg_tensor *labels)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    if (!logits || !labels || tg_tape_status(t)) return true; /* the operations will say */
    const bool fits =
        logits->ndim == 2 &&
        (labels->dtype == TG_I32 ? labels->ndim == 1 && labels->shape[0] == logits->shape[0]
                                 : tg_tensor_same_shape(labels, logits));
    if (!fits)
        (void)tg_tape_fail(t, TG_ESHAPE,
                           "softmax_cross_entropy: labels %s for logits %s, must be i32 (N) or of "
                           "the shape of the logits (N, C)",
                           tg_tensor_describe(labels, a, sizeof a),
                           tg_tensor_describe(logits, b, sizeof b));
    return fits;
}

/* The mean of ln(sum of e^x) - x[label]: nothing of the size of the logits is made. */
static tg_tensor *of_labels(tg_tape *t, tg_tensor *logits, tg_tensor *labels)
{
    tg_tensor *total = tg_logsumexp(t, logits, -1, false);
    return tg_mean(t, tg_sub(t, total, tg_pick(t, logits, labels)), TG_ALL, false);
}

tg_tensor *tg_softmax_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels)
{
    if (!labels_fit(t, logits, labels)) return NULL;
    if (labels && labels->dtype == TG_I32) return of_labels(t, logits, labels);
    return mean_surprise(t, tg_log_softmax(t, logits, -1), labels);
}

tg_tensor *tg_softmax_cross_entropy_eps(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                                        double eps)
{
    if (!labels_fit(t, logits, labels)) return NULL;
    tg_tensor *log_p = tg_log_softmax(t, logits, -1);
    tg_tensor *exact = mean_surprise(t, log_p, labels);
    if (eps == 0) return exact;
    tg_tensor *shifted = tg_log(t, tg_add(t, tg_exp(t, log_p), tg_scalar(t, eps)));
    tg_tensor *shown = tg_stop_gradient(t, mean_surprise(t, shifted, labels));
    /* exact - exact is 0 in value and keeps the derivative. */
    return tg_add(t, shown, tg_sub(t, exact, tg_stop_gradient(t, exact)));
}

tg_tensor *tg_l2_penalty(tg_tape *t, const tg_dict *params, const char *prefix, double lambda)
{
    tg_tensor *sum = NULL;
    const size_t n = prefix ? strlen(prefix) : 0;
    for (int i = 0; i < tg_dict_size(params); i++) {
        if (strncmp(tg_dict_key(params, i), prefix ? prefix : "", n) != 0) continue;
        tg_tensor *w2 = tg_sum(t, tg_square(t, tg_dict_at(params, i)), TG_ALL, false);
        sum = sum ? tg_add(t, sum, w2) : w2;
    }
    if (!sum)
        return tg_tape_fail(t, TG_EKEY, "l2_penalty: no parameter begins with '%s'",
                            prefix ? prefix : "");
    return tg_mul(t, sum, tg_scalar(t, 0.5 * lambda));
}
