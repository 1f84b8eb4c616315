/* attention.h - scaled dot-product attention (Vaswani et al. 2017), composed of operations.
 *
 * Heads are one more leading axis: (N, L, heads d) reshaped to (N, L, heads, d) and its axes 1 and
 * 2 swapped is (N, heads, L, d). */
#ifndef TAPEGRAD_ATTENTION_H
#define TAPEGRAD_ATTENTION_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* softmax(q k^T / sqrt(d)) v, the softmax along the keys; PyTorch's scaled_dot_product_attention.
 *   q (..., L, d), k (..., S, d), v (..., S, e) -> (..., L, e); leading axes broadcast
 *   mask    NULL, or what broadcasts to (..., L, S): u8, not 0 where query i may look at key j; or
 *           of q's dtype, added to the scores, -Inf where it may not look
 *   causal  query i looks at keys 0..i only; with a mask both must allow it
 * What a query may not look at has weight 0 exactly, and so has its derivative.  A query that may
 * look at nothing gives 0 with derivative 0, never NaN.  But values still meet their weight of 0 in
 * a product: a NaN or Inf in v spreads also where it is masked.
 * TG_ESHAPE when q, k and v do not fit together. */
tg_tensor *tg_attention(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *v, tg_tensor *mask,
                        bool causal);

/* The weights alone: softmax(q k^T / sqrt(d)) -> (..., L, S). */
tg_tensor *tg_attention_weights(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *mask,
                                bool causal);

#ifdef __cplusplus
}
#endif
#endif
