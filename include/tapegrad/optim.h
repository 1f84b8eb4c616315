/* optim.h - optimizers, which update parameters from their gradients.
 *
 *     tg_optimizer *opt = tg_adam(tg_adam_defaults(), &err);
 *     tg_optimizer_update(opt, params, tg_grad(t, loss, params), &err);
 *
 * To use another optimizer, change the first line. What an optimizer remembers from step to step
 * is its states. Each state has a name (Momentum has "v", Adam "m" and "v") and is a dict with the
 * keys and shapes of params, which starts at zero. */
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
    double lr;                        /* the lr of this update, scaled by the group's lr_scale */
    int64_t step;                     /* 1 for the first update */
    int64_t n;                        /* elements */
    void *w;                          /* parameter, in and out */
    const void *g;                    /* gradient */
    void *state[TG_OPTIMIZER_STATES]; /* in and out, in the order of the names */
} tg_update;

/* The range of a numeric option: least <= value < below. */
typedef struct tg_option_range {
    double least, below;
    const char *meaning; /* what the option is, as text */
} tg_option_range;

/* A kind of optimizer. To write your own, fill in this struct, with an update function for each
 * dtype that it supports. */
typedef struct tg_optimizer_type {
    const char *name;
    /* Names of the states, ended by NULL. None may be "group" or contain '/'. */
    const char *states[TG_OPTIMIZER_STATES + 1];
    size_t options_size;
    void (*update_f32)(const tg_update *u); /* NULL: not supported */
    void (*update_f64)(const tg_update *u);
    /* All of these may be NULL. */
    const tg_attr_def *attrs;      /* the fields of the options, which checkpoints compare */
    const tg_option_range *ranges; /* of each of attrs, checked by tg_optimizer_new */
    const void *defaults;          /* the default options */
    const char *const *samples;    /* other options to test, for tg_attrs_parse; ended by NULL */
    const char *formula;           /* what an update computes, as text */
} tg_optimizer_type;

/* The library's optimizers, i = 0, 1, ...; NULL after the last one. To make one of them, copy its
 * defaults, set fields, and call tg_optimizer_new. */
const tg_optimizer_type *tg_optimizer_type_at(int i);

typedef struct tg_optimizer tg_optimizer;

/* Makes an optimizer of this type, which must outlive it. Copies options_size bytes of options.
 * The caller frees the optimizer. NULL on failure: TG_EARG (type or options NULL, a name among
 * states that is not allowed, an lr that is negative or not finite, an option outside its range),
 * TG_ENOMEM. */
tg_optimizer *tg_optimizer_new(const tg_optimizer_type *type, const void *options, double lr,
                               tg_error *err);
void tg_optimizer_free(tg_optimizer *o);

/* Updates every parameter by one step. The first call makes the states. On failure nothing has
 * changed. TG_EKEY, TG_ESHAPE and TG_EDTYPE name the key whose parameter, gradient and states do
 * not fit together. TG_ETAPE if a reset has dropped grads; TG_ENOMEM. TG_EARG if an argument is
 * NULL, so the result of tg_grad can be passed without checking it, if lr is negative or not
 * finite, or if elements of a parameter overlap in memory. */
tg_status tg_optimizer_update(tg_optimizer *o, tg_dict *params, const tg_dict *grads,
                              tg_error *err);

/* Updates the parameters and also records the update on t, so that a plan of t (tg_compile) repeats
 * it in every run, with the lr and the states that o has at that time. A plan can thus hold a
 * whole training step:
 *
 *     loss = ...;
 *     tg_optimizer_record(t, opt, params, tg_grad(t, loss, params));
 *     tg_plan *p = tg_compile(t, 1, &loss, err);
 *     for (...) { fill the leaves; tg_plan_run(p, err); }
 *
 * A plan updates each parameter as soon as nothing needs its old value. o must outlive the values
 * of t and the plan. If groups have been added since, or tg_optimizer_load_state_dict had to
 * replace the states, the run fails with TG_EARG; record the step again. Errors are those of
 * tg_optimizer_update, and TG_ETAPE for a gradient of another tape; they poison t and change
 * nothing. The recorded operations cannot be found by tg_op_find, saved in a graph file or
 * differentiated. */
tg_status tg_optimizer_record(tg_tape *t, tg_optimizer *o, tg_dict *params, const tg_dict *grads);

const char *tg_optimizer_name(const tg_optimizer *o);
double tg_optimizer_lr(const tg_optimizer *o);
void tg_optimizer_set_lr(tg_optimizer *o, double lr); /* checked by the next update */
int64_t tg_optimizer_steps(const tg_optimizer *o);    /* updates made so far */

/* The state of that name, borrowed; NULL before the first update and for an unknown name. */
tg_dict *tg_optimizer_state(const tg_optimizer *o, const char *name);

/* Writes "RMSprop lr=0.01 alpha=0.99 eps=1e-07", the name and the options that it was made from, to
 * text, cut to size; returns text. */
char *tg_optimizer_describe(const tg_optimizer *o, char *text, size_t size);

/* ---- saving and restoring ------------------------------------------------------------------- */

/* A copy of everything that an optimizer accumulates while it runs, ready for tg_npz_save: "steps"
 * and "lr" (f64, 0-d); each group under "group/" and its pattern, "group/W*" (f64 (6), the fields
 * of its options in their order, without made); and each state under its name and the parameter's
 * key, "m/W1". The options that the optimizer was made from are not included; the program supplies
 * them. The caller frees the dict. NULL on failure: TG_EARG, TG_ENOMEM. */
tg_dict *tg_optimizer_state_dict(const tg_optimizer *o, tg_error *err);

/* Restores what tg_optimizer_state_dict saved, by copying from state. The updates that follow are
 * the same, bit for bit, as those that followed tg_optimizer_state_dict, if the optimizer has the
 * same options. On failure o does not change: TG_EKEY for a key that is missing or that this kind
 * of optimizer does not have, TG_ESHAPE, TG_EDTYPE, TG_EARG (NULL, or a number out of range),
 * TG_ENOMEM. */
tg_status tg_optimizer_load_state_dict(tg_optimizer *o, const tg_dict *state, tg_error *err);

/* ---- groups of parameters ------------------------------------------------------------------- */

/* How the parameters of a group are updated. First their gradients are scaled so that the norm of
 * all of them together is at most clip_norm, then clipped to -clip_value .. clip_value. Weight
 * decay follows, and then the optimizer's formula with the step size lr * lr_scale. */
typedef struct tg_group_options {
    uint32_t made;       /* by tg_group_defaults(), see status.h */
    double lr_scale;     /* 1 */
    double clip_norm;    /* g *= min(1, clip_norm / (norm + 1e-6)); 0, the default: none */
    double clip_value;   /* 0, the default: none */
    double weight_decay; /* g += weight_decay w, as torch.optim.SGD and Adam do; 0 */
    /* Weight decay is w -= lr weight_decay w instead, as in AdamW (Loshchilov and Hutter 2019);
     * false. */
    bool decoupled;
    bool frozen; /* parameters and states do not change; false */
} tg_group_options;
tg_group_options tg_group_defaults(void);

/* Adds a group: the parameters whose key matches pattern ('*': any characters, '?': one). If
 * several groups match a key, only the one that was added last applies, so add general patterns
 * ("*") before specific ones ("W3"). A group with the same pattern is replaced. TG_EARG for NULL,
 * for options not made by tg_group_defaults, or for a number that is negative or not finite;
 * TG_ENOMEM. An update fails with TG_EKEY if a pattern matches no parameter. */
tg_status tg_optimizer_add_group(tg_optimizer *o, const char *pattern, tg_group_options options,
                                 tg_error *err);

/* References to the parameters that are not frozen. Pass this dict to tg_grad, so that no
 * gradients are computed for the others. An update still takes all params, while grads need not
 * have the frozen keys, which it ignores. The caller frees the dict. NULL on failure: TG_EARG,
 * TG_ENOMEM. */
tg_dict *tg_optimizer_trainable(const tg_optimizer *o, const tg_dict *params, tg_error *err);

/* ---- gradient clipping ---------------------------------------------------------------------- */

/* Scales grads so that the norm of all of them together is at most max_norm, by
 * min(1, max_norm / (norm + 1e-6)), as PyTorch's clip_grad_norm_ does. Stores the norm before
 * scaling (f64, 0-d) in *norm unless norm is NULL. Returns a new dict of recorded values, which
 * belongs to t. NULL with t poisoned on failure and for NULL grads, so calls can be nested:
 *
 *     tg_dict *grads = tg_clip_grad_norm(t, tg_grad(t, loss, params), 1, NULL);
 *     tg_optimizer_update(opt, params, grads, &err); */
tg_dict *tg_clip_grad_norm(tg_tape *t, const tg_dict *grads, double max_norm, tg_tensor **norm);

/* The same, but clips each element to -limit .. limit. */
tg_dict *tg_clip_grad_value(tg_tape *t, const tg_dict *grads, double limit);

/* ---- the optimizers ------------------------------------------------------------------------- */

/* In the formulas w is a parameter and g its gradient. Every element is updated separately.
 *
 * A gradient that is NaN or Inf makes its element of w NaN or Inf, and no other. A sum or mean of
 * squares (h, v) overflows, in f32, for gradients of about 1e19 and above. It then stays Inf, and
 * its element of w no longer changes, as in PyTorch; clip such gradients. m of Adam and AMSGrad
 * also overflows, and w becomes NaN, if g - m is beyond the largest number of the dtype. lr and eps
 * are rounded to the dtype. If that makes eps 0, as it does in f32 below 1e-45, an element whose
 * gradients were all 0 becomes NaN (0 / 0); if it makes lr times its factors Inf, as in f32 from
 * 3.5e38 on, a gradient of 0 gives NaN. */

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

/* Nesterov's momentum, where w is the point at which the gradient is taken (Sutskever et al. 2013,
 * Bengio et al. 2012):  u = momentum v - lr g;  w += momentum u - lr g;  v = u,
 * which is the same as w += momentum^2 v - (1 + momentum) lr g with the velocity v of the step
 * before. book_form uses the new velocity there, as the code of "Deep Learning from Scratch" does:
 * w += momentum^2 u - (1 + momentum) lr g. */
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

/* Adam (Kingma and Ba 2015), by default in the book's form (end of section 2 of the paper):
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
tg_adam_options tg_adam_torch(void); /* the defaults of torch.optim.Adam */
tg_optimizer *tg_adam(tg_adam_options options, tg_error *err);

/* AdaDelta (Zeiler 2012), as in PyTorch:
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
 * far, before its bias correction, instead of v.
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
