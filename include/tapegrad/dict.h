/* dict.h - params and grads: an insertion-ordered map from string to tensor. */
#ifndef TAPEGRAD_DICT_H
#define TAPEGRAD_DICT_H

#include "tapegrad/grad.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_dict tg_dict;

/* An empty dict; NULL when out of memory.  free drops its references; NULL is allowed, and a
 * dict that belongs to a tape is left alone. */
tg_dict *tg_dict_new(void);
void tg_dict_free(tg_dict *d);

/* Puts x under key, in the place of what was there; the dict holds a reference of its own to
 * the leaf x.  TG_EARG for NULL or a recorded value (clone it first), TG_ENOMEM. */
tg_status tg_dict_set(tg_dict *d, const char *key, tg_tensor *x, tg_error *err);

/* The same, but takes over the caller's reference, also on failure: for
 * tg_dict_take(d, "W1", tg_tensor_new(...), err).  A NULL x keeps the error it came with. */
tg_status tg_dict_take(tg_dict *d, const char *key, tg_tensor *x, tg_error *err);

/* Borrowed; NULL when there is no such key. */
tg_tensor *tg_dict_get(const tg_dict *d, const char *key);

/* The same for layers: a missing key poisons the tape with TG_EKEY and names it. */
tg_tensor *tg_param(tg_tape *t, const tg_dict *d, const char *key);

/* Entry i in the order of insertion; NULL outside 0..size-1.  A NULL dict has size 0. */
int tg_dict_size(const tg_dict *d);
const char *tg_dict_key(const tg_dict *d, int i);
tg_tensor *tg_dict_at(const tg_dict *d, int i);

/* The position of key, or -1. */
int tg_dict_find(const tg_dict *d, const char *key);

/* A dict of the same keys, shapes and dtypes, zeroed (like) or copied (clone), row-major, in
 * one block of memory (a slab).  The caller frees it. */
tg_dict *tg_dict_like(const tg_dict *d, tg_error *err);
tg_dict *tg_dict_clone(const tg_dict *d, tg_error *err);

/* dst[k] = src[k] for every key of dst.  Nothing is changed unless src has every key of dst
 * with the same shape and dtype (TG_EKEY, TG_ESHAPE, TG_EDTYPE). */
tg_status tg_dict_copy(tg_dict *dst, const tg_dict *src, tg_error *err);

/* The entries whose key matches pattern ('*': any characters, '?': one), by reference and in their
 * order.  The caller frees it.  NULL on failure: TG_EKEY when no key matches, TG_EARG, TG_ENOMEM.
 */
tg_dict *tg_dict_select(const tg_dict *d, const char *pattern, tg_error *err);

/* TG_OK when both have the same keys (in any order), shapes and dtypes; else names the first
 * difference, calling the dicts by the names given. */
tg_status tg_dict_match(const tg_dict *a, const char *a_name, const tg_dict *b, const char *b_name,
                        tg_error *err);

/* The number of elements in all. */
int64_t tg_dict_count(const tg_dict *d);

/* grads[k] = d loss / d params[k] for every key, with the same keys and shapes.  loss has one
 * element.  What is left out of params is frozen: nothing is computed for it.  The dict and
 * its tensors belong to the tape, until its reset.  NULL with the tape poisoned on failure. */
tg_dict *tg_grad(tg_tape *t, tg_tensor *loss, const tg_dict *params);

#ifdef __cplusplus
}
#endif
#endif
