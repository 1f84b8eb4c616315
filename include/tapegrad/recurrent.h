/* recurrent.h - one step of a recurrent network: GRU and LSTM cells, composed of operations.
 *
 * To process a sequence, call a cell in a loop over its steps; the gradient goes back through all.
 *   x      (..., in)            input of this step; leading axes broadcast with those of h
 *   h, c   (..., H)             hidden state, cell state
 *   Wx     (in, G H)            G = 3 gates (GRU) or 4 (LSTM), side by side along the last axis in
 *   Wh     (H, G H)             PyTorch's order; its weight_ih and weight_hh are the transposes
 *   bx, bh (G H)                NULL: no bias
 * Below, u_i is the part of x Wx + bx that belongs to gate i, and v_i that of h Wh + bh. TG_ESHAPE
 * names an operand that does not fit. */
#ifndef TAPEGRAD_RECURRENT_H
#define TAPEGRAD_RECURRENT_H

#include "tapegrad/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* r = sigmoid(u_1 + v_1);  z = sigmoid(u_2 + v_2);  n = tanh(u_3 + r v_3);
 * -> h' = (1 - z) n + z h   (Cho et al. 2014; r after the product, as in cuDNN and PyTorch) */
tg_tensor *tg_gru_cell(tg_tape *t, tg_tensor *x, tg_tensor *h, tg_tensor *Wx, tg_tensor *Wh,
                       tg_tensor *bx, tg_tensor *bh);

/* i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of u_1 + v_1, ..., u_4 + v_4;  c' = f c + i g;
 * -> h' = o tanh(c'), and c' to *c_next, which is set to NULL on failure
 * (Hochreiter and Schmidhuber 1997; f: Gers et al. 2000) */
tg_tensor *tg_lstm_cell(tg_tape *t, tg_tensor *x, tg_tensor *h, tg_tensor *c, tg_tensor *Wx,
                        tg_tensor *Wh, tg_tensor *bx, tg_tensor *bh, tg_tensor **c_next);

#ifdef __cplusplus
}
#endif
#endif
