/* suite.h - the end of a test program: SUITE writes its main function from a list of its tests.
 *
 *     SUITE("flush", .with = {COUNTED, TAPE}, .timeout = 300,
 *           .tests = {
 *               {eager, COUNT(sizes)},
 *               {swept},
 *           })
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* Two arguments, ndim and shape, from the sizes: tg_reshape(t, x, DIMS(2, 3)). */
#define DIMS(...)                                                                                  \
    COUNT(((int64_t[]){__VA_ARGS__})), (int64_t[]) { __VA_ARGS__ }

#ifdef __clang__ /* a row of SUITE names only the fields that it needs */
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
#endif

typedef struct suite_test {
    const TTest *test; /* its name in START_TEST */
    int end, first;    /* runs with _i = first, ..., end - 1; once if end is 0 */
    bool skip;
    const char *group; /* a test case for CK_RUN_CASE begins here; the first has the suite's name */
} suite_test;

/* What stands around every test, in the process that runs it; either may be NULL. Headers in
 * tests/support define some, with names in capitals. */
typedef struct suite_fixture {
    void (*setup)(void), (*teardown)(void);
} suite_fixture;

enum { MOST_TESTS = 24, MOST_FIXTURES = 4 };
typedef struct suite_frame {
    const char *name;
    suite_fixture with[MOST_FIXTURES];      /* set up in this order, taken down in reverse order */
    void (*setup)(void), (*teardown)(void); /* one more fixture, inside those */
    void (*before)(void), (*after)(void);   /* around all tests, in the first process */
    int timeout;                            /* seconds for one test; 0: Check's default */
    suite_test tests[MOST_TESTS + 1];       /* up to the first without a test */
} suite_frame;

static inline TCase *suite_group(Suite *s, const suite_frame *frame, const char *name)
{
    TCase *group = tcase_create(name);
    for (int i = 0; i < MOST_FIXTURES; i++)
        tcase_add_checked_fixture(group, frame->with[i].setup, frame->with[i].teardown);
    tcase_add_checked_fixture(group, frame->setup, frame->teardown);
    if (frame->timeout) tcase_set_timeout(group, frame->timeout);
    suite_add_tcase(s, group);
    return group;
}

/* The exit status of main. */
static inline int suite_run(const suite_frame *frame)
{
    if (frame->before) frame->before();
    Suite *s = suite_create(frame->name);
    TCase *group = NULL;
    for (const suite_test *row = frame->tests; row->test; row++) {
        if (!group || row->group)
            group = suite_group(s, frame, row->group ? row->group : frame->name);
        if (!row->skip) tcase_add_loop_test(group, row->test, row->first, row->end ? row->end : 1);
    }
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (frame->after) frame->after();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define SUITE(...)                                                                                 \
    int main(void) { return suite_run(&(const suite_frame){__VA_ARGS__}); }

#endif
