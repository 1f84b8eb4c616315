/* resume_program.c - the program that tests/train/test_resume.sh kills: two trainings, one after
 * the other, with checkpoints.
 *
 *   resume_program FOLDER STEPS
 *
 * leaves FOLDER/Adam.npz and FOLDER/Nesterov.npz (checkpoints), their parameters as
 * FOLDER/Adam.params.npz and so on, and FOLDER/curves.csv. It prints the milliseconds that it
 * took. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#endif
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tapegrad.h"

static tg_optimizer *make_optimizer(bool adam, tg_error *err)
{
    tg_group_options g = tg_group_defaults();
    tg_optimizer *o =
        adam ? tg_adam(tg_adam_defaults(), err) : tg_nesterov(tg_nesterov_defaults(), err);
    g.weight_decay = 1e-3;
    g.clip_norm = 1;
    if (o) (void)tg_optimizer_add_group(o, "W*", g, err);
    return o;
}

static tg_model *make_network(tg_error *err)
{
    static const int64_t sizes[] = {784, 12, 10, 10};
    tg_mlp_options o = tg_mlp_defaults();
    tg_rng rng = tg_rng_make(5, 0);
    o.n_sizes = 4;
    o.sizes = sizes;
    o.batch_norm = true;
    o.dropout = 0.2;
    return tg_mlp_new(&o, &rng, err);
}

static void train(bool adam, const char *folder, int64_t steps, const tg_dataset *digits,
                  const tg_dataset *validation, tg_history *history, tg_error *err)
{
    char checkpoint[512], params[512];
    const char *name = adam ? "Adam" : "Nesterov";
    (void)snprintf(checkpoint, sizeof checkpoint, "%s/%s.npz", folder, name);
    (void)snprintf(params, sizeof params, "%s/%s.params.npz", folder, name);
    tg_model *net = make_network(err);
    tg_optimizer *opt = make_optimizer(adam, err);
    tg_trainer_options o = tg_trainer_defaults();
    o.steps = steps;
    o.batch = 32;
    o.replace = !adam; /* with the other optimizer, shuffled epochs */
    o.eval_every = 5;
    o.schedule = tg_schedule_cosine(0.1, steps);
    o.schedule.warmup = 10;
    o.restore_best = true;
    o.checkpoint = checkpoint;
    o.checkpoint_every = 2;
    tg_trainer *tr =
        err->status ? NULL : tg_trainer_new(net, opt, digits, validation, &o, history, name, err);
    if (tr && tg_trainer_fit(tr, err) == TG_OK) (void)tg_npz_save(params, net->params, err);
    tg_trainer_free(tr);
    tg_optimizer_free(opt);
    tg_mlp_free(net);
}

int main(int argc, char **argv)
{
    char csv[512];
    struct timespec begin, end;
    tg_error err = TG_ERROR_INIT;
    tg_dataset all, none, digits = {0}, validation = {0};
    tg_rng rng = tg_rng_make(2, 0);
    if (argc != 3) return EXIT_FAILURE;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    (void)snprintf(csv, sizeof csv, "%s/curves.csv", argv[1]);
    tg_history *history = tg_history_new();
    if (tg_digits_load(1, 250, 0, &all, &none, &err) == TG_OK)
        (void)tg_dataset_split(&all, 200, &rng, &digits, &validation, &err);
    for (int k = 0; k < 2 && err.status == TG_OK; k++)
        train(k == 0, argv[1], atoll(argv[2]), &digits, &validation, history, &err);
    if (err.status == TG_OK) (void)tg_history_write_csv(history, csv, &err);
    tg_history_free(history);
    tg_dataset_free(&all);
    tg_dataset_free(&none);
    tg_dataset_free(&digits);
    tg_dataset_free(&validation);
    if (err.status != TG_OK) {
        fprintf(stderr, "resume_program: %s\n", err.text);
        return EXIT_FAILURE;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%ld\n",
           (long)((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000));
    return EXIT_SUCCESS;
}
