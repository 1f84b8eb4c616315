/* optimizer.c - what all optimizers share: making one, its lr, its states and its description. */
#include "src/optim/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/kernels/kernels.h"
#include "src/file/number.h"
#include "tapegrad/alloc.h"

/* ---- making one ----------------------------------------------------------------------------- */

static int count_states(const tg_optimizer_type *type)
{
    int n = 0;
    while (n <= TG_OPTIMIZER_STATES && type->states[n]) n++;
    return n;
}

static tg_status check_range(const char *who, const char *name, double value, double least,
                             double below, tg_error *err)
{
    char text[TGI_NUMBER_MAX], from[TGI_NUMBER_MAX], to[TGI_NUMBER_MAX];
    if (value >= least && value < below) return TG_OK;
    (void)tgi_number_text(text, value);
    (void)tgi_number_text(from, least);
    (void)tgi_number_text(to, below);
    return tg_fail(err, TG_EARG, "%s: %s is %s, must be in [%s, %s)", who, name, text, from, to);
}

tg_status tgi_optimizer_check_lr(const char *who, double lr, tg_error *err)
{
    return check_range(who, "lr", lr, 0, INFINITY, err);
}

static tg_status check_states(const tg_optimizer_type *type, tg_error *err)
{
    const int n = count_states(type);
    if (n > TG_OPTIMIZER_STATES)
        return tg_fail(err, TG_EARG, "%s: more than %d states", type->name, TG_OPTIMIZER_STATES);
    for (int i = 0; i < n; i++)
        if (strchr(type->states[i], '/') || strcmp(type->states[i], "group") == 0)
            return tg_fail(err, TG_EARG, "%s: a state must not be named '%s'", type->name,
                           type->states[i]);
    for (int i = 1; i < n; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(type->states[i], type->states[j]) == 0)
                return tg_fail(err, TG_EARG, "%s: two states are named '%s'", type->name,
                               type->states[i]);
    return TG_OK;
}

/* The library's rule of this type, or NULL. */
static const tgi_rule *rule_of(const tg_optimizer_type *type)
{
    for (int i = 0; i < TGI_UPDATES; i++)
        if (type == &tgi_rules[i].type) return &tgi_rules[i];
    return NULL;
}

/* Checks the tag of the library's options, and the range of each number. */
static tg_status check_options(const tg_optimizer_type *type, const void *options, tg_error *err)
{
    tg_status status = TG_OK;
    if (rule_of(type)) {
        uint32_t made, kind;
        memcpy(&made, options, sizeof made);
        memcpy(&kind, type->defaults, sizeof kind);
        status = tgi_options_check(type->name, made, (tgi_made)kind, err);
    }
    for (int i = 0; type->attrs && type->ranges && type->attrs[i].name && !status; i++) {
        double value;
        if (type->attrs[i].kind != TG_ATTR_FLOAT) continue;
        memcpy(&value, (const char *)options + type->attrs[i].offset, sizeof value);
        status = check_range(type->name, type->attrs[i].name, value, type->ranges[i].least,
                             type->ranges[i].below, err);
    }
    return status;
}

tg_optimizer *tg_optimizer_new(const tg_optimizer_type *type, const void *options, double lr,
                               tg_error *err)
{
    if (!type || !type->name) {
        tg_fail(err, TG_EARG, "optimizer: the type %s", type ? "has no name" : "is NULL");
        return NULL;
    }
    if (!options && type->options_size > 0) {
        tg_fail(err, TG_EARG, "%s: options is NULL", type->name);
        return NULL;
    }
    if (check_states(type, err) || check_options(type, options, err) ||
        tgi_optimizer_check_lr(type->name, lr, err))
        return NULL;
    tg_optimizer *o = type->options_size <= SIZE_MAX - sizeof *o
                          ? tg_malloc(sizeof *o + type->options_size)
                          : NULL;
    if (!o) {
        tg_fail(err, TG_ENOMEM, "%s: out of memory", type->name);
        return NULL;
    }
    *o = (tg_optimizer){
        .type = type, .rule = rule_of(type), .lr = lr, .n_states = count_states(type)};
    for (int d = 0; o->rule && d < 2; d++)
        o->kernels[d] = &tgi_kernels_get()->updates[d][o->rule - tgi_rules];
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
    if (n > 0 && (size_t)n < size && text[n] == '\0') text[n - 1] = '\0'; /* no options */
    return text;
}
