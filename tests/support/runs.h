/* runs.h - small training runs for tests: a network, its optimizer, drawn digits and a history. */
#ifndef TAPEGRAD_TESTS_RUNS_H
#define TAPEGRAD_TESTS_RUNS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tapegrad.h"
#include "tests/support/nets.h"
#include "tests/support/suite.h"

typedef struct run {
    tg_dataset train, test;
    tg_model *net;
    tg_optimizer *opt;
    tg_history *history;
    tg_trainer *tr;
} run;

/* Everything that has state: batch normalisation, dropout, penalty, Adam with groups. */
static inline void run_parts(run *r)
{
    const tg_mlp_options o = mlp_with(DIMS(784, 9, 7, 10), true, 0.1, 1e-4);
    tg_error err = TG_ERROR_INIT;
    tg_rng rng = tg_rng_make(5, 0);
    *r = (run){.history = tg_history_new()};
    ck_assert_msg(tg_digits_load(1, 60, 30, &r->train, &r->test, &err) == TG_OK, "%s", err.text);
    r->net = tg_mlp_new(&o, &rng, &err);
    r->opt = tg_adam(tg_adam_defaults(), &err);
    ck_assert_msg(r->net && r->opt && r->history, "%s", err.text);
}

static inline tg_trainer_options run_options(const char *checkpoint)
{
    tg_trainer_options o = tg_trainer_defaults();
    o.steps = 20;
    o.batch = 16;
    o.eval_every = 3;
    o.checkpoint = checkpoint;
    o.checkpoint_every = 1;
    return o;
}

static inline void run_start(run *r, const tg_trainer_options *o)
{
    tg_error err = TG_ERROR_INIT;
    r->tr = tg_trainer_new(r->net, r->opt, &r->train, &r->test, o, r->history, "a", &err);
    ck_assert_msg(r->tr != NULL, "%s", err.text);
}

static inline void run_end(run *r)
{
    tg_trainer_free(r->tr);
    tg_history_free(r->history);
    tg_optimizer_free(r->opt);
    tg_mlp_free(r->net);
    tg_dataset_free(&r->train);
    tg_dataset_free(&r->test);
}

/* A path for this process in the folder of the tests. */
static inline const char *path_of(const char *name)
{
    static char paths[4][96];
    static int next;
    char *p = paths[next++ % 4];
    (void)snprintf(p, sizeof paths[0], "run.%ld.%s", (long)getpid(), name);
    return p;
}

/* The bytes of a file, and 0; to be freed. */
static inline char *bytes_of(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f != NULL, "%s", path);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    *n = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*n + 1);
    if (!data) abort();
    ck_assert_uint_eq(fread(data, 1, *n, f), *n);
    data[*n] = '\0';
    fclose(f);
    return data;
}

static inline void write_bytes(const char *path, const char *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static inline void assert_same_file(const char *a, const char *b)
{
    size_t n, m;
    char *x = bytes_of(a, &n), *y = bytes_of(b, &m);
    ck_assert_msg(n == m && memcmp(x, y, n) == 0, "%s and %s differ", a, b);
    free(x);
    free(y);
}

/* The result of a run as files: parameters, state and optimizer in a checkpoint, and the CSV. */
static inline void run_write(run *r, const char *npz, const char *csv)
{
    tg_error err = TG_ERROR_INIT;
    ck_assert_msg(tg_trainer_save(r->tr, npz, &err) == TG_OK, "%s", err.text);
    ck_assert_msg(tg_history_write_csv(r->history, csv, &err) == TG_OK, "%s", err.text);
}

/* A checkpoint after six updates. */
static inline void make_checkpoint(const char *path)
{
    run r;
    tg_error err = TG_ERROR_INIT;
    run_parts(&r);
    tg_trainer_options o = run_options(path);
    o.steps = 6;
    run_start(&r, &o);
    ck_assert_msg(tg_trainer_fit(r.tr, &err) == TG_OK, "%s", err.text);
    run_end(&r);
}

#endif
