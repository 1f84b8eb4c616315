/* trainer.h - what a trainer consists of (internal). */
#ifndef TAPEGRAD_SRC_TRAINER_H
#define TAPEGRAD_SRC_TRAINER_H

#include "tapegrad/plan.h"
#include "tapegrad/train.h"

/* A leaf, and its version when it was last seen. */
typedef struct tgi_leaf_version {
    tg_tensor *x;
    uint64_t version;
} tgi_leaf_version;

/* The plan that makes updates, and what it was compiled for (plan.c). */
typedef struct tgi_step_plan {
    tg_plan *plan;         /* NULL: none */
    const tg_tensor *rows; /* the leaf with the batch's row numbers */
    tg_model model;
    const tg_tensor **leaves;
    int n_leaves;
    uint64_t generation; /* of the optimizer's groups and states */

    uint64_t hash;          /* of the operations that the last update recorded */
    tgi_leaf_version *seen; /* its leaves */
    int n_seen, tries;
    bool off;       /* no plan will be made again */
    char note[160]; /* tg_trainer_plan_note */
} tgi_step_plan;

/* What an update still lacks, if that could not be done when it was made, for instance for lack of
 * memory. The next step does this and makes no update. ROWS: the evaluation and the rows of the
 * history. */
typedef enum tgi_pending { TGI_PENDING_NOTHING, TGI_PENDING_LOSS, TGI_PENDING_ROWS } tgi_pending;

struct tg_trainer {
    tg_model *model;
    tg_optimizer *optimizer;
    const tg_dataset *train, *test;
    tg_trainer_options options;
    tg_history *history;
    char *series, *checkpoint; /* copies */
    char *config;              /* the configuration at the start, as text */
    bool data_in_config;
    tg_tape *t;
    tgi_step_plan step;
    tg_batches *batches;
    tg_dict *trained; /* references to the parameters that are not frozen; NULL until needed */
    tg_dict *before;  /* the model's state before the current update; NULL if it has none */
    tg_tensor *rows;  /* of the last batch */
    tgi_pending pending;
    tg_rng mask_rng;
    double base_lr; /* the lr that the schedule multiplies */
    int64_t steps, evaluations;
    double loss, train_acc, test_acc;
    bool diverged;

    double best;       /* highest accuracy on test; NaN: none yet */
    int64_t best_step; /* updates made then */
    int64_t stale;     /* evaluations since then */
    tg_dict *best_tensors;

    bool resumed;        /* the checkpoint was loaded or did not exist */
    int64_t saved_steps; /* in the checkpoint; -1: none */
};

/* ---- steps (step.c) ------------------------------------------------------------------------- */

/* Does what is pending after the last update. */
tg_status tgi_trainer_complete(tg_trainer *tr, tg_error *err);

/* ---- the configuration (config.c) ----------------------------------------------------------- */

/* Makes tr->config. */
tg_status tgi_config_make(tg_trainer *tr, tg_error *err);

/* Adds the sizes and checksums of the data to tr->config, once, because that reads every byte. */
tg_status tgi_config_add_data(tg_trainer *tr, tg_error *err);

/* Compares tr->config with the configuration of another run, n bytes of text. TG_EARG with the
 * first line that differs; path is for the message. */
tg_status tgi_config_compare(const tg_trainer *tr, const char *path, const char *text, size_t n,
                             tg_error *err);

/* Whether text begins like a configuration. */
bool tgi_config_begins(const char *text, size_t n);

/* ---- updates by a plan (plan.c) ------------------------------------------------------------- */

/* Whether there is a plan for an update with these rows; if not, the note says why. Drops a plan
 * that is no longer valid. */
bool tgi_trainer_planned(tg_trainer *tr, const tg_tensor *rows);

/* Runs the plan, which sets tr->loss. */
tg_status tgi_trainer_run_plan(tg_trainer *tr, tg_error *err);

/* Whether an update with these rows may become a plan. It must then be recorded with
 * tg_optimizer_record. */
bool tgi_trainer_may_plan(const tg_trainer *tr, const tg_tensor *rows);

/* Called after such an update: compiles a plan if two updates in a row were the same. before: the
 * generator of the masks before the update. */
void tgi_trainer_plan(tg_trainer *tr, const tg_tensor *rows, tg_tensor *loss, tg_rng before);
void tgi_trainer_drop_plan(tg_trainer *tr);

/* ---- checkpoints (save.c, load.c) ----------------------------------------------------------- */

/* The names of a checkpoint's members. 64-bit integers are pairs of i32, low half first. */
#define TGI_CONFIG "config"           /* u8 (n), text */
#define TGI_COUNTERS "counters"       /* i32 (TGI_COUNTER_COUNT, 2) */
#define TGI_NUMBERS "numbers"         /* f64 (TGI_NUMBER_COUNT) */
#define TGI_PARAMS "params/"          /* ... KEY */
#define TGI_STATE "state/"            /* ... KEY */
#define TGI_OPTIMIZER "optimizer/"    /* ... as tg_optimizer_state_dict */
#define TGI_BEST "best/"              /* ... params/KEY, state/KEY; if restore_best is set */
#define TGI_METRICS "history/metrics" /* u8 (n), texts, each with a 0 byte at its end */
#define TGI_METRIC "history/metric"   /* i32 (rows), the number of the text */
#define TGI_STEP "history/step"       /* i32 (rows, 2) */
#define TGI_VALUE "history/value"     /* f64 (rows) */

enum {
    TGI_STEPS,
    TGI_EVALUATIONS,
    TGI_DIVERGED,
    TGI_EPOCH,
    TGI_POSITION,
    TGI_BATCH_COUNTER, /* of the generator that draws the batches; its seed is in the options */
    TGI_MASK_COUNTER,
    TGI_BEST_STEP,
    TGI_STALE,
    TGI_COUNTER_COUNT
};
enum { TGI_LOSS, TGI_TRAIN_ACC, TGI_TEST_ACC, TGI_BEST_ACC, TGI_NUMBER_COUNT };

/* References to the model's parameters and state, under TGI_PARAMS and TGI_STATE. */
tg_dict *tgi_trainer_tensors(const tg_trainer *tr, tg_error *err);

#endif
