/* dict.h - what a dict is inside (internal). */
#ifndef TAPEGRAD_SRC_DICT_H
#define TAPEGRAD_SRC_DICT_H

#include "tapegrad/dict.h"

/* Entries stand in the order of insertion, in two arrays side by side so that tg_vjp can be
 * handed all tensors at once.  slots is a hash table with linear probing: each slot holds the
 * number of an entry or -1, and at most half of them are taken. */
struct tg_dict {
    int n, capacity;
    char **keys;
    tg_tensor **tensors;
    int32_t *slots;
    size_t n_slots; /* a power of two, or 0 in a dict that never held an entry */
    tg_tape *tape;  /* the owner of all this memory; NULL when it is the caller's */
};

/* tg_dict_find for a key that most likely stands at position i. */
int tgi_dict_find_near(const tg_dict *d, const char *key, int i);

/* The first key under which x stands; NULL when it stands under none. */
const char *tgi_dict_name(const tg_dict *d, const tg_tensor *x);

#endif
