/* test_attrs.c - attributes from text: every kind, defaults, and texts that are not a value. */
#include <locale.h>

#include "tests/support/tape.h"

typedef struct all_kinds {
    char before[3]; /* so that no field is in its place by chance */
    bool b;
    double f;
    tg_dtype d;
    int64_t i;
    uint64_t u;
    tg_ints n;
    const char *s;
    int64_t must;
} all_kinds;

static const tg_attr_def defs[] = {{"b", TG_ATTR_BOOL, offsetof(all_kinds, b), "false"},
                                   {"f", TG_ATTR_FLOAT, offsetof(all_kinds, f), "0.25"},
                                   {"d", TG_ATTR_DTYPE, offsetof(all_kinds, d), "f64"},
                                   {"i", TG_ATTR_INT, offsetof(all_kinds, i), "-3"},
                                   {"u", TG_ATTR_U64, offsetof(all_kinds, u), "7"},
                                   {"n", TG_ATTR_INTS, offsetof(all_kinds, n), "1,2"},
                                   {"s", TG_ATTR_STRING, offsetof(all_kinds, s), "none"},
                                   {"must", TG_ATTR_INT, offsetof(all_kinds, must), NULL},
                                   {NULL, TG_ATTR_INT, 0, NULL}};

static const tg_op op = {.name = "kinds", .attrs = defs, .attrs_size = sizeof(all_kinds)};

/* One field of the parsed attributes, as text. */
static void show(const all_kinds *a, char field, char *out, size_t size)
{
    int used = 0;
    switch (field) {
    case 'b':
        (void)snprintf(out, size, "%d", a->b);
        break;
    case 'f':
        (void)snprintf(out, size, "%a", a->f);
        break;
    case 'd':
        (void)snprintf(out, size, "%s", tg_dtype_name(a->d));
        break;
    case 'i':
        (void)snprintf(out, size, "%lld", (long long)a->i);
        break;
    case 'u':
        (void)snprintf(out, size, "%llu", (unsigned long long)a->u);
        break;
    case 's':
        (void)snprintf(out, size, "%s", a->s);
        break;
    default:
        used = snprintf(out, size, "%s", a->n.n == TG_ALL ? "all" : "");
        for (int k = 0; k < a->n.n; k++)
            used += snprintf(out + used, size - (size_t)used, "%lld ", (long long)a->n.v[k]);
    }
}

static const struct {
    const char *text; /* its first letter names the field */
    const char *want; /* NULL: no value */
} values[] = {
    {"b=true", "1"},
    {"b=1", "1"},
    {"b=false", "0"},
    {"b=0", "0"},
    {"b=yes", NULL},
    {"b=", NULL},
    {"b=TRUE", NULL},
    {"f=0.5", "0x1p-1"},
    {"f=-.5", "-0x1p-1"},
    {"f=1e3", "0x1.f4p+9"},
    {"f=3", "0x1.8p+1"},
    {"f=inf", "inf"},
    {"f=-0", "-0x0p+0"},
    {"f=nan", "nan"},
    {"f=", NULL},
    {"f=0,5", NULL},
    {"f=1.2.3", NULL},
    {"f=1x", NULL},
    {"f=--1", NULL},
    {"f=0.1000000000000000055511151231257827", "0x1.999999999999ap-4"},
    {"f=0.00000000000000000000000000000000000000000000000000000000000000000000000000000001", NULL},
    {"d=f32", "f32"},
    {"d=u8", "u8"},
    {"d=i32", "i32"},
    {"d=f16", NULL},
    {"d=", NULL},
    {"d=F32", NULL},
    {"d=?", NULL},
    {"d=f32x", NULL},
    {"i=0", "0"},
    {"i=-12", "-12"},
    {"i=9223372036854775807", "9223372036854775807"},
    {"i=-9223372036854775808", "-9223372036854775808"},
    {"i=9223372036854775808", NULL},
    {"i=-9223372036854775809", NULL},
    {"i=", NULL},
    {"i=1.5", NULL},
    {"i=0x10", NULL},
    {"i=one", NULL},
    {"i=all", NULL},
    {"u=0", "0"},
    {"u=18446744073709551615", "18446744073709551615"},
    {"u=18446744073709551616", NULL},
    {"u=-1", NULL},
    {"u=+1", NULL},
    {"u=", NULL},
    {"n=", ""},
    {"n=5", "5 "},
    {"n=5,-6,0", "5 -6 0 "},
    {"n=1,2,3,4,5,6,7,8", "1 2 3 4 5 6 7 8 "},
    {"n=all", "all"},
    {"n=1,2,3,4,5,6,7,8,9", NULL},
    {"n=1,,2", NULL},
    {"n=,1", NULL},
    {"n=1,", NULL},
    {"n=,", NULL},
    {"n=1;2", NULL},
    {"n=all,1", NULL},
    {"n=9223372036854775808", NULL},
    {"s=", ""},
    {"s=ij,jk->ik", "ij,jk->ik"},
    {"s=a=b", "a=b"},
};

START_TEST(every_kind)
{
    char text[160], got[160];
    all_kinds a;
    memset(&a, 0xA5, sizeof a);
    const char *given = values[_i].text, *want = values[_i].want;
    (void)snprintf(text, sizeof text, "  must=1 %s ", given);
    const tg_status status = tg_attrs_parse(t, &op, text, &a);
    ck_assert_int_eq(status, want ? TG_OK : TG_EARG);
    ck_assert_int_eq(tg_tape_status(t), status);
    if (want) {
        show(&a, *given, got, sizeof got);
        ck_assert_str_eq(got, want);
        ck_assert_int_eq(a.must, 1);
        /* The others have their defaults. */
        ck_assert(*given == 'b' || !a.b);
        ck_assert(*given == 'f' || a.f == 0.25);
        ck_assert(*given == 'd' || a.d == TG_F64);
        ck_assert(*given == 'i' || a.i == -3);
        ck_assert(*given == 'u' || a.u == 7);
        ck_assert(*given == 'n' || (a.n.n == 2 && a.n.v[1] == 2));
        ck_assert(*given == 's' || strcmp(a.s, "none") == 0);
    } else {
        (void)snprintf(text, sizeof text, "kinds: '%s' is not a value for attribute '%c'",
                       given + 2, *given);
        ck_assert_str_eq(tg_tape_message(t), text);
    }
}
END_TEST

static const struct {
    const char *text, *message;
} errors[] = {
    {NULL, "kinds: attribute 'must' is missing"},
    {"", "kinds: attribute 'must' is missing"},
    {"   ", "kinds: attribute 'must' is missing"},
    {"i=1", "kinds: attribute 'must' is missing"},
    {"mus=1", "kinds: there is no attribute 'mus'"},
    {"musty=1", "kinds: there is no attribute 'musty'"},
    {"must", "kinds: there is no attribute 'must'"},
    {"=1 must=1", "kinds: there is no attribute ''"},
    {"must=1 keepdims=true", "kinds: there is no attribute 'keepdims'"},
    {"must=1 1,2", "kinds: there is no attribute '1,2'"},
    {"must=1 i=2 i=3", "kinds: attribute 'i' is given twice"},
    {"must=1 must=1", "kinds: attribute 'must' is given twice"},
};

START_TEST(keys_that_are_wrong)
{
    all_kinds a;
    ck_assert_int_eq(tg_attrs_parse(t, &op, errors[_i].text, &a), TG_EKEY);
    assert_error(t, TG_EKEY, errors[_i].message);
}
END_TEST

START_TEST(no_operation_or_no_tape)
{
    all_kinds a = {.i = 5};
    char text[] = "must=1 s=mine";
    ck_assert_int_eq(tg_attrs_parse(NULL, &op, "must=1", &a), TG_EARG);
    ck_assert_int_eq(tg_attrs_parse(t, &op, text, &a), TG_OK);
    memset(text, '?', sizeof text - 1);
    ck_assert_str_eq(a.s, "mine"); /* is the tape's own */
    ck_assert_int_eq(tg_attrs_parse(t, tg_op_find("neg"), NULL, NULL), TG_OK);
    ck_assert_int_eq(tg_attrs_parse(t, tg_op_find("neg"), "axis=1", NULL), TG_EKEY);
    assert_error(t, TG_EKEY, "neg: there is no attribute 'axis'");
    tg_tape_reset(t);
    ck_assert_int_eq(tg_attrs_parse(t, NULL, "must=1", &a), TG_EKEY);
    assert_error(t, TG_EKEY, "apply: no such operation");
    a.i = 5;
    ck_assert_int_eq(tg_attrs_parse(t, &op, "must=1 i=6", &a), TG_EKEY); /* the tape has failed */
    ck_assert_int_eq(a.i, 5);
}
END_TEST

START_TEST(a_comma_locale_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    bool found = false;
    for (int i = 0; i < COUNT(names) && !found; i++)
        found = setlocale(LC_ALL, names[i]) && strcmp(localeconv()->decimal_point, ",") == 0;
    if (!found) puts("test_attrs: skipped: no locale with a decimal comma is installed");
    all_kinds a, b;
    const tg_status point = tg_attrs_parse(t, &op, "must=1 f=0.5", &a);
    const tg_status comma = tg_attrs_parse(t, &op, "must=1 f=0,5", &b);
    (void)setlocale(LC_ALL, "C");
    ck_assert_int_eq(point, TG_OK);
    ck_assert(a.f == 0.5);
    ck_assert_int_eq(comma, TG_EARG);
    assert_error(t, TG_EARG, "kinds: '0,5' is not a value for attribute 'f'");
}
END_TEST

SUITE("attrs", .with = {TAPE},
      .tests = {
          {every_kind, COUNT(values)},
          {keys_that_are_wrong, COUNT(errors)},
          {no_operation_or_no_tape},
          {a_comma_locale_changes_nothing},
      })
