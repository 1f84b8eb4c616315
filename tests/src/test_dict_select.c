/* test_dict_select.c - parts of a dict by a pattern of the key. */
#include "src/dict.h"
#include "tests/support/counting.h"
#include "tests/support/dicts.h"
#include "tests/support/suite.h"

static const struct {
    const char *pattern, *key;
    bool matches;
} patterns[] = {
    {"W1", "W1", true},       {"W1", "W12", false},     {"W1", "W", false},
    {"W*", "W12", true},      {"W*", "W", true},        {"W*", "b1", false},
    {"*", "", true},          {"*", "anything", true},  {"", "", true},
    {"", "W", false},         {"?", "W", true},         {"?", "", false},
    {"W?", "W1", true},       {"W?", "W12", false},     {"*1", "W11", true},
    {"*a*b", "xaxbxb", true}, {"*a*b", "xaxbx", false}, {"**", "W", true},
    {"*?", "", false},        {"a*b*c", "abbbc", true}, {"a*b*c", "abbb", false},
    {"[W]", "W", false},      {"[W]", "[W]", true},     {"layer?/*", "layer1/W", true},
};

START_TEST(patterns_match)
{
    ck_assert_msg(tgi_key_matches(patterns[_i].pattern, patterns[_i].key) == patterns[_i].matches,
                  "'%s' and '%s'", patterns[_i].pattern, patterns[_i].key);
}
END_TEST

static const entry layers[] = {{"W1", TG_F64, 2, 3}, {"b1", TG_F32, 1, 3}, {"W2", TG_F64, 3, 1}};

START_TEST(a_part_of_a_dict)
{
    tg_error err = TG_ERROR_INIT;
    tg_dict *d = make(layers, COUNT(layers)), *weights = tg_dict_select(d, "W*", &err);
    ck_assert_str_eq(layout(weights), "W1:f64[2,3] W2:f64[3,1]");
    ck_assert_ptr_eq(tg_dict_get(weights, "W2"), tg_dict_get(d, "W2"));
    ck_assert_ptr_null(tg_dict_select(d, "w*", &err));
    ck_assert_int_eq(err.status, TG_EKEY);
    ck_assert_str_eq(err.text, "dict_select: no key matches 'w*'");
    ck_assert_ptr_null(tg_dict_select(NULL, "*", NULL));
    ck_assert_ptr_null(tg_dict_select(d, NULL, NULL));
    tg_dict_free(weights);
    tg_dict_free(d);
}
END_TEST

SUITE("dict_select", .with = {COUNTED}, .timeout = 60,
      .tests = {
          {patterns_match, COUNT(patterns)},
          {a_part_of_a_dict},
      })
