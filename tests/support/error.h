/* error.h - a fixture: an error err that is fresh for every test. */
#ifndef TESTS_ERROR_H
#define TESTS_ERROR_H

#include "tapegrad/status.h"
#include "tests/support/suite.h"

static tg_error err;

static inline void error_setup(void) { err = (tg_error)TG_ERROR_INIT; }

#define FRESH_ERROR ((suite_fixture){error_setup, NULL})

#endif
