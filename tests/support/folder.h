/* folder.h - a fixture: a temporary folder for a test, which may hold one file `file` when the test
 * ends. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/suite.h"

static char dir[256], path[300];

static inline void folder_make(void)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/tapegrad.XXXXXX", base && strlen(base) < 200 ? base : ".");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/file", dir);
}

/* Removing the folder succeeds only if no other file was left in it. */
static inline void folder_remove(void)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
}

enum { MOST_CONTENT = 1 << 20 };

/* What is in a file, until the next call. */
static inline char *content(const char *name)
{
    static char text[MOST_CONTENT];
    FILE *f = fopen(name, "rb");
    ck_assert_ptr_nonnull(f);
    const size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    ck_assert_uint_lt(n, sizeof text);
    text[n] = '\0';
    return text;
}

static inline void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

#define FOLDER ((suite_fixture){folder_make, folder_remove})

#endif
