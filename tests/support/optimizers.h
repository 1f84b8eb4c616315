/* optimizers.h - every optimizer of the library, with its defaults and with each of its samples. */
#ifndef TESTS_OPTIMIZERS_H
#define TESTS_OPTIMIZERS_H

#include <check.h>
#include <string.h>

#include "tapegrad/optim.h"
#include "tapegrad/tape.h"

/* An optimizer of this type whose options are the defaults but for `settings`. */
static inline tg_optimizer *optimizer_from(const tg_optimizer_type *type, const char *settings)
{
    const tg_op fields = {
        .name = type->name, .attrs = type->attrs, .attrs_size = type->options_size};
    union {
        uint32_t made;
        unsigned char bytes[256];
        max_align_t align;
    } options;
    tg_tape *t = tg_tape_new();
    tg_error err = TG_ERROR_INIT;
    ck_assert_uint_le(type->options_size, sizeof options);
    ck_assert_msg(tg_attrs_parse(t, &fields, settings, &options) == TG_OK, "%s",
                  tg_tape_message(t));
    tg_tape_free(t);
    memcpy(&options, type->defaults, sizeof options.made);
    double lr = 0;
    for (const tg_attr_def *d = type->attrs; d->name; d++)
        if (strcmp(d->name, "lr") == 0) memcpy(&lr, options.bytes + d->offset, sizeof lr);
    tg_optimizer *o = tg_optimizer_new(type, &options, lr, &err);
    ck_assert_msg(o != NULL, "%s", err.text);
    return o;
}

/* Pair k of type and settings, from 0 on; NULL after the last. */
static inline const tg_optimizer_type *sample_type(int k, const char **settings)
{
    const tg_optimizer_type *type;
    for (int i = 0; (type = tg_optimizer_type_at(i)); i++) {
        *settings = "";
        if (k-- == 0) return type;
        for (int s = 0; type->samples && type->samples[s]; s++) {
            *settings = type->samples[s];
            if (k-- == 0) return type;
        }
    }
    return NULL;
}

static inline int sample_count(void)
{
    const char *settings;
    int n = 0;
    while (sample_type(n, &settings)) n++;
    return n;
}

static inline tg_optimizer *sample_optimizer(int k)
{
    const char *settings = "";
    const tg_optimizer_type *type = sample_type(k, &settings);
    return optimizer_from(type, settings);
}

#endif
