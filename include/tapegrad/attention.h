/* attention.h - scaled dot-product attention (Vaswani et al. 2017), composed of operations.
 *
 * Heads are one more leading axis: reshape (N, L, heads d) to (N, L, heads, d), then swap axes 1
 * and 2 to get (N, heads, L, d). The whole matrix of weights (..., L, S) is built in memory. */
#ifndef TAPEGRAD_ATTENTION_H
#define TAPEGRAD_ATTENTION_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* softmax(q k^T / sqrt(d)) v, with the softmax along the keys: PyTorch's
 * scaled_dot_product_attention.
 *   q (..., L, d), k (..., S, d), v (..., S, e) -> (..., L, e); leading axes broadcast
 *   mask    NULL, or a tensor that broadcasts to (..., L, S), see below
 *   causal  query i attends to keys 0..i only; a mask can forbid more of them
 * A u8 mask is nonzero where query i may attend to key j. A mask of q's dtype is added to the
 * scores: -Inf forbids.
 * Forbidden keys have weight 0 exactly, and derivative 0. A query that may attend to no key gives
 * 0 with derivative 0, never NaN. A NaN or Inf in v spreads even where it is masked, because it is
 * multiplied by the weight 0.
 * TG_ESHAPE if q, k and v do not fit together. */
tg_tensor *tg_attention(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *v, tg_tensor *mask,
                        bool causal);

/* The weights alone: softmax(q k^T / sqrt(d)) -> (..., L, S). */
tg_tensor *tg_attention_weights(tg_tape *t, tg_tensor *q, tg_tensor *k, tg_tensor *mask,
                                bool causal);

#ifdef __cplusplus
}
#endif
#endif
