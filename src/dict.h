/* dict.h - what a dict is inside (internal). */
#ifndef TAPEGRAD_SRC_DICT_H
#define TAPEGRAD_SRC_DICT_H

#include "tapegrad/dict.h"

/* Entries are in the order of insertion. Keys and tensors have an array each, so that tg_vjp can
 * be given all tensors at once. slots is a hash table with linear probing: each slot holds the
 * number of an entry or -1, and at most half of them are in use. */
struct tg_dict {
    int n, capacity;
    char **keys;
    tg_tensor **tensors;
    int32_t *slots;
    size_t n_slots; /* a power of two, or 0 in a dict that never had an entry */
    tg_tape *tape;  /* owns all this memory; NULL if the caller does */
};

/* tg_dict_find for a key that is probably at position i. */
int tgi_dict_find_near(const tg_dict *d, const char *key, int i);

/* The first key of x; NULL if it has none. */
const char *tgi_dict_name(const tg_dict *d, const tg_tensor *x);

/* Writes "there is no 'w1'; did you mean 'W1'? The keys are W1 b1 W2 b2" for a key that d does not
 * have; returns text. */
enum { TGI_LACKS_SIZE = 230 };
char *tgi_dict_lacks(const tg_dict *d, const char *key, char text[TGI_LACKS_SIZE]);

/* Whether key matches a pattern with '*' and '?'. */
bool tgi_key_matches(const char *pattern, const char *key);

/* A dict with references to the entries whose key begins with prefix, which is removed from their
 * keys. NULL when out of memory. */
tg_dict *tgi_dict_under(const tg_dict *d, const char *prefix, tg_error *err);

/* Adds references to all entries of d to `into`, with prefix before their keys. */
tg_status tgi_dict_put_under(tg_dict *into, const char *prefix, const tg_dict *d, tg_error *err);

/* A dict with the keys of d in the tape's memory, whose tensors the caller fills in. NULL with the
 * tape poisoned. */
tg_dict *tgi_dict_on_tape(tg_tape *t, const tg_dict *d);

#endif
