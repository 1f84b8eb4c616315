/* run.c - runs the trials of a search, several at a time. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>

#include "src/search/search.h"
#include "tapegrad/alloc.h"
#include "tapegrad/threads.h"

/* What the threads share. The lock protects everything after it. */
typedef struct job {
    tg_search *s;
    int rung;
    int64_t first, n;
    const int64_t *numbers;

    pthread_mutex_t lock;
    int64_t next;
    bool stop;
    int64_t failed; /* the lowest number of a trial that failed; INT64_MAX: none */
    tg_error failure;
} job;

/* The number of the next trial to run; -1 if there is none. */
static int64_t take(job *c)
{
    while (!c->stop && c->next < c->n) {
        const int64_t i = c->next++, number = c->numbers ? c->numbers[i] : c->first + i;
        if (!c->s->done[tgi_cell(c->s, c->rung, number)]) return number;
    }
    return -1;
}

/* Of several failures, that of the trial with the lowest number is reported, as with one thread. */
static void fail(job *c, int64_t number, const tg_error *failure)
{
    c->stop = true;
    if (number > c->failed) return;
    c->failed = number;
    c->failure = *failure;
}

static void finish(job *c, int64_t number)
{
    tg_search *s = c->s;
    tg_error err = TG_ERROR_INIT;
    if (s->journal && tgi_journal_add(s, c->rung, number, &err)) {
        fail(c, number, &err);
        return;
    }
    tgi_search_finish(s, c->rung, number);
    if (!s->o.callback) return;
    const tg_search_progress progress = {s->evaluations, s->total,
                                         tgi_search_trial(s, c->rung, number),
                                         tgi_search_trial(s, s->best_rung, s->best_number)};
    if (s->o.callback(s->o.user, &progress)) return;
    (void)tg_fail(&err, TG_ESTOP,
                  "search: the callback stopped it after %" PRId64 " of %" PRId64 " trials",
                  s->evaluations, s->total);
    fail(c, number, &err);
}

static tg_status run_one(tg_search *s, int rung, int64_t number, tg_error *err)
{
    double *results = tgi_results(s, rung, number);
    for (int k = 0; k < s->o.n_results; k++) results[k] = NAN;
    const tg_trial trial = {.number = number,
                            .rung = rung,
                            .budget = s->budgets[rung],
                            .values = tgi_values(s, number),
                            .score = NAN};
    tg_error own = TG_ERROR_INIT;
    const tg_status status = s->o.trial(&trial, results, s->o.user, &own);
    if (!status) return TG_OK;
    if ((int)status < 0 || (int)status >= TG_STATUS_COUNT)
        return tg_fail(err, TG_EARG, "search: trial %" PRId64 " returned %d, which is no status",
                       number, (int)status);
    return tg_fail(err, status, "search: trial %" PRId64 ": %s", number,
                   own.status ? own.text : tg_status_text(status));
}

static void *work(void *argument)
{
    job *c = argument;
    (void)pthread_mutex_lock(&c->lock);
    for (int64_t number; (number = take(c)) >= 0;) {
        tg_error err = TG_ERROR_INIT;
        (void)pthread_mutex_unlock(&c->lock);
        const tg_status status = run_one(c->s, c->rung, number, &err);
        (void)pthread_mutex_lock(&c->lock);
        if (status)
            fail(c, number, &err);
        else
            finish(c, number);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

tg_status tgi_search_run(tg_search *s, int rung, int64_t first, int64_t n, const int64_t *numbers,
                         tg_error *err)
{
    job c = {.s = s, .rung = rung, .first = first, .n = n, .numbers = numbers, .failed = INT64_MAX};
    pthread_t threads[TG_MAX_THREADS];
    int64_t wanted = s->o.threads ? s->o.threads : tg_num_threads();
    int started = 0;
    sigset_t all, old; /* blocked, so that the program's threads receive the signals */
    if (wanted > n) wanted = n;
    if (pthread_mutex_init(&c.lock, NULL) != 0)
        return tg_fail(err, TG_ENOMEM, "search: could not make a lock");
    (void)sigfillset(&all);
    if (wanted > 1 && pthread_sigmask(SIG_SETMASK, &all, &old) == 0) {
        while (started < wanted - 1 && pthread_create(&threads[started], NULL, work, &c) == 0)
            started++;
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    (void)work(&c); /* the caller works too, and alone if no thread could be started */
    for (int i = 0; i < started; i++) (void)pthread_join(threads[i], NULL);
    (void)pthread_mutex_destroy(&c.lock);
    return c.failed == INT64_MAX ? TG_OK : tg_fail(err, c.failure.status, "%s", c.failure.text);
}
