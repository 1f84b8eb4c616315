/* test_status.c - the status codes, their texts, and the error that keeps the first failure. */
#include "tapegrad/status.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/tape.h"
#include "tests/support/suite.h"

static const struct {
    tg_status code;
    const char *name;
} codes[] = {
#define X(code, text) {code, #code},
    TG_STATUS_LIST(X)
#undef X
};

#define CODES (int)(sizeof codes / sizeof codes[0])

START_TEST(every_code_has_its_own_text)
{
    const char *text = tg_status_text(codes[_i].code);
    ck_assert_int_eq((int)codes[_i].code, _i);
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(text[0] != '\0', "%s has an empty text", codes[_i].name);
    ck_assert_str_ne(text, "unknown status");
    ck_assert_msg(!strchr(text, '\n'), "%s: more than one line", codes[_i].name);
    for (int j = 0; j < _i; j++)
        ck_assert_msg(strcmp(text, tg_status_text(codes[j].code)) != 0, "%s and %s: same text",
                      codes[j].name, codes[_i].name);
}
END_TEST

START_TEST(ok_is_zero_and_the_list_is_whole)
{
    ck_assert_int_eq((int)TG_OK, 0);
    ck_assert_int_eq((int)TG_STATUS_COUNT, CODES);
    ck_assert_str_eq(tg_status_text(TG_OK), "no error");
}
END_TEST

START_TEST(numbers_outside_the_list_are_unknown)
{
    const int numbers[] = {-1, -1000, TG_STATUS_COUNT, TG_STATUS_COUNT + 1, 1 << 20};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        /* Through memory, because a cast of a number that the enum cannot hold is undefined in C++,
         * and UBSan may report it. */
        tg_status status = TG_OK;
        memcpy(&status, &numbers[i], sizeof status);
        ck_assert_str_eq(tg_status_text(status), "unknown status");
    }
}
END_TEST

START_TEST(a_fresh_error_is_ok_and_empty)
{
    tg_error err = TG_ERROR_INIT, zeroed;
    memset(&zeroed, 0, sizeof zeroed);
    ck_assert_int_eq(err.status, TG_OK);
    ck_assert_str_eq(err.text, "");
    ck_assert_int_eq(zeroed.status, TG_OK);
}
END_TEST

START_TEST(fail_records_code_and_text)
{
    tg_error err = TG_ERROR_INIT;
    const tg_status got = tg_fail(&err, TG_ESHAPE, "matmul: %d is not %s", 3, "four");
    ck_assert_int_eq(got, TG_ESHAPE);
    ck_assert_int_eq(err.status, TG_ESHAPE);
    ck_assert_str_eq(err.text, "matmul: 3 is not four");
}
END_TEST

START_TEST(the_first_failure_sticks)
{
    tg_error err = TG_ERROR_INIT;
    tg_fail(&err, TG_EKEY, "dict: no key \"%s\"", "W1");
    /* Nevertheless the return value is the new code, because the caller returns it. */
    ck_assert_int_eq(tg_fail(&err, TG_EIO, "later"), TG_EIO);
    ck_assert_int_eq(tg_fail(&err, TG_ENOMEM, "later still"), TG_ENOMEM);
    ck_assert_int_eq(err.status, TG_EKEY);
    ck_assert_str_eq(err.text, "dict: no key \"W1\"");
}
END_TEST

START_TEST(an_error_can_be_used_again_once_cleared)
{
    tg_error err = TG_ERROR_INIT;
    tg_fail(&err, TG_EIO, "first");
    err = (tg_error)TG_ERROR_INIT;
    tg_fail(&err, TG_ENAN, "second");
    ck_assert_int_eq(err.status, TG_ENAN);
    ck_assert_str_eq(err.text, "second");
}
END_TEST

START_TEST(no_error_to_write_to_is_allowed)
{
    ck_assert_int_eq(tg_fail(NULL, TG_EARG, "%s", "nobody reads this"), TG_EARG);
}
END_TEST

/* Lengths around the size of the text. It is kept whole while it fits, else cut, with its zero at
 * the end. */
static const size_t lengths[] = {0, 1, 254, 255, 256, 257, 1000, 5000};

START_TEST(a_long_text_is_cut)
{
    const size_t n = lengths[_i];
    struct {
        tg_error err;
        unsigned char after[8];
    } box;
    char *text = malloc(n + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++) text[i] = (char)('a' + i % 26);
    text[n] = '\0';

    memset(&box.err, 0, sizeof box.err);
    memset(box.after, 0xA5, sizeof box.after);
    tg_fail(&box.err, TG_EFORMAT, "%s", text);

    const size_t kept = n < sizeof box.err.text ? n : sizeof box.err.text - 1;
    ck_assert_int_eq(box.err.status, TG_EFORMAT);
    ck_assert_uint_eq(strlen(box.err.text), kept);
    ck_assert_mem_eq(box.err.text, text, kept);
    for (size_t i = 0; i < sizeof box.after; i++) ck_assert_uint_eq(box.after[i], 0xA5);
    free(text);
}
END_TEST

/* Characters that names of files, keys and scopes may hold, and what a sentence makes of them. */
static const struct {
    const char *name, *shown;
} names[] = {
    {"plain", "plain"},
    {"a\nb\tc\x7f", "a?b?c?"},
    {"\x1b[31mred", "?[31mred"},
    {"Gr\xC3\xB6\xC3\x9F"
     "e \xE2\x82\xAC \xF0\x9F\x98\x80",
     "Gr\xC3\xB6\xC3\x9F"
     "e \xE2\x82\xAC \xF0\x9F\x98\x80"},
    {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},                /* U+FFFD itself */
    {"a\xC3", "a?"},                                 /* cut, though not by us */
    {"\xFF\xFE\x80", "???"},                         /* no UTF-8 at all */
    {"\xC0\x80", "??"},                              /* overlong */
    {"\xED\xA0\x80", "???"},                         /* half of a surrogate pair */
    {"\xF4\x90\x80\x80", "????"},                    /* beyond U+10FFFF */
    {"\xC2\x85|\xE2\x80\xA8|\xE2\x80\xA9", "?|?|?"}, /* other ends of a line */
};
#define NAMES (int)(sizeof names / sizeof names[0])

START_TEST(a_sentence_is_one_printable_line)
{
    tg_error err = TG_ERROR_INIT;
    char want[256];
    (void)snprintf(want, sizeof want, "no '%s' here", names[_i].shown);
    tg_fail(&err, TG_EKEY, "no '%s' here", names[_i].name);
    ck_assert_str_eq(err.text, want);

    tg_tape *t = tg_tape_new();
    tg_scope_push(t, names[_i].name);
    tg_tape_fail(t, TG_EARG, "bad");
    (void)snprintf(want, sizeof want, "bad (in %s)", names[_i].shown);
    ck_assert_str_eq(tg_tape_message(t), want);
    tg_tape_free(t);
}
END_TEST

/* 2-, 3- and 4-byte characters across the end of the text, at each of their bytes. */
START_TEST(no_character_is_cut_in_two)
{
    static const char *const characters[] = {"\xC3\xB6", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t k = 0; k < 3; k++)
        for (size_t before = 250; before <= 255; before++) {
            tg_error err = TG_ERROR_INIT;
            char text[300];
            memset(text, 'a', before);
            (void)snprintf(text + before, sizeof text - before, "%s%s", characters[k], "bcdefg");
            tg_fail(&err, TG_EARG, "%s", text);
            const size_t fits = before + k + 2 <= 255 ? 255 : before;
            ck_assert_uint_eq(strlen(err.text), fits);
            ck_assert_mem_eq(err.text, text, fits);
        }
}
END_TEST

START_TEST(numbers_have_a_point)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ru_RU.UTF-8",
                                          "de_DE"};
    tg_error err = TG_ERROR_INIT;
    tg_tape *t = tg_tape_new();
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++)
        if (setlocale(LC_ALL, locales[i]) && *localeconv()->decimal_point == ',') break;
    const char held = *localeconv()->decimal_point;
    tg_fail(&err, TG_EARG, "lr is %g of [1,2]", 0.5);
    tg_tape_fail(t, TG_EARG, "%.2f, %d", 1.25, 3);
    ck_assert_str_eq(err.text, "lr is 0.5 of [1,2]");
    ck_assert_str_eq(tg_tape_message(t), "1.25, 3");
    ck_assert_int_eq(*localeconv()->decimal_point, held); /* the program's locale is its own */
    if (held != ',') printf("numbers_have_a_point: no locale with a comma is installed\n");
    (void)setlocale(LC_ALL, "C");
    tg_tape_free(t);
}
END_TEST

SUITE("status", .tests = {
                    {every_code_has_its_own_text, CODES},
                    {ok_is_zero_and_the_list_is_whole},
                    {numbers_outside_the_list_are_unknown},
                    {a_fresh_error_is_ok_and_empty},
                    {fail_records_code_and_text},
                    {the_first_failure_sticks},
                    {an_error_can_be_used_again_once_cleared},
                    {no_error_to_write_to_is_allowed},
                    {a_sentence_is_one_printable_line, NAMES},
                    {no_character_is_cut_in_two},
                    {numbers_have_a_point},
                    {a_long_text_is_cut, COUNT(lengths)},
                })
