/* optimizer.h - what the files of src/optim share (internal).
 *
 * What distinguishes the library's optimizers is in the rows of ops/kernels/updates.def. */
#ifndef TAPEGRAD_SRC_OPTIMIZER_H
#define TAPEGRAD_SRC_OPTIMIZER_H

#include <stddef.h>

#include "ops/kernels/updates.h"
#include "src/options.h"
#include "tapegrad/optim.h"

/* A row of updates.def. Its type has no update functions, because its formula is a kernel. */
typedef struct tgi_rule {
    tg_optimizer_type type;
    /* Writes the constants of the row for update number `step` with step size lr. */
    void (*constants)(const void *options, double lr, int64_t step, double *constants);
} tgi_rule;

extern const tgi_rule tgi_rules[TGI_UPDATES]; /* by TGI_UPDATE_NAME */

/* How the current update treats the parameters of one group, or those in no group. */
typedef struct tgi_group_step {
    double constants[TGI_UPDATE_CONSTANTS];
    tgi_update_prologue first; /* applied before the formula */
    bool has_first;            /* whether first changes anything */
} tgi_group_step;

/* A group of parameters. */
typedef struct tgi_group {
    char *pattern;
    tg_group_options options;
    tgi_group_step step;
} tgi_group;

/* The tensors of one key: the parameter, its gradient and its states. */
enum {
    TGI_PARAMETER,
    TGI_GRADIENT,
    TGI_FIRST_STATE,
    TGI_ENTRY_TENSORS = TGI_FIRST_STATE + TG_OPTIMIZER_STATES
};
typedef struct tgi_entry {
    tgi_group *group; /* NULL: none */
    tg_tensor *x[TGI_ENTRY_TENSORS];
    size_t copies; /* bytes of the contiguous copies that it needs */
} tgi_entry;

struct tg_optimizer {
    const tg_optimizer_type *type;
    const tgi_rule *rule;         /* NULL: a type that is not the library's */
    const tgi_update *kernels[2]; /* of the rule, for TG_F32 and TG_F64 */
    double lr;
    int64_t steps;
    int n_states;
    tg_dict *states[TG_OPTIMIZER_STATES]; /* NULL before the first update */
    tgi_group_step step;                  /* of the parameters in no group */
    tgi_group *groups;                    /* in the order in which they were added */
    int n_groups;

    tgi_entry *entries;   /* of the current update, in the order of params */
    tgi_update_job *jobs; /* of the last update: n_jobs, one for each entry */
    int room, n_jobs;     /* room: how many entries and jobs fit */
    bool disjoint;        /* the jobs share no memory */
    bool recording;       /* the operations of an update are recorded but must not run */
    uint64_t generation;  /* increases when groups change or states are replaced */
    char *scratch;        /* contiguous copies of strided tensors and of changed gradients */
    size_t scratch_bytes;
    max_align_t options[]; /* type->options_size bytes */
};

/* TG_EARG if lr is negative or not finite; who begins the message. */
tg_status tgi_optimizer_check_lr(const char *who, double lr, tg_error *err);

/* ---- an update (prepare.c, update.c) -------------------------------------------------------- */

/* Makes all checks of tg_optimizer_update, allocates what the update needs, and fills in
 * o->entries. On failure nothing has changed. */
tg_status tgi_optimizer_prepare(tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                                tg_error *err);

/* Updates the first n entries. */
void tgi_optimizer_step(tg_optimizer *o, int n);

/* Begins an update: counts it, and sets the steps of all groups. */
void tgi_optimizer_begin(tg_optimizer *o);

/* Updates one entry, which has a gradient. */
void tgi_optimizer_update_one(const tg_optimizer *o, const tgi_entry *e);

/* Bytes of the contiguous copy that tensor `which` of an entry needs, or 0; and of all its
 * copies. */
size_t tgi_optimizer_copy(const tg_optimizer *o, const tgi_entry *e, int which);
size_t tgi_optimizer_copies(const tg_optimizer *o, const tgi_entry *e);

/* ---- groups (groups.c) ---------------------------------------------------------------------- */

/* The group that key belongs to, or NULL. */
tgi_group *tgi_group_of(const tg_optimizer *o, const char *key);

/* TG_EKEY if a group matches no parameter. */
tg_status tgi_groups_check(const char *who, const tg_optimizer *o, const tg_dict *params,
                           tg_error *err);

/* What group g does to gradients and parameters before the formula, with step size lr; nothing if g
 * is NULL. The scale of clip_norm is not known yet and is 1. */
tgi_update_prologue tgi_group_prologue(const tgi_group *g, double lr);

/* Applies first to n contiguous elements of g and w, for optimizers without a kernel. */
void tgi_apply_prologue(const tgi_update_prologue *first, tg_dtype dtype, int64_t n, void *g,
                        void *w);

/* Whether part holds exactly the parameters that are not frozen, in their order. */
bool tgi_is_trainable(const tg_optimizer *o, const tg_dict *params, const tg_dict *part);

/* Whether both have the same patterns with the same options. */
bool tgi_groups_equal(const tg_optimizer *a, const tg_optimizer *b);

void tgi_groups_free(tg_optimizer *o);

/* ---- clipping (clip_grad.c) ----------------------------------------------------------------- */

/* Adds up the squares of gradients, each multiplied by unit before it is squared. */
typedef double (*tgi_squares)(const void *of, double unit);
double tgi_sum_of_squares(const tg_tensor *x, double unit);

/* The factor by which clip_norm scales the gradients whose squares `sum` adds up. Calls sum again
 * with another unit if the sum overflows or underflows. */
double tgi_clip_scale(double clip_norm, tgi_squares sum, const void *of);

/* ---- state (state.c) ------------------------------------------------------------------------ */

/* Puts the entries of tg_optimizer_state_dict into d, with prefix before their keys and the states
 * by reference. */
tg_status tgi_optimizer_put_state(const tg_optimizer *o, const char *prefix, tg_dict *d,
                                  tg_error *err);

/* tg_optimizer_load_state_dict, which also refuses states that do not fit params, unless params is
 * NULL. */
tg_status tgi_optimizer_load(tg_optimizer *o, const tg_dict *state, const tg_dict *params,
                             tg_error *err);

#endif
