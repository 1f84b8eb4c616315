/* softmax.h - what softmax and the losses on it begin with (internal). */
#ifndef TG_SRC_SOFTMAX_H
#define TG_SRC_SOFTMAX_H

#include "tapegrad/tape.h"

/* The maximum of x along an axis, which stays with size 1, as a constant; 0 where x is empty.
 * Softmax does not depend on it. Once it is subtracted, an offset that all elements share no longer
 * costs digits. */
tg_tensor *tgi_top(tg_tape *t, tg_tensor *x, int axis);

/* x[label] - top for each row of x (N, C), exact. */
tg_tensor *tgi_pick_below(tg_tape *t, tg_tensor *x, tg_tensor *labels, tg_tensor *top);

#endif
