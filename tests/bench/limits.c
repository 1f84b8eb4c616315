/* limits.c - what this machine can do at most, one JSON line each: multiply-adds in the widest
 * registers it has, bytes from and to memory, the handing of work from one thread to another.
 *
 *     limits      each figure for 1 thread and for 2, the best of several tries
 *
 * A figure of 2 threads counts the work of both. Hand-offs are round trips, and medians. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 2, TRIES = 9, ROUNDS = 1000000, BYTES = 128 << 20, TRIPS = 5000 };

static volatile double sink; /* keeps the compiler from removing the results */

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(bool good, const char *what)
{
    if (good) return;
    perror(what);
    exit(1);
}

/* ---- work on several threads ---------------------------------------------------------------- */

typedef struct job {
    void (*run)(const struct job *job);
    pthread_barrier_t *start;
    double (*peak)(int64_t rounds); /* of the multiply-adds */
    int64_t rounds;
    char *to, *from; /* of the bytes */
    double began, ended;
} job;

static void *work(void *user)
{
    job *j = user;
    (void)pthread_barrier_wait(j->start);
    j->began = now();
    j->run(j);
    j->ended = now();
    return NULL;
}

/* Seconds from the first start to the last end, the shortest of all tries. Short tries are made
 * often, because other programs disturb most of them. */
static double seconds(job *jobs, int threads)
{
    double best = 1e300;
    const double until = now() + 0.5;
    for (int i = 0; i < TRIES || now() < until; i++) {
        pthread_t id[THREADS];
        pthread_barrier_t start;
        double began = 1e300, ended = 0;
        must(!pthread_barrier_init(&start, NULL, (unsigned)threads), "barrier");
        for (int k = 0; k < threads; k++) {
            jobs[k].start = &start;
            must(!pthread_create(&id[k], NULL, work, &jobs[k]), "thread");
        }
        for (int k = 0; k < threads; k++) {
            (void)pthread_join(id[k], NULL);
            if (jobs[k].began < began) began = jobs[k].began;
            if (jobs[k].ended > ended) ended = jobs[k].ended;
        }
        (void)pthread_barrier_destroy(&start);
        if (ended - began < best) best = ended - began;
    }
    return best;
}

/* ---- multiply-adds -------------------------------------------------------------------------- */

#include "peak.h"

static void run_peak(const job *j) { sink = j->peak(j->rounds); }

static void multiply_adds(const char *name, double (*peak)(int64_t), int lanes)
{
    for (int threads = 1; threads <= THREADS; threads++) {
        job jobs[THREADS];
        for (int k = 0; k < threads; k++)
            jobs[k] = (job){.run = run_peak, .peak = peak, .rounds = ROUNDS};
        const double flops = 2.0 * lanes * PEAK_CHAINS * (double)ROUNDS * threads;
        printf("{\"case\": \"%s\", \"peer\": \"limit\", \"isa\": \"%s\", \"threads\": %d, "
               "\"gflops\": %.1f}\n",
               name, peak_widest()->isa, threads, flops / seconds(jobs, threads) / 1e9);
        (void)fflush(stdout);
    }
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static void run_read(const job *j)
{
    typedef uint64_t words __attribute__((vector_size(32), may_alias));
    words sum[4] = {{0}};
    for (const words *p = (const words *)(const void *)j->from,
                     *end = (const words *)(const void *)(j->from + BYTES);
         p < end; p += 4)
        for (int i = 0; i < 4; i++) sum[i] += p[i];
    for (int i = 1; i < 4; i++) sum[0] += sum[i];
    sink = (double)(sum[0][0] + sum[0][1] + sum[0][2] + sum[0][3]);
}

static void run_write(const job *j) { memset(j->to, 1, BYTES); }

static void run_copy(const job *j) { memcpy(j->to, j->from, BYTES); }

static void bytes(const char *name, void (*run)(const job *), double passes, job *jobs)
{
    for (int threads = 1; threads <= THREADS; threads++) {
        for (int k = 0; k < threads; k++) jobs[k].run = run;
        printf("{\"case\": \"%s\", \"peer\": \"limit\", \"threads\": %d, \"gbytes_per_s\": %.1f}\n",
               name, threads, passes * BYTES * threads / seconds(jobs, threads) / 1e9);
        (void)fflush(stdout);
    }
}

static void memory(void)
{
    job jobs[THREADS] = {{0}};
    for (int k = 0; k < THREADS; k++) {
        jobs[k].to = aligned_alloc(64, BYTES);
        jobs[k].from = aligned_alloc(64, BYTES);
        must(jobs[k].to && jobs[k].from, "memory");
        memset(jobs[k].from, 2, BYTES);
        memset(jobs[k].to, 3, BYTES);
    }
    bytes("memory_read", run_read, 1, jobs);
    bytes("memory_write", run_write, 1, jobs);
    bytes("memory_copy", run_copy, 2, jobs);
    for (int k = 0; k < THREADS; k++) free(jobs[k].to), free(jobs[k].from);
}

/* ---- hand-offs ------------------------------------------------------------------------------ */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_int turn; /* even: the caller's, odd: the other's */
    bool sleeping;   /* wait by the condition variable */
} table = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void wait_for(int turn)
{
    if (!table.sleeping) {
        while (atomic_load_explicit(&table.turn, memory_order_acquire) != turn) continue;
        return;
    }
    (void)pthread_mutex_lock(&table.mutex);
    while (table.turn != turn) (void)pthread_cond_wait(&table.changed, &table.mutex);
    (void)pthread_mutex_unlock(&table.mutex);
}

static void hand_over(int turn)
{
    if (!table.sleeping) {
        atomic_store_explicit(&table.turn, turn, memory_order_release);
        return;
    }
    (void)pthread_mutex_lock(&table.mutex);
    table.turn = turn;
    (void)pthread_cond_signal(&table.changed);
    (void)pthread_mutex_unlock(&table.mutex);
}

static void *other(void *user)
{
    for (int i = 0; i < TRIPS; i++) {
        wait_for(2 * i + 1);
        hand_over(2 * i + 2);
    }
    return user;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void hand_off(const char *name, bool sleeping)
{
    static double trip[TRIPS];
    pthread_t id;
    table.turn = 0;
    table.sleeping = sleeping;
    must(!pthread_create(&id, NULL, other, NULL), "thread");
    for (int i = 0; i < TRIPS; i++) {
        const double began = now();
        hand_over(2 * i + 1);
        wait_for(2 * i + 2);
        trip[i] = now() - began;
    }
    (void)pthread_join(id, NULL);
    qsort(trip, TRIPS, sizeof *trip, ascending);
    printf("{\"case\": \"%s\", \"peer\": \"limit\", \"threads\": 2, \"us\": %.2f}\n", name,
           trip[TRIPS / 2] * 1e6);
}

int main(void)
{
    const struct peak *p = peak_widest();
    multiply_adds("fma_f32", p->f32, p->bytes / (int)sizeof(float));
    multiply_adds("fma_f64", p->f64, p->bytes / (int)sizeof(double));
    memory();
    hand_off("hand_off_spinning", false);
    hand_off("hand_off_sleeping", true);
    return 0;
}
