/* parallel.c - the thread pool, and how many threads it may use. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "graph/parallel.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "tapegrad/threads.h"

enum {
    SPINS = 2000, /* times that a thread looks at a flag, in 20 to 100 us, before it sleeps */
    LINE = 64     /* bytes in a cache line */
};

/* ---- the number of threads ------------------------------------------------------------------ */

static int clamp_threads(long n)
{
    return n < 1 ? 1 : n > TG_MAX_THREADS ? TG_MAX_THREADS : (int)n;
}

static int default_threads(void)
{
    const char *text = getenv("TAPEGRAD_NUM_THREADS");
    if (text) {
        char *end;
        const long n = strtol(text, &end, 10);
        if (end != text && *end == '\0' && n >= 1) return clamp_threads(n);
    }
#ifdef CPU_COUNT
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return clamp_threads(CPU_COUNT(&allowed));
#endif
    return clamp_threads(sysconf(_SC_NPROCESSORS_ONLN));
}

static atomic_int wanted; /* 0: the default, not looked up yet */

tg_status tg_set_num_threads(int n)
{
    if (n < 0) return TG_EARG;
    atomic_store(&wanted, n ? clamp_threads(n) : 0);
    return TG_OK;
}

int tg_num_threads(void)
{
    int n = atomic_load_explicit(&wanted, memory_order_relaxed);
    if (n == 0) {
        int expected = 0;
        n = default_threads();
        if (!atomic_compare_exchange_strong(&wanted, &expected, n)) n = expected;
    }
    return n;
}

/* ---- the pool ------------------------------------------------------------------------------- */

/* The chunks of one participant that are still to be done: next .. end-1. */
typedef struct share {
    _Alignas(LINE) _Atomic int64_t next;
    int64_t end;
} share;

/* state holds, from the top: a count of jobs, OPEN while the newest may be joined, and how many
 * workers are in it. A worker that wakes up too late finds the job closed and stays out, so
 * nobody ever waits for a thread to wake up. */
enum { OPEN = 1 << 12, JOB = 1 << 13, INSIDE = OPEN - 1 };

static struct pool {
    atomic_flag busy;   /* held by the thread whose job is running */
    atomic_int started; /* workers 1 .. started exist; changed by the holder of busy */
    pthread_t threads[TG_MAX_THREADS];

    _Alignas(LINE) _Atomic uint64_t state;
    _Alignas(LINE) atomic_int sleepers; /* workers that wait for `work` */
    atomic_bool waiting;                /* the caller waits for `done` */
    atomic_bool quit;
    pthread_mutex_t lock; /* around sleeping only */
    pthread_cond_t work, done;

    /* The job, constant while a worker is in it. */
    tgi_chunk_fn fn;
    void *user;
    int participants;
    fenv_t environment;
    share shares[TG_MAX_THREADS];
} pool = {.busy = ATOMIC_FLAG_INIT,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Does the chunks of the thread's own share first, then what the others have left. */
static void work_as(int me)
{
    for (int i = 0; i < pool.participants; i++) {
        share *s = &pool.shares[(me + i) % pool.participants];
        for (;;) {
            const int64_t c = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
            if (c >= s->end) break;
            pool.fn(pool.user, c);
        }
    }
}

/* Waits for a job newer than `seen`; false when the process ends. */
static bool wait_for_work(uint64_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool.state) / JOB != seen || atomic_load(&pool.quit)) break;
        pause_briefly();
    }
    if (atomic_load(&pool.state) / JOB == seen && !atomic_load(&pool.quit)) {
        pthread_mutex_lock(&pool.lock);
        atomic_fetch_add(&pool.sleepers, 1);
        while (atomic_load(&pool.state) / JOB == seen && !atomic_load(&pool.quit))
            pthread_cond_wait(&pool.work, &pool.lock);
        atomic_fetch_sub(&pool.sleepers, 1);
        pthread_mutex_unlock(&pool.lock);
    }
    return !atomic_load(&pool.quit);
}

static void *worker(void *argument)
{
    const int me = (int)(intptr_t)argument;
    uint64_t seen = 0;
    while (wait_for_work(seen)) {
        uint64_t state = atomic_load(&pool.state);
        do {
            seen = state / JOB;
        } while ((state & OPEN) && !atomic_compare_exchange_weak(&pool.state, &state, state + 1));
        if (!(state & OPEN)) continue;
        if (me < pool.participants) {
            fesetenv(&pool.environment);
            work_as(me);
        }
        state = atomic_fetch_sub(&pool.state, 1) - 1;
        if (!(state & (OPEN | INSIDE)) && atomic_load(&pool.waiting)) {
            pthread_mutex_lock(&pool.lock);
            pthread_cond_signal(&pool.done);
            pthread_mutex_unlock(&pool.lock);
        }
    }
    return NULL;
}

/* Lets no more workers join, and waits for those that are inside. */
static void close_job(void)
{
    atomic_fetch_and(&pool.state, ~(uint64_t)OPEN);
    for (int i = 0; i < SPINS; i++) {
        if (!(atomic_load(&pool.state) & INSIDE)) return;
        pause_briefly();
    }
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.waiting, true);
    while (atomic_load(&pool.state) & INSIDE) pthread_cond_wait(&pool.done, &pool.lock);
    atomic_store(&pool.waiting, false);
    pthread_mutex_unlock(&pool.lock);
}

/* ---- start, end and fork -------------------------------------------------------------------- */

static void end_workers(void)
{
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.quit, true);
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    for (int i = 1; i <= pool.started; i++)
        if (!pthread_equal(pthread_self(), pool.threads[i])) pthread_join(pool.threads[i], NULL);
    pool.started = 0;
}

/* The child has none of the workers, and the lock may have been held by one of them. */
static void after_fork(void)
{
    pool.started = 0;
    atomic_flag_clear(&pool.busy);
    atomic_store(&pool.state, 0);
    atomic_store(&pool.sleepers, 0);
    atomic_store(&pool.waiting, false);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.done, NULL);
}

/* Called before the first job, so that every child process is prepared for. */
static void prepare(void)
{
    pthread_atfork(NULL, NULL, after_fork);
    atexit(end_workers);
}

/* Starts workers until there are `count`, or as many as possible. Returns how many there are. */
static int start_workers(int count)
{
    sigset_t all, old; /* signals are for the program's own threads */
    sigfillset(&all);
    if (pool.started < count && pthread_sigmask(SIG_SETMASK, &all, &old) == 0) {
        while (pool.started < count && !atomic_load(&pool.quit)) {
            const intptr_t me = pool.started + 1;
            if (pthread_create(&pool.threads[me], NULL, worker, (void *)me) != 0) break;
            pool.started++;
        }
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    return pool.started < count ? pool.started : count;
}

void tgi_parallel_for(int64_t n_chunks, tgi_chunk_fn fn, void *user)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int threads = n_chunks > 1 ? tg_num_threads() : 1;
    if (threads > n_chunks) threads = (int)n_chunks;
    if (threads > 1) (void)pthread_once(&once, prepare);
    const bool mine = threads > 1 && !atomic_flag_test_and_set(&pool.busy);
    if (mine) threads = 1 + start_workers(threads - 1);
    if (!mine || threads == 1) {
        for (int64_t c = 0; c < n_chunks; c++) fn(user, c);
        if (mine) atomic_flag_clear(&pool.busy);
        return;
    }
    pool.fn = fn;
    pool.user = user;
    pool.participants = threads;
    fegetenv(&pool.environment);
    for (int i = 0; i < threads; i++) {
        atomic_store_explicit(&pool.shares[i].next, n_chunks * i / threads, memory_order_relaxed);
        pool.shares[i].end = n_chunks * (i + 1) / threads;
    }
    atomic_store(&pool.state, (atomic_load(&pool.state) / JOB + 1) * JOB + OPEN);
    if (atomic_load(&pool.sleepers) > 0) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.work);
        pthread_mutex_unlock(&pool.lock);
    }
    work_as(0);
    close_job();
    atomic_flag_clear(&pool.busy);
}
