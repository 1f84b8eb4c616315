/* inspect.h - what is on a tape, as a listing, a picture or totals. */
#ifndef TAPEGRAD_INSPECT_H
#define TAPEGRAD_INSPECT_H

#include <stdio.h>

#include "tapegrad/dict.h"
#include "tapegrad/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prints one line for each value, in the order of recording: its number, the operation with its
 * attributes, dtype and shape, the numbers of its operands, and its scope. A leaf is shown with
 * its key in names, which may be NULL. TG_EARG, TG_EIO. */
tg_status tg_tape_print(const tg_tape *t, const tg_dict *names, FILE *out);

/* Writes the same as a directed graph in the language of Graphviz, with scopes as nested boxes, for
 * `dot -Tsvg tape.dot`. */
tg_status tg_tape_dot(const tg_tape *t, const tg_dict *names, FILE *out);

/* The number of the first value on t, from number `from` on, that operation `op` computed in
 * `scope`, or -1. NULL stands for any. Scope "layer1" includes "layer1/batch_norm". */
int32_t tg_tape_find(const tg_tape *t, const char *op, const char *scope, int32_t from);

/* Totals of all applications of one operation on a tape. */
typedef struct tg_op_stats {
    const char *name; /* of the operation */
    int64_t nodes;    /* how often it was applied */
    int64_t bytes;    /* of its results; a view takes none */
    /* Arithmetic operations, as the descriptor counts them: 2 m n k for a product of matrices, 1
     * per element for an elementwise operation or a sum, 0 for a copy. */
    double flops;
} tg_op_stats;

/* Fills at most n entries of stats, ordered by flops (most first), then bytes (most first), then
 * name. Returns how many different operations are on the tape, which may be more than n. stats
 * may be NULL if n is 0.  -1 when out of memory. */
int tg_tape_stats(const tg_tape *t, tg_op_stats *stats, int n);

#ifdef __cplusplus
}
#endif
#endif
