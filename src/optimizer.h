/* optimizer.h - what the files of the single optimizers share (internal).
 *
 * Such a file states its formula once, as three macros, and includes opt_loop.inc, which makes
 * update_f32 and update_f64 of it. */
#ifndef TAPEGRAD_SRC_OPTIMIZER_H
#define TAPEGRAD_SRC_OPTIMIZER_H

#include <stddef.h>

#include "tapegrad/optim.h"

/* Some of the parameters and how they are treated. */
typedef struct tgi_group {
    char *pattern;
    tg_group_options options;
    double scale; /* of the gradients in the update under way, for clip_norm */
} tgi_group;

struct tg_optimizer {
    const tg_optimizer_type *type;
    double lr;
    int64_t steps;
    int n_states;
    tg_dict *states[TG_OPTIMIZER_STATES]; /* NULL before the first update */
    char *scratch; /* contiguous copies of strided tensors, changed gradients */
    size_t scratch_bytes;
    tgi_group *groups; /* in the order they were added */
    int n_groups;
    max_align_t options[]; /* type->options_size bytes */
};

/* ---- groups (optimizer_groups.c) ------------------------------------------------------------ */

/* The group that key belongs to, or NULL. */
tgi_group *tgi_group_of(const tg_optimizer *o, const char *key);

/* Whether the gradients of a group (NULL: none) are changed before the update. */
bool tgi_group_changes_gradient(const tgi_group *g);

/* TG_EKEY when a group has no parameter. */
tg_status tgi_groups_check(const tg_optimizer *o, const tg_dict *params, tg_error *err);

/* Sets scale in the groups that clip by norm; grads are checked. */
void tgi_groups_measure(tg_optimizer *o, const tg_dict *params, const tg_dict *grads);

/* Clips and decays n packed elements of g and w before an update with step size lr. */
void tgi_group_prepare(const tgi_group *group, tg_dtype dtype, int64_t n, double lr, void *g,
                       void *w);

/* Whether part holds just the parameters that are not frozen, in their order. */
bool tgi_is_trainable(const tg_optimizer *o, const tg_dict *params, const tg_dict *part);

void tgi_groups_free(tg_optimizer *o);

/* ---- state (optimizer_state.c) -------------------------------------------------------------- */

/* Puts what tg_optimizer_state_dict tells into d under prefix, the states by reference. */
tg_status tgi_optimizer_put_state(const tg_optimizer *o, const char *prefix, tg_dict *d,
                                  tg_error *err);

/* tg_optimizer_load_state_dict for known params: also refuses states that do not fit them. */
tg_status tgi_optimizer_load(tg_optimizer *o, const tg_dict *state, const tg_dict *params,
                             tg_error *err);

/* ---- the single optimizers ------------------------------------------------------------------ */

typedef enum tgi_range {
    TGI_FRACTION,    /* [0, 1) */
    TGI_NOT_NEGATIVE /* [0, inf) */
} tgi_range;

/* One of an optimizer's options, to be checked. */
typedef struct tgi_option {
    const char *name;
    double value;
    tgi_range range;
} tgi_option;

/* tg_optimizer_new after a look at the options: TG_EARG, "Adam: beta1 is 1.5, must be in
 * [0, 1)". */
tg_optimizer *tgi_optimizer_make(const tg_optimizer_type *type, const void *options, double lr,
                                 const tgi_option *checks, int n, tg_error *err);

#endif
