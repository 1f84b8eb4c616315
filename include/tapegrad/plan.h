/* plan.h - record once, run many: what a tape recorded, made ready to be computed again on whatever
 * the leaves hold then.
 *
 *     tg_plan *p = tg_compile(t, 1, &loss, err);      t may be reset or freed now
 *     for (...) { fill the leaves; tg_plan_run(p, err); use tg_plan_output(p, 0); }
 *
 * The results are those of recording the same operations again, bit for bit.  What is not an
 * operation stays as it was when recorded: shapes, attributes, numbers handed to tg_scalar or
 * tg_full, and every decision that the program took while it recorded.
 * A plan belongs to one thread at a time; two plans never meet. */
#ifndef TAPEGRAD_PLAN_H
#define TAPEGRAD_PLAN_H

#include <stdio.h>

#include "tapegrad/dict.h"
#include "tapegrad/rng.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_plan tg_plan;

/* The plan of n recorded values of t: everything that they depend on, and every tg_assign that t
 * holds, in the order of recording.  Leaves are held by reference and read at each run.  The caller
 * frees it.  Recording was itself a first pass, with its writes done and its random numbers drawn:
 * see tg_plan_seek.  NULL on failure: the error of a poisoned tape, TG_EARG (NULL; an operation
 * that cannot be run again, such as a checkpoint), TG_ETAPE (an output that is not a value of t),
 * TG_ENOMEM. */
tg_plan *tg_compile(tg_tape *t, int n, tg_tensor *const *outputs, tg_error *err);

/* The same for a training step: output 0 is loss, and grads is what tg_grad returned for it. */
tg_plan *tg_compile_grads(tg_tape *t, tg_tensor *loss, const tg_dict *grads, tg_error *err);
void tg_plan_free(tg_plan *p);

/* Computes all outputs and makes all writes once more.  No call to the allocator.  On failure the
 * error of the operation that refused its operands (an index out of range, a singular matrix), as
 * when recording; writes before it are done, the outputs unspecified.  TG_EARG for NULL. */
tg_status tg_plan_run(tg_plan *p, tg_error *err);

/* Output i as a row-major leaf: zeros before the first run, written by each.  The plan holds the
 * reference; tg_tensor_ref keeps it beyond tg_plan_free.  NULL outside 0..n-1. */
tg_tensor *tg_plan_output(const tg_plan *p, int i);

/* The gradients of tg_compile_grads, a dict with the keys of grads for tg_optimizer_update; the
 * plan's, written by each run.  NULL for other plans. */
tg_dict *tg_plan_grads(const tg_plan *p);

/* Random numbers.  A plan counts its runs, failed ones too.  In run k an operation draws from block
 * counter + k draws of its generator, where counter is what it was recorded with, and draws is the
 * number of blocks from the first that was drawn on the tape from the generator's seed and stream
 * to the last: the numbers of pass k of a loop that records anew and draws from that generator in
 * between nothing else.
 *   runs   the number of the next run, 0 at first
 *   seek   sets it: 1 to go on behind the pass that was recorded; any to repeat or resume
 *   draws  blocks a run takes from the generator of rng's seed and stream; the caller's own
 *          generator stands, before run k, at its start + k draws */
uint64_t tg_plan_runs(const tg_plan *p);
void tg_plan_seek(tg_plan *p, uint64_t run);
uint64_t tg_plan_draws(const tg_plan *p, const tg_rng *rng);

typedef struct tg_plan_numbers {
    int32_t recorded; /* operations on the tape */
    int32_t nodes;    /* of those, computed at each run */
    int32_t steps;    /* a fused group or one operation each */
    int32_t groups;   /* fused groups */
    int32_t fused;    /* operations in them */
    size_t bytes;     /* all memory of the plan, the outputs' included */
    size_t block;     /* of this, the block that results share */
    size_t kept;      /* outputs and constants */
    size_t eager;     /* data of the values on the tape that the outputs depend on */
} tg_plan_numbers;

tg_plan_numbers tg_plan_stats(const tg_plan *p);

/* One line for each step, what was fused in it and where its results are, then the numbers. */
void tg_plan_print(const tg_plan *p, FILE *file);

#ifdef __cplusplus
}
#endif
#endif
