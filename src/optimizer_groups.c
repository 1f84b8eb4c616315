/* optimizer_groups.c - groups of parameters by a pattern of their names: step size, clipping,
 * decay, and what is frozen. */
#include <math.h>
#include <string.h>

#include "graph/storage.h"
#include "src/dict.h"
#include "src/optimizer.h"
#include "src/sink.h"
#include "tapegrad/alloc.h"

tg_group_options tg_group_defaults(void) { return (tg_group_options){.lr_scale = 1}; }

/* ---- adding one ----------------------------------------------------------------------------- */

static tg_status check_options(const char *pattern, const tg_group_options *o, tg_error *err)
{
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

/* The new group stands last, so an older one of the same pattern can no longer count. */
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
    groups[n++] = (tgi_group){.pattern = copy, .options = options, .scale = 1};
    o->n_groups = n;
    return TG_OK;
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

tg_status tgi_groups_check(const tg_optimizer *o, const tg_dict *params, tg_error *err)
{
    for (int k = 0; k < o->n_groups; k++) {
        bool used = false;
        for (int i = 0; i < params->n && !used; i++)
            used = tgi_key_matches(o->groups[k].pattern, params->keys[i]);
        if (!used)
            return tg_fail(err, TG_EKEY, "update: group '%s' matches no parameter",
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

bool tgi_group_changes_gradient(const tgi_group *g)
{
    if (!g) return false;
    const tg_group_options *o = &g->options;
    return o->clip_norm > 0 || o->clip_value > 0 || (o->weight_decay > 0 && !o->decoupled);
}

static double sum_of_squares(const tg_tensor *x)
{
    const bool packed = tg_tensor_is_contiguous(x);
    double sum = 0;
    for (int64_t i = 0; i < x->size; i++) {
        const int64_t at = packed ? i : tgi_offset(x, i);
        const double g = x->dtype == TG_F32 ? (double)((const float *)x->data)[at]
                                            : ((const double *)x->data)[at];
        sum += g * g;
    }
    return sum;
}

void tgi_groups_measure(tg_optimizer *o, const tg_dict *params, const tg_dict *grads)
{
    for (int k = 0; k < o->n_groups; k++) {
        tgi_group *group = &o->groups[k];
        group->scale = 1;
        if (!(group->options.clip_norm > 0) || group->options.frozen) continue;
        double sum = 0;
        for (int i = 0; i < params->n; i++)
            if (tgi_group_of(o, params->keys[i]) == group)
                sum += sum_of_squares(
                    tg_dict_at(grads, tgi_dict_find_near(grads, params->keys[i], i)));
        const double scale = group->options.clip_norm / (sqrt(sum) + 1e-6);
        if (!(scale >= 1)) group->scale = scale; /* also NaN, as torch has it */
    }
}

#define PREPARE(name, REAL)                                                                        \
    static void name(const tgi_group *group, int64_t n, double lr, REAL *g, REAL *w)               \
    {                                                                                              \
        const tg_group_options *o = &group->options;                                               \
        const REAL scale = (REAL)group->scale, most = (REAL)o->clip_value;                         \
        const REAL decay = (REAL)o->weight_decay, rest = (REAL)(1 - lr * o->weight_decay);         \
        if (o->clip_norm > 0)                                                                      \
            for (int64_t i = 0; i < n; i++) g[i] *= scale;                                         \
        if (o->clip_value > 0)                                                                     \
            for (int64_t i = 0; i < n; i++)                                                        \
                g[i] = g[i] > most ? most : g[i] < -most ? -most : g[i];                           \
        if (o->weight_decay > 0 && !o->decoupled)                                                  \
            for (int64_t i = 0; i < n; i++) g[i] += decay * w[i];                                  \
        if (o->weight_decay > 0 && o->decoupled)                                                   \
            for (int64_t i = 0; i < n; i++) w[i] *= rest;                                          \
    }
PREPARE(prepare_f32, float)
PREPARE(prepare_f64, double)

void tgi_group_prepare(const tgi_group *group, tg_dtype dtype, int64_t n, double lr, void *g,
                       void *w)
{
    if (dtype == TG_F32)
        prepare_f32(group, n, lr, g, w);
    else
        prepare_f64(group, n, lr, g, w);
}
