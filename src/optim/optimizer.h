/* optimizer.h - what the files of the optimizers share (internal).
 *
 * What is particular to one of them is a row of ops/kernels/updates.def. */
#ifndef TAPEGRAD_SRC_OPTIMIZER_H
#define TAPEGRAD_SRC_OPTIMIZER_H

#include <stddef.h>

#include "ops/kernels/updates.h"
#include "src/options.h"
#include "tapegrad/optim.h"

/* An optimizer of the library: a type without functions, since its formula is a kernel. */
typedef struct tgi_rule {
    tg_optimizer_type type;
    /* The constants of its row, for update number `step` with step size lr. */
    void (*constants)(const void *options, double lr, int64_t step, double *constants);
} tgi_rule;

extern const tgi_rule tgi_rules[TGI_UPDATES]; /* by TGI_UPDATE_NAME */

/* How some of the parameters are updated in the step under way. */
typedef struct tgi_manner {
    double constants[TGI_UPDATE_CONSTANTS];
    tgi_treatment first;
    bool treats; /* first does something */
} tgi_manner;

/* Some of the parameters and how they are treated. */
typedef struct tgi_group {
    char *pattern;
    tg_group_options options;
    tgi_manner manner;
} tgi_group;

/* What one key stands for: the parameter, its gradient and its states. */
enum {
    TGI_PARAMETER,
    TGI_GRADIENT,
    TGI_FIRST_STATE,
    TGI_PARTS = TGI_FIRST_STATE + TG_OPTIMIZER_STATES
};
typedef struct tgi_entry {
    tgi_group *group; /* NULL: none */
    tg_tensor *x[TGI_PARTS];
    size_t copies; /* bytes of what has to be copied */
} tgi_entry;

struct tg_optimizer {
    const tg_optimizer_type *type;
    const tgi_rule *rule;         /* NULL: one's own, by functions */
    const tgi_update *kernels[2]; /* of the rule, by dtype: TG_F32, TG_F64 */
    double lr;
    int64_t steps;
    int n_states;
    tg_dict *states[TG_OPTIMIZER_STATES]; /* NULL before the first update */
    tgi_manner manner;                    /* of the parameters in no group */
    tgi_group *groups;                    /* in the order they were added */
    int n_groups;

    tgi_entry *entries;   /* of the update under way, in the order of params */
    tgi_update_job *jobs; /* of the last update: n_jobs, one for each entry */
    int room, n_jobs;     /* room: for so many of both */
    bool apart;           /* the jobs have no memory in common */
    bool recording;       /* operations of an update compute nothing */
    uint64_t generation;  /* counts changes of groups, and of what states there are */
    char *scratch;        /* contiguous copies of strided tensors, changed gradients */
    size_t scratch_bytes;
    max_align_t options[]; /* type->options_size bytes */
};

/* TG_EARG when lr is not finite; err then begins with who. */
tg_status tgi_optimizer_check_lr(const char *who, double lr, tg_error *err);

/* ---- an update (update.c) --------------------------------------------------------- */

/* All checks of tg_optimizer_update, room for the states and for what follows; the parts of all
 * keys into o->entries.  On failure nothing has changed. */
tg_status tgi_optimizer_prepare(tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                                tg_error *err);

/* The update of n entries. */
void tgi_optimizer_step(tg_optimizer *o, int n);

/* Its parts: counts the step and sets the manners; does one entry that has a gradient. */
void tgi_optimizer_begin(tg_optimizer *o);
size_t tgi_optimizer_copies(const tg_optimizer *o, const tgi_entry *e); /* for e->copies */
/* Bytes of the copy that part of it is worked on in; 0: none. */
size_t tgi_optimizer_copy(const tg_optimizer *o, const tgi_entry *e, int part);
void tgi_optimizer_update_one(const tg_optimizer *o, const tgi_entry *e);

/* ---- groups (groups.c) ------------------------------------------------------------ */

/* The group that key belongs to, or NULL. */
tgi_group *tgi_group_of(const tg_optimizer *o, const char *key);

/* TG_EKEY when a group has no parameter. */
tg_status tgi_groups_check(const tg_optimizer *o, const tg_dict *params, tg_error *err);

/* What a group does to gradients and parameters, with step size lr; NULL: nothing.  Of clip_norm
 * the scale is still to be measured. */
tgi_treatment tgi_group_treatment(const tgi_group *g, double lr);

/* The sum of the squares of gradients, each times unit. */
typedef double (*tgi_squares)(const void *of, double unit);
double tgi_sum_of_squares(const tg_tensor *x, double unit);

/* The factor by which clip_norm scales the gradients whose squares `sum` adds up; it is asked again
 * in another unit where these leave the range. */
double tgi_clip_scale(double clip_norm, tgi_squares sum, const void *of);

/* Does first to n packed elements of g and w, for optimizers without a kernel. */
void tgi_treat(const tgi_treatment *first, tg_dtype dtype, int64_t n, void *g, void *w);

/* Whether part holds just the parameters that are not frozen, in their order. */
bool tgi_is_trainable(const tg_optimizer *o, const tg_dict *params, const tg_dict *part);

/* The same patterns with the same options. */
bool tgi_groups_equal(const tg_optimizer *a, const tg_optimizer *b);

void tgi_groups_free(tg_optimizer *o);

/* ---- state (state.c) -------------------------------------------------------------- */

/* Puts what tg_optimizer_state_dict tells into d under prefix, the states by reference. */
tg_status tgi_optimizer_put_state(const tg_optimizer *o, const char *prefix, tg_dict *d,
                                  tg_error *err);

/* tg_optimizer_load_state_dict for known params: also refuses states that do not fit them. */
tg_status tgi_optimizer_load(tg_optimizer *o, const tg_dict *state, const tg_dict *params,
                             tg_error *err);

#endif
