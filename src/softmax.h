/* softmax.h - what softmax and the losses on it begin with (internal). */
#ifndef TG_SRC_SOFTMAX_H
#define TG_SRC_SOFTMAX_H

#include "tapegrad/tape.h"

/* x less its maximum along an axis, which is held fixed, as nothing that follows depends on it: so
 * results are not rounded in units of an offset that all elements have in common. */
tg_tensor *tgi_below_top(tg_tape *t, tg_tensor *x, int axis);

#endif
