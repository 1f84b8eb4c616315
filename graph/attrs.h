/* attrs.h - structs of attributes, compared, copied and hashed by the fields that the descriptor
 * lists. */
#ifndef TG_GRAPH_ATTRS_H
#define TG_GRAPH_ATTRS_H

#include "tapegrad/op.h"

/* All fields are equal. Numbers are compared by their bits. */
bool tgi_attrs_equal(const tg_op *op, const void *a, const void *b);

/* Copies the fields, none of which may be a string, and puts zeros between them, so that equal
 * attributes become equal bytes. */
void tgi_attrs_copy(const tg_op *op, const void *from, void *to);

/* Continues the hash h with all fields but a counter, which only says which random numbers come
 * next. */
uint64_t tgi_attrs_hash(uint64_t h, const tg_op *op, const void *attrs);

#endif
