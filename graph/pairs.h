/* pairs.h - pairs of elementwise operations that one loop does in one pass over memory; the loops
 * are those of ops/elementwise/pairs.c. */
#ifndef TG_GRAPH_PAIRS_H
#define TG_GRAPH_PAIRS_H

#include "tapegrad/op.h"

/* The loop of outer(..., inner(...), ...), where inner's result is operand `position` of outer;
 * NULL when there is none for these two.  Its operands are those of inner, then the other one of
 * outer, if it has two, all of that dtype; it takes no attributes.  The bits are those of the two
 * operations one after the other. */
tg_map_fn tgi_map_pair(const tg_op *inner, const tg_op *outer, int position, tg_dtype dtype);

#endif
