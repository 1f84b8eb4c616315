/* optimizer.c - what all optimizers share: options, step size, state dicts. */
#include "src/optim/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "src/file/sink.h"
#include "tapegrad/alloc.h"

/* ---- making one ----------------------------------------------------------------------------- */

static int count_states(const tg_optimizer_type *type)
{
    int n = 0;
    while (n <= TG_OPTIMIZER_STATES && type->states[n]) n++;
    return n;
}

tg_status tgi_optimizer_check_lr(const char *who, double lr, tg_error *err)
{
    char text[TGI_NUMBER_MAX];
    if (isfinite(lr) && lr >= 0) return TG_OK;
    (void)tgi_number_text(text, lr);
    return tg_fail(err, TG_EARG, "%s: lr is %s, must be finite and at least 0", who, text);
}

tg_optimizer *tg_optimizer_new(const tg_optimizer_type *type, const void *options, double lr,
                               tg_error *err)
{
    if (!type || !type->name) {
        tg_fail(err, TG_EARG, "optimizer: its type %s", type ? "has no name" : "is NULL");
        return NULL;
    }
    if (!options && type->options_size > 0) {
        tg_fail(err, TG_EARG, "%s: options is NULL", type->name);
        return NULL;
    }
    const int n_states = count_states(type);
    if (n_states > TG_OPTIMIZER_STATES) {
        tg_fail(err, TG_EARG, "%s: more than %d states", type->name, TG_OPTIMIZER_STATES);
        return NULL;
    }
    for (int i = 0; i < n_states; i++)
        if (strchr(type->states[i], '/') || strcmp(type->states[i], "group") == 0) {
            tg_fail(err, TG_EARG, "%s: a state cannot be named '%s'", type->name, type->states[i]);
            return NULL;
        }
    if (tgi_optimizer_check_lr(type->name, lr, err) != TG_OK) return NULL;

    tg_optimizer *o = type->options_size <= SIZE_MAX - sizeof *o
                          ? tg_malloc(sizeof *o + type->options_size)
                          : NULL;
    if (!o) {
        tg_fail(err, TG_ENOMEM, "%s: out of memory", type->name);
        return NULL;
    }
    *o = (tg_optimizer){.type = type, .lr = lr, .n_states = n_states};
    if (options) memcpy(o->options, options, type->options_size);
    return o;
}

void tg_optimizer_free(tg_optimizer *o)
{
    if (!o) return;
    for (int s = 0; s < o->n_states; s++) tg_dict_free(o->states[s]);
    tgi_groups_free(o);
    tg_free(o->entries);
    tg_free(o->jobs);
    tg_free(o->scratch);
    tg_free(o);
}

tg_optimizer *tgi_optimizer_make(const tgi_rule *rule, const void *options, double lr,
                                 const tgi_option *checks, int n, tg_error *err)
{
    uint32_t made;
    memcpy(&made, options, sizeof made);
    if (tgi_options_check(rule->type.name, made, rule->made, err)) return NULL;
    for (int i = 0; i < n; i++) {
        const double value = checks[i].value;
        const bool fraction = checks[i].range == TGI_FRACTION;
        if (value >= 0 && (fraction ? value < 1 : isfinite(value))) continue;
        char text[TGI_NUMBER_MAX];
        (void)tgi_number_text(text, value);
        tg_fail(err, TG_EARG, "%s: %s is %s, must be in %s", rule->type.name, checks[i].name, text,
                fraction ? "[0, 1)" : "[0, inf)");
        return NULL;
    }
    tg_optimizer *o = tg_optimizer_new(&rule->type, options, lr, err);
    if (!o) return NULL;
    o->rule = rule;
    for (int d = 0; d < 2; d++) o->kernels[d] = &tgi_kernels_get()->updates[d][rule->kernel];
    return o;
}

const char *tg_optimizer_name(const tg_optimizer *o) { return o ? o->type->name : ""; }

double tg_optimizer_lr(const tg_optimizer *o) { return o ? o->lr : NAN; }

void tg_optimizer_set_lr(tg_optimizer *o, double lr)
{
    if (o) o->lr = lr;
}

int64_t tg_optimizer_steps(const tg_optimizer *o) { return o ? o->steps : 0; }

tg_dict *tg_optimizer_state(const tg_optimizer *o, const char *name)
{
    for (int s = 0; o && name && s < o->n_states; s++)
        if (strcmp(o->type->states[s], name) == 0) return o->states[s];
    return NULL;
}

char *tg_optimizer_describe(const tg_optimizer *o, char *text, size_t size)
{
    const tg_op fields = {.attrs = o ? o->type->attrs : NULL};
    if (!text || size == 0) return text;
    const int n = snprintf(text, size, "%s ", tg_optimizer_name(o));
    if (n > 0 && (size_t)n < size)
        (void)tg_attrs_describe(&fields, o ? o->options : NULL, text + n, size - (size_t)n);
    if (n > 0 && (size_t)n < size && text[n] == '\0') text[n - 1] = '\0'; /* nothing to tell */
    return text;
}
