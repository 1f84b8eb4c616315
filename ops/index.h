/* index.h - what the operations that take integer indices share. */
#ifndef TG_OPS_INDEX_H
#define TG_OPS_INDEX_H

#include "tapegrad/op.h"

/* TG_EDTYPE unless the index is i32. */
tg_status tgi_index_dtype(const tg_infer *c, const tg_tensor *index);

/* TG_EINDEX unless every index is in -n..n-1, or in 0..n-1. */
tg_status tgi_index_range(const tg_node *node, const tg_tensor *index, int64_t n, bool negative,
                          tg_error *err);

/* Element i of the index, counted from the start of an axis of n. */
int64_t tgi_index_at(const tg_tensor *index, int64_t i, int64_t n);

#endif
