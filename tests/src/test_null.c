/* test_null.c - every pointer argument of every public function is NULL in turn: no call crashes,
 * and what the tape then says begins with the function's name, for operands of several shapes.
 * null_calls.inc is made from the headers by null_calls.awk, so that no function is missing; what a
 * pointer is elsewhere, tests/src/null_values.h says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/src/null_values.h"

/* ---- the calls ------------------------------------------------------------------------------ */

#define OR_NULL(i, value) null == (i) ? NULL : (value)
#define BARE(...) __VA_ARGS__
#define NULL_CALL(name, pointers, arguments)                                                       \
    static void call_##name(int null)                                                              \
    {                                                                                              \
        (void)null;                                                                                \
        (void)name(BARE arguments);                                                                \
    }
#include "tests/src/null_calls.inc"
#undef NULL_CALL

static const struct {
    const char *name;
    void (*call)(int null);
    unsigned pointers;
} calls[] = {
#define NULL_CALL(name, pointers, arguments) {#name, call_##name, pointers},
#include "tests/src/null_calls.inc"
#undef NULL_CALL
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* Functions whose sentences begin with another name; NULL: with the name that the caller passes. */
static const struct {
    const char *function, *name;
} named_otherwise[] = {
    {"affine", "matmul"}, {"apply", NULL},
    {"apply_text", NULL}, {"attrs_parse", NULL},
    {"hvp", "grad"},      {"model_forward", NULL},
    {"model_loss", NULL}, {"optimizer_record", "update"},
    {"record", NULL},     {"tape_fail", NULL},
    {"vjp", "grad"},
};

static bool begins(const char *said, const char *name, size_t n)
{
    return strncmp(said, name, n) == 0 && said[n] == ':';
}

/* The tape's sentence begins with the name of the function, of which "_axes" may be left out. */
static bool is_named(const char *function)
{
    const char *said = tg_tape_message(v.t), *name = function + strlen("tg_"), *end = "_axes";
    const size_t n = strlen(name), stem = n > strlen(end) ? n - strlen(end) : 0;
    if (begins(said, name, n)) return true;
    if (stem > 0 && strcmp(name + stem, end) == 0) return begins(said, name, stem);
    for (size_t i = 0; i < sizeof named_otherwise / sizeof named_otherwise[0]; i++)
        if (strcmp(named_otherwise[i].function, name) == 0) {
            const char *other = named_otherwise[i].name;
            return !other || begins(said, other, strlen(other));
        }
    return false;
}

enum { UNNAMED = 2 };

/* One call in a process of its own: 0 when it ends well, UNNAMED when the tape does not say where
 * it failed, else it crashed. */
static int outcome(int function, int argument)
{
    int status = 0;
    (void)fflush(NULL);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)alarm(20);
        calls[function].call(argument);
        if (!tg_tape_status(v.t) || is_named(calls[function].name)) _exit(0);
        printf("%s says: %s\n", calls[function].name, tg_tape_message(v.t));
        (void)fflush(stdout);
        _exit(UNNAMED);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(every_pointer_in_turn)
{
    int made = 0, crashed = 0, unnamed = 0;
    (void)tg_set_num_threads(1);
    make_world(_i);
    for (int k = 0; k < CALLS; k++)
        for (int i = -1; i < 16; i++) {
            if (i >= 0 && !(calls[k].pointers >> i & 1)) continue;
            made++;
            const int end = outcome(k, i);
            unnamed += end == UNNAMED;
            if (end == 0 || end == UNNAMED) continue;
            crashed++;
            printf("%s crashes, operands of %d axes, argument %d NULL\n", calls[k].name, _i + 1,
                   i + 1);
        }
    printf("%d functions, %d calls with operands of %d axes, %d crash\n", (int)CALLS, made, _i + 1,
           crashed);
    (void)fflush(stdout);
    free_world();
    ck_assert_int_gt(CALLS, 400);
    ck_assert_int_eq(crashed, 0);
    ck_assert_int_eq(unnamed, 0);
}
END_TEST

/* No text is asked for: a size of 0 needs no memory, and no memory gives no text. */
START_TEST(texts_of_no_size)
{
    make_world(1);
    for (size_t size = 0; size < 24; size += 12) {
        ck_assert_ptr_null(tg_tensor_describe(v.x, NULL, size));
        ck_assert_ptr_null(tg_shape_describe(2, shape, NULL, size));
        ck_assert_ptr_null(tg_optimizer_describe(v.optimizer, NULL, size));
        ck_assert_ptr_null(tg_attrs_describe(tg_op_find("sum"), bytes, NULL, size));
        ck_assert_ptr_null(tg_search_describe(v.search, &trial, NULL, size));
    }
    strcpy(text, "as it was");
    ck_assert_ptr_eq(tg_tensor_describe(v.x, text, 0), text);
    ck_assert_ptr_eq(tg_shape_describe(2, shape, text, 0), text);
    ck_assert_ptr_eq(tg_optimizer_describe(v.optimizer, text, 0), text);
    ck_assert_ptr_eq(tg_attrs_describe(tg_op_find("sum"), bytes, text, 0), text);
    ck_assert_ptr_eq(tg_search_describe(v.search, &trial, text, 0), text);
    ck_assert_str_eq(text, "as it was");
    ck_assert_str_eq(tg_shape_describe(2, NULL, text, sizeof text), "[?]");
    free_world();
}
END_TEST

/* If there is a tape, its message says which argument was NULL. */
START_TEST(the_tape_says_which)
{
    make_world(0);
    const tg_op *sum = tg_op_find("sum");
    ck_assert_ptr_null(tg_record(v.t, NULL, v.many, 1, NULL));
    ck_assert_int_eq(tg_tape_status(v.t), TG_EARG);
    ck_assert_str_eq(tg_tape_message(v.t), "record: the operation is NULL");
    tg_tape_reset(v.t);
    ck_assert_ptr_null(tg_record(v.t, sum, NULL, 1, bytes));
    ck_assert_str_eq(tg_tape_message(v.t), "sum: its operands are NULL");
    tg_tape_reset(v.t);
    ck_assert_ptr_null(tg_record(v.t, sum, &v.x, 1, NULL));
    ck_assert_str_eq(tg_tape_message(v.t), "sum: its attributes are NULL");
    free_world();
}
END_TEST

static bool quick(void) { return getenv("TG_TEST_QUICK") != NULL; }

SUITE("null", .timeout = 300,
      .tests = {
          {every_pointer_in_turn, quick() ? 3 : VARIANTS, .first = quick() ? 2 : 0},
          {texts_of_no_size},
          {the_tape_says_which},
      })
