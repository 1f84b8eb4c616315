/* state.c - saves what an optimizer has accumulated to a dict, and restores it. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "src/dict.h"
#include "src/file/number.h"
#include "src/optim/optimizer.h"
#include "tapegrad/alloc.h"

#define MOST_STEPS 9007199254740992.0 /* 2^53: a double holds every integer up to here */

/* prefix, what and, if asked for, '/' as one string. The caller frees it. NULL when out of
 * memory. */
static char *joined(const char *prefix, const char *what, bool slash)
{
    const size_t a = strlen(prefix), b = strlen(what);
    char *text = tg_malloc(a + b + 2);
    if (!text) return NULL;
    memcpy(text, prefix, a);
    memcpy(text + a, what, b);
    text[a + b] = slash ? '/' : '\0';
    text[a + b + 1] = '\0';
    return text;
}

/* ---- to a dict ------------------------------------------------------------------------------ */

static tg_status put_number(const char *prefix, const char *what, double value, tg_dict *d,
                            tg_error *err)
{
    char *key = joined(prefix, what, false);
    if (!key) return tg_fail(err, TG_ENOMEM, "state_dict: out of memory");
    const tg_status status =
        tg_dict_take(d, key, tg_tensor_from(TG_F64, 0, NULL, &value, err), err);
    tg_free(key);
    return status;
}

enum { GROUP_FIELDS = 6 };

static tg_status put_groups(const tg_optimizer *o, const char *prefix, tg_dict *d, tg_error *err)
{
    const int64_t n = GROUP_FIELDS;
    char *begin = joined(prefix, "group", true);
    tg_dict *groups = begin ? tg_dict_new() : NULL;
    tg_status status =
        groups ? TG_OK : tg_fail(err, TG_ENOMEM, "state_dict: out of memory for the groups");
    for (int i = 0; i < o->n_groups && !status; i++) {
        const tg_group_options *g = &o->groups[i].options;
        const double fields[GROUP_FIELDS] = {g->lr_scale,     g->clip_norm, g->clip_value,
                                             g->weight_decay, g->decoupled, g->frozen};
        status = tg_dict_take(groups, o->groups[i].pattern,
                              tg_tensor_from(TG_F64, 1, &n, fields, err), err);
    }
    if (!status) status = tgi_dict_put_under(d, begin, groups, err);
    tg_dict_free(groups);
    tg_free(begin);
    return status;
}

tg_status tgi_optimizer_put_state(const tg_optimizer *o, const char *prefix, tg_dict *d,
                                  tg_error *err)
{
    tg_status status = put_number(prefix, "steps", (double)o->steps, d, err);
    if (!status) status = put_number(prefix, "lr", o->lr, d, err);
    if (!status) status = put_groups(o, prefix, d, err);
    for (int s = 0; s < o->n_states && !status; s++) {
        char *begin = joined(prefix, o->type->states[s], true);
        status = begin ? tgi_dict_put_under(d, begin, o->states[s], err)
                       : tg_fail(err, TG_ENOMEM, "state_dict: out of memory");
        tg_free(begin);
    }
    return status;
}

tg_dict *tg_optimizer_state_dict(const tg_optimizer *o, tg_error *err)
{
    if (!o) {
        tg_fail(err, TG_EARG, "state_dict: optimizer is NULL");
        return NULL;
    }
    tg_dict *live = tg_dict_new(), *copy = NULL;
    if (!live) tg_fail(err, TG_ENOMEM, "state_dict: out of memory");
    if (live && tgi_optimizer_put_state(o, "", live, err) == TG_OK) copy = tg_dict_clone(live, err);
    tg_dict_free(live);
    return copy;
}

/* ---- from a dict ---------------------------------------------------------------------------- */

static tg_status read_number(const tg_dict *state, const char *key, double least, double most,
                             double *value, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE], number[TGI_NUMBER_MAX];
    const tg_tensor *x = tg_dict_get(state, key);
    if (!x) return tg_fail(err, TG_EKEY, "load_state_dict: state has no '%s'", key);
    if (x->dtype != TG_F64 || x->ndim != 0)
        return tg_fail(err, x->dtype != TG_F64 ? TG_EDTYPE : TG_ESHAPE,
                       "load_state_dict: '%s' is %s, must be f64[]", key,
                       tg_tensor_describe(x, text, sizeof text));
    *value = tg_item(x);
    if (*value >= least && *value <= most) return TG_OK;
    (void)tgi_number_text(number, *value);
    return tg_fail(err, TG_EARG, "load_state_dict: '%s' is %s", key, number);
}

/* A copy of state number s of o. */
static tg_dict *read_state(const tg_optimizer *o, int s, const tg_dict *state, tg_error *err)
{
    char *prefix = joined("", o->type->states[s], true);
    tg_dict *part = NULL, *copy = NULL;
    if (!prefix)
        tg_fail(err, TG_ENOMEM, "load_state_dict: out of memory");
    else
        part = tgi_dict_under(state, prefix, err);
    if (part) copy = tg_dict_clone(part, err);
    tg_dict_free(part);
    tg_free(prefix);
    return copy;
}

static bool is_group(const char *key) { return strncmp(key, "group/", 6) == 0; }

/* Adds the groups in state to those of o. */
static tg_status read_groups(tg_optimizer *o, const tg_dict *state, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    tg_status status = TG_OK;
    for (int i = 0; i < state->n && !status; i++) {
        const tg_tensor *x = state->tensors[i];
        if (!is_group(state->keys[i])) continue;
        if (x->dtype != TG_F64 || x->ndim != 1 || x->size != GROUP_FIELDS)
            return tg_fail(err, x->dtype != TG_F64 ? TG_EDTYPE : TG_ESHAPE,
                           "load_state_dict: '%s' is %s, must be f64[%d]", state->keys[i],
                           tg_tensor_describe(x, text, sizeof text), GROUP_FIELDS);
        double f[GROUP_FIELDS];
        for (int k = 0; k < GROUP_FIELDS; k++) f[k] = tg_tensor_get(x, k);
        tg_group_options g = tg_group_defaults();
        g.lr_scale = f[0], g.clip_norm = f[1], g.clip_value = f[2], g.weight_decay = f[3];
        g.decoupled = f[4] != 0, g.frozen = f[5] != 0;
        status = tg_optimizer_add_group(o, state->keys[i] + 6, g, err);
    }
    return status;
}

/* Whether the state dict of o can have this key. */
static bool is_known(const tg_optimizer *o, const char *key)
{
    if (strcmp(key, "steps") == 0 || strcmp(key, "lr") == 0 || is_group(key)) return true;
    for (int s = 0; s < o->n_states; s++) {
        const size_t n = strlen(o->type->states[s]);
        if (strncmp(key, o->type->states[s], n) == 0 && key[n] == '/') return true;
    }
    return false;
}

/* Checks that all states match the first one, and that one params unless it is NULL. */
static tg_status check_states(const tg_optimizer *o, tg_dict *const *states, double steps,
                              const tg_dict *params, tg_error *err)
{
    tg_status status = TG_OK;
    if (o->n_states > 0 && steps > 0 && tg_dict_size(states[0]) == 0)
        status = tg_fail(
            err, TG_EKEY,
            "load_state_dict: state has no '%s/...'; was it saved by another optimizer than %s?",
            o->type->states[0], o->type->name);
    for (int s = 1; s < o->n_states && !status; s++)
        status = tg_dict_match(states[0], o->type->states[0], states[s], o->type->states[s], err);
    if (!status && steps > 0 && params && o->n_states > 0)
        status = tg_dict_match(params, "params", states[0], o->type->states[0], err);
    for (int i = 0; o->n_states > 0 && i < states[0]->n && !status; i++)
        if (!tg_dtype_is_float(states[0]->tensors[i]->dtype))
            status = tg_fail(err, TG_EDTYPE, "load_state_dict: '%s/%s' is %s, must be f32 or f64",
                             o->type->states[0], states[0]->keys[i],
                             tg_dtype_name(states[0]->tensors[i]->dtype));
    return status;
}

/* Copies the states into those of o if they match, so that a plan that writes those remains valid;
 * otherwise replaces them. */
static void take_states(tg_optimizer *o, tg_dict **states)
{
    bool same = true;
    for (int s = 0; s < o->n_states && same; s++)
        same = o->states[s] && tg_dict_match(o->states[s], NULL, states[s], NULL, NULL) == TG_OK;
    for (int s = 0; s < o->n_states; s++) {
        if (same) {
            (void)tg_dict_copy(o->states[s], states[s], NULL); /* they match */
            continue;
        }
        tg_dict_free(o->states[s]);
        /* without entries it is as before the first update, which makes the states */
        o->states[s] = tg_dict_size(states[s]) > 0 ? states[s] : NULL;
        if (o->states[s]) states[s] = NULL;
    }
    o->generation += !same;
}

static void take_groups(tg_optimizer *o, tg_optimizer *from)
{
    if (tgi_groups_equal(o, from)) return;
    tgi_groups_free(o);
    o->groups = from->groups;
    o->n_groups = from->n_groups;
    from->groups = NULL;
    from->n_groups = 0;
    o->generation++;
}

tg_status tgi_optimizer_load(tg_optimizer *o, const tg_dict *state, const tg_dict *params,
                             tg_error *err)
{
    double steps = 0, lr = 0;
    tg_optimizer fresh = {.type = NULL}; /* only for its groups */
    tg_dict *states[TG_OPTIMIZER_STATES] = {NULL};
    tg_status status = read_number(state, "steps", 0, MOST_STEPS, &steps, err);
    if (!status && steps != floor(steps))
        status = tg_fail(err, TG_EARG, "load_state_dict: 'steps' is not an integer");
    if (!status) status = read_number(state, "lr", -DBL_MAX, DBL_MAX, &lr, err);
    for (int i = 0; i < state->n && !status; i++)
        if (!is_known(o, state->keys[i]))
            status = tg_fail(err, TG_EKEY, "load_state_dict: %s has no '%s'", o->type->name,
                             state->keys[i]);
    for (int s = 0; s < o->n_states && !status; s++)
        if (!(states[s] = read_state(o, s, state, err))) status = TG_ENOMEM;
    if (!status) status = check_states(o, states, steps, params, err);
    if (!status) status = read_groups(&fresh, state, err);
    if (!status && params) status = tgi_groups_check("load_state_dict", &fresh, params, err);
    if (!status) {
        take_groups(o, &fresh);
        take_states(o, states);
        o->steps = (int64_t)steps;
        o->lr = lr;
    }
    for (int s = 0; s < o->n_states; s++) tg_dict_free(states[s]);
    tgi_groups_free(&fresh);
    return status;
}

tg_status tg_optimizer_load_state_dict(tg_optimizer *o, const tg_dict *state, tg_error *err)
{
    if (!o || !state)
        return tg_fail(err, TG_EARG, "load_state_dict: %s is NULL", o ? "state" : "optimizer");
    return tgi_optimizer_load(o, state, NULL, err);
}
