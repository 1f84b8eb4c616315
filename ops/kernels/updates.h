/* updates.h - the kernels of optimizer updates, and the function that runs them. */
#ifndef TAPEGRAD_OPS_KERNELS_UPDATES_H
#define TAPEGRAD_OPS_KERNELS_UPDATES_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/kernels/updates.def"

enum {
#define X(name, title) TGI_UPDATE_##name,
    TGI_OPTIMIZERS(X)
#undef X
        TGI_UPDATES
};

enum { TGI_UPDATE_STATES = 4, TGI_UPDATE_CONSTANTS = 12 }; /* at most */

/* The prologue of an update: what is done to gradients and parameters before the formula, in this
 * order. */
typedef struct tgi_update_prologue {
    bool scales, clips, decays, shrinks;
    double scale; /* g *= scale */
    double most;  /* g clipped to -most .. most */
    double decay; /* g += decay w */
    double rest;  /* w *= rest */
} tgi_update_prologue;

/* Contiguous memory of one dtype. */
typedef struct tgi_update_part {
    const double *constants;
    const tgi_update_prologue *first; /* NULL: none */
    void *w;
    const void *g;
    void *state[TGI_UPDATE_STATES];
} tgi_update_part;

/* One kernel of one instruction set. */
typedef struct tgi_update {
    void (*run)(const tgi_update_part *p, int64_t vectors); /* updates whole vectors */
    int shift;                                              /* a vector has 1 << shift lanes */
    int states;
    int64_t size; /* bytes of an element */
} tgi_update;

/* n elements to be updated. */
typedef struct tgi_update_job {
    const tgi_update *kernel;
    int64_t n, at; /* at: set by tgi_update_run */
    tgi_update_part part;
} tgi_update_job;

/* Runs all jobs in one pass. Threads share it without regard to where a job begins. No two jobs may
 * have memory in common. The bits of an element depend on nothing but that element. */
void tgi_update_run(int count, tgi_update_job *jobs);

#endif
