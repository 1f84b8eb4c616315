/* test_parallel.c - the thread pool: every chunk runs once, whoever calls the pool and from
 * where. */
#define _GNU_SOURCE
#include <fenv.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "graph/parallel.h"
#include "tapegrad/threads.h"
#include "tests/support/suite.h"

/* ThreadSanitizer cannot start threads after a fork, AddressSanitizer sometimes hangs in it, and
 * neither works with less memory. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
enum { FORKS = 0, LIMITS = 0 };
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { FORKS = 1, LIMITS = 0 };
#else
enum { FORKS = 1, LIMITS = 1 };
#endif

enum { MOST = 1000, SLOW = 9 };

typedef struct tally {
    atomic_int seen[MOST];
    bool slow; /* chunks take longer than any thread spins */
    int inner; /* chunks of the call within each chunk */
    atomic_int inner_seen;
} tally;

static void count_inner(void *user, int64_t chunk)
{
    (void)chunk;
    atomic_fetch_add((atomic_int *)user, 1);
}

static void rest(long ms) { (void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL); }

static void count(void *user, int64_t chunk)
{
    tally *y = user;
    if (y->slow) rest(1);
    atomic_fetch_add(&y->seen[chunk], 1);
    if (y->inner) tgi_parallel_for(y->inner, count_inner, &y->inner_seen);
}

/* Each of n chunks was run once; with `inner` chunks in each of them, all of these as well. */
static bool runs_once(int n, int inner)
{
    tally y;
    memset(&y, 0, sizeof y);
    y.inner = inner;
    y.slow = n == SLOW;
    tgi_parallel_for(n, count, &y);
    bool right = y.inner_seen == n * inner;
    for (int i = 0; i < MOST; i++) right = right && y.seen[i] == (i < n ? 1 : 0);
    return right;
}

START_TEST(test_each_chunk_once)
{
    const int threads[] = {1, 2, 3, 4, 7, 16, 2}, chunks[] = {0, 1, 2, 3, 5, SLOW, 64, MOST};
    for (int i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(tg_set_num_threads(threads[i]), TG_OK);
        for (int j = 0; j < COUNT(chunks); j++)
            for (int again = 0; again < 20; again++)
                ck_assert_msg(runs_once(chunks[j], again % 2 * 3), "%d threads, %d chunks",
                              threads[i], chunks[j]);
    }
}
END_TEST

/* ---- threads take part ---------------------------------------------------------------------- */

typedef struct meeting {
    pthread_t who[8];
} meeting;

static void attend(void *user, int64_t chunk)
{
    ((meeting *)user)->who[chunk] = pthread_self();
    rest(5);
}

static bool others_take_part(void)
{
    bool met = false;
    for (int trial = 0; trial < 20 && !met; trial++) {
        meeting m;
        tgi_parallel_for(8, attend, &m);
        for (int i = 0; i < 8; i++) met = met || !pthread_equal(m.who[i], pthread_self());
    }
    return met;
}

START_TEST(test_several_threads_take_part)
{
    (void)tg_set_num_threads(2);
    ck_assert(others_take_part());
    (void)tg_set_num_threads(1);
    ck_assert(!others_take_part());
}
END_TEST

static void look_at_rounding(void *user, int64_t chunk)
{
    (void)chunk;
    if (fegetround() != FE_UPWARD) atomic_fetch_add((atomic_int *)user, 1);
    rest(1);
}

START_TEST(test_floating_point_environment_is_the_callers)
{
    atomic_int wrong = 0;
    (void)tg_set_num_threads(4);
    ck_assert(runs_once(8, 0));
    ck_assert_int_eq(fesetround(FE_UPWARD), 0);
    tgi_parallel_for(16, look_at_rounding, &wrong);
    (void)fesetround(FE_TONEAREST);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

/* ---- several callers ------------------------------------------------------------------------ */

static void *caller(void *failures)
{
    for (int i = 0; i < 300; i++)
        if (!runs_once(1 + i % 50, i % 3)) atomic_fetch_add((atomic_int *)failures, 1);
    return NULL;
}

START_TEST(test_several_callers)
{
    pthread_t threads[4];
    atomic_int failures = 0;
    (void)tg_set_num_threads(3);
    for (int i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, caller, &failures), 0);
    for (int i = 0; i < COUNT(threads); i++) (void)pthread_join(threads[i], NULL);
    ck_assert_int_eq(failures, 0);
}
END_TEST

/* ---- fork, and threads that cannot be had --------------------------------------------------- */

/* A child that uses the pool and leaves through exit, which ends its threads. */
static void assert_child_works(bool without_memory)
{
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const struct rlimit little = {1 << 20, 1 << 20};
        bool right = !without_memory || setrlimit(RLIMIT_AS, &little) == 0;
        (void)tg_set_num_threads(without_memory ? 16 : 3);
        right = right && (without_memory || !LIMITS || others_take_part());
        for (int i = 0; i < 50; i++) right = right && runs_once(100, i % 2);
        if (LIMITS) exit(!right);
        _exit(!right);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child's status: %d", status);
}

START_TEST(test_fork)
{
    (void)tg_set_num_threads(3);
    for (int i = 0; i < 5; i++) {
        ck_assert(runs_once(100, 0));
        assert_child_works(false);
    }
}
END_TEST

START_TEST(test_fork_beside_work)
{
    pthread_t thread;
    atomic_int failures = 0;
    (void)tg_set_num_threads(3);
    ck_assert_int_eq(pthread_create(&thread, NULL, caller, &failures), 0);
    for (int i = 0; i < 10; i++) assert_child_works(false);
    (void)pthread_join(thread, NULL);
    ck_assert_int_eq(failures, 0);
}
END_TEST

START_TEST(test_threads_that_cannot_start) { assert_child_works(true); }
END_TEST

/* ---- how many ------------------------------------------------------------------------------- */

START_TEST(test_numbers)
{
    const struct {
        const char *text;
        int threads; /* 0: the number of processors */
    } rows[] = {{"3", 3}, {"100000", TG_MAX_THREADS}, {"0", 0}, {"-2", 0}, {"4x", 0}, {"", 0}};
    (void)unsetenv("TAPEGRAD_NUM_THREADS");
    ck_assert_int_eq(tg_set_num_threads(0), TG_OK);
    const int processors = tg_num_threads();
    ck_assert_int_ge(processors, 1);
    for (int i = 0; i < COUNT(rows); i++) {
        (void)setenv("TAPEGRAD_NUM_THREADS", rows[i].text, 1);
        ck_assert_int_eq(tg_set_num_threads(0), TG_OK);
        ck_assert_int_eq(tg_num_threads(), rows[i].threads ? rows[i].threads : processors);
    }
    (void)unsetenv("TAPEGRAD_NUM_THREADS");
    ck_assert_int_eq(tg_set_num_threads(5), TG_OK);
    ck_assert_int_eq(tg_set_num_threads(-1), TG_EARG);
    ck_assert_int_eq(tg_num_threads(), 5);
    ck_assert_int_eq(tg_set_num_threads(TG_MAX_THREADS + 1), TG_OK);
    ck_assert_int_eq(tg_num_threads(), TG_MAX_THREADS);
    (void)tg_set_num_threads(0);
}
END_TEST

SUITE("parallel", .timeout = 120,
      .tests = {
          {test_each_chunk_once},
          {test_several_threads_take_part},
          {test_floating_point_environment_is_the_callers},
          {test_several_callers},
          {test_fork, .skip = !FORKS},
          {test_fork_beside_work, .skip = !FORKS},
          {test_threads_that_cannot_start, .skip = !LIMITS},
          {test_numbers},
      })
