/* softmax.h - what softmax and the losses on it begin with (internal). */
#ifndef TG_SRC_SOFTMAX_H
#define TG_SRC_SOFTMAX_H

#include "tapegrad/tape.h"

/* The maximum of x along an axis, which stays with size 1, held fixed; 0 where x is empty.  What
 * softmax says does not depend on it, and less it x is not rounded in units of an offset that all
 * elements have in common. */
tg_tensor *tgi_top(tg_tape *t, tg_tensor *x, int axis);

/* x[label] less that maximum, of each row of x (N, C): exact, and it does not wait for the others.
 */
tg_tensor *tgi_pick_below(tg_tape *t, tg_tensor *x, tg_tensor *labels, tg_tensor *top);

/* Every label, i32 (N), is in 0 .. classes - 1 or `ignored`; else the tape fails and names the row.
 */
bool tgi_labels_valid(tg_tape *t, const char *who, const tg_tensor *labels, int64_t classes,
                      int64_t ignored);

#endif
