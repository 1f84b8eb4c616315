/* bench.h - a case of tgbench: its state, and how it is set up, stepped and timed. */
#ifndef TAPEGRAD_TESTS_BENCH_H
#define TAPEGRAD_TESTS_BENCH_H

#include "tapegrad.h"

/* What the command line says. */
typedef struct bench_options {
    bool plan;
    int threads;
    double seconds;
    const char *mnist; /* a folder; NULL: drawn digits */
    const char *self;  /* the path of this program, which starts itself again */
} bench_options;

/* A prepared batch: inputs f32, labels i32. */
typedef struct bench_batch {
    tg_tensor *x, *y;
} bench_batch;

typedef struct bench {
    const bench_options *options;
    const char *name;
    tg_tape *t;
    tg_error err;
    tg_dict *params;
    tg_model *model;
    tg_optimizer *opt;
    tg_rng rng;
    tg_dataset train;
    tg_batches *order; /* of the rows of train */
    bench_batch *batches;
    int64_t n_batches, next;
    tg_plan *plan;    /* the plan of a step; NULL: not made yet, or not wanted */
    bench_batch only; /* of a case with one batch */
    double flops;     /* of a step's matrix products; 0: none */
    int64_t samples;
} bench;

/* A case has a setup and a step, which is repeated; or it does everything by itself. */
typedef struct bench_case {
    const char *name;
    void (*setup)(bench *b);
    void (*step)(bench *b);
    void (*all)(bench *b);
} bench_case;

extern const bench_case bench_cases[]; /* the last one has no name */

double bench_now(void);

/* Ends the program with the first error, if there was one. */
void bench_check(const bench *b);

/* Times the steps of b and prints its line. */
void bench_measure(bench *b, void (*step)(bench *b));

/* Prints one line: a step took `ms`, the fastest one `fastest` ms. */
void bench_print(const bench *b, double ms, double fastest, double rss_mb);

/* ---- parts of cases ------------------------------------------------------------------------- */

/* The multiplications in matrix products of one step: forward, weight gradients, and all input
 * gradients but the first. */
double bench_mlp_flops(int n, const int64_t *sizes, int64_t batch);

/* A leaf of normal numbers; labels below classes. */
tg_tensor *bench_random(bench *b, int ndim, const int64_t *shape);
tg_tensor *bench_labels(bench *b, int64_t n, int64_t classes);

/* The batches of a shuffled training set. */
void bench_load(bench *b, int64_t batch);
void bench_prepare(bench *b, int64_t batch);

/* b->model, with its params. */
void bench_mlp(bench *b, int n, const int64_t *sizes, int64_t batch, bool norm);

/* The end of a recorded step: gradients, the plan of the following steps, and the update. */
void bench_finish(bench *b, tg_tensor *loss);

/* Runs the step by its plan. False when there is none yet. */
bool bench_planned(bench *b);

/* Forward, loss and bench_finish of b->model. */
void bench_train(bench *b, tg_tensor *x, tg_tensor *labels);

/* ---- cases with a file of their own --------------------------------------------------------- */

void bench_gemm(bench *b);
void bench_startup(bench *b);

/* What bench_startup runs in a new process: one step, and then a line with the time at which it
 * ended. */
void bench_first_step(bench *b);

#endif
