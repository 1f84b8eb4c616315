/* tape.c - the tape's memory, its list of values and its error. */
#include "graph/tape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "graph/attrs.h"
#include "graph/hash.h"
#include "graph/text.h"
#include "tapegrad/alloc.h"
#include "tapegrad/grad.h"

tg_tape *tgi_tape_new(const tgi_core_ops *core, tg_error *err)
{
    tg_tape *t = tg_calloc(1, sizeof *t);
    if (!t) {
        (void)tg_fail(err, TG_ENOMEM, "tape: out of memory");
        return NULL;
    }
    t->error = err ? err : &t->own;
    t->core = *core;
    return t;
}

void tg_tape_free(tg_tape *t)
{
    if (!t) return;
    tg_tape_reset(t);
    tg_tape_free(t->inner);
    tgi_arena_free(&t->arena);
    tgi_arena_free(&t->scratch);
    tg_free(t->values);
    tg_free(t->leaf_slots);
    tg_free(t->scope);
    tg_free(t->scope_marks);
    tg_free(t);
}

void tg_tape_reset(tg_tape *t)
{
    if (!t) return;
    for (int32_t i = 0; i < t->size && t->leaf_count > 0; i++)
        if (!t->values[i]->tape) {
            tg_tensor_free(t->values[i]);
            t->leaf_count--;
        }
    if (t->leaf_slots) memset(t->leaf_slots, 0, t->leaf_capacity * sizeof *t->leaf_slots);
    t->size = 0;
    t->leaf_count = 0;
    t->scope_size = t->scope_depth = 0;
    t->scope_copy = t->scope_of_vjp = NULL;
    t->own = (tg_error)TG_ERROR_INIT;
    t->visited = 0;
    t->hooks = NULL;
    t->replay = false;
    t->composition = NULL;
    tg_tape_reset(t->inner);
    tgi_arena_rewind(&t->arena, (tgi_mark){0});
    tgi_arena_rewind(&t->scratch, (tgi_mark){0});
}

/* ---- errors --------------------------------------------------------------------------------- */

tg_status tg_tape_status(const tg_tape *t) { return t ? t->error->status : TG_EARG; }

const char *tg_tape_message(const tg_tape *t) { return t ? t->error->text : "the tape is NULL"; }

tg_error *tg_tape_error(tg_tape *t) { return t ? t->error : NULL; }

tg_status tgi_tape_pass(const tg_tape *t, tg_error *err)
{
    const tg_status status = tg_tape_status(t);
    return status ? tg_fail(err, status, "%s", tg_tape_message(t)) : TG_OK;
}

/* Puts "name: " before a text of n characters, unless it begins with that. Returns the new n. */
static int begin_with(char *text, size_t size, int n, const char *name)
{
    const size_t more = strlen(name) + 2, length = strlen(text);
    if (more >= size || (strncmp(text, name, more - 2) == 0 && text[more - 2] == ':')) return n;
    const size_t kept = length < size - 1 - more ? length : size - 1 - more;
    memmove(text + more, text, kept);
    memcpy(text, name, more - 2);
    memcpy(text + more - 2, ": ", 2);
    text[more + kept] = '\0';
    return n + (int)more;
}

tg_tensor *tg_tape_fail(tg_tape *t, tg_status status, const char *format, ...)
{
    if (!t || t->error->status) return NULL;
    char *text = t->error->text;
    const size_t size = sizeof t->error->text;
    va_list args;
    va_start(args, format);
    int n = format ? tgi_vformat(text, size, format, args) : -1;
    va_end(args);
    if (n < 0) text[0] = '\0';
    if (n > 0 && t->composition) n = begin_with(text, size, n, t->composition);
    const size_t used = n < 0 ? 0 : (size_t)n;
    const char *scope = t->scope_of_vjp ? t->scope_of_vjp : t->scope_size ? t->scope : "";
    bool cut = used >= size;
    if (*scope && !cut) {
        const size_t room = size - used;
        cut = snprintf(text + used, room, " (in %s)", scope) >= (int)room;
    }
    tgi_make_printable(text, cut);
    t->error->status = status;
    return NULL;
}

void *tgi_tape_out_of_memory(tg_tape *t, const char *who)
{
    return tg_tape_fail(t, TG_ENOMEM, "%s: out of memory", who);
}

void tg_tape_set_anomaly(tg_tape *t, bool on)
{
    if (t) t->anomaly = on;
}

/* ---- memory and values ---------------------------------------------------------------------- */

void *tg_tape_alloc(tg_tape *t, size_t bytes)
{
    if (!t) return NULL;
    void *p = tgi_arena_alloc(&t->arena, bytes);
    return p ? p : tgi_tape_out_of_memory(t, "tape");
}

size_t tg_tape_bytes(const tg_tape *t)
{
    if (!t) return 0;
    return tg_tape_bytes(t->inner) + t->arena.bytes + t->scratch.bytes +
           (size_t)t->capacity * sizeof *t->values + t->leaf_capacity * sizeof *t->leaf_slots +
           t->scope_capacity + t->scope_most * sizeof *t->scope_marks;
}

int32_t tg_tape_size(const tg_tape *t) { return t ? t->size : 0; }

tg_tensor *tg_tape_value(const tg_tape *t, int32_t i)
{
    return t && i >= 0 && i < t->size ? t->values[i] : NULL;
}

int64_t tg_tape_visited(const tg_tape *t) { return t ? t->visited : 0; }

bool tgi_tape_grow(tg_tape *t)
{
    const int32_t capacity = t->capacity ? t->capacity * 2 : 256;
    tg_tensor **values = t->capacity > INT32_MAX / 2
                             ? NULL
                             : tg_realloc_array(t->values, (size_t)capacity, sizeof *values);
    if (!values) return tgi_tape_out_of_memory(t, "tape") != NULL;
    t->values = values;
    t->capacity = capacity;
    return true;
}

/* Where leaf x is, or would be put, in the table. */
static size_t leaf_slot(const tg_tape *t, const tg_tensor *x)
{
    const size_t mask = t->leaf_capacity - 1;
    size_t at = (size_t)(((uint64_t)(uintptr_t)x * 0x9E3779B97F4A7C15u) >> 32) & mask;
    while (t->leaf_slots[at] && t->values[t->leaf_slots[at] - 1] != x) at = (at + 1) & mask;
    return at;
}

static bool leaf_table_grow(tg_tape *t)
{
    const size_t capacity = t->leaf_capacity ? t->leaf_capacity * 2 : 64;
    int32_t *slots = tg_calloc(capacity, sizeof *slots), *old = t->leaf_slots;
    const size_t old_capacity = t->leaf_capacity;
    if (!slots) return false;
    t->leaf_slots = slots;
    t->leaf_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i]) slots[leaf_slot(t, t->values[old[i] - 1])] = old[i];
    tg_free(old);
    return true;
}

uint64_t tgi_tape_hash(const tg_tape *t)
{
    uint64_t h = TGI_HASH_START;
    for (int32_t i = 0; i < t->size; i++) {
        const tg_tensor *x = t->values[i];
        const tg_node *n = x->node;
        if (!n) { /* a leaf, which the tape keeps alive: no other one has its address */
            h = tgi_hash(h, &x, sizeof x);
            continue;
        }
        h = tgi_hash(h, &n->op, sizeof n->op);
        h = tgi_hash(h, n->input_ids, (size_t)n->n_inputs * sizeof *n->input_ids);
        h = tgi_hash(h, x->shape, (size_t)x->ndim * sizeof *x->shape);
        h = tgi_hash(h, &x->dtype, sizeof x->dtype);
        h = tgi_attrs_hash(h, n->op, n->attrs);
    }
    return h;
}

int32_t tgi_tape_find(const tg_tape *t, const tg_tensor *x)
{
    if (x->tape) return x->tape == t ? x->id : -1;
    return t->leaf_capacity ? t->leaf_slots[leaf_slot(t, x)] - 1 : -1;
}

bool tgi_tape_takes_leaf(const tg_tape *t, const tg_tensor *x)
{
    /* A value that a reset dropped looks like a leaf once its memory holds zeros. */
    return tgi_tape_find(t, x) >= 0 || !tgi_arena_holds(&t->arena, x);
}

int32_t tgi_tape_number_leaf(tg_tape *t, tg_tensor *x)
{
    if ((size_t)t->leaf_count + 1 > t->leaf_capacity / 2 && !leaf_table_grow(t)) {
        (void)tgi_tape_out_of_memory(t, "tape");
        return -1;
    }
    const size_t slot = leaf_slot(t, x);
    if (t->leaf_slots[slot]) return t->leaf_slots[slot] - 1;
    const int32_t id = tgi_tape_append(t, x);
    if (id < 0) return -1;
    (void)tg_tensor_ref(x);
    t->leaf_slots[slot] = id + 1;
    t->leaf_count++;
    return id;
}
