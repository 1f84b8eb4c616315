/* elementwise.h - what the engine knows about elementwise operations. */
#ifndef TG_GRAPH_ELEMENTWISE_H
#define TG_GRAPH_ELEMENTWISE_H

#include "tapegrad/op.h"

enum { TGI_MOST_OPERANDS = 8 };

/* The forward of op only applies its map to all elements, so a plan may call the map itself. */
static inline bool tgi_is_elementwise(const tg_op *op)
{
    return op->forward == tg_forward_elementwise;
}

#endif
