/* attention.c - scaled dot-product attention as a composition. */
#include "tapegrad/attention.h"

#include <float.h>
#include <math.h>

#include "ops/compose.h"
#include "tapegrad/nn.h"

/* u8 (L, S): 1 where j <= i. */
static tg_tensor *look_back(tg_tape *t, int64_t L, int64_t S)
{
    return tg_less_equal(t, tg_arange(t, S), tg_unsqueeze(t, tg_arange(t, L), 1));
}

/* Softmax along the last axis over the allowed elements (u8). The others are 0, and so is a row in
 * which none is allowed. No intermediate value is Inf or NaN, which anomaly mode would report. */
static tg_tensor *softmax_of_some(tg_tape *t, tg_tensor *x, tg_tensor *allowed)
{
    if (x->size == 0) return x;
    const double lowest = x->dtype == TG_F64 ? -DBL_MAX : -(double)FLT_MAX;
    tg_tensor *zero = tg_scalar(t, 0), *one = tg_scalar(t, 1);
    tg_tensor *top = tg_max(t, tg_where(t, allowed, x, tg_scalar(t, lowest)), -1, true);
    top = tg_stop_gradient(t, top);
    tg_tensor *e = tg_exp(t, tg_sub(t, tg_where(t, allowed, x, top), top));
    e = tg_where(t, allowed, e, zero);
    tg_tensor *sum = tg_sum(t, e, -1, true); /* at least 1, if any is allowed */
    tg_tensor *none = tg_stop_gradient(t, tg_equal(t, sum, zero));
    return tg_div(t, e, tg_where(t, none, one, sum));
}

static bool shapes_fit(tg_tape *t, const char *who, const tg_tensor *q, const tg_tensor *k,
                       const tg_tensor *v)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE], c[TG_DESCRIBE_SIZE];
    if (!tgi_operand(t, who, q) || !tgi_operand(t, who, k)) return false;
    if (v && !tgi_operand(t, who, v)) return false;
    bool fit = q->ndim >= 2 && k->ndim >= 2 && q->shape[q->ndim - 1] == k->shape[k->ndim - 1] &&
               q->shape[q->ndim - 1] > 0;
    if (fit && v) fit = v->ndim >= 2 && k->shape[k->ndim - 2] == v->shape[v->ndim - 2];
    if (!fit)
        (void)tg_tape_fail(
            t, TG_ESHAPE, "%s: q %s, k %s%s%s, must be (..., L, d), (..., S, d)%s", who,
            tg_tensor_describe(q, a, sizeof a), tg_tensor_describe(k, b, sizeof b), v ? ", v " : "",
            v ? tg_tensor_describe(v, c, sizeof c) : "", v ? " and (..., S, e)" : "");
    return fit;
}

static tg_tensor *attention_weights(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *mask,
                                    bool causal)
{
    const double d = (double)q->shape[q->ndim - 1];
    /* q is scaled, not the scores: it has fewer elements, and large products do not overflow */
    tg_tensor *scaled = tg_mul(t, q, tg_scalar(t, 1 / sqrt(d)));
    tg_tensor *scores = tg_matmul(t, scaled, tg_transpose(t, k, -1, -2)), *allowed = NULL;
    if (mask && mask->dtype == TG_U8)
        allowed = tg_not_equal(t, mask, tg_scalar(t, 0));
    else if (mask) {
        scores = tg_add(t, scores, mask);
        allowed = tg_greater(t, mask, tg_scalar(t, -INFINITY));
    }
    if (causal) {
        tg_tensor *back = look_back(t, q->shape[q->ndim - 2], k->shape[k->ndim - 2]);
        allowed = allowed ? tg_logical_and(t, allowed, back) : back;
    }
    if (tg_tape_status(t)) return NULL;
    return allowed ? softmax_of_some(t, scores, allowed) : tg_softmax(t, scores, -1);
}

tg_tensor *tg_attention_weights(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *mask,
                                bool causal)
{
    const char *who = "attention_weights";
    if (!shapes_fit(t, who, q, k, NULL)) return NULL;
    if (mask && !tgi_operand(t, who, mask)) return NULL;
    const char *outer = tgi_enter(t, who);
    return tgi_leave(t, outer, attention_weights(t, q, k, mask, causal));
}

tg_tensor *tg_attention(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *v, tg_tensor *mask,
                        bool causal)
{
    if (!v && t && !tg_tape_status(t)) return tg_tape_fail(t, TG_EARG, "attention: v is NULL");
    if (!shapes_fit(t, "attention", q, k, v)) return NULL;
    const char *outer = tgi_enter(t, "attention");
    tg_tensor *weights = NULL;
    if (!mask || tgi_operand(t, "attention", mask))
        weights = attention_weights(t, q, k, mask, causal);
    return tgi_leave(t, outer, tg_matmul(t, weights, v));
}
