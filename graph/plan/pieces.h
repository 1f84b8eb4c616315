/* pieces.h - the free pieces of a plan's block while results get their places in it. */
#ifndef TG_GRAPH_PLAN_PIECES_H
#define TG_GRAPH_PLAN_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TGI_SORTED = 512, TGI_IDLE = 1024 };

typedef struct tgi_piece {
    int64_t at, bytes;
} tgi_piece;

/* A free piece that serves only requests of exactly its size. */
typedef struct tgi_idle {
    int64_t at, bytes;
    size_t next; /* the next in its list, + 1; 0: none */
} tgi_idle;

/* Zeroed memory is an empty block; tgi_pieces_free at the end. */
typedef struct tgi_pieces {
    int64_t top;                  /* bytes of the block so far */
    tgi_piece sorted[TGI_SORTED]; /* free ones below top, ascending and never adjacent */
    size_t n;
    tgi_idle *idle;              /* room for `room` pieces, of which n_idle have been used */
    size_t n_idle, room, unused; /* unused: the first entry that is free again, + 1 */
    size_t list[TGI_IDLE];       /* hashed by size: the first idle piece, + 1 */
} tgi_pieces;

/* Takes bytes from the smallest free piece that is large enough, or from the end of the block,
 * which grows. */
int64_t tgi_pieces_take(tgi_pieces *p, int64_t bytes);
/* Frees these bytes. False when out of memory. */
bool tgi_pieces_give(tgi_pieces *p, int64_t at, int64_t bytes);
void tgi_pieces_free(tgi_pieces *p);

#endif
