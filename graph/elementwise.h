/* elementwise.h - what the engine knows of elementwise operations. */
#ifndef TG_GRAPH_ELEMENTWISE_H
#define TG_GRAPH_ELEMENTWISE_H

#include "tapegrad/op.h"

enum { TGI_MOST_OPERANDS = 8 };

/* Its forward is its map, for all elements: a plan may call the map in its place. */
static inline bool tgi_is_elementwise(const tg_op *op)
{
    return op->forward == tg_forward_elementwise;
}

#endif
