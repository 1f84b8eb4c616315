/* dict.c - an insertion-ordered map from string to tensor. */
#include "src/dict.h"

#include <limits.h>
#include <string.h>

#include "graph/storage.h"
#include "tapegrad/alloc.h"

enum { FIRST_CAPACITY = 8 };

/* ---- the index ------------------------------------------------------------------------------ */

static size_t hash(const char *key)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *key; key++) h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return (size_t)(h ^ (h >> 32));
}

/* The slot that holds key, or the empty slot where it belongs. d must have slots. */
static size_t slot_of(const tg_dict *d, const char *key)
{
    const size_t mask = d->n_slots - 1;
    size_t s = hash(key) & mask;
    while (d->slots[s] >= 0 && strcmp(d->keys[d->slots[s]], key) != 0) s = (s + 1) & mask;
    return s;
}

const char *tgi_dict_name(const tg_dict *d, const tg_tensor *x)
{
    for (int i = 0; i < tg_dict_size(d); i++)
        if (d->tensors[i] == x) return d->keys[i];
    return NULL;
}

int tg_dict_find(const tg_dict *d, const char *key)
{
    return d && key && d->n_slots ? d->slots[slot_of(d, key)] : -1;
}

int tgi_dict_find_near(const tg_dict *d, const char *key, int i)
{
    const char *there = tg_dict_key(d, i);
    return there && strcmp(there, key) == 0 ? i : tg_dict_find(d, key);
}

/* Doubles the capacity. On failure the entries are unchanged, and capacity may be smaller than the
 * arrays. */
static bool grow(tg_dict *d)
{
    if (d->capacity > INT_MAX / 4) return false;
    const int capacity = d->capacity ? 2 * d->capacity : FIRST_CAPACITY;
    const size_t n_slots = 2 * (size_t)capacity;

    char **keys = tg_realloc_array(d->keys, (size_t)capacity, sizeof *keys);
    if (!keys) return false;
    d->keys = keys;
    tg_tensor **tensors = tg_realloc_array(d->tensors, (size_t)capacity, sizeof *tensors);
    if (!tensors) return false;
    d->tensors = tensors;
    int32_t *slots = tg_realloc_array(NULL, n_slots, sizeof *slots);
    if (!slots) return false;

    tg_free(d->slots);
    d->slots = slots;
    d->n_slots = n_slots;
    d->capacity = capacity;
    for (size_t s = 0; s < n_slots; s++) slots[s] = -1;
    for (int i = 0; i < d->n; i++) slots[slot_of(d, keys[i])] = i;
    return true;
}

/* ---- entries -------------------------------------------------------------------------------- */

tg_dict *tg_dict_new(void) { return tg_calloc(1, sizeof(tg_dict)); }

void tg_dict_free(tg_dict *d)
{
    if (!d || d->tape) return;
    for (int i = 0; i < d->n; i++) {
        tg_free(d->keys[i]);
        tg_tensor_free(d->tensors[i]);
    }
    tg_free(d->keys);
    tg_free(d->tensors);
    tg_free(d->slots);
    tg_free(d);
}

static tg_status put(const char *who, tg_dict *d, const char *key, tg_tensor *x, tg_error *err)
{
    if (!d) return tg_fail(err, TG_EARG, "%s: dict is NULL", who);
    if (!key) return tg_fail(err, TG_EARG, "%s: key is NULL", who);
    if (d->tape) return tg_fail(err, TG_EARG, "%s: '%s': the dict belongs to a tape", who, key);
    if (!x) return tg_fail(err, TG_EARG, "%s: '%s': tensor is NULL", who, key);
    if (x->tape)
        return tg_fail(err, TG_EARG, "%s: '%s': the tensor belongs to a tape (use tg_tensor_clone)",
                       who, key);

    const int i = tg_dict_find(d, key);
    if (i >= 0) {
        tg_tensor *old = d->tensors[i];
        d->tensors[i] = tg_tensor_ref(x);
        tg_tensor_free(old);
        return TG_OK;
    }
    char *copy = d->n < d->capacity || grow(d) ? tg_strdup(key) : NULL;
    if (!copy) return tg_fail(err, TG_ENOMEM, "%s: '%s': out of memory", who, key);
    d->slots[slot_of(d, copy)] = d->n;
    d->keys[d->n] = copy;
    d->tensors[d->n] = tg_tensor_ref(x);
    d->n++;
    return TG_OK;
}

tg_status tg_dict_set(tg_dict *d, const char *key, tg_tensor *x, tg_error *err)
{
    return put("dict_set", d, key, x, err);
}

tg_status tg_dict_take(tg_dict *d, const char *key, tg_tensor *x, tg_error *err)
{
    if (!x && err && err->status != TG_OK) return err->status;
    const tg_status status = put("dict_take", d, key, x, err);
    tg_tensor_free(x);
    return status;
}

tg_tensor *tg_dict_get(const tg_dict *d, const char *key)
{
    return tg_dict_at(d, tg_dict_find(d, key));
}

tg_tensor *tg_param(tg_tape *t, const tg_dict *d, const char *key)
{
    if (!key) return tg_tape_fail(t, TG_EARG, "param: key is NULL");
    if (!d) return tg_tape_fail(t, TG_EARG, "param: '%s': dict is NULL", key);
    char text[TGI_LACKS_SIZE];
    tg_tensor *x = tg_dict_get(d, key);
    return x ? x : tg_tape_fail(t, TG_EKEY, "param: %s", tgi_dict_lacks(d, key, text));
}

int tg_dict_size(const tg_dict *d) { return d ? d->n : 0; }

const char *tg_dict_key(const tg_dict *d, int i)
{
    return i >= 0 && i < tg_dict_size(d) ? d->keys[i] : NULL;
}

tg_tensor *tg_dict_at(const tg_dict *d, int i)
{
    return i >= 0 && i < tg_dict_size(d) ? d->tensors[i] : NULL;
}

int64_t tg_dict_count(const tg_dict *d)
{
    int64_t count = 0;
    for (int i = 0; i < tg_dict_size(d); i++)
        count = d->tensors[i]->size > INT64_MAX - count ? INT64_MAX : count + d->tensors[i]->size;
    return count;
}

/* ---- whole dicts ---------------------------------------------------------------------------- */

tg_status tg_dict_match(const tg_dict *a, const char *a_name, const tg_dict *b, const char *b_name,
                        tg_error *err)
{
    if (!a_name) a_name = "the first dict";
    if (!b_name) b_name = "the second dict";
    for (int i = 0; i < tg_dict_size(a); i++) {
        const char *key = a->keys[i];
        const tg_tensor *x = a->tensors[i];
        const tg_tensor *y = tg_dict_at(b, tgi_dict_find_near(b, key, i));
        if (!y) return tg_fail(err, TG_EKEY, "'%s' is in %s but not in %s", key, a_name, b_name);
        if (x->dtype == y->dtype && tg_tensor_same_shape(x, y)) continue;
        char xs[TG_DESCRIBE_SIZE], ys[TG_DESCRIBE_SIZE];
        return tg_fail(err, x->dtype == y->dtype ? TG_ESHAPE : TG_EDTYPE,
                       "'%s' is %s in %s but %s in %s", key, tg_tensor_describe(x, xs, sizeof xs),
                       a_name, tg_tensor_describe(y, ys, sizeof ys), b_name);
    }
    for (int i = 0; i < tg_dict_size(b); i++)
        if (tgi_dict_find_near(a, b->keys[i], i) < 0)
            return tg_fail(err, TG_EKEY, "'%s' is in %s but not in %s", b->keys[i], b_name, a_name);
    return TG_OK;
}

tg_status tg_dict_copy(tg_dict *dst, const tg_dict *src, tg_error *err)
{
    if (!dst || !src)
        return tg_fail(err, TG_EARG, "dict_copy: %s is NULL", dst ? "source" : "destination");
    if (dst->tape) return tg_fail(err, TG_EARG, "dict_copy: the destination belongs to a tape");
    for (int i = 0; i < dst->n; i++) {
        const char *key = dst->keys[i];
        const tg_tensor *x = dst->tensors[i];
        const tg_tensor *y = tg_dict_at(src, tgi_dict_find_near(src, key, i));
        if (!y) return tg_fail(err, TG_EKEY, "dict_copy: the source has no '%s'", key);
        if (x->dtype == y->dtype && tg_tensor_same_shape(x, y)) continue;
        char xs[TG_DESCRIBE_SIZE], ys[TG_DESCRIBE_SIZE];
        return tg_fail(err, x->dtype == y->dtype ? TG_ESHAPE : TG_EDTYPE,
                       "dict_copy: '%s' is %s in the destination but %s in the source", key,
                       tg_tensor_describe(x, xs, sizeof xs), tg_tensor_describe(y, ys, sizeof ys));
    }
    tg_status status = TG_OK;
    for (int i = 0; i < dst->n && status == TG_OK; i++) {
        const int j = tgi_dict_find_near(src, dst->keys[i], i);
        status = tg_tensor_copy(dst->tensors[i], src->tensors[j], err);
    }
    return status;
}

/* ---- copies in one block -------------------------------------------------------------------- */

/* n, rounded up so that the next element is aligned. */
static int64_t round_up(int64_t n, tg_dtype dtype)
{
    const int64_t step = TGI_ALIGN / (int64_t)tg_dtype_size(dtype);
    return (n + step - 1) / step * step;
}

/* Zeros for all entries of one dtype; NULL on failure. */
static tg_tensor *slab_new(const tg_dict *d, tg_dtype dtype, tg_error *err)
{
    int64_t total = 0;
    for (int i = 0; i < d->n; i++) {
        const tg_tensor *x = d->tensors[i];
        if (x->dtype != dtype) continue;
        if (x->size > INT64_MAX - TGI_ALIGN - total) {
            tg_fail(err, TG_ENOMEM, "dict_like: '%s' is too large", d->keys[i]);
            return NULL;
        }
        total = round_up(total + x->size, dtype);
    }
    return tg_tensor_new(dtype, 1, &total, err);
}

/* A row-major view of x's shape at an offset into the slab. */
static tg_tensor *slab_view(const tg_tensor *slab, const tg_tensor *x, int64_t offset,
                            tg_error *err)
{
    int64_t strides[TG_MAX_NDIM];
    tgi_row_major(x->ndim, x->shape, strides);
    return tg_tensor_view(slab, x->ndim, x->shape, strides, offset, err);
}

tg_dict *tg_dict_like(const tg_dict *d, tg_error *err)
{
    if (!d) {
        tg_fail(err, TG_EARG, "dict_like: dict is NULL");
        return NULL;
    }
    tg_tensor *slabs[TG_DTYPE_COUNT] = {NULL};
    int64_t used[TG_DTYPE_COUNT] = {0};
    tg_dict *copy = tg_dict_new();
    tg_status status = copy ? TG_OK : tg_fail(err, TG_ENOMEM, "dict_like: out of memory");

    for (int i = 0; i < d->n && status == TG_OK; i++) {
        const tg_tensor *x = d->tensors[i];
        tg_tensor **slab = &slabs[x->dtype];
        if (!*slab) *slab = slab_new(d, x->dtype, err);
        tg_tensor *y = *slab ? slab_view(*slab, x, used[x->dtype], err) : NULL;
        used[x->dtype] = round_up(used[x->dtype] + x->size, x->dtype);
        status = y ? tg_dict_take(copy, d->keys[i], y, err) : TG_ENOMEM;
    }
    for (int dtype = 0; dtype < TG_DTYPE_COUNT; dtype++) tg_tensor_free(slabs[dtype]);
    if (status == TG_OK) return copy;
    tg_dict_free(copy);
    return NULL;
}

tg_dict *tg_dict_clone(const tg_dict *d, tg_error *err)
{
    tg_dict *copy = tg_dict_like(d, err);
    if (!copy || tg_dict_copy(copy, d, err) == TG_OK) return copy;
    tg_dict_free(copy);
    return NULL;
}

/* ---- dicts that belong to a tape ------------------------------------------------------------ */

/* Uses the tape's memory, so that tg_grad does not call the allocator in a training loop. */
tg_dict *tgi_dict_on_tape(tg_tape *t, const tg_dict *d)
{
    const size_t n = (size_t)d->n;
    size_t text_bytes = 0;
    for (size_t i = 0; i < n; i++) text_bytes += strlen(d->keys[i]) + 1;

    tg_dict *copy = tg_tape_alloc(t, sizeof *copy);
    if (!copy) return NULL;
    *copy = (tg_dict){.n = d->n, .capacity = d->n, .tape = t};
    if (n == 0) return copy;

    copy->keys = tg_tape_alloc(t, n * sizeof *copy->keys);
    copy->tensors = tg_tape_alloc(t, n * sizeof(tg_tensor *));
    copy->slots = tg_tape_alloc(t, d->n_slots * sizeof *copy->slots);
    copy->n_slots = d->n_slots;
    char *text = tg_tape_alloc(t, text_bytes);
    if (!copy->keys || !copy->tensors || !copy->slots || !text) return NULL;

    /* the same keys in the same order give the same table */
    memcpy(copy->slots, d->slots, d->n_slots * sizeof *copy->slots);
    for (size_t i = 0; i < n; i++) {
        const size_t bytes = strlen(d->keys[i]) + 1;
        copy->keys[i] = memcpy(text, d->keys[i], bytes);
        text += bytes;
    }
    return copy;
}
