/* fuse.h - the loop of a fused group while it is made. */
#ifndef TG_GRAPH_PLAN_FUSE_H
#define TG_GRAPH_PLAN_FUSE_H

#include "graph/plan/draft.h"

typedef struct tgi_maker {
    tgi_draft *p;
    tgi_draft_loop *l;
    tgi_fused *f; /* of l */
    int members;
    int32_t member[TGI_SLOTS]; /* the values, in order */
    int inner[TGI_SLOTS];      /* the member whose work is done together with this one; -1: none */
    bool absorbed[TGI_SLOTS];  /* done together with a later one */
    int of[TGI_SLOTS];         /* of an instruction: its member */
    int32_t slot[TGI_SLOTS];   /* of an instruction: where its result is kept; -1: in memory */
    bool taken[TGI_SLOTS];     /* slots in use at this point */
} tgi_maker;

static inline const tgi_value *tgi_member(const tgi_maker *m, int member)
{
    return &m->p->values[m->member[member]];
}

/* The member that computes root; -1: it comes from outside. */
static inline int tgi_member_of(const tgi_maker *m, int32_t root)
{
    for (int i = 0; i < m->members; i++)
        if (m->member[i] == root) return i;
    return -1;
}

/* Finds the members that are done together with a later one. */
void tgi_pairs_find(tgi_maker *m);

/* One loop for x and for y, which reads x as its operand k, both of one dtype; NULL: none. */
tg_map_fn tgi_pair_map(const tgi_value *y, const tgi_value *x, int k);

#endif
