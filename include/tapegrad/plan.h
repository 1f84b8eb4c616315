/* plan.h - record once, run many: what a tape recorded, made ready to be computed again on whatever
 * the leaves hold then.
 *
 *     tg_plan *p = tg_compile(t, 1, &loss, err);      t may be reset or freed now
 *     tg_plan_seek(p, 1);           with dropout: recording drew the numbers of run 0
 *     for (...) { fill the leaves, or bind others; tg_plan_run(p, err); use tg_plan_output(p, 0); }
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

/* Reads x wherever it has read leaf, from the next run on and until leaf is bound to another: the
 * batch that comes next, without a copy of it.  x is a leaf of the same dtype, shape and strides;
 * the plan holds a reference.  Binding leaf to itself undoes it.  One walk over the plan.  TG_EARG
 * (NULL; x is a recorded value; the plan does not read leaf, or writes it; x shares memory with
 * what the plan writes), TG_EDTYPE, TG_ESHAPE; nothing is changed then. */
tg_status tg_plan_bind(tg_plan *p, const tg_tensor *leaf, tg_tensor *x, tg_error *err);

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
 *          generator stands, before run k, at its start + k draws
 *   set_rng  moves counter so that the next run draws from where rng stands: for loops that draw
 * from the same generator in between */
uint64_t tg_plan_runs(const tg_plan *p);
void tg_plan_seek(tg_plan *p, uint64_t run);
uint64_t tg_plan_draws(const tg_plan *p, const tg_rng *rng);
void tg_plan_set_rng(tg_plan *p, const tg_rng *rng);

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

/* ---- where the time goes -------------------------------------------------------------------- */

/* What a step is and what it took in the runs since the profile was switched on. */
typedef struct tg_plan_step {
    char name[64];     /* "matmul +2", "exp sum": an operation, and how many go with it, or which */
    const char *scope; /* of its first operation; the plan's */
    int operations;
    int64_t runs;
    double seconds; /* of all those runs */
    double start;   /* of the last of them, in seconds since the first began */
    double last;    /* seconds it took */
    double flops;   /* arithmetic operations of a run, as tg_tape_stats counts them */
    double bytes;   /* of a run: operands read from memory and results written to it */
} tg_plan_step;

/* Takes the time of each step from now on (on, from zero again), or no longer.  Two looks at the
 * clock for each step, some 50 ns.  TG_EARG, TG_ENOMEM. */
tg_status tg_plan_profile(tg_plan *p, bool on, tg_error *err);

/* Step i of 0..tg_plan_stats(p).steps-1; TG_EARG outside.  Without a profile runs is 0. */
tg_status tg_plan_step_at(const tg_plan *p, int32_t i, tg_plan_step *step, tg_error *err);

/* The most that the machine gives this library, to hold a profile against. */
typedef struct tg_limits {
    double gflops; /* 1e9 arithmetic operations a second: a product of f32 matrices in the cache */
    double gbytes; /* 1e9 bytes a second, read and written: copying what does not fit there */
} tg_limits;

/* Measures them in some 50 ms, with the threads now in force.  Zeros when out of memory. */
tg_limits tg_limits_measure(void);

/* A line for each step, those that took longest first: time of a run and its share, GFLOP/s, GB/s,
 * and the share of the limit that is nearer; then the sum.  TG_EARG, also without a profile,
 * TG_EIO.
 */
tg_status tg_plan_print_profile(const tg_plan *p, tg_limits limits, FILE *file);

/* The last run as a file for chrome://tracing or ui.perfetto.dev, an event for each step.  TG_EARG
 * without a profile, TG_EIO. */
tg_status tg_plan_save_trace(const tg_plan *p, const char *path, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
