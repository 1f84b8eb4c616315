/* rules.c - the optimizers of the library, made from the rows of ops/kernels/updates.def. */
#include <math.h>
#include <string.h>

#include "src/optim/optimizer.h"

#define TYPE_NUMBER double
#define TYPE_SWITCH bool
#define KIND_NUMBER TG_ATTR_FLOAT
#define KIND_SWITCH TG_ATTR_BOOL
#define RANGE_NUMBER(least, below) least, below
#define RANGE_SWITCH(least, below) 0, 0

_Static_assert((int)TGI_UPDATE_STATES == (int)TG_OPTIMIZER_STATES, "states of kernels and types");

/* ---- the options ---------------------------------------------------------------------------- */

/* Checks that the struct in optim.h has the fields of the row and no others: each field has the
 * same offset, and both structs have the same size. */
#define FIELD(of, option, kind, ...) TYPE_##kind option;
#define PLACE(of, option, ...)                                                                     \
    _Static_assert(offsetof(tg_##of##_options, option) == offsetof(of##_row, option),              \
                   "the struct in optim.h and the row in updates.def differ");
#define DEFAULT(of, option, kind, value, ...) , value
#define X(name, title)                                                                             \
    typedef struct name##_row {                                                                    \
        uint32_t made;                                                                             \
        OPTIONS_##name(FIELD)                                                                      \
    } name##_row;                                                                                  \
    OPTIONS_##name(PLACE) _Static_assert(                                                          \
        sizeof(tg_##name##_options) == sizeof(name##_row),                                         \
        "the struct in optim.h and the row in updates.def differ");                                \
    static const tg_##name##_options name##_defaults = {TGI_MADE_##name OPTIONS_##name(DEFAULT)};
TGI_OPTIMIZERS(X)
#undef X

#define ATTR(of, option, kind, value, ...)                                                         \
    {#option, KIND_##kind, offsetof(tg_##of##_options, option), #value},
#define RANGE(of, option, kind, value, least, below, meaning) {RANGE_##kind(least, below), meaning},
#define X(name, title)                                                                             \
    static const tg_attr_def name##_attrs[] = {OPTIONS_##name(ATTR){NULL, TG_ATTR_INT, 0, NULL}};  \
    static const tg_option_range name##_ranges[] = {OPTIONS_##name(RANGE)};                        \
    static const char *const name##_samples[] = {SAMPLES_##name, NULL};
TGI_OPTIMIZERS(X)
#undef X

/* ---- the constants -------------------------------------------------------------------------- */

/* Within the constants, each option is known by its name. */
#define LOCAL(of, option, kind, ...)                                                               \
    const TYPE_##kind option = options.option;                                                     \
    (void)option;
#define CONSTANT(constant, value) *to++ = (value);
#define X(name, title)                                                                             \
    static void name##_constants(const void *from, double now, int64_t step, double *to)           \
    {                                                                                              \
        const double t = (double)step;                                                             \
        tg_##name##_options options;                                                               \
        (void)t;                                                                                   \
        memcpy(&options, from, sizeof options);                                                    \
        options.lr = now;                                                                          \
        OPTIONS_##name(LOCAL) CONSTANTS_##name(CONSTANT)                                           \
    }
TGI_OPTIMIZERS(X)
#undef X

/* ---- the registry --------------------------------------------------------------------------- */

/* The formula as text for readers. */
#define V
#define F(function) function
#define PICK(condition, a, b) (condition ? a : b)
#define UNTIL_INF(x, y) y
#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)
#define STATE(state) #state,

const tgi_rule tgi_rules[TGI_UPDATES] = {
#define X(row, title)                                                                              \
    {.type = {.name = title,                                                                       \
              .states = {STATES_##row(STATE) NULL},                                                \
              .options_size = sizeof(tg_##row##_options),                                          \
              .attrs = row##_attrs,                                                                \
              .ranges = row##_ranges,                                                              \
              .defaults = &row##_defaults,                                                         \
              .samples = row##_samples,                                                            \
              .formula = TEXT(FORMULA_##row)},                                                     \
     .constants = row##_constants},
    TGI_OPTIMIZERS(X)
#undef X
};

const tg_optimizer_type *tg_optimizer_type_at(int i)
{
    return i >= 0 && i < TGI_UPDATES ? &tgi_rules[i].type : NULL;
}

/* ---- the functions of each optimizer -------------------------------------------------------- */

#define X(name, title)                                                                             \
    tg_##name##_options tg_##name##_defaults(void) { return name##_defaults; }                     \
    tg_optimizer *tg_##name(tg_##name##_options options, tg_error *err)                            \
    {                                                                                              \
        return tg_optimizer_new(&tgi_rules[TGI_UPDATE_##name].type, &options, options.lr, err);    \
    }
TGI_OPTIMIZERS(X)
#undef X

tg_adam_options tg_adam_torch(void)
{
    tg_adam_options options = tg_adam_defaults();
    options.eps = 1e-8;
    options.torch_form = true;
    return options;
}
