/* index.h - what the operations that take integer indices share. */
#ifndef TG_OPS_INDEX_H
#define TG_OPS_INDEX_H

#include "tapegrad/op.h"

/* TG_EDTYPE unless the index is i32. */
tg_status tgi_index_dtype(const tg_infer *c, const tg_tensor *index);

/* TG_EINDEX unless every index is in -n..n-1, or in 0..n-1. */
tg_status tgi_index_range(const tg_node *node, const tg_tensor *index, int64_t n, bool negative,
                          tg_error *err);

/* The elements of x one behind the other: its own memory, or a copy in work, of which it takes so
 * many bytes (0: none). */
size_t tgi_plain_work(const tg_tensor *x);
const void *tgi_plain(const tg_tensor *x, void *work);

/* An index counted from the start of an axis of n. */
static inline int64_t tgi_from_start(int32_t k, int64_t n) { return k < 0 ? k + n : k; }

/* In how many chunks `parts` parts that move so many bytes together are handed to threads. */
int64_t tgi_index_chunks(size_t bytes, int64_t parts);

#endif
