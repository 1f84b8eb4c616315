/* optim.h - optimizers: each consumes the pair (params, grads).
 *
 *     tg_optimizer *opt = tg_adam(tg_adam_defaults(), NULL);
 *     tg_optimizer_update(opt, params, tg_grad(t, loss, params), err);
 *
 * Swapping one for another is one line.  The state is made of dicts with the keys of params,
 * one per name ("v"; "m", "v"), zero at the start. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include "tapegrad/dict.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_OPTIMIZER_STATES 4

/* One parameter tensor to be updated, as contiguous memory. */
typedef struct tg_update {
    const void *options;              /* the optimizer's struct */
    double lr;                        /* step size now in force */
    int64_t step;                     /* 1 for the first update */
    int64_t n;                        /* elements */
    void *w;                          /* parameter, in and out */
    const void *g;                    /* gradient */
    void *state[TG_OPTIMIZER_STATES]; /* in and out, in the order of the names */
} tg_update;

/* What an optimizer is.  Writing one's own takes one function per dtype it serves. */
typedef struct tg_optimizer_type {
    const char *name;
    const char *states[TG_OPTIMIZER_STATES + 1]; /* ends with NULL */
    size_t options_size;
    void (*update_f32)(const tg_update *u);
    void (*update_f64)(const tg_update *u);
} tg_optimizer_type;

typedef struct tg_optimizer tg_optimizer;

/* options is copied (type->options_size bytes).  The caller frees it.  NULL when out of memory
 * or when lr is not finite. */
tg_optimizer *tg_optimizer_new(const tg_optimizer_type *type, const void *options, double lr,
                               tg_error *err);
void tg_optimizer_free(tg_optimizer *o);

/* One step on every key of params.  State is made at the first call.  Nothing is changed unless
 * params, grads and state agree in keys, shapes and dtypes (TG_EKEY, TG_ESHAPE, TG_EDTYPE name
 * the key).  NULL grads is TG_EARG, so that the result of tg_grad can be passed on unseen. */
tg_status tg_optimizer_update(tg_optimizer *o, tg_dict *params, const tg_dict *grads,
                              tg_error *err);

const char *tg_optimizer_name(const tg_optimizer *o);
double tg_optimizer_lr(const tg_optimizer *o);
void tg_optimizer_set_lr(tg_optimizer *o, double lr);
int64_t tg_optimizer_steps(const tg_optimizer *o); /* updates made so far */

/* The state dict of a name, borrowed; NULL before the first update or for another name. */
tg_dict *tg_optimizer_state(const tg_optimizer *o, const char *name);

/* ---- the optimizers; w parameter, g gradient, all elementwise ------------------------------- */

/* w -= lr g */
typedef struct tg_sgd_options {
    double lr; /* 0.01 */
} tg_sgd_options;
tg_sgd_options tg_sgd_defaults(void);
tg_optimizer *tg_sgd(tg_sgd_options options, tg_error *err);

/* v = momentum v - lr g;  w += v */
typedef struct tg_momentum_options {
    double lr;       /* 0.01 */
    double momentum; /* 0.9 */
} tg_momentum_options;
tg_momentum_options tg_momentum_defaults(void);
tg_optimizer *tg_momentum(tg_momentum_options options, tg_error *err);

/* Nesterov's momentum, w holding the point where the gradient is taken (Sutskever et al. 2013,
 * Bengio et al. 2012):  u = momentum v - lr g;  w += momentum u - lr g;  v = u,
 * which is w += momentum^2 v - (1 + momentum) lr g with the velocity v of the step before.
 * book_form puts the new velocity in the place of v, as the code of "Deep Learning from
 * Scratch" does: w += momentum^2 u - (1 + momentum) lr g. */
typedef struct tg_nesterov_options {
    double lr;       /* 0.01 */
    double momentum; /* 0.9 */
    bool book_form;  /* false */
} tg_nesterov_options;
tg_nesterov_options tg_nesterov_defaults(void);
tg_optimizer *tg_nesterov(tg_nesterov_options options, tg_error *err);

/* h += g^2;  w -= lr g / (sqrt(h) + eps)   (Duchi et al. 2011) */
typedef struct tg_adagrad_options {
    double lr;  /* 0.01 */
    double eps; /* 1e-7, outside the root */
} tg_adagrad_options;
tg_adagrad_options tg_adagrad_defaults(void);
tg_optimizer *tg_adagrad(tg_adagrad_options options, tg_error *err);

/* h = decay h + (1 - decay) g^2;  w -= lr g / (sqrt(h) + eps)   (Tieleman and Hinton 2012) */
typedef struct tg_rmsprop_options {
    double lr;    /* 0.01 */
    double decay; /* 0.99 */
    double eps;   /* 1e-7, outside the root */
} tg_rmsprop_options;
tg_rmsprop_options tg_rmsprop_defaults(void);
tg_optimizer *tg_rmsprop(tg_rmsprop_options options, tg_error *err);

/* Adam (Kingma and Ba 2015), the form at the end of its section 2, as in the book:
 * m += (1 - beta1)(g - m);  v += (1 - beta2)(g^2 - v);
 * w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps) */
typedef struct tg_adam_options {
    double lr;    /* 0.001 */
    double beta1; /* 0.9 */
    double beta2; /* 0.999 */
    double eps;   /* 1e-7, outside the root */
} tg_adam_options;
tg_adam_options tg_adam_defaults(void);
tg_optimizer *tg_adam(tg_adam_options options, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
