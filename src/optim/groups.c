/* groups.c - groups of parameters, whose keys match a pattern: step size, clipping, weight decay,
 * freezing. */
#include <math.h>
#include <string.h>

#include "graph/storage.h"
#include "src/dict.h"
#include "src/file/number.h"
#include "src/optim/optimizer.h"
#include "tapegrad/alloc.h"

tg_group_options tg_group_defaults(void)
{
    return (tg_group_options){.made = TGI_MADE_GROUP, .lr_scale = 1};
}

/* ---- adding one ----------------------------------------------------------------------------- */

static tg_status check_options(const char *pattern, const tg_group_options *o, tg_error *err)
{
    const tg_status status = tgi_options_check("add_group", o->made, TGI_MADE_GROUP, err);
    if (status) return status;
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"lr_scale", o->lr_scale},
                   {"clip_norm", o->clip_norm},
                   {"clip_value", o->clip_value},
                   {"weight_decay", o->weight_decay}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].value >= 0 && isfinite(numbers[i].value)) continue;
        char text[TGI_NUMBER_MAX];
        (void)tgi_number_text(text, numbers[i].value);
        return tg_fail(err, TG_EARG, "group '%s': %s is %s, must be in [0, inf)", pattern,
                       numbers[i].name, text);
    }
    return TG_OK;
}

/* The new group comes last. An older group with the same pattern is removed. */
tg_status tg_optimizer_add_group(tg_optimizer *o, const char *pattern, tg_group_options options,
                                 tg_error *err)
{
    if (!o || !pattern)
        return tg_fail(err, TG_EARG, "add_group: %s is NULL", o ? "pattern" : "optimizer");
    const tg_status status = check_options(pattern, &options, err);
    if (status) return status;
    char *copy = tg_strdup(pattern);
    tgi_group *groups =
        copy ? tg_realloc_array(o->groups, (size_t)o->n_groups + 1, sizeof *groups) : NULL;
    if (!groups) {
        tg_free(copy);
        return tg_fail(err, TG_ENOMEM, "group '%s': out of memory", pattern);
    }
    o->groups = groups;
    int n = 0;
    for (int i = 0; i < o->n_groups; i++)
        if (strcmp(groups[i].pattern, copy) == 0)
            tg_free(groups[i].pattern);
        else
            groups[n++] = groups[i];
    groups[n++] = (tgi_group){.pattern = copy, .options = options};
    o->n_groups = n;
    o->generation++;
    return TG_OK;
}

bool tgi_groups_equal(const tg_optimizer *a, const tg_optimizer *b)
{
    if (a->n_groups != b->n_groups) return false;
    for (int i = 0; i < a->n_groups; i++) {
        const tg_group_options *x = &a->groups[i].options, *y = &b->groups[i].options;
        if (strcmp(a->groups[i].pattern, b->groups[i].pattern) != 0 || x->lr_scale != y->lr_scale ||
            x->clip_norm != y->clip_norm || x->clip_value != y->clip_value ||
            x->weight_decay != y->weight_decay || x->decoupled != y->decoupled ||
            x->frozen != y->frozen)
            return false;
    }
    return true;
}

void tgi_groups_free(tg_optimizer *o)
{
    for (int i = 0; i < o->n_groups; i++) tg_free(o->groups[i].pattern);
    tg_free(o->groups);
}

/* ---- which parameters they hold ------------------------------------------------------------- */

tgi_group *tgi_group_of(const tg_optimizer *o, const char *key)
{
    for (int i = o->n_groups - 1; i >= 0; i--)
        if (tgi_key_matches(o->groups[i].pattern, key)) return &o->groups[i];
    return NULL;
}

tg_status tgi_groups_check(const char *who, const tg_optimizer *o, const tg_dict *params,
                           tg_error *err)
{
    for (int k = 0; k < o->n_groups; k++) {
        bool used = false;
        for (int i = 0; i < params->n && !used; i++)
            used = tgi_key_matches(o->groups[k].pattern, params->keys[i]);
        if (!used)
            return tg_fail(err, TG_EKEY, "%s: group '%s' matches no parameter", who,
                           o->groups[k].pattern);
    }
    return TG_OK;
}

tg_dict *tg_optimizer_trainable(const tg_optimizer *o, const tg_dict *params, tg_error *err)
{
    if (!o || !params) {
        tg_fail(err, TG_EARG, "trainable: %s is NULL", o ? "params" : "optimizer");
        return NULL;
    }
    tg_dict *part = tg_dict_new();
    tg_status status = part ? TG_OK : tg_fail(err, TG_ENOMEM, "trainable: out of memory");
    for (int i = 0; i < params->n && !status; i++) {
        const tgi_group *group = tgi_group_of(o, params->keys[i]);
        if (!group || !group->options.frozen)
            status = tg_dict_set(part, params->keys[i], params->tensors[i], err);
    }
    if (!status) return part;
    tg_dict_free(part);
    return NULL;
}

bool tgi_is_trainable(const tg_optimizer *o, const tg_dict *params, const tg_dict *part)
{
    int n = 0;
    for (int i = 0; i < params->n; i++) {
        const tgi_group *group = tgi_group_of(o, params->keys[i]);
        if (group && group->options.frozen) continue;
        if (n >= tg_dict_size(part) || part->tensors[n] != params->tensors[i] ||
            strcmp(part->keys[n], params->keys[i]) != 0)
            return false;
        n++;
    }
    return n == tg_dict_size(part);
}

/* ---- what they do --------------------------------------------------------------------------- */

tgi_update_prologue tgi_group_prologue(const tgi_group *g, double lr)
{
    if (!g || g->options.frozen) return (tgi_update_prologue){0};
    const tg_group_options *o = &g->options;
    return (tgi_update_prologue){.scales = o->clip_norm > 0,
                                 .clips = o->clip_value > 0,
                                 .decays = o->weight_decay > 0 && !o->decoupled,
                                 .shrinks = o->weight_decay > 0 && o->decoupled,
                                 .scale = 1,
                                 .most = o->clip_value,
                                 .decay = o->weight_decay,
                                 .rest = 1 - lr * o->weight_decay};
}

#define PROLOGUE(name, REAL)                                                                       \
    static void name(const tgi_update_prologue *t, int64_t n, REAL *g, REAL *w)                    \
    {                                                                                              \
        const REAL scale = (REAL)t->scale, most = (REAL)t->most;                                   \
        const REAL decay = (REAL)t->decay, rest = (REAL)t->rest;                                   \
        for (int64_t i = 0; i < n; i++) {                                                          \
            if (t->scales) g[i] *= scale;                                                          \
            if (t->clips) g[i] = g[i] > most ? most : g[i] < -most ? -most : g[i];                 \
            if (t->decays) g[i] += decay * w[i];                                                   \
            if (t->shrinks) w[i] *= rest;                                                          \
        }                                                                                          \
    }
PROLOGUE(prologue_f32, float)
PROLOGUE(prologue_f64, double)

void tgi_apply_prologue(const tgi_update_prologue *first, tg_dtype dtype, int64_t n, void *g,
                        void *w)
{
    if (dtype == TG_F32)
        prologue_f32(first, n, g, w);
    else
        prologue_f64(first, n, g, w);
}
