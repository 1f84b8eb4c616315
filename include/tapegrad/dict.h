/* dict.h - params and grads: an insertion-ordered map from string to tensor. */
#ifndef TAPEGRAD_DICT_H
#define TAPEGRAD_DICT_H

#include "tapegrad/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_dict tg_dict;

/* An empty dict; NULL when out of memory. free drops its references; it does nothing for NULL and
 * for a dict that belongs to a tape. */
tg_dict *tg_dict_new(void);
void tg_dict_free(tg_dict *d);

/* Stores x under key, replacing an earlier entry. The dict holds a reference of its own to the
 * leaf x. TG_EARG for NULL or a recorded value (clone it first), TG_ENOMEM. */
tg_status tg_dict_set(tg_dict *d, const char *key, tg_tensor *x, tg_error *err);

/* The same, but takes over the caller's reference, even on failure, as in
 * tg_dict_take(d, "W1", tg_tensor_new(...), err). If x is NULL, an earlier error in err is
 * kept. */
tg_status tg_dict_take(tg_dict *d, const char *key, tg_tensor *x, tg_error *err);

/* Borrowed; NULL when there is no such key. */
tg_tensor *tg_dict_get(const tg_dict *d, const char *key);

/* The same for use in layers: a missing key poisons the tape with TG_EKEY and is named. */
tg_tensor *tg_param(tg_tape *t, const tg_dict *d, const char *key);

/* Entry i in the order of insertion; NULL outside 0..size-1. A NULL dict has size 0. */
int tg_dict_size(const tg_dict *d);
const char *tg_dict_key(const tg_dict *d, int i);
tg_tensor *tg_dict_at(const tg_dict *d, int i);

/* The position of key, or -1. */
int tg_dict_find(const tg_dict *d, const char *key);

/* A new dict with the keys, shapes and dtypes of d, filled with zeros (like) or with d's values
 * (clone). Its tensors are row-major and share one block of memory. The caller frees it. */
tg_dict *tg_dict_like(const tg_dict *d, tg_error *err);
tg_dict *tg_dict_clone(const tg_dict *d, tg_error *err);

/* Copies src[k] to dst[k] for every key k of dst. If src lacks a key of dst, or has it with
 * another shape or dtype, nothing is changed: TG_EKEY, TG_ESHAPE, TG_EDTYPE. */
tg_status tg_dict_copy(tg_dict *dst, const tg_dict *src, tg_error *err);

/* A dict with references to the entries whose key matches pattern ('*': any characters, '?': one),
 * in their order. The caller frees it. NULL on failure: TG_EKEY if no key matches, TG_EARG,
 * TG_ENOMEM. */
tg_dict *tg_dict_select(const tg_dict *d, const char *pattern, tg_error *err);

/* TG_OK if both have the same keys (in any order), shapes and dtypes. Otherwise the error names
 * the first difference and calls the dicts a_name and b_name. */
tg_status tg_dict_match(const tg_dict *a, const char *a_name, const tg_dict *b, const char *b_name,
                        tg_error *err);

/* The number of elements in all tensors together. */
int64_t tg_dict_count(const tg_dict *d);

#ifdef __cplusplus
}
#endif
#endif
