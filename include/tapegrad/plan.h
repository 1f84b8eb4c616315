/* plan.h - record once, run many times: a plan is a recorded computation, compiled so that it can
 * be run again on new values of its leaves.
 *
 *     tg_plan *p = tg_compile(t, 1, &loss, err);      t may be reset or freed now
 *     tg_plan_seek(p, 1);           with dropout: recording drew the numbers of run 0
 *     for (...) { fill the leaves, or bind others; tg_plan_run(p, err); use tg_plan_output(p, 0); }
 *
 * The results are those of recording the same operations again, bit for bit. Everything that is
 * not an operation stays as it was recorded: shapes, attributes, numbers passed to tg_scalar or
 * tg_full, and every decision that the program took while recording. Another shape needs another
 * plan.
 *
 * A plan fuses elementwise operations into loops. Reductions of rows of 16 to 4096 elements, the
 * operations that use their results, and reductions over all rows join these loops. Elementwise
 * operations on a matrix product run on each piece of the product as soon as it is computed. Matrix
 * products with each other, scans, random numbers and sorting are never fused.
 *
 * A plan may be used by one thread at a time. Different plans may be used at the same time. */
#ifndef TAPEGRAD_PLAN_H
#define TAPEGRAD_PLAN_H

#include <stdio.h>

#include "tapegrad/dict.h"
#include "tapegrad/rng.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_plan tg_plan;

/* Compiles n recorded values of t into a plan, which the caller frees. The plan computes
 * everything that the values depend on and repeats every tg_assign on t, in the order of recording.
 * It holds references to the leaves and reads them at each run. Recording counts as the first run:
 * its writes are done and its random numbers are drawn (see tg_plan_seek).
 * NULL on failure: the error of a poisoned tape; TG_EARG for NULL, or for an operation that cannot
 * be run again, such as tg_checkpoint; TG_ETAPE for an output that is not a value of t;
 * TG_ENOMEM. */
tg_plan *tg_compile(tg_tape *t, int n, tg_tensor *const *outputs, tg_error *err);

/* The same for a training step: output 0 is loss, and grads is what tg_grad returned for it. */
tg_plan *tg_compile_grads(tg_tape *t, tg_tensor *loss, const tg_dict *grads, tg_error *err);
void tg_plan_free(tg_plan *p);

/* Computes all outputs and repeats all writes, without calling the allocator. Fails as recording
 * does when an operation refuses the values of its operands (an index out of range, a singular
 * matrix). Then the writes before that operation have been done, and the outputs are unspecified.
 * TG_EARG for NULL. */
tg_status tg_plan_run(tg_plan *p, tg_error *err);

/* From the next run on, the plan reads x in place of leaf, until leaf is bound again; for instance
 * to pass the next batch without copying it. x is a leaf with the same dtype, shape and strides,
 * and the plan holds a reference to it. Bind leaf to itself to undo this. The time it takes
 * grows with the size of the plan. On failure nothing changes: TG_EARG if an argument is NULL, if
 * x is a recorded value or shares memory with what the plan writes, or if the plan does not read
 * leaf or writes it; TG_EDTYPE; TG_ESHAPE. */
tg_status tg_plan_bind(tg_plan *p, const tg_tensor *leaf, tg_tensor *x, tg_error *err);

/* Output i as a row-major leaf, which holds zeros at first and is written by each run. It belongs
 * to the plan; use tg_tensor_ref to keep it after tg_plan_free. NULL outside 0..n-1. */
tg_tensor *tg_plan_output(const tg_plan *p, int i);

/* The gradients of tg_compile_grads: a dict with the keys of grads, to pass to tg_optimizer_update.
 * It belongs to the plan and is written by each run. NULL for other plans. */
tg_dict *tg_plan_grads(const tg_plan *p);

/* Random numbers. A plan counts its runs, including failed ones. Let `draws` be the number of
 * blocks that recording took from a generator, and `counter` the block at which a random operation
 * was recorded. In run k that operation starts at block counter + k draws. These are the numbers
 * that pass k of a loop would draw if it recorded every pass and used the generator for nothing
 * else.
 *   runs     the number of the next run, 0 at first
 *   seek     sets that number: 1 to continue after the recorded pass, another to repeat or resume
 *   draws    the number of blocks that a run takes from the generator with rng's seed and stream;
 *            before run k the caller's own generator is at its start + k draws
 *   set_rng  makes the next run start at rng's present position, for loops that also draw from the
 *            same generator themselves */
uint64_t tg_plan_runs(const tg_plan *p);
void tg_plan_seek(tg_plan *p, uint64_t run);
uint64_t tg_plan_draws(const tg_plan *p, const tg_rng *rng);
void tg_plan_set_rng(tg_plan *p, const tg_rng *rng);

typedef struct tg_plan_numbers {
    int32_t recorded; /* operations on the tape */
    int32_t nodes;    /* those of them that each run computes */
    int32_t steps;    /* each is a fused group or a single operation */
    int32_t groups;   /* fused groups */
    int32_t fused;    /* operations in fused groups */
    size_t bytes;     /* all memory of the plan, outputs included */
    size_t block;     /* the part of it that results share */
    size_t kept;      /* the part of it that holds outputs and constants */
    size_t eager;     /* bytes on the tape of the values that the outputs depend on */
} tg_plan_numbers;

tg_plan_numbers tg_plan_stats(const tg_plan *p);

/* Prints one line for each step, with what was fused in it and where its results are, and then
 * tg_plan_stats. */
void tg_plan_print(const tg_plan *p, FILE *file);

/* ---- where the time goes -------------------------------------------------------------------- */

/* What a step is, and the time it has taken since the profile was switched on. */
typedef struct tg_plan_step {
    char name[64];     /* "exp sum"; "matmul +2": one operation and how many more */
    const char *scope; /* of its first operation; belongs to the plan */
    int operations;
    int64_t runs;
    double seconds; /* of all runs together */
    double start;   /* of the last run, in seconds after the first began */
    double last;    /* seconds that the last run took */
    double flops;   /* arithmetic operations in one run, as tg_tape_stats counts them */
    double bytes;   /* that one run reads from memory and writes to it */
} tg_plan_step;

/* Starts measuring the time of each step, from zero, or stops. Measuring reads the clock twice per
 * step, which takes about 50 ns. TG_EARG, TG_ENOMEM. */
tg_status tg_plan_profile(tg_plan *p, bool on, tg_error *err);

/* Describes step i, 0 <= i < tg_plan_stats(p).steps; TG_EARG outside. Without a profile runs is
 * 0. */
tg_status tg_plan_step_at(const tg_plan *p, int32_t i, tg_plan_step *step, tg_error *err);

/* The most that this machine can do, to compare a profile with. */
typedef struct tg_limits {
    double gflops; /* 1e9 operations per second, in a product of f32 matrices that fit the cache */
    double gbytes; /* 1e9 bytes read or written per second, in a copy that does not fit the cache */
} tg_limits;

/* Measures both in about 50 ms, with the present number of threads. Zeros when out of memory. */
tg_limits tg_limits_measure(void);

/* Prints one line for each step, slowest first: the time of a run and its share, GFLOP/s, GB/s, and
 * the percentage reached of the nearer limit. A total follows. TG_EARG (also without a profile),
 * TG_EIO. */
tg_status tg_plan_print_profile(const tg_plan *p, tg_limits limits, FILE *file);

/* Writes the last run as a file for chrome://tracing or ui.perfetto.dev, with one event per step.
 * TG_EARG without a profile, TG_EIO. */
tg_status tg_plan_save_trace(const tg_plan *p, const char *path, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
