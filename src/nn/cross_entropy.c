/* cross_entropy.c - cross-entropy with class weights, smoothed labels and ignored rows. */
#include <math.h>

#include "ops/compose.h"
#include "src/nn/softmax.h"
#include "src/options.h"
#include "tapegrad/losses.h"

tg_cross_entropy_options tg_cross_entropy_defaults(void)
{
    return (tg_cross_entropy_options){.made = TGI_MADE_CROSS_ENTROPY,
                                      .reduction = TG_REDUCE_MEAN,
                                      .ignore_index = -100};
}

static tg_tensor *times(tg_tape *t, double c, tg_tensor *x)
{
    return tg_mul(t, tg_scalar(t, c), x);
}

static tg_tensor *weighted(tg_tape *t, tg_tensor *x, tg_tensor *weights)
{
    return weights ? tg_mul(t, x, weights) : x;
}

/* Where -ln p of rows x (N, C) comes from. top, below = x - top and total = ln sum e^below, the
 * latter two on demand, are NULL where x is ln p itself. */
typedef struct predictions {
    tg_tensor *x, *top, *below, *total;
    const char *name; /* of x, in messages */
    double eps;
} predictions;

/* The value is -ln(p + eps), the derivative that of surprise = -ln p, or 0 where p is 0. */
static tg_tensor *shift(tg_tape *t, tg_tensor *surprise, double eps)
{
    if (eps == 0) return surprise;
    tg_tensor *p = tg_exp(t, tg_neg(t, surprise));
    tg_tensor *shifted = tg_stop_gradient(t, tg_log(t, tg_add(t, p, tg_scalar(t, eps))));
    tg_tensor *exact = tg_where(t, tg_isinf(t, surprise), tg_scalar(t, 0), surprise);
    return tg_sub(t, tg_sub(t, exact, tg_stop_gradient(t, exact)), shifted);
}

/* -ln p of every class, (N, C). */
static tg_tensor *surprise_of_all(tg_tape *t, predictions *p)
{
    if (!p->top) return shift(t, tg_neg(t, p->x), p->eps);
    p->total = tg_logsumexp(t, p->below, -1, true);
    return shift(t, tg_sub(t, p->total, p->below), p->eps);
}

/* -ln p of the labels, (N), without anything else of the size of x. */
static tg_tensor *surprise_of_labels(tg_tape *t, const predictions *p, tg_tensor *labels)
{
    if (!p->top) return shift(t, tg_neg(t, tg_pick(t, p->x, labels)), p->eps);
    tg_tensor *total =
        p->total ? tg_squeeze(t, p->total, -1) : tg_logsumexp(t, p->below, -1, false);
    return shift(t, tg_sub(t, total, tgi_pick_below(t, p->x, labels, p->top)), p->eps);
}

static tg_tensor *of_probabilities(tg_tape *t, predictions *p, tg_tensor *target,
                                   const tg_cross_entropy_options *o)
{
    tg_tensor *surprise = surprise_of_all(t, p);
    const double s = o->label_smoothing, classes = (double)p->x->shape[1];
    if (s > 0) target = tg_add(t, times(t, 1 - s, target), tg_scalar(t, s / classes));
    tg_tensor *each = tg_zmul(t, target, weighted(t, surprise, o->weights));
    tg_tensor *rows = tg_sum(t, each, 1, false);
    if (o->reduction == TG_REDUCE_NONE) return rows;
    return o->reduction == TG_REDUCE_MEAN && p->x->shape[0] > 0 ? tg_mean(t, rows, TG_ALL, false)
                                                                : tg_sum(t, rows, TG_ALL, false);
}

/* Sets *count to 1 for each row that counts and 0 for one that is ignored, whose label it replaces
 * by 0; NULL where no row can be ignored. */
static tg_tensor *ignore(tg_tape *t, tg_tensor *labels, const tg_tensor *x, int64_t ignored,
                         tg_tensor **count)
{
    *count = NULL;
    if (ignored < INT32_MIN || ignored > INT32_MAX) return labels;
    tg_tensor *counts = tg_not_equal(t, labels, tg_scalar(t, (double)ignored));
    *count = tg_cast(t, counts, x->dtype);
    return tg_where(t, counts, labels, tg_scalar(t, 0));
}

static tg_tensor *of_labels(tg_tape *t, predictions *p, tg_tensor *labels,
                            const tg_cross_entropy_options *o)
{
    const double s = o->label_smoothing, classes = (double)p->x->shape[1];
    tg_tensor *count, *spread = NULL;
    labels = ignore(t, labels, p->x, o->ignore_index, &count);
    if (s > 0) {
        tg_tensor *all = weighted(t, surprise_of_all(t, p), o->weights);
        spread = tg_sum(t, all, 1, false);
        if (count) spread = tg_zmul(t, count, spread);
    }
    tg_tensor *rows = surprise_of_labels(t, p, labels), *weight = count;
    if (o->weights) {
        tg_tensor *of_class = tg_take(t, o->weights, labels, 0);
        weight = weight ? tg_zmul(t, weight, of_class) : of_class;
    }
    if (weight) rows = tg_zmul(t, weight, rows);
    if (spread) rows = tg_add(t, times(t, 1 - s, rows), times(t, s / classes, spread));
    if (o->reduction == TG_REDUCE_NONE) return rows;
    const bool mean = o->reduction == TG_REDUCE_MEAN && p->x->shape[0] > 0;
    if (mean && !weight) return tg_mean(t, rows, TG_ALL, false);
    tg_tensor *sum = tg_sum(t, rows, TG_ALL, false);
    return mean ? tg_zdiv(t, sum, tg_sum(t, weight, TG_ALL, false)) : sum;
}

/* Every label is in 0 .. classes - 1 or `ignored`. */
static bool labels_valid(tg_tape *t, const char *who, const tg_tensor *labels, int64_t classes,
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

static bool options_fit(tg_tape *t, const char *who, const predictions *p,
                        const tg_cross_entropy_options *o)
{
    const tg_tensor *x = p->x;
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const tg_tensor *w = o->weights;
    if (!tgi_options_recorded(t, who, o->made, TGI_MADE_CROSS_ENTROPY)) return false;
    if (!tg_dtype_is_float(x->dtype))
        (void)tg_tape_fail(t, TG_EDTYPE, "%s: %s is %s, must be f32 or f64 (use tg_cast)", who,
                           p->name, tg_tensor_describe(x, a, sizeof a));
    else if (!(o->label_smoothing >= 0 && o->label_smoothing <= 1))
        (void)tg_tape_fail(t, TG_EARG, "%s: label_smoothing is %g, must be in [0, 1]", who,
                           o->label_smoothing);
    else if (!(o->eps >= 0 && isfinite(o->eps)))
        (void)tg_tape_fail(t, TG_EARG, "%s: eps is %g, must be at least 0", who, o->eps);
    else if ((unsigned)o->reduction > TG_REDUCE_NONE)
        (void)tg_tape_fail(t, TG_EARG, "%s: there is no reduction %d", who, (int)o->reduction);
    else if (w && x->ndim == 2 &&
             (w->ndim != 1 || w->shape[0] != x->shape[1] || w->dtype != x->dtype))
        (void)tg_tape_fail(t, w->dtype == x->dtype ? TG_ESHAPE : TG_EDTYPE,
                           "%s: weights %s for %s %s, must be one for each class, of its dtype",
                           who, tg_tensor_describe(w, a, sizeof a), p->name,
                           tg_tensor_describe(x, b, sizeof b));
    else
        return true;
    return false;
}

static tg_tensor *not_fitting(tg_tape *t, const char *who, const predictions *p,
                              const tg_tensor *labels)
{
    char a[TG_DESCRIBE_SIZE], b[TG_DESCRIBE_SIZE];
    const bool shape = p->x->ndim != 2 || !tg_tensor_same_shape(p->x, labels);
    return tg_tape_fail(t, shape ? TG_ESHAPE : TG_EDTYPE,
                        "%s: labels are %s, must be i32 (N) or have the %s of the %s, %s%s", who,
                        tg_tensor_describe(labels, a, sizeof a), shape ? "shape" : "dtype", p->name,
                        tg_tensor_describe(p->x, b, sizeof b), shape ? "" : " (use tg_cast)");
}

static tg_tensor *entropy(tg_tape *t, const char *who, predictions *p, tg_tensor *labels,
                          const tg_cross_entropy_options *o)
{
    const tg_tensor *x = p->x;
    p->eps = o->eps;
    if (x->ndim == 2 && labels->dtype == TG_I32 && labels->ndim == 1 &&
        labels->shape[0] == x->shape[0])
        return labels_valid(t, who, labels, x->shape[1], o->ignore_index)
                   ? of_labels(t, p, labels, o)
                   : NULL;
    if (x->ndim == 2 && tg_tensor_same_shape(x, labels) && labels->dtype == x->dtype)
        return of_probabilities(t, p, labels, o);
    return not_fitting(t, who, p, labels);
}

static bool operands_fit(tg_tape *t, const char *who, const predictions *p, const tg_tensor *labels,
                         const tg_cross_entropy_options *o)
{
    if (!p->x || !labels) {
        (void)tg_tape_fail(t, TG_EARG, "%s: %s is NULL", who, p->x ? "labels" : p->name);
        return false;
    }
    return tgi_operand(t, who, p->x) && tgi_operand(t, who, labels) && options_fit(t, who, p, o);
}

tg_tensor *tg_nll(tg_tape *t, tg_tensor *log_p, tg_tensor *labels,
                  const tg_cross_entropy_options *options)
{
    const char *who = "nll", *outer = tgi_enter(t, who);
    const tg_cross_entropy_options defaults = tg_cross_entropy_defaults();
    const tg_cross_entropy_options *o = options ? options : &defaults;
    predictions p = {.x = log_p, .name = "log_p"};
    tg_tensor *loss = operands_fit(t, who, &p, labels, o) ? entropy(t, who, &p, labels, o) : NULL;
    return tgi_leave(t, outer, loss);
}

tg_tensor *tg_cross_entropy(tg_tape *t, tg_tensor *logits, tg_tensor *labels,
                            const tg_cross_entropy_options *options)
{
    const char *who = "cross_entropy", *outer = tgi_enter(t, who);
    const tg_cross_entropy_options defaults = tg_cross_entropy_defaults();
    const tg_cross_entropy_options *o = options ? options : &defaults;
    predictions p = {.x = logits, .name = "logits"};
    tg_tensor *loss = NULL;
    if (operands_fit(t, who, &p, labels, o)) {
        p.top = tgi_top(t, logits, -1);
        p.below = tg_sub(t, logits, p.top);
        loss = p.below ? entropy(t, who, &p, labels, o) : NULL;
    }
    return tgi_leave(t, outer, loss);
}
