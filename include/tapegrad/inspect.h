/* inspect.h - what is on a tape: as a listing, as a picture, as totals. */
#ifndef TAPEGRAD_INSPECT_H
#define TAPEGRAD_INSPECT_H

#include <stdio.h>

#include "tapegrad/dict.h"
#include "tapegrad/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One line for each value, in the order of recording: its number, the operation with its
 * attributes, dtype and shape, the numbers of its operands, its scope.  A leaf is shown with its
 * key in names, which may be NULL.  TG_EARG, TG_EIO. */
tg_status tg_tape_print(const tg_tape *t, const tg_dict *names, FILE *out);

/* The same as a directed graph in the language of Graphviz, scopes as nested boxes:
 * `dot -Tsvg tape.dot`. */
tg_status tg_tape_dot(const tg_tape *t, const tg_dict *names, FILE *out);

/* What all applications of one operation on a tape add up to. */
typedef struct tg_op_stats {
    const char *name; /* of the operation */
    int64_t nodes;    /* how often it was applied */
    int64_t bytes;    /* that its results take; a view takes none */
    double flops;     /* arithmetic operations, as its descriptor counts them: 2 m n k for a
                         product of matrices, 1 per element for a map or a sum, 0 for a copy */
} tg_op_stats;

/* Fills at most n entries of stats, the most flops first, then the most bytes, then by name.
 * Returns how many operations there are on the tape, which may be more than n; stats may be NULL
 * when n is 0.  -1 when out of memory. */
int tg_tape_stats(const tg_tape *t, tg_op_stats *stats, int n);

#ifdef __cplusplus
}
#endif
#endif
