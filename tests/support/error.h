/* error.h - a fixture: an error err that is fresh for every test. */
#ifndef TESTS_ERROR_H
#define TESTS_ERROR_H

#include "tapegrad/status.h"
#include "tests/support/suite.h"

static tg_error err;

static inline void error_setup(void) { err = (tg_error)TG_ERROR_INIT; }

/* What err says; it is fresh again behind this. */
static inline void assert_err(tg_status status, const char *text)
{
    ck_assert_str_eq(err.text, text);
    ck_assert_int_eq(err.status, status);
    error_setup();
}

#define FRESH_ERROR ((suite_fixture){error_setup, NULL})

#endif
