/* optim.h - optimizers: each consumes the pair (params, grads).
 *
 *     tg_optimizer *opt = tg_adam(tg_adam_defaults(), NULL);
 *     tg_optimizer_update(opt, params, tg_grad(t, loss, params), err);
 *
 * Swapping one for another is one line.  The state is made of dicts with the keys of params,
 * one per name ("v"; "m", "v"), zero at the start. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include "tapegrad/grad.h"
#include "tapegrad/op.h"

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

/* What a number among the options may be: least <= it < below. */
typedef struct tg_option_range {
    double least, below;
    const char *meaning;
} tg_option_range;

/* What an optimizer is.  Writing one's own takes one function per dtype it serves. */
typedef struct tg_optimizer_type {
    const char *name;
    const char *states[TG_OPTIMIZER_STATES + 1]; /* not "group", no '/'; ends with NULL */
    size_t options_size;
    void (*update_f32)(const tg_update *u);
    void (*update_f64)(const tg_update *u);
    const tg_attr_def *attrs; /* what the options hold, for checkpoints to compare; may be NULL */
    const tg_option_range *ranges; /* one for each of attrs, looked at when one is made; or NULL */
    const void *defaults;          /* the options to start from; or NULL */
    const char *const *samples;    /* others to try, as tg_attrs_parse reads them; NULL ends them */
    const char *formula;           /* what an update computes, as text; or NULL */
} tg_optimizer_type;

/* The optimizers of the library, i = 0, 1, ...; NULL behind the last one.  tg_optimizer_new makes
 * one from a copy of defaults in which fields were set. */
const tg_optimizer_type *tg_optimizer_type_at(int i);

typedef struct tg_optimizer tg_optimizer;

/* options is copied (type->options_size bytes).  The caller frees it.  NULL when out of memory
 * or when lr is negative or not finite, or an option not in its range. */
tg_optimizer *tg_optimizer_new(const tg_optimizer_type *type, const void *options, double lr,
                               tg_error *err);
void tg_optimizer_free(tg_optimizer *o);

/* One step on every key of params.  State is made at the first call.  Nothing is changed unless
 * params, grads and state agree in keys, shapes and dtypes (TG_EKEY, TG_ESHAPE, TG_EDTYPE name
 * the key).  NULL grads is TG_EARG, so that the result of tg_grad can be passed on unseen. */
tg_status tg_optimizer_update(tg_optimizer *o, tg_dict *params, const tg_dict *grads,
                              tg_error *err);

/* The same as an operation: the update is made now, and a plan of t (tg_compile) makes it again at
 * every run, with the lr that o has then and on the states that o has; a whole training step is
 * then
 *
 *     loss = ...;
 *     tg_optimizer_record(t, opt, params, tg_grad(t, loss, params));
 *     tg_plan *p = tg_compile(t, 1, &loss, err);
 *     for (...) { fill the leaves; tg_plan_run(p, err); }
 *
 * A plan updates each key as soon as nothing needs its old value any more.  o outlives t's values
 * and the plan.  Groups added since, or states replaced by tg_optimizer_load_state_dict (by others
 * than there were), make the plan's run fail with TG_EARG: record again.  The errors of
 * tg_optimizer_update poison t, and change nothing; so does TG_ETAPE for a gradient of another
 * tape. No operation that can be looked up, saved or differentiated. */
tg_status tg_optimizer_record(tg_tape *t, tg_optimizer *o, tg_dict *params, const tg_dict *grads);

const char *tg_optimizer_name(const tg_optimizer *o);
double tg_optimizer_lr(const tg_optimizer *o);
void tg_optimizer_set_lr(tg_optimizer *o, double lr);
int64_t tg_optimizer_steps(const tg_optimizer *o); /* updates made so far */

/* The state dict of a name, borrowed; NULL before the first update or for another name. */
tg_dict *tg_optimizer_state(const tg_optimizer *o, const char *name);

/* "RMSprop lr=0.01 alpha=0.99 eps=1e-07": the options it was made from, as text (cut to
 * size); returns text. */
char *tg_optimizer_describe(const tg_optimizer *o, char *text, size_t size);

/* ---- saved and restored --------------------------------------------------------------------- */

/* A copy of all that an optimizer gathers while it runs, fit for tg_npz_save: "steps" and "lr"
 * (f64, 0-d), each group under its pattern, "group/W*" (f64, 6: the fields of its options in their
 * order), and each state under its name and the parameter's key, "m/W1".  The caller frees it.
 * NULL on failure: TG_EARG, TG_ENOMEM.  The options are not in it: the program gives them. */
tg_dict *tg_optimizer_state_dict(const tg_optimizer *o, tg_error *err);

/* Makes the updates that follow equal, bit for bit, to those that followed tg_optimizer_state_dict,
 * for an optimizer of the same options.  Copies from state; on failure o is as it was: TG_EKEY for
 * a key that is missing or that this kind of optimizer does not have, TG_ESHAPE, TG_EDTYPE, TG_EARG
 * (a number out of range), TG_ENOMEM. */
tg_status tg_optimizer_load_state_dict(tg_optimizer *o, const tg_dict *state, tg_error *err);

/* ---- groups of parameters ------------------------------------------------------------------- */

/* How an update treats some of the parameters, in this order: their gradients are scaled so that
 * the norm of all of them together is at most clip_norm, then cut to -clip_value .. clip_value;
 * then comes the decay, then the optimizer's formula with lr lr_scale as its step size. */
typedef struct tg_group_options {
    uint32_t made;       /* by tg_group_defaults(), see status.h */
    double lr_scale;     /* 1 */
    double clip_norm;    /* g *= min(1, clip_norm / (norm + 1e-6)); 0, the default: not */
    double clip_value;   /* 0, the default: not */
    double weight_decay; /* g += weight_decay w, as torch.optim.SGD and Adam do; 0 */
    bool decoupled;      /* w -= lr weight_decay w in its place, as AdamW does  (Loshchilov and
                            Hutter 2019); false */
    bool frozen;         /* untouched: no update, no decay, no momentum; false */
} tg_group_options;
tg_group_options tg_group_defaults(void);

/* Sets the options of all parameters whose key matches pattern: '*' stands for any characters, '?'
 * for one.  Where several groups match, the one added last counts, and it alone: go from the
 * general
 * ("*") to the particular ("W3").  A pattern given again replaces its older group.  TG_EARG for
 * NULL or a number that is negative or not finite, TG_ENOMEM.  An update where a pattern matches no
 * parameter is TG_EKEY. */
tg_status tg_optimizer_add_group(tg_optimizer *o, const char *pattern, tg_group_options options,
                                 tg_error *err);

/* The parameters that are not frozen, by reference: what to give to tg_grad, so that nothing is
 * computed for the others.  An update takes params whole, and grads without the frozen keys (which
 * are ignored where they are given).  The caller frees it. */
tg_dict *tg_optimizer_trainable(const tg_optimizer *o, const tg_dict *params, tg_error *err);

/* ---- gradient clipping ---------------------------------------------------------------------- */

/* grads scaled so that the norm of all of them together is at most max_norm, as torch's
 * clip_grad_norm_:  g min(1, max_norm / (norm + 1e-6)).  *norm, where it is not NULL, is the norm
 * before (f64, 0-d).  A new dict of recorded values that belongs to t; NULL, with t poisoned, on
 * failure, and for NULL grads:
 *
 *     tg_optimizer_update(opt, params, tg_clip_grad_norm(t, tg_grad(t, loss, params), 1, NULL),
 * err);
 */
tg_dict *tg_clip_grad_norm(tg_tape *t, const tg_dict *grads, double max_norm, tg_tensor **norm);

/* The same with each element cut to -limit .. limit. */
tg_dict *tg_clip_grad_value(tg_tape *t, const tg_dict *grads, double limit);

/* ---- the optimizers; w parameter, g gradient, all elementwise ------------------------------- */

/* At the edge, the same for all.  A gradient that is NaN or Inf makes its element of w NaN or Inf,
 * and no other element.  A sum or mean of squares (h, v) that overflows, in f32 from gradients of
 * about 1e19 on, is Inf from then on and holds its element where it is, as in PyTorch: clip such
 * gradients.  eps is rounded to the dtype; where it is 0, in f32 below 1e-45, an element that has
 * had no gradient (0 / 0) becomes NaN. */

/* w -= lr g */
typedef struct tg_sgd_options {
    uint32_t made; /* by tg_sgd_defaults(), see status.h */
    double lr;     /* 0.01 */
} tg_sgd_options;
tg_sgd_options tg_sgd_defaults(void);
tg_optimizer *tg_sgd(tg_sgd_options options, tg_error *err);

/* v = momentum v - lr g;  w += v */
typedef struct tg_momentum_options {
    uint32_t made;   /* by tg_momentum_defaults(), see status.h */
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
    uint32_t made;   /* by tg_nesterov_defaults(), see status.h */
    double lr;       /* 0.01 */
    double momentum; /* 0.9 */
    bool book_form;  /* false */
} tg_nesterov_options;
tg_nesterov_options tg_nesterov_defaults(void);
tg_optimizer *tg_nesterov(tg_nesterov_options options, tg_error *err);

/* h += g^2;  w -= lr g / (sqrt(h) + eps)   (Duchi et al. 2011) */
typedef struct tg_adagrad_options {
    uint32_t made; /* by tg_adagrad_defaults(), see status.h */
    double lr;     /* 0.01 */
    double eps;    /* 1e-7, outside the root */
} tg_adagrad_options;
tg_adagrad_options tg_adagrad_defaults(void);
tg_optimizer *tg_adagrad(tg_adagrad_options options, tg_error *err);

/* h = alpha h + (1 - alpha) g^2;  w -= lr g / (sqrt(h) + eps)   (Tieleman and Hinton 2012) */
typedef struct tg_rmsprop_options {
    uint32_t made; /* by tg_rmsprop_defaults(), see status.h */
    double lr;     /* 0.01 */
    double alpha;  /* 0.99, the book's decay rate */
    double eps;    /* 1e-7, outside the root */
} tg_rmsprop_options;
tg_rmsprop_options tg_rmsprop_defaults(void);
tg_optimizer *tg_rmsprop(tg_rmsprop_options options, tg_error *err);

/* Adam (Kingma and Ba 2015), by default in the book's form, at the end of section 2 there:
 * m += (1 - beta1)(g - m);  v += (1 - beta2)(g^2 - v);
 * w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)
 * torch_form adds eps to the corrected root, as PyTorch and the paper's Algorithm 1 do:
 * w -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) */
typedef struct tg_adam_options {
    uint32_t made;   /* by tg_adam_defaults() or tg_adam_torch(), see status.h */
    double lr;       /* 0.001 */
    double beta1;    /* 0.9 */
    double beta2;    /* 0.999 */
    double eps;      /* 1e-7, or 1e-8 by tg_adam_torch(); outside the root */
    bool torch_form; /* false, or true by tg_adam_torch() */
} tg_adam_options;
tg_adam_options tg_adam_defaults(void);
tg_adam_options tg_adam_torch(void); /* what torch.optim.Adam does */
tg_optimizer *tg_adam(tg_adam_options options, tg_error *err);

/* AdaDelta (Zeiler 2012), as PyTorch has it:
 * h = rho h + (1 - rho) g^2;  u = sqrt(d + eps) / sqrt(h + eps) g;
 * d = rho d + (1 - rho) u^2;  w -= lr u */
typedef struct tg_adadelta_options {
    uint32_t made; /* by tg_adadelta_defaults(), see status.h */
    double lr;     /* 1 */
    double rho;    /* 0.9 */
    double eps;    /* 1e-6, inside both roots */
} tg_adadelta_options;
tg_adadelta_options tg_adadelta_defaults(void);
tg_optimizer *tg_adadelta(tg_adadelta_options options, tg_error *err);

/* AMSGrad (Reddi, Kale and Kumar 2018), as PyTorch's Adam(amsgrad=True): Adam with the largest v so
 * far, before it is corrected, in the place of v.
 * m += (1 - beta1)(g - m);  v += (1 - beta2)(g^2 - v);  top = max(top, v);
 * w -= lr m / (1 - beta1^t) / (sqrt(top / (1 - beta2^t)) + eps) */
typedef struct tg_amsgrad_options {
    uint32_t made; /* by tg_amsgrad_defaults(), see status.h */
    double lr;     /* 0.001 */
    double beta1;  /* 0.9 */
    double beta2;  /* 0.999 */
    double eps;    /* 1e-8, outside the root */
} tg_amsgrad_options;
tg_amsgrad_options tg_amsgrad_defaults(void);
tg_optimizer *tg_amsgrad(tg_amsgrad_options options, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
