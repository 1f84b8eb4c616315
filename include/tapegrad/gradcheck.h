/* gradcheck.h - compares gradients with finite differences.
 *
 *     tg_tensor *my_layer(tg_tape *t, const tg_dict *x, void *user) { ... }
 *     tg_dict *x = tg_dict_new();               // f64 leaves at which to check
 *     tg_dict_take(x, "W", tg_tensor_new(...), &err);
 *     if (tg_gradcheck(my_layer, NULL, x, NULL, NULL, &err)) puts(err.text);
 */
#ifndef TAPEGRAD_GRADCHECK_H
#define TAPEGRAD_GRADCHECK_H

#include "tapegrad/grad.h"
#include "tapegrad/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A differentiable function of the tensors of a dict. Every call must compute the same result. */
typedef tg_tensor *(*tg_function)(tg_tape *t, const tg_dict *x, void *user);

typedef struct tg_gradcheck_options {
    uint32_t made;    /* by tg_gradcheck_defaults(), see status.h */
    double h;         /* step: x +- h max(1, |x|); 1e-5 */
    double tolerance; /* 1e-6 */
    int64_t samples;  /* elements of each tensor to check, chosen at random; 0, the default: all */
    uint64_t seed;    /* of the cotangents, the samples and the directions; 1 */
    int directions;   /* 0, the default: element by element; k > 0: see below */
} tg_gradcheck_options;

tg_gradcheck_options tg_gradcheck_defaults(void);

typedef struct tg_gradcheck_report {
    int64_t checked; /* how many elements or directions were compared */
    /* The rest is about the one with the largest error. */
    char key[64];    /* its tensor, or "direction 3" */
    int64_t index;   /* its number in row-major order; -1 for a direction */
    double analytic; /* the tape's derivative */
    double numeric;  /* (f(x+h) - f(x-h)) / 2h */
    double error;    /* |analytic - numeric| / max(|analytic|, |numeric|, 1e-2) */
} tg_gradcheck_report;

/* Checks d f / d x for every tensor of x (f64 leaves, any strides). If f has more than one
 * element, the function checked is sum(u f) for a fixed random u. The tensors are changed while
 * the check runs and are restored, bit for bit, before it returns.
 * TG_OK if every error is within the tolerance; TG_EGRAD, naming the worst element, if not;
 * otherwise the error of f. options and report may be NULL.
 * directions = k > 0 is for networks that are too large to check element by element. The check
 * then compares <gradient, v> with the difference along k random v (normal numbers, over all
 * tensors at once, with a step of length h in x). It evaluates f 2 k times and ignores samples. */
tg_status tg_gradcheck(tg_function f, void *user, tg_dict *x, const tg_gradcheck_options *options,
                       tg_gradcheck_report *report, tg_error *err);

/* Checks second derivatives in the same way: those of sum_k <v_k, d f / d x_k> for fixed random v.
 * TG_EARG if x is empty. */
tg_status tg_gradgradcheck(tg_function f, void *user, tg_dict *x,
                           const tg_gradcheck_options *options, tg_gradcheck_report *report,
                           tg_error *err);

/* Checks an operation on all its samples: f32 against f64, contiguous against strided inputs, first
 * and second derivatives, and third derivatives along directions with a tolerance of at least 1e-5.
 * An operation without a VJP passes with report->checked 0. TG_EARG if it has no samples, or if an
 * attribute lies outside attrs_size. */
tg_status tg_op_check(const tg_op *op, const tg_gradcheck_options *options,
                      tg_gradcheck_report *report, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
