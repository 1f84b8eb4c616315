/* losses.c - cross-entropy and the weight penalty as compositions. */
#include <math.h>
#include <string.h>

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

tg_tensor *tg_softmax_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels)
{
    if (!labels_fit(t, logits, labels)) return NULL;
    return mean_surprise(t, log_p(t, logits, labels), labels);
}

tg_tensor *tg_softmax_cross_entropy_eps(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                                        double eps)
{
    if (!(eps >= 0 && isfinite(eps)))
        return tg_tape_fail(t, TG_EARG, "softmax_cross_entropy_eps: eps is %g, must be at least 0",
                            eps);
    if (!labels_fit(t, logits, labels)) return NULL;
    tg_tensor *logs = log_p(t, logits, labels);
    if (eps == 0) return mean_surprise(t, logs, labels);
    tg_tensor *shifted = tg_log(t, tg_add(t, tg_exp(t, logs), tg_scalar(t, eps)));
    tg_tensor *shown = tg_stop_gradient(t, mean_surprise(t, shifted, labels));
    /* exact - exact is 0 in value and keeps the derivative; of Inf it would be NaN. */
    tg_tensor *none = tg_stop_gradient(t, tg_isinf(t, logs));
    tg_tensor *exact = mean_surprise(t, tg_where(t, none, tg_scalar(t, 0), logs), labels);
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
