/* pieces.h - which bytes of a plan's block are free while its results are given their places.
 */
#ifndef TG_GRAPH_PLAN_PIECES_H
#define TG_GRAPH_PLAN_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TGI_SORTED = 512, TGI_IDLE = 1024 };

typedef struct tgi_piece {
    int64_t at, bytes;
} tgi_piece;

/* A piece that waits for another of its size. */
typedef struct tgi_idle {
    int64_t at, bytes;
    size_t next; /* in the same list, + 1; 0: none */
} tgi_idle;

/* Zeroed memory is an empty block; tgi_pieces_free at the end. */
typedef struct tgi_pieces {
    int64_t top;                  /* bytes of the block so far */
    tgi_piece sorted[TGI_SORTED]; /* free ones below top, ascending and never adjacent */
    size_t n;
    tgi_idle *idle; /* those that came when there were so many, and places no longer in use */
    size_t n_idle, room, unused;
    size_t list[TGI_IDLE]; /* of idle ones, by size: the first, + 1 */
} tgi_pieces;

/* The smallest free piece that is large enough, else more of the block. */
int64_t tgi_pieces_take(tgi_pieces *p, int64_t bytes);
/* Free again; false when out of memory. */
bool tgi_pieces_give(tgi_pieces *p, int64_t at, int64_t bytes);
void tgi_pieces_free(tgi_pieces *p);

#endif
