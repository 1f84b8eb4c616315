/* trainer.h - what a trainer is inside, for the files that save and load it (internal). */
#ifndef TAPEGRAD_SRC_TRAINER_H
#define TAPEGRAD_SRC_TRAINER_H

#include "tapegrad/train.h"

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
    tg_batches *batches;
    tg_dict *trained; /* what is not frozen, by reference; NULL before it was needed */
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

/* ---- the configuration (trainer_config.c) ---------------------------------------------------- */

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

/* ---- the file (trainer_save.c, trainer_load.c) ----------------------------------------------- */

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
