/* cross_entropy.c - cross-entropy with class weights, smoothed labels and ignored rows. */
#include "ops/compose.h"
#include "src/nn/softmax.h"
#include "src/options.h"
#include "tapegrad/losses.h"

tg_cross_entropy_options tg_cross_entropy_defaults(void)
{
    return (tg_cross_entropy_options){
        .made = TGI_MADE_CROSS_ENTROPY, .reduction = TG_REDUCE_MEAN, .ignore_index = -100};
}

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *weighted(tg_tape *t, tg_tensor *x, tg_tensor *weights)
{
    return weights ? tg_mul(t, x, weights) : x;
}

/* ln p is scores - top - total; both (N, 1), and NULL where the scores are ln p.  Only what is
 * needed is computed: with numbers as labels and without smoothing one ln p for each row. */
typedef struct predictions {
    tg_tensor *scores, *top, *total;
} predictions;

static tg_tensor *log_p_of_all(tg_tape *t, const predictions *p)
{
    return p->top ? tg_sub(t, tg_sub(t, p->scores, p->top), p->total) : p->scores;
}

static tg_tensor *log_p_of_labels(tg_tape *t, const predictions *p, tg_tensor *labels)
{
    if (!p->top) return tg_pick(t, p->scores, labels);
    return tg_sub(t, tgi_pick_below(t, p->scores, labels, p->top), tg_squeeze(t, p->total, 1));
}

/* Probabilities in the place of labels. */
static tg_tensor *of_soft_labels(tg_tape *t, const predictions *p, tg_tensor *target,
                                 const tg_cross_entropy_options *o)
{
    tg_tensor *log_p = log_p_of_all(t, p);
    const double s = o->label_smoothing, classes = (double)p->scores->shape[1];
    if (s > 0) target = tg_add(t, times(t, 1 - s, target), tg_scalar(t, s / classes));
    tg_tensor *each = tg_zmul(t, target, weighted(t, log_p, o->weights));
    tg_tensor *rows = tg_neg(t, tg_sum(t, each, 1, false));
    if (o->reduction == TG_REDUCE_NONE) return rows;
    return o->reduction == TG_REDUCE_SUM ? tg_sum(t, rows, TG_ALL, false)
                                         : tg_mean(t, rows, TG_ALL, false);
}

static tg_tensor *of_labels(tg_tape *t, const predictions *p, tg_tensor *labels,
                            const tg_cross_entropy_options *o)
{
    const double s = o->label_smoothing, classes = (double)p->scores->shape[1];
    const bool may_ignore = o->ignore_index >= INT32_MIN && o->ignore_index <= INT32_MAX;
    tg_tensor *count = NULL; /* for each row: 1 or 0, times the weight of its class */
    if (may_ignore) {
        tg_tensor *counts = tg_not_equal(t, labels, tg_scalar(t, (double)o->ignore_index));
        labels = tg_where(t, counts, labels, tg_scalar(t, 0));
        count = tg_cast(t, counts, p->scores->dtype);
    }
    tg_tensor *rows = tg_neg(t, log_p_of_labels(t, p, labels));
    tg_tensor *weight = count;
    if (o->weights) {
        tg_tensor *of_class = tg_take(t, o->weights, labels, 0);
        weight = weight ? tg_mul(t, weight, of_class) : of_class;
    }
    if (!weight) weight = tg_ones_like(t, rows);
    rows = tg_zmul(t, weight, rows);
    if (s > 0) {
        tg_tensor *all = weighted(t, log_p_of_all(t, p), o->weights);
        tg_tensor *spread = tg_neg(t, tg_sum(t, all, 1, false));
        if (count) spread = tg_zmul(t, count, spread);
        rows = tg_add(t, times(t, 1 - s, rows), times(t, s / classes, spread));
    }
    if (o->reduction == TG_REDUCE_NONE) return rows;
    tg_tensor *sum = tg_sum(t, rows, TG_ALL, false);
    return o->reduction == TG_REDUCE_SUM ? sum : tg_zdiv(t, sum, tg_sum(t, weight, TG_ALL, false));
}

static bool options_fit(tg_tape *t, const char *who, const tg_tensor *x,
                        const tg_cross_entropy_options *o)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const tg_tensor *w = o->weights;
    if (!tgi_options_recorded(t, who, o->made, TGI_MADE_CROSS_ENTROPY)) return false;
    if (!(o->label_smoothing >= 0 && o->label_smoothing <= 1))
        (void)tg_tape_fail(t, TG_EARG, "%s: label_smoothing is %g, must be in [0, 1]", who,
                           o->label_smoothing);
    else if ((unsigned)o->reduction > TG_REDUCE_NONE)
        (void)tg_tape_fail(t, TG_EARG, "%s: there is no reduction %d", who, (int)o->reduction);
    else if (w && x->ndim == 2 &&
             (w->ndim != 1 || w->shape[0] != x->shape[1] || w->dtype != x->dtype))
        (void)tg_tape_fail(t, TG_ESHAPE, "%s: weights %s for %s, must be one for each class", who,
                           tg_tensor_describe(w, a, sizeof a), tg_tensor_describe(x, b, sizeof b));
    else
        return true;
    return false;
}

static tg_tensor *not_fitting(tg_tape *t, const char *who, const tg_tensor *x,
                              const tg_tensor *labels)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const bool shape = x->ndim != 2 || !tg_tensor_same_shape(x, labels);
    return tg_tape_fail(t, shape ? TG_ESHAPE : TG_EDTYPE,
                        "%s: labels %s for %s, must be i32 (N) or of its %s", who,
                        tg_tensor_describe(labels, a, sizeof a), tg_tensor_describe(x, b, sizeof b),
                        shape ? "shape (N, C)" : "dtype (use tg_cast)");
}

static tg_tensor *entropy(tg_tape *t, const char *who, const predictions *p, tg_tensor *labels,
                          const tg_cross_entropy_options *options)
{
    const tg_cross_entropy_options defaults = tg_cross_entropy_defaults();
    const tg_cross_entropy_options *o = options ? options : &defaults;
    const tg_tensor *x = p->scores;
    if (!x || !labels)
        return tg_tape_fail(t, TG_EARG, "%s: %s is NULL", who, x ? "labels" : "log_p");
    if (!tgi_operand(t, who, x) || !tgi_operand(t, who, labels) || !options_fit(t, who, x, o))
        return NULL;
    if (x->ndim == 2 && labels->dtype == TG_I32 && labels->ndim == 1 &&
        labels->shape[0] == x->shape[0])
        return tgi_labels_valid(t, who, labels, x->shape[1], o->ignore_index)
                   ? of_labels(t, p, labels, o)
                   : NULL;
    if (x->ndim == 2 && tg_tensor_same_shape(x, labels) && labels->dtype == x->dtype)
        return of_soft_labels(t, p, labels, o);
    return not_fitting(t, who, x, labels);
}

tg_tensor *tg_nll(tg_tape *t, tg_tensor *log_p, tg_tensor *labels,
                  const tg_cross_entropy_options *options)
{
    const char *outer = tgi_enter(t, "nll");
    const predictions p = {log_p, NULL, NULL};
    return tgi_leave(t, outer, entropy(t, "nll", &p, labels, options));
}

tg_tensor *tg_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                            const tg_cross_entropy_options *options)
{
    const char *who = "cross_entropy";
    if (!logits) return tg_tape_fail(t, TG_EARG, "%s: logits is NULL", who);
    const char *outer = tgi_enter(t, who);
    predictions p = {logits, tgi_top(t, logits, -1), NULL};
    p.total = tg_logsumexp(t, tg_sub(t, logits, p.top), -1, true);
    return tgi_leave(t, outer, p.total ? entropy(t, who, &p, labels, options) : NULL);
}
