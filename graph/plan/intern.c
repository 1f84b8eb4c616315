/* intern.c - stores once what many values of a plan share: layouts, operations, scopes. */
#include <string.h>

#include "graph/plan/draft.h"

typedef struct entry {
    const void *data; /* NULL: free */
    size_t bytes;
    uint64_t hash;
} entry;

struct tgi_interned {
    entry *slots;
    size_t mask, n;
};

static uint64_t hash_of(const unsigned char *x, size_t n)
{
    uint64_t h = 14695981039346656037u ^ n, word;
    for (; n >= sizeof word; n -= sizeof word, x += sizeof word) {
        memcpy(&word, x, sizeof word);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    for (; n > 0; n--) h = (h ^ *x++) * 1099511628211u;
    return h ^ h >> 32;
}

static entry *find(const struct tgi_interned *t, const void *data, size_t bytes, uint64_t hash)
{
    size_t at = (size_t)hash & t->mask;
    for (; t->slots[at].data; at = (at + 1) & t->mask) {
        const entry *e = &t->slots[at];
        if (e->hash == hash && e->bytes == bytes && memcmp(e->data, data, bytes) == 0) break;
    }
    return &t->slots[at];
}

static bool grow(tgi_draft *d, struct tgi_interned *t)
{
    const struct tgi_interned old = *t;
    const size_t room = old.slots ? 2 * (old.mask + 1) : 256;
    t->slots = tgi_arena_alloc(d->work, room * sizeof *t->slots);
    if (!t->slots) return false;
    memset(t->slots, 0, room * sizeof *t->slots);
    t->mask = room - 1;
    for (size_t i = 0; old.slots && i <= old.mask; i++) {
        const entry *e = &old.slots[i];
        if (e->data) *find(t, e->data, e->bytes, e->hash) = *e;
    }
    return true;
}

const void *tgi_plan_intern(tgi_draft *d, const void *data, size_t bytes)
{
    struct tgi_interned *t = d->interned;
    if (!t) {
        d->interned = t = tgi_arena_alloc(d->work, sizeof *t);
        if (!t) return NULL;
        *t = (struct tgi_interned){0};
    }
    if ((!t->slots || 2 * t->n > t->mask) && !grow(d, t)) return NULL;
    const uint64_t hash = hash_of(data, bytes);
    entry *e = find(t, data, bytes, hash);
    if (e->data) return e->data;
    void *copy = tgi_arena_alloc(&d->plan->arena, bytes);
    if (!copy) return NULL;
    memcpy(copy, data, bytes);
    *e = (entry){copy, bytes, hash};
    t->n++;
    return copy;
}
