/* pieces.c - the free pieces of a block. Up to TGI_SORTED of them are kept in the order of their
 * places, and neighbours are merged. Further pieces are idle: they are kept in lists by size and
 * serve only requests of exactly that size. Plans of ordinary size are thus placed by best fit,
 * and every plan in linear time. */
#include "graph/plan/pieces.h"

#include <string.h>

#include "tapegrad/alloc.h"

enum { LOOK = 8 }; /* pieces of a list that are tried */

static size_t *list_of(tgi_pieces *p, int64_t bytes)
{
    return &p->list[((uint64_t)bytes * 0x9E3779B97F4A7C15u) >> 54];
}

static int64_t take_idle(tgi_pieces *p, int64_t bytes)
{
    size_t *from = list_of(p, bytes);
    for (int i = 0; *from && i < LOOK; i++) {
        tgi_idle *x = &p->idle[*from - 1];
        if (x->bytes == bytes) {
            const size_t here = *from;
            *from = x->next;
            x->next = p->unused;
            p->unused = here;
            return x->at;
        }
        from = &x->next;
    }
    return -1;
}

static bool give_idle(tgi_pieces *p, int64_t at, int64_t bytes)
{
    if (!p->unused && p->n_idle == p->room) {
        const size_t room = 2 * p->room + 256;
        tgi_idle *more = tg_realloc_array(p->idle, room, sizeof *more);
        if (!more) return false;
        p->idle = more;
        p->room = room;
    }
    size_t *list = list_of(p, bytes), here = p->unused;
    if (here)
        p->unused = p->idle[here - 1].next;
    else
        here = ++p->n_idle;
    p->idle[here - 1] = (tgi_idle){at, bytes, *list};
    *list = here;
    return true;
}

int64_t tgi_pieces_take(tgi_pieces *p, int64_t bytes)
{
    const int64_t idle = p->n_idle ? take_idle(p, bytes) : -1;
    size_t best = p->n;
    if (idle >= 0) return idle;
    for (size_t i = 0; i < p->n; i++)
        if (p->sorted[i].bytes >= bytes &&
            (best == p->n || p->sorted[i].bytes < p->sorted[best].bytes))
            best = i;
    if (best < p->n) {
        tgi_piece *x = &p->sorted[best];
        const int64_t at = x->at;
        x->at += bytes;
        x->bytes -= bytes;
        if (x->bytes == 0) memmove(x, x + 1, (--p->n - best) * sizeof *x);
        return at;
    }
    const tgi_piece *last = p->n > 0 ? &p->sorted[p->n - 1] : NULL;
    const bool grows = last && last->at + last->bytes == p->top;
    const int64_t at = grows ? last->at : p->top;
    if (grows) p->n--;
    p->top = at + bytes;
    return at;
}

bool tgi_pieces_give(tgi_pieces *p, int64_t at, int64_t bytes)
{
    size_t i = p->n;
    if (bytes == 0) return true;
    while (i > 0 && p->sorted[i - 1].at > at) i--;
    tgi_piece *x = &p->sorted[i];
    const bool before = i > 0 && x[-1].at + x[-1].bytes == at;
    const bool behind = i < p->n && at + bytes == x->at;
    if (before) {
        x[-1].bytes += bytes + (behind ? x->bytes : 0);
        if (behind) memmove(x, x + 1, (--p->n - i) * sizeof *x);
    } else if (behind) {
        *x = (tgi_piece){at, x->bytes + bytes};
    } else if (p->n == TGI_SORTED) {
        return give_idle(p, at, bytes);
    } else {
        memmove(x + 1, x, (p->n++ - i) * sizeof *x);
        *x = (tgi_piece){at, bytes};
    }
    return true;
}

void tgi_pieces_free(tgi_pieces *p) { tg_free(p->idle); }
