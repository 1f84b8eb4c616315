/* prepare.c - checks everything before an update changes anything, and makes the states. */
#include <stdlib.h>

#include "graph/storage.h"
#include "graph/tape.h"
#include "src/dict.h"
#include "src/optim/optimizer.h"
#include "tapegrad/alloc.h"

/* ---- checks --------------------------------------------------------------------------------- */

/* Whether x has the dtype and shape of w and is contiguous. */
static bool is_plain(const tg_tensor *x, const tg_tensor *w)
{
    int64_t step = 1;
    if (x->dtype != w->dtype || x->ndim != w->ndim) return false;
    for (int a = x->ndim - 1; a >= 0; a--) {
        if (x->shape[a] != w->shape[a] || (x->shape[a] != 1 && x->strides[a] != step)) return false;
        step *= x->shape[a];
    }
    return true;
}

/* Whether two indices of a strided tensor may name the same element. They cannot if every stride
 * is longer than what all shorter ones together span, which holds for all slices and
 * permutations. */
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
                                 bool plain, tg_error *err)
{
    char text[TG_DESCRIBE_SIZE];
    if (!tg_dtype_is_float(w->dtype))
        return tg_fail(err, TG_EDTYPE, "update: parameter '%s' is %s, must be f32 or f64", key,
                       tg_tensor_describe(w, text, sizeof text));
    if (!o->rule && !(w->dtype == TG_F32 ? o->type->update_f32 : o->type->update_f64))
        return tg_fail(err, TG_EDTYPE, "update: %s does not support %s, the dtype of '%s'",
                       o->type->name, tg_dtype_name(w->dtype), key);
    if (!plain && w->size > 0 && may_overlap(w))
        return tg_fail(err, TG_EARG, "update: parameter '%s' is a view whose elements overlap",
                       key);
    return TG_OK;
}

/* Finds the tensor of other with the key of params entry i. It must have the same shape and
 * dtype. */
static tg_status find_same_key(const tg_dict *params, int i, const tg_dict *other, const char *role,
                               tg_tensor **x, tg_error *err)
{
    char ws[TG_DESCRIBE_SIZE], xs[TG_DESCRIBE_SIZE];
    const char *key = params->keys[i];
    const tg_tensor *w = params->tensors[i];
    *x = tg_dict_at(other, tgi_dict_find_near(other, key, i));
    if (!*x) return tg_fail(err, TG_EKEY, "update: parameter '%s' has no %s", key, role);
    if (is_plain(*x, w) || ((*x)->dtype == w->dtype && tg_tensor_same_shape(*x, w))) return TG_OK;
    return tg_fail(err, (*x)->dtype == w->dtype ? TG_ESHAPE : TG_EDTYPE,
                   "update: parameter '%s' is %s, but its %s is %s", key,
                   tg_tensor_describe(w, ws, sizeof ws), role,
                   tg_tensor_describe(*x, xs, sizeof xs));
}

/* Whether a tensor needs a contiguous copy: if it is strided, and also if it is a gradient that its
 * group changes before an optimizer without a kernel reads it. */
static bool needs_copy(const tg_optimizer *o, const tgi_entry *e, int which)
{
    if (!tgi_is_contiguous(e->x[which])) return true;
    if (which != TGI_GRADIENT || o->rule || !e->group) return false;
    const tgi_update_prologue first = tgi_group_prologue(e->group, 0);
    return first.scales || first.clips || first.decays;
}

size_t tgi_optimizer_copy(const tg_optimizer *o, const tgi_entry *e, int which)
{
    const tg_tensor *x = e->x[which];
    if (!x || !needs_copy(o, e, which)) return 0;
    const size_t bytes = (size_t)x->size * tg_dtype_size(x->dtype);
    return (bytes + TGI_ALIGN - 1) / TGI_ALIGN * TGI_ALIGN;
}

size_t tgi_optimizer_copies(const tg_optimizer *o, const tgi_entry *e)
{
    size_t bytes = 0;
    for (int p = 0; p < TGI_FIRST_STATE + o->n_states; p++) bytes += tgi_optimizer_copy(o, e, p);
    return bytes;
}

/* Finds the tensors of params entry i. The gradient of a frozen parameter is left NULL, and so are
 * states that have not been made yet. */
static tg_status find_tensors(const tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                              int i, tgi_entry *e, tg_error *err)
{
    tg_tensor *w = params->tensors[i];
    bool plain = is_plain(w, w);
    tg_status status = check_parameter(o, params->keys[i], w, plain, err);
    e->group = tgi_group_of(o, params->keys[i]);
    e->x[TGI_PARAMETER] = w;
    e->x[TGI_GRADIENT] = NULL;
    if (status == TG_OK && (!e->group || !e->group->options.frozen)) {
        status = find_same_key(params, i, grads, "gradient", &e->x[TGI_GRADIENT], err);
        plain = plain && status == TG_OK && is_plain(e->x[TGI_GRADIENT], w);
    }
    for (int s = 0; s < o->n_states && status == TG_OK; s++) {
        tg_tensor **x = &e->x[TGI_FIRST_STATE + s];
        *x = NULL;
        if (!o->states[s]) continue;
        status = find_same_key(params, i, o->states[s], "state from the first update", x, err);
        plain = plain && status == TG_OK && is_plain(*x, w);
    }
    e->copies = status == TG_OK && !(plain && o->rule) ? tgi_optimizer_copies(o, e) : 0;
    return status;
}

/* Checks that every key of other is one of params. There is nothing to check if `found`, the keys
 * of params that other has, are as many as it has keys. */
static tg_status check_keys(const tg_dict *params, const tg_dict *other, int found,
                            const char *text, tg_error *err)
{
    for (int i = 0; found < tg_dict_size(other) && i < other->n; i++)
        if (tgi_dict_find_near(params, other->keys[i], i) < 0)
            return tg_fail(err, TG_EKEY, text, other->keys[i]);
    return TG_OK;
}

/* Checks all that an update will use, and fills in o->entries.  *scratch receives the bytes that
 * the copies of one entry need at most. */
static tg_status check_update(tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                              size_t *scratch, tg_error *err)
{
    int n_grads = 0;
    tg_status status = tgi_optimizer_check_lr("update", o->lr, err);
    if (status == TG_OK) status = tgi_groups_check("update", o, params, err);
    for (int i = 0; i < params->n && status == TG_OK; i++) {
        tgi_entry *e = &o->entries[i];
        status = find_tensors(o, params, grads, i, e, err);
        n_grads += e->x[TGI_GRADIENT] != NULL;
        if (e->copies > *scratch) *scratch = e->copies;
    }
    if (status == TG_OK)
        status = check_keys(params, grads, n_grads,
                            "update: gradient '%s' has no parameter of that name", err);
    for (int s = 0; s < o->n_states && status == TG_OK; s++)
        status = check_keys(params, o->states[s], params->n,
                            "update: parameter '%s', which the first update had, is missing", err);
    return status;
}

/* Whether a reset of their tape has dropped these gradients. */
static bool is_dropped(const tg_dict *grads)
{
    const tg_tensor *x = grads->tape && grads->n > 0 ? grads->tensors[0] : NULL;
    return x && x->tape == grads->tape && !tgi_tape_takes(x->tape, x);
}

/* Allocates n entries and jobs. */
static bool make_entries(tg_optimizer *o, int n)
{
    if (n <= o->room) return true;
    tgi_entry *entries = tg_realloc_array(o->entries, (size_t)n, sizeof *entries);
    if (!entries) return false;
    o->entries = entries;
    tgi_update_job *jobs = tg_realloc_array(o->jobs, (size_t)n, sizeof *jobs);
    if (!jobs) return false;
    o->jobs = jobs;
    o->room = n;
    return true;
}

/* Makes scratch, and the states that do not exist yet. On failure nothing visible has changed. */
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
    for (int s = 0; s < o->n_states; s++) {
        if (status != TG_OK)
            tg_dict_free(fresh[s]);
        else if (fresh[s]) {
            o->states[s] = fresh[s];
            for (int i = 0; i < params->n; i++)
                o->entries[i].x[TGI_FIRST_STATE + s] = fresh[s]->tensors[i];
        }
    }
    return status;
}

tg_status tgi_optimizer_prepare(tg_optimizer *o, const tg_dict *params, const tg_dict *grads,
                                tg_error *err)
{
    size_t scratch = 0;
    if (!o || !params || !grads)
        return tg_fail(err, TG_EARG, "update: %s",
                       !o        ? "optimizer is NULL"
                       : !params ? "params is NULL"
                                 : "grads is NULL; if tg_grad failed, tg_tape_message says why");
    if (params->tape) return tg_fail(err, TG_EARG, "update: params belongs to a tape");
    if (is_dropped(grads))
        return tg_fail(err, TG_ETAPE, "update: grads was dropped when its tape was reset");
    if (!make_entries(o, params->n)) return tg_fail(err, TG_ENOMEM, "update: out of memory");
    const tg_status status = check_update(o, params, grads, &scratch, err);
    return status ? status : make_room(o, params, scratch, err);
}
