/* index.h - what the operations that take integer indices share. */
#ifndef TG_OPS_INDEX_H
#define TG_OPS_INDEX_H

#include "tapegrad/op.h"

/* TG_EDTYPE unless the index is i32. */
tg_status tgi_index_dtype(const tg_infer *c, const tg_tensor *index);

/* TG_EINDEX unless every index is in -n..n-1 (negative is true) or in 0..n-1. */
tg_status tgi_index_range(const tg_node *node, const tg_tensor *index, int64_t n, bool negative,
                          tg_error *err);

/* The elements of x in row-major order: its own memory if it is contiguous, else a copy in `work`,
 * for which tgi_contiguous_work returns the number of bytes. */
size_t tgi_contiguous_work(const tg_tensor *x);
const void *tgi_contiguous(const tg_tensor *x, void *work);

/* The index k, which may count from the end, counted from the start of an axis of n elements. */
static inline int64_t tgi_from_start(int32_t k, int64_t n) { return k < 0 ? k + n : k; }

/* The number of chunks in which threads share `parts` parts that move `bytes` bytes altogether. */
int64_t tgi_index_chunks(size_t bytes, int64_t parts);

#endif
