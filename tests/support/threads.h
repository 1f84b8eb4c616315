/* threads.h - a fixture: whatever number of threads a test sets, the next one finds the default. */
#ifndef TESTS_THREADS_H
#define TESTS_THREADS_H

#include "tapegrad/threads.h"
#include "tests/support/suite.h"

static inline void threads_teardown(void) { (void)tg_set_num_threads(0); }

#define DEFAULT_THREADS ((suite_fixture){NULL, threads_teardown})

#endif
