/* trainer.h - what a trainer is inside, for the files that save and load it (internal). */
#ifndef TAPEGRAD_SRC_TRAINER_H
#define TAPEGRAD_SRC_TRAINER_H

#include "tapegrad/plan.h"
#include "tapegrad/train.h"

typedef struct tgi_seen {
    tg_tensor *x;
    uint64_t version;
} tgi_seen;

/* The plan of an update, and what it holds for (plan.c). */
typedef struct tgi_step_plan {
    tg_plan *plan;         /* NULL: none */
    const tg_tensor *rows; /* the leaf with the numbers of the batch's rows */
    tg_model model;
    const tg_tensor **leaves;
    int n_leaves;
    uint64_t generation; /* of the optimizer's groups and states */

    uint64_t hash;  /* of the operations that the last update recorded */
    tgi_seen *seen; /* its leaves */
    int n_seen, tries;
    bool off; /* for good */
    char note[160];
} tgi_step_plan;

/* What an update that was made still lacks, because memory ran out behind it: the next step makes
 * up for it and makes no update. */
typedef enum tgi_owed { TGI_OWES_NOTHING, TGI_OWES_LOSS, TGI_OWES_ROWS } tgi_owed;

struct tg_trainer {
    tg_model *model;
    tg_optimizer *optimizer;
    const tg_dataset *train, *test;
    tg_trainer_options options;
    tg_history *history;
    char *series, *checkpoint; /* copies */
    char *config;              /* the configuration it started with, as text */
    bool data_in_config;
    tg_tape *t;
    tgi_step_plan step;
    tg_batches *batches;
    tg_dict *trained; /* what is not frozen, by reference; NULL before it was needed */
    tg_dict *before;  /* the model's state before the update under way; NULL where there is none */
    tg_tensor *rows;  /* of the last batch */
    tgi_owed owed;
    tg_rng mask_rng;
    double base_lr; /* what the schedule multiplies */
    int64_t steps, evaluations;
    double loss, train_acc, test_acc;
    bool diverged;

    double best;       /* highest accuracy on test; NaN: none yet */
    int64_t best_step; /* updates made then */
    int64_t stale;     /* evaluations since */
    tg_dict *best_tensors;

    bool attached;       /* the checkpoint is this run's, or was not there */
    int64_t saved_steps; /* in the checkpoint; -1: none */
};

/* ---- steps (step.c) ------------------------------------------------------------------ */

/* Makes up for what the last update lacks. */
tg_status tgi_trainer_settle(tg_trainer *tr, tg_error *err);

/* ---- the configuration (config.c) ---------------------------------------------------- */

/* Makes tr->config. */
tg_status tgi_trainer_configure(tg_trainer *tr, tg_error *err);

/* Adds the data to it, once: their sizes and sums take a look at every byte. */
tg_status tgi_trainer_configure_data(tg_trainer *tr, tg_error *err);

/* TG_EARG with the first line that differs from another run's n bytes of text; path is for the
 * message. */
tg_status tgi_trainer_compare(const tg_trainer *tr, const char *path, const char *text, size_t n,
                              tg_error *err);

/* Whether the text begins as every configuration does. */
bool tgi_is_config(const char *text, size_t n);

/* ---- updates by a plan (plan.c) ------------------------------------------------------ */

/* Whether the plan, if there is one, does the update for these rows; drops it where it never will
 * again.  The note says why not. */
bool tgi_trainer_planned(tg_trainer *tr, const tg_tensor *rows);

/* Runs it: tr->loss. */
tg_status tgi_trainer_run_plan(tg_trainer *tr, tg_error *err);

/* Whether the update for these rows may become a plan: it is then recorded with
 * tg_optimizer_record. */
bool tgi_trainer_may_plan(const tg_trainer *tr, const tg_tensor *rows);

/* After such an update, from a generator that stood at before: a plan, if it is time for one. */
void tgi_trainer_plan(tg_trainer *tr, const tg_tensor *rows, tg_tensor *loss, tg_rng before);
void tgi_trainer_drop_plan(tg_trainer *tr);

/* ---- the file (save.c, load.c) ----------------------------------------------- */

/* The names of a checkpoint's members.  Whole numbers of 64 bits are pairs of i32, low half first.
 */
#define TGI_CONFIG "config"           /* u8 (n), text */
#define TGI_COUNTERS "counters"       /* i32 (TGI_COUNTER_COUNT, 2) */
#define TGI_NUMBERS "numbers"         /* f64 (TGI_NUMBER_COUNT) */
#define TGI_PARAMS "params/"          /* ... KEY */
#define TGI_STATE "state/"            /* ... KEY */
#define TGI_OPTIMIZER "optimizer/"    /* ... as tg_optimizer_state_dict */
#define TGI_BEST "best/"              /* ... params/KEY, state/KEY; where restore_best is set */
#define TGI_METRICS "history/metrics" /* u8 (n), texts that each end with a 0 */
#define TGI_METRIC "history/metric"   /* i32 (rows), number of the text */
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

/* Parameters and state of the model by reference, under TGI_PARAMS and TGI_STATE. */
tg_dict *tgi_trainer_tensors(const tg_trainer *tr, tg_error *err);

#endif
