/* optimizer.c - what all optimizers share: options, state dicts, and the loop over the keys. */
#include "src/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph/storage.h"
#include "src/dict.h"
#include "src/sink.h"
#include "tapegrad/alloc.h"

/* What one key stands for: the parameter, its gradient and its states. */
enum { PARAMETER, GRADIENT, FIRST_STATE, MOST_PARTS = FIRST_STATE + TG_OPTIMIZER_STATES };

/* ---- making one ----------------------------------------------------------------------------- */

static int count_states(const tg_optimizer_type *type)
{
    int n = 0;
    while (n <= TG_OPTIMIZER_STATES && type->states[n]) n++;
    return n;
}

static tg_status check_lr(const char *who, double lr, tg_error *err)
{
    char text[TGI_NUMBER_MAX];
    if (isfinite(lr)) return TG_OK;
    (void)tgi_number_text(text, lr);
    return tg_fail(err, TG_EARG, "%s: lr is %s, must be finite", who, text);
}

tg_optimizer *tg_optimizer_new(const tg_optimizer_type *type, const void *options, double lr,
                               tg_error *err)
{
    if (!type || !type->name) {
        tg_fail(err, TG_EARG, "optimizer: its type is NULL or has no name");
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
    if (check_lr(type->name, lr, err) != TG_OK) return NULL;

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
    tg_free(o->scratch);
    tg_free(o);
}

tg_optimizer *tgi_optimizer_make(const tg_optimizer_type *type, const void *options, double lr,
                                 const tgi_option *checks, int n, tg_error *err)
{
    for (int i = 0; i < n; i++) {
        const double value = checks[i].value;
        const bool fraction = checks[i].range == TGI_FRACTION;
        if (value >= 0 && (fraction ? value < 1 : isfinite(value))) continue;
        char text[TGI_NUMBER_MAX];
        (void)tgi_number_text(text, value);
        tg_fail(err, TG_EARG, "%s: %s is %s, must be in %s", type->name, checks[i].name, text,
                fraction ? "[0, 1)" : "[0, inf)");
        return NULL;
    }
    return tg_optimizer_new(type, options, lr, err);
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
    const int n = snprintf(text, size, "%s ", tg_optimizer_name(o));
    if (n > 0 && (size_t)n < size)
        (void)tg_attrs_describe(&fields, o ? o->options : NULL, text + n, size - (size_t)n);
    if (n > 0 && (size_t)n < size && text[n] == '\0') text[n - 1] = '\0'; /* nothing to tell */
    return text;
}

/* ---- checks before any change --------------------------------------------------------------- */

/* Whether two indices of a strided tensor may lead to one element: not, if every step is longer
 * than all shorter ones together reach, which holds for all slices and permutations. */
static bool may_overlap(const tg_tensor *x)
{
    bool seen[TG_MAX_NDIM] = {false};
    int64_t reach = 0;
    for (int n = 0; n < x->ndim; n++) {
        int shortest = -1;
        for (int a = 0; a < x->ndim; a++)
            if (!seen[a] && x->shape[a] > 1 &&
                (shortest < 0 || llabs(x->strides[a]) < llabs(x->strides[shortest])))
                shortest = a;
        if (shortest < 0) return false;
        const int64_t stride = llabs(x->strides[shortest]);
        if (stride <= reach) return true;
        reach += (x->shape[shortest] - 1) * stride;
        seen[shortest] = true;
    }
    return false;
}

static tg_status check_parameter(const tg_optimizer *o, const char *key, const tg_tensor *w,
                                 tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tg_dtype_is_float(w->dtype))
        return tg_fail(err, TG_EDTYPE, "update: parameter '%s' is %s, must be f32 or f64", key,
                       tg_tensor_describe(w, text, sizeof text));
    if (w->dtype == TG_F32 ? !o->type->update_f32 : !o->type->update_f64)
        return tg_fail(err, TG_EDTYPE, "update: %s does not serve %s, the dtype of '%s'",
                       o->type->name, tg_dtype_name(w->dtype), key);
    if (w->size > 0 && may_overlap(w))
        return tg_fail(err, TG_EARG, "update: parameter '%s' is a view whose elements overlap",
                       key);
    return TG_OK;
}

/* The partner of params entry i in other, which must be like it. */
static tg_status find_partner(const tg_dict *params, int i, const tg_dict *other,
                              const char *partner, tg_tensor **x, tg_error *err)
{
    char ws[TG_DESCRIBE_SIZE], xs[TG_DESCRIBE_SIZE];
    const char *key = params->keys[i];
    const tg_tensor *w = params->tensors[i];
    *x = tg_dict_at(other, tgi_dict_find_near(other, key, i));
    if (!*x) return tg_fail(err, TG_EKEY, "update: parameter '%s' has no %s", key, partner);
    if ((*x)->dtype == w->dtype && tg_tensor_same_shape(*x, w)) return TG_OK;
    return tg_fail(err, (*x)->dtype == w->dtype ? TG_ESHAPE : TG_EDTYPE,
                   "update: parameter '%s' is %s, but its %s is %s", key,
                   tg_tensor_describe(w, ws, sizeof ws), partner,
                   tg_tensor_describe(*x, xs, sizeof xs));
}

/* All parts of params entry i, which is not frozen if it has a gradient.  States that were not made
 * yet are left NULL, as is the gradient of what is frozen. */
static tg_status find_parts(const tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                            int i, tg_tensor *x[MOST_PARTS], tg_error *err)
{
    const tgi_group *group = tgi_group_of(o, params->keys[i]);
    tg_status status = TG_OK;
    x[PARAMETER] = params->tensors[i];
    x[GRADIENT] = NULL;
    if (!group || !group->options.frozen)
        status = find_partner(params, i, grads, "gradient", &x[GRADIENT], err);
    for (int s = 0; s < o->n_states && status == TG_OK; s++) {
        x[FIRST_STATE + s] = NULL;
        if (o->states[s])
            status = find_partner(params, i, o->states[s], "state of the first update",
                                  &x[FIRST_STATE + s], err);
    }
    return status;
}

/* Whether part p is worked on in a contiguous copy: where it is strided, or no one may write it. */
static bool needs_copy(const tg_optimizer *o, const tg_dict *params, int i, const tg_tensor *x,
                       int p)
{
    if (!tg_tensor_is_contiguous(x)) return true;
    return p == GRADIENT && tgi_group_changes_gradient(tgi_group_of(o, params->keys[i]));
}

static size_t packed_bytes(const tg_tensor *x)
{
    const size_t bytes = (size_t)x->size * tg_dtype_size(x->dtype);
    return (bytes + TGI_ALIGN - 1) / TGI_ALIGN * TGI_ALIGN;
}

/* Looks at everything that an update will touch.  *scratch: bytes for the strided tensors of
 * the key that needs most. */
static tg_status check_update(const tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                              size_t *scratch, tg_error *err)
{
    if (!o || !params || !grads)
        return tg_fail(err, TG_EARG, "update: %s is NULL",
                       !o        ? "optimizer"
                       : !params ? "params"
                                 : "grads");
    if (params->tape) return tg_fail(err, TG_EARG, "update: params belongs to a tape");
    tg_status status = check_lr("update", o->lr, err);
    if (status == TG_OK) status = tgi_groups_check(o, params, err);
    for (int i = 0; i < params->n && status == TG_OK; i++) {
        tg_tensor *x[MOST_PARTS];
        status = check_parameter(o, params->keys[i], params->tensors[i], err);
        if (status == TG_OK) status = find_parts(o, params, grads, i, x, err);
        size_t bytes = 0;
        for (int p = 0; p < FIRST_STATE + o->n_states && status == TG_OK; p++)
            if (x[p] && needs_copy(o, params, i, x[p], p)) bytes += packed_bytes(x[p]);
        if (bytes > *scratch) *scratch = bytes;
    }
    for (int i = 0; i < grads->n && status == TG_OK; i++)
        if (tgi_dict_find_near(params, grads->keys[i], i) < 0)
            status = tg_fail(err, TG_EKEY, "update: gradient '%s' has no parameter of that name",
                             grads->keys[i]);
    for (int s = 0; s < o->n_states && status == TG_OK; s++)
        for (int i = 0; i < tg_dict_size(o->states[s]) && status == TG_OK; i++)
            if (tgi_dict_find_near(params, o->states[s]->keys[i], i) < 0)
                status =
                    tg_fail(err, TG_EKEY, "update: parameter '%s' of the first update is missing",
                            o->states[s]->keys[i]);
    return status;
}

/* The states not made yet, and scratch.  On failure nothing has changed that can be seen. */
static tg_status make_room(tg_optimizer *o, const tg_dict *params, size_t scratch, tg_error *err)
{
    if (scratch > o->scratch_bytes) {
        char *larger = tg_malloc(scratch);
        if (!larger) return tg_fail(err, TG_ENOMEM, "update: out of memory");
        tg_free(o->scratch);
        o->scratch = larger;
        o->scratch_bytes = scratch;
    }
    tg_dict *fresh[TG_OPTIMIZER_STATES] = {NULL};
    tg_status status = TG_OK;
    for (int s = 0; s < o->n_states && status == TG_OK; s++)
        if (!o->states[s] && !(fresh[s] = tg_dict_like(params, err))) status = TG_ENOMEM;
    for (int s = 0; s < o->n_states; s++)
        if (status != TG_OK)
            tg_dict_free(fresh[s]);
        else if (fresh[s])
            o->states[s] = fresh[s];
    return status;
}

/* ---- the update ----------------------------------------------------------------------------- */

static void copy_packed(const tg_tensor *x, void *packed, bool back)
{
    int64_t row_major[TG_MAX_NDIM];
    tgi_row_major(x->ndim, x->shape, row_major);
    const size_t width = tg_dtype_size(x->dtype);
    if (back)
        tgi_strided_copy(width, x->ndim, x->shape, x->data, x->strides, packed, row_major);
    else
        tgi_strided_copy(width, x->ndim, x->shape, packed, row_major, x->data, x->strides);
}

/* One step on entry i of params.  Strided tensors are worked on in contiguous copies. */
static void update_one(const tg_optimizer *o, const tg_dict *params, int i,
                       tg_tensor *const x[MOST_PARTS])
{
    void *data[MOST_PARTS];
    char *scratch = o->scratch;
    const int n = FIRST_STATE + o->n_states;
    const tgi_group *group = tgi_group_of(o, params->keys[i]);
    for (int p = 0; p < n; p++) {
        data[p] = x[p]->data;
        if (!needs_copy(o, params, i, x[p], p)) continue;
        data[p] = scratch;
        scratch += packed_bytes(x[p]);
        copy_packed(x[p], data[p], false);
    }
    tg_update u = {.options = o->options,
                   .lr = group ? o->lr * group->options.lr_scale : o->lr,
                   .step = o->steps,
                   .n = x[PARAMETER]->size,
                   .w = data[PARAMETER],
                   .g = data[GRADIENT]};
    for (int s = 0; s < o->n_states; s++) u.state[s] = data[FIRST_STATE + s];
    const tg_dtype dtype = x[PARAMETER]->dtype;
    if (group) tgi_group_prepare(group, dtype, u.n, u.lr, data[GRADIENT], u.w);
    (dtype == TG_F32 ? o->type->update_f32 : o->type->update_f64)(&u);

    for (int p = 0; p < n; p++) {
        if (p == GRADIENT) continue;
        if (data[p] != x[p]->data) copy_packed(x[p], data[p], true);
        tg_tensor_touch(x[p]);
    }
}

tg_status tg_optimizer_update(tg_optimizer *o, tg_dict *params, const tg_dict *grads, tg_error *err)
{
    size_t scratch = 0;
    tg_status status = check_update(o, params, grads, &scratch, err);
    if (status == TG_OK) status = make_room(o, params, scratch, err);
    if (status != TG_OK) return status;

    o->steps++;
    tgi_groups_measure(o, params, grads);
    for (int i = 0; i < params->n; i++) {
        tg_tensor *x[MOST_PARTS];
        (void)find_parts(o, params, grads, i, x, NULL); /* found by the checks already */
        if (x[GRADIENT] && x[PARAMETER]->size > 0) update_one(o, params, i, x);
    }
    return TG_OK;
}
